"""The top of the report: the sentence, and three numbers, each on a band line that shows where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from markupsafe import Markup, escape

from comity.outcomes.ranges import goods_flows
from comity.outcomes.simulate import Outcomes, label
from comity.report import intervals
from comity.report.drawing import ACCENT, INK2, INK3, RULE, RULE2
from comity.report.sectors import touched_trade
from comity.report.words import (
    THIN,
    change_in_per_cent,
    decimals_for,
    levels,
    minutes,
    money,
    per_cent,
    plain,
    spans_zero,
)

LENGTH, MARGIN = 250.0, 8.0  # of a band line, in pixels


def lead(outcomes: Outcomes) -> tuple[str, str]:
    """The sentence at the top with two numbers at most, and a second, smaller one."""
    if outcomes.compiled.nothing:
        return f"Nothing changes, because {outcomes.compiled.nothing}.", ""
    start = f"With the measures in force in {outcomes.year}," if outcomes.year else "Carried out in full,"
    pair = outcomes.main_pair()
    if pair:
        numbers = outcomes.pair(outcomes.runs[0], *pair)
        before, after = numbers["before"].estimate, numbers["after"].estimate
        verb = "raise" if after >= before else "lower"
        count = f", on {outcomes.runs[0].count.name}" if outcomes.runs[0].count else ""
        first = (
            f"{start} these measures would {verb} goods trade between {label(pair[0])} and {label(pair[1])} from "
            f"{levels(before, after)} a year{count}."
        )
        return first, _incomes(outcomes, pair)
    most = max(
        (row for row in outcomes.welfare.rows if row.country in outcomes.parties or not outcomes.parties),
        key=lambda row: abs(row.equivalent_variation),
    )
    change = f"{plain(abs(most.real_income_pct), decimals_for(abs(most.real_income_pct)))} per cent"
    verb = "raise" if most.real_income_pct >= 0 else "lower"
    amount = money(abs(most.equivalent_variation)).replace("USD", "US dollars")
    among = {0: " of any economy", 1: ""}.get(len(outcomes.parties), " among the parties")
    rank = f", the largest change{among}" if among else ""
    if spans_zero(most.equivalent_variation_low, most.equivalent_variation_high):
        return (
            f"{start} these measures would change real income of {label(most.country)} by an amount that cannot be "
            "told from zero.",
            f"At central sizes it is {plain(most.real_income_pct, decimals_for(abs(most.real_income_pct)), sign=True)} "
            f"per cent{rank}; the {outcomes.interval.kind} includes zero.",
        )
    return (
        f"{start} these measures would {verb} real income of {label(most.country)} by about {change}.",
        f"That is {amount} a year{rank}.",
    )


def _incomes(outcomes: Outcomes, pair: tuple[str, str]) -> str:
    """Both parties' real income in one sentence: how small, or each with its sign. "Less than" holds for the whole
    interval of both, not for the estimates alone."""
    limit = _less_than(max(abs(end) for code in pair for end in _ends(outcomes, code)))
    if limit:
        return f"Real income of either would move by less than {limit} of one per cent."
    parts = []
    for code in pair:
        row = outcomes.of(code)
        change = plain(row.real_income_pct, decimals_for(abs(row.real_income_pct)), sign=True)
        noise = " (inside the noise)" if spans_zero(row.real_income_low_pct, row.real_income_high_pct) else ""
        parts.append(f"{label(code)} {change} per cent{noise}")
    return f"Real income: {' and '.join(parts)}."


def _ends(outcomes: Outcomes, code: str) -> list[float]:
    """Real income of an economy in per cent: the estimate and, where there is an interval, both of its ends."""
    row = outcomes.of(code)
    ends = (row.real_income_pct, row.real_income_low_pct, row.real_income_high_pct)
    return [end for end in ends if end is not None and isfinite(end)]


def _less_than(size: float) -> str:
    """The smallest of three plain fractions that a size stays below; empty where it exceeds them all."""
    limits = ((0.001, "one thousandth"), (0.01, "one hundredth"), (0.1, "one tenth"))
    return next((words for limit, words in limits if size < limit), "")


def three(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Three headline numbers with their intervals: trade of the two parties first, where there are two; real income of
    the parties (of everybody, where there are none); then trade that the measures touch, and who else is affected."""
    pair = outcomes.main_pair()
    cards = [_trade_card(outcomes, pair)] if pair else []
    order = list(outcomes.parties) if pair else sorted(
        outcomes.parties or list(outcomes.world.countries), key=lambda c: -abs(outcomes.of(c).equivalent_variation)
    )  # fmt: skip
    parties = order[: 3 - len(cards)]
    touched = touched_trade(outcomes) if len(cards) + len(parties) < 3 else None
    others = outcomes.others(3)[: 3 - len(cards) - len(parties) - (touched is not None)]
    rows = [outcomes.of(code) for code in (*parties, *others)]
    ends = [0.0, *(r.real_income_low_pct for r in rows), *(r.real_income_high_pct for r in rows)]
    ends += [value for code in (*parties, *others) for value in _other_incomes(outcomes, code)]
    axis = min(ends), max(ends)
    cards += [_income_card(outcomes, code, axis) for code in parties]
    cards += [_levels_card(outcomes, f"Goods trade of {touched[0]}", touched[1])] if touched else []
    return cards + [_income_card(outcomes, code, axis, "largest elsewhere") for code in others]


def _trade_card(outcomes: Outcomes, pair: tuple[str, str]) -> dict[str, Any]:
    run = outcomes.runs[0]
    numbers = outcomes.pair(run, *pair)
    after, before = numbers["after"], numbers["before"]
    targets = [t.million_usd for t in outcomes.targets if {t.partner, t.other} == set(pair)]
    others = [
        f"{outcomes.pair(r, *pair)['after'].estimate:.0f} on {r.count.name}" for r in outcomes.runs[1:] if r.count
    ]
    levels = before.estimate, after.estimate, after.low or after.estimate, after.high or after.estimate
    title = f"Goods trade between them{', ' + run.count.name if run.count else ''}"
    a, b = (outcomes.world.country(code) for code in pair)
    flow = goods_flows(run.solution)[0]
    sets = [float(flow[a, b] * v.goods_ratio[a, b] + flow[b, a] * v.goods_ratio[b, a]) for _, v in _sets(outcomes)]
    return _levels_card(outcomes, title, levels, targets, f" {', '.join(others)}." if others else "", sets)


def _sets(outcomes: Outcomes) -> list[tuple[str, Any]]:
    """The answers under other elasticity sets, where the interval does not have them inside."""
    return intervals.sets(outcomes) if outcomes.interval.kind == "band" else []


def _other_incomes(outcomes: Outcomes, code: str) -> list[float]:
    here = outcomes.world.country(code)
    return [100 * float(variant.real_income_hat[here] - 1) for _, variant in _sets(outcomes)]


def _levels_card(
    outcomes: Outcomes, title: str, levels: tuple[float, float, float, float], targets: Sequence[float] = (),
    more: str = "", sets: Sequence[float] = (),
) -> dict[str, Any]:  # fmt: skip
    """A level after the measures beside the one before: (before, after, low, high) in million USD a year."""
    scale, unit = (1000.0, "billion") if max(levels) >= 1000 else (1.0, "million")
    before, after, low, high = (level / scale for level in levels)
    digits = decimals_for(high - low, 2 if scale > 1 else 0)
    ticks = [(before, f"before {plain(before, digits)}")]
    ticks += [(target / scale, f"target {plain(target / scale, 0)}") for target in targets]
    short = [value / scale for value in sets]
    places = [low, high, *short, *(value for value, _ in ticks)]
    return {
        "title": title, "big": plain(after, digits), "unit": f"{unit} USD a year",
        "band": f"{before_ends(outcomes)} {plain(low, digits)} to {plain(high, digits)}",
        "strip": strip(after, low, high, ticks, (min(0.0, *places), max(places)), f"{title}, {unit} USD a year",
                       outcomes.interval.kind, short),
        "more": f"From {plain(before, digits)} ({change_in_per_cent(before, after)}).{more}",
    }  # fmt: skip


def _income_card(outcomes: Outcomes, code: str, axis: tuple[float, float], role: str = "") -> dict[str, Any]:
    row = outcomes.of(code)
    low, high = row.real_income_low_pct, row.real_income_high_pct
    big, _, band = per_cent(row.real_income_pct, low, high).partition(" [")
    ends = row.equivalent_variation_low, row.equivalent_variation_high
    more = f"{money(row.equivalent_variation, *ends, sign=True)} a year"
    people = outcomes.world.provenance.get("population", {}).get(code)
    if abs(row.real_income_pct) < 0.1:
        if people:
            cents = 1e8 * row.equivalent_variation / people
            if abs(cents) >= 100:
                more += f": {plain(cents / 100, 2, sign=True)} US dollars a person"
            else:
                more += f": {plain(cents, 0 if abs(cents) >= 10 else 1, sign=True)} US cents a person"
        more += f", or {minutes(row.real_income_pct)}"
    noise = f" Inside the noise: the {outcomes.interval.kind} includes zero." if spans_zero(*ends) else ""
    tag = " (estimated)" if outcomes.status(code) == "estimated" else f" ({role})" if role else ""
    title = f"Real income, {label(code)}{tag}"
    return {
        "title": title, "big": big, "unit": "",
        "band": f"{before_ends(outcomes)} {band.rstrip(']').replace(', ', ' to ')}{THIN}%" if band else
                f"no {outcomes.interval.kind}",
        "strip": strip(row.real_income_pct, low, high, [(0.0, "0")], axis, f"{title}, per cent",
                       outcomes.interval.kind, _other_incomes(outcomes, code)) if band else "",
        "more": more + "." + noise,
    }  # fmt: skip


def before_ends(outcomes: Outcomes) -> str:
    """What stands before both ends of an interval."""
    return "range" if outcomes.interval.kind == "range" else f"{intervals.short(outcomes)}"


def strip(
    value: float,
    low: float,
    high: float,
    ticks: list[tuple[float, str]],
    axis: tuple[float, float],
    what: str = "Estimate",
    kind: str = "range",
    sets: Sequence[float] = (),
) -> Markup:
    """A band line as SVG: the interval, dot at the estimate, ticks with words (at most two), short ones without words
    at `sets`. `axis` is (left, right) in the value's unit. `what` begins the name of the picture: quantity and unit."""
    left, right = axis
    span = right - left or 1.0

    def at(x: float) -> float:
        return MARGIN + (LENGTH - 2 * MARGIN) * (x - left) / span

    parts = [f'<line x1="{MARGIN}" x2="{LENGTH - MARGIN}" y1="14" y2="14" stroke="{RULE}"/>']
    marks = sorted(ticks)
    close = len(marks) == 2 and at(marks[1][0]) - at(marks[0][0]) < 100  # words would meet: turn them outwards
    for k, (place, words) in enumerate(marks):
        x, width = at(place), 6.6 * len(words)
        begin = x - width / 2 if not close else x - width + 6 if k == 0 else x - 6
        begin = min(max(begin, 0.0), LENGTH - width)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="5" y2="23" stroke="{RULE2}"/>')
        parts.append(f'<text x="{begin:.1f}" y="38" font-size="12" fill="{INK3}">{words}</text>')
    parts.append(
        f'<line x1="{at(low):.1f}" x2="{at(high):.1f}" y1="14" y2="14" stroke="{ACCENT}" stroke-width="8" '
        f'stroke-opacity="0.32"/>'
    )
    parts += [f'<line x1="{at(place):.1f}" x2="{at(place):.1f}" y1="9" y2="19" stroke="{INK2}"/>' for place in sets]
    inside = low <= 0 <= high
    dot = f'fill="none" stroke="{INK2}" stroke-width="1.6"' if inside else f'fill="{ACCENT}"'
    parts.append(f'<circle cx="{at(value):.1f}" cy="14" r="5.5" {dot}/>')
    words = " and ".join("zero" if words == "0" else words for _, words in sorted(ticks))
    others = "; under other elasticity sets " + ", ".join(f"{place:.3g}" for place in sets) if sets else ""
    name = escape(f"{what}: {value:.3g}, {kind} {low:.3g} to {high:.3g}; marked: {words}{others}.")
    return Markup(
        f'<svg viewBox="0 0 {LENGTH:.0f} 44" width="{LENGTH:.0f}" height="44" role="img" aria-label="{name}">'
        + "".join(parts)
        + "</svg>"
    )
