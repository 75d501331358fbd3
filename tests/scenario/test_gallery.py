"""Every gallery scenario on both worlds: it solves with cited sizes, or is refused by name."""

from __future__ import annotations

import pytest

from comity import InputError, World, compile_scenario, load_scenario, load_world, solve
from comity.scenario.explain import explain
from comity.scenario.load import gallery

SOLVED = 1e-10
REFUSED = {("russia-2022", "world-2022"): "already contains the regime in part"}
WANTED = {
    "tehran-2023", "sanctioned-front", "eaeu-iran-fta", "instc-corridor", "iran-2012", "russia-2022",
    "us-china-tariffs", "uniform-tariff-20",
}  # fmt: skip


@pytest.fixture(scope="module", params=["world-2022", "world-2019"])
def world(request: pytest.FixtureRequest) -> World:
    return load_world(request.param)


def test_the_gallery_has_what_was_promised() -> None:
    assert set(gallery()) >= WANTED


@pytest.mark.parametrize("name", sorted(gallery()))
def test_scenario_on_world(world: World, name: str) -> None:
    scenario = load_scenario(name)
    if (name, world.name) in REFUSED:
        with pytest.raises(InputError, match=REFUSED[name, world.name]):
            compile_scenario(world, scenario)
        return
    for level in ("low", "central", "high"):
        compiled = compile_scenario(world, scenario, size_level=level)
        closure = scenario.closure or "fixed-deficits"
        targets = compiled.targets if closure == "targets-balanced" else None
        solution = solve(world, compiled.shock, closure=closure, targets=targets)
        assert solution.residual < SOLVED
    assert scenario.sources and all(report.source for report in compiled.measures), "a measure cites nothing"
    lines = explain(world, compiled)
    assert lines[0] == f"{scenario.title}."


def test_directions_of_the_flagship_results() -> None:
    """Lower cost between two raises their trade and neither loses; a uniform tariff costs the world as a whole."""
    world = load_world("world-2022")
    deal = solve(world, compile_scenario(world, load_scenario("tehran-2023")).shock)
    iran, belarus = world.country("IRN"), world.country("BLR")
    assert deal.real_income_hat[iran] > 1 and deal.real_income_hat[belarus] > 1
    assert deal.flow_new[:-1, iran, belarus].sum() > world.flow[:-1, iran, belarus].sum()
    everybody = solve(world, compile_scenario(world, load_scenario("uniform-tariff-20")).shock)
    assert everybody.equivalent_variation.sum() < 0
