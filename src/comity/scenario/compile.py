"""Scenario + World -> Shock, with a plain account of every measure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark.world import World
from comity.classifications.countries import EVERYBODY, REST_OF_WORLD
from comity.equilibrium.shock import Shock
from comity.errors import InputError, listing
from comity.kept import KeptByKey
from comity.scenario import findings, regimes
from comity.scenario.build import build
from comity.scenario.combine import Combined, check_contradictions, check_covers, combine
from comity.scenario.explain import WHOLE, dates_text, found_notes, sentence, size_note, size_text, source_text
from comity.scenario.measures import Effect, Setting, levels_of
from comity.scenario.observed import (
    FoundWedge,
    ToFind,
    check_observed,
    first_estimate,
    in_full,
    refuse_pending,
    to_find,
)
from comity.scenario.places import REST_NOTE
from comity.scenario.regime_effects import contained_notes
from comity.scenario.sizes import Level
from comity.scenario.today import rates_today

if TYPE_CHECKING:
    from comity.scenario.schema import Scenario

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeasureReport:
    """One measure in words and counts.

    cells : flows it concerns; active_cells : those that are positive in this world; moot_cells : those on which an
    embargo or an overriding measure leaves it nothing to do; empty_share : share of its potential trade
    (docs/scenarios.md) on flows that are zero here; range : (low, central, high) of its size, None without size;
    in_force : share in force in the year asked for; dates : when it is in force, in words, empty without a phase;
    today : the rates it starts from, in words, for tariffs and export taxes; idle : why it does nothing on this world,
    empty where it does something; note : what the author says of it; size_note : what the table of sizes says of the
    one it cites.
    """

    id: str
    kind: str
    sentence: str
    cells: int
    active_cells: int
    empty_share: float
    moot_cells: int
    size_text: str
    source: str
    range: tuple[float, float, float] | None
    in_force: float = 1.0
    dates: str = ""
    today: str = ""
    idle: str = ""
    note: str = ""
    size_note: str = ""


@dataclass(frozen=True)
class Compiled:
    """A scenario on one world: the shock and everything a reader should know about it. empty_share : share of all
    measures' potential trade on flows that are zero here.

    to_find : wedges that measures sized by what was observed still lack; there is no `shock` before they are found
    (outcomes/observed.py), only `made`, that of the other measures at full implementation. found : those found.
    included : ids of the measures compiled, None for all. pairs : (importer, exporter) that a measure concerns, and as
    positions in the world in pair_cells (P, 2).
    """

    made: Shock
    scenario: Any
    world_name: str
    year: int | None
    level: Level
    targets: list[str]
    measures: list[MeasureReport]
    warnings: list[str]
    left_out: list[str]
    parties: list[str]
    pairs: list[tuple[str, str]]
    pair_cells: NDArray[np.intp]
    nothing: str | None
    regime_notes: list[str] = field(default_factory=list)
    empty_share: float = 0.0
    to_find: tuple[ToFind, ...] = ()
    found: tuple[FoundWedge, ...] = ()
    included: tuple[str, ...] | None = None

    @cached_property
    def named_pairs(self) -> list[tuple[str, str]]:
        """The pairs of which the scenario names both sides: a measure on everybody is not about whose statistics of two
        partners are right."""
        named = set(self.parties)
        return [pair for pair in self.pairs if pair[0] in named and pair[1] in named] if named else []

    @property
    def shock(self) -> Shock:
        """The Shock of the measures in force. Raises InputError while a wedge has yet to be found."""
        if self.to_find:
            raise refuse_pending(self.to_find[0].measure)
        return self.made


def compile_scenario(
    world: World,
    scenario: Scenario,
    *,
    year: int | None = None,
    size_level: Level = "central",
    theta: ArrayLike | None = None,
    include: Collection[str] | None = None,
    words: bool = True,
    found: Sequence[FoundWedge] = (),
) -> Compiled:
    """The Shock of `scenario` on `world`.

    Parameters
    ----------
    year : compile the measures in force at the start of that year; None is full implementation
    size_level : "low", "central" or "high" of every size that has a range (low is the weakest)
    theta : (J,) trade elasticities for sizes given as trade ratios; the world's own by default
    include : ids of the measures to compile; None is all of them
    words : False leaves out what is only read (reports of the measures, notes), for the many shocks of a range
    found : wedges of the measures sized by what was observed; without them the result says what is `to_find`

    Raises
    ------
    InputError : unknown countries, sectors, sizes or regimes; contradicting or doubly counted measures; a regime the
        world already contains; a country cut off from every supplier of a sector; measures on empty flows only
    """
    setting = make_setting(world, scenario, year, size_level, theta, found)
    everything = [effect for index in range(len(scenario.measures)) for effect in build(setting, index)]
    check_contradictions(setting, everything)
    check_covers(setting, everything)
    check_observed(setting, everything)
    effects = everything if include is None else _chosen(scenario, everything, include)
    wanted = to_find(setting, effects)
    others = in_full(effects) if wanted else []
    effects = first_estimate(setting, effects)
    combined = combine(world, effects)
    findings.check_rates(setting, combined)
    findings.check_suppliers(setting, combined)
    shock = make_shock(world, combine(world, others) if wanted else combined)
    nothing = findings.why_nothing(setting, effects, combined, whole=include is None)
    targets, empty = _targets(setting, effects), findings.empty_share(setting, effects)
    reports = _reports(setting, effects, combined, empty) if words else []
    idle = [f"{report.id} does nothing on this world: {report.idle}." for report in reports if report.idle]
    pairs, pair_cells = _pairs(world, effects)
    return Compiled(
        made=shock,
        scenario=scenario,
        world_name=world.name or "(unnamed)",
        year=year,
        level=size_level,
        targets=targets,
        measures=reports,
        warnings=findings.warnings(setting, effects, combined, empty) + ([] if nothing else idle),
        left_out=_left_out(world, scenario, effects) if words else [],
        parties=list(dict.fromkeys(code for effect in effects for code in effect.parties)),
        pairs=pairs,
        pair_cells=pair_cells,
        nothing=nothing,
        regime_notes=list(
            dict.fromkeys(
                [note for e in effects for note in e.notes]
                + contained_notes(setting, effects)
                + findings.union_notes(setting, effects)
                + found_notes(effects)
            )
        )
        if words
        else [],
        empty_share=empty[2] if words else float("nan"),
        to_find=wanted,
        found=tuple(found),
        included=None if include is None else tuple(include),
    )


def _left_out(world: World, scenario: Any, effects: list[Effect]) -> list[str]:
    missing = dict.fromkeys(missing.sentence for effect in effects for missing in effect.missing)
    return [*missing, *_rest_named(world, effects), *_rest_left_out(world, scenario)]


def _rest_named(world: World, effects: list[Effect]) -> list[str]:
    """The rest of the world as a party: who takes it for a country that lies inside it is told."""
    if REST_OF_WORLD not in world.countries:
        return []
    ids = dict.fromkeys(effect.id for effect in effects if REST_OF_WORLD in effect.parties)
    return [f"{REST_NOTE} It takes part in: {listing(ids)}."] if ids else []


def _rest_left_out(world: World, scenario: Any) -> list[str]:
    """`all` is every economy the world names; the rest of the world gets a measure only by name, and that is said."""
    if REST_OF_WORLD not in world.countries:
        return []
    ids = []
    for measure in scenario.measures:
        for side in ("importers", "exporters", "between"):
            words = getattr(measure, side, None) or ()
            if any(word.casefold() == EVERYBODY for word in words) and REST_OF_WORLD not in words:
                ids.append(measure.id)
    if not ids:
        return []
    named = listing(list(dict.fromkeys(ids)))
    return [f"'all' leaves out the rest of the world (ROW) in: {named}. Write [all, ROW] to include it."]


def make_setting(
    world: World,
    scenario: Any,
    year: int | None,
    level: str,
    theta: ArrayLike | None,
    found: Sequence[FoundWedge] = (),
) -> Setting:
    """What the measures are compiled against; parameters as in `compile_scenario`."""
    if level not in ("low", "central", "high"):
        raise InputError("size_level", "unknown size", found=level, allowed="low, central, high")
    values = world.trade_elasticity if theta is None else np.asarray(theta, dtype=float)
    if values.shape != world.trade_elasticity.shape or not (values > 0).all():
        raise InputError("theta", "one positive number per sector is needed", found=values.shape)
    own = {
        r.id: regimes.Regime(
            r.id, r.title, r.senders, r.targets, r.sectors, r.start, r.end, dict(r.size), dict(r.in_benchmark),
            r.citation, r.note,
        )
        for r in scenario.regimes if not isinstance(r, str)
    }  # fmt: skip
    for k, name in enumerate(scenario.regimes):
        if isinstance(name, str):
            regimes.find_regime(name, scenario.where("regimes", k), own)
    lifted = frozenset(m.regime for m in scenario.measures if m.kind == "lifting")
    by_measure: dict[str, list[FoundWedge]] = {}
    for wedge in found:
        by_measure.setdefault(wedge.measure, []).append(wedge)
    return Setting(world, scenario, level, values, year, own, lifted, by_measure or None)  # type: ignore[arg-type]


def _chosen(scenario: Any, effects: list[Effect], include: Collection[str]) -> list[Effect]:
    known = [measure.id for measure in scenario.measures]
    for name in include:
        if name not in known:
            raise InputError("include", "no measure of that id", found=name, allowed=known)
    return [effect for effect in effects if effect.id in include]


def _targets(setting: Setting, effects: list[Effect]) -> list[str]:
    """The scenario's own `targets`, else those its embargoes and sanctions are aimed at."""
    if setting.scenario.targets:
        from comity.scenario.places import find_party

        party = find_party(setting.world, setting.scenario.targets, setting.day(), setting.where("targets"))
        return [setting.world.countries[k] for k in party.positions]
    return list(dict.fromkeys(code for effect in effects if not effect.first for code in effect.targets))


Pairs = tuple[list[tuple[str, str]], NDArray[np.intp]]
_found_pairs: KeptByKey[Pairs] = KeptByKey(200)  # the same for every size; up to 1 MB each


def _pairs(world: World, effects: list[Effect]) -> Pairs:
    """The (importer, exporter) that the measures concern, each once, as codes and as positions (P, 2). Not to be
    changed: they are kept."""
    placed = tuple(effect.place for effect in effects if len(effect.pairs[0]))
    if None in placed:
        return _find_pairs(world, effects)
    return _found_pairs.get((world.countries, placed), lambda: _find_pairs(world, effects))


def _find_pairs(world: World, effects: list[Effect]) -> Pairs:
    count = len(world.countries)
    flat = np.concatenate([np.zeros(0, dtype=np.intp), *(n * count + i for n, i in (e.pairs for e in effects))])
    _, first = np.unique(flat, return_index=True)
    cells = np.stack(np.divmod(flat[np.sort(first)], count), axis=1)
    names = np.array(world.countries, dtype=object)
    return list(zip(names[cells[:, 0]].tolist(), names[cells[:, 1]].tolist(), strict=True)), cells


@lru_cache(maxsize=8)
def _axes(shape: tuple[int, ...]) -> tuple[NDArray[np.intp], ...]:
    """Sector, importer and exporter of every cell: looked up, since dividing takes longer."""
    return tuple(axis.ravel() for axis in np.indices(shape, dtype=np.intp))


def make_shock(world: World, combined: Combined) -> Shock:
    """Changed cells only, ascending."""
    shape, touched = world.trade_share.shape, combined.cells

    def changed(values: Array | None, base: Array | float) -> Any:
        """Of the touched cells those whose value is not the benchmark's."""
        if values is None:
            return None
        moved = np.flatnonzero(values != base)
        at = touched[moved]
        return (*(axis[at] for axis in _axes(shape)), values[moved]) if len(moved) else None

    iceberg = None if combined.log_cost is None else np.exp(combined.log_cost)
    if combined.stopped is not None:
        iceberg = np.ones(len(touched)) if iceberg is None else iceberg
        iceberg[combined.stopped] = np.inf
        for _, given, base in combined.rates():
            given[combined.stopped] = base[combined.stopped]
    productivity = combined.productivity_hat
    return Shock(
        iceberg_hat=changed(iceberg, 1.0),
        tariff_new=changed(combined.tariff, combined.base.get("tariff", 0.0)),
        export_tax_new=changed(combined.export_tax, combined.base.get("export_tax", 0.0)),
        productivity_hat=None if productivity is None else productivity.reshape(shape[0], shape[1]),
        transfer=combined.transfer,
    )


def _reports(
    setting: Setting, effects: list[Effect], combined: Combined, whole: tuple[int, int, float]
) -> list[MeasureReport]:
    """One report per measure; the two directions of a regime count as one. whole : emptiness of all measures."""
    grouped: dict[int, list[Effect]] = {}
    for effect in effects:
        grouped.setdefault(effect.index, []).append(effect)
    reports = []
    for index, parts in grouped.items():
        measure, first = setting.scenario.measures[index], parts[0]
        same = len(grouped) == 1 and whole[0] > 0  # the only measure: what holds for all is what holds for it
        cells, active, empty = whole if same else findings.emptiness(setting.world, parts)
        levels = levels_of(first)
        sized = first.what != "stop" and "levels" in first.shown
        reports.append(
            MeasureReport(
                id=first.id,
                kind=first.kind,
                sentence=sentence(setting, measure, parts),
                cells=cells,
                active_cells=active,
                empty_share=empty,
                moot_cells=sum(combined.moot.get(id(part), 0) for part in parts),
                size_text=size_text(parts),
                source=source_text(setting.scenario, measure),
                range=(levels.low, levels.central, levels.high) if sized else None,
                in_force=first.share,
                dates=dates_text(measure.phase, whole=measure.kind in WHOLE),
                today=rates_today(setting.world, first),
                idle=findings.why_idle(setting.world, parts, active, combined),
                note=measure.note or "",
                size_note=size_note(parts),
            )
        )
    return reports


def describe_moot(report: MeasureReport) -> str | None:
    """ "3 of its 12 flows are embargoed or overridden": None where nothing is moot."""
    if not report.moot_cells:
        return None
    return f"{report.id}: moot on {report.moot_cells} of its {report.cells} flows (embargoed or overridden)."


__all__ = ["Compiled", "MeasureReport", "compile_scenario", "describe_moot", "listing"]
