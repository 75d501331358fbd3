"""The JAX driver beside the NumPy solver: same answers, same residual, nothing left switched on, nothing guessed."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from functools import cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from comity import InputError, NoSolutionError, Shock, World, embedded_worlds, load_world, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium.changes import Changes, changes_of
from comity.equilibrium.closures import CLOSURES, benchmark_of
from comity.equilibrium.jax_driver import FIELDS, JaxBatch, jax_batch
from comity.equilibrium.jax_plan import choose_layout
from comity.equilibrium.problem import make_problem
from comity.equilibrium.residual import residuals
from comity.equilibrium.solution import Solution

# not imported while tests are collected: once JAX runs, nothing may fork, and other tests are about that
if find_spec("jax") is None:
    pytest.skip("needs the extra: pip install 'comity[jax]'", allow_module_level=True)

Array = NDArray[np.float64]

TOLERANCE = 1e-11
PARITY = 10 * TOLERANCE  # two solves at one tolerance, by definition of parity in the design
# A quantity near zero beside others of its kind (a small flow, a transfer of nothing) is compared on the scale of the
# largest one: below this share of it, rounding of the sums it comes from decides.
SMALL = 1e-3
RESIDUAL_ROUNDING = 3e-14  # of two ways to add up the same dozens of positive terms: a hundred times 2e-16
ROUNDING = 1e-12  # a few hundred floating-point operations on numbers of order one
MAIN = ("real_income_hat", "wage_hat", "price_index_hat", "expenditure_new", "flow_new")
TARGETS = {"targets-balanced": ["C001"]}
# one set of fields and one batch size wherever the test is not about them: each other set compiles another program
SETTINGS: dict[str, Any] = {"keep": FIELDS, "batch_size": 8}


@cache
def small_world() -> World:
    return synthetic_world(6, 4, seed=2, deficits=0.05, export_taxes=0.1, zero_cells=0.2)


def mixed_shocks(world: World, count: int) -> list[Shock]:
    """Icebergs on a third of all cells, embargoes of a pair, costs of home sales, tariffs, export taxes, productivity
    and transfers in turn: so many cells that each member has weights of its own."""
    rng = np.random.default_rng(1)
    j, n = world.value_added_share.shape
    shape, abroad = (j, n, n), ~np.eye(n, dtype=bool)
    shocks = []
    for number in range(count):
        iceberg = np.where((rng.random(shape) < 0.3) & abroad, np.exp(rng.normal(0, 0.3, shape)), 1.0)
        if number % 4 == 1:
            iceberg[:-1, 0, 1] = np.inf
        if number % 4 == 2:
            iceberg[:, np.arange(n), np.arange(n)] = 1.1
        transfer = np.zeros(n)
        if number % 5 == 2:
            transfer[:2] = 0.02 * world.value_added.min() * np.array([1, -1])
        shocks.append(
            Shock(
                iceberg_hat=iceberg,
                tariff_new=world.tariff + 0.1 * rng.random(shape) * abroad if number % 3 else None,
                export_tax_new=world.export_tax + 0.1 * rng.random(shape) * abroad if number % 3 == 1 else None,
                productivity_hat=np.exp(rng.normal(0, 0.1, (j, n))) if number % 2 == 0 else None,
                transfer=transfer if number % 5 == 2 else None,
            )
        )
    return shocks


def compact_shocks(world: World, count: int) -> list[Shock]:
    """The same families on few cells, the first shock with all of them: members share the other weights."""
    rng = np.random.default_rng(3)
    j, n = world.value_added_share.shape
    shocks = []
    for number in range(count):
        # the last cell of all is a home market: what pads a block must not touch it
        cells = (np.array([0, 0, j - 1, 2]), np.array([0, 1, n - 1, 3]), np.array([1, 0, n - 1, 4]))
        iceberg = rng.uniform(0.8, 1.3, 4)
        if number % 3 == 2:
            iceberg[0] = np.inf
        rates = ([0, 1], [0, 5], [1, 3], rng.uniform(0, 0.4, 2))
        transfer = 0.02 * world.value_added.min() * np.roll([1, -1] + [0] * (n - 2), number)
        shocks.append(
            Shock.from_cells(
                iceberg_hat=(*cells, iceberg),
                tariff_new=rates if number % 2 == 0 else None,
                export_tax_new=rates if number % 4 in (0, 3) else None,
                productivity_hat=np.exp(rng.normal(0, 0.1, (j, n))) if number % 3 == 0 else None,
                transfer=transfer if number % 5 in (0, 2) else None,
            )
        )
    return shocks


def batch_of(world: World, shocks: list[Shock], closure: str, **options: Any) -> JaxBatch:
    benchmark = benchmark_of(world, closure, TARGETS.get(closure))
    changes = [changes_of(benchmark, shock) for shock in shocks]
    return jax_batch(benchmark, changes, closure=closure, **{"tolerance": TOLERANCE, **SETTINGS, **options})


def difference(left: Array, right: Array) -> float:
    """Largest difference, relative to the quantity or to a share of the largest of its kind."""
    scale = np.maximum(np.abs(right), SMALL * np.abs(right).max())
    return float(np.max(np.abs(left - right) / np.where(scale > 0, scale, 1.0)))


def assert_same(batch: JaxBatch, number: int, solution: Solution, names: tuple[str, ...]) -> None:
    for name in names:
        apart = difference(batch.kept[name][number], np.asarray(getattr(solution, name)))
        assert apart < PARITY, f"{name} of scenario {number}: {apart:.1e}"


def assert_parity(world: World, shocks: list[Shock], closure: str, names: tuple[str, ...], **options: Any) -> None:
    batch = batch_of(world, shocks, closure, **options)
    assert batch.found.all(), batch.left
    assert (batch.left == "").all()
    assert (batch.residual <= TOLERANCE).all()
    for number, shock in enumerate(shocks):
        solution = solve(world, shock, closure=closure, targets=TARGETS.get(closure), tolerance=TOLERANCE)
        assert_same(batch, number, solution, names)


# -- parity -----------------------------------------------------------------------------------------------


# the equivalent variation is a difference of two incomes: the real income it comes from is compared
COMPARED = tuple(name for name in FIELDS if name != "equivalent_variation")


@pytest.mark.parametrize("closure", CLOSURES)
def test_every_field_is_that_of_solve_under_every_closure(closure: str) -> None:
    world = small_world()
    shocks = compact_shocks(world, 11)
    assert choose_layout(world, [changes_of(world, shock) for shock in shocks], "cpu", 8).cells is not None
    assert_parity(world, shocks, closure, COMPARED)


@pytest.mark.parametrize(
    "closure", [CLOSURES[0], *[pytest.param(name, marks=pytest.mark.slow) for name in CLOSURES[1:]]]
)
def test_weights_of_their_own_where_many_cells_change(closure: str) -> None:
    world = small_world()
    shocks = mixed_shocks(world, 9)
    assert choose_layout(world, [changes_of(world, shock) for shock in shocks], "cpu", 4).cells is None
    assert_parity(world, shocks, closure, COMPARED, batch_size=4)


@pytest.mark.parametrize("size", [16, *[pytest.param(size, marks=pytest.mark.slow) for size in (1, 4)]])
def test_batch_sizes_agree(size: int) -> None:
    world = small_world()
    shocks = compact_shocks(world, 19)
    eight = batch_of(world, shocks, "fixed-deficits")
    other = batch_of(world, shocks, "fixed-deficits", batch_size=size)
    assert eight.found.all()
    assert other.found.all()
    for name in MAIN:
        assert difference(other.kept[name], eight.kept[name]) < PARITY


def test_elasticities_of_each_scenario() -> None:
    world = small_world()
    shocks = compact_shocks(world, 6)
    thetas = world.trade_elasticity * np.exp(np.random.default_rng(4).normal(0, 0.3, (6, 4)))
    batch = batch_of(world, shocks, "fixed-deficits", trade_elasticity=thetas)
    assert batch.found.all()
    for number, shock in enumerate(shocks):
        solution = solve(world.with_elasticities(thetas[number]), shock, tolerance=TOLERANCE)
        assert_same(batch, number, solution, MAIN)


def test_no_shock_leaves_the_benchmark() -> None:
    world = small_world()
    batch = batch_of(world, compact_shocks(world, 1) + [Shock()] * 7, "fixed-deficits")
    assert np.abs(batch.kept["real_income_hat"][1:] - 1).max() < ROUNDING
    assert difference(batch.kept["flow_new"][3], world.flow) < ROUNDING


def test_an_embargo_is_exactly_zero() -> None:
    world = small_world()
    batch = batch_of(world, compact_shocks(world, 3), "fixed-deficits")
    assert batch.found.all()
    for name in ("flow_new", "trade_share_new"):
        assert world.trade_share[0, 0, 1] > 0
        assert batch.kept[name][2, 0, 0, 1] == 0
        assert (batch.kept[name][:2, 0, 0, 1] > 0).all()


def pair_shocks(world: World) -> list[Shock]:
    """Belarus and Iran: costs, tariffs, an embargo of goods, a transfer, Russian productivity; no export taxes."""
    iran, belarus, russia = (world.country(code) for code in ("IRN", "BLR", "RUS"))
    goods = np.arange(len(world.sectors) - 1)
    pair = (np.tile(goods, 2), np.repeat([iran, belarus], len(goods)), np.repeat([belarus, iran], len(goods)))
    productivity, transfer = np.ones(world.value_added_share.shape), np.zeros(len(world.countries))
    productivity[:, russia] = 1.02
    transfer[[iran, belarus]] = 100.0, -100.0
    return [
        Shock.from_cells(iceberg_hat=(*pair, 0.9)),
        Shock.from_cells(tariff_new=(*pair, 0.0)),
        Shock.from_cells(iceberg_hat=(*pair, np.inf)),
        Shock.from_cells(iceberg_hat=(*pair, 1.2), productivity_hat=productivity),
        Shock.from_cells(transfer=transfer),
    ]


@pytest.mark.parametrize(
    "closure", ["fixed-deficits", *[pytest.param(name, marks=pytest.mark.slow) for name in CLOSURES[1:]]]
)
def test_embedded_world(closure: str) -> None:
    if "world-2022" not in embedded_worlds():
        pytest.skip("world-2022 is not embedded here")
    world = load_world("world-2022")
    targets = ["RUS"] if closure == "targets-balanced" else None
    benchmark = benchmark_of(world, closure, targets)
    shocks = pair_shocks(benchmark)
    changes = [changes_of(benchmark, shock) for shock in shocks]
    batch = jax_batch(benchmark, changes, closure=closure, tolerance=TOLERANCE, keep=MAIN)
    assert batch.found.all()
    for number, shock in enumerate(shocks):
        solution = solve(world, shock, closure=closure, targets=targets, tolerance=TOLERANCE)
        assert_same(batch, number, solution, MAIN)


# -- the residual -----------------------------------------------------------------------------------------


def answer_of(world: World, changes: Changes, batch: JaxBatch, number: int) -> SimpleNamespace:
    """What residual.py looks at in a Solution, filled from the device."""
    return SimpleNamespace(
        benchmark=world,
        problem=make_problem(world, changes, "fixed-deficits"),
        productivity_hat=changes.productivity_hat,
        **{name: values[number] for name, values in batch.kept.items()},
    )


@pytest.mark.parametrize("make", [compact_shocks, mixed_shocks])
@pytest.mark.parametrize("tolerance", [1e-4, TOLERANCE])
def test_residual_on_the_device_is_that_of_residual_py(make: Any, tolerance: float) -> None:
    world = small_world()
    shocks = make(world, 9)
    batch_size = 8 if make is compact_shocks else 4  # programs that are there already
    batch = batch_of(world, shocks, "fixed-deficits", tolerance=tolerance, batch_size=batch_size)
    assert batch.found.all()
    assert batch.residual.max() > 10 * RESIDUAL_ROUNDING  # there is something to compare
    for number, shock in enumerate(shocks):
        expected = max(residuals(answer_of(world, changes_of(world, shock), batch, number)).values())
        assert abs(batch.residual[number] - expected) < RESIDUAL_ROUNDING


# -- what is not solved here ------------------------------------------------------------------------------


def test_a_failing_member_changes_nothing_for_the_others() -> None:
    world = small_world()
    shocks = compact_shocks(world, 8)
    owed = 3 * world.value_added.min() * np.array([-1, 1, 0, 0, 0, 0])  # more than the smallest country has
    ruin = Shock(transfer=np.roll(owed, int(world.value_added.argmin())))
    with pytest.raises(NoSolutionError):
        solve(world, ruin)
    alone = batch_of(world, shocks, "fixed-deficits")
    mixed = batch_of(world, [*shocks[:3], ruin, *shocks[4:]], "fixed-deficits")
    others = np.arange(8) != 3
    assert not mixed.found[3]
    assert mixed.left[3] == "not-reached"
    assert np.isnan(mixed.kept["real_income_hat"][3]).all()
    assert mixed.found[others].all()
    assert (mixed.kept["real_income_hat"][others] == alone.kept["real_income_hat"][others]).all()
    assert (mixed.iterations[others] == alone.iterations[others]).all()


def test_a_member_that_leaves_the_domain_starts_again_from_its_best_state() -> None:
    import jax

    from comity.equilibrium.jax_anderson import accelerate

    jnp = jax.numpy
    with jax.enable_x64(True):
        pull = jnp.array([[0.5, 4.0]])  # the second member is thrown past 2, where nothing is defined, by a whole step

        def errors(state: Any) -> tuple[Any, Any]:
            inside = jnp.where(state > 2.0, jnp.nan, 1 - state)
            return jnp.abs(inside).max(axis=0), pull * (inside + 0.1 * inside**2)

        search = accelerate(errors, jnp.array([True, True]), 3, 3, TOLERANCE, 50)
        assert search.reached.all()
        assert float(jnp.abs(search.state - 1).max()) < TOLERANCE
        assert int(search.passes[1]) > int(search.passes[0]) > 3


def test_cuts_are_left_to_solve() -> None:
    world = synthetic_world(5, 3, seed=4)
    isolated, one_way = np.ones((3, 5, 5)), np.ones((3, 5, 5))
    isolated[:, 0, 1:] = isolated[:, 1:, 0] = np.inf
    one_way[:, 1:, 0] = np.inf
    batch = batch_of(world, [Shock(iceberg_hat=isolated), Shock(iceberg_hat=one_way)], "fixed-deficits")
    assert list(batch.left) == ["cut-off", "cut-off"]
    assert not batch.found.any()
    assert np.isnan(batch.residual).all()
    assert np.isnan(batch.kept["real_income_hat"]).all()


def test_a_lost_sector_is_left_to_solve() -> None:
    # no home sales of the first sector in the first country, which then loses the other supplier
    share = np.array([[[0.0, 1.0], [0.2, 0.8]], [[0.7, 0.3], [0.4, 0.6]]])
    output = (share * 50.0).sum(axis=1)
    world = World.from_arrays(
        countries=["AAA", "BBB"],
        sectors=["ONE", "TWO"],
        trade_share=share,
        tariff=np.zeros((2, 2, 2)),
        value_added_share=np.ones((2, 2)),
        input_share=np.zeros((2, 2, 2)),
        consumption_share=np.full((2, 2), 0.5),
        trade_elasticity=[4.0, 5.0],
        value_added=output.sum(axis=0),
        deficit=100.0 - output.sum(axis=0),
    )
    shock = Shock.from_cells(iceberg_hat=([0], [0], [1], np.inf))
    batch = batch_of(world, [shock], "fixed-deficits")
    assert list(batch.left) == ["no-supplier"]


def test_separate_parts_are_left_to_solve() -> None:
    world = synthetic_world(5, 3, seed=4)
    isolated = np.ones((3, 5, 5))
    isolated[:, 0, 1:] = isolated[:, 1:, 0] = np.inf
    cut = solve(world, Shock(iceberg_hat=isolated), closure="balanced")
    apart = world.replace(
        trade_share=cut.trade_share_new,
        value_added=cut.wage_hat * cut.benchmark.value_added,
        deficit=cut.deficit_new,
        expenditure=cut.expenditure_new,
    )
    assert list(batch_of(apart, [Shock()], "fixed-deficits").left) == ["separate-parts"]


def test_elasticities_that_move_the_benchmark_are_left_to_solve() -> None:
    world = small_world()
    thetas = np.stack([world.trade_elasticity, 1.1 * world.trade_elasticity])
    batch = batch_of(world, compact_shocks(world, 2), "balanced", trade_elasticity=thetas)
    assert list(batch.left) == ["", "benchmark-moves"]


def test_nothing_to_solve() -> None:
    batch = batch_of(small_world(), [], "fixed-deficits")
    assert batch.kept["real_income_hat"].shape == (0, 6)


# -- what JAX is left as ----------------------------------------------------------------------------------


def test_64_bit_numbers_stay_with_us() -> None:
    world = small_world()
    batch = batch_of(world, compact_shocks(world, 1), "fixed-deficits")
    assert batch.kept["real_income_hat"].dtype == np.float64
    import jax

    assert jax.numpy.ones(1).dtype == np.float32


def test_32_bit_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jax.enable_x64", lambda _: nullcontext())
    with pytest.raises(InputError, match="no 64-bit numbers"):
        batch_of(synthetic_world(3, 2, seed=1), [Shock()], "fixed-deficits")  # a World not on the device yet


def test_missing_jax_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(InputError, match=r"pip install 'comity\[jax\]'"):
        batch_of(small_world(), [Shock()], "fixed-deficits")


def test_nothing_else_imports_jax() -> None:
    code = (
        "import sys, comity; from comity.benchmark.synthetic import synthetic_world\n"
        "import comity.equilibrium.jax_driver\n"
        "comity.solve_many(synthetic_world(3, 2), [comity.Shock()])\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('jax', 'jaxlib')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"closure": "balancd"}, "closure"),
        ({"keep": ("real_incme_hat",)}, "keep"),
        ({"batch_size": 0}, "batch_size"),
        ({"tolerance": 0.1}, "tolerance"),
        ({"trade_elasticity": np.ones((2, 4))}, "trade_elasticity"),
        ({"trade_elasticity": -np.ones((1, 4))}, "trade_elasticity"),
        ({"closure": "balanced"}, "world"),
    ],
)
def test_wrong_input(options: dict[str, Any], where: str) -> None:
    world = small_world()
    with pytest.raises(InputError) as caught:
        jax_batch(world, [changes_of(world, Shock())], **options)
    assert caught.value.where == where
