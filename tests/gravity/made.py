"""Gravity panels of the tests: simulated ones with known effects, and the two files at hand."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.helpers import shared

YEARS = (2000, 2004, 2008, 2012)


def flows(
    countries: int = 12,
    years: tuple[int, ...] = YEARS,
    *,
    effect: float = 0.5,
    noise: float = 0.5,
    home: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """exporter, importer, year, flow, rta, distance: trade with effects of exporter-years, importer-years and (both
    directions alike) pairs, the dummy's `effect`, and a factor of mean 1 whose logarithm has the standard deviation
    `noise`, half of its variance common to a pair's years. A third of the pairs get an agreement in a random later year.
    """
    draw = np.random.default_rng(seed)
    codes = [f"C{k:02d}" for k in range(countries)]
    place = draw.uniform(size=(countries, 2))
    sells, buys = draw.normal(size=(2, countries, len(years))) * 0.7
    rows = []
    for i in range(countries):
        for n in range(i, countries):
            if i == n and not home:
                continue
            close = 0.02 + float(np.hypot(*(place[i] - place[n])))
            pair = -np.log(close) + 0.3 * draw.normal()
            start = draw.integers(1, len(years)) if i != n and draw.uniform() < 1 / 3 else len(years)
            for a, b in ((i, n), (n, i))[: 1 if i == n else 2]:
                shared = draw.normal()
                for t, year in enumerate(years):
                    error = noise * (np.sqrt(0.5) * shared + np.sqrt(0.5) * draw.normal())
                    index = sells[a, t] + buys[b, t] + pair + effect * (t >= start)
                    rows.append((codes[a], codes[b], year, np.exp(index + error - noise**2 / 2), t >= start, close))
    table = pd.DataFrame(rows, columns=["exporter", "importer", "year", "flow", "rta", "distance"])
    return table.astype({"rta": float})


@cache
def handbook() -> pd.DataFrame:
    """The panel of 'An Advanced Guide to Trade Policy Analysis', every fourth year 1986-2006, all its columns."""
    rdata = pytest.importorskip("rdata", reason="needs the readers: pip install comity[validation]")
    path = shared("data", "agtpa", "agtpa_applications.rda")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # R's tibbles are read as the data frames they are
        raw = next(iter(rdata.read_rda(path).values()))
    trade = raw[raw["year"].isin(range(1986, 2007, 4))].rename(columns={"trade": "flow"})
    return trade.assign(ln_distance=np.log(trade["dist"]))


@cache
def penppml() -> pd.DataFrame:
    """exporter, importer, year, flow (million USD) of the R package penppml."""
    pyreadr = pytest.importorskip("pyreadr", reason="needs pyreadr to read R data")
    raw = next(iter(pyreadr.read_r(str(shared("data", "penppml", "trade.rda"))).values()))
    columns = {"exporter": raw["exp"], "importer": raw["imp"], "year": raw["time"]}
    trade = pd.DataFrame({name: values.astype(str) for name, values in columns.items()}).astype({"year": int})
    return trade.assign(flow=raw["export"] / 1e6)
