"""gradient against central differences of whole solves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comity import Shock, World, compile_scenario, load_scenario, load_world, solve
from comity.equilibrium.adjoint import ROUNDING
from comity.equilibrium.derivatives import gradient
from comity.equilibrium.functionals import FIELDS, Outcome
from tests.derivatives.economies import CLOSURES, NAMES, Point, difference, functional, shock, solved, world

SOLVED = 1e-13  # residual asked of every solve here
STEP = 2e-3
# fourth-order differences: STEP^4 = 2e-11 times a fifth derivative that thetas up to 10 raise to 1e4 in a small cell, and
# solves to 1e-13 over STEP, passed on by the condition of the system; relative to the largest derivative of its kind
AGREES = 2e-7


def check(economy: World, given: Shock, how: dict[str, Any], outcome: Outcome, seed: int, cells: int = 3) -> None:
    """Every kind of derivative on some cells, and the value."""
    found = gradient(economy, given, outcome, tolerance=SOLVED, **how)
    assert found.value == outcome.value(found.solution)
    assert found.residual < ROUNDING
    point, rng = Point.of(economy, given), np.random.default_rng(seed)
    for name in NAMES:
        slope = getattr(found, name)
        scale = np.abs(slope).max()
        assert scale > 0
        for cell in map(tuple, rng.permutation(np.argwhere(slope != 0))[:cells]):

            def value(step: float, name: str = name, cell: tuple[int, ...] = cell) -> float:
                near = solved(economy, point.moved(name, cell, step), given.transfer, how, SOLVED)
                return outcome.value(near)

            expected = difference(value, STEP)
            assert abs(slope[cell] - expected) < AGREES * max(scale, abs(expected)), (name, cell, slope[cell], expected)


@pytest.mark.parametrize("closure", CLOSURES)
def test_every_kind_under_every_closure(closure: str) -> None:
    economy = world()
    outcome = functional(economy, 3, ("real_income_hat", "flow_new"))
    check(economy, shock(economy), CLOSURES[closure], outcome, seed=1)


@pytest.mark.parametrize("closure", ["balanced", "deficit-share-of-gdp"])
@pytest.mark.parametrize("name", FIELDS)
def test_every_field(name: str, closure: str) -> None:
    economy = world(seed=23)
    given = shock(economy, seed=8)
    if name == "deficit_new" and closure == "balanced":  # always zero: so are its derivatives
        found = gradient(economy, given, functional(economy, 4, (name,)), closure=closure)
        assert found.value == 0 and all(not getattr(found, kind).any() for kind in NAMES)
        return
    how = {"closure": closure, "equalise": ["C00", "C03"]}
    check(economy, given, how, functional(economy, 4, (name,)), seed=2, cells=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"special": "closed"},
        {"special": "no-home", "zeros": 0.7},
        {"theta": (0.5, 2.0), "without_inputs": True},
        {"value_added_share": (0.05, 0.2), "export_taxes": (0.0, 0.0), "deficits": 0.3},
    ],
    ids=str,
)
def test_unusual_worlds(changes: dict[str, Any]) -> None:
    economy = world(**changes)
    outcome = functional(economy, 3, ("real_income_hat", "price_index_hat"))
    check(economy, shock(economy), {}, outcome, seed=5, cells=2)


@pytest.mark.parametrize(
    "how", [{}, {"closure": "balanced"}, {"closure": "balanced", "equalise": ["C00", "C01"]}], ids=str
)
def test_a_world_cut_in_two(how: dict[str, Any]) -> None:
    """Each part has its own numeraire, the benchmark's value added there, which moves with theta under "balanced"."""
    economy = world(deficits=0.1 if how else 0.0)
    given = shock(economy, ("iceberg", "tariff", "export_tax", "productivity"))
    iceberg = np.array(given.iceberg_hat)
    iceberg[:, :2, 2:] = iceberg[:, 2:, :2] = np.inf
    iceberg[:, np.arange(4), np.arange(4)] = 1.0
    given = Shock(iceberg, given.tariff_new, given.export_tax_new, given.productivity_hat)
    outcome = functional(economy, 7, ("real_income_hat", "flow_new", "wage_hat"))
    found = gradient(economy, given, outcome, **how)
    assert found.solution.component.max() == 1
    assert not found.tariff[:, :2, 2:].any() and not found.tariff[:, 2:, :2].any()
    check(economy, given, how, outcome, seed=9)


def test_some_cells_of_the_embedded_world() -> None:
    economy = load_world("world-2022")
    given = compile_scenario(economy, load_scenario("tehran-2023")).shock
    found = gradient(economy, given, ("flow_new", "BLR", "IRN", "AGR"), tolerance=SOLVED, closure="balanced")
    iran, belarus = economy.country("IRN"), economy.country("BLR")
    sector = economy.sector("AGR")
    dense = Shock(
        iceberg_hat=np.ones_like(economy.trade_share),
        tariff_new=economy.tariff,
        export_tax_new=economy.export_tax,
        productivity_hat=np.ones_like(economy.value_added_share),
    )
    iceberg = np.ones_like(economy.trade_share)
    iceberg[given.iceberg_hat[:3]] = given.iceberg_hat[3]
    point = Point.of(economy, Shock(iceberg, dense.tariff_new, dense.export_tax_new, dense.productivity_hat))
    how = {"closure": "balanced"}
    for name, cell in (
        ("tariff", (sector, belarus, iran)),
        ("log_iceberg", (sector, iran, economy.country("RUS"))),
        ("export_tax", (sector, belarus, iran)),
        ("log_productivity", (sector, iran)),
        ("theta", (sector,)),
    ):
        expected = difference(
            lambda step, name=name, cell=cell: float(
                solved(economy, point.moved(name, cell, step), None, how, SOLVED).flow_new[sector, belarus, iran]
            ),
            STEP,
        )
        assert getattr(found, name)[cell] == pytest.approx(expected, rel=AGREES), name


@pytest.mark.parametrize("name", ["tehran-2023", "instc-corridor", "iran-full-embargo"])
def test_sizes_that_are_trade_ratios_move_with_theta(name: str) -> None:
    """d/dtheta of a scenario compiles it again: kappa_hat = ratio^(-1/theta)."""
    economy, scenario = load_world("world-2022"), load_scenario(name)
    if scenario.elasticities is not None:
        economy = economy.with_elasticities(scenario.elasticities)
    found = gradient(economy, scenario, ("real_income_hat", "IRN"), tolerance=SOLVED)
    bare = gradient(
        economy,
        compile_scenario(economy, scenario).shock,
        ("real_income_hat", "IRN"),
        closure=found.solution.closure,
        targets=compile_scenario(economy, scenario).targets,
        tolerance=SOLVED,
    )
    assert np.array_equal(found.tariff, bare.tariff)
    iran = economy.country("IRN")

    def value(step: float, sector: int) -> float:
        theta = economy.trade_elasticity.copy()
        theta[sector] += step
        near = economy.with_elasticities(theta)
        compiled = compile_scenario(near, scenario)
        targets = compiled.targets if found.solution.closure == "targets-balanced" else None
        solution = solve(near, compiled.shock, closure=found.solution.closure, targets=targets, tolerance=SOLVED)
        return float(solution.real_income_hat[iran])

    scale = np.abs(found.theta).max()
    for sector in np.argsort(-np.abs(found.theta))[:3]:
        expected = difference(lambda step, sector=sector: value(step, sector), STEP)
        assert abs(found.theta[sector] - expected) < AGREES * scale
    assert (np.abs(found.theta - bare.theta).max() > 1e-3 * scale) == (name != "iran-full-embargo")
