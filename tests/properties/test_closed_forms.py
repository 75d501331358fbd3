"""Answers known without solving: gains from trade, autarky, embargoes as limits."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from comity import Shock, World
from tests.properties.worlds import (
    COMPARED,
    TIGHT,
    Case,
    answer,
    assert_same,
    cases,
    features,
    holds,
    worlds,
)

HIGH_COST = 1e6

one_sector = features(sectors=(1, 1), deficits=False, rates=False)


@holds(60, case=cases(one_sector, ("iceberg", "tariff", "export_tax", "productivity", "embargo")))
def test_gains_from_trade_follow_from_the_own_share(case: Case) -> None:
    """Arkolakis, Costinot & Rodriguez-Clare (2012): W_hat = lambda_hat^(-1/(theta va)) for any shock abroad.

    One sector, no deficits; country 0 itself levies nothing and keeps its productivity, the others do what they like.
    """
    given = case.shock
    tariff = None if given.tariff_new is None else given.tariff_new.copy()
    tax = None if given.export_tax_new is None else given.export_tax_new.copy()
    productivity = None if given.productivity_hat is None else given.productivity_hat.copy()
    if tariff is not None:
        tariff[:, 0, :] = 0.0
    if tax is not None:
        tax[:, :, 0] = 0.0
    if productivity is not None:
        productivity[:, 0] = 1.0
    s = answer(case.world, Shock(given.iceberg_hat, tariff, tax, productivity))
    own = case.world.trade_share[0, 0, 0]
    assume(own > 0)
    power = -1 / (case.world.trade_elasticity[0] * case.world.value_added_share[0, 0])
    assert_same(s.real_income_hat[0], (s.trade_share_new[0, 0, 0] / own) ** power)


def autarky(world: World) -> Shock:
    closed = np.full(world.trade_share.shape, np.inf)
    diagonal = np.arange(len(world.countries))
    closed[:, diagonal, diagonal] = 1.0
    return Shock(iceberg_hat=closed)


@holds(40, world=worlds())
def test_autarky(world: World) -> None:
    """Without any trade income is w VA, and prices follow own shares through the Leontief inverse:

    W_hat = (VA / I) prod_jk pi_jj^(alpha_k L_jk / theta_j), with tariffs, taxes and inputs.
    """
    s = answer(world, autarky(world), closure="balanced")
    b = s.benchmark
    own = np.diagonal(b.trade_share, axis1=1, axis2=2)
    j, n = own.shape
    for country in range(n):
        bought = (np.linalg.inv(np.eye(j) - b.input_share[:, :, country]) @ b.consumption_share[:, country]) > 1e-15
        leontief = np.linalg.inv(np.eye(j) - b.input_share[:, :, country])
        power = (leontief @ b.consumption_share[:, country])[bought] / b.trade_elasticity[bought]
        expected = b.value_added[country] / b.income[country] * np.prod(own[bought, country] ** power)
        assert abs(s.real_income_hat[country] / expected - 1) < COMPARED
    assert len(np.unique(s.component)) == n and not (s.flow_new * (1 - np.eye(n))).any()
    assert_same(s.wage_hat, np.ones(n), TIGHT * 100)  # each country is its own numeraire


@holds(40, case=cases(features(), ("embargo",)))
def test_an_embargo_is_the_limit_of_a_high_cost(case: Case) -> None:
    """A cost of a million leaves about 1e6^-theta of a flow, and real incomes differ by no more than that allows."""
    closed = case.shock.iceberg_hat
    high = np.where(np.isinf(closed), HIGH_COST, closed)
    a, b = answer(case.world, case.shock), answer(case.world, Shock(iceberg_hat=high))
    assert not a.trade_share_new[np.isinf(closed)].any()
    trade = b.flow_new * (1 - np.eye(len(case.world.countries)))
    bought, sold = trade.sum(axis=(0, 2))[:, None], trade.sum(axis=(0, 1))[None, :]
    # what is left, as a share of all the trade of buyer or seller: their wages must make up for its absence
    left = float((trade / np.maximum(np.minimum(bought, sold), 1e-300))[np.isinf(closed)].max(initial=0.0))
    assume(left < 1e-3)
    # a wage answers a gap in trade with at most 1/theta, prices the wage with at most 1/value-added share, per cell
    passed_on = closed.size * (1 + 1 / case.world.trade_elasticity.min()) / case.world.value_added_share.min()
    assert_same(b.real_income_hat, a.real_income_hat, COMPARED + left * passed_on)


@holds(30, case=cases(features(), ("embargo", "iceberg")), seed=st.integers(0, 10**6))
def test_an_embargo_wins(case: Case, seed: int) -> None:
    """Rates and taxes on embargoed cells change no hat and no money."""
    rng = np.random.default_rng(seed)
    closed = np.isinf(case.shock.iceberg_hat)
    tariff = np.where(closed, rng.uniform(0, 2, closed.shape), case.world.tariff)
    tax = np.where(closed, rng.uniform(-0.5, 2, closed.shape), case.world.export_tax)
    plain = answer(case.world, case.shock)
    taxed = answer(case.world, Shock(case.shock.iceberg_hat, tariff, tax))
    assert not taxed.flow_new[closed].any() and not plain.flow_new[closed].any()
    assert_same(taxed.real_income_hat, plain.real_income_hat)
    assert_same(taxed.tariff_revenue_new / 1000, plain.tariff_revenue_new / 1000)
    assert_same(taxed.export_tax_revenue_new / 1000, plain.export_tax_revenue_new / 1000)
