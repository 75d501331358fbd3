"""The residual of equations (1)-(8) of one answer, compiled: as `compiled_residual`, recomputed from the answer
alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled import Changed, Economy
from comity.equilibrium.compiled_math import exp, log, worse
from comity.equilibrium.compiled_residual import apart
from comity.equilibrium.compiled_single import Case, Links, apply
from comity.kernels import compiled

Array = NDArray[np.float64]


@compiled
def residual(
    economy: Economy,
    links: Links,
    changed: Changed,
    case: Case,
    log_wage: Array,
    log_price: Array,
    cost: Array,
    spending: Array,
    output: Array,
    income: Array,
    deficit: Array,
) -> Array:
    """(8,) largest relative residual of each equation. log_price, cost (in logs), spending (X/X0) and output (J, N)."""
    sectors, n = cost.shape
    worst = np.zeros(8)
    _own(links, case, log_wage, log_price, cost, spending, output, income, worst)
    exports, imports, at_home = np.zeros(n), np.zeros(n), np.zeros(n)
    _traded(economy, changed, case, log_price, cost, spending, output, exports, imports, at_home, worst)
    spent, paid = np.zeros(n), np.zeros(n)
    for j in range(sectors):
        for c in range(n):
            spent[c] += economy.spent[j, c] * spending[j, c]
        for c in range(n):
            paid[c] += links.value_added_share[j, c] * output[j, c]
    for c in range(n):
        value = economy.value_added[c]
        earned, net = exp(log_wage[c]) * value, deficit[c] + case.transfer[c]
        worst[5] = worse(worst[5], apart(income[c], earned + (spent[c] - imports[c] - at_home[c]) + net))
        worst[6] = worse(worst[6], apart(earned, paid[c]))
        trade = exports[c] + imports[c]
        worst[7] = worse(worst[7], abs(exports[c] + net - imports[c]) / (trade if trade > 0 else value))
    worst[0], worst[1] = 1.0 - exp(-worst[0]), 1.0 - exp(-worst[1])  # they were compared in logarithms
    return worst


@compiled
def _own(
    links: Links,
    case: Case,
    log_wage: Array,
    log_price: Array,
    cost: Array,
    spending: Array,
    output: Array,
    income: Array,
    worst: Array,
) -> None:
    """Equations (1) and (5)."""
    sectors, n = cost.shape
    implied, demanded = np.empty((sectors, n)), np.empty((sectors, n))
    for j in range(sectors):
        for c in range(n):
            implied[j, c] = links.value_added_share[j, c] * log_wage[c]
        for c in range(n):
            demanded[j, c] = links.demand_share[j, c] * income[c]
    apply(links.inputs, log_price, implied)
    apply(links.uses, output, demanded)
    if len(case.log_productivity):
        for j in range(sectors):
            for c in range(n):
                implied[j, c] -= case.log_productivity[j, c]
    for j in range(sectors):
        for c in range(n):
            worst[0] = worse(worst[0], abs(cost[j, c] - implied[j, c]))
        for c in range(n):
            worst[4] = worse(worst[4], apart(spending[j, c], demanded[j, c]))


@compiled
def _traded(
    economy: Economy,
    changed: Changed,
    case: Case,
    log_price: Array,
    cost: Array,
    spending: Array,
    output: Array,
    exports: Array,
    imports: Array,
    at_home: Array,
    worst: Array,
) -> None:
    """Equations (2), (3), (4); adds up exports, imports and home sales."""
    sectors, n = cost.shape
    scale, weight, sold, drawn = np.empty(n), np.empty(n), np.empty(n), np.empty(2 * n)
    buyer, seller, border, whole = changed.buyer, changed.seller, changed.border, changed.whole
    for j in range(sectors):
        theta, first, last = case.theta[j], changed.first[j], changed.first[j + 1]
        for c in range(n):
            scale[c] = exp(-theta * cost[j, c])
        np.dot(economy.forward[j], scale, drawn)
        for u in range(first, last):
            drawn[buyer[u]] += border[u, 0] * scale[seller[u]]
            drawn[n + buyer[u]] += whole[u, 0] * scale[seller[u]]
        for c in range(n):
            worst[1] = worse(worst[1], abs(log(drawn[n + c]) / theta + log_price[j, c]))
        for c in range(n):
            weight[c] = exp(theta * log_price[j, c])  # P^theta, the inverse of the total
        for c in range(n):
            live = 1.0 if economy.spent[j, c] > 0 else 0.0
            worst[2] = worse(worst[2], live * abs(drawn[n + c] * weight[c] - 1.0))
        for c in range(n):
            weight[c] *= spending[j, c]
        for c in range(n):
            imports[c] += drawn[c] * weight[c]
        np.dot(weight, economy.forward[j, :n], sold)
        for u in range(first, last):
            sold[seller[u]] += border[u, 0] * weight[buyer[u]]
        for c in range(n):
            sold[c] *= scale[c]
        for c in range(n):
            exports[c] += sold[c]
        for c in range(n):
            own = economy.home[j, c] * scale[c] * weight[c]
            at_home[c] += own
            sold[c] += own
        for c in range(n):
            worst[3] = worse(worst[3], apart(output[j, c], sold[c]))
