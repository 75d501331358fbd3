"""Numbers as people read them: band-first rounding, true minus, narrow no-break spaces; plain sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import floor, isfinite, log10

MINUS, THIN = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}"
MINUTES_IN_A_YEAR = 525_600
ALMOST_NOTHING = 1e-7  # per cent; below what a solve at 1e-10 can tell from zero


def decimals_for(width: float, most: int = 7) -> int:
    """Decimals that keep two significant digits of a width (band-first rounding)."""
    if not isfinite(width) or width <= 0:
        return 2
    return max(0, min(most, 1 - floor(log10(width))))


def digits_of_estimate(value: float, low: float | None = None, high: float | None = None) -> int:
    """Decimals of a number that stands with its interval, the same wherever it stands: two significant digits of the
    interval's width, and two of the number itself where that takes no more than one decimal beyond."""
    own = decimals_for(abs(value))
    if low is None or high is None or not high > low:
        return own
    width = decimals_for(high - low)
    return max(width, min(own, width + 1)) if value else width


def plain(value: float, decimals: int, *, sign: bool = False) -> str:
    """A number with thin thousands separators, a true minus, and a plus on changes; zero carries no sign."""
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0."):
        return text
    text = text.replace(",", THIN)
    if value < 0:
        return MINUS + text
    return "+" + text if sign else text


def per_cent(value: float, low: float | None = None, high: float | None = None) -> str:
    """A change in per cent with its range: `+0.0042 % [+0.0019, +0.0081]`; decimals by `digits_of_estimate`."""
    if abs(value) < ALMOST_NOTHING and max(abs(low or 0.0), abs(high or 0.0)) < ALMOST_NOTHING:
        return "not distinguishable from zero"
    if low is None or high is None:
        return f"{plain(value, decimals_for(abs(value)), sign=True)}{THIN}%"
    digits = digits_of_estimate(value, low, high)
    ends = ", ".join(plain(end, digits, sign=True) for end in (low, high))
    return f"{plain(value, digits, sign=True)}{THIN}% [{ends}]"


def small_per_cent(value: float) -> str:
    """A change in per cent beside a bar; tiny ones as an upper end, because the money beside it says the rest."""
    if abs(value) < 1e-4:
        return f"under 0.0001{THIN}%"
    return f"{plain(value, decimals_for(abs(value)), sign=True)}{THIN}%"


def change_in_per_cent(before: float, after: float) -> str:
    """(+42 %) beside two levels."""
    if before <= 0:
        return "from zero"
    change = 100 * (after / before - 1)
    return f"{plain(change, 0 if abs(change) >= 10 else 1 if abs(change) >= 0.95 else 2, sign=True)}{THIN}%"


def money(value: float, low: float | None = None, high: float | None = None, *, sign: bool = False) -> str:
    """Million USD below 1,000, else billion with two decimals; with its range where there is one."""
    ends = [end for end in (low, high) if end is not None]
    scale, unit = (1000.0, "billion USD") if abs(value) >= 1000 else (1.0, "million USD")
    if scale > 1:
        digits = 2
    elif ends:
        digits = min(decimals_for(max(ends) - min(ends)), 2)
    else:
        digits = 1 if abs(value) < 100 else 0
    text = plain(value / scale, digits, sign=sign)
    if len(ends) == 2:
        text += " [" + ", ".join(plain(end / scale, digits, sign=sign) for end in ends) + "]"
    return f"{text} {unit}"


def minutes(per_cent_change: float, *, year: bool = True) -> str:
    """A small share of a year's income in minutes, gained or lost: arithmetic, a year has 525 600 of them."""
    amount = abs(per_cent_change) / 100 * MINUTES_IN_A_YEAR
    of = " of a year's income" if year else ""
    lost = f" {'lost' if per_cent_change < 0 else 'gained'}" if year and per_cent_change else ""
    if amount < 1:
        return f"less than a minute{of}{lost}"
    length, word = (1, "minute") if amount < 120 else (60, "hour") if amount < 48 * 60 else (1440, "day")
    count = f"{amount / length:.0f}"
    return f"{count} {word}{'' if count == '1' else 's'}{of}{lost}"


def level_scale(before: float, after: float) -> tuple[float, str, int]:
    """Divisor, unit and decimals of an amount before and after and of its interval, the same wherever it stands."""
    most = max(before, after)
    return (1000.0, "billion", 2) if most >= 1000 else (1.0, "million", 0 if most >= 10 else 1)


def levels(before: float, after: float) -> str:
    """ "59 to about 101 million US dollars", both ends in one unit."""
    scale, unit, digits = level_scale(before, after)
    return f"{plain(before / scale, digits)} to about {plain(after / scale, digits)} {unit} US dollars"


def levels_in(before: float, after: float, *, scale: float, largest: float | None = None, unit: bool = True) -> str:
    """ "44 to 62 million USD" in one unit; decimals by the largest number of the figure it stands in."""
    most = max(before, after) / scale if largest is None else largest
    digits = 0 if most >= 100 else 1 if most >= 10 else 2
    text = f"{plain(before / scale, digits)} to {plain(after / scale, digits)}"
    return text + (f" {'billion' if scale > 1 else 'million'} USD" if unit else "")


def two_digits(value: float) -> str:
    """An amount in prose: two significant digits below a hundred, whole numbers above."""
    size = abs(value)
    digits = 0 if size >= 10 else 1 if size >= 1 else 2
    return plain(value, digits)


def whom(code: str, label: Callable[[str], str]) -> str:
    """Iran, or Iran and Belarus for the pair IRN-BLR; `label` names one economy."""
    return joined([label(part) for part in code.split("-")]) if code else ""


def power_of_ten(value: float) -> str:
    """A small number as people write it: 3 × 10⁻¹¹."""
    if not value > 0 or not isfinite(value):
        return plain(value, 0) if isfinite(value) else "no number"
    power = floor(log10(value))
    lead = round(value / 10.0**power)
    lead, power = (1, power + 1) if lead == 10 else (lead, power)
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{lead} × 10{raised}"


def joined(words: list[str]) -> str:
    """a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def tight(text: str) -> str:
    """The narrow no-break space before every per cent sign, so that it stays with its number."""
    return re.sub(r"(?<=\d)[ \u00a0]?%", f"{THIN}%", text)


def spans_zero(low: float, high: float) -> bool:
    """True where a range includes zero."""
    return low <= 0 <= high
