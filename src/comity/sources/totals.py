"""Country totals: BACI bilateral totals, World Bank GDP and population, WITS trade summaries."""

from __future__ import annotations

import csv
from pathlib import Path

from comity.errors import InputError
from comity.sources import Source, check_columns, require

SOURCES = (
    Source(
        "baci-2023",
        "BACI bilateral trade, totals 2023 (V202501)",
        "Gaulier, Zignago (2010), BACI: International Trade Database at the Product-Level, CEPII WP 2010-23",
        "Etalab Open Licence 2.0, attribution",
        "Iran's partner totals, from partners' reports",
        "@techreport{gaulier_zignago_2010, author={Gaulier, Guillaume and Zignago, Soledad}, title={BACI: "
        "International Trade Database at the Product-Level}, institution={CEPII}, number={2010-23}, year={2010}}",
    ),
    Source(
        "wdi",
        "World Development Indicators: GDP (current USD), population",
        "World Bank, World Development Indicators",
        "CC BY 4.0",
        "GDP to which value added is scaled; population",
        "@misc{worldbank_wdi, author={{World Bank}}, title={World Development Indicators}, year={2025}}",
    ),
    Source(
        "wits",
        "World Integrated Trade Solution, trade summary of Iran",
        "World Bank WITS / UN Comtrade, trade summary Iran 2018; tariffs 2011",
        "terms for bulk reuse unclear: shares derived, cited",
        "Iran's export mix by section, imports by stage, tariffs by stage",
        "@misc{wits, author={{World Bank}}, title={World Integrated Trade Solution, Iran}, year={2018}}",
    ),
)


def read_baci_totals(folder: Path) -> tuple[tuple[str, ...], list[list[float]]]:
    """ISO3 codes and total[exporter][importer] in million USD; 0 where nothing is recorded."""
    with open(require(folder / "country_labels.csv", "BACI labels"), newline="", encoding="utf-8") as file:
        labels = tuple(row["iso3"] for row in csv.DictReader(file))
    with open(require(folder / "trade_cepii.csv", "BACI totals"), newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    if len(rows) != len(labels) or any(len(row) != len(labels) for row in rows):
        raise InputError("trade_cepii.csv", "not a square table of the labelled countries", found=len(rows))
    number = lambda text: float(text) / 1000 if text not in ("", "NA") else 0.0  # noqa: E731
    return labels, [[number(cell) for cell in row] for row in rows]


def read_wdi(path: Path, year: int, unit: float) -> dict[str, float]:
    """One indicator of one year by country code, divided by `unit`."""
    with open(require(path, "the WDI table"), newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        check_columns(list(reader.fieldnames or []), ["Country Code", "Year", "Value"], path.name)
        return {row["Country Code"]: float(row["Value"]) / unit for row in reader if row["Year"] == str(year)}


def read_wits(path: Path, indicator: str, flow: str, year: int) -> dict[str, float]:
    """A country's WITS summary against the world: product category -> value of one indicator in one year."""
    with open(require(path, "the WITS summary"), newline="", encoding="latin-1") as file:
        reader = csv.DictReader(file)
        check_columns(
            list(reader.fieldnames or []),
            ["Partner", "Product categories", "Indicator Type", "Indicator", str(year)],
            path.name,
        )
        rows = [row for row in reader if row["Partner"].strip() == "World"]
    return {
        row["Product categories"].strip(): float(row[str(year)])
        for row in rows
        if row["Indicator"].strip() == indicator and row["Indicator Type"].strip() == flow and row[str(year)].strip()
    }
