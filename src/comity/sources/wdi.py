"""World Bank, World Development Indicators: GDP and population by country and year."""

from __future__ import annotations

import csv
from pathlib import Path

from comity.errors import InputError
from comity.sources import Source, check_columns, opened

SOURCE = Source(
    "wdi",
    "World Development Indicators: GDP (current USD), population",
    "World Bank, World Development Indicators",
    "CC BY 4.0",
    "GDP to which value added is scaled; population",
    "@misc{worldbank_wdi, author={{World Bank}}, title={World Development Indicators}, year={2025}}",
)


def read_wdi(path: Path, year: int, unit: float) -> dict[str, float]:
    """One indicator of one year by country code, divided by `unit`.

    Raises InputError for a missing file, other columns or a value that is not a number.
    """
    with opened(path, "the WDI table") as file:
        reader = csv.DictReader(file)
        check_columns(list(reader.fieldnames or []), ["Country Code", "Year", "Value"], path.name)
        try:
            return {row["Country Code"]: float(row["Value"]) / unit for row in reader if row["Year"] == str(year)}
        except ValueError as problem:
            raise InputError(f"{path.name}, {year}", "a number is needed", found=problem) from None
