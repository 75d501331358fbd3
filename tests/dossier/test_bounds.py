"""Upper bounds in every test, in the notes of measures and in words; and a base year after the signing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from comity import InputError, assess, load_world
from comity.dossier.check import check_dossier
from comity.dossier.claims import BOUNDS_EACH, EVEN_THEN, LESS, UPPER_BOUND
from comity.dossier.explain import explain_dossier, words_of
from comity.dossier.load import name_beside, parse_dossier
from comity.dossier.schema import TESTS, Named
from comity.dossier.verdicts import CONTRADICTED, NOT_SUPPORTED, SUPPORTED, UNDECIDED, Caution
from comity.scenario.explain import NOTE_OF_A_BOUND
from tests.dossier.small import BETTER, CLOSER, PHASED, WORSE, claim, dossier, pair_trade, regime, scenario
from tests.dossier.test_check import FILE
from tests.dossier.test_newcomers import TEMPLATE
from tests.helpers import labelled_world

PAIR = ("IRN", "BLR")
# a test that the scenario beside it supports, and what makes it one that nothing can support
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "target": (CLOSER, {"between": PAIR, "count": "any"}, {"at_least": 1e6}),
    "gain": (BETTER, {"countries": ("IRN",)}, {"at_least": 0.9}),
    "loss": (WORSE, {"countries": ("IRN",)}, {"at_least": 0.9}),
    "trade": (CLOSER, {"between": PAIR}, {"more_than": 1e6}),
    "ranking": (BETTER, {"country": "IRN", "most": "gain"}, {"most": "loss"}),
    "delay": (PHASED, {"countries": PAIR}, {"more_than": 1e6}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_upper_bound_refutes_and_never_supports(kind: str) -> None:
    measure, keys, beyond = KINDS[kind]
    world = labelled_world()
    enough = {"at_least": 1.001 * pair_trade(world)} if kind == "target" else {}
    test = {"kind": kind, "scenario": "s", **keys, **enough}
    bound = {**test, "upper_bound": "true"}
    verdicts = assess(
        world,
        dossier(
            {"s": scenario("s", measure)},
            claim("plain", test=test),
            claim("bound", test=bound),
            claim("refuted", test={**bound, **beyond}),
        ),
    ).verdicts
    assert [(v.mark, v.ending) for v in verdicts] == [
        (SUPPORTED, ""), (NOT_SUPPORTED, UPPER_BOUND), (NOT_SUPPORTED, CONTRADICTED),
    ]  # fmt: skip
    assert EVEN_THEN in verdicts[2].notes and EVEN_THEN not in verdicts[1].notes
    assert words_of(verdicts[1].claim.test).endswith("; the scenario is an upper bound and can only refute.")
    assert "upper bound" not in words_of(verdicts[0].claim.test)


def test_a_cooperation_may_be_an_upper_bound() -> None:
    test = {"kind": "recovered", "cooperation": "s", "regimes": {"IRN": "lift"}, "at_least": "-900%"}
    scenarios = {"s": scenario("s", CLOSER), "lift": regime("lifting", "full")}
    made = dossier(scenarios, claim("plain", test=test), claim("bound", test={**test, "upper_bound": "true"}))
    assert [v.ending for v in assess(labelled_world(), made).verdicts] == ["", UPPER_BOUND]


def test_where_some_of_it_meets_the_test_the_terminal_says_that_less_comes() -> None:
    world = labelled_world()
    lowest = {"kind": "trade", "scenario": "s", "between": PAIR, "more_than": 0.1}
    first = assess(world, dossier({"s": scenario("s", CLOSER)}, claim("c", test=lowest))).verdicts[0]
    assert first.main is not None and first.main.low is not None and first.main.high is not None
    between = {**lowest, "more_than": (first.main.low + first.main.high) / 2}
    tests = [between, {**between, "upper_bound": "true"}]
    made = dossier({"s": scenario("s", CLOSER)}, *(claim(f"c{k}", test=test) for k, test in enumerate(tests)))
    plain, bound = assess(world, made).verdicts
    assert plain.outcome == bound.outcome == UNDECIDED
    assert LESS in bound.notes and isinstance(LESS, Caution) and LESS not in plain.notes


def test_a_ranking_tells_its_unit_and_what_a_bound_does_not_bound() -> None:
    """Belarus is the smaller economy: the same measure brings Iran more money, Belarus more of its income."""
    world = labelled_world()
    incomes = {code: float(world.income[world.country(code)]) for code in PAIR}
    large, small = sorted(PAIR, key=lambda code: -incomes[code])
    both = "{id: a, kind: productivity, countries: [IRN], sectors: all, size: {hat: 1.02}}".replace("IRN", large)
    factor = 1 + 0.01 * incomes[large] / incomes[small]  # half the money, a larger share of income
    other = "{id: b, kind: productivity, countries: [IRN], sectors: all, size: {hat: SIZE}}"
    measures = both, other.replace("IRN", small).replace("SIZE", f"{factor:.4f}")
    test = {"kind": "ranking", "scenario": "s", "country": large, "most": "gain", "among": PAIR}
    alone = {**test, "scenario": "t"}
    made = dossier(
        {"s": scenario("s", *measures), "t": scenario("t", both)},
        claim("money", test=test), claim("bound", test={**test, "upper_bound": "true"}), claim("alone", test=alone),
    )  # fmt: skip
    money, bound, only = assess(world, made).verdicts
    said = [note for note in money.notes if isinstance(note, Caution)]
    assert money.mark == SUPPORTED and len(said) == 1
    assert re.match(
        r"The test is in money. By per cent of income \w+ is first in 0 of \d+ combinations; centrally \w+ is, ",
        said[0],
    )
    assert BOUNDS_EACH in bound.notes and BOUNDS_EACH not in money.notes
    assert not [note for note in only.notes if isinstance(note, Caution)]  # first by either measure


def test_only_what_was_observed_has_no_bound() -> None:
    assert [kind for kind, test in TESTS.items() if "upper_bound" not in test.model_fields] == ["growth"]


@pytest.mark.parametrize("note", ["Upper bound, all lines", "an upper-bound case", "these are upper bounds"])
def test_a_note_that_speaks_of_one(note: str) -> None:
    assert NOTE_OF_A_BOUND.search(note)


@pytest.mark.parametrize("note", ["This is no upper bound.", "not an upper bound", "bounded above"])
def test_a_note_that_does_not(note: str) -> None:
    assert not NOTE_OF_A_BOUND.search(note)


def noted(text: str = TEMPLATE) -> str:
    """The template with a measure that its note calls an upper bound."""
    return text.replace("size: {to: 0%}", "size: {to: 0%}\n          note: Upper bound, the text removes fewer.")


def test_a_note_that_calls_a_measure_a_bound_is_not_forgotten() -> None:
    world = load_world("world-2022")
    said = check_dossier(parse_dossier(noted(), FILE), world)
    assert (
        "To do: Claims target and gain: an upper bound can refute a claim, never support it, and the `note` of tariffs "
        "speaks of one. Write `upper_bound: true` in the test, or `upper_bound: false` if the note means something else."
    ) in said
    for value in ("true", "false"):
        told = re.sub(r"(test: \{kind: (?:target|gain),)", rf"\1 upper_bound: {value},", noted())
        assert check_dossier(parse_dossier(told, FILE), world)[-1].startswith("No mistakes, nothing to do.")


def test_a_supported_verdict_says_that_its_measure_is_a_bound() -> None:
    world, small = load_world("world-2022"), noted().replace("at_least: 0.1%}", "at_least: -5%}")
    told = (
        "An upper bound cannot support a claim, and tariffs is one by its own note: with `upper_bound: true` in the test "
        "one could not tell."
    )
    verdict = assess(world, parse_dossier(small, FILE)).verdict("gain")
    assert verdict.mark == SUPPORTED and Caution(told) in verdict.notes
    meant = small.replace("{kind: gain,", "{kind: gain, upper_bound: true,")
    verdict = assess(world, parse_dossier(meant, FILE)).verdict("gain")
    assert verdict.words == "Cannot tell: an upper bound can only refute (not supported)" and told not in verdict.notes


# -- in words -------------------------------------------------------------------------------------------


def test_a_note_of_a_size_is_said_once() -> None:
    tfa = "{size_of: border-days-tfa}"
    twice = TEMPLATE.replace("size: {cost_change: -3%}", f"size: {tfa}").replace("kind: tariff", "kind: border_time")
    twice = twice.replace("size: {to: 0%}", f"size: {tfa}\n          adds_to: [border]")
    lines = explain_dossier(parse_dossier(twice, FILE), load_world("world-2022"))
    first, second = (line.strip() for line in lines if line.strip().startswith("of the size: "))
    assert "upper bound" in first and second == "of the size: what is said of that of tariffs"


def test_a_dossier_that_uses_other_files_keeps_its_name() -> None:
    alone = parse_dossier(TEMPLATE, FILE)
    assert name_beside(alone, "my.yaml") == "dossier.yaml" and name_beside(alone, "tehran-2023") == "tehran-2023"
    uses = alone.model_copy(update={"scenarios": (Named(id="programme", use="other.yaml"),)})
    assert name_beside(uses, "my.yaml") == "my.yaml"


# -- dates ----------------------------------------------------------------------------------------------


def signed(day: str) -> list[str]:
    moved = TEMPLATE.replace("2024-05-14", day).replace("to: 2026-01-01", "to: 2030-01-01")
    return check_dossier(parse_dossier(moved, FILE), load_world("world-2022"))


def test_a_base_year_after_the_signing_is_told_with_the_world_before_it() -> None:
    after = "what the deal had brought by then is in the trade that world-2022 starts from."
    start = "of the base year 2022 lies after the signing on"
    before = "`world: world-2019` precedes the signing."
    assert f"Note: 87 per cent {start} 2022-02-18: {after} {before}" in signed("2022-02-18")
    assert f"Note: All {start} 2018-03-01: {after}" in signed("2018-03-01")
    for day in ("2022-08-01", "2024-05-14"):
        assert not any(start in line for line in signed(day))


@pytest.mark.parametrize(("written", "year"), [("2027-05-01", 2028), ("2027-01-01", 2027), ("2026-12-31", 2027)])
def test_a_day_in_by_names_the_year_to_write(written: str, year: int) -> None:
    with pytest.raises(InputError, match=f"Found: {written}. Allowed: a year alone. Write {year}: the first start"):
        parse_dossier(TEMPLATE.replace("by: 2030", f"by: {written}"), FILE)
    with pytest.raises(InputError, match="a year is needed"):
        parse_dossier(TEMPLATE.replace("by: 2030", "by: soon"), FILE)


# -- levels and whose statistics ------------------------------------------------------------------------


def test_a_level_is_no_growth() -> None:
    said = r"until: growth needs a later period.* Found: 2023 to 2023\. A level that was reported is a row under `obs"
    level = TEMPLATE.replace('since: "2017"', 'since: "2023"')
    with pytest.raises(InputError, match=said):
        parse_dossier(level, FILE)
    with pytest.raises(InputError, match=said):
        parse_dossier(level.replace("observed: pair, ", ""), FILE)
    swapped = TEMPLATE.replace('since: "2017", until: "2023"', 'since: "2023", until: "2017"')
    with pytest.raises(InputError, match="not in order of time. Found: 2023 to 2017"):
        parse_dossier(swapped, FILE)


@pytest.mark.parametrize("setter", ["ministers", "EAEU", "both"])
def test_a_setter_is_one_of_the_two(setter: str) -> None:
    said = f"one of its two economies. Found: {setter}. Allowed: KAZ, TUR. For a figure that both name, take the one"
    with pytest.raises(InputError, match=said) as caught:
        parse_dossier(TEMPLATE.replace("setter: KAZ", f"setter: {setter}"), FILE)
    assert caught.value.message.count("setter") == 1 and "G7" not in caught.value.message
