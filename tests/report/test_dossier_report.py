"""The report of a dossier: claims with verdicts, commitments, figures and files beside the page."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity import InputError, assess, load_dossier, load_scenario, load_world
from comity.cli import app
from comity.dossier.assess import NO_SOLUTION, NOT_ON_THIS_WORLD, Assessment
from comity.dossier.claims import UPPER_BOUND
from comity.dossier.verdicts import BEFORE, CANNOT_TELL, CONTRADICTED, NOT_SUPPORTED, OUTSIDE, SUPPORTED, Verdict
from comity.outcomes.numbers import Number
from comity.report import dossier_drawing
from comity.report import folder as folder_module
from comity.report.drawing import svg
from comity.report.folder import write_folder
from comity.report.page import page
from comity.report.terminal import claim_lines
from comity.report.verdict_rows import number_text, small_ruler


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    dossier = load_dossier("elmau-2022")
    return assess(load_world(dossier.world or ""), dossier)


@pytest.fixture(scope="module")
def text(assessment: Assessment) -> str:
    return page(assessment.main, "comity run elmau-2022", assessment)


def test_verdicts_of_the_second_dossier(assessment: Assessment) -> None:
    marks = {verdict.claim.id: verdict.mark for verdict in assessment.verdicts}
    assert marks == {
        "a": NOT_SUPPORTED,
        "b": OUTSIDE,
        "c": OUTSIDE,
        "d": SUPPORTED,
        "d2": NOT_SUPPORTED,
        "e": SUPPORTED,
        "f": OUTSIDE,
    }
    assert assessment.verdict("d2").ending == "contradicted: none of it meets the test"
    severe = assessment.verdict("a")
    assert severe.ending == "cannot tell: it straddles the test"
    assert severe.main is not None and severe.needed == -1.0
    # the size of the regime is assumed: between those of 2014 and 2012
    assert severe.main.low < -2 < -1 < severe.main.high < 0  # type: ignore[operator]


def test_page_holds_every_claim_in_the_order_of_the_file(assessment: Assessment, text: str) -> None:
    assert re.findall(r'id="claim-(\w+)"', text) == [claim.id for claim in assessment.dossier.claims]
    assert text.count("<h1") == 1 and "http" not in re.sub(r"https?://[^\s<\"]*", "", text)
    assert 'src="' not in text and "<link" not in text  # nothing is fetched
    for way, count in (("supported", 2), ("contradicted", 1), ("cannot tell", 1), ("outside the model", 3)):
        assert f"<b>{count}</b> {way}<" in text
    assert "Two of four commitments have a trade channel" in text


def test_to_be_unable_to_tell_is_drawn_and_named_apart(assessment: Assessment, text: str) -> None:
    """Claim a cannot be told, d2 is contradicted: the one says so first, the other's icon says it."""
    icons = {}
    for claim, said in (("a", "cannot tell"), ("d2", "contradicted")):
        assert assessment.verdict(claim).outcome == said and assessment.verdict(claim).mark == NOT_SUPPORTED
        row = text.split(f'id="claim-{claim}"')[1].split("</tr>")[0]
        name = f'role="img" aria-label="How this claim ended: {said}."' if claim == "d2" else 'aria-hidden="true"'
        (icons[claim],) = re.findall(rf'<svg class="ic"[^>]*{name}>(.*?)</svg>', row)
        word = re.search(r'<span class="verdict">.*?</svg> (.*?)</span><br><small>(.*?)</small>', row)
        assert (
            word is not None
            and word.groups()
            == {
                "a": ("Cannot tell", "it straddles the test (not supported)"),
                "d2": ("Not supported", "contradicted: none of it meets the test"),
            }[claim]
        )
    assert icons["a"] != icons["d2"]
    assert claim_lines(assessment)[-1] == "  Together: 2 supported, 1 contradicted, 1 cannot tell, 3 outside the model."


@pytest.mark.parametrize(
    ("mark", "ending", "outcome"),
    [
        (SUPPORTED, BEFORE, "supported"),
        (NOT_SUPPORTED, CONTRADICTED, "contradicted"),
        (NOT_SUPPORTED, CANNOT_TELL, "cannot tell"),
        (NOT_SUPPORTED, UPPER_BOUND, "cannot tell"),
        (NOT_SUPPORTED, NO_SOLUTION, "cannot tell"),
        (OUTSIDE, NOT_ON_THIS_WORLD, "outside the model"),
    ],
)
def test_ways_to_end(mark: str, ending: str, outcome: str) -> None:
    assert Verdict(None, mark, ending).outcome == outcome


def test_every_picture_states_what_it_shows(text: str) -> None:
    pictures = re.findall(r"<svg[^>]*>", text)
    named = [picture for picture in pictures if "aria-label=" in picture]
    hidden = [picture for picture in pictures if "aria-hidden" in picture]
    assert len(named) + len(hidden) == len(pictures)


def test_a_table_in_the_hands_of_a_copy_that_died_is_written(
    assessment: Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def losing(pieces: Sequence[str]) -> Iterator[Callable[[], Iterator[str]]]:
        left = iter(pieces[1:])  # the first was taken by a copy that is no more
        yield lambda: left

    monkeypatch.setattr(folder_module, "in_turn", losing)
    folder = write_folder(assessment.main, tmp_path, "comity run elmau-2022", None, assessment)
    for name in folder_module.TABLES:
        assert len((folder / f"{name}.csv").read_text().splitlines()) > 10, name


def test_folder_holds_figures_claims_and_the_dossier(assessment: Assessment, tmp_path: Path) -> None:
    folder = write_folder(assessment.main, tmp_path, "comity run elmau-2022", None, assessment)
    assert (folder / "dossier.yaml").read_text() == assessment.dossier.text
    with open(folder / "claims.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["a", "b", "c", "d", "d2", "e", "f"]
    assert float(rows[0]["estimate"]) == pytest.approx(-1.3, abs=0.05) and rows[1]["estimate"] == ""
    content = json.loads((folder / "assessment.json").read_text())
    assert content["schema_version"] == 1 and len(content["claims"]) == 7
    names = {path.stem for path in (folder / "figures").iterdir()}
    assert {"gains-and-losses", "map", "trade", "ruler"} <= names
    drawn = (folder / "figures" / "map.svg").read_text()
    assert drawn.startswith("<svg xmlns=")


def test_command_prints_verdicts_and_writes_pictures(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", "elmau-2022", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.stdout
    assert "Claims of The G7 on responsible sanctions, June 2022 (verdicts rest on ranges" in done.stdout
    assert "Outside the model: no number" in done.stdout
    (folder,) = tmp_path.iterdir()
    assert (folder / "figures" / "ruler.png").read_bytes().startswith(b"\x89PNG")


def test_a_name_that_is_a_dossier_is_its_main_scenario_too() -> None:
    assert load_scenario("elmau-2022").id == "russia-2022"


def test_refusals(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["run", "tehran-2023", "--claims", "--year", "2024", "--out", str(tmp_path)])
    assert isinstance(done.exception, InputError) and "full implementation" in str(done.exception)
    done = runner.invoke(app, ["check", "us-china-tariffs", "--source", "a=b"])
    assert isinstance(done.exception, InputError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (Number("real income", "RUS", -1.3, -2.44, -0.72, "range", "per cent", 2019, "observed"), "−1.3\u202f% [−2.4, −0.7]"),
        (Number("share won back", "IRN", 7.2, 4.1, 12.3, "range", "per cent", 2022, "estimated"), "7.2\u202f% [4.1, 12.3]"),
        (Number("growth", "IRN-BLR", 3.04, None, None, "none", "times", 2022, "observed"), "3.0 times"),
        (Number("growth", "IRN-BLR", float("nan"), None, None, "none", "times", 2022, "observed"), "no number"),
    ],
)  # fmt: skip
def test_numbers_in_the_way_of_their_unit(number: Number, words: str) -> None:
    assert number_text(number) == words


def test_small_ruler_has_its_tick_where_the_test_asks() -> None:
    drawn = small_ruler(Number("x", "A", 0.5, 0.0, 1.0, "range", "per cent", None, "observed"), 2.0)
    ticks = re.findall(r'x1="([\d.]+)" x2="\1" y1="1"', drawn)
    assert [float(tick) for tick in ticks] == [125.0]  # the right end of the scale


def test_ruler_and_monitor_are_drawn_in_tokens() -> None:
    rows = [{"name": "One", "value": 0.002, "low": 0.001, "high": 0.01, "color": "gain", "said": "+0.002 %"}]
    lines = [
        {"count": "A's count", "kind": kind, "year": year, "value": value, "low": value, "high": value, "text": ""}
        for kind, year, value in (("observed", 2020.5, 50.0), ("predicted", 2024.0, 60.0), ("signed", 2023.2, None))
    ]
    for figure, data in ((dossier_drawing.ruler, rows), (dossier_drawing.monitor, lines)):
        for width in (720, 340):
            text = svg(figure(data, width), "A finding")
            assert 'aria-label="A finding"' in text
            colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', text))
            assert colours <= {
                "#1b1e23",
                "#4a515b",
                "#646b76",
                "#dddcd6",
                "#8b909a",
                "#0b5f73",
                "#6a4fa3",
                "#a85205",
                "#ffffff",
            }
