"""Random strong shocks with published seeds: one integer names kind, domain and every number of a shock.

Domain A: closure "balanced", tariffs in [0, 4], iceberg changes x0.5 to x10 by cell, pair, country and world, embargoes
of pairs and blocs, isolation, mixes; every used sector keeps a supplier. All of them must be solved.
Domain B: tariffs in [-0.9, 0) or [-0.9, 4], or any kind of domain A with the benchmark's deficits kept fixed; tariffs
and costs on goods only, the default of a measure. Solved, or refused with a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity import Shock, World
from comity.classifications.sectors import is_goods

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One random shock: seed, kind, domain, closure."""

    seed: int
    kind: str
    domain: str
    closure: str
    shock: Shock


KINDS_A = (
    "tariff-world",
    "tariff-country",
    "tariff-pair",
    "tariff-cell",
    "cost-cell",
    "cost-pair",
    "cost-country",
    "cost-world",
    "embargo-pair",
    "embargo-bloc",
    "isolation",
    "mix",
)
KINDS_SUBSIDY = ("subsidy-world", "subsidy-country", "subsidy-pair", "subsidy-cell")
KINDS_BOTH = ("both-country", "both-pair", "both-cell")
RANGES = {"tariff": (0.0, 4.0), "subsidy": (-0.9, -1e-3), "both": (-0.9, 4.0)}
KINDS_B = (*KINDS_SUBSIDY, *KINDS_BOTH, *KINDS_A)


def case(world: World, domain: str, seed: int) -> Case:
    """The shock of a seed. Kinds take turns; in domain B the first seven of every nineteen have subsidies, under either
    closure, the rest are domain A's kinds with fixed deficits."""
    rng = np.random.default_rng([seed, 2022, 0 if domain == "A" else 1])
    if domain == "A":
        kind, closure = KINDS_A[seed % len(KINDS_A)], "balanced"
    else:
        kind = KINDS_B[seed % len(KINDS_B)]
        closure = "balanced" if kind not in KINDS_A and rng.uniform() < 0.5 else "fixed-deficits"
    shock = _make(world, kind, rng)
    if domain == "B" and "embargo" not in kind and kind != "isolation":
        shock = _goods_only(world, shock)
    return Case(seed, kind, domain, closure, shock)


def _goods_only(world: World, shock: Shock) -> Shock:
    goods = is_goods(world.sectors)[:, None, None]
    iceberg = None if shock.iceberg_hat is None else np.where(goods | np.isinf(shock.iceberg_hat), shock.iceberg_hat, 1)
    tariff = None if shock.tariff_new is None else np.where(goods, shock.tariff_new, world.tariff)
    return Shock(iceberg_hat=iceberg, tariff_new=tariff)


def _make(world: World, kind: str, rng: np.random.Generator) -> Shock:
    shape = world.trade_share.shape
    family, _, scope = kind.partition("-")
    if family in RANGES:
        low, high = RANGES[family] if kind != "both-country" else (-0.6, 4.0)
        return Shock(tariff_new=_tariffs(world, scope, low, high, rng))
    if kind.startswith("cost"):
        return Shock(iceberg_hat=_costs(shape, kind.split("-")[1], rng))
    if kind == "mix":
        cost = _costs(shape, str(rng.choice(["pair", "country"])), rng)
        cost = np.where(np.isinf(_embargo(world, "pair", rng)), np.inf, cost)
        scope = str(rng.choice(["country", "pair"]))
        return Shock(iceberg_hat=_keep_suppliers(world, cost), tariff_new=_tariffs(world, scope, 0.0, 4.0, rng))
    return Shock(iceberg_hat=_embargo(world, kind.split("-")[-1], rng))


def _tariffs(world: World, scope: str, low: float, high: float, rng: np.random.Generator) -> Array:
    j, n, _ = world.tariff.shape
    if scope == "world":
        fresh = np.full((j, n, n), rng.uniform(low, high))
        touched = np.ones((n, n), dtype=bool)
    elif scope == "country":
        fresh = np.broadcast_to(rng.uniform(low, high, (1, n, 1)), (j, n, n))
        # with subsidies: one to ten countries; without: any share of all
        share = rng.uniform(0.05, 1) if low >= 0 else rng.integers(1, 11) / n
        touched = np.repeat(rng.uniform(size=(n, 1)) < share, n, axis=1)
    elif scope == "pair":
        fresh = np.broadcast_to(rng.uniform(low, high, (1, n, n)), (j, n, n))
        # with subsidies: up to as many pairs as countries; without: any share of all pairs
        share = rng.uniform(0.05, 1) if low >= 0 else rng.integers(1, n) / n**2
        touched = rng.uniform(size=(n, n)) < share
    else:
        fresh = rng.uniform(low, high, (j, n, n))
        touched = np.ones((n, n), dtype=bool)
    tariff = np.where(touched[None], fresh, world.tariff)
    tariff[:, np.arange(n), np.arange(n)] = 0.0
    return tariff


def _costs(shape: tuple[int, ...], scope: str, rng: np.random.Generator) -> Array:
    j, n, _ = shape
    draw = lambda size: np.exp(rng.uniform(np.log(0.5), np.log(10.0), size))  # noqa: E731
    if scope == "world":
        cost = np.full(shape, float(draw(())))
    elif scope == "country":
        factor = np.where(rng.uniform(size=n) < rng.uniform(0.05, 1), draw(n), 1.0)
        both = np.maximum(factor[:, None], factor[None, :])
        cost = np.broadcast_to(np.where(both > 1, both, np.minimum(factor[:, None], factor[None, :])), shape).copy()
    elif scope == "pair":
        cost = np.broadcast_to(np.where(rng.uniform(size=(n, n)) < rng.uniform(0.05, 1), draw((n, n)), 1.0), shape)
        cost = cost.copy()
    else:
        cost = np.where(rng.uniform(size=shape) < rng.uniform(0.05, 1), draw(shape), 1.0)
    cost[:, np.arange(n), np.arange(n)] = 1.0
    return cost


def _embargo(world: World, scope: str, rng: np.random.Generator) -> Array:
    j, n, _ = world.tariff.shape
    closed = np.zeros((n, n), dtype=bool)
    if scope == "pair":
        pairs = rng.integers(0, n, (max(1, int(rng.uniform(0.01, 0.2) * n * n)), 2))
        closed[pairs[:, 0], pairs[:, 1]] = True
        closed |= closed.T
    elif scope == "bloc":
        size = int(rng.integers(1, max(2, n // 2)))
        members = rng.permutation(n)
        closed[np.ix_(members[:size], members[size : 2 * size])] = True
        closed |= closed.T
    else:
        own = np.diagonal(world.trade_share, axis1=1, axis2=2)
        able = np.flatnonzero(((own > 0) | (world.expenditure == 0)).all(axis=0))  # can live on home output alone
        gone = rng.permutation(able)[: int(rng.integers(1, 4))]
        closed[gone] = closed[:, gone] = True
    closed[np.arange(n), np.arange(n)] = False
    return _keep_suppliers(world, np.where(np.broadcast_to(closed, (j, n, n)), np.inf, 1.0))


def _keep_suppliers(world: World, cost: Array) -> Array:
    """Reopen, in every sector and country that would lose all suppliers, the whole import column; and give a country
    without a single export left its exports back (unless it is cut off altogether)."""
    n = cost.shape[1]
    foreign = world.trade_share * ~np.eye(n, dtype=bool)
    for _ in range(n):
        open_share = np.where(np.isinf(cost), 0.0, world.trade_share)
        lost = (open_share.sum(axis=2) == 0) & (world.expenditure > 0)
        left = np.where(np.isinf(cost), 0.0, foreign)
        buys, sells = left.sum(axis=(0, 2)) > 0, left.sum(axis=(0, 1)) > 0
        one_way = buys ^ sells
        if not lost.any() and not one_way.any():
            return cost
        cost = np.where(lost[:, :, None] & np.isinf(cost), 1.0, cost)
        for country in np.flatnonzero(one_way):
            cost[:, country, :] = np.where(np.isinf(cost[:, country, :]), 1.0, cost[:, country, :])
            cost[:, :, country] = np.where(np.isinf(cost[:, :, country]), 1.0, cost[:, :, country])
    return cost
