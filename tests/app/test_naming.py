"""A scenario that starts from nothing is named by what it holds, in its file and on the page."""

from __future__ import annotations

import pytest

from comity.app.edit import scenario_of
from comity.app.state import State
from comity.app.views import in_plain_words


@pytest.mark.parametrize(
    ("query", "name", "title"),
    [
        ("p=IRN.BLR&add=free:tariff", "no-tariffs-irn-blr", "No tariffs between Iran and Belarus"),
        ("p=IRN.BLR.RUS&add=free:tariff", "no-tariffs-irn-blr-rus", "No tariffs among Iran, Belarus and Russia"),
        ("p=IRN.BLR&add=free:tariff&m.free=0.05", "tariffs-of-5-irn-blr", "Tariffs of 5 per cent between Iran and Belarus"),
        ("p=IRN.BLR&add=a:tariff,b:agreement&off=a", "agreement-irn-blr", "Trade agreement between Iran and Belarus"),
        ("p=IRN.BLR&add=a:tariff&imp.a=IRN&exp.a=BLR", "no-tariffs-irn-from-blr", "No tariffs on the trade of Belarus with Iran"),
        ("p=IRN.BLR&add=a:transfer", "transfer-irn-to-blr", "Payment from one economy to another from Iran to Belarus"),
        ("p=CHN.BRA&add=a:export_tax,b:tariff,c:visa,d:ntb", "4-measures-chn-bra", "4 measures between China and Brazil"),
        ("p=IRN.BLR", "own-scenario", "A scenario of your own"),
        ("s=tehran-2023&p=IRN.BLR.RUS", "tehran-2023-changed", "The Iran-Belarus roadmap of March 2023, changed"),
    ],
)  # fmt: skip
def test_own_scenarios_are_named_by_what_they_hold(query: str, name: str, title: str) -> None:
    scenario, text = scenario_of(State.from_query(query))
    assert (scenario.id, scenario.title) == (name, title)
    assert f"id: {name}\n" in text


def test_names_of_sets_and_closures_are_tooltips() -> None:
    html = in_plain_words("lowest uniform-4, low sizes, balanced; a tariff of 34.1 % & 5%")
    assert html == (
        'lowest <span title="uniform-4">elasticity 4 in every sector</span>, low sizes, <span title="balanced">trade '
        "balanced first</span>; a tariff of 34.1\u202f% &amp; 5\u202f%"
    )
    assert in_plain_words("targets-balanced").count("<span") == 1
