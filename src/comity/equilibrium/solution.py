"""Solution: a counterfactual equilibrium, with the residual recomputed from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium import equations as eq
from comity.equilibrium.changes import Changes
from comity.equilibrium.flows import Flows
from comity.equilibrium.problem import Problem, make_problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Later:
    """A Problem that is laid out only if somebody asks for its weights."""

    world: World
    changes: Changes
    closure: str
    income_factor: Array | None

    def problem(self) -> Problem:
        """The Problem; raises as `make_problem` does."""
        return make_problem(self.world, self.changes, self.closure, income_factor=self.income_factor)


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved counterfactual. Hats are ratios to `benchmark`, the World after the closure's preliminary step.

    wage_hat (N,), price_index_hat (J, N), cost_hat (J, N), expenditure_new (J, N), output_new (J, N), income_new (N,),
    deficit_new (N,) with transfers apart in transfer_new (N,), tariff_revenue_new (N,), export_tax_revenue_new (N,),
    consumer_price_hat (N,), real_income_hat (N,). Large arrays (trade_share_new, flow_new, ...) are made on first use.

    `residual` is the largest relative residual over equations (1)-(8), recomputed from these arrays; `residuals` has
    it by equation. `component` (N,) numbers the connected parts of the trade graph: nominal results compare only
    within a part. `unsupplied` (J, N) marks sectors without supplier and spending, whose price is 1 by convention.
    `state` can start another solve.
    """

    benchmark: World
    closure: str
    source: Problem | Later
    wage_hat: Array
    price_index_hat: Array
    cost_hat: Array
    expenditure_new: Array
    output_new: Array
    income_new: Array
    deficit_new: Array
    transfer_new: Array
    tariff_revenue_new: Array
    export_tax_revenue_new: Array
    consumer_price_hat: Array
    real_income_hat: Array
    iterations: int
    state: Array
    residuals: dict[str, float] = field(default_factory=dict)
    converged: bool = False
    status: str = "unchecked"

    @cached_property
    def problem(self) -> Problem:
        """The weights after the shock, laid out on first use where many solutions were found together."""
        return self.source if isinstance(self.source, Problem) else self.source.problem()

    @property
    def residual(self) -> float:
        """Largest relative residual over equations (1)-(8)."""
        return max(self.residuals.values())

    @cached_property
    def trade_share_new(self) -> Array:
        """(J, N, N) trade shares after the shock, equation (3)."""
        share = eq.trade_share_new(
            self.problem.weight, self.cost_hat, self.price_index_hat, self.benchmark.trade_elasticity
        )
        # rounding of the powers is taken out, so that what is spent adds up exactly
        total = share.sum(axis=-1, keepdims=True)
        return share / np.where(total > 0, total, 1.0)

    @cached_property
    def flow_new(self) -> Array:
        """(J, N, N) border value of what n buys from i after the shock; home sales on the diagonal."""
        return eq.border_flow(self.trade_share_new, self.expenditure_new, self.tariff_new)

    def flow_between(self, sectors: NDArray[np.bool_]) -> Array:
        """(N, N) border value of what n buys from i in the sectors of a mask (J,), home sales on the diagonal: the sum
        of `flow_new` over them, without making that array; kept, and not to be written to."""
        key = sectors.tobytes()
        if key not in self._between:
            total = self._between[key] = self._flow_between(sectors)
            total.flags.writeable = False
        return self._between[key]

    @cached_property
    def _between(self) -> dict[bytes, Array]:
        return {}

    def _flow_between(self, sectors: NDArray[np.bool_]) -> Array:
        if not isinstance(self.source, Problem):
            return self.flows.between(sectors)
        problem = self.source  # its weights are there
        seller, buyer = (side[sectors] for side in self.flows.sides)
        count = seller.shape[1]
        total = np.einsum("jn,jni,ji->ni", buyer, problem.foreign[sectors, :count], seller)
        total[np.arange(count), np.arange(count)] = (problem.home[sectors] * buyer * seller).sum(axis=0)
        return np.asarray(total)

    def pair_flows(self, buyers: NDArray[np.intp], sellers: NDArray[np.intp]) -> Array:
        """(J, U) border value of what the U pairs trade, as in `flow_new`, without making that array."""
        if not isinstance(self.source, Problem):
            return self.flows.pairs(buyers, sellers)
        seller, buyer = self.flows.sides
        weight = self.source.foreign[:, buyers, sellers]
        at_home = buyers == sellers
        weight[:, at_home] = self.source.home[:, buyers[at_home]]
        return np.asarray(weight * buyer[:, buyers] * seller[:, sellers])

    @cached_property
    def flows(self) -> Flows:
        """What flows follow from."""
        return Flows(self.benchmark, self.changes, self.cost_hat, self.price_index_hat, self.expenditure_new)

    @property
    def tariff_new(self) -> Array:
        """(J, N, N) tariff rates after the shock."""
        return self.problem.tariff

    @property
    def export_tax_new(self) -> Array:
        """(J, N, N) export tax rates after the shock."""
        return self.problem.export_tax

    @property
    def changes(self) -> Changes:
        """The shock as changed cells."""
        return self.source.changes

    @property
    def component(self) -> NDArray[np.intp]:
        """(N,) number of the connected part of the trade graph each country lies in."""
        return self.problem.component

    @property
    def unsupplied(self) -> NDArray[np.bool_]:
        """(J, N) sectors that nobody supplies and nobody buys; price 1 by convention."""
        return self.problem.unsupplied

    @cached_property
    def iceberg_hat(self) -> Array:
        """(J, N, N) change of non-revenue trade cost; inf is an embargo."""
        dense = np.ones_like(self.benchmark.trade_share)
        if self.changes.log_iceberg is not None:
            dense.ravel()[self.changes.flat] = np.exp(self.changes.log_iceberg)
        return dense

    @property
    def productivity_hat(self) -> Array:
        """(J, N) change of productivity."""
        return self.changes.productivity_hat

    @cached_property
    def equivalent_variation(self) -> Array:
        """(N,) benchmark income x (real_income_hat - 1), in the benchmark's money."""
        return self.benchmark.income * (self.real_income_hat - 1)

    @cached_property
    def deficit_share_deviation(self) -> Array:
        """(N,) change of the deficit as a share of value added, share points. Under "deficit-share-of-gdp" it is what
        keeps world deficits at zero: the shares cannot all stay fixed."""
        before = self.benchmark.deficit / self.benchmark.value_added
        return self.deficit_new / (self.wage_hat * self.benchmark.value_added) - before

    @cached_property
    def main_part(self) -> NDArray[np.bool_]:
        """(N,) True in the part of the world with the most value added; nominal results compare within a part only."""
        size = np.bincount(self.component, weights=self.benchmark.value_added)
        return np.asarray(self.component == size.argmax())

    @cached_property
    def real_wage_hat(self) -> Array:
        """(N,) wage over consumer price."""
        return self.wage_hat / self.consumer_price_hat

    @cached_property
    def real_gdp_hat(self) -> Array:
        """(N,) value added and revenues over the consumer price, against the benchmark."""
        world = self.benchmark
        before = world.value_added + world.tariff_revenue + world.export_tax_revenue
        after = self.wage_hat * world.value_added + self.tariff_revenue_new + self.export_tax_revenue_new
        return after / before / self.consumer_price_hat
