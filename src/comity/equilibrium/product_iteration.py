"""One pass through the equations of a product world: the sector iteration with products between costs and prices.

Everything but the sums over flows is the sector iteration's own: state, closures, preconditioner, wage step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.iteration import Iteration, Pass
from comity.equilibrium.prepared import local_inverses
from comity.equilibrium.product_problem import ProductProblem

Array = NDArray[np.float64]


class ProductIteration(Iteration):
    """The fixed-point map of one ProductProblem, on the state of its World: ln w (N), ln P (J N), ln X/X0 (J N)."""

    def __init__(self, products: ProductProblem) -> None:
        super().__init__(products.sector)
        self.products = products

    def pass_through(self, log_wage: Array, log_price: Array, spending: Array) -> Pass:
        """Equations (1)-(6) once, (2)-(4) product by product (docs/products.md), with exports and imports for (8)."""
        products, problem = self.products, self.problem
        markets, base = products.markets, problem.prepared
        cost = self.value_added_share * log_wage + by_country(base.inputs_of, log_price) - self.log_productivity
        scale, at_home = terms(products, cost)
        border, tariff = products.drawn(scale)
        total = border + tariff + at_home
        if products.unsupplied is not None:
            total[products.unsupplied] = 1.0
        per_weight = markets.spending_share * spending.ravel()[markets.market_cell] / total
        if products.unsupplied is not None:
            per_weight[products.unsupplied] = 0.0
        price = self._by_cell(markets.spending_share * np.log(total) / -markets.market_theta)
        sold, shipped = products.delivered(per_weight)
        abroad = self._by_seller(scale * sold)
        exports = abroad.sum(axis=0)
        tax_revenue: Array | float = 0.0
        if shipped is not None:
            abroad = self._by_seller(scale * shipped)
            tax_revenue = exports - abroad.sum(axis=0)
        imports = self._by_cell(border * per_weight).sum(axis=0)
        revenue = self._by_cell(tariff * per_weight).sum(axis=0)
        output = abroad + self._by_cell(at_home * per_weight)
        earned = np.exp(log_wage) * self.value_added
        income, deficit, transfer, floored = self._income(earned, revenue + tax_revenue, log_wage, log_price)
        demand = by_country(base.uses_of, output) + self.alpha * income
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

    def refresh(self, state: Array) -> None:
        """Move the preconditioner from the benchmark's home shares to those at `state`."""
        log_wage, log_price, _ = self.split(state)
        markets, base = self.products.markets, self.problem.prepared
        cost = self.value_added_share * log_wage + by_country(base.inputs_of, log_price) - self.log_productivity
        scale, at_home = terms(self.products, cost)
        border, tariff = self.products.drawn(scale)
        share = self._by_cell(markets.spending_share * at_home / np.maximum(border + tariff + at_home, 1e-300))
        if np.isfinite(share).all():
            self.home_now = np.clip(share, 0.0, 1.0)
            self.price_local, self.demand_local = local_inverses(self.home_now, base.inputs_of, base.uses_of)

    def _by_cell(self, values: Array) -> Array:
        """(J, N) sums over the products of a sector, by importer."""
        cells = self.products.markets.market_cell
        return _sums(cells, values, self.sectors, self.count)

    def _by_seller(self, values: Array) -> Array:
        """(J, N) sums over the products of a sector, by exporter."""
        cells = self.products.markets.supplier_cell
        return _sums(cells, values, self.sectors, self.count)


def terms(products: ProductProblem, log_cost: Array) -> tuple[Array, Array]:
    """c^-theta of every supplier (V,), and the weights of home sales times their c^-theta (M,)."""
    markets, flat = products.markets, log_cost.ravel()
    scale = np.exp(-markets.supplier_theta * flat[markets.supplier_cell])
    return scale, products.home * np.exp(-markets.market_theta * flat[markets.market_cell])


def by_country(matrices: Array, columns: Array) -> Array:
    """(J, N) result of applying each country's (J, J) matrix to its column of a (J, N) array."""
    return np.matmul(matrices, columns.T[:, :, None])[:, :, 0].T


def _sums(cells: NDArray[np.intp], values: Array, sectors: int, count: int) -> Array:
    total = np.bincount(cells, weights=values, minlength=sectors * count)
    return np.asarray(total, dtype=np.float64).reshape(sectors, count)
