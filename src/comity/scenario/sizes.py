"""Sizes of measures from the literature (`sizes.csv`), and how each maps to a change of trade cost.

`low` is the weakest and `high` the strongest figure, whatever their order as numbers. Units:

- `trade ratio`: kappa_hat = ratio^(-1/theta_j)
- `cost change`: kappa_hat = 1 + change
- `hat`: kappa_hat itself
- `days`: kappa_hat = exp(k days), days saved are negative; k from a row in `ad-valorem per day`, or
  kappa_hat = ratio^(days/theta_j) from a row in `trade ratio per day saved`
- `tariff to`, `tariff change`, `tariff scale`: for tariffs and export taxes only
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError, nearest

Array = NDArray[np.float64]
Level = Literal["low", "central", "high"]

RATE_UNITS = {"tariff to": "to", "tariff change": "change", "tariff scale": "scale"}
COST_UNITS = {"trade ratio": "trade_ratio", "cost change": "cost_change", "hat": "hat", "days": "days"}
PER_DAY_UNITS = ("ad-valorem per day", "trade ratio per day saved")
COVERS = ("tariff", "ntb", "border_time", "visa", "all")
STATUSES = ("published", "secondary", "assumed")
DEFAULT_DAY = "day-hummels-schaur"


@dataclass(frozen=True)
class Levels:
    """A number at three sizes; all the same where no range is known."""

    low: float
    central: float
    high: float

    def at(self, level: Level) -> float:
        return float(getattr(self, level))

    @property
    def ranged(self) -> bool:
        return not self.low == self.central == self.high

    def __iter__(self) -> Iterator[float]:
        return iter((self.low, self.central, self.high))


@dataclass(frozen=True)
class Size:
    """One row of sizes.csv."""

    id: str
    title: str
    unit: str
    levels: Levels
    standard_error: float | None
    covers: frozenset[str]
    status: str
    citation: str
    where: str
    note: str


@cache
def load_sizes() -> dict[str, Size]:
    """Every row of sizes.csv by id."""
    text = (resources.files("comity.scenario") / "sizes.csv").read_text(encoding="utf-8")
    return {
        row["id"]: Size(
            id=row["id"],
            title=row["title"],
            unit=row["unit"],
            levels=Levels(float(row["low"]), float(row["central"]), float(row["high"])),
            standard_error=float(row["standard_error"]) if row["standard_error"] else None,
            covers=frozenset(part for part in row["covers"].split(";") if part),
            status=row["status"],
            citation=row["citation"],
            where=row["where"],
            note=row["note"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def find_size(name: str, where: str, units: tuple[str, ...] | None = None) -> Size:
    """The row called `name`, whose unit must be one of `units`. Raises InputError with the nearest match."""
    sizes = load_sizes()
    if name in sizes and (units is None or sizes[name].unit in units):
        return sizes[name]
    fitting = [size.id for size in sizes.values() if units is None or size.unit in units]
    if name not in sizes:
        raise InputError(where, "unknown size", found=name, allowed=fitting, nearest=nearest(name, fitting))
    raise InputError(
        where,
        f"size {name!r} is in {sizes[name].unit!r} and does not fit here",
        found=name,
        allowed=fitting,
    )


def log_cost(form: str, value: float, theta: Array, per_day: tuple[str, float] | None = None) -> Array:
    """ln kappa_hat (J,) of a size written as `form` (hat, cost_change, trade_ratio, days), theta (J,).

    `per_day` = (unit, value) of the row that prices a day; needed for days only.
    """
    if form == "hat":
        return np.full(theta.shape, math.log(value))
    if form == "cost_change":
        return np.full(theta.shape, math.log1p(value))
    if form == "trade_ratio":
        return -math.log(value) / theta
    if form == "days" and per_day is not None:
        unit, rate = per_day
        if unit == "trade ratio per day saved":
            return value * math.log(rate) / theta
        return np.full(theta.shape, rate * value)
    raise ValueError(f"no mapping for size form {form!r}")
