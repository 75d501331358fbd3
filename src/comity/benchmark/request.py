"""From public totals to the trade a carved-out country should have: partner totals, sector mixes, services, output."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.aggregate import usual_rate
from comity.benchmark.assumptions import number
from comity.benchmark.borrow import Structure, lend
from comity.benchmark.carve import Request, fit_to_stages, output_by_sector
from comity.classifications.sectors import Sector
from comity.errors import InputError, nearest
from comity.sources import totals

Array = NDArray[np.float64]

STAGES = {
    "raw": "Raw materials",
    "intermediate": "Intermediate goods",
    "consumer": "Consumer goods",
    "capital": "Capital goods",
}


def make_request(
    code: str,
    spec: Mapping[str, Any],
    year: int,
    data: Path,
    flow: Array,
    countries: tuple[str, ...],
    gdp: Mapping[str, float],
    structure: Structure,
    sectors: Mapping[str, Sector],
) -> Request:
    """The wanted trade and output of a country, as docs/worlds.md describes step by step."""
    codes = list(sectors)
    goods = np.array([sectors[name].kind == "goods" for name in codes])
    wits = data / "wits_summary" / f"en_{code}_AllYears_WITS_Trade_Summary.CSV"
    exports_total, imports_total = partner_totals(code, spec, data, countries)
    record: list[dict[str, object]] = []
    fuel, rest = export_mix(wits, spec, codes)
    fuel_share = {p: number(v, "fuel_share") for p, v in spec["fuel_share"]["values"].items()}
    shares = np.array([fuel_share.get(partner, 0.0) for partner in countries])
    exports = exports_total * (shares * fuel[:, None] + (1 - shares) * rest[:, None])
    for item in spec["named_exports"]:
        exports[_position(codes, item["sector"]), _position(countries, item["to"])] += number(item[str(year)], "oil")

    row = len(countries) - 1
    mix = _export_mix_of(flow, row, goods)
    imports = imports_total * mix
    stage = np.array([sectors[name].stage for name in codes])
    by_stage = totals.read_wits(wits, "Import(US$ Mil)", "Import", int(spec["wits_year"]))
    wanted = {name: by_stage[label] for name, label in STAGES.items()}
    fixed = _own_sectors(code, spec, "to", countries)
    free = np.ones(len(countries), dtype=bool)
    free[fixed] = False
    imports[:, free] = fit_to_stages(imports[:, free], stage, wanted)
    for item in spec["pairs"]:
        if "sectors" not in item:
            continue
        column = np.zeros(len(codes))
        for name, share in item["sectors"].items():
            column[_position(codes, name)] = number(item["value"], "pairs") * number(share, "pairs")
        if item["from"] == code:
            exports[:, _position(countries, item["to"])] = column
        else:
            imports[:, _position(countries, item["from"])] = column
    _add_services(exports, imports, flow, ~goods, spec["services"], gdp[code] / _row_gdp(gdp, countries))
    limits = {p: number(v, "limit") for p, v in spec["largest_share_of_row"].items()}
    limit = np.array([limits.get(partner, limits["default"]) for partner in countries])
    output = _output(code, spec, flow, countries, gdp, structure, codes, exports)
    record.append(
        {
            "step": f"carve {code}",
            "what": "imports by partner fitted to the four stages of WITS",
            "count": int((imports > 0).sum()),
            "detail": ", ".join(f"{k} {imports[stage == k].sum() / imports[goods].sum():.1%}" for k in STAGES),
        }
    )
    return Request(code, exports, imports, output, limit, record)


def partner_totals(code: str, spec: Mapping[str, Any], data: Path, countries: tuple[str, ...]) -> tuple[Array, Array]:
    """(N,) goods exports to and imports from each economy, ROW holding all partners inside it, million USD.

    Imports of partners without a total of their own are scaled so that all goods imports reach `import_total`.
    """
    labels, table = totals.read_baci_totals(data / "baci_totals_liberation")
    if code not in labels:
        raise InputError(f"carve {code}", "BACI has no record of it", found=code)
    here = labels.index(code)
    exports, imports = np.zeros(len(countries)), np.zeros(len(countries))
    place = {partner: n for n, partner in enumerate(countries)}
    for k, partner in enumerate(labels):
        if k != here:
            n = place.get(partner, len(countries) - 1)
            exports[n] += table[here][k]
            imports[n] += table[k][here]
    exports *= number(spec["export_factor"]["value"], "export_factor")
    exports[-1] += sum(number(item["value"], "named_exports_to_row") for item in spec["named_exports_to_row"])
    named_in: set[int] = set()
    for item in spec["pairs"]:
        value = number(item["value"], "pairs")
        if item["from"] == code:
            exports[_position(countries, item["to"])] = value
        else:
            n = _position(countries, item["from"])
            imports[n] = value
            named_in.add(n)
    free = np.array([n not in named_in for n in range(len(countries))])
    target = number(spec["import_total"]["value"], "import_total") - imports[~free].sum()
    imports[free] *= target / imports[free].sum()
    return exports, imports


def export_mix(wits: Path, spec: Mapping[str, Any], codes: list[str]) -> tuple[Array, Array]:
    """Shares over sectors (J,) of fuel exports and of all other exports, from the HS sections of WITS."""
    sections = totals.read_wits(wits, "Export Product share(%)", "Export", int(spec["wits_year"]))
    fuel, rest = np.zeros(len(codes)), np.zeros(len(codes))
    for section, split in spec["sections"].items():
        if section not in sections:
            raise InputError(wits.name, "HS section missing", found=section, allowed=list(sections))
        for name, share in split.items():
            target = fuel if section == "Fuels" else rest
            target[_position(codes, name)] += sections[section] * number(share, "wits_sections")
    return fuel / fuel.sum(), rest / rest.sum()


def carve_tariffs(
    tariff: Array, code: str, spec: Mapping[str, Any], data: Path, sectors: Mapping[str, Sector]
) -> Array:
    """(J, N+1, N+1) tariffs with the new country before ROW: as importer WITS averages by stage on everybody, as
    exporter each importer's usual rate."""
    j, n, _ = tariff.shape
    wits = data / "wits_summary" / f"en_{code}_AllYears_WITS_Trade_Summary.CSV"
    rates = totals.read_wits(wits, "Weighted Average (%)", "Tariff", int(spec["tariff_year"]))
    own = np.array([rates[STAGES[s.stage]] / 100 if s.stage in STAGES else 0.0 for s in sectors.values()])
    wide = np.zeros((j, n + 1, n + 1))
    wide[:, :n, :n] = tariff
    wide[:, :n, n] = usual_rate(tariff)
    wide[:, n, :n] = own[:, None]
    order = [*range(n - 1), n, n - 1]
    return wide[:, order][:, :, order]


def _export_mix_of(flow: Array, row: int, goods: NDArray[np.bool_]) -> Array:
    """(J, N) goods mix of each partner's exports to ROW; for ROW itself the mix of its exports to all others."""
    sold = flow[:, row, :].copy()
    sold[:, row] = flow[:, :row, row].sum(axis=1)
    sold[~goods] = 0.0
    return sold / np.maximum(sold.sum(axis=0), 1e-300)


def _add_services(
    exports: Array, imports: Array, flow: Array, services: NDArray[np.bool_], rule: Mapping[str, Any], weight: float
) -> None:
    """Services: a stated part of what ROW trades, imports a stated multiple of exports; filled in place."""
    row = flow.shape[1] - 1
    sold = flow[services, :, row].copy()
    bought = flow[services, row, :].copy()
    sold[:, row] = bought[:, row] = 0.0
    exports[services] = sold * weight * number(rule["share_of_row_factor"], "services")
    wanted = exports[services].sum() * number(rule["imports_to_exports"], "services")
    imports[services] = bought * wanted / bought.sum()


def _row_gdp(gdp: Mapping[str, float], countries: tuple[str, ...]) -> float:
    return gdp["WLD"] - fsum(gdp[code] for code in countries if code != "ROW")


def _output(
    code: str,
    spec: Mapping[str, Any],
    flow: Array,
    countries: tuple[str, ...],
    gdp: Mapping[str, float],
    structure: Structure,
    codes: list[str],
    exports: Array,
) -> Array:
    rule = spec["output"]
    donors = [_position(countries, donor) for donor in rule["donors"]]
    lent, _ = lend(structure, [code], {code: ["RUS", "TUR", "ROW"], "default": ["ROW"]})
    least = number(rule["least_output_to_exports"], "output") * exports.sum(axis=1)
    return output_by_sector(
        flow.sum(axis=1)[:, donors],
        np.array([gdp[donor] for donor in rule["donors"]]),
        gdp[code],
        lent.value_added[:, 0],
        codes.index("OILGAS"),
        number(rule["oil_value_added_share_of_gdp"], "output"),
        least,
    )


def _own_sectors(code: str, spec: Mapping[str, Any], side: str, countries: tuple[str, ...]) -> list[int]:
    """Positions of partners whose exports to the country have a sector list of their own."""
    return [_position(countries, item["from"]) for item in spec["pairs"] if "sectors" in item and item[side] == code]


def _position(words: list[str] | tuple[str, ...], word: str) -> int:
    if word not in words:
        raise InputError("assumptions.yaml", "unknown code", found=word, nearest=nearest(word, words))
    return list(words).index(word)
