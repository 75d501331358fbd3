"""`comity sweep FILE` and `comity sweep query DIR "SQL"`: what the two commands do. `cli.py` adds them to its own."""

from __future__ import annotations

import csv
import json
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from comity.errors import InputError

if TYPE_CHECKING:
    from comity.sweep.plan import Plan
    from comity.sweep.query import Store
    from comity.sweep.run import Report

WIDEST, MOST_ROWS = 24, 40  # characters of a cell and rows of a table on the terminal


class _FileFirst(TyperGroup):
    """A first word that is no command is the file of a sweep: `comity sweep FILE` is `comity sweep run FILE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        if args and args[0] not in self.commands and words and "--help" not in args[:1]:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FileFirst,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Thousands to millions of solves, kept in a store: `comity sweep FILE --store DIR`; query DIR SQL asks it.",
)
Json = Annotated[bool, typer.Option("--json", help="Print results as JSON instead of words.")]


@app.command("run")
def run(
    sweep: Annotated[str, typer.Argument(metavar="FILE", help="Sweep of the gallery, or a YAML file.")],
    store: Annotated[Path, typer.Option("--store", help="Folder of results; run again to go on.")],
    executor: Annotated[str, typer.Option(help="serial, process or dask.")] = "process",
    workers: Annotated[int | None, typer.Option(help="Processes; default: one for each processor.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, for --executor dask.")] = None,
    as_json: Json = False,
) -> None:
    """Run a sweep, or go on with it: `run` may be left out."""
    from comity.sweep.plan import plan_sweep
    from comity.sweep.progress import progress_for
    from comity.sweep.run import run_sweep

    plan = plan_sweep(sweep)
    try:
        report = run_sweep(
            plan, store, executor=executor, workers=workers, cluster=cluster, progress=progress_for(sys.stderr)
        )
    except KeyboardInterrupt:
        typer.echo(f"Stopped. What is stored stays; run the same command again to go on ({store}).", err=True)
        raise typer.Exit(130) from None
    typer.echo(as_text_json(plan, report) if as_json else summary(plan, report, store))


@app.command("query")
def query(
    store: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a store.")],
    sql: Annotated[str, typer.Argument(help="One SELECT over results, points or welfare.")],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values, all rows.")] = False,
    as_json: Json = False,
) -> None:
    """Ask a store: views results (everything), points (axes), welfare (one row a point and economy)."""
    from comity.sweep.query import read_store

    typer.echo(answer(read_store(store), sql, as_csv, as_json), nl=False)


def summary(plan: Plan, report: Report, store: Path) -> str:
    """What a run did, in sentences."""
    rate = f", {report.solved / report.seconds:,.0f} a second" if report.solved else ""
    now = f"{report.solved:,} solved now in {report.seconds:,.1f} s{rate}"
    before = f"{report.before:,} were stored before"
    lines = [plan.sweep.title, f"{report.points:,} points in {plan.chunks:,} chunks; {now}; {before}."]
    failed = {status: count for status, count in report.statuses.items() if status != "converged"}
    if failed:
        told = ", ".join(f"{count:,} {status}" for status, count in sorted(failed.items()))
        lines.append(f"Without a solution, kept with their reason: {told}.")
    lines += list(report.notes)
    lines.append(f'Ask it: comity sweep query {store} "SELECT * FROM results LIMIT 5"')
    return "\n".join(lines)


def as_text_json(plan: Plan, report: Report) -> str:
    """The same for programs."""
    content = {
        "sweep": plan.sweep.id,
        "plan": plan.hash,
        "points": report.points,
        "stored_before": report.before,
        "solved_now": report.solved,
        "chunks_now": report.chunks,
        "seconds": round(report.seconds, 3),
        "statuses": report.statuses,
        "notes": list(report.notes),
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


def answer(store: Store, sql: str, as_csv: bool, as_json: bool) -> str:
    """The rows of a query as a table, CSV or JSON."""
    if as_csv and as_json:
        raise InputError("--json", "the answer has one form", found="--csv and --json", allowed="one of them")
    names, rows = store.fetch(sql)
    if as_json:
        return json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=1, default=str) + "\n"
    if as_csv:
        stream = StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
        return stream.getvalue()
    return table(names, rows)


def table(names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Aligned columns, numbers to the right; what does not fit is counted, not hidden."""
    shown = [[_cell(cell) for cell in row] for row in rows[:MOST_ROWS]]
    heads = [_cut(name) for name in names]
    widths = [max(len(row[k]) for row in [heads, *shown]) for k in range(len(names))]
    right = [all(isinstance(row[k], (int, float)) or row[k] is None for row in rows) for k in range(len(names))]

    def line(cells: list[str]) -> str:
        return "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)).rstrip()

    lines = [line(heads), *map(line, shown)]
    if len(rows) > MOST_ROWS:
        lines.append(f"... and {len(rows) - MOST_ROWS:,} more rows (--csv has all)")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return _cut(f"{value:.6g}" if isinstance(value, float) else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."
