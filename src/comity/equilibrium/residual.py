"""The residual of equations (1)-(8), recomputed from an answer by the plain formulas of equations.py.

Shares no intermediate result with the iteration that found the answer, except the weights pi kappa_hat^-theta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium import equations as eq

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """Everything equations (1)-(8) speak of, after the shock. Shapes as in docs/model.md."""

    weight: Array
    tariff: Array
    export_tax: Array
    productivity_hat: Array
    wage_hat: Array
    cost_hat: Array
    price_index_hat: Array
    trade_share: Array
    expenditure: Array
    output: Array
    income: Array
    deficit: Array
    transfer: Array


@dataclass(frozen=True)
class Parameters:
    """The benchmark quantities that do not change: shares, elasticities, value added."""

    value_added_share: Array
    input_share: Array
    consumption_share: Array
    trade_elasticity: Array
    value_added: Array


def residuals(p: Parameters, a: Answer) -> dict[str, float]:
    """Largest relative residual per equation: |left - right| / max(|left|, |right|), cells zero on both sides skipped;
    (8) relative to imports + exports. Keys "1" to "8"."""
    theta = p.trade_elasticity
    flow = a.trade_share * a.expenditure[:, :, None]  # eq.border_flow, dividing in place: one large array less
    flow /= 1 + a.tariff
    taxed = bool(a.export_tax.any())
    output = eq.output(flow, a.export_tax) if taxed else flow.sum(axis=-2)
    revenue = eq.tariff_revenue(flow, a.tariff)
    if taxed:
        revenue = revenue + eq.export_tax_revenue(flow, a.export_tax)
    exports, imports = eq.border_trade(flow)
    gap = exports + a.deficit + a.transfer - imports
    trade = exports + imports
    traded = np.where(trade > 0, trade, p.value_added)
    spent = a.expenditure > 0
    return {
        "1": relative(
            a.cost_hat,
            eq.cost_hat(a.wage_hat, a.price_index_hat, p.value_added_share, p.input_share, a.productivity_hat),
        ),
        "2": relative(a.price_index_hat, eq.price_index_hat(a.weight, a.cost_hat, theta)),
        "3": relative(a.trade_share.sum(axis=-1)[spent], 1.0),
        "4": relative(a.output, output),
        "5": relative(a.expenditure, eq.expenditure(p.input_share, a.output, p.consumption_share, a.income)),
        "6": relative(a.income, eq.income(a.wage_hat, p.value_added, revenue, a.deficit, a.transfer)),
        "7": relative(a.wage_hat * p.value_added, eq.labour_demand(p.value_added_share, a.output)),
        "8": float(np.max(np.abs(gap) / traded, initial=0.0)),
    }


def relative(left: Array, right: Array | float) -> float:
    """Largest |left - right| / max(|left|, |right|); nan counts as infinite."""
    scale = np.maximum(np.abs(left), np.abs(right))
    gap = np.abs(left - right)
    ratio = np.divide(gap, scale, out=np.zeros_like(scale), where=scale > 0)
    largest = float(np.max(ratio, initial=0.0))
    return largest if np.isfinite(largest) else float("inf")
