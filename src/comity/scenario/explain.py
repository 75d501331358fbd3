"""A scenario in plain sentences: what would happen, between whom, how large, on whose word."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from comity.benchmark.world import World
from comity.classifications.countries import EVERYBODY, find_bloc, find_country, name_of, spoken
from comity.classifications.sectors import load_sectors
from comity.scenario.measures import Effect, Setting
from comity.scenario.sizes import Levels
from comity.scenario.today import rates_today

if TYPE_CHECKING:
    from comity.scenario.compile import Compiled

FEW = 4  # wedges named one by one
UNDATED = "none given, in force from the start"
WHOLE = ("embargo", "export_ban")  # kinds that are never half in force
COSTED = ("border_time", "visa")  # what is sized as a cost is a cost, whatever it comes from
NOTE_OF_A_BOUND = re.compile(r"(?<!\bno )(?<!\bnot an )\bupper[ -]bounds?\b", re.IGNORECASE)
WHAT = {
    "ntb": "non-tariff cost of trade",
    "sanction": "cost of trade under the sanctions",
    "agreement": "cost of trade under the agreement",
    "border_time": "time at the border",
    "corridor": "cost of transport along the corridor",
    "visa": "cost of crossing for people who carry the trade",
}


def called_upper_bounds(measures: Iterable[Any]) -> list[str]:
    """Those that their own `note` calls an upper bound, by id."""
    return [measure.id for measure in measures if NOTE_OF_A_BOUND.search(getattr(measure, "note", None) or "")]


def people(words: Sequence[str]) -> str:
    """Names of countries and blocs as the author listed them, in plain English."""
    names = []
    for word in words:
        bloc = find_bloc(word)
        code = None if bloc else find_country(word)
        if word.casefold() == EVERYBODY:
            names.append("every economy named in the world")
        elif code is not None:
            names.append(spoken(code))
        else:
            names.append(f"the {_plain(bloc)}" if bloc else word)
    return joined(names)


def _plain(bloc: str) -> str:
    """A bloc's name inside a sentence: a description such as "Sanctioned economies" loses its capital."""
    first, _, rest = bloc.partition(" ")
    describes = bool(rest) and rest == rest.casefold() and not first.isupper() and find_country(first) is None
    return bloc[0].lower() + bloc[1:] if describes else bloc


def joined(names: Sequence[str]) -> str:
    """a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def capital(text: str) -> str:
    """With a capital at the start of a sentence; a name inside one may have none."""
    return text[:1].upper() + text[1:]


def sectors_text(sectors: Sequence[str]) -> str:
    if tuple(sectors) == ("goods",):
        return "goods"
    if tuple(sectors) == ("all",):
        return "goods and services"
    table = load_sectors()
    return joined([table[word].name.lower() if word in table else word for word in sectors])


def number(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def percent(value: float, *, sign: bool = False) -> str:
    text = f"{100 * value:+.3g}" if sign else f"{100 * value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}") + " %"


def sentence(setting: Setting, measure: Any, effects: Sequence[Effect]) -> str:
    """One plain sentence about a measure."""
    effect = effects[0]
    text = " ".join(part for part in (_sentence(measure, effect), rates_today(setting.world, effect)) if part)
    if effect.share < 1 and setting.year is not None:
        text += f" In {setting.year}: {percent(effect.share)} of it in force."
    return text


def _sentence(measure: Any, effect: Effect) -> str:
    value = effect.value
    if measure.kind == "transfer":
        giver, receiver = (spoken(code) for code in effect.parties)
        return f"{capital(giver)} gives {receiver} {number(value)} million USD a year."
    if measure.kind == "productivity":
        change = percent(value - 1, sign=True)
        return f"Productivity of {people(measure.countries)} in {sectors_text(measure.sectors)} changes by {change}."
    if effect.shown.get("regime") is not None:
        regime = effect.shown["regime"]
        who = f"{effect.shown['senders']} senders and {people(effect.targets)}"
        verb = "lifted" if measure.kind == "lifting" else "imposed"
        return f"{regime.title} ({who}) is {verb}."
    goods = sectors_text(measure.sectors)
    if measure.between is not None:
        several, one_bloc = len(effect.pairs[0]) > 2, len(measure.between) == 1
        how = "within" if one_bloc and not several else "among" if several else "between"
        trade = f"{goods} traded {how} {people(measure.between)}"
        among = True
    else:
        trade = f"{goods} from {people(measure.exporters)} to {people(measure.importers)}"
        among = False
    outside = f", pairs inside {people(measure.not_within)} left out" if measure.not_within else ""
    return _placed_sentence(measure, effect, trade, among) + f"{outside}."


def _placed_sentence(measure: Any, effect: Effect, trade: str, among: bool) -> str:
    value = effect.value
    if measure.kind == "embargo":
        return f"Embargo: no {trade}"
    if measure.kind == "export_ban":
        who = people(measure.between) if among else people(measure.exporters)
        to = "" if among else f" to {people(measure.importers)}"
        return f"Export ban: {who} sell no {sectors_text(measure.sectors)}{to}" + (" to each other" if among else "")
    if effect.what in ("tariff", "export_tax"):
        name = "Tariffs" if effect.what == "tariff" else "Export taxes"
        if effect.form == "to":
            return f"{name} on {trade} are set to {percent(value)}"
        if effect.form == "change":
            direction = "rise" if value >= 0 else "fall"
            return f"{name} on {trade} {direction} by {number(abs(100 * value))} percentage points"
        return f"{name} on {trade} change to {percent(value)} of their level"
    what = WHAT[measure.kind]
    form = effect.shown["form"]
    if form == "observed":
        return f"{what.capitalize()} on {trade} is sized by what was observed: {_observed(effect)}{_costs(effect)}"
    if form == "days":
        days = effect.value
        verb = "saved" if days <= 0 else "added"
        unit = "day" if abs(days) == 1 else "days"
        return f"{number(abs(days))} {unit} {verb} on {trade} ({what})"
    if form == "trade_ratio":
        change = percent(effect.value - 1, sign=True)
        return f"{_direction(measure.kind, effect.value >= 1)}: {trade} {change}, all else equal"
    relative = effect.value - 1 if form == "hat" else effect.value
    if measure.kind in COSTED:
        return f"Trade cost of {trade} changes by {percent(relative, sign=True)} ({what})"
    return f"{what.capitalize()} on {trade} changes by {percent(relative, sign=True)}"


def _direction(kind: str, easier: bool) -> str:
    """What a measure sized by the trade it brings does: "Lower cost of trade under the agreement"."""
    if kind == "visa":
        return f"{'Easier' if easier else 'Harder'} crossing for the people who carry the trade"
    if kind == "border_time":
        return f"{'Less' if easier else 'More'} {WHAT[kind]}"
    return f"{'Lower' if easier else 'Higher'} {WHAT[kind]}"


def _observed(effect: Effect) -> str:
    """Which trade changed by how much; sizes with a range by their central figure."""
    return _changes(effect, lambda levels: percent(levels.central, sign=True))


def _changes(effect: Effect, show: Callable[[Levels], str]) -> str:
    size = effect.shown["observed"]
    parts = [f"{word} {show(change)}" for word, change in size.by_sector.items()]
    if size.change is not None:
        rest = "the other sectors" if parts else "the sectors"
        how = f" in all {rest} together" if size.wedges == "common" else f" in each of {rest}"
        alone = sum(len(group.sectors) for group in effect.shown["groups"]) == 1
        parts.insert(0, show(size.change) + ("" if alone else how))
    return f"{size.of} {'; '.join(parts)}"


def _wedges(effect: Effect) -> str:
    """The wedges found, or that they are still to be found."""
    found = effect.shown.get("found")
    if found is None:
        return "; the trade cost behind it is found when the scenario is solved"
    ordered = sorted(found, key=lambda wedge: wedge.hat)
    texts = [f"x {number(wedge.hat)} ({_whose(wedge.sectors)})" for wedge in ordered]
    told = f"wedge found: {texts[0]}"
    if len(texts) > FEW:
        told = f"{len(texts)} wedges found, from {texts[0]} to {texts[-1]}"
    elif len(texts) > 1:
        told = f"wedges found: {', '.join(texts)}"
    worst = max(wedge.residual for wedge in found)
    return f"; {told}; recomputed, trade meets what was observed to {worst:.0e}"


def _costs(effect: Effect) -> str:
    """How large the wedges found are, for the sentence about the measure."""
    hats = sorted(wedge.hat for wedge in effect.shown.get("found", ()))
    if not hats:
        return ""
    between = f"x {number(hats[0])}" if len(hats) == 1 else f"x {number(hats[0])} to x {number(hats[-1])}"
    return f" (trade cost found: {between})"


def found_notes(effects: Sequence[Effect]) -> list[str]:
    """What was found for measures sized by what was observed, and how well it reproduces that."""
    return [f"{effect.id}: {size_text([effect])}." for effect in effects if "found" in effect.shown]


def _whose(sectors: Sequence[str]) -> str:
    return sectors[0] if len(sectors) == 1 else f"{len(sectors)} sectors"


def _signed_levels(levels: Levels) -> str:
    return _levels(levels, lambda value: percent(value, sign=True))


def _levels(levels: Levels, show: Any) -> str:
    if not levels.ranged:
        return str(show(levels.central))
    return f"{show(levels.central)} (low {show(levels.low)}, high {show(levels.high)})"


FORMS: dict[str, tuple[str, Any]] = {
    "to": ("rate", percent),
    "change": ("change of the rate, percentage points", lambda v: number(100 * v)),
    "scale": ("factor on the rate", number),
    "hat": ("factor", number),
    "cost_change": ("change of the trade cost", lambda v: percent(v, sign=True)),
    "trade_ratio": ("ratio of trade", number),
    "days": ("days", number),
    "million_usd": ("million USD a year", number),
}


def dates_text(phase: Any, *, whole: bool = False) -> str:
    """When a measure is in force, in words; empty where the file gives no dates. A `whole` measure has no half-way."""
    if phase is None:
        return ""
    if phase.end is None or phase.end == phase.start or whole:
        return f"in force from {phase.start.isoformat()}"
    return f"begins {phase.start.isoformat()}, in force in full from {phase.end.isoformat()}"


def size_text(effects: Sequence[Effect]) -> str:
    """The size with its range and unit, and where it is from."""
    texts = []
    for effect in effects:
        form = effect.shown.get("form")
        if form is None:
            return "stops the trade"
        if form == "observed":
            told, source = _changes(effect, _signed_levels), effect.shown["observed"].source
            texts.append(f"sized by what was observed: {told} [{source}]{_wedges(effect)}")
            continue
        label, show = FORMS[form]
        text = f"{label} {_levels(effect.shown['levels'], show)}"
        if "direction" in effect.shown:
            text = f"{effect.shown['direction'].replace('_', ' ')}: {text}"
        if "row" in effect.shown:
            row = effect.shown["row"]
            text += f" [{row.citation}; {row.status}]" if row.status != "assumed" else " [assumed]"
        if "per_day" in effect.shown:
            row = effect.shown["per_day"]
            unit = "of value a day" if row.unit.startswith("ad-valorem") else "more trade a day saved"
            priced = row.levels if row.unit.startswith("ad-valorem") else Levels(*(v - 1 for v in row.levels))
            text += f", at {_levels(priced, percent)} {unit} [{row.citation}]"
        texts.append(text)
    return "; ".join(texts)


def size_word(text: str) -> str:
    """What stands before a `size_text`: a text that promises a measure rarely says how large it is, so that the source
    of the size must not be taken for it."""
    return "Size, with its source in brackets" if "[" in text else "Size"


def size_note(effects: Sequence[Effect]) -> str:
    """What the table of sizes says of the rows that a measure cites, such as for what else they were measured."""
    rows = [effect.shown["row"] for effect in effects if "row" in effect.shown]
    return "; ".join(dict.fromkeys(row.note for row in rows if row.note))


def source_text(scenario: Any, measure: Any) -> str:
    """Where the measure itself is written, in one line; empty where the file names nothing."""
    source = measure.source
    if isinstance(source, str):
        source = next((s for s in scenario.sources if s.id == source), None)
    elif source is not None and source.title is None and source.citation is None and source.id is not None:
        base = next((s for s in scenario.sources if s.id == source.id), None)
        if base is not None:
            source = base.model_copy(update={"where": source.where or base.where})
    if source is None:
        observed = getattr(getattr(measure, "size", None), "observed", None)
        return observed.source if observed is not None else ""
    head = source.citation or source.title or source.id or ""
    parts = [source.author, head, source.publisher, source.published, source.where]
    return ", ".join(part for part in parts if part)


def explain(world: World, compiled: Compiled) -> list[str]:
    """The whole scenario in plain sentences, one per list entry."""
    scenario = compiled.scenario
    lines = [f"{scenario.title}."]
    if scenario.description:
        lines.append(scenario.description)
    lines.append(f"World: {world.name or '(unnamed)'}, base year {world.base_year or 'not stated'}.")
    noted: dict[str, str] = {}  # notes of sizes, by the measure that was the first to cite them
    for report in compiled.measures:
        lines.append(report.sentence)
        lines.append(f"  {size_word(report.size_text).lower()}: {report.size_text}")
        lines.append(f"  measure written in: {report.source}" if report.source else "  no source given for the measure")
        if report.size_note:
            first = noted.setdefault(report.size_note, report.id)
            lines.append(
                f"  of the size: {report.size_note if first == report.id else f'what is said of that of {first}'}"
            )
        lines.append(f"  dates: {report.dates or UNDATED}")
        lines += [f"  note: {report.note}"] if report.note else []
    lines += compiled.left_out
    lines += compiled.regime_notes
    lines += compiled.warnings
    if compiled.targets:
        lines.append(f"Targets: {joined([name_of(code) for code in compiled.targets])}.")
    if compiled.nothing:
        lines.append(f"Nothing changes, because {compiled.nothing}.")
    return lines


def check_scenario_file(path: str | os.PathLike[str], world: World) -> list[str]:
    """Load and compile a scenario file; sentences on what a careful author should know. Raises InputError if wrong."""
    from comity.scenario.compile import compile_scenario
    from comity.scenario.load import load_scenario

    scenario = load_scenario(path)
    compiled = compile_scenario(world, scenario)
    count = len(compiled.measures)
    lines = [f"{scenario.path}: {count} measure{'' if count == 1 else 's'}, valid on {world.name or 'this world'}."]
    lines += [f"  {m.id}: {m.sentence}" + (f" Dates: {m.dates}." if m.dates else "") for m in compiled.measures]
    notes = compiled.left_out + compiled.regime_notes + compiled.warnings
    without = [report.id for report in compiled.measures if not report.source]
    if without:
        notes.insert(0, f"No source given for: {joined(without)}.")
    if compiled.nothing:
        notes.append(f"Nothing changes, because {compiled.nothing}.")
    lines += [f"Note: {note}" for note in notes]
    return [*lines, f"No mistakes. Notes: {len(notes) or 'none'}."]
