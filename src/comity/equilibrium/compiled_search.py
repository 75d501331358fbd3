"""The quick attempt of `search`, compiled (extra `fast`): passes and acceleration for one problem."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.search import QUICK_PASSES, Found
from comity.equilibrium.compiled_anderson import solve_small
from comity.equilibrium.compiled_math import worse
from comity.equilibrium.compiled_single import Answers, Bounds, Closure, Links, Weights, Work, step_from
from comity.equilibrium.iteration import INCOME_FLOOR, LARGEST_FALL, LARGEST_MOVE, LARGEST_STEP, TINY, Pass
from comity.equilibrium.prepared import Prepared
from comity.equilibrium.problem import Problem
from comity.equilibrium.responses import responses
from comity.kept import KeptFor
from comity.kernels import compiled

Array = NDArray[np.float64]

MEMORY, LONGEST = 6, 4.0  # as in `anderson.accelerate`


class Memory(NamedTuple):
    """The last M differences of steps and of states with their steps, as in `anderson`."""

    turns: Array  # (M, N + 2 J N)
    advances: Array
    gram: Array  # (M, M)
    last_step: Array  # (N + 2 J N,)
    last_plain: Array


@compiled
def seek(
    state: Array,
    weights: Weights,
    links: Links,
    closure: Closure,
    answers: Answers,
    bounds: Bounds,
    work: Work,
    memory: Memory,
    tolerance: float,
    limit: int,
    longest: float,
) -> tuple[int, float, bool]:
    """Anderson's acceleration from `state`, in place, to an error of at most `tolerance`: passes used, last error,
    whether it was reached by incomes above their floor. Gives up where errors grow."""
    best, error, used, slot = np.inf, np.inf, 0, 0
    for passes in range(1, limit + 1):
        error, floored = step_from(state, weights, links, closure, answers, bounds, work)
        if error <= tolerance:
            return passes, error, not floored
        best = min(best, error)
        if not error <= 100 * best:  # also where it is no number
            return passes, error, False
        used, slot = _advance(state, work.step, memory, used, slot, passes == 1, longest)
    return limit, error, False


@compiled
def _advance(
    state: Array, step: Array, memory: Memory, used: int, slot: int, first: bool, longest: float
) -> tuple[int, int]:
    """The next state, in place; how many differences are held, and where the next one goes."""
    size, held = len(state), len(memory.turns)
    last_step, last_plain = memory.last_step, memory.last_plain
    if first:
        for r in range(size):
            state[r] += step[r]
            last_step[r] = step[r]
        last_plain[:] = state
        return 0, 0
    turn, advance = memory.turns[slot], memory.advances[slot]
    for r in range(size):
        turn[r] = step[r] - last_step[r]
    for r in range(size):
        advance[r] = state[r] + step[r] - last_plain[r]
    for r in range(size):
        last_plain[r] += advance[r]
    last_step[:] = step
    used = min(used + 1, held)
    weight, found = _weights(memory, step, used, slot)
    if found:
        drift = np.dot(weight, memory.advances[:used])
        largest = 0.0
        for r in range(size):
            largest = worse(largest, abs(last_plain[r] - drift[r] - state[r]))
        if largest <= longest:
            for r in range(size):
                state[r] = last_plain[r] - drift[r]
            return used, (slot + 1) % held
    state[:] = last_plain
    return used, (slot + 1) % held


@compiled
def _weights(memory: Memory, step: Array, used: int, slot: int) -> tuple[Array, bool]:
    """Least-squares weights of the last differences, and whether there are any."""
    turns, gram = memory.turns[:used], memory.gram
    fresh, right = np.dot(turns, memory.turns[slot]), np.dot(turns, step)
    for k in range(used):
        gram[slot, k] = gram[k, slot] = fresh[k]
    scale, matrix = np.empty(used), np.empty((used, used))
    for k in range(used):
        scale[k] = 1.0 / np.sqrt(max(gram[k, k], 1e-300))
    for k in range(used):
        for m in range(used):
            matrix[k, m] = gram[k, m] * scale[k] * scale[m]
        matrix[k, k] += 1e-14
        right[k] *= scale[k]
    found = solve_small(matrix, right, used)
    return right * scale, found


def quick(problem: Problem, start: Array | None, tolerance: float) -> Found | None:
    """What the quick attempt of `search.search` finds; None where it gives up, and for what these passes do not know:
    taxes on exports, coalitions with a common change, parts without trade, sectors without supplier."""
    known = problem.shipped is None and not len(problem.coalition)
    if not known or problem.unsupplied.any() or problem.component.any():
        return None
    work, given = pass_arguments(problem)
    state = np.zeros(len(work.step)) if start is None else start.copy()
    memory = _memory(len(state))
    passes, error, reached = seek(state, *given, work, memory, tolerance, QUICK_PASSES, LONGEST)
    return Found(state, _implied(problem, work), error, passes, 1.0, problem) if reached else None


def pass_arguments(problem: Problem) -> tuple[Work, tuple[Weights, Links, Closure, Answers, Bounds]]:
    """What `step_from` needs beside a state: memory, and the problem in the order of memory it reads."""
    base, held = problem.prepared, responses(problem.prepared)
    bounds = Bounds(INCOME_FLOOR, TINY, LARGEST_MOVE, np.float32(LARGEST_STEP), np.float32(LARGEST_FALL))
    answers = Answers(held.wages, held.by, held.follow)
    return _work(*base.home.shape), (_weights_of(problem), links_of(base), _closure_of(problem), answers, bounds)


def _weights_of(problem: Problem) -> Weights:
    base, world = problem.prepared, problem.prepared.world
    log_productivity = np.log(problem.changes.productivity_hat)
    return Weights(
        foreign=problem.foreign,
        home=problem.home,
        theta=np.ascontiguousarray(problem.theta[:, 0]),
        log_productivity=log_productivity if log_productivity.any() else np.zeros((0, 0)),
        value_added_share=world.value_added_share,
        consumption_share=world.consumption_share,
        expenditure=world.expenditure,
        value_added=world.value_added,
    )


_links: KeptFor[Prepared, Links] = KeptFor()


def links_of(base: Prepared) -> Links:
    """The Links of a World, laid out on first use and kept as long as its Prepared lives."""
    return _links.get(base, "links", lambda: _laid_out(base))


def _laid_out(base: Prepared) -> Links:
    def turned(matrices: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(matrices.transpose(1, 2, 0))

    price_local, demand_local = base.rough_local
    return Links(turned(base.inputs_of), turned(base.uses_of), turned(price_local), turned(demand_local))


def _closure_of(problem: Problem) -> Closure:
    factor = problem.income_factor if problem.closure == "multiplicative-deficits" else None
    return Closure(
        given=problem.deficit,
        transfer=problem.changes.transfer,
        scaled=problem.closure == "deficit-share-of-gdp",
        factor=np.zeros(0) if factor is None else factor,
    )


def _work(sectors: int, n: int) -> Work:
    cells = dict.fromkeys(("cost", "log_price", "demand", "output", "scale", "exponent"), (sectors, n))
    rows = dict.fromkeys(("exports", "imports", "revenue", "income", "deficit", "gap", "weight", "sold"), (n,))
    rough: dict[str, tuple[int, ...]] = {"price_error": (sectors, n), "excess": (sectors, n), "rough": (2 * sectors, n)}
    rough |= {"follow": (2 * sectors * n,), "left": (n,), "move": (n,)}
    return Work(
        **{name: np.empty(shape) for name, shape in {**cells, **rows}.items()},
        **{name: np.empty(shape, np.float32) for name, shape in rough.items()},
        drawn=np.empty(2 * n),
        step=np.empty(n * (1 + 2 * sectors)),
    )


def _memory(size: int) -> Memory:
    return Memory(
        turns=np.empty((MEMORY, size)),
        advances=np.empty((MEMORY, size)),
        gram=np.empty((MEMORY, MEMORY)),
        last_step=np.empty(size),
        last_plain=np.empty(size),
    )


def _implied(problem: Problem, work: Work) -> Pass:
    return Pass(
        work.cost,
        work.log_price,
        work.demand,
        work.exports,
        work.imports,
        work.revenue,
        0.0,
        work.income,
        work.deficit,
        problem.changes.transfer,
        work.output,
        False,
    )
