"""What an answer is uncertain about: each source with its distribution, its status and its citation.

Spreads stand in `spreads.csv` (editable: name another file); the ranges of sizes stand in scenario/sizes.csv.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import InputError, nearest
from comity.outcomes.counts import Count, counts_of

Array = NDArray[np.float64]

GROUPS = ("elasticities", "sizes", "estimates", "count", "flow", "openness")
OPTIONAL = ("openness",)  # drawn only when asked for by name
KINDS = {"theta": ("log_sd", "standard_error"), "flow": ("relative_range",), "openness": ("relative_range",)}
STATUSES = ("published", "secondary", "estimated", "assumed")
COUNT_NODES = (0.0, 1.0)  # weight of the other partner's statistics: one or the other, never an average
FLOW_NODES = (0.0, -1.0, 1.0)  # in units of the range; the world's own figure first


@dataclass(frozen=True)
class Spread:
    """One row of spreads.csv."""

    source: str
    set: str
    key: str
    kind: str
    value: float
    status: str
    citation: str
    note: str


@dataclass(frozen=True)
class Source:
    """One source of uncertainty.

    name : "elasticities", "size:ROW", "estimate:MEASURE", "count:A-B", "flow:A B SECTOR", "openness:A"
    group : one of GROUPS; distribution : in words; status : published, secondary, estimated, assumed or a mixture
    nodes : the values of a source that is drawn on a bank of worlds, the world's own first; empty for the others
    normal : a size with a standard error, drawn normally; other sizes are triangular
    """

    name: str
    group: str
    title: str
    distribution: str
    status: str
    citation: str
    nodes: tuple[float, ...] = ()
    counts: tuple[Count, ...] = field(default=(), repr=False)
    normal: bool = False


def load_spreads(path: str | Path | None = None) -> list[Spread]:
    """The rows of spreads.csv, or of another file of the same form.

    Raises InputError for a file that cannot be read, missing columns, unknown kinds, numbers out of range, rows that
    say the same twice.
    """
    where = "spreads.csv" if path is None else Path(path).name
    try:
        packaged = resources.files("comity.uncertainty") / "spreads.csv"
        text = packaged.read_text(encoding="utf-8") if path is None else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(where, "cannot be read", found=problem) from None
    table = csv.DictReader(text.splitlines())
    fields = tuple(Spread.__dataclass_fields__)
    if tuple(table.fieldnames or ()) != fields:
        raise InputError(where, "wrong columns", found=table.fieldnames, allowed=fields)
    rows: dict[tuple[str, str, str], Spread] = {}
    for line, row in enumerate(table, start=2):
        spread = _spread(row, f"{where}, line {line}")
        key = (spread.source, spread.set, spread.key)
        if key in rows:
            raise InputError(f"{where}, line {line}", "said twice", found=" ".join(key))
        rows[key] = spread
    return list(rows.values())


def _spread(row: dict[str, str], where: str) -> Spread:
    if row["source"] not in KINDS:
        raise InputError(where, "unknown source", found=row["source"], allowed=list(KINDS))
    if row["kind"] not in KINDS[row["source"]]:
        raise InputError(where, "unknown kind of spread", found=row["kind"], allowed=KINDS[row["source"]])
    if row["status"] not in STATUSES:
        raise InputError(where, "unknown status", found=row["status"], allowed=STATUSES)
    if not row["citation"]:
        raise InputError(where, "a citation is needed", advice="An assumption says so and whose it is.")
    try:
        value = float(row["value"])
    except (TypeError, ValueError):
        raise InputError(where, "a number is needed", found=row["value"]) from None
    if not (math.isfinite(value) and value >= 0):
        raise InputError(where, "a spread is a number, not negative", found=row["value"])
    if row["kind"] == "relative_range" and value >= 1:
        raise InputError(where, "a relative range leaves a flow positive", found=row["value"], allowed="below 1")
    return Spread(**{**row, "value": value})  # type: ignore[arg-type]


def theta_log_sd(
    spreads: Sequence[Spread], elasticities: str, sectors: Sequence[str], theta: Array
) -> tuple[Array, Source]:
    """(J,) standard deviation of ln theta and the Source that says where it comes from.

    A standard error s of theta becomes sqrt(ln(1 + (s/theta)^2)): the log-normal whose coefficient of variation is
    s/theta. Its median is theta. Raises InputError for elasticities that are not positive or have no spread.
    """
    theta = np.asarray(theta, dtype=float)
    bad = [code for code, value in zip(sectors, theta, strict=True) if not (np.isfinite(value) and value > 0)]
    if bad:
        raise InputError("elasticities", "theta must be positive", found=", ".join(bad), allowed="theta > 0")
    table = {(row.set, row.key): row for row in spreads if row.source == "theta"}
    found = []
    for code in sectors:
        row = next((table[at] for at in ((elasticities, code), (elasticities, "*"), ("*", code), ("*", "*"))
                    if at in table), None)  # fmt: skip
        if row is None:
            raise InputError("spreads.csv", "no spread for a sector", found=f"{elasticities} {code}",
                             advice="Add a row with set * and key *.")  # fmt: skip
        found.append(row)
    value = np.array([row.value for row in found])
    relative = np.array([row.kind == "standard_error" for row in found])
    spread = np.where(relative, np.sqrt(np.log1p((value / theta) ** 2)), value)
    counted = {status: sum(row.status == status for row in found) for status in STATUSES}
    status = ", ".join(f"{name} in {count} sectors" for name, count in counted.items() if count)
    if sum(bool(count) for count in counted.values()) == 1:
        status = found[0].status
    cited = "; ".join(dict.fromkeys(row.citation for row in found))
    about = f"log-normal around the set {elasticities}, spread of ln theta {spread.min():.2g} to {spread.max():.2g}"
    return spread, Source("elasticities", "elasticities", "trade elasticities", about, status, cited)


def count_source(world: World, pairs: Iterable[tuple[str, str]]) -> Source | None:
    """The pair's mirror gap, where the world knows two statistics of a pair the scenario touches."""
    counts = counts_of(world, list(pairs))
    if len(counts) < 2:
        return None
    here, there = counts[:2]
    name = "-".join(sorted(next(iter(here.values))))
    about = f"{here.name} or {there.name}, equally likely; never an average of both"
    cited = f"{here.source}; {there.source}"
    return Source(f"count:{name}", "count", f"trade of {name}: which statistics", about,
                  "published figures, assumed to be equally likely", cited, COUNT_NODES, (here, there))  # fmt: skip


def flow_sources(world: World, spreads: Sequence[Spread], touched: set[str]) -> list[Source]:
    """Assumed flows and openness of economies that the scenario touches and whose flows the world itself estimates."""
    found = []
    for row in spreads:
        codes = row.key.split()
        if row.source == "theta" or codes[0] not in touched or not _estimated(world, codes[0]):
            continue
        if row.source == "flow":
            if len(codes) != 3:
                raise InputError("spreads.csv", "a flow is ORIGIN DESTINATION SECTOR", found=row.key)
            if codes[1] not in world.countries or codes[2] not in world.sectors:
                continue
        about = f"{-100 * row.value:+.0f} %, 0 and {100 * row.value:+.0f} %, equally likely"
        nodes = tuple(row.value * node for node in FLOW_NODES)
        title = row.note.split(";")[0]
        found.append(Source(f"{row.source}:{row.key}", row.source, title, about, row.status, row.citation, nodes))
    return found


def _estimated(world: World, code: str) -> bool:
    about = world.provenance.get("countries", {}).get(code, {})
    return code in world.countries and about.get("flows") == "estimated"


def choose(available: Sequence[Source], wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the sources to draw: all but the optional ones, or those named by name or group.

    Raises InputError for a name that is no source here."""
    if wanted is None:
        return tuple(source.name for source in available if source.group not in OPTIONAL)
    known = list(dict.fromkeys([source.name for source in available] + [source.group for source in available]))
    for word in wanted:
        if word not in known and word not in GROUPS:
            raise InputError(
                "sources", "no such source in this scenario", found=word, allowed=known, nearest=nearest(word, known)
            )
    return tuple(source.name for source in available if source.name in wanted or source.group in wanted)
