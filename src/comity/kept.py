"""What is computed once per object and kept as long as the object lives; safe where several threads ask."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class KeptFor(Generic[Owner, Value]):
    """Values by owner and key. A value is made by one thread while others wait: all get the same object."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Owner, dict[Hashable, Value]] = WeakKeyDictionary()
        self._lock = RLock()

    def get(self, owner: Owner, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, made on first use."""
        with self._lock:
            values = self._kept.setdefault(owner, {})
            if key not in values:
                values[key] = make()
            return values[key]
