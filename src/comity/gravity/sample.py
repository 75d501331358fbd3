"""The rows a Poisson regression can use, and why the others are left out.

Pseudo-maximum likelihood has no finite solution where a regressor or an effect is "separated": every flow it touches is
0, so that its coefficient runs to minus infinity (Santos Silva & Tenreyro 2010; Correia, Guimaraes & Zylkin 2021). Such
rows carry no information on the other coefficients and are taken out, by name. A level of an effect with one row
(singleton) is fitted perfectly and taken out too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError, listing, nearest

if TYPE_CHECKING:
    import pandas as pd

    from comity.gravity.panel import Panel

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

EFFECTS = ("exporter-year", "importer-year", "pair", "directed-pair", "exporter", "importer", "year", "home")
PAIRS = ("pair", "directed-pair")
CLUSTERS = ("pair", "directed-pair", "exporter", "importer", "countries")
# With fewer, the clustered variance of a dummy is close to 0 by construction: the first-order condition of a dummy that
# one pair switches on makes that pair's score 0.
LEAST_SWITCHING = 5
FEW_SWITCHING = 20
LEAST_CLUSTERS = 10


@dataclass(frozen=True)
class Spec:
    """What is estimated: effects and cluster by name, dummies and covariates by column."""

    effects: tuple[str, ...]
    cluster: str
    policies: tuple[str, ...]
    covariates: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.policies, *self.covariates)


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of one sector ready for the regression.

    Attributes
    ----------
    rows : positions in the sector's rows of the panel
    frame : those rows of the panel
    codes : by effect, the level of each row
    cluster : by column of the clustering, the group of each row
    names : regressors that vary
    separated : by effect or dummy, rows without any trade that were left out
    separated_levels : by effect, the names of these levels (pairs, countries, country-years)
    singletons : by effect, rows that were alone in their level
    absent : by regressor that cannot be estimated, why
    switching : by dummy, pairs in which it changes (with pair effects) or is 1
    """

    rows: Codes
    frame: pd.DataFrame
    codes: dict[str, Codes]
    cluster: dict[str, Codes]
    names: tuple[str, ...]
    separated: dict[str, int] = field(default_factory=dict)
    separated_levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    singletons: dict[str, int] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    switching: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def spec(
    panel: Panel,
    effects: Sequence[str],
    cluster: str,
    policies: Sequence[str] | None,
    covariates: Sequence[str] | None,
) -> Spec:
    """The names checked against the panel. Raises InputError for an unknown one and for nothing to estimate."""
    for kind, given, known in (
        ("effects", effects, EFFECTS),
        ("cluster", (cluster,), CLUSTERS),
        ("policies", policies or (), panel.policies),
        ("covariates", covariates or (), panel.covariates),
    ):
        for name in given:
            if name not in known:
                raise InputError(kind, "unknown name", found=name, allowed=known, nearest=nearest(name, known))
    if not effects:
        raise InputError("effects", "gravity needs effects of exporters and importers", allowed=EFFECTS)
    chosen = Spec(
        tuple(effects),
        cluster,
        panel.policies if policies is None else tuple(policies),
        panel.covariates if covariates is None else tuple(covariates),
    )
    if not chosen.names:
        raise InputError("estimate", "there is nothing to estimate", advice="Name a policy or a covariate.")
    return chosen


def prepare(frame: pd.DataFrame, wanted: Spec, without: Sequence[int] = ()) -> Sample:
    """The usable rows of one sector (`frame`, its index 0, 1, ...); `without` are rows known to be separated."""
    flow = frame["flow"].to_numpy(dtype=np.float64)
    coded = {name: levels(frame, name) for name in wanted.effects}
    keep: Mask = np.ones(len(frame), dtype=bool)
    keep[list(without)] = False
    sample = Sample(
        np.empty(0, dtype=np.int64), frame, {}, {}, (), {"regressors together": len(without)} if len(without) else {}
    )
    _trim(keep, flow, coded, sample)
    for name in wanted.names:
        ones = keep & (frame[name].to_numpy() == 1)
        if _is_dummy(frame[name]) and ones.any() and flow[ones].sum() == 0:
            sample.separated[name] = int(ones.sum())
            sample.absent[name] = (
                f"separated: no trade in any of the {int(ones.sum())} rows where it is 1, so the estimate is minus "
                "infinity; an embargo says that without an estimate"
            )
            keep &= ~ones
            _trim(keep, flow, coded, sample)
    rows = np.flatnonzero(keep)
    used = frame.iloc[rows]
    for name in wanted.names:
        if name not in sample.absent:
            _check_regressor(name, used, wanted, sample)
    cluster = {name: levels(used, name)[0] for name in _cluster_columns(wanted.cluster)}
    names = tuple(name for name in wanted.names if name not in sample.absent)
    codes = {name: np.unique(code[rows], return_inverse=True)[1] for name, (code, _) in coded.items()}
    return Sample(
        rows, used, codes, cluster, names, sample.separated, sample.separated_levels, sample.singletons, sample.absent,
        sample.switching,
    )  # fmt: skip


def levels(frame: pd.DataFrame, effect: str) -> tuple[Codes, list[str]]:
    """The level of each row of an effect as a number, and the names of the levels."""
    exporter, importer = (frame[side].to_numpy(dtype=str) for side in ("exporter", "importer"))
    year, swap = frame["year"].to_numpy(dtype=str), exporter > importer
    parts = {
        "exporter-year": (exporter, year),
        "importer-year": (importer, year),
        "pair": (np.where(swap, importer, exporter), np.where(swap, exporter, importer)),
        "directed-pair": (exporter, importer),
        "exporter": (exporter,),
        "importer": (importer,),
        "year": (year,),
        "home": (np.where(exporter == importer, exporter, "abroad"),),
    }[effect]
    names, code = np.unique(parts[0], return_inverse=True)
    if len(parts) == 1:
        return code.astype(np.int64), [str(name) for name in names]
    others, second = np.unique(parts[1], return_inverse=True)
    both, codes = np.unique(code * len(others) + second, return_inverse=True)
    link = {"pair": "-", "directed-pair": "->"}.get(effect, " ")
    labels = [f"{names[k // len(others)]}{link}{others[k % len(others)]}" for k in both]
    return codes.astype(np.int64), labels


def _cluster_columns(cluster: str) -> tuple[str, ...]:
    return ("exporter", "importer") if cluster == "countries" else (cluster,)


def _trim(keep: Mask, flow: Array, coded: dict[str, tuple[Codes, list[str]]], sample: Sample) -> None:
    """Take separated and single rows out of `keep` until none is left, counting them in `sample`."""
    while True:
        before = int(keep.sum())
        for name, (code, labels) in coded.items():
            totals = np.bincount(code[keep], weights=flow[keep], minlength=len(labels))
            idle = np.bincount(code[keep], minlength=len(labels)) > 0
            idle &= totals == 0
            _drop(keep, idle[code] & keep, name, sample.separated)
            if idle.any():
                known = sample.separated_levels.get(name, ())
                sample.separated_levels[name] = (*known, *(labels[place] for place in np.flatnonzero(idle)))
        if int(keep.sum()) == before:
            for name, (code, labels) in coded.items():
                alone = np.bincount(code[keep], minlength=len(labels)) == 1
                _drop(keep, alone[code] & keep, name, sample.singletons)
        if int(keep.sum()) == before:
            return


def _drop(keep: Mask, rows: Mask, name: str, counts: dict[str, int]) -> None:
    if rows.any():
        counts[name] = counts.get(name, 0) + int(rows.sum())
        keep &= ~rows


def _is_dummy(values: pd.Series) -> bool:
    return bool(values.isin((0, 1)).all())


def _check_regressor(name: str, used: pd.DataFrame, wanted: Spec, sample: Sample) -> None:
    """Note why a regressor cannot be estimated, if it cannot; and how many pairs move a dummy."""
    values = used[name].to_numpy()
    if len(values) == 0 or np.ptp(values) == 0:
        sample.absent[name] = "it does not vary in the rows that are left"
        return
    if name not in wanted.policies:
        return
    kind = next((effect for effect in wanted.effects if effect in PAIRS), None)
    code, labels = levels(used, kind or "directed-pair")
    ones = np.bincount(code, weights=values, minlength=len(labels))
    rows = np.bincount(code, minlength=len(labels))
    moving = (ones > 0) & (ones < rows) if kind else ones > 0
    sample.switching[name] = int(moving.sum())
    if sample.switching[name] < LEAST_SWITCHING:
        verb = "changes within" if kind else "is 1 in"
        some = listing([labels[place] for place in np.flatnonzero(moving)])
        sample.absent[name] = (
            f"it {verb} {sample.switching[name]} pairs only ({some or 'none'}); at least {LEAST_SWITCHING} are needed "
            "for a standard error"
        )
