"""Solution: a counterfactual equilibrium, with the residual recomputed from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.problem import Changes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved counterfactual. Hats are ratios to `benchmark`, the World after the closure's preliminary step.

    wage_hat (N,), price_index_hat (J, N), cost_hat (J, N), trade_share_new (J, N, N), expenditure_new (J, N),
    output_new (J, N), income_new (N,), deficit_new (N,) with transfers in transfer_new (N,),
    tariff_revenue_new (N,), export_tax_revenue_new (N,), consumer_price_hat (N,), real_income_hat (N,).
    `residual` is the largest relative residual over equations (1)-(8), recomputed from these arrays;
    `changes` holds the shock as cells (log iceberg, old and new rates, productivity); `unsupplied` (J, N) marks sectors
    without supplier and without spending, whose price is 1 by convention; `state` can start another solve;
    `component` (N,) numbers the connected parts of the trade graph: nominal results compare only within a part.
    """

    benchmark: World
    closure: str
    wage_hat: Array
    price_index_hat: Array
    cost_hat: Array
    trade_share_new: Array
    expenditure_new: Array
    output_new: Array
    income_new: Array
    deficit_new: Array
    transfer_new: Array
    tariff_new: Array
    export_tax_new: Array
    changes: Changes
    tariff_revenue_new: Array
    export_tax_revenue_new: Array
    consumer_price_hat: Array
    real_income_hat: Array
    component: NDArray[np.intp]
    residual: float
    residuals: dict[str, float]
    iterations: int
    converged: bool
    status: str
    unsupplied: NDArray[np.bool_]
    state: Array

    @cached_property
    def flow_new(self) -> Array:
        """(J, N, N) border value of what n buys from i after the shock; home sales on the diagonal."""
        return self.trade_share_new * self.expenditure_new[:, :, None] / (1 + self.tariff_new)

    @cached_property
    def iceberg_hat(self) -> Array:
        """(J, N, N) change of non-revenue trade cost; inf is an embargo."""
        dense = np.ones_like(self.trade_share_new)
        dense[self.changes.cells] = np.exp(self.changes.log_iceberg)
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
