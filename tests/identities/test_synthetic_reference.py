"""Reference answers of an independent program on a synthetic world (../shared/data/synthetic)."""

from __future__ import annotations

import numpy as np
import pytest

from comity import Shock, World, solve
from tests.helpers import shared

AGREES = 1e-11  # theirs were solved to 2e-13, ours to 1e-12


@pytest.mark.parametrize("scenario", ["ntb20", "tariff20", "embargo"])
def test_reference_answers(scenario: str) -> None:
    z = np.load(shared("data", "synthetic", "world_10x5.npz"))
    theirs = np.load(shared("data", "synthetic", f"ref_10x5_{scenario}.npz"))
    n, j = z["va_share"].shape
    world = World.from_arrays(
        countries=[f"C{k}" for k in range(n)],
        sectors=[f"S{k}" for k in range(j)],
        trade_share=z["pi"].transpose(2, 0, 1),
        tariff=z["tau"].transpose(2, 0, 1) - 1,
        value_added_share=z["va_share"].T,
        input_share=(z["io"] * (1 - z["va_share"])[:, None, :]).transpose(1, 2, 0),
        consumption_share=z["alpha"].T,
        trade_elasticity=z["theta"],
        value_added=z["VA"],
        deficit=z["D"],
    )
    size = max(2, n // 10)
    a, b = np.arange(size), np.arange(size, 2 * size)
    iceberg, tariff = np.ones((j, n, n)), world.tariff.copy()
    if scenario == "tariff20":
        tariff[:, a[:, None], b] += 0.2
    else:
        factor = 1.2 if scenario == "ntb20" else np.inf
        iceberg[:, a[:, None], b] = iceberg[:, b[:, None], a] = factor
    ours = solve(world, Shock(iceberg_hat=iceberg, tariff_new=tariff), tolerance=1e-12)
    assert np.abs(ours.real_income_hat - theirs["welfare_hat"]).max() < AGREES
    assert np.abs(ours.wage_hat - theirs["w_hat"]).max() < AGREES
    assert np.abs(ours.consumer_price_hat - theirs["P_hat"]).max() < AGREES
