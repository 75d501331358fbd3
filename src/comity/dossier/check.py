"""Checking a dossier without solving it: its scenarios on a world, its figures in the texts of its sources."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from comity.benchmark.world import World
from comity.classifications.countries import find_country
from comity.dossier.amounts import dollars, unlike_amounts
from comity.dossier.bases import OVERLAP, part_after, year_after
from comity.dossier.cautions import bound_notes, rest_notes, stand_in
from comity.dossier.degree import degree_notes
from comity.dossier.frictions import frictions_shock
from comity.dossier.notes import Note, clean, several
from comity.dossier.quotes import check_figures, read_texts
from comity.dossier.references import economies_of, last_day, parties, reference_problems, tests_of
from comity.dossier.schema import Dossier, Frictions, TargetTest
from comity.errors import InputError, listing, nearest
from comity.outcomes.counts import counts_of
from comity.outcomes.ranges import IMPLAUSIBLE
from comity.scenario import quantities as q
from comity.scenario.compile import Compiled, compile_scenario
from comity.scenario.explain import joined, people
from comity.scenario.load import ScenarioError, gallery
from comity.scenario.places import LAST_DAY, REST_NOTE, find_party, goods

__all__ = ["check_dossier", "read_texts"]

TINY = 0.01  # a target below this share of what is traded already was written in another unit
YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")
HALF = 0.5  # of the base year: what lies after the signing is then most of it
UNIT = "Amounts are million USD a year: 10 billion is 10000."
ELSE_READING = "If it is meant so, say it in `reading`."
ELSE_NOTE = "If it is meant so, say it in the `note` of the row."


def check_dossier(dossier: Dossier, world: World | None = None, texts: Mapping[str, str] | None = None) -> list[str]:
    """What was checked and what a careful author should know, in sentences.

    Parameters
    ----------
    world : the scenarios must compile on it; the dossier's own (else the default one) where none is given
    texts : source id -> text; every figure quoted from that source must stand in the paragraph named

    Raises
    ------
    InputError : ScenarioError with all mistakes. A scenario that another world than the dossier's own refuses (because
        its flows contain the regime already) is no mistake but a sentence, unless it is the main one.
    """
    economy = world if world is not None else _own_world(dossier)
    problems = reference_problems(dossier)
    about, remarks, refusals = _scenarios(dossier, economy)
    quoted, unseen, misquoted = check_figures(dossier, texts or {})
    problems += [*refusals, *_absent(dossier, economy), *_miscounted(dossier, economy), *misquoted]
    if problems:
        raise ScenarioError(list({problem.message: problem for problem in problems}.values()))
    rest = stand_in(dossier, economy)
    if rest:  # it says more than what the main scenario says of itself
        remarks = [note for note in remarks if not note.text.startswith(f"Scenario {dossier.main}: {REST_NOTE}")]
    remarks += [*rest, *_undated(dossier), *rest_notes(dossier), *degree_notes(dossier), *bound_notes(dossier)]
    remarks += _late_world(dossier, economy)
    notes = [*remarks, *_amounts(dossier, economy), *_uncounted(dossier, economy), *_unreported(dossier), *unseen]
    notes += [*_strangers(dossier), *_unused(dossier)]
    return [*_counted(dossier, economy), *about, *quoted, *map(str, notes), clean(notes)]


def _own_world(dossier: Dossier) -> World:
    from comity.benchmark.bundle import world_for

    return world_for(None, dossier)


def _counted(dossier: Dossier, world: World) -> list[str]:
    inside = sum(bool(commitment.measures) for commitment in dossier.commitments)
    tested = sum(claim.test is not None for claim in dossier.claims)
    outside = len(dossier.claims) - tested
    return [
        f"{dossier.path}: {several(len(dossier.scenarios), 'scenario')}, valid on {world.name or 'this world'}.",
        f"{several(len(dossier.commitments), 'commitment')}, {inside} of them with measures in the model.",
        f"{several(len(dossier.claims), 'claim')}, {tested} with a test, {outside} outside the model.",
    ]


def _scenarios(dossier: Dossier, world: World) -> tuple[list[str], list[Note], list[InputError]]:
    """Each scenario compiled: its measures in words, notes, or a refusal."""
    lines: list[str] = []
    notes: list[Note] = []
    problems: list[InputError] = []
    for k, named in enumerate(dossier.scenarios):
        try:
            said, remarks = _on_world(dossier, k, dossier.found[named.id], world)
            lines += said
            notes += remarks
        except InputError as refusal:
            here = f"cannot be run on {world.name or 'this world'}"
            if named.id != dossier.main and dossier.world not in (None, world.name):
                notes.append(Note(f"Scenario {named.id} {here}: {refusal.message}"))
            elif named.use is None:
                problems.append(refusal)
            else:  # it names a place in another file
                problems.append(InputError(dossier.where("scenarios", k, "use"), f"the scenario {here}",
                                           found=named.use, advice=refusal.message))  # fmt: skip
    return lines, notes, problems


def _on_world(dossier: Dossier, k: int, thing: Any, world: World) -> tuple[list[str], list[Note]]:
    name = dossier.scenarios[k].id
    if isinstance(thing, Frictions):
        where = dossier.where("scenarios", k, "frictions")
        account = frictions_shock(world, thing, day=day_of(dossier), where=where)[1]
        return [f"Scenario {name}: an upper bound.", *(f"  {line}" for line in account.sentences)], []
    compiled = compile_scenario(world, thing)
    head = f"Scenario {name}: {several(len(compiled.measures), 'measure')}."
    measures = [f"  {m.id}: {m.sentence}" + (f" Dates: {m.dates}." if m.dates else "") for m in compiled.measures]
    odd = compiled.nothing or any(text.startswith(IMPLAUSIBLE) for text in compiled.warnings)
    # the sizes of a gallery scenario are not this author's
    meant = _confirmed(world, thing) if odd and dossier.scenarios[k].use not in gallery() else ""
    remarks = remarks_on(compiled, meant)
    return [head, *measures], [Note(f"Scenario {name}: {note.text}", note.todo) for note in remarks]


def _confirmed(world: World, scenario: Any) -> str:
    """What to do about sizes that look wrong: nothing where the measures behind them say why in a `note`."""

    def extreme(name: str) -> bool:
        alone = compile_scenario(world, scenario, include=[name])
        return bool(alone.nothing) or any(text.startswith(IMPLAUSIBLE) for text in alone.warnings)

    # where no measure is extreme by itself, all of them together are
    behind = [measure for measure in scenario.measures if extreme(measure.id)] or scenario.measures
    bare = [measure.id for measure in behind if not measure.note]
    if not bare:
        return ""
    return f"Look whether the sizes are meant so; if they are, say why in the `note` of {joined(bare)}."


def remarks_on(compiled: Compiled, meant: str) -> list[Note]:
    """What a careful author of a scenario should know. meant : what to do about sizes that look wrong."""
    notes = [Note(text) for text in (*compiled.left_out, *compiled.regime_notes)]
    notes += [Note(text, meant if text.startswith(IMPLAUSIBLE) else "") for text in compiled.warnings]
    without = [report.id for report in compiled.measures if not report.source]
    if without:
        notes.append(Note(f"No source given for: {', '.join(without)}.", "Say in `source` where each is written."))
    if compiled.nothing:
        notes.append(Note(f"At central sizes nothing changes, because {compiled.nothing}.", meant))
    return notes


def _undated(dossier: Dossier) -> list[Note]:
    """Measures written here without a date: in the model they are in force before the signing."""
    notes = []
    for named in dossier.scenarios:
        measures = getattr(dossier.found[named.id], "measures", ()) if named.scenario is not None else ()
        bare = [measure.id for measure in measures if getattr(measure, "phase", None) is None]
        if bare and dossier.signed:
            text = f"Scenario {named.id}: no dates for {', '.join(bare)}: in force before the signing, from the start."
            notes.append(Note(text, f"Give a phase, such as {{from: {dossier.signed}}}, the day on which it begins."))
    return notes


def _late_world(dossier: Dossier, world: World) -> list[Note]:
    """A base year that lies mostly after the signing holds what the deal brought in it already; an embedded world that
    precedes the deal is named, the latest if there are several."""
    signed, year = dossier.signed and q.date(dossier.signed), world.base_year
    if not signed or year is None or year_after(year, signed) <= HALF:
        return []
    text = f"{part_after(year, signed)} is in the trade that {world.name or 'this world'} starts from."
    earlier = [name for name, of in _base_years().items() if year_after(of, signed) <= OVERLAP]
    return [Note(f"{text} `world: {earlier[-1]}` precedes the signing." if earlier else text)]


def _base_years() -> dict[str, int]:
    """Embedded worlds by name, in order of time."""
    from comity.benchmark.bundle import embedded_worlds, load_world

    years = {name: load_world(name).base_year or 0 for name in embedded_worlds()}
    return dict(sorted(years.items(), key=lambda item: item[1]))


def day_of(dossier: Dossier) -> datetime.date:
    """The day as of which blocs are taken: that of the signing."""
    return q.date(dossier.signed) if dossier.signed else LAST_DAY


def _absent(dossier: Dossier, world: World) -> list[InputError]:
    """Economies that a test names and the world lacks."""
    problems = []
    for path, test in tests_of(dossier):
        for place, words in economies_of(path, test):
            try:
                if words:
                    find_party(world, words, day_of(dossier), dossier.where(*place))
            except InputError as problem:
                problems.append(problem)
    return problems


def known_counts(world: World, test: Any) -> list[str]:
    """The statistical counts of a pair's trade that a world knows; none where it holds one without a name."""
    codes = [find_country(word) or word for word in test.between]
    return [count.name for count in counts_of(world, [(codes[0], codes[1])])]


def _miscounted(dossier: Dossier, world: World) -> list[InputError]:
    """Targets judged on a count that the world's counts of the pair do not have."""
    problems = []
    for path, test in tests_of(dossier):
        known = known_counts(world, test) if test.kind == "target" and len(test.between) == 2 else []
        if known and test.count not in known:
            where = dossier.where(*path, "count")
            problems.append(InputError(where, "no statistical count of that name in this world", found=test.count,
                                       allowed=known, nearest=nearest(test.count, known)))  # fmt: skip
    return problems


def _uncounted(dossier: Dossier, world: World) -> list[Note]:
    """Targets of a pair with one count only: the name the author gave it says what the target was set on, no more."""
    return [
        Note(
            f"Claim {dossier.claims[int(path[1])].id}: {world.name or 'this world'} holds one count of the trade of "
            f"{people(test.between)}; the target is judged on that one, not on {test.count}. Nothing to change."
        )
        for path, test in tests_of(dossier)
        if test.kind == "target" and not known_counts(world, test)
    ]


def _amounts(dossier: Dossier, world: World) -> list[Note]:
    """Amounts that no source explains, and those that are tiny beside the trade they are about."""
    notes = []
    for claim in dossier.claims:
        notes += [Note(f"Claim {claim.id}: {text}", "If it was worked out, say how in `reading`.")
                  for text in unlike_amounts(claim)]  # fmt: skip
        if isinstance(claim.test, TargetTest):
            held, whose = _trade_of(dossier, world, claim.test)
            if claim.test.at_least < TINY * held:
                text = f"at_least: {claim.test.at_least:.10g} is less than a hundredth of the trade of "
                text += f"{people(claim.test.between)}, {dollars(float(f'{held:.3g}'))} {whose}."
                notes.append(Note(f"Claim {claim.id}: {text}", "" if claim.reading else f"{UNIT} {ELSE_READING}"))
    for observed in dossier.observed:
        there = world_trade(world, observed.between)
        for series in observed.series:
            small = [row.period for row in series.rows if row.total is not None and row.total < TINY * there]
            if small:
                text = f"Observed {observed.id}, {series.count}, {', '.join(small)}: less than a hundredth of the "
                text += f"{dollars(float(f'{there:.3g}'))} in {world.name or 'this world'}."
                noted = all(row.note for row in series.rows if row.period in small)
                notes.append(Note(text, "" if noted else f"{UNIT} {ELSE_NOTE}"))
    return notes


def _trade_of(dossier: Dossier, world: World, test: TargetTest) -> tuple[float, str]:
    """The largest figure known of a pair's goods trade, million USD a year, and where it is from."""
    known = [(world_trade(world, test.between), f"in {world.name or 'this world'}")]
    known += [
        (row.total, f"on {series.count}")
        for observed in dossier.observed
        if parties(observed.between) == parties(test.between)
        for series in observed.series
        for row in series.rows
        if row.total is not None
    ]
    return max(known)


def world_trade(world: World, between: Sequence[str]) -> float:
    """Goods trade of a pair both ways in a world, million USD a year; 0 where it does not have both."""
    codes = sorted(parties(between))
    if len(codes) != 2 or any(code not in world.countries for code in codes):
        return 0.0
    a, b = (world.country(code) for code in codes)
    flows = world.flow[goods(world.sectors)]
    return float(flows[:, a, b].sum() + flows[:, b, a].sum())


def _strangers(dossier: Dossier) -> list[Note]:
    """What does not belong together and stands so when a dossier was made from another: commitments whose measures are
    among others, periods that are not the year they are called, growth by a factor that is a fall."""
    notes = []
    for commitment in dossier.commitments:
        for name in commitment.measures:
            named = _named_in(dossier, name)
            if named and not named & parties(commitment.parties):
                whose = f"is of {people(commitment.parties)}, its measure {name} of {people(sorted(named))}"
                notes.append(Note(f"Commitment {commitment.id}: it {whose}.", "Look who is meant."))
    for observed in dossier.observed:
        for series in observed.series:
            for row in series.rows:
                year = YEAR.fullmatch(row.period)
                if year and not q.date(row.start).year <= int(row.period) <= last_day(row.end).year:
                    text = f"Observed {observed.id}, {series.count}: {row.period} lies from {row.start} to {row.end}."
                    notes.append(Note(text, "Write the days of the period."))
    for claim in dossier.claims:
        if claim.test is not None and claim.test.kind == "growth" and claim.test.at_least < 1:
            text = f"Claim {claim.id}: growth to {claim.test.at_least:g} times is a fall."
            todo = f"Grown by {claim.test.at_least:.0%} is `at_least: {1 + claim.test.at_least:g}`."
            notes.append(Note(text, "" if claim.reading else f"{todo} {ELSE_READING}"))
    return notes


def _named_in(dossier: Dossier, name: str) -> set[str]:
    """Codes of the economies that a measure ("scenario/measure") names one by one; empty where it names a bloc."""
    scenario, _, identity = name.partition("/")
    words: list[str] = []
    for measure in getattr(dossier.found.get(scenario), "measures", ()):
        if measure.id == identity:
            for side in ("between", "importers", "exporters", "countries"):
                words += getattr(measure, side, None) or ()
    codes = [find_country(word) for word in words]
    return set() if None in codes else set(codes)  # type: ignore[arg-type]


def _unused(dossier: Dossier) -> list[Note]:
    """Sources whose id stands nowhere else: left over from a dossier that this one was made from, perhaps."""
    ids = [source.id for source in dossier.sources if source.id]
    idle = [name for name in ids if len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", dossier.text)) == 1]
    return [Note(f"Source{'' if len(idle) == 1 else 's'} {listing(idle, 4)}: nothing points there.")] if idle else []


def _unreported(dossier: Dossier) -> list[Note]:
    """Counts that cannot answer a test of growth, because a period is not reported on them."""
    notes = []
    observed = {item.id: item for item in dossier.observed}
    for path, test in tests_of(dossier):
        if test.kind != "growth":
            continue
        if test.observed is None:
            text = f"Claim {dossier.claims[int(path[1])].id}: no observed series is named, so one cannot tell."
            if dossier.signed and max(map(int, YEAR.findall(test.until)), default=0) > q.date(dossier.signed).year:
                notes.append(Note(text, "Growth still to come is a `target`, with its amount in million USD a year."))
                continue
            notes.append(Note(f"{text} Give the statistics under `observed`, if there are any."))
            continue
        for series in observed[test.observed].series:
            missing = [p for p in (test.since, test.until) if p not in [row.period for row in series.rows]]
            if missing:
                claim = dossier.claims[int(path[1])].id
                text = (
                    f"Claim {claim}: {series.count} does not report {' and '.join(missing)}, so it cannot be supported."
                )
                notes.append(Note(f"{text} Add the rows, if there are any."))
    return notes
