"""Two halves of the work at the same time, the second in a forked copy of this process where that is safe.

Threads do not help here: many short array operations take turns for the interpreter's lock. A copy shares all memory
until it writes, so nothing is loaded or sent but the answer.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TypeVar

Mine = TypeVar("Mine")
Piece = TypeVar("Piece")
Other = TypeVar("Other")


def beside(mine: Callable[[], Mine], other: Callable[[], Other]) -> tuple[Mine, Other]:
    """The results of both. `other` must give something that can be pickled; what it raises is found again here, because
    it is then done here: also where the copy dies, cannot be made, or where forking is not safe."""
    if not may_fork():
        return mine(), other()
    read, write = os.pipe()
    copy = os.fork()
    if copy == 0:
        os.close(read)
        _answer(write, other)
    os.close(write)
    try:
        first = mine()
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
        second: Other = pickle.loads(text)
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


def _answer(write: int, other: Callable[[], Other]) -> None:
    """In the copy: send the answer and end, without anything a normal exit would do twice."""
    try:
        text = pickle.dumps(other())
        with open(write, "wb") as stream:
            stream.write(text)
    finally:
        os._exit(0)
