"""Wedges from observed changes: known wedges come back, and every way it cannot work has its sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from comity import Shock
from comity.equilibrium.inversion import Found, group_ratio, partial_log_wedge, with_wedges
from comity.equilibrium.solve import solve
from comity.errors import InputError, NoSolutionError
from comity.outcomes import inversion
from comity.outcomes.inversion import FlowTarget, check_targets, friction_bound, invert
from tests.helpers import labelled_world, one_sector_world

RECOVERED = 1e-8  # of a wedge: ratios are met to 1e-10 and a wedge moves by 1/theta of that, so two digits are spare
EXACT = 1e-12  # closed forms and repeated arithmetic

WORLD = labelled_world()
GROUPS = (
    FlowTarget("food", ("FOOD",), ("IRN",), ("BLR", "RUS"), 0.0),
    FlowTarget("machines", ("MACH",), ("IRN", "CHN"), ("RUS",), 0.0),
    FlowTarget("farm", ("AGR", "SERV"), ("RUS",), ("IRN", "CHN"), 0.0),
)
WEDGES = np.array([1.4, 1.15, 0.93])


def at_ratios(ratio: np.ndarray) -> list[FlowTarget]:
    """The three groups, aimed at these ratios."""
    return [
        FlowTarget(group.name, group.sectors, group.importers, group.exporters, float(value))
        for group, value in zip(GROUPS, ratio, strict=True)
    ]


@pytest.mark.parametrize("closure", ["fixed-deficits", "balanced", "deficit-share-of-gdp", "multiplicative-deficits"])
def test_known_wedges_come_back(closure: str) -> None:
    base = Shock.from_cells(iceberg_hat=([0], [0], [3], [1.1]), tariff_new=([2], [0], [2], [0.3]))
    cells = check_targets(WORLD, at_ratios(np.ones(3)), base)
    imposed = solve(WORLD, with_wedges(WORLD, base, cells, np.log(WEDGES)), closure=closure, tolerance=1e-12)
    found = invert(WORLD, at_ratios(group_ratio(imposed, cells)), base=base, closure=closure)
    np.testing.assert_allclose(found.wedge, WEDGES, rtol=RECOVERED)
    np.testing.assert_allclose(found.solution.real_income_hat, imposed.real_income_hat, rtol=RECOVERED)
    assert found.gap <= 1e-9  # the default that `invert` promises
    assert found.solution.converged


def test_wedge_and_base_iceberg_multiply() -> None:
    base = Shock.from_cells(iceberg_hat=([1], [0], [1], [2.0]))
    shock = with_wedges(WORLD, base, [np.array([25 + 1, 25 + 2])], np.log([3.0]))  # FOOD, IRN, from BLR and RUS
    j, n, i, value = shock.iceberg_hat
    assert list(zip(j, n, i, strict=True)) == [(1, 0, 1), (1, 0, 2)]
    np.testing.assert_allclose(value, [6.0, 3.0], rtol=EXACT)


def test_the_whole_economy_answers_otherwise_than_one_cell() -> None:
    # a cell of theta 4 that falls to half: 2^(1/4) if nothing else moves; the importer's dearer basket raises what
    # still comes in, so that more friction is needed
    world = one_sector_world()
    found = invert(world, [FlowTarget("half", ("ONE",), ("AAA",), ("BBB",), 0.5)])
    assert found.partial_wedge[0] == pytest.approx(2 ** (1 / 4), rel=EXACT)
    assert found.wedge[0] > found.partial_wedge[0] * 1.005
    assert math.exp(partial_log_wedge(world, np.array([1]), 0.5)) == pytest.approx(2 ** (1 / 4), rel=EXACT)


def test_a_lower_elasticity_needs_a_larger_wedge() -> None:
    target = [FlowTarget("half", ("ONE",), ("AAA",), ("BBB",), 0.5)]
    low, high = (invert(one_sector_world(theta), target).wedge[0] for theta in (2.0, 8.0))
    # 2^(1/2) and 2^(1/8) if nothing else moved, and more friction than that in the whole economy
    assert low > 2 ** (1 / 2) > high > 2 ** (1 / 8)


def test_zero_is_an_embargo_and_others_are_met_beside_it() -> None:
    found = invert(WORLD, at_ratios(np.array([0.0, 0.7, 1.1])))
    assert np.isinf(found.wedge[0])
    np.testing.assert_allclose(found.reached, [0.0, 0.7, 1.1], rtol=1e-9)
    assert (found.solution.trade_share_new[1, 0, 1:3] == 0).all()


def test_same_input_same_bits() -> None:
    first, second = (invert(WORLD, at_ratios(np.array([0.6, 0.8, 1.1]))) for _ in range(2))
    assert first.wedge.tobytes() == second.wedge.tobytes()


def test_an_answer_is_certified_by_solving_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # a search that reports wedges it did not find must not pass
    honest = inversion.search_wedges

    def dishonest(*given: Any, **named: Any) -> Found:
        found = honest(*given, **named)
        return replace(found, log_wedge=found.log_wedge + 1e-4)

    monkeypatch.setattr(inversion, "search_wedges", dishonest)
    with pytest.raises(NoSolutionError, match="solved from the benchmark they miss the targets"):
        invert(WORLD, at_ratios(np.array([0.6, 0.8, 1.1])))


def refused(targets: list[FlowTarget], **named: object) -> str:
    """The message of the InputError."""
    with pytest.raises(InputError) as caught:
        invert(WORLD, targets, **named)  # type: ignore[arg-type]
    return caught.value.message


@pytest.mark.parametrize("ratio", [-0.1, math.nan, math.inf])
def test_a_ratio_that_is_none(ratio: float) -> None:
    assert "must be a number of at least 0" in refused([FlowTarget("x", ("AGR",), ("IRN",), ("RUS",), ratio)])


def test_sentences_about_cells() -> None:
    whole = FlowTarget("a", ("AGR",), ("IRN",), ("RUS",), 0.5)
    assert "at least one observed change is needed" in refused([])
    assert "not in this world" in refused([FlowTarget("a", ("AGR",), ("XXX",), ("RUS",), 0.5)])
    assert "the list is empty" in refused([FlowTarget("a", (), ("IRN",), ("RUS",), 0.5)])
    assert "a country with itself" in refused([FlowTarget("a", ("AGR",), ("IRN",), ("IRN",), 0.5)])
    contradictory = refused([whole, FlowTarget("b", ("AGR",), ("IRN",), ("RUS",), 0.6)])
    assert "cannot change in two ways" in contradictory
    assert "0.5 and 0.6" in contradictory
    overlap = refused([whole, FlowTarget("b", ("AGR",), ("IRN",), ("RUS", "CHN"), 0.6)])
    assert "their wedges cannot be told apart" in overlap
    assert "AGR from RUS to IRN" in overlap
    assert "finer than the equilibria" in refused([whole], tolerance=1e-14)
    shut = Shock.from_cells(iceberg_hat=([0], [0], [2], [np.inf]))
    assert "an embargo of the other measures closes all these cells" in refused([whole], base=shut)


def test_growth_of_nothing() -> None:
    world = labelled_world(zero_cells=0.4)
    j, n, i = next(zip(*np.nonzero(world.trade_share == 0), strict=True))
    target = FlowTarget("x", (world.sectors[j],), (world.countries[n],), (world.countries[i],), 2.0)
    with pytest.raises(InputError, match="no trade in the benchmark"):
        invert(world, [target])


def test_more_trade_than_without_friction() -> None:
    world = one_sector_world()
    # Head & Ries by hand: pi_ab pi_ba / (pi_aa pi_bb) = 0.15 x 0.1 / (0.8 x 0.7), theta 4
    bound = -math.log(0.15 * 0.1 / (0.8 * 0.7)) / 8
    assert friction_bound(world, np.array([1])) == pytest.approx(bound, rel=EXACT)
    with pytest.raises(InputError, match="more trade than removing all friction gives"):
        invert(world, [FlowTarget("x", ("ONE",), ("AAA",), ("BBB",), 4.5)])


def test_what_no_wedge_can_reach_says_how_near_one_got() -> None:
    # AAA cannot buy a hundred times as much from BBB: that is more than it spends
    world = one_sector_world()
    with pytest.raises(NoSolutionError, match="No wedge reproduces the observed change x: wanted 100") as caught:
        invert(world, [FlowTarget("x", ("ONE",), ("AAA",), ("BBB",), 100.0)])
    assert caught.value.measure is not None
    assert 1.0 < caught.value.measure < 100.0
