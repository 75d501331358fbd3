"""The plan of a sweep: its points one by one, each with an id of its content, cut into chunks by number.

Nothing is listed in memory: a point is computed from its number, so a plan of millions costs what a plan of ten does.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from math import prod
from pathlib import Path
from typing import Any

from comity.benchmark.world import World
from comity.coalition.players import Table, find_table
from comity.coalition.schema import CoalitionGame
from comity.errors import InputError, listing
from comity.outcomes.ranges import with_set
from comity.scenario.schema import Scenario
from comity.sweep import settings
from comity.sweep.axes import Change, Ready, measure_axes
from comity.sweep.content import content_of
from comity.sweep.load import find_sweep, parse_sweep, read_base
from comity.sweep.outputs import Kept, find_kept
from comity.sweep.schema import SweepFile

FORMAT = 1  # of ids and stores
MOST_POINTS = 50_000_000
LARGEST_CHUNK, BATCH = 1024, 64  # BATCH: what solve_many solves side by side
CELLS = 150_000  # flows of a world for which LARGEST_CHUNK takes seconds
VARIED = ("id", "world", "elasticities", "closure")  # of a file: not content, or said of each point
KEPT = ("real_income_pct_", "equivalent_variation_", "trade_pct_", "trade_new_")  # how columns of results begin
RESERVED = {
    "point", "plan", "number", "world", "elasticities", "closure", "year", "sizes", "coalition", "members", "value",
    "target_loss", "status", "message", "residual", "iterations", "filename",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One solve. keys : the content of its value on each axis, None where the axis has nothing to act on because its
    measure is off; shown : the same as columns; changes : by position of the measure; off : measures that are off."""

    number: int
    id: str
    world: str
    elasticities: str
    closure: str
    year: int | None
    level: str
    keys: dict[str, str | None]
    shown: dict[str, Any]
    changes: tuple[tuple[int, Change], ...] = ()
    off: frozenset[int] = frozenset()
    mask: int = 0


@dataclass(frozen=True, eq=False)
class Factor:
    """An axis, or a switch with the axes that act on nothing while it is off."""

    axis: Ready
    under: tuple[Ready, ...] = ()

    def __len__(self) -> int:
        if self.axis.kind != "switch":
            return len(self.axis)
        return prod(len(axis) for axis in self.under) + 1  # all values while on, one point while off

    def values(self, k: int) -> list[tuple[Ready, int | None]]:
        """The position of the value of each axis; None where the axis has nothing to act on."""
        if self.axis.kind != "switch":
            return [(self.axis, k)]
        if k == len(self) - 1:
            return [(self.axis, 1), *((axis, None) for axis in self.under)]
        found: list[tuple[Ready, int | None]] = []
        for axis in reversed(self.under):
            k, position = divmod(k, len(axis))
            found.append((axis, position))
        return [(self.axis, 0), *reversed(found)]


@dataclass(frozen=True, eq=False)
class Plan:
    """A sweep that can be run. Made by `plan_sweep`.

    count : points; chunk_size : points of a chunk; family : what plans must share to share a store (the scenario, what
    varies, what is kept); hash : of everything, so equal hashes give the same results; notes : who is left out
    """

    sweep: SweepFile
    base: Scenario
    worlds: dict[str, World]
    choices: tuple[Ready, ...]
    factors: tuple[Factor, ...]
    family: str
    folder: Path
    chunk_given: int | None = None
    notes: tuple[str, ...] = ()
    table: Table | None = None
    kept: Kept = Kept({}, {})
    _contents: dict[Any, str] = field(default_factory=dict)

    @property
    def game(self) -> CoalitionGame | None:
        """The game, where the sweep is of its coalitions."""
        return self.base if isinstance(self.base, CoalitionGame) else None

    @cached_property
    def _radix(self) -> tuple[int, ...]:
        sizes = [*map(len, self.choices), *map(len, self.factors)]
        return (*sizes, 1 << len(self.table.members)) if self.table is not None else tuple(sizes)

    @cached_property
    def count(self) -> int:
        return prod(self._radix)

    @cached_property
    def chunk_size(self) -> int:
        """Some 16 chunks of a plan, each at most seconds long; whole batches of the solver."""
        if self.chunk_given is not None:
            return self.chunk_given
        flows = max(world.trade_share.size for world in self.worlds.values())
        most = min(LARGEST_CHUNK, LARGEST_CHUNK * CELLS // max(flows, 1))
        return BATCH * max(1, min(most, -(-self.count // 16)) // BATCH)

    @property
    def chunks(self) -> int:
        return -(-self.count // self.chunk_size)

    @cached_property
    def axes(self) -> tuple[Ready, ...]:
        """Axes on measures, a switch before those that it may leave without effect."""
        return tuple(axis for factor in self.factors for axis in (factor.axis, *factor.under))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of worlds, axes, values and chunks: the same hash, the same results."""
        digest = hashlib.sha256(f"{FORMAT}\n{self.family}\n{self.chunk_size}".encode())
        for name, world in self.worlds.items():
            digest.update(f"\n{name} {world.hash}".encode())
        for axis in (*self.choices, *self.axes):
            digest.update("\n".join(("", *axis.spec, *axis.keys)).encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return self.count

    def __repr__(self) -> str:
        return f"Plan {self.sweep.id}: {self.count:,} points in {self.chunks:,} chunks, hash {self.hash[:12]}"

    def point(self, number: int) -> Point:
        """The point of that number, from 0. Raises IndexError beyond the last one."""
        if not 0 <= number < self.count:
            raise IndexError(number)
        digits, rest = [], number
        for size in reversed(self._radix):
            rest, digit = divmod(rest, size)
            digits.append(digit)
        digits.reverse()
        chosen = [axis.shown[digit] for axis, digit in zip(self.choices, digits, strict=False)]
        world, closure, year, level = chosen[0], chosen[2], chosen[3], chosen[4]
        elasticities = chosen[1] or settings.own_set(self.worlds[world])
        keys: dict[str, str | None] = {}
        shown: dict[str, Any] = {}
        changes: list[tuple[int, Change]] = []
        off: set[int] = set()
        for factor, digit in zip(self.factors, digits[len(self.choices) :], strict=False):
            for axis, position in factor.values(digit):
                keys[axis.name] = None if position is None else axis.keys[position]
                shown[axis.name] = None if position is None else axis.shown[position]
                if axis.kind == "switch" and position == 1:
                    off.update(axis.measures)
                elif axis.change is not None and position is not None:
                    changes.append((axis.measures[0], axis.change(position)))
        mask = digits[-1] if self.table is not None else 0
        identity = self._identity(world, elasticities, closure, year, level, changes, off, mask)
        return Point(number, identity, world, elasticities, closure, year, level, keys, shown, tuple(changes),
                     frozenset(off), mask)  # fmt: skip

    def points(self, chunk: int) -> Iterator[Point]:
        """The points of a chunk, from 0."""
        for number in range(chunk * self.chunk_size, min((chunk + 1) * self.chunk_size, self.count)):
            yield self.point(number)

    def holds(self, point: Point, world_hash: str) -> bool:
        """True if a point of another plan of the family is a point of this one too."""
        name = next((name for name, world in self.worlds.items() if world.hash == world_hash), None)
        if name is None:
            return False
        sets = self.choices[1].shown
        known = point.elasticities in sets or (
            None in sets and point.elasticities == settings.own_set(self.worlds[name])
        )
        rest = zip(self.choices[2:], (point.closure, point.year, point.level), strict=True)
        return (
            known
            and all(value in axis.shown for axis, value in rest)
            and all(key is None or key in axis.places for axis in self.axes for key in [point.keys.get(axis.name)])
        )

    def economy(self, world: str, elasticities: str) -> World:
        """A world of the plan under an elasticity set."""
        return with_set(self.worlds[world], elasticities)

    def _identity(self, world: str, elasticities: str, closure: str, year: int | None, level: str,
                  changes: list[tuple[int, Change]], off: set[int], mask: int) -> str:  # fmt: skip
        parts = [self.economy(world, elasticities).hash, closure, str(year), level]
        if self.table is not None:
            parts += [player.name for k, player in enumerate(self.table.members) if mask >> k & 1]
        else:
            for index in range(len(self.base.measures)):
                if index not in off:
                    parts.append(self._measure(index, tuple(change for of, change in changes if of == index)))
        digest = self._common.copy()
        digest.update("\x1f".join(parts).encode())
        return digest.hexdigest()[:32]

    @cached_property
    def _common(self) -> Any:
        """Digest of what all points share: the file without its measures and texts, and the tables behind it."""
        shared = content_of(self.base, (*VARIED, "measures") if self.table is None else VARIED)
        return hashlib.sha256(f"{FORMAT}\x1f{shared}\x1f{tables()}\x1f".encode())

    def _measure(self, index: int, changes: tuple[Change, ...]) -> str:
        key = (index, *(change.key for change in changes))
        if key not in self._contents:
            if len(self._contents) > 10_000:
                self._contents.clear()
            self._contents[key] = content_of(changed(self.base.measures[index], changes))
        return self._contents[key]


def changed(measure: Any, changes: tuple[Change, ...]) -> Any:
    """The measure with another size or other words on its sides."""
    update: dict[str, Any] = {}
    for change in changes:
        update |= {"size": change.size} if change.size is not None else {change.side: change.words}
    return measure.model_copy(update=update) if update else measure


@cache
def tables() -> str:
    """SHA-256 of the tables that scenario files rest on: cited sizes, regimes, membership of blocs."""
    digest = hashlib.sha256()
    for package, name in (("scenario", "sizes.csv"), ("scenario", "regimes.csv"), ("classifications", "blocs.csv")):
        digest.update((resources.files(f"comity.{package}") / name).read_bytes())
    return digest.hexdigest()


def plan_sweep(name: str | os.PathLike[str]) -> Plan:
    """The plan of a sweep: of the gallery, of the file at that path, or of a YAML text (known by its line breaks).

    Raises InputError for anything wrong with the file, its scenario or game, its worlds or axes, for more than
    MOST_POINTS points, and where the first point cannot be compiled.
    """
    text, file, folder = find_sweep(name)
    sweep = parse_sweep(text, file)
    return make_plan(text, file, folder, *read_base(sweep, folder))


def make_plan(text: str, file: str, folder: Path, base_text: str, base_file: str) -> Plan:
    """The plan from the texts of the sweep and of the scenario or game it is about; files of worlds are looked for in
    `folder`. Raises InputError."""
    sweep = parse_sweep(text, file)
    base = settings.parse_base(sweep, base_text, base_file)
    worlds, choices = settings.find_settings(sweep, base, folder)
    notes: list[str] = []
    first = next(iter(worlds.values()))
    table = None
    factors: list[Factor] = []
    if isinstance(base, CoalitionGame):
        table = _same_table(sweep, base, worlds)
        notes += table.left_out
    else:
        factors = _factors(sweep, measure_axes(sweep, base, first, notes))
    family = hashlib.sha256()
    outputs = sweep.outputs.model_dump_json()
    specs = ["\x1f".join((axis.name, *axis.spec)) for factor in factors for axis in (factor.axis, *factor.under)]
    for part in (str(FORMAT), content_of(base, VARIED), tables(), outputs, *specs):
        family.update(f"{part}\x1e".encode())
    plan = Plan(sweep, base, worlds, tuple(choices), tuple(factors), family.hexdigest(), folder, sweep.chunk,
                tuple(dict.fromkeys(notes)), table, find_kept(sweep, base, worlds, table))  # fmt: skip
    if plan.count > MOST_POINTS:
        sizes = [f"{axis.name} {len(axis):,}" for axis in (*plan.choices, *plan.axes) if len(axis) > 1]
        sizes += [f"coalitions 2^{len(table.members)}"] if table is not None else []
        raise InputError(
            sweep.where("axes"),
            "the plan has too many points",
            found=f"{plan.count:,} ({listing(sizes)})",
            allowed=f"up to {MOST_POINTS:,}",
            advice="Vary less at a time, or take fewer values.",
        )
    return plan


def _factors(sweep: SweepFile, axes: list[Ready]) -> list[Factor]:
    """Switches with the axes under them; the others by themselves. Raises InputError for a reserved column."""
    for axis in axes:
        name = axis.name.casefold()  # SQL knows no case
        if name in RESERVED or name.startswith(KEPT):
            raise InputError(sweep.where("axes"), "a column of that name is always there", found=axis.name,
                             advice="Give the axis another `name`.")  # fmt: skip
    over = {k: axis for axis in axes if axis.kind == "switch" for k in axis.measures}
    under: dict[str, list[Ready]] = {}
    for axis in axes:
        if axis.kind != "switch" and axis.measures[0] in over:
            under.setdefault(over[axis.measures[0]].name, []).append(axis)
    inside = {axis.name for found in under.values() for axis in found}
    return [Factor(axis, tuple(under.get(axis.name, ()))) for axis in axes if axis.name not in inside]


def _same_table(sweep: SweepFile, game: CoalitionGame, worlds: dict[str, World]) -> Table:
    """Who plays; the same in every world. Raises InputError."""
    tables = {name: find_table(world, game) for name, world in worlds.items()}
    name, table = next(iter(tables.items()))
    players = [player.name for player in table.members]
    for other, found in tables.items():
        if [player.name for player in found.members] != players:
            raise InputError(sweep.where("axes"), "not the same players in every world", found=f"{name} and {other}",
                             advice="Sweep them one world at a time.")  # fmt: skip
    return table
