"""What a search takes the benchmark's answers to be, against differences of the iteration itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from comity import Shock, World, compile_scenario, load_scenario, load_world, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium import solve as solving
from comity.equilibrium.batch import solve_each
from comity.equilibrium.changes import changes_of
from comity.equilibrium.closures import benchmark_of
from comity.equilibrium.iteration import Iteration
from comity.equilibrium.prepared import moved_by_trade, prepare
from comity.equilibrium.problem import make_problem
from comity.equilibrium.responses import responses

STEP = 1e-5  # central differences of numbers of order one: errors of 1e-10, far below the float32 of the responses
ROUNDING = 2e-5  # float32, sums of some hundred terms
TRUNCATED = 0.1  # of the largest: own-market loops are corrected once, not to the end
PASSES = {
    "one pair": 14,
    "all tariffs": 23,
    "no deficits": 19,
}  # of a search on world-2022; 23 and 27 before wages moved jointly


def differences(world: World) -> np.ndarray:
    """The left sides (gap, price errors, relative excess demand) differentiated in ln w, ln P and ln X."""
    iteration = Iteration(make_problem(world, changes_of(world, Shock()), "fixed-deficits"))
    n, cells = len(world.countries), world.expenditure.size

    def sides(state: np.ndarray) -> np.ndarray:
        log_wage, log_price, spending = iteration.split(state)
        implied = iteration.pass_through(log_wage, log_price, spending)
        excess = implied.demand / spending - 1
        return np.concatenate([iteration.trade_gap(implied), (implied.log_price - log_price).ravel(), excess.ravel()])

    size = n + 2 * cells
    columns = [(sides(STEP * unit) - sides(-STEP * unit)) / (2 * STEP) for unit in np.eye(size)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("deficits", [0.0, 0.1])
@pytest.mark.parametrize("factor", [1.0, 1.7])
def test_responses_are_the_slopes_of_the_equations(deficits: float, factor: float) -> None:
    world = synthetic_world(6, 3, seed=3, deficits=deficits)
    theta = factor * world.trade_elasticity
    slopes = differences(world.replace(trade_elasticity=theta))
    n, cells = 6, 18
    w, p, x = slice(0, n), slice(n, n + cells), slice(n + cells, n + 2 * cells)
    found = responses(prepare(world), theta)
    assert np.abs(found.by_price - slopes[w, p]).max() <= ROUNDING * np.abs(slopes[w, p]).max()
    assert np.abs(found.by_spending - slopes[w, x]).max() <= ROUNDING * np.abs(slopes[w, x]).max()
    price = np.linalg.solve(-slopes[p, p], slopes[p, w])
    spending = np.linalg.solve(-slopes[x, x], slopes[x, w] + slopes[x, p] @ price)
    assert np.abs(found.price - price).max() <= TRUNCATED * np.abs(price).max()
    assert np.abs(found.spending - spending).max() <= TRUNCATED * np.abs(spending).max()
    # a move of wages closes the gaps it was asked to close, the level of all wages apart
    slope = slopes[w, w] + slopes[w, p] @ price + slopes[w, x] @ spending
    gaps = slope @ np.random.default_rng(0).normal(size=(n, 4))
    left = gaps + slope @ (found.wages @ gaps)
    assert np.abs(left).max() <= TRUNCATED * np.abs(gaps).max()


@pytest.mark.parametrize("case", PASSES)
def test_searches_are_short(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = load_world("world-2022")
    if case == "no deficits":  # 22 where wages take gaps without deficits for gaps beside them
        assert len(_passes_of(lambda: benchmark_of(world, "balanced"), monkeypatch)) <= PASSES[case]
        return
    if case == "one pair":
        j = np.arange(len(world.sectors))
        shock = Shock.from_cells(iceberg_hat=(np.tile(j, 2), np.repeat([0, 1], len(j)), np.repeat([1, 0], len(j)), 0.9))
    else:
        shock = Shock(tariff_new=(world.tariff + 0.2) * (1 - np.eye(len(world.countries))))
    assert solve(world, shock).iterations <= PASSES[case]


def _passes_of(search: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Largest errors of the passes of a search, in order."""
    passes, errors = [], Iteration.errors

    def counted(self: Iteration, state: np.ndarray) -> Any:
        found = errors(self, state)
        passes.append(found[0])
        return found

    monkeypatch.setattr(Iteration, "errors", counted)
    search()
    return passes


def test_members_without_deficits_are_as_quick_as_the_others() -> None:
    """Of one chunk, so that they can stop together: 9.0 passes beside 6.5 without `moved_by_trade`."""
    world, scenario = load_world("world-2022"), load_scenario("tehran-2023")
    shock = compile_scenario(world, scenario).shock
    closures = ["fixed-deficits", "balanced"] * 4
    found = list(solve_each(world, [shock] * len(closures), closure=closures, tolerance=1e-8))
    fixed, balanced = ([one.iterations for one in found[k::2]] for k in range(2))  # type: ignore[union-attr]
    assert np.mean(balanced) <= np.mean(fixed) + 1.5


def test_moved_by_trade_is_the_share_of_trade_in_what_balances() -> None:
    one, zero = np.ones(1), np.zeros(1)
    assert moved_by_trade(3 * one, 3 * one, zero, 1e-25 * one) == 2.0
    assert moved_by_trade(3 * one, 4 * one, one, zero) == 3 / 4 + 1  # imports beyond exports are paid by the deficit
    assert moved_by_trade(5 * one, 4 * one, -one, zero) == 1 + 4 / 5
    assert moved_by_trade(zero, zero, zero, 1e-25 * one) == 2.0  # a country without trade
    world = synthetic_world(5, 2, seed=4, deficits=0.2)
    found = prepare(world).moved_by_trade
    abroad = world.flow * (1 - np.eye(5)) / (1 + world.tariff * 0)
    exports, imports = abroad.sum(axis=(0, 1)), abroad.sum(axis=(0, 2))
    expected = exports / (exports + np.maximum(world.deficit, 0)) + imports / (imports + np.maximum(-world.deficit, 0))
    assert np.allclose(found, expected, rtol=1e-12, atol=0)
    assert found.min() < 1.99


def test_elasticities_of_one_world_share_how_prices_follow_wages() -> None:
    world = synthetic_world(6, 3, seed=3, deficits=0.1)
    base = prepare(world)
    first, second = responses(base), responses(base, 2 * world.trade_elasticity)
    assert first.prices_of is second.prices_of is not None
    assert (first.price == second.price).all() and np.abs(first.spending - second.spending).max() > 0.01
    another = synthetic_world(6, 3, seed=4)
    other = responses(prepare(another))
    assert other.prices_of is not first.prices_of


def test_a_single_solve_has_one_blas_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products with the responses are large enough to be cut among threads, and the last bits changed with it."""
    solve(synthetic_world(4, 2, seed=1), Shock())
    pytest.importorskip("scipy.linalg", reason="has a BLAS of its own, loaded after the first solve")
    inside, search = [], solving.search

    def watched(*given: Any) -> Any:
        inside.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return search(*given)

    monkeypatch.setattr(solving, "search", watched)
    with threadpool_limits(2, user_api="blas"):
        solve(synthetic_world(4, 2, seed=1), Shock())
        after = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert inside and set(inside) == {1}
    assert set(after) == {2}
