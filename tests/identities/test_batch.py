"""solve_many: same answers as solve, statuses in place of exceptions; by NumPy, and by compiled passes where there are."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from comity import InputError, NoSolutionError, Shock, Solution, World, solve, solve_many
from comity.benchmark.synthetic import _stationary, synthetic_world
from comity.equilibrium.batch import solve_each
from comity.equilibrium.chunk_results import LIGHT
from comity.equilibrium.residual import residuals

WORLD = synthetic_world(6, 3, seed=3, deficits=0.1)


@pytest.fixture(
    params=[
        "numpy",
        pytest.param(
            "numba",
            marks=pytest.mark.skipif(find_spec("numba") is None, reason="needs the extra: pip install 'comity[fast]'"),
        ),
    ]
)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def cost(factor: float) -> Shock:
    return Shock.from_cells(iceberg_hat=([0, 1, 2], [0, 0, 0], [1, 1, 1], factor))


def isolation() -> Shock:
    closed = np.ones(WORLD.trade_share.shape)
    closed[:, 2, :] = closed[:, :, 2] = np.inf
    closed[:, 2, 2] = 1.0
    return Shock(iceberg_hat=closed)


SHARES = ("trade_share", "tariff", "export_tax", "value_added_share", "input_share", "consumption_share")
TOLERANCE = 1e-10
NEAR = 10 * TOLERANCE  # what two answers within the tolerance may differ by, as docs/solver.md promises


def plan(world: World, count: int, seed: int = 1) -> list[Shock]:
    """Random pairs under tariffs, costs, embargoes, productivity and transfers; every seventh changes all cells."""
    rng = np.random.default_rng(seed)
    j, n = world.value_added_share.shape
    shocks = []
    for number in range(count):
        pairs = np.array([(a, b) for a in range(n) for b in range(n) if a != b])
        chosen = pairs[rng.choice(len(pairs), size=3, replace=False)]
        sector = rng.integers(0, j, size=3)
        moved = (sector, chosen[:, 0], chosen[:, 1], rng.uniform(0.7, 1.6, size=3))
        closed = (sector[:1], chosen[:1, 1], chosen[:1, 0], np.inf)
        rates = (sector, chosen[:, 1], chosen[:, 0], rng.uniform(0, 0.5, size=3))
        given = rng.normal(size=n) * 0.002 * world.value_added.sum()
        shocks.append(
            [
                Shock.from_cells(iceberg_hat=moved),
                Shock.from_cells(iceberg_hat=closed),
                Shock.from_cells(iceberg_hat=moved, tariff_new=rates),
                Shock(productivity_hat=rng.uniform(0.9, 1.1, size=(j, n))),
                Shock(transfer=given - given.mean()),
                Shock(),
                Shock(tariff_new=(world.tariff + 0.1) * (1 - np.eye(n))),
            ][number % 7]
        )
    return shocks


@pytest.mark.parametrize(
    "closure", ["fixed-deficits", "balanced", "deficit-share-of-gdp", "multiplicative-deficits", "targets-balanced"]
)
def test_rows_equal_single_solves(closure: str, engine: str) -> None:
    targets = ["C001"] if closure == "targets-balanced" else None
    shocks = plan(WORLD, 70)
    keep = ("real_income_hat", "wage_hat", "flow_new", "real_gdp_hat", "tariff_revenue_new", "output_new")
    many = solve_many(WORLD, iter(shocks), keep=keep, closure=closure, targets=targets, engine=engine)
    light = solve_many(WORLD, shocks, closure=closure, targets=targets, engine=engine)
    assert many.converged.all() and (many.residual <= TOLERANCE).all()
    assert not many.alone.all() and np.array_equal(light.real_income_hat, many.real_income_hat)
    for row, shock in enumerate(shocks):
        one = solve(WORLD, shock, closure=closure, targets=targets)
        for name in keep:
            expected, found = getattr(one, name), getattr(many, name)[row]
            assert np.abs(found - expected).max() <= NEAR * np.abs(expected).max(), (row, name)
    assert [len(chunk) for chunk in many.chunks(64)] == [64, 6]


def test_same_plan_same_bits_in_one_process_or_two(engine: str) -> None:
    shocks = plan(WORLD, 300)
    one = solve_many(WORLD, shocks, keep=("real_income_hat", "cost_hat"), engine=engine)
    other = solve_many(WORLD, iter(shocks), keep=("real_income_hat", "cost_hat"), workers=2, engine=engine)
    assert np.array_equal(one.real_income_hat, other.real_income_hat, equal_nan=True)
    assert np.array_equal(one.cost_hat, other.cost_hat, equal_nan=True)
    assert np.array_equal(one.residual, other.residual, equal_nan=True) and one.messages == other.messages
    shorter = solve_many(WORLD, shocks[:128], engine=engine)  # chunks before the cut hold the same scenarios
    assert np.array_equal(shorter.real_income_hat, one.real_income_hat[:128])


def test_residuals_are_those_of_the_equations(engine: str) -> None:
    """The residual found for many at once against `residuals`, which works on one Solution from its own arrays."""
    for solution in solve_each(WORLD, plan(WORLD, 30, seed=5), engine=engine):
        assert isinstance(solution, Solution)
        again = residuals(solution)
        for equation, value in solution.residuals.items():
            assert abs(again[equation] - value) <= 1e-14 + 1e-3 * value, equation


def test_whole_solutions_are_complete(engine: str) -> None:
    shocks = plan(WORLD, 14, seed=2)
    for shock, found in zip(shocks, solve_each(WORLD, shocks, engine=engine), strict=True):
        one = solve(WORLD, shock)
        assert isinstance(found, Solution) and found.converged
        assert np.abs(found.flow_new - one.flow_new).max() <= NEAR * one.flow_new.max()
        assert np.array_equal(found.tariff_new, one.tariff_new)
        assert np.array_equal(found.productivity_hat, one.productivity_hat)
        assert solve(WORLD, shock, start=found.state).iterations <= 5


def test_single_scenarios_of_several_worlds_keep_their_own_answers(engine: str) -> None:
    """Each is a chunk's part of one member, and the next part is solved in the same memory."""
    worlds = [synthetic_world(6, 3, seed=seed, deficits=0.1) for seed in (1, 2, 3)]
    shocks = [cost(0.9), cost(1.2), cost(0.7)]
    names = [name for name in sorted(LIGHT) if name != "export_tax_revenue_new"]
    kept = solve_many(worlds, shocks, keep=names, engine=engine)
    wholes = list(solve_each(worlds, shocks, engine=engine))
    for k, (world, shock, whole) in enumerate(zip(worlds, shocks, wholes, strict=True)):
        alone = solve(world, shock)
        assert isinstance(whole, Solution) and not kept.alone[k]
        assert max(residuals(whole).values()) <= TOLERANCE
        for name in names:
            expected = getattr(alone, name)
            scale = np.abs(expected).max() or 1.0
            assert np.abs(getattr(whole, name) - expected).max() <= NEAR * scale, name
            assert np.abs(getattr(kept, name)[k] - expected).max() <= NEAR * scale, name


def test_a_sector_nobody_spends_on_stays_empty(engine: str) -> None:
    """Final demand and input use of one sector at zero: its expenditure is zero before and after."""
    consumption, inputs = WORLD.consumption_share.copy(), WORLD.input_share.copy()
    consumption[2, 4] = inputs[2, :, 4] = 0.0
    consumption[0, 4] += WORLD.consumption_share[2, 4]
    inputs[0, :, 4] += WORLD.input_share[2, :, 4]
    world = rebuilt(WORLD, consumption_share=consumption, input_share=inputs)
    assert (world.expenditure == 0).sum() == 1
    many = solve_many(world, [cost(0.9), cost(1.1)], keep=("expenditure_new", "real_income_hat"), engine=engine)
    assert many.converged.all() and not many.alone.any()
    assert (many.expenditure_new[:, 2, 4] == 0).all()
    assert np.abs(many.real_income_hat[0] - solve(world, cost(0.9)).real_income_hat).max() <= NEAR


def test_a_sector_nobody_in_the_world_spends_on(engine: str) -> None:
    """Found by the long property tests: the largest error over nobody's shares is none, not a crash."""
    consumption, inputs = WORLD.consumption_share.copy(), WORLD.input_share.copy()
    consumption[0] += consumption[2]
    inputs[0] += inputs[2]
    consumption[2] = inputs[2] = 0.0
    world = rebuilt(WORLD, consumption_share=consumption, input_share=inputs)
    assert (world.expenditure[2] == 0).all() and (world.expenditure[:2] > 0).all()
    many = solve_many(world, [cost(0.9), cost(1.1)], keep=("expenditure_new", "real_income_hat"), engine=engine)
    assert many.converged.all() and (many.expenditure_new[:, 2] == 0).all()
    for row, factor in enumerate((0.9, 1.1)):
        assert np.abs(many.real_income_hat[row] - solve(world, cost(factor)).real_income_hat).max() <= NEAR


def nobody_left() -> tuple[World, Shock]:
    """C001 has no home output in S00 and loses its suppliers abroad."""
    share = WORLD.trade_share.copy()
    share[0, 1, 0] += share[0, 1, 1]
    share[0, 1, 1] = 0.0
    others = [0, 2, 3, 4, 5]
    return rebuilt(WORLD, trade_share=share), Shock.from_cells(iceberg_hat=([0] * 5, [1] * 5, others, np.inf))


def rebuilt(world: World, **arrays: np.ndarray) -> World:
    """The World with other shares; sizes are derived anew, trade deficits are zero."""
    given = {name: getattr(world, name) for name in SHARES} | arrays
    nothing = np.zeros(len(world.countries))
    expenditure = _stationary(*(given[name] for name in SHARES), size=world.value_added, drift=nothing)
    output = (given["trade_share"] * expenditure[:, :, None] / (1 + given["tariff"])).sum(axis=1)
    return World.from_arrays(
        countries=list(world.countries),
        sectors=list(world.sectors),
        trade_elasticity=world.trade_elasticity,
        value_added=(world.value_added_share * output).sum(axis=0),
        deficit=nothing,
        share_tolerance=1e-8,
        **given,
    )


def test_failures_become_statuses(engine: str) -> None:
    many = solve_many(WORLD, [cost(0.9), isolation()], engine=engine)
    assert many.status.tolist() == ["converged", "parts-out-of-balance"]
    assert np.isnan(many.real_income_hat[1]).all() and not np.isnan(many.real_income_hat[0]).any()
    assert "cuts C002 off" in many.messages[1] and many.alone.tolist() == [False, True]
    world, shock = nobody_left()
    assert isinstance(next(solve_each(WORLD, [isolation()], engine=engine)), NoSolutionError)
    assert isinstance(next(solve_each(world, [shock], engine=engine)), InputError)
    assert solve_many(world, [shock, Shock()], engine=engine).status.tolist() == ["no-supplier", "converged"]


def test_elasticities_by_scenario_and_world_by_scenario(engine: str) -> None:
    theta = np.stack([WORLD.trade_elasticity, 2 * WORLD.trade_elasticity])
    many = solve_many(WORLD, [cost(1.2)] * 2, trade_elasticity=theta, engine=engine)
    other = WORLD.with_elasticities(2 * WORLD.trade_elasticity)
    assert np.abs(many.real_income_hat[1] - solve(other, cost(1.2)).real_income_hat).max() <= NEAR
    worlds = solve_many([WORLD, other], [cost(1.2)] * 2, engine=engine)
    assert np.abs(worlds.real_income_hat - many.real_income_hat).max() <= NEAR
    balanced = solve_many(WORLD, [cost(1.2)] * 2, trade_elasticity=theta, closure="balanced", engine=engine)
    assert (
        np.abs(balanced.real_income_hat[1] - solve(other, cost(1.2), closure="balanced").real_income_hat).max() <= NEAR
    )


def test_slow_members_that_change_fewer_cells_are_found_beside_the_others(engine: str) -> None:
    """They go on alone once the others have left, with cells of their own: fewer than the chunk had."""
    world = synthetic_world(10, 3, seed=3, deficits=0.1)
    pairs = [(n, i) for n in range(4) for i in range(4) if n != i]
    buyers, sellers = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    cells = [np.repeat(np.arange(3), 12), np.tile(buyers, 3), np.tile(sellers, 3)]
    quick = [Shock.from_cells(iceberg_hat=(*cells, 1 - 1e-6 * k)) for k in range(1, 31)]
    slow = [cost(factor) for factor in (0.6, 0.5, 0.4)]
    plan = [*quick[:10], slow[0], *quick[10:20], slow[1], *quick[20:], slow[2]]
    many = solve_many(world, plan, keep=("real_income_hat",), engine=engine)
    assert not many.alone.any() and many.converged.all()
    for k in (10, 21, 32):
        assert many.iterations[k] > many.iterations[0]
        assert np.abs(many.real_income_hat[k] - solve(world, plan[k]).real_income_hat).max() <= NEAR


def test_mistakes_in_the_plan_raise() -> None:
    with pytest.raises(InputError, match="unknown Solution field"):
        solve_many(WORLD, [Shock()], keep=("welfare",))
    with pytest.raises(InputError, match="one world for each shock"):
        solve_many([WORLD], [Shock(), Shock()])
    with pytest.raises(InputError, match="unknown engine. Found: fortran. Allowed: numpy, numba, jax"):
        solve_many(WORLD, [Shock()], engine="fortran")
    with pytest.raises(InputError, match="one process or two"):
        solve_many(WORLD, [Shock()], workers=0)
    with pytest.raises(AttributeError, match="kept no 'wage_hat'"):
        _ = solve_many(WORLD, [Shock()]).wage_hat


def test_the_jax_engine_gives_the_same_rows() -> None:
    """Rows that JAX leaves over (here an isolation) come from NumPy, refusals included."""
    pytest.importorskip("jax", reason="needs the extra: pip install 'comity[jax]'")
    shocks = [cost(0.9), cost(1.5), isolation(), Shock()]
    keep = ("real_income_hat", "wage_hat", "price_index_hat", "expenditure_new", "flow_new")
    many = solve_many(WORLD, shocks, engine="jax", keep=keep)
    plain = solve_many(WORLD, shocks, keep=keep)
    assert many.status.tolist() == plain.status.tolist() and many.messages == plain.messages
    assert many.alone.tolist() == [False, False, True, False]
    for name in keep:
        scale = np.nanmax(np.abs(getattr(plain, name)))
        assert np.nanmax(np.abs(getattr(many, name) - getattr(plain, name))) <= 2 * NEAR * scale
    theta = np.stack([WORLD.trade_elasticity, 1.2 * WORLD.trade_elasticity])
    drawn = solve_many(WORLD, [cost(1.2)] * 2, engine="jax", keep=keep, trade_elasticity=theta)
    same = solve_many(WORLD, [cost(1.2)] * 2, trade_elasticity=theta)
    assert np.abs(drawn.real_income_hat - same.real_income_hat).max() <= 2 * NEAR
    with pytest.raises(InputError, match="unknown engine"):
        solve_many(WORLD, shocks, engine="cuda")
    with pytest.raises(InputError, match="one World"):
        solve_many([WORLD, theta_world()], [Shock(), Shock()], engine="jax")


def theta_world() -> World:
    return WORLD.with_elasticities(2 * WORLD.trade_elasticity)


def test_flows_of_pairs_and_of_sectors_are_those_of_the_whole_array() -> None:
    """Made from a few weights, without the (J, N, N) array: the same to rounding, with embargoes, tariffs, productivity."""
    buyers, sellers = np.array([0, 1, 2, 5, 3]), np.array([1, 0, 2, 4, 3])
    goods = np.array([True, False, True])
    for found in solve_each(WORLD, plan(WORLD, 21, seed=4)):
        assert isinstance(found, Solution)
        whole = found.flow_new
        assert np.abs(found.pair_flows(buyers, sellers) - whole[:, buyers, sellers]).max() <= 1e-12 * whole.max()
        assert np.abs(found.flow_between(goods) - whole[goods].sum(axis=0)).max() <= 1e-12 * whole.max()
        assert found.flow_between(goods) is found.flow_between(goods)


def test_a_tariff_made_up_for_by_lower_costs_still_moves_revenue(engine: str) -> None:
    """The weight of the flow is exactly what it was, its border value is not; each pair is changed by one scenario."""
    world = rebuilt(WORLD, tariff=np.zeros_like(WORLD.tariff))
    pairs = [(a, b) for a in range(6) for b in range(6) if a != b][:8]
    shocks = [Shock.from_cells(iceberg_hat=([0], [a], [b], 0.5), tariff_new=([0], [a], [b], 1.0)) for a, b in pairs]
    many = solve_many(world, shocks, keep=("tariff_revenue_new", "real_income_hat"), engine=engine)
    assert many.converged.all() and not many.alone.any()
    for row, ((importer, _), shock) in enumerate(zip(pairs, shocks, strict=True)):
        one = solve(world, shock)
        assert one.tariff_revenue_new[importer] > 0
        assert np.abs(many.tariff_revenue_new[row] - one.tariff_revenue_new).max() <= NEAR * world.value_added.sum()
        assert np.abs(many.real_income_hat[row] - one.real_income_hat).max() <= NEAR
