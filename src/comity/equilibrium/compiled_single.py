"""One pass for one scenario, compiled: as `iteration.Iteration`, with the sweeps between the products fused.

Arrays are (sector, country), the country last: sweeps run along countries, many at a time. What each country's input
links do is (sector, sector, country), so that it runs along countries too. Expenditure is counted in units of the
benchmark's, and weights are the World's with a list of changed cells, as in `compiled`. States are those of
`iteration`: ln w, then ln P, then ln X/X0. Numba is an extra (`fast`); only `compiled_search` imports this.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled import Changed, Economy, Limits
from comity.equilibrium.compiled_math import exp, log, moved_by_trade, worse
from comity.kernels import compiled

Array = NDArray[np.float64]
Rough = NDArray[np.float32]


class Links(NamedTuple):
    """A World's input links, as in `together.Shared`; sums run over the second axis of the first four."""

    inputs: Array  # (J, J, N): ln P of inputs into ln c
    uses: Array  # (J, J, N): output into X/X0
    price_local: Rough  # (J, J, N): errors of ln P into what own markets make of them
    spend_local: Rough  # (J, J, N): the same of X/X0
    value_added_share: Array  # (J, N)
    demand_share: Array  # (J, N): of income, in units of X0


class Case(NamedTuple):
    """A scenario: its elasticities, productivity and what closes trade balances: the deficits given, whether they are
    shares of value added, and the factor of own income that is spent, or (0,) where they do not follow it."""

    theta: Array  # (J,)
    log_productivity: Array  # (J, N), or (0, 0) where nobody's changes
    transfer: Array  # (N,)
    given: Array  # (N,)
    scaled: bool
    factor: Array  # (N,) or (0,)


class Answers(NamedTuple):
    """How the benchmark answers, as in `responses.Heard` and `responses.Responses`."""

    own: Rough  # (2 J, N)
    others: Rough  # (K, 2 J N)
    wages: Rough  # (N, N + K)
    follow: Rough  # (2 J N, N)


class Work(NamedTuple):
    """Memory for a pass, and what it implied."""

    cost: Array  # (J, N)
    price: Array  # ln P
    spending: Array  # X/X0
    output: Array
    scale: Array
    exponent: Array  # X/X0 of the state
    exports: Array  # (N,)
    imports: Array
    revenue: Array
    income: Array
    deficit: Array
    gap: Array
    weight: Array
    at_home: Array
    drawn: Array  # (2N,)
    step: Array  # (N + 2 J N,)
    price_error: Rough  # (J, N)
    excess: Rough
    rough: Rough  # (2 J, N): steps of prices and expenditures
    left: Rough  # (N + K,)
    move: Rough  # (N,)
    follow: Rough  # (2 J N,)


@compiled
def step_from(
    state: Array,
    economy: Economy,
    links: Links,
    changed: Changed,
    case: Case,
    answers: Answers,
    limits: Limits,
    work: Work,
) -> tuple[float, bool]:
    """Largest log error of a state, and whether an income was held at its floor; the preconditioned step in
    work.step."""
    sectors, n = economy.home.shape
    log_wage = state[:n]
    log_price = state[n : n + sectors * n].reshape(sectors, n)
    log_spending = state[n + sectors * n :].reshape(sectors, n)
    _costs(log_wage, log_price, log_spending, links, case, work)
    largest = _trade(log_price, economy, changed, case, work)
    floored = _incomes(log_wage, economy, case, limits, work)
    largest = max(largest, _gaps(economy, case, work))
    largest = max(largest, _spending(economy, links, work))
    _own_markets(links, limits, work)
    _wages(log_wage, economy, answers, limits, work)
    return largest, floored


@compiled
def apply(matrices: NDArray[Any], columns: NDArray[Any], total: NDArray[Any]) -> None:
    """Add to total (J, N) each country's (J, J) matrix applied to its column."""
    sectors, others, n = matrices.shape
    for j in range(sectors):
        for k in range(others):
            for c in range(n):
                total[j, c] += matrices[j, k, c] * columns[k, c]


@compiled
def _costs(log_wage: Array, log_price: Array, log_spending: Array, links: Links, case: Case, work: Work) -> None:
    """Equation (1), costs raised to -theta, and expenditures."""
    sectors, n = log_price.shape
    cost, scale, exponent = work.cost, work.scale, work.exponent
    for j in range(sectors):
        for c in range(n):
            cost[j, c] = links.value_added_share[j, c] * log_wage[c]
    apply(links.inputs, log_price, cost)
    if len(case.log_productivity):
        for j in range(sectors):
            for c in range(n):
                cost[j, c] -= case.log_productivity[j, c]
    for j in range(sectors):
        theta = case.theta[j]
        for c in range(n):
            scale[j, c] = exp(-theta * cost[j, c])
        for c in range(n):
            exponent[j, c] = exp(log_spending[j, c])


@compiled
def _trade(log_price: Array, economy: Economy, changed: Changed, case: Case, work: Work) -> float:
    """Equations (2), (4), with exports, imports and revenue; the largest error of prices."""
    sectors, n = economy.home.shape
    exports, imports, revenue, at_home = work.exports, work.imports, work.revenue, work.at_home
    drawn, weight, price_error = work.drawn, work.weight, work.price_error
    buyer, seller, border, whole = changed.buyer, changed.seller, changed.border, changed.whole
    for total in (exports, imports, revenue):
        total[:] = 0.0
    largest = 0.0
    for j in range(sectors):
        first, last, slope = changed.first[j], changed.first[j + 1], -1.0 / case.theta[j]
        scale, exponent, price, output = work.scale[j], work.exponent[j], work.price[j], work.output[j]
        home, spent = economy.home[j], economy.spent[j]
        np.dot(economy.forward[j], scale, drawn)
        for u in range(first, last):
            drawn[buyer[u]] += border[u, 0] * scale[seller[u]]
            drawn[n + buyer[u]] += whole[u, 0] * scale[seller[u]]
        for c in range(n):
            price[c] = log(drawn[n + c]) * slope
        for c in range(n):
            error = price[c] - log_price[j, c]
            price_error[j, c] = error
            largest = worse(largest, abs(error))
        for c in range(n):
            weight[c] = exponent[c] / drawn[n + c]
        for c in range(n):
            drawn[c] *= weight[c]
        for c in range(n):
            imports[c] += drawn[c]
        for c in range(n):
            at_home[c] = home[c] * scale[c] * weight[c]
        # what is spent, and neither at home nor on border values, is tariff revenue
        for c in range(n):
            revenue[c] += spent[c] * exponent[c] - drawn[c] - at_home[c]
        np.dot(weight, economy.forward[j, :n], output)
        for u in range(first, last):
            output[seller[u]] += border[u, 0] * weight[buyer[u]]
        for c in range(n):
            output[c] *= scale[c]
        for c in range(n):
            exports[c] += output[c]
        for c in range(n):
            output[c] += at_home[c]
    return largest


@compiled
def _incomes(log_wage: Array, economy: Economy, case: Case, limits: Limits, work: Work) -> bool:
    """Equation (6) under the closure, as `members.Deficits.after`."""
    n = len(log_wage)
    income, deficit, revenue, given, value = work.income, work.deficit, work.revenue, case.given, economy.value_added
    wage, earned = np.empty(n), np.empty(n)
    for c in range(n):
        wage[c] = exp(log_wage[c])
        earned[c] = wage[c] * value[c]
    if case.scaled:
        total = wanted = 0.0
        for c in range(n):
            total += earned[c]
            wanted += wage[c] * given[c]
        for c in range(n):
            deficit[c] = wage[c] * given[c] - earned[c] / total * wanted
    elif len(case.factor):
        own = spent = 0.0
        for c in range(n):
            own += earned[c] + revenue[c]
            spent += case.factor[c] * (earned[c] + revenue[c])
        for c in range(n):
            before = earned[c] + revenue[c]
            deficit[c] = case.factor[c] * before * (own / spent) - before
    else:
        for c in range(n):  # an array put in place of another compiles words for when their shapes differ: seconds
            deficit[c] = given[c]
    floored = False
    for c in range(n):
        income[c] = earned[c] + revenue[c] + deficit[c] + case.transfer[c]
        low = limits.income * earned[c]
        if income[c] < low:
            floored = True
            income[c] = low
    return floored


@compiled
def _gaps(economy: Economy, case: Case, work: Work) -> float:
    """Equation (8) as gaps ln((exports + D+) / (imports + D-)), and then as the benchmark's deficits would have them;
    the largest of the first."""
    largest, gap, exports, imports = 0.0, work.gap, work.exports, work.imports
    for c in range(len(gap)):
        net, floor = work.deficit[c] + case.transfer[c], 1e-25 * economy.value_added[c]
        gap[c] = log((exports[c] + max(net, 0.0) + floor) / (imports[c] + max(-net, 0.0) + floor))
        largest = worse(largest, abs(gap[c]))
        gap[c] *= economy.moved_by_trade[c] / moved_by_trade(exports[c], imports[c], net, floor)
    return largest


@compiled
def _spending(economy: Economy, links: Links, work: Work) -> float:
    """Equation (5); the largest relative error."""
    sectors, n = economy.home.shape
    spending, income, exponent, excess = work.spending, work.income, work.exponent, work.excess
    for j in range(sectors):
        for c in range(n):
            spending[j, c] = links.demand_share[j, c] * income[c]
    apply(links.uses, work.output, spending)
    largest = 0.0
    for j in range(sectors):
        spent = economy.spent[j]
        for c in range(n):
            over = (spending[j, c] - exponent[j, c]) * (1.0 if spent[c] > 0 else 0.0)
            excess[j, c] = over
            largest = worse(largest, abs(over) / exponent[j, c])
    return largest


@compiled
def _own_markets(links: Links, limits: Limits, work: Work) -> None:
    """What own markets make of errors in prices and expenditures, in work.rough."""
    sectors, n = work.exponent.shape
    rough, exponent = work.rough, work.exponent
    low, high, lowest = -limits.step, limits.step, limits.fall
    rough[:] = np.float32(0.0)
    apply(links.price_local, work.price_error, rough[:sectors])
    apply(links.spend_local, work.excess, rough[sectors:])
    for j in range(sectors):
        for c in range(n):
            rough[j, c] = min(max(rough[j, c], low), high)
        for c in range(n):
            share = np.float32(rough[sectors + j, c] / exponent[j, c])
            rough[sectors + j, c] = min(max(share, lowest), high)


@compiled
def _wages(log_wage: Array, economy: Economy, answers: Answers, limits: Limits, work: Work) -> None:
    """Steps of wages that close the gaps own markets leave, and what follows from them."""
    n, rows = len(log_wage), work.rough.size
    left, move, step, rough, follow = work.left, work.move, work.step, work.rough.reshape(-1), work.follow
    value = economy.value_added
    for c in range(n):
        left[c] = work.gap[c]
    for k in range(len(answers.own)):
        for c in range(n):
            left[c] += answers.own[k, c] * work.rough[k, c]
    np.dot(answers.others, rough, left[n:])
    np.dot(answers.wages, left, move)
    total = world = 0.0
    for c in range(n):
        step[c] = min(max(np.float64(move[c]), -limits.move), limits.move)
        total += exp(log_wage[c] + step[c]) * value[c]
        world += value[c]
    level = log(total / world)
    for c in range(n):
        step[c] -= level
        move[c] = np.float32(step[c])
    np.dot(answers.follow, move, follow)
    low, high, lowest, half = -limits.step, limits.step, limits.fall, rows // 2
    for r in range(half):
        step[n + r] = min(max(rough[r] + follow[r], low), high)
    for r in range(half, rows):
        step[n + r] = min(max(rough[r] + follow[r], lowest), high)
