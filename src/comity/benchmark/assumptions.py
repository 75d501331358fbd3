"""Reading assumptions.yaml: every word a string, the keys that must be there checked."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from comity.classifications.countries import load_countries
from comity.classifications.sectors import load_sectors
from comity.errors import InputError, nearest

KEYS = (
    "gdp",
    "zero_tariff_unions",
    "borrowed_structure",
    "structure_splits",
    "wits_sections",
    "carve_out",
)


CARVE_KEYS = (
    "title", "wits_year", "tariff_year", "gdp_scaling", "import_total", "export_factor", "largest_share_of_row",
    "fuel_share", "named_exports", "named_exports_to_row", "pairs", "services", "output",
)  # fmt: skip


def read_assumptions(path: str | Path | None = None) -> dict[str, Any]:
    """The assumptions as nested dicts of strings; the packaged file unless another is named.

    Raises InputError for a file that cannot be read, is not YAML, or lacks or adds a top-level key.
    """
    where = "assumptions.yaml" if path is None else Path(path).name
    try:
        if path is None:
            text = (resources.files("comity.benchmark") / "worlds" / where).read_text(encoding="utf-8")
        else:
            text = Path(path).read_text(encoding="utf-8")
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as problem:
        raise InputError(where, "cannot be read", found=problem) from None
    if not isinstance(content, dict):
        raise InputError(where, "a mapping is needed", found=type(content).__name__)
    for key in content:
        if key not in KEYS:
            raise InputError(where, "unknown key", found=key, allowed=KEYS, nearest=nearest(key, KEYS))
    for key in KEYS:
        if key not in content:
            raise InputError(where, "key missing", found=list(content), allowed=KEYS)
    _check_codes(content, where)
    content["carve_out"] = {
        code: {**spec, "sections": content["wits_sections"]} for code, spec in content["carve_out"].items()
    }
    return content


def number(node: Any, where: str) -> float:
    """A number of the file, or an InputError that says where."""
    try:
        return float(node)
    except (TypeError, ValueError):
        raise InputError(f"assumptions.yaml, {where}", "a number is needed", found=node) from None


def _check_codes(content: dict[str, Any], where: str) -> None:
    """Every economy and sector the file names must be one: a typo would change nothing and say nothing."""
    countries, sectors = load_countries(), load_sectors()
    known = {*countries, "ROW", "default"}
    named: list[tuple[str, Any, Any]] = [("gdp", code, known) for code in content["gdp"]]
    for k, union in enumerate(content["zero_tariff_unions"]):
        named += [(f"zero_tariff_unions[{k}]", code, known) for code in union["members"]]
    for code, donors in content["borrowed_structure"].items():
        named += [("borrowed_structure", word, known) for word in (code, *donors)]
    for section, split in content["wits_sections"].items():
        named += [(f"wits_sections.{section}", code, sectors) for code in split]
        _check_sum(split, f"{where}, wits_sections.{section}")
    for country, spec in content["carve_out"].items():
        place = f"carve_out.{country}"
        for key in spec:
            if key not in CARVE_KEYS:
                raise InputError(f"{where}, {place}", "unknown key", found=key, allowed=CARVE_KEYS,
                                 nearest=nearest(key, CARVE_KEYS))  # fmt: skip
        named += [(place, country, known)]
        named += [(f"{place}.fuel_share", code, known) for code in spec["fuel_share"]["values"]]
        named += [(f"{place}.largest_share_of_row", code, known) for code in spec["largest_share_of_row"]]
        for item in spec["pairs"]:
            named += [(f"{place}.pairs", item[side], known) for side in ("from", "to")]
            named += [(f"{place}.pairs", code, sectors) for code in item.get("sectors", {})]
            if "sectors" in item:
                _check_sum(item["sectors"], f"{where}, {place}.pairs {item['from']} to {item['to']}")
    for key, code, allowed in named:
        if not isinstance(code, str) or code not in allowed:
            raise InputError(f"{where}, {key}", "unknown code", found=code, nearest=nearest(code, allowed))


def _check_sum(shares: dict[str, Any], where: str) -> None:
    total = sum(number(share, where) for share in shares.values())
    if abs(total - 1) > 1e-6:
        raise InputError(where, "shares must add to 1", found=f"{total:g}")
