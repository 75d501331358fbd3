"""World Bank WITS: trade summary of one country (exports by HS section, imports and tariffs by stage of processing)."""

from __future__ import annotations

import csv
from pathlib import Path

from comity.errors import InputError
from comity.sources import Source, check_columns, opened

SOURCE = Source(
    "wits",
    "World Integrated Trade Solution, trade summary of Iran",
    "World Bank WITS / UN Comtrade, trade summary Iran 2018; tariffs 2011",
    "terms for bulk reuse unclear: shares derived, cited",
    "Iran's export mix by section, imports by stage, tariffs by stage",
    "@misc{wits, author={{World Bank}}, title={World Integrated Trade Solution, Iran}, year={2018}}",
)


def summary_path(data: Path, code: str) -> Path:
    """The file of a country inside the data folder."""
    return data / "wits_summary" / f"en_{code}_AllYears_WITS_Trade_Summary.CSV"


def read_wits(path: Path, indicator: str, flow: str, year: int) -> dict[str, float]:
    """A country's summary against the world: product category -> value of one indicator in one year.

    Raises InputError for a missing file, other columns, a year or an indicator the file does not have.
    """
    with opened(path, "the WITS summary", encoding="latin-1") as file:
        reader = csv.DictReader(file)
        needed = ["Partner", "Product categories", "Indicator Type", "Indicator", str(year)]
        check_columns(list(reader.fieldnames or []), needed, path.name)
        rows = [row for row in reader if row["Partner"].strip() == "World"]
    try:
        found = {
            row["Product categories"].strip(): float(row[str(year)])
            for row in rows
            if row["Indicator"].strip() == indicator
            and row["Indicator Type"].strip() == flow
            and row[str(year)].strip()
        }
    except ValueError as problem:
        raise InputError(f"{path.name}, {year}", "a number is needed", found=problem) from None
    if not found:
        raise InputError(path.name, f"has no {indicator!r} of {year}", advice="Name another year in the assumptions.")
    return found
