"""Two statistical counts of one trade flow: the same scenario on benchmarks that differ only in the pair."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from comity.benchmark.world import World
from comity.classifications.sectors import is_goods
from comity.kept import KeptFor


@dataclass(frozen=True)
class Count:
    """One partner's statistics of a pair: value by (origin, destination), million USD; whether the world has it."""

    name: str
    setter: str
    year: str
    in_world: bool
    values: dict[tuple[str, str], float]
    source: str


@dataclass(frozen=True)
class Target:
    """An announced trade target: goods trade both ways of two partners, million USD, on one partner's count."""

    partner: str
    other: str
    million_usd: float
    set_by: str
    count: str
    source: str


def counts_of(world: World, pairs: list[tuple[str, str]]) -> list[Count]:
    """Counts of the pairs (importer, exporter) a scenario names, the one the world holds first; empty if none."""
    touched = {frozenset(pair) for pair in pairs}
    grouped: dict[str, list[dict]] = {}
    for row in world.provenance.get("counts", []):
        if frozenset((row["origin"], row["destination"])) in touched:
            grouped.setdefault(row["name"], []).append(row)
    counts = [
        Count(
            name,
            rows[0]["setter"],
            _year(rows[0]["year"]),
            bool(rows[0]["in_world"]),
            {(row["origin"], row["destination"]): row["value"] for row in rows},
            _sources(rows),
        )
        for name, rows in grouped.items()
    ]
    return sorted(counts, key=lambda count: not count.in_world)


def _year(text: str) -> str:
    """The year as readers of any calendar know it: "Iranian year 1401, to March 2023" for "1401 (to March 2023)"."""
    found = re.fullmatch(r"(1[34]\d\d)(?: \((.+)\))?", text)
    return f"Iranian year {', '.join(part for part in found.groups() if part)}" if found else text


def _sources(rows: Sequence[dict]) -> str:
    """Where the flows are from: one sentence, or one for each flow where they differ."""
    if len({row["source"] for row in rows}) == 1:
        return str(rows[0]["source"])
    return "; ".join(f"{row['origin']} to {row['destination']}: {row['source']}" for row in rows)


_rebalanced: KeptFor[World, World] = KeptFor()


def on_count(world: World, count: Count) -> World:
    """The world rebalanced so that the pair's goods flows are those of `count`; its sector mix stays. One object a
    count, kept as long as the world lives."""
    return _rebalanced.get(world, count.name, lambda: _on_count(world, count))


def _on_count(world: World, count: Count) -> World:
    goods = np.flatnonzero(is_goods(world.sectors))
    flows: dict[tuple[str, ...], float] = {}
    for (origin, destination), value in count.values.items():
        now = world.flow[goods, world.country(destination), world.country(origin)]
        for sector, cell in zip(goods, now, strict=True):
            if cell > 0:
                flows[origin, destination, world.sectors[sector]] = float(cell * value / now.sum())
    return world.with_flows(flows)


def announced_targets(scenario: str) -> list[Target]:
    """Targets that the parties of a gallery scenario announced, from announced.csv."""
    text = (resources.files("comity.outcomes") / "announced.csv").read_text(encoding="utf-8")
    return [
        Target(r["partner"], r["other"], float(r["million_usd"]), r["set_by"], r["count"], r["source"])
        for r in csv.DictReader(text.splitlines())
        if r["scenario"] == scenario
    ]
