"""What `comity check` says beside mistakes: notes with what is to be done, measures in words, paragraphs, counts."""

from __future__ import annotations

import re

import pytest

from comity import assess, load_dossier, load_world
from comity.dossier.check import check_dossier
from comity.dossier.explain import explain_dossier
from comity.dossier.load import parse_dossier
from comity.dossier.notes import Note, clean
from comity.dossier.verdicts import Caution
from tests.dossier.files import SMALL, line_of
from tests.dossier.small import CLOSER, claim, dossier, scenario
from tests.dossier.test_check import FILE, TEXT, comity, problems, small
from tests.helpers import labelled_world

TARGET = '{kind: target, scenario: roadmap, between: [IRN, BLR], at_least: 100, by: 2026, count: "Belarus\'s count"}'


def test_a_numbering_that_is_off_by_one_is_told_once() -> None:
    """The text's headline is left out by `begins`; with it, everything lies a paragraph further than was counted."""
    (said,) = problems(
        small("begins: Leader of the Islamic Revolution Ayatollah", "begins: A headline"), {"article": TEXT}
    )
    assert said == (
        f"{FILE}, line {line_of('begins')}, sources[0].begins: the quoted figures of article all lie one paragraph further "
        'than the dossier says. Found: paragraph 1 begins "A headline". Does `begins` name the first words of the '
        "paragraph you count as 1?"
    )
    shorter = small("begins: Leader of the Islamic Revolution Ayatollah", "begins: Second").text.replace("[2, 3]", "3")
    (said,) = problems(parse_dossier(shorter, FILE), {"article": TEXT})
    assert "all lie one paragraph earlier than the dossier says" in said


def test_paragraphs_named_without_figures_show_how_they_begin() -> None:
    lines = check_dossier(small(), load_world("world-2022"), {"article": TEXT})
    (said,) = [line for line in lines if "named without figures" in line]
    assert '; 3 "Third: it Tripled, or 2,100 million." (claim g, commitment visas).' in said and "claim c" not in said
    assert said.count("Leader of the Islamic Revolution") == 1
    assert said.endswith("Look whether they are the ones meant.")


def test_the_check_says_that_it_is_clean_and_what_is_to_be_done() -> None:
    lines = check_dossier(small(), load_world("world-2022"))
    notes = [line for line in lines if line.startswith("Note: ")]
    asking = [line for line in lines if line.startswith("To do: ")]
    assert len(asking) == 1 and len(notes) == 7
    assert lines[-1] == "No mistakes; 1 line above marked To do. (7 notes for information.)"
    assert asking[0].endswith("Give a phase, such as {from: 2023-03-13}, the day on which it begins.")
    assert lines[-2] == (
        "Note: Quoted figures not looked up: article (2). Give the text with --source ID=FILE, if you have it."
    )
    dated = small("regime: russia-2014, source", "regime: russia-2014, phase: {from: 2023-03-13}, source")
    assert check_dossier(dated, load_world("world-2022"))[-1] == (
        "No mistakes, nothing to do. (7 notes for information.)"
    )
    assert clean([]) == "No mistakes, nothing to do."
    assert clean([Note("a.")]) == "No mistakes, nothing to do. (1 note for information.)"
    assert clean([Note("a.", "b."), Note("c.", "d.")]) == "No mistakes; 2 lines above marked To do."


def test_the_check_has_each_measure_in_words_so_that_its_sign_is_seen() -> None:
    days = "{id: late, kind: border_time, between: [IRN, RUS], size: {days: 2}, phase: {from: 2025}, source: gsdb}"
    late = small("{id: lift, kind: lifting, regime: russia-2014, source: gsdb}", days)
    assert (
        "  late: 2 days added on goods traded between Iran and Russia (time at the border). Dates: in force from "
        "2025-01-01."
    ) in check_dossier(late, load_world("world-2022"))


def test_a_target_in_another_unit_is_noted_where_nothing_is_quoted() -> None:
    """Iran and Russia trade billions in the world: 10 is less than a hundredth of that."""
    world = load_world("world-2022")
    bare = small(
        f'{{id: article, paragraph: 2, figures: ["$100 million"]}}\n    test: {TARGET}',
        "{id: article, paragraph: 2}\n"
        "    test: {kind: target, scenario: front, between: [IRN, RUS], at_least: 10, count: any}",
    )
    a, b = world.country("IRN"), world.country("RUS")
    goods = [k for k, code in enumerate(world.sectors) if code != "SERV"]
    held = world.flow[goods][:, [a, b], [b, a]].sum()
    assert 0.01 * held > 10
    (said,) = [line for line in check_dossier(bare, world) if "hundredth" in line]
    assert said == (
        "To do: Claim c: at_least: 10 is less than a hundredth of the trade of Iran and Russia, "
        f"{held / 1000:.3g} billion USD a year in world-2022. Amounts are million USD a year: 10 billion is 10000. "
        "If it is meant so, say it in `reading`."
    )
    rows = small("total: 100.3, flows: {BLR-IRN: 81.3, IRN-BLR: 19}", "total: 0.1")
    (said,) = [line for line in check_dossier(rows, world) if "hundredth" in line]
    assert said.startswith(
        "To do: Observed pair, Belarus's count, 2022: less than a hundredth of the 59 million USD a year in world-2022."
    )


def test_an_amount_that_nobody_quoted_asks_for_a_reading() -> None:
    doubled = check_dossier(small("at_least: 100,", "at_least: 200,"), load_world("world-2022"))
    assert (
        "To do: Claim c: at_least: 200 is 200 million USD a year; the source says $100 million. If it was worked out, say "
        "how in `reading`."
    ) in doubled


def test_explain_and_check_agree_on_the_count_a_target_is_judged_on() -> None:
    world = load_world("world-2022")
    one = small(TARGET, TARGET.replace("BLR]", "RUS]").replace("Belarus's", "Moscow's"))
    said = "\n".join(explain_dossier(one, world))
    assert "set on Moscow's count and judged on the one count that world-2022 holds." in said
    lines = check_dossier(one, world)
    assert any("the target is judged on that one, not on Moscow's count." in line for line in lines)
    assert "judged on Belarus's count." in "\n".join(explain_dossier(small(), world))


def test_a_verdict_says_where_it_starts_if_the_source_reports_another_trade() -> None:
    """A count that is the world's own is not told; the nearest year stands in for the base year."""
    world = labelled_world()
    a, b = world.country("IRN"), world.country("BLR")
    goods = [k for k, code in enumerate(world.sectors) if code != "SERV"]
    held = float(world.flow[goods][:, [a, b], [b, a]].sum())
    year = world.base_year

    def series(count: str, total: float, when: int | None = year) -> dict:
        row = {"period": "p", "start": str(when), "end": str(when), "total": total, "source": "article"}
        return {"count": count, "setter": "IRN", "rows": [row]}

    observed = [{"id": "pair", "title": "Trade", "between": ["IRN", "BLR"],
                 "series": [series("A", 6100.0), series("B", held), series("C", 900.0, (year or 0) - 1)]}]  # fmt: skip
    test = {"kind": "target", "scenario": "s", "between": ["IRN", "BLR"], "at_least": 2500, "count": "A"}
    made = dossier({"s": scenario("s", CLOSER)}, claim("a", test=test), signed="2023", observed=observed)
    (said,) = [note for note in assess(world, made).verdicts[0].notes if note.startswith("comity's world")]
    assert said == (
        f"comity's world has {held:.3g} million USD in its base year {year}, the source 6.1 billion in p (A; "
        f"{6100 / held:.2g} times as much) and 900 million in p (C; {100 * (900 / held - 1):.0f} per cent more); the test "
        "starts from the world's, the lines over time from the last observation before the deal."
    )


def test_run_says_where_source_texts_belong() -> None:
    said = "comity run: --source belongs to `comity check`. Found: article=x."
    assert comity("run", "tehran-2023", "--source", "article=x") == (2, said)


def test_a_source_to_which_nothing_points_is_told() -> None:
    spare = "sources:\n  - {id: spare, title: Left over}\n"
    said = check_dossier(parse_dossier(SMALL.replace("sources:\n", spare), FILE), load_world("world-2022"))
    assert "Note: Source spare: nothing points there." in said
    assert not any("nothing points there" in line for line in check_dossier(small(), load_world("world-2022")))


@pytest.mark.parametrize(("until", "to_come"), [("2030", True), ("end of 2030", True), ("2022", False), ("Q4", False)])
def test_growth_that_is_still_to_come_is_a_target(until: str, to_come: bool) -> None:
    test = 'test: {kind: growth, since: "2021", until: "' + until + '", at_least: 3}'
    made = small('test: {kind: growth, observed: pair, since: "2021", until: "2022", at_least: 3}', test)
    said = "\n".join(check_dossier(made, load_world("world-2022")))
    assert ("Growth still to come is a `target`, with its amount in million USD a year." in said) == to_come
    assert ("Give the statistics under `observed`, if there are any." in said) != to_come


def test_a_target_that_is_contradicted_says_from_where_and_that_nothing_else_grows() -> None:
    world = load_world("world-2022")
    beyond = small("at_least: 100,", "at_least: 400,")
    (said,) = [note for note in assess(world, beyond).verdict("c").notes if isinstance(note, Caution)]
    assert re.fullmatch(r"By these measures alone, from [\d.]+ million USD in 2022: no other growth is in it\.", said)
    assert not [note for note in assess(world, small()).verdict("c").notes if "By these measures alone" in note]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("at_least: 3}", "at_least: 0.33}", "is a fall. Grown by 33% is `at_least: 1.33`. If it is meant so, say it in `reading`."),
        ("at_least: 3}", "at_least: 1}", ""),
        ("start: 2021-01-01, end: 2021-12-31", "start: 2020-01-01, end: 2020-12-31", "2021 lies from 2020-01-01 to 2020-12-31. Write the days of the period."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_to_be_looked_at(old: str, new: str, told: str) -> None:
    said = check_dossier(parse_dossier(SMALL.replace(old, new, 1), FILE), load_world("world-2022"))
    found = [line for line in said if line.startswith("To do: ") and ("is a fall" in line or " lies from " in line)]
    assert (len(found) == 1 and found[0].endswith(told)) if told else not found


@pytest.mark.parametrize("name", ["tehran-2023", "elmau-2022"])
def test_the_dossiers_to_look_at_are_clean(name: str) -> None:
    lines = check_dossier(load_dossier(name))
    assert lines[-1].startswith("No mistakes, nothing to do."), [line for line in lines if line.startswith("To do")]
