"""Words of a scenario file that mean something to people: what the complaint offers instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FILE = """schema: 1
id: words
title: Words
{world}
measures:
  - id: m
    kind: tariff
    importers: [{importer}]
    exporters: [BLR]
    sectors: {sectors}
    size: {{to: 0.1}}
    {phase}
"""
CASES = {
    "a sector by its name": ({"sectors": "agriculture"}, "line 10, measures[0].sectors: unknown sector. Found: agriculture",
                             "Did you mean AGR (Agriculture forestry and fishing)?"),
    "a sector misspelt": ({"sectors": "OILGAZ"}, "unknown sector. Found: OILGAZ", "Did you mean OILGAS?"),
    "a country in the rest of the world": ({"importer": "Venezuela"}, "Venezuela lies inside the rest of the world (ROW)",
                                           "Do not write ROW for it: ROW is all other economies together."),
    "a world nobody built": ({"world": "world: world-2021"}, "line 4, world: no embedded world and no file of that name",
                             "Did you mean world-2022?"),
    "an end before its beginning": ({"phase": "phase: {from: 2024, to: 2022}"},
                                    "`to` (2022-01-01) lies before `from` (2024-01-01)", "Allowed: to at or after from."),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_offered_instead(name: str, tmp_path: Path) -> None:
    changed, problem, advice = CASES[name]
    parts = {"world": "", "importer": "IRN", "sectors": "goods", "phase": "", **changed}
    file = tmp_path / "words.yaml"
    file.write_text(FILE.format(**parts), encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "comity", "check", str(file)], capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert problem in done.stderr and advice in done.stderr, done.stderr
    assert name.startswith("a country") is ("Did you mean" not in done.stderr and "inside" in done.stderr)
