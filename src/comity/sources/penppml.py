"""Bilateral exports 1964-2016 every fourth year (UN Comtrade), as published with the R package penppml.

Zeros mix true zeros with missing reports, so only single pairs that are reported are taken from it, by hand, into
assumptions.yaml; this reader lets a test compare them with the source.
"""

from __future__ import annotations

from pathlib import Path

from comity.errors import InputError
from comity.sources import Source, check_columns, require

SOURCE = Source(
    "comtrade-penppml",
    "Bilateral exports 2016 (UN Comtrade), data of the R package penppml",
    "Breinlich, Corradi, Rocha, Ruta, Santos Silva, Zylkin (2021), Machine Learning in International Trade Research, "
    "World Bank Policy Research Working Paper 9629",
    "package MIT; UN Comtrade, cited",
    "trade of Iran with Russia, which BACI 2023 lacks",
    "@techreport{breinlich_2021, author={Breinlich, Holger and Corradi, Valentina and Rocha, Nadia and Ruta, Michele "
    "and Santos Silva, J.M.C. and Zylkin, Thomas}, title={Machine Learning in International Trade Research}, "
    "institution={World Bank}, number={9629}, year={2021}}",
)


def read_pair(path: Path, origin: str, destination: str, year: int) -> float:
    """Exports of a pair in million USD. Raises InputError for a missing file, other columns or no report."""
    try:
        import pyreadr
    except ImportError:
        raise InputError("package pyreadr", "needed to read R data", advice="pip install pyreadr") from None
    frame = next(iter(pyreadr.read_r(str(require(path, "the penppml data"))).values()))
    check_columns(list(frame.columns), ["exp", "imp", "time", "export"], path.name)
    rows = frame[(frame["exp"] == origin) & (frame["imp"] == destination) & (frame["time"].astype(str) == str(year))]
    if len(rows) != 1:
        raise InputError(path.name, f"no report of {origin} to {destination} in {year}", found=f"{len(rows)} rows")
    return float(rows["export"].iloc[0]) / 1e6
