"""Promised, predicted, observed: which point stands where, and what the prediction is."""

from __future__ import annotations

import datetime

import pytest

from comity import assess, simulate
from comity.dossier.monitor import NO_DEAL, OBSERVED, PREDICTED, PROMISED, SIGNED, Monitor, Row, middle, share_after
from comity.dossier.schema import Observation
from tests.dossier.small import PHASED, claim, dossier, pair_trade, scenario, two_counts
from tests.helpers import labelled_world

PAIR = ["IRN", "BLR"]
TARGET = {
    "kind": "target",
    "scenario": "s",
    "between": ["BLR", "IRN"],
    "at_least": 70,
    "by": 2026,
    "count": "Belarus's count",
}


def row(period: str, start: str, end: str, **keys: object) -> dict:
    return {"period": period, "start": start, "end": end, "source": "article", **keys}


SERIES = {
    "Iran's count": [
        row("1400", "2021-03-21", "2022-03-20", flows={"IRN-BLR": 10, "BLR-IRN": 30}),
        row("1401", "2022-03-21", "2023-03-20", flows={"IRN-BLR": 20, "BLR-IRN": 40}),
        row("half", "2023-03-21", "2023-09-20", flows={"IRN-BLR": 20}),
        row("1402", "2023-03-21", "2024-03-19", total=66),
    ],
    "Belarus's count": [row("2022", "2022", "2022", total=100), row("2024", "2024-01-01", "2024-12-31", total=113)],
}


def watched(signed: str | None = "2023-03-13", factor: float = 2.0) -> tuple[Monitor, object]:
    series = [{"count": name, "setter": "IRN", "rows": rows} for name, rows in SERIES.items()]
    observed = [{"id": "pair", "title": "Trade", "between": PAIR, "series": series}]
    keys = {"signed": signed} if signed else {}
    d = dossier({"s": scenario("s", PHASED)}, claim("c", test=TARGET), observed=observed, **keys)
    a = assess(two_counts(factor), d)
    return a.monitor, a


def points(monitor: Monitor, count: str, kind: str) -> list[Row]:
    return [row for row in monitor.rows if (row.count, row.kind) == (count, kind)]


def test_observations_stand_at_the_middle_of_their_period() -> None:
    monitor, _ = watched()
    own = points(monitor, "Iran's count", OBSERVED)
    assert [row.value for row in own] == [40, 60, 66] and [row.text for row in own] == ["1400", "1401", "1402"]
    assert points(monitor, "Belarus's count", OBSERVED)[0].year == pytest.approx(2022.5)
    assert own[1].year == pytest.approx(2022.716, abs=1e-3)
    assert "Iran's count, half: one direction only, no total." in monitor.notes


def test_without_the_deal_the_last_observation_is_held() -> None:
    monitor, _ = watched()
    own, other = (points(monitor, name, NO_DEAL) for name in SERIES)
    assert {row.value for row in own} == {60} and {row.value for row in other} == {100}
    assert own[-1].year == 2026 and "held flat" in own[0].text
    # seven of 365 days of 1401 come after the signing: said, not hidden
    assert any("1401 lies after the signing" in note for note in monitor.notes)


def test_the_prediction_is_that_line_times_the_model_s_ratio() -> None:
    monitor, _ = watched()
    world = two_counts()
    for k, name in enumerate(SERIES):
        line = points(monitor, name, PREDICTED)
        assert [row.year for row in line] == [2023, 2024, 2025, 2026]
        assert line[0].value == line[0].low == line[0].high == points(monitor, name, NO_DEAL)[0].value
        for point, year in ((line[1], 2024), (line[3], None)):
            outcomes = simulate(world, scenario("s", PHASED), year=year)
            pair = outcomes.pair(outcomes.runs[k], "IRN", "BLR")
            level = points(monitor, name, NO_DEAL)[0].value
            assert level is not None and pair["after"].low is not None
            assert point.value == pytest.approx(level * pair["after"].estimate / pair["before"].estimate)
            assert point.low == pytest.approx(level * pair["after"].low / pair["before"].estimate)
        assert all("no forecast" in row.text for row in line)
        assert line[1].low < line[1].value < line[1].high  # type: ignore[operator]


def test_the_promise_is_shown_on_every_count_with_whose_it_is() -> None:
    monitor, _ = watched()
    for name in SERIES:
        line = points(monitor, name, PROMISED)
        assert [row.value for row in line] == [70, 70] and line[-1].year == 2026
        assert "Belarus's count" in line[0].text and points(monitor, name, SIGNED)[0].year == pytest.approx(
            2023.19, abs=0.01
        )


def test_without_a_date_or_a_pair_there_is_no_prediction() -> None:
    monitor, _ = watched(signed=None)
    assert not [row for row in monitor.rows if row.kind in (PREDICTED, NO_DEAL, SIGNED)]
    assert any("No date of signing" in note for note in monitor.notes)
    observed = [{"id": "pair", "title": "Trade", "between": ["IRN", "DEU"], "series": [
        {"count": "any", "setter": "IRN", "rows": [row("2022", "2022", "2022", total=5)]}]}]  # fmt: skip
    a = assess(labelled_world(), dossier({"s": scenario("s", PHASED)}, observed=observed, signed="2023-03-13"))
    assert {r.kind for r in a.monitor.rows} == {OBSERVED, NO_DEAL, SIGNED} and "No prediction" in a.monitor.notes[0]
    assert not assess(labelled_world(), dossier({"s": scenario("s", PHASED)})).monitor


def test_a_count_the_world_lacks_takes_the_world_s_ratio_and_says_so() -> None:
    series = [{"count": "Other", "setter": "IRN", "rows": [row("2022", "2022", "2022", total=5)]}]
    observed = [{"id": "pair", "title": "Trade", "between": PAIR, "series": series}]
    world = labelled_world()
    a = assess(world, dossier({"s": scenario("s", PHASED)}, observed=observed, signed="2023-03-13"))
    run = simulate(world, scenario("s", PHASED))
    ratio = run.pair(run.runs[0], "IRN", "BLR")["after"].estimate / pair_trade(world)
    assert points(a.monitor, "Other", PREDICTED)[-1].value == pytest.approx(5 * ratio)
    assert any("Other" in note for note in a.monitor.notes)


def test_share_of_a_period_after_the_signing() -> None:
    def seen(start: str, end: str) -> float:
        observation = Observation.model_validate(row("p", start, end, total=1))
        assert middle(observation) > 2000
        return share_after(observation, datetime.date(2023, 3, 13))

    assert seen("2022", "2022") == 0 and seen("2023-03-14", "2023-12-31") == 1
    assert seen("2022-03-21", "2023-03-20") == pytest.approx(7 / 365)
    assert seen("2023", "2023") == pytest.approx(293 / 365)
