"""What stands beside a game's numbers: a band from joint draws, a range over choices, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from comity.coalition.study import Spread
from comity.outcomes.drawn import DrawnBand

Array = NDArray[np.float64]
Ends = tuple[Array, Array]
Kind = Literal["band", "range", "none"]

BAND_FIELDS = (
    "whole", "target_loss", "own_loss", "alone", "last", "shapley", "gain", "stay", "variation", "recovered",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Intervals:
    """Ends of a game's numbers, nan where there are none. A band and a range are never taken for one another."""

    spread: Spread
    band: DrawnBand | None = None

    @property
    def ranged(self) -> bool:
        """True where other combinations than the central one were asked for."""
        return self.spread.tried > 1

    def range_of(self, name: str, like: Array) -> Ends:
        """Lowest and highest of a field of Measured over the combinations; `like` is the central number."""
        if not self.ranged:
            return _nothing(like)
        low, high = self.spread.of(name)
        return low[: np.size(like)] if np.ndim(like) else low, high[: np.size(like)] if np.ndim(like) else high

    def band_of(self, name: str, like: Array) -> Ends:
        """Both percentiles of a field of DrawnGame over the draws; `like` is the central number."""
        if self.band is None or name not in BAND_FIELDS:
            return _nothing(like)
        return self.band.of(name)

    def shown(self, name: str, like: Array) -> Ends:
        """The band where there is one, else the range."""
        return self.band_of(name, like) if self.kind(name, like) == "band" else self.range_of(name, like)

    def kind(self, name: str, like: Array) -> Kind:
        """What `shown` hands out."""
        if np.isfinite(self.band_of(name, like)[0]).any():
            return "band"
        return "range" if np.isfinite(self.range_of(name, like)[0]).any() else "none"

    def columns(self, stem: str, name: str, like: Array) -> dict[str, Array]:
        """Both intervals of a number as columns of a table."""
        band, over = self.band_of(name, like), self.range_of(name, like)
        prefix = f"{stem}_" if stem else ""
        return {
            f"{prefix}band_low": band[0], f"{prefix}band_high": band[1],
            f"{prefix}range_low": over[0], f"{prefix}range_high": over[1],
        }  # fmt: skip


def _nothing(like: Array) -> Ends:
    return np.full(np.shape(like), np.nan), np.full(np.shape(like), np.nan)
