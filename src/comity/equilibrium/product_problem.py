"""One counterfactual of a ProductWorld as the iteration sees it: weights of every flow after the shock.

Sums over the suppliers of a market and over the markets of a supplier are sums over neighbours (`np.add.reduceat`) of
flows kept in both orders. Arrays of flows are as long as there are observed flows; nothing of size products x N x N is
ever made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.products_layout import Markets, Positions
from comity.benchmark.world import World
from comity.equilibrium.changes import Changes
from comity.equilibrium.problem import NoSupplierError, Problem, make_problem
from comity.errors import listing

Array = NDArray[np.float64]

BLOCK = 65536  # flows worked on at a time


@dataclass(frozen=True, eq=False)
class ProductProblem:
    """`sector` is the Problem of the World the products lie in: closure, rates, graph; its weights are not used.

    border (F,), tariff (F,) or None : weights pi kappa_hat^-theta of the flows by market, split into border value and
        tariff
    sold (F,), shipped (F,) or None : border weights by supplier, with and without the exporter's tax
    home (M,) : weights of home sales
    unsupplied (M,) or None : markets nobody supplies, where nothing is spent
    """

    sector: Problem
    markets: Markets
    border: Array
    tariff: Array | None
    sold: Array
    shipped: Array | None
    home: Array
    unsupplied: NDArray[np.bool_] | None

    def drawn(self, scale: Array) -> tuple[Array, Array | float]:
        """(M,) what each market draws from abroad at supplier terms `scale` (V,): border value, and tariff."""
        markets = self.markets
        weights = (self.border,) if self.tariff is None else (self.border, self.tariff)
        drawn = np.zeros((2, len(markets.home)))  # markets served from home only come last and keep their zero
        segment_sums(scale, markets.supplier, markets.start, weights, drawn)
        return drawn[0], 0.0 if self.tariff is None else drawn[1]

    def delivered(self, per_weight: Array) -> tuple[Array, Array | None]:
        """(V,) what each supplier sells abroad, per unit of its c^-theta, at market terms `per_weight` (M,): border
        value, and what is left after the exporter's tax (None without such a tax)."""
        markets = self.markets
        weights = (self.sold,) if self.shipped is None else (self.sold, self.shipped)
        sold = np.zeros((2, len(markets.supplier_theta)))
        segment_sums(per_weight, markets.turned_market, markets.turned_start, weights, sold)
        return sold[0], None if self.shipped is None else sold[1]


def segment_sums(
    values: Array, index: NDArray[np.int32], start: Positions, weights: Sequence[Array], out: Array
) -> None:
    """Sums of weight x values[index] over neighbours from each `start` to the next, for each of `weights`, into the
    rows of `out`. Goes through the flows in blocks that stay in the processor's cache: three times as fast as whole
    arrays."""
    edges = np.unique(np.append(np.searchsorted(start, np.arange(0, len(index), BLOCK)), len(start)))
    ends = np.append(start, len(index))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        low, high = int(ends[first]), int(ends[last])
        terms = values.take(index[low:high], mode="clip")
        segments = start[first:last] - low
        for row, weight in enumerate(weights):
            np.add.reduceat(terms * weight[low:high], segments, out=out[row, first:last])


def make_product_problem(
    world: World,
    markets: Markets,
    changes: Changes,
    closure: str,
    *,
    income_factor: Array | None = None,
    coalition: Positions | None = None,
    fraction: float = 1.0,
) -> ProductProblem:
    """The ProductProblem at a fraction of the path to the shock (1 is the whole shock).

    Raises NoSupplierError if a product that money is spent on loses every supplier; says the sector and the importer.
    """
    sector = make_problem(world, changes, closure, income_factor=income_factor, coalition=coalition, fraction=fraction)
    weight, home = _weights(world, markets, sector.changes, fraction)
    border, duty = weight, None
    if sector.tariff.any():
        border = weight / (1 + sector.tariff.ravel()[markets.cell])
        duty = weight - border
    sold = border[markets.turned]
    shipped = None
    if sector.export_tax.any():
        shipped = sold / (1 + sector.export_tax.ravel()[markets.cell[markets.turned]])
    return ProductProblem(sector, markets, border, duty, sold, shipped, home, _unsupplied(world, markets, weight, home))


def _weights(world: World, markets: Markets, part: Changes, fraction: float) -> tuple[Array, Array]:
    """pi kappa_hat^-theta of the flows (F,) and of home sales (M,); only changed cells are raised to a power."""
    count = len(world.countries)
    log_cost = np.zeros(world.trade_share.size)
    log_cost[part.flat] = part.log_cost()
    closed = np.zeros(world.trade_share.size, dtype=bool)
    if fraction < 1:  # an embargo on the way: its weights fall linearly
        closed[part.flat] = part.embargoed()
        log_cost[closed] = 0.0
    touched = np.flatnonzero((log_cost != 0)[markets.cell])
    weight = markets.share.copy()
    theta = markets.market_theta[markets.market[touched]]
    weight[touched] *= np.exp(-theta * log_cost[markets.cell[touched]])
    if closed.any():
        weight[closed[markets.cell]] *= 1 - fraction
    at_home = log_cost[markets.market_cell * count + markets.market_cell % count]
    return weight, markets.home * np.exp(-markets.market_theta * at_home)


def _unsupplied(world: World, markets: Markets, weight: Array, home: Array) -> NDArray[np.bool_] | None:
    empty = ~(home > 0)
    if not empty.any():
        return None
    empty &= np.bincount(markets.market, weights=weight, minlength=len(home)) == 0
    if not empty.any():
        return None
    lost = empty & (world.expenditure.ravel()[markets.market_cell] > 0)
    if lost.any():
        count = len(world.countries)
        cells, products = np.unique(markets.market_cell[lost], return_counts=True)
        named = [
            f"{world.sectors[cell // count]} in {world.countries[cell % count]} ({number})"
            for cell, number in zip(cells[:6].tolist(), products[:6].tolist(), strict=True)
        ]
        raise NoSupplierError(
            "shock",
            f"{int(lost.sum())} product(s) lose every supplier, in {len(cells)} sector(s) that nothing is supplied to "
            "from home",
            found=listing(named),
            advice="Build the ProductWorld with pool_without_home=True, or use a finite cost instead of an embargo.",
        )
    return empty
