"""The answers on a world and on its smoothed sibling, as rows for terminal, page and CSV."""

from __future__ import annotations

from typing import Any

from comity.outcomes.numbers import Number
from comity.outcomes.simulate import Outcomes, label
from comity.outcomes.twin import Twin
from comity.report.words import per_cent


def smoothed_rows(outcomes: Outcomes) -> list[dict[str, str]]:
    """What is compared, here, on smoothed trade; no rows where the world has no sibling."""
    found = outcomes.smoothed
    if found is None or found.reason:
        return []
    rows = [{"what": _what(row), "plain": _text(row.plain), "smoothed": _text(row.smoothed)} for row in found.rows]
    shares = [f"{share:.0%}".replace("%", " %") for share in (found.empty_plain, found.empty_smoothed)]
    return [*rows, {"what": "Measures' weight on flows that are zero", "plain": shares[0], "smoothed": shares[1]}]


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
        return f"Goods trade of {' and '.join(label(code) for code in row.country.split('-'))}"
    return f"Real income, {label(row.country)}"


def _text(number: Number) -> str:
    if number.low is None or number.high is None:
        return "no number"
    return per_cent(number.estimate, number.low, number.high)
