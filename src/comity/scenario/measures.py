"""Each measure of a scenario as an Effect on one World: which cells, what value, since when.

An Effect knows its cells as flat positions in (sector, importer, exporter); `combine` puts effects together.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import find_country
from comity.errors import InputError, listing
from comity.kept import KeptByKey
from comity.scenario import observed, places, regimes, sizes
from comity.scenario.phases import share_in_force
from comity.scenario.sizes import Level, Levels

Array = NDArray[np.float64]
Positions = NDArray[np.intp]

RATE_KINDS = ("tariff", "export_tax")
STOP_KINDS = ("embargo", "export_ban")
DEFAULT_COVERS = {
    "tariff": frozenset({"tariff"}),
    "ntb": frozenset({"ntb"}),
    "sanction": frozenset({"ntb"}),
    "agreement": frozenset({"all"}),
    "border_time": frozenset({"border_time"}),
    "corridor": frozenset({"border_time"}),
    "visa": frozenset({"visa"}),
}


@dataclass
class Effect:
    """One measure on one World.

    what : "tariff", "export_tax", "cost", "stop", "productivity" or "transfer"
    cells : flat positions; for productivity flat positions in (sector, country)
    form, value : rates: "to", "change" or "scale" and its number; else None
    log_cost : ln kappa_hat of each cell at full implementation (cost only); None while it has yet to be found
    share : how much of it is in force in the year asked for
    place : what the cells follow from beside countries and sectors of the world, where another size leaves them; None
    where that is not known
    """

    index: int
    id: str
    kind: str
    what: str
    cells: Positions
    pairs: tuple[Positions, Positions]
    share: float
    place: tuple[Any, ...] | None = None
    form: str | None = None
    value: float = 0.0
    log_cost: Array | None = None
    covers: frozenset[str] = frozenset()
    overrides: tuple[str, ...] = ()
    adds_to: tuple[str, ...] = ()
    first: bool = False
    vector: Array | None = None
    parties: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    missing: list[places.Missing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """What every measure is compiled against. found : wedges of measures sized by what was observed, by id."""

    world: World
    scenario: Any
    level: Level
    theta: Array
    year: int | None
    own_regimes: dict[str, regimes.Regime]
    lifted: frozenset[str]
    found: Mapping[str, Sequence[observed.FoundWedge]] | None = None

    def where(self, *path: str | int) -> str:
        return str(self.scenario.where(*path))

    def day(self, measure: Any = None) -> datetime.date:
        """The day as of which blocs are taken: start of the measure, else the scenario's year, else the base year."""
        if measure is not None and measure.phase is not None:
            return measure.phase.start
        year = self.scenario.year or self.world.base_year
        return datetime.date(year, 1, 1) if year else places.LAST_DAY

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.world.sectors), len(self.world.countries), len(self.world.countries)


def flat_cells(sectors: Positions, pairs: tuple[Positions, Positions], shape: tuple[int, int, int]) -> Positions:
    """Flat positions (ascending within a sector as the pairs are given) of sectors x pairs."""
    _, importers, exporters = shape
    inside = pairs[0] * exporters + pairs[1]
    return (sectors[:, None] * (importers * exporters) + inside[None, :]).ravel()


def new_effect(setting: Setting, index: int, measure: Any, what: str, **rest: Any) -> Effect:
    empty = np.zeros(0, dtype=np.intp)
    given: dict[str, Any] = {"cells": empty, "pairs": (empty, empty), **rest}
    return Effect(
        index=index,
        id=measure.id,
        kind=measure.kind,
        what=what,
        share=share_in_force(measure.phase, setting.year, whole=what == "stop"),
        overrides=measure.overrides,
        adds_to=measure.adds_to,
        **given,
    )


def placed(setting: Setting, index: int, measure: Any) -> Effect:
    pairs, importers, exporters = _pairs(setting, index, measure)
    sectors = places.find_sectors(setting.world, measure.sectors, setting.where("measures", index, "sectors"))
    if measure.kind == "tariff":
        _no_services(setting, index, sectors)
    parties = list(dict.fromkeys([*importers.named, *exporters.named]))
    missing = importers.missing if importers is exporters else importers.missing + exporters.missing
    place = (setting.day(measure), measure.between, measure.importers, measure.exporters, measure.not_within,
             measure.sectors)  # fmt: skip
    world = setting.world
    common: dict[str, Any] = {
        "cells": _cells.get((world.countries, world.sectors, place), lambda: flat_cells(sectors, pairs, setting.shape)),
        "place": place,
        "pairs": pairs,
        "parties": parties,
        "missing": missing,
        "shown": {"importers": importers.words, "exporters": exporters.words, "between": measure.between},
    }
    if measure.kind in STOP_KINDS:
        effect = new_effect(setting, index, measure, "stop", **common)
    elif measure.kind in RATE_KINDS:
        effect = new_effect(setting, index, measure, measure.kind, covers=_default_covers(measure), **common)
        _rate_size(setting, effect, measure)
    else:
        effect = new_effect(setting, index, measure, "cost", covers=_default_covers(measure), **common)
        _cost_size(setting, effect, measure, sectors, len(pairs[0]))
    effect.targets = _targets(setting, measure, importers, exporters)
    return effect


def _default_covers(measure: Any) -> frozenset[str]:
    given = getattr(measure, "covers", None)
    return frozenset(given) if given else DEFAULT_COVERS.get(measure.kind, frozenset())


Placed = tuple[tuple[Positions, Positions], places.Party, places.Party]
_placed: KeptByKey[Placed] = KeptByKey(2000)  # a range asks for the same ones in all its combinations
_cells: KeptByKey[Positions] = KeptByKey(50)  # up to 1 MB each


def _pairs(setting: Setting, index: int, measure: Any) -> Placed:
    """The ordered pairs of a measure, its importers and its exporters."""
    named = (measure.between, measure.importers, measure.exporters, measure.not_within)
    return _placed.get(
        (setting.world.countries, setting.day(measure), *named), lambda: _find_pairs(setting, index, measure)
    )


def _find_pairs(setting: Setting, index: int, measure: Any) -> Placed:
    day = setting.day(measure)
    at = lambda key: setting.where("measures", index, key)  # noqa: E731
    world = setting.world
    if measure.between is not None:
        importers = exporters = places.find_party(world, measure.between, day, at("between"))
        if len(importers.positions) < 2:
            raise InputError(at("between"), "at least two countries are needed", found=listing(measure.between))
    else:
        importers = places.find_party(world, measure.importers, day, at("importers"))
        exporters = places.find_party(world, measure.exporters, day, at("exporters"))
    outside = places.groups_left_out(world, measure.not_within, day, at("not_within"))
    pairs = places.find_pairs(importers, exporters, outside)
    if not len(pairs[0]):
        raise InputError(
            setting.where("measures", index),
            "no pair of countries is left: a country has no measure against itself",
            found=measure.id,
        )
    return pairs, importers, exporters


def _no_services(setting: Setting, index: int, sectors: Positions) -> None:
    goods = places.goods(setting.world.sectors)
    if not goods[sectors].all():
        services = [setting.world.sectors[j] for j in sectors if not goods[j]]
        raise InputError(
            setting.where("measures", index, "sectors"),
            "services carry no tariff",
            found=listing(services),
            advice="Write `sectors: goods` (the default), or use kind ntb for services; `all` includes services.",
        )


def _targets(setting: Setting, measure: Any, importers: places.Party, exporters: places.Party) -> list[str]:
    """Who an embargo or sanction is aimed at: exporters of an embargo, importers of an export ban, the shorter side of
    a sanction. A measure `between` countries has no target."""
    if measure.between is not None or measure.kind not in (*STOP_KINDS, "sanction"):
        return []
    if measure.kind == "embargo":
        side = exporters
    elif measure.kind == "export_ban":
        side = importers
    else:
        side = importers if len(importers.positions) < len(exporters.positions) else exporters
    return [setting.world.countries[k] for k in side.positions]


def _rate_size(setting: Setting, effect: Effect, measure: Any) -> None:
    size = measure.size
    where = setting.where("measures", effect.index, "size", "size_of")
    if size.size_of is not None:
        row = sizes.find_size(size.size_of, where, tuple(sizes.RATE_UNITS))
        effect.form, levels = sizes.RATE_UNITS[row.unit], row.levels
        effect.shown["row"] = row
    else:
        effect.form = next(form for form in ("to", "change", "scale") if getattr(size, form) is not None)
        levels = getattr(size, effect.form)
    effect.value = levels.at(setting.level)
    effect.shown |= {"levels": levels, "form": effect.form}


def _cost_size(setting: Setting, effect: Effect, measure: Any, sectors: Positions, pairs: int) -> None:
    size = measure.size
    at = lambda key: setting.where("measures", effect.index, "size", key)  # noqa: E731
    if size.observed is not None:
        _observed_size(setting, effect, measure, sectors, pairs)
        return
    if size.size_of is not None:
        row = sizes.find_size(size.size_of, at("size_of"), tuple(sizes.COST_UNITS))
        form, levels = sizes.COST_UNITS[row.unit], row.levels
        effect.shown["row"] = row
        if measure.covers is None:
            effect.covers = row.covers
    else:
        form = next(form for form in ("hat", "cost_change", "trade_ratio", "days") if getattr(size, form) is not None)
        levels = getattr(size, form)
    per_day = None
    if form == "days":
        priced = sizes.find_size(size.per_day or sizes.DEFAULT_DAY, at("per_day"), sizes.PER_DAY_UNITS)
        per_day = (priced.unit, priced.levels.at(setting.level))
        effect.shown["per_day"] = priced
    elif size.per_day is not None:
        raise InputError(at("per_day"), "`per_day` prices days, and this size is not in days", found=size.per_day)
    effect.shown |= {"levels": levels, "form": form}
    effect.value = levels.at(setting.level)
    column = sizes.log_cost(form, effect.value, setting.theta, per_day)[sectors]
    effect.log_cost = np.repeat(column, pairs)


def _observed_size(setting: Setting, effect: Effect, measure: Any, sectors: Positions, pairs: int) -> None:
    """What was observed contains the effect of every other measure on these flows: nothing is counted twice, unless the
    author says what the wedge covers."""
    size = measure.size.observed
    if measure.between is not None and size.of != "trade":
        raise InputError(setting.where("measures", effect.index, "size", "observed", "of"),
                         "`between` is trade both ways", found=size.of, allowed="trade",
                         advice="Use importers and exporters for one direction.")  # fmt: skip
    if measure.covers is None:
        effect.covers = frozenset()
    effect.shown |= {"observed": size, "form": "observed", "groups": observed.groups_of(setting, effect.index, sectors)}
    if size.change is not None:
        effect.shown["levels"] = size.change
        effect.value = size.change.at(setting.level)
    column = observed.log_wedges(setting, effect.id)
    if column is not None:
        effect.log_cost = np.repeat(column[sectors], pairs)
        effect.shown["found"] = tuple((setting.found or {})[effect.id])


def productivity(setting: Setting, index: int, measure: Any) -> Effect:
    party = places.find_party(
        setting.world, measure.countries, setting.day(measure), setting.where("measures", index, "countries")
    )
    sectors = places.find_sectors(setting.world, measure.sectors, setting.where("measures", index, "sectors"))
    effect = new_effect(setting, index, measure, "productivity", parties=party.named, missing=party.missing)
    value = measure.size.hat.at(setting.level)
    columns = np.array(party.positions, dtype=np.intp)
    effect.cells = (sectors[:, None] * len(setting.world.countries) + columns[None, :]).ravel()
    effect.value = value
    effect.shown = {"levels": measure.size.hat, "form": "hat", "countries": measure.countries}
    return effect


def transfer(setting: Setting, index: int, measure: Any) -> Effect:
    world = setting.world
    unit = (world.money_unit or "").casefold()
    if "million" not in unit or not ("usd" in unit or "us dollar" in unit):
        raise InputError(
            setting.where("measures", index),
            "a transfer in million USD needs a world in million USD",
            found=world.money_unit or "no unit",
        )
    effect = new_effect(setting, index, measure, "transfer")
    vector = np.zeros(len(world.countries))
    for key, word, sign in (("from", measure.giver, -1.0), ("to", measure.receiver, 1.0)):
        where = setting.where("measures", index, key)
        code = word if word in world.countries else find_country(word)
        if code is None or code not in world.countries:
            places.find_party(world, [word], setting.day(measure), where)
            raise InputError(where, "a transfer goes from one country to one country", found=word)
        vector[world.countries.index(code)] += sign * measure.size.million_usd.at(setting.level)
        effect.parties.append(code)
    if effect.parties[0] == effect.parties[1]:
        raise InputError(setting.where("measures", index), "giver and receiver are the same", found=effect.parties[0])
    effect.vector = vector
    effect.value = measure.size.million_usd.at(setting.level)
    effect.shown = {"levels": measure.size.million_usd, "form": "million_usd"}
    return effect


def levels_of(effect: Effect) -> Levels:
    """The three sizes of an effect as they stand in the file or in sizes.csv."""
    levels: Levels = effect.shown.get("levels", Levels(0.0, 0.0, 0.0))
    return levels
