"""Numbers as JSON speaks them: {name, country, estimate, low, high, level, kind, unit, base_year, status}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Number:
    """One reported number. kind: "band" (percentiles of joint draws), "range" (lowest and highest over the choices
    tried), "none" (no interval).

    level : what the interval is, in words; status : observed, estimated, borrowed or assumed inputs.
    """

    name: str
    country: str
    estimate: float
    low: float | None
    high: float | None
    kind: str
    unit: str
    base_year: int | None
    status: str
    level: str = "lowest to highest over elasticity sets, sizes and closures"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dict(vars(self))  # flat: `asdict` would copy every value deeply
