"""The upper bound of lowest observed frictions: the index by hand, what it leaves alone, what it cuts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from comity import InputError, World, simulate, solve
from comity.dossier.frictions import bound, frictions_shock, head_ries
from comity.dossier.schema import Frictions
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.outcomes.ranges import with_set
from tests.dossier.small import CLOSER, scenario, two_counts
from tests.helpers import labelled_world

ROUNDING = 1e-12
SOLVED = 1e-7  # powers 1/(2 theta) of shares from a solve to 1e-10
GROUP = ("IRN", "BLR", "RUS")


def alike(tariff: float = 0.0) -> World:
    """Three economies with the same frictions between any two."""
    share = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    return World.from_arrays(
        countries=list(GROUP), sectors=["MACH"], trade_share=share[None], tariff=tariff * (1 - np.eye(3))[None],
        value_added_share=np.ones((1, 3)), input_share=np.zeros((1, 1, 3)), consumption_share=np.ones((1, 3)),
        trade_elasticity=[4.0], value_added=np.ones(3), deficit=np.zeros(3), name="alike",
    )  # fmt: skip


def after(solution: Solution) -> np.ndarray:
    """The index after a shock."""
    world = solution.benchmark
    return head_ries(
        SimpleNamespace(  # type: ignore[arg-type]
            trade_share=solution.trade_share_new, tariff=solution.tariff_new, export_tax=solution.export_tax_new,
            trade_elasticity=world.trade_elasticity,
        )
    )  # fmt: skip


def test_the_same_frictions_everywhere_change_nothing() -> None:
    shock, account = frictions_shock(alike(), Frictions(between=GROUP, best_of=GROUP))
    assert shock.iceberg_hat is None and shock.tariff_new is None and account.cells == 0
    # a uniform duty is no difference of frictions; only the duty itself goes
    shock, account = frictions_shock(alike(0.2), Frictions(between=GROUP, best_of=GROUP))
    assert shock.iceberg_hat is None and account.duties == 6 and (shock.tariff_new[3] == 0).all()
    shock, account = frictions_shock(alike(0.2), Frictions(between=GROUP, best_of=GROUP, tariffs=False))
    assert shock.tariff_new is None and account.duties == 0


def test_a_pair_compared_with_itself_stays() -> None:
    world = labelled_world()
    shock, _ = frictions_shock(world, Frictions(between=GROUP[:2], best_of=GROUP[:2], tariffs=False))
    assert np.allclose(solve(world, shock).real_income_hat, 1, atol=1e-10)


def test_the_index_by_hand() -> None:
    world = labelled_world()
    pi, theta = world.trade_share[2], world.trade_elasticity[2]
    gross = (pi[0, 0] * pi[1, 1] / (pi[0, 1] * pi[1, 0])) ** (1 / (2 * theta))
    rates = np.sqrt((1 + world.tariff[2, 0, 1]) * (1 + world.tariff[2, 1, 0]))
    assert head_ries(world)[2, 0, 1] == pytest.approx(gross / rates, rel=ROUNDING)
    assert head_ries(world)[2, 1, 0] == head_ries(world)[2, 0, 1] and head_ries(world)[2, 4, 4] == pytest.approx(1)


def test_the_index_sees_costs_and_nothing_else() -> None:
    world = labelled_world()
    rng = np.random.default_rng(5)
    tariff = world.tariff + 0.1 * (1 - np.eye(5)) * (world.tariff > 0)
    tax = 0.05 * (1 - np.eye(5)) * np.array([1, 1, 1, 0])[:, None, None]
    other = Shock(tariff_new=tariff, export_tax_new=tax, productivity_hat=rng.uniform(0.9, 1.1, (4, 5)))
    assert np.allclose(after(solve(world, other)), head_ries(world), rtol=SOLVED)
    iceberg = np.ones((4, 5, 5))
    iceberg[2, 0, 1], iceberg[2, 1, 0] = 0.8, 0.9
    ratio = after(solve(world, Shock(iceberg_hat=iceberg)))[2, 0, 1] / head_ries(world)[2, 0, 1]
    assert ratio == pytest.approx(np.sqrt(0.8 * 0.9), rel=SOLVED)


def test_costs_inside_the_group_come_down_to_the_lowest() -> None:
    world = labelled_world()
    shock, account = frictions_shock(world, Frictions(between=GROUP, best_of=GROUP))
    cost, new = head_ries(world), after(solve(world, shock))
    pairs = [(0, 1), (0, 2), (1, 2)]
    for j in range(3):
        lowest = min(cost[j, n, i] for n, i in pairs)
        assert all(new[j, n, i] == pytest.approx(lowest, rel=SOLVED) for n, i in pairs)
    assert new[3, 0, 1] == pytest.approx(cost[3, 0, 1], rel=SOLVED) and new[0, 0, 3] == pytest.approx(cost[0, 0, 3])
    # two pairs in each of three goods sectors are not the lowest; both directions fall
    assert account.cells == 12 and account.empty_pairs == 0 and 0 < account.median_cut <= account.largest_cut < 1


def test_nothing_rises_where_the_best_pair_is_worse() -> None:
    world = labelled_world()
    cost = head_ries(world)
    for best in (("IRN", "BLR"), ("IRN", "CHN"), ("BLR", "RUS")):
        shock, _ = frictions_shock(world, Frictions(between=GROUP, best_of=best, tariffs=False))
        if shock.iceberg_hat is not None:
            assert (shock.iceberg_hat[3] < 1).all()
        new = after(solve(world, shock))
        assert (new <= cost * (1 + SOLVED)).all()


def test_empty_directions_are_counted_and_left_alone() -> None:
    world = labelled_world(zero_cells=0.5, seed=4)
    shock, account = frictions_shock(world, Frictions(between=GROUP, best_of=GROUP))
    pairs = [(0, 1), (0, 2), (1, 2)]
    share = world.trade_share
    empty = sum(share[j, n, i] * share[j, i, n] == 0 for j in range(3) for n, i in pairs)
    assert account.empty_pairs == empty > 0
    assert shock.iceberg_hat is None or (share[shock.iceberg_hat[:3]] > 0).all()


def test_bound_over_sets_and_closures_on_every_count() -> None:
    world, wish = two_counts(), Frictions(between=GROUP, best_of=GROUP)
    found = bound(world, "best", wish)
    levels = {variant.choice.level for variant in found.range.variants}
    assert levels == {"central"} and [run.count.name for run in found.runs if run.count] == [
        "Iran's count",
        "Belarus's count",
    ]
    sizes = simulate(world, scenario("s", CLOSER)).range
    assert 3 * len(found.range.variants) == len(sizes.variants)
    # the index depends on theta: each elasticity set has its own cuts
    for variant in found.range.variants[:: len(found.range.variants) - 1]:
        economy = with_set(world, variant.choice.elasticities)
        again = solve(economy, frictions_shock(economy, wish)[0], closure=variant.choice.closure)
        assert variant.real_income_hat is not None
        assert np.allclose(variant.real_income_hat, again.real_income_hat, atol=1e-8)


def test_unknown_or_single_economies_are_refused() -> None:
    with pytest.raises(InputError):
        frictions_shock(labelled_world(), Frictions(between=("IRN", "XXX"), best_of=GROUP))
    with pytest.raises(InputError, match="two economies"):
        frictions_shock(labelled_world(), Frictions(between=GROUP, best_of=("IRN",)))
