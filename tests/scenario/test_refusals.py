"""What a file may get wrong before any world is looked at: one clear complaint with line, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity import InputError, compile_scenario, load_scenario
from comity.scenario.load import ScenarioError, parse_scenario
from tests.helpers import labelled_world

HEAD = "schema: 1\nid: t\ntitle: T\n"
TARIFF = "measures:\n  - {id: a, kind: tariff, importers: IRN, exporters: BLR, size: {to: 0.1}}\n"
CASES = {
    "": "a scenario is a mapping of keys",
    "[1, 2]": "a scenario is a mapping of keys",
    HEAD + "title: again\n": r"line 4: key 'title' stands twice.*first on line 3",
    HEAD + "measures: [\n": r"line \d+: not valid YAML",
    HEAD + "x: &a 1\n": "anchors and aliases",
    HEAD + "x: !!python/object:os.system a\n": "tags are not used",
    HEAD + "--- \nid: b\n": "one document per file",
    HEAD + "? [a]\n: b\n": "a key must be a plain word",
    HEAD + "deep: " + "[" * 40 + "]" * 40: "nested too deeply",
    HEAD + "descripton: x\n": "unknown key.*Did you mean description",
    HEAD + "closure: balansed\n": "Did you mean balanced",
    HEAD + "year: soon\n": "a year is needed",
    HEAD.replace("schema: 1", "schema: 2"): "schema",
    "schema: 1\nid: t\n": "a required key is missing.*title",
    HEAD + "measures: [{id: a}]\n": "does not say its kind",
    HEAD + TARIFF.replace("to: 0.1", "to: 25"): r'a bare 25 is not taken for 25 per cent.*Write "25%" or 0.25',
    HEAD + TARIFF.replace("to: 0.1", "to: nan"): "a rate is needed",
    HEAD + TARIFF.replace("to: 0.1", "to: -1.5"): "must lie above -100 %",
    HEAD + TARIFF.replace("to: 0.1", "to: 0.1, change: 0.2"): "exactly one of its forms",
    HEAD + TARIFF.replace("exporters: BLR, ", ""): "does not say whose trade",
    HEAD + TARIFF.replace("size", "source: nowhere, size"): "no source of that id",
    HEAD + TARIFF.replace("size", "overrides: [b], size"): "no other measure of that id",
    HEAD + TARIFF.replace("size", "phase: {from: 2026, to: 2023}, size"): "`to` .2023-01-01. lies before `from`",
    HEAD + TARIFF.replace("kind: tariff", "kind: embargo"): "unknown key",
}


@pytest.mark.parametrize("text", CASES, ids=[f"{k}" for k in range(len(CASES))])
def test_refused_with_its_reason(text: str) -> None:
    import re

    with pytest.raises(InputError) as caught:
        parse_scenario(text, "file.yaml")
    assert re.search(CASES[text], caught.value.message), caught.value.message
    assert caught.value.message.startswith("file.yaml"), caught.value.message


def test_several_mistakes_are_told_at_once_with_their_lines() -> None:
    text = HEAD + "wrold: x\nyear: 20\n" + TARIFF.replace("0.1", "many")
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, "file.yaml")
    message = caught.value.message
    assert len(caught.value.problems) == 3 and "line 4" in message and "line 5" in message and "line 7" in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"schema: 1\n\xff\xfe")
    with pytest.raises(InputError, match="not a text file in UTF-8"):
        load_scenario(binary)
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(tmp_path)
    with pytest.raises(InputError, match="Did you mean tehran-2023"):
        load_scenario("tehran-2024")


def test_year_decides_whether_two_rates_contradict() -> None:
    """Two rates on one cell are an error in a year in which both are in force, and only then."""
    world = labelled_world()
    text = HEAD + TARIFF.replace("size", "phase: {from: 2020}, size")
    text += "  - {id: b, kind: tariff, importers: IRN, exporters: BLR, size: {to: 0.2}, phase: {from: 2025}}\n"
    scenario = parse_scenario(text)
    assert compile_scenario(world, scenario, year=2022).measures[1].in_force == 0
    with pytest.raises(InputError, match="'a' and 'b' set two different rates"):
        compile_scenario(world, scenario, year=2025)
    with pytest.raises(InputError, match="'a' and 'b' set two different rates"):
        compile_scenario(world, scenario)


def test_embargo_has_no_half_way() -> None:
    world = labelled_world()
    text = (
        HEAD + "measures:\n  - {id: a, kind: embargo, importers: IRN, exporters: BLR, phase: {from: 2023, to: 2026}}\n"
    )
    scenario = parse_scenario(text)
    before, start = (compile_scenario(world, scenario, year=year) for year in (2022, 2023))
    assert before.nothing == "no measure is in force at the start of 2022" and before.shock.iceberg_hat is None
    assert start.measures[0].in_force == 1 and start.targets == ["BLR"]


def test_base_year_overlap_of_an_unnamed_sanction_is_said() -> None:
    """The world of 2022 contains the regime of 2014 on Russia; a sanction that names no regime adds to it."""
    world = labelled_world().replace(name="world-2022")
    own = (
        "regimes:\n  - {id: mine, title: Mine, senders: [CHN], targets: [RUS], from: 2015,"
        " size: {target_exports: sanction-russia-2014-target-exports}, in_benchmark: {world-2022: full}}\n"
    )
    text = HEAD + own + "measures:\n  - {id: a, kind: sanction, importers: RUS, exporters: CHN, size: {hat: 1.2}}\n"
    notes = compile_scenario(world, parse_scenario(text)).regime_notes
    assert notes == [
        "Mine: the base year already contains this regime in full; on 1 pair(s) of it the measures come in addition to that."
    ]
