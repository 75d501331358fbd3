"""Small product worlds, and the product equations written out densely, for the tests of product worlds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity import World
from comity.benchmark.products import ProductWorld

Array = NDArray[np.float64]


def cross_border(world: World) -> tuple[Any, Any, Any, Array]:
    """(sector, importer, exporter, value) of every cross-border flow of a World."""
    flow = world.flow * (1 - np.eye(len(world.countries)))
    sector, importer, exporter = np.nonzero(flow)
    return sector, importer, exporter, flow[sector, importer, exporter]


def one_product_each(world: World) -> ProductWorld:
    """One product per sector, with the sector's own flows."""
    return ProductWorld(world, cross_border(world), {f"all {code}": code for code in world.sectors})


def random_products(
    world: World, products: int, *, kept: float = 0.5, seed: int = 0, spread: float = 0.3
) -> ProductWorld:
    """Products in the first sectors, each with a random part of the sector's pairs, own elasticities, the rest residual."""
    rng = np.random.default_rng(seed)
    home_sector = np.arange(products) % max(1, len(world.sectors) - 1)
    sector, importer, exporter, value = cross_border(world)
    parts = []
    for p in range(products):
        own = np.flatnonzero((sector == home_sector[p]) & (rng.uniform(size=len(sector)) < kept))
        parts.append(
            (np.full(len(own), p), importer[own], exporter[own], value[own] * np.exp(rng.normal(0, 1, len(own))))
        )
    flows = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
    theta = world.trade_elasticity[home_sector] * np.exp(rng.normal(0, spread, products))
    return ProductWorld(world, flows, {f"P{p:03d}": world.sectors[home_sector[p]] for p in range(products)}, theta)


@dataclass(frozen=True)
class Dense:
    """A product world written out: s (Q, N), pi (Q, N, N), theta (Q,), sector (Q,); residual products included."""

    spending_share: Array
    share: Array
    theta: Array
    sector: NDArray[np.intp]


def written_out(world: World, flows: Any, sector: Any, theta: Any) -> Dense:
    """definitions.md section 4 by loops: scaling to the sector cell, residual products, the sector's home share.

    flows : rows (product, importer, exporter, value); sector, theta : by product
    """
    sectors, count = len(world.sectors), len(world.countries)
    products = len(sector)
    sector = np.concatenate([sector, np.arange(sectors)]).astype(np.intp)
    theta = np.concatenate([theta, world.trade_elasticity])
    border = np.zeros((products + sectors, count, count))
    for p, n, i, value in zip(*flows, strict=True):
        border[p, n, i] = value
    spent = np.zeros_like(border)
    for j in range(sectors):
        inside = np.flatnonzero(sector == j)
        for n in range(count):
            for i in range(count):
                if n == i:
                    continue
                cell = world.flow[j, n, i]
                found = border[inside, n, i].sum()
                if cell > 0 and found == 0:
                    border[products + j, n, i] = cell
                elif found > 0:
                    border[inside, n, i] *= cell / found
                spent[inside, n, i] = border[inside, n, i] * (1 + world.tariff[j, n, i])
    share, spending_share = np.zeros_like(border), np.zeros((products + sectors, count))
    for j in range(sectors):
        inside = np.flatnonzero(sector == j)
        for n in range(count):
            home = world.trade_share[j, n, n]
            total = spent[inside, n].sum()
            if total == 0:
                spending_share[products + j, n], share[products + j, n, n] = 1.0, home
                continue
            for p in inside:
                own = spent[p, n].sum()
                if own > 0:
                    spending_share[p, n] = own / total
                    share[p, n] = (1 - home) * spent[p, n] / own
                    share[p, n, n] = home
    return Dense(spending_share, share, theta, sector)


def dense_errors(dense: Dense, solution: Any, kappa_hat: Array) -> dict[str, float]:
    """Relative errors of a solution in the product equations, written with (Q, N, N) arrays. kappa_hat (J, N, N)."""
    world = solution.benchmark
    theta, sector = dense.theta[:, None, None], dense.sector
    with np.errstate(divide="ignore"):
        cost = solution.cost_hat[sector][:, None, :] * kappa_hat[sector]
    pulled = dense.share * cost**-theta
    total = pulled.sum(axis=2)
    bought = dense.spending_share > 0
    price = np.where(bought, np.where(bought, total, 1.0) ** (-1 / dense.theta[:, None]), 1.0)
    new_share = pulled / np.where(bought, total, 1.0)[:, :, None]
    spending = dense.spending_share * solution.expenditure_new[sector]
    flow_of_products = new_share * spending[:, :, None] / (1 + solution.tariff_new[sector])
    index = np.ones_like(solution.price_index_hat)
    flow = np.zeros_like(world.trade_share)
    for q, j in enumerate(sector):
        index[j] *= price[q] ** dense.spending_share[q]
        flow[j] += flow_of_products[q]
    factory = flow / (1 + solution.export_tax_new)
    output = factory.sum(axis=1)
    revenue = (solution.tariff_new * flow).sum(axis=(0, 2)) + (flow - factory).sum(axis=(0, 1))
    wages = solution.wage_hat * world.value_added
    income = wages + revenue + solution.deficit_new + solution.transfer_new
    demand = np.einsum("kjn,jn->kn", world.input_share, output) + world.consumption_share * income
    logs = world.value_added_share * np.log(solution.wage_hat) + np.einsum(
        "kjn,kn->jn", world.input_share, np.log(index)
    )
    unit_cost = np.exp(logs) / solution.productivity_hat
    pairs = {
        "cost": (solution.cost_hat, unit_cost),
        "price": (solution.price_index_hat, index),
        "flow": (solution.flow_new, flow),
        "output": (solution.output_new, output),
        "expenditure": (solution.expenditure_new, demand),
        "income": (solution.income_new, income),
        "labour": (wages, (world.value_added_share * output).sum(axis=0)),
    }
    return {
        name: float(np.max(np.abs(left - right) / np.maximum(np.maximum(np.abs(left), np.abs(right)), 1e-300)))
        for name, (left, right) in pairs.items()
    }
