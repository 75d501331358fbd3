"""BACI bilateral trade of 2023, totals by pair of countries."""

from __future__ import annotations

import csv
from pathlib import Path

from comity.errors import InputError
from comity.sources import Source, check_columns, opened

SOURCE = Source(
    "baci-2023",
    "BACI bilateral trade, totals 2023 (V202501)",
    "Gaulier, Zignago (2010), BACI: International Trade Database at the Product-Level, CEPII WP 2010-23",
    "Etalab Open Licence 2.0, attribution",
    "Iran's partner totals, from partners' reports",
    "@techreport{gaulier_zignago_2010, author={Gaulier, Guillaume and Zignago, Soledad}, title={BACI: "
    "International Trade Database at the Product-Level}, institution={CEPII}, number={2010-23}, year={2010}}",
)
LABELS, TRADE = "country_labels.csv", "trade_cepii.csv"


def read_baci_totals(folder: Path) -> tuple[tuple[str, ...], list[list[float | None]]]:
    """ISO3 codes and total[exporter][importer] in million USD; None where nothing is recorded (which is not zero).

    Raises InputError for a missing file, other columns, a table that is not square or a cell that is not a number.
    """
    with opened(folder / LABELS, "BACI labels") as file:
        reader = csv.DictReader(file)
        check_columns(list(reader.fieldnames or []), ["iso3"], LABELS)
        labels = tuple(row["iso3"] for row in reader)
    with opened(folder / TRADE, "BACI totals") as file:
        rows = list(csv.reader(file))[1:]
    if len(rows) != len(labels) or any(len(row) != len(labels) for row in rows):
        raise InputError(
            TRADE, "not a square table of the labelled countries", found=len(rows), allowed=f"{len(labels)} rows"
        )
    return labels, [[_million(cell, row) for cell in cells] for row, cells in enumerate(rows, start=2)]


def _million(cell: str, line: int) -> float | None:
    if cell in ("", "NA"):
        return None
    try:
        return float(cell) / 1000  # the file is in thousand USD
    except ValueError:
        raise InputError(f"{TRADE}, line {line}", "a number or nothing is needed", found=cell) from None
