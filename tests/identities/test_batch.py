"""solve_many: same answers as solve, statuses in place of exceptions."""

from __future__ import annotations

import numpy as np
import pytest

from comity import InputError, Shock, solve, solve_many
from comity.benchmark.synthetic import synthetic_world

WORLD = synthetic_world(6, 3, seed=3, deficits=0.1)


def cost(factor: float) -> Shock:
    return Shock.from_cells(iceberg_hat=([0, 1, 2], [0, 0, 0], [1, 1, 1], factor))


def isolation() -> Shock:
    closed = np.ones(WORLD.trade_share.shape)
    closed[:, 2, :] = closed[:, :, 2] = np.inf
    closed[:, 2, 2] = 1.0
    return Shock(iceberg_hat=closed)


def test_rows_equal_single_solves_to_the_bit() -> None:
    shocks = [cost(0.9), cost(1.5), Shock()]
    many = solve_many(WORLD, iter(shocks), keep=("real_income_hat", "wage_hat", "flow_new"))
    assert many.status.tolist() == ["converged"] * 3 and many.converged.all()
    for row, shock in enumerate(shocks):
        one = solve(WORLD, shock)
        assert np.array_equal(many.real_income_hat[row], one.real_income_hat)
        assert np.array_equal(many.flow_new[row], one.flow_new)
        assert many.residual[row] == one.residual
    assert [len(chunk) for chunk in many.chunks(2)] == [2, 1]


def test_failures_become_statuses() -> None:
    many = solve_many(WORLD, [cost(0.9), isolation()])
    assert many.status.tolist() == ["converged", "parts-out-of-balance"]
    assert np.isnan(many.real_income_hat[1]).all() and not np.isnan(many.real_income_hat[0]).any()
    assert "cuts C002 off" in many.messages[1]


def test_elasticities_by_scenario_and_world_by_scenario() -> None:
    theta = np.stack([WORLD.trade_elasticity, 2 * WORLD.trade_elasticity])
    many = solve_many(WORLD, [cost(1.2)] * 2, trade_elasticity=theta)
    other = WORLD.with_elasticities(2 * WORLD.trade_elasticity)
    assert np.array_equal(many.real_income_hat[1], solve(other, cost(1.2)).real_income_hat)
    worlds = solve_many([WORLD, other], [cost(1.2)] * 2)
    assert np.array_equal(worlds.real_income_hat, many.real_income_hat)


def test_mistakes_in_the_plan_raise() -> None:
    with pytest.raises(InputError, match="unknown Solution field"):
        solve_many(WORLD, [Shock()], keep=("welfare",))
    with pytest.raises(InputError, match="one world for each shock"):
        solve_many([WORLD], [Shock(), Shock()])
    with pytest.raises(AttributeError, match="kept no 'wage_hat'"):
        _ = solve_many(WORLD, [Shock()]).wage_hat
