"""Structural gravity by Poisson pseudo-maximum likelihood, sector by sector.

    X_in,t = exp( b'policies + g'covariates + exporter-year + importer-year + pair ) * eta

(Santos Silva & Tenreyro 2006; Yotov et al. 2016, equations 1-34 to 1-39; sanctions as in Chowdhry, Hinz, Kamin & Wanner
2024). The regression is pyfixest's; what is left out beforehand, what cannot be estimated and why is reported by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError, NotConvergedError, listing, nearest
from comity.gravity.ppml import Fit, NoFit, poisson
from comity.gravity.sample import FEW_SWITCHING, LEAST_CLUSTERS, Sample, Spec, prepare, spec

if TYPE_CHECKING:
    import pandas as pd

    from comity.gravity.panel import Panel

Array = NDArray[np.float64]
EFFECTS = ("exporter-year", "importer-year", "pair")


@dataclass(frozen=True, eq=False)
class Estimate:
    """One sector.

    Attributes
    ----------
    names, coefficient (P,), vcov (P, P) : what was estimated; a coefficient is the log change of trade
    given, used : rows of the panel, and rows the regression used
    separated, singletons : rows left out, by effect or dummy; `separated_levels` names the levels
    absent : by name, why a policy or covariate has no estimate
    switching : by dummy, pairs in which it changes (with pair effects) or is 1
    clusters : groups of the standard errors (the smaller number, where they are two-way)
    gap : largest relative gap of a first-order condition, below 1e-6
    remarks : anything else
    """

    sector: str
    names: tuple[str, ...]
    coefficient: Array
    vcov: Array
    given: int
    used: int
    separated: Mapping[str, int]
    separated_levels: Mapping[str, tuple[str, ...]]
    singletons: Mapping[str, int]
    absent: Mapping[str, str]
    switching: Mapping[str, int]
    clusters: int
    gap: float
    remarks: tuple[str, ...] = ()

    @property
    def standard_error(self) -> Array:
        """(P,) clustered."""
        root: Array = np.sqrt(np.diag(self.vcov))
        return root

    def place(self, name: str) -> int:
        """Position of a regressor. Raises InputError, with the reason, for one without an estimate."""
        if name in self.names:
            return self.names.index(name)
        where = f"sector {self.sector}, {name}"
        if name in self.absent:
            raise InputError(where, f"no estimate: {self.absent[name]}")
        raise InputError(where, "not estimated", allowed=self.names, nearest=nearest(name, self.names))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """The normal confidence interval of a coefficient."""
        if not 0 < level < 1:
            raise InputError("level", "not between 0 and 1", found=level)
        k, width = self.place(name), NormalDist().inv_cdf(0.5 + level / 2)
        centre, error = float(self.coefficient[k]), float(self.standard_error[k])
        return centre - width * error, centre + width * error

    def lines(self) -> list[str]:
        """What a reader must know beside the numbers."""
        found = [f"{self.sector}: {self.used} of {self.given} rows used, {self.clusters} clusters"]
        for name, count in self.separated.items():
            some = listing(self.separated_levels.get(name, ()), 6)
            found.append(f"{self.sector}: {count} rows left out, no trade by {name}{f' ({some})' if some else ''}")
        for name, count in self.singletons.items():
            found.append(f"{self.sector}: {count} rows left out, alone in their {name}")
        for name, reason in self.absent.items():
            found.append(f"{self.sector}: no estimate of {name}: {reason}")
        for name, count in self.switching.items():
            if name in self.names and count < FEW_SWITCHING:
                found.append(f"{self.sector}: {name} rests on {count} pairs; its standard error is too small")
        return [*found, *(f"{self.sector}: {remark}" for remark in self.remarks)]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates by sector; `refused` sectors have none, with the reason. `names` are all policies and covariates asked
    for. `flawed` is set if the panel's zeros look like missing reports."""

    by_sector: Mapping[str, Estimate]
    refused: Mapping[str, str]
    spec: Spec
    flawed: bool

    @property
    def sectors(self) -> tuple[str, ...]:
        return tuple(self.by_sector)

    @property
    def names(self) -> tuple[str, ...]:
        return self.spec.names

    def coefficients(self, names: Sequence[str] | None = None) -> Array:
        """(J, P) coefficients of the sectors, NaN where a sector has no estimate of it."""
        return np.array([[_value(e, name) for name in names or self.names] for e in self.by_sector.values()])

    @property
    def frame(self) -> pd.DataFrame:
        """Tidy: sector, name, coefficient, standard_error, low, high (95 %), used, switching, note."""
        import pandas as pd

        rows = []
        for sector, found in self.by_sector.items():
            for name in self.names:
                row: dict[str, object] = {"sector": sector, "name": name, "used": found.used}
                row["switching"], row["note"] = found.switching.get(name), found.absent.get(name, "")
                if name in found.names:
                    k = found.place(name)
                    low, high = found.interval(name)
                    row |= {"coefficient": found.coefficient[k], "standard_error": found.standard_error[k]}
                    row |= {"low": low, "high": high}
                rows.append(row)
        columns = ["sector", "name", "coefficient", "standard_error", "low", "high", "used", "switching", "note"]
        return pd.DataFrame(rows).reindex(columns=columns)

    def lines(self) -> list[str]:
        """Everything a reader must know beside the numbers."""
        found = [line for estimate in self.by_sector.values() for line in estimate.lines()]
        found += [f"{sector}: no estimate: {reason}" for sector, reason in self.refused.items()]
        if self.flawed:
            found.append(
                "the panel's zeros look like missing reports: an effect on zeros may be an effect on reporting"
            )
        return found


def estimate(
    panel: Panel,
    *,
    effects: Sequence[str] = EFFECTS,
    policies: Sequence[str] | None = None,
    covariates: Sequence[str] | None = None,
    cluster: str = "pair",
    accept_flaws: bool = False,
) -> Estimates:
    """PPML with high-dimensional effects, sector by sector.

    Parameters
    ----------
    effects : of exporter-year, importer-year, pair (both directions have one effect), directed-pair, exporter,
        importer, year, home (one effect for each country's home sales)
    policies, covariates : which of the panel's; all of them by default
    cluster : standard errors by pair (both directions and all years together), directed-pair, exporter, importer, or
        countries (two ways, exporter and importer)
    accept_flaws : estimate sanctions although the panel's zeros look like missing reports

    Raises
    ------
    InputError : an unknown name; nothing to estimate; a sanction on a panel whose zeros look like missing reports; no
        sector with an estimate (too few rows or clusters, separated dummies, too few pairs that a dummy changes in).
    NotConvergedError : the only reason of all sectors is that the regression did not converge.
    """
    wanted = spec(panel, effects, cluster, policies, covariates)
    _refuse_flaws(panel, wanted, accept_flaws)
    found: dict[str, Estimate] = {}
    refused: dict[str, str] = {}
    unsolved = 0
    for sector, frame in panel.frame.groupby("sector", sort=True):
        try:
            found[str(sector)] = _one_sector(str(sector), frame.reset_index(drop=True), wanted)
        except NoFit as problem:
            refused[str(sector)], unsolved = str(problem), unsolved + 1
        except InputError as problem:
            refused[str(sector)] = f"{problem.problem}"
    if not found:
        reasons = "; ".join(f"{sector}: {reason}" for sector, reason in list(refused.items())[:3])
        if unsolved == len(refused):
            raise NotConvergedError(f"No sector's gravity regression converged. {reasons}")
        raise InputError("estimate", f"no sector has an estimate. {reasons}")
    return Estimates(found, refused, wanted, panel.report.flaws.suspicious)


def usable(sector: str, frame: pd.DataFrame, wanted: Spec) -> tuple[Sample, Fit]:
    """The rows of one sector that the regression uses, and its fit. Raises NoFit and InputError."""
    sample = prepare(frame, wanted)
    _check_size(sector, sample)
    fit = _fitted(sample, rectify=True)
    if not fit.rectified:
        sample.remarks.append("the search for separated rows found no end: a very large estimate may be separation")
    if len(fit.separated):
        gone = sample.rows[fit.separated]
        sample = prepare(frame, wanted, without=[int(row) for row in gone])
        _check_size(sector, sample)
        fit = _fitted(sample)
    for name in fit.collinear:
        sample.absent[name] = "collinear with the effects or the other regressors"
    if not fit.names:
        raise InputError(sector, "; ".join(f"{name}: {reason}" for name, reason in sample.absent.items()))
    return sample, fit


def _one_sector(sector: str, frame: pd.DataFrame, wanted: Spec) -> Estimate:
    sample, fit = usable(sector, frame, wanted)
    return Estimate(
        sector=sector,
        names=fit.names,
        coefficient=fit.coefficient,
        vcov=fit.vcov,
        given=len(frame),
        used=len(sample.rows),
        separated=sample.separated,
        separated_levels=sample.separated_levels,
        singletons=sample.singletons,
        absent=sample.absent,
        switching=sample.switching,
        clusters=_clusters(sample),
        gap=fit.gap,
        remarks=tuple(sample.remarks),
    )


def _fitted(sample: Sample, rectify: bool = False) -> Fit:
    flow, regressors, effects = arrays(sample)
    return poisson(flow, regressors, effects, cluster=list(sample.cluster.values()), rectify=rectify)


def arrays(sample: Sample) -> tuple[Array, dict[str, Array], list[NDArray[np.int64]]]:
    """Flow (rows,), regressors by name and the codes of the effects: what the regression takes."""
    flow = sample.frame["flow"].to_numpy(dtype=np.float64)
    return flow, {name: sample.frame[name].to_numpy() for name in sample.names}, list(sample.codes.values())


def _clusters(sample: Sample) -> int:
    return min(len(np.unique(codes)) for codes in sample.cluster.values())


def _check_size(sector: str, sample: Sample) -> None:
    """Refuse a sector that has fewer rows than unknowns, or too few clusters."""
    if not len(sample.rows):
        raise InputError(sector, "no trade is left")
    unknowns = sum(len(np.unique(codes)) for codes in sample.codes.values()) + len(sample.names)
    if len(sample.rows) <= unknowns:
        raise InputError(sector, f"{len(sample.rows)} rows for {unknowns} effects and coefficients are too few")
    if not sample.names:
        raise InputError(sector, "; ".join(f"{name}: {reason}" for name, reason in sample.absent.items()))
    if _clusters(sample) < LEAST_CLUSTERS:
        raise InputError(sector, f"{_clusters(sample)} clusters are too few; at least {LEAST_CLUSTERS} are needed")


def _refuse_flaws(panel: Panel, wanted: Spec, accept: bool) -> None:
    banned = [name for name in wanted.policies if name in panel.sanctions]
    flaws = panel.report.flaws
    if banned and flaws.suspicious and not accept:
        raise InputError(
            f"sanction {', '.join(banned)}",
            "zeros of this panel look like missing reports, which a sanction dummy would take for lost trade or for "
            f"trade that came back ({'; '.join(flaws.lines())})",
            advice="Use a panel that tells missing from zero, leave out the flows named in panel.report.flaws, or say "
            "accept_flaws=True.",
        )


def _value(found: Estimate, name: str) -> float:
    return float(found.coefficient[found.names.index(name)]) if name in found.names else float("nan")
