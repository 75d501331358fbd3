"""Checks a World must pass, each a named function that lists the offenders by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import InputError, listing

Array = NDArray[np.float64]
Labels = tuple[tuple[str, ...], tuple[str, ...]]


def check_labels(countries: Sequence[str], sectors: Sequence[str]) -> Labels:
    """Labels as tuples; every label once, none empty."""
    for kind, labels in (("countries", countries), ("sectors", sectors)):
        if isinstance(labels, str) or not isinstance(labels, Collection) or len(labels) == 0:
            raise InputError(kind, "a list of codes is needed", found=repr(labels))
        blank = [label for label in labels if not isinstance(label, str) or not label.strip()]
        if blank:
            raise InputError(kind, "codes are words, none empty", found=listing(map(repr, blank)))
        twice = sorted({str(label) for label in labels if list(labels).count(label) > 1})
        if twice:
            raise InputError(kind, "each code may stand once", found=listing(twice) + " more than once")
    return tuple(map(str, countries)), tuple(map(str, sectors))


def check_array(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Array:
    """A float64 copy of `values` with the given shape and no NaN or infinity."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(name, "numbers are needed", found=type(values).__name__) from None
    if array.shape != shape:
        raise InputError(name, "wrong shape", found=array.shape, allowed=f"{shape} (axes: sector, importer, exporter)")
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        count = int((~np.isfinite(array)).sum())
        raise InputError(name, f"{count} value(s) are not finite numbers", found=f"{array[first]} at position {first}")
    return array


def normalise_shares(arrays: dict[str, Array]) -> float:
    """Scale shares in place so that they add to one; returns the largest relative change of a sum."""
    cost = arrays["value_added_share"] + arrays["input_share"].sum(axis=0)
    home = arrays["trade_share"].sum(axis=2)
    final = arrays["consumption_share"].sum(axis=0)
    sums = [np.abs(total[total > 0] - 1).max(initial=0.0) for total in (cost, home, final)]
    safe = np.where(cost > 0, cost, 1)
    arrays["value_added_share"] = arrays["value_added_share"] / safe
    arrays["input_share"] = arrays["input_share"] / safe
    arrays["trade_share"] = arrays["trade_share"] / np.where(home > 0, home, 1)[:, :, None]
    arrays["consumption_share"] = arrays["consumption_share"] / np.where(final > 0, final, 1)
    return float(max(sums))


def check_values(arrays: dict[str, Array], labels: Labels, tolerance: float) -> None:
    """Signs, sums and ranges of every array of a World."""
    check_elasticity(arrays["trade_elasticity"], labels[1])
    for key in ("trade_share", "value_added_share", "input_share", "consumption_share"):
        _refuse(arrays[key] < 0, key, "shares must not be negative", arrays[key], labels)
    for key in ("tariff", "export_tax"):
        _refuse(arrays[key] <= -1, key, "rates must lie above -1", arrays[key], labels)
        diagonal = np.diagonal(arrays[key], axis1=1, axis2=2)
        _refuse(diagonal != 0, f"{key} on the diagonal", "home sales carry no rate", diagonal, labels)
    _refuse(arrays["value_added"] <= 0, "value_added", "must be positive", arrays["value_added"], labels)

    cost = arrays["value_added_share"] + arrays["input_share"].sum(axis=0)
    _refuse(
        np.abs(cost - 1) > tolerance,
        "value_added_share + input_share",
        "cost shares must add to 1 in every sector and country",
        cost,
        labels,
    )
    _refuse(
        arrays["value_added_share"] <= 0,
        "value_added_share",
        "must be positive in every sector and country",
        arrays["value_added_share"],
        labels,
    )
    spent = arrays["trade_share"].sum(axis=2)
    empty = spent == 0
    _refuse(
        (np.abs(spent - 1) > tolerance) & ~empty,
        "trade_share",
        "must add to 1 over exporters (or be 0 throughout)",
        spent,
        labels,
    )
    final = arrays["consumption_share"].sum(axis=0)
    _refuse(np.abs(final - 1) > tolerance, "consumption_share", "must add to 1 over sectors", final, labels)
    net = arrays["deficit"].sum()
    if abs(net) > tolerance * np.abs(arrays["value_added"]).sum():
        raise InputError("deficit", "deficits must add to zero over the world", found=f"{net:g}")


def check_elasticity(theta: Array, sectors: Sequence[str]) -> None:
    """Trade elasticities must be positive (theta > 0, never 1/theta or -theta)."""
    bad = [f"{sectors[int(j)]} {theta[j]:g}" for j in np.flatnonzero(~(theta > 0))]
    if bad:
        raise InputError(
            "trade_elasticity",
            "theta must be positive in every sector",
            found=listing(bad),
            advice="comity takes theta > 0, the elasticity of trade to cost with its sign turned; not 1/theta.",
        )


def solve_expenditure(arrays: dict[str, Array], tolerance: float = 1e-15, limit: int = 5000) -> Array:
    """(J, N) expenditure X that solves equations (4)-(6) of the benchmark at given value added and deficits.

    The map is a contraction (the share of cost that is value added leaves the loop each round), so plain
    iteration converges; no (J N)^2 matrix is formed, which keeps a 141 x 65 world within memory.
    """
    pi, t, e = arrays["trade_share"], arrays["tariff"], arrays["export_tax"]
    border = pi / (1 + t)
    shipped = border / (1 + e) if e.any() else border
    inputs = np.ascontiguousarray(arrays["input_share"].transpose(2, 0, 1))
    alpha, fixed = arrays["consumption_share"], arrays["value_added"] + arrays["deficit"]
    net_of_tariff = border.sum(axis=2)
    spent = (pi.sum(axis=2) > 0) * 1.0
    expenditure = alpha * fixed
    for _ in range(limit):
        output = np.matmul(expenditure[:, None, :], shipped)[:, 0, :]
        revenue = ((spent - net_of_tariff) * expenditure).sum(axis=0)
        if shipped is not border:
            revenue = revenue + np.matmul(expenditure[:, None, :], border - shipped)[:, 0, :].sum(axis=0)
        fresh = np.matmul(inputs, output.T[:, :, None])[:, :, 0].T + alpha * (fixed + revenue)
        change = np.abs(fresh - expenditure).max()
        expenditure = fresh
        if change <= tolerance * np.abs(fresh).max():
            break
    return expenditure


def check_consistency(arrays: dict[str, Array], labels: Labels, tolerance: float) -> None:
    """The arrays must form an equilibrium: spending non-negative and met, value added as stated, trade balanced."""
    x = arrays["expenditure"]
    scale = x.sum()
    _refuse(x < -tolerance * scale, "expenditure", "derived expenditure is negative", x, labels)
    stuck = (arrays["trade_share"].sum(axis=2) == 0) & (x > tolerance * scale / x.size)
    _refuse(stuck, "trade_share", "spending is positive but no supplier has a share", x, labels)
    output = (arrays["trade_share"] * x[:, :, None] / ((1 + arrays["tariff"]) * (1 + arrays["export_tax"]))).sum(axis=1)
    implied = (arrays["value_added_share"] * output).sum(axis=0)
    gap = implied / arrays["value_added"] - 1
    # value added, deficits and shares over-determine the benchmark; a mismatch means they come from different tables
    _refuse(
        np.abs(gap) > max(tolerance, 1e-9) * 10,
        "value_added",
        "does not equal value_added_share x output (relative gap shown)",
        gap,
        labels,
    )


def _refuse(bad: Any, where: str, problem: str, values: Array, labels: Labels) -> None:
    """Raise an InputError naming the offending cells, worst first."""
    bad = np.asarray(bad)
    if not bad.any():
        return
    cells = np.argwhere(bad)
    order = np.argsort(-np.abs(np.nan_to_num(values[bad])), kind="stable")
    named = [f"{cell_name(tuple(cells[i]), labels)} = {values[tuple(cells[i])]:.6g}" for i in order[:6]]
    more = f" and {len(cells) - 6} more" if len(cells) > 6 else ""
    raise InputError(where, problem, found=", ".join(named) + more)


def cell_name(cell: tuple[int, ...], labels: Labels) -> str:
    """A cell by its labels: (j, n, i) as "sector importer<-exporter", (k, j, n) and (j, n) likewise, (n,) a country."""
    countries, sectors = labels
    if len(cell) == 1:
        return countries[cell[0]]
    if len(cell) == 2:
        return f"{sectors[cell[0]]} {countries[cell[1]]}"
    if max(cell[1], 0) < len(countries) and cell[2] < len(countries):
        return f"{sectors[cell[0]]} {countries[cell[1]]}<-{countries[cell[2]]}"
    return str(cell)
