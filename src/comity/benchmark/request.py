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
from comity.errors import InputError, listing, nearest
from comity.sources.baci import read_baci_totals
from comity.sources.wits import read_wits, summary_path

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
    lenders: Mapping[str, Any],
    sectors: Mapping[str, Sector],
) -> Request:
    """The wanted trade and output of a country, as docs/worlds.md describes step by step."""
    codes = list(sectors)
    goods = np.array([sectors[name].kind == "goods" for name in codes])
    exports_total, imports_total, record = partner_totals(code, spec, data, countries)
    exports = _exports(code, spec, year, data, exports_total, countries, codes, record)
    imports = _imports(code, spec, data, imports_total, flow, countries, sectors, record)
    _own_lists(code, spec, exports, imports, countries, codes, record)
    _add_services(exports, imports, flow, ~goods, spec["services"], gdp[code] / row_gdp(gdp, countries))
    record.append(
        _entry(code, "services trade: a stated part of what ROW trades", int((exports[~goods] > 0).sum() * 2),
               f"exports {exports[~goods].sum():,.0f}, imports {imports[~goods].sum():,.0f} million USD")
    )  # fmt: skip
    limits = {p: number(v, "limit") for p, v in spec["largest_share_of_row"].items()}
    limit = np.array([limits.get(partner, limits["default"]) for partner in countries])
    output = _output(code, spec, flow, countries, gdp, structure, lenders, codes, exports)
    return Request(code, exports, imports, output, limit, record)


def _exports(
    code: str,
    spec: Mapping[str, Any],
    year: int,
    data: Path,
    by_partner: Array,
    countries: tuple[str, ...],
    codes: list[str],
    record: list[dict[str, object]],
) -> Array:
    """(J, N) goods exports: partner totals by the fuel and non-fuel mix, then the flows named on top."""
    fuel, rest = export_mix(summary_path(data, code), spec, codes)
    listed = {partner: number(share, "fuel_share") for partner, share in spec["fuel_share"]["values"].items()}
    usual = number(spec["fuel_share"].get("default", 0), "fuel_share")
    shares = np.array([listed.get(partner, usual) for partner in countries])
    exports = by_partner * (shares * fuel[:, None] + (1 - shares) * rest[:, None])
    for item in spec.get("named_exports", []):
        amount = number(item[str(year)], "named_exports")
        exports[_position(codes, item["sector"]), _position(countries, item["to"])] += amount
        record.append(
            _entry(code, f"{item['sector']} to {item['to']} added by assumption", 1, f"{amount:,.0f} million USD")
        )
    return exports


def _imports(
    code: str,
    spec: Mapping[str, Any],
    data: Path,
    by_partner: Array,
    flow: Array,
    countries: tuple[str, ...],
    sectors: Mapping[str, Sector],
    record: list[dict[str, object]],
) -> Array:
    """(J, N) goods imports: partner totals by the partner's mix to ROW, fitted to the stages of WITS."""
    goods = np.array([sector.kind == "goods" for sector in sectors.values()])
    stage = np.array([sector.stage for sector in sectors.values()])
    imports = by_partner * _export_mix_of(flow, len(countries) - 1, goods)
    amounts = read_wits(summary_path(data, code), "Import(US$ Mil)", "Import", int(spec["wits_year"]))
    wanted = {name: amounts[label] for name, label in STAGES.items() if label in amounts}
    free = np.ones(len(countries), dtype=bool)
    free[_own_sectors(code, spec, "to", countries)] = False
    imports[:, free] = fit_to_stages(imports[:, free], stage, wanted)
    record.append(
        _entry(code, "imports by partner fitted to the four stages of WITS", int((imports > 0).sum()),
               ", ".join(f"{k} {imports[stage == k].sum() / imports[goods].sum():.1%}" for k in STAGES))
    )  # fmt: skip
    return imports


def _own_lists(
    code: str,
    spec: Mapping[str, Any],
    exports: Array,
    imports: Array,
    countries: tuple[str, ...],
    codes: list[str],
    record: list[dict[str, object]],
) -> None:
    """Pairs with a list of sectors of their own; filled in place."""
    for item in spec.get("pairs", []):
        if "sectors" not in item:
            continue
        column = np.zeros(len(codes))
        for name, share in item["sectors"].items():
            column[_position(codes, name)] = number(item["value"], "pairs") * number(share, "pairs")
        if item["from"] == code:
            exports[:, _position(countries, item["to"])] = column
        else:
            imports[:, _position(countries, item["from"])] = column
        record.append(
            _entry(code, f"{item['from']} to {item['to']} placed by a sector list of its own", int((column > 0).sum()),
                   f"{column.sum():,.1f} million USD; its other sectors are empty by assumption")
        )  # fmt: skip


def partner_totals(
    code: str, spec: Mapping[str, Any], data: Path, countries: tuple[str, ...]
) -> tuple[Array, Array, list[dict[str, object]]]:
    """(N,) goods exports to and imports from each economy, ROW holding all partners inside it, million USD, and the
    record of what was replaced, added and scaled.

    Imports of partners without a total of their own are scaled so that all goods imports reach `import_total`, if
    there is one.
    """
    labels, table = read_baci_totals(data / "baci_totals_liberation")
    if code not in labels:
        raise InputError(f"carve {code}", "BACI has no record of it", found=code)
    here = labels.index(code)
    exports, imports = np.zeros(len(countries)), np.zeros(len(countries))
    place = {partner: n for n, partner in enumerate(countries)}
    blank: list[str] = []
    for k, partner in enumerate(labels):
        if k != here:
            n = place.get(partner, len(countries) - 1)
            exports[n] += table[here][k] or 0.0
            imports[n] += table[k][here] or 0.0
            if partner in place and table[here][k] is None and table[k][here] is None:
                blank.append(partner)
    record = [_entry(code, "economies with no record in BACI either way, taken as 0 unless named in the assumptions",
                     len(blank), listing(blank))]  # fmt: skip
    exports *= number(spec["export_factor"]["value"], "export_factor")
    inside = spec.get("named_exports_to_row", [])
    exports[-1] += sum(number(item["value"], "named_exports_to_row") for item in inside)
    named_in: set[int] = set()
    for item in spec.get("pairs", []):
        value = number(item["value"], "pairs")
        if item["from"] == code:
            exports[_position(countries, item["to"])] = value
        else:
            n = _position(countries, item["from"])
            imports[n] = value
            named_in.add(n)
    replaced = [f"{item['from']} to {item['to']}" for item in spec.get("pairs", [])]
    record.append(_entry(code, "totals named in the assumptions instead of BACI", len(replaced) + len(inside),
                         listing(replaced + ["partners inside ROW"] * bool(inside))))  # fmt: skip
    if "import_total" in spec:
        free = np.array([n not in named_in for n in range(len(countries))])
        target = number(spec["import_total"]["value"], "import_total") - imports[~free].sum()
        factor = target / imports[free].sum()
        if factor <= 0:
            raise InputError("assumptions, import_total", "less than the pairs named alone", found=f"{target:.0f} left")
        imports[free] *= factor
        record.append(_entry(code, "imports scaled to the country's own total", int((imports[free] > 0).sum()),
                             f"factor {factor:.3f}"))  # fmt: skip
    return exports, imports, record


def export_mix(wits: Path, spec: Mapping[str, Any], codes: list[str]) -> tuple[Array, Array]:
    """Shares over sectors (J,) of fuel exports and of all other exports, from the HS sections of WITS."""
    sections = read_wits(wits, "Export Product share(%)", "Export", int(spec["wits_year"]))
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
) -> tuple[Array, dict[str, object]]:
    """(J, N+1, N+1) tariffs with the new country before ROW: as importer WITS averages by stage on everybody, as
    exporter each importer's usual rate; and the record of it."""
    j, n, _ = tariff.shape
    rates = read_wits(summary_path(data, code), "Weighted Average (%)", "Tariff", int(spec["tariff_year"]))
    own = np.array([rates[STAGES[s.stage]] / 100 if s.stage in STAGES else 0.0 for s in sectors.values()])
    wide = np.zeros((j, n + 1, n + 1))
    wide[:, :n, :n] = tariff
    wide[:, :n, n] = usual_rate(tariff)
    wide[:, n, :n] = own[:, None]
    order = [*range(n - 1), n, n - 1]
    faced = wide[:, :n, n]
    entry = _entry(
        code,
        "tariffs: as importer averages by stage (WITS), as exporter each importer's median non-zero rate",
        int((wide[:, n, :n] > 0).sum() + (faced > 0).sum()),
        f"own mean {own[own > 0].mean():.1%} ({spec['tariff_year']}), mean faced {faced[faced > 0].mean():.1%}",
    )
    return wide[:, order][:, :, order], entry


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


def row_gdp(gdp: Mapping[str, float], countries: tuple[str, ...]) -> float:
    """GDP of ROW: the world's less that of every other economy of the world."""
    return gdp["WLD"] - fsum(gdp[code] for code in countries if code != "ROW")  # fsum: one sum on every Python


def _output(
    code: str,
    spec: Mapping[str, Any],
    flow: Array,
    countries: tuple[str, ...],
    gdp: Mapping[str, float],
    structure: Structure,
    lenders: Mapping[str, Any],
    codes: list[str],
    exports: Array,
) -> Array:
    rule = spec["output"]
    donors = [_position(countries, donor) for donor in rule["donors"]]
    lent, _ = lend(structure, [code], lenders)
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
    return [
        _position(countries, item["from"]) for item in spec.get("pairs", []) if "sectors" in item and item[side] == code
    ]


def _position(words: list[str] | tuple[str, ...], word: str) -> int:
    if word not in words:
        raise InputError("assumptions", "unknown code", found=word, nearest=nearest(word, words))
    return list(words).index(word)


def _entry(code: str, what: str, count: int, detail: str) -> dict[str, object]:
    return {"step": f"carve {code}", "what": what, "count": count, "detail": detail}
