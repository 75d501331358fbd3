"""Stores: whole files or none, one driver at a time, damage told, SQL that reads and nothing else."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import comity
from comity import InputError
from comity.sweep import folder as folders
from comity.sweep import plan_sweep, read_store, run_sweep
from comity.sweep.command import app, table
from comity.sweep.executors import process
from comity.sweep.folder import Folder
from comity.sweep.part import Job, Told
from comity.sweep.progress import EVERY, Lines, duration
from tests.sweep import cases


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("stored")
    sweep = cases.write(folder, cases.SWEEP.replace("count: 4", "count: 2"))
    run_sweep(plan_sweep(sweep), folder / "store")
    return sweep, folder / "store"


def _copy(stored: tuple[Path, Path], tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(stored[1], tmp_path / "copy"))


# -- SQL ------------------------------------------------------------------------------------------------------


def test_views(stored: tuple[Path, Path]) -> None:
    store = read_store(stored[1])
    assert len(store) == 72
    assert store.fetch("SELECT count(*), count(DISTINCT point) FROM points")[1] == [(72, 72)]
    assert list(store.points) == ["point", "plan", "number", "world", "elasticities", "closure", "year", "sizes",
                                  "border_cost_change", "duty_on", "rate"]  # fmt: skip
    # the long view has the numbers of the wide one
    names, rows = store.fetch("""
        SELECT count(*), max(abs(w.real_income_pct - r.real_income_pct_RUS)),
               max(abs(w.equivalent_variation - r.equivalent_variation_RUS))
        FROM welfare w JOIN results r USING (point) WHERE w.country = 'RUS'""")
    assert rows == [(72, 0.0, 0.0)]
    assert store.fetch("SELECT count(*) FROM welfare")[1] == [(72 * 5,)]
    # a smaller barrier is worth more to both, whatever the rest
    best = store.sql(
        "SELECT border_cost_change, avg(real_income_pct_BLR) AS gain FROM results GROUP BY 1 ORDER BY gain"
    )
    assert best["border_cost_change"].tolist() == [-0.01, -0.08]


@pytest.mark.parametrize(
    "query",
    [
        "DROP VIEW results",
        "CREATE TABLE t AS SELECT 1",
        "COPY results TO '{parts}/x.csv'",
        "EXPORT DATABASE '{parts}'",
        "SELECT 1; SELECT 2",
        "SET threads = 1",
        "ATTACH '{parts}/x.db'",
        "INSTALL httpfs",
        "EXPLAIN ANALYZE COPY results TO '{parts}/x.csv'",
        "",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('{parts}/../plan.json')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "SELEC 1",
        "SELECT nothing FROM results",
        "SELECT CAST('x' AS INTEGER) FROM results",
    ],
)
def test_a_query_reads_the_store_and_nothing_else(stored: tuple[Path, Path], query: str) -> None:
    before = cases.files(stored[1])
    parts = stored[1] / "parts"
    with pytest.raises(InputError, match="^SQL: ") as caught:
        read_store(stored[1]).fetch(query.format(parts=parts))
    assert "\n" not in caught.value.message
    assert cases.files(stored[1]) == before


def test_query_command(stored: tuple[Path, Path]) -> None:
    runner = CliRunner()
    sql = "SELECT number, closure, real_income_pct_IRN FROM results ORDER BY number LIMIT 2"
    found = runner.invoke(app, ["query", str(stored[1]), sql])
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert len(lines) == 3 and lines[0].split() == ["number", "closure", "real_income_pct_IRN"]
    assert lines[1].startswith("     0  fixed-deficits  ")
    as_csv = runner.invoke(app, ["query", str(stored[1]), sql, "--csv"]).stdout.splitlines()
    as_json = json.loads(runner.invoke(app, ["query", str(stored[1]), sql, "--json"]).stdout)
    assert as_csv[0] == "number,closure,real_income_pct_IRN" and len(as_csv) == 3
    assert float(as_csv[1].split(",")[2]) == as_json[0]["real_income_pct_IRN"]
    assert "... and 60 more rows" in table(["a"], [(k,) for k in range(100)])


# -- the command ----------------------------------------------------------------------------------------------


def test_run_command(stored: tuple[Path, Path], tmp_path: Path) -> None:
    """`comity sweep FILE` and `comity sweep run FILE` are one; a second run has nothing to do."""
    runner = CliRunner()
    first = runner.invoke(app, [str(stored[0]), "--store", str(tmp_path / "s"), "--executor", "serial", "--json"])
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert (told["points"], told["solved_now"], told["stored_before"]) == (72, 72, 0)
    assert told["statuses"] == {"converged": 72}
    assert "72 points to solve" in first.stderr and "72 of 72 points, 100 %" in first.stderr
    again = runner.invoke(app, ["--store", str(tmp_path / "s"), "--executor", "serial", str(stored[0])])
    assert again.exit_code == 0
    assert "72 points in 3 chunks; 0 solved now" in again.stdout and "72 were stored before" in again.stdout
    assert cases.files(tmp_path / "s") == cases.files(stored[1])


def test_progress_lines() -> None:
    from io import StringIO

    now = [0.0]
    stream = StringIO()
    lines = Lines(stream, clock=lambda: now[0])
    lines.begin(1000, 24)
    for second in range(1, 41):
        now[0] = float(second)
        lines.done(25 * second)
    said = stream.getvalue().splitlines()
    # a line every EVERY seconds and one at the end, at 25 points a second
    assert EVERY == 10 and said == [
        "sweep: 24 points are stored already",
        "sweep: 1,000 points to solve",
        "sweep: 250 of 1,000 points, 25 %, 30 s left",
        "sweep: 500 of 1,000 points, 50 %, 20 s left",
        "sweep: 750 of 1,000 points, 75 %, 10 s left",
        "sweep: 1,000 of 1,000 points, 100 %, 0 s left",
    ]
    assert [duration(s) for s in (45, 720, 12600)] == ["45 s", "12 min", "3.5 h"]


# -- damage ---------------------------------------------------------------------------------------------------


def test_damaged_part(stored: tuple[Path, Path], tmp_path: Path) -> None:
    """Cut short, of another plan, of another chunk: named, and solved again once it is deleted."""
    store, plan = _copy(stored, tmp_path), plan_sweep(stored[0])
    part = store / "parts" / "part-00-000001.parquet"
    whole = part.read_bytes()
    other = plan_sweep(cases.write(stored[0].parent, cases.SWEEP, "larger.yaml"))
    run_sweep(other, tmp_path / "other")
    foreign = (tmp_path / "other" / "parts" / part.name).read_bytes()
    for damage in (whole[:-20], b"", (store / "parts" / "part-00-000002.parquet").read_bytes(), foreign):
        part.write_bytes(damage)
        for use in (lambda: run_sweep(plan, store), lambda: read_store(store)):
            with pytest.raises(InputError, match=r"part-00-000001.parquet: .* Delete the file"):
                use()
    part.unlink()
    assert run_sweep(plan, store).solved == 32
    assert part.read_bytes() == whole


def test_damage_inside_a_part_is_told_by_a_query(stored: tuple[Path, Path], tmp_path: Path) -> None:
    store = _copy(stored, tmp_path)
    part = store / "parts" / "part-00-000000.parquet"
    content = bytearray(part.read_bytes())
    content[4:2000] = bytes(len(content[4:2000]))
    part.write_bytes(content)
    with pytest.raises(InputError, match="cannot be answered"):
        read_store(store).fetch("SELECT * FROM results")


def test_store_of_another_sweep(stored: tuple[Path, Path], tmp_path: Path) -> None:
    other = cases.SWEEP.replace("measure: border, form: cost_change", "measure: border, form: cost_change, name: other")
    plan = plan_sweep(cases.write(stored[0].parent, other, "other.yaml"))
    with pytest.raises(InputError, match=r"holds another sweep.*Found: sweep.yaml, hash .*--store of its own"):
        run_sweep(plan, stored[1])


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', '{"format": 99, "plans": []}', '{"format": 1, "plans": 3}'])
def test_damaged_plan_json(stored: tuple[Path, Path], tmp_path: Path, text: str) -> None:
    store = _copy(stored, tmp_path)
    (store / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="^store copy: "):
        read_store(store)
    with pytest.raises(InputError, match="^store copy: "):
        run_sweep(plan_sweep(stored[0]), store)


def test_what_is_no_store(tmp_path: Path, stored: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_store(tmp_path / "nothing")
    with pytest.raises(InputError, match="no store of a sweep"):
        read_store(tmp_path)
    store = _copy(stored, tmp_path)
    (store / "plan.json").unlink()
    with pytest.raises(InputError, match=r"has results, but no plan.json"):
        run_sweep(plan_sweep(stored[0]), store)


def test_a_world_that_changed(tmp_path: Path) -> None:
    """The files behind an earlier plan are not what they were: its unfinished chunks cannot be finished."""
    from comity import save_world
    from tests.helpers import labelled_world

    sweep = cases.write(tmp_path, cases.SWEEP.replace("count: 4", "count: 2"))
    run_sweep(plan_sweep(sweep), tmp_path / "store")
    (tmp_path / "store" / "parts" / "part-00-000001.parquet").unlink()
    save_world(labelled_world(seed=5), tmp_path / "small.npz")
    with pytest.raises(InputError, match="a world or a table of sizes has changed"):
        run_sweep(plan_sweep(sweep), tmp_path / "store")


# -- writing --------------------------------------------------------------------------------------------------


def test_disk_that_cannot_be_written(stored: tuple[Path, Path], tmp_path: Path, monkeypatch: Any) -> None:
    plan = plan_sweep(stored[0])
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--store: the folder cannot be written. Found: file: "):
        run_sweep(plan, tmp_path / "file")
    with pytest.raises(InputError, match=r"--store: the folder cannot be written"):
        run_sweep(plan, "/proc/no-such-thing")
    written: Counter[str] = Counter()

    def full(handle: int) -> None:
        written["calls"] += 1
        if written["calls"] > 5:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders.os, "fsync", full)
    with pytest.raises(InputError, match=r"No space left on device.*What is stored already stays"):
        run_sweep(plan, tmp_path / "full")
    monkeypatch.undo()
    stored_now = cases.files(tmp_path / "full")
    assert 0 < len(stored_now) < 3 and not list((tmp_path / "full" / "parts").glob("*.tmp"))
    run_sweep(plan, tmp_path / "full")
    assert cases.files(tmp_path / "full") == cases.files(stored[1])


def test_one_driver_at_a_time(stored: tuple[Path, Path], tmp_path: Path) -> None:
    store, plan = _copy(stored, tmp_path), plan_sweep(stored[0])
    with Folder(store).locked() as left:
        assert left == ""
        with pytest.raises(InputError, match=rf"another run is writing it. Found: process {os.getpid()} on "):
            run_sweep(plan, store)
        assert len(read_store(store)) == 72  # reading needs no lock
    report = run_sweep(plan, store)
    assert report.solved == 0 and report.notes == ()


def test_a_lock_that_was_left_holds_nobody_up(stored: tuple[Path, Path], tmp_path: Path) -> None:
    """The driver ended by force inside: its lock file names it, and the next one says so and goes on."""
    store = _copy(stored, tmp_path)
    code = "import os, sys; from comity.sweep.folder import Folder\nwith Folder(sys.argv[1]).locked(): os._exit(9)"
    environment = {**os.environ, "PYTHONPATH": str(Path(comity.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code, str(store)], env=environment, check=False).returncode == 9
    (store / "parts" / "part-00-000001.parquet.tmp").write_bytes(b"half a file")
    report = run_sweep(plan_sweep(stored[0]), store)
    assert any(note.startswith("A run ended without closing the store (process ") for note in report.notes)
    assert not list((store / "parts").glob("*.tmp"))


def test_another_numpy_is_told(stored: tuple[Path, Path], tmp_path: Path) -> None:
    store = _copy(stored, tmp_path)
    text = (store / "plan.json").read_text(encoding="utf-8")
    data = json.loads(text)
    data["plans"][0]["versions"]["numpy"] = "1.26.4"
    (store / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    notes = run_sweep(plan_sweep(stored[0]), store).notes
    assert any("Begun with numpy 1.26.4, now " in note for note in notes)


# -- workers --------------------------------------------------------------------------------------------------


def test_a_chunk_that_ends_every_worker(stored: tuple[Path, Path], monkeypatch: Any) -> None:
    """Given to DEATHS workers and no more; the sweep ends with a sentence, not for ever."""
    from comity import ComityError
    from comity.sweep import executors

    monkeypatch.setattr(executors, "WORKER", "import os; os._exit(1)")
    events: Counter[str] = Counter()
    told = (Told.of(plan_sweep(stored[0])),)
    with pytest.raises(ComityError, match=f"ended {executors.DEATHS} workers"):
        list(process(told, iter([Job(0, 0, 32)]), lambda event, job: events.update([event]), 1))
    assert events == {"started": executors.DEATHS, "lost": executors.DEATHS - 1}


def test_an_error_in_a_worker_is_the_drivers(stored: tuple[Path, Path]) -> None:
    from dataclasses import replace

    from comity import ComityError

    told = (replace(Told.of(plan_sweep(stored[0])), hash="0" * 64),)
    with pytest.raises(ComityError, match="the plan is not what it was"):
        list(process(told, iter([Job(0, 0, 32)]), lambda event, job: None, 1))


def test_missing_extra_is_one_sentence(stored: tuple[Path, Path], tmp_path: Path) -> None:
    """Without the libraries of the extra, plans can be made; running and reading name what to install."""
    code = (
        "import sys\n"
        "for name in ('pyarrow', 'duckdb', 'dask', 'distributed'): sys.modules[name] = None\n"
        "from comity import InputError\n"
        "from comity.sweep import plan_sweep, read_store, run_sweep\n"
        "plan = plan_sweep(sys.argv[1])\n"
        "for use in (lambda: run_sweep(plan, sys.argv[2]), lambda: read_store(sys.argv[3])):\n"
        "    try: use()\n"
        "    except InputError as problem: print(problem)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(comity.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(stored[0]), str(tmp_path / "s"), str(stored[1])],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 2 and all("pyarrow is not installed" in line for line in lines)
    assert all("pip install 'comity[sweep]'" in line for line in lines)


def test_columns_are_laid_out_as_arrow_does() -> None:
    """Every kind with and without nulls, an empty table too: what pyarrow reads is what was given."""
    from io import BytesIO

    from pyarrow import parquet as reader

    from comity.sweep.parquet import Column, parquet

    given: dict[str, tuple[Any, list[Any]]] = {
        "text": ("text", ["IRN", None, "", "Türkiye", "x" * 500] * 5),
        "words": ("text", ["a"] * 25),
        "whole": ("whole", [2022, None, 2**61, -1, 0] * 5),
        "count": ("count", [1, 2, 3, 4, 5] * 5),
        "number": ("number", [0.1, None, -1e300, float("inf"), 5e-324] * 5),
        "flag": ("flag", [True, False, None, True, False] * 5),
        "flags": ("flag", [True] * 25),
    }
    columns = [Column(name, kind, values, "unit", "definition") for name, (kind, values) in given.items()]
    content = parquet(columns, {"comity.plan": "x"})
    assert content == parquet(columns, {"comity.plan": "x"})
    table = reader.read_table(BytesIO(content))
    table.validate(full=True)
    assert table.to_pydict() == {name: values for name, (_, values) in given.items()}
    assert table.schema.field("number").metadata[b"definition"] == b"definition"
    empty = reader.read_table(BytesIO(parquet([Column(c.name, c.kind, []) for c in columns], {})))
    assert empty.num_rows == 0 and empty.column_names == list(given)


def test_under_the_command_line(stored: tuple[Path, Path]) -> None:
    """As `cli.py` adds it: `comity sweep FILE` and `comity sweep query DIR SQL`."""
    import typer

    parent = typer.Typer(rich_markup_mode=None)
    parent.add_typer(app, name="sweep")

    @parent.command()
    def other() -> None:
        """Another command."""

    runner = CliRunner()
    ran = runner.invoke(parent, ["sweep", str(stored[0]), "--store", str(stored[1]), "--executor", "serial"])
    assert ran.exit_code == 0 and "0 solved now" in ran.stdout
    asked = runner.invoke(parent, ["sweep", "query", str(stored[1]), "SELECT count(*) AS n FROM results", "--csv"])
    assert asked.exit_code == 0 and asked.stdout == "n\n72\n"
    shown = runner.invoke(parent, ["sweep", "--help"])
    assert shown.exit_code == 0 and "query" in shown.stdout
    assert "--executor" in runner.invoke(parent, ["sweep", str(stored[0]), "--help"]).stdout
    wrong = runner.invoke(parent, ["sweep", "no-such-sweep", "--store", "x"])
    assert isinstance(wrong.exception, InputError) and "no gallery sweep" in str(wrong.exception)
