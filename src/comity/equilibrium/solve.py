"""solve: a World, a Shock and a closure -> a Solution whose residual is recomputed from the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium import equations as eq
from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.equilibrium.changes import changes_of
from comity.equilibrium.closures import benchmark_of, check_closure, income_factor
from comity.equilibrium.problem import Problem, make_problem
from comity.equilibrium.residual import residuals
from comity.equilibrium.search import Found, search
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.verdict import refusal, trade_can_balance
from comity.errors import InputError, NotConvergedError

Array = NDArray[np.float64]

TOLERANCE = 1e-10
LOOSEST = 1e-4  # a residual above this is no solution of anything
FINEST = 1e-14  # rounding of a pass; asking the iteration for less only wastes time


def solve(
    world: World,
    shock: Shock,
    *,
    closure: str = "fixed-deficits",
    targets: Sequence[str] | None = None,
    equalise: Sequence[str] | None = None,
    tolerance: float = TOLERANCE,
    start: Array | None = None,
    engine: str = "numpy",
) -> Solution:
    """The counterfactual equilibrium after a shock, in exact changes.

    Parameters
    ----------
    closure : "fixed-deficits", "balanced", "deficit-share-of-gdp", "multiplicative-deficits" or "targets-balanced"
    targets : ISO3 codes, for "targets-balanced" only
    equalise : ISO3 codes of a coalition whose members share one common change of real income through transfers
    tolerance : largest accepted relative residual over equations (1)-(8), recomputed from the answer
    engine : "numpy"; or "numba", the same passes compiled, in a third of the time (extra `fast`; the first use compiles
        for half a minute). What compiled passes do not know or do not find, NumPy solves

    Raises
    ------
    InputError : a shock out of range, an unknown closure or engine, a sector that loses every supplier
    NoSolutionError : the path from the benchmark ends before the whole shock; carries a certificate
    NotConvergedError : the residual stays above the tolerance
    """
    check_closure(closure, targets)
    check_tolerance(tolerance)
    compiled = _compiled(engine)
    for name, codes in (("targets", targets), ("equalise", equalise)):
        if isinstance(codes, str) or (codes is not None and not isinstance(codes, Iterable)):
            raise InputError(name, "a list of country codes is needed", found=codes)
    benchmark = benchmark_of(world, closure, targets)
    changes = changes_of(benchmark, shock)
    coalition = np.array([benchmark.country(code) for code in equalise or ()], dtype=np.intp)
    factor = income_factor(benchmark) if closure == "multiplicative-deficits" else None
    start, aim = checked_start(start, benchmark), max(tolerance / 5, FINEST)
    if compiled is not None and not len(coalition):
        with ONE_BLAS_THREAD, np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            found = compiled(benchmark, changes, closure, factor, start, tolerance, aim)
        if found is not None:
            return found

    def make(fraction: float) -> Problem:
        return make_problem(benchmark, changes, closure, income_factor=factor, coalition=coalition, fraction=fraction)

    whole = make(1.0)
    trade_can_balance(benchmark, whole)
    # non-finite states are dropped by the search; the bits do not depend on the machine's number of processors
    with ONE_BLAS_THREAD, np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return accepted(search(lambda part: whole if part == 1.0 else make(part), start, aim), closure, tolerance)


def _compiled(engine: str) -> Callable[..., Solution | None] | None:
    """The compiled search that comes before all else, if that engine has one. Raises InputError for an unknown engine
    or a missing extra."""
    if engine == "numpy":
        return None
    if engine != "numba":
        raise InputError("engine", "unknown engine", found=engine, allowed=("numpy", "numba"))
    try:
        from comity.equilibrium.compiled_search import solved
    except ImportError as problem:
        raise InputError("engine", "the extra 'fast' is not installed", found=problem.name,
                         advice="pip install 'comity[fast]'") from None  # fmt: skip
    return solved


def resolve_deficits(world: World, deficit: Array, name: str) -> tuple[World, Array]:
    """The World re-solved at other deficits (the preliminary step of a closure), as a new World, and the state that
    leads there.

    Raises NoSolutionError if the path to these deficits ends early.
    """
    nothing = changes_of(world, Shock())

    def make(fraction: float) -> Problem:
        problem = make_problem(world, nothing, "fixed-deficits", fraction=fraction)
        return replace(problem, deficit=(1 - fraction) * world.deficit + fraction * deficit)

    found = search(make, None, 1e-13)
    solution = accepted(found, name, 1e-11)
    moved = world.replace(
        trade_share=solution.trade_share_new,
        value_added=solution.wage_hat * world.value_added,
        deficit=deficit,
        expenditure=solution.expenditure_new,
        provenance={**world.provenance, "closure_step": name},
    )
    return moved, solution.state


def check_tolerance(tolerance: float) -> None:
    """Raise InputError unless the tolerance is a small positive number."""
    if not isinstance(tolerance, (int, float)) or not 0 < tolerance <= LOOSEST:
        raise InputError("tolerance", "a small positive number is needed", found=tolerance, allowed=f"0 to {LOOSEST:g}")


def checked_start(start: Array | None, world: World) -> Array | None:
    """A start state of the right size and finite, else InputError."""
    if start is None:
        return None
    j, n = world.value_added_share.shape
    state = np.asarray(start, dtype=np.float64)
    if state.shape != (n * (1 + 2 * j),) or not np.isfinite(state).all():
        raise InputError("start", "the state of another Solution of this size is needed", found=state.shape)
    return state


def accepted(found: Found, closure: str, tolerance: float) -> Solution:
    """The Solution of a found state, or the error that says how far the search got."""
    if not found.whole:
        raise refusal(found)
    solution = assemble(found, closure)
    if not solution.residual <= tolerance:
        with suppress(NotConvergedError):  # then the first answer stands, and is judged below
            finer = search(lambda _: found.problem, found.state, max(tolerance / 200, FINEST))
            if finer.whole:
                solution = assemble(replace(finer, passes=found.passes + finer.passes), closure)
    if not solution.residual <= tolerance:
        worst = max(solution.residuals, key=solution.residuals.__getitem__)
        raise NotConvergedError(
            f"Not converged: residual {solution.residual:.1e} in equation ({worst}), tolerance {tolerance:.0e}. "
            "Try a larger tolerance, a smaller shock, or the closure 'balanced'.",
            residual=solution.residual,
            path_fraction=1.0,
        )
    return replace(solution, converged=True, status="converged")


def assemble(found: Found, closure: str) -> Solution:
    """All quantities of a found state, and the residual of the equations recomputed from them."""
    problem, implied = found.problem, found.implied
    world, n = problem.prepared.world, problem.prepared.home.shape[1]
    price = np.where(problem.unsupplied, 1.0, np.exp(implied.log_price))
    consumer_price = eq.consumer_price_hat(price, world.consumption_share)
    solution = Solution(
        benchmark=world,
        closure=closure,
        source=problem,
        wage_hat=np.exp(found.state[:n]),
        price_index_hat=price,
        cost_hat=np.exp(implied.cost),
        expenditure_new=implied.demand,
        output_new=implied.output,
        income_new=implied.income,
        deficit_new=implied.deficit,
        transfer_new=implied.transfer,
        tariff_revenue_new=implied.tariff_revenue,
        export_tax_revenue_new=implied.export_tax_revenue + np.zeros(n),
        consumer_price_hat=consumer_price,
        real_income_hat=implied.income / world.income / consumer_price,
        iterations=found.passes,
        state=found.state,
    )
    solution.residuals.update(residuals(solution))
    return solution
