"""Axes as written -> axes ready to be enumerated: how many values, what each does, what its column shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from comity.benchmark.world import World
from comity.errors import InputError, listing, nearest
from comity.scenario.measures import Setting
from comity.scenario.places import find_party
from comity.scenario.schema import Scenario
from comity.sweep.schema import ParticipantsAxis, SizeAxis, Spaced, SweepFile, SwitchAxis

Where = Callable[..., str]
KEPT = 1024  # values of an axis kept at hand


@dataclass(frozen=True)
class Change:
    """What one value of an axis does to one measure: another size, other words on one side. key : its content."""

    key: str
    size: Any = None
    side: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Ready:
    """An axis whose values can be asked for one by one.

    keys : content of each value, by which two plans tell whether they share it; shown : what its column holds;
    measures : positions in the file of the measures it is about
    """

    name: str
    kind: str
    keys: Sequence[str]
    shown: Sequence[Any]
    measures: tuple[int, ...] = ()
    spec: tuple[str, ...] = ()
    change: Callable[[int], Change] | None = field(default=None)

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def places(self) -> dict[str, int]:
        """Position of each value by its key."""
        return {key: k for k, key in enumerate(self.keys)}


def setting_axis(name: str, values: Sequence[Any], where: str) -> Ready:
    """An axis of plain words or years. Raises InputError for a value that stands twice."""
    keys = [str(value) for value in values]
    _once(keys, where)
    return Ready(name, name, keys, list(values), spec=(name,))


def measure_axes(sweep: SweepFile, scenario: Scenario, world: World, notes: list[str]) -> list[Ready]:
    """Every axis on measures, in the order of the file. `notes` receives who is left out.

    Raises InputError for unknown measures, sizes of the wrong form, sides the measure does not have, values that stand
    twice, and two axes on the same thing.
    """
    ready: list[Ready] = []
    for number, axis in enumerate(sweep.axes):

        def where(*path: str | int, number: int = number) -> str:
            return sweep.where("axes", number, *path)

        if isinstance(axis, SizeAxis):
            ready.append(_sizes(axis, scenario, where))
        elif isinstance(axis, SwitchAxis):
            ready.append(_switch(axis, scenario, where))
        elif isinstance(axis, ParticipantsAxis):
            ready.append(_participants(axis, scenario, world, where, notes))
        else:
            continue
        _apart(ready, where)
    return ready


def _apart(ready: list[Ready], where: Where) -> None:
    """The last axis is about something that no other is about."""
    last = ready[-1]
    for other in ready[:-1]:
        if other.name.casefold() == last.name.casefold():  # SQL knows no case
            raise InputError(where("name"), "two axes have the same column", found=last.name,
                             advice="Give one of them a `name`.")  # fmt: skip
        shared = set(other.measures) & set(last.measures)
        same = other.kind == last.kind and (last.kind != "participants" or other.spec[-1] == last.spec[-1])
        if shared and same:
            raise InputError(where(), f"two axes of kind {last.kind} are about one measure", found=other.name)


def _find(scenario: Scenario, name: str, where: str) -> int:
    known = [measure.id for measure in scenario.measures]
    if name not in known:
        raise InputError(where, "no measure of that id in the scenario", found=name, allowed=known,
                         nearest=nearest(name, known))  # fmt: skip
    return known.index(name)


def _sizes(axis: SizeAxis, scenario: Scenario, where: Where) -> Ready:
    index = _find(scenario, axis.measure, where("measure"))
    size: Any = getattr(scenario.measures[index], "size", None)
    if size is None:
        sized = [m.id for m in scenario.measures if getattr(m, "size", None) is not None]
        raise InputError(where("measure"), "the measure has no size", found=axis.measure,
                         allowed=sized or "no measure here has one")  # fmt: skip
    model = type(size)
    forms = [name for name in model.model_fields if name not in ("size_of", "per_day")]
    if axis.form not in forms:
        raise InputError(where("form"), f"a measure of kind {scenario.measures[index].kind} has no such size",
                         found=axis.form, allowed=forms, nearest=nearest(axis.form, forms))  # fmt: skip
    per_day = getattr(size, "per_day", None) if axis.form == "days" else None

    def made(text: str, place: str) -> Any:
        return _size_of(model, axis.form, text, per_day, place)

    def number(text: str, place: str) -> float:
        return float(getattr(made(text, place), axis.form).central)

    if axis.values is not None:
        texts = list(axis.values)
        numbers = [number(text, where("values", k)) for k, text in enumerate(texts)]
    else:
        spaced = axis.linspace or axis.logspace
        assert spaced is not None
        key = "linspace" if axis.linspace else "logspace"
        ends = (number(spaced.start, where(key, "from")), number(spaced.end, where(key, "to")))
        numbers = _spaced(spaced, ends, axis.logspace is not None, where(key))
        texts = [repr(value) for value in numbers]
        for text in texts:
            made(text, where(key))
    keys = [repr(value) for value in numbers]
    _once(keys, where())

    @lru_cache(maxsize=KEPT)
    def change(k: int) -> Change:
        return Change(keys[k], size=made(texts[k], where()))

    name = axis.name or _column(f"{axis.measure}_{axis.form}")
    return Ready(name, "size", keys, numbers, (index,), ("size", axis.measure, axis.form), change)


def _size_of(model: Any, form: str, text: str, per_day: str | None, where: str) -> Any:
    """A size of one form. Raises InputError where the number cannot be one."""
    from pydantic import ValidationError

    try:
        return model.model_validate({form: text} if per_day is None else {form: text, "per_day": per_day})
    except ValidationError as problem:
        error = problem.errors(include_url=False)[0]
        context: dict[str, Any] = dict(error.get("ctx") or {})
        raise InputError(where, str(context.get("problem", error["msg"])), found=text, allowed=context.get("allowed"),
                         advice=context.get("advice")) from None  # fmt: skip


def _spaced(spaced: Spaced, ends: tuple[float, float], ratios: bool, where: str) -> list[float]:
    start, end = ends
    if not ratios:
        return [float(value) for value in np.linspace(start, end, spaced.count)]
    if start <= 0 or end <= 0:
        raise InputError(where, "logspace needs positive ends", found=f"{start:g} to {end:g}")
    return [float(value) for value in np.geomspace(start, end, spaced.count)]


def _switch(axis: SwitchAxis, scenario: Scenario, where: Where) -> Ready:
    found = tuple(_find(scenario, name, where("measures")) for name in axis.measures)
    _once([str(k) for k in found], where("measures"))
    name = axis.name or _column(f"{axis.measures[0]}_on")
    return Ready(name, "switch", ["on", "off"], [True, False], found, ("switch", *axis.measures))


def _participants(axis: ParticipantsAxis, scenario: Scenario, world: World, where: Where, notes: list[str]) -> Ready:
    index = _find(scenario, axis.measure, where("measure"))
    measure = scenario.measures[index]
    sides = [side for side in ("between", "importers", "exporters", "countries", "senders")
             if getattr(measure, side, None) is not None]  # fmt: skip
    if axis.side not in sides:
        raise InputError(where("side"), f"measure {axis.measure} has no such side", found=axis.side, allowed=sides)
    if axis.pairs_of is not None and axis.side != "between":
        raise InputError(where("side"), "pairs stand between", found=axis.side, allowed="between")

    def codes(words: Sequence[str], key: str) -> list[str]:
        day = Setting(world, scenario, "central", world.trade_elasticity, None, {}, frozenset()).day(measure)
        party = find_party(world, words, day, where(key))
        notes.extend(missing.sentence for missing in party.missing)
        return [world.countries[k] for k in party.positions]

    if axis.values is not None:
        groups = list(axis.values)
        for k, words in enumerate(groups):
            codes(words, f"values[{k}]")
    elif axis.pairs_of is not None:
        groups = list(combinations(codes(axis.pairs_of, "pairs_of"), 2))
    else:
        assert axis.each_of is not None
        always = tuple(codes(axis.always, "with")) if axis.always else ()
        each = codes(axis.each_of, "each_of")
        groups = [(*always, code) for code in each if code not in always]
        skipped = [code for code in each if code in always]
        if skipped:
            notes.append(
                f"Axis {axis.measure}, {axis.side}: {listing(skipped)} is always there, so not one of each_of."
            )
    if not groups:
        raise InputError(where(), "nobody is left for this axis", found=axis.measure)
    keys = [json.dumps(list(words), ensure_ascii=False) for words in groups]
    _once(keys, where())

    @lru_cache(maxsize=KEPT)
    def change(k: int) -> Change:
        return Change(keys[k], side=axis.side, words=tuple(groups[k]))

    name = axis.name or _column(f"{axis.measure}_{axis.side}")
    shown = ["+".join(words) for words in groups]
    return Ready(name, "participants", keys, shown, (index,), ("participants", axis.measure, axis.side), change)


def _once(keys: Sequence[str], where: str) -> None:
    if len(set(keys)) < len(keys):
        seen: set[str] = set()
        twice = next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InputError(where, "a value stands twice", found=twice)


def _column(text: str) -> str:
    return text.replace("-", "_").replace(".", "_")
