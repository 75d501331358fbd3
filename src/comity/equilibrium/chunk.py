"""Solving the members of a chunk together: first roughly in float32, then to the tolerance in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.members import Members
from comity.equilibrium.prepared import Prepared
from comity.equilibrium.space import Space
from comity.equilibrium.together import Together, share
from comity.equilibrium.together_anderson import Histories
from comity.equilibrium.together_residual import EQUATIONS, Answers, residuals

Array = NDArray[Any]

ROUGH_ERROR = 1e-3  # where float32 has done its part: nearer, its rounding misleads the acceleration
NEAR = 0.5  # share of members within it at which float32 ends for all: those that are near only lose time there
ROUGH_PASSES = 25
SLACK = 2.5  # how far errors of a search end below the tolerance; residuals of what it finds are up to twice them
PASSES = 70  # in all; what has not converged by then is solved alone, with more care
NARROW = 0.75  # share of members still searching at which the others are dropped from the arrays


@dataclass(frozen=True, eq=False)
class ChunkAnswers:
    """Answers of a chunk, with residuals (8, S), passes (S,), states (N + 2 J N, S) and whether each was found (S,)."""

    members: Members
    answers: Answers
    states: Array
    residuals: Array
    passes: NDArray[np.intp]
    found: NDArray[np.bool_]


@dataclass(frozen=True)
class Engine:
    """What finds the equilibria of a chunk, and what judges them.

    search : (base, tolerance of errors, space, found) begins at the states of `found`, and puts answers, states, passes
    and what was found there in place; residuals : (base, space, found) -> (8, S).
    """

    search: Callable[[Prepared, float, Space, ChunkAnswers], None]
    residuals: Callable[[Prepared, Space, ChunkAnswers], Array]


def solve_chunk(
    base: Prepared,
    members: Members,
    tolerance: float,
    space: Space,
    origin: Array | None = None,
    begin: Array | None = None,
    engine: Engine | None = None,
) -> ChunkAnswers:
    """Search all members' equilibria together.

    tolerance : of the residual, as in `solve`; origin : (N + 2 J N, S) states of the benchmarks that hats refer to,
    where closures move them. Answers are given against them; residuals are those of the equations against the World.
    begin : states, against these benchmarks, from which the search begins. The arrays of the answer belong to `space`
    and hold until its next use. engine : NUMPY, unless another is given.
    """
    found = _nothing_found(base, members, space)
    for part in (origin, begin):
        if part is not None:
            found.states[:] += part
    engine = engine or NUMPY
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        engine.search(base, max(tolerance / SLACK, 1e-14), space, found)
    lost = np.flatnonzero(~found.found)
    if len(lost):
        for values in vars(found.answers).values():
            values[..., lost] = 1.0  # any numbers that raise no warning
    found.residuals[:] = engine.residuals(base, space, found)
    if origin is not None:
        _count_from(origin, base, found.answers)
        found.states[:] -= origin
    return found


def _nothing_found(base: Prepared, members: Members, space: Space) -> ChunkAnswers:
    sectors, n = base.home.shape
    width = len(members)
    cells, taller = (sectors, n, width), (sectors + 1, n, width)
    answers = Answers(
        wage_price=space.array("answer wage and price", taller),
        income_output=space.array("answer income and output", taller),
        cost=space.array("answer cost", cells),
        spending=space.array("answer spending", cells),
        deficit=space.array("answer deficit", cells[1:]),
        tariff_revenue=space.array("answer revenue", cells[1:]),
    )
    states = space.array("answer state", (n * (1 + 2 * sectors), width))
    states[:] = 0.0
    passes, found = np.zeros(width, dtype=np.intp), np.zeros(width, dtype=bool)
    return ChunkAnswers(members, answers, states, np.zeros((len(EQUATIONS), width)), passes, found)


def _count_from(origin: Array, base: Prepared, answers: Answers) -> None:
    """Turn wages, prices and costs into changes against the members' own benchmarks; expenditure stays in units of the
    World's."""
    sectors, n, width = answers.cost.shape
    first = origin[: n * (1 + sectors)].reshape(1 + sectors, n, width)
    answers.wage_price[:] -= first
    answers.cost[:] -= np.matmul(share(base, np.float64).cost_from, first.transpose(1, 0, 2)).transpose(1, 0, 2)


class _Search:
    """One chunk's search: where each member stands and what has been found."""

    def __init__(self, base: Prepared, space: Space, found: ChunkAnswers) -> None:
        self.base, self.members, self.space = base, found.members, space
        self.sectors, self.count = base.home.shape
        self.size, self.width = found.states.shape
        self.histories = Histories(self.size, self.width, self.count, space)
        self.answers, self.states, self.passes, self.found = found.answers, found.states, found.passes, found.found
        self.used = 0

    def _map(self, dtype: type) -> Together:
        shared, rough = share(self.base, dtype), share(self.base, np.float32)
        return Together(shared, rough, self.members, self.space)

    def roughly(self) -> None:
        """Passes in float32 until most members are near; `states` then holds where they got."""
        system = self._map(np.float32)
        state = self._memory("state 0", np.float32)
        np.copyto(state, self.states, casting="same_kind")
        begin = self.states.copy()
        step = self._memory("step", np.float32)
        for _ in range(ROUGH_PASSES):
            error = system.errors(state, step)
            self.used += 1
            self.histories.advance(state, step)
            if np.mean(error < ROUGH_ERROR) >= NEAR or not np.isfinite(error).any():
                break
        np.copyto(self.states, state)
        lost: NDArray[np.bool_] = np.asarray(~np.isfinite(self.states).all(axis=0))
        if lost.any():
            self.states[:, lost] = begin[:, lost]
            self.histories.forget(lost)

    def finely(self, tolerance: float) -> None:
        """Passes in float64 to the tolerance. Members that have reached it go on beside the others, ever nearer, until
        enough have to be stored as they then stand, and dropped."""
        system = self._map(np.float64)
        place = np.arange(self.width)
        state = self._memory("state 0", np.float64)
        np.copyto(state, self.states)
        step = self._memory("step", np.float32)
        while self.used < PASSES:
            error = system.errors(state, step)
            self.used += 1
            done = (error <= tolerance) & ~system.floored
            before = self.passes[place]
            self.passes[place] = np.where(done, np.where(before > 0, before, self.used), 0)
            left = ~done & np.isfinite(error)
            last = self.used == PASSES or not left.any()
            narrower = last or left.mean() <= NARROW
            if narrower and done.any():
                self._store(system, state, np.flatnonzero(done), place)
            if last:
                return
            if narrower:
                columns = np.flatnonzero(left)
                place, state, step = place[columns], np.take(state, columns, axis=1), np.take(step, columns, axis=1)
                self.histories.keep(columns)
                system.take(self.members.of(place))
            self.histories.advance(state, step)

    def _memory(self, name: str, dtype: type) -> Array:
        return self.space.array(name, (self.size, self.width), dtype)

    def _store(self, system: Together, state: Array, done: NDArray[np.intp], place: NDArray[np.intp]) -> None:
        """Put the members in columns `done` where they belong, at `place` of all."""
        found, whole = place[done], len(place) == self.width
        # whole arrays are copied faster than many columns; what is not found yet, or never, is written later
        pick, into = (slice(None), slice(None)) if whole else (done, found)
        answers = self.answers
        answers.log_wage[:, into] = state[: self.count, pick]
        answers.log_price[:, :, into] = system.log_price[:, :, pick]
        answers.income_output[:, :, into] = system.earned_output[:, :, pick]
        answers.cost[:, :, into] = system.cost[:, :, pick]
        answers.spending[:, :, into] = system.spending[:, :, pick]
        answers.deficit[:, into] = system.deficit[:, pick]
        answers.tariff_revenue[:, into] = system.tariff_revenue[:, pick]
        self.states[:, into] = state[:, pick]
        self.found[found] = True


def _search(base: Prepared, tolerance: float, space: Space, found: ChunkAnswers) -> None:
    search = _Search(base, space, found)
    search.roughly()
    search.finely(tolerance)


def _residuals(base: Prepared, space: Space, found: ChunkAnswers) -> Array:
    return residuals(share(base, np.float64), found.members, found.answers, base.world.value_added_share, space)


NUMPY = Engine(_search, _residuals)
