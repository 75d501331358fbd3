"""The shocks of many points of one scenario, compiled together.

`compile_scenario` works on whole (sector, importer, exporter) arrays and looks up every word again; for points that
differ in a size that would take half as long as solving them. Here the effects of each measure are built once, by the
scenario's own rules, and put together on the cells that any of them touches. What that does not cover (named regimes,
closures that need targets, anything that is to be refused) goes through `compile_scenario`; a test compares the two
bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.errors import InputError
from comity.scenario import sizes
from comity.scenario.build import build
from comity.scenario.combine import Combined, check_contradictions, check_covers, combine
from comity.scenario.compile import compile_scenario, make_setting
from comity.scenario.measures import Effect, Setting
from comity.scenario.schema import Scenario
from comity.scenario.sizes import Level
from comity.sweep.plan import Plan, Point, changed

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Made:
    """The shock of a point with the targets of its closure, or why there is none."""

    shock: Shock | None
    targets: tuple[str, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, eq=False)
class _Cells:
    """The chosen cells of a world in place of all: what `combine` reads."""

    trade_share: Array
    tariff: Array
    export_tax: Array
    sectors: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Flat(Setting):
    """A Setting whose effects stand on chosen cells."""

    cells: int = 0

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, 1, self.cells


def shocks_of(plan: Plan, points: Sequence[Point]) -> list[Made]:
    """The shock of every point, in their order; what cannot be compiled is told, not raised."""
    made: dict[int, Made] = {}
    groups: dict[tuple[str, str, int | None, str], list[int]] = {}
    plain = all(getattr(measure, "regime", None) is None for measure in plan.base.measures)
    for k, point in enumerate(points):
        if plain and point.closure != "targets-balanced":
            groups.setdefault((point.world, point.elasticities, point.year, point.level), []).append(k)
        else:
            made[k] = _whole(plan, point)
    for key, members in groups.items():
        together = _Together(plan, plan.economy(key[0], key[1]), [points[k] for k in members])
        for k, shock in zip(members, together.shocks(), strict=True):
            made[k] = _whole(plan, points[k]) if shock is None else Made(shock)
    return [made[k] for k in range(len(points))]


def scenario_at(plan: Plan, point: Point) -> Scenario:
    """The scenario of a point as one that could stand in a file; `comity.simulate` takes it."""
    measures = [
        changed(measure, tuple(change for of, change in point.changes if of == index))
        for index, measure in enumerate(plan.base.measures)
        if index not in point.off
    ]
    return plan.base.model_copy(update={"measures": tuple(measures)})


def _whole(plan: Plan, point: Point) -> Made:
    """By `compile_scenario`."""
    level: Any = point.level
    try:
        economy = plan.economy(point.world, point.elasticities)
        found = compile_scenario(economy, scenario_at(plan, point), year=point.year, size_level=level, words=False)
        if point.closure != "targets-balanced":
            return Made(found.shock)
        if not found.targets:
            raise InputError("closure", "targets-balanced needs an embargo or sanction measure, or targets")
        return Made(found.shock, tuple(found.targets))
    except InputError as problem:
        return Made(None, refusal=problem.message)


class _Together:
    """Points that share an economy, a year and a level of sizes."""

    def __init__(self, plan: Plan, economy: World, points: Sequence[Point]) -> None:
        self.plan, self.economy, self.points = plan, economy, points
        level: Level = points[0].level  # type: ignore[assignment]
        self.setting = make_setting(economy, plan.base, points[0].year, level, None)
        self.built: dict[Any, Effect | None] = {}
        self.placed: dict[Any, Effect | None] = {}
        self.chosen = [self._effects(point) for point in points]
        trade = [e.cells for e in self.placed.values() if e is not None and e.what not in ("productivity", "transfer")]
        self.cells: Positions = np.unique(np.concatenate(trade)) if trade else np.zeros(0, dtype=np.intp)
        flat = {name: getattr(economy, name).ravel()[self.cells] for name in ("trade_share", "tariff", "export_tax")}
        self.few: Any = _Cells(**flat, sectors=economy.sectors, countries=economy.countries)
        plain = {f.name: getattr(self.setting, f.name) for f in fields(Setting)}
        self.flat = _Flat(**plain, cells=len(self.cells))
        self.inside: dict[int, Effect] = {}

    def shocks(self) -> list[Shock | None]:
        """One shock a point; None where `compile_scenario` should have the word."""
        return [None if effects is None else self._shock(effects) for effects in self.chosen]

    def _effects(self, point: Point) -> list[Effect] | None:
        """The effects of a point's measures, each built once; None where one cannot be built."""
        found = []
        for index in range(len(self.plan.base.measures)):
            if index not in point.off:
                changes = tuple(change for of, change in point.changes if of == index)
                effect = self._effect(index, changes)
                if effect is None:
                    return None
                found.append(effect)
        return found

    def _effect(self, index: int, changes: Any) -> Effect | None:
        key = (index, *(change.key for change in changes))
        if key not in self.built:
            # effects that differ in their size alone are placed once
            sides = tuple(change.key for change in changes if change.size is None)
            form = next((next(iter(change.size.model_fields_set)) for change in changes if change.size is not None), "")
            place = (index, form, *sides)
            if place not in self.placed:
                self.placed[place] = self._build(index, changes)
            self.built[key] = self._sized(self.placed[place], index, changes)
        return self.built[key]

    def _build(self, index: int, changes: Any) -> Effect | None:
        base = self.plan.base
        measures = list(base.measures)
        measures[index] = changed(measures[index], changes)
        setting = replace(self.setting, scenario=base.model_copy(update={"measures": tuple(measures)}))
        try:
            (effect,) = build(setting, index)
        except InputError:
            return None  # refused in its own words by compile_scenario
        return effect

    def _sized(self, effect: Effect | None, index: int, changes: Any) -> Effect | None:
        """The effect with the size of these changes."""
        size = next((change.size for change in changes if change.size is not None), None)
        if effect is None or size is None:
            return effect
        form = effect.shown["form"]
        value = getattr(size, form).at(self.setting.level)
        if effect.what == "transfer":
            return self._build(index, changes)
        if effect.what != "cost":
            return replace(effect, value=value)
        priced = effect.shown.get("per_day")
        per_day = None if priced is None else (priced.unit, priced.levels.at(self.setting.level))
        column = sizes.log_cost(form, value, self.setting.theta, per_day)
        return replace(effect, value=value, log_cost=column[effect.cells // len(self.economy.countries) ** 2])

    def _moved(self, effect: Effect) -> Effect:
        """The effect on the chosen cells."""
        if effect.what in ("productivity", "transfer"):
            return effect
        if id(effect) not in self.inside:
            self.inside[id(effect)] = replace(effect, cells=np.searchsorted(self.cells, effect.cells), place=None)
        return self.inside[id(effect)]

    def _shock(self, effects: list[Effect]) -> Shock | None:
        moved = [self._moved(effect) for effect in effects]
        try:
            check_contradictions(self.flat, moved)
            check_covers(self.flat, moved)
        except InputError:
            return None
        found = combine(self.few, moved)
        if self._refused(found):
            return None
        return self._laid_out(found)

    def _refused(self, found: Combined) -> bool:
        """True where a rate falls too far, a sector may lose its suppliers, or nothing at all would change."""
        if any((rates <= -1).any() for _, rates, _ in found.rates()):
            return True
        if found.stopped is not None and self._lost(self.cells[found.cells[found.stopped]]):
            return True
        if found.productivity_hat is not None or found.transfer is not None:
            return False
        positive = self.few.trade_share[found.cells] > 0
        moved = np.zeros_like(positive)
        for _, rates, base in found.rates():
            moved |= rates != base
        if found.log_cost is not None:
            moved |= found.log_cost != 0
        if found.stopped is not None:
            moved |= found.stopped
        return not (moved & positive).any()

    def _lost(self, stopped: Positions) -> bool:
        """True if some importer buys a sector from stopped flows alone."""
        n = len(self.economy.countries)
        rows, counts = np.unique(stopped // n, return_counts=True)
        share = self.economy.trade_share.reshape(-1, n)
        left = share[rows].copy()
        left[np.repeat(np.arange(len(rows)), counts), np.sort(stopped) % n] = 0
        return bool(((left.sum(axis=1) == 0) & (share[rows].sum(axis=1) > 0)).any())

    def _laid_out(self, found: Combined) -> Shock:
        """Changed cells only, ascending, as `make_shock` gives them."""
        shape = self.economy.trade_share.shape
        iceberg = None if found.log_cost is None else np.exp(found.log_cost)
        if found.stopped is not None:
            iceberg = np.ones(len(found.cells)) if iceberg is None else iceberg
            iceberg[found.stopped] = np.inf
            for _, rates, base in found.rates():
                rates[found.stopped] = base[found.stopped]

        def cells(values: Array | None, base: Array | float) -> Any:
            if values is None:
                return None
            where = np.flatnonzero(values != base)
            return (*np.unravel_index(self.cells[found.cells[where]], shape), values[where]) if len(where) else None

        productivity = found.productivity_hat
        return Shock(
            iceberg_hat=cells(iceberg, 1.0),
            tariff_new=cells(found.tariff, found.base.get("tariff", 0.0)),
            export_tax_new=cells(found.export_tax, found.base.get("export_tax", 0.0)),
            productivity_hat=None if productivity is None else productivity.reshape(shape[0], shape[1]),
            transfer=found.transfer,
        )
