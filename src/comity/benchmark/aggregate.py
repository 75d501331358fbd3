"""Flows and tariffs: from the source's sectors to those of a world, and tariffs made usable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError

Array = NDArray[np.float64]


def membership(sectors: Sequence[str], groups: Sequence[Sequence[str]]) -> Array:
    """(G, J) matrix of ones that adds source sectors up to groups; every sector must lie in exactly one group."""
    matrix = np.zeros((len(groups), len(sectors)))
    for row, group in enumerate(groups):
        for code in group:
            if code not in sectors:
                raise InputError("sectors.csv", "names a sector the source lacks", found=code, allowed=sectors)
            matrix[row, list(sectors).index(code)] = 1
    if (matrix.sum(axis=0) != 1).any():
        raise InputError("sectors.csv", "every source sector must lie in exactly one group")
    return matrix


def aggregate_flows(flow: Array, matrix: Array) -> Array:
    """(G, N, N) flows added up over source sectors."""
    return np.einsum("gj,jni->gni", matrix, flow)


def aggregate_tariffs(tariff: Array, flow: Array, matrix: Array) -> Array:
    """(G, N, N) tariffs averaged with flow weights; the simple mean where nothing flows."""
    weighted, total = np.einsum("gj,jni->gni", matrix, tariff * flow), aggregate_flows(flow, matrix)
    simple = np.einsum("gj,jni->gni", matrix / matrix.sum(axis=1, keepdims=True), tariff)
    return np.where(total > 0, weighted / np.where(total > 0, total, 1), simple)


def tariff_record(tariff: Array, flow: Array, matrix: Array) -> list[dict[str, object]]:
    """What averaging tariffs over groups of sectors does: cells where nothing flows, economies without rates."""
    away = ~np.eye(flow.shape[1], dtype=bool)
    idle = (aggregate_flows(flow, matrix) == 0) & away & (np.einsum("gj,jni->gni", matrix, tariff) > 0)
    rates = [_entry("simple mean of source sectors where nothing flows (flow weights elsewhere)", int(idle.sum()), "")]
    for axis, what in ((2, "charge"), (1, "face")):
        none = int(((tariff > 0).sum(axis=(0, axis)) == 0).sum())
        rates.append(_entry(f"economies that {what} no tariff at all in the source, left so", none, ""))
    return rates


def clean_tariffs(
    tariff: Array, flow: Array, goods: NDArray[np.bool_], unions: Iterable[Sequence[int]]
) -> tuple[Array, list[dict[str, object]]]:
    """Tariffs without home rates, without rates on services, zero in customs unions; and a record of each change."""
    fresh, record = tariff.copy(), []
    services = fresh[~goods]
    revenue = float((services * flow[~goods]).sum())
    count = int((services > 0).sum())
    fresh[~goods] = 0.0
    record.append(
        _entry("tariffs on services set to 0", count, f"revenue of {revenue:,.0f} million USD in the source; largest "
               f"rate {services.max():.1%}")
    )  # fmt: skip
    n = np.arange(fresh.shape[1])
    count = int((fresh[:, n, n] != 0).sum())
    fresh[:, n, n] = 0.0
    record.append(_entry("tariffs on home sales set to 0", count, ""))
    for union in unions:
        inside = np.ix_(np.arange(len(fresh)), np.asarray(union), np.asarray(union))
        count = int((fresh[inside] > 0).sum())
        mean = float((fresh[inside] * flow[inside]).sum() / max(flow[inside].sum(), 1e-300))
        fresh[inside] = 0.0
        record.append(_entry("tariffs inside a customs union set to 0", count, f"flow-weighted mean was {mean:.2%}"))
    return fresh, record


def usual_rate(tariff: Array) -> Array:
    """(J, N) each importer's median non-zero rate over exporters, 0 if it has none: what a new exporter is charged.

    The source has no tariffs on the exports of ROW, so a country cut out of ROW cannot inherit them.
    """
    rates = np.where(tariff > 0, tariff, np.nan)
    charged = np.asarray((tariff > 0).any(axis=2))
    median = np.nanmedian(np.where(charged[:, :, None], rates, 0.0), axis=2)
    return np.where(charged, median, 0.0)


def _entry(what: str, count: int, detail: str) -> dict[str, object]:
    return {"step": "tariffs", "what": what, "count": count, "detail": detail}
