"""ProductWorld: a World whose sectors hold products, with only the flows that were observed.

Costs and inputs stay at sector level. Inside a sector spending goes to products by fixed shares, and each product has
its own suppliers (docs/products.md). Product detail is internal: what a solve returns is by country and sector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark.products_flows import Flows, read_flows, repeated
from comity.benchmark.products_layout import Markets, lay_out
from comity.benchmark.world import World
from comity.errors import InputError, listing, nearest

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

HOME_SHARE = "assumed: every product has its sector's home share"


@dataclass(frozen=True)
class ProductCounts:
    """What became of the flows a ProductWorld was given. Numbers count flows; values are in the flows' own money.

    given = used + zero + within_country + without_sector + in_empty_cells + pooled
    cells : sector cells with product data; cells_without_data : those that became part of a residual product
    residual_share : part of the world's cross-border trade (border value, sectors with product data only) that lies in
        cells_without_data; residual_share_all : the same over all sectors
    scale : lowest, median and highest factor that takes a cell's flows to the World's border value (its money over
        the flows' money)
    """

    given: int
    used: int
    zero: int
    within_country: int
    without_sector: int
    in_empty_cells: int
    pooled: int
    value_used: float
    value_within_country: float
    value_without_sector: float
    value_in_empty_cells: float
    value_pooled: float
    cells: int
    cells_without_data: int
    residual_share: float
    residual_share_all: float
    scale: tuple[float, float, float]
    home_share: str = HOME_SHARE


@dataclass(frozen=True, eq=False, init=False)
class ProductWorld:
    """A World with products nested in its sectors (J sectors, N countries, P products).

    world : the World; its sector cells, tariffs, export taxes and home shares stay as they are
    products : codes, in the order of `product_sector`
    product_sector (P,) : position of each product's sector, -1 for products that belong to none
    product_theta (P,) : trade elasticities; nan for products that belong to no sector
    counts : what became of the flows
    markets : the solver's layout; not an outcome
    """

    world: World
    products: tuple[str, ...]
    product_sector: Positions
    product_theta: Array
    counts: ProductCounts
    markets: Markets

    def __init__(
        self,
        world: World,
        flows: Any,
        product_sector: Mapping[str, str | None],
        product_theta: Mapping[str, float] | ArrayLike | None = None,
        *,
        pool_without_home: bool = False,
    ) -> None:
        """Products from observed cross-border flows.

        Parameters
        ----------
        flows : a table with columns product, origin, destination, value (origin sells), or four equally long arrays
            (product, importer, exporter, value). Products and countries are codes, or in the arrays whole numbers:
            positions in `product_sector` and in `world.countries`. Values are border values in any one money: each
            sector cell's flows are scaled to add up to the World's border flow. A flow may be given once.
        product_sector : sector code of each product; None for a product of no sector, whose flows are left out
        product_theta : trade elasticity of each product, (P,) or by code; the sector's where not given
        pool_without_home : where a country buys nothing of a sector at home, put all its products into the residual
            one. A product whose only suppliers there are embargoed has no supplier left, and the solve is refused;
            pooled, the sector's other suppliers take over, as in the sector World. `counts.pooled` says how much.

        Sector flows without product data become one residual product of the sector. Flows within a country, of
        products without sector, and in sector cells where the World has no trade are left out; `counts` has all of it.
        A product's home share is its sector's (an assumption, named in `counts`).

        Raises
        ------
        InputError : unknown or repeated codes, negative or missing values, a flow given twice, elasticities that are
            not positive.
        """
        if not isinstance(world, World):
            raise InputError("world", "a World is needed", found=type(world).__name__)
        products, sector = _sectors(world, product_sector)
        theta = _elasticities(world, products, sector, product_theta)
        given = read_flows(flows, products, world.countries)
        repeated(given, products, world.countries)
        product, cell, part, counts = _nest(world, given, sector, pool_without_home)
        sectors = len(world.sectors)
        markets = lay_out(
            product,
            cell,
            part,
            np.concatenate([sector, np.arange(sectors)]),
            np.concatenate([theta, world.trade_elasticity]),
            world.trade_share,
        )
        sector.flags.writeable = theta.flags.writeable = False
        for name, value in {
            "world": world,
            "products": products,
            "product_sector": sector,
            "product_theta": theta,
            "counts": counts,
            "markets": markets,
        }.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"ProductWorld on {self.world!r}: {len(self.products)} products, {self.counts.used:,} observed flows"


def _sectors(world: World, given: Mapping[str, str | None]) -> tuple[tuple[str, ...], Positions]:
    """Codes of the products and the positions of their sectors, -1 for none."""
    if not isinstance(given, Mapping) or not given:
        raise InputError("product_sector", "a mapping from product to sector is needed", found=type(given).__name__)
    strange = [code for code in given if not isinstance(code, str)]
    if strange:
        raise InputError(
            "product_sector",
            "product codes are text",
            found=strange[0],
            advice="HS codes read as numbers lose their leading zero.",
        )
    position = {code: number for number, code in enumerate(world.sectors)}
    unknown = [code for code in given.values() if code is not None and code not in position]
    if unknown:
        raise InputError(
            "product_sector",
            "unknown sector",
            found=unknown[0],
            allowed=world.sectors,
            nearest=nearest(unknown[0], world.sectors),
        )
    sector = [-1 if code is None else position[code] for code in given.values()]
    return tuple(given), np.array(sector, dtype=np.intp)


def _elasticities(
    world: World, products: tuple[str, ...], sector: Positions, given: Mapping[str, float] | ArrayLike | None
) -> Array:
    theta = np.where(sector >= 0, world.trade_elasticity[sector], np.nan)
    if given is None:
        return theta
    if isinstance(given, Mapping):
        position = {code: number for number, code in enumerate(products)}
        unknown = [code for code in given if code not in position]
        if unknown:
            raise InputError(
                "product_theta", "unknown product", found=unknown[0], nearest=nearest(unknown[0], products)
            )
        chosen = np.array([position[code] for code in given], dtype=np.intp)
        values = _numbers(list(given.values()))
    else:
        chosen, values = np.arange(len(products)), _numbers(given)
        if values.shape != (len(products),):
            raise InputError("product_theta", "one number a product is needed", found=values.shape)
    bad = ~((values > 0) & np.isfinite(values)) & (sector[chosen] >= 0)
    if bad.any():
        named = [f"{products[chosen[k]]} = {values[k]:g}" for k in np.flatnonzero(bad)[:6]]
        raise InputError("product_theta", f"{int(bad.sum())} elasticity(ies) not positive", found=listing(named))
    theta[chosen] = np.where(sector[chosen] >= 0, values, np.nan)
    return theta


def _numbers(given: Any) -> Array:
    try:
        return np.array(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("product_theta", "numbers are needed", found=given) from None


def _nest(
    world: World, given: Flows, sector: Positions, pool: bool
) -> tuple[Positions, Positions, Array, ProductCounts]:
    """Product, cell and part of the importer's spending of every flow kept, residual products included."""
    count = len(world.countries)
    product, value = given.product, given.value
    within = given.importer == given.exporter
    nowhere = ~within & (sector[product] < 0)
    cell = (sector[product] * count + given.importer) * count + given.exporter
    share = world.trade_share.ravel()
    empty = ~within & ~nowhere & (share[np.where(nowhere, 0, cell)] == 0)
    zero = ~(within | nowhere | empty) & (value == 0)
    pooled = np.zeros(len(value), dtype=bool)
    if pool:
        no_home = np.diagonal(world.trade_share, axis1=1, axis2=2) == 0
        pooled = ~(within | nowhere | empty | zero) & no_home[sector[product], given.importer]
    used = ~(within | nowhere | empty | zero | pooled)
    product, cell, worth = product[used], cell[used], value[used]
    observed = np.bincount(cell, weights=worth, minlength=share.size)
    part = worth / observed[cell] * share[cell]
    foreign = share.reshape(world.trade_share.shape).copy()
    foreign[:, np.arange(count), np.arange(count)] = 0.0
    missing = np.flatnonzero((foreign.ravel() > 0) & (observed == 0))
    border = world.flow.ravel()
    with_data = np.unique(cell // (count * count))
    known, lost = border[observed > 0], border[missing]
    lost_there = lost[np.isin(missing // (count * count), with_data)]
    scale = known / observed[observed > 0] if len(known) else np.full(1, np.nan)
    counts = ProductCounts(
        given=len(value),
        used=int(used.sum()),
        zero=int(zero.sum()),
        within_country=int(within.sum()),
        without_sector=int(nowhere.sum()),
        in_empty_cells=int(empty.sum()),
        pooled=int(pooled.sum()),
        value_used=float(worth.sum()),
        value_within_country=float(value[within].sum()),
        value_without_sector=float(value[nowhere].sum()),
        value_in_empty_cells=float(value[empty].sum()),
        value_pooled=float(value[pooled].sum()),
        cells=int((observed > 0).sum()),
        cells_without_data=len(missing),
        residual_share=_ratio(lost_there.sum(), known.sum()),
        residual_share_all=_ratio(lost.sum(), known.sum()),
        scale=(float(scale.min()), float(np.median(scale)), float(scale.max())),
    )
    product = np.concatenate([product, len(sector) + missing // (count * count)])
    return product, np.concatenate([cell, missing]), np.concatenate([part, share[missing]]), counts


def _ratio(lost: float, known: float) -> float:
    return float(lost / (lost + known)) if lost + known > 0 else 0.0
