"""From a state to a scenario: the gallery file with the changes applied, written as YAML and read by the usual parser.

There is one way to a scenario, so the numbers of the explorer are those of `comity run` on the downloaded file.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import yaml

from comity.app import limits
from comity.app.kinds import ADDED, TITLES
from comity.app.naming import named
from comity.app.sliders import Slider, moved, slider_of
from comity.app.state import DEFAULT_WORLD, MeasureState, State, world_names
from comity.classifications.countries import load_blocs
from comity.errors import InputError, nearest
from comity.kept import KeptByKey
from comity.scenario.load import gallery, parse_scenario, scenario_of_values
from comity.scenario.located import read_yaml
from comity.scenario.schema import KINDS

OWN_NAME = "own-scenario"
OWN_TITLE = "A scenario of your own"
PLACES = ("between", "importers", "exporters", "countries")
SHARES = ("to", "change", "scale", "cost_change")


_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # in C: five times faster


class _Plain(_Dumper):
    """Strings without quotes wherever YAML can read them back: comity reads every value as text."""

    yaml_implicit_resolvers: dict[Any, Any] = {}


def _list(dumper: Any, data: Any) -> Any:
    """Lists of words on one line, lists of mappings one below the other."""
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=all(isinstance(x, str) for x in data))


def _dict(dumper: Any, data: Any) -> Any:
    small = len(data) <= 3 and not any(isinstance(value, list) for value in data.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=small)


_Plain.add_representer(list, _list)
_Plain.add_representer(dict, _dict)


@lru_cache(maxsize=64)
def _gallery_file(name: str) -> tuple[str, Any, Any]:
    """(text, plain values, Scenario) of a gallery scenario, or of nothing."""
    if name:
        text = gallery()[name].read_text(encoding="utf-8")
        return text, read_yaml(text, f"{name}.yaml").value, parse_scenario(text, f"{name}.yaml")
    start = {"schema": "1", "id": OWN_NAME, "title": OWN_TITLE, "measures": []}
    text = to_yaml(start)
    return text, start, parse_scenario(text, f"{OWN_NAME}.yaml")


def to_yaml(data: dict[str, Any]) -> str:
    """Plain strings, lists and mappings as YAML."""
    return yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000)


def gallery_ids(name: str) -> list[str]:
    """Ids of the measures of a gallery scenario, in its order."""
    return [measure.id for measure in _gallery_file(name)[2].measures]


def parent(state: State) -> Any:
    """The Scenario the state starts from, unchanged."""
    return _gallery_file(state.scenario)[2]


def parties_of(state: State) -> tuple[str, ...]:
    """The parties of measures between parties: those of the state, else everybody the gallery scenario names."""
    return state.parties or _own_parties(state.scenario)


@lru_cache(maxsize=64)
def _own_parties(scenario: str) -> tuple[str, ...]:
    words: dict[str, None] = {}
    for measure in _gallery_file(scenario)[2].measures:
        for key in ("between", "importers", "exporters"):
            words |= dict.fromkeys(getattr(measure, key, None) or ())
    return tuple(words)


@lru_cache(maxsize=256)
def added_slider(kind: str) -> Slider | None:
    """The slider of an added measure of this kind."""
    return slider_of(_parsed_example(kind))


def _parsed_example(kind: str) -> Any:
    data = _added_data(MeasureState("x", kind=kind, importers=("IRN",), exporters=("BLR",)), None, example=True)
    whole = {"schema": "1", "id": "x", "title": "x", "measures": [data]}
    return parse_scenario(to_yaml(whole)).measures[0]


def slider_for(state: State, name: str, kind: str = "") -> Slider | None:
    """The slider of a measure of a state."""
    if kind:
        return added_slider(kind)
    return _own_sliders(state.scenario).get(name)


@lru_cache(maxsize=64)
def _own_sliders(scenario: str) -> dict[str, Slider | None]:
    return {measure.id: slider_of(measure) for measure in _gallery_file(scenario)[2].measures}


def canonical(state: State) -> State:
    """Without what repeats the gallery scenario, numbers checked against the bounds of their control."""
    source = parent(state)
    own = {measure.id: measure for measure in source.measures}
    measures = tuple(kept for kept in (_canonical(state, own.get(m.id), m) for m in state.measures) if kept)
    between = [measure.between for measure in source.measures if getattr(measure, "between", None)]
    parties = None if between and all(words == state.parties for words in between) else state.parties
    return replace(
        state,
        measures=measures,
        parties=parties,
        world=None if state.world == (source.world or DEFAULT_WORLD) else state.world,
        closure=None if state.closure == (source.closure or "fixed-deficits") else state.closure,
        elasticities=None if source.elasticities and state.elasticities == source.elasticities else state.elasticities,
        year=None if source.year and state.year == source.year else state.year,
    )


def _canonical(state: State, own: Any, measure: MeasureState) -> MeasureState | None:
    slider = slider_for(state, measure.id, measure.kind)
    size = measure.size
    if size is not None:
        where = f"query key m.{measure.id}"
        if slider is None:
            raise InputError(where, "this measure has no size to set: it is on or off", found=size,
                             advice=f"Leave the key out, or write off={measure.id}.")  # fmt: skip
        if not slider.minimum <= size <= slider.maximum:
            raise InputError(where, "out of bounds", found=f"{size:g}",
                             allowed=f"{slider.minimum:g} to {slider.maximum:g} {slider.unit}")  # fmt: skip
        size = None if size == slider.default else size
    sectors = measure.sectors
    if sectors is not None:
        kind = measure.kind or own.kind
        if not measure.kind and getattr(own, "regime", None) is not None or kind == "transfer":
            raise InputError(f"query key sec.{measure.id}", "this measure has no sectors to set", found=measure.id)
        default = ("goods",) if measure.kind else own.sectors
        sectors = None if sectors == default else sectors
    kept = replace(measure, size=size, sectors=sectors)
    return kept if kept.kind or kept != MeasureState(measure.id) else None


def scenario_of(state: State) -> tuple[Any, str]:
    """The Scenario of a state and its YAML text; the gallery file itself where nothing differs.

    Raises InputError for what the parser refuses and for more measures or words than limits.py allows.
    """
    text, data, scenario = _gallery_file(state.scenario)
    if state == State(state.scenario):
        return scenario, text
    data = _edited(state, data, scenario)
    text = to_yaml(data)
    if len(text) > limits.BODY_BYTES:
        raise InputError("scenario", "too long", found=f"{len(text)} characters", allowed=f"{limits.BODY_BYTES}")
    made = parse_scenario(text, f"{data['id']}.yaml")
    bounded(made)
    return made, text


def quick_scenario_of(state: State) -> Any:
    """The same Scenario without the way over YAML, which takes as long as half a solve: for a slider that moves. What
    is wrong with it is said by `scenario_of`, which knows lines."""
    _, data, scenario = _gallery_file(state.scenario)
    if state == State(state.scenario):
        return scenario
    data = _edited(state, data, scenario)
    data["measures"] = [_read(measure) for measure in data["measures"]]
    made = scenario_of_values(data, f"{data['id']}.yaml")
    bounded(made)
    return made


_measures: KeptByKey[Any] = KeptByKey(2000)


def _read(measure: dict[str, Any]) -> Any:
    """A measure as the scenario reader takes it: from one step of a slider to the next the others are the same. What is
    wrong is left as it is, for the reader to say so."""
    try:
        return _measures.get(repr(measure), lambda: KINDS[measure["kind"]].model_validate(measure))
    except (ValueError, KeyError):
        return measure


def changed_measures(state: State) -> bool:
    """True where more than world, closure, elasticities or year differs from the gallery scenario."""
    return bool(state.measures) or state.parties is not None


def _edited(state: State, data: dict[str, Any], scenario: Any) -> dict[str, Any]:
    result = {key: value.strip() if isinstance(value, str) else value for key, value in data.items()}
    result.pop("measures")
    if changed_measures(state) and state.scenario:
        result["id"] = f"{state.scenario}-changed"[:80]
        result["title"] = f"{data['title']}, changed"
    settings = {"world": state.world, "closure": state.closure, "elasticities": state.elasticities}
    result |= {key: value for key, value in settings.items() if value is not None}
    if state.year is not None:
        result["year"] = str(state.year)
    edits = {measure.id: measure for measure in state.measures}
    off = {measure.id for measure in state.measures if not measure.on}
    measures = []
    for plain, parsed in zip(data["measures"], scenario.measures, strict=True):
        if parsed.id not in off:
            measures.append(_changed(plain, parsed, edits.get(parsed.id), state.parties, off))
    measures += [_added_data(m, parties_of(state)) for m in state.measures if m.kind and m.on]
    if not state.scenario:
        result["id"], result["title"] = named(measures, OWN_NAME, OWN_TITLE)
    result["measures"] = [_dated(measure, state, scenario) for measure in measures]
    return result


def _dated(measure: dict[str, Any], state: State, scenario: Any) -> dict[str, Any]:
    """A measure without a phase that names a bloc which is younger than the day it would be read on begins with the
    bloc: else it would have no members."""
    words = {word for key in PLACES for word in measure.get(key, ())}
    begun = [bloc.since for name, bloc in load_blocs().items() if name in words]
    if not begun or "phase" in measure:
        return measure
    from comity.app.catalogue import world_named  # it needs this module

    year = state.year or scenario.year or world_named(state.world or scenario.world or DEFAULT_WORLD).base_year
    if year is None or max(begun) <= datetime.date(year, 1, 1):
        return measure
    return {**measure, "phase": {"from": max(begun).isoformat()}}


def _changed(
    plain: dict[str, Any], parsed: Any, edit: MeasureState | None, parties: Sequence[str] | None, off: set[str]
) -> dict[str, Any]:
    """A measure of the gallery with its edits; references to measures that are off go with them."""
    result = dict(plain)
    for key in ("overrides", "adds_to"):
        left = [name for name in getattr(parsed, key) if name not in off]
        if len(left) != len(getattr(parsed, key)):
            result.pop(key, None)
            result |= {key: left} if left else {}
    if parties is not None and getattr(parsed, "between", None) is not None:
        result["between"] = list(parties)
    if edit is None:
        return result
    if edit.sectors is not None:
        result["sectors"] = list(edit.sectors)
    if edit.size is not None:
        slider = slider_of(parsed)
        assert slider is not None  # canonical() refuses a size without slider
        for key in ("hat", "million_usd"):
            result.pop(key, None)
        result["size"] = _size(slider, edit.size)
        if slider.covers and "covers" not in result and parsed.kind not in ("tariff", "export_tax"):
            result["covers"] = list(slider.covers)
    return result


def _size(slider: Slider, value: float) -> dict[str, Any]:
    form = "hat" if slider.form == "hat_productivity" else slider.form
    levels = moved(slider, value)
    texts = [_text(form, level) for level in levels]
    size: dict[str, Any] = {form: texts[1]}
    if levels.ranged:
        size = {form: dict(zip(("low", "central", "high"), texts, strict=True))}
    if slider.per_day is not None:
        size["per_day"] = slider.per_day
    return size


def _text(form: str, value: float) -> str:
    """A number that the scenario reader takes as meant and reads back to the last bit; a share is never a bare
    whole number."""
    text = repr(float(value))
    return text if form in SHARES else re.sub(r"\.0\Z", "", text)


def _added_data(measure: MeasureState, parties: Sequence[str] | None, *, example: bool = False) -> dict[str, Any]:
    """An added measure as the mapping of a scenario file. Raises InputError where it does not say whose trade it is."""
    kind, where = measure.kind, f"measure {measure.id}"
    result: dict[str, Any] = {"id": measure.id, "title": TITLES[kind], "kind": kind}
    first, second = measure.importers or parties, measure.exporters or parties
    if not first or not second:
        raise InputError(where, "it does not say whose trade it concerns",
                         advice="Give the parties (p), or its importers and exporters (imp, exp).")  # fmt: skip
    if kind == "productivity":
        result["countries"] = list(first)
    elif kind == "transfer":
        result |= _transfer_ends(measure, parties, where)
    elif measure.importers is None and measure.exporters is None:
        result["between"] = list(first)
    else:
        result |= {"importers": list(first), "exporters": list(second)}
    if kind != "transfer":
        result["sectors"] = list(measure.sectors or ("goods",))
    slider = None if example or measure.size is None else added_slider(kind)
    if slider is not None and measure.size is not None:
        result["size"] = _size(slider, measure.size)
        if slider.covers and kind not in ("tariff", "export_tax"):
            result["covers"] = list(slider.covers)
    elif ADDED[kind]:
        result["size"] = dict(ADDED[kind])
    return result


def _transfer_ends(measure: MeasureState, parties: Sequence[str] | None, where: str) -> dict[str, str]:
    """Who pays (exporters, or the first party) and who receives (importers, or the second party)."""
    ends = [*(measure.exporters or (parties or ())[:1]), *(measure.importers or (parties or ())[1:2])]
    if len(ends) != 2:
        raise InputError(where, "a payment goes from one economy to one other", found=" ".join(ends) or "none",
                         advice="Give one importer (who receives) and one exporter (who pays).")  # fmt: skip
    return {"from": ends[0], "to": ends[1]}


def bounded(scenario: Any) -> None:
    """Raise InputError for a scenario with more measures or words than one request may have, or with a world that is
    not an embedded one: a request names no file."""
    if len(scenario.measures) > limits.MEASURES:
        raise InputError(scenario.where("measures"), "too many measures", found=len(scenario.measures),
                         allowed=f"up to {limits.MEASURES}")  # fmt: skip
    lists = [scenario.targets]
    for thing in (*scenario.measures, *(r for r in scenario.regimes if not isinstance(r, str))):
        keys = ("importers", "exporters", "between", "not_within", "sectors", "countries", "senders", "targets")
        lists += [getattr(thing, key, None) or () for key in keys]
    words = sum(len(found) for found in lists)
    if words > limits.WORDS or len(scenario.regimes) > limits.MEASURES:
        raise InputError(scenario.path, "too many words for countries and sectors", found=words,
                         allowed=f"up to {limits.WORDS} in one scenario")  # fmt: skip
    worlds = world_names()
    if scenario.world is not None and scenario.world not in worlds:
        raise InputError(scenario.where("world"), "no embedded world of that name", found=scenario.world,
                         allowed=worlds, nearest=nearest(scenario.world, worlds))  # fmt: skip
