"""Checking a dossier without solving it: its scenarios on a world, its figures in the texts of its sources."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from comity.benchmark.world import World
from comity.classifications.countries import find_country
from comity.dossier.frictions import frictions_shock
from comity.dossier.quotes import check_figures, read_texts
from comity.dossier.references import economies_of, reference_problems, tests_of
from comity.dossier.schema import Dossier, Frictions, TargetTest
from comity.errors import InputError, nearest
from comity.outcomes.counts import counts_of
from comity.scenario import quantities as q
from comity.scenario.compile import compile_scenario
from comity.scenario.explain import people
from comity.scenario.load import ScenarioError
from comity.scenario.places import LAST_DAY, find_party

__all__ = ["check_dossier", "read_texts"]


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
    about, refusals = _scenarios(dossier, economy)
    quoted, misquoted = check_figures(dossier, texts or {})
    problems += [*refusals, *_absent(dossier, economy), *_miscounted(dossier, economy), *misquoted]
    if problems:
        raise ScenarioError(list({problem.message: problem for problem in problems}.values()))
    return [*_counted(dossier, economy), *about, *_uncounted(dossier, economy), *_unreported(dossier), *quoted]


def _own_world(dossier: Dossier) -> World:
    from comity.benchmark.bundle import world_for

    return world_for(None, dossier)


def _counted(dossier: Dossier, world: World) -> list[str]:
    inside = sum(bool(commitment.measures) for commitment in dossier.commitments)
    tested = sum(claim.test is not None for claim in dossier.claims)
    return [
        f"{dossier.path}: {len(dossier.scenarios)} scenario(s), valid on {world.name or 'this world'}.",
        f"{len(dossier.commitments)} commitment(s), {inside} of them with measures in the model.",
        f"{len(dossier.claims)} claim(s), {tested} with a test, {len(dossier.claims) - tested} outside the model.",
    ]


def _scenarios(dossier: Dossier, world: World) -> tuple[list[str], list[InputError]]:
    """Each scenario compiled: a sentence and remarks, or a refusal."""
    lines: list[str] = []
    problems: list[InputError] = []
    for k, named in enumerate(dossier.scenarios):
        try:
            lines += _on_world(dossier, k, dossier.found[named.id], world)
        except InputError as refusal:
            here = f"cannot be run on {world.name or 'this world'}"
            if named.id != dossier.main and dossier.world not in (None, world.name):
                lines.append(f"Scenario {named.id} {here}: {refusal.message}")
            elif named.use is None:
                problems.append(refusal)
            else:  # it names a place in another file
                problems.append(InputError(dossier.where("scenarios", k, "use"), f"the scenario {here}",
                                           found=named.use, advice=refusal.message))  # fmt: skip
    return lines, problems


def _on_world(dossier: Dossier, k: int, thing: Any, world: World) -> list[str]:
    name = dossier.scenarios[k].id
    if isinstance(thing, Frictions):
        where = dossier.where("scenarios", k, "frictions")
        account = frictions_shock(world, thing, day=day_of(dossier), where=where)[1]
        return [f"Scenario {name}: an upper bound.", *(f"  {line}" for line in account.sentences)]
    compiled = compile_scenario(world, thing)
    remarks = [*compiled.left_out, *compiled.regime_notes, *compiled.warnings]
    without = [report.id for report in compiled.measures if not report.source]
    if without:
        remarks.append(f"No source given for: {', '.join(without)}.")
    if compiled.nothing:
        remarks.append(f"At central sizes nothing changes, because {compiled.nothing}.")
    return [f"Scenario {name}: {len(compiled.measures)} measure(s).", *(f"  {line}" for line in remarks)]


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


def _counts(world: World, test: TargetTest) -> list[str]:
    """The statistical counts of a pair's trade that a world knows."""
    codes = [find_country(word) or word for word in test.between]
    return [count.name for count in counts_of(world, [(codes[0], codes[1])])]


def _miscounted(dossier: Dossier, world: World) -> list[InputError]:
    """Targets judged on a count that the world's counts of the pair do not have."""
    problems = []
    for path, test in tests_of(dossier):
        known = _counts(world, test) if test.kind == "target" and len(test.between) == 2 else []
        if known and test.count not in known:
            where = dossier.where(*path, "count")
            problems.append(InputError(where, "no statistical count of that name in this world", found=test.count,
                                       allowed=known, nearest=nearest(test.count, known)))  # fmt: skip
    return problems


def _uncounted(dossier: Dossier, world: World) -> list[str]:
    """Targets of a pair with one count only: the name the author gave it says what the target was set on, no more."""
    return [
        f"Claim {dossier.claims[int(path[1])].id}: {world.name or 'this world'} holds one count of the trade of "
        f"{people(test.between)}; the target is judged on that one, not on {test.count}."
        for path, test in tests_of(dossier)
        if test.kind == "target" and not _counts(world, test)
    ]


def _unreported(dossier: Dossier) -> list[str]:
    """Counts that cannot answer a test of growth, because a period is not reported on them."""
    lines = []
    observed = {item.id: item for item in dossier.observed}
    for path, test in tests_of(dossier):
        for series in observed[test.observed].series if test.kind == "growth" else ():
            missing = [p for p in (test.since, test.until) if p not in [row.period for row in series.rows]]
            if missing:
                claim = dossier.claims[int(path[1])].id
                lines.append(f"Claim {claim}: {series.count} does not report {' and '.join(missing)}, so it cannot be "
                             "supported.")  # fmt: skip
    return lines
