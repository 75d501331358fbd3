"""`comity run --draws`: bands beside the ranges."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity import load_scenario, load_world
from comity.cli import app
from comity.uncertainty.bands import bands


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    asked = ["run", "tehran-2023", "--no-claims", "--draws", "20", "--seed", "3", "--json", "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0
    (out / "printed.json").write_text(done.stdout)
    return out


def test_the_file_holds_the_bands_of_the_library_without_mixed_counts(folder: Path) -> None:
    (written,) = folder.glob("*/bands.csv")
    lines = written.read_text().splitlines()
    assert lines[0].startswith("# 90 % bands from 20 of 20 draws (seed 3)") and "statistics differ" in lines[1]
    rows = list(csv.DictReader(lines[2:]))
    found = bands(load_world("world-2022"), load_scenario("tehran-2023"), draws=20, seed=3)
    row = next(row for row in rows if (row["quantity"], row["of"]) == ("real_income_pct", "IRN"))
    band = found.of("real_income_pct", "IRN")
    assert [float(row[key]) for key in ("low", "estimate", "high")] == pytest.approx(
        [band.low, band.estimate, band.high], rel=1e-9
    )  # ten digits are written
    assert band.low < band.estimate < band.high
    assert not any(row["quantity"].startswith("pair_") for row in rows)


def test_json_and_words(folder: Path, tmp_path: Path) -> None:
    printed = json.loads((folder / "printed.json").read_text())["bands"]
    assert (printed["asked"], printed["draws"], printed["seed"], printed["failures"]) == (20, 20, 3, {})
    assert printed["drawn"]["elasticities"] == "assumed"
    done = CliRunner().invoke(app, ["run", "iran-2012", "--draws", "10", "--out", str(tmp_path)])
    assert "In 90 of 100 draws (10 of 10 draws solved, seed 1):" in done.stdout
    assert "Drawn: trade elasticities (assumed)." in done.stdout


def test_a_number_of_draws_that_cannot_be() -> None:
    done = CliRunner().invoke(app, ["run", "iran-2012", "--draws", "1"])
    assert "draws" in str(done.exception) and done.exception.__class__.__name__ == "InputError"
