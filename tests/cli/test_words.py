"""Numbers in words, by the rules of the house."""

from __future__ import annotations

import pytest

from comity.report import words

THIN, MINUS = words.THIN, words.MINUS


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (0.0042, 0.0019, 0.0081, f"+0.0042{THIN}% [+0.0019, +0.0081]"),
        (-1.234, -2.0, -0.5, f"{MINUS}1.2{THIN}% [{MINUS}2.0, {MINUS}0.5]"),
        (12.34, 5.0, 31.0, f"+12{THIN}% [+5, +31]"),
        (1e-9, 0.0, 1e-9, "not distinguishable from zero"),
        (-0.0037, -0.03, 0.01, f"{MINUS}0.0037{THIN}% [{MINUS}0.0300, +0.0100]"),  # two digits of the number too
        (-0.0037, -0.9, 0.9, f"0.00{THIN}% [{MINUS}0.90, +0.90]"),  # not where it is nothing beside its interval
        (0.5, None, None, f"+0.50{THIN}%"),
    ],
)
def test_per_cent(value: float, low: float | None, high: float | None, expected: str) -> None:
    assert words.per_cent(value, low, high) == expected


def test_money() -> None:
    assert words.money(84.0) == "84.0 million USD"
    assert words.money(3844.4) == "3.84 billion USD"
    assert words.money(-7.3, -9.1, -2.0, sign=True) == f"{MINUS}7.3 [{MINUS}9.1, {MINUS}2.0] million USD"


def test_plain() -> None:
    assert words.plain(3844, 0) == f"3{THIN}844"
    assert words.plain(-0.0001, 2, sign=True) == "0.00"
    assert words.plain(5, 1, sign=True) == "+5.0"
    assert words.plain(-5, 1) == "\u22125.0" and words.THIN == "\u202f"  # the true minus, the narrow no-break space


def test_minutes_are_arithmetic() -> None:
    assert words.minutes(0.0042) == "22 minutes of a year's income gained"
    assert words.minutes(-0.0037) == "19 minutes of a year's income lost"
    assert words.minutes(0.00001) == "less than a minute of a year's income gained"
    assert words.minutes(0.1) == "9 hours of a year's income gained"
    assert words.minutes(2.0) == "7 days of a year's income gained"


def test_every_country_of_every_world_has_a_seat_of_its_own() -> None:
    from comity import embedded_worlds, load_world
    from comity.report.charts import seats

    table = seats()
    assert len(set(table.values())) == len(table)
    for name in embedded_worlds():
        assert [code for code in load_world(name).countries if code not in table] == []


def test_a_drawer_that_dies_is_replaced_by_drawing_here() -> None:
    from comity.report.drawer import Drawer
    from comity.report.drawing import draw

    job = {"kind": "flows", "text": "Flows", "rows": [{"name": "a to b", "before": 1, "after": 2, "low": 1, "high": 3}]}
    drawer = Drawer()
    drawer.close()
    assert drawer.draw([job]) == [draw(job)]
