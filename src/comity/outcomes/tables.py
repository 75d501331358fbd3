"""Tidy tables from one Solution. Money is million USD of the base year; columns ending in _pct are per cent changes.

Long tables have origin, destination, sector (ISO3 and sector codes) and values; DEFINITIONS gives unit and meaning of
every column that is written to disk.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity.classifications.sectors import is_goods
from comity.equilibrium.solution import Solution

Array = NDArray[np.float64]
Columns = dict[str, NDArray]  # column name -> values, all of one length; a DataFrame is made of it on request

DEFINITIONS = {
    "real_income_pct": ("per cent", "change of final spending over the consumer price; not GDP"),
    "real_income_low_pct": ("per cent", "low end of the band, or of the range without draws"),
    "real_income_high_pct": ("per cent", "high end of the band, or of the range without draws"),
    "equivalent_variation": ("million USD a year", "benchmark income x change of real income"),
    "equivalent_variation_low": ("million USD a year", "low end of the band, or of the range without draws"),
    "equivalent_variation_high": (
        "million USD a year",
        "high end of the band, or of the range without draws",
    ),
    "real_wage_pct": ("per cent", "change of the wage over the consumer price"),
    "real_gdp_pct": ("per cent", "change of value added and revenues over the consumer price"),
    "wedge": ("ratio", "found change of the iceberg trade cost at full implementation, new over old"),
    "partial_wedge": ("ratio", "the same in partial equilibrium, costs and demand held"),
    "observed_change_pct": ("per cent", "change of trade that was observed"),
    "recomputed_change_pct": ("per cent", "change of trade with the wedge found, recomputed from the equilibrium"),
    "income_before": ("million USD a year", "final spending in the benchmark"),
    "consumer_price_pct": ("per cent", "change of the consumer price; numeraire is world value added"),
    "wage_pct": ("per cent", "change of the wage; numeraire is world value added"),
    "price_pct": ("per cent", "change of the sector's price index"),
    "before": ("million USD a year", "benchmark"),
    "after": ("million USD a year", "with the measures, at unchanged world value added"),
    "change": ("million USD a year", "after less before"),
    "volume_hat": ("ratio", "flow deflated by the exporter's price and the iceberg cost"),
    "output_pct": ("per cent", "change of gross output at factory prices, in money"),
    "tariff_revenue_before": ("million USD a year", "benchmark"),
    "tariff_revenue_after": ("million USD a year", "with the measures"),
    "export_tax_revenue_before": ("million USD a year", "benchmark"),
    "export_tax_revenue_after": ("million USD a year", "with the measures"),
    "contribution_pct": (
        "log points x 100",
        "contribution to the change of real income; adds up to ln(real_income_hat)",
    ),
}


def percent(hat: Array) -> Array:
    """A ratio as a per cent change."""
    return 100 * (hat - 1)


def prices(solution: Solution) -> Columns:
    """Wage, consumer price and sector prices by country, long; no number (nan) for economies that the shock cuts off
    from the largest part of the world, whose prices have a numeraire of their own."""
    world = solution.benchmark
    inside = np.where(solution.main_part, 1.0, np.nan)
    sectors, countries = np.meshgrid(world.sectors, world.countries, indexing="ij")
    count = len(world.sectors)
    return {
        "country": countries.ravel(),
        "sector": sectors.ravel(),
        "price_pct": (percent(solution.price_index_hat) * inside).ravel(),
        "consumer_price_pct": np.tile(percent(solution.consumer_price_hat) * inside, count),
        "wage_pct": np.tile(percent(solution.wage_hat) * inside, count),
    }


def trade(solution: Solution) -> Columns:
    """Bilateral border flows by sector before and after, home sales left out, flows that are zero left out."""
    world = solution.benchmark
    before, after = world.flow, solution.flow_new
    sector, importer, exporter = np.nonzero((before > 0) | (after > 0))
    abroad = importer != exporter
    cells = sector[abroad], importer[abroad], exporter[abroad]
    codes = np.array(world.countries)
    old, new = before[cells], after[cells]
    price = solution.cost_hat[cells[0], cells[2]]
    tax = (1 + solution.export_tax_new[cells]) / (1 + world.export_tax[cells])
    iceberg = solution.iceberg_hat[cells]
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = np.where(np.isinf(iceberg), 0.0, new / old / (price * tax * iceberg))
    return {
        "origin": codes[cells[2]],
        "destination": codes[cells[1]],
        "sector": np.array(world.sectors)[cells[0]],
        "before": old,
        "after": new,
        "change": new - old,
        "volume_hat": volume,
    }


def totals(solution: Solution) -> Columns:
    """Border exports and imports of each country before and after, goods and services."""
    world = solution.benchmark
    away = ~np.eye(len(world.countries), dtype=bool)
    rows = []
    for kind, mask in (("goods", is_goods(world.sectors)), ("services", ~is_goods(world.sectors))):
        before, after = (flow[mask].sum(axis=0) * away for flow in (world.flow, solution.flow_new))
        for direction, axis in (("exports", 0), ("imports", 1)):
            for code, old, new in zip(world.countries, before.sum(axis=axis), after.sum(axis=axis), strict=True):
                rows.append((code, direction, kind, old, new, new - old))
    names = ("country", "direction", "kind", "before", "after", "change")
    return {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def production(solution: Solution) -> Columns:
    """Gross output by sector and country before and after."""
    world = solution.benchmark
    sectors, countries = np.meshgrid(world.sectors, world.countries, indexing="ij")
    before, after = world.output.ravel(), solution.output_new.ravel()
    share = np.divide(after, before, out=np.full_like(after, np.nan), where=before > 0)
    return {
        "country": countries.ravel(),
        "sector": sectors.ravel(),
        "before": before,
        "after": after,
        "change": after - before,
        "output_pct": percent(share),
    }


def revenue(solution: Solution) -> Columns:
    """Tariff and export-tax revenue by country before and after."""
    world = solution.benchmark
    return {
        "country": np.array(world.countries),
        "tariff_revenue_before": world.tariff_revenue,
        "tariff_revenue_after": solution.tariff_revenue_new,
        "export_tax_revenue_before": world.export_tax_revenue,
        "export_tax_revenue_after": solution.export_tax_revenue_new,
    }


def diversion(solution: Solution, parties: list[str]) -> Columns:
    """Trade diverted: for every pair with one party, the change of goods flows, largest falls first.

    A fall between a party and an outsider beside a rise among parties is trade diverted from the outsider.
    """
    world = solution.benchmark
    goods = is_goods(world.sectors)
    before, after = world.flow[goods].sum(axis=0), solution.flow_new[goods].sum(axis=0)
    inside = np.isin(world.countries, parties or list(world.countries))
    chosen = inside[:, None] | inside[None, :]
    np.fill_diagonal(chosen, False)
    importer, exporter = np.nonzero(chosen)
    codes = np.array(world.countries)
    old, new = before[importer, exporter], after[importer, exporter]
    order = np.argsort(new - old, kind="stable")
    columns = {
        "origin": codes[exporter],
        "destination": codes[importer],
        "before": old,
        "after": new,
        "change": new - old,
        "among_parties": inside[importer] & inside[exporter],
    }
    return {name: values[order] for name, values in columns.items()}
