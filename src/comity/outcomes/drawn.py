"""A band: what a scenario does on one statistical count over joint draws; the counterpart of `Range`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.outcomes.ranges import Variant

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DrawnBand:
    """The solved draws of a scenario, in the order of the draws.

    asked : draws asked for; failures : draws without solution by reason; level : share of the draws inside a band;
    residual : largest residual of the draws; drawn, fixed : what was drawn and what was known but not drawn, in words;
    sizes : those of `drawn` that are sizes of measures
    """

    solved: tuple[Variant, ...] = field(repr=False)
    asked: int
    failures: Mapping[str, int]
    level: float
    seed: int
    residual: float
    drawn: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()

    kind = "band"

    @property
    def words(self) -> str:
        """What the ends of the interval are."""
        low, high = (f"{100 * share:.4g}" for share in self.ends)
        return f"{low}th to {high}th percentile of {len(self.solved)} draws (seed {self.seed})"

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends as shares of the draws."""
        return (1 - self.level) / 2, (1 + self.level) / 2

    def of(self, quantity: str) -> tuple[Array, Array]:
        """Both ends of a Variant field, element by element."""
        values = np.stack([getattr(variant, quantity) for variant in self.solved])
        low, high = np.quantile(values, self.ends, axis=0)
        return low, high

    def over(self, measure: Callable[[Variant], float]) -> tuple[float, float]:
        """Both ends of a number that is made of a Variant."""
        low, high = np.quantile([float(measure(variant)) for variant in self.solved], self.ends)
        return float(low), float(high)
