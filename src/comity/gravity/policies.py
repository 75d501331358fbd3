"""Policy dummies of a gravity panel: agreements and sanctions from dated tables, sanctions from a GSDB file.

A policy is a list of cells (exporter, importer, year) in which its dummy is 1. Dates are as in blocs.csv: `from` is the
first day, `to` the first day without it, empty while it lasts; a bare year is its first of January. A year counts if
the policy is in force on 1 July.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from comity.errors import InputError
from comity.sources import check_columns
from comity.sources.gsdb import Gsdb

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["agreement", "sanction", "other"]
CELL = ["exporter", "importer", "year"]
MIDDLE = (7, 1)  # the month and day that decide for a year


@dataclass(frozen=True, eq=False)
class Policy:
    """A dummy: 1 in `cells` (exporter, importer, year; no row twice), 0 elsewhere. `kind` "sanction" has stricter rules
    (see `comity.gravity.estimate`)."""

    name: str
    kind: Kind
    cells: pd.DataFrame
    source: str = ""


def agreement(name: str, table: pd.DataFrame, years: Iterable[int], *, source: str = "") -> Policy:
    """An agreement that works both ways.

    Parameters
    ----------
    table : columns country_a, country_b, from, to (a row per pair), or bloc, member, from, to (a row per membership;
        the dummy is 1 for two members of the same bloc)
    years : those of the panel

    Raises
    ------
    InputError : other columns, a date that is none, an end before its beginning.
    """
    if "bloc" in table.columns:
        check_columns([str(c) for c in table.columns], ["bloc", "member", "from", "to"], f"agreement {name}")
        held = _yearly(table, years, f"agreement {name}")[["bloc", "member", "year"]].drop_duplicates()
        both = held.merge(held, on=["bloc", "year"], suffixes=("_a", "_b"))
        pairs = both[both["member_a"] != both["member_b"]]
        cells = pairs.rename(columns={"member_a": "exporter", "member_b": "importer"})[CELL]
        return Policy(name, "agreement", _unique(cells), source)
    check_columns([str(c) for c in table.columns], ["country_a", "country_b", "from", "to"], f"agreement {name}")
    held = _yearly(table, years, f"agreement {name}")
    there = held.rename(columns={"country_a": "exporter", "country_b": "importer"})[CELL]
    back = held.rename(columns={"country_b": "exporter", "country_a": "importer"})[CELL]
    return Policy(name, "agreement", _stack([there, back]), source)


def sanction(name: str, table: pd.DataFrame, years: Iterable[int], *, source: str = "") -> tuple[Policy, Policy]:
    """A sanctions regime as two dummies: NAME_exports for sales of the senders to the target, NAME_imports for their
    purchases from it (the two directions of Chowdhry, Hinz, Kamin & Wanner 2024).

    Parameters
    ----------
    table : columns target, sender, from, to
    years : those of the panel

    Raises
    ------
    InputError : other columns, a date that is none, an end before its beginning.
    """
    check_columns([str(c) for c in table.columns], ["target", "sender", "from", "to"], f"sanction {name}")
    held = _yearly(table, years, f"sanction {name}")
    sold, bought = _towards(held), _from(held)
    return (
        Policy(f"{name}_exports", "sanction", _unique(sold), source),
        Policy(f"{name}_imports", "sanction", _unique(bought), source),
    )


def gsdb_sanctions(
    gsdb: Gsdb, *, other_kinds: Sequence[str] = (), targets: Sequence[str] | None = None
) -> tuple[Policy, ...]:
    """Dummies from the Global Sanctions Data Base.

    `trade_complete` and `trade_partial` are 1 in the direction of trade that is restricted (exp_*: sender to target,
    imp_*: target to sender); where a flow has both, it counts as complete. Each of `other_kinds` (arms, military,
    financial, travel, other) is a dummy `sanction_KIND` in both directions. `targets` (ISO3) keeps those targets only.

    Raises
    ------
    InputError : an unknown kind, a target that is in no row.
    """
    table, where = gsdb.table, "Global Sanctions Data Base"
    if targets is not None:
        unknown = [code for code in targets if code not in set(table["target"])]
        if unknown:
            raise InputError(where, "no sanctions on this state", found=unknown)
        table = table[table["target"].isin(list(targets))]
    complete = _stack([_towards(table[table["exp_compl"] == 1]), _from(table[table["imp_compl"] == 1])])
    partial = _stack([_towards(table[table["exp_part"] == 1]), _from(table[table["imp_part"] == 1])])
    found = [
        Policy("trade_complete", "sanction", complete, where),
        Policy("trade_partial", "sanction", _without(partial, complete), where),
    ]
    kinds = ("arms", "military", "financial", "travel", "other")
    for kind in other_kinds:
        if kind not in kinds:
            raise InputError(where, "unknown kind of sanction", found=kind, allowed=kinds)
        rows = table[table[kind] == 1]
        found.append(Policy(f"sanction_{kind}", "sanction", _stack([_towards(rows), _from(rows)]), where))
    return tuple(found)


def _towards(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={"sender": "exporter", "target": "importer"})[CELL]


def _from(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={"target": "exporter", "sender": "importer"})[CELL]


def _stack(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    return _unique(pd.concat(parts, ignore_index=True))


def _unique(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.drop_duplicates().sort_values(CELL, ignore_index=True)


def _without(cells: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    both = cells.merge(taken, on=CELL, how="left", indicator=True)
    return both.loc[both["_merge"] == "left_only", CELL].reset_index(drop=True)


def _yearly(table: pd.DataFrame, years: Iterable[int], where: str) -> pd.DataFrame:
    """The rows of `table` once for each of `years` in which they are in force."""
    import pandas as pd

    starts = [_day(value, f"{where}, from") for value in table["from"]]
    ends = [None if _empty(value) else _day(value, f"{where}, to") for value in table["to"]]
    for start, end in zip(starts, ends, strict=True):
        if end is not None and end <= start:
            raise InputError(where, "an end that is not after its beginning", found=f"{start} to {end}")
    parts = []
    for year in sorted(set(years)):
        middle = datetime.date(int(year), *MIDDLE)
        held = [start <= middle and (end is None or middle < end) for start, end in zip(starts, ends, strict=True)]
        parts.append(table.loc[held].assign(year=int(year)))
    if not parts:
        raise InputError(where, "no years to spread the dates over", advice="Give the years of the panel.")
    return pd.concat(parts, ignore_index=True)


def _empty(value: object) -> bool:
    return value is None or value == "" or value != value


def _day(value: object, where: str) -> datetime.date:
    """A date from a date, a year or ISO text."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    try:
        return datetime.date(int(text), 1, 1) if len(text) == 4 else datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError(where, "not a date", found=value, allowed="a year or YYYY-MM-DD") from None
