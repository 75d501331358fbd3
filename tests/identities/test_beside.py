"""Two halves at once: whatever becomes of the copy, the answers are those of doing one after the other."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from comity.beside import beside, in_turn, may_fork

ME = os.getpid()


def test_the_second_half_is_done_by_a_copy() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    mine, other = beside(os.getpid, lambda: (os.getpid(), bytes(3_000_000)))  # more than a pipe holds
    assert mine == ME and other[0] != ME and len(other[1]) == 3_000_000


def test_what_goes_wrong_in_the_copy_goes_wrong_here() -> None:
    def refuse() -> None:
        raise ValueError("as if alone")

    with pytest.raises(ValueError, match="as if alone"):
        beside(lambda: 1, refuse)
    with pytest.raises(KeyError):
        beside(lambda: {}["mine"], lambda: 2)


def test_a_dead_copy_or_an_answer_that_cannot_be_sent_is_done_here() -> None:
    def die_away_from_home() -> int:
        if os.getpid() != ME:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    assert beside(lambda: 1, die_away_from_home) == (1, ME)
    number, function = beside(lambda: 1, lambda: lambda: 5)  # a lambda cannot be pickled
    assert number == 1 and function() == 5


def test_no_copy_beside_other_threads() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not may_fork()
        assert beside(os.getpid, os.getpid) == (ME, ME)
    finally:
        stop.set()
        thread.join()


def test_pieces_are_taken_once_each_by_whoever_is_free() -> None:
    def late(number: int) -> int:
        time.sleep(0.02 if os.getpid() == ME else 0.005)
        return number

    with in_turn(range(20)) as next_ones:
        mine, other = beside(lambda: [late(n) for n in next_ones()], lambda: [late(n) for n in next_ones()])
    assert sorted(mine + other) == list(range(20))
    if may_fork():
        assert 0 < len(mine) < len(other)
    else:
        assert other == []


def test_pieces_in_the_hands_of_a_dead_copy_are_lost_and_no_others() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")

    def other() -> list[int]:
        taken = next_ones()
        if os.getpid() != ME:
            next(taken)
            os.kill(os.getpid(), signal.SIGKILL)
        return list(taken)

    with in_turn(range(9)) as next_ones:
        mine, rest = beside(lambda: (time.sleep(0.2), list(next_ones()))[1], other)
    assert len(mine) == 8 and rest == []
