"""Bands: quantiles of what a scenario does over joint draws of everything that is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import InputError, NoSolutionError, NotConvergedError, nearest
from comity.outcomes.ranges import sets_for, solve_compiled, with_set
from comity.scenario.compile import compile_scenario
from comity.uncertainty.draws import DrawTable
from comity.uncertainty.sources import Source
from comity.uncertainty.study import UNITS, Sample, Study, central, measured, prepare, run

if TYPE_CHECKING:
    from comity.gravity.draws import Draws

Array = NDArray[np.float64]
FAILED_SHARE = 0.05  # above it bands would be those of another set of draws
LEAST_USED = 2


@dataclass(frozen=True)
class Band:
    """One number with its band: `estimate` is the central solution, `low` and `high` the quantiles (1 - level)/2 and
    (1 + level)/2 over `draws` solved draws; `ticks` the central answer under other elasticity sets, outside the band's
    reckoning."""

    quantity: str
    label: str
    estimate: float
    low: float
    high: float
    level: float
    unit: str
    draws: int
    ticks: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Bands:
    """Bands of a scenario. `asked` draws were asked for; those without solution are in `failures` by reason."""

    study: Study
    table: DrawTable
    sample: Sample
    level: float
    seed: int
    estimates: Mapping[str, Array]
    low: Mapping[str, Array]
    high: Mapping[str, Array]
    ticks: Mapping[str, Mapping[str, Array]]
    refused_ticks: Mapping[str, str]

    @property
    def asked(self) -> int:
        return len(self.table)

    @property
    def used(self) -> int:
        return int(self.sample.converged.sum())

    @property
    def failures(self) -> dict[str, int]:
        return self.sample.failures

    @property
    def sources(self) -> list[Source]:
        """The sources that were drawn."""
        return [source for source in self.study.sources if source.name in self.table.drawn]

    @property
    def left_out(self) -> list[Source]:
        """Known sources that were not drawn."""
        return [source for source in self.study.sources if source.name not in self.table.drawn]

    def of(self, quantity: str, label: str) -> Band:
        """The band of one quantity of an economy or pair. Raises InputError for names that are not here."""
        q, k = place(self.study, quantity, label)
        return Band(
            q,
            label,
            float(self.estimates[q][k]),
            float(self.low[q][k]),
            float(self.high[q][k]),
            self.level,
            unit_of(self.study, q),
            self.used,
            {name: float(values[q][k]) for name, values in self.ticks.items()},
        )

    def __iter__(self) -> Iterator[Band]:
        for quantity, labels in self.study.labels.items():
            for label in labels:
                yield self.of(quantity, label)

    @property
    def note(self) -> str:
        """How the bands came about, in a sentence or two."""
        failed = "; ".join(f"{reason}: {count}" for reason, count in self.failures.items())
        drawn = ", ".join(f"{source.title} ({source.status})" for source in self.sources) or "nothing"
        return (
            f"{100 * self.level:g} % bands from {self.used} of {self.asked} draws (seed {self.seed}); "
            f"without solution: {failed or 'none'}. Drawn: {drawn}."
        )


def bands(
    world: World,
    scenario: Any,
    *,
    draws: int = 200,
    seed: int = 1,
    level: float = 0.9,
    sources: Sequence[str] | None = None,
    closure: str | None = None,
    elasticities: str | None = None,
    year: int | None = None,
    estimated: Mapping[str, tuple[str, Draws]] | None = None,
    spreads: str | Path | None = None,
    failed_share: float = FAILED_SHARE,
    workers: int = 2,
) -> Bands:
    """Bands of real income, equivalent variation and goods trade of every economy, and of the trade of two parties.

    Parameters
    ----------
    draws, seed : number of joint draws; the first D of more draws with the same seed are the same
    level : share of the draws inside a band, 0.9 is 5 % to 95 %
    sources : names or groups of the sources to draw; all but the optional ones by default
    estimated : {measure: (coefficient, gravity Draws)}: that measure's size is the estimate, drawn with it
    spreads : a file in place of the packaged spreads.csv
    failed_share : largest share of draws without solution

    Raises
    ------
    InputError : anything wrong with the request
    NoSolutionError : the central draw has no solution
    NotConvergedError : more than `failed_share` of the draws have no solution
    """
    check_level(level)
    check_failed_share(failed_share)
    study = prepare(world, scenario, closure=closure, elasticities=elasticities, year=year, estimated=estimated,
                    spreads=spreads)  # fmt: skip
    table = study.table(draws, seed, sources)
    sample = run(study, table, workers)
    check_failures(sample, failed_share)
    low, high = quantiles(sample, level)
    ticks, refused = _ticks(study) if estimated is None else ({}, {})
    return Bands(study, table, sample, level, seed, _estimates(study, table), low, high, ticks, refused)


def quantiles(sample: Sample, level: float) -> tuple[dict[str, Array], dict[str, Array]]:
    """Both ends of the bands by quantity, over the solved draws."""
    inside = {name: values[sample.converged] for name, values in sample.values.items()}
    ends = {name: np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0) for name, values in inside.items()}
    return {name: both[0] for name, both in ends.items()}, {name: both[1] for name, both in ends.items()}


def check_level(level: object) -> None:
    """Raise InputError for a level that is not between 0 and 1."""
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise InputError("level", "a share is needed", found=level, allowed="between 0 and 1, 0.9 for 90 %")


def check_failed_share(share: object) -> None:
    """Raise InputError for a share that is not between 0 and 1."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share < 1:
        raise InputError("failed_share", "a share is needed", found=share, allowed="from 0 to below 1")


def check_failures(sample: Sample, failed_share: float) -> None:
    """Raise NotConvergedError where too many draws have no solution."""
    refuse_failures(len(sample.status), sample.failures, failed_share)


def refuse_failures(asked: int, failures: Mapping[str, int], failed_share: float) -> None:
    """Raise NotConvergedError where more than `failed_share` of the draws have no solution, or fewer than two have."""
    failed = sum(failures.values())
    reasons = "; ".join(f"{reason}: {count}" for reason, count in failures.items())
    if failed > failed_share * asked:
        raise NotConvergedError(
            f"{failed} of {asked} draws have no solution, more than {100 * failed_share:.3g} %: {reasons}. The rest "
            "would be bands of other draws than those asked for. Take a milder size, another closure, or fewer sources."
        )
    if asked - failed < LEAST_USED:
        raise NotConvergedError(
            f"{asked - failed} of {asked} draws have a solution ({reasons}); a band needs {LEAST_USED}. "
            "Ask for more draws."
        )


def place(study: Study, quantity: str, label: str) -> tuple[str, int]:
    """A quantity and the column of a label. Raises InputError for names that are not here."""
    labels = study.labels
    if quantity not in labels:
        raise InputError("bands", "no such quantity in this scenario", found=quantity, allowed=list(labels),
                         nearest=nearest(quantity, labels))  # fmt: skip
    if label not in labels[quantity]:
        known = labels[quantity]
        raise InputError("bands", f"{quantity} is not known of", found=label, nearest=nearest(label, known),
                         allowed=list(known) if len(known) < 30 else f"one of {len(known)} economies")  # fmt: skip
    return quantity, labels[quantity].index(label)


def unit_of(study: Study, quantity: str) -> str:
    """The unit of a quantity; money is the world's own."""
    unit = UNITS[quantity]
    money = study.world.money_unit or "no unit"
    return unit if unit == "per cent" else f"{money} a year"


def _estimates(study: Study, table: DrawTable) -> dict[str, Array]:
    """The central answer: no draw at all, estimated effects at their point."""
    if not study.plan.estimated:
        return measured(study, central(study))
    from comity.equilibrium.solve import solve

    shock = study.plan.shock(study.world.trade_elasticity, {})
    targets = study.plan.compiled.targets if study.closure == "targets-balanced" else None
    return measured(study, solve(study.world, shock, closure=study.closure, targets=targets))


def _ticks(study: Study) -> tuple[dict[str, dict[str, Array]], dict[str, str]]:
    """The central answer under the other elasticity sets, and which of them have none."""
    found, refused = {}, {}
    for name in sets_for(study.world):
        if name in (study.elasticities, "world"):
            continue
        economy = with_set(study.world, name)
        compiled = compile_scenario(economy, study.plan.scenario, year=study.plan.setting.year, words=False)
        try:
            found[name] = measured(study, solve_compiled(economy, compiled, study.closure))
        except NoSolutionError as problem:
            refused[name] = str(problem)
    return found, refused
