"""Finding the state of one ProductProblem: from the sector world's answer, carefully, then along a path."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.anderson import Search, accelerate
from comity.equilibrium.problem import Problem
from comity.equilibrium.product_iteration import ProductIteration
from comity.equilibrium.product_problem import ProductProblem
from comity.equilibrium.search import CAREFUL_PASSES, CORRECTOR_PASSES, QUICK_PASSES, SMALLEST_STEP, Found, search
from comity.errors import NoSolutionError, NotConvergedError

Array = NDArray[np.float64]
Make = Callable[[float], ProductProblem]

START_TOLERANCE = 1e-5  # of the sector world's answer that the products start from; finer saves no pass over products


@dataclass(frozen=True, eq=False)
class ProductFound:
    """A Found of the sector World, with the products it belongs to."""

    found: Found
    products: ProductProblem


def sector_start(make: Callable[[float], Problem]) -> Array | None:
    """The state of the World without its products after the same shock, or None where the World has no answer."""
    with suppress(NoSolutionError):
        found = search(make, None, START_TOLERANCE)
        if found.whole:
            return found.state
    return None


def search_products(make: Make, start: Array | None, tolerance: float) -> ProductFound:
    """Solve the whole problem, by the path if need be; `make(fraction)` gives the ProductProblem part of the way.

    Returns the whole solution, or the farthest point of the path (`found.whole` is False).
    """
    products = make(1.0)
    iteration = ProductIteration(products)
    origin = np.zeros(iteration.count * (1 + 2 * iteration.sectors))
    begin = origin if start is None else start
    quick = accelerate(iteration.errors, begin, tolerance=tolerance, limit=QUICK_PASSES)
    if quick.reached and not quick.last.floored:
        return _found(products, quick, quick.passes)
    iteration.wage_step = products.sector.prepared.wage_step
    begin = origin
    if quick.error < 1e-2:
        begin = quick.state
        iteration.refresh(begin)
    careful = accelerate(
        iteration.errors, begin, tolerance=tolerance, limit=CAREFUL_PASSES, memory=16, damping=0.5, longest=2.0
    )
    passes = quick.passes + careful.passes
    if careful.reached and not careful.last.floored:
        return _found(products, careful, passes)
    return _follow(make, origin, tolerance, passes)


def _found(products: ProductProblem, result: Search, passes: int) -> ProductFound:
    problem = products.sector
    found = Found(result.state, result.last, result.error, passes, problem.fraction, problem)
    return ProductFound(found, products)


def _follow(make: Make, origin: Array, tolerance: float, passes: int) -> ProductFound:
    """Walk from no shock to the whole shock, predicting by the last secant; stops where no short step succeeds."""
    here = _solved_at(make(0.0), origin, tolerance, 0)
    if here is None:
        raise NotConvergedError(
            f"Not converged: the start of the path is not solved to {tolerance:.0e}, which may be finer than rounding "
            "allows here. Try a larger tolerance.",
            path_fraction=0.0,
        )
    before: ProductFound | None = None
    step = 1 / 8
    while here.found.fraction < 1:
        at = here.found.fraction
        target = min(1.0, at + step)
        products = make(target)
        result = None
        if before is not None:
            reach = (target - at) / (at - before.found.fraction)
            begin = here.found.state + (here.found.state - before.found.state) * reach
            result = _solved_at(products, begin, tolerance, passes)
        if result is None:
            result = _solved_at(products, here.found.state, tolerance, passes)
        if result is None:
            passes += CORRECTOR_PASSES
            step /= 2
            if step < SMALLEST_STEP:
                break
            continue
        used, passes = result.found.passes - passes, result.found.passes
        before, here = here, result
        step = min(2 * step, 0.5) if used < 60 else step
    return here


def _solved_at(products: ProductProblem, begin: Array, tolerance: float, passes: int) -> ProductFound | None:
    iteration = ProductIteration(products)
    iteration.wage_step = products.sector.prepared.wage_step
    if begin.any():
        iteration.refresh(begin)
    result = accelerate(
        iteration.errors, begin, tolerance=tolerance, limit=CORRECTOR_PASSES, memory=12, damping=0.7, longest=2.0
    )
    if not result.reached or result.last.floored:
        return None
    return _found(products, result, passes + result.passes)
