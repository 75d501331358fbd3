"""Two halves of the work at the same time, the second in a forked copy of this process where that is safe.

Threads do not help here: many short array operations take turns for the interpreter's lock. A copy shares all memory
until it writes, so nothing is loaded or sent but the answer; and the arrays of that lie in memory which both share.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from weakref import WeakSet

import numpy as np

from comity import kept

Mine = TypeVar("Mine")
Piece = TypeVar("Piece")
Other = TypeVar("Other")

ROOM = 1 << 28  # bytes for the arrays of one answer; what is not written to takes no memory
SMALL = 1 << 10  # arrays of fewer bytes are sent with the rest
ALIGNED = 64
_for_later: list[Callable[[], object]] = []
_lasting: WeakSet[Any] = WeakSet()
_is_copy = False


def lasting(owner: object) -> None:
    """Have answers of later copies refer to this object and its arrays, where they hold them, and not repeat them."""
    _lasting.add(owner)


def in_copy() -> bool:
    """True in a copy, whose answer may hold whatever it shares with the first process."""
    return _is_copy


def when_waiting(task: Callable[[], object]) -> None:
    """Something short that will be needed anyway (and is then kept): done once while a half waits for the other."""
    _for_later.append(task)


@contextmanager
def while_waiting(task: Callable[[], object]) -> Iterator[None]:
    """`when_waiting` of what is needed right after the block: done in it if there is time, else it is forgotten."""
    _for_later.insert(0, task)
    try:
        yield
    finally:
        with suppress(ValueError):
            _for_later.remove(task)


def beside(mine: Callable[[], Mine], other: Callable[[], Other]) -> tuple[Mine, Other]:
    """The results of both. `other` must give something that can be pickled; what it raises is found again here, because
    it is then done here: also where the copy dies, cannot be made, or where forking is not safe."""
    if not may_fork():
        return mine(), other()
    read, write = os.pipe()
    shared, known, room = _shared(), kept.known(), _room()
    copy = os.fork()
    if copy == 0:
        os.close(read)
        _answer(write, other, shared, known, room)
    os.close(write)
    try:
        first = mine()
        while _for_later and not select.select([read], [], [], 0)[0]:
            _for_later.pop(0)()
        with open(read, "rb", closefd=False) as stream:
            text = stream.read()
    except BaseException:
        with suppress(OSError):
            os.kill(copy, signal.SIGKILL)
        raise
    finally:
        os.close(read)
        os.waitpid(copy, 0)
    try:
        second: Other
        second, made = _Loads(text, shared, room).load()
        kept.adopt(made)
    except (pickle.UnpicklingError, EOFError):
        second = other()
    return first, second


@contextmanager
def in_turn(pieces: Sequence[Piece]) -> Iterator[Callable[[], Iterator[Piece]]]:
    """Pieces of work (at most 255) for two halves that take the next one whenever they are free:

    with in_turn(pieces) as next_ones: beside(lambda: [f(p) for p in next_ones()], lambda: [g(p) for p in next_ones()])

    Each piece is taken once; one that was in the hands of a copy that died is not taken again.
    """
    read, write = os.pipe()
    os.write(write, bytes(range(len(pieces))))
    os.close(write)

    def take() -> Iterator[Piece]:
        while number := os.read(read, 1):
            yield pieces[number[0]]

    try:
        yield take
    finally:
        os.close(read)


def may_fork() -> bool:
    """Linux, two processors, no other thread, and no library that cannot stand a fork."""
    alone = threading.active_count() == 1 and "jax" not in sys.modules
    return sys.platform == "linux" and (os.cpu_count() or 1) > 1 and alone


def _shared() -> list[object]:
    """What both processes have: lasting objects and their arrays, in an order that both know."""
    owners = list(_lasting)
    return [*owners, *(part for owner in owners for part in vars(owner).values() if isinstance(part, np.ndarray))]


class _Dumps(pickle.Pickler):
    """Writes the place of what is shared, and everything else whole."""

    def __init__(self, file: io.BytesIO, shared: list[object], room: mmap.mmap | None) -> None:
        self._places = {id(thing): place for place, thing in enumerate(shared)}
        self._room, self._used = room, 0
        self.sizes: list[int] = []  # of the arrays in the room, one after the other
        super().__init__(file, protocol=5, buffer_callback=self._put)

    def _put(self, array: pickle.PickleBuffer) -> bool:
        """Put an array into the room; True where it has to be sent with the rest."""
        with array.raw() as raw:
            end = self._used + raw.nbytes
            if self._room is None or raw.nbytes < SMALL or end > ROOM:
                return True
            self._room[self._used : end] = raw
            self.sizes.append(raw.nbytes)
            self._used = _aligned(end)
        return False

    def persistent_id(self, thing: object) -> int | None:
        return self._places.get(id(thing))


class _Loads(pickle.Unpickler):
    def __init__(self, text: bytes, shared: list[object], room: mmap.mmap | None) -> None:
        stream = io.BytesIO(text)
        super().__init__(stream, buffers=_arrays(pickle.load(stream), room))
        self._shared = shared

    def persistent_load(self, place: int) -> object:
        return self._shared[place]


def _room() -> mmap.mmap | None:
    """Memory that a copy made from now on shares with this process; None where there is none to be had."""
    with suppress(OSError):
        return mmap.mmap(-1, ROOM)
    return None


def _aligned(end: int) -> int:
    """The first place from `end` on where an array may begin."""
    return -(-end // ALIGNED) * ALIGNED


def _arrays(sizes: Sequence[int], room: mmap.mmap | None) -> Iterator[memoryview]:
    """The arrays in the room, which is given back when none of them is in use any more. They can only be read: later
    copies share them too."""
    place = 0
    for size in sizes:
        assert room is not None
        yield memoryview(room)[place : place + size].toreadonly()
        place = _aligned(place + size)


def _answer(
    write: int, other: Callable[[], Other], shared: list[object], known: list[set[Any]], room: mmap.mmap | None
) -> None:
    """In the copy: send the answer and what else was made that lasts, and end without anything a normal exit would do
    twice."""
    global _is_copy
    _is_copy = True
    _for_later.clear()  # the first process does it
    try:
        text, answer = io.BytesIO(), other()
        sent = _Dumps(text, shared, room)
        sent.dump((answer, kept.news(known, shared)))
        with open(write, "wb") as stream:
            stream.write(pickle.dumps(sent.sizes))
            stream.write(text.getbuffer())
    finally:
        os._exit(0)
