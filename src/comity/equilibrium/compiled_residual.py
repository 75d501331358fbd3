"""The residual of equations (1)-(8) of many answers at once, compiled: as `together_residual.residuals`, recomputed
from the answers alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled import Changed, Economy, Rules, draw, sell
from comity.equilibrium.compiled_math import exp, log, worse
from comity.kernels import compiled, inlined

Array = NDArray[np.float64]


@inlined
def apart(left: float, right: float) -> float:
    """|left - right| / max(|left|, |right|); zero where both are."""
    size = max(abs(left), abs(right))
    return abs(left - right) / (size if size != 0.0 else 1.0)


@compiled
def residuals(
    economy: Economy,
    changed: Changed,
    rules: Rules,
    value_added_share: Array,
    wage_price: Array,
    income_output: Array,
    cost: Array,
    spending: Array,
    deficit: Array,
    tariff_revenue: Array,
) -> Array:
    """(8, S) largest relative residual of each equation, by member; the arrays are those of `Answers`."""
    worst = np.zeros((8, deficit.shape[1]))
    _own(economy, rules, wage_price, income_output, cost, spending, worst)
    exports, imports, at_home = (np.zeros(deficit.shape), np.zeros(deficit.shape), np.zeros(deficit.shape))
    _traded(economy, changed, rules, wage_price, income_output, cost, spending, exports, imports, at_home, worst)
    sectors, n = economy.home.shape
    spent, paid = np.zeros(deficit.shape), np.zeros(deficit.shape)
    for j in range(sectors):
        for c in range(n):
            for s in range(deficit.shape[1]):
                spent[c, s] += economy.spent[j, c] * spending[j, c, s]
            for s in range(deficit.shape[1]):
                paid[c, s] += value_added_share[j, c] * income_output[1 + j, c, s]
    for c in range(n):
        value = economy.value_added[c]
        for s in range(deficit.shape[1]):
            earned = exp(wage_price[0, c, s]) * value
            net = deficit[c, s] + rules.transfer[c, s]
            income = earned + (spent[c, s] - imports[c, s] - at_home[c, s]) + net
            worst[5, s] = worse(worst[5, s], apart(income_output[0, c, s], income))
            worst[6, s] = worse(worst[6, s], apart(earned, paid[c, s]))
            trade = exports[c, s] + imports[c, s]
            gap = abs(exports[c, s] + net - imports[c, s]) / (trade if trade > 0 else value)
            worst[7, s] = worse(worst[7, s], gap)
    for s in range(deficit.shape[1]):  # (1) and (2) were compared in logarithms
        worst[0, s], worst[1, s] = 1.0 - exp(-worst[0, s]), 1.0 - exp(-worst[1, s])
    return worst


@compiled
def _own(
    economy: Economy, rules: Rules, wage_price: Array, income_output: Array, cost: Array, spending: Array, worst: Array
) -> None:
    """Equations (1) and (5)."""
    sectors, n = economy.home.shape
    width = worst.shape[1]
    column, implied = np.empty((1 + sectors, width)), np.empty((sectors, width))
    productive, log_productivity = len(rules.log_productivity) > 0, rules.log_productivity
    for c in range(n):
        for r in range(1 + sectors):
            for s in range(width):
                column[r, s] = wage_price[r, c, s]
        np.dot(economy.cost_from[c], column, implied)
        for j in range(sectors):
            if productive:
                for s in range(width):
                    implied[j, s] -= log_productivity[j, c, s]
            for s in range(width):
                worst[0, s] = worse(worst[0, s], abs(cost[j, c, s] - implied[j, s]))
        for r in range(1 + sectors):
            for s in range(width):
                column[r, s] = income_output[r, c, s]
        np.dot(economy.demand_from[c], column, implied)
        for j in range(sectors):
            for s in range(width):
                worst[4, s] = worse(worst[4, s], apart(spending[j, c, s], implied[j, s]))


@compiled
def _traded(
    economy: Economy,
    changed: Changed,
    rules: Rules,
    wage_price: Array,
    income_output: Array,
    cost: Array,
    spending: Array,
    exports: Array,
    imports: Array,
    at_home: Array,
    worst: Array,
) -> None:
    """Equations (2), (3), (4); adds up exports, imports and home sales."""
    sectors, n = economy.home.shape
    width = worst.shape[1]
    scale, weight, sold = np.empty((n, width)), np.empty((n, width)), np.empty((n, width))
    drawn = np.empty((2 * n, width))
    first, border, whole, theta = changed.first, changed.border, changed.whole, rules.theta
    for j in range(sectors):
        for c in range(n):
            for s in range(width):
                scale[c, s] = exp(-theta[j, s] * cost[j, c, s])
        np.dot(economy.forward[j], scale, drawn)
        draw(first[j], first[j + 1], changed.buyer, changed.seller, changed.member, border, whole, scale, drawn)
        for c in range(n):
            live = 1.0 if economy.spent[j, c] > 0 else 0.0
            for s in range(width):
                log_price = wage_price[1 + j, c, s]
                off = abs(log(drawn[n + c, s]) / theta[j, s] + log_price)
                worst[1, s] = worse(worst[1, s], off)
            for s in range(width):
                weight[c, s] = exp(theta[j, s] * wage_price[1 + j, c, s])  # P^theta, the inverse of the total
            for s in range(width):
                worst[2, s] = worse(worst[2, s], live * abs(drawn[n + c, s] * weight[c, s] - 1.0))
            for s in range(width):
                weight[c, s] *= spending[j, c, s]
            for s in range(width):
                imports[c, s] += drawn[c, s] * weight[c, s]
        np.dot(economy.backward[j], weight, sold)
        sell(first[j], first[j + 1], changed.buyer, changed.seller, changed.member, border, weight, sold)
        for c in range(n):
            home = economy.home[j, c]
            for s in range(width):
                sold[c, s] *= scale[c, s]
            for s in range(width):
                exports[c, s] += sold[c, s]
            for s in range(width):
                own = home * scale[c, s] * weight[c, s]
                at_home[c, s] += own
                sold[c, s] += own
            for s in range(width):
                worst[3, s] = worse(worst[3, s], apart(income_output[1 + j, c, s], sold[c, s]))
