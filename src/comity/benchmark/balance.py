"""Balancing: every country's input-output table made consistent with given flows, by biproportional fitting (RAS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError

Array = NDArray[np.float64]

ROUNDS = 20_000
EXACT = 1e-14  # largest relative gap of a row or column total


@dataclass(frozen=True)
class Accounts:
    """What flows and tariffs imply, per sector and country: expenditure X, output Y, revenue R, deficit D."""

    expenditure: Array
    output: Array
    revenue: Array
    deficit: Array


def accounts(flow: Array, tariff: Array, export_tax: Array | None = None) -> Accounts:
    """Accounts of border flows (J, N, N) with home sales on the diagonal; export taxes are part of border values."""
    tax = np.zeros_like(tariff) if export_tax is None else export_tax
    n = np.arange(flow.shape[1])
    abroad = flow.copy()
    abroad[:, n, n] = 0.0
    revenue = (tariff * flow).sum(axis=(0, 2)) + (tax / (1 + tax) * flow).sum(axis=(0, 1))
    return Accounts(
        expenditure=(flow * (1 + tariff)).sum(axis=2),
        output=(flow / (1 + tax)).sum(axis=1),
        revenue=revenue,
        deficit=abroad.sum(axis=(0, 2)) - abroad.sum(axis=(0, 1)),
    )


def fit(prior: Array, rows: Array, columns: Array) -> tuple[Array, int, float]:
    """Biproportional fit of a (R, C) table to row and column totals; zeros stay zero.

    Returns the table, rounds used and the largest relative gap left. Raises InputError if totals differ or if a row or
    column with a positive total has no positive cell.
    """
    if abs(rows.sum() - columns.sum()) > 1e-9 * rows.sum():
        raise InputError("balance", "row and column totals differ", found=f"{rows.sum():.6g} and {columns.sum():.6g}")
    if (rows < 0).any() or (columns < 0).any():
        raise InputError("balance", "totals must not be negative", found=f"{min(rows.min(), columns.min()):.6g}")
    table = prior * (rows > 0)[:, None] * (columns > 0)[None, :]
    if ((table.sum(axis=1) == 0) & (rows > 0)).any() or ((table.sum(axis=0) == 0) & (columns > 0)).any():
        raise InputError("balance", "a total is positive where every cell of the prior is zero")
    gap = np.inf
    for rounds in range(1, ROUNDS + 1):  # noqa: B007, returned below
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        now = table.sum(axis=0)
        gap = float(np.abs(_ratio(columns, now) - 1)[columns > 0].max(initial=0.0))
        table *= _ratio(columns, now)[None, :]
        if gap < EXACT:
            break
    return table, rounds, gap


def _ratio(wanted: Array, now: Array) -> Array:
    return np.divide(wanted, now, out=np.zeros_like(now), where=now > 0)


def shift_value_added(share: Array, output: Array, target: float) -> tuple[Array, float]:
    """(J,) value-added shares moved by one logit constant so that they add up to `target` on this output.

    Returns the shares and the largest change of one share. Raises InputError if the target exceeds output.
    """
    if not 0 < target < output.sum():
        raise InputError("balance", "value added must lie between 0 and output", found=f"{target:.6g}")
    inner = np.clip(share, 1e-6, 1 - 1e-6)
    logit = np.log(inner / (1 - inner))
    low, high = -40.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2
        if (output / (1 + np.exp(-(logit + middle)))).sum() < target:
            low = middle
        else:
            high = middle
    moved = 1 / (1 + np.exp(-(logit + (low + high) / 2)))
    # the last bits: bisection leaves 1e-12, consistency wants none
    moved *= target / (output * moved).sum()
    return moved, float(np.abs(moved - share).max())


def balance_country(
    inputs: Array, final: Array, value_added_share: Array, expenditure: Array, output: Array, income: float
) -> tuple[Array, Array, float]:
    """One country's table fitted to its flows: (K, J) input shares and (J,) consumption shares, largest gap left.

    Prior: `inputs` (K, J) and `final` (J,) in money. Row totals are expenditure, column totals (1 - va) Y and income.
    """
    columns = np.append((1 - value_added_share) * output, income)
    prior = np.column_stack([inputs, final])
    trace = 1e-9 * prior.sum() / prior.size
    prior = np.where(needs_trace(inputs, final, expenditure, columns), trace, prior)
    table, _, gap = fit(prior, expenditure, columns)
    spent = table[:, :-1].sum(axis=0)
    safe = np.where(spent > 0, spent, 1)
    shares = table[:, :-1] / safe * (1 - value_added_share)
    return shares, table[:, -1] / table[:, -1].sum(), gap


def needs_trace(inputs: Array, final: Array, expenditure: Array, columns: Array) -> NDArray[np.bool_]:
    """(K, J + 1) cells of the prior that are zero where flows are not: they get a trace, so that the fit exists."""
    prior = np.column_stack([inputs, final])
    return np.asarray((prior == 0) & (columns > 0)[None, :] & (expenditure > 0)[:, None])
