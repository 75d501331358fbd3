"""What a dossier says must agree with itself: every name it uses exists, dates are in order, figures add up."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from comity.classifications.countries import EVERYBODY, find_bloc, find_country, unknown_economy
from comity.dossier.amounts import contradicted_amounts
from comity.dossier.schema import Dossier, Frictions, Observation, Observed, RecoveredTest, Series
from comity.errors import InputError, nearest
from comity.scenario import quantities as q
from comity.scenario.load import look_alikes

NOTHING_INSIDE = (
    "If nothing in this text is within the model, comity cannot assess it; docs/dossiers.md#codes lists the countries."
)
A_LEVEL = (
    "A level that was reported is a row under `observed`, and no claim to test; to keep the statement as a claim write "
    "outside: a reported level, not a change."
)
LARGEST = 1e7  # million USD a year: more than any pair trades, so the amount was written in USD
Problems = Iterator[InputError]
Path = tuple[str | int, ...]


def reference_problems(dossier: Dossier) -> list[InputError]:
    """Every contradiction inside the dossier, in the order of its keys."""
    checks = (_twice, _main, _sources, _commitments, _tests, contradicted_amounts, _observations, _economies)
    return [problem for check in checks for problem in check(dossier)]


def tests_of(dossier: Dossier) -> Iterator[tuple[Path, Any]]:
    """Every test with its path, those of nearest answers too."""
    for k, claim in enumerate(dossier.claims):
        for key in ("test", "nearest"):
            if (test := getattr(claim, key)) is not None:
                yield ("claims", k, key), test


def economies_of(path: Path, test: Any) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Words for countries and blocs in a test, with their paths."""
    for key in ("countries", "between", "among"):
        yield (*path, key), getattr(test, key, ())
    if getattr(test, "country", None):
        yield (*path, "country"), (test.country,)
    for word in getattr(test, "regimes", {}):
        yield (*path, "regimes", word), (word,)


def _dangling(dossier: Dossier, path: Path, kind: str, name: str, known: Iterable[str], inside: str = "") -> InputError:
    options = list(dict.fromkeys(known))
    place = f" in {inside}" if inside else " in this dossier"
    return InputError(dossier.where(*path), f"no {kind} of that name{place}", found=name,
                      allowed=options or f"no {kind} to name", nearest=nearest(name, options))  # fmt: skip


# -- ids and sources ------------------------------------------------------------------------------------


def _twice(dossier: Dossier) -> Problems:
    """Ids that stand twice in one list."""
    for key in ("sources", "scenarios", "regimes", "commitments", "claims", "observed", "assumptions"):
        yield from _repeated(dossier, (key,), [item.id for item in getattr(dossier, key)], "id")
    for k, observed in enumerate(dossier.observed):
        path: Path = ("observed", k, "series")
        yield from _repeated(dossier, path, [series.count for series in observed.series], "count")
        for j, series in enumerate(observed.series):
            yield from _repeated(dossier, (*path, j, "rows"), [row.period for row in series.rows], "period")


def _repeated(dossier: Dossier, path: Path, names: Sequence[str | None], key: str) -> Problems:
    for k, name in enumerate(names):
        if name is not None and name in names[:k]:
            first = dossier.where(*path, names.index(name), key).removeprefix(f"{dossier.path}, ")
            yield InputError(dossier.where(*path, k, key), f"the {key} stands twice", found=name,
                             advice=f"It stands first on {first}.")  # fmt: skip


def _main(dossier: Dossier) -> Problems:
    if dossier.main not in _declared(dossier):
        yield _dangling(dossier, ("main",), "scenario", dossier.main, _declared(dossier))
    elif isinstance(dossier.found.get(dossier.main), Frictions):
        yield InputError(dossier.where("main"), "the main scenario must have measures, not be an upper bound",
                         found=dossier.main)  # fmt: skip
    elif dossier.main in dossier.found and not dossier.found[dossier.main].measures:
        yield InputError(dossier.where("main"), "the main scenario has no measures, so there is nothing to assess",
                         found=dossier.main,
                         advice=f"Give it a measure of a pair that the world holds. {NOTHING_INSIDE}")  # fmt: skip
    else:
        yield from _unused_main(dossier)


def _unused_main(dossier: Dossier) -> Problems:
    """The report opens with the main scenario, so something the source says must rest on it. Where a name that does not
    exist is used, that is the mistake."""
    used = {name.partition("/")[0] for commitment in dossier.commitments for name in commitment.measures}
    used |= {name for _, test in tests_of(dossier) for name in scenarios_of(test).values()}
    if dossier.main in used or not used <= set(_declared(dossier)):
        return
    refer = f"measures: [{dossier.main}/MEASURE] in the commitment that a measure carries, or a test on this scenario"
    others = f" Or is {' or '.join(sorted(used))} the main one?" if used else ""
    problem = "no commitment and no test refers to the main scenario, so there is nothing to assess"
    yield InputError(dossier.where("main"), problem, found=dossier.main, allowed=refer,
                     advice=f"{NOTHING_INSIDE}{others}")  # fmt: skip


def _declared(dossier: Dossier) -> list[str]:
    """Names of scenarios, those that could not be loaded too: they have a complaint of their own already."""
    return [named.id for named in dossier.scenarios]


def _sources(dossier: Dossier) -> Problems:
    """Names of sources that the dossier does not have."""
    known = [source.id for source in dossier.sources if source.id]
    for path, name in _used_sources(dossier):
        if name is not None and name not in known:
            yield _dangling(dossier, path, "source", name, known)


def _used_sources(dossier: Dossier) -> Iterator[tuple[Path, str | None]]:
    for k, commitment in enumerate(dossier.commitments):
        yield ("commitments", k, "source", "id"), commitment.source.id
        for j, event in enumerate(commitment.history):
            yield ("commitments", k, "history", j, "source"), event.source
    for k, claim in enumerate(dossier.claims):
        yield ("claims", k, "source", "id"), claim.source.id
    for path, row in _rows(dossier):
        yield (*path, "source"), row.source
    for k, assumption in enumerate(dossier.assumptions):
        yield ("assumptions", k, "source"), assumption.source


# -- commitments ----------------------------------------------------------------------------------------


def _commitments(dossier: Dossier) -> Problems:
    for k, commitment in enumerate(dossier.commitments):
        for j, name in enumerate(commitment.measures):
            yield from _measure(dossier, ("commitments", k, "measures", j), name)
        events = commitment.history
        for j in range(1, len(events)):
            if last_day(events[j].date) < q.date(events[j - 1].date):
                yield InputError(dossier.where("commitments", k, "history", j, "date"), "the events are not in order",
                                 found=f"{events[j].date} after {events[j - 1].date}")  # fmt: skip


def _measure(dossier: Dossier, path: Path, name: str) -> Problems:
    """A measure named "scenario/measure"."""
    scenario, _, measure = name.partition("/")
    if not measure:
        yield InputError(dossier.where(*path), "a measure is named with its scenario", found=name,
                         allowed="scenario/measure, such as roadmap/visas")  # fmt: skip
    elif scenario not in _declared(dossier):
        yield _dangling(dossier, path, "scenario", scenario, _declared(dossier))
    else:
        yield from _inside(dossier, path, scenario, measure)


def _inside(dossier: Dossier, path: Path, scenario: str, measure: str, alone: bool = False) -> Problems:
    """A measure of one scenario, where that could be loaded; `alone` where its name stands without the scenario's."""
    if scenario not in dossier.found:
        return
    ids = [item.id for item in getattr(dossier.found[scenario], "measures", ())]
    bare = measure.rpartition("/")[2]
    if alone and bare != measure:  # the form of a commitment
        yield InputError(dossier.where(*path), f"a test names the measures of its scenario {scenario} without it",
                         found=measure, allowed=ids, nearest=bare if bare in ids else nearest(bare, ids))  # fmt: skip
    elif measure not in ids:
        yield _dangling(dossier, path, "measure", measure, ids, f"scenario {scenario}")


# -- tests ----------------------------------------------------------------------------------------------


def _tests(dossier: Dossier) -> Problems:
    for path, test in tests_of(dossier):
        yield from _test_scenarios(dossier, path, test)
        for name in getattr(test, "measures", ()):
            yield from _inside(dossier, (*path, "measures"), test.scenario, name, alone=True)
        if hasattr(test, "between"):
            yield from _pair(dossier, (*path, "between"), test.between)
        if test.kind == "growth":
            yield from _growth(dossier, path, test)
        if test.kind == "target":
            yield from _target(dossier, path, test)
        if test.kind == "loss" and test.at_least < 0:
            yield InputError(dossier.where(*path, "at_least"), "a loss is written as a positive share",
                             found=f"{test.at_least:g}")  # fmt: skip


def scenarios_of(test: Any) -> dict[Path, str]:
    """Scenarios that a test names, by the keys under which it does."""
    named: dict[Path, str | None] = {(key,): getattr(test, key, None) for key in ("scenario", "cooperation", "apart")}
    named.update({("regimes", word): name for word, name in getattr(test, "regimes", {}).items()})
    return {keys: name for keys, name in named.items() if name is not None}


def _test_scenarios(dossier: Dossier, path: Path, test: Any) -> Problems:
    known = _declared(dossier)
    for keys, name in scenarios_of(test).items():
        if name not in known:
            yield _dangling(dossier, (*path, *keys), "scenario", name, known)
        elif keys[0] == "regimes" and isinstance(dossier.found.get(name), Frictions):
            yield InputError(dossier.where(*path, *keys), "a scenario that lifts or imposes a regime is needed here, "
                             "not an upper bound", found=name)  # fmt: skip
    if isinstance(test, RecoveredTest) and not test.regimes:
        yield InputError(dossier.where(*path, "regimes"), "no economy is named", allowed="such as {IRN: lift-iran}")


def _pair(dossier: Dossier, path: Path, words: Sequence[str]) -> Problems:
    """Two different economies; a bloc is several."""
    blocs = [word for word in words if find_country(word) is None and find_bloc(word) is not None]
    if len({find_country(word) or word for word in words}) != 2 or len(words) != 2 or blocs:
        yield InputError(dossier.where(*path), "two economies are needed", found=", ".join(words),
                         allowed="two countries, such as [IRN, BLR]",
                         advice="Write one claim for each pair." if len(words) > 2 else None)  # fmt: skip


def _growth(dossier: Dossier, path: Path, test: Any) -> Problems:
    observed = {item.id: item for item in dossier.observed}
    if test.at_least <= 0:
        yield InputError(dossier.where(*path, "at_least"), "a factor of growth must be positive",
                         found=f"{test.at_least:g}", allowed="such as 3 for tripled")  # fmt: skip
    if test.since == test.until:
        yield InputError(dossier.where(*path, "until"), "growth needs a later period than the one it starts from",
                         found=f"{test.since} to {test.until}", advice=A_LEVEL)  # fmt: skip
    if test.observed is None:
        return
    if test.observed not in observed:
        yield _dangling(dossier, (*path, "observed"), "observed trade", test.observed, observed)
        return
    periods = list(dict.fromkeys(row.period for series in observed[test.observed].series for row in series.rows))
    for key in ("since", "until"):
        if getattr(test, key) not in periods:
            yield _dangling(dossier, (*path, key), "period", getattr(test, key), periods, f"observed {test.observed}")
    if test.since != test.until and any(_backwards(series, test) for series in observed[test.observed].series):
        yield InputError(dossier.where(*path, "until"), "the periods of a test of growth are not in order of time",
                         found=f"{test.since} to {test.until}", allowed="since: the earlier one")  # fmt: skip


def _backwards(series: Series, test: Any) -> bool:
    """True where a series has both periods of a test of growth and the later one does not start later."""
    starts = {row.period: q.date(row.start) for row in series.rows}
    return {test.since, test.until} <= set(starts) and starts[test.until] <= starts[test.since]


def _target(dossier: Dossier, path: Path, test: Any) -> Problems:
    if not 0 < test.at_least <= LARGEST:
        yield InputError(dossier.where(*path, "at_least"), "not plausible as an amount in million USD a year",
                         found=f"{test.at_least:,.10g}", allowed="such as 100 for 100 million USD")  # fmt: skip
    if test.by is not None and dossier.signed is not None and test.by < q.date(dossier.signed).year:
        yield InputError(dossier.where(*path, "by"), "the target's year lies before the signing", found=test.by,
                         allowed=f"{q.date(dossier.signed).year} or later")  # fmt: skip
    pair = parties(test.between)
    counts = [series.count for item in dossier.observed if parties(item.between) == pair for series in item.series]
    if counts and test.count not in counts:
        yield _dangling(dossier, (*path, "count"), "count", test.count, counts, "the observed trade of this pair")


def parties(words: Sequence[str]) -> set[str]:
    """Country codes of words that may be codes or names."""
    return {find_country(word) or word for word in words}


# -- observations ---------------------------------------------------------------------------------------


def _rows(dossier: Dossier) -> Iterator[tuple[Path, Observation]]:
    for k, observed in enumerate(dossier.observed):
        for j, series in enumerate(observed.series):
            for i, row in enumerate(series.rows):
                yield ("observed", k, "series", j, "rows", i), row


def last_day(text: str) -> datetime.date:
    """The end of a moment or period: a bare year ends on 31 December."""
    return datetime.date(int(text), 12, 31) if len(text) == 4 else q.date(text)


def _observations(dossier: Dossier) -> Problems:
    for k, observed in enumerate(dossier.observed):
        yield from _pair(dossier, ("observed", k, "between"), observed.between)
        if not observed.series:
            yield InputError(dossier.where("observed", k, "series"), "observed trade needs a series", found="none")
        for j, series in enumerate(observed.series):
            path = ("observed", k, "series", j, "rows")
            yield from _setter(dossier, ("observed", k, "series", j, "setter"), observed, series)
            yield from _order(dossier, path, series)
            for i, row in enumerate(series.rows):
                yield from _amounts(dossier, (*path, i), observed, row)


def _setter(dossier: Dossier, path: Path, observed: Observed, series: Series) -> Problems:
    """A count is kept by one of the two."""
    partners = [find_country(word) or word for word in observed.between]
    if (find_country(series.setter) or series.setter) not in partners:
        advice = (
            "For a figure that both name, take the one whose statistics you hold; `count` says in words whose it is."
        )
        yield InputError(dossier.where(*path), "the statistics of a pair are those of one of its two economies",
                         found=series.setter, allowed=partners, advice=advice)  # fmt: skip


def _order(dossier: Dossier, path: Path, series: Series) -> Problems:
    for i, row in enumerate(series.rows):
        if last_day(row.end) < q.date(row.start):
            yield InputError(dossier.where(*path, i, "end"), "the period ends before it starts",
                             found=f"{row.start} to {row.end}",
                             allowed=f"an end on or after {row.start}")  # fmt: skip
        if i and last_day(row.start) < q.date(series.rows[i - 1].start):
            yield InputError(dossier.where(*path, i, "start"), "the rows of a series stand in order of time",
                             found=f"{row.start} after {series.rows[i - 1].start}")  # fmt: skip


def _amounts(dossier: Dossier, path: Path, observed: Observed, row: Observation) -> Problems:
    ways = ["-".join(observed.between), "-".join(reversed(observed.between))]
    for name in row.flows:
        if name not in ways:
            yield _dangling(dossier, (*path, "flows", name), "direction", name, ways, "this pair")
    given: dict[Path, float] = {("flows", name): value for name, value in row.flows.items()}
    if row.total is not None:
        given[("total",)] = row.total
    for keys, value in given.items():
        if not 0 <= value <= LARGEST:
            problem = "a flow cannot be negative" if value < 0 else "not plausible as an amount in million USD a year"
            yield InputError(dossier.where(*path, *keys), problem, found=f"{value:,.10g}")
    if row.total is None or any(name not in ways for name in row.flows) or min(given.values()) < 0:
        return
    both, whole = sum(row.flows.values()), len(row.flows) == 2
    slack = _half_unit(row.total) + sum(_half_unit(value) for value in row.flows.values())
    if both - row.total > slack or (whole and row.total - both > slack):
        problem = "the directions do not add up to the total" if whole else "one direction exceeds the total"
        yield InputError(dossier.where(*path, "total"), problem, found=f"total {row.total:g}, directions {both:g}",
                         allowed=f"a difference of up to {slack:g} by rounding")  # fmt: skip


def _half_unit(value: float) -> float:
    """Half a unit of the last decimal written: what rounding can hide."""
    decimals = len(f"{value:.6f}".rstrip("0").partition(".")[2])
    return 0.5 * float(10**-decimals) + 1e-9


# -- economies ------------------------------------------------------------------------------------------


def _economies(dossier: Dossier) -> Problems:
    """Countries and blocs nobody knows; names of a world of one's own are known only to that world."""
    if _own_world(dossier):
        return
    for path, words in named_economies(dossier):
        for word in words if path[-1] != "setter" else ():  # that it is one of the two is asked already
            if find_country(word) is None and find_bloc(word) is None and word.casefold() != EVERYBODY:
                yield unknown_economy(word, dossier.where(*path), _labels(dossier), advice=look_alikes(word))


def _labels(dossier: Dossier) -> tuple[str, ...]:
    """Codes of the world the dossier is written for: looked up for a complaint only."""
    from comity.benchmark.bundle import world_for

    return tuple(world_for(None, dossier).countries)


def _own_world(dossier: Dossier) -> bool:
    from comity.benchmark.bundle import embedded_worlds, smoothed_worlds

    return dossier.world is not None and dossier.world not in (*embedded_worlds(), *smoothed_worlds())


def named_economies(dossier: Dossier) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every list of countries and blocs in the dossier with its path; scenarios check their own."""
    for k, named in enumerate(dossier.scenarios):
        if named.frictions is not None:
            yield ("scenarios", k, "frictions", "between"), named.frictions.between
            yield ("scenarios", k, "frictions", "best_of"), named.frictions.best_of
    for k, commitment in enumerate(dossier.commitments):
        yield ("commitments", k, "parties"), commitment.parties
    for path, test in tests_of(dossier):
        yield from economies_of(path, test)
    for k, observed in enumerate(dossier.observed):
        yield ("observed", k, "between"), observed.between
        for j, series in enumerate(observed.series):
            yield ("observed", k, "series", j, "setter"), (series.setter,)
