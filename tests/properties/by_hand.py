"""Equations (1)-(8) of docs/model.md, written out again with plain NumPy for use by the tests only.

Shares no code with comity.equilibrium: a mistake there cannot hide here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from comity import Shock, World
from comity.equilibrium.solution import Solution

Array = NDArray[np.float64]


def given_or(value: Array | None, default: Array) -> Array:
    """The shock's array, or what stays when the shock leaves it alone."""
    return default if value is None else np.asarray(value, dtype=np.float64)


def gap(left: Array, right: Array) -> float:
    """Largest |left - right| / max(|left|, |right|), cells zero on both sides skipped; nan counts as infinite."""
    size = np.maximum(np.abs(left), np.abs(right))
    ratio = np.abs(left - right)[size > 0] / size[size > 0]
    return float(np.nan_to_num(ratio.max(initial=0.0), nan=np.inf))


def gaps(solution: Solution, shock: Shock) -> dict[str, float]:
    """Largest relative gap of each equation, for the arrays of a Solution under the Shock as the user gave it."""
    b: World = solution.benchmark
    ones = np.ones_like(b.trade_share)
    iceberg = given_or(shock.iceberg_hat, ones)
    t, e = given_or(shock.tariff_new, b.tariff), given_or(shock.export_tax_new, b.export_tax)
    productivity = given_or(shock.productivity_hat, np.ones_like(b.value_added_share))
    kappa = iceberg * (1 + t) / (1 + b.tariff) * (1 + e) / (1 + b.export_tax)
    theta = b.trade_elasticity

    w, p, c = solution.wage_hat, solution.price_index_hat, solution.cost_hat
    x, y, income = solution.expenditure_new, solution.output_new, solution.income_new
    cost = w**b.value_added_share * np.prod(p[:, None, :] ** b.input_share, axis=0) / productivity
    power = -theta[:, None, None]
    terms = b.trade_share * (kappa * c[:, None, :]) ** power
    supplied = terms.sum(axis=2) > 0
    price = np.where(supplied, np.where(supplied, terms.sum(axis=2), 1.0) ** (-1 / theta[:, None]), 1.0)
    share = b.trade_share * (kappa * c[:, None, :] / p[:, :, None]) ** power
    flow = solution.trade_share_new * x[:, :, None] / (1 + t)
    tariffs, taxes = (t * flow).sum(axis=(0, 2)), (e / (1 + e) * flow).sum(axis=(0, 1))
    net = solution.deficit_new + solution.transfer_new
    foreign = flow * (1 - np.eye(len(w)))
    exports, imports = foreign.sum(axis=(0, 1)), foreign.sum(axis=(0, 2))
    return {
        "1": gap(c, cost),
        "2": gap(p, price),
        "3": gap(solution.trade_share_new * (x > 0)[:, :, None], share * (x > 0)[:, :, None]),
        "4": gap(y, (flow / (1 + e)).sum(axis=1)),
        "5": gap(x, np.einsum("jkn,kn->jn", b.input_share, y) + b.consumption_share * income),
        "6": gap(income, w * b.value_added + tariffs + taxes + net),
        "7": gap(w * b.value_added, (b.value_added_share * y).sum(axis=0)),
        # a country without any trade is measured against its value added
        "8": float(np.max(np.abs(exports + net - imports) / np.where(exports > 0, exports + imports, b.value_added))),
        "tariff revenue": gap(solution.tariff_revenue_new, tariffs),
        # taxes and subsidies may cancel, so this one is measured against the taxed exports
        "export tax revenue": float(
            np.max(np.abs(solution.export_tax_revenue_new - taxes) / np.maximum(exports, 1e-300))
        )
        if exports.any()
        else 0.0,
        "real income": gap(solution.real_income_hat, income / b.income / np.prod(p**b.consumption_share, axis=0)),
    }
