"""The table of docs/derivatives.md is what the code gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity import Shock, load_world, solve
from comity.classifications.sectors import is_goods
from comity.equilibrium.derivatives import gradient

PAGE = Path(__file__).resolve().parents[2] / "docs" / "derivatives.md"
CODES = {"Russia": "RUS", "Kazakhstan": "KAZ", "Belarus": "BLR", "Iran": "IRN"}
HALF = 0.00501  # of the last printed digit, in units of two digits after the point; 0.0501 of one digit


def test_table() -> None:
    world = load_world("world-2022")
    goods, iran = is_goods(world.sectors), world.country("IRN")
    found = gradient(world, Shock(), ("equivalent_variation", "IRN"), closure="fixed-deficits")
    rows = [
        [word.strip() for word in line.strip("|\n ").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and line.split("|")[1].strip() in CODES
    ]
    assert len(rows) == 6
    for importer, exporter, trade, average, first, point, none in rows:
        cells = (goods, world.country(CODES[importer]), world.country(CODES[exporter]))
        flow = world.flow[cells].sum()
        assert float(trade.replace(",", "")) == pytest.approx(flow, abs=0.501)
        assert float(average.split()[0]) == pytest.approx(
            100 * (world.tariff * world.flow)[cells].sum() / flow, abs=10 * HALF
        )
        assert float(first) == pytest.approx(-0.01 * found.tariff[cells].sum(), abs=HALF)
        for printed, less, half in ((point, 0.01, HALF), (none, world.tariff[cells], 10 * HALF)):
            tariff = world.tariff.copy()
            tariff[cells] -= less
            solution = solve(world, Shock(tariff_new=tariff), tolerance=1e-12)
            assert float(printed) == pytest.approx(solution.equivalent_variation[iran], abs=half)
