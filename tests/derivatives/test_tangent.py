"""Forward tangents against the adjoint: slope of an outcome along a direction = gradient x direction."""

from __future__ import annotations

import numpy as np
import pytest

from comity import solve
from comity.equilibrium.derivatives import gradient_at
from comity.equilibrium.functionals import Outcome
from comity.equilibrium.path import Path
from comity.equilibrium.tangent import Direction
from tests.derivatives.economies import CLOSURES, functional, shock, world

# both linear systems to 1e-12 and better, the solve to 1e-13, times the condition of the system
AGREES = 1e-9


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("seed", [11, 40, 57])
def test_outcomes_along_directions(closure: str, seed: int) -> None:
    economy = world(seed=seed)
    solution = solve(economy, shock(economy, seed=seed), tolerance=1e-13, **CLOSURES[closure])
    b, theta = solution.benchmark, economy.trade_elasticity[:, None, None]
    rng = np.random.default_rng(seed)
    abroad = (1 - np.eye(4)) * (solution.trade_share_new > 0)
    tariff, tax, iceberg = (rng.normal(size=abroad.shape) * abroad for _ in range(3))
    productivity = rng.normal(size=b.value_added_share.shape)
    cost = iceberg + tariff / (1 + solution.tariff_new) + tax / (1 + solution.export_tax_new)
    direction = Direction(-theta * cost, tariff, tax, productivity)
    tangent = Path(solution).system(solution).along(direction)
    moved = {
        "real_income_hat": solution.real_income_hat * tangent.log_real_income,
        "wage_hat": solution.wage_hat * tangent.log_wage,
        "price_index_hat": solution.price_index_hat * tangent.log_price,
        "cost_hat": solution.cost_hat * tangent.log_cost,
        "expenditure_new": tangent.spending,
        "output_new": tangent.output,
        "flow_new": tangent.flow,
        "income_new": tangent.income,
        "deficit_new": tangent.deficit,
        "transfer_new": tangent.transfer,
    }
    for name, change in moved.items():
        outcome: Outcome = functional(economy, seed, (name,))
        found = gradient_at(b, solution, outcome, tolerance=1e-13)
        terms = [
            (found.tariff * tariff).ravel(),
            (found.log_iceberg * iceberg).ravel(),
            (found.export_tax * tax).ravel(),
            (found.log_productivity * productivity).ravel(),
        ]
        scale = np.abs(np.concatenate(terms)).sum()
        expected = (outcome.weights[name] * change).sum()
        assert abs(sum(term.sum() for term in terms) - expected) <= AGREES * max(scale, 1e-6), name


def test_what_one_direction_has_shown_serves_the_next() -> None:
    """A search starts from what another one has found of the same system: a multiple is there at once."""
    economy = world(seed=11)
    solution = solve(economy, shock(economy, seed=11), tolerance=1e-13)
    rng = np.random.default_rng(5)
    abroad = (1 - np.eye(4)) * (solution.trade_share_new > 0)
    first, second = (Direction(rng.normal(size=abroad.shape) * abroad) for _ in range(2))
    path = Path(solution)
    system = path.system(solution)
    alone = [path.system(solution).along(one) for one in (first, second)]
    shared = [system.along(one) for one in (first, second)]
    assert shared[0].passes == alone[0].passes and shared[1].passes <= alone[1].passes
    for one, other in zip(alone, shared, strict=True):
        assert np.abs(one.log_real_income - other.log_real_income).max() <= 1e-11 * np.abs(one.log_real_income).max()
    assert first.log_weight is not None
    fresh = path.system(solution)
    passes = [fresh.along(Direction(size * first.log_weight)).passes for size in (1, -3, 2)]
    assert passes[0] == alone[0].passes
    assert max(passes[1:]) <= passes[0] / 2
