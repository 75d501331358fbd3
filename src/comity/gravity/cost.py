"""From an estimate to a change of trade cost.

A policy multiplies trade by exp(b). In the model trade answers cost with kappa_hat^-theta, so the same change of trade
comes from kappa_hat = exp(-b/theta) (Chowdhry, Hinz, Kamin & Wanner 2024). With a tariff cut inside b, kappa_hat
contains it: do not add the tariff again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import InputError

Array = NDArray[np.float64]


def trade_cost_change(coefficient: ArrayLike, theta: ArrayLike) -> Array:
    """kappa_hat = exp(-b/theta), element by element; the shapes are broadcast. NaN (no estimate) stays NaN.

    Parameters
    ----------
    coefficient : b, log change of trade; negative for a policy that lowers trade
    theta : trade elasticity, positive: trade = cost^-theta

    Raises
    ------
    InputError : an elasticity that is not positive and finite; an infinite coefficient; shapes that do not fit.
    """
    b, elasticity = np.asarray(coefficient, dtype=np.float64), np.asarray(theta, dtype=np.float64)
    bad = ~(np.isfinite(elasticity) & (elasticity > 0))
    if bad.any():
        raise InputError(
            "theta", "a trade elasticity must be positive and finite", found=float(elasticity[bad].flat[0]),
            advice="theta > 0 here: write 4.0 where a paper prints -4.0.",
        )  # fmt: skip
    if np.isinf(b).any():
        raise InputError(
            "coefficient",
            "not finite",
            found=float(b[np.isinf(b)].flat[0]),
            advice="Complete loss of trade is an embargo.",
        )
    try:
        return np.asarray(np.exp(-b / elasticity), dtype=np.float64)
    except ValueError:
        raise InputError(
            "theta", "shape does not fit the coefficients", found=elasticity.shape, allowed=str(b.shape)
        ) from None
