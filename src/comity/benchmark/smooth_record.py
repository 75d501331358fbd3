"""What smoothing changed: the provenance of a smoothed world, and a table that holds both worlds side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import REST_OF_WORLD
from comity.classifications.sectors import is_goods
from comity.errors import InputError
from comity.sources import Source
from comity.sources.geodist import SOURCE as GEODIST

if TYPE_CHECKING:
    import pandas as pd

    from comity.benchmark.smooth import Fit

Array = NDArray[np.float64]

METHOD = Source(
    "dingel-tintelnot",
    "Fitted instead of observed shares in the benchmark",
    "Dingel, Tintelnot (2020), Spatial Economics for Granular Settings, CEPR Discussion Paper 14819",
    "a method, no data",
    "smoothing of the benchmark's trade shares",
    "@techreport{dingel_tintelnot_2020, author={Dingel, Jonathan I. and Tintelnot, Felix}, title={Spatial Economics "
    "for Granular Settings}, institution={CEPR}, number={14819}, year={2020}}",
)
FITTED_COUNT = "gravity's fit"
LARGEST = 20  # single cells named in the provenance
PAIRS = (("IRN", "BLR"), ("IRN", "RUS"), ("IRN", "CHN"), ("BLR", "RUS"))


def compare(world: World, smoothed: World, pairs: Sequence[tuple[str, str]] = PAIRS) -> pd.DataFrame:
    """Both options side by side: one row a direction of every pair, then all flows between different economies.

    Columns: origin, destination; observed, smoothed (million USD at the border); change_pct; moved, half the sum of
    absolute changes of the cells; cells, how many there are; zero_observed, zero_smoothed, how many of them are 0;
    correlation of the cells (NaN where one side does not vary).

    Raises InputError if labels differ or a code is unknown.
    """
    import pandas as pd

    if (world.countries, world.sectors) != (smoothed.countries, smoothed.sectors):
        raise InputError("compare", "two worlds with the same countries and sectors are needed")
    rows = []
    for first, second in pairs:
        for origin, destination in ((first, second), (second, first)):
            n, i = world.country(destination), world.country(origin)
            rows.append(_row(origin, destination, world.flow[:, n, i], smoothed.flow[:, n, i]))
    abroad = ~np.eye(len(world.countries), dtype=bool)
    rows.append(_row("all", "all", world.flow[:, abroad].ravel(), smoothed.flow[:, abroad].ravel()))
    return pd.DataFrame(rows)


def _row(origin: str, destination: str, before: Array, after: Array) -> dict[str, Any]:
    total = before.sum()
    return {
        "origin": origin,
        "destination": destination,
        "observed": float(total),
        "smoothed": float(after.sum()),
        "change_pct": float(100 * (after.sum() / total - 1)) if total > 0 else float("nan"),
        "moved": moved(before, after),
        "cells": before.size,
        "zero_observed": int((before == 0).sum()),
        "zero_smoothed": int((after == 0).sum()),
        "correlation": correlation(before, after),
    }


def moved(before: Array, after: Array) -> float:
    """Half the sum of absolute changes: what left one cell for another."""
    return float(np.abs(after - before).sum() / 2)


def correlation(first: Array, second: Array) -> float:
    """Pearson correlation of two arrays of one shape; NaN where one of them does not vary."""
    one, two = first.ravel() - first.mean(), second.ravel() - second.mean()
    size = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return float((one * two).sum() / size) if size > 0 else float("nan")


def deviance_explained(observed: Array, fitted: Array) -> float:
    """Pseudo R2 of a Poisson fit: one less its deviance over that of a constant; cells (M,) with fitted > 0."""

    def deviance(mean: Array) -> float:
        log = np.log(np.where(observed > 0, observed / mean, 1.0))
        return float(2 * (observed * log - (observed - mean)).sum())

    return 1 - deviance(fitted) / deviance(np.full_like(observed, observed.mean()))


def provenance(world: World, flow: Array, fits: Sequence[Fit], tilts: Sequence[float]) -> dict[str, Any]:
    """The world's own provenance with the fit of every sector, what it changed, and the status of every country."""
    old = world.provenance
    sectors = [_sector(world, flow[j], j, fit, tilt) for j, (fit, tilt) in enumerate(zip(fits, tilts, strict=True))]
    return {
        **old,
        "title": f"{old.get('title', world.name)}, smoothed",
        "description": f"{old.get('description', '')}; trade between economies as fitted to it by gravity",
        "countries": {code: _status(code, about) for code, about in old.get("countries", {}).items()},
        "sources": [*old.get("sources", []), GEODIST.as_dict(), METHOD.as_dict()],
        "record": [*old.get("record", []), *_steps(world, flow, sectors)],
        "counts": _counts(world, flow),
        "smoothing": {
            "of": world.name,
            "hash": world.hash,
            "method": "Poisson pseudo-maximum likelihood (pyfixest) of border flows by sector with exporter and "
            "importer effects, standard errors clustered by pair; projected on exports at border prices and on "
            "imports at user prices",
            "kept": "home sales; every flow with ROW",
            "sectors": sectors,
            "largest_changes": _largest_changes(world, flow),
        },
    }


def _sector(world: World, flow: Array, j: int, fit: Fit, tilt: float) -> dict[str, Any]:
    """One sector: coefficients as [estimate, standard error], size and quality of the fit, what it moved.

    Correlation and pseudo R2 are of the final flows between fitted economies, cells that were left out aside.
    """
    before = world.flow[j]
    own = _fitted_cells(world) & (flow > 0)
    revived = own & (before == 0)
    fitted = bool(fit.coefficients)
    return {
        "sector": world.sectors[j],
        "coefficients": {name: [value, fit.errors[name]] for name, value in fit.coefficients.items()},
        "tariff_tilt": tilt,
        "observations": fit.observations,
        "pseudo_r2": deviance_explained(before[own], flow[own]) if fitted else None,
        "correlation": correlation(before[own], flow[own]) if fitted else None,
        "revived_cells": int(revived.sum()),
        "revived_value": float(flow[revived].sum()),
        "moved": moved(before, flow),
        "notes": list(fit.notes),
    }


def _fitted_cells(world: World) -> NDArray[np.bool_]:
    """(N, N) pairs of different economies, ROW left out."""
    inside = np.array([code != REST_OF_WORLD for code in world.countries])
    return np.outer(inside, inside) & ~np.eye(len(inside), dtype=bool)


def _steps(world: World, flow: Array, sectors: Sequence[dict[str, Any]]) -> list[dict[str, object]]:
    """Steps for the record, as every other step of the build writes them."""
    kept = [row["sector"] for row in sectors if not row["coefficients"]]
    notes = [f"{row['sector']}: {note}" for row in sectors for note in row["notes"]]
    gdp = 100 * (world.tariff * (flow - world.flow)).sum(axis=(0, 2)) / (world.value_added + world.tariff_revenue)
    worst = int(np.abs(gdp).argmax())
    estimated = [c for c, about in world.provenance.get("countries", {}).items() if about["flows"] == "estimated"]
    touching = np.isin(world.countries, estimated)
    changed = flow != world.flow
    return [
        {"step": "smooth", "what": "sectors fitted by gravity (Poisson, exporter and importer effects)",
         "count": len(sectors) - len(kept), "detail": f"kept as observed: {', '.join(kept) or 'none'}"},
        {"step": "smooth", "what": "cells changed; home sales and flows with ROW kept", "count": int(changed.sum()),
         "detail": f"{moved(world.flow, flow):,.0f} million USD moved between cells"},
        {"step": "smooth", "what": "cells of 0 that became positive", "count": sum(r["revived_cells"] for r in sectors),
         "detail": f"{sum(r['revived_value'] for r in sectors):,.0f} million USD on them"},
        {"step": "smooth", "what": "cells changed that were estimated, not observed, before",
         "count": int(changed[:, touching[:, None] | touching[None, :]].sum()),
         "detail": f"trade of {', '.join(estimated) or 'no economy'}: gravity fitted to estimates"},
        {"step": "smooth", "what": "sectors with effects or dummies left out for want of trade (cells stay 0)",
         "count": sum(bool(row["notes"]) for row in sectors), "detail": "; ".join(notes)},
        {"step": "smooth", "what": "economies whose GDP changes through tariff revenue (deficits move against it)",
         "count": int((gdp != 0).sum()), "detail": f"largest {gdp[worst]:+.2f} % ({world.countries[worst]})"},
    ]  # fmt: skip


def _largest_changes(world: World, flow: Array) -> list[dict[str, Any]]:
    """The LARGEST single cells by absolute change, million USD at the border."""
    change = np.abs(flow - world.flow)
    order = np.argsort(-change, axis=None, kind="stable")[:LARGEST]
    return [
        {
            "sector": world.sectors[j],
            "origin": world.countries[i],
            "destination": world.countries[n],
            "observed": float(world.flow[j, n, i]),
            "smoothed": float(flow[j, n, i]),
        }
        for j, n, i in zip(*np.unravel_index(order, change.shape), strict=True)
    ]


def _status(code: str, about: dict[str, str]) -> dict[str, str]:
    """Status of a country's flows after smoothing; what was estimated stays estimated and says what came on top."""
    if code == REST_OF_WORLD:
        return about
    if about["flows"] == "estimated":
        return {**about, "note": f"{about['note']}; then smoothed: gravity fitted to estimates"}
    return {**about, "flows": "smoothed"}


def _counts(world: World, flow: Array) -> list[dict[str, Any]]:
    """Both partners' counts, none of which the smoothed world holds any more, and before them what it does hold."""
    old = [{**row, "in_world": False} for row in world.provenance.get("counts", [])]
    goods = is_goods(world.sectors)
    fitted = []
    for origin, destination in dict.fromkeys((row["origin"], row["destination"]) for row in old):
        value = flow[goods, world.country(destination), world.country(origin)].sum()
        fitted.append(
            {
                "origin": origin,
                "destination": destination,
                "name": FITTED_COUNT,
                "setter": "",
                "year": str(world.base_year),
                "source": "what gravity fits to the flows of the world; no statistic",
                "value": float(value),
                "in_world": True,
            }
        )
    return [*fitted, *old]
