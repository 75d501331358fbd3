"""Two halves at once: whatever becomes of the copy, the answers are those of doing one after the other."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from comity import beside as beside_module
from comity.beside import ALIGNED, SMALL, beside, in_turn, lasting, may_fork, when_waiting, while_waiting
from comity.equilibrium.closures import benchmark_of, move_of
from comity.kept import KeptFor
from tests.helpers import labelled_world

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


class Kept:
    """Something with an array that both processes have."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers


def test_an_answer_refers_to_what_lasts_and_holds_what_is_new() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    kept, fleeting = Kept(np.arange(3.0)), Kept(np.arange(3.0))
    lasting(kept)

    def other() -> tuple[Kept, Kept, np.ndarray, Kept]:
        return kept, Kept(kept.numbers), kept.numbers + 1, fleeting

    _, (same, new, sums, copied) = beside(lambda: None, other)
    assert same is kept and new is not kept and new.numbers is kept.numbers
    assert sums.tolist() == [1.0, 2.0, 3.0]
    assert copied is not fleeting and copied.numbers.tolist() == [0.0, 1.0, 2.0]


def test_a_world_made_in_the_copy_arrives_whole() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    world = labelled_world()
    _, other = beside(lambda: None, lambda: world.replace(trade_elasticity=world.trade_elasticity * 2))
    assert other.trade_share is world.trade_share
    assert (other.trade_elasticity == 2 * world.trade_elasticity).all()
    assert not other.trade_elasticity.flags.writeable


def test_what_will_be_needed_is_done_once_while_waiting_and_not_in_the_copy() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    done: list[int] = []
    when_waiting(lambda: done.append(os.getpid()))

    def slow() -> list[int]:
        time.sleep(0.2)
        inner = beside(lambda: None, lambda: time.sleep(0.05))
        assert inner == (None, None)
        return done

    assert beside(lambda: 1, slow) == (1, [])
    assert done == [ME]
    assert beside(lambda: 1, lambda: 2) == (1, 2) and done == [ME]


def test_what_travels_is_kept_here_too_and_nothing_that_nobody_here_can_ask_for() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    store: KeptFor[Kept, Kept] = KeptFor(travels=True)
    stays: KeptFor[Kept, Kept] = KeptFor()
    owner, stranger = Kept(np.zeros(1)), Kept(np.ones(1))
    lasting(owner)

    def other() -> None:
        first = store.get(owner, "first", lambda: Kept(np.full(1, 2.0)))
        store.get(first, "second", lambda: Kept(np.full(1, 3.0)))
        store.get(stranger, "third", lambda: Kept(np.full(1, 4.0)))
        stays.get(owner, "first", lambda: Kept(np.full(1, 5.0)))

    beside(lambda: None, other)
    assert [(key, value.numbers[0]) for _, key, value in store.items()] == [("first", 2.0), ("second", 3.0)]
    assert store.items()[0][0] is owner and stays.items() == []


def test_a_balanced_world_made_in_the_copy_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    world = labelled_world()
    beside(lambda: None, lambda: benchmark_of(world, "balanced").name)

    def refuse(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr("comity.equilibrium.solve.resolve_deficits", refuse)
    found = benchmark_of(world, "balanced")
    assert np.abs(found.deficit).max() == 0.0
    assert np.abs(move_of(found, world)).max() > 1e-4  # ln w, ln P and ln X of the step


ARRAYS = {
    "many": [np.arange(1000.0) + k for k in range(50)],
    "odd": [np.arange(SMALL + 1, dtype=np.uint8), np.arange(3 * SMALL - 7, dtype=np.uint8), np.ones(SMALL)],
    "small": [np.arange(3.0), np.zeros(0), np.ones(SMALL // 8 - 1)],
    "in parts": [np.arange(4000.0)[::2], np.arange(90000.0).reshape(300, 300).T, np.ones((30, 30, 30))[:, ::3]],
    "kinds": [np.arange(900) > 5, np.array(["a", "bc"] * 900), np.ones(900, dtype=np.float32)],
}


@pytest.mark.parametrize("room", [beside_module.ROOM, 100 * ALIGNED, 0, None])
@pytest.mark.parametrize("case", ARRAYS)
def test_arrays_arrive_whether_there_is_room_for_them_or_not(
    case: str, room: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    if room is None:
        monkeypatch.setattr(beside_module, "_room", lambda: None)
    elif room:
        monkeypatch.setattr(beside_module, "ROOM", room)
    else:

        def none(*_: object) -> None:
            raise OSError(12, "Cannot allocate memory")

        monkeypatch.setattr(beside_module.mmap, "mmap", none)
    sent = ARRAYS[case]
    _, found = beside(lambda: None, lambda: [*sent, sent[0]])
    assert found[-1] is found[0]
    for one, other in zip(sent, found, strict=False):
        assert one.dtype == other.dtype and one.shape == other.shape and (one == other).all()


def test_arrays_of_an_answer_outlive_it_and_cannot_be_written_to() -> None:
    if not may_fork():
        pytest.skip("nothing is forked here: one processor, no Linux, or JAX is running")
    kept = [beside(lambda: None, lambda k=k: np.full(10_000, float(k)))[1] for k in range(5)]  # type: ignore[misc]
    assert [one.sum() for one in kept] == [10_000.0 * k for k in range(5)]
    with pytest.raises(ValueError, match="read-only"):
        kept[0][0] = 1.0  # a later copy would write it here too


def test_what_is_needed_next_is_done_while_waiting_or_forgotten() -> None:
    done: list[str] = []
    with while_waiting(lambda: done.append("in time")):
        beside(lambda: None, lambda: time.sleep(0.3))
    assert done == (["in time"] if may_fork() else [])
    with while_waiting(lambda: done.append("too late")):
        pass
    beside(lambda: None, lambda: time.sleep(0.3))
    assert "too late" not in done
