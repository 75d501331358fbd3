"""Games with known answers: Shapley values, core, nucleolus, properties, sampling, stability."""

from __future__ import annotations

import sys
from itertools import combinations, permutations
from math import factorial

import numpy as np
import pytest

from comity import InputError
from comity.coalition.core import core, in_core
from comity.coalition.game import contributions, membership, properties, shapley, sizes, sums
from comity.coalition.sampling import sampled_shapley
from comity.coalition.stability import (
    best_of_size,
    efficient,
    greedy,
    incentives,
    stable,
    surplus_over_leaving,
    words,
)

EFFICIENT = 1e-10  # Shapley values add up to v(N), relative to the largest |v|
ROUNDING = 1e-12  # sums of at most 2^12 numbers of order one
PROGRAM = 1e-8  # points of a linear program that is solved to 1e-10


def random_game(n: int, seed: int = 0) -> np.ndarray:
    v = np.random.default_rng(seed).normal(size=1 << n)
    v[0] = 0
    return v


def by_orders(v: np.ndarray) -> np.ndarray:
    """Shapley values from their definition over all orders, written without the code under test."""
    n = int(np.log2(v.size))
    total = np.zeros(n)
    for order in permutations(range(n)):
        taken = 0
        for player in order:
            total[player] += v[taken | 1 << player] - v[taken]
            taken |= 1 << player
    return total / factorial(n)


GLOVES = np.minimum(membership(3)[:, 0], membership(3)[:, 1:].sum(axis=1)).astype(float)  # one left, two right
MAJORITY = (sizes(3) >= 2).astype(float)
COSTS = np.array([1.0, 2.0, 3.0, 5.0])
AIRPORT = np.where(membership(4), COSTS, 0).max(axis=1)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12])
def test_shapley_values_add_up(n: int) -> None:
    v = 1e6 * random_game(n)
    assert abs(shapley(v).sum() - v[-1]) <= EFFICIENT * np.abs(v).max()


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_shapley_values_are_the_mean_over_orders(n: int) -> None:
    v = random_game(n, seed=n)
    np.testing.assert_allclose(shapley(v), by_orders(v), atol=ROUNDING)


def test_additive_game() -> None:
    worth = np.array([1.0, -2.0, 0.5, 4.0])
    v = sums(worth)
    np.testing.assert_allclose(shapley(v), worth, atol=ROUNDING)
    found = properties(v)
    assert found.superadditive and found.convex and found.dummies == (0, 1, 2, 3)
    assert not found.monotone  # player 1 takes away
    point = core(v)
    assert not point.empty
    np.testing.assert_allclose(point.point, worth, atol=PROGRAM)


def test_symmetric_game() -> None:
    v = sizes(5).astype(float) ** 2
    np.testing.assert_allclose(shapley(v), np.full(5, 5.0), atol=ROUNDING)
    found = properties(v)
    assert found.alike == ((0, 1, 2, 3, 4),) and found.convex and found.dummies == ()
    np.testing.assert_allclose(core(v).point, np.full(5, 5.0), atol=PROGRAM)


def test_dummy_player() -> None:
    inner = random_game(3, seed=7)
    v = np.concatenate([inner, inner + 2.5])  # player 3 adds 2.5 to everybody
    assert properties(v).dummies == (3,)
    np.testing.assert_allclose(shapley(v), [*shapley(inner), 2.5], atol=ROUNDING)


def test_glove_game() -> None:
    np.testing.assert_allclose(shapley(GLOVES), [4 / 6, 1 / 6, 1 / 6], atol=ROUNDING)
    found = core(GLOVES)
    assert not found.empty and abs(found.excess) <= PROGRAM
    np.testing.assert_allclose(found.point, [1, 0, 0], atol=PROGRAM)  # the core's only point
    assert in_core(GLOVES, [1, 0, 0], PROGRAM) and not in_core(GLOVES, shapley(GLOVES), PROGRAM)
    told = properties(GLOVES)
    assert told.superadditive and not told.convex and told.monotone and told.alike == ((1, 2),)


def test_majority_game_has_no_core() -> None:
    np.testing.assert_allclose(shapley(MAJORITY), np.full(3, 1 / 3), atol=ROUNDING)
    found = core(MAJORITY)
    assert found.empty and found.excess == pytest.approx(1 / 3, abs=PROGRAM)
    assert {words(k, "abc") for k in found.tightest} == {"a + b", "a + c", "b + c"}
    assert not properties(MAJORITY).convex


def test_weighted_majority() -> None:
    """Quota 51 of 50, 49, 1: the votes of 49 and of 1 are worth the same (Shapley and Shubik, 1954)."""
    v = (sums(np.array([50.0, 49.0, 1.0])) >= 51).astype(float)
    np.testing.assert_allclose(shapley(v), [4 / 6, 1 / 6, 1 / 6], atol=ROUNDING)


def test_airport_game() -> None:
    """Littlechild and Owen (1973): each stretch of the runway is shared by those who need it."""
    stretch = np.diff(COSTS, prepend=0)
    expected = np.cumsum(stretch / np.arange(4, 0, -1))
    np.testing.assert_allclose(shapley(AIRPORT), expected, atol=ROUNDING)
    found = core(AIRPORT, costs=True)
    assert not found.empty
    assert in_core(-AIRPORT, -expected, ROUNDING)
    # Littlechild (1974): the nucleolus of an airport game, stretch by stretch: 1/2, 3/4, 7/8, rest
    np.testing.assert_allclose(found.point, [1 / 2, 3 / 4, 7 / 8, 23 / 8], atol=PROGRAM)


@pytest.mark.parametrize(("estate", "expected"), [(100, [100 / 3] * 3), (200, [50, 75, 75]), (300, [50, 100, 150])])
def test_nucleolus_of_the_talmud(estate: float, expected: list[float]) -> None:
    """Aumann and Maschler (1985), table of the three wives with claims of 100, 200 and 300."""
    claims = np.array([100.0, 200.0, 300.0])
    v = np.maximum(0.0, estate - (claims.sum() - sums(claims)))
    np.testing.assert_allclose(core(v).point, expected, atol=PROGRAM * estate)


def test_core_of_larger_games() -> None:
    """Above ten players: convex games have their Shapley values in the core; a majority of eleven has no core."""
    weight = np.random.default_rng(3).uniform(1, 2, 11)
    convex = sums(weight) ** 2
    found = core(convex)
    assert not found.empty and in_core(convex, found.point, PROGRAM * convex[-1])
    np.testing.assert_allclose(found.point, shapley(convex))
    majority = (sizes(11) >= 6).astype(float)
    empty = core(majority)
    assert empty.empty and empty.excess == pytest.approx(1 - 6 / 11, abs=PROGRAM)


def test_contributions() -> None:
    alone, last = contributions(GLOVES)
    np.testing.assert_array_equal(alone, [0, 0, 0])
    np.testing.assert_array_equal(last, [1, 0, 0])


def test_relabelling_players() -> None:
    v, order = random_game(5, seed=11), [3, 0, 4, 1, 2]
    turned = np.array([v[sum(1 << order[k] for k in range(5) if s >> k & 1)] for s in range(32)])
    np.testing.assert_allclose(shapley(turned), shapley(v)[order], atol=ROUNDING)
    np.testing.assert_allclose(core(turned).point, core(v).point[order], atol=PROGRAM)


def test_core_needs_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(InputError, match=r"pip install 'comity\[coalition\]'"):
        core(MAJORITY)


@pytest.mark.parametrize(
    ("v", "message"),
    [
        ([0.0, 1.0, 2.0], "one value for each of 2"),
        (np.zeros(1 << 16), "one value for each of 2"),
        ([1.0, 1.0], "empty coalition is worth 0"),
        ([0.0, np.nan], "has no value"),
    ],
)
def test_no_game(v: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        shapley(v)  # type: ignore[arg-type]


# -- sampling --------------------------------------------------------------------------------------------------------


def looked_up(v: np.ndarray):
    n = int(np.log2(v.size))
    return lambda masks: v[(masks * (1 << np.arange(n))).sum(axis=1)]


def test_sampling_is_within_its_error() -> None:
    v = random_game(8, seed=5) + sums(np.arange(8.0))
    v[0] = 0
    found = sampled_shapley(looked_up(v), 8, orders=400, seed=2)
    error = np.abs(found.estimate - shapley(v)) / found.standard_error
    assert error.max() < 4 and found.standard_error.max() < 0.2
    assert error.max() > 0.1  # a sample, not the answer
    assert abs(found.estimate.sum() - v[-1]) <= EFFICIENT * np.abs(v).max()


def test_sampling_errors_are_honest() -> None:
    """Over 60 seeds the mean squared error in standard errors is about one: between 0.6 and 1.6 is 4 deviations of a
    chi-square with 60 x 5 correlated terms, taken as 60."""
    v = random_game(6, seed=9)
    exact = shapley(v)
    ratio = [
        ((found.estimate - exact) / found.standard_error) ** 2
        for found in (sampled_shapley(looked_up(v), 6, orders=60, seed=seed) for seed in range(60))
    ]
    assert 0.6 < np.mean(ratio) < 1.6


def test_sampling_of_an_additive_game_is_exact() -> None:
    found = sampled_shapley(looked_up(sums(np.arange(6.0))), 6, orders=4)
    np.testing.assert_allclose(found.estimate, np.arange(6.0), atol=ROUNDING)
    np.testing.assert_allclose(found.standard_error, 0, atol=ROUNDING)
    again = sampled_shapley(looked_up(random_game(6)), 6, orders=8, seed=3)
    same = sampled_shapley(looked_up(random_game(6)), 6, orders=8, seed=3)
    np.testing.assert_array_equal(again.estimate, same.estimate)


def test_orders_are_taken_both_ways() -> None:
    """In the game s^2 the k-th to come adds 2k - 1: forwards and backwards make n on average, in every pair."""
    found = sampled_shapley(looked_up(sizes(6).astype(float) ** 2), 6, orders=4)
    np.testing.assert_allclose(found.estimate, np.full(6, 6.0), atol=ROUNDING)
    np.testing.assert_allclose(found.standard_error, 0, atol=ROUNDING)
    assert found.lowest.min() >= 1 and found.highest.max() <= 11


@pytest.mark.parametrize("orders", [0, 3, 5, True])
def test_sampling_needs_pairs_of_orders(orders: int) -> None:
    with pytest.raises(InputError, match="even number of orders"):
        sampled_shapley(looked_up(GLOVES), 3, orders=orders)


# -- stability, frontier, order --------------------------------------------------------------------------------------


def test_cartel() -> None:
    """Three equal firms that compete in quantities, demand 1 - p, no cost: a merged group counts as one firm, and each of
    m firms earns 1 / (m + 1)^2. Merging does not pay for so few (Salant, Switzer and Reynolds, 1983)."""
    n = 3
    member, count = membership(n), sizes(n)
    firms = np.where(count > 0, n - count + 1, n)[:, None]
    profit = 1.0 / (firms + 1) ** 2
    payoff = np.where(member, profit / np.maximum(count, 1)[:, None], profit)
    inside, outside = stable(payoff, 1e-12)
    # by hand: alone 1/16 each; of a pair 1/18 each, against 1/16; of all three 1/12 each, against 1/9 for who leaves
    assert [bool(x) for x in inside] == [count[k] <= 1 for k in range(8)]
    gain = incentives(payoff)
    assert gain[0b011, 0] == pytest.approx(1 / 18 - 1 / 16) and gain[0b111, 2] == pytest.approx(1 / 12 - 1 / 9)
    assert gain[0b011, 2] == gain[0b111, 2]  # for an outsider the same number says whether to join
    assert bool(outside[0b001]) and bool(outside[0b111])
    assert surplus_over_leaving(payoff)[0b111] == pytest.approx(3 * (1 / 12 - 1 / 9))


def test_frontier_and_best_of_size() -> None:
    cost, benefit = np.array([0.0, 1, 2, 2, 3]), np.array([0.0, 5, 4, 6, 6])
    assert efficient(cost, benefit).tolist() == [True, True, False, True, False]
    v = random_game(4, seed=2)
    found = best_of_size(v)
    for size, coalition in enumerate(found, 1):
        rivals = [v[sum(1 << k for k in chosen)] for chosen in combinations(range(4), size)]
        assert coalition.bit_count() == size and v[coalition] == max(rivals)


def test_greedy_takes_gainers_first_then_the_best_ratio() -> None:
    benefit, cost = np.array([1.0, 10.0, 6.0]), np.array([-0.5, 10.0, 2.0])

    def evaluate(coalitions: list[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
        total = np.array([sum(benefit[k] for k in chosen) for chosen in coalitions])
        payoff = np.array([[-cost[k] if k in chosen else 0.0 for k in range(3)] for chosen in coalitions])
        return total, payoff

    assert [step.player for step in greedy(3, evaluate, ratio=True)] == [0, 2, 1]
    assert [step.player for step in greedy(3, evaluate, ratio=False)] == [1, 2, 0]
    second = greedy(3, evaluate, ratio=True)[1]
    assert second.cost == 2.0 and second.benefit == 6.0 and second.joint == 0.5 - 2.0
