"""The band of the difference between two scenarios, draw by draw: what both do not know in common cancels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from comity.benchmark.world import World
from comity.errors import InputError
from comity.uncertainty.bands import (
    FAILED_SHARE,
    Band,
    check_failed_share,
    check_failures,
    check_level,
    place,
    quantiles,
    unit_of,
)
from comity.uncertainty.sources import Source
from comity.uncertainty.study import Sample, Study, central, measured, prepare, run


@dataclass(frozen=True, eq=False)
class Difference:
    """`second` less `first`, from the same draws; a draw counts only where both scenarios have a solution."""

    studies: tuple[Study, Study]
    samples: tuple[Sample, Sample]
    paired: Sample
    level: float
    seed: int

    @property
    def failures(self) -> dict[str, int]:
        return self.paired.failures

    def of(self, quantity: str, label: str) -> Band:
        """The band of the difference. Raises InputError for names that are not in both scenarios."""
        first, second = self.studies
        q, k = place(first, quantity, label)
        place(second, quantity, label)
        low, high = quantiles(self.paired, self.level)
        before, after = (measured(study, central(study))[q][k] for study in self.studies)
        used = int(self.paired.converged.sum())
        return Band(q, label, float(after - before), float(low[q][k]), float(high[q][k]), self.level,
                    unit_of(first, q), used, {})  # fmt: skip

    def gain(self, quantity: str, label: str) -> float:
        """Standard deviation of the difference over that of independent draws: below 1 where pairing helps."""
        q, k = place(self.studies[0], quantity, label)
        here = self.paired.converged
        apart = sum(float(sample.values[q][here, k].var(ddof=1)) for sample in self.samples)
        together = float(self.paired.values[q][here, k].var(ddof=1))
        return float(np.sqrt(together / apart)) if apart > 0 else float("nan")


def difference(
    world: World,
    first: Any,
    second: Any,
    *,
    draws: int = 200,
    seed: int = 1,
    level: float = 0.9,
    sources: Sequence[str] | None = None,
    failed_share: float = FAILED_SHARE,
    workers: int = 2,
    **request: Any,
) -> Difference:
    """Both scenarios at the same draws of all sources of either; further arguments as `bands`, without `estimated`.

    Raises as `bands`; InputError where the two scenarios take different elasticities or closures.
    """
    check_level(level)
    check_failed_share(failed_share)
    if request.pop("estimated", None) is not None:
        raise InputError("difference", "estimated effects are not paired", advice="Leave out `estimated`.")
    studies = prepare(world, first, **request), prepare(world, second, **request)
    for what in ("elasticities", "closure"):
        one, other = (getattr(study, what) for study in studies)
        if one != other:
            raise InputError(what, "the scenarios differ, so their draws cannot be paired", found=f"{one}, {other}",
                             advice=f"Give {what}=.")  # fmt: skip
    union: dict[str, Source] = {source.name: source for study in studies for source in study.sources}
    every = tuple(union.values())
    # on the union's bank: both scenarios see the same world in each draw
    samples = tuple(run(study, study.table(draws, seed, sources, every), workers, sources=every) for study in studies)
    paired = _paired(samples[0], samples[1])
    check_failures(paired, failed_share)
    return Difference(studies, (samples[0], samples[1]), paired, level, seed)


def _paired(first: Sample, second: Sample) -> Sample:
    status = np.where(first.converged, second.status, first.status)
    names = [name for name in first.values if name in second.values
             and first.values[name].shape == second.values[name].shape]  # fmt: skip
    values = {name: second.values[name] - first.values[name] for name in names}
    return Sample(values, status)
