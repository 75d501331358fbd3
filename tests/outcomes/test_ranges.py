"""A range solves every equilibrium once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from comity import Shock, simulate, solve
from comity.equilibrium.solution import Solution
from comity.outcomes import ranges
from comity.outcomes.ranges import LEVELS, RANGE_TOLERANCE, Asked, Choice, content, run_ranges
from comity.scenario.load import parse_scenario
from tests.helpers import labelled_world

TEXT = """schema: 1
id: duty
title: A lower duty
measures:
  - {id: duty, kind: tariff, importers: [IRN], exporters: [BLR], size: SIZE, source: {title: T}}
"""


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many equilibria each call of `solve_each` was asked for."""
    counts: list[int] = []
    real = ranges.solve_each

    def counting(worlds: Sequence[Any], shocks: Sequence[Shock], **how: Any) -> Iterator[Any]:
        counts.append(len(shocks))
        return real(worlds, shocks, **how)

    monkeypatch.setattr(ranges, "solve_each", counting)
    return counts


def test_sizes_without_a_range_are_one_equilibrium(solved: list[int]) -> None:
    world = labelled_world()
    ranged = simulate(world, parse_scenario(TEXT.replace("SIZE", "{to: 0.0}"))).range
    closures = len({variant.choice.closure for variant in ranged.variants})
    sets = len({variant.choice.elasticities for variant in ranged.variants})
    assert solved == [sets * closures - 1]  # the central one is known
    assert len(ranged.variants) == sets * closures * len(LEVELS)
    assert [variant.choice.level for variant in ranged.variants].count("low") == sets * closures
    for variant in ranged.variants:
        same = next(v for v in ranged.variants if v.choice.closure == variant.choice.closure
                    and v.choice.elasticities == variant.choice.elasticities and v.choice.level == "high")  # fmt: skip
        assert variant.real_income_hat == pytest.approx(same.real_income_hat, abs=1e-9)


def test_the_central_solution_is_not_solved_again(solved: list[int]) -> None:
    text = TEXT.replace("SIZE", "{to: {low: 0.02, central: 0.01, high: 0.0}}")
    outcomes = simulate(labelled_world(), parse_scenario(text))
    assert solved == [len(outcomes.range.variants) - 1]
    assert outcomes.range.variants[0].real_income_hat is outcomes.solution.real_income_hat


def test_a_range_without_a_known_centre_is_the_same(solved: list[int]) -> None:
    world, scenario = (
        labelled_world(),
        parse_scenario(TEXT.replace("SIZE", "{to: {low: 0.02, central: 0.01, high: 0.0}}")),
    )
    central = Choice(simulate(world, scenario).choice.elasticities, "central", "fixed-deficits")
    near = simulate(world, scenario).solution
    [with_it], [without] = (run_ranges([Asked(world, scenario, central, None, known)]) for known in (near, None))
    assert solved[-1] == solved[-2] + 1
    for one, other in zip(with_it.variants, without.variants, strict=True):
        assert one.choice == other.choice
        assert one.equivalent_variation == pytest.approx(other.equivalent_variation, rel=1e-5, abs=1e-5)


def test_ranges_on_one_world_are_solved_in_one_call_and_are_the_same(solved: list[int]) -> None:
    world = labelled_world()
    wider = TEXT.replace("SIZE", "{to: {low: 0.02, central: 0.01, high: 0.0}}")
    scenarios = [parse_scenario(wider), parse_scenario(wider.replace("[IRN]", "[RUS]"))]
    asked = [Asked(world, one, Choice("world", "central", "fixed-deficits"), None) for one in scenarios]
    alone = [run_ranges([one])[0] for one in asked]
    together = run_ranges(asked)
    assert len(solved) == 3 and solved[2] == solved[0] + solved[1]
    for one, other in zip(alone, together, strict=True):
        for first, second in zip(one.variants, other.variants, strict=True):
            assert first.choice == second.choice
            assert first.real_income_hat == pytest.approx(second.real_income_hat, rel=RANGE_TOLERANCE)
    gains = [one.variants[0].real_income_hat for one in together]
    assert gains[0] is not None and gains[1] is not None and abs(gains[0] - gains[1]).max() > 1e-6


def test_content_tells_shocks_apart() -> None:
    world = labelled_world()
    shape = world.trade_share.shape
    cells = [Shock.from_cells(tariff_new=([0], [0], [1], [rate])) for rate in (0.1, 0.1, 0.2)]
    other = Shock.from_cells(iceberg_hat=([0], [0], [1], [0.1]))
    dense = Shock(tariff_new=np.full(shape, 0.1) * (1 - np.eye(shape[1])))
    keys = [content(shock) for shock in (*cells, other, dense, Shock())]
    assert keys[0] == keys[1] and len(set(keys)) == 5
    assert isinstance(solve(world, Shock()), Solution)
