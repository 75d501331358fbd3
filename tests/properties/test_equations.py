"""Every answer solves the equations as written in docs/model.md, or there is no answer and the error says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st

from comity import InputError, NoSolutionError, Shock, World, solve
from comity.equilibrium.closures import CLOSURES
from tests.properties.by_hand import gaps
from tests.properties.worlds import (
    COMPARED,
    SOLVED,
    TIGHT,
    WILD,
    Case,
    Features,
    assert_same,
    cases,
    features,
    holds,
    world_of,
    worlds,
)

# `residual` bounds the gaps of the solver's own arrays; written out again, sums come in another order and shares
# have their rounding taken out, which can add as much again
BY_HAND = 3 * SOLVED

# the numeraire is held by every step of the search, but its combined steps miss it by a few times their own error
NUMERAIRE = 10 * SOLVED

closures = st.sampled_from(CLOSURES)


def targets(closure: str) -> list[str] | None:
    return ["C00"] if closure == "targets-balanced" else None


def imbalance(world: World) -> float:
    """Largest relative gap of the benchmark's own trade balance: how exact an equilibrium the World itself is.

    Own shares of 0.999999 are rounded at 1e-16, which is 1e-10 of the trade that is left.
    """
    exports, imports = world.exports.sum(axis=0), world.imports.sum(axis=0)
    trade = exports + imports
    return float(np.max(np.abs(exports + world.deficit - imports)[trade > 0] / trade[trade > 0], initial=0.0))


@holds(60, world=worlds(), closure=closures)
def test_no_shock_changes_nothing(world: World, closure: str) -> None:
    # deficits that are differences of incomes (multiplicative) are rounded at 1e-14 of income; (8) compares with trade
    open_to = ((world.exports + world.imports).sum(axis=0) / world.value_added).min()
    tolerance = float(np.clip(1e-14 / open_to, SOLVED, 1e-6))
    s = solve(world, Shock(), closure=closure, targets=targets(closure), tolerance=tolerance)
    gap = imbalance(s.benchmark)
    assert gap < 1e-4
    # wages close a gap in trade by at most (1 + 1/theta) of it, prices follow by at most 1 / value-added share
    passed_on = (1 + 1 / world.trade_elasticity.min()) / world.value_added_share.min() * len(world.countries)
    same = COMPARED + (tolerance + gap) * passed_on
    for hat in (s.wage_hat, s.price_index_hat, s.cost_hat, s.real_income_hat, s.real_gdp_hat, s.real_wage_hat):
        assert_same(hat, np.ones_like(hat), same)
    assert_same(s.trade_share_new, s.benchmark.trade_share, same * world.trade_elasticity.max())
    scale = s.benchmark.value_added.sum()
    assert_same(s.deficit_new / scale, s.benchmark.deficit / scale, same)


@holds(150, case=cases(features(), strength=WILD), closure=closures)
def test_solved_by_hand_or_refused(case: Case, closure: str) -> None:
    """Strong shocks on extreme worlds: a solution that stands up to recomputation, or a named refusal; nothing else."""
    try:
        s = solve(case.world, case.shock, closure=closure, targets=targets(closure))
    except (InputError, NoSolutionError) as refusal:
        assert str(refusal)
        return
    assert s.converged and s.status == "converged" and s.residual <= SOLVED
    wrong = {name: gap for name, gap in gaps(s, case.shock).items() if not gap <= BY_HAND}
    assert not wrong
    for level in (s.wage_hat, s.price_index_hat, s.income_new, s.real_income_hat):
        assert (np.isfinite(level) & (level > 0)).all()
    assert (s.trade_share_new >= 0).all() and (s.expenditure_new >= 0).all() and (s.output_new >= 0).all()


@holds(60, case=cases(features(), ("iceberg", "tariff", "productivity")))
def test_mild_shocks_without_deficits_are_solved(case: Case) -> None:
    """No refusal is allowed here: without deficits, subsidies and embargoes an equilibrium always exists."""
    untaxed = case.world.export_tax.min() >= 0
    s = solve(case.world, case.shock, closure="balanced")
    assert s.residual <= SOLVED
    assert untaxed or s.income_new.min() > 0


@holds(60, case=cases(features()), closure=closures)
def test_trade_balances_though_labour_markets_were_asked(case: Case, closure: str) -> None:
    """Walras: labour markets (7) and trade (8) clear at once, country by country and in the world."""
    try:
        s = solve(case.world, case.shock, closure=closure, targets=targets(closure))
    except (InputError, NoSolutionError):
        return
    found = gaps(s, case.shock)
    assert found["7"] <= BY_HAND and found["8"] <= BY_HAND
    scale = s.benchmark.value_added.sum()
    # each part of the world that still trades with itself has the value added it had, and no deficit
    for part in range(s.component.max() + 1):
        inside = s.component == part
        before, after = s.benchmark.value_added[inside].sum(), (s.wage_hat * s.benchmark.value_added)[inside].sum()
        assert abs(after / before - 1) < NUMERAIRE
        # benchmark deficits themselves add to zero only within the tolerance of a World, 1e-9
        assert abs((s.deficit_new + s.transfer_new)[inside].sum()) < 3e-9 * scale


@holds(40, case=cases(features(), ("tariff", "iceberg", "embargo")), lifted=st.booleans())
def test_tariff_revenue_is_the_sum_of_t_times_flow(case: Case, lifted: bool) -> None:
    shock = Shock(iceberg_hat=case.shock.iceberg_hat, tariff_new=case.shock.tariff_new)
    if lifted:
        shock = Shock(iceberg_hat=case.shock.iceberg_hat, tariff_new=np.zeros_like(case.world.tariff))
    try:
        s = solve(case.world, shock)
    except (InputError, NoSolutionError):
        return
    rate = case.world.tariff if shock.tariff_new is None else shock.tariff_new
    by_hand = (rate * s.trade_share_new * s.expenditure_new[:, :, None] / (1 + rate)).sum(axis=(0, 2))
    assert np.abs(s.tariff_revenue_new - by_hand).max() <= SOLVED * s.income_new.max()
    if lifted:
        assert not s.tariff_revenue_new.any()


def test_trade_in_one_direction_only_is_refused() -> None:
    """What pays for nothing cannot be bought: C01 may sell nothing, so nothing can balance what it buys."""
    world = world_of(Features(2, 2, 1, without_inputs=True, inputs_only=True))
    iceberg = np.ones((2, 2, 2))
    iceberg[0, 0, 1] = np.inf
    with pytest.raises(NoSolutionError):
        solve(world, Shock(iceberg_hat=iceberg))


def test_a_tolerance_near_rounding_is_reached_or_refused_by_name() -> None:
    """Transfers between incomes of 100 are rounded at 1e-14, which is 1e-10 of a closed country's trade."""
    world = world_of(Features(3, 1, 147, special="closed", deficits=0.05, value_added_share=(0.05, 0.2)))
    iceberg = np.ones((1, 3, 3))
    iceberg[0, 0, 1], iceberg[0, 1, 0] = 0.94, 1.2
    assert solve(world, Shock(iceberg_hat=iceberg), equalise=["C00", "C01"]).residual <= SOLVED
    with pytest.raises(NoSolutionError):
        solve(world, Shock(iceberg_hat=iceberg), equalise=["C00", "C01"], tolerance=TIGHT)
