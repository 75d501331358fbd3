"""The study of sanctions coalitions on world-2019: shape, honest notes, and the parts it is made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from comity import World, load_world
from comity.equilibrium.solve import solve
from comity.validation import chkw
from comity.validation.rows import DIFFERS, EXPLAINED, Row

MET = 1e-8  # a trade change that an inversion reproduces; it accepts 1e-9
TWO_DIGITS = 0.005  # the shares in the notes are printed as whole per cent


@cache
def base() -> World:
    return load_world("world-2019").balanced()


@cache
def lifted() -> World:
    return chkw.without_regimes(load_world("world-2019"))


@cache
def rows() -> tuple[Row, ...]:
    return tuple(chkw.rows(Path()))


def goods_trade(world: World, target: str, partners: tuple[str, ...]) -> tuple[float, float]:
    """Partners' shares of a target's goods exports and imports."""
    goods = np.array([sector != chkw.SERVICES for sector in world.sectors])
    flow = world.flow[goods].sum(axis=0)
    np.fill_diagonal(flow, 0.0)
    place, others = world.country(target), [world.country(code) for code in partners]
    return flow[others, place].sum() / flow[:, place].sum(), flow[place, others].sum() / flow[place].sum()


def test_coalitions_are_the_published_ones() -> None:
    assert [len(chkw.SENDERS[code]) for code in ("IRN", "RUS")] == [36, 38]
    assert len(chkw.senders(base(), "IRN")) == 36
    missing = set(chkw.SENDERS["RUS"]) - set(chkw.senders(base(), "RUS"))
    assert missing == {"GEO", "ALB", "MNE"}  # inside ROW, which never gets the measure


def test_nothing_differs_without_explanation() -> None:
    assert [row for row in rows() if row.status == DIFFERS] == []


def test_signs_hold_in_both_economies_and_exactly_two_orders_do_not() -> None:
    shape = [row for row in rows() if row.table.startswith("shape")]
    assert len(shape) == 16
    broken = {(row.table.removeprefix("shape, "), row.quantity) for row in shape if row.ours != 1.0}
    assert broken == set(chkw.NOT_HELD)
    assert all(row.status == EXPLAINED for row in shape if row.ours != 1.0)


def test_the_regime_reproduces_the_borrowed_changes() -> None:
    world = lifted()
    for code in chkw.TARGETS:
        regime, shock = chkw.imposed(world, code)
        after = solve(world, shock).flow_new
        goods = [k for k, sector in enumerate(world.sectors) if sector != chkw.SERVICES]
        place, others = world.country(code), [world.country(name) for name in chkw.senders(world, code)]
        sides = {"exports": np.ix_(goods, others, [place]), "imports": np.ix_(goods, [place], others)}
        for side, cells in sides.items():
            ratio = after[cells].sum() / world.flow[cells].sum()
            assert ratio == pytest.approx(chkw.changes()[f"{code} {side}"], rel=MET)
        same = chkw.shock_of(world, code, chkw.senders(world, code), regime.exports, regime.imports)
        hat = solve(world, same).real_income_hat[place]
        assert hat == pytest.approx(regime.real_income_hat, abs=MET)


def test_lifted_world_is_a_balanced_benchmark() -> None:
    world = lifted()
    np.testing.assert_allclose(world.deficit / world.value_added, 0.0, atol=MET)
    np.testing.assert_allclose(solve(world, chkw.Shock()).real_income_hat, 1.0, rtol=MET)


def test_shares_in_the_notes() -> None:
    coalition = chkw.senders(base(), "IRN")
    assert goods_trade(lifted(), "IRN", coalition)[1] == pytest.approx(0.83, abs=TWO_DIGITS)
    assert goods_trade(lifted(), "IRN", ("CHN",))[1] == pytest.approx(0.06, abs=TWO_DIGITS)
    assert goods_trade(base(), "IRN", ("CHN",))[1] == pytest.approx(0.34, abs=TWO_DIGITS)
    assert goods_trade(base(), "IRN", coalition) == pytest.approx((0.11, 0.25), abs=TWO_DIGITS)
    assert goods_trade(base(), "RUS", chkw.senders(base(), "RUS")) == pytest.approx((0.51, 0.46), abs=TWO_DIGITS)


def test_transfers_give_members_one_change() -> None:
    world = base()
    _, shock = chkw.imposed(world, "RUS")
    members = chkw.senders(world, "RUS")
    hat = solve(world, shock, equalise=members).real_income_hat[[world.country(code) for code in members]]
    np.testing.assert_allclose(hat, hat[0], rtol=MET)
