"""Strong shocks: domain A is always solved, domain B is solved or refused with a certificate that can be checked."""

from __future__ import annotations

import numpy as np
import pytest

from comity import NoSolutionError, Shock, World, load_world, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium.changes import changes_of
from comity.equilibrium.problem import NoSupplierError, make_problem
from comity.equilibrium.search import search
from tests.robustness.shocks import KINDS_A, KINDS_B, case

SOLVED = 1e-10


@pytest.fixture(scope="module")
def world() -> World:
    return load_world("world-2022")


@pytest.mark.parametrize("seed", range(8 * len(KINDS_A)))
def test_domain_a_is_solved(world: World, seed: int) -> None:
    given = case(world, "A", seed)
    assert solve(world, given.shock, closure=given.closure).residual < SOLVED


@pytest.mark.parametrize("seed", range(2 * len(KINDS_B)))
def test_domain_b_is_solved_or_certified(world: World, seed: int) -> None:
    given = case(world, "B", seed)
    try:
        assert solve(world, given.shock, closure=given.closure).residual < SOLVED
    except NoSolutionError as refusal:
        assert refusal.reason in {
            "parts-out-of-balance",
            "one-way-trade",
            "surplus-exceeds-exports",
            "income-exhausted",
        }
        check_certificate(world, given.shock, given.closure, refusal)


def check_certificate(world: World, shock: Shock, closure: str, refusal: NoSolutionError) -> None:
    """Solve again at the stated fraction of the path: it works there, and the named country is at its limit."""
    assert refusal.country is not None and refusal.measure is not None
    if refusal.reason == "parts-out-of-balance":
        component = make_problem(world, changes_of(world, shock), closure).component
        part = component == component[refusal.country]
        assert world.deficit[part].sum() == pytest.approx(refusal.measure)
        return
    assert 0 < refusal.path_fraction < 1
    benchmark = world.balanced() if closure == "balanced" else world
    changes = changes_of(benchmark, shock)
    share = refusal.path_fraction
    found = search(lambda part: make_problem(benchmark, changes, closure, fraction=share * part), None, 1e-10)
    assert found.whole
    earned = np.exp(found.state[: len(world.countries)]) * benchmark.value_added
    if refusal.reason == "income-exhausted":
        ratio = (found.implied.income / earned)[refusal.country]
        assert ratio < 0.5
    else:
        ratio = -found.implied.deficit[refusal.country] / found.implied.exports[refusal.country]
        assert ratio > 0.75
    assert ratio == pytest.approx(refusal.measure, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["A", "B"])
def test_five_thousand_seeds(world: World, domain: str) -> None:
    unsolved = []
    for seed in range(5000):
        given = case(world, domain, seed)
        try:
            assert solve(world, given.shock, closure=given.closure).residual < SOLVED
        except NoSolutionError as refusal:
            if domain == "A" or refusal.reason == "not-converged":
                unsolved.append((seed, given.kind, str(refusal)))
    assert not unsolved


def test_isolation_with_a_deficit_is_refused_by_name() -> None:
    world = synthetic_world(6, 3, seed=1, deficits=0.1)
    closed = np.ones(world.trade_share.shape)
    closed[:, 2, :] = closed[:, :, 2] = np.inf
    closed[:, 2, 2] = 1.0
    with pytest.raises(NoSolutionError, match="C002.*cuts|cuts C002") as caught:
        solve(world, Shock(iceberg_hat=closed))
    assert caught.value.reason == "parts-out-of-balance"
    assert caught.value.measure == pytest.approx(world.deficit[2])
    alone = solve(world, Shock(iceberg_hat=closed), closure="balanced")
    assert alone.residual < SOLVED and alone.real_income_hat[2] < 1
    assert alone.component[2] != alone.component[0]


def test_surplus_that_cannot_be_shipped_names_the_country() -> None:
    world = synthetic_world(5, 3, seed=1, deficits=0.15)
    lender = int(np.argmin(world.deficit / world.exports.sum(axis=0)))
    dear = np.full(world.trade_share.shape, 10.0)
    dear[:, np.arange(5), np.arange(5)] = 1.0
    with pytest.raises(NoSolutionError) as caught:
        solve(world, Shock(iceberg_hat=dear))
    assert caught.value.reason == "surplus-exceeds-exports"
    assert caught.value.country == lender
    assert world.countries[lender] in str(caught.value) and "balanced" in str(caught.value)
    check_certificate(world, Shock(iceberg_hat=dear), "fixed-deficits", caught.value)


def test_subsidies_that_exhaust_income_name_the_country() -> None:
    world = synthetic_world(5, 3, seed=0, deficits=0.0)
    given = np.where(np.arange(5)[None, :, None] == 1, -0.95, world.tariff)
    given = np.broadcast_to(given, world.tariff.shape).copy()
    given[:, np.arange(5), np.arange(5)] = 0.0
    with pytest.raises(NoSolutionError) as caught:
        solve(world, Shock(tariff_new=given))
    assert caught.value.reason == "income-exhausted" and caught.value.country == 1
    check_certificate(world, Shock(tariff_new=given), "fixed-deficits", caught.value)


def test_losing_every_supplier_is_named() -> None:
    world = synthetic_world(4, 3, seed=0)
    share = world.trade_share.copy()
    share[0, 1] = [0.5, 0.0, 0.3, 0.2]  # C001 has no home output in S00
    output_lost = np.ones(share.shape)
    output_lost[0, 1, [0, 2, 3]] = np.inf
    other = _without_home(world, share)
    with pytest.raises(NoSupplierError, match="S00 in C001"):
        solve(other, Shock(iceberg_hat=output_lost))


def _without_home(world: World, share: np.ndarray) -> World:
    """The synthetic world with other trade shares, sizes re-derived."""
    from comity.benchmark.synthetic import _stationary

    size = world.value_added
    spending = _stationary(
        share,
        world.tariff,
        world.export_tax,
        world.value_added_share,
        world.input_share,
        world.consumption_share,
        size,
        np.zeros(len(size)),
    )
    output = (share * spending[:, :, None] / (1 + world.tariff)).sum(axis=1)
    value_added = (world.value_added_share * output).sum(axis=0)
    return World.from_arrays(
        countries=world.countries,
        sectors=world.sectors,
        trade_share=share,
        tariff=world.tariff,
        value_added_share=world.value_added_share,
        input_share=world.input_share,
        consumption_share=world.consumption_share,
        trade_elasticity=world.trade_elasticity,
        value_added=value_added,
        deficit=np.zeros(len(size)),
        share_tolerance=1e-8,
    )


def test_bad_shocks_are_named() -> None:
    world = synthetic_world(4, 3, seed=0)
    from comity import InputError

    bad = np.ones(world.trade_share.shape)
    bad[1, 2, 3] = -1
    with pytest.raises(InputError, match=r"S01 C002<-C003 = -1"):
        solve(world, Shock(iceberg_hat=bad))
    bad[1, 2, 3] = np.nan
    with pytest.raises(InputError, match=r"nan"):
        solve(world, Shock(iceberg_hat=bad))
    rate = world.tariff.copy()
    rate[0, 1, 1] = 0.1
    with pytest.raises(InputError, match="home sales"):
        solve(world, Shock(tariff_new=rate))
    with pytest.raises(InputError, match="unknown closure.*Did you mean balanced"):
        solve(world, Shock(), closure="balansed")
    with pytest.raises(InputError, match="given more than once"):
        Shock.from_cells(iceberg_hat=([0, 0], [1, 1], [2, 2], [1.1, 1.2]))
    with pytest.raises(InputError, match="add to zero"):
        solve(world, Shock(transfer=np.array([1.0, 0, 0, 0])))
