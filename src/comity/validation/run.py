"""Running the studies: every reproduction whose data is at hand, the others skipped with their reason."""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from comity.errors import InputError, nearest
from comity.validation.rows import DIFFERS, Absent, Row, Study

# module of each study, in the order of the report
STUDIES = {
    "caliendo-parro-2015": "nafta",
    "closed-forms": "closed_forms",
    "costinot-rodriguez-clare-2014": "handbook",
    "agtpa": "agtpa",
    "eaton-kortum-2002": "eaton_kortum",
    "gegravity": "gegravity",
    "synthetic": "synthetic",
    "chowdhry-et-al-2024": "chkw",
}
SCHEMA_VERSION = 1
# what readers of other libraries raise on a file that is cut off or of another kind
DAMAGED = (ValueError, KeyError, IndexError, EOFError, OSError, struct.error, zipfile.BadZipFile)


@dataclass(frozen=True)
class Result:
    """One study's rows, or the reason why it was skipped."""

    study: Study
    rows: tuple[Row, ...] = field(default=())
    skipped: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Rows by status."""
        return dict(Counter(row.status for row in self.rows))


def run_studies(data: Path, names: Sequence[str] = ()) -> list[Result]:
    """The chosen studies (all by default) on a data folder. Raises InputError for an unknown name."""
    for name in names:
        if name not in STUDIES:
            raise InputError("study", "no study of that name", found=name, allowed=STUDIES,
                             nearest=nearest(name, STUDIES))  # fmt: skip
    return [_run(import_module(f"comity.validation.{STUDIES[name]}").STUDY, data) for name in names or STUDIES]


def _run(study: Study, data: Path) -> Result:
    try:
        return Result(study, tuple(study.rows(data)))
    except Absent as reason:
        return Result(study, skipped=str(reason))
    except DAMAGED as problem:
        raise InputError(
            f"data of study {study.id}",
            "a file cannot be used: damaged, or another edition?",
            found=f"{type(problem).__name__}: {problem}",
            advice="Fetch the data set again, or leave the study out.",
        ) from problem


def failures(results: Sequence[Result]) -> int:
    """Rows outside their tolerance without an explanation."""
    return sum(row.status == DIFFERS for result in results for row in result.rows)


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Everything, ready for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "failures": failures(results),
        "studies": [
            {
                "id": result.study.id,
                "title": result.study.title,
                "citation": result.study.citation,
                "skipped": result.skipped or None,
                "counts": result.counts,
                "rows": [_row(row) for row in result.rows],
            }
            for result in results
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "table": row.table,
        "quantity": row.quantity,
        "label": row.label,
        "published": row.published,
        "ours": row.ours,
        "difference": row.difference,
        "tolerance": row.tolerance,
        "unit": row.unit,
        "why": row.why,
        "status": row.status,
        "note": row.note,
    }
