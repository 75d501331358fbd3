"""Small worlds the tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import World

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(*parts: str) -> Path:
    """A file or folder of ../shared, or a skip that says which one is missing."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs ../shared/{'/'.join(parts)}, which is not here")
    return path


def one_sector_world(theta: float = 4.0, deficit: float = 0.0, tariff: float = 0.0) -> World:
    """Three countries, one sector, no inputs: the Armington / Eaton-Kortum world with closed forms."""
    share = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]])
    rate = tariff * (1 - np.eye(3))
    border = share / (1 + rate)
    drift = np.array([deficit, -deficit, 0.0])
    spending = np.ones(3)
    for _ in range(5000):
        output = spending @ border
        net = drift * output.sum()
        spending = output + ((share - border).sum(axis=1) * spending) + net
        spending *= 3 / spending.sum()
    output = spending @ border
    return World.from_arrays(
        countries=["AAA", "BBB", "CCC"],
        sectors=["ONE"],
        trade_share=share[None],
        tariff=rate[None],
        value_added_share=np.ones((1, 3)),
        input_share=np.zeros((1, 1, 3)),
        consumption_share=np.ones((1, 3)),
        trade_elasticity=[theta],
        value_added=output,
        deficit=drift * output.sum(),
        name="one-sector",
    )


def labelled_world(seed: int = 1, deficits: float = 0.05, zero_cells: float = 0.0) -> World:
    """A synthetic world under real labels: IRN BLR RUS CHN ROW, sectors AGR FOOD MACH SERV."""
    from comity.benchmark.synthetic import synthetic_world

    base = synthetic_world(5, 4, seed=seed, deficits=deficits, zero_cells=zero_cells)
    from comity.benchmark.world import ARRAYS

    return World._frozen(
        (("IRN", "BLR", "RUS", "CHN", "ROW"), ("AGR", "FOOD", "MACH", "SERV")),
        {name: getattr(base, name) for name in (*ARRAYS, "expenditure")},
        "labelled",
        2022,
        "million USD",
        {"countries": {"IRN": {"flows": "estimated", "input_output": "borrowed", "tariffs": "estimated", "note": ""}}},
    )
