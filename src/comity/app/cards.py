"""The headline cards of an answer: three numbers as plain data, each with its interval, in words."""

from __future__ import annotations

from typing import Any

from comity.app.intervals import BAND, BEFORE_ENDS, NONE, RANGE
from comity.outcomes.simulate import Outcomes, label
from comity.report.intervals import without_band
from comity.report.sectors import touched_trade
from comity.report.words import change_in_per_cent, decimals_for, minutes, money, per_cent, plain


def headlines(outcomes: Outcomes, kind: str) -> list[dict[str, Any]]:
    """Up to three numbers, chosen as in the report (report/headline.py): trade of the two parties, real income of the
    parties, trade that the measures touch, who else is affected most. kind : none, range or band; beside a band stands
    the range (range_low, range_high)."""
    cards = _cards(outcomes, kind)
    beside = _cards(without_band(outcomes), RANGE) if kind == BAND else []
    for k, card in enumerate(cards):
        card["range_low"], card["range_high"] = (beside[k]["low"], beside[k]["high"]) if beside else (None, None)
    return cards


def _cards(outcomes: Outcomes, kind: str) -> list[dict[str, Any]]:
    pair = outcomes.main_pair()
    cards = []
    if pair:
        numbers = outcomes.pair(outcomes.runs[0], *pair)
        count = outcomes.runs[0].count
        after = numbers["after"]
        title = f"Goods trade between {label(pair[0])} and {label(pair[1])}{f', on {count.name}' if count else ''}"
        levels = (numbers["before"].estimate, after.estimate, after.low, after.high)
        cards.append(_level_card(title, levels, kind))
    order = list(outcomes.parties) if pair else sorted(
        outcomes.parties or list(outcomes.world.countries), key=lambda c: -abs(outcomes.of(c).equivalent_variation)
    )  # fmt: skip
    parties = order[: 3 - len(cards)]
    touched = touched_trade(outcomes) if len(cards) + len(parties) < 3 else None
    others = outcomes.others(3)[: 3 - len(cards) - len(parties) - (touched is not None)]
    cards += [_income_card(outcomes, code, kind) for code in parties]
    cards += [_level_card(f"Goods trade of {touched[0]}", touched[1], kind)] if touched else []
    return cards + [_income_card(outcomes, code, kind) for code in others]


def _level_card(title: str, levels: tuple[float, float, Any, Any], kind: str) -> dict[str, Any]:
    before, after, low, high = levels
    ranges = kind != NONE
    scale, unit = (1000.0, "billion USD") if max(before, after) >= 1000 else (1.0, "million USD")
    digits = decimals_for(high - low, 2 if scale > 1 else 0) if ranges and high is not None else 2 if scale > 1 else 0
    ends = f", {BEFORE_ENDS[kind]} {plain(low / scale, digits)} to {plain(high / scale, digits)}" if ranges else ""
    return {
        "title": title, "value": after, "low": low if ranges else None, "high": high if ranges else None,
        "unit": "million USD a year", "before": before,
        "words": f"{plain(after / scale, digits)} {unit} a year{ends}",
        "equivalent": f"From {plain(before / scale, digits)} ({change_in_per_cent(before, after)})",
    }  # fmt: skip


def _income_card(outcomes: Outcomes, code: str, kind: str) -> dict[str, Any]:
    row, ranges = outcomes.of(code), kind != NONE
    ends = (row.real_income_low_pct, row.real_income_high_pct) if ranges else (None, None)
    usd = (row.equivalent_variation_low, row.equivalent_variation_high) if ranges else (None, None)
    more = f"{money(row.equivalent_variation, *usd, sign=True)} a year"
    people = outcomes.world.provenance.get("population", {}).get(code)
    if abs(row.real_income_pct) < 0.1:
        if people:
            dollars = 1e6 * row.equivalent_variation / people
            more += (
                f": {plain(dollars, decimals_for(abs(dollars)) if abs(dollars) < 10 else 0, sign=True)} USD a person"
            )
        more += f", or {minutes(row.real_income_pct)}"
    note = " (estimated)" if outcomes.status(code) == "estimated" else ""
    return {
        "title": f"Real income, {label(code)}{note}", "value": row.real_income_pct, "low": ends[0], "high": ends[1],
        "unit": "per cent", "before": 0.0, "words": per_cent(row.real_income_pct, *ends), "equivalent": more,
    }  # fmt: skip


__all__ = ["headlines"]
