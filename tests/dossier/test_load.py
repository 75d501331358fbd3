"""What a dossier file may get wrong: one clear complaint with file, line and key, never a traceback."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity import InputError, compile_scenario, load_dossier, load_scenario
from comity.dossier.load import dossiers, is_dossier, parse_dossier
from comity.dossier.schema import Dossier, Frictions
from comity.scenario.load import ScenarioError, parse_scenario
from comity.scenario.schema import Scenario
from tests.dossier.files import CLAIMS, COMMITMENTS, HEAD, OBSERVED, SCENARIOS, SMALL, SOURCES, changed, line_of
from tests.helpers import labelled_world
from tests.scenario.test_fuzz import mutate

FILE = "small.yaml"


def complaints(text: str, folder: Path | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_dossier(text, FILE, folder)
    each = caught.value.problems if isinstance(caught.value, ScenarioError) else [caught.value]
    return [problem.message for problem in each]


def test_the_small_dossier_is_valid() -> None:
    dossier = parse_dossier(SMALL, FILE)
    assert dossier.id == "small" and dossier.text == SMALL and dossier.path == FILE
    assert list(dossier.found) == ["roadmap", "front", "lift", "bound"]
    assert isinstance(dossier.found["bound"], Frictions) and dossier.found["roadmap"].id == "tehran-2023"
    assert dossier.where("claims", 0, "test") == f"{FILE}, line {line_of('test: {kind: target')}, claims[0].test"


# what is changed, into what, what the complaint says, and the line it names (that of the text given, in the new file)
CASES: dict[str, tuple[str, str, str, str]] = {
    "unknown key": ("signed:", "singed:", r"singed: unknown key.*Did you mean signed\?", "singed:"),
    "unknown key of a claim": ("    outside: no channel", "    outsied: x", "unknown key.*Did you mean outside", "outsied"),
    "missing key": ("title: A small dossier\n", "", "a required key is missing. Found: no 'title'", "schema"),
    "wrong schema": ("schema: 1", "schema: 2", "not one of the words known here. Found: 2", "schema"),
    "wrong type": ("type: dossier", "type: dosier", "Did you mean dossier", "type"),
    "key twice": ("signed: 2023-03-13", "signed: 2023-03-13\nsigned: 2024", "key 'signed' stands twice", "signed: 2024"),
    "bad date": ("signed: 2023-03-13", "signed: 13 March", "a year or a date is needed", "signed"),
    "unknown kind of test": ("kind: growth", "kind: grwth", "unknown kind of test. Found: grwth.*Did you mean growth", "grwth"),
    "no kind of test": ("kind: growth, ", "", "the test does not say its kind", "observed: pair, since"),
    "test in words": (
        '{kind: growth, observed: pair, since: "2021", until: "2022", at_least: 3}',
        "it grew",
        "a test is a mapping of keys|a mapping of keys is needed",
        "it grew",
    ),
    "key of another test": ("at_least: 3}", "at_least: 3, by: 2026}", r"test.by: unknown key. Found: by", "at_least: 3, by"),
    "bare per cent": ('"90%"', "90", r'a bare 90 is not taken for 90 per cent.*Write "90%"', "at_least: 90"),
    "test and outside": ("    outside: no channel\n    nearest", "    outside: no channel\n    test", "a claim has either a test or a reason", "id: k"),
    "measures and outside": (
        "    outside: no trade channel",
        "    outside: x\n    measures: [roadmap/truck-drivers-visas]",
        "either measures in the model or a reason",
        "id: culture",
    ),
    "unknown status": ("status: announced", "status: anounced", "Did you mean announced", "anounced"),
    "paragraph": ("paragraph: 22,", "paragraph: first,", "a paragraph number is needed. Found: first", "first"),
    "empty figure": ('["$100 million"]', '["$100 million", ""]', "each entry must be a word", '"$100 million", ""'),
    "whose": ("    outside: no channel", "    whose: mine\n    outside: x", "Did you mean|not one of the words", "whose"),
    "two forms of a scenario": ("use: sanctioned-front}", "use: x, scenario: {}}", "exactly one of its forms", "front, use"),
    "id twice": ("id: d\n", "id: c\n", r"claims\[1\].id: the id stands twice. Found: c", "id: c\n    statement: Trade tripled"),
    "main": ("main: roadmap", "main: raodmap", r"main: no scenario of that name.*Did you mean roadmap", "main"),
    "main is a bound": ("main: roadmap", "main: bound", "the main scenario must have measures", "main"),
    "unknown gallery scenario": ("use: tehran-2023", "use: tehran-2032", r"use: no gallery scenario.*Did you mean tehran-2023", "2032"),
    "scenario of a test": ("scenario: front, country", "scenario: frnt, country", "Did you mean front", "frnt"),
    "scenario of a recovery": ("cooperation: front", "cooperation: fornt", r"test.cooperation.*Did you mean front", "fornt"),
    "regime's scenario": ("{RUS: lift}", "{RUS: lyft}", r"regimes.RUS: no scenario.*Did you mean lift", "lyft"),
    "bound as regime": ("{RUS: lift}", "{RUS: bound}", "lifts or imposes a regime is needed here", "RUS: bound"),
    "regimes of nobody": ("{RUS: lift}", "{}", "no economy is named", "regimes: {}"),
    "measure of a test": (
        "measures: [truck-drivers-visas]",
        "measures: [truck-visas]",
        "no measure of that name in scenario roadmap.*Did you mean truck-drivers-visas",
        "measures: [truck-visas]",
    ),
    "measure of a bound": ("scenario: roadmap, between: [IRN, BLR], measures", "scenario: bound, between: [IRN, BLR], measures", "no measure to name", "scenario: bound, between"),
    "measure without scenario": ("[roadmap/truck-drivers-visas]", "[visas]", "a measure is named with its scenario", "[visas]"),
    "scenario of a measure": ("[roadmap/truck", "[raodmap/truck", "no scenario of that name.*Did you mean roadmap", "raodmap"),
    "measure of a commitment": ("[roadmap/truck-drivers-visas]", "[roadmap/truck-driver-visas]", r"measures\[0\]: no measure.*Did you mean truck-drivers-visas", "truck-driver-visas"),
    "source of a claim": ("{id: article, paragraph: 4}", "{id: artcle, paragraph: 4}", r"claims\[4\].source.id: no source.*Did you mean article", "artcle"),
    "source of an event": ("what: one side, source: article", "what: one side, source: x", r"history\[1\].source: no source", "one side, source: x"),
    "source of an observation": ("total: 33, source: article", "total: 33, source: x", r"rows\[0\].source: no source", "33, source: x"),
    "source of an assumption": ("is assumed., source: gsdb", "is assumed., source: gdsb", "Did you mean gsdb", "gdsb"),
    "source of an inline measure": ("russia-2014, source: gsdb", "russia-2014, source: gdsb", "no source of that id.*Did you mean gsdb", "gdsb"),
    "unknown observed trade": ("observed: pair,", "observed: piar,", "no observed trade of that name.*Did you mean pair", "piar"),
    "unknown period": ('since: "2021"', 'since: "2012"', "no period of that name in observed pair.*Did you mean 202", '"2012"'),
    "factor of growth": ("at_least: 3}", "at_least: -3}", "a factor of growth must be positive", "at_least: -3}"),
    "unknown count": ('count: "Belarus\'s count"}', "count: Belaruss count}", "no count of that name.*Did you mean Belarus's count", "Belaruss"),
    "target in dollars": ("at_least: 100,", "at_least: 100000000,", "not plausible as an amount in million USD", "100000000"),
    "target before the signing": ("by: 2026", "by: 2020", "the target's year lies before the signing", "by: 2020"),
    "unknown country": ("parties: [IRN, BLR]", "parties: [IRN, Belarsu]", r"parties: unknown country or bloc.*Did you mean Belarus\?", "Belarsu"),
    "country of a test": ("country: IRN", "country: IRM", r"nearest.country: unknown country.*Did you mean", "IRM"),
    "country of a bound": ("best_of: [IRN,", "best_of: [IRNN,", r"frictions.best_of: unknown country", "IRNN"),
    "three in a pair": ("between: [IRN, BLR], at_least", "between: [IRN, BLR, RUS], at_least", "two economies are needed", "[IRN, BLR, RUS], at_least"),
    "bloc in a pair": ("between: [IRN, BLR], at_least", "between: [IRN, EAEU], at_least", "two economies are needed", "[IRN, EAEU]"),
    "a country with itself": ("between: [IRN, BLR], at_least", "between: [IRN, Iran], at_least", "two economies are needed", "[IRN, Iran]"),
    "observed pair": ("between: [IRN, BLR]\n", "between: [IRN]\n", r"observed\[0\].between: two economies", "between: [IRN]\n"),
    "events out of order": ("date: 2024-02-04", "date: 2022-02-04", "the events are not in order. Found: 2022-02-04 after 2023-03-13", "2022-02-04"),
    "period ends first": ("end: 2021-12-31", "end: 2020-12-31", "the period ends before it starts", "2020-12-31"),
    "rows out of order": ("start: 2022, end: 2022", "start: 2020, end: 2020", "in order of time. Found: 2020 after 2021-01-01", "start: 2020,"),
    "period twice": ('period: "2022"', 'period: "2021"', r"rows\[1\].period: the period stands twice", 'period: "2021", start: 2022'),
    "count twice": ("count: Iran's count", "count: Belarus's count", r"series\[1\].count: the count stands twice", "      - count: Belarus's count\n        setter: IRN"),
    "negative flow": ("BLR-IRN: 43.7", "BLR-IRN: -43.7", r"flows.BLR-IRN: a flow cannot be negative. Found: -43.7", "-43.7"),
    "flow in dollars": ("total: 33,", "total: 33000000,", "not plausible as an amount in million USD", "33000000"),
    "direction": ("BLR-IRN: 43.7", "BLR-RUS: 43.7", "no direction of that name in this pair.*Allowed: IRN-BLR, BLR-IRN", "BLR-RUS"),
    "sum": ("total: 100.3", "total: 120", r"do not add up to the total. Found: total 120, directions 100.3", "total: 120"),
    "one direction too large": ("flows: {BLR-IRN: 43.7}", "total: 40, flows: {BLR-IRN: 43.7}", "one direction exceeds the total", "total: 40"),
    "nothing observed": ("total: 33, ", "", "an observation needs a total or flows", 'period: "2021"'),
    "sum beyond rounding": ("total: 100.3", "total: 101.4", "a difference of up to 0.6 by rounding", "total: 101.4"),
    "a country under two names": ("between: [IRN, BLR], at_least", "between: [IRN, BLR, Belarus], at_least", "two economies are needed", "[IRN, BLR, Belarus]"),
    "scenario shown apart": ('at_least: "90%"}', 'at_least: "90%", apart: fornt}', r"test.apart: no scenario.*Did you mean front", "apart: fornt"),
    "regime twice": (
        "leaves_out:",
        "regimes:\n" + 2 * "  - {id: own, title: Own, senders: CHN, targets: IRN, from: 2012, size: {}}\n" + "leaves_out:",
        r"regimes\[1\].id: the id stands twice. Found: own",
        "  - {id: own, title: Own, senders: CHN, targets: IRN, from: 2012, size: {}}\nleaves_out",
    ),
    "a loss below zero": (
        "{kind: ranking, scenario: front, country: IRN, most: gain}",
        "{kind: loss, scenario: front, countries: IRN, at_least: -0.1}",
        r"nearest.at_least: a loss is written as a positive share. Found: -0.1",
        "kind: loss",
    ),
    "no series": (OBSERVED[OBSERVED.index("    series:") :], "    series: []\n", "observed trade needs a series", "series: []"),
    "inline measure": ("kind: lifting, regime", "kind: liftign, regime", r"scenarios\[2\].scenario.measures\[0\].kind: unknown kind of measure.*Did you mean lifting", "liftign"),
    "inline key": ("      title: The regime", "      titel: The regime", r"scenarios\[2\].scenario.titel: unknown key.*Did you mean title", "titel"),
    "inline list": ("    scenario:\n      title: The regime of 2014 on Russia is lifted", "    scenario:\n      sources: gsdb\n      title: x", r"scenario.sources: a list is needed here", "sources: gsdb"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_refused_with_its_reason_and_line(name: str) -> None:
    old, new, said, marked = CASES[name]
    text = changed(old, new)
    found = complaints(text)
    fitting = [message for message in found if re.search(said, message)]
    assert fitting, found
    line = line_of(marked, text)
    assert any(re.match(rf"{FILE}, line {line}\b", message) for message in fitting), (line, found)


VALID = {
    "rounding": ("total: 100.3", "total: 101"),
    "a direction of two": ("flows: {BLR-IRN: 43.7}", "total: 60, flows: {BLR-IRN: 43.7}"),
    "only a year for an event": ("date: 2024-02-04", "date: 2023"),
    "two events a day": ("date: 2024-02-04", "date: 2023-03-13"),
    "a period to the end of a year": ("start: 2022, end: 2022", "start: 2022-06-01, end: 2022"),
    "a target in the year of signing": ("by: 2026", "by: 2023"),
    "a count of a pair not observed": (
        'between: [IRN, BLR], at_least: 100, by: 2026, count: "Belarus\'s count"',
        "between: [IRN, RUS], at_least: 100, count: any",
    ),
    "names in plain English": ("parties: [IRN, BLR]", "parties: [Iran, EU, all]"),
    "a ranking among all": ("most: gain}", "most: gain, among: [all]}"),
    "language of a source": ("published: 2023-03-13", "language: English"),
    "no world": ("world: world-2022\n", ""),
    "a bare number of paragraphs": ("paragraph: [22, 23]", 'paragraph: "22"'),
}


@pytest.mark.parametrize("name", VALID)
def test_what_is_allowed(name: str) -> None:
    assert isinstance(parse_dossier(changed(*VALID[name]), FILE), Dossier)


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", "just words", HEAD + "x: &a 1\n", HEAD + "- x\n", "\0", "type: dossier"]
)
def test_what_is_no_dossier_at_all(text: str) -> None:
    assert all(message.startswith(FILE) for message in complaints(text))


def test_every_mistake_is_told_with_its_line() -> None:
    text = changed("main: roadmap", "main: raodmap")
    text = changed("regime: russia-2014, source: gsdb", "regime: russia-2014, source: x", text)
    text = changed("at_least: 3}", "at_least: 0}", text)
    found = complaints(text)
    assert len(found) == 3
    for part in ("main: raodmap", "source: x}", "at_least: 0}"):
        assert any(f"line {line_of(part, text)}," in message for message in found), part


def test_a_broken_scenario_brings_no_echo() -> None:
    """A scenario that cannot be read has one complaint; that its measures cannot be found is not another."""
    assert len(complaints(changed("use: tehran-2023", "use: nowhere"))) == 1


# -- scenarios ------------------------------------------------------------------------------------------


def test_inline_scenario_has_the_dossiers_sources_and_regimes() -> None:
    own = """regimes:
  - id: own
    title: Own regime
    senders: [CHN]
    targets: [IRN]
    from: 2012
    size: {target_exports: sanction-iran-2012-target-exports}
    in_benchmark: {labelled: full}
"""
    text = changed("regime: russia-2014", "regime: own", SMALL + own)
    scenario = parse_dossier(text, FILE).found["lift"]
    assert isinstance(scenario, Scenario) and scenario.id == "lift" and scenario.schema_version == "1"
    assert [source.id for source in scenario.sources] == ["article", "gsdb"]
    compiled = compile_scenario(labelled_world(), scenario)
    assert "Own regime" in compiled.measures[0].sentence and "Global Sanctions" in compiled.measures[0].source
    again = parse_scenario(scenario.text, "again.yaml")  # what a results folder holds is a scenario file of its own
    assert again.model_dump() == scenario.model_dump()
    text = changed("regime: own", "regime: owm", text)
    with pytest.raises(InputError, match=rf"{FILE}, line {line_of('regime: owm', text)}, .*Did you mean own"):
        compile_scenario(labelled_world(), parse_dossier(text, FILE).found["lift"])


def test_inline_scenario_keeps_its_own_source_of_the_same_id() -> None:
    mine = "      sources: [{id: gsdb, title: Mine}]\n      measures:\n        - {id: lift"
    scenario = parse_dossier(changed("      measures:\n        - {id: lift", mine), FILE).found["lift"]
    assert [(source.id, source.title) for source in scenario.sources][0] == ("gsdb", "Mine")
    assert len(scenario.sources) == 2


def test_title_of_a_named_scenario() -> None:
    dossier = parse_dossier(changed("use: tehran-2023}", "use: tehran-2023, title: Mine}"), FILE)
    assert dossier.found["roadmap"].title == "Mine" and dossier.found["roadmap"].measures
    text = changed("      title: The regime of 2014 on Russia is lifted\n", "")
    text = changed("  - id: lift\n", "  - id: lift\n    title: Beside\n", text)
    assert parse_dossier(text, FILE).found["lift"].title == "Beside"


def test_scenario_files_lie_beside_the_dossier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "front.yaml").write_text("schema: 1\nid: f\ntitle: F\nmeasures: []\n")
    file = folder / FILE
    file.write_text(changed("use: sanctioned-front}", "use: front.yaml}"))
    monkeypatch.chdir(tmp_path)
    assert load_dossier(file).found["front"].id == "f"
    (folder / "front.yaml").write_text("schema: 1\nid: f\nmeasures: [{id: a}]\n")
    line = line_of("use: sanctioned-front")
    with pytest.raises(ScenarioError) as caught:
        load_dossier(file)
    first, second = (problem.message for problem in caught.value.problems)
    assert first.startswith(f"{FILE}, line {line}, scenarios[1].use: the scenario it names cannot be used")
    assert "front.yaml, line 1, title: a required key is missing" in first and "front.yaml, line 3" in second
    (folder / "front.yaml").rename(tmp_path / "front.yaml")  # never looked for in the folder one happens to be in
    with pytest.raises(InputError, match="no such file beside the dossier"):
        load_dossier(file)


@pytest.mark.parametrize("use", [FILE, ".", "/dev/null/x", "x" * 5000, '"\\0"'])
def test_scenario_files_that_cannot_be_used(use: str, tmp_path: Path) -> None:
    file = tmp_path / FILE
    text = changed("use: sanctioned-front}", f"use: {use}}}")
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_dossier(file)
    assert str(caught.value).startswith(f"{FILE}, line {line_of('id: front', text)}, scenarios[1].use")


# -- files and the gallery ------------------------------------------------------------------------------


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"schema: 1\n\xff\xfe")
    large = tmp_path / "large.yaml"
    large.write_text("#" * 1_100_000)
    for path, words in {
        binary: "not a text file in UTF-8",
        tmp_path: "cannot be read",
        large: "too large for a dossier",
    }.items():
        with pytest.raises(InputError, match=words):
            load_dossier(path)
        assert not is_dossier(path)
    with pytest.raises(InputError, match="no gallery dossier and no file of that name"):
        load_dossier(tmp_path / "nothing.yaml")
    with pytest.raises(InputError, match="a scenario, not a dossier.*load_scenario"):
        parse_dossier("schema: 1\nid: a\ntitle: A\nmeasures: []\n", FILE)
    with pytest.raises(InputError, match="a dossier, not a scenario.*load_dossier"):
        parse_scenario(SMALL, FILE)


def test_a_dossier_is_known_by_its_keys(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_text(SMALL)
    assert is_dossier(file) and load_scenario(file).id == "tehran-2023"
    file.write_text(changed("type: dossier\n", ""))
    assert is_dossier(file)
    with pytest.raises(InputError, match="a required key is missing. Found: no 'type'"):
        load_dossier(file)
    file.write_text("schema: 1\nid: a\ntitle: A\nmeasures: []\n")
    assert not is_dossier(file) and not is_dossier("no-such-name")


@pytest.mark.parametrize("name", dossiers())
def test_gallery_dossiers_load_and_mistyped_names_are_guessed(name: str) -> None:
    dossier = load_dossier(name)
    assert dossier.id == name and dossier.claims and set(dossier.found) == {named.id for named in dossier.scenarios}
    assert is_dossier(name)
    with pytest.raises(InputError, match=f"Did you mean {name}"):
        load_dossier(name + "x")


# -- fuzz -----------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    "schema 1 type dossier id main title sources scenarios claims observed commitments test kind gain use tehran-2023 roadmap "
    "IRN EAEU [] {} ~ 25% -1 1e999 nan 2023-13-40 /dev/zero ../x paragraph figures flows IRN-BLR".split()
)
SCALARS = WORDS | st.text(max_size=12)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS, inner, max_size=5), max_leaves=20
)
PATIENT = settings(
    max_examples=250, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def dossier_or_complaint(text: str) -> None:
    try:
        assert isinstance(parse_dossier(text, FILE), Dossier)
    except InputError as problem:
        each = problem.problems if isinstance(problem, ScenarioError) else [problem]
        assert all(one.message.startswith(FILE) for one in each) and len(str(problem)) < 8000


@PATIENT
@given(st.text(max_size=200) | TREES.map(lambda tree: json.dumps(tree, ensure_ascii=False)))
def test_random_yaml_is_a_dossier_or_a_complaint(text: str) -> None:
    dossier_or_complaint(text)


@PATIENT
@given(st.dictionaries(st.sampled_from(list(Dossier.model_fields)), TREES, min_size=1, max_size=4))
def test_random_values_under_known_keys(changes: dict) -> None:
    parts = dict(zip(("", "sources", "scenarios", "commitments", "claims", "observed"),
                     (HEAD, SOURCES, SCENARIOS, COMMITMENTS, CLAIMS, OBSERVED), strict=True))  # fmt: skip
    text = "".join(part for key, part in parts.items() if key not in changes)
    lines = [line for line in text.split("\n") if line.partition(":")[0] not in changes]
    added = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in changes.items()]
    dossier_or_complaint("\n".join([*lines, *added]))


@PATIENT
@given(st.integers(0, 2**32))
def test_random_corruption_is_a_dossier_or_a_complaint(seed: int) -> None:
    dossier_or_complaint(mutate(SMALL, random.Random(seed)))
