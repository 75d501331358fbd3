"""Global Sanctions Data Base: who restricted what towards whom in which year, from a user's own copy.

The authors send the data on request and ask that it is not passed on, so no part of it is in the package. They hand out
two files: cases (a row per case, states by name, `begin` and `end`) and pairs (`GSDB_V4_dyadic.dta` or `.csv`: a row
per sanctioned state, sanctioning state and year, with ISO3 codes). This module reads the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from comity.errors import InputError
from comity.sources import Source, check_columns, require, unreadable

if TYPE_CHECKING:
    import pandas as pd

SOURCE = Source(
    "gsdb",
    "The Global Sanctions Data Base, file of pairs",
    "Felbermayr, Kirilakha, Syropoulos, Yalcin, Yotov (2020), The Global Sanctions Data Base, European Economic Review "
    "129, 103561; later releases: Syropoulos, Felbermayr, Kirilakha, Yalcin, Yotov (2024), The Global Sanctions Data "
    "Base - Release 3, Review of International Economics 32(1)",
    "on request, for research, with citation; not to be passed on",
    "sanction dummies of gravity estimates on the user's own files",
    "@article{felbermayr_2020, author={Felbermayr, Gabriel and Kirilakha, Aleksandra and Syropoulos, Constantinos and "
    "Yalcin, Erdal and Yotov, Yoto V.}, title={The Global Sanctions Data Base}, journal={European Economic Review}, "
    "volume={129}, year={2020}}",
)
TARGET, SENDER = "sanctioned_state_iso3", "sanctioning_state_iso3"
KINDS = ("arms", "military", "trade", "financial", "travel", "other")
# exp: the sender restricts its exports to the target; imp: its imports from the target
TRADE_WORDS = ("exp_compl", "exp_part", "imp_compl", "imp_part")
COLUMNS = (TARGET, SENDER, "year", *KINDS, "descr_trade")
CASE_COLUMNS = ("sanctioned_state", "sanctioning_state", "begin", "end")


@dataclass(frozen=True, eq=False)
class Gsdb:
    """`table`: target, sender (ISO3), year and a 0/1 column for each of KINDS and TRADE_WORDS, one row per pair and
    year. `without_code` counts the rows of states that have no ISO3 code; they are not in the table."""

    table: pd.DataFrame
    without_code: int


def read_gsdb(path: Path | str) -> Gsdb:
    """The file of pairs of the Global Sanctions Data Base (releases 1 to 4), as .csv or .dta.

    Several cases of a pair in one year become one row: a kind is 1 if any of them has it.

    Raises
    ------
    InputError : no such file, a damaged one, the file of cases, other columns, a dummy that is not 0 or 1, a word in
        `descr_trade` that is not one of TRADE_WORDS.
    """
    path = Path(path)
    raw = _read(path)
    columns = [str(name) for name in raw.columns]
    if "year" not in columns and set(CASE_COLUMNS) <= set(columns):
        raise InputError(
            path.name,
            "this is the file of cases, which has names of states and no years",
            found=columns,
            allowed=COLUMNS,
            advice="Take the file of pairs that comes with it, e.g. GSDB_V4_dyadic.dta.",
        )
    check_columns(columns, list(COLUMNS), path.name)
    table = raw[list(COLUMNS)].rename(columns={TARGET: "target", SENDER: "sender"})
    table["year"] = _years(table["year"], path.name)
    for kind in KINDS:
        table[kind] = _zero_one(table[kind], f"{path.name}, column {kind}")
    words = _trade_words(table.pop("descr_trade"), path.name)
    for word in TRADE_WORDS:
        table[word] = [int(word in found) for found in words]
    named = table["target"].map(_is_code) & table["sender"].map(_is_code)
    known = table[named].groupby(["target", "sender", "year"], as_index=False, sort=True).max()
    return Gsdb(known, int((~named).sum()))


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    require(path, "the Global Sanctions Data Base")
    if path.suffix not in (".csv", ".dta"):
        raise InputError(path.name, "not a file this reader knows", found=path.suffix, allowed=[".csv", ".dta"])
    try:
        # NA is no code of a state, but "NA" would be read as missing
        return pd.read_stata(path) if path.suffix == ".dta" else pd.read_csv(path, keep_default_na=False)
    except (OSError, ValueError, UnicodeDecodeError) as problem:
        raise unreadable(path, problem) from None


def _years(column: pd.Series, where: str) -> pd.Series:
    """Years as integers; Stata's year format arrives as dates."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.year
    years = pd.to_numeric(column, errors="coerce")
    bad = years.isna() | (years % 1 != 0)
    if bad.any():
        raise InputError(f"{where}, column year", "not a year", found=column[bad].iloc[0])
    return years.astype(int)


def _zero_one(column: pd.Series, where: str) -> pd.Series:
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce")
    bad = ~values.isin((0, 1))
    if bad.any():
        raise InputError(where, "a dummy must be 0 or 1", found=column[bad].iloc[0])
    return values.astype(int)


def _trade_words(column: pd.Series, where: str) -> list[frozenset[str]]:
    """The words of `descr_trade`, which stand apart by commas; blank where trade is not restricted."""
    found = [
        frozenset(part.strip() for part in str(text).split(",") if part.strip())
        if isinstance(text, str)
        else frozenset()
        for text in column
    ]
    strange = sorted(set().union(*found) - set(TRADE_WORDS))
    if strange:
        raise InputError(f"{where}, column descr_trade", "unknown word", found=strange[0], allowed=TRADE_WORDS)
    return found


def _is_code(word: object) -> bool:
    return isinstance(word, str) and len(word) == 3 and word.isalnum() and word.isupper()
