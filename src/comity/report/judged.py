"""Which interval a verdict rests on, beside the verdict itself: the range over choices judges, though one extreme
combination may make its end, or the band from draws end otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from comity.dossier.combinations import PER_CENT, both_ways, gain_of, judge, over
from comity.dossier.schema import GainTest, LossTest, TargetTest
from comity.dossier.verdicts import CANNOT_TELL, Verdict, mark_of
from comity.outcomes.ranges import IMPLAUSIBLE, Variant
from comity.report.intervals import of_a_hundred
from comity.report.words import THIN, decimals_for, digits_of_estimate, plain

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment
    from comity.dossier.combinations import Quantity
    from comity.outcomes.simulate import OnCount

Meets = Callable[[float], bool]


def judged_on(assessment: Assessment, verdict: Verdict) -> str:
    """What judged and what that rests on, where the range's end that decides is that of extreme sizes, or where the
    band would end otherwise; else empty."""
    test, number = verdict.claim.test, verdict.main
    if number is None or number.kind != "range" or verdict.needed is None:
        return ""
    if isinstance(test, TargetTest):
        run, quantity, read = _trade(assessment, test)
    elif isinstance(test, (GainTest, LossTest)):
        run, quantity, read = _incomes(assessment, test)
    else:
        return ""
    meets = _meets(test, verdict.needed)
    ending, extreme = judge([quantity], meets), ""
    if ending[1] == CANNOT_TELL:
        extreme = _extreme(run, quantity, meets)
    drawn = None if run.band is None else run.band.over(read)
    otherwise = drawn is not None and mark_of(list(drawn), [meets(end) for end in drawn]) != ending
    if not extreme and not otherwise:
        return ""
    show, unit = _shown(quantity, number.unit)
    text = f"Judged on the range {show(quantity.low)} to {show(quantity.high)}{unit}{extreme}."
    if run.band is None or drawn is None:
        return text
    inside = f"{text} In {of_a_hundred(run.band.level)} draws {show(drawn[0])} to {show(drawn[1])}{unit}"
    return f"{inside}: {_ends(drawn, meets)}." if otherwise else f"{inside}."


def _meets(test: TargetTest | GainTest | LossTest, needed: float) -> Meets:
    """The test in the unit of the number it is shown in."""
    if isinstance(test, LossTest):
        return lambda value: value <= needed if needed else value < 0
    return lambda value: value >= needed if needed else value > 0


def _trade(assessment: Assessment, test: TargetTest) -> tuple[OnCount, Quantity, Callable[[Variant], float]]:
    """The run of the count that judges, trade in every combination, and how to read it off one."""
    runs = assessment.runs
    _, (a, b) = runs.pair(test.between, assessment.dossier.where("claims"))
    full = runs.solved(test.scenario)
    solved = (None if test.by is None else runs.in_year(test.scenario, test.by)) or full
    run = next((run for run in solved.runs if run.count and run.count.name == test.count), solved.runs[0])
    before = run.solution.benchmark.goods_flow

    def read(variant: Variant) -> float:
        assert variant.goods_ratio is not None
        return float(before[a, b] * variant.goods_ratio[a, b] + before[b, a] * variant.goods_ratio[b, a])

    return run, both_ways(run, (a, b))[1], read


def _incomes(assessment: Assessment, test: GainTest | LossTest) -> tuple[OnCount, Quantity, Callable[[Variant], float]]:
    """The same of the real income, in per cent, that is furthest from the claim in each combination."""
    codes = assessment.runs.economies(test.countries, assessment.dossier.where("claims"))
    run = assessment.runs.solved(test.scenario).runs[0]
    gains, worst = [gain_of(k) for k in codes.values()], max if isinstance(test, LossTest) else min

    def read(variant: Variant) -> float:
        return 100 * float(worst(gain(variant) for gain in gains))

    return run, over(run, read), read


def _extreme(run: OnCount, quantity: Quantity, meets: Meets) -> str:
    """Whose the end is that lies across the test from the estimate, where that is outside any plausible range."""
    ranked = sorted(quantity.values, key=lambda choice: quantity.values[choice])
    upper = not meets(quantity.estimate) if meets(quantity.high) else meets(quantity.estimate)
    choice = ranked[-1 if upper else 0]
    known = {(c.elasticities, c.level): text for c, text in run.range.implausible}
    key = choice.elasticities, choice.level  # type: ignore[attr-defined]
    if key not in known:
        return ""
    end = "upper" if upper else "lower"
    return f"; its {end} end, of {key[0]} with {key[1]} sizes, lies {IMPLAUSIBLE.lower()}"


def _ends(drawn: tuple[float, float], meets: Meets) -> str:
    """How the test ends on the band alone."""
    met = [meets(end) for end in drawn]
    return (
        "all of it meets the test" if all(met) else "it straddles the test" if any(met) else "none of it meets the test"
    )


def _shown(quantity: Quantity, unit: str) -> tuple[Callable[[float], str], str]:
    """How ends are written beside the number, and their unit."""
    if unit == PER_CENT:
        digits = digits_of_estimate(quantity.estimate, quantity.low, quantity.high)
        return (lambda value: plain(value, digits, sign=True)), f"{THIN}%"
    large = abs(quantity.estimate) >= 1000  # as `money` writes the number
    scale, digits = (1000.0, 2) if large else (1.0, min(decimals_for(quantity.high - quantity.low), 2))
    return (lambda value: plain(value / scale, digits)), " billion USD" if large else " million USD"
