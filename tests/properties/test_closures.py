"""Closures keep their definitions, and two steps lead where one does."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from comity import Shock, World, solve_many
from comity.equilibrium.path import as_world
from tests.properties.worlds import (
    COMPARED,
    ROUNDING,
    SOLVED,
    Case,
    answer,
    assert_same,
    cases,
    features,
    holds,
)

# deficits of a World add to zero within 1e-9 of value added, and so do the closures' own
ADDS_TO_ZERO = 3e-9

SETTINGS: list[dict[str, Any]] = [
    {},
    {"closure": "balanced"},
    {"closure": "deficit-share-of-gdp"},
    {"closure": "multiplicative-deficits"},
    {"closure": "targets-balanced", "targets": ["C01"]},
    {"equalise": ["C00", "C01"]},
]


@holds(30, case=cases(features()))
def test_balanced_has_no_deficits(case: Case) -> None:
    shock = Shock(case.shock.iceberg_hat, case.shock.tariff_new, case.shock.export_tax_new)
    s = answer(case.world, shock, closure="balanced")
    assert not s.deficit_new.any() and not s.benchmark.deficit.any()
    away = s.flow_new * (1 - np.eye(len(case.world.countries)))
    exports, imports = away.sum(axis=(0, 1)), away.sum(axis=(0, 2))
    assert np.abs(exports - imports).max() <= SOLVED * (exports + imports).max()


@holds(30, case=cases(features(), ("iceberg", "tariff", "embargo", "productivity")))
def test_fixed_deficits_stay(case: Case) -> None:
    s = answer(case.world, case.shock)
    assert np.array_equal(s.deficit_new, case.world.deficit)


@holds(30, case=cases(features()))
def test_deficit_shares_follow_value_added(case: Case) -> None:
    """D_new = w D - (w VA / sum w VA) sum w D."""
    s = answer(case.world, case.shock, closure="deficit-share-of-gdp")
    wanted, earned = s.wage_hat * case.world.deficit, s.wage_hat * case.world.value_added
    scale = case.world.value_added.sum()
    assert_same(s.deficit_new / scale, (wanted - earned / earned.sum() * wanted.sum()) / scale)
    assert abs(s.deficit_new.sum()) < ADDS_TO_ZERO * scale
    deviation = s.deficit_new / earned - case.world.deficit / case.world.value_added
    assert_same(s.deficit_share_deviation, deviation)
    assert_same(deviation, np.full_like(deviation, deviation[0]))  # one world-wide share is taken out of all


@holds(30, case=cases(features(), ("iceberg", "tariff", "embargo", "productivity", "export_tax")))
def test_multiplicative_deficits_scale_income(case: Case) -> None:
    """Final spending over own income changes by one factor for all countries; spending adds up to income."""
    s = answer(case.world, case.shock, closure="multiplicative-deficits")
    before = case.world.income / (case.world.income - case.world.deficit)
    own = s.wage_hat * case.world.value_added + s.tariff_revenue_new + s.export_tax_revenue_new
    ratio = s.income_new / own / before
    assert_same(ratio, np.full_like(ratio, ratio[0]))
    assert abs(s.income_new.sum() / own.sum() - 1) < COMPARED


@holds(30, case=cases(features(countries=(3, 6))))
def test_equalising_gives_one_common_change(case: Case) -> None:
    """omega = sum I' / sum (I P_hat) for every member, paid for among the members."""
    members = ["C00", "C02"]
    inside, scale = np.array([0, 2]), case.world.value_added.sum()
    s = answer(case.world, case.shock, equalise=members)
    spent = s.income_new[inside].sum()
    omega = spent / (case.world.income * s.consumer_price_hat)[inside].sum()
    assert_same(s.real_income_hat[inside], np.full(2, omega))
    given = np.zeros(len(case.world.countries)) if case.shock.transfer is None else case.shock.transfer
    extra = s.transfer_new - given
    assert abs(extra.sum()) < ROUNDING * scale
    assert np.abs(np.delete(extra, inside)).max(initial=0.0) < ROUNDING * scale


@holds(30, case=cases(features(countries=(3, 6))))
def test_targets_are_balanced_and_no_deficit_turns(case: Case) -> None:
    shock = Shock(case.shock.iceberg_hat, case.shock.tariff_new)
    s = answer(case.world, shock, closure="targets-balanced", targets=["C01"])
    before, after = case.world.deficit, s.benchmark.deficit
    scale = case.world.value_added.sum()
    assert after[1] == 0.0 and s.deficit_new[1] == 0.0
    assert abs(after.sum()) < ADDS_TO_ZERO * scale
    # one sign is scaled down in proportion, the other is left alone
    others = np.array([0, *range(2, len(before))])
    same = others[before[others] * before[1] < 0]
    opposite = others[before[others] * before[1] > 0]
    assert np.abs(after[opposite] - before[opposite]).max(initial=0.0) <= ADDS_TO_ZERO * scale
    if len(same):
        share = after[same].sum() / before[same].sum()
        assert -ADDS_TO_ZERO < share <= 1 + ADDS_TO_ZERO
        assert np.abs(after[same] - share * before[same]).max() <= ADDS_TO_ZERO * scale


def halves(world: World, shock: Shock, seed: int) -> tuple[Shock, Shock]:
    """Two shocks that lead to the given one: some cells first, the rest afterwards."""
    rng = np.random.default_rng(seed)
    shape = world.trade_share.shape
    now = rng.uniform(size=shape) < 0.5
    iceberg = np.ones(shape) if shock.iceberg_hat is None else shock.iceberg_hat
    finite = np.where(np.isinf(iceberg), 1.0, iceberg)
    first_iceberg = np.where(now, finite, np.sqrt(finite))
    made = np.ones(shape[:2]) if shock.productivity_hat is None else shock.productivity_hat
    tariff = world.tariff if shock.tariff_new is None else shock.tariff_new
    tax = world.export_tax if shock.export_tax_new is None else shock.export_tax_new
    first = Shock(
        iceberg_hat=first_iceberg,
        tariff_new=np.where(now, tariff, world.tariff),
        export_tax_new=np.where(now, world.export_tax, tax),
        productivity_hat=made**0.3,
    )
    second = Shock(
        iceberg_hat=iceberg / first_iceberg,
        tariff_new=tariff,
        export_tax_new=tax,
        productivity_hat=made**0.7,
        transfer=shock.transfer,
    )
    return first, second


PARTS = ("iceberg", "tariff", "export_tax", "productivity", "embargo")


@holds(60, case=cases(features(countries=(2, 5)), PARTS), how=st.sampled_from(SETTINGS), seed=st.integers(0, 10**6))
def test_two_steps_lead_where_one_does(case: Case, how: dict[str, Any], seed: int) -> None:
    """The counterfactual is a World of its own; a second shock on it completes the first, under every closure.

    Deficits are carried in units of world value added, which does not change.
    """
    world = case.world
    first, second = halves(world, case.shock, seed)
    middle = answer(world, first, **how)
    direct = answer(world, case.shock, **how)
    assume(len(np.unique(direct.component)) == 1)
    # equalising transfers can have more than one equilibrium: the second step is sought near where the first ended
    near = {"start": direct.state - middle.state} if "equalise" in how else {}
    end = answer(as_world(middle), second, **how, **near)
    assert_same(middle.real_income_hat * end.real_income_hat, direct.real_income_hat)
    assert_same(middle.wage_hat * end.wage_hat, direct.wage_hat)
    supplied = ~direct.unsupplied  # without supplier P_hat is 1 by convention, in each step anew
    assert_same((middle.price_index_hat * end.price_index_hat)[supplied], direct.price_index_hat[supplied])
    assert_same(end.trade_share_new, direct.trade_share_new)
    assert_same(end.income_new / 1000, direct.income_new / 1000)


@holds(25, case=cases(features(countries=(2, 5)), (*PARTS, "transfer")), seed=st.integers(0, 10**6))
def test_two_steps_with_a_transfer(case: Case, seed: int) -> None:
    """Under fixed deficits a transfer of the first step is part of the deficit of the second."""
    first, second = halves(case.world, case.shock, seed)
    if case.shock.transfer is not None:
        first = Shock(first.iceberg_hat, first.tariff_new, None, None, 0.4 * case.shock.transfer)
        second = Shock(
            second.iceberg_hat,
            second.tariff_new,
            second.export_tax_new,
            case.shock.productivity_hat,
            0.6 * case.shock.transfer,
        )
    direct = answer(case.world, case.shock)
    assume(len(np.unique(direct.component)) == 1)
    middle = answer(case.world, first)
    end = answer(as_world(middle), second)
    assert_same(middle.real_income_hat * end.real_income_hat, direct.real_income_hat)
    assert_same(middle.wage_hat * end.wage_hat, direct.wage_hat)


@holds(15, case=cases(features()), how=st.sampled_from(SETTINGS[:5]), factor=st.floats(0.5, 2.0))
def test_many_at_once_equals_one_by_one(case: Case, how: dict[str, Any], factor: float) -> None:
    """Rows of solve_many are the single solves within 10 x tolerance, refusals included."""
    from comity import InputError, NoSolutionError, solve

    iceberg = np.where(case.world.trade_share > 0, factor, 1.0)
    diagonal = np.arange(len(case.world.countries))
    iceberg[:, diagonal, diagonal] = 1.0
    shocks = [case.shock, Shock(), Shock(iceberg_hat=iceberg), case.shock]
    try:
        many = solve_many(case.world, shocks, keep=("real_income_hat", "wage_hat"), **how)
    except (NoSolutionError, InputError):
        return
    for row, shock in enumerate(shocks):
        try:
            one = solve(case.world, shock, **how)
        except (NoSolutionError, InputError):
            assert many.status[row] != "converged" and np.isnan(many.real_income_hat[row]).all()
            continue
        assert many.status[row] == "converged" and many.residual[row] <= SOLVED
        assert np.abs(many.real_income_hat[row] - one.real_income_hat).max() <= 10 * SOLVED
        assert np.abs(many.wage_hat[row] - one.wage_hat).max() <= 10 * SOLVED
