"""Product worlds: the sector world where products add nothing, the written-out equations where they do."""

from __future__ import annotations

import numpy as np
import pytest

from comity import InputError, NoSolutionError, Shock, World, solve
from comity.benchmark.products import ProductWorld
from comity.benchmark.synthetic import synthetic_world
from comity.benchmark.synthetic_products import synthetic_product_world
from comity.equilibrium import product_search
from comity.equilibrium.changes import changes_of
from comity.equilibrium.problem import NoSupplierError
from comity.equilibrium.product_problem import make_product_problem
from comity.equilibrium.product_solve import solve_products
from comity.outcomes.decomposition import decompose
from tests.helpers import one_sector_world
from tests.products.small import cross_border, dense_errors, one_product_each, random_products, written_out

SAME = 1e-10  # asked by definitions.md: one product per sector equals the sector world
TIGHT = 1e-12  # solver tolerance of the tests below, well under what they compare to
EQUATIONS = 1e-11  # of the written-out equations at a solution of tolerance TIGHT: rounding of their own sums on top
ROUNDING = 1e-13  # of a hand formula with a dozen operations

WORLD = synthetic_world(6, 4, seed=3, zero_cells=0.2, export_taxes=0.1)
COUNT = len(WORLD.countries)
OTHERS = 1 - np.eye(COUNT)


def iceberg(*cells: tuple[object, int, int, float]) -> Shock:
    hat = np.ones(WORLD.trade_share.shape)
    for sector, importer, exporter, value in cells:
        hat[sector, importer, exporter] = value
    return Shock(iceberg_hat=hat)


SHOCKS = {
    "tariff": Shock(tariff_new=WORLD.tariff + 0.2 * OTHERS),
    "export tax": Shock(export_tax_new=WORLD.export_tax + 0.1 * OTHERS),
    "iceberg": iceberg((slice(None), 0, 1, 1.5), (slice(None), 1, 0, 0.8), (1, 2, 2, 1.05)),
    "embargo": iceberg((slice(None), 0, 1, np.inf), (slice(None), 1, 0, np.inf)),
    "productivity": Shock(productivity_hat=np.linspace(0.8, 1.3, 4 * COUNT).reshape(4, COUNT)),
    "transfer": Shock(transfer=WORLD.value_added.sum() * 1e-3 * np.array([1.0, -1, 0, 0, 0, 0])),
}
CLOSURES = {
    "fixed-deficits": {},
    "balanced": {},
    "deficit-share-of-gdp": {},
    "multiplicative-deficits": {},
    "targets-balanced": {"targets": ["C000", "C003"]},
}


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("name", SHOCKS)
def test_one_product_per_sector_is_the_sector_world(name: str, closure: str) -> None:
    products = one_product_each(WORLD)
    options = CLOSURES[closure]
    one = solve(WORLD, SHOCKS[name], closure=closure, tolerance=TIGHT, **options)
    other = solve_products(products, SHOCKS[name], closure=closure, tolerance=TIGHT, **options)
    for field in ("real_income_hat", "price_index_hat", "wage_hat", "output_new", "income_new", "tariff_revenue_new"):
        assert np.allclose(getattr(other, field), getattr(one, field), rtol=SAME, atol=0), field
    assert np.allclose(other.flow_new, one.flow_new, rtol=SAME, atol=SAME * one.flow_new.max())
    assert np.allclose(other.benchmark.value_added, one.benchmark.value_added, rtol=SAME)
    assert other.converged and other.residual <= TIGHT


def test_sectors_bought_at_home_only() -> None:
    world = synthetic_world(6, 4, seed=4, zero_cells=0.9)
    home = np.diagonal(world.trade_share, axis1=1, axis2=2)
    assert (home == 1).any()  # these markets have no flow at all
    shock = Shock(tariff_new=world.tariff + 0.3 * OTHERS)
    one, other = solve(world, shock, tolerance=TIGHT), solve_products(one_product_each(world), shock, tolerance=TIGHT)
    assert np.allclose(other.price_index_hat, one.price_index_hat, rtol=SAME)


def test_without_any_flow_all_is_residual() -> None:
    nothing = (np.zeros(0, dtype=int),) * 3 + (np.zeros(0),)
    products = ProductWorld(WORLD, nothing, {"p": WORLD.sectors[0]})
    one = solve(WORLD, SHOCKS["tariff"], tolerance=TIGHT)
    other = solve_products(products, SHOCKS["tariff"], tolerance=TIGHT)
    assert np.allclose(other.real_income_hat, one.real_income_hat, rtol=SAME)
    assert products.counts.residual_share_all == 1.0 and products.counts.used == 0


def test_equalising_transfers_too() -> None:
    one = solve(WORLD, SHOCKS["tariff"], equalise=["C000", "C001"], tolerance=TIGHT)
    other = solve_products(one_product_each(WORLD), SHOCKS["tariff"], equalise=["C000", "C001"], tolerance=TIGHT)
    assert np.allclose(other.transfer_new, one.transfer_new, rtol=1e-8)  # a difference of incomes: digits are lost
    assert other.real_income_hat[0] == pytest.approx(other.real_income_hat[1], rel=SAME)


@pytest.mark.parametrize("name", ["tariff", "iceberg", "embargo"])
def test_identical_products_change_nothing(name: str) -> None:
    sector, importer, exporter, value = cross_border(WORLD)
    flows = tuple(np.concatenate(part) for part in ((sector, sector + 4), (importer,) * 2, (exporter,) * 2))
    parts = np.concatenate([0.3 * value, 0.7 * value])
    codes = {f"{letter}{code}": code for letter in "ab" for code in WORLD.sectors}
    split = solve_products(ProductWorld(WORLD, (*flows, parts), codes), SHOCKS[name], tolerance=TIGHT)
    one = solve(WORLD, SHOCKS[name], tolerance=TIGHT)
    assert np.allclose(split.real_income_hat, one.real_income_hat, rtol=SAME)
    assert np.allclose(split.flow_new, one.flow_new, rtol=SAME, atol=SAME * one.flow_new.max())


@pytest.mark.parametrize("closure", CLOSURES)
def test_no_shock_changes_nothing(closure: str) -> None:
    products = random_products(WORLD, 9)
    nothing = solve_products(products, Shock(), closure=closure, tolerance=TIGHT, **CLOSURES[closure])
    for hat in (nothing.real_income_hat, nothing.price_index_hat, nothing.wage_hat):
        assert np.abs(hat - 1).max() < SAME
    assert np.allclose(nothing.flow_new, nothing.benchmark.flow, rtol=SAME, atol=SAME * nothing.flow_new.max())


@pytest.mark.parametrize("name", SHOCKS)
def test_the_written_out_equations_hold(name: str) -> None:
    products = random_products(WORLD, 9, kept=0.4, seed=5)
    flows, theta = _flows_of(9, 0.4, 5), products.product_theta
    dense = written_out(WORLD, flows, products.product_sector, theta)
    solution = solve_products(products, SHOCKS[name], tolerance=TIGHT)
    kappa = (
        solution.iceberg_hat
        * (1 + solution.tariff_new)
        / (1 + WORLD.tariff)
        * (1 + solution.export_tax_new)
        / (1 + WORLD.export_tax)
    )
    errors = dense_errors(dense, solution, kappa)
    assert max(errors.values()) < EQUATIONS, errors
    # and products matter here: the sector world gives another answer
    assert np.abs(solve(WORLD, SHOCKS[name]).real_income_hat / solution.real_income_hat - 1).max() > 1e-7


def _flows_of(products: int, kept: float, seed: int) -> tuple[np.ndarray, ...]:
    """The flows `random_products` draws, drawn again."""
    rng = np.random.default_rng(seed)
    sector, importer, exporter, value = cross_border(WORLD)
    parts = []
    for p in range(products):
        own = np.flatnonzero((sector == p % 3) & (rng.uniform(size=len(sector)) < kept))
        parts.append(
            (np.full(len(own), p), importer[own], exporter[own], value[own] * np.exp(rng.normal(0, 1, len(own))))
        )
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def symmetric_world(home: float) -> World:
    """Two equal countries, one sector made from labour only, free trade."""
    return World.from_arrays(
        countries=["AAA", "BBB"],
        sectors=["ONE"],
        trade_share=[[[home, 1 - home], [1 - home, home]]],
        tariff=np.zeros((1, 2, 2)),
        value_added_share=np.ones((1, 2)),
        input_share=np.zeros((1, 1, 2)),
        consumption_share=np.ones((1, 2)),
        trade_elasticity=[5.0],
        value_added=[100.0, 100.0],
        deficit=[0.0, 0.0],
    )


def test_two_equal_countries_by_hand() -> None:
    # wages stay equal by symmetry, so P_p = (h + (1-h) k^-theta_p)^(-1/theta_p) and W = 1 / prod P_p^s_p
    home, cost, theta, part = 0.7, 1.3, np.array([3.0, 8.0]), np.array([0.25, 0.75])
    flows = ([0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1.0, 3.0, 1.0, 3.0])
    products = ProductWorld(symmetric_world(home), flows, {"p": "ONE", "q": "ONE"}, theta)
    shock = Shock.from_cells(iceberg_hat=([0, 0], [0, 1], [1, 0], cost))
    solution = solve_products(products, shock, tolerance=1e-14)
    price = (home + (1 - home) * cost**-theta) ** (-1 / theta)
    assert solution.real_income_hat == pytest.approx(np.prod(price**-part), rel=ROUNDING)
    abroad = 100 * (part * (1 - home) * (cost / price) ** -theta).sum()
    assert solution.flow_new[0, 0, 1] == pytest.approx(abroad, rel=ROUNDING)
    assert products.counts.scale == pytest.approx((7.5, 7.5, 7.5), rel=ROUNDING)  # border flow 30 over 4 observed


def test_small_country_products_by_hand() -> None:
    # AAA buys p from BBB only and q from CCC only: an embargo of BBB leaves p to home suppliers, q untouched
    world = one_sector_world(theta=4.0)
    flows = (["p", "q", "p", "p"], ["AAA", "AAA", "BBB", "CCC"], ["BBB", "CCC", "AAA", "AAA"], [1.0, 1.0, 1.0, 1.0])
    products = ProductWorld(world, flows, {"p": "ONE", "q": "ONE"})
    shock = Shock.from_cells(iceberg_hat=([0], [0], [1], np.inf))
    solution = solve_products(products, shock, tolerance=1e-13)
    home, s = 0.8, np.array([0.75, 0.25])  # AAA's foreign spending: 0.15 on BBB (p), 0.05 on CCC (q)
    cost = solution.cost_hat[0] ** -4.0
    price = np.array([home * cost[0], home * cost[0] + (1 - home) * cost[2]]) ** (-1 / 4)
    assert solution.price_index_hat[0, 0] == pytest.approx(np.prod(price**s), rel=ROUNDING)
    assert solution.flow_new[0, 0, 1] == 0.0
    q = s[1] * (1 - home) * cost[2] / (home * cost[0] + (1 - home) * cost[2])
    assert solution.trade_share_new[0, 0] == pytest.approx([1 - q, 0.0, q], rel=ROUNDING)


def test_embargo_of_a_sector() -> None:
    products = random_products(WORLD, 6, seed=2)
    hat = np.ones(WORLD.trade_share.shape)
    hat[1] = np.where(OTHERS > 0, np.inf, 1.0)
    solution = solve_products(products, Shock(iceberg_hat=hat))
    assert (solution.flow_new[1] * OTHERS == 0).all()
    assert (solution.flow_new[0] * OTHERS).sum() > 0


def test_a_product_that_loses_every_supplier_is_refused() -> None:
    world = _no_home()
    flows = (["p", "q"], ["AAA", "AAA"], ["BBB", "CCC"], [1.0, 1.0])
    products = ProductWorld(world, flows, {"p": "ONE", "q": "ONE"})
    shock = Shock.from_cells(iceberg_hat=([0], [0], [1], np.inf))
    solve(world, shock)  # the sector still has a supplier
    with pytest.raises(
        NoSupplierError, match=r"1 product\(s\) lose every supplier.*ONE in AAA \(1\).*pool_without_home"
    ):
        solve_products(products, shock)


def test_products_without_home_sales_may_be_pooled() -> None:
    flows = (["p", "q", "p"], ["AAA", "AAA", "BBB"], ["BBB", "CCC", "CCC"], [1.0, 1.0, 1.0])
    products = ProductWorld(_no_home(), flows, {"p": "ONE", "q": "ONE"}, pool_without_home=True)
    counts = products.counts
    assert (counts.used, counts.pooled, counts.value_pooled) == (1, 2, 2.0)
    shock = Shock.from_cells(iceberg_hat=([0], [0], [1], np.inf))
    pooled, one = solve_products(products, shock, tolerance=TIGHT), solve(products.world, shock, tolerance=TIGHT)
    # AAA's market is the sector's, and p in BBB is all BBB imports of the sector: the sector world again
    assert np.allclose(pooled.real_income_hat, one.real_income_hat, rtol=SAME)


def test_weights_on_the_path_to_an_embargo() -> None:
    products = random_products(WORLD, 9)
    changes = changes_of(WORLD, iceberg((0, 0, 1, np.inf), (0, 0, 2, 1.5)))
    markets, half = products.markets, make_product_problem(WORLD, products.markets, changes, "balanced", fraction=0.5)
    weight = half.border + half.tariff
    closed, dearer = (markets.cell == cell for cell in (1, 2))
    assert closed.any() and dearer.any()
    assert weight[closed] == pytest.approx(0.5 * markets.share[closed], rel=ROUNDING)
    theta = markets.market_theta[markets.market[dearer]]
    assert weight[dearer] == pytest.approx(markets.share[dearer] * 1.5 ** (-theta / 2), rel=ROUNDING)
    others = ~closed & ~dearer
    assert np.allclose(weight[others], markets.share[others], rtol=ROUNDING)


def _no_home() -> World:
    """AAA makes and sells the second sector only, and buys the first abroad."""
    trade = np.zeros((2, 3, 3))
    trade[0] = [[0.0, 0.6, 0.4], [0.0, 0.7, 0.3], [0.0, 0.2, 0.8]]
    trade[1] = [[0.6, 0.2, 0.2], [0.3, 0.6, 0.1], [0.3, 0.1, 0.6]]
    alpha = np.full((2, 3), 0.5)
    spending = np.ones((2, 3))
    for _ in range(3000):
        income = np.einsum("jni,jn->i", trade, spending)
        spending = alpha * income * 3 / income.sum()
    return World.from_arrays(
        countries=["AAA", "BBB", "CCC"],
        sectors=["ONE", "TWO"],
        trade_share=trade,
        tariff=np.zeros((2, 3, 3)),
        value_added_share=np.ones((2, 3)),
        input_share=np.zeros((2, 2, 3)),
        consumption_share=alpha,
        trade_elasticity=[4.0, 5.0],
        value_added=np.einsum("jni,jn->i", trade, spending),
        deficit=np.zeros(3),
    )


def test_medium_size_is_quick_and_exact() -> None:
    products = synthetic_product_world(60, 500, 200_000, seed=1, theta_spread=0.2)
    world = products.world
    tariff = world.tariff + 0.2 * (1 - np.eye(60))
    for shock in (Shock(tariff_new=tariff), Shock.from_cells(iceberg_hat=(range(22), 0, 1, np.inf))):
        solution = solve_products(products, shock)
        assert solution.residual < 1e-8
        assert solution.iterations <= 25  # 12 and 13 when written
    assert products.counts.used == 200_000


def test_the_careful_search_and_the_path_give_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    products = random_products(WORLD, 9)
    expected = solve_products(products, SHOCKS["embargo"], tolerance=TIGHT)
    monkeypatch.setattr(product_search, "QUICK_PASSES", 4)
    careful = solve_products(products, SHOCKS["embargo"], tolerance=TIGHT)
    monkeypatch.setattr(product_search, "CAREFUL_PASSES", 4)
    path = solve_products(products, SHOCKS["embargo"], tolerance=TIGHT)
    assert expected.iterations < careful.iterations < path.iterations
    for other in (careful, path):
        assert np.allclose(other.real_income_hat, expected.real_income_hat, rtol=SAME)


def test_refusals_carry_a_certificate() -> None:
    products = random_products(WORLD, 6)
    subsidy = Shock(tariff_new=np.where(OTHERS > 0, -0.9, 0.0) * np.ones_like(WORLD.tariff))
    with pytest.raises(NoSolutionError) as refused:
        solve_products(products, subsidy)
    assert refused.value.path_fraction is not None and 0 < refused.value.path_fraction < 1
    cut = np.ones(WORLD.trade_share.shape)
    cut[:, 0, 1:] = cut[:, 1:, 0] = np.inf
    with pytest.raises(NoSolutionError, match="cuts C000 off"):
        solve_products(products, Shock(iceberg_hat=cut))


def test_same_input_same_bits() -> None:
    products = random_products(WORLD, 9)
    first, second = (solve_products(products, SHOCKS["tariff"]) for _ in range(2))
    assert np.array_equal(first.real_income_hat, second.real_income_hat)
    assert np.array_equal(first.flow_new, second.flow_new)


def test_nothing_below_the_sector_is_served() -> None:
    products = random_products(WORLD, 9)
    solution = solve_products(products, SHOCKS["embargo"])
    sizes = {4, COUNT, 2 * COUNT}  # sectors, countries, their weights side by side
    for name in [*solution.__dataclass_fields__, "trade_share_new", "flow_new", "iceberg_hat", "equivalent_variation"]:
        value = getattr(solution, name)
        if isinstance(value, np.ndarray) and name != "state":
            assert set(value.shape) <= sizes, name
    assert not [name for name in dir(solution) if "product" in name and name != "productivity_hat"]
    with pytest.raises(InputError, match="those of sector worlds"):
        _ = solution.problem
    with pytest.raises(InputError, match="those of sector worlds"):
        decompose(solution)


def test_wrong_arguments() -> None:
    products = random_products(WORLD, 3)
    with pytest.raises(InputError, match="a ProductWorld is needed"):
        solve_products(WORLD, Shock())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown closure"):
        solve_products(products, Shock(), closure="free")
    with pytest.raises(InputError, match="a small positive number"):
        solve_products(products, Shock(), tolerance=0.0)
    with pytest.raises(InputError, match="a list of country codes"):
        solve_products(products, Shock(), equalise="C000")
