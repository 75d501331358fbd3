"""What a person sees: exit codes, messages, the results folder, the page."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from comity import ending
from comity.scenario.load import gallery


def comity(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "comity", *arguments], capture_output=True, text=True, cwd=cwd, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("results")
    done = comity("run", "tehran-2023", "--out", str(folder))
    return done, next(path for path in folder.iterdir())


def test_the_demo_answers_the_flagship_question(run: tuple) -> None:
    done, _ = run
    assert done.returncode == 0 and done.stderr == ""
    text = done.stdout
    for words in (
        "Iran     +", "Belarus  +", "(estimated)", "Iran's count", "Belarus's count", "Target of 100 million USD",
        "already reached before the deal", "Who else is affected most", "Iran is estimated", "Largest residual",
    ):  # fmt: skip
        assert words in text, words


def test_results_folder(run: tuple) -> None:
    _, folder = run
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-tehran-2023", folder.name)
    names = {path.name for path in folder.iterdir()}
    assert names >= {"report.html", "key_results.csv", "scenario.yaml", "record.json", "trade.csv", "welfare.csv"}
    record = json.loads((folder / "record.json").read_text())
    assert record["solver"]["residual"] < 1e-10 and len(record["world"]["hash"]) == 64
    assert os.sep + "tmp" not in json.dumps(record) and str(Path.home()) not in json.dumps(record)
    assert (folder / "scenario.yaml").read_bytes() == gallery()["tehran-2023"].read_bytes()
    lines = (folder / "welfare.csv").read_text().splitlines()
    assert lines[0].startswith("# real_income_pct: per cent;")
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == 82 and float(next(r for r in rows if r["country"] == "IRN")["real_income_pct"]) > 0


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_report_is_one_accessible_file(run: tuple) -> None:
    _, folder = run
    html = (folder / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(html)
    tags = page.tags
    assert sum(tag == "h1" for tag, _ in tags) == 1
    assert not [tag for tag, _ in tags if tag in ("script", "link", "iframe", "img")]
    requests = [a for _, a in tags for key in ("src", "href", "xlink:href") if str(a.get(key, "")).startswith("http")]
    assert requests == [] and "@import" not in html and "url(" not in html.replace("url(#", "")
    drawings = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(drawings) >= 6
    told = [a for a in drawings if a.get("aria-hidden") != "true"]  # rulers beside a number that the text states
    assert len(told) >= 6 and all(a.get("role") == "img" and a.get("aria-label") for a in told)
    assert sum(tag == "details" for tag, _ in tags) >= 3
    for word in ("winner", "victim", "evade", "circumvent", "illegal"):
        assert word not in html.lower()
    assert "comity run tehran-2023" in html and "import comity" in html


def test_json(tmp_path: Path) -> None:
    done = comity("run", "uniform-tariff-20", "--world", "world-2019", "--json", "--out", str(tmp_path))
    assert done.returncode == 0
    content = json.loads(done.stdout)
    assert content["schema_version"] == 1 and content["world"] == "world-2019"
    assert {n["kind"] for n in content["numbers"]} == {"band"} and content["residual"] < 1e-10
    assert {n["kind"] for n in content["ranges"]} == {"range"}


def test_check_explain_worlds() -> None:
    assert "valid on world-2022" in comity("check", "tehran-2023").stdout
    explained = comity("explain", "sanctioned-front").stdout
    assert "left out" in explained and "Targets" not in explained
    worlds = comity("worlds").stdout
    assert "world-2022: 82 economies x 22 sectors" in worlds and "estimated: IRN" in worlds and "tehran-2023" in worlds


BAD = {
    "unknown scenario": (["run", "tehran-2032"], "Did you mean tehran-2023"),
    "unknown world": (["run", "tehran-2023", "--world", "world-2021"], "Did you mean world-20"),
    "unknown closure": (["run", "tehran-2023", "--closure", "balansed"], "Did you mean balanced"),
    "unknown elasticities": (["run", "tehran-2023", "--elasticities", "cp"], "unknown set"),
    "draws": (["run", "tehran-2023", "--draws", "1"], "0 for ranges without bands"),
    "regime in the world": (["run", "russia-2022", "--world", "world-2022"], "lifting"),
    "bad data folder": (["world", "build", "--data", "no-such-folder"], "not there"),
    "unknown built world": (["world", "build", "world-1066", "--data", "."], "Did you mean"),
    "unknown option": (["run", "tehran-2023", "--wrld", "x"], "--wrld"),
    "unknown command": (["rum", "tehran-2023"], "rum"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_message_and_exit_code_2(name: str, tmp_path: Path) -> None:
    arguments, words = BAD[name]
    if arguments[0] == "run":
        arguments = [*arguments, "--out", str(tmp_path / "out")]
    done = comity(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*")), "something was left behind"


def test_no_solution_is_exit_code_3(tmp_path: Path) -> None:
    file = tmp_path / "alone.yaml"
    file.write_text(
        "schema: 1\nid: alone\ntitle: Alone\nmeasures:\n"
        "  - {id: a, kind: embargo, importers: [RUS], exporters: [all, ROW], sectors: all}\n"
        "  - {id: b, kind: embargo, importers: [all, ROW], exporters: [RUS], sectors: all}\n"
    )
    done = comity("run", str(file), "--out", str(tmp_path / "out"))
    assert done.returncode == 3, done.stderr
    assert "RUS" in done.stderr and "balanced" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = comity("run", "tehran-2023", "--out", str(blocked / "below"))
    assert done.returncode == 2 and "is not a folder" in done.stderr and "Traceback" not in done.stderr
    assert blocked.read_text() == "in the way"


def test_damaged_bundle(tmp_path: Path) -> None:
    from comity import embedded_worlds

    whole = embedded_worlds()["world-2022"].read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    done = comity("run", "tehran-2023", "--world", str(tmp_path / "half.npz"), "--out", str(tmp_path / "out"))
    assert done.returncode == 2 and "truncated" in done.stderr and "Traceback" not in done.stderr


def test_a_user_s_file_gets_line_numbers(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "schema: 1\nid: mine\ntitle: Mine\nmeasures:\n"
        "  - id: a\n    kind: tariff\n    importers: [IRN]\n    exporters: [BLR]\n    size: {to: 25}\n"
    )
    done = comity("run", str(file), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "mine.yaml, line 9, measures[0].size.to" in done.stderr and "25%" in done.stderr


def test_a_run_ends_with_everything_said_and_nothing_left_running(tmp_path: Path) -> None:
    """Its end takes a short way (`comity.ending`): what is printed into a pipe is whole all the same."""
    done = comity("run", "tehran-2023", "--no-claims", "--draws", "0", "--json", "--out", str(tmp_path))
    assert done.returncode == 0 and done.stderr == ""
    told = json.loads(done.stdout)
    assert Path(told["folder"]).is_dir()
    assert [path.name for path in tmp_path.iterdir()] == [Path(told["folder"]).name]  # no half-written sibling


def test_an_ending_that_was_told_is_forgotten_by_the_next_command(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    ending.end_at_once()
    ending.start()
    ending.end_if_told()
    assert ended == []
    ending.end_at_once()
    ending.end_if_told()
    assert ended == [0]
    ending.start()
