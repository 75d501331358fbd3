"""The results folder: report, key results, one long CSV per table, scenario, record. Written whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from comity.beside import beside, in_turn
from comity.errors import InputError, NoSolutionError, NotConvergedError
from comity.outcomes.numbers import SCHEMA_VERSION
from comity.outcomes.simulate import Outcomes
from comity.outcomes.tables import DEFINITIONS
from comity.records import run_record
from comity.report import intervals
from comity.report.drawer import Drawer
from comity.report.smoothed_rows import smoothed_csv

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment
    from comity.outcomes.twin import Smoothed

TABLES = ("welfare", "trade", "totals", "diversion", "prices", "production", "revenue")
ORIGINS = ("decomposition", "decomposition_detail", "measures")  # absent where the path has no solution
DIGITS = "%.10g"  # what a residual of 1e-10 supports


def check_folder(out: Path) -> None:
    """Raise InputError unless results can be written below `out`; asked before any work is done."""
    place = out
    try:
        while not place.exists() and place.parent != place:
            place = place.parent
    except OSError as problem:
        raise InputError(f"--out {out.name[:40]}", "is not a usable name", found=problem.strerror or problem) from None
    if not place.is_dir():
        raise InputError(f"--out {out.name}", "is not a folder", found=f"a file named {place.name}")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as problem:
        raise InputError(
            f"--out {out.name}", "results cannot be written there", found=problem.strerror or problem
        ) from None


def write_folder(
    outcomes: Outcomes,
    out: Path,
    command: str,
    drawer: Drawer | None = None,
    assessment: Assessment | None = None,
) -> Path:
    """Write the dated folder of a run below `out` and return it. A temporary sibling is renamed when all is there. With
    the assessment of a dossier the folder also holds the dossier, its claims and what was observed; with bands the
    ranges stand in a file of their own."""
    from comity.report.figures import collect_all, draw_all, figure_jobs, send_all, write_figures
    from comity.report.page import page
    from comity.report.templates import report

    name = f"{date.today().isoformat()}-{assessment.dossier.id if assessment else outcomes.scenario.id}"
    if outcomes.scenario.world != outcomes.world.name:
        name += f"-{outcomes.world.name or 'world'}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".writing-", dir=out))
    except OSError as problem:
        raise InputError(
            f"--out {out.name}", "results cannot be written there", found=problem.strerror or problem
        ) from None
    jobs = figure_jobs(outcomes, assessment)
    if drawer is not None:
        send_all(jobs, drawer)  # drawn beside what follows
    try:

        def here() -> None:
            for table in ORIGINS:
                with suppress(NotConvergedError, NoSolutionError):
                    _write_table(outcomes, table, temporary / f"{table}.csv")
            _write_key_results(outcomes, temporary / "key_results.csv")
            if outcomes.interval.kind == "band":
                _write_key_results(intervals.without_band(outcomes), temporary / "ranges.csv")
            if len(outcomes.wedges):
                _write_table(outcomes, "wedges", temporary / "wedges.csv")
            if assessment is not None:
                _write_assessment(assessment, temporary)
            report()

        def tables(names: Iterable[str]) -> list[str]:
            return [_write_table(outcomes, name, temporary / f"{name}.csv") for name in names]

        with in_turn(TABLES) as next_ones:

            def mine() -> list[str]:
                here()
                return tables(next_ones())

            def meanwhile() -> tuple[Smoothed | None, list[str]]:
                return outcomes.smoothed, tables(next_ones())  # the first is solved for

            written, (vars(outcomes)["smoothed"], more) = beside(mine, meanwhile)
        tables(name for name in TABLES if name not in written + more)  # what was in the hands of a copy that died
        (temporary / "scenario.yaml").write_text(outcomes.scenario.text, encoding="utf-8")
        record = json.dumps(run_record(outcomes), indent=1, ensure_ascii=False)
        (temporary / "record.json").write_text(record + "\n", encoding="utf-8")
        (temporary / "results.json").write_text(
            json.dumps(results_json(outcomes), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        names, rows = smoothed_csv(outcomes)
        if rows:
            write_csv(temporary / "smoothed.csv", names, rows, [])
        drawn = collect_all(jobs, drawer) if drawer is not None else draw_all(jobs, png=True)
        write_figures(temporary / "figures", jobs, drawn, outcomes.interval.words)
        (temporary / "report.html").write_text(
            page(outcomes, command, assessment=assessment, figures=(jobs, drawn)), encoding="utf-8"
        )
        os.chmod(temporary, 0o755)
        return _moved(temporary, out / name)
    except OSError as problem:
        raise InputError(
            f"--out {out.name}", "results cannot be written there", found=problem.strerror or problem
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_assessment(assessment: Assessment, folder: Path) -> None:
    """dossier.yaml, assessment.json, claims.csv and over_time.csv."""
    (folder / "dossier.yaml").write_text(assessment.dossier.text, encoding="utf-8")
    content = json.dumps(assessment.as_json(), indent=1, ensure_ascii=False)
    (folder / "assessment.json").write_text(content + "\n", encoding="utf-8")
    names = ["id", "statement", "verdict", "ending", "number", "country", "estimate", "low", "high", "unit", "needs"]
    rows = []
    for verdict in assessment.verdicts:
        main = verdict.main
        numbers = (main.name, main.country, main.estimate, main.low, main.high, main.unit) if main else [None] * 6
        rows.append([verdict.claim.id, verdict.claim.statement, verdict.mark, verdict.ending, *numbers, verdict.needs])
    write_csv(folder / "claims.csv", names, rows, [])
    if assessment.monitor:
        lines = [row.as_dict() for row in assessment.monitor.rows]
        write_csv(folder / "over_time.csv", list(lines[0]), (line.values() for line in lines), [])


def _moved(temporary: Path, target: Path) -> Path:
    """The temporary folder under its name, or the name with the first free number."""
    place, number = target, 1
    while place.exists():
        number += 1
        place = target.with_name(f"{target.name}-{number}")
    temporary.rename(place)
    return place


def _write_table(outcomes: Outcomes, table: str, path: Path) -> str:
    """A long CSV; units and definitions of its columns stand in comment lines at its top. Gives the table."""
    columns = getattr(outcomes, table).columns
    notes = [f"# {name}: {'; '.join(DEFINITIONS[name])}" for name in columns if name in DEFINITIONS]
    if table == "trade" and outcomes.parties:
        among = np.isin(columns["origin"], outcomes.parties) | np.isin(columns["destination"], outcomes.parties)
        columns = {name: values[among] for name, values in columns.items()}
        notes.insert(0, "# flows with a party; all flows of the world: outcomes.trade in Python")
    fields = (_fields(values) for values in columns.values())
    _write_fields(path, list(columns), zip(*fields, strict=True), notes)
    return table


def write_csv(path: Path, names: list[str], rows: Iterable[Iterable[Any]], notes: list[str]) -> None:
    """A CSV in plain ASCII numbers; an empty field is no number."""
    _write_fields(path, names, ([_field(value) for value in row] for row in rows), notes)


def _write_fields(path: Path, names: list[str], rows: Iterable[Iterable[Any]], notes: list[str]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.writelines(f"{note}\n" for note in notes)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def _fields(column: NDArray[Any]) -> list[Any]:
    """The fields of a column: numbers by the thousand, so that each is asked for its type no more."""
    if column.dtype.kind != "f":
        return [_field(value) for value in column.tolist()] if column.dtype.kind == "O" else column.tolist()
    return ["" if value != value else DIGITS % value for value in column.tolist()]


def _field(value: Any) -> Any:
    if isinstance(value, float):
        return "" if value != value else DIGITS % value
    return "" if value is None else value


def _write_key_results(outcomes: Outcomes, path: Path) -> None:
    rows = [number.as_dict() for number in outcomes.key_numbers()]
    write_csv(path, list(rows[0]), (row.values() for row in rows), [])


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
        "bands": intervals.interval_json(outcomes),
        "ranges": [number.as_dict() for number in intervals.ranges(outcomes)],
        "wedges": [vars(row) for row in outcomes.wedges.rows],
        "smoothed": None if outcomes.smoothed is None else outcomes.smoothed.as_dict(),
    }
