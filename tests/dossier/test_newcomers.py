"""What somebody meets who writes a first dossier: a country that is missing, measures that do nothing, two bases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comity import InputError, assess, load_world
from comity.dossier.bases import apart
from comity.dossier.check import check_dossier
from comity.dossier.explain import explain_dossier
from comity.dossier.load import parse_dossier
from comity.report.dossier_page import commitments_heading, monitor_heading, monitor_kinds
from comity.scenario.hints import kind_for
from comity.scenario.schema import KINDS
from tests.dossier.test_check import MANUAL, comity

JUDGES = re.compile(
    r"On .+ the (target was|same test ends)|On .+: (not )?supported|An upper bound cannot|This world holds one count"
)
TEMPLATE = MANUAL.split("```yaml\n")[1].split("```")[0]


def other(partner: str) -> str:
    """The manual's template with another partner of Kazakhstan."""
    return TEMPLATE.replace("KAZ, TUR", f"KAZ, {partner}")


def test_a_missing_country_says_where_and_what_to_do() -> None:
    with pytest.raises(InputError) as caught:
        check_dossier(parse_dossier(other("UZB"), "my.yaml"), load_world("world-2022"))
    first, *_ = caught.value.message.splitlines()
    assert first.startswith("my.yaml, line 18, scenarios[0].scenario.measures[0].between: the world world-2022 has no")
    assert "what is promised or claimed of it is `outside` (docs/dossiers.md#codes). Do not write ROW for it" in first


def test_the_rest_of_the_world_and_a_measure_without_effect_are_told() -> None:
    """The rest of the world has no tariffs in the world, so that abolishing them does nothing."""
    world, made = load_world("world-2022"), parse_dossier(other("ROW"), "my.yaml")
    said = check_dossier(made, world)
    told = "The rest of the world (ROW) is all other economies together, no country inside it."
    assert f"Note: Scenario programme: {told} It takes part in: tariffs, border." in said
    idle = "tariffs does nothing on this world: every tariff it concerns is already where it would put it."
    assert f"Note: Scenario programme: {idle}" in said
    assert any(told in line for line in explain_dossier(made, world))
    a = assess(world, made)
    assert told in a.main.compiled.left_out[0] and idle in a.main.compiled.warnings
    assert commitments_heading(a) == (
        "Two of three commitments have a trade channel in the model, one of them without effect on this world"
    )


def test_both_places_name_the_base_they_rest_on() -> None:
    """The world has 5.21 billion in 2022, the source 4.4 in 2023; a target between the two was met on one of them."""
    world = load_world("world-2022")
    a = assess(world, parse_dossier(TEMPLATE, "my.yaml"))
    assert (
        "comity's world has 5.21 billion USD in its base year 2022, the source 4.4 billion in 2023 (Kazakhstan's count; "
        "16 per cent less); the test starts from the world's, the lines over time from the last observation before the deal."
    ) in a.verdict("target").notes
    assert a.monitor.notes[0].startswith(
        "Kazakhstan's count: the lines start from the last observation before the deal, 4.4 billion USD in 2023; the "
        "verdict on the target starts from the trade of world-2022, 5.21 billion USD in its base year 2022, 19 per cent more."
    )
    heading = "On Kazakhstan's count the target had not been met before the deal, by the last observation (2023)"
    assert monitor_heading(a) == heading
    between = TEMPLATE.replace("at_least: 10000", "at_least: 5000").replace("10 billion USD]", "2030]")
    b = assess(world, parse_dossier(between, "my.yaml"))
    assert b.verdict("target").notes[0] == (
        "On the trade of world-2022 the target was met before anything was carried out: 5.21 billion USD in the base year "
        "2022. The last observation before the deal, 4.4 billion USD in 2023 (Kazakhstan's count), had not met it."
    )
    assert monitor_heading(b) == heading


@pytest.mark.parametrize(("value", "said"), [(84.0, "16 per cent less"), (119.0, "19 per cent more"), (310.0, "3.1 times as much")])  # fmt: skip
def test_how_far_two_bases_lie_apart(value: float, said: str) -> None:
    assert apart(value, 100.0) == said


def test_a_nearest_answer_names_its_pair_and_judges_nothing() -> None:
    test = "    test: {kind: target"
    beside = TEMPLATE.replace(test, "    outside: no figures of the pair\n    nearest: {kind: target")
    beside = beside.replace("at_least: 10000", "at_least: 1").replace("10 billion USD]", "2030]")
    verdict = assess(load_world("world-2022"), parse_dossier(beside, "my.yaml")).verdict("target")
    assert verdict.figures[0].label == "nearest answer, goods trade at the start of 2030 of Kazakhstan and Türkiye"
    assert not [note for note in verdict.notes if JUDGES.match(note) or "target was" in note]


def test_a_pair_that_is_missing_has_no_prediction_and_no_such_heading() -> None:
    start = TEMPLATE.index("observed:\n")
    apart_ = TEMPLATE[:start] + TEMPLATE[start:].replace("KAZ, TUR", "KAZ, UZB")
    a = assess(load_world("world-2022"), parse_dossier(apart_, "my.yaml"))
    assert a.monitor.notes[0] == (
        "No prediction for Trade of Kazakhstan and Türkiye: Uzbekistan lies inside the rest of the world in world-2022."
    )
    assert monitor_kinds(a) == ["observed"]
    assert monitor_heading(a) == "What was observed of the trade of Kazakhstan and Uzbekistan"


def test_nothing_to_run_is_refused_and_an_empty_scenario_runs(tmp_path: Path) -> None:
    text = TEMPLATE.split("      measures:\n")[0] + "      measures: []\n"
    file, empty = tmp_path / "my.yaml", tmp_path / "empty.yaml"
    file.write_text(text, encoding="utf-8")
    for command in ("check", "run"):
        code, said = comity(command, file)
        assert code == 2 and "main: the main scenario has no measures, so there is nothing to assess" in said
    empty.write_text("schema: 1\nid: empty\ntitle: Nothing\nmeasures: []\n", encoding="utf-8")
    code, said = comity("run", empty, "--out", tmp_path)
    assert code == 0 and "the scenario has no measures" in said


def test_a_main_scenario_that_nothing_refers_to_is_refused() -> None:
    """A country that is missing, all of it outside, and measures of the rest of the world in its place."""
    outside = re.sub(r"    measures: \[programme/.*\]", "    outside: not in the world", other("ROW"))
    outside = re.sub(r"    test: \{kind: (?:target|gain).*\}", "    outside: not in the world", outside)
    with pytest.raises(InputError) as caught:
        parse_dossier(outside, "my.yaml")
    assert caught.value.message == (
        "my.yaml, line 5, main: no commitment and no test refers to the main scenario, so there is nothing to assess. "
        "Found: programme. Allowed: measures: [programme/MEASURE] in the commitment that a measure carries, or a test on "
        "this scenario. If nothing in this text is within the model, comity cannot assess it; docs/dossiers.md#codes lists "
        "the countries."
    )
    second = TEMPLATE.replace("main: programme", "main: other").replace(
        "commitments:\n", "  - {id: other, use: eaeu-iran-fta}\ncommitments:\n", 1
    )
    with pytest.raises(InputError, match=r"the countries\. Or is programme the main one\?$"):
        parse_dossier(second, "my.yaml")
    nearest = second.replace("outside: it has", "measures: [other/union-duties]  # it has")
    assert parse_dossier(nearest, "my.yaml").main == "other"
    slip = outside.replace("outside: not in the world", "measures: [program/tariffs]", 1)
    with pytest.raises(InputError) as caught:
        parse_dossier(slip, "my.yaml")
    assert "Did you mean programme?" in caught.value.message and "nothing to assess" not in caught.value.message


@pytest.mark.parametrize(
    ("word", "kind"),
    [("border_procedures", "border_time"), ("customs", "border_time"), ("duty", "tariff"), ("railway", "corridor"),
     ("trade_cost", "ntb"), ("poetry", None)],
)  # fmt: skip
def test_a_kind_for_a_word_that_is_none(word: str, kind: str | None) -> None:
    assert kind_for(word, KINDS) == kind
    with pytest.raises(InputError) as caught:
        parse_dossier(TEMPLATE.replace("kind: border_time", f"kind: {word}"), "my.yaml")
    assert ("Did you mean" in caught.value.message) == (kind is not None) and "lifting" in caught.value.message
