"""What a worker keeps between requests: the latest answers, and requests under way that others can wait for."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The `most` values used last, by key. Identical requests under way are computed once.

    For one event loop: nothing here is for threads. A failure is not kept, and reaches everyone who waited. Where
    everyone who waited has left, the computation is cancelled.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.hits = self.joined = self.made = 0
        self._values: OrderedDict[Any, Value] = OrderedDict()
        self._waiting: dict[Any, asyncio.Task[Value]] = {}
        self._wanted: Counter[asyncio.Task[Value]] = Counter()

    async def get(self, key: Any, make: Callable[[], Awaitable[Value]]) -> Value:
        """The value kept under `key`, or what `make` gives."""
        if key in self._values:
            self.hits += 1
            self._values.move_to_end(key)
            return self._values[key]
        task = self._waiting.get(key)
        if task is None:
            task = asyncio.ensure_future(self._make(key, make))
            self._waiting[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        else:
            self.joined += 1
        self._wanted[task] += 1
        try:
            return await asyncio.shield(task)  # one client that leaves does not take the answer from the others
        finally:
            self._wanted[task] -= 1
            if not self._wanted[task]:
                del self._wanted[task]
                if not task.done():
                    self._waiting.pop(key, None)  # who asks from now on begins anew
                    task.cancel()

    async def _make(self, key: Any, make: Callable[[], Awaitable[Value]]) -> Value:
        value = await make()
        self.made += 1
        self._values[key] = value
        while len(self._values) > self.most:
            self._values.popitem(last=False)
        return value

    def _forget(self, key: Any, task: asyncio.Task[Value]) -> None:
        if self._waiting.get(key) is task:
            del self._waiting[key]
        if not task.cancelled():
            task.exception()  # seen: also where every client has left
