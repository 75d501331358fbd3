"""CEPII GeoDist: distance, common border, language and colonial ties of pairs of countries.

The file has the codes of its time: Congo (Kinshasa) is ZAR, Romania ROM. Distances are in kilometres; the one weighted
by the population of the largest cities is used, because trade starts and ends where people are.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError
from comity.sources import Source, check_columns, missing_extra, require, unreadable

Array = NDArray[np.float64]

SOURCE = Source(
    "cepii-geodist",
    "GeoDist: distances and ties of pairs of countries, as published with the R package cepiigeodist",
    "Mayer, Zignago (2011), Notes on CEPII's distances measures: The GeoDist database, CEPII WP 2011-25",
    "package CC0; CEPII, attribution",
    "covariates of the gravity fit behind the smoothed worlds",
    "@techreport{mayer_zignago_2011, author={Mayer, Thierry and Zignago, Soledad}, title={Notes on CEPII's distances "
    "measures: The GeoDist database}, institution={CEPII}, number={2011-25}, year={2011}}",
)
FILE = "dist_cepii.rda"
OLD_CODES = {"COD": "ZAR", "ROU": "ROM"}
COLUMNS = {"distance": "distw", "contiguity": "contig", "language": "comlang_off", "colony": "colony"}


@dataclass(frozen=True)
class Geodist:
    """Pairs as (N, N) [importer, exporter]: distance in km, weighted by population; three dummies, 0 or 1."""

    countries: tuple[str, ...]
    distance: Array
    contiguity: Array
    language: Array
    colony: Array


def read_geodist(folder: Path, countries: Sequence[str]) -> Geodist:
    """The pairs of `countries` (ISO3) from dist_cepii.rda.

    Raises
    ------
    InputError : the package rdata is missing; a file that is not there or damaged; columns missing; a country the file
        does not have; a pair without distance.
    """
    frame = _frame(folder / FILE)
    check_columns([str(name) for name in frame.columns], ["iso_o", "iso_d", *COLUMNS.values()], FILE)
    codes = [OLD_CODES.get(code, code) for code in countries]
    known = set(frame["iso_o"].astype(str))
    unknown = [code for code, old in zip(countries, codes, strict=True) if old not in known]
    if unknown:
        raise InputError(FILE, "countries without a row", found=unknown)
    squares = {name: _square(frame, column, codes) for name, column in COLUMNS.items()}
    abroad = ~np.eye(len(codes), dtype=bool)
    if not (squares["distance"][abroad] > 0).all():
        bad = np.argwhere(abroad & ~(squares["distance"] > 0))[0]
        raise InputError(FILE, "a pair without distance", found=" and ".join(countries[int(place)] for place in bad))
    return Geodist(tuple(countries), **squares)


def _frame(path: Path) -> Any:
    """The one table of the file."""
    try:
        from rdata import read_rda
    except ImportError:
        raise missing_extra("rdata") from None
    require(path, "the GeoDist table")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Unknown file type", category=UserWarning)
            # the table carries R classes of its own ("tbl_df"), which are plain data frames
            warnings.filterwarnings("ignore", message="Missing constructor for R class", category=UserWarning)
            objects = read_rda(path)
    except Exception as problem:  # a damaged file ends the parser in many ways
        raise unreadable(path, problem) from None
    table = objects.get(path.stem)
    if not hasattr(table, "pivot"):
        raise InputError(path.name, f"no table {path.stem} in it", found=", ".join(map(str, objects)))
    return table


def _square(frame: Any, column: str, codes: list[str]) -> Array:
    """One column as (N, N) [importer, exporter]; what is not a number becomes NaN ("." stands for missing)."""
    import pandas as pd

    table = frame.assign(value=pd.to_numeric(frame[column], errors="coerce"))
    square = table.pivot(index="iso_d", columns="iso_o", values="value").reindex(index=codes, columns=codes)
    return np.asarray(square.to_numpy(dtype=np.float64))
