"""What somebody meets who writes a first dossier: a country that is missing, measures that do nothing, two bases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comity import InputError, assess, load_dossier, load_world
from comity.dossier.bases import apart
from comity.dossier.check import check_dossier
from comity.dossier.degree import degree_notes, unsized
from comity.dossier.explain import explain_dossier
from comity.dossier.load import dossiers, parse_dossier
from comity.report.dossier_page import commitments_heading, monitor_heading, monitor_kinds
from comity.scenario.hints import kind_for
from comity.scenario.schema import KINDS
from tests.dossier.small import CLOSER, claim, dossier, scenario
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
    assert not any(line.startswith(f"Note: Scenario programme: {told}") for line in said)
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
        "Kazakhstan's count: the lines start from the last observation before the deal, 4.4 billion USD in 2023, 16 "
        "per cent less than the trade of world-2022 that the verdict on the target starts from, 5.21 billion USD in its base "
        "year 2022."
    )
    # of two years as near to the base year as each other, the one nearer to the deal
    years = TEMPLATE.replace("2023", "2024").replace("2017", "2020").replace("signed: 2024-05-14", "signed: 2025-05-14")
    tied = assess(world, parse_dossier(years, "my.yaml")).verdict("target").notes
    assert any("the source 4.4 billion in 2024 (Kazakhstan's count" in note for note in tied), tied
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


def test_the_rest_of_the_world_in_the_place_of_a_country_is_told_everywhere(tmp_path: Path) -> None:
    """Uzbekistan is a party, ROW stands in its measures: check, explain, run and report say that no number is one of it."""
    text = other("ROW").replace("parties: [KAZ, ROW]", "parties: [KAZ, UZB]")
    file = tmp_path / "my.yaml"
    file.write_text(text, encoding="utf-8")
    said = (
        "Scenario programme: the rest of the world (ROW) takes part in tariffs and border. It is all other economies "
        "together, and no number here is one of Uzbekistan, which lies inside it."
    )
    todo = "Take it out; or, if all other economies are meant, say so in the `note` of tariffs and border."
    assert f"To do: {said} {todo}" in comity("check", file)[1].splitlines()
    assert f"To do: {said} {todo}" in comity("explain", file)[1].splitlines()
    code, out = comity("run", file, "--out", tmp_path, "--draws", "0")
    assert code == 0 and f"  Note: {said}" in out.splitlines()
    (page,) = tmp_path.glob("*/report.html")
    written = page.read_text(encoding="utf-8")
    assert f'<p class="second">{said}</p>' in written
    assert '<pre tabindex="0">comity run dossier.yaml --draws 0</pre>' in written  # the copy beside the report
    world = load_world("world-2022")
    assert assess(world, parse_dossier(text, "my.yaml")).as_json()["cautions"] == [said]
    meant = re.sub(r"( +)source: text\n", r"\1source: text\n\1note: all other economies are meant\n", text)
    assert f"Note: {said}" in check_dossier(parse_dossier(meant, "my.yaml"), world)
    everybody = TEMPLATE.replace("          between: [KAZ, TUR]", "          between: [all, ROW]")
    lines = check_dossier(parse_dossier(everybody, "my.yaml"), world)
    assert not any("no number here is one" in line for line in lines)


def test_a_word_of_degree_without_a_threshold(tmp_path: Path) -> None:
    """ "Both gain greatly" is more than "both gain": check asks what is meant, and the verdict says what was tested."""
    world = load_world("world-2022")
    bare = re.sub(r"(    statement: )Both.*\n", r"\1Both will gain greatly\n", TEMPLATE)
    bare = re.sub(r", at_least: [\d.]+%|    (?:reading|whose): .*\n", "", bare)
    asked = (
        'To do: Claim gain: the statement says "greatly", and any gain at all meets its test. Give `at_least` and say why in '
        "`reading`, or write `reading: any gain at all`."
    )
    assert asked in check_dossier(parse_dossier(bare, "my.yaml"), world)
    verdict = assess(world, parse_dossier(bare, "my.yaml")).verdict("gain")
    told = (
        'Tested: any gain at all. The statement says "greatly"; with a threshold (`at_least`) it could end otherwise.'
    )
    assert verdict.words == "Supported" and verdict.notes[0] == told
    read = bare.replace("Both will gain greatly\n", "Both will gain greatly\n    reading: any gain at all\n")
    sized = bare.replace("countries: [KAZ, TUR]}", "countries: [KAZ, TUR], at_least: 1%}")
    for text in (read, sized, bare.replace("gain greatly", "gain")):
        made = parse_dossier(text, "my.yaml")
        assert not any("any gain at all meets" in line for line in check_dossier(made, world))
        assert not any(note.startswith("Tested:") for note in assess(world, made).verdict("gain").notes)
    for name in dossiers():
        assert degree_notes(load_dossier(name)) == []


@pytest.mark.parametrize(
    ("kind", "statement", "word"),
    [
        ("gain", "Great Britain gains", None),
        ("gain", "a great gain for Great Britain", "great"),
        ("loss", "It costs them dearly and Severely", "Severely"),
        ("trade", "Trade grows significantly", "significantly"),
        ("ranking", "Iran gains most and enormously", None),
    ],
)
def test_words_of_degree(kind: str, statement: str, word: str | None) -> None:
    more = {"gain": {"countries": ["IRN"]}, "loss": {"countries": ["IRN"]}, "trade": {"between": ["IRN", "BLR"]},
            "ranking": {"country": "IRN", "most": "gain"}}  # fmt: skip
    test = {"kind": kind, "scenario": "s", **more[kind]}
    made = dossier({"s": scenario("s", CLOSER)}, claim("a", test=test) | {"statement": statement})
    assert unsized(made.claims[0]) == word


def test_a_promise_on_trade_that_no_measure_carries_stands_beside_the_verdicts() -> None:
    """The main promise is outside: a target judged on what is left says so; theatre groups are no trade."""
    text = TEMPLATE.replace("measures: [programme/tariffs]", "outside: no depth is stated")
    a = assess(load_world("world-2022"), parse_dossier(text, "my.yaml"))
    told = "Not in these measures, because outside the model: Tariffs are abolished."
    assert [told in verdict.notes for verdict in a.verdicts] == [True, True, False]
    whole = assess(load_world("world-2022"), parse_dossier(TEMPLATE, "my.yaml"))
    assert not any("Not in these measures" in note for verdict in whole.verdicts for note in verdict.notes)


def test_growth_without_statistics_at_hand_cannot_be_told() -> None:
    text = TEMPLATE[: TEMPLATE.index("observed:\n")].replace("observed: pair, ", "")
    world, made = load_world("world-2022"), parse_dossier(text, "my.yaml")
    verdict = assess(world, made).verdict("doubled")
    assert verdict.words == "Cannot tell: no observed series given (not supported)"
    assert (verdict.main, verdict.needs) == (None, "at least 2 times")
    lines = check_dossier(made, world)
    assert (
        "Note: Claim doubled: no observed series is named, so one cannot tell. Give the statistics under `observed`, if "
        "there are any."
    ) in lines and lines[-1].startswith("No mistakes, nothing to do.")
    said = "times that in 2017; no series is given, so one cannot tell."
    assert any(line.endswith(said) for line in explain_dossier(made, world))


def test_a_size_that_looks_wrong_is_confirmed_in_a_note() -> None:
    """The line names the measures behind it, and becomes a note for information once each of them says why."""
    world = load_world("world-2022")
    text = TEMPLATE.replace("cost_change: -3%", "cost_change: -25%")
    (asked,) = [line for line in check_dossier(parse_dossier(text, "my.yaml"), world) if line.startswith("To do:")]
    assert asked.startswith(
        "To do: Scenario programme: Outside any plausible range: trade costs fall by more than 20 %"
    )
    assert asked.endswith(" Look whether the sizes are meant so; if they are, say why in the `note` of border.")
    noted = text.replace(
        "size: {cost_change: -25%}", "size: {cost_change: -25%}\n          note: of a study of this pair"
    )
    made = parse_dossier(noted, "my.yaml")
    lines = check_dossier(made, world)
    assert lines[-1].startswith("No mistakes, nothing to do.") and any(
        "Outside any plausible" in line for line in lines
    )
    assert "    note: of a study of this pair" in explain_dossier(made, world)
    tiny = TEMPLATE.replace("at_least: 10000", "at_least: 10").replace("figures: [10 billion USD]", "figures: [2030]")
    (asked,) = [line for line in check_dossier(parse_dossier(tiny, "my.yaml"), world) if line.startswith("To do:")]
    assert asked.endswith("10 billion is 10000. If it is meant so, say it in `reading`.")
    meant = tiny.replace(
        "    test: {kind: target", "    reading: ten million, as it stands there\n    test: {kind: target"
    )
    assert check_dossier(parse_dossier(meant, "my.yaml"), world)[-1].startswith("No mistakes, nothing to do.")


def test_what_the_table_says_of_a_size_stands_with_the_measure() -> None:
    text = TEMPLATE.replace("kind: border_time", "kind: visa").replace(
        "cost_change: -3%", "size_of: visa-two-sided-removed"
    )
    lines = explain_dossier(parse_dossier(text, "my.yaml"), load_world("world-2022"))
    (said,) = [line for line in lines if line.startswith("    of the size:")]
    assert "an upper bound for easier visas of one profession, such as lorry drivers" in said


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
