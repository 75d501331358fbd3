"""What a dossier says to a person: complaints with what was found, amounts in their unit, whose number it is, warnings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import comity
from comity import InputError, assess, load_dossier, load_scenario, load_world, simulate
from comity.cli import app
from comity.dossier.amounts import dollars
from comity.dossier.check import check_dossier
from comity.dossier.claims import named
from comity.dossier.explain import words_of
from comity.dossier.load import parse_dossier
from comity.scenario.compile import compile_scenario
from comity.scenario.load import look_alikes, parse_scenario, read_file
from tests.dossier.files import SMALL, changed, line_of
from tests.dossier.small import BETTER, CLOSER, claim, dossier, scenario, two_counts
from tests.dossier.test_load import FILE, complaints
from tests.helpers import labelled_world

TARGET = '{kind: target, scenario: roadmap, between: [IRN, BLR], at_least: 100, by: 2026, count: "Belarus\'s count"}'
RANKING = "{kind: ranking, scenario: front, country: IRN, most: gain}"

# what is changed, into what, and what the one complaint says
COMPLAINTS = {
    "a list for text": ("title: A small dossier", "title: [a, b]", r"title: some text is needed. Found: a list, \['a', 'b'\]"),
    "no text": ("title: A small dossier", 'title: " "', "title: some text is needed. Found: nothing"),
    "a list for an amount": ("at_least: 100,", "at_least: [100],", r"a number is needed. Found: a list, \['100'\]"),
    "an amount in words": (
        "at_least: 100,",
        "at_least: $100 million,",
        r"Found: \$100 million. Allowed: a plain number of million USD a year: 100 for 100 million, 25000 for 25 billion",
    ),
    "a list for a mapping": ("flows: {BLR-IRN: 43.7}", "flows: [3]", r"flows: a mapping of keys is needed here. Found: a list, \['3'\]\.$"),
    "words for a mapping": ("frictions: {between: [IRN, BLR, RUS], best_of: [IRN, BLR, RUS]}", "frictions: low", "Found: low. Allowed: between, best_of, tariffs"),
    "no test": ("    outside: no channel\n    nearest", "    nearest", r"a reason why it is outside the model \(here neither\)"),
    "test and outside": ("    outside: no channel\n    nearest", "    outside: x\n    test", r"\(here both\)"),
    "neither measures nor outside": ("    outside: no trade channel\n", "", r"why it is outside it \(here neither\)"),
    "a letter of another alphabet": ("main: roadmap", "main: ro\u0430dmap", r"not usable as an id.*It holds U\+0430, cyrillic small letter a\."),
    "a country with one": ("parties: [IRN, BLR]", "parties: [\u0406RN, BLR]", r"unknown country or bloc. Found: \u0406RN.*It holds U\+0406"),
    "an invisible mark": ("id: c\n", "id: c\u200bc\n", r"It holds U\+200B, zero width space\."),
    "a third party's statistics": ("setter: IRN", "setter: FRA", r"setter: the statistics of a pair are those of one of its two economies. Found: FRA. Allowed: IRN, BLR"),
    "a dossier as a scenario": ("use: sanctioned-front}", "use: elmau-2022}", "no gallery scenario of that name.*It is a dossier: name one of its scenarios"),
    "three economies": ("between: [IRN, BLR], at_least", "between: [IRN, BLR, RUS], at_least", "two economies are needed.*Write one claim for each pair"),
    "a period that ends first": ("end: 2021-12-31", "end: 2020-12-31", "Allowed: an end on or after 2021-01-01"),
    "a misspelt key": ("    instrument: statement\n", "    instruments: statement\n", r"commitments\[0\].instruments: unknown key.*Did you mean instrument\? Allowed: "),
    "no period it grew from": ('since: "2021", ', "", r"test.since: a required key is missing.*The period it grew from, as a row of observed names it"),
    "a bound on what was observed": ("at_least: 3}", "at_least: 3, upper_bound: true}", r"test.upper_bound: unknown key.*on what was observed: nothing in it is an upper bound\.$"),
    "nobody's statistics": (', count: "Belarus\'s count"', "", r"test.count: a required key is missing.*Where none are named, those of either party\.$"),
    "a misspelt key of a test": ("at_least: 100,", "atleast: 100,", r"claims\[0\].test.atleast: unknown key.*Did you mean at_least\? Allowed: "),
    "a claim that names a commitment": ("statement: Trade tripled\n", "statement: Trade tripled\n    commitment: visas\n", r"unknown key. Found: commitment.*points to its scenario through `test`"),
    "a date outside phase": ("kind: lifting, regime", "kind: lifting, from: 2025, regime", r"measures\[0\].from: unknown key.*Did you mean phase: \{from: \.\.\., to: \.\.\.\}\?$"),
    "a measure with its scenario": ("[truck-drivers-visas]}", "[roadmap/truck-drivers-visa]}", r"a test names the measures of its scenario roadmap without it.*Did you mean truck-drivers-visas\? Allowed: border-procedures"),
    "a country in another language": ("parties: [IRN, BLR]", "parties: [Turkei, BLR]", r"Found: Turkei.*Did you mean Turkey\? Allowed: .*All codes are listed in docs/dossiers.md#codes\.$"),
    "a colon in a title": ("title: A small dossier", "title: A dossier: small", r"line 4: not valid YAML.*A text with a colon stands in quotation marks"),
    "a tab": ("    title: Easier visas", "\ttitle: Easier visas", r"not valid YAML.*Indent with blanks, not with tabs\.$"),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_complaint_says_what_was_found_and_what_to_do(name: str) -> None:
    old, new, said = COMPLAINTS[name]
    found = complaints(changed(old, new))
    assert len(found) == 1 and re.search(said, found[0]), found


def test_one_mistake_is_told_once() -> None:
    """A negative total is no total, so that the directions do not add up to it is no second mistake."""
    found = complaints(changed("total: 33,", "total: -33,"))
    assert len(found) == 1 and "a flow cannot be negative" in found[0]


def test_an_id_that_stands_twice_names_the_first_place() -> None:
    (found,) = complaints(changed("id: d\n", "id: c\n"))
    assert found.endswith(f"It stands first on line {line_of('id: c' + chr(10))}, claims[0].id.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("roadmap", None),
        ("C\u00f4te d'Ivoire", None),  # Latin letters with marks are no look-alikes
        ("2023\u20113\u20111", "It holds U+2011, non-breaking hyphen."),
        (["a"], None),
        ("\x07", None),  # a control character is ASCII; YAML refuses it before
    ],
)
def test_letters_that_look_like_others(text: object, said: str | None) -> None:
    assert look_alikes(text) == said


def test_places_without_a_name_and_names_without_end() -> None:
    with pytest.raises(InputError, match=r"^/: cannot be read"):
        read_file(Path("/"))
    for command in (["check", "a" * 3000], ["run", "a" * 3000, "--claims"]):
        result = CliRunner().invoke(app, command)
        assert isinstance(result.exception, InputError) and len(result.exception.message) < 600
    result = CliRunner().invoke(app, ["run", "sanctioned-front", "--claims"])
    assert "It is a scenario: use it without --claims." in str(result.exception)


def test_two_keys_missing_and_unknown_are_two_messages() -> None:
    """A key that is no spelling of the missing one is a mistake of its own."""
    found = complaints(changed("by: 2026,", "", changed("at_least: 100,", "amount: 100,")))
    assert [re.findall(r"missing|unknown", one)[0] for one in found] == ["missing", "unknown"]


def test_dates_of_a_measure_in_words() -> None:
    from comity.scenario.explain import dates_text
    from comity.scenario.schema import Phase

    phased = Phase.model_validate({"from": "2025", "to": "2027-07-01"})
    assert dates_text(phased) == "begins 2025-01-01, in force in full from 2027-07-01"
    assert dates_text(phased, whole=True) == "in force from 2025-01-01"
    assert dates_text(Phase.model_validate({"from": "2025"})) == "in force from 2025-01-01" and dates_text(None) == ""


DUTY = "{id: a, kind: tariff, importers: [TUR], exporters: [KAZ], sectors: [FOOD], size: {to: 0%}}"
HEADED = "schema: 1\nid: s\ntitle: S\nmeasures:\n  - "


def test_a_large_duty_that_goes_is_no_implausible_size() -> None:
    """Turkey's duty on food from Kazakhstan is 39.8 per cent in the world: 1 / 1.398 is 0.72 of the cost before."""
    world = load_world("world-2022")
    (said,) = compile_scenario(world, parse_scenario(HEADED + DUTY)).warnings
    rate = world.tariff[world.sectors.index("FOOD"), world.country("TUR"), world.country("KAZ")]
    assert said == (
        "A large change: trade costs fall by more than 20 % on 1 flow: food beverages and tobacco from Kazakhstan to "
        f"Türkiye, to {1 / (1 + rate):.2f} of its level, because a tariff of {100 * rate:.3g} % is cut there."
    )
    (said,) = compile_scenario(
        world, parse_scenario(HEADED + DUTY.replace("tariff", "ntb").replace("to: 0%", "hat: 0.7"))
    ).warnings
    assert said.startswith("Outside any plausible range: trade costs fall by more than 20 % on 1 flow: food")


@pytest.mark.parametrize(
    ("hat", "starts", "how"),
    [
        (0.99, "A large change", "because a"),
        (0.85, "A large change", "mostly because a"),  # what is assumed is within the range, the duty is the world's
        (0.75, "Outside any plausible range", "mostly because a"),
        (0.6, "Outside any plausible range", "in part because a"),
    ],
)
def test_what_a_duty_has_in_a_large_fall_is_told_and_is_no_assumed_size(hat: float, starts: str, how: str) -> None:
    cost = DUTY.replace("id: a, kind: tariff", "id: b, kind: ntb").replace("to: 0%", f"hat: {hat}")
    world = load_world("world-2022")
    (said,) = compile_scenario(world, parse_scenario(f"{HEADED}{DUTY}\n  - {cost}")).warnings
    assert said.startswith(f"{starts}: trade costs fall") and f", {how} tariff of 39.8 % is cut there." in said


# -- amounts and names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "0.5 million"), (100, "100 million"), (999, "999 million"), (1500, "1.5 billion"), (25_000, "25 billion")],
)
def test_amounts_stand_in_the_unit_their_numbers_are_printed_in(value: float, said: str) -> None:
    assert dollars(value) == f"{said} USD a year"


def test_a_large_target_and_everybody_in_words() -> None:
    quoting = changed('figures: ["$100 million"]', "figures: [25 billion dollars]")
    large = parse_dossier(changed("at_least: 100,", "at_least: 25000,", quoting), FILE).claims[0].test
    assert "reaches 25 billion USD a year at the start of 2026" in words_of(large)
    every = parse_dossier(changed(RANKING, "{kind: gain, scenario: front, countries: all}"), FILE).claims[5].nearest
    assert words_of(every) == "under scenario front, real income of every economy named in the world rises."
    late = changed(RANKING, "{kind: delay, scenario: front, countries: [IRN], more_than: 2000}")
    assert words_of(parse_dossier(late, FILE).claims[5].nearest).endswith("costs Iran more than 2 billion USD.")


def test_many_economies_are_counted() -> None:
    codes = load_world("world-2022").countries
    assert named(codes[:2]).count(" and ") == 1 and named(codes[:8]).count(",") == 6
    assert named(codes[:9]) == "9 economies"


def test_amounts_asked_for_have_a_unit() -> None:
    s = scenario("s", CLOSER)
    pair = ["IRN", "BLR"]
    tests = [
        claim("a", test={"kind": "trade", "scenario": "s", "between": pair, "more_than": 2000}),
        claim("b", test={"kind": "trade", "scenario": "s", "between": pair}),
        claim("c", test={"kind": "delay", "scenario": "s", "countries": pair, "more_than": 5}),
        claim("d", test={"kind": "target", "scenario": "s", "between": pair, "at_least": 2500, "count": "any"}),
    ]
    needs = [verdict.needs for verdict in assess(labelled_world(), dossier({"s": s}, *tests, signed="2023")).verdicts]
    assert needs == [
        "more than 2 billion USD a year",
        "more than 0",
        "more than 5 million USD for Iran and Belarus together",
        "at least 2.5 billion USD a year",
    ]


# -- whose number, and what is implausible ------------------------------------------------------------------


def test_the_smallest_gain_says_whose_it_is() -> None:
    """Against the economy with the smallest gain, found by hand in every combination."""
    world, codes = labelled_world(), ("IRN", "BLR", "CHN")
    made = {"s": scenario("s", CLOSER), "t": scenario("t", BETTER)}
    tests = [
        claim(n, test={"kind": "gain", "scenario": n, "countries": list(c)}) for n, c in (("s", codes), ("t", ("IRN",)))
    ]
    first, alone = assess(world, dossier(made, *tests)).verdicts
    positions = [world.country(code) for code in codes]
    owners = {
        codes[min(range(3), key=lambda k: variant.real_income_hat[positions[k]])]
        for variant in simulate(world, made["s"]).range.solved
        if variant.real_income_hat is not None
    }
    said = first.notes[0]
    assert ("in every combination" in said) == (len(owners) == 1)
    if len(owners) > 1:
        assert said.endswith(f"its range is made of {len(owners)} economies.")
    assert not [note for note in alone.notes if "smallest" in note]


def test_a_range_of_several_economies_is_called_so() -> None:
    """Dearer farm trade of one size hurts Belarus, cheaper of another does not: the smallest gain changes hands."""
    mixed = (
        "{id: a, kind: productivity, countries: [IRN], sectors: all, size: {hat: {low: 0.9, central: 1.0, high: 1.1}}}"
    )
    made = {"s": scenario("s", mixed)}
    test = {"kind": "gain", "scenario": "s", "countries": ["IRN", "BLR"]}
    (verdict,) = assess(labelled_world(), dossier(made, claim("a", test=test))).verdicts
    assert verdict.notes[0].startswith("The number is the smallest gain in each combination")
    assert verdict.notes[0].endswith("its range is made of 2 economies.")


def test_what_is_implausible_stands_with_the_claim() -> None:
    extreme = "{id: a, kind: ntb, between: [IRN, BLR], size: {hat: 0.5}}"
    test = {"kind": "trade", "scenario": "extreme", "between": ["IRN", "BLR"]}
    made = {"s": scenario("s", CLOSER), "extreme": scenario("extreme", extreme)}
    a = assess(labelled_world(), dossier(made, claim("a", test=test), claim("b", outside="no", nearest=test)))
    for verdict in a.verdicts:
        assert any(
            note.startswith("Outside any plausible range: trade costs fall by more than 20 %") for note in verdict.notes
        )
    # the report names those of the main scenario beside its measures: one line points there
    grown = {"kind": "growth", "since": "2021", "until": "2022", "at_least": 2}
    main, other = assess(
        labelled_world(), dossier(made, claim("a", test=test), claim("b", test=grown), main="extreme")
    ).verdicts
    assert [note for note in main.notes if "plausible" in note] == [
        'Sizes of this scenario lie outside any plausible range: the report names them under "The measures and their '
        'sizes".'
    ]
    assert other.notes == ()


# -- counts a check can know of ---------------------------------------------------------------------------


def test_check_says_what_a_target_is_judged_on() -> None:
    world = load_world("world-2022")
    other = changed(TARGET, "{kind: target, scenario: front, between: [IRN, RUS], at_least: 400, count: any}")
    said = check_dossier(parse_dossier(other, FILE), world)
    assert (
        "Note: Claim c: world-2022 holds one count of the trade of Iran and Russia; the target is judged on that one, not "
        "on any. Nothing to change."
    ) in said
    assert not [line for line in check_dossier(parse_dossier(SMALL, FILE), world) if "is judged on that one" in line]


def test_check_finds_a_count_that_the_run_would_refuse() -> None:
    """The dossier observes the pair on a count of its own making, which the world does not have."""
    text = SMALL.replace("Belarus's count", "Minsk's count")
    place = f"{FILE}, line {line_of('test: {kind: target', text)}, claims[0].test.count"
    with pytest.raises(InputError) as caught:
        check_dossier(parse_dossier(text, FILE), load_world("world-2022"))
    assert str(caught.value).startswith(
        f"{place}: no statistical count of that name in this world. Found: Minsk's count."
    )
    made = {"kind": "target", "scenario": "s", "between": ["IRN", "BLR"], "at_least": 5, "count": "Minsk's count"}
    with pytest.raises(InputError, match="no statistical count of that name in this world"):
        assess(two_counts(), dossier({"s": scenario("s", CLOSER)}, claim("a", test=made)))


# -- sentences of the gallery that hold numbers -------------------------------------------------------------


def test_what_the_tehran_dossier_says_of_its_numbers_holds() -> None:
    """The author's sentences name sizes; they are computed here, by scenario and not by claim."""
    world, found = load_world("world-2022"), load_dossier("tehran-2023").found
    iran, belarus = world.country("IRN"), world.country("BLR")
    assert isinstance(found["barriers-removed"], comity.scenario.schema.Scenario)
    gains: dict[bool, list[float]] = {True: [], False: []}
    for variant in simulate(world, found["barriers-removed"]).range.solved:
        assert variant.real_income_hat is not None
        gains[variant.choice.elasticities == "caliendo-parro"].append(100 * (variant.real_income_hat[iran] - 1))
    # "more than 0.2 per cent under one of the four sets only, that of Caliendo and Parro (0.3 to 0.8)"
    assert max(gains[False]) < 0.2 and round(min(gains[True]), 1) == 0.3 and round(max(gains[True]), 1) == 0.8

    union = simulate(world, found["union-agreement"]).solution
    more = union.flow_new[:, [iran, belarus], [belarus, iran]] - world.flow[:, [iran, belarus], [belarus, iran]]
    goods = [k for k, code in enumerate(world.sectors) if code != "SERV"]
    vehicles = more[world.sectors.index("VEH")].sum() / more[goods].sum()
    assert 0.45 < vehicles < 0.55  # "about half of the amount are vehicles"
    duty = world.tariff[world.sectors.index("VEH"), iran, belarus]
    assert duty == pytest.approx(0.34, abs=0.005)  # "under a duty of 34 per cent"


def test_what_the_elmau_dossier_says_of_its_numbers_holds() -> None:
    world = load_world("world-2019")
    outcomes = simulate(world, load_scenario("russia-2022"))
    lost = {code: 100 * (1 - outcomes.solution.real_income_hat[world.country(code)]) for code in ("UKR", "BGR")}
    assert {code: round(value, 1) for code, value in lost.items()} == {"UKR": 0.3, "BGR": 0.5}
    sizes: dict[str, list[float]] = {"low": [], "central": [], "high": []}
    for variant in outcomes.range.solved:
        assert variant.real_income_hat is not None
        sizes[variant.choice.level].append(100 * (1 - variant.real_income_hat[world.country("RUS")]))
    # "at low sizes about 1 per cent or less; at central and high sizes more in every combination"
    assert max(sizes["low"]) < 1.1 and min(sizes["central"] + sizes["high"]) > 1.0
    tested = load_dossier("elmau-2022").claims[3].test
    assert tested is not None and tested.kind == "gain" and len(tested.countries) == 34
    senders = {pair[k] for pair in outcomes.compiled.pairs for k in (0, 1)}
    assert not senders & set(tested.countries)  # "outside the sanctioning ones"
