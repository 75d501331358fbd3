"""Zeros that are probably reports that never came.

Some trade files write 0 where nobody reported. A gravity estimate then takes the missing report for a collapse of
trade, and a sanction dummy, which is 1 for few pairs in few years, takes most of the error. Two patterns give it away:

- a country whose every flow is 0 in a year, although it traded with many partners in other years ("silent");
- a 0 between two countries that both report that year and of which one, in other years, sells a good part of its
  exports to the other ("implausible"). An embargo looks the same, so cells under a sanction of the panel do not count.

Both are signs, not proofs. Thresholds are ours; `docs/estimation.md` shows what they find in two files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from comity.errors import listing

if TYPE_CHECKING:
    import pandas as pd

PARTNERS = 10  # a country that trades with fewer says nothing by silence; in a small panel, half of the others
LARGE = 0.02  # of the exporter's exports, median of the years with trade
REPORTED = 2  # years with trade that make a pair's usual size
SHARE = 0.02  # implausible zeros among the cells of large pairs; AGTPA has 0.9 %, the penppml panel 5.2 %
SHOWN = 8

SIDES = {"exporter": "importer", "importer": "exporter"}


@dataclass(frozen=True, eq=False)
class Flaws:
    """What was found. Tables are empty, not None, where there is nothing.

    Attributes
    ----------
    silent : side, country, sector, year, usual_partners; one row per country, sector and year without any trade
    implausible : exporter, importer, sector, year, usual_share (of the exporter's exports), expected (in the unit of
        the flows), by falling `expected`
    large_cells : rows of large pairs that were looked at, the implausible ones included
    under_sanction : zeros of large pairs under a sanction of the panel, which are not counted
    """

    silent: pd.DataFrame
    implausible: pd.DataFrame
    large_cells: int
    under_sanction: int

    @property
    def share(self) -> float:
        """Implausible zeros among the cells of large pairs."""
        return len(self.implausible) / self.large_cells if self.large_cells else 0.0

    @property
    def suspicious(self) -> bool:
        """Whether zeros look like missing reports."""
        return len(self.silent) > 0 or self.share > SHARE

    def lines(self) -> list[str]:
        """One sentence per pattern, with names and counts."""
        found = []
        for side, rows in self.silent.groupby("side", sort=True):
            names = [f"{c} {_years(part['year'])}" for c, part in rows.groupby("country", sort=True)]
            word = "exports" if side == "exporter" else "imports"
            cells = len(rows)
            found.append(f"silent years: {word} all 0 in {cells} country-years: {listing(names, SHOWN)}")
        if len(self.implausible):
            pairs = self.implausible.groupby(["exporter", "importer"], sort=False)
            names = [f"{a}->{b} {_years(part['year'])}" for (a, b), part in pairs]
            found.append(
                f"implausible zeros: {len(self.implausible)} of {self.large_cells} cells of large pairs "
                f"({100 * self.share:.1f} %): {listing(names, SHOWN)}"
            )
        if self.under_sanction:
            found.append(f"zeros of large pairs under a sanction, taken as true: {self.under_sanction}")
        return found


def find_flaws(frame: pd.DataFrame, sanctions: tuple[str, ...] = ()) -> Flaws:
    """Look for both patterns in flows between different countries.

    Parameters
    ----------
    frame : columns exporter, importer, year, sector, flow and the dummies named in `sanctions`
    """
    abroad = frame[frame["exporter"] != frame["importer"]].copy()
    abroad["positive"] = abroad["flow"] > 0
    countries = len(set(abroad["exporter"]) | set(abroad["importer"]))
    least = min(PARTNERS, max(2, (countries - 1) // 2))
    silent = _silent(abroad, least)
    implausible, cells, excused = _implausible(abroad, least, sanctions)
    return Flaws(silent, implausible, cells, excused)


def _silent(abroad: pd.DataFrame, least: int) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for side in SIDES:
        found = abroad.groupby([side, "sector", "year"], as_index=False, sort=True)["positive"].agg(["size", "sum"])
        trading = found[found["sum"] > 0]
        usual = trading.groupby([side, "sector"])["sum"].median().rename("usual_partners")
        quiet = found[(found["sum"] == 0) & (found["size"] >= least)].merge(usual, on=[side, "sector"], how="left")
        quiet = quiet[quiet["usual_partners"] >= least].rename(columns={side: "country"}).assign(side=side)
        parts.append(quiet[["side", "country", "sector", "year", "usual_partners"]])
    return pd.concat(parts, ignore_index=True)


def _implausible(abroad: pd.DataFrame, least: int, sanctions: tuple[str, ...]) -> tuple[pd.DataFrame, int, int]:
    sells, buys = ["exporter", "sector", "year"], ["importer", "sector", "year"]
    exports = abroad.groupby(sells)["flow"].transform("sum").to_numpy()
    partners = np.minimum(
        abroad.groupby(sells)["positive"].transform("sum").to_numpy(),
        abroad.groupby(buys)["positive"].transform("sum").to_numpy(),
    )
    share = np.divide(abroad["flow"].to_numpy(), exports, out=np.zeros(len(abroad)), where=exports > 0)
    abroad = abroad.assign(share=share, exports=exports)
    seen = abroad[abroad["positive"]].groupby(["exporter", "importer", "sector"])["share"].agg(["size", "median"])
    usual = abroad[["exporter", "importer", "sector"]].merge(
        seen, left_on=["exporter", "importer", "sector"], right_index=True, how="left"
    )
    large = (usual["size"].to_numpy() >= REPORTED) & (usual["median"].to_numpy() >= LARGE) & (partners >= least)
    at = abroad[large].assign(usual_share=usual["median"].to_numpy()[large])
    zero = at[~at["positive"]]
    excused = zero[list(sanctions)].to_numpy().any(axis=1) if sanctions else np.zeros(len(zero), dtype=bool)
    kept = zero[~excused].assign(expected=lambda rows: rows["usual_share"] * rows["exports"])
    columns = ["exporter", "importer", "sector", "year", "usual_share", "expected"]
    table = kept[columns].sort_values("expected", ascending=False, ignore_index=True)
    return table, int(large.sum()) - int(excused.sum()), int(excused.sum())


def _years(column: pd.Series) -> str:
    years = sorted({int(year) for year in column})
    return str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]} ({len(years)})"
