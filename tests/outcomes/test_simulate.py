"""Outcomes: tables that agree with the solution, ranges that contain the estimate, counts that are not mixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comity import InputError, Outcomes, load_scenario, load_world, simulate
from comity.outcomes.counts import on_count
from comity.report.origins import origins
from comity.scenario.load import parse_scenario
from tests.helpers import labelled_world

ROUNDING = 1e-9

TARIFF = """schema: 1
id: duty
title: A duty
measures:
  - {id: a, kind: tariff, importers: [IRN], exporters: [BLR, RUS], size: {to: 0.3}, phase: {from: 2023, to: 2027}}
"""


@pytest.fixture(scope="module")
def tehran() -> Outcomes:
    return simulate(load_world("world-2022"), load_scenario("tehran-2023"))


@pytest.fixture(scope="module")
def duty() -> Outcomes:
    return simulate(labelled_world(), parse_scenario(TARIFF))


def test_welfare_is_the_solution_s(duty: Outcomes) -> None:
    columns, s = duty.welfare.columns, duty.solution
    assert np.allclose(columns["real_income_pct"], 100 * (s.real_income_hat - 1), rtol=0, atol=ROUNDING)
    expected = s.benchmark.income * (s.real_income_hat - 1)
    assert np.allclose(columns["equivalent_variation"], expected, atol=ROUNDING)
    assert (columns["real_income_low_pct"] <= columns["real_income_pct"] + ROUNDING).all()
    assert (columns["real_income_high_pct"] >= columns["real_income_pct"] - ROUNDING).all()
    assert duty.of("RUS").country == "RUS"


def test_trade_table_adds_up_to_exports_and_imports(duty: Outcomes) -> None:
    frame, totals = duty.trade.frame, duty.totals.frame
    assert (frame["origin"] != frame["destination"]).all()
    for when in ("before", "after"):
        exports = frame.groupby("origin")[when].sum()
        both = totals[totals["direction"] == "exports"].groupby("country")[when].sum()
        assert np.allclose(exports.loc[both.index], both)
    flow = frame.set_index(["origin", "destination", "sector"])["after"]
    s = duty.solution
    assert flow["BLR", "IRN", "AGR"] == pytest.approx(s.flow_new[0, 0, 1])


def test_volume_is_value_less_prices(duty: Outcomes) -> None:
    frame = duty.trade.frame.set_index(["origin", "destination", "sector"])
    row = frame.loc[("CHN", "IRN", "MACH")]
    price = duty.solution.cost_hat[2, 3]
    assert row["volume_hat"] == pytest.approx(row["after"] / row["before"] / price)


def test_revenue_production_prices(duty: Outcomes) -> None:
    s = duty.solution
    assert np.allclose(duty.revenue["tariff_revenue_after"], (s.tariff_new * s.flow_new).sum(axis=(0, 2)))
    assert duty.production.frame["after"].sum() == pytest.approx(s.output_new.sum())
    first = duty.prices.frame.iloc[0]
    assert first["price_pct"] == pytest.approx(100 * (s.price_index_hat[0, 0] - 1))


def test_diversion_shows_from_whom_to_whom(duty: Outcomes) -> None:
    frame = duty.diversion.frame.set_index(["origin", "destination"])
    assert frame.loc[("BLR", "IRN"), "change"] < 0 and frame.loc[("CHN", "IRN"), "change"] > 0
    assert frame.loc[("BLR", "IRN"), "among_parties"] and not frame.loc[("CHN", "IRN"), "among_parties"]


def test_year_gives_part_of_the_effect() -> None:
    world, scen = labelled_world(), parse_scenario(TARIFF)
    full = simulate(world, scen).solution.flow_new[0, 0, 1]
    part = simulate(world, scen, year=2025).solution.flow_new[0, 0, 1]
    none = simulate(world, scen, year=2023)
    assert full < part < world.flow[0, 0, 1]
    assert none.compiled.nothing is not None and np.abs(none.solution.real_income_hat - 1).max() < 1e-11


def test_flagship_counts_are_solved_apart(tehran: Outcomes) -> None:
    names = [run.count.name for run in tehran.runs if run.count]
    assert names == ["Iran's count", "Belarus's count"]
    own, other = (tehran.pair(run, "IRN", "BLR") for run in tehran.runs)
    assert own["before"].estimate == pytest.approx(59.0) and own["out_before"].estimate == pytest.approx(15.0)
    assert other["before"].estimate == pytest.approx(100.3) and other["out_before"].estimate == pytest.approx(19.0)
    for numbers in (own, other):
        after = numbers["after"]
        assert after.low is not None and after.high is not None
        assert numbers["before"].estimate < after.low <= after.estimate <= after.high
        assert after.kind == "range" and after.status == "estimated" and after.unit == "million USD a year"


def test_a_count_changes_only_the_pair() -> None:
    world = load_world("world-2022")
    outcomes = simulate(world, load_scenario("tehran-2023"))
    count = outcomes.runs[1].count
    assert count is not None
    moved = on_count(world, count)
    iran, belarus = world.country("IRN"), world.country("BLR")
    changed = np.abs(moved.flow - world.flow) > 1e-6 * world.flow + 1e-9
    allowed = np.zeros_like(changed)
    for n, i in ((iran, belarus), (belarus, iran), (iran, iran), (belarus, belarus)):
        allowed[:, n, i] = True
    assert not (changed & ~allowed).any()
    assert np.allclose(moved.output, world.output, rtol=1e-9)


def test_key_numbers_name_everything(tehran: Outcomes) -> None:
    numbers = [number.as_dict() for number in tehran.key_numbers()]
    keys = {"name", "country", "estimate", "low", "high", "level", "kind", "unit", "base_year", "status"}
    assert all(set(number) == keys for number in numbers)
    iran = next(n for n in numbers if n["name"] == "real income" and n["country"] == "IRN")
    assert iran["status"] == "estimated" and 0 < iran["low"] < iran["estimate"] < iran["high"] < 0.1


def test_refusals() -> None:
    world, scen = labelled_world(), parse_scenario(TARIFF)
    with pytest.raises(InputError, match="draws.*a whole number .* is needed"):
        simulate(world, scen, draws=1)
    with pytest.raises(InputError, match="unknown set.*Did you mean fontagne"):
        simulate(world, scen, elasticities="fontange")
    with pytest.raises(InputError, match="a year is needed"):
        simulate(world, scen, year=99999)
    with pytest.raises(InputError, match="unknown closure"):
        simulate(world, scen, closure="open")
    with pytest.raises(InputError, match="targets-balanced needs"):
        simulate(world, scen, closure="targets-balanced")


def test_plots_are_altair_charts(duty: Outcomes) -> None:
    for table in (duty.welfare, duty.trade, duty.prices, duty.production, duty.revenue):
        assert table.plot().to_dict()["$schema"].startswith("https://vega.github.io/schema/vega-lite")


ALONE = """schema: 1
id: alone
title: One economy cut off
closure: balanced
measures:
  - {id: a, kind: embargo, importers: [IRN], exporters: [BLR, RUS, CHN, ROW], sectors: all}
  - {id: b, kind: embargo, importers: [BLR, RUS, CHN, ROW], exporters: [IRN], sectors: all}
"""


def test_an_economy_cut_off_has_real_income_but_no_prices() -> None:
    outcomes = simulate(labelled_world(), parse_scenario(ALONE))
    assert outcomes.of("IRN").real_income_pct < -0.1
    prices = outcomes.prices.frame.set_index(["country", "sector"])
    assert np.isnan(prices.loc[("IRN", "AGR"), "price_pct"]) and np.isnan(prices.loc[("IRN", "AGR"), "wage_pct"])
    assert np.isfinite(prices.loc[("BLR", "AGR"), "price_pct"])
    assert any("Cut off from the rest: Iran" in note for note in outcomes.range_notes())
    told = origins(outcomes)
    assert told is not None and told["path"].endswith("falls along a straight line to zero")  # of embargoes alone
    assert outcomes.refusals()  # fixed deficits cannot cross the cut, and that is said by name


def test_extreme_choices_of_a_range_are_counted_in_plain_words(tehran: Outcomes) -> None:
    (note,) = [note for note in tehran.range_notes() if "pairs" in note]
    assert note.startswith(
        "Of 12 pairs of elasticity set and size in the range, 4 are outside any plausible range. With "
    )
    assert " and high sizes, trade costs fall by more than 20 % on " in note
    run = tehran.runs[0]
    one = replace(run, range=replace(run.range, implausible=run.range.implausible[:1]))
    (note,) = [note for note in replace(tehran, runs=(one,)).range_notes() if "pairs" in note]
    assert note.startswith(
        "Of 12 pairs of elasticity set and size in the range, 1 is outside any plausible range. With "
    )
    told = origins(tehran)
    assert told is not None and "embargo" not in told["path"]


def test_deviation_of_deficit_shares_is_reported(duty: Outcomes) -> None:
    outcomes = simulate(duty.world, duty.scenario, closure="deficit-share-of-gdp")
    s = outcomes.solution
    expected = s.deficit_new / (s.wage_hat * s.benchmark.value_added) - s.benchmark.deficit / s.benchmark.value_added
    assert np.allclose(s.deficit_share_deviation, expected) and np.ptp(expected) < 1e-9  # the same for everybody
