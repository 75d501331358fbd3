"""comity compare: two runs side by side, from folders or from scenarios."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity import InputError, load_scenario, load_world, simulate
from comity.cli import app
from comity.report import compare
from comity.report.folder import results_json


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two run folders with results only, of one scenario under two closures."""
    world, scenario = load_world(), load_scenario("tehran-2023")
    made = []
    for closure in ("fixed-deficits", "balanced"):
        folder = tmp_path_factory.mktemp(closure)
        (folder / "results.json").write_text(json.dumps(results_json(simulate(world, scenario, closure=closure))))
        made.append(folder)
    return made[0], made[1]


def test_numbers_and_differences(folders: tuple[Path, Path]) -> None:
    left, right = compare.side(str(folders[0])), compare.side(str(folders[1] / "results.json"))
    found = {(line.name, line.country): line for line in compare.lines(left, right)}
    line = found["real income", "BLR"]
    assert line.left is not None and line.right is not None and line.difference is not None
    assert line.left["estimate"] == pytest.approx(0.0054, abs=1e-4)
    assert line.difference == pytest.approx(line.right["estimate"] - line.left["estimate"], abs=1e-15)
    incomes = [abs(row.difference or 0) for row in compare.lines(left, right) if row.name == "equivalent variation"]
    assert incomes == sorted(incomes, reverse=True)


def test_terminal_says_what_differs(folders: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(app, ["compare", str(folders[0]), str(folders[1])])
    assert done.exit_code == 0
    marked = [row.split()[0] for row in done.stdout.splitlines() if row.endswith("<- differs")]
    assert marked == ["closure"]


def test_a_run_against_itself_has_no_difference(folders: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(app, ["compare", str(folders[0]), str(folders[0]), "--json"])
    numbers = json.loads(done.stdout)["numbers"]
    assert len(numbers) > 160
    assert {number["difference"] for number in numbers} == {0.0}


def test_page_has_both_sides_and_no_external_request(folders: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "both.html"
    done = CliRunner().invoke(app, ["compare", str(folders[0]), "sanctioned-front", "--out", str(file)])
    assert done.exit_code == 0
    text = file.read_text()
    assert text.count("<h1") == 1 and "sanctioned-front" in text and "on one side only" in text
    assert "http" not in text.replace('xmlns="http', "") and "src=" not in text


def test_refusals(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean sanctioned-front"):
        compare.side("sanctioned-frnt")
    with pytest.raises(InputError, match=r"no readable results\.json"):
        compare.side(str(tmp_path))
    (tmp_path / "results.json").write_text('{"schema_version": 99}')
    with pytest.raises(InputError, match="written in another format"):
        compare.side(str(tmp_path))


def test_heading_and_finding_say_what_differs(folders: tuple[Path, Path]) -> None:
    left, right = compare.side(str(folders[0])), compare.side(str(folders[1]))
    assert compare.heading(left, right) == "tehran-2023, trade deficits: fixed-deficits against balanced"
    said = compare.finding(compare.lines(left, right))
    assert said.startswith(
        "Largest differences, second less first: goods trade after the measures of Iran and Belarus "
    )
    largest = max(
        (line for line in compare.lines(left, right) if line.name == "equivalent variation"),
        key=lambda line: abs(line.difference or 0.0),
    )
    assert largest.country == "IRN" and "gain or loss of Iran \N{MINUS SIGN}0.29 million USD a year" in said
    assert compare.finding(compare.lines(left, left)) == "No number that both runs have differs."
    other = compare.side("sanctioned-front")
    assert compare.heading(left, other) == "tehran-2023 against sanctioned-front"


def test_both_runs_lie_on_one_axis() -> None:
    def side(low: float, estimate: float, high: float) -> dict:
        return {"low": low, "estimate": estimate, "high": high}

    line = compare.Line("real income", "IRN", "per cent", side(0.0, 5.0, 10.0), side(-10.0, 0.0, 5.0))
    drawn = compare._axis(line, ("first", "second"))
    # 230 px with margins of 8 for -10 to 10: 0 lies in the middle, 5 at three quarters
    assert 'cx="168.5" cy="11"' in drawn and 'cx="115.0" cy="29"' in drawn
    assert "Real income, Iran in per cent: first 5, range 0 to 10 and second 0, range -10 to 5." in drawn
    alone = compare.Line("real income", "IRN", "per cent", side(1.0, 2.0, 3.0), None)
    assert compare._axis(alone, ("first", "second")).count("<circle") == 1


def test_page_puts_money_and_per_cent_of_an_economy_in_one_row(folders: tuple[Path, Path]) -> None:
    text = compare.page(compare.side(str(folders[0])), compare.side(str(folders[1])))
    assert text.count(">Real income, Iran<") == 1 and "m USD" in text and "IRN-BLR" not in text
    assert "trade deficits (differs)" in text and text.count("(differs)") == 1
