"""One weighted Poisson regression (pyfixest), and a check of its own that it is solved."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

TOLERANCE = 1e-12  # of the regression, relative change of the deviance
ROUNDS = 200
ENDLESS = "maximum number of iterations reached"  # what pyfixest says when the rectifier finds no end
SOLVED = 1e-6  # largest relative gap of a first-order condition; estimates are printed with four digits


class NoFit(Exception):
    """The regression has no usable result; the text says why."""


@dataclass(frozen=True, eq=False)
class Fit:
    """coefficient, vcov for `names`; `collinear` names had to be left out; `gap` is that of `first_order_gap`;
    `separated` are positions of rows that the iterative rectifier found separated, and that were not used; `rectified`
    is False if it did not come to an end."""

    names: tuple[str, ...]
    coefficient: Array
    vcov: Array
    collinear: tuple[str, ...]
    gap: float
    separated: Codes
    rectified: bool


def poisson(
    flow: Array,
    regressors: Mapping[str, Array],
    effects: Sequence[Codes],
    *,
    cluster: Sequence[Codes] = (),
    weights: Array | None = None,
    rectify: bool = False,
) -> Fit:
    """Poisson pseudo-maximum likelihood of `flow` on `regressors` and `effects`, all (rows,).

    Parameters
    ----------
    cluster : groups of the standard errors, one or two ways, with the factor G/(G-1) of Stata's ppml and no other;
        without, `vcov` holds that of independent rows
    weights : positive, of each row in the likelihood
    rectify : look for separation with the iterative rectifier of Correia, Guimaraes & Zylkin (2021)

    Raises
    ------
    NoFit : the regression failed or its first-order conditions do not hold to SOLVED.
    InputError : pyfixest is missing.
    """
    pyfixest, pd = _libraries()
    names = tuple(regressors)
    # short names: a formula cannot hold every name; and a mean of one, so that tolerances mean the same everywhere
    frame = pd.DataFrame({f"x{k}": regressors[name] for k, name in enumerate(names)})
    frame["y"] = flow / flow.mean()
    for stem, groups in (("e", effects), ("c", cluster)):
        for k, codes in enumerate(groups):
            frame[f"{stem}{k}"] = codes
    if weights is not None:
        frame["w"] = weights / weights.mean()
    formula = (
        f"y ~ {' + '.join(f'x{k}' for k in range(len(names)))} | {' + '.join(f'e{k}' for k in range(len(effects)))}"
    )
    grouped = {"CRV1": " + ".join(f"c{k}" for k in range(len(cluster)))} if cluster else "iid"
    try:
        # pyfixest warns of what is read from its result below, and uses what the newest pandas deprecates
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fit = pyfixest.fepois(
                formula, data=frame, vcov=grouped, weights=None if weights is None else "w",
                ssc=pyfixest.ssc(k_adj=False, G_adj=True), fixef_rm="none", iwls_tol=TOLERANCE, iwls_maxiter=ROUNDS,
                separation_check=["ir"] if rectify else [],
            )  # fmt: skip
            mu = np.asarray(fit.predict(type="response"), dtype=np.float64)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError, RuntimeError) as problem:
        raise NoFit(f"the regression failed: {problem}") from None
    found = {int(str(name)[1:]): float(value) for name, value in fit.coef().items()}
    used = np.asarray(fit._data.index, dtype=np.int64)
    separated = np.setdiff1d(np.arange(len(flow)), used)
    kept = frame.iloc[used]
    gap = first_order_gap(
        kept["y"].to_numpy(), mu, kept[[f"x{k}" for k in found]].to_numpy(), [codes[used] for codes in effects],
        None if weights is None else kept["w"].to_numpy(),
    )  # fmt: skip
    coefficient = np.array(list(found.values()))
    if not (np.isfinite(coefficient).all() and gap <= SOLVED):
        raise NoFit(f"no convergence in {ROUNDS} rounds: a first-order condition is {gap:.1e} off")
    return Fit(
        tuple(names[k] for k in found),
        coefficient,
        np.asarray(fit._vcov, dtype=np.float64),
        tuple(name for k, name in enumerate(names) if k not in found),
        gap,
        separated,
        not any(ENDLESS in str(warning.message) for warning in said),
    )


def first_order_gap(
    flow: Array, fitted: Array, regressors: Array, effects: Sequence[Codes], weights: Array | None = None
) -> float:
    """How far a fit is from the solution: the largest of

    - by regressor, |sum w x (y - mu)| over sum w |x| y: trade where a dummy is 1, fitted against observed;
    - by effect, the sum over its levels of |sum w (y - mu)|, over all trade: trade that stands in the wrong level.

    Both are 0 at the maximum of the likelihood.
    """
    weight = np.ones_like(flow) if weights is None else weights
    miss = weight * (flow - fitted)
    scale = np.maximum(np.abs(regressors).T @ (weight * flow), np.finfo(float).tiny)
    gaps = list(np.abs(regressors.T @ miss) / scale)
    gaps += [np.abs(np.bincount(codes, weights=miss)).sum() / (weight * flow).sum() for codes in effects]
    worst = float(np.max(gaps))
    return worst if np.isfinite(worst) else float("inf")


def _libraries() -> tuple[Any, Any]:
    try:
        import pandas as pd
        import pyfixest
    except ImportError:
        raise InputError(
            "package pyfixest", "needed to estimate gravity, not installed", advice="pip install 'comity[gravity]'"
        ) from None
    return pyfixest, pd
