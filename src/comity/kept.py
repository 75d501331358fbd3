"""What is computed once and kept, as long as an object lives or by what it was made of; threads may ask for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

Owner = TypeVar("Owner")
Value = TypeVar("Value")


class KeptFor(Generic[Owner, Value]):
    """Values by owner and key. A value is made by one thread while others wait: all get the same object.

    travels : what a copy of the process (`beside`) makes for owners that the first one has is kept there too; for
    values that take longer to make than to send."""

    def __init__(self, travels: bool = False) -> None:
        self._kept: WeakKeyDictionary[Owner, dict[Hashable, Value]] = WeakKeyDictionary()
        self._lock = RLock()
        if travels:
            _travelling.append(self)

    def get(self, owner: Owner, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value kept under `key`, made on first use."""
        with self._lock:
            values = self._kept.setdefault(owner, {})
            if key not in values:
                values[key] = make()
            return values[key]

    def items(self) -> list[tuple[Owner, Hashable, Value]]:
        """All that is kept."""
        with self._lock:
            return [(owner, key, value) for owner, values in self._kept.items() for key, value in values.items()]


_travelling: list[KeptFor[Any, Any]] = []
News = list[tuple[int, Any, Hashable, Any]]  # number of the store, owner, key, value


def known() -> list[set[tuple[int, Hashable]]]:
    """What travels and is kept now, by store, as identities of owners and keys."""
    return [{(id(owner), key) for owner, key, _ in store.items()} for store in _travelling]


def news(before: list[set[tuple[int, Hashable]]], owners: list[object]) -> News:
    """What has been kept since for these owners, and for what was kept for them."""
    fresh = [
        (number, owner, key, value)
        for number, (store, old) in enumerate(zip(_travelling, before, strict=False))
        for owner, key, value in store.items()
        if (id(owner), key) not in old
    ]
    have, found = {id(owner) for owner in owners}, list[tuple[int, Any, Hashable, Any]]()
    while some := [one for one in fresh if id(one[1]) in have]:
        found += some
        fresh = [one for one in fresh if id(one[1]) not in have]
        have |= {id(value) for _, _, _, value in some}
    return found


def adopt(made: News) -> None:
    """Keep what another process has made, but for what was made here in the meantime."""
    for number, owner, key, value in made:
        _travelling[number].get(owner, key, lambda value=value: value)  # type: ignore[misc]


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
