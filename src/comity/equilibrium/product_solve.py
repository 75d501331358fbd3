"""solve_products: a ProductWorld, a Shock and a closure -> a ProductSolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.products import ProductWorld
from comity.benchmark.products_layout import Markets
from comity.benchmark.world import World
from comity.equilibrium import equations as eq
from comity.equilibrium.changes import changes_of
from comity.equilibrium.closures import benchmark_of, check_closure, income_factor
from comity.equilibrium.problem import Problem, make_problem
from comity.equilibrium.product_iteration import terms
from comity.equilibrium.product_problem import ProductProblem, make_product_problem
from comity.equilibrium.product_residual import residuals, sector_shares
from comity.equilibrium.product_search import ProductFound, search_products, sector_start
from comity.equilibrium.product_solution import ProductSolution
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import FINEST, check_tolerance
from comity.equilibrium.verdict import refusal, trade_can_balance
from comity.errors import InputError, NotConvergedError

Array = NDArray[np.float64]

TOLERANCE = 1e-8
STEP_TOLERANCE = 1e-12  # of a closure's preliminary step, whose answer becomes the benchmark


def solve_products(
    products: ProductWorld,
    shock: Shock,
    *,
    closure: str = "fixed-deficits",
    targets: Sequence[str] | None = None,
    equalise: Sequence[str] | None = None,
    tolerance: float = TOLERANCE,
) -> ProductSolution:
    """The counterfactual equilibrium of a product world after a shock to its sectors, in exact changes.

    A change of a sector cell applies to every product of the sector. Arguments and errors are those of
    `comity.solve`; `tolerance` is the largest accepted relative residual over equations (1)-(8) of the product world,
    recomputed from the answer.

    Raises
    ------
    InputError : a shock out of range, an unknown closure, a sector or a product that loses every supplier
    NoSolutionError : the path from the benchmark ends before the whole shock; carries a certificate
    NotConvergedError : the residual stays above the tolerance
    """
    if not isinstance(products, ProductWorld):
        raise InputError("products", "a ProductWorld is needed", found=type(products).__name__)
    check_closure(closure, targets)
    check_tolerance(tolerance)
    for name, codes in (("targets", targets), ("equalise", equalise)):
        if codes is not None and (isinstance(codes, str) or not isinstance(codes, Sequence)):
            raise InputError(name, "a list of country codes is needed", found=codes)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # non-finite states are dropped by the search
        world, markets = _benchmark(products, closure, targets)
        changes = changes_of(world, shock)
        coalition = np.array([world.country(code) for code in equalise or ()], dtype=np.intp)
        factor = income_factor(world) if closure == "multiplicative-deficits" else None

        def sector(fraction: float) -> Problem:
            return make_problem(world, changes, closure, income_factor=factor, coalition=coalition, fraction=fraction)

        def make(fraction: float) -> ProductProblem:
            return make_product_problem(
                world,
                markets,
                changes,
                closure,
                income_factor=factor,
                coalition=coalition,
                fraction=fraction,
            )

        trade_can_balance(world, sector(1.0))
        result = search_products(make, sector_start(sector), max(tolerance / 5, FINEST))
        return _accepted(result, closure, tolerance, products)


@dataclass(frozen=True, eq=False)
class _Moved:
    """A World and its markets after a closure's preliminary step."""

    world: World
    markets: Markets


_moved: WeakKeyDictionary[ProductWorld, dict[tuple[str, ...], _Moved]] = WeakKeyDictionary()


def _benchmark(products: ProductWorld, closure: str, targets: Sequence[str] | None) -> tuple[World, Markets]:
    """What all hats refer to under a closure: the product world itself, or after the closure's preliminary step."""
    goal = benchmark_of(products.world, closure, targets)
    if goal is products.world:
        return products.world, products.markets
    kept = _moved.setdefault(products, {})
    key = (closure, *sorted(targets or ()))
    if key not in kept:
        kept[key] = _with_deficits(products, goal.deficit, closure)
    return kept[key].world, kept[key].markets


def _with_deficits(products: ProductWorld, deficit: Array, name: str) -> _Moved:
    """The product world re-solved at other deficits. Raises NoSolutionError if the path to them ends early."""
    world, markets = products.world, products.markets
    nothing = changes_of(world, Shock())

    def at(problem: Problem) -> Problem:
        return replace(problem, deficit=(1 - problem.fraction) * world.deficit + problem.fraction * deficit)

    def make(fraction: float) -> ProductProblem:
        part = make_product_problem(world, markets, nothing, "fixed-deficits", fraction=fraction)
        return replace(part, sector=at(part.sector))

    def sector(fraction: float) -> Problem:
        return at(make_problem(world, nothing, "fixed-deficits", fraction=fraction))

    result = search_products(make, sector_start(sector), STEP_TOLERANCE)
    solution = _accepted(result, name, 10 * STEP_TOLERANCE, products)
    moved = world.replace(
        trade_share=solution.trade_share_new,
        value_added=solution.wage_hat * world.value_added,
        deficit=deficit,
        expenditure=solution.expenditure_new,
        provenance={**world.provenance, "closure_step": name},
    )
    return _Moved(moved, _moved_markets(result, solution.cost_hat))


def _moved_markets(result: ProductFound, cost_hat: Array) -> Markets:
    """Markets at the shares of an answer; spending shares of products do not change."""
    problem = result.products
    markets = problem.markets
    scale, at_home = terms(problem, np.log(cost_hat))
    share = problem.border.copy() if problem.tariff is None else problem.border + problem.tariff
    share *= scale[markets.supplier]
    total = np.bincount(markets.market, weights=share, minlength=len(at_home)) + at_home
    total[total == 0] = 1.0
    share /= total[markets.market]
    return replace(markets, share=share, home=at_home / total)


def _accepted(result: ProductFound, closure: str, tolerance: float, products: ProductWorld) -> ProductSolution:
    """The ProductSolution of a found state, or the error that says how far the search got."""
    if not result.found.whole:
        raise refusal(result.found)
    solution = _assemble(result, closure, products)
    if not solution.residual <= tolerance:
        finer = search_products(lambda _: result.products, result.found.state, max(tolerance / 200, FINEST))
        if finer.found.whole:
            passes = result.found.passes + finer.found.passes
            result = replace(finer, found=replace(finer.found, passes=passes))
            solution = _assemble(result, closure, products)
    if not solution.residual <= tolerance:
        worst = max(solution.residuals, key=solution.residuals.__getitem__)
        raise NotConvergedError(
            f"Not converged: residual {solution.residual:.1e} in equation ({worst}), tolerance {tolerance:.0e}. "
            "Try a larger tolerance, a smaller shock, or the closure 'balanced'.",
            residual=solution.residual,
            path_fraction=1.0,
        )
    return replace(solution, converged=True, status="converged")


def _assemble(result: ProductFound, closure: str, products: ProductWorld) -> ProductSolution:
    """All quantities of a found state by country and sector, and the residual recomputed from them."""
    found = result.found
    problem, implied = found.problem, found.implied
    world, n = problem.prepared.world, problem.prepared.home.shape[1]
    price, share = sector_shares(result.products, np.exp(implied.cost))
    price_index = np.exp(implied.log_price)
    consumer_price = eq.consumer_price_hat(price_index, world.consumption_share)
    total = share.sum(axis=-1, keepdims=True)
    solution = ProductSolution(
        benchmark=world,
        closure=closure,
        source=problem,
        wage_hat=np.exp(found.state[:n]),
        price_index_hat=price_index,
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
        # rounding is taken out, so that what is spent adds up exactly
        sector_share=share / np.where(total > 0, total, 1.0),
        sector_problem=problem,
        counts=products.counts,
    )
    solution.residuals.update(residuals(solution, price, share))
    return solution
