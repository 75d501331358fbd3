"""Outcomes with bands: on each count alone, the same draws as the library's bands, ranges untouched beside them."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from comity import InputError, NotConvergedError, Shock, load_scenario, load_world, simulate, solve
from comity.benchmark.world import DERIVED
from comity.equilibrium.batch import solve_many
from comity.outcomes.simulate import Outcomes
from comity.uncertainty import interval
from comity.uncertainty.bands import bands
from comity.uncertainty.interval import expected, with_bands
from tests.helpers import labelled_world
from tests.uncertainty.cases import one_ratio

SOLVER = 1e-7  # per cent: a hundred times the tolerance of the draws, in per cent
DIGITS = 1e-9  # relative: quantiles of numbers that are the same but for the order of a few sums
DRAWS = 40


@pytest.fixture(scope="module")
def tehran() -> Outcomes:
    return simulate(load_world("world-2022"), load_scenario("tehran-2023"), draws=DRAWS, seed=2)


def test_each_count_has_the_draws_of_everything_but_the_counts(tehran: Outcomes) -> None:
    """The band on the world's own count is that of `bands` with the count held where the world has it."""
    world, asked = load_world("world-2022"), load_scenario("tehran-2023")
    whole = bands(world, asked, draws=DRAWS, seed=2)
    names = [source.name for source in whole.sources if source.group != "count"]
    assert len(names) == len(whole.sources) - 1
    held = bands(world, asked, draws=DRAWS, seed=2, sources=names)
    row, band = tehran.of("IRN"), held.of("real_income_pct", "IRN")
    assert (row.real_income_low_pct, row.real_income_high_pct) == pytest.approx((band.low, band.high), abs=SOLVER)
    pair = tehran.pair(tehran.runs[0], "IRN", "BLR")["after"]
    trade = held.of("pair_trade", "IRN-BLR")
    assert (pair.low, pair.high) == pytest.approx((trade.low, trade.high), rel=DIGITS)
    assert (pair.kind, pair.level) == ("band", f"5th to 95th percentile of {DRAWS} draws (seed 2)")


def test_two_counts_two_bands(tehran: Outcomes) -> None:
    first, second = (tehran.pair(run, "IRN", "BLR")["after"] for run in tehran.runs)
    assert first.low is not None and first.high is not None and second.low is not None
    assert first.low < first.estimate < first.high < second.low < second.estimate
    # the same draws on both: growth of the pair is the same but for what the counts' sector mix does to it
    growth = [[v.goods_ratio[0, 1] for v in run.band.solved] for run in tehran.runs if run.band]  # type: ignore[index]
    assert np.corrcoef(growth)[0, 1] > 0.99


def test_ranges_stay_as_they_were(tehran: Outcomes) -> None:
    plain = simulate(load_world("world-2022"), load_scenario("tehran-2023"))
    assert plain.interval.kind == "range" and tehran.interval.kind == "band"
    for name in ("real_income_hat", "equivalent_variation", "goods_ratio"):
        np.testing.assert_array_equal(tehran.range.of(name), plain.range.of(name))
    np.testing.assert_array_equal(tehran.solution.real_income_hat, plain.solution.real_income_hat)


def test_more_draws_begin_with_fewer_and_one_process_gives_what_two_give() -> None:
    """On one count without assumed flows the draws are the same bits however they are shared out... of the same batch;
    across batches of another size they agree to the solver."""
    outcomes = simulate(labelled_world(), one_ratio(1.1, 1.3, 1.4))
    few, many = with_bands(outcomes, 10, workers=1), with_bands(outcomes, 20, workers=1)
    two = with_bands(outcomes, 10, workers=2)
    assert few.runs[0].band and many.runs[0].band and two.runs[0].band
    for a, b, c in zip(few.runs[0].band.solved, two.runs[0].band.solved, many.runs[0].band.solved, strict=False):
        assert a.real_income_hat == pytest.approx(c.real_income_hat, abs=SOLVER / 100)
        assert a.real_income_hat == pytest.approx(b.real_income_hat, abs=SOLVER / 100)


def test_failures_are_counted_and_above_the_share_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = simulate(labelled_world(), one_ratio(1.1, 1.3, 1.4))
    whole = interval.each

    def failing(study, table, keep, workers=1, **more):  # type: ignore[no-untyped-def]
        found = whole(study, table, keep, workers, **more)
        return ["made to fail" if d < bad else one for d, one in enumerate(found)]

    monkeypatch.setattr(interval, "each", failing)
    bad = 1
    band = with_bands(outcomes, 20, workers=1).runs[0].band
    assert band is not None and band.failures == {"made to fail": 1} and len(band.solved) == 19
    bad = 2
    with pytest.raises(NotConvergedError, match="2 of 20 draws have no solution, more than 5 %: made to fail: 2"):
        with_bands(outcomes, 20, workers=1)
    with pytest.raises(NotConvergedError, match="made to fail"):
        expected(outcomes, 20)
    bad = 200
    fallen = expected(outcomes)
    assert fallen.interval.kind == "range" and fallen.no_band.startswith("No band: 200 of 200 draws have no solution")
    bad = 19
    with pytest.raises(NotConvergedError, match="1 of 20 draws have a solution .*; a band needs 2"):
        with_bands(outcomes, 20, failed_share=0.99, workers=1)


@pytest.mark.parametrize(
    ("draws", "message"), [(1, "that a report can hold"), (5001, "that a report can hold"), (2.5, "whole number")]
)
def test_numbers_of_draws_that_cannot_be(draws: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        with_bands(simulate(labelled_world(), one_ratio(1.1, 1.3, 1.4)), draws)


def test_no_draws_leave_the_ranges() -> None:
    outcomes = simulate(labelled_world(), one_ratio(1.1, 1.3, 1.4))
    assert expected(outcomes, 0) is outcomes


def test_a_world_ends_with_its_last_user() -> None:
    """What is kept for a World must not keep it: a bank of worlds would otherwise stay for ever."""
    base = labelled_world()
    known = []
    for factor in (1.1, 1.2):
        world = base.replace(trade_elasticity=factor * base.trade_elasticity)
        solve(world, Shock())
        solve_many(world, [Shock(), Shock()])
        known.append(weakref.ref(world))
    del world
    gc.collect()
    assert [ref() for ref in known] == [None, None]


def test_a_copy_shares_what_elasticities_do_not_change() -> None:
    world = labelled_world()
    made = {name: getattr(world, name) for name in DERIVED}
    copy = world.replace(trade_elasticity=2 * world.trade_elasticity)
    for name, value in made.items():
        assert getattr(copy, name) is value
        np.testing.assert_array_equal(getattr(replace(copy), name), value)  # as made from the arrays again
    other = world.replace(tariff=world.tariff + 0.01)
    assert other.flow is not world.flow
