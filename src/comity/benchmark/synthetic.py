"""Synthetic worlds of any size, in exact equilibrium: for tests, benchmarks and teaching. Not data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World

Array = NDArray[np.float64]


def synthetic_world(
    countries: int,
    sectors: int,
    *,
    seed: int = 0,
    deficits: float = 0.05,
    tariffs: float = 0.1,
    export_taxes: float = 0.0,
    zero_cells: float = 0.0,
    home_share: tuple[float, float] = (0.5, 0.95),
    elasticity: tuple[float, float] = (3.0, 10.0),
) -> World:
    """A random World: gravity-like trade shares, log-normal sizes, random inputs, tariffs and deficits.

    Parameters
    ----------
    deficits : standard deviation of deficits as a share of value added (0 for balanced trade)
    tariffs, export_taxes : highest rate; the last sector (services) has none
    zero_cells : share of cross-border cells that are exactly zero, outside the first sector (which keeps every
        country both importing and exporting)
    home_share : range of the home shares, drawn per sector and country
    elasticity : range of theta
    """
    rng = np.random.default_rng(seed)
    n, j = countries, sectors
    size = np.exp(rng.normal(0, 1.2, n))
    place = rng.uniform(0, 1, (n, 2))
    distance = np.sqrt(((place[:, None] - place[None]) ** 2).sum(-1)) + 0.05
    pull = size * distance**-1.0 * np.exp(rng.normal(0, 1.0, (j, n, n)))
    if zero_cells:
        pull[1:][rng.uniform(size=pull[1:].shape) < zero_cells] = 0.0
    diagonal = np.arange(n)
    pull[:, diagonal, diagonal] = 0.0
    abroad = pull.sum(axis=2, keepdims=True)
    home = rng.uniform(*home_share, (j, n))
    home[-1] = np.clip(home[-1] + 0.3, None, 0.99)
    home[abroad[:, :, 0] == 0] = 1.0
    trade_share = pull / np.where(abroad > 0, abroad, 1) * (1 - home)[:, :, None]
    trade_share[:, diagonal, diagonal] = home

    tariff = (
        rng.uniform(0, tariffs, (j, n, n)) * (rng.uniform(size=(j, n, n)) < 0.8) if tariffs else np.zeros((j, n, n))
    )
    export_tax = rng.uniform(0, export_taxes, (j, n, n)) if export_taxes else np.zeros((j, n, n))
    for rate in (tariff, export_tax):
        rate[:, diagonal, diagonal] = 0.0
        rate[-1] = 0.0
    value_added_share = rng.uniform(0.3, 0.7, (j, n))
    inputs = rng.dirichlet(np.full(j, 0.5), size=(j, n)).transpose(2, 0, 1)
    consumption_share = rng.dirichlet(np.full(j, 1.0), size=n).T
    theta = rng.uniform(*elasticity, j)
    input_share = (1 - value_added_share) * inputs
    drift = rng.normal(0, deficits, n) if deficits else np.zeros(n)

    expenditure = _stationary(
        trade_share, tariff, export_tax, value_added_share, input_share, consumption_share, size, drift
    )
    output = (trade_share * expenditure[:, :, None] / ((1 + tariff) * (1 + export_tax))).sum(axis=1)
    value_added = (value_added_share * output).sum(axis=0)
    scale = 1000.0 * n / value_added.sum()
    deficit = drift * value_added - value_added / value_added.sum() * (drift * value_added).sum()
    return World.from_arrays(
        countries=[f"C{k:03d}" for k in range(n)],
        sectors=[f"S{k:02d}" for k in range(j - 1)] + ["SERV"],
        trade_share=trade_share,
        tariff=tariff,
        export_tax=export_tax,
        value_added_share=value_added_share,
        input_share=input_share,
        consumption_share=consumption_share,
        trade_elasticity=theta,
        value_added=value_added * scale,
        deficit=deficit * scale,
        name=f"synthetic-{n}x{j}-{seed}",
        money_unit="units",
        provenance={"title": "Synthetic world, not data"},
        share_tolerance=1e-8,
    )


def _stationary(
    trade_share: Array,
    tariff: Array,
    export_tax: Array,
    value_added_share: Array,
    input_share: Array,
    consumption_share: Array,
    size: Array,
    drift: Array,
) -> Array:
    """Expenditure (J, N) that reproduces itself: country sizes that these shares can sustain."""
    border = trade_share / (1 + tariff)
    shipped = border / (1 + export_tax)
    kept = border.sum(axis=2)
    spent = trade_share.sum(axis=2)
    lost = border - shipped
    inputs = np.ascontiguousarray(input_share.transpose(2, 0, 1))
    expenditure = consumption_share * size * 2
    for _ in range(20000):
        output = np.matmul(expenditure[:, None, :], shipped)[:, 0, :]
        value_added = (value_added_share * output).sum(axis=0)
        revenue = ((spent - kept) * expenditure).sum(axis=0)
        revenue += np.matmul(expenditure[:, None, :], lost)[:, 0, :].sum(axis=0)
        deficit = drift * value_added - value_added / value_added.sum() * (drift * value_added).sum()
        income = value_added + revenue + deficit
        fresh = np.matmul(inputs, output.T[:, :, None])[:, :, 0].T + consumption_share * income
        fresh *= expenditure.sum() / fresh.sum()
        change = np.abs(fresh - expenditure).max() / expenditure.max()
        expenditure = fresh
        if change < 1e-16:
            break
    return expenditure
