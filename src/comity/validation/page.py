"""The validation table as text for a terminal and as docs/validation.md."""

from __future__ import annotations

import math
from collections.abc import Sequence

from comity.validation.rows import NOT_CHECKED, REPRODUCED, Row
from comity.validation.run import Result, failures

SHORT = 60  # rows; longer tables are folded in the page
HEAD = ("table", "quantity", "label", "published", "ours", "difference", "tolerance", "unit", "status")

INTRODUCTION = """# Published results, reproduced

This page is written by `comity validate --write docs/validation.md`, from the same run that prints the table in a
terminal. Each row sets a number that somebody else printed, or another program computed, beside ours. A tolerance is
half of the last printed digit unless the row says otherwise. Studies whose data is not at hand are skipped with the
reason; `comity validate --data FOLDER` looks for them there.

A row outside its tolerance either fails the command (exit code 1) or carries a note that explains it, and is then
listed as such. Nothing here is tuned to match.
"""


def terminal(results: Sequence[Result]) -> str:
    """Every row, then one line a study."""
    lines = []
    for result in results:
        lines += ["", result.study.title, result.study.citation]
        if result.skipped:
            lines.append(f"  skipped: {result.skipped}")
            continue
        cells = [_cells(row) for row in result.rows]
        widths = [max(len(line[k]) for line in [HEAD, *cells]) for k in range(len(HEAD))]
        lines += [_line(line, widths) for line in [HEAD, *cells]]
        lines += [f"  note on {line}" for line in noted(result.rows)]
    return "\n".join([*lines, "", *summary(results)]).lstrip("\n")


def summary(results: Sequence[Result]) -> list[str]:
    """One line a study, and the verdict."""
    lines = ["Summary"]
    for result in results:
        said = result.skipped and f"skipped: {result.skipped}"
        lines.append(f"  {result.study.id}: {said or _counted(result)}")
    failed = failures(results)
    rows = sum(len(result.rows) for result in results)
    good = sum(row.status == REPRODUCED for result in results for row in result.rows)
    lines.append(f"{good} of {rows} rows reproduced within their tolerance; {failed} unexplained difference(s).")
    return lines


def markdown(results: Sequence[Result]) -> str:
    """docs/validation.md."""
    parts = [INTRODUCTION, "## Summary\n", "| study | rows | result |", "|---|---|---|"]
    for result in results:
        said = f"skipped: {result.skipped}" if result.skipped else _counted(result)
        parts.append(f"| [{result.study.title}](#{result.study.id}) | {len(result.rows) or ''} | {said} |")
    for result in results:
        parts += ["", f'<a id="{result.study.id}"></a>', "", f"## {result.study.title}", "", result.study.citation, ""]
        if result.study.about:
            parts += [result.study.about, ""]
        if result.skipped:
            parts.append(f"Skipped: {result.skipped}.")
            continue
        for why in dict.fromkeys(row.why for row in result.rows):
            parts.append(f"- Tolerance and source: {why}.")
        long = len(result.rows) > SHORT
        parts += ["", f"<details><summary>{len(result.rows)} rows</summary>", ""] if long else [""]
        parts += ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
        parts += ["| " + " | ".join(_cells(row)) + " |" for row in result.rows]
        parts += ["", "</details>"] if long else []
        notes = [f"- {line}" for line in noted(result.rows)]
        parts += ["", "Notes", "", *notes] if notes else []
    return "\n".join(parts) + "\n"


def noted(rows: Sequence[Row], most: int = 6) -> list[str]:
    """Every note once, with the rows it belongs to."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            groups.setdefault(row.note, []).append(f"{row.table}, {row.quantity}, {row.label}")
    return [
        "; ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "") + f": {note}"
        for note, names in groups.items()
    ]


def _counted(result: Result) -> str:
    return ", ".join(f"{count} {status}" for status, count in result.counts.items())


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [_fit(text, width, column) for column, (text, width) in enumerate(zip(cells, widths, strict=True))]
    return ("  " + "  ".join(fitted)).rstrip()


def _fit(text: str, width: int, column: int) -> str:
    return text.rjust(width) if 3 <= column <= 6 else text.ljust(width)


def _cells(row: Row) -> tuple[str, ...]:
    digits = decimals(row.tolerance)
    gap = row.difference
    return (
        row.table,
        row.quantity,
        row.label,
        "" if row.published is None else number(row.published, digits),
        "" if row.ours is None else number(row.ours, None if digits is None else digits + 2),
        "" if gap is None else number(gap, None if digits is None else digits + 2),
        "" if row.status == NOT_CHECKED else f"{row.tolerance:g}",
        row.unit,
        row.status,
    )


def decimals(tolerance: float) -> int | None:
    """Digits after the point that a tolerance of half a digit stands for; None where they are too many to print."""
    if not tolerance > 1e-6:
        return None
    return max(0, math.ceil(-math.log10(2 * tolerance) - 1e-9))


def number(value: float, digits: int | None) -> str:
    """A number with fixed digits, or in short general form."""
    if digits is not None:
        text = f"{value:.{digits}f}"
        return text.lstrip("-") if float(text) == 0 else text
    return f"{value:.0e}" if 0 < abs(value) < 1e-6 else f"{value:.8g}"
