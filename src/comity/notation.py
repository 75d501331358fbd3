"""The table of quantities: one row each in notation.csv; labels, units and docs derive from it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Quantity:
    """One quantity: symbol, code name, axes, unit, kind (benchmark, shock, derived, result), definition, source."""

    symbol: str
    name: str
    axes: str
    unit: str
    kind: str
    definition: str
    equation: str
    source: str


@cache
def quantities() -> dict[str, Quantity]:
    """Every quantity by code name."""
    text = (resources.files("comity") / "notation.csv").read_text(encoding="utf-8")
    return {row["name"]: Quantity(**row) for row in csv.DictReader(text.splitlines())}
