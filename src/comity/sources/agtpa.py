"""Panel and published results of 'An Advanced Guide to Trade Policy Analysis' (WTO and UNCTAD 2016).

Manufacturing trade of 69 countries 1986-2006, domestic sales included, and the results of three general-equilibrium
experiments by country, as distributed with the R edition of the book (repository pachadotdev/tradepolicy).
Romania is ROM there.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd

from comity.errors import InputError
from comity.sources import Source, check_columns, require, unreadable

SOURCE = Source(
    "agtpa",
    "An Advanced Guide to Trade Policy Analysis: data and results of the applications",
    "Yotov, Piermartini, Monteiro, Larch (2016), An Advanced Guide to Trade Policy Analysis: The Structural Gravity "
    "Model, WTO and UNCTAD; data distributed with the R edition by Vargas Sepulveda",
    "CC BY 4.0",
    "published gravity estimates and general-equilibrium results that the solver is compared with",
    "@book{yotov_2016, author={Yotov, Yoto V. and Piermartini, Roberta and Monteiro, Jos{\\'e}-Antonio and "
    "Larch, Mario}, title={An Advanced Guide to Trade Policy Analysis: The Structural Gravity Model}, "
    "publisher={World Trade Organization and United Nations Conference on Trade and Development}, year={2016}}",
)

PANEL_COLUMNS = ("exporter", "importer", "pair_id", "year", "trade", "dist", "cntg", "lang", "clny", "rta")
RESULT_COLUMNS = (
    *("Y_BLN", "Y_FULL", "Xi_BLN", "Xi_CDL", "Xi_FULL", "OMR_BLN", "OMR_CDL", "IMR_BLN", "IMR_FULL"),
    *("change_price_FULL", "change_IMR_CDL", "change_IMR_FULL", "change_Xi_CDL", "change_Xi_FULL"),
)


def read_panel(path: Path) -> pd.DataFrame:
    """The panel: a row per exporter, importer and year; trade in million USD, dist in km, the rest dummies.

    Raises InputError for a missing or damaged file, other columns, or a reader of R data that is not installed.
    """
    try:
        import rdata
    except ImportError:
        advice = "pip install 'comity[validation]'"
        raise InputError("package rdata", "needed to read R data, not installed", advice=advice) from None
    require(path, "the panel of the applications")
    try:
        with warnings.catch_warnings():  # R's tibbles are read as the data frames they are
            warnings.filterwarnings("ignore", message="Missing constructor for R class", category=UserWarning)
            warnings.filterwarnings("error", message="Unknown file type", category=UserWarning)
            frame = next(iter(rdata.read_rda(path).values()))
    except Exception as problem:  # a damaged file ends the parser in many ways
        raise unreadable(path, problem) from None
    check_columns(list(frame.columns), list(PANEL_COLUMNS), path.name)
    panel = frame[list(PANEL_COLUMNS)].astype({"exporter": str, "importer": str, "pair_id": int, "year": int})
    return panel.reset_index(drop=True)


def read_results(folder: Path, name: str) -> pd.DataFrame:
    """Published results of one experiment by country: NAME_PROD.dta joined with NAME_CONS.dta.

    BLN is the baseline, CDL the conditional and FULL the full-endowment equilibrium. Y is output and Xi are exports
    without home sales, million USD; OMR and IMR are the multilateral resistances to the power 1 - sigma, those of
    Germany as importer 1. The columns change_* are per cent. Raises InputError like `read_panel`.
    """
    sides = []
    for side in ("PROD", "CONS"):
        path = require(folder / f"{name}_{side}.dta", "a result of the applications")
        try:
            frame = pd.read_stata(path)
        except ValueError as problem:
            raise unreadable(path, problem) from None
        check_columns(list(frame.columns), ["country"], path.name)
        sides.append(frame.set_index("country"))
    joined = sides[0].join(sides[1], how="outer")
    check_columns(list(joined.columns), list(RESULT_COLUMNS), f"{name}_PROD.dta and {name}_CONS.dta")
    return joined.sort_index()
