"""Data files of Caliendo & Parro (2015): 30 countries and the rest of the world, 40 sectors, 1993; tariffs 1993, 2005.

Seven tab-separated tables: xbilat1993, tariffs1993, tariffs2005 (20 traded sectors stacked, rows importers, columns
exporters), IO (countries stacked, rows input, columns using sector), B and GO (sectors x countries), T (20 thetas).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError
from comity.sources import Source, require, unreadable

Array = NDArray[np.float64]

SOURCE = Source(
    "caliendo-parro-2015",
    "Data of 'Estimates of the Trade and Welfare Effects of NAFTA'",
    "Caliendo, Parro (2015), Review of Economic Studies 82(1), 1-44, supplementary data",
    "no licence stated: read from the user's own copy, never shipped",
    "the NAFTA results of that paper",
    "@article{caliendo_parro_2015, author={Caliendo, Lorenzo and Parro, Fernando}, title={Estimates of the Trade and "
    "Welfare Effects of NAFTA}, journal={Review of Economic Studies}, volume={82}, number={1}, pages={1--44}, "
    "year={2015}}",
)

COUNTRIES = tuple(
    "ARG AUS AUT BRA CAN CHL CHN DNK FIN FRA DEU GRC HUN IND IDN IRL ITA JPN KOR MEX NLD NZL NOR PRT ZAF ESP SWE TUR "
    "GBR USA ROW".split()
)
TRADED = tuple(
    "Agriculture,Mining,Food,Textile,Wood,Paper,Petroleum,Chemicals,Plastic,Minerals,Basic metals,Metal products,"
    "Machinery n.e.c.,Office,Electrical,Communication,Medical,Auto,Other transport,Other".split(",")
)
NON_TRADED = tuple(f"Non-traded {k}" for k in range(1, 21))
NON_TRADED_THETA = 8.22  # the authors' convention; without trade it plays no role
TRADE_UNIT = 1000.0  # the trade file is in thousand dollars, output in dollars


@dataclass(frozen=True)
class CaliendoParro:
    """imports (J, N, N) net of tariff and tariff rates (J, N, N) by year, zero for non-traded sectors;
    value_added_share and output (J, N); materials (K, J, N) adding to one over inputs; theta (J,). Dollars of 1993."""

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    imports: Array
    tariff_1993: Array
    tariff_2005: Array
    value_added_share: Array
    output: Array
    materials: Array
    theta: Array


def read_caliendo_parro(folder: Path) -> CaliendoParro:
    """Read the seven tables of `folder`. Raises InputError for a missing, damaged or differently shaped file."""
    n, traded, sectors = len(COUNTRIES), len(TRADED), len(TRADED) + len(NON_TRADED)

    def stacked(name: str) -> Array:
        table = _table(folder, name, (traded * n, n)).reshape(traded, n, n)
        return np.concatenate([table, np.zeros((sectors - traded, n, n))])

    theta = _table(folder, "T.txt", (traded, 1)).ravel()
    return CaliendoParro(
        countries=COUNTRIES,
        sectors=(*TRADED, *NON_TRADED),
        imports=stacked("xbilat1993.txt") * TRADE_UNIT,
        tariff_1993=stacked("tariffs1993.txt") / 100,
        tariff_2005=stacked("tariffs2005.txt") / 100,
        value_added_share=_table(folder, "B.txt", (sectors, n)),
        output=_table(folder, "GO.txt", (sectors, n)),
        materials=_table(folder, "IO.txt", (n * sectors, sectors)).reshape(n, sectors, sectors).transpose(1, 2, 0),
        theta=np.concatenate([theta, np.full(len(NON_TRADED), NON_TRADED_THETA)]),
    )


def _table(folder: Path, name: str, shape: tuple[int, int]) -> Array:
    """The numbers of one file, or an InputError that says which file and which shape was expected."""
    path = require(folder / name, "a table of Caliendo & Parro (2015)")
    try:
        table = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as problem:
        raise unreadable(path, problem) from None
    if table.shape != shape:
        raise InputError(name, "wrong shape: another edition of the file?", found=table.shape, allowed=f"{shape}")
    return table
