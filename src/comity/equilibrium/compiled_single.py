"""One pass for one problem, compiled: as `iteration.Iteration`, with the sweeps between the products fused.

Arrays are (sector, country), the country last: sweeps run along countries, many at a time. What each country's input
links do is (sector, sector, country), so that it runs along countries too. States are those of `iteration`: ln w, then
ln P, then ln X/X0. Numba is an extra (`fast`); nothing but `compiled_search` imports this.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled_math import exp, log, worse
from comity.kernels import compiled

Array = NDArray[np.float64]
Rough = NDArray[np.float32]


class Links(NamedTuple):
    """A World's input links; sums run over the second axis."""

    inputs: Array  # (J, J, N): ln P of inputs into ln c
    uses: Array  # (J, J, N): output into expenditure
    price_local: Rough  # (J, J, N): errors of ln P into what own markets make of them
    demand_local: Rough  # (J, J, N): the same of X


class Weights(NamedTuple):
    """A problem's weights after the shock, as in `problem.Problem`, and the World's shares and levels."""

    foreign: Array  # (J, 2N, N)
    home: Array  # (J, N)
    theta: Array  # (J,)
    log_productivity: Array  # (J, N), or (0, 0) where nobody's changes
    value_added_share: Array  # (J, N)
    consumption_share: Array  # (J, N)
    expenditure: Array  # (J, N)
    value_added: Array  # (N,)


class Closure(NamedTuple):
    """What closes trade balances: the deficits given, whether they are shares of value added, and the factor of own
    income that is spent, or (0,) where they do not follow it."""

    given: Array  # (N,)
    transfer: Array  # (N,)
    scaled: bool
    factor: Array  # (N,) or (0,)


class Answers(NamedTuple):
    """How the benchmark answers, as in `responses.Responses`."""

    wages: Rough  # (N, N)
    by: Rough  # (N, 2 J N)
    follow: Rough  # (2 J N, N)


class Bounds(NamedTuple):
    """As in `iteration`: what bounds incomes and steps. Given, not imported: what is compiled would keep old values."""

    income: float  # INCOME_FLOOR
    tiny: float  # TINY
    move: float  # LARGEST_MOVE
    step: np.float32  # LARGEST_STEP
    fall: np.float32  # LARGEST_FALL


class Work(NamedTuple):
    """Memory for a pass, and what it implied."""

    cost: Array  # (J, N)
    log_price: Array
    demand: Array
    output: Array
    scale: Array
    exponent: Array  # X/X0
    exports: Array  # (N,)
    imports: Array
    revenue: Array
    income: Array
    deficit: Array
    gap: Array
    drawn: Array  # (2N,)
    weight: Array  # (N,)
    sold: Array
    price_error: Rough  # (J, N)
    excess: Rough
    rough: Rough  # (2 J, N): steps of prices and expenditures
    follow: Rough  # (2 J N,)
    left: Rough  # (N,)
    move: Rough
    step: Array  # (N + 2 J N,)


@compiled
def step_from(
    state: Array, weights: Weights, links: Links, closure: Closure, answers: Answers, bounds: Bounds, work: Work
) -> tuple[float, bool]:
    """Largest log error of a state, and whether an income was held at its floor; the preconditioned step in
    work.step."""
    sectors, n = weights.home.shape
    log_wage = state[:n]
    log_price = state[n : n + sectors * n].reshape(sectors, n)
    log_spending = state[n + sectors * n :].reshape(sectors, n)
    largest = _trade(log_wage, log_price, log_spending, weights, links, work)
    floored = _incomes(log_wage, weights, closure, bounds, work)
    largest = max(largest, _gaps(weights, closure, work))
    largest = max(largest, _spending(weights, links, bounds, work))
    _own_markets(weights, links, bounds, work)
    _wages(log_wage, weights, answers, bounds, work)
    return largest, floored


@compiled
def _apply(matrices: Array, columns: Array, total: Array) -> None:
    """Add to total (J, N) each country's (J, J) matrix applied to its column."""
    sectors, others, n = matrices.shape
    for j in range(sectors):
        for k in range(others):
            for c in range(n):
                total[j, c] += matrices[j, k, c] * columns[k, c]


@compiled
def _trade(
    log_wage: Array, log_price: Array, log_spending: Array, weights: Weights, links: Links, work: Work
) -> float:
    """Equations (1), (2), (4), with exports, imports and revenue; the largest error of prices."""
    sectors, n = weights.home.shape
    cost, scale, exponent, drawn, weight, sold = (
        work.cost, work.scale, work.exponent, work.drawn, work.weight, work.sold
    )  # fmt: skip
    exports, imports, revenue, price_error = work.exports, work.imports, work.revenue, work.price_error
    for j in range(sectors):
        for c in range(n):
            cost[j, c] = weights.value_added_share[j, c] * log_wage[c]
    _apply(links.inputs, log_price, cost)
    if len(weights.log_productivity):
        for j in range(sectors):
            for c in range(n):
                cost[j, c] -= weights.log_productivity[j, c]
    exports[:], imports[:], revenue[:] = 0.0, 0.0, 0.0
    largest = 0.0
    for j in range(sectors):
        theta, slope = weights.theta[j], -1.0 / weights.theta[j]
        home, spent, implied = weights.home[j], weights.expenditure[j], work.log_price[j]
        for c in range(n):
            scale[j, c] = exp(-theta * cost[j, c])
        for c in range(n):
            exponent[j, c] = exp(log_spending[j, c])
        np.dot(weights.foreign[j], scale[j], drawn)
        for c in range(n):
            sold[c] = home[c] * scale[j, c]
        for c in range(n):
            weight[c] = drawn[c] + drawn[n + c] + sold[c]
        for c in range(n):
            implied[c] = log(weight[c]) * slope
        for c in range(n):
            weight[c] = spent[c] * exponent[j, c] / weight[c]
        for c in range(n):
            error = implied[c] - log_price[j, c]
            price_error[j, c] = error
            largest = worse(largest, abs(error))
        for c in range(n):
            imports[c] += drawn[c] * weight[c]
        for c in range(n):
            revenue[c] += drawn[n + c] * weight[c]
        for c in range(n):
            sold[c] *= weight[c]
        output = work.output[j]
        np.dot(weight, weights.foreign[j, :n], output)
        for c in range(n):
            output[c] *= scale[j, c]
        for c in range(n):
            exports[c] += output[c]
        for c in range(n):
            output[c] += sold[c]
    return largest


@compiled
def _incomes(log_wage: Array, weights: Weights, closure: Closure, bounds: Bounds, work: Work) -> bool:
    """Equation (6) under the closure, as `iteration.Iteration._income`."""
    n = len(log_wage)
    income, deficit, revenue, given, value = work.income, work.deficit, work.revenue, closure.given, weights.value_added
    wage, earned = np.empty(n), np.empty(n)
    for c in range(n):
        wage[c] = exp(log_wage[c])
        earned[c] = wage[c] * value[c]
    if closure.scaled:
        total = wanted = 0.0
        for c in range(n):
            total += earned[c]
            wanted += wage[c] * given[c]
        for c in range(n):
            deficit[c] = wage[c] * given[c] - earned[c] / total * wanted
    elif len(closure.factor):
        own = spent = 0.0
        for c in range(n):
            own += earned[c] + revenue[c]
            spent += closure.factor[c] * (earned[c] + revenue[c])
        for c in range(n):
            before = earned[c] + revenue[c]
            deficit[c] = closure.factor[c] * before * (own / spent) - before
    else:
        deficit[:] = given
    floored = False
    for c in range(n):
        income[c] = earned[c] + revenue[c] + deficit[c] + closure.transfer[c]
        low = bounds.income * earned[c]
        if income[c] < low:
            floored = True
            income[c] = low
    return floored


@compiled
def _gaps(weights: Weights, closure: Closure, work: Work) -> float:
    """Equation (8) as gaps ln((exports + D+) / (imports + D-)); the largest."""
    largest, gap = 0.0, work.gap
    for c in range(len(gap)):
        net, floor = work.deficit[c] + closure.transfer[c], 1e-25 * weights.value_added[c]
        gap[c] = log((work.exports[c] + max(net, 0.0) + floor) / (work.imports[c] + max(-net, 0.0) + floor))
        largest = worse(largest, abs(gap[c]))
    return largest


@compiled
def _spending(weights: Weights, links: Links, bounds: Bounds, work: Work) -> float:
    """Equation (5); the largest relative error, but of demand that dies out altogether."""
    sectors, n = weights.home.shape
    demand, income, exponent, excess = work.demand, work.income, work.exponent, work.excess
    for j in range(sectors):
        for c in range(n):
            demand[j, c] = weights.consumption_share[j, c] * income[c]
    _apply(links.uses, work.output, demand)
    largest = 0.0
    for j in range(sectors):
        spent = weights.expenditure[j]
        for c in range(n):
            now = spent[c] * exponent[j, c]
            over = demand[j, c] - now
            relative = abs(over) / (now + bounds.tiny)
            largest = worse(largest, relative if demand[j, c] > bounds.tiny else 0.0)
            excess[j, c] = over
    return largest


@compiled
def _own_markets(weights: Weights, links: Links, bounds: Bounds, work: Work) -> None:
    """What own markets make of errors in prices and expenditures, in work.rough."""
    sectors, n = weights.home.shape
    rough, exponent = work.rough, work.exponent
    low, high, lowest = -bounds.step, bounds.step, bounds.fall
    rough[:] = np.float32(0.0)
    _apply(links.price_local, work.price_error, rough[:sectors])
    _apply(links.demand_local, work.excess, rough[sectors:])
    for j in range(sectors):
        spent = weights.expenditure[j]
        for c in range(n):
            rough[j, c] = min(max(rough[j, c], low), high)
        for c in range(n):
            share = rough[sectors + j, c] / (spent[c] * exponent[j, c] + bounds.tiny)
            rough[sectors + j, c] = min(max(np.float32(share), lowest), high)


@compiled
def _wages(log_wage: Array, weights: Weights, answers: Answers, bounds: Bounds, work: Work) -> None:
    """Steps of wages that close the gaps own markets leave, and what follows from them."""
    n, rows = len(log_wage), work.rough.size
    left, move, step, rough, follow = work.left, work.move, work.step, work.rough.reshape(-1), work.follow
    value = weights.value_added
    np.dot(answers.by, rough, left)
    for c in range(n):
        left[c] += np.float32(work.gap[c])
    np.dot(answers.wages, left, move)
    total = world = 0.0
    for c in range(n):
        step[c] = min(max(np.float64(move[c]), -bounds.move), bounds.move)
        total += exp(log_wage[c] + step[c]) * value[c]
        world += value[c]
    level = log(total / world)
    for c in range(n):
        step[c] -= level
        move[c] = np.float32(step[c])
    np.dot(answers.follow, move, follow)
    low, high, lowest, half = -bounds.step, bounds.step, bounds.fall, rows // 2
    for r in range(half):
        step[n + r] = min(max(rough[r] + follow[r], low), high)
    for r in range(half, rows):
        step[n + r] = min(max(rough[r] + follow[r], lowest), high)
