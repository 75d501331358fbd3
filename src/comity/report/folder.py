"""The results folder: report, key results, one long CSV per table, scenario, record. Written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from comity.errors import InputError
from comity.outcomes.numbers import SCHEMA_VERSION
from comity.outcomes.simulate import Outcomes
from comity.outcomes.tables import DEFINITIONS
from comity.records import run_record

TABLES = ("welfare", "trade", "totals", "diversion", "prices", "production", "revenue")
DIGITS = "%.10g"  # what a residual of 1e-10 supports


def check_folder(out: Path) -> None:
    """Raise InputError unless results can be written below `out`; asked before any work is done."""
    place = out
    while not place.exists() and place.parent != place:
        place = place.parent
    if not place.is_dir():
        raise InputError(f"--out {out.name}", "is not a folder", found=f"a file named {place.name}")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as problem:
        raise InputError(
            f"--out {out.name}", "results cannot be written there", found=problem.strerror or problem
        ) from None


def write_folder(outcomes: Outcomes, out: Path, command: str) -> Path:
    """Write the dated folder of a run below `out` and return it. A temporary sibling is renamed when all is there."""
    from comity.report.page import page

    name = f"{date.today().isoformat()}-{outcomes.scenario.id}"
    if outcomes.scenario.world != outcomes.world.name:
        name += f"-{outcomes.world.name or 'world'}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=out))
    except OSError as problem:
        raise InputError(
            f"--out {out.name}", "results cannot be written there", found=problem.strerror or problem
        ) from None
    try:
        for table in TABLES:
            _write_table(outcomes, table, temporary / f"{table}.csv")
        _write_key_results(outcomes, temporary / "key_results.csv")
        (temporary / "scenario.yaml").write_text(outcomes.scenario.text, encoding="utf-8")
        record = json.dumps(run_record(outcomes), indent=1, ensure_ascii=False)
        (temporary / "record.json").write_text(record + "\n", encoding="utf-8")
        (temporary / "results.json").write_text(
            json.dumps(results_json(outcomes), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        (temporary / "report.html").write_text(page(outcomes, command), encoding="utf-8")
        os.chmod(temporary, 0o755)
        return _moved(temporary, out / name)
    except OSError as problem:
        raise InputError(
            f"--out {out.name}", "results cannot be written there", found=problem.strerror or problem
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _moved(temporary: Path, target: Path) -> Path:
    """The temporary folder under its name, or the name with the first free number."""
    place, number = target, 1
    while place.exists():
        number += 1
        place = target.with_name(f"{target.name}-{number}")
    temporary.rename(place)
    return place


def _write_table(outcomes: Outcomes, table: str, path: Path) -> None:
    """A long CSV; units and definitions of its columns stand in comment lines at its top."""
    frame = getattr(outcomes, table).frame
    notes = [
        f"# {column}: {DEFINITIONS[column][0]}; {DEFINITIONS[column][1]}"
        for column in frame.columns
        if column in DEFINITIONS
    ]
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("\n".join(notes) + "\n" if notes else "")
        frame.to_csv(file, index=False, float_format=DIGITS, lineterminator="\n")


def _write_key_results(outcomes: Outcomes, path: Path) -> None:
    import pandas as pd

    rows = [number.as_dict() for number in outcomes.key_numbers()]
    pd.DataFrame(rows).to_csv(path, index=False, float_format=DIGITS, lineterminator="\n")


def results_json(outcomes: Outcomes) -> dict[str, Any]:
    """Numbers, settings and warnings for programs."""
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": outcomes.scenario.id,
        "world": outcomes.world.name,
        "elasticities": outcomes.choice.elasticities,
        "closure": outcomes.choice.closure,
        "year": outcomes.year,
        "residual": outcomes.solution.residual,
        "nothing_changes_because": outcomes.compiled.nothing,
        "warnings": outcomes.compiled.warnings,
        "left_out": outcomes.compiled.left_out,
        "without_solution": outcomes.refusals(),
        "numbers": [number.as_dict() for number in outcomes.key_numbers()],
    }
