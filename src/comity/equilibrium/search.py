"""Finding the state of one Problem: a quick attempt, a careful one, then a path in the log shock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.anderson import Search, accelerate
from comity.equilibrium.iteration import Iteration, Pass
from comity.equilibrium.prepared import local_inverses
from comity.equilibrium.problem import Problem
from comity.errors import NotConvergedError

Array = NDArray[np.float64]

QUICK_PASSES = 120
CAREFUL_PASSES = 500
SMALLEST_STEP = 1 / 512  # of the path; a shorter step means the path has ended
CORRECTOR_PASSES = 150


@dataclass(frozen=True, eq=False)
class Found:
    """A state, the pass from it, passes used in all, and how far along the path it lies (1 is the whole shock)."""

    state: Array
    implied: Pass
    error: float
    passes: int
    fraction: float
    problem: Problem

    @property
    def whole(self) -> bool:
        return self.fraction == 1.0


def search(make: Callable[[float], Problem], start: Array | None, tolerance: float) -> Found:
    """Solve the whole problem, by the path if need be; `make(fraction)` gives the Problem part of the way.

    Returns the whole solution, or the farthest point of the path (`whole` is False).
    """
    problem = make(1.0)
    iteration = Iteration(problem)
    origin = np.zeros(iteration.count * (1 + 2 * iteration.sectors))
    begin = origin if start is None else start
    quick = accelerate(iteration.errors, begin, tolerance=tolerance, limit=QUICK_PASSES)
    if quick.reached and not quick.last.floored:
        return Found(quick.state, quick.last, quick.error, quick.passes, 1.0, problem)
    careful = _careful(iteration, quick if np.isfinite(quick.error) else None, origin, tolerance)
    passes = quick.passes + careful.passes
    if careful.reached and not careful.last.floored:
        return Found(careful.state, careful.last, careful.error, passes, 1.0, problem)
    return follow(make, origin, tolerance, passes)


def _careful(iteration: Iteration, quick: Search | None, origin: Array, tolerance: float) -> Search:
    """A second attempt: own-market loops at the present home shares, shorter steps, a longer memory."""
    begin = origin
    iteration.wage_step = iteration.problem.prepared.wage_step
    if quick is not None and quick.error < 1e-2:
        begin = quick.state
        refresh(iteration, begin)
    return accelerate(
        iteration.errors, begin, tolerance=tolerance, limit=CAREFUL_PASSES, memory=16, damping=0.5, longest=2.0
    )


def refresh(iteration: Iteration, state: Array) -> None:
    """Move the preconditioner from the benchmark's home shares to those at `state`."""
    base, problem = iteration.problem.prepared, iteration.problem
    log_wage, log_price, spending = iteration.split(state)
    implied = iteration.pass_through(log_wage, log_price, spending)
    share = problem.home * np.exp(iteration.theta * (implied.log_price - implied.cost))
    if not np.isfinite(share).all():
        return
    share = np.clip(share, 0.0, 1.0)
    iteration.home_now = share
    iteration.price_local, iteration.demand_local = local_inverses(share, base.inputs_of, base.uses_of)


def follow(make: Callable[[float], Problem], origin: Array, tolerance: float, passes: int) -> Found:
    """Walk from no shock to the whole shock, predicting by the last secant; stops where no short step succeeds.

    Raises NotConvergedError if not even the start of the path is solved to the tolerance.
    """
    here = _solved_at(make(0.0), origin, tolerance)
    if here is None:
        raise NotConvergedError(
            f"Not converged: the start of the path is not solved to {tolerance:.0e}, which may be finer than rounding "
            "allows here. Try a larger tolerance.",
            path_fraction=0.0,
        )
    before: Found | None = None
    step = 1 / 8
    while here.fraction < 1:
        target = min(1.0, here.fraction + step)
        begin = here.state
        if before is not None:
            begin = here.state + (here.state - before.state) * (
                (target - here.fraction) / (here.fraction - before.fraction)
            )
        problem = make(target)
        found = _solved_at(problem, begin, tolerance)
        if found is None and before is not None:
            found = _solved_at(problem, here.state, tolerance)
        passes += found.passes if found is not None else 2 * CORRECTOR_PASSES
        if found is None:
            step /= 2
            if step < SMALLEST_STEP:
                break
            continue
        before, here = here, found
        step = min(2 * step, 0.5) if found.passes < 60 else step
    return Found(here.state, here.implied, here.error, passes, here.fraction, here.problem)


def _solved_at(problem: Problem, begin: Array, tolerance: float) -> Found | None:
    iteration = Iteration(problem)
    iteration.wage_step = problem.prepared.wage_step
    if begin.any():
        refresh(iteration, begin)
    result = accelerate(
        iteration.errors, begin, tolerance=tolerance, limit=CORRECTOR_PASSES, memory=12, damping=0.7, longest=2.0
    )
    if not result.reached or result.last.floored:
        return None
    return Found(result.state, result.last, result.error, result.passes, problem.fraction, problem)
