"""A dossier in plain sentences: its scenarios, who promised what, what is claimed and what each test asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from comity.benchmark.world import World
from comity.classifications.countries import EVERYBODY, find_country
from comity.dossier.amounts import dollars
from comity.dossier.bases import every_count
from comity.dossier.cautions import rest_notes, stand_in
from comity.dossier.check import known_counts
from comity.dossier.schema import Claim, Commitment, Dossier, Frictions, GrowthTest, Reference, TargetTest
from comity.errors import InputError
from comity.scenario.compile import compile_scenario
from comity.scenario.explain import explain, joined, number, people, percent


def explain_dossier(dossier: Dossier, world: World) -> list[str]:
    """The whole dossier in plain words, one sentence or list entry each."""
    lines = [f"{dossier.title}."]
    lines += [dossier.summary] if dossier.summary else []
    lines += [f"Signed: {dossier.signed}."] if dossier.signed else []
    for name, thing in dossier.found.items():
        lines += ["", f"Scenario {name}" + (" (main):" if name == dossier.main else ":")]
        lines += [f"  {line}" for line in _scenario(dossier, name, thing, world)]
    rest = [*stand_in(dossier, world), *rest_notes(dossier)]
    lines += ["", *(str(note) for note in rest)] if rest else []
    if dossier.commitments:
        lines += ["", "Commitments:"]
        for commitment in dossier.commitments:
            lines += [f"  {line}" for line in _commitment(commitment)]
    if dossier.claims:
        lines += ["", "Claims:"]
        for claim in dossier.claims:
            lines += [f"  {line}" for line in _claim(claim, world, dossier)]
    return lines


def _scenario(dossier: Dossier, name: str, thing: Any, world: World) -> list[str]:
    if isinstance(thing, Frictions):
        title = next(named.title for named in dossier.scenarios if named.id == name)
        duties = ", and the tariffs between them to zero" if thing.tariffs else ""
        bound = (
            f"Trade costs among {people(thing.between)} fall to the lowest observed among {people(thing.best_of)}, "
            f"sector by sector{duties}. An upper bound: it can refute a claim, never support one."
        )
        return [f"{title}.", bound] if title else [bound]
    try:
        return explain(world, compile_scenario(world, thing))
    except InputError as refusal:
        return [f"{thing.title}.", f"It cannot be run on {world.name or 'this world'}: {refusal.message}"]


def _commitment(commitment: Commitment) -> list[str]:
    signed = f", signed by {commitment.signed_by}" if commitment.signed_by else ""
    head = f"{commitment.id}: {commitment.title} ({commitment.instrument} of {people(commitment.parties)}{signed})."
    model = f"In the model: {', '.join(commitment.measures)}." if commitment.measures else _outside(commitment.outside)
    events = [f"{event.date}: {event.status}, {event.what} ({event.source})." for event in commitment.history]
    return [head, *(f"  {line}" for line in (model, *events, f"Written in: {written(commitment.source)}."))]


def _claim(claim: Claim, world: World, dossier: Dossier) -> list[str]:
    head = f"{claim.id}: {claim.statement.rstrip('.')}" + (f" ({claim.by})." if claim.by else ".")
    lines = [asked(claim, world, dossier)]
    if claim.nearest is not None:
        lines.append(f"Nearest answer, without a verdict: {words_of(claim.nearest)}")
    if claim.reading:
        lines.append(f"Reading ({'ours' if claim.whose == 'ours' else 'of the source'}): {claim.reading}")
    if claim.leaves_out:
        lines.append(f"Leaves out: {claim.leaves_out}")
    return [head, *(f"  {line}" for line in (*lines, f"Written in: {written(claim.source)}."))]


def written(reference: Reference) -> str:
    """Where a source says it: "article, paragraph 22, quoting "$100 million"" """
    parts = [reference.id]
    if reference.paragraph:
        noun = "paragraph" if len(reference.paragraph) == 1 else "paragraphs"
        parts.append(f"{noun} {', '.join(map(str, reference.paragraph))}")
    parts += [reference.where] if reference.where else []
    parts += ["quoting " + ", ".join(f'"{figure}"' for figure in reference.figures)] if reference.figures else []
    return ", ".join(parts)


def asked(claim: Claim, world: World | None = None, dossier: Dossier | None = None) -> str:
    """What a claim's test asks (of this world and these observations, where given), or why it is outside the model."""
    if claim.test is None:
        return _outside(claim.outside)
    if world is not None and isinstance(claim.test, TargetTest) and not known_counts(world, claim.test):
        judged = f"set on {claim.test.count} and judged on the one count that {world.name or 'this world'} holds"
        return f"Test: {_target(claim.test, judged)}{_bound(claim.test)}."
    if dossier is not None and isinstance(claim.test, GrowthTest) and claim.test.observed:
        series = [one for item in dossier.observed if item.id == claim.test.observed for one in item.series]
        return f"Test: {_growth(claim.test, every_count(series))}."
    return f"Test: {words_of(claim.test)}"


def _outside(reason: str | None) -> str:
    return f"Outside the model: {(reason or '').rstrip('.')}."


def words_of(test: Any) -> str:
    """One sentence a kind of test."""
    return WORDS[test.kind](test) + _bound(test) + "."


def _bound(test: Any) -> str:
    """What an upper bound means for a test."""
    return "; the scenario is an upper bound and can only refute" if getattr(test, "upper_bound", False) else ""


def _target(test: Any, judged: str | None = None) -> str:
    when = f"at the start of {test.by}" if test.by else "at full implementation"
    return (
        f"under scenario {test.scenario}, goods trade of {people(test.between)} both ways reaches "
        f"{dollars(test.at_least)} {when}, {judged or f'judged on {test.count}'}"
    )


def _each(words: Sequence[str]) -> str:
    """ "Iran" alone, "each of Iran and Belarus", "each of the EAEU", "every economy named in the world"."""
    if len(words) == 1 and words[0].casefold() == EVERYBODY:
        return people(words)
    alone = len(words) == 1 and find_country(words[0]) is not None
    return people(words) if alone else f"each of {people(words)}"


def _gain(test: Any) -> str:
    how = "rises"
    if test.at_least > 0:
        how = f"rises by at least {percent(test.at_least)}"
    elif test.at_least < 0:
        how = f"falls by no more than {percent(-test.at_least)}"
    return f"under scenario {test.scenario}, real income of {_each(test.countries)} {how}"


def _loss(test: Any) -> str:
    how = f"falls by at least {percent(test.at_least)}" if test.at_least else "falls"
    return f"under scenario {test.scenario}, real income of {_each(test.countries)} {how}"


def _trade(test: Any) -> str:
    by = f" by the measures {joined(test.measures)} alone" if test.measures else ""
    size = f" by more than {dollars(test.more_than)}" if test.more_than else ""
    return f"under scenario {test.scenario}, goods trade of {people(test.between)} both ways rises{size}{by}"


def _recovered(test: Any) -> str:
    regimes = joined([f"{people([word])} (scenario {name})" for word, name in test.regimes.items()])
    apart = f"; scenario {test.apart} is shown apart" if test.apart else ""
    return (
        f"scenario {test.cooperation} wins back at least {percent(test.at_least)} of what the regime costs {regimes}"
        f"{apart}"
    )


def _growth(test: Any, counts: str = "every count") -> str:
    if test.observed is None:
        rise = f"observed trade in {test.until} is at least {number(test.at_least)} times that in {test.since}"
        return f"{rise}; no series is given, so one cannot tell"
    return (
        f"observed trade {test.observed} in {test.until} is at least {number(test.at_least)} times that in "
        f"{test.since}, on {counts}"
    )


def _ranking(test: Any) -> str:
    among = people(test.among) if test.among else "all economies of the world"
    verb = "gains" if test.most == "gain" else "loses"
    return f"under scenario {test.scenario}, {people([test.country])} {verb} most, in million USD a year, among {among}"


def _delay(test: Any) -> str:
    together = " together" if len(test.countries) > 1 else ""
    size = f"more than {dollars(test.more_than).removesuffix(' a year')}" if test.more_than else "something"
    return f"under scenario {test.scenario}, one year of delay costs {people(test.countries)}{together} {size}"


WORDS: dict[str, Callable[[Any], str]] = {
    "target": _target, "gain": _gain, "loss": _loss, "trade": _trade, "recovered": _recovered, "growth": _growth,
    "ranking": _ranking, "delay": _delay,
}  # fmt: skip
