"""Building the embedded worlds from ../shared/data: read, aggregate, carve, borrow, rescale, balance, check; smooth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.aggregate import aggregate_flows, aggregate_tariffs, clean_tariffs, membership, tariff_record
from comity.benchmark.assumptions import read_assumptions
from comity.benchmark.balance import accounts, balance_country, needs_trace, shift_value_added
from comity.benchmark.borrow import Structure, lend, structure_of
from comity.benchmark.carve import carve_country
from comity.benchmark.elasticities import DEFAULT_SET, elasticity_set
from comity.benchmark.provenance import flat_assumptions, read_counts, statuses
from comity.benchmark.request import carve_tariffs, make_request, row_gdp
from comity.benchmark.smooth import SUFFIX, smooth_world
from comity.benchmark.world import World
from comity.classifications.sectors import load_sectors
from comity.errors import InputError, nearest
from comity.sources import baci, geodist, icio, penppml, wdi, wiod, wits

Array = NDArray[np.float64]

PLAIN = {"world-2022": 2022, "world-2019": 2019}
WORLDS = {**PLAIN, **{f"{name}{SUFFIX}": year for name, year in PLAIN.items()}}
UNIT = "million USD"
SOURCES = (*icio.SOURCES, wiod.SOURCE, baci.SOURCE, wdi.SOURCE, wits.SOURCE, penppml.SOURCE)


def build_world(name: str, data_dir: str | Path, assumptions: str | Path | None = None) -> World:
    """An embedded world from the raw sources in `data_dir`; `assumptions` replaces the packaged assumptions.yaml.

    Raises InputError for an unknown world, a missing or changed source file, assumptions that do not fit.
    """
    if name not in WORLDS:
        raise InputError("world", "cannot be built", found=name, allowed=list(WORLDS), nearest=nearest(name, WORLDS))
    if name not in PLAIN:
        plain = build_world(name.removesuffix(SUFFIX), data_dir, assumptions)
        inside = [code for code in plain.countries if code != "ROW"]
        return smooth_world(plain, geodist.read_geodist(Path(data_dir) / "cepii_geodist", inside))
    data, year, assumed = Path(data_dir), WORLDS[name], read_assumptions(assumptions)
    if not data.is_dir():
        raise InputError("--data", "the folder of raw sources is not there", found=data.name)
    sectors = load_sectors()
    raw = icio.read_icio(data / "oecd_icio_tariffwar" / f"ICIO{year}.mat")
    groups = membership(raw.sectors, [sector.icio for sector in sectors.values()])
    flow = aggregate_flows(raw.flow, groups)
    goods = np.array([sector.kind == "goods" for sector in sectors.values()])
    unions = [
        [raw.countries.index(code) for code in union["members"] if code in raw.countries]
        for union in assumed["zero_tariff_unions"]
    ]
    tariff, cleaned = clean_tariffs(aggregate_tariffs(raw.tariff, raw.flow, groups), flow, goods, unions)
    record = [*tariff_record(raw.tariff, raw.flow, groups), *cleaned]
    gdp, population = _gdp(data, year, raw.countries, assumed)
    tables = wiod.read_wiod(data / "kite_wiod2014")
    structure = structure_of(tables, sectors, assumed["structure_splits"])
    countries, lenders = raw.countries, assumed["borrowed_structure"]
    estimated: list[str] = []
    for code, spec in assumed["carve_out"].items():
        request = make_request(code, spec, year, data, flow, countries, gdp, structure, lenders, sectors)
        tariff, rates = carve_tariffs(tariff, code, spec, data, sectors)
        flow, countries, steps = carve_country(flow, countries, request)
        record += [*steps, rates]
        estimated.append(code)
    gdp["ROW"] = row_gdp(gdp, countries)
    lent, borrowed = lend(structure, countries, lenders)
    record += _structure_record(tables, assumed["structure_splits"], borrowed, gdp["ROW"])
    arrays, balancing = _balanced(flow, tariff, countries, lent, np.array([gdp[code] for code in countries]))
    theta, about = elasticity_set(DEFAULT_SET, list(sectors))
    provenance = {
        "title": f"World economy {year}",
        "description": f"OECD ICIO {year}, {', '.join(estimated)} cut out of the rest of the world (estimated), "
        "input-output structure of WIOD 2014",
        "countries": statuses(countries, estimated, borrowed),
        "sources": [source.as_dict() for source in SOURCES],
        "record": record + balancing,
        "elasticities": about,
        "gdp": {code: gdp[code] for code in countries},
        "population": {code: population[code] for code in countries if code in population},
        "assumptions": flat_assumptions(assumed, year),
        "counts": read_counts(name),
        "tariff_terms": "bilateral rates are stored only as averages over 22 sectors: the terms of the source's own "
        "rates could not be established",
    }
    return World.from_arrays(
        countries=countries,
        sectors=list(sectors),
        trade_elasticity=theta,
        name=name,
        base_year=year,
        money_unit=UNIT,
        provenance=provenance,
        **arrays,  # type: ignore[arg-type]  # a dict of arrays, by name
    )


def _gdp(data: Path, year: int, countries: tuple[str, ...], assumed: dict[str, Any]) -> tuple[dict, dict]:
    gdp = wdi.read_wdi(data / "wdi" / "gdp.csv", year, 1e6)
    population = wdi.read_wdi(data / "wdi" / "population.csv", year, 1.0)
    for code, years in assumed["gdp"].items():
        if str(year) not in years:
            raise InputError(f"assumptions, gdp.{code}", "no value for this year", found=list(years), allowed=str(year))
        gdp[code] = float(years[str(year)]["value"])
        if code in countries:  # WDI's world total lacks it; it does hold what lies inside ROW
            gdp["WLD"] += gdp[code]
    missing = [code for code in (*countries, *assumed["carve_out"]) if code not in gdp and code != "ROW"]
    if missing:
        raise InputError("gdp.csv", f"no GDP for {year}", found=missing, advice="Add it under gdp: in the assumptions.")
    return gdp, population


def _structure_record(
    tables: wiod.Wiod, splits: dict[str, Any], borrowed: dict[str, tuple[str, ...]], rest: float
) -> list[dict[str, object]]:
    """What was done to WIOD's structure, and the GDP that ROW is left with."""
    cells, amount = tables.clipped
    return [
        {"step": "structure", "what": "negative final demand of WIOD (stocks drawn down) set to 0", "count": cells,
         "detail": f"{amount:,.0f} of {tables.final.sum():,.0f} million USD"},
        {"step": "structure", "what": "WIOD sectors divided in two by assumed row shares", "count": len(splits),
         "detail": ", ".join(splits)},
        {"step": "structure", "what": "economies with borrowed input-output and final-demand shares",
         "count": len(borrowed), "detail": ""},
        {"step": "rescale", "what": "GDP of ROW taken as the world's less all others'", "count": 1,
         "detail": f"{rest:,.0f} million USD"},
    ]  # fmt: skip


def _balanced(
    flow: Array, tariff: Array, countries: tuple[str, ...], structure: Structure, gdp: Array
) -> tuple[dict[str, Array], list[dict[str, object]]]:
    """All arrays of a World: value-added shares moved to GDP, tables fitted to the flows country by country."""
    ledger = accounts(flow, tariff)
    inputs, final = np.empty_like(structure.inputs), np.empty_like(structure.final)
    added = np.empty_like(structure.value_added)
    shifts, gaps, changes, alphas, traces, unused = [], [], [], [], 0, 0
    for n in range(len(countries)):
        output, spending = ledger.output[:, n], ledger.expenditure[:, n]
        added[:, n], shift = shift_value_added(structure.value_added[:, n], output, gdp[n] - ledger.revenue[n])
        income = gdp[n] + ledger.deficit[n]
        base = structure.inputs[:, :, n]
        scaled = base / base.sum(axis=0) * (1 - added[:, n])
        prior = (scaled * output, structure.final[:, n] * income)
        traces += int(needs_trace(*prior, spending, np.append(output, income)).sum())
        shares, alpha, gap = balance_country(*prior, added[:, n], spending, output, income)
        idle = output == 0
        unused += int(idle.sum())
        shares[:, idle] = scaled[:, idle]
        inputs[:, :, n], final[:, n] = shares, alpha
        shifts.append(shift)
        gaps.append(gap)
        alphas.append(float(np.abs(alpha - structure.final[:, n]).mean()))
        material = (scaled * output > 1e-3 * output.sum() / output.size) & (shares > 0)
        changes.append(np.abs(np.log(shares[material] / scaled[material])))
    moved = np.concatenate(changes)
    spent = np.where(ledger.expenditure > 0, ledger.expenditure, 1)
    arrays = {
        "trade_share": flow * (1 + tariff) / spent[:, :, None],
        "tariff": tariff,
        "value_added_share": added,
        "input_share": inputs,
        "consumption_share": final,
        "value_added": gdp - ledger.revenue,
        "deficit": ledger.deficit - ledger.deficit.sum() / len(countries),
    }
    worst = countries[int(np.argmax(shifts))]
    record: list[dict[str, object]] = [
        {"step": "rescale", "what": "value-added shares moved by one logit constant a country so that GDP is met",
         "count": len(countries), "detail": f"largest change of one share {max(shifts):.2f} ({worst})"},
        {"step": "balance", "what": "input-output tables fitted to flows (RAS); flows unchanged",
         "count": len(moved), "detail": f"material cells move by a median of {np.median(moved):.2f} in logs, 95th "
         f"percentile {np.quantile(moved, 0.95):.2f}; final-demand shares by {100 * np.mean(alphas):.1f} percentage "
         f"points on average; largest gap left {max(gaps):.0e}"},
        {"step": "balance", "what": "prior cells that were 0 where flows are not and got a trace", "count": traces,
         "detail": "one billionth of the table's mean cell"},
        {"step": "balance", "what": "sectors without output in a country: prior cost shares kept", "count": unused,
         "detail": ""},
        {"step": "balance", "what": "rounding of the sum of deficits spread over all economies",
         "count": len(countries), "detail": "below 0.001 million USD in all"},
    ]  # fmt: skip
    return arrays, record
