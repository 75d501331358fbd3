"""A headline number on a line: its interval as a bar, a dot at the estimate, ticks for zero, for now, for the range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from comity.app.intervals import BEFORE_ENDS, RANGE
from comity.app.picture_parts import (
    RING,
    SMALL,
    Axis,
    axis_over,
    dot,
    ends_of,
    line,
    number,
    picture,
    text,
    text_width,
)
from comity.report.words import level_scale, per_cent, plain, spans_zero

WIDTH, HEIGHT, MARGIN, MIDDLE = 250.0, 44.0, 9.0, 14.0
TICK = 4.0  # half the height of a tick of the range
GAP = 6.0  # pixels between two words under the line
Card = Mapping[str, Any]
Ends = tuple[float, float] | None


def band_line(
    card: Card, *, kind: str = RANGE, axis: tuple[float, float] | None = None, pinned: float | None = None,
    width: float = WIDTH,
) -> str:  # fmt: skip
    """The number of a headline card (keys title, value, low, high, range_low, range_high, unit, before, words) as SVG,
    `width` by 44 pixels.

    kind   : what low and high are, range or band; short ticks are the ends of the range beside a band

    axis   : (low, high) in the card's unit, shared with other cards; it grows where a value lies outside. Without one
             it holds zero, the value before and everything drawn
    pinned : the value of the pinned result, an open ring
    A change in per cent whose interval includes zero has a hollow dot. Without an interval there is no bar; without a
    value the text is empty.
    """
    value, before, ring = number(card.get("value")), number(card.get("before")), number(pinned)
    if value is None:
        return ""
    ends, beside = (ends_of(card.get(f"{of}low"), card.get(f"{of}high")) for of in ("", "range_"))
    change = card.get("unit") == "per cent"
    place = axis_over((value, before, ring, *(ends or ()), *(beside or ()), *(axis or ())), MARGIN, width - MARGIN)
    marks = [(0.0, "zero")] if change or not before else [(0.0, "zero"), (before, "now")]
    if not change and before == 0:
        marks = [(0.0, "now: zero")]
    noise = change and ends is not None and spans_zero(*ends)
    parts = [line(MARGIN, width - MARGIN, MIDDLE, MIDDLE, "c-rule"), _ticks(place, marks, width)]
    if ends:
        parts.append(line(place.at(ends[0]), place.at(ends[1]), MIDDLE, MIDDLE, "c-band"))
    parts += [line(place.at(end), place.at(end), MIDDLE - TICK, MIDDLE + TICK, "c-tick") for end in beside or ()]
    if ring is not None:  # beneath the dot, which it would cover
        parts.append(dot(place.at(ring), MIDDLE, RING, "c-pin"))
    parts.append(dot(place.at(value), MIDDLE, 5.5, "c-hollow" if noise else "c-accent"))
    return picture("band", width, HEIGHT, _finding(card, kind, value, (ends, beside), noise, ring), "".join(parts))


def shared_axis(cards: Sequence[Card], pinned: Iterable[float | None] = ()) -> tuple[float, float] | None:
    """(low, high) that holds zero and every number of the cards in per cent, and the pinned values given; None where
    there is no such card. For the `axis` of band_line, so that two countries share one."""
    incomes = [card for card in cards if card.get("unit") == "per cent" and number(card.get("value")) is not None]
    if not incomes:
        return None
    values = [number(card.get(key)) for card in incomes
              for key in ("value", "low", "high", "range_low", "range_high")]  # fmt: skip
    axis = axis_over([*values, *map(number, pinned)], 0.0, 1.0)
    return axis.low, axis.high


def _ticks(axis: Axis, marks: list[tuple[float, str]], width: float) -> str:
    """Ticks with a word under each: side by side where they would meet, always inside the picture."""
    marks = sorted(marks)
    places = [axis.at(value) for value, _ in marks]
    halves = [text_width(word, SMALL) / 2 for _, word in marks]
    middles = [min(max(x, half), width - half) for x, half in zip(places, halves, strict=True)]
    if len(marks) == 2:
        apart = halves[0] + halves[1] + GAP
        over = apart - (middles[1] - middles[0])
        if over > 0:
            middles[0] = max(halves[0], min(middles[0] - over / 2, width - halves[1] - apart))
            middles[1] = middles[0] + apart
    return "".join(
        line(x, x, 5, 23, "c-rule2") + text(word, middle, 38, "c-ink3 c-small", "middle")
        for x, middle, (_, word) in zip(places, middles, marks, strict=True)
    )


def _finding(card: Card, kind: str, value: float, ends: tuple[Ends, Ends], noise: bool, ring: float | None) -> str:
    title = card.get("title") or "Estimate"
    before = number(card.get("before"))
    level = card.get("unit") != "per cent" and before is not None
    now = f"; now {_words(card, before or 0.0, None, kind)}" if level else ""
    again = "" if ring is None else f" Kept: {_words(card, ring, None, kind)}."
    mine, beside = (_words(card, value, both, of) for both, of in zip(ends, (kind, RANGE), strict=True))
    ticks = f"; ticks: range {beside.partition(' range ')[2]}" if ends[1] else ""
    return f"{title}: {mine}{ticks}{'; inside the noise' if noise else ''}{now}.{again}"


def _words(card: Card, value: float, ends: Ends, kind: str) -> str:
    """The number as the card says it, with its interval."""
    if card.get("unit") == "per cent":
        main, _, both = per_cent(value, *(ends or ())).partition(" [")
        return f"{main}, {BEFORE_ENDS[kind]} {both.rstrip(']').replace(', ', ' to ')}" if both else main
    scale, unit, digits = level_scale(value, number(card.get("before")) or 0.0)
    levels = [plain(level / scale, digits) for level in (value, *(ends or ()))]
    both = f", {BEFORE_ENDS[kind]} {levels[1]} to {levels[2]}" if ends else ""
    return f"{levels[0]} {unit} USD a year{both}"


__all__ = ["band_line", "shared_axis"]
