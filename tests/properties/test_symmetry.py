"""Names, units and the way an economy is cut into countries and sectors do not matter."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from comity import Shock, World
from tests.properties.worlds import (
    MILD,
    Array,
    Case,
    Features,
    answer,
    arrays_of,
    assert_same,
    cases,
    features,
    from_arrays,
    holds,
    shock_of,
    world_of,
)

seeds = st.integers(0, 10**6)


def turned(shock: Shock, sectors: Array, countries: Array) -> Shock:
    """The Shock with sectors and countries picked in another order (or more than once)."""
    cells, pairs = np.ix_(sectors, countries, countries), np.ix_(sectors, countries)

    def pick(array: Array | None, where: object) -> Array | None:
        return None if array is None else array[where]

    return Shock(
        iceberg_hat=pick(shock.iceberg_hat, cells),
        tariff_new=pick(shock.tariff_new, cells),
        export_tax_new=pick(shock.export_tax_new, cells),
        productivity_hat=pick(shock.productivity_hat, pairs),
        transfer=pick(shock.transfer, countries),
    )


def picked(world: World, sectors: Array, countries: Array) -> dict[str, Array]:
    """Arrays of the world with sectors and countries picked in another order (or more than once)."""
    arrays = arrays_of(world)
    cells, pairs = np.ix_(sectors, countries, countries), np.ix_(sectors, countries)
    return {
        **{name: arrays[name][cells] for name in ("trade_share", "tariff", "export_tax")},
        **{name: arrays[name][pairs] for name in ("value_added_share", "consumption_share")},
        "input_share": arrays["input_share"][np.ix_(sectors, sectors, countries)],
        "trade_elasticity": arrays["trade_elasticity"][sectors],
        "value_added": arrays["value_added"][countries],
        "deficit": arrays["deficit"][countries],
    }


@holds(30, case=cases(features()), factor=st.sampled_from([7.0, 1e-6, 1e9]))
def test_the_unit_of_money_does_not_matter(case: Case, factor: float) -> None:
    world = case.world
    other = from_arrays(
        {**arrays_of(world), "value_added": factor * world.value_added, "deficit": factor * world.deficit}
    )
    transfer = None if case.shock.transfer is None else factor * case.shock.transfer
    scaled = Shock(
        case.shock.iceberg_hat,
        case.shock.tariff_new,
        case.shock.export_tax_new,
        case.shock.productivity_hat,
        transfer,
    )
    a, b = answer(world, case.shock), answer(other, scaled)
    assert_same(b.real_income_hat, a.real_income_hat)
    assert_same(b.wage_hat, a.wage_hat)
    assert_same(b.price_index_hat, a.price_index_hat)
    assert_same(b.income_new / factor / 1000, a.income_new / 1000)
    assert_same(b.transfer_new / factor / 1000, a.transfer_new / 1000)


@holds(30, case=cases(features()), seed=seeds)
def test_relabelling_permutes_the_answer(case: Case, seed: int) -> None:
    rng = np.random.default_rng(seed)
    j, n = case.world.value_added_share.shape
    sectors, countries = rng.permutation(j), rng.permutation(n)
    other = from_arrays(picked(case.world, sectors, countries))
    a, b = answer(case.world, case.shock), answer(other, turned(case.shock, sectors, countries))
    assert_same(b.real_income_hat, a.real_income_hat[countries])
    assert_same(b.wage_hat, a.wage_hat[countries])
    assert_same(b.price_index_hat, a.price_index_hat[np.ix_(sectors, countries)])
    assert_same(b.trade_share_new, a.trade_share_new[np.ix_(sectors, countries, countries)])


@holds(30, case=cases(features(countries=(2, 5))), part=st.floats(0.05, 0.95))
def test_a_country_in_two_parts_is_one_country(case: Case, part: float) -> None:
    """Country 0 in two like parts that share its home market: every real income changes as before, also the parts'."""
    j, n = case.world.value_added_share.shape
    copy = np.array([0, *range(n)])
    size = np.array([part, 1 - part, *np.ones(n - 1)])
    arrays = picked(case.world, np.arange(j), copy)
    arrays["trade_share"] = arrays["trade_share"] * size
    arrays["value_added"], arrays["deficit"] = arrays["value_added"] * size, arrays["deficit"] * size
    shock = turned(case.shock, np.arange(j), copy)
    if shock.transfer is not None:
        shock = Shock(
            shock.iceberg_hat, shock.tariff_new, shock.export_tax_new, shock.productivity_hat, shock.transfer * size
        )
    a, b = answer(case.world, case.shock), answer(from_arrays(arrays), shock)
    assert_same(b.real_income_hat, a.real_income_hat[copy])
    assert_same(b.wage_hat, a.wage_hat[copy])
    assert_same(b.income_new / 1000, (a.income_new[copy] * size) / 1000)


@holds(30, case=cases(features(sectors=(1, 3))), part=st.floats(0.05, 0.95))
def test_a_sector_in_two_parts_is_one_sector(case: Case, part: float) -> None:
    """Sector 0 in two parts of the same technology, trade and theta, bought in fixed proportions of spending."""
    j, n = case.world.value_added_share.shape
    copy = np.array([0, *range(j)])
    size = np.array([part, 1 - part, *np.ones(j - 1)])
    arrays = picked(case.world, copy, np.arange(n))
    arrays["consumption_share"] = arrays["consumption_share"] * size[:, None]
    arrays["input_share"] = arrays["input_share"] * size[:, None, None]
    shock = turned(case.shock, copy, np.arange(n))
    a, b = answer(case.world, case.shock), answer(from_arrays(arrays), shock)
    assert_same(b.real_income_hat, a.real_income_hat)
    assert_same(b.wage_hat, a.wage_hat)
    assert_same(b.price_index_hat, a.price_index_hat[copy])
    assert_same(b.output_new / 1000, a.output_new[copy] * size[:, None] / 1000)


def side_by_side(one: World, two: World) -> World:
    """Two worlds of the same sectors that do not trade with each other."""
    a, b = arrays_of(one), arrays_of(two)
    j, n = one.value_added_share.shape
    m = two.value_added_share.shape[1]
    cells = ("trade_share", "tariff", "export_tax")
    columns = [name for name in a if name not in (*cells, "trade_elasticity")]
    whole = {name: np.concatenate([a[name], b[name]], axis=-1) for name in columns}
    for name in cells:
        whole[name] = np.zeros((j, n + m, n + m))
        whole[name][:, :n, :n], whole[name][:, n:, n:] = a[name], b[name]
    return from_arrays({**whole, "trade_elasticity": a["trade_elasticity"]})


def joined(left: Array | None, right: Array | None, blank: float, size: tuple[int, int]) -> Array:
    """(J, N + M, N + M) cells of two separate worlds."""
    n, m = size
    some = left if left is not None else right
    assert some is not None
    whole = np.full((len(some), n + m, n + m), blank)
    if left is not None:
        whole[:, :n, :n] = left
    if right is not None:
        whole[:, n:, n:] = right
    return whole


@holds(
    30,
    one=features(countries=(2, 3), sectors=(2, 2)),
    two=features(countries=(2, 3), sectors=(2, 2)),
    seed=seeds,
    closure=st.sampled_from(["fixed-deficits", "balanced"]),
)
def test_worlds_apart_do_not_touch(one: Features, two: Features, seed: int, closure: str) -> None:
    """Two worlds without trade between them, solved together, answer as each does by itself."""
    first = world_of(one)
    second = world_of(two, theta=first.trade_elasticity)
    n, m = len(first.countries), len(second.countries)
    left = shock_of(first, ("iceberg", "productivity"), MILD, seed)
    right = shock_of(second, ("iceberg", "productivity"), MILD, seed + 1)
    shock = Shock(
        iceberg_hat=joined(left.iceberg_hat, right.iceberg_hat, 1.0, (n, m)),
        productivity_hat=np.concatenate([left.productivity_hat, right.productivity_hat], axis=1),
    )
    together = answer(side_by_side(first, second), shock, closure=closure)
    a, b = answer(first, left, closure=closure), answer(second, right, closure=closure)
    assume(len(np.unique(a.component)) == 1)
    for name in ("real_income_hat", "wage_hat", "price_index_hat"):
        assert_same(getattr(together, name), np.concatenate([getattr(a, name), getattr(b, name)], axis=-1))
    assert len(np.unique(together.component)) == len(np.unique(a.component)) + len(np.unique(b.component))
