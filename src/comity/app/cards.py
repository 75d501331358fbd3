"""The headline cards of an answer: its numbers as plain data, each with its interval, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.app.intervals import BAND, BEFORE_ENDS, NONE, RANGE
from comity.classifications.countries import spoken
from comity.outcomes.simulate import Outcomes, label
from comity.report.among import cards_of, resting, title_of
from comity.report.intervals import without_band
from comity.report.words import change_in_per_cent, decimals_for, joined, level_scale, minutes, money, per_cent, plain


def headlines(outcomes: Outcomes, kind: str) -> list[dict[str, Any]]:
    """The numbers at the top, chosen as in the report (`cards_of`): trade of the parties or that the measures touch,
    real income of the parties, who else is affected most. kind : none, range or band; beside a band stands the range
    (range_low, range_high)."""
    cards = _cards(outcomes, kind)
    beside = _cards(without_band(outcomes), RANGE) if kind == BAND else []
    for k, card in enumerate(cards):
        card["range_low"], card["range_high"] = (beside[k]["low"], beside[k]["high"]) if beside else (None, None)
        card["range_words"] = beside[k]["words"] if beside else ""
    return cards


def pair_rows(outcomes: Outcomes, kind: str) -> list[dict[str, Any]]:
    """Goods trade of each pair among three or four parties on the first count, million USD a year."""
    return [
        {"codes": list(one.codes), "name": joined([label(code) for code in one.codes]), "before": one.before,
         "after": one.after, "low": one.low, "high": one.high}
        for one in cards_of(outcomes, kind != NONE).pairs
    ]  # fmt: skip


def _cards(outcomes: Outcomes, kind: str) -> list[dict[str, Any]]:
    pair, chosen = outcomes.main_pair(), cards_of(outcomes, kind != NONE)
    first = []
    if pair:
        numbers = outcomes.pair(outcomes.runs[0], *pair)
        after = numbers["after"]
        levels = (numbers["before"].estimate, after.estimate, after.low, after.high)
        first = [_level_card(_between(outcomes, pair), levels, kind, pair)]
    incomes = [_income_card(outcomes, code, kind) for code in chosen.parties]
    total = chosen.trade
    trade = []
    if total:
        levels = (total.before, total.after, total.low, total.high)
        trade = [_level_card(title_of(outcomes, total), levels, kind, total.codes)]
    cards = [*trade, *incomes] if len(outcomes.parties) > 2 else [*first, *incomes, *trade]
    return cards + [_income_card(outcomes, code, kind) for code in chosen.others]


def _between(outcomes: Outcomes, pair: tuple[str, str]) -> str:
    return f"Goods trade between {spoken(pair[0])} and {spoken(pair[1])}{resting(outcomes, pair)}"


def _level_card(title: str, levels: tuple[float, float, Any, Any], kind: str, codes: Sequence[str]) -> dict[str, Any]:
    before, after, low, high = levels
    ranges = kind != NONE
    scale, unit, digits = level_scale(before, after)
    ends = f", {BEFORE_ENDS[kind]} {plain(low / scale, digits)} to {plain(high / scale, digits)}" if ranges else ""
    return {
        "title": title, "value": after, "low": low if ranges else None, "high": high if ranges else None,
        "unit": "million USD a year", "before": before,
        "words": f"{plain(after / scale, digits)} {unit} USD a year{ends}",
        "equivalent": f"From {plain(before / scale, digits)} ({change_in_per_cent(before, after)})",
        "codes": list(codes),
    }  # fmt: skip


def _income_card(outcomes: Outcomes, code: str, kind: str) -> dict[str, Any]:
    row, ranges = outcomes.of(code), kind != NONE
    ends = (row.real_income_low_pct, row.real_income_high_pct) if ranges else (None, None)
    usd = (row.equivalent_variation_low, row.equivalent_variation_high) if ranges else (None, None)
    dollars = money(row.equivalent_variation, *usd, sign=True)
    if ranges:  # by its name: a range gives way to a band in the same place
        dollars = dollars.replace(" [", f" ({BEFORE_ENDS[kind]} ").replace(", ", " to ").replace("]", ")")
    more = f"{dollars} a year"
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
        "codes": [code],
    }  # fmt: skip


__all__ = ["headlines"]
