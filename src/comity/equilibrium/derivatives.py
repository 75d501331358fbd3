r"""gradient: one outcome of a counterfactual, differentiated with respect to every parameter by one adjoint solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark.world import World
from comity.equilibrium.adjoint import Adjoint, Slopes, Transposed
from comity.equilibrium.changes import as_numbers, at_home, changes_of
from comity.equilibrium.functionals import outcome_of
from comity.equilibrium.problem import Problem, make_problem
from comity.equilibrium.search import search
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import TOLERANCE, accepted, check_tolerance, solve
from comity.errors import InputError

if TYPE_CHECKING:
    from comity.scenario.schema import Scenario

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gradient:
    """Derivatives of one outcome at one counterfactual (J sectors, N countries).

    outcome : what is differentiated, in words; value : its value there
    tariff (J, N, N) : per unit of the new tariff rate (1.00 is 100 points; a point is a hundredth of it)
    log_iceberg (J, N, N) : per unit of ln iceberg_hat (0.01 is one per cent of cost)
    export_tax (J, N, N) : per unit of the new export tax rate
    log_productivity (J, N) : per unit of ln productivity_hat
    theta (J,) : per unit of the trade elasticity, with all that depends on it: the shares after the shock, the
        closure's preliminary step, and sizes that are trade ratios if a scenario was given
    residual : of the adjoint equations, relative (see `adjoint.Adjoint`); passes : transposed passes used; with a
        preliminary step these are the larger residual and the sum of passes of two adjoint solves
    solution : the counterfactual; world, iceberg_by_theta : what it was made from, for `of`

    Cells that are embargoed, without trade in the benchmark, or on the diagonal are 0. Each derivative holds all other
    parameters and the benchmark's data fixed.
    """

    outcome: str
    value: float
    tariff: Array
    log_iceberg: Array
    export_tax: Array
    log_productivity: Array
    theta: Array
    residual: float
    passes: int
    solution: Solution
    world: World = field(repr=False)
    iceberg_by_theta: Array | None = field(repr=False, default=None)

    def of(self, outcome: Any, *, tolerance: float = TOLERANCE) -> Gradient:
        """The derivatives of another outcome of the same counterfactual, without solving that again."""
        return gradient_at(
            self.world, self.solution, outcome, iceberg_by_theta=self.iceberg_by_theta, tolerance=tolerance
        )


def gradient(
    world: World,
    shock: Shock | Scenario,
    outcome: Any,
    *,
    closure: str | None = None,
    targets: Sequence[str] | None = None,
    equalise: Sequence[str] | None = None,
    year: int | None = None,
    iceberg_by_theta: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
) -> Gradient:
    """One outcome of a counterfactual and its derivative with respect to every tariff, iceberg cost, export tax,
    productivity and elasticity.

    Parameters
    ----------
    shock : a Shock, or a Scenario: then its own closure, targets and elasticity set are the defaults, and d/dtheta
        includes that its trade ratios become other trade costs, kappa_hat = ratio^(-1/theta)
    outcome : ("real_income_hat", "IRN"), ("output_new", "IRN", "AGR"), ("flow_new", importer, exporter[, sector]) or
        {field: weights}; `functionals.FIELDS` lists the fields
    closure, targets, equalise : as in `solve`
    year : of a Scenario: the measures in force at its start; None is full implementation
    iceberg_by_theta : (J, N, N) or anything that broadcasts to it, for a Shock whose iceberg costs depend on theta:
        d ln iceberg_hat[j, n, i] / d theta[j]
    tolerance : of the solve, and of the adjoint equations

    Raises
    ------
    InputError : unknown outcome, and whatever `solve` and `compile_scenario` refuse
    NoSolutionError : as in `solve`; NotConvergedError also if the adjoint equations stay above the tolerance
    """
    if not isinstance(shock, Shock):
        if iceberg_by_theta is not None:
            raise InputError(
                "iceberg_by_theta", "a scenario knows which of its sizes depend on theta", advice="Leave it out."
            )
        world, shock, own_closure, own_targets, iceberg_by_theta = _compiled(world, shock, year)
        closure, targets = closure or own_closure, targets or own_targets
    elif year is not None:
        raise InputError("year", "only a scenario has years", found=year)
    closure = closure or "fixed-deficits"
    functional = outcome_of(world, outcome)
    solution = solve(
        world,
        shock,
        closure=closure,
        targets=targets if closure == "targets-balanced" else None,
        equalise=equalise,
        tolerance=tolerance,
    )
    return gradient_at(world, solution, functional, iceberg_by_theta=iceberg_by_theta, tolerance=tolerance)


def gradient_at(
    world: World,
    solution: Solution,
    outcome: Any,
    *,
    iceberg_by_theta: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
) -> Gradient:
    """`gradient` at a Solution already there.

    world : the World that was solved, before the closure's preliminary step; the rest as in `gradient`. For a scenario,
    `iceberg_by_theta` has to say how its sizes move with theta (`Gradient.of` does so by itself).
    """
    check_tolerance(tolerance)
    _check_world(world, solution)
    functional = outcome_of(world, outcome)
    sizes = _sizes(world, iceberg_by_theta)
    now, before = functional.slopes(solution)
    system = Transposed(solution)
    adjoint = system.solve(now, tolerance)
    tariff, log_iceberg, export_tax = _by_cell(system, adjoint)
    log_cost, log_price = np.log(solution.cost_hat), np.log(solution.price_index_hat)
    theta, residual, passes = np.zeros(len(world.sectors)), adjoint.residual, adjoint.passes
    if solution.benchmark is not world:
        first = preliminary(world, solution.benchmark)
        base = Transposed(first)
        step = base.solve(_benchmark_slopes(system, adjoint, before), tolerance)
        before_cost, before_price = np.log(first.cost_hat), np.log(first.price_index_hat)
        theta += _by_theta(base, step, before_cost, before_price, log_iceberg)
        residual, passes = max(residual, step.residual), passes + step.passes
        log_cost, log_price = log_cost + before_cost, log_price + before_price
    theta += _by_theta(system, adjoint, log_cost, log_price, log_iceberg)
    if sizes is not None:
        theta += (log_iceberg * sizes).sum(axis=(1, 2))
    return Gradient(
        outcome=functional.label,
        value=functional.value(solution),
        tariff=tariff,
        log_iceberg=log_iceberg,
        export_tax=export_tax,
        log_productivity=-(adjoint.pulled.cost + now.cost),
        theta=theta,
        residual=residual,
        passes=passes,
        solution=solution,
        world=world,
        iceberg_by_theta=sizes,
    )


# -- from multipliers to derivatives -------------------------------------------------------------------


def _by_cell(system: Transposed, adjoint: Adjoint) -> tuple[Array, Array, Array]:
    """(J, N, N) derivatives with respect to tariffs, ln iceberg costs and export taxes.

    With v the worth of a border flow F, a cell's ln kappa is worth  price multiplier x share - theta v F.  A tariff
    raises ln kappa and lowers F by 1/(1+t) each, and is paid on F; an export tax raises ln kappa by 1/(1+e) and moves
    money from the seller to its government.
    """
    problem, pulled, n = system.problem, adjoint.pulled, system.count
    tariff, log_iceberg, export_tax = (np.empty_like(problem.tariff) for _ in range(3))
    own_flow, own_share = system.own(adjoint.slopes)
    by_price, made, wage = pulled.implied * system.per_price, pulled.output, adjoint.wage
    duty, tax = pulled.tariff_revenue[:, None], pulled.export_tax_revenue
    # sector by sector: a (N, N) slice stays in the processor's cache through all of this
    for j in range(system.sectors):
        border, rate = problem.foreign[j, :n] * system.scale[j], problem.tariff[j]
        flow, gross = border * system.per_weight[j][:, None], 1 + rate
        factor = 1 + problem.export_tax[j] if system.shipped is not None else 1.0
        paid = flow * duty
        worth = flow * (wage + tax + (made[j] - tax) / factor - wage[:, None]) + rate * paid
        if own_flow is not None:
            worth += own_flow[j]
        moved = np.multiply(border, gross, out=log_iceberg[j])
        moved *= by_price[j][:, None]
        moved -= problem.theta[j] * worth
        if own_share is not None:
            moved -= problem.theta[j] * own_share[j]
        np.divide(moved - worth, gross, out=tariff[j])
        tariff[j] += paid
        np.add(moved, flow * (tax - made[j]) / factor, out=export_tax[j])
        if system.shipped is not None:
            export_tax[j] /= factor
    if own_flow is not None or own_share is not None:
        diagonal = np.arange(n)
        for array in (tariff, log_iceberg, export_tax):
            array[:, diagonal, diagonal] = 0.0
    return tariff, log_iceberg, export_tax


def _by_theta(system: Transposed, adjoint: Adjoint, log_cost: Array, log_price: Array, log_iceberg: Array) -> Array:
    """(J,) derivatives with respect to theta in equations (2) and (3).

    A price moves with theta by (average of ln(kappa c) - ln P) / theta, a share by ln P - ln(kappa c): given the slopes
    in ln c, ln kappa and ln P, these are sums of slope x logarithm. Logarithms count from the data that theta leaves
    alone, the World before a preliminary step.
    """
    changes, pulled, theta, count = system.problem.changes, adjoint.pulled, system.theta, system.count
    total = (pulled.cost * log_cost - adjoint.price * log_price).sum(axis=1)
    flat = changes.flat
    if len(flat):
        slope = log_iceberg.ravel()[flat]
        own = at_home(flat, (system.sectors, count, count))
        slope[own] = _home_iceberg(system, adjoint)[flat[own] // count**2, flat[own] % count]
        log_kappa = np.where(changes.embargoed(), 0.0, changes.log_cost())
        total += np.bincount(flat // count**2, slope * log_kappa, minlength=system.sectors)
    return np.asarray(total / theta[:, 0])


def _home_iceberg(system: Transposed, adjoint: Adjoint) -> Array:
    """(J, N) slope in ln iceberg of home sales."""
    pulled, diagonal = adjoint.pulled, np.arange(system.count)
    home = system.home_share * (pulled.implied - system.theta * system.spending * pulled.output)
    for own in system.own(adjoint.slopes):
        if own is not None:
            home -= system.theta * own[:, diagonal, diagonal]
    return np.asarray(home)


def _benchmark_slopes(system: Transposed, adjoint: Adjoint, before: Slopes) -> Slopes:
    """The outcome's slopes in the benchmark after a preliminary step, through the equations as well: they take from it
    the numeraire of each connected part and the real income that a coalition's members keep."""
    world, needed = system.solution.benchmark, adjoint.pulled.needed
    before.income[...] += needed / world.income
    before.price[...] -= world.consumption_share * needed
    for part, _ in system.parts:
        share = world.value_added[part] / world.value_added[part].sum()
        before.wage[part] += share * (system.pin[part] @ adjoint.wage[part])
    return before


# states of preliminary steps, by the benchmark they led to; whole Solutions would keep both Worlds alive for good
_states: WeakKeyDictionary[World, Array] = WeakKeyDictionary()


def preliminary(world: World, benchmark: World) -> Solution:
    """The closure's preliminary step as a Solution: the World re-solved at the deficits of the benchmark it led to."""
    nothing = changes_of(world, Shock())

    def make(fraction: float) -> Problem:
        problem = make_problem(world, nothing, "fixed-deficits", fraction=fraction)
        return replace(problem, deficit=(1 - fraction) * world.deficit + fraction * benchmark.deficit)

    start = _states.get(benchmark)
    if start is None:
        spent = world.expenditure > 0
        more = np.divide(benchmark.expenditure, world.expenditure, out=np.ones_like(world.expenditure), where=spent)
        wage = np.log(benchmark.value_added / world.value_added)
        start = np.concatenate([wage, np.broadcast_to(wage, more.shape).ravel(), np.log(more).ravel()])
    solution = accepted(search(make, start, 1e-13), "fixed-deficits", 1e-11)
    _states[benchmark] = solution.state
    return solution


# -- what the user gave --------------------------------------------------------------------------------


def _compiled(world: World, scenario: Any, year: int | None) -> tuple[World, Shock, str | None, list[str], Array]:
    """Economy, shock, closure and targets of a Scenario, and how its iceberg costs move with theta.

    ln iceberg_hat is a + b / theta on every cell (`scenario.sizes`), so that two thetas give b exactly.
    """
    from comity.scenario.compile import compile_scenario
    from comity.scenario.schema import Scenario

    if not isinstance(scenario, Scenario):
        raise InputError("shock", "a Shock or a Scenario is needed", found=type(scenario).__name__)
    own = world.provenance.get("elasticities", {}).get("name")
    if scenario.elasticities not in (None, own):
        world = world.with_elasticities(scenario.elasticities)
    theta = world.trade_elasticity
    compiled = compile_scenario(world, scenario, year=year)
    other = compile_scenario(world, scenario, year=year, theta=2 * theta)
    apart = _log_iceberg(world, compiled.shock) - _log_iceberg(world, other.shock)
    slope = -2 * apart / theta[:, None, None]
    return world, compiled.shock, scenario.closure, compiled.targets, slope


def _log_iceberg(world: World, shock: Shock) -> Array:
    """(J, N, N) ln iceberg_hat of a compiled shock, 0 on embargoed cells."""
    dense = np.zeros_like(world.trade_share)
    if shock.iceberg_hat is not None:
        *cells, values = shock.iceberg_hat
        dense[tuple(cells)] = np.log(np.where(np.isinf(values), 1.0, values))
    return dense


def _sizes(world: World, given: ArrayLike | None) -> Array | None:
    if given is None:
        return None
    values = as_numbers("iceberg_by_theta", given)
    try:
        values = np.broadcast_to(values, world.trade_share.shape)
    except ValueError:
        raise InputError(
            "iceberg_by_theta", "wrong shape", found=values.shape, allowed=f"{world.trade_share.shape}"
        ) from None
    if not np.isfinite(values).all():
        raise InputError("iceberg_by_theta", "finite numbers are needed")
    return values


def _check_world(world: World, solution: Solution) -> None:
    base = solution.benchmark
    moved = solution.closure in ("balanced", "targets-balanced")
    same = base.countries == world.countries and base.sectors == world.sectors
    if base is world or (moved and same and np.array_equal(base.trade_elasticity, world.trade_elasticity)):
        return
    raise InputError(
        "world",
        "the solution does not start from this world",
        found=repr(world),
        advice="Pass the World given to solve.",
    )
