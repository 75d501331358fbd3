"""What the explorer's pictures are made of: an axis, text that fits, escaped SVG. Standard library alone, no state."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from typing import Any

from comity.report.words import MINUS, THIN, plain

TEXT, SMALL = 13.0, 12.0  # pixels: text, and captions and axes (class c-small)
LINE = 16.0  # pixels from one line of text to the next
DOT, RING = 4.5, 8.0  # radius of a dot, and of the ring of a pinned value around it
LONGEST = 1e9  # an amount from here on is written as a power of ten: its digits would leave the picture
NO_NUMBER = "no number"

# Advance widths in em of DejaVu Sans, the widest of the usual system fonts: Arial and Segoe UI are 12 to 15 % narrower
_NARROW = dict.fromkeys(" .,:;'|", 0.337) | dict.fromkeys("fijlrtI()[]-/", 0.40) | {THIN: 0.2}
_WIDE = dict.fromkeys("mwMW%", 0.96) | dict.fromkeys("+=<>~×" + MINUS, 0.838) | dict.fromkeys("…@", 1.0)
_EM = (
    dict.fromkeys("0123456789abcdeghknopqsuvxyz", 0.636)
    | dict.fromkeys("ABCEFJKLPRSTVXYZ", 0.70)
    | dict.fromkeys("DGHNOQU", 0.787)
    | _NARROW
    | _WIDE
)
_BOLD = 1.13  # a bold letter is so much wider
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Axis:
    """The map from values `low` .. `high` to pixels `left` .. `right`; one value alone lies in the middle."""

    low: float
    high: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """Pixels of a value. Ends are divided by their size first, so that their difference never overflows."""
        size, low, span = self._scale
        if not span:
            return (self.left + self.right) / 2
        return self.left + (value / size - low) / span * (self.right - self.left)

    @cached_property
    def _scale(self) -> tuple[float, float, float]:
        """The size of the ends, and in it the lower end and the distance of both; 0 between equal ends."""
        size = max(abs(self.low), abs(self.high))
        if self.low == self.high:
            return size, 0.0, 0.0
        return size, self.low / size, self.high / size - self.low / size


def axis_over(values: Iterable[float | None], left: float, right: float) -> Axis:
    """The axis that holds zero and every value that is a number."""
    known = [0.0, *(value for value in values if value is not None)]
    return Axis(min(known), max(known), left, right)


def number(value: Any) -> float | None:
    """A finite number, or None: also for what is missing, infinite or not a number."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def sector_digits(largest: float) -> int:
    """Decimals of trade by sector, in the drawing and in the table under it."""
    return 0 if largest >= 1000 else 1 if largest >= 10 else 2


def ends_of(low: Any, high: Any) -> tuple[float, float] | None:
    """Both ends of an interval in order, or None where either is missing."""
    if low is None or high is None:  # while a slider moves, all of them
        return None
    a, b = number(low), number(high)
    if a is None or b is None:
        return None
    return (a, b) if a <= b else (b, a)


def ticks(axis: Axis, most: int = 5) -> list[float]:
    """Round places on an axis that holds zero: multiples of 1, 2 or 5 times a power of ten. Zero alone where the span
    is beyond what a decimal step can divide."""
    span = axis.high - axis.low
    if not math.isfinite(span) or span < 1e-290:
        return [0.0]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if span / (power * factor) <= most)
    first, last = math.ceil(axis.low / step), math.floor(axis.high / step)
    return [k * step for k in range(first, last + 1)]


def tick_marks(axis: Axis, top: float, bottom: float, width: float, *, sign: bool) -> str:
    """Short marks from `top` to `bottom` with their numbers beneath, inside a picture of that width; a number that
    would meet its neighbour is left out (zero never)."""
    places = ticks(axis)
    step = places[1] - places[0] if len(places) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for place in sorted(places, key=abs):
        x, words = axis.at(place), "0" if place == 0 else shown(place, digits, sign=sign)
        half = text_width(words, SMALL) / 2
        middle = min(max(x, half), width - half)
        parts.append(line(x, x, top, bottom, "c-rule2"))
        if all(middle + half + 3 <= a or middle - half - 3 >= b for a, b in taken):
            taken.append((middle - half - 3, middle + half + 3))
            parts.append(text(words, middle, bottom + 13, "c-ink3 c-small", "middle"))
    return "".join(parts)


def shown(value: float, digits: int, *, sign: bool = False) -> str:
    """`plain`, but for numbers with more digits than a picture has room for: 1.5 × 10¹²."""
    if (abs(value) < LONGEST and digits <= 8) or value == 0:
        return plain(value, digits, sign=sign)
    lead, _, power = f"{abs(value):.1e}".partition("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{MINUS if value < 0 else '+' if sign else ''}{lead.removesuffix('.0')} × 10{raised}"


@lru_cache(maxsize=4096)
def text_width(words: str, size: float = TEXT, bold: bool = False) -> float:
    """Pixels that a text takes in the widest of the usual fonts."""
    ems = sum(_EM.get(sign, 0.72 if " " < sign < "\u2e80" else 1.0) for sign in words)
    return ems * size * (_BOLD if bold else 1.0)


@lru_cache(maxsize=4096)
def fitted(words: str, room: float, size: float = TEXT, bold: bool = False) -> str:
    """The text, or its beginning with an ellipsis where it does not fit; the table under the figure has it whole."""
    if text_width(words, size, bold) <= room:
        return words
    kept = words
    while kept and text_width(kept + "…", size, bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


@lru_cache(maxsize=4096)
def wrapped(words: str, room: float, size: float = TEXT) -> tuple[str, ...]:
    """The text in one line, or in two where it does not fit; the second ends with an ellipsis where it must."""
    if text_width(words, size) <= room:
        return (words,)
    parts = words.split(" ")
    fits = [k for k in range(1, len(parts)) if text_width(" ".join(parts[:k]), size) <= room]
    if not fits:
        return (fitted(words, room, size),)
    return " ".join(parts[: fits[-1]]), fitted(" ".join(parts[fits[-1] :]), room, size)


@lru_cache(maxsize=16384)  # most lie where they lay at the step before
def p(value: float) -> str:
    """A coordinate: at most six decimals, none that say nothing."""
    if value == int(value):
        return str(int(value))
    words = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if words == "-0" else words


@lru_cache(maxsize=4096)
def clean(words: str) -> str:
    """A text for SVG: escaped; a character that XML has not becomes U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", words), quote=True)


def text(words: str, x: float, y: float, classes: str, anchor: str = "") -> str:
    """A text element; `anchor` is middle or end."""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{p(x)}" y="{p(y)}" class="{classes}"{where}>{clean(words)}</text>'


def line(x1: float, x2: float, y1: float, y2: float, classes: str) -> str:
    """A line element."""
    return f'<line x1="{p(x1)}" x2="{p(x2)}" y1="{p(y1)}" y2="{p(y2)}" class="{classes}"/>'


def dot(x: float, y: float, radius: float, classes: str) -> str:
    """A circle element."""
    return f'<circle cx="{p(x)}" cy="{p(y)}" r="{p(radius)}" class="{classes}"/>'


def rect(x: float, y: float, width: float, height: float, classes: str) -> str:
    """A rectangle element."""
    return f'<rect x="{p(x)}" y="{p(y)}" width="{p(width)}" height="{p(height)}" class="{classes}"/>'


def row(key: str, inside: str) -> str:
    """What belongs to one economy, flow or sector."""
    return f'<g data-row="{clean(key)}">{inside}</g>'


def picture(kind: str, width: float, height: float, finding: str, inside: str) -> str:
    """A picture with one accessible name, the finding; nothing inside is announced."""
    size = f'viewBox="0 0 {p(width)} {p(height)}" width="{p(width)}" height="{p(height)}"'
    return (f'<svg class="pic pic-{kind}" {size} role="img" aria-label="{clean(finding)}"><g aria-hidden="true">'
            f"{inside}</g></svg>")  # fmt: skip
