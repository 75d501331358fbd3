"""How much of a measure is in force in a year."""

from __future__ import annotations

import calendar
import datetime
from typing import Any


def years(day: datetime.date) -> float:
    """A date as a year with fraction: 2023-07-02 is about 2023.5."""
    length = 366 if calendar.isleap(day.year) else 365
    return day.year + (day.timetuple().tm_yday - 1) / length


def share_in_force(phase: Any, year: int | None, *, whole: bool = False) -> float:
    """Share of a measure in force at the start of `year`; 1 for full implementation (year None) or without phase.

    0 until the start of `from`, 1 from the start of `to`, linear between. A `whole` measure (embargo, export ban) has
    no half-way: it is in force from the start of `from`.
    """
    if phase is None or year is None:
        return 1.0
    start = years(phase.start)
    end = start if phase.end is None or whole else years(phase.end)
    if end <= start:
        return 1.0 if year >= start else 0.0
    return float(min(max((year - start) / (end - start), 0.0), 1.0))
