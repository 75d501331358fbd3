"""`comity run`: bands by default, in the files, the JSON and the words; ranges beside them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity import load_scenario, load_world, simulate
from comity.cli import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    asked = ["run", "tehran-2023", "--no-claims", "--draws", "20", "--seed", "3", "--json", "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0
    (out / "printed.json").write_text(done.stdout)
    return out


def test_files_hold_bands_and_ranges(folder: Path) -> None:
    (bands,), (ranges,) = folder.glob("*/key_results.csv"), folder.glob("*/ranges.csv")
    found = simulate(load_world("world-2022"), load_scenario("tehran-2023"), draws=20, seed=3).of("IRN")
    for file, kind in ((bands, "band"), (ranges, "range")):
        rows = list(csv.DictReader(file.read_text().splitlines()))
        row = next(row for row in rows if (row["name"], row["country"]) == ("real income", "IRN"))
        assert row["kind"] == kind and float(row["low"]) < float(row["estimate"]) < float(row["high"])
        if kind == "band":
            # ten digits are written; bands of two processes and of one may differ in the solver's last digits
            assert float(row["low"]) == pytest.approx(found.real_income_low_pct, abs=1e-7)
            assert row["level"] == "5th to 95th percentile of 20 draws (seed 3)"


def test_json(folder: Path) -> None:
    printed = json.loads((folder / "printed.json").read_text())
    bands = printed["bands"]
    assert (bands["seed"], bands["level"]) == (3, 0.9)
    assert [(one["asked"], one["draws"], one["failures"]) for one in bands["counts"]] == [(20, 20, {}), (20, 20, {})]
    assert all(0 <= one["residual"] < 1e-8 for one in bands["counts"])
    assert "trade elasticities (assumed)" in bands["drawn"]
    assert "all exports of Iran together (assumed)" in bands["not_drawn"]
    assert {number["kind"] for number in printed["ranges"]} == {"range", "none"}
    record = json.loads(next(folder.glob("*/record.json")).read_text())
    assert [band["seed"] for band in record["bands"]] == [3, 3] and record["no_band"] == ""


def test_page_says_what_the_bands_are(folder: Path) -> None:
    page = next(folder.glob("*/report.html")).read_text()
    assert "in 90 of 100 draws the number lies inside; 20 joint draws on each partner’s statistics (seed 3)" in page
    assert "What the bands are made of" in page and "Range over choices, Iran:" in page
    assert "comity run tehran-2023 --draws 20 --seed 3 --no-claims" in page


def test_words_and_ranges_on_request(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", "iran-2012", "--draws", "10", "--out", str(tmp_path)])
    assert "Real income (a year, long run; in 90 of 100 draws):" in done.stdout
    assert "Bands: 5th to 95th percentile of 10 draws (seed 1); without solution: none." in done.stdout
    done = CliRunner().invoke(app, ["run", "iran-2012", "--draws", "0", "--out", str(tmp_path)])
    assert "range over elasticity sets, sizes and closures" in done.stdout and "draws" not in done.stdout


def test_a_number_of_draws_that_cannot_be() -> None:
    done = CliRunner().invoke(app, ["run", "iran-2012", "--draws", "1"])
    assert "draws" in str(done.exception) and done.exception.__class__.__name__ == "InputError"
