"""Products of the Harmonised System and the sectors they belong to, from hs_sectors.csv.

The table is comity's own reading of the two public classifications, HS headings beside ISIC Rev. 4 classes, chapter by
chapter; it is approximate. A row is a prefix of an HS code with its sector; the longest prefix that fits counts, so a
chapter's row holds for everything in it that no longer row names. Where a code spans several ISIC classes the larger
one was taken. Chapters 98 and 99 (special transactions) have no row: they belong to no sector.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from comity.errors import InputError, listing

LONGEST_PREFIX = 6
SPECIAL = ("98", "99")  # special transactions, national use
RESERVED = "77"  # kept free by the World Customs Organization


@dataclass(frozen=True)
class HsRow:
    """One prefix of HS codes: its sector, the ISIC Rev. 4 class or classes behind it, and what it is."""

    prefix: str
    sector: str
    isic: str
    note: str


@cache
def load_hs_rows() -> dict[str, HsRow]:
    """Rows of hs_sectors.csv by prefix."""
    text = (resources.files("comity.classifications") / "hs_sectors.csv").read_text(encoding="utf-8")
    return {
        row["hs"]: HsRow(row["hs"], row["sector"], row["isic"], row["note"])
        for row in csv.DictReader(text.splitlines())
    }


def hs_sector(code: str) -> str | None:
    """The sector of an HS6 code, or None for special transactions (chapters 98 and 99).

    Raises InputError unless `code` is a string of six digits that begins with a chapter of the Harmonised System.
    """
    check_hs6(code)
    rows = load_hs_rows()
    for length in range(LONGEST_PREFIX, 1, -1):
        row = rows.get(code[:length])
        if row is not None:
            return row.sector
    if code[:2] in SPECIAL:
        return None
    raise InputError("HS code", "no such chapter of the Harmonised System", found=code, allowed="01 to 97, without 77")


def hs_sectors(codes: Iterable[str]) -> dict[str, str | None]:
    """Sector of each HS6 code, in the order given: the `product_sector` of a ProductWorld.

    Codes of special transactions get None; a ProductWorld leaves their flows out and counts them.
    Raises InputError as `hs_sector` does.
    """
    return {code: hs_sector(code) for code in codes}


def check_hs6(code: object, where: str = "HS code") -> None:
    """Raise InputError unless `code` is a string of six digits."""
    if isinstance(code, str) and len(code) == LONGEST_PREFIX and code.isascii() and code.isdigit():
        return
    advice = "HS codes are text: read as numbers they lose their leading zero (010121 becomes 10121)."
    raise InputError(where, "six digits are needed", found=listing([repr(code)]), advice=advice)
