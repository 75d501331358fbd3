"""The panel of a gravity estimate: flows, policy dummies and covariates by exporter, importer, year and sector.

Nothing is filled or dropped without being counted: the `Report` of a panel says what was given, what is missing, what
is zero, and which zeros look like missing reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from comity.errors import InputError, listing, nearest
from comity.gravity.flaws import Flaws, find_flaws
from comity.gravity.policies import CELL, Policy
from comity.sources import check_columns

if TYPE_CHECKING:
    import pandas as pd

KEY = ["exporter", "importer", "year", "sector"]
ONE_SECTOR = "all"
Missing = Literal["leave", "zero"]


@dataclass(frozen=True, eq=False)
class Report:
    """What went into a panel, in rows (exporter, importer, year and sector).

    Attributes
    ----------
    given, home : rows of flows between countries and of home sales
    unreported : rows whose flow was given as missing; they are left out like rows that were not given
    absent : rows between countries that a full square would have and the file has not
    filled : absent and unreported rows that were set to zero because `missing="zero"` asked for it
    zeros : rows with flow 0, the filled ones included
    home_missing : country-years with exports but without home sales, where there are home sales at all
    placed, unplaced : by policy, cells that found a row of the panel and cells that found none
    flaws : zeros that look like missing reports
    """

    given: int
    home: int
    unreported: int
    absent: int
    filled: int
    zeros: int
    home_missing: int
    placed: Mapping[str, int]
    unplaced: Mapping[str, int]
    flaws: Flaws

    def lines(self) -> list[str]:
        """The report as sentences."""
        found = [
            f"{self.given} flows between countries, {self.home} home sales; {self.zeros} flows are 0",
            f"{self.absent} cells of the full square have no row, {self.unreported} are given as missing; "
            f"{self.filled} of them were set to 0",
        ]
        if self.home_missing:
            found.append(f"home sales are missing in {self.home_missing} country-years")
        for name, count in self.placed.items():
            found.append(f"{name} is 1 in {count} rows; {self.unplaced[name]} of its cells are not in the panel")
        return [*found, *self.flaws.lines()]


@dataclass(frozen=True, eq=False)
class Panel:
    """`frame`: exporter, importer, year, sector, flow, then the dummies and covariates as float; sorted by
    sector, year, exporter, importer. `policies` are all dummies, `sanctions` those of them that are sanctions."""

    frame: pd.DataFrame
    policies: tuple[str, ...]
    sanctions: tuple[str, ...]
    covariates: tuple[str, ...]
    report: Report

    @property
    def sectors(self) -> tuple[str, ...]:
        return tuple(sorted(self.frame["sector"].unique()))

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(int(year) for year in sorted(self.frame["year"].unique()))

    @property
    def countries(self) -> tuple[str, ...]:
        """Exporters and importers."""
        return tuple(sorted(set(self.frame["exporter"]) | set(self.frame["importer"])))


def build_panel(
    flows: pd.DataFrame,
    *,
    home: pd.DataFrame | None = None,
    policies: Sequence[Policy | str] = (),
    sanctions: Sequence[str] = (),
    covariates: Sequence[str] = (),
    bilateral: pd.DataFrame | None = None,
    missing: Missing = "leave",
) -> Panel:
    """A panel from tidy tables.

    Parameters
    ----------
    flows : columns exporter, importer, year, flow (any unit, not negative) and perhaps sector; rows with
        exporter = importer are home sales
    home : home sales, columns country, year, flow and perhaps sector, if they are not in `flows`
    policies : `Policy` objects, or names of 0/1 columns of `flows`
    sanctions : which of the columns named in `policies` are sanctions (a `Policy` knows it)
    covariates : names of numeric columns of `flows` or of `bilateral`, e.g. the logarithm of distance
    bilateral : exporter, importer, perhaps year, and covariates; every row of the panel must find its row
    missing : what cells without a report become: "leave" (no row) or "zero", as in Chowdhry et al. (2024)

    Raises
    ------
    InputError : columns missing; a flow that is negative, infinite or no number; a row twice; a dummy that is not 0 or
        1; a covariate without a value; a name used twice; a policy that is 1 nowhere in the panel.
    """
    if missing not in ("leave", "zero"):
        raise InputError("missing", "unknown rule for missing flows", found=missing, allowed=["leave", "zero"])
    columns = [name for name in policies if isinstance(name, str)]
    _check_names(flows, policies, sanctions, covariates, bilateral)
    own = [name for name in covariates if bilateral is None or name not in bilateral.columns]
    frame = _tidy(flows, [*columns, *own], "flows")
    if home is not None:
        frame = _with_home(frame, home, [*columns, *own])
    _check_unique(frame)
    unreported = frame["flow"].isna()
    between = frame["exporter"] != frame["importer"]
    counted = int((unreported & between).sum())
    frame, absent, filled = _square(frame[~unreported], counted, missing, own, columns)
    if bilateral is not None:
        frame = _joined(frame, bilateral, [name for name in covariates if name not in own])
    frame, placed, unplaced = _placed(frame, policies)
    _check_values(frame, columns, covariates)
    names = tuple(p if isinstance(p, str) else p.name for p in policies)
    banned = (*sanctions, *(p.name for p in policies if isinstance(p, Policy) and p.kind == "sanction"))
    frame = frame.sort_values(["sector", "year", "exporter", "importer"], ignore_index=True)
    frame = frame[[*KEY, "flow", *names, *covariates]].astype(dict.fromkeys((*names, *covariates), float))
    here = frame["exporter"] == frame["importer"]
    report = Report(
        given=int((~here).sum()) - filled,
        home=int(here.sum()),
        unreported=counted,
        absent=absent,
        filled=filled,
        zeros=int((frame["flow"] == 0).sum()),
        home_missing=_home_missing(frame, here.to_numpy()),
        placed=placed,
        unplaced=unplaced,
        flaws=find_flaws(frame, banned),
    )
    return Panel(frame, names, banned, tuple(covariates), report)


# -- reading -------------------------------------------------------------------------------------------


def _check_names(
    flows: pd.DataFrame,
    policies: Sequence[Policy | str],
    sanctions: Sequence[str],
    covariates: Sequence[str],
    bilateral: pd.DataFrame | None,
) -> None:
    names = [p if isinstance(p, str) else p.name for p in policies] + list(covariates)
    twice = sorted({name for name in names if names.count(name) > 1} | (set(names) & {*KEY, "flow"}))
    if twice:
        raise InputError("panel", "a name is used twice", found=twice)
    columns = {p for p in policies if isinstance(p, str)}
    strange = [name for name in sanctions if name not in columns]
    if strange:
        raise InputError(
            "sanctions", "not a column named in policies", found=strange[0], nearest=nearest(strange[0], columns)
        )
    there = set(flows.columns) | (set() if bilateral is None else set(bilateral.columns))
    for name in (*columns, *covariates):
        if name not in there:
            raise InputError("panel", "no such column", found=name, nearest=nearest(name, there))


def _tidy(table: pd.DataFrame, more: Sequence[str], where: str) -> pd.DataFrame:
    """KEY, flow and `more`, with types checked; a flow may still be missing."""
    import pandas as pd

    check_columns([str(name) for name in table.columns], ["exporter", "importer", "year", "flow"], where)
    frame = table[["exporter", "importer", "year", "flow", *more]].copy()
    frame["sector"] = table["sector"].astype(str) if "sector" in table.columns else ONE_SECTOR
    for side in ("exporter", "importer"):
        frame[side] = frame[side].astype(str).str.strip()
        if frame[side].isin(["", "nan", "None", "<NA>"]).any():
            raise InputError(
                f"{where}, column {side}", "a row without a country", found=_first(frame, frame[side] == "")
            )
    year = pd.to_numeric(frame["year"].astype(str), errors="coerce")
    if (year.isna() | (year % 1 != 0)).any():
        raise InputError(
            f"{where}, column year", "not a year", found=frame["year"][year.isna() | (year % 1 != 0)].iloc[0]
        )
    frame["year"] = year.astype(int)
    flow = pd.to_numeric(frame["flow"], errors="coerce").astype(float)
    wrong = flow.isna() & frame["flow"].notna()
    if wrong.any() or np.isinf(flow).any():
        bad = wrong | np.isinf(flow)
        raise InputError(f"{where}, column flow", "not a finite number", found=frame["flow"][bad].iloc[0])
    if (flow < 0).any():
        count = int((flow < 0).sum())
        raise InputError(f"{where}, column flow", f"negative flows in {count} rows", found=_first(frame, flow < 0))
    frame["flow"] = flow
    return frame


def _first(frame: pd.DataFrame, rows: pd.Series) -> str:
    some = frame[rows]
    return "" if some.empty else " ".join(str(value) for value in some[KEY].iloc[0])


def _with_home(frame: pd.DataFrame, home: pd.DataFrame, more: Sequence[str]) -> pd.DataFrame:
    """`frame` and the home sales; what is not given for them (dummies, covariates) is 0."""
    import pandas as pd

    check_columns([str(name) for name in home.columns], ["country", "year", "flow"], "home")
    rows = _tidy(home.assign(exporter=home["country"], importer=home["country"]), [], "home")
    return pd.concat([frame, rows.assign(**dict.fromkeys(more, 0.0))], ignore_index=True)


def _check_unique(frame: pd.DataFrame) -> None:
    twice = frame.duplicated(KEY)
    if twice.any():
        raise InputError("flows", f"{int(twice.sum())} rows are there twice", found=_first(frame, twice))


def _square(
    frame: pd.DataFrame, unreported: int, missing: Missing, own: Sequence[str], dummies: Sequence[str]
) -> tuple[pd.DataFrame, int, int]:
    """The frame, filled if asked for; how many cells have no row, and how many of these (and of the unreported) were
    filled. The square: every exporter with every importer, each in all years and sectors of the file."""
    import pandas as pd

    abroad = frame[frame["exporter"] != frame["importer"]]
    levels = [sorted(abroad[name].unique()) for name in KEY]
    same = len(set(levels[0]) & set(levels[1]))
    cells = (len(levels[0]) * len(levels[1]) - same) * len(levels[2]) * len(levels[3])
    lacking = cells - len(abroad)
    if missing == "leave" or lacking == 0:
        return frame, lacking - unreported, 0
    if own or dummies:
        names = listing([*own, *dummies])
        raise InputError(
            "missing", "rows cannot be added where columns of flows hold other values", found=names,
            advice="Give covariates as `bilateral` and dummies as Policy objects.",
        )  # fmt: skip
    full = pd.MultiIndex.from_product(levels, names=KEY).to_frame(index=False)
    full = full[full["exporter"] != full["importer"]]
    both = full.merge(abroad, on=KEY, how="left")
    both["flow"] = both["flow"].fillna(0.0)
    home = frame[frame["exporter"] == frame["importer"]]
    return pd.concat([both, home], ignore_index=True), lacking - unreported, lacking


# -- joining -------------------------------------------------------------------------------------------


def _joined(frame: pd.DataFrame, bilateral: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    on = ["exporter", "importer"]
    if "year" in bilateral.columns:
        bilateral, on = bilateral.astype({"year": int}), [*on, "year"]
    check_columns([str(name) for name in bilateral.columns], ["exporter", "importer"], "bilateral")
    if bilateral.duplicated(on).any():
        count = int(bilateral.duplicated(on).sum())
        raise InputError(
            "bilateral", f"{count} rows are there twice", found=bilateral[bilateral.duplicated(on)][on].iloc[0].tolist()
        )
    return frame.merge(bilateral[[*on, *names]], on=on, how="left")


def _placed(
    frame: pd.DataFrame, policies: Sequence[Policy | str]
) -> tuple[pd.DataFrame, dict[str, int], dict[str, int]]:
    """The frame with a 0/1 column for each policy; the rows and cells it found, and the cells it did not."""
    placed, unplaced = {}, {}
    abroad = frame["exporter"] != frame["importer"]
    for policy in policies:
        if isinstance(policy, str):
            placed[policy], unplaced[policy] = int((frame[policy] == 1).sum()), 0
            continue
        cells = policy.cells[CELL].drop_duplicates().assign(**{policy.name: 1.0})
        frame = frame.merge(cells, on=CELL, how="left")
        frame[policy.name] = frame[policy.name].fillna(0.0).where(abroad.to_numpy(), 0.0)
        placed[policy.name] = int(frame[policy.name].sum())
        met = frame.loc[frame[policy.name] == 1, CELL].drop_duplicates()
        unplaced[policy.name] = len(cells) - len(met)
    for name, count in placed.items():
        if count == 0:
            raise InputError(
                f"policy {name}", "it is 1 nowhere in the panel", advice="Check country codes and years of both tables."
            )
    return frame, placed, unplaced


def _check_values(frame: pd.DataFrame, dummies: Sequence[str], covariates: Sequence[str]) -> None:
    import pandas as pd

    for name in (*dummies, *covariates):
        values = pd.to_numeric(frame[name], errors="coerce")
        bad = values.isna() | np.isinf(values)
        if bad.any():
            raise InputError(
                f"column {name}", f"no finite value in {int(bad.sum())} rows", found=_first(frame, bad),
                advice="Complete the table, or leave these countries out of the flows.",
            )  # fmt: skip
        if name in dummies and not values.isin((0, 1)).all():
            raise InputError(f"policy {name}", "a dummy must be 0 or 1", found=values[~values.isin((0, 1))].iloc[0])


def _home_missing(frame: pd.DataFrame, here: np.ndarray) -> int:
    if not here.any():
        return 0
    key = ["exporter", "year", "sector"]
    sells = frame.loc[~here, key].drop_duplicates()
    return len(sells) - len(sells.merge(frame.loc[here, key], on=key))
