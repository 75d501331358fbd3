"""The answers on a world and on its smoothed sibling, as rows for terminal, page and CSV."""

from __future__ import annotations

from typing import Any

from comity.classifications.countries import spoken
from comity.outcomes.numbers import Number
from comity.outcomes.simulate import Outcomes, label
from comity.outcomes.twin import Twin
from comity.report.words import THIN, per_cent

WORTH_SAYING = 0.1  # share of the measures' weight on empty flows from which the top of page and terminal says so


def smoothed_rows(outcomes: Outcomes) -> list[dict[str, str]]:
    """What is compared, here, on smoothed trade; no rows where the world has no sibling."""
    found = outcomes.smoothed
    if found is None or found.reason:
        return []
    rows = [{"what": _what(row), "plain": _text(row.plain), "smoothed": _text(row.smoothed)} for row in found.rows]
    shares = [share_text(share) for share in (found.empty_plain, found.empty_smoothed)]
    return [*rows, {"what": "Measures' weight on flows that are zero", "plain": shares[0], "smoothed": shares[1]}]


def smoothed_sentence(outcomes: Outcomes) -> str:
    """How much of the measures falls on flows that are zero, and what smoothed trade says instead; empty where next to
    nothing does."""
    share = outcomes.compiled.empty_share
    if not share >= WORTH_SAYING or outcomes.compiled.nothing:
        return ""
    return f"{empty_words(share)} {smoothed_answer(outcomes)}".strip()


def smoothed_answer(outcomes: Outcomes) -> str:
    """What smoothed trade says, in a sentence; empty where the world has no sibling."""
    found = outcomes.smoothed
    if found is None:
        return ""
    if found.reason:
        return found.reason
    rows = [row for row in found.rows if row.smoothed.low is not None]
    parts = [f"{_short(row)} {_text(row.smoothed)} (here {_text(row.plain)})" for row in _first(outcomes, rows)]
    parts = [part.replace("[", "[range ") for part in parts]
    if not parts:
        return ""
    return f"On trade smoothed by structural gravity, which has no zeros, the same measures give {'; '.join(parts)}."


def _first(outcomes: Outcomes, rows: list[Twin]) -> list[Twin]:
    """Trade of two parties, else real income of a few."""
    return rows[-1:] if outcomes.main_pair() else rows[:4]


def empty_words(share: float) -> str:
    """The share of the measures' weight that falls on flows that are zero, in a sentence."""
    return f"{share_text(share)} of the measures' weight falls on flows that are zero in this world and does nothing."


def share_text(share: float) -> str:
    """A share in whole per cent."""
    return f"{100 * share:.0f}{THIN}%"


def _short(row: Twin) -> str:
    if "-" in row.country:
        return f"goods trade between {' and '.join(spoken(code) for code in row.country.split('-'))}"
    return f"real income in {spoken(row.country)}"


def smoothed_lines(outcomes: Outcomes) -> list[str]:
    """The same for the terminal."""
    found = outcomes.smoothed
    if found is None:
        return []
    if found.reason:
        return [f"On trade smoothed by structural gravity ({found.world}): {found.reason}", ""]
    rows = smoothed_rows(outcomes)
    width, wide = (max(len(row[key]) for row in rows) for key in ("what", "plain"))
    heading = f"  {'':<{width}}  {'this world':<{wide}}  smoothed"
    lines = [f"  {row['what']:<{width}}  {row['plain']:<{wide}}  {row['smoothed']}" for row in rows]
    title = f"The same on trade smoothed by structural gravity ({found.world}), ranges over choices:"
    return [title, heading, *lines, ""]


def smoothed_csv(outcomes: Outcomes) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of smoothed.csv."""
    found = outcomes.smoothed
    names = ["quantity", "country", "unit", "world", "estimate", "low", "high"]
    if found is None or found.reason:
        return names, []
    rows: list[list[Any]] = []
    for row in found.rows:
        for world, number in ((outcomes.world.name, row.plain), (found.world, row.smoothed)):
            rows.append([row.quantity, row.country, number.unit, world, number.estimate, number.low, number.high])
    for world, share in ((outcomes.world.name, found.empty_plain), (found.world, found.empty_smoothed)):
        rows.append(["weight on empty flows", "", "share of one", world, share, None, None])
    return names, rows


def _what(row: Twin) -> str:
    if "-" in row.country:
        return f"Goods trade of {' and '.join(spoken(code) for code in row.country.split('-'))}"
    return f"Real income, {label(row.country)}"


def _text(number: Number) -> str:
    if number.low is None or number.high is None:
        return "no number"
    return per_cent(number.estimate, number.low, number.high)
