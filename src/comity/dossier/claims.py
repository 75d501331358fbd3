"""Tests of claims on a scenario or an observation -> verdicts: target, gain and loss, trade, ranking, growth.

A range is every combination of elasticity set, size level and closure, on every statistical count. Supported: all of it
meets the test. docs/dossiers.md says what each test asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comity.classifications.countries import spoken
from comity.dossier.amounts import amount, dollars
from comity.dossier.bases import every_count, met_before, short, starts_elsewhere, total_of
from comity.dossier.combinations import (
    MONEY,
    NOISE,
    PER_CENT,
    Quantity,
    both_ways,
    exact,
    gain_of,
    judge,
    labelled,
    on_label,
    over,
    unsolved,
    variation_of,
    whose,
)
from comity.dossier.frictions import Bound
from comity.dossier.references import last_day
from comity.dossier.runs import Runs, Solved
from comity.dossier.schema import Claim, GainTest, GrowthTest, Observation, RankingTest, TargetTest, TradeTest
from comity.dossier.verdicts import (
    BEFORE,
    CANNOT_TELL,
    CONTRADICTED,
    NOT_SUPPORTED,
    SUPPORTED,
    Caution,
    Figure,
    Judging,
    Verdict,
    mark_of,
)
from comity.errors import InputError, nearest
from comity.outcomes.numbers import Number
from comity.outcomes.ranges import Range, Variant
from comity.outcomes.simulate import OnCount, label

Meets = Callable[[float], bool]

UPPER_BOUND = "cannot tell: an upper bound can only refute"
NO_SERIES = "cannot tell: no observed series given"
EVEN_THEN = "The measures are an upper bound, and even that does not meet the test."
LESS = Caution("The measures are an upper bound: what the source says brings less.")
BOUNDS_EACH = Caution("Larger measures bound what each gains, not who gains more.")
LISTED = 8  # economies by name in one sentence
CANNOT_SUPPORT = Judging("An upper bound cannot support a claim: all of it meets the test, and policy may reach less.")


def bounded(mark: str, ending: str, upper: bool) -> tuple[str, str, tuple[str, ...]]:
    """Mark, ending and notes where the scenario may be an upper bound: it can refute, never support."""
    if upper and mark == SUPPORTED:
        return NOT_SUPPORTED, UPPER_BOUND, (CANNOT_SUPPORT,)
    if upper and mark == NOT_SUPPORTED:
        return mark, ending, (EVEN_THEN if ending.startswith(CONTRADICTED) else LESS,)
    return mark, ending, ()


def is_upper(runs: Runs, test: Any, scenario: str) -> bool:
    """True where the author calls the measures an upper bound, or the scenario is one by its form."""
    return bool(test.upper_bound) or runs.is_bound(scenario)


def words_of(mark: str, ending: str) -> str:
    """ "not supported (contradicted: ...)"."""
    return mark + (f" ({ending})" if ending else "")


def by_count(runs: tuple[OnCount, ...], quantities: list[Quantity], meets: Meets) -> tuple[str, ...]:
    """A note where the counts end differently."""
    marks = [words_of(*judge([quantity], meets)) for quantity in quantities]
    if len(set(marks)) < 2:
        return ()
    return tuple(Judging(f"On {run.count.name}: {text}.") for run, text in zip(runs, marks, strict=True) if run.count)


def named(codes: Any) -> str:
    """Plain names: Iran, Belarus and Russia. More than eight are counted; the figures of a verdict list each."""
    if len(codes) > LISTED:
        return f"{len(codes)} economies"
    names = [spoken(code) for code in codes]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


# -- target -------------------------------------------------------------------------------------------


def target(runs: Runs, claim: Claim, test: TargetTest) -> Verdict:
    """Goods trade both ways reaches an amount at full implementation, or at the start of the year `by`; judged on the
    named count, shown on all. Met before the deal on that count: "before the deal, not credited to it"."""
    pair, positions = runs.pair(test.between, runs.where(claim, test, "between"))
    full = runs.solved(test.scenario)
    # a year with nothing in force yet has the flows of before; the full run holds them
    solved = full if test.by is None else runs.in_year(test.scenario, test.by)
    judged = _judged(runs, claim, test, full)
    before = [both_ways(run, positions)[0] for run in full.runs]
    after = (
        [both_ways(run, positions)[1] for run in solved.runs]
        if solved
        else [Quantity({"before": value}, "before") for value in before]
    )

    def meets(value: float) -> bool:
        return value >= test.at_least

    mark, ending = judge([after[judged]], meets)
    met = before[judged] >= test.at_least
    ending = BEFORE if met and mark == SUPPORTED else ending
    mark, ending, notes = bounded(mark, ending, is_upper(runs, test, test.scenario))
    year, status, level = runs.world.base_year, runs.status(pair.split("-")), runs.level(test.scenario)
    when = f"at the start of {test.by}" if test.by else "at full implementation"
    numbers = [quantity.number(f"goods trade {when}", pair, MONEY, year, status, level=level) for quantity in after]
    figures: list[Figure] = []
    for k, run in enumerate(full.runs):
        was = exact("goods trade before", pair, before[k], MONEY, year, status)
        figures += [Figure(labelled(on_label(run), "before"), was), Figure(labelled(on_label(run), when), numbers[k])]
        if k != judged and run.count:
            other = judge([after[k]], meets)
            already = ", already before" if before[k] >= test.at_least else ""
            notes += (Judging(f"On {run.count.name} the same test ends: {words_of(*other)}{already}."),)
    count = full.runs[judged].count
    own = count.name if count else ""
    notes = (*met_before(runs, test, before[judged], own), *notes)
    if test.count and not any(run.count for run in full.runs):
        one = f"This world holds one count of this trade; it is judged on that one, not on {test.count}."
        notes += (Judging(one),)
    notes += starts_elsewhere(runs, test, before[judged], own)
    if ending == CONTRADICTED:
        base = f" in {year}" if year else ""
        notes += (
            Caution(f"By these measures alone, from {short(before[judged])} USD{base}: no other growth is in it."),
        )
    needs = labelled(f"at least {dollars(test.at_least)}", on_label(full.runs[judged]))
    return Verdict(claim, mark, ending, numbers[judged], needs, test.at_least, tuple(figures),
                   notes + (unsolved(solved.runs) if solved else ()))  # fmt: skip


def _judged(runs: Runs, claim: Claim, test: TargetTest, solved: Solved) -> int:
    """Position of the count the target is judged on: the setter's. Raises InputError for a count nobody keeps."""
    names = [run.count.name if run.count else "" for run in solved.runs]
    if test.count in names:
        return names.index(test.count)
    if any(names):
        raise InputError(
            runs.where(claim, test, "count"), "no statistical count of that name in this world", found=test.count,
            allowed=names, nearest=nearest(test.count, names),
        )  # fmt: skip
    return 0


# -- gain and loss ------------------------------------------------------------------------------------


def gain(runs: Runs, claim: Claim, test: GainTest) -> Verdict:
    """Real income of every named economy rises by at least a share, in every combination: 0 asks that it rises at all,
    a negative share that it does not fall by more."""

    def meets(value: float) -> bool:
        return value >= test.at_least if test.at_least else value > NOISE

    percent = amount(100 * abs(test.at_least))
    asked = f"at least {percent} per cent" if test.at_least > 0 else f"no loss above {percent} per cent"
    needs = asked if test.at_least else "more than 0"
    return _incomes(runs, claim, test, min, meets, needs, 100 * test.at_least)


def loss(runs: Runs, claim: Claim, test: Any) -> Verdict:
    """Real income of every named economy falls by at least a share (0: falls at all), in every combination."""

    def meets(value: float) -> bool:
        return value <= -test.at_least if test.at_least else value < -NOISE

    needs = f"a loss of at least {amount(100 * test.at_least)} per cent" if test.at_least else "less than 0"
    return _incomes(runs, claim, test, max, meets, needs, -100 * test.at_least)


def _incomes(
    runs: Runs, claim: Claim, test: Any, worst: Callable[..., Any], meets: Meets, needs: str, needed: float
) -> Verdict:
    """The verdict on real income of several economies, judged on the furthest from the claim (`worst`: min or max)."""
    codes = runs.economies(test.countries, runs.where(claim, test, "countries"))
    solved, world, level = runs.solved(test.scenario), runs.world, runs.level(test.scenario)
    gains = {code: gain_of(k) for code, k in codes.items()}
    least = [over(run, lambda variant: float(worst(read(variant) for read in gains.values()))) for run in solved.runs]
    mark, ending, notes = bounded(*judge(least, meets), is_upper(runs, test, test.scenario))
    figures: list[Figure] = []
    for run in solved.runs:
        for code, k in codes.items():
            status, where = runs.status([code]), labelled(label(code), on_label(run))
            share, money = over(run, gains[code]), over(run, variation_of(k))
            figures += [
                Figure(where, share.number("real income", code, PER_CENT, world.base_year, status, 100.0, level)),
                Figure(where, money.number("equivalent variation", code, MONEY, world.base_year, status, 1.0, level)),
            ]
    central = solved.runs[0].range.variants[0]
    furthest = worst(codes, key=lambda code: gains[code](central))
    name = "real income, smallest " + ("gain" if worst is min else "loss") if len(codes) > 1 else "real income"
    main = least[0].number(name, furthest, PER_CENT, world.base_year, runs.status([furthest]), 100.0, level)
    each = f" for each of {named(codes)}" if len(codes) > 1 else ""
    if len(codes) > 1:
        notes += (whose(least[0], gains, solved.runs[0], "gain" if worst is min else "loss", spoken(furthest)),)
    if isinstance(solved, Bound):
        notes += solved.account.sentences
    notes += by_count(solved.runs, least, meets) + unsolved(solved.runs)
    return Verdict(claim, mark, ending, main, needs + each, needed, tuple(figures), notes)


# -- trade --------------------------------------------------------------------------------------------


def trade(runs: Runs, claim: Claim, test: TradeTest) -> Verdict:
    """Goods trade both ways changes by more than an amount, by all measures or by the named ones alone."""
    pair, positions = runs.pair(test.between, runs.where(claim, test, "between"))
    parts = runs.only(test.scenario, test.measures, runs.where(claim, test, "measures"))
    level, year, status = runs.level(test.scenario), runs.world.base_year, runs.status(pair.split("-"))
    before, changes = [], []
    for run in parts:
        was, after = both_ways(run, positions)
        before.append(was)
        changes.append(Quantity({key: value - was for key, value in after.values.items()}, after.central))
    noise = NOISE * max(before)

    def meets(value: float) -> bool:
        return value > test.more_than + noise

    mark, ending, notes = bounded(*judge(changes, meets), is_upper(runs, test, test.scenario))
    name = "change of goods trade" + (" by the named measures" if test.measures else "")
    numbers = [change.number(name, pair, MONEY, year, status, level=level) for change in changes]
    figures: list[Figure] = []
    for k, run in enumerate(parts):
        held = exact("goods trade before", pair, before[k], MONEY, year, status)
        figures += [
            Figure(labelled(on_label(run), "before"), held),
            Figure(labelled(on_label(run), "change"), numbers[k]),
        ]
    notes += by_count(parts, changes, meets) + unsolved(parts)
    needs = f"more than {dollars(test.more_than) if test.more_than else 0}"
    return Verdict(claim, mark, ending, numbers[0], needs, test.more_than, tuple(figures), notes)


# -- ranking ------------------------------------------------------------------------------------------


def ranking(runs: Runs, claim: Claim, test: RankingTest) -> Verdict:
    """An economy gains (loses) most in million USD among the named ones, or among all; the rest of the world is no
    economy of its own and takes part only by name."""
    world, solved = runs.world, runs.solved(test.scenario)
    (code, own), *_ = runs.economies([test.country], runs.where(claim, test, "country")).items()
    rivals = (
        runs.economies(test.among, runs.where(claim, test, "among"))
        if test.among
        else {name: k for k, name in enumerate(world.countries) if name != "ROW"}
    )
    rivals.pop(code, None)
    if not rivals:
        raise InputError(runs.where(claim, test, "among"), "a ranking needs another economy", found=test.country)
    sign = 1.0 if test.most == "gain" else -1.0
    noise = NOISE * float(world.income[own])

    def ahead(variant: Variant) -> float:
        mine = sign * variation_of(own)(variant)
        # who gains most gains at all: a smallest loss among losses is no gain
        return min(mine - max(sign * variation_of(k)(variant) for k in rivals.values()), mine)

    def meets(value: float) -> bool:
        return value > noise

    margins = [over(run, ahead) for run in solved.runs]
    mark, ending, notes = bounded(*judge(margins, meets), is_upper(runs, test, test.scenario))
    level, year = runs.level(test.scenario), world.base_year
    central = solved.runs[0].range.variants[0]
    order = sorted(rivals, key=lambda name: -sign * variation_of(rivals[name])(central))[:4]
    shown = {code: own, **{name: rivals[name] for name in order}}
    numbers: dict[tuple[int, str], Number] = {
        (run, name): over(solved.runs[run], variation_of(k)).number(
            "equivalent variation", name, MONEY, year, runs.status([name]), level=level
        )
        for run in range(len(solved.runs))
        for name, k in shown.items()
    }
    figures = tuple(Figure(labelled(label(name), on_label(solved.runs[run])), n) for (run, name), n in numbers.items())
    among = named([code, *rivals]) if test.among else "all economies"
    notes += by_count(solved.runs, margins, meets) + unsolved(solved.runs)
    notes += _by_income(test, solved.runs[0].range, {code: own, **rivals}, sign)
    if is_upper(runs, test, test.scenario):
        notes += (BOUNDS_EACH,)
    return Verdict(
        claim, mark, ending, numbers[0, code], f"the largest {test.most} among {among}", None, figures, notes
    )


def _by_income(test: RankingTest, found: Range, economies: dict[str, int], sign: float) -> tuple[str, ...]:
    """Who is first in per cent of income, where that is not always who the test, which is on money, asks about."""
    codes, places = list(economies), list(economies.values())
    moved = [100 * sign * (variant.real_income_hat[places] - 1) for variant in found.solved]  # type: ignore[index]
    firsts = [codes[int(np.argmax(row))] for row in moved]
    mine = firsts.count(codes[0])
    if mine == len(firsts):
        return ()
    often = f"{spoken(codes[0])} is first in {mine} of {len(firsts)} combinations"
    central = f"centrally {spoken(firsts[0])} is, {max(moved[0]):.2g} %"
    return (Caution(f"The test is in money. By per cent of income {often}; {central}."),)


# -- growth -------------------------------------------------------------------------------------------


def growth(runs: Runs, claim: Claim, test: GrowthTest) -> Verdict:
    """An observed series grew by at least a factor; every count must say so. Nothing of the model is in it."""
    known = {observed.id: observed for observed in runs.dossier.observed}
    if test.observed is None:
        return Verdict(claim, NOT_SUPPORTED, NO_SERIES, needs=f"at least {amount(test.at_least)} times")
    if test.observed not in known:
        raise InputError(runs.where(claim, test, "observed"), "no observed trade of that id", found=test.observed,
                         allowed=list(known), nearest=nearest(test.observed, known))  # fmt: skip
    observed = known[test.observed]
    pair = "-".join(observed.between)
    figures, ratios, ends, missing = [], [], [], []
    for series in observed.series:
        first, last = (_row(series.rows, period) for period in (test.since, test.until))
        values = [total_of(row, observed.between) if row else None for row in (first, last)]
        for period, value in zip((test.since, test.until), values, strict=True):
            there = f"on {series.count}, {period}" + ("" if value is not None else ": not reported")
            known_value = float("nan") if value is None else value
            figures.append(Figure(there, exact("goods trade", pair, known_value, MONEY, None, "observed")))
        if last is None or values[0] is None or values[1] is None or values[0] <= 0:
            missing.append(series.count)
            continue
        ratio = exact("growth of goods trade", pair, values[1] / values[0], "times", None, "observed")
        figures.append(Figure(f"on {series.count}, {test.since} to {test.until}", ratio))
        ratios.append(ratio)
        ends.append(last_day(last.end))
    values_ = [ratio.estimate for ratio in ratios]
    mark, ending = mark_of(values_, [value >= test.at_least for value in values_])
    notes: tuple[str, ...] = ()
    if missing:
        notes = (f"Not reported for both periods on {' and '.join(missing)}; a claim is supported only if every "
                 "count meets it.",)  # fmt: skip
        if mark == SUPPORTED:
            mark, ending = NOT_SUPPORTED, CANNOT_TELL.split(":")[0] + f": not reported on {' and '.join(missing)}"
    if mark == SUPPORTED and runs.signed and max(ends) <= runs.signed:
        ending = BEFORE
    if len(observed.series) == 1:
        notes += (f"One side's statistics: {observed.series[0].count}. In money of each year, prices included.",)
    main = min(ratios, key=lambda number: number.estimate) if ratios else None
    needs = f"at least {amount(test.at_least)} times, on {every_count(observed.series)}"
    return Verdict(claim, mark, ending, main, needs, test.at_least, tuple(figures), notes)


def _row(rows: tuple[Observation, ...], period: str) -> Observation | None:
    return next((row for row in rows if row.period == period), None)
