"""What is computed once and kept, as long as an object lives or by what it was made of; threads may ask for it."""

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


class KeptByKey(Generic[Value]):
    """Values by what they were made of, at most `most` of them: then all are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, Value] = {}

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, made on first use; what `make` raises is raised again next time."""
        known = self._kept.get(key)
        if known is None:
            known = make()
            if len(self._kept) >= self._most:
                self._kept.clear()
            self._kept[key] = known
        return known
