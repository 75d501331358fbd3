"""What derivatives add up to, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from comity import Shock, World, load_scenario, load_world, solve
from comity.equilibrium.derivatives import Gradient, gradient, gradient_at
from tests.derivatives.economies import CLOSURES, NAMES, shock, world
from tests.helpers import one_sector_world
from tests.properties.worlds import from_arrays

SOLVED = 1e-13
AGREES = 1e-10  # solves and multipliers to 1e-13, passed on by the condition of the system


def largest(found: Gradient) -> float:
    return max(float(np.abs(getattr(found, name)).max()) for name in NAMES)


@pytest.mark.parametrize("closure", CLOSURES)
def test_what_cannot_move_has_no_derivative(closure: str) -> None:
    """World value added is the numeraire, deficits and transfers add to zero, a country spends its income, shares add
    to one: in every parameter."""
    economy = world()
    solution = solve(economy, shock(economy), tolerance=SOLVED, **CLOSURES[closure])
    b = solution.benchmark
    money, one = b.value_added.sum(), np.zeros(4)
    one[2] = 1.0
    row = np.zeros(b.trade_share.shape)
    row[0, 1] = 1.0
    budget = {
        "income_new": one / money,
        "tariff_revenue_new": -one / money,
        "export_tax_revenue_new": -one / money,
        "deficit_new": -one / money,
        "transfer_new": -one / money,
        "wage_hat": -one * b.value_added / money,
    }
    # a bundle of final goods keeps its budget: ln I = ln real income + ln consumer price
    real = {
        "real_income_hat": one / solution.real_income_hat,
        "consumer_price_hat": one / solution.consumer_price_hat,
        "income_new": -one / solution.income_new,
    }
    nothing = [{"deficit_new": np.ones(4) / money}, {"transfer_new": np.ones(4) / money}, {"trade_share_new": row}]
    if b is economy:  # after a preliminary step the benchmark is what these refer to, and it moves with theta
        nothing += [budget, real, {"wage_hat": b.value_added / money}]
    for outcome in nothing:
        assert largest(gradient_at(economy, solution, outcome, tolerance=SOLVED)) < AGREES, outcome.keys()


def test_hats_refer_to_a_benchmark_that_moves_with_theta() -> None:
    """Under "balanced" a hat without any shock is one whatever theta is, although both its sides move."""
    economy = world()
    still = gradient(economy, Shock(), ("real_income_hat", "C01"), closure="balanced", tolerance=SOLVED)
    level = gradient(economy, Shock(), ("income_new", "C01"), closure="balanced", tolerance=SOLVED)
    assert np.abs(still.theta).max() < AGREES
    assert np.abs(level.theta).max() > 1e-6 * level.value


@pytest.mark.parametrize("closure", ["fixed-deficits", "balanced"])
def test_without_taxes_the_world_gains_what_it_saves(closure: str) -> None:
    """Envelope theorem (Hulten 1978): where there are no rates, the sum of gains from a cost is minus the flow it is paid
    on, from productivity the output, and from the first bit of a tariff or tax nothing."""
    economy = world(tariffs=0.0, export_taxes=(0.0, 0.0), zeros=0.0)
    everybody = {"equivalent_variation": np.ones(4)}
    found = gradient(economy, Shock(), everybody, closure=closure, tolerance=SOLVED)
    b = found.solution.benchmark
    flow, money = b.flow * (1 - np.eye(4)), b.value_added.sum()
    assert np.abs(found.log_iceberg + flow).max() < AGREES * money
    assert np.abs(found.log_productivity - b.output).max() < AGREES * money
    assert max(np.abs(found.tariff).max(), np.abs(found.export_tax).max()) < AGREES * money
    assert np.abs(found.theta).max() < AGREES * money


def test_gains_follow_the_home_share() -> None:
    """One sector, no inputs, no rates, no deficits (Arkolakis, Costinot & Rodriguez-Clare 2012): W = home share hat
    ^(-1/theta), so that d ln W = -d ln(home share)/theta, and in theta + ln(home share hat)/theta^2."""
    economy = one_sector_world()
    iceberg = np.array([[[1.0, 1.3, 0.8], [1.1, 1.0, 0.9], [1.6, 1.0, 1.0]]])
    solution = solve(economy, Shock(iceberg_hat=iceberg), tolerance=SOLVED)
    theta = economy.trade_elasticity[0]
    for n, code in enumerate(economy.countries):
        gain = gradient_at(economy, solution, ("real_income_hat", code), tolerance=SOLVED)
        home = gradient_at(economy, solution, ("trade_share_new", code, code, "ONE"), tolerance=SOLVED)
        log_home = np.log(home.value / economy.trade_share[0, n, n])
        assert gain.value == pytest.approx(np.exp(-log_home / theta), rel=1e-12)
        for name in ("log_iceberg", "theta"):
            extra = log_home / theta**2 if name == "theta" else 0.0
            expected = gain.value * (-getattr(home, name) / home.value / theta + extra)
            assert np.abs(getattr(gain, name) - expected).max() < AGREES, name


def test_productivity_everywhere() -> None:
    """Without inputs a per cent more of everything is a per cent more real income for everybody."""
    economy = one_sector_world(deficit=0.05, tariff=0.2)
    found = gradient(economy, Shock(), ("real_income_hat", "BBB"))
    assert found.log_productivity.sum() == pytest.approx(found.value, rel=1e-9)


def test_a_sector_that_nobody_buys() -> None:
    """It moves nothing; its prices still move with its costs, unless its last supplier is embargoed."""
    one = one_sector_world(deficit=0.05, tariff=0.2)
    idle = np.array([[0.0, 0.7, 0.3], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]])
    both = {
        name: np.concatenate([getattr(one, name), more])
        for name, more in (
            ("trade_share", idle[None]),
            ("tariff", one.tariff),
            ("value_added_share", np.ones((1, 3))),
            ("consumption_share", np.zeros((1, 3))),
            ("trade_elasticity", np.array([5.0])),
        )
    }
    rest = {"input_share": np.zeros((2, 2, 3)), "value_added": one.value_added, "deficit": one.deficit}
    two = World.from_arrays(countries=one.countries, sectors=["ONE", "IDLE"], **both, **rest)
    iceberg = np.ones((2, 3, 3))
    iceberg[0, 0, 1] = 1.2
    iceberg[1, 0, 1:] = np.inf
    alone = gradient(one, Shock(iceberg_hat=iceberg[:1]), ("real_income_hat", "AAA"), tolerance=SOLVED)
    found = gradient(two, Shock(iceberg_hat=iceberg), ("real_income_hat", "AAA"), tolerance=SOLVED)
    assert found.solution.unsupplied.tolist() == [[False] * 3, [True, False, False]]
    for name in NAMES:
        assert np.abs(getattr(found, name)[:1] - getattr(alone, name)).max() < AGREES, name
        assert not getattr(found, name)[1:].any(), name
    price = gradient(two, Shock(iceberg_hat=iceberg), ("price_index_hat", "BBB", "IDLE"), tolerance=SOLVED)
    share = price.solution.trade_share_new[1, 1]
    assert price.log_iceberg[1, 1] == pytest.approx(price.value * share * [1, 0, 1], abs=AGREES)
    lost = gradient(two, Shock(iceberg_hat=iceberg), ("price_index_hat", "AAA", "IDLE"), tolerance=SOLVED)
    assert lost.value == 1 and all(np.abs(getattr(lost, name)).max() < AGREES for name in NAMES)


def test_two_names_for_one_country() -> None:
    """Relabelled countries and sectors have their derivatives relabelled."""
    economy, order, sectors = world(), np.array([2, 0, 3, 1]), np.array([1, 2, 0])
    cells = np.ix_(sectors, order, order)
    wide = np.ix_(sectors, order)
    other = from_arrays(
        {
            "trade_share": economy.trade_share[cells],
            "tariff": economy.tariff[cells],
            "export_tax": economy.export_tax[cells],
            "value_added_share": economy.value_added_share[wide],
            "input_share": economy.input_share[np.ix_(sectors, sectors, order)],
            "consumption_share": economy.consumption_share[wide],
            "trade_elasticity": economy.trade_elasticity[sectors],
            "value_added": economy.value_added[order],
            "deficit": economy.deficit[order],
        }
    )
    one = gradient(economy, Shock(), ("real_income_hat", "C02"), tolerance=SOLVED)
    two = gradient(other, Shock(), ("real_income_hat", "C00"), tolerance=SOLVED)
    for name in ("tariff", "log_iceberg", "export_tax"):
        assert np.abs(getattr(one, name)[cells] - getattr(two, name)).max() < 1e-8, name  # two benchmarks to 1e-9
    assert np.abs(one.log_productivity[wide] - two.log_productivity).max() < 1e-8


def test_a_scenario_brings_its_own_closure() -> None:
    economy = load_world("world-2022")
    scenario = load_scenario("tehran-2023")
    one = gradient(economy, scenario, ("flow_new", "BLR", "IRN"))
    assert one.solution.closure == (scenario.closure or "fixed-deficits")
    two = gradient(economy, scenario, ("flow_new", "BLR", "IRN"), closure="balanced")
    assert two.solution.closure == "balanced" and two.residual < 1e-10
    assert two.passes > 1.5 * one.passes  # a second adjoint solve, at the benchmark
    assert one.passes < 45  # a solve of this world takes about 20 passes, a transposed one about 30
    iran, belarus = economy.country("IRN"), economy.country("BLR")
    assert one.value == pytest.approx(one.solution.flow_new[:, belarus, iran].sum())
    # cheaper trade between the two means more of it: every active cell of the flow itself
    assert (one.log_iceberg[:, belarus, iran][economy.trade_share[:, belarus, iran] > 0] < 0).all()


@pytest.mark.parametrize("closure", ["fixed-deficits", "balanced"])
def test_another_outcome_of_the_same_counterfactual(closure: str) -> None:
    """It keeps the world before the preliminary step and what a scenario says about its sizes."""
    economy, scenario = load_world("world-2022"), load_scenario("tehran-2023")
    one = gradient(economy, scenario, ("flow_new", "BLR", "IRN"), closure=closure)
    two = gradient(economy, scenario, ("real_income_hat", "IRN"), closure=closure)
    other = one.of(("real_income_hat", "IRN"))
    assert other.solution is one.solution and other.value == two.value
    for name in NAMES:
        assert np.array_equal(getattr(other, name), getattr(two, name)), name


def test_sizes_that_move_with_theta_can_be_stated() -> None:
    """`iceberg_by_theta` for a Shock made by hand: kappa_hat = ratio^(-1/theta)."""
    economy: World = world()
    ratio, theta = 1.5, economy.trade_elasticity[:, None, None]
    iceberg = np.where(np.eye(4, dtype=bool), 1.0, ratio ** (-1 / theta))
    slope = np.where(np.eye(4, dtype=bool), 0.0, np.log(ratio) / theta**2)
    bare = gradient(economy, Shock(iceberg_hat=iceberg), ("real_income_hat", "C01"))
    whole = gradient(economy, Shock(iceberg_hat=iceberg), ("real_income_hat", "C01"), iceberg_by_theta=slope)
    expected = bare.theta + (bare.log_iceberg * slope).sum(axis=(1, 2))
    assert np.abs(whole.theta - expected).max() < 1e-14
    assert np.array_equal(whole.tariff, bare.tariff)
