"""The sentence at the top of report, page and terminal: every party's gain or loss; and the smaller sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from comity.classifications.countries import spoken
from comity.outcomes.ranges import IMPLAUSIBLE, goods_flows
from comity.outcomes.simulate import Outcomes
from comity.report import intervals
from comity.report.among import among, resting
from comity.report.words import (
    ALMOST_NOTHING,
    digits_of_estimate,
    joined,
    level_scale,
    levels,
    plain,
    spans_zero,
    whom,
)
from comity.scenario.explain import called_upper_bounds

WIDE = 0.2  # width of the range as a share of the change, from which its ends are worth a sentence
AT_END = 0.02  # share of the range's width within which an estimate stands at its end
NAMED = 4  # parties whose gain or loss the sentence names; of more it names the two ends, and counts


def lead(outcomes: Outcomes, claims: bool = False) -> tuple[str, str]:
    """The sentence at the top, with the gain or loss of every party (of more than four the largest gain and loss, and
    how many there are), and the smaller ones after it. claims : whether verdicts stand beside it."""
    if outcomes.compiled.nothing:
        return f"Nothing changes, because {outcomes.compiled.nothing}.", ""
    start = f"With the measures in force in {outcomes.year}," if outcomes.year else "Carried out in full,"
    pair = outcomes.main_pair()
    said, unsure = _incomes(outcomes)
    after = []
    if pair:
        numbers = outcomes.pair(outcomes.runs[0], *pair)
        before, then = numbers["before"].estimate, numbers["after"].estimate
        verb = "raise" if then >= before else "lower"
        names = whom("-".join(pair), spoken)
        trade = f"{verb} goods trade between {names} from {levels(before, then)} a year{resting(outcomes, pair)}"
        said = [trade, *said]
        after = [_interval(outcomes, numbers["before"], numbers["after"], claims)]
        after.append(either(outcomes, pair))
    said = [*([", ".join(said[:-1])] if said[:-1] else []), *said[-1:]]
    first = f"{start} these measures would {', and '.join(said)}" if said else ""
    if unsure:
        first += f"; {unsure}" if said else f"{start} these measures would change {unsure}"
    after += [*_more(outcomes, pair), _far(outcomes), _bound(outcomes)]
    return f"{first}{_count(outcomes)}.", " ".join(part for part in after if part)


def _far(outcomes: Outcomes) -> str:
    """That sizes go beyond what anybody has observed, where they do."""
    if not any(text.startswith(IMPLAUSIBLE) for text in outcomes.compiled.warnings):
        return ""
    return "Some of these changes lie outside any plausible range; which, the notes say."


def _bound(outcomes: Outcomes) -> str:
    """That a size is larger than what the source says, where the measures' own notes say so."""
    called = called_upper_bounds(outcomes.scenario.measures)
    if not called:
        return ""
    own = "its own note" if len(called) == 1 else "their own notes"
    return f"An upper bound: {joined(called)} {'is' if len(called) == 1 else 'are'} larger than what is said, by {own}."


def _chosen(outcomes: Outcomes) -> list[Any]:
    """Welfare rows that the sentence names: all parties where they are few, else the largest gain and the largest loss
    in money (with one sign alone, the largest and the smallest)."""
    rows = [outcomes.of(code) for code in outcomes.parties] or list(outcomes.welfare.rows)
    if 0 < len(outcomes.parties) <= NAMED:
        return rows
    sure = [row for row in rows if not _unsure(row)] or rows
    ranked = sorted(sure, key=lambda row: -row.equivalent_variation)
    if ranked[0].equivalent_variation <= 0:
        ranked.reverse()
    return [ranked[0], ranked[-1]] if len(ranked) > 1 else ranked


def _unsure(row: Any) -> bool:
    """Whether the interval includes zero, or the number is none that a solve can tell from it."""
    small = abs(row.real_income_pct) < ALMOST_NOTHING
    return small or spans_zero(row.equivalent_variation_low, row.equivalent_variation_high)


def _incomes(outcomes: Outcomes) -> tuple[list[str], str]:
    """(what the measures raise and lower, whose change cannot be told from zero), as parts of a sentence."""
    rows = _chosen(outcomes)
    most = not 0 < len(outcomes.parties) <= NAMED
    sure = [row for row in rows if not _unsure(row)]
    parts: list[str] = []
    for verb, sign in (("raise", 1), ("lower", -1)):
        mine = [row for row in sure if sign * row.real_income_pct > 0]
        said = [
            f"in {spoken(row.country)}{_rank(k, most)} by about {size_of(row)} per cent" for k, row in enumerate(mine)
        ]
        said = [f"{one}," for one in said[:-1]] + said[-1:] if most else said
        if said:
            parts.append(f"{verb} {'that' if parts else 'real income'} {joined(said)}")
    return parts, _said_unsure([row for row in rows if _unsure(row)], bool(parts) or outcomes.main_pair() is not None)


def _rank(place: int, most: bool) -> str:
    return (" most in money," if place == 0 else " least in money,") if most else ""


def _said_unsure(rows: Sequence[Any], beside: bool) -> str:
    """Economies whose change cannot be told from zero, with the number at central sizes."""
    if not rows:
        return ""
    said = []
    for row in rows:
        small = abs(row.real_income_pct) < ALMOST_NOTHING
        number = "" if small else f" ({size_of(row, sign=True)} per cent at central sizes)"
        said.append(f"{spoken(row.country)}{number}")
    if beside:
        return f"the change of real income in {joined(said)} cannot be told from zero"
    return f"real income in {joined(said)} by an amount that cannot be told from zero"


def size_of(row: Any, *, sign: bool = False) -> str:
    """Real income of a welfare row with the decimals that its card has, without sign unless asked."""
    value = row.real_income_pct
    digits = digits_of_estimate(value, row.real_income_low_pct, row.real_income_high_pct)
    return plain(value if sign else abs(value), digits, sign=sign)


def _count(outcomes: Outcomes) -> str:
    """How many gain and how many lose, where the sentence does not name them all."""
    if 0 < len(outcomes.parties) <= NAMED:
        return ""
    rows = [outcomes.of(code) for code in outcomes.parties] or list(outcomes.welfare.rows)
    sure = [row for row in rows if not _unsure(row)]
    gain = sum(row.equivalent_variation > 0 for row in sure)
    what = "parties" if outcomes.parties else "economies"
    rest = len(rows) - len(sure)
    unsure = f", and {rest} cannot be told from zero" if rest else ""
    between = ", " if rest else " and "
    return f"; of {len(rows)} {what} {gain} gain{between}{len(sure) - gain} lose{unsure}"


def _more(outcomes: Outcomes, pair: tuple[str, str] | None) -> list[str]:
    """Beside real income of the named ones: in money, and trade among them."""
    if pair:
        return []
    rows = [row for row in _chosen(outcomes) if not _unsure(row)]
    said = []
    for row in rows:
        scale, unit = (1000.0, "billion") if abs(row.equivalent_variation) >= 1000 else (1.0, "million")
        value = row.equivalent_variation / scale
        digits = 2 if scale > 1 else 0 if abs(value) >= 10 else 1 if abs(value) >= 1 else 2
        said.append(f"{plain(value, digits, sign=True)} {unit} for {spoken(row.country)}")
    found = among(outcomes, outcomes.runs[0], ranged(outcomes))
    lines = [f"In US dollars a year: {joined(said)}."] if said else []
    if found:
        total, *pairs = found
        verb = "rise" if total.after >= total.before else "fall"
        line = f"Goods trade {total.of} would {verb} from {levels(total.before, total.after)} a year"
        line += _ends_of(outcomes, total) + resting(outcomes, total.codes)
        first = pairs[0] if pairs else None
        if first:
            line += f"; {first.of} from {levels(first.before, first.after)} a year{_ends_of(outcomes, first)}"
        lines.append(f"{line}.")
    return lines


def _ends_of(outcomes: Outcomes, trade: Any) -> str:
    """The interval of a trade after the measures, in brackets."""
    if not ranged(outcomes) or trade.low is None:
        return ""
    scale, _, digits = level_scale(trade.before, trade.after)
    words = intervals.short(outcomes) if outcomes.runs[0].band is not None else "range over choices"
    return f" ({words} {plain(trade.low / scale, digits)} to {plain(trade.high / scale, digits)})"


def ranged(outcomes: Outcomes) -> bool:
    """Whether there is an interval beside the central solution."""
    return len(outcomes.range.variants) > 1


def _interval(outcomes: Outcomes, before: Any, after: Any, claims: bool) -> str:
    """Both intervals of trade after the measures, by their names; which of them the verdicts on claims rest on."""
    if not ranged(outcomes):
        return ""
    pair = after.country.split("-")
    plain_run = intervals.without_band(outcomes)
    ends = [("range over choices", plain_run.pair(plain_run.runs[0], *pair)["after"])]
    if outcomes.runs[0].band is not None:
        ends.append((intervals.short(outcomes), after))
    scale, unit, digits = level_scale(before.estimate, after.estimate)
    parts = [
        f"{words} {plain((one.low or 0.0) / scale, digits)} to {plain((one.high or 0.0) / scale, digits)}"
        for words, one in ends
    ]
    parts[0] += " (verdicts on the claims rest on such ranges)" if claims and len(parts) > 1 else ""
    said = f"Intervals of the {plain(after.estimate / scale, digits)} {unit}: {'; '.join(parts)}."
    return " ".join([said, *_apart(outcomes, before, after, [(one.low or 0.0, one.high or 0.0) for _, one in ends])])


def _apart(outcomes: Outcomes, before: Any, after: Any, ends: Sequence[tuple[float, float]]) -> list[str]:
    """Why two intervals of one number differ, where they do much: the elasticity set in use stands apart from the
    others; draws reach far beyond the choices."""
    low, high = ends[0]
    change, spread, said = after.estimate - before.estimate, high - low, []
    others = [one - after.estimate for one in pair_under_sets(outcomes, after.country.split("-"))]
    if others and spread > WIDE * abs(change) and min(after.estimate - low, high - after.estimate) < AT_END * spread:
        for words, sign in (("less", -1.0), ("more", 1.0)):
            if all(sign * one * change > 0 for one in others):
                many = f"the {len(others)} other elasticity sets react" if len(others) > 1 else "the other set reacts"
                said.append(f"The estimate stands at an end of the range because {many} {words}.")
    if len(ends) > 1 and max(ends[1][1] - high, low - ends[1][0]) > spread:
        said.append("The draws go further because they vary each elasticity as far as its estimate is uncertain.")
    return said


def pair_under_sets(outcomes: Outcomes, pair: Sequence[str]) -> list[float]:
    """Goods trade of a pair after the measures under the other elasticity sets, on the first count, million USD."""
    a, b = (outcomes.world.country(code) for code in pair)
    flow = goods_flows(outcomes.runs[0].solution)[0]
    return [float(flow[a, b] * v.goods_ratio[a, b] + flow[b, a] * v.goods_ratio[b, a])
            for _, v in intervals.sets(outcomes)]  # fmt: skip


def either(outcomes: Outcomes, pair: tuple[str, str]) -> str:
    """How small both parties' real income stays, where all of its interval does; else empty."""
    limit = _less_than(max(abs(end) for code in pair for end in _ends(outcomes, code)))
    if not limit:
        return ""
    size = f"by less than {limit} of one per cent."
    if outcomes.interval.kind == "band":
        return f"Real income in either would move {size}"
    return f"Over these choices real income in either moves {size}" if ranged(outcomes) else ""


def _ends(outcomes: Outcomes, code: str) -> list[float]:
    """Real income of an economy in per cent: the estimate and, where there is an interval, both of its ends."""
    row = outcomes.of(code)
    ends = (row.real_income_pct, row.real_income_low_pct, row.real_income_high_pct)
    return [end for end in ends if end is not None and isfinite(end)]


def _less_than(size: float) -> str:
    """The smallest of three plain fractions that a size stays below; empty where it exceeds them all."""
    limits = ((0.001, "one thousandth"), (0.01, "one hundredth"), (0.1, "one tenth"))
    return next((words for limit, words in limits if size < limit), "")
