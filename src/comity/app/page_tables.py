"""Tables of the explorer's page: real income of every economy, trade among the parties, sectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from comity.app.intervals import HEADS, RANGE
from comity.app.picture_parts import sector_digits
from comity.report.words import MINUS, THIN, change_in_per_cent, decimals_for, digits_of_estimate, plain

Row = Sequence[str]


def table(caption: str, heads: Sequence[str], rows: Iterable[Row], foot: Row | None = None) -> str:
    """A table in a box that scrolls; first column names, the others numbers."""
    top = "".join(f'<th scope="col"{" class=n" * (k > 0)}>{escape(head)}</th>' for k, head in enumerate(heads))
    body = "".join(_row(row) for row in rows)
    end = f"<tfoot>{_row(foot)}</tfoot>" if foot else ""
    return (f'<div class="wide" tabindex="0" role="group" aria-label="{escape(caption, quote=True)}"><table>'
            f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody>{end}"
            "</table></div>")  # fmt: skip


def _row(row: Row) -> str:
    cells = "".join(f'<td class="n">{escape(cell)}</td>' for cell in row[1:])
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def folded(name: str, inside: str) -> str:
    """A table under its figure."""
    return f'<details class="tab" id="table-{name}"><summary>Show as table</summary>{inside}</details>'


def banded(value: float | None, low: float | None, high: float | None, digits: int, *, sign: bool = True) -> str:
    """`+5.0 [+0.9, +19.1]`, the same decimals throughout; an estimate too small for them is under their last one."""
    if value is None:
        return "no number"
    text = shown(value, digits, sign=sign)
    if low is None or high is None or (text.startswith("under") and shown(max(-low, high), digits) == text):
        return text
    return f"{text} [{plain(low, digits, sign=sign)}, {plain(high, digits, sign=sign)}]"


def shown(value: float, digits: int, *, sign: bool = True) -> str:
    """A number with so many decimals, or `under 0.1` where they would show a zero that it is not."""
    text = plain(value, digits, sign=sign)
    if value and not text.strip("+0." + MINUS + THIN):
        return f"under {10.0**-digits:.{digits}f}"
    return text


def digits_of(rows: Iterable[tuple[float | None, float | None, float | None]], least: int, most: int) -> int:
    """Decimals of a column: the widest interval keeps two digits; without them the largest number does."""
    widest = 0.0
    for value, low, high in rows:
        width = abs(value or 0.0) if low is None or high is None else high - low
        widest = max(widest, width)
    return max(least, min(most, decimals_for(widest))) if widest > 0 else least


def column_digits(countries: Sequence[Mapping[str, Any]], keys: tuple[str, str, str], least: int, most: int) -> int:
    """Decimals with which every party keeps two digits of its interval; without parties, the widest of all does."""
    estimate, low, high = keys
    own = [digits_of_estimate(one[estimate] or 0.0, one[low], one[high]) for one in countries if one["party"]]
    parties = [max(least, min(most, digits)) for digits in own]
    widest = digits_of(((one[estimate], one[low], one[high]) for one in countries), least, most)
    return max(parties, default=widest)


def countries_table(countries: Sequence[Mapping[str, Any]], kind: str = RANGE) -> str:
    """Every economy, with ranges or bands: equivalent variation and real income, parties first, then by size."""
    ranked = sorted(countries, key=lambda one: (not one["party"], -abs(one["usd"] or 0.0)))
    usd = column_digits(ranked, ("usd", "low_usd", "high_usd"), 0, 2)
    pct = column_digits(ranked, ("real_income_pct", "low_pct", "high_pct"), 2, 5)
    rows = [
        [
            one["name"][:1].upper() + one["name"][1:] + (" (estimated)" if one.get("status") == "estimated" else ""),
            banded(one["usd"], one["low_usd"], one["high_usd"], usd),
            "inside the noise"
            if one["noise"]
            else banded(one["real_income_pct"], one["low_pct"], one["high_pct"], pct),
        ]
        for one in ranked
    ]
    heads = ("Economy", f"million USD a year{HEADS[kind]}", f"per cent{HEADS[kind]}")
    return table("Real income of every economy", heads, rows)


def flows_table(count: Mapping[str, Any], kind: str = RANGE) -> str:
    """Goods flows of one statistical count before and after, with ranges or bands."""
    flows = count["flows"]
    digits = digits_of(((one["after"], one["low"], one["high"]) for one in flows), 0, 1)
    rows = []
    for one in flows:
        before, after = one["before"], one["after"]
        change = "" if before is None or after is None else change_in_per_cent(before, after)
        rows.append([
            f"{one['origin_name']} to {one['destination_name']}",
            "no number" if before is None else shown(before, digits, sign=False),
            banded(after, one["low"], one["high"], digits, sign=False), change,
        ])  # fmt: skip
    known = bool(flows) and all(one["before"] is not None and one["after"] is not None for one in flows)
    foot = None
    if known and len(flows) > 1:
        before, after = (sum(one[key] for one in flows) for key in ("before", "after"))
        sums = [shown(total, digits, sign=False) for total in (before, after)]
        foot = ["Together", *sums, change_in_per_cent(before, after)]
    return table(
        f"Goods on {count['name']}, million USD a year", ("Flow", "Before", f"After{HEADS[kind]}", "Change"), rows, foot
    )


def sectors_table(sectors: Sequence[Mapping[str, Any]]) -> str:
    """Goods trade by sector and direction, central estimate."""
    most = max((one["after"] or 0.0 for one in sectors), default=0.0)
    digits = sector_digits(most)
    rows = [
        [f"{one['name']}, {one['direction'][:1].lower() if one['direction'].startswith(('Among', 'The ')) else ''}"
         f"{one['direction'][1:] if one['direction'].startswith(('Among', 'The ')) else one['direction']}",
         shown(one["before"], digits, sign=False), shown(one["after"], digits, sign=False),
         change_in_per_cent(one["before"], one["after"])]
        for one in sectors
    ]  # fmt: skip
    return table("Goods by sector, million USD a year, central estimate", ("Sector", "Before", "After", "Change"), rows)
