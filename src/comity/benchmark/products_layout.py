"""Products laid out for the solver: markets, suppliers and the cross-border flows between them.

A market is a product bought in a country, a supplier a product sold abroad by a country. Flows lie ordered by market;
`turned` puts them in order of supplier, so that sums over the suppliers of a market and over the markets of a supplier
are both sums over neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
Short = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Markets:
    """F flows, M markets, V suppliers. Markets that import come first; those served from home only follow.

    share (F,) : part of the market's spending on the product that goes to the flow's exporter, pi[p,n,i]
    supplier (F,), market (F,), cell (F,) : the flow's supplier, market and flat (sector, importer, exporter) position
    start (<= M,) : first flow of each market that imports
    turned (F,), turned_market (F,), turned_start (V,) : the order of flows by supplier, their markets in that order,
        and each supplier's first flow in it
    market_cell (M,) : flat (sector, importer) position;  supplier_cell (V,) : flat (sector, exporter) position
    market_theta (M,), supplier_theta (V,) : trade elasticity of the product
    spending_share (M,) : part of the importer's spending on the sector that goes to the product, s[p,n]
    home (M,) : part of the market's spending that stays at home
    """

    share: Array
    supplier: Short
    market: Short
    cell: Short
    start: Positions
    turned: Short
    turned_market: Short
    turned_start: Positions
    market_cell: Positions
    supplier_cell: Positions
    market_theta: Array
    supplier_theta: Array
    spending_share: Array
    home: Array

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            getattr(self, name).flags.writeable = False


def lay_out(
    product: Positions,
    cell: Positions,
    part: Array,
    sector_of: Positions,
    theta: Array,
    trade_share: Array,
) -> Markets:
    """Markets from flows that add up to the cells of a World.

    product (F,), cell (F,) : of each flow, in any order; no pair twice
    part (F,) : part of the importer's spending on the sector; adds to trade_share (J, N, N) over a cell's products
    sector_of (P,), theta (P,) : of each product

    s[p,n] is the product's share of the importer's cross-border purchases in the sector; with the sector's home share
    for every product it is also its share of all spending on the sector.
    """
    sectors, count, _ = trade_share.shape
    diagonal = np.arange(count)
    home = trade_share[:, diagonal, diagonal].ravel()
    abroad = np.bincount(cell // count, weights=part, minlength=sectors * count)
    importer, exporter = cell // count % count, cell % count
    order = _order((product * count + importer) * count + exporter)
    product, cell, part, exporter = product[order], cell[order], part[order], exporter[order]
    keys, start, market = _groups(product * count + importer[order])
    market_cell = sector_of[keys // count] * count + keys % count
    bought = np.add.reduceat(part, start) if len(part) else np.zeros(0)
    only_home = np.flatnonzero((abroad == 0) & (home > 0))
    turned = _order((product * count + exporter) * count + importer[order])
    sold_by, turned_start, group = _groups((product * count + exporter)[turned])
    supplier = np.empty(len(part), dtype=np.int32)
    supplier[turned] = group
    cells = np.concatenate([market_cell, only_home])
    spending_share = bought / abroad[market_cell]
    return Markets(
        share=part / spending_share[market],
        supplier=supplier,
        market=market,
        cell=cell.astype(np.int32),
        start=start,
        turned=turned.astype(np.int32),
        turned_market=market[turned],
        turned_start=turned_start,
        market_cell=cells,
        supplier_cell=sector_of[sold_by // count] * count + sold_by % count,
        # what is bought at home only is the sector's residual product: these come last in theta
        market_theta=np.concatenate([theta[keys // count], theta[-sectors:][only_home // count]]),
        supplier_theta=theta[sold_by // count],
        spending_share=np.concatenate([spending_share, np.ones(len(only_home))]),
        home=home[cells],
    )


def _order(key: Positions) -> Positions:
    if len(key) < 2 or (key[1:] > key[:-1]).all():
        return np.arange(len(key))
    return np.argsort(key, kind="stable")


def _groups(key: Positions) -> tuple[Positions, Positions, Short]:
    """Distinct values of an ascending key, where each begins, and the number of the group each entry lies in."""
    first = np.ones(len(key), dtype=bool)
    first[1:] = key[1:] != key[:-1]
    start = np.flatnonzero(first)
    number = np.cumsum(first, dtype=np.int32)
    number -= 1
    return key[start], start, number
