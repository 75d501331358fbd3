"""The differentiated equations against differences of solves, and the decomposition of a change of real income."""

from __future__ import annotations

import numpy as np
import pytest

from comity import Shock, World, load_scenario, simulate, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium.path import Path, whole_step
from comity.outcomes.attribution import steps_of
from comity.outcomes.decomposition import PARTS, decompose, first_order, midpoint
from tests.helpers import labelled_world, one_sector_world

DERIVATIVE = 1e-9  # fourth-order differences of solves to 1e-13
ADDING_UP = 1e-8  # the stated bound; usually 1e-10
CLOSURES = [
    {},
    {"closure": "balanced"},
    {"closure": "deficit-share-of-gdp"},
    {"closure": "multiplicative-deficits"},
    {"closure": "targets-balanced", "targets": ["C001"]},
    {"equalise": ["C000", "C002", "C003"]},
]


def mixed_shock(world: World, seed: int = 0) -> Shock:
    """A shock of everything at once."""
    rng = np.random.default_rng(seed)
    j, n = world.value_added_share.shape
    off = 1 - np.eye(n)
    transfer = np.zeros(n)
    transfer[:2] = np.array([1, -1]) * 1e-3 * world.value_added.sum()
    return Shock(
        iceberg_hat=np.exp(rng.normal(0, 0.1, (j, n, n))),
        tariff_new=off * rng.uniform(0, 0.5, (j, n, n)),
        export_tax_new=off * rng.uniform(0, 0.2, (j, n, n)),
        productivity_hat=np.exp(rng.normal(0, 0.1, (j, n))),
        transfer=transfer,
    )


@pytest.fixture(scope="module")
def world() -> World:
    return synthetic_world(6, 4, seed=2, deficits=0.1, zero_cells=0.1)


@pytest.mark.parametrize("settings", CLOSURES, ids=lambda settings: str(next(iter(settings.values()), "fixed")))
def test_tangent_is_the_derivative_along_the_path(world: World, settings: dict) -> None:
    path = Path(solve(world, mixed_shock(world), **settings))
    s, h = 0.4, 1e-4
    here = path.at(s)
    tangent = path.system(here).along(path.direction(path.whole, here, s))
    near = {k: path.at(s + k * h) for k in (-2, -1, 1, 2)}
    scale = here.benchmark.value_added.sum()

    def slope(of) -> np.ndarray:  # noqa: ANN001
        return (8 * (of(near[1]) - of(near[-1])) - (of(near[2]) - of(near[-2]))) / (12 * h)

    for expected, found in (
        (slope(lambda z: np.log(z.real_income_hat)), tangent.log_real_income),
        (slope(lambda z: np.log(z.wage_hat)), tangent.log_wage),
        (slope(lambda z: np.log(z.price_index_hat)), tangent.log_price),
        (slope(lambda z: z.flow_new) / scale, tangent.flow / scale),
        (slope(lambda z: z.output_new) / scale, tangent.output / scale),
        (slope(lambda z: z.deficit_new) / scale, tangent.deficit / scale),
        (slope(lambda z: z.transfer_new) / scale, tangent.transfer / scale),
    ):
        np.testing.assert_allclose(found, expected, atol=DERIVATIVE, rtol=0)


@pytest.mark.parametrize("settings", CLOSURES, ids=lambda settings: str(next(iter(settings.values()), "fixed")))
def test_parts_add_up_to_the_change_of_real_income(world: World, settings: dict) -> None:
    solution = solve(world, mixed_shock(world, 1), **settings)
    found = decompose(solution)
    total = sum(found.by_country().values())
    np.testing.assert_allclose(total, np.log(solution.real_income_hat), atol=ADDING_UP, rtol=0)
    # the named parts are there, and only transfers carry the coalition's side payments
    assert all(np.abs(found.by_country()[name]).max() > 1e-4 for name in PARTS)


def test_an_embargo_ends_at_zero_flows_and_still_adds_up(world: World) -> None:
    iceberg = np.ones_like(world.trade_share)
    iceberg[:, 0, 1:3] = iceberg[:, 1:3, 0] = np.inf
    solution = solve(world, Shock(iceberg_hat=iceberg))
    found = decompose(solution)
    assert found.adding_up < ADDING_UP
    # nothing else changes by itself, so country 0 loses by costs on exactly the flows that stop
    costs = found.parts.trade_costs
    assert (costs[:, 0, 1:3] <= 0).all()
    np.testing.assert_array_equal(costs[:, 0, 3:], 0.0)


def test_one_small_productivity_gain_is_hulten() -> None:
    """Hulten's theorem in a closed economy: d ln W = Y/I d ln A, everything else zero."""
    world = one_sector_world()
    share = np.eye(3)[None]
    closed = world.replace(trade_share=share, value_added=np.ones(3), deficit=np.zeros(3), expenditure=np.ones((1, 3)))
    hat = np.ones((1, 3))
    hat[0, 1] = 1.3
    solution = solve(closed, Shock(productivity_hat=hat))
    parts = decompose(solution).by_country()
    np.testing.assert_allclose(parts["productivity"], [0, np.log(1.3), 0], atol=1e-12)
    for name in ("terms of trade", "volume of trade", "trade costs", "transfers"):
        np.testing.assert_allclose(parts[name], 0.0, atol=1e-12)


def test_world_terms_of_trade_cancel_in_money(world: World) -> None:
    """What one country gains by dearer exports its partners lose: in money the integrand sums to zero."""
    solution = solve(world, mixed_shock(world, 3))
    path = Path(solution)
    here = path.at(0.5)
    from comity.outcomes.decomposition import rates

    terms = rates(path, [path.whole], 0.5).terms_of_trade.sum(axis=(0, 2)) * here.income_new
    assert abs(terms.sum()) < 1e-12 * here.income_new.sum()


def test_formula_and_exact_change_agree_for_small_tariffs_only() -> None:
    world = labelled_world(deficits=0.0)

    def gap(change: float) -> float:
        tariff = world.tariff + change * (1 - np.eye(5))
        solution = solve(world, Shock(tariff_new=tariff))
        formula = sum(part.sum(axis=(0, 2)) for part in first_order(solution))
        return float(np.abs(formula - (solution.real_income_hat - 1)).max())

    # an error of second order: a tenth of the change, a hundredth of the error
    assert gap(0.001) / gap(0.01) == pytest.approx(0.01, rel=0.1)


def test_midpoints_converge_to_the_exact_change() -> None:
    world = labelled_world(deficits=0.0)
    solution = solve(world, Shock(tariff_new=world.tariff + 0.3 * (1 - np.eye(5))))
    gaps = [midpoint(solution, count).adding_up for count in (2, 4, 8)]
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.1)  # second order in the number of steps
    assert gaps[1] / gaps[2] == pytest.approx(4, rel=0.1)


def test_attribution_to_measures(tmp_path) -> None:  # noqa: ANN001
    world = labelled_world(deficits=0.05)
    text = """
schema: 1
id: three
title: Three measures
measures:
  - {id: cut, kind: tariff, importers: [IRN], exporters: [BLR], size: {to: 0.0}}
  - {id: ease, kind: ntb, between: [IRN, RUS], size: {cost_change: -0.1}}
  - {id: stop, kind: embargo, importers: [CHN], exporters: [IRN], sectors: [AGR]}
  - {id: dearer, kind: ntb, importers: [CHN], exporters: [IRN], size: {cost_change: 0.1}}
"""
    file = tmp_path / "three.yaml"
    file.write_text(text)
    outcomes = simulate(world, load_scenario(str(file)))
    frame = outcomes.measures.frame
    assert list(frame.measure.unique()) == ["cut", "ease", "stop", "dearer"]
    welfare = outcomes.welfare.frame.set_index("country")
    # equivalent variations add up to the whole by country, and to the sum over the parts
    by_measure = frame.groupby("country").equivalent_variation.sum()
    by_part = outcomes.decomposition.frame.groupby("country").equivalent_variation.sum()
    by_detail = outcomes.decomposition_detail.frame.groupby("country").equivalent_variation.sum()
    for code in ("IRN", "RUS", "CHN"):
        scale = welfare.income_before[code]
        assert abs(by_measure[code] - welfare.equivalent_variation[code]) < ADDING_UP * scale
        assert abs(by_part[code] - welfare.equivalent_variation[code]) < ADDING_UP * scale
        assert abs(by_detail[code] - by_part[code]) < 1e-12 * scale
    gain = frame[frame.country == "IRN"].set_index("measure").contribution_pct
    assert gain["ease"] > 0 > gain["stop"]


def test_steps_of_one_measure_are_the_whole_shock(world: World) -> None:
    shock = mixed_shock(world, 5)
    solution = solve(world, shock)
    _, steps = steps_of(world, solution.changes, [("all", shock)])
    whole = whole_step(solution.changes)
    for name in ("tariff", "export_tax", "log_iceberg", "stop", "log_productivity", "transfer"):
        np.testing.assert_allclose(getattr(steps[0], name), getattr(whole, name), atol=1e-15)
