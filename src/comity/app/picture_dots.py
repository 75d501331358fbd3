"""Trade before and after: a hollow dot, a filled dot, the interval of the after value, the numbers as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from comity.app.intervals import BEFORE_ENDS, RANGE
from comity.app.picture_parts import (
    DOT,
    LINE,
    NO_NUMBER,
    RING,
    SMALL,
    Axis,
    axis_over,
    dot,
    ends_of,
    fitted,
    line,
    number,
    picture,
    row,
    sector_digits,
    shown,
    text,
    text_width,
    tick_marks,
    wrapped,
)
from comity.report.words import change_in_per_cent, decimals_for, joined

MARGIN = 10.0  # at either end of the axis: half a ring and its line
FLOW_ROW, SECTOR_ROW = 58.0, 44.0
LARGEST_RATIO = 1e7  # a change beyond it, from almost nothing, is no help as a percentage
SIZES = 30.0  # times the smallest flow beyond which each has a scale of its own
SAID = 4  # flows in the finding; more are counted, the table has them
Flow = Mapping[str, Any]


def flow_dots(
    count: Mapping[str, Any], *, kind: str = RANGE, pinned: Mapping[str, Any] | None = None, width: float = 344
) -> str:
    """Goods flows among the parties on one statistical count (one of answer `counts`), million USD a year.

    One scale, or one for each flow where the largest is SIZES times the smallest. Hollow dot: before; filled dot:
    after; bar: interval (`kind`: range or band) of the after value; the numbers beneath the name of the flow.
    pinned: the same count of the pinned result, open rings at its after values. A flow without an after value has its
    hollow dot alone and says so. Empty where no flow has a number.
    """
    flows = [_numbers(one) for one in count.get("flows") or ()]
    if all(flow["before"] is None and flow["after"] is None for flow in flows):
        return ""
    there = {_key(one): number(one.get("after")) for one in (pinned or {}).get("flows") or ()}
    digits = _digits(flows)
    rings = [there.get(flow["key"]) for flow in flows]
    values = [v for flow in flows for v in (flow["before"], flow["after"], *(flow["ends"] or ()))]
    axis = axis_over([*values, *rings], MARGIN, width - MARGIN)
    own = [_own_axis(flow, ring, width) for flow, ring in zip(flows, rings, strict=True)]
    apart = _apart(own)
    drawn = [_flow(flow, mine if apart else axis, FLOW_ROW * k, width, digits, ring)
             for k, (flow, ring, mine) in enumerate(zip(flows, rings, own, strict=True))]  # fmt: skip
    bottom = FLOW_ROW * len(flows)
    finding = _flows_finding(flows, count, digits, any(ring is not None for ring in rings), kind)
    if apart:
        note = text("million USD a year, own scale for each", 0, bottom + 14, "c-ink3 c-small")
        return picture("flows", width, bottom + 20, finding, "".join([*drawn, note]))
    return _panel("flows", width, axis, bottom, finding, drawn)


def _own_axis(flow: Mapping[str, Any], ring: float | None, width: float) -> Axis:
    return axis_over((flow["before"], flow["after"], *(flow["ends"] or ()), ring), MARGIN, width - MARGIN)


def _apart(axes: Sequence[Axis]) -> bool:
    """Whether flows differ so much in size that on one scale the small ones would lie on zero."""
    ends = [axis.high for axis in axes if axis.high > 0]
    return len(ends) > 1 and max(ends) > SIZES * min(ends)


def sector_dots(sectors: Sequence[Flow], direction: str, *, width: float = 344, top: float | None = None) -> str:
    """Goods trade of one direction by sector (rows of answer `sectors`), million USD a year: hollow dot before, filled
    dot after, both numbers at the right.

    The scale is that of every direction in `sectors`, so that panels side by side compare; `top` makes it reach at
    least so far, for panels of several answers. Empty where the direction has no row with a number.
    """
    mine = [one for one in sectors if one.get("direction") == direction]
    numbers = [number(one.get(key)) for one in sectors for key in ("before", "after")]
    if all(number(one.get(key)) is None for one in mine for key in ("before", "after")):
        return ""
    axis = axis_over([*numbers, number(top)], MARGIN, width - MARGIN)
    largest = max(abs(value) for value in numbers if value is not None)
    drawn, top_of_row = [], 0.0
    for one in mine:
        words = _pair(number(one.get("before")), number(one.get("after")), largest)
        name = wrapped(str(one.get("name") or one.get("sector") or ""), width - text_width(words) - 12)
        drawn.append(_sector(one, (name, words), axis, top_of_row, width))
        top_of_row += SECTOR_ROW + LINE * (len(name) - 1)
    return _panel("sectors", width, axis, top_of_row, _sectors_finding(mine, direction, largest), drawn)


def _panel(kind: str, width: float, axis: Axis, bottom: float, finding: str, drawn: Sequence[str]) -> str:
    """Rows over an axis."""
    caption = text("million USD a year", 0, bottom + 36, "c-ink3 c-small")
    marks = tick_marks(axis, bottom, bottom + 5, width, sign=False)
    return picture(kind, width, bottom + 42, finding, "".join([*drawn, marks, caption]))


def _numbers(one: Flow) -> dict[str, Any]:
    origin, destination = (one.get(f"{end}_name") or one.get(end) or "" for end in ("origin", "destination"))
    name = f"{origin} to {destination}"
    return {"key": _key(one), "name": name[:1].upper() + name[1:], "before": number(one.get("before")),
            "after": number(one.get("after")), "ends": ends_of(one.get("low"), one.get("high"))}  # fmt: skip


def _key(one: Flow) -> str:
    return f"{one.get('origin')}-{one.get('destination')}"


def _digits(flows: Iterable[Mapping[str, Any]]) -> int:
    """Decimals of the whole figure, as in the table under it: the widest interval keeps two digits, one decimal at
    most; without intervals the largest number does."""
    widest = 0.0
    for flow in flows:
        size = abs(flow["before"] if flow["after"] is None else flow["after"]) if _known(flow) else 0.0
        widest = max(widest, size if flow["ends"] is None else flow["ends"][1] - flow["ends"][0])
    return min(decimals_for(widest), 1) if widest > 0 else 0


def _known(flow: Mapping[str, Any]) -> bool:
    return flow["before"] is not None or flow["after"] is not None


def _flow(flow: Mapping[str, Any], axis: Axis, top: float, width: float, digits: int, ring: float | None) -> str:
    """A row: name and change, numbers, marks."""
    before, after, ends, y = flow["before"], flow["after"], flow["ends"], top + 46
    change = _change(before, after)
    name = fitted(flow["name"], width - text_width(change) - 12)
    said, again = _levels(flow, digits), "" if ring is None else f"kept: {_level(ring, digits)}"
    said = fitted(said, width - text_width(again, SMALL) - 12, SMALL)
    parts = [
        text(name, 0, top + 13, "c-ink"),
        text(change, width, top + 13, "c-ink2", "end") if change else "",
        text(said, 0, top + 29, "c-ink2 c-small"),
        text(again, width, top + 29, "c-ink3 c-small", "end") if again else "",
        line(axis.left, axis.right, y, y, "c-rule"),
        line(axis.at(0.0), axis.at(0.0), y - 7, y + 7, "c-rule2"),
    ]
    if ends and after is not None:
        parts.append(line(axis.at(ends[0]), axis.at(ends[1]), y, y, "c-band"))
    if ring is not None:  # beneath the dots, which it would cover
        parts.append(dot(axis.at(ring), y, RING, "c-pin"))
    parts += _dots(axis, y, before, after)
    return row(flow["key"], "".join(parts))


def _dots(axis: Axis, y: float, before: float | None, after: float | None) -> list[str]:
    parts = [] if before is None else [dot(axis.at(before), y, DOT, "c-before")]
    return parts if after is None else [*parts, dot(axis.at(after), y, DOT, "c-accent")]


def _sector(one: Flow, said: tuple[tuple[str, ...], str], axis: Axis, top: float, width: float) -> str:
    """A row: name (one or two lines) and numbers, marks beneath."""
    name, words = said
    before, after, y = number(one.get("before")), number(one.get("after")), top + 30 + LINE * (len(name) - 1)
    parts = [
        *(text(part, 0, top + 13 + LINE * k, "c-ink") for k, part in enumerate(name)),
        text(words, width, top + 13, "c-ink2", "end"),
        line(axis.left, axis.right, y, y, "c-rule"),
        line(axis.at(0.0), axis.at(0.0), y - 7, y + 7, "c-rule2"),
    ]
    if before is not None and after is not None:
        parts.append(line(axis.at(before), axis.at(after), y, y, "c-join"))
    return row(str(one.get("sector") or ""), "".join([*parts, *_dots(axis, y, before, after)]))


def _pair(before: float | None, after: float | None, largest: float) -> str:
    """ "5.3 to 7.8"; decimals by the largest number of all panels. From 100 to 1,000 one decimal stays: the small
    sectors of such a panel would read "1 to 1"."""
    digits = sector_digits(largest)
    return NO_NUMBER if before is None and after is None else f"{_level(before, digits)} to {_level(after, digits)}"


def _level(value: float | None, digits: int) -> str:
    """An amount; one that would show as a zero it is not is under the last decimal."""
    if value is None:
        return NO_NUMBER
    least = 10.0**-digits
    return f"under {least:.{digits}f}" if 0 < value < least / 2 else shown(value, digits)


def _levels(flow: Mapping[str, Any], digits: int) -> str:
    """ "15 to 22 [16, 28]"."""
    before, after, ends = flow["before"], flow["after"], flow["ends"]
    if before is None and after is None:
        return NO_NUMBER
    words = [_level(value, digits) for value in (before, after)]
    both = f" [{', '.join(shown(end, digits) for end in ends)}]" if ends and after is not None else ""
    return f"{words[0]} before, after: {words[1]}" if after is None else f"{words[0]} to {words[1]}{both}"


def _change(before: float | None, after: float | None) -> str:
    """The change in per cent; none where it is no number."""
    if before is None or after is None or before < 0 or before == after == 0:
        return ""
    if before > 0 and not abs(after / before) < LARGEST_RATIO:
        return ""
    return change_in_per_cent(before, after)


def _flows_finding(
    flows: Sequence[Mapping[str, Any]], count: Mapping[str, Any], digits: int, pinned: bool, kind: str
) -> str:
    said = []
    for flow in flows[:SAID]:
        before, after, ends = flow["before"], flow["after"], flow["ends"]
        words = [_level(value, digits) for value in (before, after)]
        both = ""
        if ends and after is not None:
            both = f", {BEFORE_ENDS[kind]} {shown(ends[0], digits)} to {shown(ends[1], digits)}"
        change = _change(before, after)
        said.append(f"{flow['name']} from {words[0]} to {words[1]}{f' ({change})' if change else ''}{both}")
    more = f"; and {len(flows) - SAID} more flows" if len(flows) > SAID else ""
    where = f"Goods on {count['name']}" if count.get("name") else "Goods"
    rings = " Rings: the result kept to compare." if pinned else ""
    return f"{where}, million USD a year: {'; '.join(said)}{more}.{rings}"


def _sectors_finding(mine: Sequence[Flow], direction: str, largest: float) -> str:
    """The sector that changes most, and how many there are."""
    known = [one for one in mine if number(one.get("before")) is not None and number(one.get("after")) is not None]
    start = f"{direction}, goods by sector, million USD a year"
    if not known:
        return f"{start}: {joined([str(one.get('name')) for one in mine])}, incomplete numbers."
    most = max(known, key=lambda one: abs(one["after"] - one["before"]))
    levels = _pair(number(most["before"]), number(most["after"]), largest)
    return f"{start}: of {len(mine)} sectors {most.get('name')} changes most, from {levels}."


__all__ = ["flow_dots", "sector_dots"]
