"""Regressions of 'An Advanced Guide to Trade Policy Analysis' (WTO and UNCTAD 2016), digit by digit.

Published: the book's tables 1 (PPML column) and 3 (PPML columns), three digits; four digits in the log of the R edition
(Vargas Sepulveda, pachadotdev/tradepolicy), which are the ones below. 69 countries, every fourth year 1986-2006.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from comity import gravity
from tests.gravity.made import handbook

pytest.importorskip("pyfixest", reason="needs the extra: pip install comity[gravity]")

DIGITS = 0.5e-4 + 1e-9  # four printed digits
GEOGRAPHY = ("ln_distance", "cntg", "lang", "clny")
LAGS = ("rta_lag4", "rta_lag8", "rta_lag12")
BORDERS = tuple(f"border_{year}" for year in range(1986, 2003, 4))
YEARLY = ("exporter-year", "importer-year")

# name: (effects, rows used, printed coefficient and standard error by regressor)
Printed = dict[str, tuple[float, float]]
TABLES: dict[str, tuple[tuple[str, ...], bool, int, Printed]] = {
    "table 1, PPML": (YEARLY, False, 28152, {
        "ln_distance": (-0.8409, 0.0317), "cntg": (0.4374, 0.0832), "lang": (0.2475, 0.0765), "clny": (-0.2225, 0.1162)}),
    "table 3, PPML": (YEARLY, False, 28152, {
        "ln_distance": (-0.8216, 0.0310), "cntg": (0.4155, 0.0828), "lang": (0.2499, 0.0767), "clny": (-0.2054, 0.1143),
        "rta": (0.1907, 0.0658)}),
    "table 3, INTRA": ((*YEARLY, "home"), True, 28566, {
        "ln_distance": (-0.8003, 0.0303), "cntg": (0.3932, 0.0789), "lang": (0.2437, 0.0771), "clny": (-0.1822, 0.1134),
        "rta": (0.4085, 0.0688)}),
    "table 3, ENDG": ((*YEARLY, "pair"), True, 28482, {"rta": (0.5572, 0.1022)}),
    "table 3, LEAD": ((*YEARLY, "pair"), True, 28482, {"rta": (0.5200, 0.0859), "rta_lead4": (0.0774, 0.0921)}),
    "table 3, PHSNG": ((*YEARLY, "pair"), True, 28482, {
        "rta": (0.2914, 0.0892), "rta_lag4": (0.4135, 0.0672), "rta_lag8": (0.1687, 0.0431), "rta_lag12": (0.1189, 0.0301)}),
    "table 3, GLBZN": ((*YEARLY, "pair"), True, 28482, {
        "rta": (0.1157, 0.0867), "rta_lag4": (0.2877, 0.0617), "rta_lag8": (0.0693, 0.0482), "rta_lag12": (0.0024, 0.0291),
        "border_1986": (-0.7056, 0.0478), "border_1990": (-0.4803, 0.0429), "border_1994": (-0.3665, 0.0335),
        "border_1998": (-0.1581, 0.0233), "border_2002": (-0.1409, 0.0169)}),
}  # fmt: skip


@pytest.fixture(scope="module")
def panels() -> dict[bool, gravity.Panel]:
    """Without and with home sales."""
    trade = handbook().copy()
    abroad = trade["exporter"] != trade["importer"]
    for name in BORDERS:
        trade[name] = (abroad & (trade["year"] == int(name[-4:]))).astype(float)
    covariates = (*GEOGRAPHY, "rta_lead4", *LAGS, *BORDERS)
    return {
        home: gravity.build_panel(trade if home else trade[abroad], policies=["rta"], covariates=covariates)
        for home in (False, True)
    }


QUICK = ("table 1, PPML", "table 3, PPML", "table 3, ENDG")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TABLES]
)
def test_printed_table(panels: dict[bool, gravity.Panel], name: str) -> None:
    effects, home, rows, printed = TABLES[name]
    covariates = [regressor for regressor in printed if regressor != "rta"]
    policies = ["rta"] if "rta" in printed else []
    found = gravity.estimate(panels[home], effects=effects, policies=policies, covariates=covariates).by_sector["all"]
    assert found.used == rows and not found.absent
    for regressor, (coefficient, error) in printed.items():
        k = found.place(regressor)
        assert found.coefficient[k] == pytest.approx(coefficient, abs=DIGITS), regressor
        assert found.standard_error[k] == pytest.approx(error, abs=DIGITS), regressor


def test_pairs_that_never_trade_are_left_out_by_name(panels: dict[bool, gravity.Panel]) -> None:
    found = gravity.estimate(panels[True], covariates=[]).by_sector["all"]
    # the book: seven pairs, in both directions and six years
    assert found.separated == {"pair": 7 * 2 * 6} and not found.singletons
    assert len(found.separated_levels["pair"]) == 7 and "MMR-PAN" in found.separated_levels["pair"]
    assert found.switching["rta"] == 517


@pytest.mark.slow
def test_bootstrap_of_the_agreements_effect(panels: dict[bool, gravity.Panel]) -> None:
    """By pair it spreads like the clustered error 0.102; by country wider, but less than the square root of three,
    as far as pairs are independent of each other."""
    found = gravity.estimate(panels[True], covariates=[])
    error = found.by_sector["all"].standard_error[0]
    spread = {
        by: gravity.bootstrap(panels[True], found, by=by, draws=40, seed=1).spread[0, 0]  # type: ignore[arg-type]
        for by in ("pair", "country")
    }
    # three standard errors of a spread from 40 draws are 34 %
    assert spread["pair"] == pytest.approx(error, rel=0.34)
    assert error < spread["country"] < np.sqrt(3) * error * 1.34
    pd.testing.assert_index_equal(found.frame.columns[:3], pd.Index(["sector", "name", "coefficient"]))
