"""Amounts in quoted figures, and tests that ask for another order of magnitude than their claim quotes."""

from __future__ import annotations

import pytest

from comity.dossier.amounts import amounts_in, unlike_amounts
from comity.dossier.load import parse_dossier
from tests.dossier.files import SMALL, changed, line_of
from tests.dossier.test_load import FILE, complaints

QUOTED = 'figures: ["$100 million"]'


@pytest.mark.parametrize(
    ("figure", "million"),
    [
        ("10 billion US dollars", [10_000]),
        ("$100 million", [100]),
        ("US$2.1bn", [2_100]),
        ("6,1 billion", [6_100]),
        ("2,100 mn", [2_100]),
        ("ten billion dollars", [10_000]),
        ("a 10-billion-dollar target", [10_000]),
        ("3 to 5 billion USD", [5_000]),
        ("$100,000,000", [100]),
        ("USD 1 trillion", [1_000_000]),
        ("10 billion euros", []),
        ("100 million tonnes", []),
        ("tripled", []),
        ("1 January 2025", []),
        ("5 dollars a barrel", []),
    ],
)
def test_amounts_of_a_figure(figure: str, million: list[float]) -> None:
    assert amounts_in(figure) == pytest.approx(million)


def test_a_unit_forgotten_is_a_mistake() -> None:
    wrong = changed(QUOTED, "figures: [10 billion US dollars]", changed("at_least: 100,", "at_least: 10,"))
    (said,) = complaints(wrong)
    assert said == (
        f"{FILE}, line {line_of('kind: target', wrong)}, claims[0].test.at_least: at_least: 10 is 10 million USD a year; "
        "the source says 10 billion US dollars: write 10000."
    )
    parse_dossier(wrong.replace("at_least: 10,", "at_least: 1e4,"), FILE)


def test_every_amount_that_is_quoted_may_be_the_one() -> None:
    several = "figures: [6.1 billion US dollars, 10 billion US dollars]"
    parse_dossier(changed(QUOTED, several, changed("at_least: 100,", "at_least: 10000,")), FILE)
    (said,) = complaints(changed(QUOTED, several))
    assert said.endswith("the source says 6.1 billion US dollars, 10 billion US dollars: write 6100 or 10000.")


def test_an_amount_that_was_worked_out_is_remarked_unless_a_reading_says_how() -> None:
    doubled = changed("at_least: 100,", "at_least: 200,")
    (remark,) = unlike_amounts(parse_dossier(doubled, FILE).claims[0])
    assert remark == "at_least: 200 is 200 million USD a year; the source says $100 million."
    read = changed("    test: {kind: target", "    reading: twice the figure\n    test: {kind: target", doubled)
    assert list(unlike_amounts(parse_dossier(read, FILE).claims[0])) == []
    assert list(unlike_amounts(parse_dossier(SMALL, FILE).claims[0])) == []


def test_more_trade_is_compared_too() -> None:
    more = changed("measures: [truck-drivers-visas]}", "more_than: 3}")
    wrong = changed(
        "{id: article, paragraph: 35}\n    test", "{id: article, figures: [3 billion dollars]}\n    test", more
    )
    (said,) = complaints(wrong)
    assert "claims[3].test.more_than: more_than: 3 is 3 million USD a year; the source says 3 billion dollars" in said
