"""The one number of a measure: its unit, bounds and default, and what the size in the file becomes when it moves.

- a tariff or export tax: the rate itself, the change in percentage points, or the factor on the rate, as a decimal;
- a cost in days: the days; other costs: a factor on the logarithm of the cited central size (0 nothing, 1 as cited);
- productivity: the ratio; a transfer: million USD; an embargo, a ban and a named regime have none: on or off.

The three levels of a size move together, so that a moved slider keeps its range: levels of days and rates in
proportion, factors on a rate by their distance from 1, costs by the same power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from comity.scenario import sizes
from comity.scenario.sizes import Levels, load_sizes

LARGEST_FACTOR = 1.5  # of the cited central size; more only where the literature itself goes further
BOUNDS = {  # form: (minimum, maximum, step, unit)
    "to": (0.0, 1.0, 0.005, "rate"),
    "change": (-0.5, 1.0, 0.005, "percentage points"),
    "scale": (0.0, 2.0, 0.01, "factor on the rate"),
    "days": (0.0, 0.0, 0.25, "days"),  # and half as far again as the cited sizes, on their side of nothing
    "hat_productivity": (0.8, 1.25, 0.005, "ratio"),
    "million_usd": (1.0, 100_000.0, 1.0, "million USD a year"),
}


@dataclass(frozen=True)
class Slider:
    """form : how the size is written; levels : as cited; default, minimum, maximum, step, unit : of the control;
    low, high : where the literature's weakest and strongest size lie on it; citation : whose size it is."""

    form: str
    levels: Levels
    default: float
    minimum: float
    maximum: float
    step: float
    unit: str
    low: float
    high: float
    citation: str = ""
    status: str = ""
    covers: tuple[str, ...] = ()
    per_day: str | None = None


def slider_of(measure: Any) -> Slider | None:
    """The slider of a measure (scenario/schema.py) at its own size; None where it has none: on or off. A size that was
    observed is one of those: what is behind it is found, not chosen."""
    size = getattr(measure, "size", None)
    if size is None or getattr(size, "observed", None) is not None:
        return None
    if measure.kind == "productivity":
        return _plain("hat_productivity", size.hat)
    if measure.kind == "transfer":
        return _plain("million_usd", size.million_usd)
    row = load_sizes().get(size.size_of) if size.size_of is not None else None
    cited: dict[str, Any] = {}
    if row is not None:
        form = (sizes.RATE_UNITS | sizes.COST_UNITS)[row.unit]
        cited = {"citation": row.citation, "status": row.status, "covers": tuple(sorted(row.covers))}
        levels = row.levels
    else:
        form = next(form for form in size.forms if getattr(size, form) is not None)
        levels = getattr(size, form)
    if form == "days":
        cited["per_day"] = size.per_day
    if form in ("to", "change", "scale", "days"):
        return _plain(form, levels, **cited)
    return _power(form, levels, cited)


def _plain(form: str, levels: Levels, **cited: Any) -> Slider:
    least, most, step, unit = BOUNDS[form]
    least, most = min(least, *levels), max(most, *levels)
    if form == "days":
        least, most = math.floor(LARGEST_FACTOR * least), math.ceil(LARGEST_FACTOR * most)
    return Slider(form, levels, levels.central, float(least), float(most), step, unit, min(levels.low, levels.high),
                  max(levels.low, levels.high), **cited)  # fmt: skip


def _power(form: str, levels: Levels, cited: dict[str, Any]) -> Slider | None:
    logs = [_log(form, level) for level in levels]
    if logs[1] == 0:
        return None  # nothing to take a part of
    ends = sorted((logs[0] / logs[1], logs[2] / logs[1]))
    least, most = min(0.0, ends[0]), max(LARGEST_FACTOR, math.ceil(ends[1] * 20) / 20)
    unit = "of the cited size" if cited else "of the size in the scenario"
    return Slider(form, levels, 1.0, least, most, 0.05, unit, ends[0], ends[1], **cited)


def _log(form: str, level: float) -> float:
    return math.log1p(level) if form == "cost_change" else math.log(level)


def moved(slider: Slider, value: float) -> Levels:
    """The three levels when the slider stands at `value`."""
    low, central, high = slider.levels
    if value == slider.default:
        return slider.levels
    if slider.form in ("hat", "trade_ratio"):
        return Levels(low**value, central**value, high**value)
    if slider.form == "cost_change":
        return Levels(*(math.expm1(value * math.log1p(level)) for level in (low, central, high)))
    if slider.form == "scale" and central != 1:
        # by the distance from 1; a duty does not fall below nothing
        ratio = (1 - value) / (1 - central)
        return Levels(max(0.0, 1 - (1 - low) * ratio), value, max(0.0, 1 - (1 - high) * ratio))
    if slider.form == "hat_productivity" or not central or (low == central == high):
        return Levels(value, value, value)
    ratio = value / central
    return Levels(low * ratio, value, high * ratio)
