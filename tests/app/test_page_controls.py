"""The control column: what an untouched form sends, where its links lead, and that one control changes one thing."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl

import pytest

from comity.app.answer import answer
from comity.app.catalogue import catalogue
from comity.app.page_controls import controls_html, suggestions
from comity.app.state import State, controls_of
from comity.scenario.load import gallery

STATES = [
    *(f"s={name}" for name in gallery()),
    "",
    "p=IRN.BLR",
    "p=IRN.BLR&add=free:tariff",
    "p=IRN.BLR.RUS&add=free:tariff,pay:transfer,better:productivity&m.free=0.05&sec.free=AGR.FOOD&imp.free=IRN&exp.free=RUS",
    "s=tehran-2023&p=IRN.BLR.RUS&off=plant-quarantine&m.border-procedures=-1.5&w=world-2019&c=balanced&y=2024",
    "s=tehran-2023&off=plant-quarantine&m.plant-quarantine=0.5&e=caliendo-parro",
    "s=us-china-tariffs&add=ntb:ntb",
    "s=sanctioned-front&m.new-pairs=0.123",
]


class Form(HTMLParser):
    """What a browser without JavaScript sends: hidden and plain inputs, sliders, selected options, noscript as well."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.links: list[dict[str, str]] = []
        self.ids: list[str] = []
        self._select: str | None = None
        self.selects: dict[str, list[tuple[str, bool]]] = {}
        self.feed(html)
        for name, options in self.selects.items():
            self.fields.append((name, next((value for value, chosen in options if chosen), options[0][0])))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given)
        if tag == "input" and "name" in given and "disabled" not in given:
            self.fields.append((given["name"], given.get("value", "")))
        if tag == "select":
            self._select = given["name"]
            self.selects[self._select] = []
        if tag == "option" and self._select is not None:
            self.selects[self._select].append((given["value"], "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None


def column(query: str, kind: str = "range") -> tuple[State, Form]:
    """The state of a query and its form, `draws` left out, which is no part of a state. The answer gives the column two
    words only: whether it is changed, and what its intervals are."""
    state = State.from_query(query)
    given: Any = type(
        "Answer", (), {"changed": state != State(state.scenario), "interval": {"kind": kind}, "today": {}}
    )
    form = Form(controls_html(state, given, catalogue()))
    assert form.selects.pop("draws") == [("0", False), ("200", kind == "band")]
    form.fields = [(name, value) for name, value in form.fields if name != "draws"]
    return state, form


@pytest.mark.parametrize("query", STATES)
def test_an_untouched_form_sends_the_state_it_shows(query: str) -> None:
    state, form = column(query)
    assert len({name for name, _ in form.fields}) == len(form.fields), "a key stands twice, which the server refuses"
    assert State.from_query(form.fields) == state
    assert len(set(form.ids)) == len(form.ids)
    assert column(query, "band")[1].fields == form.fields


@pytest.mark.parametrize("query", [f"s={name}" for name in gallery()])
def test_the_untouched_form_of_a_scenario_is_the_scenario(query: str) -> None:
    state, form = column(query)
    assert State.from_query(form.fields).query == query
    assert not answer(State.from_query(form.fields), False).changed


@pytest.mark.parametrize("query", STATES)
def test_every_link_and_option_leads_to_a_state(query: str) -> None:
    state, form = column(query)
    for link in form.links:
        there = State.from_query(link["href"].partition("?")[2])
        if link["class"].startswith("step"):
            assert there != state, link
    sent = dict(form.fields)
    for name, options in form.selects.items():
        for value, _ in options:
            changed = State.from_query({**sent, name: value})
            if value == sent[name]:
                assert changed == state
            elif name != "add":  # one control changes one thing
                assert differing(state, changed) == {name.partition(".")[0]}, (name, value)


def differing(one: State, other: State) -> set[str]:
    """Kinds of keys in which two states differ."""
    a, b = (dict(parse_qsl(state.query)) for state in (one, other))
    return {key.partition(".")[0] for key in a.keys() | b.keys() if a.get(key) != b.get(key)}


def test_sliders_stand_where_the_browser_leaves_them() -> None:
    """A range field moves its value to a whole number of steps from its minimum: the default and the value lie there,
    or the step is `any`."""
    from decimal import Decimal

    from comity.app.page_controls import grid

    seen = set()
    for query in STATES:
        for one in controls_of(State.from_query(query)):
            if one.value is None:
                continue
            low, _, step = grid(one)
            seen.add(step)
            for seat in (one.value, one.default):
                assert step == "any" or (Decimal(str(seat)) - Decimal(low)) % Decimal(step) == 0
    assert "any" in seen and "0.25" in seen


def test_adding_and_removing_parties() -> None:
    state, form = column("s=tehran-2023")
    plus = {link["id"]: link["href"] for link in form.links if link.get("id", "").startswith("plus-")}
    assert plus["plus-RUS"] == "/explore?s=tehran-2023&p=IRN.BLR.RUS"
    assert not [link for link in form.links if link.get("id", "").startswith("drop-")]  # a measure needs two
    _, wider = column("s=tehran-2023&p=IRN.BLR.RUS")
    left = {link["id"]: link["href"] for link in wider.links if link.get("id", "").startswith("drop-")}
    assert left == {
        "drop-IRN": "/explore?s=tehran-2023&p=BLR.RUS",
        "drop-BLR": "/explore?s=tehran-2023&p=IRN.RUS",
        "drop-RUS": "/explore?s=tehran-2023",
    }


def test_suggestions_are_neighbours_in_blocs() -> None:
    assert suggestions(("IRN", "BLR"), catalogue())[:2] == ["RUS", "KAZ"]
    assert "EAEU" in suggestions(("IRN", "BLR"), catalogue())
    assert all(word not in ("IRN", "BLR") for word in suggestions(("IRN", "BLR"), catalogue()))


def test_an_added_measure_goes_with_everything_it_has() -> None:
    _, form = column("p=IRN.BLR&add=free:tariff,second:ntb&m.free=0.05&sec.free=AGR&off=free")
    gone = next(link for link in form.links if link.get("id") == "gone-free")
    assert gone["href"] == "/explore?p=IRN.BLR&add=second:ntb"
    assert gone["data-drop"] == "free"


def test_switches_say_what_they_are() -> None:
    _, form = column("s=tehran-2023&off=plant-quarantine")
    said = {link["id"]: link["aria-checked"] for link in form.links if link.get("role") == "switch"}
    assert said["off-plant-quarantine"] == "false" and said["off-border-procedures"] == "true"
    back = next(link for link in form.links if link.get("id") == "off-plant-quarantine")
    assert back["href"] == "/explore?s=tehran-2023"


def test_a_regime_without_parties_gets_some_and_then_measures() -> None:
    _, bare = column("s=iran-2012")
    assert "find" in bare.ids and "kind" not in bare.ids  # whom would a measure concern?
    _, placed = column("s=iran-2012&p=IRN.BLR")
    assert "kind" in placed.ids
    assert ("tariff:tariff", False) in placed.selects["add"]


def test_the_question_of_the_first_screen_is_one_link_away() -> None:
    _, form = column("s=tehran-2023")
    starts = [link["href"] for link in form.links if link["class"] == "start"]
    assert starts[0] == "/explore?p=IRN.BLR&add=free:tariff"
