"""Building the embedded worlds from ../shared/data: read, aggregate, carve, borrow, rescale, balance, check."""

from __future__ import annotations

import csv
from importlib import resources
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.aggregate import aggregate_flows, aggregate_tariffs, clean_tariffs, membership
from comity.benchmark.assumptions import read_assumptions
from comity.benchmark.balance import accounts, balance_country, shift_value_added
from comity.benchmark.borrow import Structure, lend, structure_of
from comity.benchmark.carve import carve_country
from comity.benchmark.elasticities import DEFAULT_SET, elasticity_set
from comity.benchmark.request import carve_tariffs, make_request
from comity.benchmark.world import World
from comity.classifications.sectors import load_sectors
from comity.errors import InputError, nearest
from comity.sources import icio, totals, wiod

Array = NDArray[np.float64]

WORLDS = {"world-2022": 2022, "world-2019": 2019}
UNIT = "million USD"


def build_world(name: str, data_dir: str | Path, assumptions: str | Path | None = None) -> World:
    """An embedded world from the raw sources in `data_dir`; `assumptions` replaces the packaged assumptions.yaml.

    Raises InputError for an unknown world, a missing or changed source file, assumptions that do not fit.
    """
    where = "assumptions.yaml" if assumptions is None else Path(assumptions).name
    try:
        return _build(name, data_dir, assumptions)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as problem:
        raise InputError(
            where,
            "an entry is missing or of the wrong kind",
            found=f"{type(problem).__name__}: {problem}",
            advice="Compare it with the packaged assumptions.yaml.",
        ) from None


def _build(name: str, data_dir: str | Path, assumptions: str | Path | None) -> World:
    if name not in WORLDS:
        raise InputError("world", "cannot be built", found=name, allowed=list(WORLDS), nearest=nearest(name, WORLDS))
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
    tariff, record = clean_tariffs(aggregate_tariffs(raw.tariff, raw.flow, groups), flow, goods, unions)
    gdp, population = _gdp(data, year, raw.countries, assumed)
    structure = structure_of(wiod.read_wiod(data / "kite_wiod2014"), sectors, assumed["structure_splits"])
    countries = raw.countries
    estimated = []
    for code, spec in assumed["carve_out"].items():
        request = make_request(code, spec, year, data, flow, countries, gdp, structure, sectors)
        tariff = carve_tariffs(tariff, code, spec, data, sectors)
        flow, countries, steps = carve_country(flow, countries, request)
        record += steps
        estimated.append(code)
    gdp["ROW"] = gdp["WLD"] - fsum(gdp[code] for code in countries if code != "ROW")  # fsum: one sum on every Python
    lent, borrowed = lend(structure, countries, assumed["borrowed_structure"])
    arrays, balancing = _balanced(flow, tariff, countries, lent, np.array([gdp[code] for code in countries]))
    theta, about = elasticity_set(DEFAULT_SET, list(sectors))
    provenance = {
        "title": f"World economy {year}",
        "description": f"OECD ICIO {year}, {', '.join(estimated)} cut out of the rest of the world (estimated), "
        "input-output structure of WIOD 2014",
        "countries": _statuses(countries, estimated, borrowed),
        "sources": [source.as_dict() for source in (*icio.SOURCES, wiod.SOURCE, *totals.SOURCES)],
        "record": record + balancing,
        "elasticities": about,
        "gdp": {code: gdp[code] for code in countries},
        "population": {code: population[code] for code in countries if code in population},
        "assumptions": _flat(assumed, year),
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


def read_counts(world: str) -> list[dict[str, Any]]:
    """Both partners' statistics of a pair, million USD, from counts.csv."""
    text = (resources.files("comity.benchmark") / "worlds" / "counts.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["world"] == world]
    return [
        {**{key: row[key] for key in ("origin", "destination", "name", "setter", "year", "source")},
         "value": float(row["value"]), "in_world": row["in_world"] == "yes"}
        for row in rows
    ]  # fmt: skip


def _gdp(data: Path, year: int, countries: tuple[str, ...], assumed: dict[str, Any]) -> tuple[dict, dict]:
    gdp = totals.read_wdi(data / "wdi" / "gdp.csv", year, 1e6)
    population = totals.read_wdi(data / "wdi" / "population.csv", year, 1.0)
    for code, years in assumed["gdp"].items():
        gdp[code] = float(years[str(year)]["value"])
        # the world total lacks what WDI does not carry
        gdp["WLD"] += gdp[code]
    missing = [code for code in countries if code not in gdp and code != "ROW"]
    if missing:
        raise InputError("gdp.csv", f"no GDP for {year}", found=missing, advice="Add it under gdp: in the assumptions.")
    return gdp, population


def _balanced(
    flow: Array, tariff: Array, countries: tuple[str, ...], structure: Structure, gdp: Array
) -> tuple[dict[str, Array], list[dict[str, object]]]:
    """All arrays of a World: value-added shares moved to GDP, tables fitted to the flows country by country."""
    ledger = accounts(flow, tariff)
    inputs, final = np.empty_like(structure.inputs), np.empty_like(structure.final)
    added = np.empty_like(structure.value_added)
    shifts, gaps, changes, alphas = [], [], [], []
    for n in range(len(countries)):
        output, spending = ledger.output[:, n], ledger.expenditure[:, n]
        added[:, n], shift = shift_value_added(structure.value_added[:, n], output, gdp[n] - ledger.revenue[n])
        income = gdp[n] + ledger.deficit[n]
        base = structure.inputs[:, :, n]
        scaled = base / base.sum(axis=0) * (1 - added[:, n])
        shares, alpha, gap = balance_country(
            scaled * output, structure.final[:, n] * income, added[:, n], spending, output, income
        )
        idle = output == 0
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
    ]  # fmt: skip
    return arrays, record


def _statuses(countries: tuple[str, ...], estimated: list[str], borrowed: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    table = {}
    for code in countries:
        flows = "estimated" if code in estimated else "observed"
        lenders = borrowed.get(code)
        table[code] = {
            "flows": flows,
            "input_output": "borrowed" if lenders else "observed",
            "tariffs": "estimated" if code in estimated else "observed",
            "note": f"input-output structure: mean of {', '.join(lenders)}" if lenders else "",
        }
    table["ROW"]["note"] = "what remains of the rest of the world; the source has no tariffs of ROW, HKG, SGP (0)"
    for code in estimated:
        table[code]["note"] += "; flows and sector detail built from partner totals, not observed"
    return table


def _flat(assumed: dict[str, Any], year: int) -> list[dict[str, Any]]:
    """Every entry of the assumptions file with a status, as one row; other years' entries left out."""
    rows: list[dict[str, Any]] = []

    def walk(node: Any, key: str) -> None:
        if isinstance(node, dict):
            if "status" in node:
                value = {k: v for k, v in node.items() if k not in ("status", "citation")}
                rows.append(
                    {"key": key, "value": value, "status": node["status"], "citation": node.get("citation", "")}
                )
                return
            for name, child in node.items():
                if not (name.isdigit() and name != str(year)):
                    walk(child, f"{key}.{name}" if key else name)
        elif isinstance(node, list):
            for number, child in enumerate(node):
                walk(child, f"{key}[{number}]")

    walk(assumed, "")
    return rows
