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
        for j in range(sectors):
            worst[1:4, :] = np.maximum(worst[1:4], _sector(shared, members, answers, j, exports, imports, at_home))
        spent = np.matmul(shared.spent.T[:, None, :], answers.spending.transpose(1, 0, 2))[:, 0]
        earned = np.exp(answers.log_wage) * shared.value_added
        net = answers.deficit + members.transfer
        worst[5] = relative(answers.income, earned + (spent - imports - at_home) + net)
        worst[6] = relative(earned, np.einsum("jn,jns->ns", value_added_share, answers.output))
        trade = exports + imports
        gap = np.abs(exports + net - imports) / np.where(trade > 0, trade, shared.value_added)
        worst[7] = gap.max(axis=0)
    return np.where(np.isfinite(worst), worst, np.inf)


def _sector(
    shared: Shared, members: Members, answers: Answers, j: int, exports: Array, imports: Array, at_home: Array
) -> Array:
    """(3, S) residuals of (2), (3), (4) in sector j; adds to exports, imports and home sales."""
    n = answers.cost.shape[1]
    theta = members.theta[j]
    scale = np.exp(-theta * answers.cost[j])
    drawn = shared.forward[j] @ scale
    border, total = drawn[:n], drawn[n:]
    cells = None if members.cells is None else members.cells.within(j * n, (j + 1) * n)
    if cells is not None:
        draw_changes(cells, scale[None], border[None], total[None])
    inside = np.exp(theta * answers.log_price[j])  # P^theta, the inverse of the total
    prices = -np.expm1(-np.abs(np.log(total) / -theta - answers.log_price[j])).max(axis=0)
    shares = np.abs(total * inside - 1)
    if shared.unspent is not None:
        shares = shares[~shared.unspent[j]]
    weight = answers.spending[j] * inside
    sold = shared.backward[j] @ weight
    if cells is not None:
        sell_changes(cells, weight[None], sold[None])
    sold *= scale
    home = shared.home[j] * scale * weight
    exports += sold
    imports += border * weight
    at_home += home
    return np.stack([prices, shares.max(axis=0, initial=0.0), relative(answers.output[j], sold + home)])


def relative(left: Array, right: Array) -> Array:
    """(S,) largest |left - right| / max(|left|, |right|) over all but the last axis; cells zero on both sides
    skipped."""
    scale = np.maximum(np.abs(left), np.abs(right))
    ratio = np.abs(left - right)
    np.divide(ratio, scale, out=ratio, where=scale > 0)
    return ratio.reshape(-1, ratio.shape[-1]).max(axis=0)


def _most(values: Array) -> Array:
    return np.abs(values, out=values).max(axis=0).max(axis=0)
