"""Sanctions regimes (`regimes.csv`): who, on whom, since when, how large, and what each world already contains."""

from __future__ import annotations

import csv
import datetime
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Literal

from comity.benchmark.world import World
from comity.errors import InputError, nearest

Contained = Literal["none", "partly", "full"]
CONTAINED: tuple[Contained, ...] = ("none", "partly", "full")
DIRECTIONS = ("target_exports", "target_imports")


@dataclass(frozen=True)
class Regime:
    """One regime. `size` names a row of sizes.csv per direction of trade; words in senders and targets may be blocs."""

    id: str
    title: str
    senders: tuple[str, ...]
    targets: tuple[str, ...]
    sectors: tuple[str, ...]
    start: datetime.date
    end: datetime.date | None
    size: dict[str, str]
    contained: dict[str, Contained] = field(default_factory=dict)
    citation: str = ""
    note: str = ""

    def in_benchmark(self, world: World) -> Contained:
        """What this world already contains of the regime.

        The table decides for the worlds it names (variants of them included); for any other world the base year does:
        in force on its first day means full. A world without base year contains nothing.
        """
        for name, contained in self.contained.items():
            if world.name and (world.name == name or world.name.startswith(name)):
                return contained
        if world.base_year is None:
            return "none"
        day = datetime.date(world.base_year, 1, 1)
        return "full" if self.start <= day and (self.end is None or day < self.end) else "none"


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(";") if part)


@cache
def load_regimes() -> dict[str, Regime]:
    """Every row of regimes.csv by id."""
    text = (resources.files("comity.scenario") / "regimes.csv").read_text(encoding="utf-8")
    return {
        row["id"]: Regime(
            id=row["id"],
            title=row["title"],
            senders=tuple(row["senders"].split(";")),
            targets=tuple(row["targets"].split(";")),
            sectors=tuple(row["sectors"].split(";")),
            start=datetime.date.fromisoformat(row["from"]),
            end=datetime.date.fromisoformat(row["to"]) if row["to"] else None,
            size=_pairs(row["size"]),
            contained=_pairs(row["in_benchmark"]),  # type: ignore[arg-type]
            citation=row["citation"],
            note=row["note"],
        )
        for row in csv.DictReader(text.splitlines())
    }


def find_regime(name: str, where: str, own: dict[str, Regime] | None = None) -> Regime:
    """The regime called `name`, from the scenario's own ones first. Raises InputError with the nearest match."""
    known = {**load_regimes(), **(own or {})}
    if name not in known:
        raise InputError(where, "unknown regime", found=name, allowed=list(known), nearest=nearest(name, known))
    return known[name]
