"""Promised, predicted, observed: goods trade of a pair over time, one set of rows per statistical count.

The model gives one thing only: the ratio of trade with the deal to trade without it, by year. The line without the deal
is the last observation before the deal, held flat; the line with it is that value times the ratio. It is never a
forecast: growth, prices and whatever else moves trade are in the observations and in neither line.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from typing import Any

from comity.dossier.amounts import amount
from comity.dossier.bases import ONE_DAY, last_before, line_base, share_after, total_of
from comity.dossier.claims import named
from comity.dossier.combinations import Quantity, both_ways
from comity.dossier.references import last_day, parties
from comity.dossier.runs import RefusedHere, Runs, Solved
from comity.dossier.schema import Observation, Observed, Series, TargetTest
from comity.errors import InputError, NoSolutionError
from comity.outcomes.simulate import OnCount
from comity.scenario import quantities as q
from comity.scenario.explain import capital
from comity.scenario.phases import years

OBSERVED, PREDICTED, NO_DEAL, PROMISED, SIGNED = "observed", "predicted", "no deal", "promised", "signed"


@dataclass(frozen=True)
class Row:
    """One point of a line. kind: observed, predicted, no deal, promised or signed; `year` with fraction: an observation
    stands at the middle of its period, a prediction at the start of the year whose measures are in force; value, low,
    high in million USD a year, None where a kind has none; `text` what a reader should know about it."""

    observed: str
    count: str
    kind: str
    year: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Monitor:
    """Rows of every observed pair and count, and notes on how they were made."""

    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    def of(self, observed: str) -> tuple[Row, ...]:
        """The rows of one observed pair."""
        return tuple(row for row in self.rows if row.observed == observed)

    def __bool__(self) -> bool:
        return bool(self.rows)


def monitor(runs: Runs) -> Monitor:
    """Promised, predicted and observed trade of every pair the dossier observes, by the main scenario.

    Predictions carry the range over every combination of elasticity set, size level and closure in that year. Where the
    pair is not in the world, or the main scenario cannot be run on it, the other lines stand alone and a note says so.
    """
    rows: list[Row] = []
    notes: list[str] = []
    for observed in runs.dossier.observed:
        ratios, note = _ratios_or_note(runs, observed)
        notes += [note] if note else []
        for series in observed.series:
            part, more = series_rows(runs, observed, series, ratios.get(series.count, ratios.get("", {})))
            rows += part
            notes += more
            notes += _base_note(runs, observed, series) if ratios else []
        notes += _one_ratio(runs, [series.count for series in observed.series if series.count not in ratios], ratios)
    return Monitor(tuple(rows), tuple(dict.fromkeys(notes)))


def _base_note(runs: Runs, observed: Observed, series: Series) -> list[str]:
    """What the lines of a count rest on, where the verdict on the target of the pair rests on something else."""
    promises, full = _promises(runs, observed), runs.solved(runs.dossier.main)
    last = last_before(series, observed.between, runs.signed) if runs.signed else None
    if not promises or last is None:
        return []
    _, pair = runs.pair(observed.between, runs.dossier.where("observed"))
    same = [run for run in full.runs if run.count is None or run.count.name == series.count]
    if not same:
        return []
    note = line_base(runs, series, last[1], last[0].period, both_ways(same[0], pair)[0])
    return [note] if note else []


def _one_ratio(runs: Runs, counts: list[str], ratios: Ratios) -> list[str]:
    """Whose lines take a ratio that was not solved on their count, in one sentence."""
    if not ratios or not counts:
        return []
    whose = " and ".join([", ".join(counts[:-1]), counts[-1]]) if len(counts) > 1 else counts[0]
    world = runs.world.name or "this world"
    if len(ratios) == 1:
        return [f"{world} holds one count of this trade: what the measures add to it in per cent is added to {whose}."]
    return [f"{world} does not hold {whose}: what the measures add in per cent is that of the count it holds."]


Ratios = dict[str, dict[int, Quantity]]  # by count ("" is the first one), then year


def _ratios_or_note(runs: Runs, observed: Observed) -> tuple[Ratios, str]:
    try:
        _, pair = runs.pair(observed.between, runs.dossier.where("observed"))
        return ratios_of(runs, pair, _last_year(runs, observed)), ""
    except (RefusedHere, NoSolutionError, InputError) as problem:
        return {}, f"No prediction for {observed.title}: {_reason(runs, observed, problem)}"


def _reason(runs: Runs, observed: Observed, problem: Exception) -> str:
    """Why a pair has no prediction, as a sentence for a reader who does not see the file."""
    absent = [code for code in sorted(parties(observed.between)) if code not in runs.world.countries]
    if absent:
        verb = "lies" if len(absent) == 1 else "lie"
        return f"{named(absent)} {verb} inside the rest of the world in {runs.world.name or 'this world'}."
    return f"{problem.problem}." if isinstance(problem, InputError) else str(problem)


def ratios_of(runs: Runs, pair: tuple[int, int], until: int) -> Ratios:
    """Goods trade of the pair with the main scenario over trade without it, by count and year."""
    main = runs.dossier.main
    first, last = runs.phase_years(main)
    full = runs.solved(main)
    found: Ratios = {"": {}}
    for year, solved in runs.in_years(main, range(first, max(last, until) + 1)).items():
        for k, run in enumerate(full.runs):
            ratio = _ratio(solved, k, run, pair)
            if ratio is None:
                continue
            if k == 0:
                found[""][year] = ratio
            if run.count:
                found.setdefault(run.count.name, {})[year] = ratio
    return found


def _ratio(solved: Solved | None, k: int, full: OnCount, pair: tuple[int, int]) -> Quantity | None:
    """After over before in every combination; 1 where nothing is in force, None where the pair does not trade."""
    before, after = both_ways(full if solved is None else solved.runs[k], pair)
    if before <= 0:
        return None
    values: dict[Hashable, float] = {
        key: 1.0 if solved is None else value / before for key, value in after.values.items()
    }
    return Quantity(values, after.central)


def series_rows(
    runs: Runs, observed: Observed, series: Series, ratios: dict[int, Quantity]
) -> tuple[list[Row], list[str]]:
    """All lines of one count."""
    notes: list[str] = []
    reported: list[tuple[Observation, float]] = []
    for row in series.rows:
        total = total_of(row, observed.between)
        if total is None:
            notes.append(f"{capital(series.count)}, {row.period}: one direction only, no total.")
        else:
            reported.append((row, total))

    def point(kind: str, year: float, value: float | None, text: str = "", ends: tuple[Any, Any] = (None, None)) -> Row:
        return Row(observed.id, series.count, kind, year, value, *ends, text)

    rows = [point(OBSERVED, middle(row), total, row.period) for row, total in reported]
    end = _last_year(runs, observed, ratios)
    signed = runs.signed
    start = years(signed) if signed else min((row.year for row in rows), default=float(end))
    for test in _promises(runs, observed):
        text = f"{amount(test.at_least)} million USD a year, set on {test.count}" + (
            f", by {test.by}" if test.by else ""
        )
        rows += [point(PROMISED, x, test.at_least, text) for x in (start, float(max(end, test.by or end)))]
    if signed is None:
        return rows, [*notes, "No date of signing: no line without the deal, no prediction."]
    rows.append(point(SIGNED, start, None, "signed"))
    last = last_before(series, observed.between, signed)
    if last is None:
        return rows, [
            *notes,
            f"{capital(series.count)}: nothing was reported before the deal, so there is no line without it.",
        ]
    row, level = last
    text = f"last observation before the deal ({row.period}), held flat"
    if share_after(row, signed) > 0:
        notes.append(f"{capital(series.count)}: {share_after(row, signed):.0%} of {row.period} lies after the signing.")
    rows += [point(NO_DEAL, x, level, text) for x in (middle(row), float(end))]
    told = "the line without the deal times the model's ratio: no forecast"
    for year, ratio in sorted(ratios.items()):
        ends = (level * ratio.low, level * ratio.high)
        rows.append(point(PREDICTED, float(year), level * ratio.estimate, told, ends))
    return rows, notes


def _promises(runs: Runs, observed: Observed) -> list[TargetTest]:
    """Targets the dossier's claims set for this pair."""
    tests = [claim.test for claim in runs.dossier.claims if isinstance(claim.test, TargetTest)]
    return [test for test in tests if parties(test.between) == parties(observed.between)]


def _last_year(runs: Runs, observed: Observed, ratios: dict[int, Quantity] | None = None) -> int:
    """The year in which the lines end: the last observation, target or predicted year."""
    middles = [math.ceil(middle(row)) for series in observed.series for row in series.rows]
    targets = [test.by for test in _promises(runs, observed) if test.by]
    return max([*middles, *targets, *(ratios or {})], default=runs.world.base_year or 2000)


def middle(row: Observation) -> float:
    """The middle of a period, as a year with fraction."""
    return (years(q.date(row.start)) + years(last_day(row.end) + ONE_DAY)) / 2
