"""Two bases of one pair's trade: the world's base year, on which verdicts rest, and what was observed, on which the
lines over time rest. Where they lie apart, both places say so."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from comity.dossier.amounts import SAME, dollars
from comity.dossier.references import last_day, parties
from comity.dossier.runs import Runs
from comity.dossier.schema import Observation, Observed, Series, TargetTest
from comity.dossier.verdicts import Caution, Judging
from comity.scenario import quantities as q
from comity.scenario.explain import capital

OVERLAP = 0.1  # a period counts as before the deal if no more than this share of its days comes after the signing
ONE_DAY = datetime.timedelta(days=1)
TIMES = 2.0  # from here on a difference is told as a factor


def total_of(row: Observation, between: tuple[str, ...]) -> float | None:
    """Trade both ways in million USD; None where only one direction was reported."""
    if row.total is not None:
        return row.total
    first, second = between
    ways = [f"{first}-{second}", f"{second}-{first}"]
    return sum(row.flows[way] for way in ways) if all(way in row.flows for way in ways) else None


def every_count(series: Sequence[Series]) -> str:
    """What a test of every count rests on, in words: the one count by its name."""
    return series[0].count if len(series) == 1 else "every count"


def share_after(row: Observation, signed: datetime.date) -> float:
    """Share of a period's days after the day of signing."""
    return _share_after(q.date(row.start), last_day(row.end), signed)


def _share_after(start: datetime.date, end: datetime.date, signed: datetime.date) -> float:
    after = (end - max(signed, start - ONE_DAY)).days
    return min(max(after / ((end - start).days + 1), 0.0), 1.0)


def last_before(series: Series, between: tuple[str, ...], signed: datetime.date) -> tuple[Observation, float] | None:
    """The last row of both directions that lies before the signing, with its total."""
    known = [(row, total) for row in series.rows if (total := total_of(row, between)) is not None]
    before = [pair for pair in known if share_after(pair[0], signed) <= OVERLAP]
    return max(before, key=lambda pair: last_day(pair[0].end)) if before else None


def short(million: float) -> str:
    """Three digits, in the unit of the amount: 5.21 billion."""
    return dollars(float(f"{million:.3g}")).removesuffix(" USD a year")


def apart(value: float, base: float) -> str:
    """How far a value lies from a base: "16 per cent less", "3.1 times as much"."""
    ratio = value / base
    if not 1 / TIMES < ratio < TIMES:
        return f"{ratio:.2g} times as much"
    return f"{abs(100 * (ratio - 1)):.0f} per cent {'more' if ratio > 1 else 'less'}"


def _of_pair(runs: Runs, test: TargetTest, count: str) -> Iterator[tuple[Observed, Series]]:
    """Observed series of a target's pair; on a named count those of that count alone."""
    for observed in runs.dossier.observed:
        if parties(observed.between) == parties(test.between):
            for series in observed.series:
                if not count or series.count == count:
                    yield observed, series


def starts_elsewhere(runs: Runs, test: TargetTest, before: float, count: str) -> tuple[str, ...]:
    """Notes where the base year, whose flow the test starts from, lies partly after the signing, and where the source
    reports another trade for that year (or the year nearest to it). count : the one it is judged on, empty in a world
    with one count."""
    year, told = runs.world.base_year, []
    if year is None or before <= 0:
        return ()
    late = after_signing(runs, year)
    for observed, series in _of_pair(runs, test, count):
        rows = [(row, total) for row in series.rows if (total := total_of(row, observed.between)) is not None]
        if not rows:
            continue
        # of two years as near, the later: nearer to the deal
        row, total = min(rows, key=lambda pair: (abs(last_day(pair[0].end).year - year), -last_day(pair[0].end).year))
        if abs(total - before) > SAME * before:
            told.append(f"{short(total)} in {row.period} ({series.count}; {apart(total, before)})")
    if not told:
        return late
    said = f"comity's world has {short(before)} USD in its base year {year}, the source {' and '.join(told)}"
    return (
        Caution(
            f"{said}; the test starts from the world's, the lines over time from the last observation before the deal."
        ),
        *late,
    )


def after_signing(runs: Runs, year: int) -> tuple[str, ...]:
    """A note where more of a world's base year than the days around New Year lies after the signing: what the deal did
    by then is in the flow that a test starts from."""
    if runs.signed is None or year_after(year, runs.signed) <= OVERLAP:
        return ()
    return (f"{part_after(year, runs.signed)} is in the trade the test starts from.",)


def year_after(year: int, signed: datetime.date) -> float:
    """Share of a calendar year after the day of signing."""
    return _share_after(datetime.date(year, 1, 1), datetime.date(year, 12, 31), signed)


def part_after(year: int, signed: datetime.date) -> str:
    """How much of a base year lies after the signing, up to the verb that says where what it brought is."""
    share = year_after(year, signed)
    part = "All" if share == 1 else f"{100 * share:.0f} per cent"
    after = f"{part} of the base year {year} lies after the signing on {signed.isoformat()}"
    return f"{after}: what the deal had brought by then"


def met_before(runs: Runs, test: TargetTest, before: float, count: str) -> tuple[str, ...]:
    """Whether the target was met before the deal: on the world's trade, and on the last observation where it is not
    the same answer. Nothing where both say it was not."""
    year, met = runs.world.base_year, before >= test.at_least
    on = count or f"the trade of {runs.world.name or 'this world'}"
    said = f"On {on} the target was {'' if met else 'not '}met before anything was carried out: {short(before)} USD"
    said += f" in the base year {year}." if year else "."
    seen = []
    for observed, series in _of_pair(runs, test, count):
        last = last_before(series, observed.between, runs.signed) if runs.signed else None
        if last and (last[1] >= test.at_least) != met:
            seen.append(f"{short(last[1])} USD in {last[0].period} ({series.count})")
    if seen:
        other = "had not met it" if met else "had met it"
        return (Judging(f"{said} The last observation before the deal, {' and '.join(seen)}, {other}."),)
    return (Judging(said),) if met else ()


def line_base(runs: Runs, series: Series, level: float, period: str, before: float) -> str:
    """What the lines over time rest on, where the verdict on the target rests on another amount; else nothing."""
    if before <= 0 or abs(level - before) <= SAME * before:
        return ""
    told, world = apart(level, before), runs.world.name or "this world"
    return (
        f"{capital(series.count)}: the lines start from the last observation before the deal, {short(level)} USD in "
        f"{period}, {told} {'as' if told.endswith('as much') else 'than'} the trade of {world} that the verdict on the "
        f"target starts from, {short(before)} USD in its base year {runs.world.base_year}. So the two give different "
        "amounts for one year."
    )
