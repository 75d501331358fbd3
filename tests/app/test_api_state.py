"""The state in the address: one spelling, bounded, and the scenario it makes is what the parser reads."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity import load_scenario
from comity.app.answer import answer, answer_text
from comity.app.edit import added_slider, gallery_ids, quick_scenario_of, slider_for
from comity.app.kinds import ADDED
from comity.app.sliders import moved
from comity.app.state import State, controls_of, scenario_of
from comity.benchmark.bundle import embedded_worlds
from comity.benchmark.elasticities import elasticity_sets
from comity.classifications.countries import load_blocs
from comity.equilibrium.closures import CLOSURES
from comity.errors import InputError
from comity.scenario.load import gallery, parse_scenario

ROUNDING = 1e-12  # a slider's size is written with all its digits; only its own arithmetic rounds


@st.composite
def queries(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Query strings that are right: every key, every kind, numbers within their controls."""
    scenario = draw(st.sampled_from(["", *gallery()]))
    added = draw(st.lists(st.sampled_from(sorted(ADDED)), max_size=3))
    ids = {f"own-{k}.x": kind for k, kind in enumerate(added)}
    pairs = [("s", scenario)] if scenario or draw(st.booleans()) else []
    countries = st.lists(st.sampled_from(["IRN", "BLR", "Russia", "EAEU", "Union State", "all", "ROW", "Türkiye"]),
                         min_size=1, max_size=4)  # fmt: skip
    if draw(st.booleans()):
        pairs.append(("p", ".".join(draw(countries))))
    if ids:
        pairs.append(("add", ",".join(f"{name}:{kind}" for name, kind in ids.items())))
    for name in [*gallery_ids(scenario), *ids]:
        slider = slider_for(State(scenario), name, ids.get(name, ""))
        if slider is not None and draw(st.booleans()):
            value = draw(st.floats(slider.minimum, slider.maximum, allow_subnormal=False))
            pairs.append((f"m.{name}", repr(value)))
        if name in ids and draw(st.booleans()):
            pairs += [(f"imp.{name}", ".".join(draw(countries))), (f"exp.{name}", ".".join(draw(countries)))]
    off = [name for name in [*gallery_ids(scenario), *ids] if draw(st.booleans())]
    pairs += [("off", ",".join(off))] if off else []
    for key, options in (("w", list(embedded_worlds())), ("c", list(CLOSURES)), ("e", elasticity_sets())):
        if draw(st.booleans()):
            pairs.append((key, draw(st.sampled_from(options))))
    if draw(st.booleans()):
        pairs.append(("y", str(draw(st.integers(1900, 2200)))))
    return draw(st.permutations(pairs))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(queries())
def test_the_canonical_query_reads_back_as_the_same_state(query: list[tuple[str, str]]) -> None:
    state = State.from_query(query)
    assert State.from_query(parse_qsl(state.query)) == state
    assert State.from_query(state.query).query == state.query


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(queries())
def test_the_yaml_of_a_state_is_the_scenario_of_the_state(query: list[tuple[str, str]]) -> None:
    state = State.from_query(query)
    try:
        scenario, text = scenario_of(state)
    except InputError:  # an added measure without places, a payment among three: said in words elsewhere
        return
    assert parse_scenario(text, scenario.path) == scenario
    assert quick_scenario_of(state).model_dump() == scenario.model_dump()
    on = [control.id for control in controls_of(state) if control.on]
    assert [measure.id for measure in scenario.measures] == on


def test_an_unchanged_state_is_the_gallery_file_to_the_letter() -> None:
    for name, path in gallery().items():
        scenario, text = scenario_of(State.from_query(f"s={name}"))
        assert text == path.read_text(encoding="utf-8")
        assert scenario.model_dump() == load_scenario(name).model_dump()


@pytest.mark.parametrize(
    "query",
    ["s=tehran-2023&m.border-procedures=-1.3", "p=IRN.BLR&add=free:tariff", "s=tehran-2023&off=plant-quarantine"],
)
def test_a_step_on_the_short_way_has_the_numbers_and_the_text_of_the_long_one(query: str) -> None:
    state = State.from_query(query)
    step = answer(state, False)
    scenario, text = scenario_of(state)
    assert "reproduce" not in step.content and step.reproduce["yaml"] == text
    again = answer_text(text, False)
    assert step.headlines == again.headlines and step.countries == again.countries
    assert set(step.as_json()) == set(answer(state, True).as_json())


def test_what_is_wrong_with_a_step_is_said_with_its_line() -> None:
    with pytest.raises(InputError, match=r"\.yaml, line \d+, "):
        answer(State.from_query("p=IRN.BLR&add=free:tariff&sec.free=SERV"), False)


def test_saying_what_the_scenario_says_anyway_changes_nothing() -> None:
    query = "s=tehran-2023&p=IRN.BLR&w=world-2022&c=fixed-deficits&m.border-procedures=-2.5"
    assert State.from_query(query) == State("tehran-2023")


@pytest.mark.parametrize("kind", sorted(ADDED))
def test_a_slider_at_its_default_is_the_size_as_cited(kind: str) -> None:
    slider = added_slider(kind)
    if slider is None:
        assert kind in ("embargo", "export_ban")
        return
    assert moved(slider, slider.default) == slider.levels
    assert slider.minimum <= slider.low <= slider.high <= slider.maximum
    assert slider.minimum <= slider.default <= slider.maximum


def test_half_of_a_cited_trade_effect_is_its_square_root() -> None:
    """kappa_hat = ratio^(-1/theta): half of the cost in logs is the square root of the ratio."""
    slider = added_slider("agreement")  # fta-distant-pairs: 1.07, 1.43, 2
    assert slider is not None
    half = moved(slider, 0.5)
    assert half.central == pytest.approx(1.43**0.5, abs=ROUNDING)
    assert (half.low, half.high) == pytest.approx((1.07**0.5, 2**0.5), abs=ROUNDING)


def test_a_factor_on_a_rate_moves_by_its_distance_from_one() -> None:
    slider = slider_for(State("eaeu-iran-fta"), "iran-duties")  # 0.349, 0.15, 0.15
    assert slider is not None
    half = moved(slider, 0.575)  # half of what 0.15 takes off
    assert half.low == pytest.approx(1 - 0.5 * (1 - 0.349), abs=ROUNDING)
    assert moved(slider, 1.0).low == moved(slider, 1.0).high == 1.0


def test_parties_replace_those_between_whom_measures_hold() -> None:
    scenario, _ = scenario_of(State.from_query("s=tehran-2023&p=IRN.BLR.RUS&add=free:tariff&m.free=0"))
    assert [measure.between for measure in scenario.measures] == [("IRN", "BLR", "RUS")] * 5
    assert scenario.measures[-1].size.to.central == 0.0
    assert scenario.id == "tehran-2023-changed"


def test_a_measure_that_is_off_takes_its_references_with_it() -> None:
    scenario, _ = scenario_of(State.from_query("s=tehran-2023&off=border-procedures"))
    assert [measure.id for measure in scenario.measures] == [
        "truck-drivers-visas",
        "permit-free-road",
        "plant-quarantine",
    ]
    assert scenario.measures[1].adds_to == ()


MISTAKES = {
    "s=tehran-2024": "query key s: no scenario of that name in the gallery. Found: tehran-2024.",
    "scenario=x": "query: unknown key. Found: scenario.",
    "s=tehran-2023&s=iran-2012": "query key s: stands twice.",
    "p=IRN.Belrus": "query key p: unknown country or bloc. Found: Belrus.",
    "w=../../etc/passwd": "query key w: unknown world. Found: ../../etc/passwd. Allowed: world-2019,",
    "s=../../etc/passwd": "query key s: no scenario of that name in the gallery.",
    "e=/etc/passwd": "query key e: unknown elasticity set.",
    "c=free": "query key c: unknown closure. Found: free.",
    "y=24": "query key y: a year is needed. Found: 24. Allowed: 1900 to 2200.",
    "s=tehran-2023&m.border-procedures=-60": "query key m.border-procedures: out of bounds. Found: -60. Allowed: -6 to 0 days.",
    "s=tehran-2023&m.border-procedures=nan": "a number is needed. Found: nan.",
    "s=tehran-2023&m.border=1": "query key m.border: unknown measure. Found: border.",
    "s=tehran-2023&off=visas": "query key off: unknown measure. Found: visas.",
    "s=iran-full-embargo&m.no-imports=1": "this measure has no size to set: it is on or off.",
    "add=x": "query key add: an id and a kind are needed. Found: x.",
    "add=x:tarif": "query key add: unknown kind of measure. Found: tarif. ",
    "add=x:tariff,x:visa": "query key add: the id stands twice. Found: x.",
    "s=tehran-2023&add=plant-quarantine:visa": "query key add: the scenario has a measure of that id.",
    "s=tehran-2023&sec.plant-quarantine=FARMS": "query key sec.plant-quarantine: unknown sector. Found: FARMS.",
    "s=tehran-2023&imp.plant-quarantine=IRN": "importers and exporters can be set for added measures only.",
    "s=russia-2022&sec.impose=AGR": "query key sec.impose: this measure has no sectors to set.",
}  # fmt: skip


@pytest.mark.parametrize("query", MISTAKES)
def test_mistakes_are_named(query: str) -> None:
    with pytest.raises(InputError) as caught:
        State.from_query(query)
    assert MISTAKES[query] in caught.value.message


def test_nearest_words_are_offered() -> None:
    for query, word in (("s=tehran-2024", "tehran-2023"), ("p=Belrus", "Belarus"), ("add=x:tarif", "tariff")):
        with pytest.raises(InputError) as caught:
            State.from_query(query)
        assert caught.value.nearest == word


def test_a_bloc_younger_than_the_world_begins_with_the_measure() -> None:
    """The bloc of sanctioned economies begins in 2022; worlds are read on the first of January of their year."""
    for query in ("p=Sanctioned economies&add=free:tariff", "p=Sanctioned economies&add=free:tariff&y=2022"):
        scenario, text = scenario_of(State.from_query(query))
        day = load_blocs()["Sanctioned economies"].since
        free = next(measure for measure in scenario.measures if measure.between)
        assert free.phase.start == day and f"from: {day}" in text
    later, text = scenario_of(State.from_query("p=Sanctioned economies&add=free:tariff&y=2024"))
    assert later.measures[0].phase is None and "phase" not in text
    old, text = scenario_of(State.from_query("p=EAEU.IRN&add=free:tariff"))
    assert old.measures[0].phase is None


def test_a_bloc_younger_than_the_world_is_answered() -> None:
    found = answer(State.from_query("p=Sanctioned economies&add=free:tariff"), ranges=False)
    assert found.nothing is None and sum(row["party"] for row in found.countries) >= 3
    early = answer(State.from_query("p=Sanctioned economies&add=free:tariff&y=2022"), ranges=False)
    assert early.nothing is not None and "no measure is in force at the start of 2022" in early.nothing
