"""Identities the solver must meet, whatever the data. Tolerances are named and justified here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity import Shock, World, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium import equations as eq
from comity.equilibrium.closures import CLOSURES
from comity.equilibrium.residual import residuals
from tests.helpers import one_sector_world

ROUNDING = 1e-12  # a few hundred floating-point operations on numbers of order one
SOLVED = 1e-10  # the default tolerance of a solve
TIGHT = 1e-12  # tolerance asked for where two solves are compared
COMPARED = 1e-9  # two solves at TIGHT may differ by the tolerance times the condition of the system


@pytest.fixture(scope="module")
def world() -> World:
    return synthetic_world(9, 4, seed=5, deficits=0.06, export_taxes=0.05, zero_cells=0.15)


@pytest.fixture(scope="module")
def shock(world: World) -> Shock:
    rng = np.random.default_rng(1)
    iceberg = np.exp(rng.normal(0, 0.2, world.trade_share.shape))
    iceberg[:, np.arange(9), np.arange(9)] = 1.0
    iceberg[1, 0, 3] = np.inf
    tariff = world.tariff + rng.uniform(0, 0.3, world.tariff.shape)
    tariff[:, np.arange(9), np.arange(9)] = 0.0
    return Shock(iceberg_hat=iceberg, tariff_new=tariff, productivity_hat=np.exp(rng.normal(0, 0.05, (4, 9))))


@pytest.mark.parametrize("closure", CLOSURES)
def test_no_shock_changes_nothing(world: World, closure: str) -> None:
    solution = solve(world, Shock(), closure=closure, targets=["C001"])
    assert solution.residual < 1e-11
    for hat in (solution.wage_hat, solution.price_index_hat, solution.real_income_hat, solution.real_gdp_hat):
        assert np.abs(hat - 1).max() < 1e-11


@pytest.mark.parametrize("closure", CLOSURES)
def test_plain_formulas_hold(world: World, shock: Shock, closure: str) -> None:
    """Equations (1)-(8) by the plain functions of equations.py, on the answer's arrays, with full (J, N, N) flows."""
    s = solve(world, shock, closure=closure, targets=["C001"])
    b = s.benchmark
    kappa = eq.trade_cost_hat(s.iceberg_hat, b.tariff, s.tariff_new, b.export_tax, s.export_tax_new)
    theta = b.trade_elasticity[:, None, None]
    weight = b.trade_share * kappa**-theta
    cost = eq.cost_hat(s.wage_hat, s.price_index_hat, b.value_added_share, b.input_share, s.productivity_hat)
    price = eq.price_index_hat(weight, s.cost_hat, b.trade_elasticity)
    share = eq.trade_share_new(weight, s.cost_hat, s.price_index_hat, b.trade_elasticity)
    flow = eq.border_flow(share, s.expenditure_new, s.tariff_new)
    revenue = eq.tariff_revenue(flow, s.tariff_new) + eq.export_tax_revenue(flow, s.export_tax_new)
    exports, imports = eq.border_trade(flow)
    pairs = {
        "1": (s.cost_hat, cost),
        "2": (s.price_index_hat, price),
        "3": (share.sum(axis=2), np.ones_like(price)),
        "4": (s.output_new, eq.output(flow, s.export_tax_new)),
        "5": (s.expenditure_new, eq.expenditure(b.input_share, s.output_new, b.consumption_share, s.income_new)),
        "6": (s.income_new, eq.income(s.wage_hat, b.value_added, revenue, s.deficit_new, s.transfer_new)),
        "7": (s.wage_hat * b.value_added, eq.labour_demand(b.value_added_share, s.output_new)),
        "8": (exports + s.deficit_new + s.transfer_new, imports),
    }
    for number, (left, right) in pairs.items():
        assert np.abs(left / right - 1).max() < 2 * SOLVED, number
    assert s.residual < SOLVED
    assert s.trade_share_new[1, 0, 3] == 0.0
    assert abs((s.wage_hat * b.value_added).sum() / b.value_added.sum() - 1) < ROUNDING


def test_the_residual_sees_a_wrong_answer(world: World, shock: Shock) -> None:
    """Each quantity moved by one in a thousand shows up in its equations, at about that size."""
    s = solve(world, shock)
    moved = {
        "wage_hat": {"1", "6", "7"},
        "price_index_hat": {"1", "2", "3"},
        "cost_hat": {"1", "2"},
        "expenditure_new": {"4", "5", "8"},
        "output_new": {"4", "5", "7"},
        "income_new": {"5", "6"},
    }
    for name, equations in moved.items():
        wrong = getattr(s, name).copy()
        wrong[..., 3] *= 1.001
        gaps = residuals(replace(s, **{name: wrong}))
        for number in equations:
            assert 1e-5 < gaps[number] < 0.1, (name, number)
    deficit = s.deficit_new.copy()
    deficit[3] += 1e-3 * world.value_added[3]
    gaps = residuals(replace(s, deficit_new=deficit))
    assert gaps["8"] > 1e-5 and gaps["6"] > 1e-5


def test_walras(world: World, shock: Shock) -> None:
    """World trade deficits and transfers add to zero after the shock, and so do the gaps of (8)."""
    for closure in CLOSURES:
        s = solve(world, shock, closure=closure, targets=["C002"])
        assert abs(s.deficit_new.sum()) < 1e-9 * world.value_added.sum()
        exports, imports = eq.border_trade(s.flow_new)
        assert abs(exports.sum() - imports.sum()) < 1e-9 * exports.sum()


def test_acr_gains_one_sector() -> None:
    """Arkolakis, Costinot & Rodriguez-Clare (2012): W_hat = (pi_nn hat)^(-1/theta) with one sector and no inputs."""
    world = one_sector_world(theta=4.0)
    iceberg = np.full((1, 3, 3), 1.3)
    iceberg[0, np.arange(3), np.arange(3)] = 1.0
    s = solve(world, Shock(iceberg_hat=iceberg), tolerance=TIGHT)
    own_hat = np.diagonal(s.trade_share_new[0]) / np.diagonal(world.trade_share[0])
    assert np.abs(s.real_income_hat / own_hat ** (-1 / 4.0) - 1).max() < COMPARED


def test_autarky_closed_form() -> None:
    """With zero tariffs and deficits autarky costs prod_jk pi_nn^(alpha L / theta), L the Leontief inverse."""
    world = synthetic_world(6, 5, seed=2, deficits=0.0, tariffs=0.0)
    closed = np.full(world.trade_share.shape, np.inf)
    closed[:, np.arange(6), np.arange(6)] = 1.0
    s = solve(world, Shock(iceberg_hat=closed), tolerance=TIGHT)
    own = np.diagonal(world.trade_share, axis1=1, axis2=2)
    for n in range(6):
        leontief = np.linalg.inv(np.eye(5) - world.input_share[:, :, n])
        weight = leontief @ world.consumption_share[:, n]
        expected = np.prod(own[:, n] ** (weight / world.trade_elasticity))
        assert abs(s.real_income_hat[n] / expected - 1) < 1e-8
    assert len(np.unique(s.component)) == 6


def test_money_unit_does_not_matter(world: World, shock: Shock) -> None:
    other = world.replace(
        value_added=world.value_added * 7, deficit=world.deficit * 7, expenditure=world.expenditure * 7
    )
    a, b = solve(world, shock, tolerance=TIGHT), solve(other, shock, tolerance=TIGHT)
    assert np.abs(a.real_income_hat / b.real_income_hat - 1).max() < COMPARED


def test_relabelling_permutes_the_answer(world: World, shock: Shock) -> None:
    order, sectors = np.random.default_rng(3).permutation(9), np.array([2, 0, 3, 1])
    pick = np.ix_(sectors, order, order)
    other = World.from_arrays(
        countries=[world.countries[n] for n in order],
        sectors=[world.sectors[j] for j in sectors],
        trade_share=world.trade_share[pick],
        tariff=world.tariff[pick],
        export_tax=world.export_tax[pick],
        value_added_share=world.value_added_share[np.ix_(sectors, order)],
        input_share=world.input_share[np.ix_(sectors, sectors, order)],
        consumption_share=world.consumption_share[np.ix_(sectors, order)],
        trade_elasticity=world.trade_elasticity[sectors],
        value_added=world.value_added[order],
        deficit=world.deficit[order],
    )
    moved = Shock(
        iceberg_hat=shock.iceberg_hat[pick],
        tariff_new=shock.tariff_new[pick],
        productivity_hat=shock.productivity_hat[np.ix_(sectors, order)],
    )
    a, b = solve(world, shock, tolerance=TIGHT), solve(other, moved, tolerance=TIGHT)
    assert np.abs(a.real_income_hat[order] / b.real_income_hat - 1).max() < COMPARED


def test_splitting_a_country_in_clones_leaves_others_alone() -> None:
    """Country 0 split in two identical halves that share its home market: everyone's real income changes as before."""
    world = synthetic_world(5, 3, seed=8, deficits=0.05)
    n = 5
    share = np.zeros((3, n + 1, n + 1))
    copy = np.array([0, *range(n)])
    share[:] = world.trade_share[:, copy][:, :, copy]
    share[:, :, 0] /= 2
    share[:, :, 1] /= 2
    half = np.array([0.5, 0.5, *np.ones(n - 1)])
    split = World.from_arrays(
        countries=["half1", "half2", *world.countries[1:]],
        sectors=world.sectors,
        trade_share=share,
        tariff=world.tariff[:, copy][:, :, copy],
        value_added_share=world.value_added_share[:, copy],
        input_share=world.input_share[:, :, copy],
        consumption_share=world.consumption_share[:, copy],
        trade_elasticity=world.trade_elasticity,
        value_added=world.value_added[copy] * half,
        deficit=world.deficit[copy] * half,
    )
    iceberg = np.ones((3, n, n))
    iceberg[:, 0, 2] = iceberg[:, 3, 0] = 1.4
    a = solve(world, Shock(iceberg_hat=iceberg), tolerance=TIGHT)
    b = solve(split, Shock(iceberg_hat=iceberg[:, copy][:, :, copy]), tolerance=TIGHT)
    assert np.abs(b.real_income_hat / a.real_income_hat[copy] - 1).max() < COMPARED


def test_embargo_is_the_limit_of_a_high_cost(world: World) -> None:
    closed, high = np.ones(world.trade_share.shape), np.ones(world.trade_share.shape)
    closed[:, 2, 4] = closed[:, 4, 2] = np.inf
    high[:, 2, 4] = high[:, 4, 2] = 1e8
    a = solve(world, Shock(iceberg_hat=closed), tolerance=TIGHT)
    b = solve(world, Shock(iceberg_hat=high), tolerance=TIGHT)
    assert np.abs(a.real_income_hat / b.real_income_hat - 1).max() < COMPARED


def test_tariff_revenue_is_rebated(world: World, shock: Shock) -> None:
    s = solve(world, shock)
    by_flow = (s.tariff_new * s.flow_new).sum(axis=(0, 2))
    assert np.abs(by_flow / s.tariff_revenue_new - 1).max() < COMPARED
    own = s.wage_hat * world.value_added + s.tariff_revenue_new + s.export_tax_revenue_new
    assert np.abs(s.income_new / (own + s.deficit_new) - 1).max() < COMPARED


def test_export_tax_acts_like_a_tariff_with_revenue_abroad() -> None:
    """A tax levied by the exporter raises the price like a tariff of the same rate; the revenue goes elsewhere."""
    world = one_sector_world()
    rate = np.zeros((1, 3, 3))
    rate[0, 0, 1] = 0.2
    tariff, tax = solve(world, Shock(tariff_new=rate)), solve(world, Shock(export_tax_new=rate))
    assert tariff.tariff_revenue_new[0] > 0 and tariff.export_tax_revenue_new.max() == 0
    assert tax.export_tax_revenue_new[1] > 0 and tax.tariff_revenue_new.max() == 0
    assert tariff.real_income_hat[0] > tax.real_income_hat[0]
    assert tax.real_income_hat[1] > tariff.real_income_hat[1]


def test_equalising_transfers(world: World, shock: Shock) -> None:
    coalition = ["C000", "C003", "C005"]
    s = solve(world, shock, equalise=coalition, tolerance=TIGHT)
    members = [world.country(code) for code in coalition]
    change = s.real_income_hat[members]
    assert np.abs(change / change[0] - 1).max() < 1e-10
    assert abs(s.transfer_new.sum()) < 1e-10 * world.value_added.sum()
    assert not np.delete(s.transfer_new, members).any()


def test_deficit_share_closure_keeps_the_definition(world: World, shock: Shock) -> None:
    s = solve(world, shock, closure="deficit-share-of-gdp", tolerance=TIGHT)
    wanted = s.wage_hat * world.deficit
    earned = s.wage_hat * world.value_added
    expected = wanted - earned / earned.sum() * wanted.sum()
    assert np.abs(s.deficit_new - expected).max() < 1e-9 * world.value_added.sum()


def test_targets_balanced_moves_only_what_it_must() -> None:
    world = synthetic_world(6, 3, seed=4, deficits=0.08)
    s = solve(world, Shock(), closure="targets-balanced", targets=["C000"])
    deficit, before = s.benchmark.deficit, world.deficit
    assert deficit[0] == 0.0 and abs(deficit.sum()) < 1e-9 * world.value_added.sum()
    scaled = np.sign(before) == -np.sign(before[0])  # the others' deficits of the sign that is left over
    assert np.array_equal(deficit[~scaled][1:], before[~scaled][1:])
    ratio = deficit[scaled] / before[scaled]
    assert np.abs(ratio / ratio[0] - 1).max() < ROUNDING and ratio[0] < 1


def test_dense_and_cell_shocks_agree_to_the_bit(world: World, shock: Shock) -> None:
    moved = np.nonzero(shock.iceberg_hat != 1)
    taxed = np.nonzero(shock.tariff_new != world.tariff)
    cells = Shock.from_cells(
        iceberg_hat=(*moved, shock.iceberg_hat[moved]),
        tariff_new=(*taxed, shock.tariff_new[taxed]),
        productivity_hat=shock.productivity_hat,
    )
    assert np.array_equal(solve(world, shock).real_income_hat, solve(world, cells).real_income_hat)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    countries=st.integers(2, 6),
    sectors=st.integers(1, 4),
    seed=st.integers(0, 10**6),
    zeros=st.sampled_from([0.0, 0.3, 0.6]),
    deficits=st.sampled_from([0.0, 0.1]),
    home=st.sampled_from([(0.02, 0.3), (0.5, 0.95), (0.98, 0.9999)]),
)
def test_random_worlds(countries: int, sectors: int, seed: int, zeros: float, deficits: float, home: tuple) -> None:
    """Random small worlds with zeros, deficits and extreme own shares: a moderate shock solves and meets Walras."""
    world = synthetic_world(countries, sectors, seed=seed, zero_cells=zeros, deficits=deficits, home_share=home)
    rng = np.random.default_rng(seed)
    iceberg = np.exp(rng.uniform(-0.1, 0.3, world.trade_share.shape))
    iceberg[:, np.arange(countries), np.arange(countries)] = 1.0
    s = solve(world, Shock(iceberg_hat=iceberg), closure="balanced")
    assert s.residual < SOLVED
    assert np.abs(s.trade_share_new.sum(axis=2)[s.expenditure_new > 0] - 1).max() < ROUNDING
