"""A row of the validation table: a number somebody else printed, ours, and how far apart they may be."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

REPRODUCED, DIFFERS, EXPLAINED, NOT_CHECKED = "reproduced", "differs", "differs, explained", "not reproducible"


class Absent(Exception):
    """The data or an optional library that a study needs is not here; the text says which."""


@dataclass(frozen=True)
class Row:
    """One number. `tolerance` is absolute, in `unit`; `why` says where it comes from (printed digits, say).

    `note` on a row outside its tolerance explains the difference; a row without `published` or `ours` is
    one that cannot be reproduced, and `note` says why.
    """

    table: str
    quantity: str
    label: str
    published: float | None
    ours: float | None
    tolerance: float
    unit: str = "%"
    why: str = "printed digits"
    note: str = ""

    @property
    def difference(self) -> float | None:
        """ours - published, None where one of them is missing."""
        if self.published is None or self.ours is None:
            return None
        return self.ours - self.published

    @property
    def status(self) -> str:
        """ "reproduced", "differs" (a failure), "differs, explained" or "not reproducible"."""
        gap = self.difference
        if gap is None:
            return NOT_CHECKED
        if math.isfinite(gap) and abs(gap) <= self.tolerance:
            return REPRODUCED
        return EXPLAINED if self.note and math.isfinite(gap) else DIFFERS


@dataclass(frozen=True)
class Study:
    """A publication or program, and the function that reproduces it from the data folder.

    `rows(data)` raises Absent where its data (or an optional library) is missing.
    """

    id: str
    title: str
    citation: str
    bibtex: str
    rows: Callable[[Path], list[Row]]
    about: str = ""


@cache
def published(name: str) -> tuple[dict[str, str], ...]:
    """The lines of published/NAME.csv, a small table of printed numbers with their source."""
    text = files("comity.validation").joinpath("published", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def needed(path: Path) -> Path:
    """`path`, or Absent naming it by its folder and file."""
    if not path.exists():
        raise Absent(f"needs {path.parent.name}/{path.name}, which is not in the data folder")
    return path
