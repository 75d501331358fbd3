"""Who gains, who loses: ranked bars in million USD a year with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comity.app.picture_parts import (
    DOT,
    LONGEST,
    NO_NUMBER,
    RING,
    Axis,
    axis_over,
    dot,
    ends_of,
    fitted,
    line,
    number,
    picture,
    rect,
    row,
    shown,
    text,
    text_width,
    tick_marks,
    ticks,
)
from comity.report.charts import NOISE
from comity.report.words import THIN, joined, money, small_per_cent, spans_zero

ROWS = 10  # at most: the named ones and the others together
NAMES, SIDE = 195.0, 165.0  # pixels at the left and at the right of a wide picture
BESIDE = 600.0  # a picture that is so wide has names beside its marks, a narrower one above
MARGIN, THICK = 10.0, 14.0  # at either end of a narrow axis (half a ring and its line); thickness of a bar
Country = Mapping[str, Any]


@dataclass(frozen=True)
class Bar:
    """One row: an economy, or the others together (then `codes` are theirs and `ends` the sums of their ends)."""

    key: str
    name: str
    codes: tuple[str, ...]
    party: bool
    value: float | None
    ends: tuple[float, float] | None
    percent: float | None
    noise: bool

    @property
    def tone(self) -> str:
        """gain, loss, or noise."""
        if self.noise or not self.value:
            return "noise"
        return "gain" if self.value > 0 else "loss"


def ranked_bars(
    countries: Sequence[Country],
    *,
    pinned: Sequence[Country] | None = None,
    width: float = 720,
    bars: Sequence[Bar] | None = None,
) -> str:
    """Equivalent variation of economies (rows of answer `countries`) in million USD a year as bars, largest first, with
    the change of real income in per cent at the right.

    Parties always (the nine largest of them), at most ten rows, the others summed: the ends of that sum are the sums of
    their ends, which hold its interval and may be wider. Whisker: range or band; inside the noise: hollow dot and grey
    whisker, no bar. pinned: the same rows of the pinned result, open rings and their per cent. Empty where no economy
    has a number. bars: those chosen, where they are known.
    """
    bars = chosen(countries) if bars is None else bars
    if all(bar.value is None for bar in bars):
        return ""
    rings = {} if pinned is None else _rings(bars, pinned)
    values = [v for bar in bars for v in (bar.value, *(bar.ends or ()), rings.get(bar.key, (None, None))[0])]
    wide = width >= BESIDE
    axis = axis_over(values, NAMES + 8 if wide else MARGIN, width - SIDE if wide else width - MARGIN)
    step = (44.0 if rings else 28.0) if wide else (60.0 if rings else 44.0)
    bottom = 6 + step * len(bars)
    draw = _beside if wide else _above
    parts = [line(axis.at(x), axis.at(x), 0, bottom, "c-rule2" if x == 0 else "c-rule") for x in ticks(axis) if wide]
    parts += [row(bar.key, draw(bar, axis, 6 + step * k, width, rings.get(bar.key))) for k, bar in enumerate(bars)]
    parts.append(tick_marks(axis, bottom, bottom + 5, width, sign=True))
    summed = any(len(bar.codes) > 1 and bar.ends for bar in bars)
    caption = f"million USD a year{'; others: interval ends added up' if summed else ''}"
    parts.append(text(caption, axis.left if wide else 0, bottom + 36, "c-ink3 c-small"))
    return picture("bars", width, bottom + 42, _finding(bars, countries, bool(rings)), "".join(parts))


def chosen(countries: Sequence[Country]) -> list[Bar]:
    """At most ten rows: parties, then the largest others, ranked by value (no number last), then the rest as a sum."""
    ranked = sorted(countries, key=lambda one: (not one.get("party"), -abs(number(one.get("usd")) or 0.0)))
    named = ranked if len(ranked) <= ROWS else ranked[: ROWS - 1]
    rest = ranked[len(named) :]
    bars = [_bar(one) for one in named]
    bars.sort(key=lambda bar: (bar.value is None, -(bar.value or 0.0)))
    return [*bars, _together(rest)] if rest else bars


def _bar(one: Country) -> Bar:
    name = str(one.get("name") or one.get("code") or "")
    value, ends, noise = _amount(one)
    code, party = _code(one), bool(one.get("party"))
    return Bar(
        code, name[:1].upper() + name[1:], (code,), party, value, ends, number(one.get("real_income_pct")), noise
    )


def _code(one: Country) -> str:
    return str(one.get("code") or one.get("name") or "")


def _amount(one: Country) -> tuple[float | None, tuple[float, float] | None, bool]:
    """Value in million USD, its interval, and whether it is inside the noise."""
    ends = ends_of(one.get("low_usd"), one.get("high_usd"))
    return number(one.get("usd")), ends, bool(one.get("noise")) or (ends is not None and spans_zero(*ends))


def _together(rest: Sequence[Country]) -> Bar:
    """The others as one row; those without a number are counted in its name."""
    amounts = [_amount(one) for one in rest]
    known = [amount for amount in amounts if amount[0] is not None]
    name = f"{len(rest)} others together"
    parties, unknown = sum(bool(one.get("party")) for one in rest), len(rest) - len(known)
    if parties:
        name = f"{len(rest)} others, {parties} of them parties"
    if unknown:
        name = f"{len(known)} others; {unknown} without number"
    value = number(sum(amount or 0.0 for amount, _, _ in known)) if known else None
    ends = None
    if known and all(each for _, each, _ in known):
        ends = ends_of(*(sum(each[k] for _, each, _ in known if each) for k in (0, 1)))
    noise = spans_zero(*ends) if ends else all(inside for _, _, inside in known)
    return Bar("rest", name, tuple(map(_code, rest)), False, value, ends, None, noise)


def _rings(bars: Sequence[Bar], pinned: Sequence[Country]) -> dict[str, tuple[float, float | None]]:
    """Key of a row -> pinned (value, per cent); only rows all of whose economies have a pinned number."""
    there = {str(one.get("code")): one for one in pinned}
    found: dict[str, tuple[float, float | None]] = {}
    for bar in bars:
        values = [number(there[code].get("usd")) if code in there else None for code in bar.codes]
        total = None if None in values else number(sum(value or 0.0 for value in values))
        if total is not None:
            percent = number(there[bar.key].get("real_income_pct")) if len(bar.codes) == 1 else None
            found[bar.key] = (total, percent)
    return found


def _beside(bar: Bar, axis: Axis, top: float, width: float, ring: tuple[float, float | None] | None) -> str:
    """A row of a wide picture: name, marks, per cent."""
    middle = top + 14
    name = text(_name(bar, NAMES), 0, middle + 4.5, _name_class(bar))
    again = text(_pinned(ring), width, middle + 20, "c-ink3 c-small", "end") if ring else ""
    return name + _marks(bar, axis, middle, ring) + text(_percent(bar), width, middle + 4.5, "c-ink2", "end") + again


def _above(bar: Bar, axis: Axis, top: float, width: float, ring: tuple[float, float | None] | None) -> str:
    """A row of a narrow picture: name and per cent above the marks."""
    words = _percent(bar)
    again = text(_pinned(ring), width, top + 28, "c-ink3 c-small", "end") if ring else ""
    middle = top + (46 if ring else 29)
    name = text(_name(bar, width - text_width(words) - 12), 0, top + 13, _name_class(bar))
    zero = line(axis.at(0.0), axis.at(0.0), middle - 9, middle + 9, "c-rule2")
    return name + text(words, width, top + 13, "c-ink2", "end") + again + zero + _marks(bar, axis, middle, ring)


def _name(bar: Bar, room: float) -> str:
    return fitted(bar.name, room, bold=bar.party)


def _name_class(bar: Bar) -> str:
    return "c-ink c-strong" if bar.party else "c-ink"


def _marks(bar: Bar, axis: Axis, y: float, ring: tuple[float, float | None] | None) -> str:
    """Bar, whisker, dot and the pinned ring."""
    parts = []
    if bar.value is not None:
        zero, x, tone = axis.at(0.0), axis.at(bar.value), bar.tone
        if tone != "noise":
            parts.append(rect(min(zero, x), y - THICK / 2, abs(x - zero), THICK, f"c-{tone} c-bar"))
        if bar.ends:
            parts.append(line(axis.at(bar.ends[0]), axis.at(bar.ends[1]), y, y, f"w-{tone}"))
        if ring is not None:  # beneath the dot, which it would cover
            parts.append(dot(axis.at(ring[0]), y, RING, "c-pin"))
        parts.append(dot(x, y, DOT, "c-hollow" if tone == "noise" else f"c-{tone}"))
    elif ring is not None:
        parts.append(dot(axis.at(ring[0]), y, RING, "c-pin"))
    return "".join(parts)


def _percent(bar: Bar) -> str:
    """What stands at the right: per cent, or that the interval includes zero."""
    if bar.value is None:
        return NO_NUMBER
    if bar.noise and bar.ends:
        return NOISE
    return "" if len(bar.codes) > 1 else _short(bar.percent)


def _short(percent: float | None) -> str:
    if percent is None:
        return NO_NUMBER
    if percent == 0:
        return f"0{THIN}%"
    return small_per_cent(percent) if abs(percent) < LONGEST else f"{shown(percent, 0, sign=True)}{THIN}%"


def _pinned(ring: tuple[float, float | None]) -> str:
    """The pinned number in words: per cent, or for the others together million USD."""
    value, percent = ring
    if percent is not None:
        return f"kept: {_short(percent)}"
    return f"kept: {money(value, sign=True) if abs(value) < LONGEST else shown(value, 0, sign=True)}"


def _finding(bars: Sequence[Bar], countries: Sequence[Country], pinned: bool) -> str:
    """The largest gain and loss, the parties, and how many are inside the noise."""
    sure = [bar for bar in bars if bar.tone != "noise" and len(bar.codes) == 1]
    gains, losses = [bar for bar in sure if bar.tone == "gain"], [bar for bar in sure if bar.tone == "loss"]
    said = []
    if gains:
        said.append(f"largest gain {_said(gains[0])}")
    if losses:
        said.append(f"largest loss {_said(losses[-1])}")
    told = {bar.key for bar in (*gains[:1], *losses[-1:])}
    said += [_said(bar) for bar in bars if bar.party and bar.key not in told]
    noise = sum(bool(one.get("noise")) for one in countries)
    if noise:
        said.append(f"{noise} of {len(countries)} economies inside the noise")
    start = "Who gains and who loses, equivalent variation a year: " if said else "No economy gains or loses"
    return f"{start}{joined(said)}.{' Rings: the result kept to compare.' if pinned else ''}"


def _said(bar: Bar) -> str:
    if bar.value is None:
        return f"{bar.name} {NO_NUMBER}"
    return f"{bar.name} {money(bar.value, *(bar.ends or ()), sign=True)}"


__all__ = ["Bar", "chosen", "ranked_bars"]
