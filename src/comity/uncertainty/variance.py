"""How much of a band's variance comes from which source: one source at a time, the rest as interaction.

Var(only source s drawn, the others central) / Var(all drawn), with the same random numbers in every run. What the
shares leave to 1 is interaction; it may be negative. One at a time costs one run a source, half of what first-order
Sobol indices cost, and asks a question a reader has: how wide would the band be if this were all we did not know?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.uncertainty.bands import FAILED_SHARE, check_failed_share, check_failures, place
from comity.uncertainty.draws import stream
from comity.uncertainty.sources import Source, choose
from comity.uncertainty.study import Sample, Study, prepare, run

Array = NDArray[np.float64]
RESAMPLES = 200  # bootstrap of the draws for the Monte Carlo error


@dataclass(frozen=True)
class Part:
    """A source's share of a variance; `error` is the Monte Carlo standard error; `sd` of that source alone."""

    source: str
    title: str
    status: str
    share: float
    error: float
    sd: float


@dataclass(frozen=True, eq=False)
class Decomposed:
    """Runs with everything drawn and with one source drawn."""

    study: Study
    whole: Sample
    alone: Mapping[str, Sample]
    seed: int

    @property
    def draws(self) -> int:
        """Draws that every run solved: those the shares rest on."""
        return int(self._solved.sum())

    @property
    def _solved(self) -> NDArray[np.bool_]:
        return np.logical_and.reduce([sample.converged for sample in (self.whole, *self.alone.values())])

    def of(self, quantity: str, label: str) -> list[Part]:
        """Shares by source, largest first, then "interaction"; they add up to 1. All shares are nan where nothing
        varies. The error is that of a bootstrap over the draws that all runs solved."""
        q, k = place(self.study, quantity, label)
        runs = [self.whole, *self.alone.values()]
        columns = np.stack([sample.values[q][self._solved, k] for sample in runs])  # (1 + sources, D)
        picks = stream(self.seed, "variance bootstrap").integers(columns.shape[1], size=(RESAMPLES, columns.shape[1]))
        shares = _shares(columns.var(axis=1, ddof=1))
        errors = _shares(columns[:, picks].var(axis=2, ddof=1)).std(axis=1, ddof=1)
        by_name = {source.name: source for source in self.study.sources}
        parts = [
            _part(by_name[name], shares[s], errors[s], columns[s + 1].std(ddof=1)) for s, name in enumerate(self.alone)
        ]
        ranked = sorted(parts, key=lambda part: -part.share)
        rest = Part("interaction", "interaction", "computed", float(shares[-1]), float(errors[-1]), float("nan"))
        return [*ranked, rest]


def _part(source: Source, share: float, error: float, sd: float) -> Part:
    return Part(source.name, source.title, source.status, float(share), float(error), float(sd))


def _shares(variance: Array) -> Array:
    """(sources + 1, ...) shares from variances (1 + sources, ...), interaction last."""
    whole = np.where(variance[0] > 0, variance[0], np.nan)
    parts = variance[1:] / whole
    return np.concatenate([parts, (1 - parts.sum(axis=0))[None]])


def decompose_variance(
    world: World,
    scenario: Any,
    *,
    draws: int = 200,
    seed: int = 1,
    sources: Sequence[str] | None = None,
    failed_share: float = FAILED_SHARE,
    workers: int = 2,
    **request: Any,
) -> Decomposed:
    """Shares of the variance by source; arguments as `bands` (closure, elasticities, year, estimated, spreads).

    Raises as `bands`; the share of failures holds in each run.
    """
    check_failed_share(failed_share)
    study = prepare(world, scenario, **request)
    names = choose(study.sources, sources)
    runs = {}
    for wanted in (names, *((name,) for name in names)):
        sample = run(study, study.table(draws, seed, wanted), workers)
        check_failures(sample, failed_share)
        runs["all" if wanted is names else wanted[0]] = sample
    return Decomposed(study, runs.pop("all"), runs, seed)
