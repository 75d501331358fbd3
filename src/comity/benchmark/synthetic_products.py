"""Synthetic product worlds of any size, with sparse flows: for tests, benchmarks and teaching. Not data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.products import ProductWorld
from comity.benchmark.synthetic import synthetic_world
from comity.benchmark.world import World
from comity.errors import InputError

Array = NDArray[np.float64]
Columns = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Array]

FULLEST = 0.9  # of a product's country pairs, at most, have a flow


def synthetic_product_world(
    countries: int,
    products: int,
    flows: int,
    *,
    sectors: int = 22,
    seed: int = 0,
    theta_spread: float = 0.0,
    **world: float,
) -> ProductWorld:
    """A random ProductWorld with exactly `flows` observed cross-border flows.

    theta_spread : standard deviation of ln theta of products around their sector's; 0 for the sector's own
    world : further arguments of `synthetic_world`
    """
    base = synthetic_world(countries, sectors, seed=seed, **world)  # type: ignore[arg-type]
    columns, product_sector = synthetic_flows(base, products, flows, seed=seed)
    theta = None
    if theta_spread:
        draw = np.random.default_rng(seed + 1).normal(0, theta_spread, products)
        own = [base.trade_elasticity[base.sector(code)] for code in product_sector.values()]
        theta = np.array(own) * np.exp(draw)
    return ProductWorld(base, columns, product_sector, theta)


def synthetic_flows(world: World, products: int, flows: int, *, seed: int = 0) -> tuple[Columns, dict[str, str]]:
    """(product, importer, exporter, value) of `flows` cross-border flows, and the sector of each product.

    Products lie in all sectors but the last. A few products are sold by many countries to many, most by few to few;
    countries differ by product in how well they sell and how much they buy; flows follow the World's where it trades.
    Raises InputError if the pairs of countries cannot hold that many flows.
    """
    rng = np.random.default_rng(seed)
    count = len(world.countries)
    abroad = ~np.eye(count, dtype=bool)
    sector = np.sort(rng.integers(0, len(world.sectors) - 1, products))
    log_flow = np.log(np.maximum(world.flow, 1e-300))
    sizes = _sizes(rng, products, flows, (FULLEST * ((world.flow > 0) & abroad).sum(axis=(1, 2)))[sector])
    product = np.repeat(np.arange(products, dtype=np.int32), sizes)
    pair = np.empty(flows, dtype=np.int32)
    value = np.empty(flows)
    stop = np.cumsum(sizes)
    for p in range(products):
        size = int(sizes[p])
        skill, taste = rng.normal(0, 1.5, count), rng.normal(0, 0.7, count)
        worth = np.where(abroad, log_flow[sector[p]] + skill + taste[:, None], -np.inf).ravel()
        worth[log_flow[sector[p]].ravel() < -600] = -np.inf
        # the pairs of largest worth after Gumbel noise are a draw without replacement, by worth
        noisy = 0.7 * worth - np.log(rng.standard_exponential(count * count))
        chosen = np.sort(np.argpartition(noisy, -size)[count * count - size :])
        pair[stop[p] - size : stop[p]] = chosen
        value[stop[p] - size : stop[p]] = worth[chosen]
    value = np.exp(value + rng.normal(0, 1, flows))
    codes = {f"P{p:06d}": world.sectors[sector[p]] for p in range(products)}
    return (product, pair // np.int32(count), pair % np.int32(count), value), codes


def _sizes(rng: np.random.Generator, products: int, flows: int, room: Array) -> NDArray[np.intp]:
    """(P,) number of flows of each product, skewed, at most `room`, adding to `flows`."""
    limit = room.astype(np.intp)
    if flows > limit.sum():
        raise InputError("flows", "more flows than pairs of countries can hold", found=flows, allowed=f"{limit.sum()}")
    weight = np.exp(rng.normal(0, 1, products))
    sizes = np.zeros(products, dtype=np.intp)
    while (left := flows - int(sizes.sum())) > 0:
        open_ = sizes < limit
        more = np.floor(left * weight * open_ / (weight * open_).sum()).astype(np.intp)
        if not more.any():
            more[np.flatnonzero(open_)[:left]] = 1
        sizes = np.minimum(sizes + more, limit)
    return sizes
