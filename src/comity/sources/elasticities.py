"""Published trade elasticities from which elasticities.csv was made."""

from __future__ import annotations

import csv
from pathlib import Path

from comity.errors import InputError
from comity.sources import check_columns, opened

# order of the 20 traded sectors in Caliendo & Parro's file
CALIENDO_PARRO = (
    "Agriculture", "Mining", "Food", "Textile", "Wood", "Paper", "Petroleum", "Chemicals", "Plastic", "Minerals",
    "Basic metals", "Metal products", "Machinery", "Office", "Electrical", "Communication", "Medical", "Auto",
    "Other transport", "Other",
)  # fmt: skip


def read_icio_elasticities(path: Path, source: str) -> dict[str, float]:
    """Elasticities by ICIO sector of one author set (FGO, CP, U4 ...), as packaged with the ICIO flows."""
    with opened(path, "elasticities by ICIO sector") as file:
        reader = csv.DictReader(file)
        check_columns(list(reader.fieldnames or []), ["sector", source], path.name)
        return {row["sector"]: float(row[source]) for row in reader}


def read_caliendo_parro(path: Path) -> dict[str, float]:
    """theta of the 20 traded sectors that Caliendo & Parro (2015) used in their counterfactuals."""
    with opened(path, "Caliendo & Parro's elasticities") as file:
        values = [float(line) for line in file if line.strip()]
    if len(values) != len(CALIENDO_PARRO):
        raise InputError(path.name, "unexpected length", found=len(values), allowed=str(len(CALIENDO_PARRO)))
    return dict(zip(CALIENDO_PARRO, values, strict=True))
