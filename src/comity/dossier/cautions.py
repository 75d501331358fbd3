"""What stands beside the numbers and changes none: sizes outside any plausible range, promises that the measures do not
hold, and the rest of the world in the place of a country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from comity.benchmark.world import World
from comity.classifications.countries import EVERYBODY, REST_OF_WORLD, find_country, spoken
from comity.dossier.notes import Note
from comity.dossier.references import named_economies, parties
from comity.dossier.schema import Dossier
from comity.dossier.verdicts import SUPPORTED, Caution, Verdict
from comity.errors import listing, shorten
from comity.outcomes.ranges import IMPLAUSIBLE
from comity.outcomes.simulate import Outcomes
from comity.scenario.explain import called_upper_bounds, joined
from comity.scenario.places import REST_NOTE

MEASURES = "The measures and their sizes"  # the section of the report that has them in full
IMPLAUSIBLE_MAIN = f'Sizes of this scenario lie outside any plausible range: the report names them under "{MEASURES}".'
WHOLE_SCENARIO = ("target", "gain", "loss", "trade", "ranking")  # tests on all that a scenario does
TRADE = re.compile(
    r"\b(?:trade|tariff|dut(?:y|ie)|custom|preferential|quota|export|import|market access|border|transit|transport|"
    r"corridor|rail|railway|road|port|visa)s?\b",
    re.IGNORECASE,
)


# -- beside a verdict -----------------------------------------------------------------------------------


def size_notes(dossier: Dossier, name: str, solved: Any) -> tuple[str, ...]:
    """What is implausible in the scenario of a test: in full, since the report shows no other place for it; of the main
    one, which the report has in full, that it is there."""
    if not isinstance(solved, Outcomes):
        return ()
    warnings = solved.compiled.warnings
    if name != dossier.main:
        return tuple(warnings)
    return (IMPLAUSIBLE_MAIN,) if any(text.startswith(IMPLAUSIBLE) for text in warnings) else ()


def outside_promises(dossier: Dossier, test: Any) -> tuple[str, ...]:
    """Promises on trade that no measure carries, where a test is on the measures that carry the others."""
    name = getattr(test, "scenario", None)
    carried = {measure.partition("/")[0] for commitment in dossier.commitments for measure in commitment.measures}
    if test.kind not in WHOLE_SCENARIO or getattr(test, "measures", None) or name not in {dossier.main, *carried}:
        return ()
    titles = [
        shorten(commitment.title.rstrip("."), 60)
        for commitment in dossier.commitments
        if commitment.outside and TRADE.search(f"{commitment.field}; {commitment.title}")
    ]
    return (Caution(f"Not in these measures, because outside the model: {listing(titles, 4)}."),) if titles else ()


# -- upper bounds ---------------------------------------------------------------------------------------


def called_bounds(dossier: Dossier, test: Any) -> list[str]:
    """Measures of a test that their own `note` calls an upper bound, where the test does not say whether it is one."""
    if test is None or "upper_bound" in test.model_fields_set:
        return []
    name = getattr(test, "scenario", None) or getattr(test, "cooperation", None)
    measures = getattr(dossier.found.get(name), "measures", ())  # type: ignore[arg-type]
    asked = getattr(test, "measures", ()) or [measure.id for measure in measures]
    return called_upper_bounds(measure for measure in measures if measure.id in asked)


def bound_notes(dossier: Dossier) -> list[Note]:
    """What `check` asks of such tests."""
    claims: dict[tuple[str, ...], list[str]] = {}
    for claim in dossier.claims:
        claims.setdefault(tuple(called_bounds(dossier, claim.test)), []).append(claim.id)
    todo = "Write `upper_bound: true` in the test, or `upper_bound: false` if the note means something else."
    return [
        Note(
            f"Claim{'' if len(ids) == 1 else 's'} {joined(ids)}: an upper bound can refute a claim, never support it, "
            f"and the `note` of {joined(called)} speaks of one.",
            todo,
        )
        for called, ids in claims.items()
        if called
    ]


def bound_caution(dossier: Dossier, verdict: Verdict) -> tuple[str, ...]:
    """The same beside a verdict that rests on them."""
    called = called_bounds(dossier, verdict.claim.test) if verdict.mark == SUPPORTED else []
    if not called:
        return ()
    one = len(called) == 1
    told = f"An upper bound cannot support a claim, and {joined(called)} {'is one' if one else 'are such'} by "
    told += f"{'its own note' if one else 'their own notes'}: with `upper_bound: true` in the test one could not tell."
    return (Caution(told),)


# -- the rest of the world ------------------------------------------------------------------------------


def rest_notes(dossier: Dossier) -> list[Note]:
    """The rest of the world as a party, in a test or in what was observed; scenarios tell it of their measures."""
    places = [
        dossier.where(*path).removeprefix(f"{dossier.path}, ")
        for path, words in named_economies(dossier)
        if REST_OF_WORLD in parties(words)
    ]
    return [Note(f"{REST_NOTE} It is named on {listing(places, 4)}.")] if places else []


def stand_in(dossier: Dossier, world: World) -> list[Note]:
    """The rest of the world as a party of the main scenario: somebody whose country is missing may have taken it for
    that country. Who means all other economies says so in the `note` of the measures, or writes [all, ROW]."""
    measures = list(_with_rest(dossier.found.get(dossier.main)))
    if not measures or REST_OF_WORLD not in world.countries:
        return []
    missing = [spoken(code) for code in _missing(dossier, world)]
    lie = "lies" if len(missing) == 1 else "lie"
    whom = f"{joined(missing)}, which {lie} inside it" if missing else "any one of them"
    text = (
        f"Scenario {dossier.main}: the rest of the world (ROW) takes part in {joined([m.id for m in measures])}. It is "
        f"all other economies together, and no number here is one of {whom}."
    )
    bare = [measure.id for measure in measures if not measure.note]
    todo = f"Take it out; or, if all other economies are meant, say so in the `note` of {joined(bare)}." if bare else ""
    return [Note(text, todo)]


def _with_rest(scenario: Any) -> Iterator[Any]:
    """Measures that name the rest of the world for itself, not as a part of everybody."""
    for measure in getattr(scenario, "measures", ()):
        sides = [getattr(measure, side, None) or () for side in ("importers", "exporters", "between", "countries")]
        sides += [(word,) for end in ("giver", "receiver") if (word := getattr(measure, end, None))]
        if any(REST_OF_WORLD in parties(side) and EVERYBODY not in map(str.casefold, side) for side in sides):
            yield measure


def _missing(dossier: Dossier, world: World) -> list[str]:
    """Countries that the dossier names and the world does not hold."""
    named = [find_country(word) for _, words in named_economies(dossier) for word in words]
    return list(dict.fromkeys(code for code in named if code is not None and code not in world.countries))
