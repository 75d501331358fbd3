"""Data of Eaton & Kortum (2002) as kept by M. Waugh (github.com/mwaugh0328/julia-eaton-kortum, folder ek-data).

19 OECD countries, 1990, manufactures. `ek-data.csv` has one line for each importer and exporter (own trade included),
`ek-cntryfix.csv` the geography of the 342 pairs of different countries. Neither file names the countries; their order
is alphabetical by English name, as in the tables of the paper.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError
from comity.sources import Source, check_columns, opened

Array = NDArray[np.float64]

SOURCE = Source(
    "eaton-kortum-2002",
    "Data of 'Technology, Geography, and Trade', in the copy of M. Waugh's julia-eaton-kortum",
    "Eaton, Kortum (2002), Econometrica 70(5), 1741-1779; Waugh (2021), julia-eaton-kortum",
    "repository MIT",
    "the gravity estimates and the gains from trade of that paper",
    "@article{eaton_kortum_2002, author={Eaton, Jonathan and Kortum, Samuel}, title={Technology, Geography, and "
    "Trade}, journal={Econometrica}, volume={70}, number={5}, pages={1741--1779}, year={2002}}",
)

COUNTRIES = "AUS AUT BEL CAN DNK FIN FRA DEU GRC ITA JPN NLD NZL NOR PRT ESP SWE GBR USA".split()
DISTANCE_BINS = ("bin375", "bin750", "bin1500", "bin3000", "bin6000", "binmax")
GEOGRAPHY = (*DISTANCE_BINS, "border", "sharedlanguage", "europeancom", "efta")


@dataclass(frozen=True)
class EatonKortum:
    """normalised_trade (N, N): ln(X'_ni / X'_nn) of importer n and exporter i, the left side of the paper's equation
    (28), where ln X'_ni = ln X_ni - (1 - beta) / beta ln(X_i / X_ii); zero on the diagonal. geography (N, N, 10): the
    dummies GEOGRAPHY, zero on the diagonal."""

    countries: tuple[str, ...]
    normalised_trade: Array
    geography: Array


def read_eaton_kortum(folder: Path) -> EatonKortum:
    """Read the two tables in `folder`/ek-data. Raises InputError for a missing, damaged or incomplete file."""
    n = len(COUNTRIES)
    trade = _square(folder / "ek-data" / "ek-data.csv", ("trade",), own=True)[:, :, 0]
    return EatonKortum(
        countries=tuple(COUNTRIES),
        normalised_trade=np.where(np.eye(n, dtype=bool), 0.0, trade),
        geography=_square(folder / "ek-data" / "ek-cntryfix.csv", GEOGRAPHY, own=False),
    )


def _square(path: Path, columns: tuple[str, ...], own: bool) -> Array:
    """(N, N, columns) of a table with lines by importer and exporter, numbered from 1; every pair must stand once."""
    n = len(COUNTRIES)
    table = np.full((n, n, len(columns)), np.nan)
    with opened(path, "a table of Eaton & Kortum (2002)") as file:
        reader = csv.DictReader(file)
        check_columns(list(reader.fieldnames or []), ["importer", "exporter", *columns], path.name)
        for line, row in enumerate(reader, start=2):
            try:
                cell = int(row["importer"]) - 1, int(row["exporter"]) - 1
                values = [float(row[name]) for name in columns]
            except (ValueError, TypeError):
                raise InputError(f"{path.name}, line {line}", "numbers are needed", found=dict(row)) from None
            if min(cell) < 0 or max(cell) >= n or not np.isnan(table[cell]).all():
                raise InputError(f"{path.name}, line {line}", "a pair outside the 19 countries or given twice")
            table[cell] = values
    if not own:
        table[np.diag_indices(n)] = 0.0
    if not np.isfinite(table).all():
        missing = int(np.isnan(table).any(axis=2).sum())
        raise InputError(path.name, "pairs are missing: another edition of the file?", found=f"{missing} missing")
    return table
