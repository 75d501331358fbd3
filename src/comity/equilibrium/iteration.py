"""One pass through equations (1)-(6) and (8): from a state to the state it implies.

The state is one flat vector: ln w (N), ln P (J N), ln X/X0 (J N). A pass costs three matrix-vector products per
sector and element-wise work. Home sales stay out of the matrix products: exports obtained as a difference would be
rounding noise for a nearly closed country. Wages are moved by ln((exports + D+)/(imports + D-)), which by Walras'
law has the same zero as excess labour demand but does not fade out when trade is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.prepared import moved_by_trade
from comity.equilibrium.problem import Problem
from comity.equilibrium.responses import Responses, responses

Array = NDArray[np.float64]

INCOME_FLOOR = 1e-3  # of wage income; keeps logarithms defined on the way, inactive at an accepted answer
TINY = 1e-280
LARGEST_MOVE = 0.7  # of a wage in one pass, in logs
LARGEST_FALL = -0.9  # of an expenditure in one pass, in logs
LARGEST_STEP = 3.0  # in logs; a pass never moves a price or an expenditure by more than a factor of twenty


@dataclass(eq=False)
class Pass:
    """What one pass implies; all new levels follow from the state it was given."""

    cost: Array  # ln c (J, N)
    log_price: Array  # ln P implied by (2)
    demand: Array  # X implied by (5)
    exports: Array
    imports: Array
    tariff_revenue: Array
    export_tax_revenue: Array | float
    income: Array
    deficit: Array
    transfer: Array
    output: Array
    floored: bool


class Iteration:
    """The fixed-point map of one Problem, with its preconditioner."""

    def __init__(self, problem: Problem) -> None:
        base, world = problem.prepared, problem.prepared.world
        self.problem = problem
        self.sectors, self.count = base.home.shape
        self.theta = problem.theta
        self.value_added, self.value_added_share = world.value_added, world.value_added_share
        self.alpha = world.consumption_share
        self.start_spending = world.expenditure
        self.log_productivity = np.log(problem.changes.productivity_hat)
        self.productive = bool(self.log_productivity.any())
        self.border = problem.foreign[:, : self.count]
        self.fixed = problem.deficit + problem.changes.transfer
        self.price_local, self.demand_local = base.price_local, base.demand_local
        self.home_now = base.home
        self.wage_step: Array | None = None  # None: all wages together, by the benchmark's response
        self.unsupplied = problem.unsupplied if problem.unsupplied.any() else None
        self.parts = [np.flatnonzero(problem.component == k) for k in range(problem.component.max() + 1)]
        self.part_value = [self.value_added[part].sum() for part in self.parts]

    # -- the equations ------------------------------------------------------------------------------

    def split(self, state: Array) -> tuple[Array, Array, Array]:
        """ln w (N,), ln P (J, N), X (J, N) of a state."""
        n, cells = self.count, self.sectors * self.count
        shape = (self.sectors, n)
        log_wage = state[:n]
        log_price = state[n : n + cells].reshape(shape)
        spending = self.start_spending * np.exp(state[n + cells :].reshape(shape))
        return log_wage, log_price, spending

    def pass_through(self, log_wage: Array, log_price: Array, spending: Array) -> Pass:
        """Equations (1), (2), (4), (5), (6) once, with exports and imports for (8)."""
        problem, n = self.problem, self.count
        cost = self.value_added_share * log_wage + _by_country(problem.prepared.inputs_of, log_price)
        if self.productive:
            cost = cost - self.log_productivity
        scale = np.exp(-self.theta * cost)
        drawn = np.matmul(problem.foreign, scale[:, :, None])[:, :, 0]
        from_home = problem.home * scale
        total = drawn[:, :n] + drawn[:, n:] + from_home
        if self.unsupplied is not None:
            total = np.where(self.unsupplied, 1.0, total)
        per_weight = spending / total
        if self.unsupplied is not None:
            per_weight = np.where(self.unsupplied, 0.0, per_weight)
        abroad = scale * np.matmul(per_weight[:, None, :], self.border)[:, 0, :]
        exports = abroad.sum(axis=0)
        imports = (drawn[:, :n] * per_weight).sum(axis=0)
        revenue = (drawn[:, n:] * per_weight).sum(axis=0)
        tax_revenue: Array | float = 0.0
        if problem.shipped is not None:
            shipped = scale * np.matmul(per_weight[:, None, :], problem.shipped)[:, 0, :]
            tax_revenue = exports - shipped.sum(axis=0)
            abroad = shipped
        output = abroad + from_home * per_weight
        earned = np.exp(log_wage) * self.value_added
        income, deficit, transfer, floored = self._income(earned, revenue + tax_revenue, log_wage, log_price)
        demand = _by_country(problem.prepared.uses_of, output) + self.alpha * income
        price = np.log(total) / -self.theta
        return Pass(
            cost,
            price,
            demand,
            exports,
            imports,
            revenue,
            tax_revenue,
            income,
            deficit,
            transfer,
            output,
            floored,
        )

    def _income(
        self, earned: Array, revenue: Array, log_wage: Array, log_price: Array
    ) -> tuple[Array, Array, Array, bool]:
        """Equation (6) under the closure: income, D and T (coalition transfers included)."""
        problem = self.problem
        own = earned + revenue
        transfer = problem.changes.transfer
        if problem.closure == "deficit-share-of-gdp":
            wanted = np.exp(log_wage) * problem.deficit
            deficit = wanted - earned / earned.sum() * wanted.sum()
        elif problem.closure == "multiplicative-deficits" and problem.income_factor is not None:
            scaled = problem.income_factor * own
            deficit = scaled * (own.sum() / scaled.sum()) - own
        else:
            deficit = problem.deficit
        income = own + deficit + transfer
        if len(problem.coalition):
            transfer = transfer + self._equalising(income, log_price)
            income = own + deficit + transfer
        floor = INCOME_FLOOR * earned
        floored = bool((income < floor).any())
        return (np.maximum(income, floor) if floored else income), deficit, transfer, floored

    def _equalising(self, income: Array, log_price: Array) -> Array:
        """Transfers that give the coalition one common change of real income; they add to zero."""
        members = self.problem.coalition
        price = np.exp((self.alpha * log_price).sum(axis=0))[members]
        needed = self.problem.prepared.world.income[members] * price
        omega = income[members].sum() / needed.sum()
        extra = np.zeros_like(income)
        extra[members] = omega * needed - income[members]
        return extra

    # -- the step ------------------------------------------------------------------------------------

    def trade_gap(self, implied: Pass) -> Array:
        """(N,) ln((exports + D+)/(imports + D-)); zero where a country has neither."""
        net = implied.deficit + implied.transfer
        inflow = implied.exports + np.maximum(net, 0)
        outflow = implied.imports + np.maximum(-net, 0)
        floor = 1e-25 * self.value_added
        return np.log((inflow + floor) / (outflow + floor))

    def errors(self, state: Array) -> tuple[float, Array, Pass]:
        """Largest log error of the state and the preconditioned step that reduces it."""
        log_wage, log_price, spending = self.split(state)
        implied = self.pass_through(log_wage, log_price, spending)
        gap = self.trade_gap(implied)
        price_error = implied.log_price - log_price
        excess = implied.demand - spending
        relative = excess / (spending + TINY)
        live = float(np.abs(relative).max())
        if live > 0.5:  # a demand that dies out altogether keeps a relative error of one; it is judged by the residual
            live = float(np.abs(np.where(implied.demand > TINY, relative, 0.0)).max())
        largest = max(float(np.abs(gap).max()), float(np.abs(price_error).max()), live)
        return largest, self._step(log_wage, spending, implied, gap, price_error, excess), implied

    def _step(
        self, log_wage: Array, spending: Array, implied: Pass, gap: Array, price_error: Array, excess: Array
    ) -> Array:
        if self.wage_step is None:
            return self._joint_step(log_wage, spending, implied, gap, price_error, excess)
        move = self._at_the_level(log_wage, np.clip(self.wage_step * gap, -LARGEST_MOVE, LARGEST_MOVE))
        passed_on = self.home_now * (self.value_added_share * move)
        earned = np.exp(log_wage) * self.value_added * move
        return self._limited(
            move,
            _by_country(self.price_local, price_error + passed_on),
            _by_country(self.demand_local, excess + self.alpha * earned) / (spending + TINY),
        )

    def _joint_step(
        self, log_wage: Array, spending: Array, implied: Pass, gap: Array, price_error: Array, excess: Array
    ) -> Array:
        """Own markets take up errors of prices and demand; wages close the gaps that leaves, and all else follows."""
        shape = price_error.shape
        answer = self.responses
        price_local, demand_local = self.problem.prepared.rough_local
        price_step = _held(_by_country(price_local, price_error.astype(np.float32)), -LARGEST_STEP)
        spent = _by_country(demand_local, excess.astype(np.float32))
        spend_step = _held(spent / (spending + TINY), LARGEST_FALL)
        move = answer.moves(self._as_before(gap, implied).astype(np.float32), price_step.ravel(), spend_step.ravel())
        move = self._at_the_level(log_wage, np.clip(move, -LARGEST_MOVE, LARGEST_MOVE).astype(np.float64))
        rough = move.astype(np.float32)
        return self._limited(
            move,
            price_step + (answer.price @ rough).reshape(shape),
            spend_step + (answer.spending @ rough).reshape(shape),
        )

    def _as_before(self, gap: Array, implied: Pass) -> Array:
        """Gaps as large as the same trade would make them with the benchmark's deficits."""
        net = implied.deficit + implied.transfer
        present = moved_by_trade(implied.exports, implied.imports, net, 1e-25 * self.value_added)
        return gap * self.problem.prepared.moved_by_trade / present

    @cached_property
    def responses(self) -> Responses:
        """How the benchmark answers to wages and errors, at the problem's elasticities."""
        return responses(self.problem.prepared)

    def _at_the_level(self, log_wage: Array, move: Array) -> Array:
        """A move of wages that leaves value added of each connected part of the world as it is."""
        target = np.exp(log_wage + move) * self.value_added
        if len(self.parts) == 1:
            move -= np.log(target.sum() / self.part_value[0])
        else:
            for part, value in zip(self.parts, self.part_value, strict=True):
                move[part] -= np.log(target[part].sum() / value)
        return move

    def _limited(self, move: Array, price_step: NDArray[Any], spend_step: NDArray[Any]) -> Array:
        n, cells = self.count, self.sectors * self.count
        step = np.empty(n + 2 * cells)
        step[:n] = move
        np.clip(price_step, -LARGEST_STEP, LARGEST_STEP, out=step[n : n + cells].reshape(price_step.shape))
        np.clip(spend_step, LARGEST_FALL, LARGEST_STEP, out=step[n + cells :].reshape(spend_step.shape))
        return step


def _held(step: Array, lowest: float) -> NDArray[np.float32]:
    """A step within its limits, in the precision of the responses."""
    return np.clip(step, lowest, LARGEST_STEP).astype(np.float32)


def _by_country(matrices: NDArray[Any], columns: NDArray[Any]) -> NDArray[Any]:
    """(J, N) result of applying each country's (J, J) matrix to its column of a (J, N) array."""
    return np.matmul(matrices, columns.T[:, :, None])[:, :, 0].T
