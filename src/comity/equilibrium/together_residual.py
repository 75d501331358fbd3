"""The residual of equations (1)-(8) of many answers at once, recomputed from them as `residual.residuals` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.members import Members
from comity.equilibrium.space import Space
from comity.equilibrium.together import Shared, by_country, draw_changes, sell_changes

Array = NDArray[Any]

EQUATIONS = tuple("12345678")
BLOCK = 200_000  # bytes of one array of a few sectors, of which seven are in use at a time


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers of S members: log_wage, income, deficit, tariff_revenue (N, S); log_price, cost (ln c), spending (X/X0),
    output (J, N, S). `taller` arrays hold wages above prices, and income above output, as they are multiplied."""

    wage_price: Array  # (1 + J, N, S)
    income_output: Array  # (1 + J, N, S)
    cost: Array
    spending: Array
    deficit: Array
    tariff_revenue: Array

    @property
    def log_wage(self) -> Array:
        return self.wage_price[0]

    @property
    def log_price(self) -> Array:
        return self.wage_price[1:]

    @property
    def income(self) -> Array:
        return self.income_output[0]

    @property
    def output(self) -> Array:
        return self.income_output[1:]


def residuals(shared: Shared, members: Members, answers: Answers, value_added_share: Array, space: Space) -> Array:
    """(8, S) largest relative residual of each equation, by member."""
    sectors, n, width = answers.cost.shape
    worst = np.zeros((8, width))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        spare = space.array("residual", answers.cost.shape)
        by_country(shared.cost_from, answers.wage_price, spare)
        if members.log_productivity is not None:
            spare -= members.log_productivity
        worst[0] = -np.expm1(-_most(np.subtract(answers.cost, spare, out=spare)))
        by_country(shared.demand_from, answers.income_output, spare)
        worst[4] = relative(answers.spending, spare)
        exports, imports, at_home = (np.zeros((n, width)) for _ in range(3))
        size = max(1, round(BLOCK / (n * width * 8)))
        for first in range(0, sectors, size):
            rows = slice(first, min(first + size, sectors))
            some = _sectors(shared, members, answers, rows, exports, imports, at_home)
            np.maximum(worst[1:4], some, out=worst[1:4])
        spent = np.matmul(shared.spent.T[:, None, :], answers.spending.transpose(1, 0, 2))[:, 0]
        earned = np.exp(answers.log_wage) * shared.value_added
        net = answers.deficit + members.transfer
        worst[5] = relative(answers.income, earned + (spent - imports - at_home) + net)
        worst[6] = relative(earned, np.einsum("jn,jns->ns", value_added_share, answers.output))
        trade = exports + imports
        gap = np.abs(exports + net - imports) / np.where(trade > 0, trade, shared.value_added)
        worst[7] = gap.max(axis=0)
    return np.where(np.isfinite(worst), worst, np.inf)


def _sectors(
    shared: Shared, members: Members, answers: Answers, rows: slice, exports: Array, imports: Array, at_home: Array
) -> Array:
    """(3, S) residuals of (2), (3), (4) in a few sectors; adds to exports, imports and home sales."""
    n = answers.cost.shape[1]
    theta, log_price = members.theta[rows], answers.log_price[rows]
    scale = -theta * answers.cost[rows]
    np.exp(scale, out=scale)
    drawn = np.matmul(shared.forward[rows], scale)
    border, total = drawn[:, :n], drawn[:, n:]
    cells = None if members.cells is None else members.cells.within(rows.start * n, rows.stop * n)
    if cells is not None:
        draw_changes(cells, scale, border, total)
    weight = theta * log_price
    np.exp(weight, out=weight)  # P^theta, the inverse of the total
    shares = total * weight
    shares -= 1
    if shared.unspent is not None:
        shares[shared.unspent[rows]] = 0.0
    prices = np.log(total)
    prices /= -theta
    prices -= log_price
    weight *= answers.spending[rows]
    sold = np.matmul(shared.backward[rows], weight)
    if cells is not None:
        sell_changes(cells, weight, sold)
    sold *= scale
    border *= weight
    weight *= scale
    weight *= shared.home[rows]  # home sales
    exports += sold.sum(axis=0)
    imports += border.sum(axis=0)
    at_home += weight.sum(axis=0)
    sold += weight
    return np.stack([-np.expm1(-_most(prices)), _most(shares), relative(answers.output[rows], sold)])


def relative(left: Array, right: Array) -> Array:
    """(S,) largest |left - right| / max(|left|, |right|) over all but the last axis; cells zero on both sides
    skipped."""
    scale = np.maximum(np.abs(left), np.abs(right))
    ratio = left - right
    np.abs(ratio, out=ratio)
    np.divide(ratio, scale, out=ratio, where=scale > 0)
    return _largest(ratio)


def _most(values: Array) -> Array:
    return _largest(np.abs(values, out=values))


def _largest(values: Array) -> Array:
    """(S,) largest of (..., S): axis by axis, each over whole rows."""
    while values.ndim > 1:
        values = values.max(axis=0)
    return values
