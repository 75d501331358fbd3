"""The top of the report: the sentence (report/lead.py), and the headline numbers, each on a band line that shows where
it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

from comity.outcomes.simulate import Outcomes, label
from comity.report import intervals
from comity.report.among import FEW, Trade, cards_of, title_of
from comity.report.drawing import ACCENT, INK2, INK3, RULE, RULE2
from comity.report.lead import pair_under_sets
from comity.report.words import (
    THIN,
    change_in_per_cent,
    level_scale,
    minutes,
    money,
    per_cent,
    plain,
    spans_zero,
)

LENGTH, MARGIN = 250.0, 8.0  # of a band line, in pixels


def three(outcomes: Outcomes) -> list[dict[str, Any]]:
    """The headline numbers with their intervals, chosen by `cards_of`: trade of the parties or that the measures touch,
    real income of the parties (of everybody, where there are none), and who else is affected."""
    pair, chosen = outcomes.main_pair(), cards_of(outcomes)
    rows = [outcomes.of(code) for code in (*chosen.parties, *chosen.others)]
    ends = [0.0, *(r.real_income_low_pct for r in rows), *(r.real_income_high_pct for r in rows)]
    ends += [value for row in rows for value in _other_incomes(outcomes, row.country)]
    axis = min(ends), max(ends)
    first = [_trade_card(outcomes, pair)] if pair else []
    incomes = [_income_card(outcomes, code, axis) for code in chosen.parties]
    total = chosen.trade
    trade = [_total_card(outcomes, total)] if total else []
    cards = [*trade, *incomes] if len(outcomes.parties) > 2 else [*first, *incomes, *trade]
    return cards + [_income_card(outcomes, code, axis, "largest elsewhere") for code in chosen.others]


def _total_card(outcomes: Outcomes, total: Trade) -> dict[str, Any]:
    title = title_of(outcomes, total)
    low, high = (total.after if end is None else end for end in (total.low, total.high))
    return _levels_card(outcomes, title, (total.before, total.after, low, high))


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
    sets = pair_under_sets(outcomes, pair) if outcomes.interval.kind == "band" else []
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
    scale, unit, digits = level_scale(*levels[:2])
    before, after, low, high = (level / scale for level in levels)
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
    shown = [code, *outcomes.parties] if len(outcomes.parties) <= FEW else [code]
    if any(abs(outcomes.of(one).real_income_pct) < 0.1 for one in shown):  # parties side by side are told alike
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
