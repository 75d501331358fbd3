"""Every scenario of the gallery shows bands: on the page, in the CSV files and in JSON; the ranges stay beside them."""

from __future__ import annotations

import pytest

from comity import load_scenario, load_world, simulate
from comity.benchmark.bundle import DEFAULT_WORLD
from comity.report.folder import results_json
from comity.report.page import page
from comity.report.terminal import summary
from comity.scenario.load import gallery

DRAWS = 20  # enough to see that they are there; 200 are the default of the command line


@pytest.mark.parametrize("name", gallery())
def test_every_report_shows_bands(name: str) -> None:
    scenario = load_scenario(name)
    outcomes = simulate(load_world(scenario.world or DEFAULT_WORLD), scenario, draws=DRAWS)
    for run in outcomes.runs:
        assert run.band is not None and len(run.band.solved) == DRAWS, run.band
        assert run.band.residual <= 1e-8  # what draws are solved to
    drawn = page(outcomes, f"comity run {name} --draws {DRAWS}")
    assert "in 90 of 100 draws" in drawn.lower() and f"{DRAWS} joint draws" in drawn
    assert "in 90 of 100 draws" in summary(outcomes)
    content = results_json(outcomes)
    numbers = [number for number in content["numbers"] if number["low"] is not None]
    assert numbers and {number["kind"] for number in numbers} == {"band"}
    assert {number["kind"] for number in content["ranges"] if number["low"] is not None} == {"range"}
    assert [band["draws"] for band in content["bands"]["counts"]] == [DRAWS] * len(outcomes.runs)
    for number in numbers:
        assert number["low"] <= number["high"], number
