"""A measure sized by what was observed on the command line: run, check, explain, exit codes; and where it is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Iran's exports to the 2012 coalition, as a press report on the paper has it (sizes.csv: sanction-iran-2012-target-exports)
FILE = """schema: 1
id: observed-exports
title: Exports of Iran to the coalition of 2012
world: world-2022
measures:
  - id: fell
    kind: sanction
    importers: [Iran sanctions coalition 2012]
    exporters: [IRN]
    size:
      observed:
        change: {low: -0.2, central: -0.41, high: -0.5}
        of: exports
        wedges: common
        source: Chowdhry, Hinz, Kamin & Wanner, Brothers in Arms (DIW discussion paper, 2022), press report
"""


def comity(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "comity", *arguments], capture_output=True, text=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("observed")
    (path / "fell.yaml").write_text(FILE, encoding="utf-8")
    return path


def test_run_tells_the_wedge(folder: Path) -> None:
    done = comity("run", str(folder / "fell.yaml"), "--out", str(folder / "out"), "--draws", "0")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    for words in (
        "is sized by what was observed: exports −41\u202f% in all the sectors together (trade cost found: x 1.",
        "fell: sized by what was observed: exports −41\u202f% (low −20\u202f%, high −50\u202f%)", "; wedge found: x 1.",
        "recomputed, trade meets what was observed to ",
    ):  # fmt: skip
        assert words in done.stdout, words
    (made,) = (folder / "out").iterdir()
    page = (made / "report.html").read_text(encoding="utf-8")
    assert "sized by what was observed" in page
    record = json.loads((made / "record.json").read_text(encoding="utf-8"))
    assert any("wedge found: x 1." in note for note in record["regime_notes"])
    (wedge,) = record["wedges"]
    assert wedge["measure"] == "fell" and wedge["recomputed_change_pct"] == pytest.approx(-41, abs=1e-6)
    assert json.loads((made / "results.json").read_text(encoding="utf-8"))["wedges"] == [wedge]
    lines = (made / "wedges.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines if not line.startswith("#")] == ["measure", "fell"]
    rows = (made / "trade.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) > 100


def test_check_and_explain_speak_of_it(folder: Path) -> None:
    checked = comity("check", str(folder / "fell.yaml"))
    assert checked.returncode == 0 and "valid on world-2022" in checked.stdout
    assert "No source given" not in checked.stdout and "Nothing changes" not in checked.stdout
    told = comity("explain", str(folder / "fell.yaml")).stdout
    for words in ("sized by what was observed: exports −41\u202f%", "(low −20\u202f%, high −50\u202f%)", "[Chowdhry, Hinz, Kamin",
                  "the trade cost behind it is found when the scenario is solved"):  # fmt: skip
        assert words in told, told


def test_exit_codes(folder: Path) -> None:
    wrong = folder / "wrong.yaml"
    wrong.write_text(FILE.replace("central: -0.41", "central: -1.41"), encoding="utf-8")
    done = comity("run", str(wrong), "--out", str(folder / "none"))
    assert done.returncode == 2 and "wrong.yaml, line 12, measures[0].size.observed.change" in done.stderr
    never = folder / "never.yaml"
    text = FILE.replace("{low: -0.2, central: -0.41, high: -0.5}", "9000%").replace(
        "exporters: [IRN]", "exporters: [CHN]"
    )
    never.write_text(text.replace("Iran sanctions coalition 2012", "USA"), encoding="utf-8")
    done = comity("run", str(never), "--out", str(folder / "none"))
    assert done.returncode == 3 and "never.yaml, line 11, measures[0].size.observed" in done.stderr
    assert "Traceback" not in done.stderr
    swept = comity("sweep", "run", str(folder / "fell.yaml"))
    assert swept.returncode == 2 and "Traceback" not in swept.stderr
