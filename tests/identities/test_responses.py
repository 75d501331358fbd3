"""What a search takes the benchmark's answers to be, against differences of the iteration itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from comity import Shock, World, load_world, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium import solve as solving
from comity.equilibrium.changes import changes_of
from comity.equilibrium.iteration import Iteration
from comity.equilibrium.prepared import prepare
from comity.equilibrium.problem import make_problem
from comity.equilibrium.responses import responses

STEP = 1e-5  # central differences of numbers of order one: errors of 1e-10, far below the float32 of the responses
ROUNDING = 2e-5  # float32, sums of some hundred terms
TRUNCATED = 0.1  # of the largest: own-market loops are corrected once, not to the end
PASSES = {"one pair": 14, "all tariffs": 23}  # of a search on world-2022; 23 and 27 before wages moved jointly


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
def test_searches_are_short(case: str) -> None:
    world = load_world("world-2022")
    if case == "one pair":
        j = np.arange(len(world.sectors))
        shock = Shock.from_cells(iceberg_hat=(np.tile(j, 2), np.repeat([0, 1], len(j)), np.repeat([1, 0], len(j)), 0.9))
    else:
        shock = Shock(tariff_new=(world.tariff + 0.2) * (1 - np.eye(len(world.countries))))
    assert solve(world, shock).iterations <= PASSES[case]


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
