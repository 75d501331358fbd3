"""The compiled search for one scenario is the search of NumPy: pass by pass, under every closure, and where it has to
leave the work to it."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comity import InputError, NoSolutionError, Shock, World, load_scenario, solve
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium.changes import changes_of
from comity.equilibrium.closures import CLOSURES, benchmark_of, income_factor
from comity.equilibrium.iteration import Iteration
from comity.equilibrium.problem import Problem, make_problem

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="needs the extra: pip install 'comity[fast]'")

WORLD = synthetic_world(9, 4, seed=5, deficits=0.06, zero_cells=0.15)
TAXED = synthetic_world(9, 4, seed=5, deficits=0.06, export_taxes=0.05, zero_cells=0.15)
ROUNDING = 1e-12  # a few hundred operations on numbers of order one
ROUGH = 1e-5  # steps are in float32
TIGHT, COMPARED = 1e-12, 1e-9  # tolerance of two solves that are compared, and by what they may differ


def wide(world: World) -> Shock:
    """Costs, tariffs and productivity all over, one cell closed."""
    rng = np.random.default_rng(1)
    own = np.arange(9)
    iceberg = np.exp(rng.normal(0, 0.2, world.trade_share.shape))
    iceberg[:, own, own] = 1.0
    iceberg[1, 0, 3] = np.inf
    tariff = world.tariff + rng.uniform(0, 0.3, world.tariff.shape)
    tariff[:, own, own] = 0.0
    transfer = np.array([0.01, -0.01, 0, 0, 0, 0, 0, 0, 0]) * world.value_added.min()
    productivity = np.exp(rng.normal(0, 0.05, (4, 9)))
    return Shock(iceberg_hat=iceberg, tariff_new=tariff, productivity_hat=productivity, transfer=transfer)


PAIR = Shock.from_cells(iceberg_hat=([0, 1, 2, 3], [2, 2, 2, 2], [5, 5, 5, 5], 0.9))
HOME = Shock.from_cells(iceberg_hat=([0], [2], [2], 1.1))


def problem(closure: str, shock: Shock) -> Problem:
    benchmark = benchmark_of(WORLD, closure, ["C001"])
    factor = income_factor(benchmark) if closure == "multiplicative-deficits" else None
    return make_problem(benchmark, changes_of(benchmark, shock), closure, income_factor=factor)


@needs_numba
@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("shock", [wide(WORLD), PAIR, HOME], ids=["wide", "pair", "home"])
def test_a_pass_is_that_of_numpy(closure: str, shock: Shock) -> None:
    from comity.equilibrium import compiled_search as compiled
    from comity.equilibrium.compiled_single import step_from
    from comity.equilibrium.responses import responses

    plain = problem(closure, shock)
    world, prepared = plain.prepared.world, responses(plain.prepared)
    given = compiled.laid_out(world, changes_of(world, shock), closure, plain.income_factor)
    answers = compiled.answers_of(prepared)
    work, _, _ = compiled._room(4, 9, len(answers.others))
    for far in (0.0, 1e-3, 0.3):
        state = far * np.sin(np.arange(9 * 9.0))
        error, step, implied = Iteration(plain).errors(state)
        seen, floored = step_from(state, *given, answers, compiled.LIMITS, work)
        assert seen == pytest.approx(error, rel=ROUNDING, abs=ROUNDING) and floored == implied.floored
        spending = implied.demand / np.where(world.expenditure > 0, world.expenditure, 1.0)
        for ours, theirs in ((work.cost, implied.cost), (work.price, implied.log_price), (work.spending, spending)):
            assert np.abs(ours - theirs).max() <= ROUNDING
        for name in ("exports", "imports", "tariff_revenue", "income", "output", "deficit"):
            ours = getattr(work, "revenue" if name == "tariff_revenue" else name)
            assert np.abs(ours - getattr(implied, name)).max() <= ROUNDING * world.value_added.sum()
        assert np.abs(work.step - step).max() <= ROUGH


@needs_numba
@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("shock", [wide(WORLD), PAIR, HOME, Shock()], ids=["wide", "pair", "home", "nothing"])
def test_the_answer_is_that_of_numpy(closure: str, shock: Shock) -> None:
    how: dict[str, Any] = {"closure": closure, "targets": ["C001"], "tolerance": TIGHT}
    plain, compiled = solve(WORLD, shock, **how), solve(WORLD, shock, engine="numba", **how)
    assert compiled.residual <= TIGHT and compiled.converged
    for name in ("wage_hat", "price_index_hat", "real_income_hat", "income_new", "flow_new"):
        theirs = getattr(plain, name)
        assert np.allclose(getattr(compiled, name), theirs, rtol=COMPARED, atol=COMPARED * np.abs(theirs).max())


@needs_numba
def test_it_is_the_compiled_search_that_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it left to NumPy, every test above would pass all the same."""
    from comity.equilibrium import search

    def no(*_: Any, **__: Any) -> None:
        raise AssertionError("left to NumPy")

    monkeypatch.setattr(search, "accelerate", no)
    found = solve(WORLD, wide(WORLD), engine="numba")
    assert found.residual < 1e-10
    near = solve(WORLD, wide(WORLD), engine="numba", start=found.state)
    assert near.iterations < 3 < found.iterations
    with pytest.raises(AssertionError, match="left to NumPy"):
        solve(WORLD, PAIR)


@needs_numba
def test_what_it_does_not_know_is_left_to_numpy() -> None:
    n = len(WORLD.countries)
    cut = Shock.from_cells(
        iceberg_hat=tuple(np.array([(j, a, b) for j in range(4) for a in range(n) for b in range(n)
                                    if a != b and 3 in (a, b)]).T) + (np.inf,)
    )  # fmt: skip
    for world, shock, how in (
        (TAXED, PAIR, {}),
        (WORLD, PAIR, {"equalise": ["C001", "C002"]}),
        (WORLD, cut, {"closure": "balanced"}),
    ):
        plain, compiled = (solve(world, shock, engine=engine, **how) for engine in ("numpy", "numba"))
        assert np.array_equal(plain.real_income_hat, compiled.real_income_hat)
        assert np.array_equal(plain.state, compiled.state)
    said = set()
    for engine in ("numpy", "numba"):
        with pytest.raises(NoSolutionError) as refused:
            solve(WORLD, cut, engine=engine)
        said.add(str(refused.value))
    assert len(said) == 1


@needs_numba
def test_a_state_that_is_far_from_any_solution_is_left_to_numpy() -> None:
    state = np.full(9 * 9, 5.0)
    state[:9] = -5.0
    found = solve(WORLD, PAIR, start=state, engine="numba")
    assert found.residual < 1e-10
    assert np.abs(found.real_income_hat / solve(WORLD, PAIR).real_income_hat - 1).max() < COMPARED


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(InputError, match="unknown engine. Found: fortran. Allowed: numpy, numba"):
        solve(WORLD, PAIR, engine="fortran")


@needs_numba
def test_a_step_of_the_explorer_is_solved_so_once_it_can_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from comity.app import engine, solving

    monkeypatch.setattr(engine, "_chosen", ["numpy"])
    monkeypatch.setattr(engine, "_mark", lambda: tmp_path / "single")
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    plain = solving.solved(load_scenario("tehran-2023"), False)
    (tmp_path / "single").touch()
    asyncio.run(engine.make_ready())
    assert engine.chosen() == "numba"
    compiled = solving.solved(load_scenario("tehran-2023"), False)
    ours, theirs = compiled.runs[0].solution, plain.runs[0].solution
    assert type(ours.source) is not type(theirs.source), "else NumPy has solved both"
    assert np.abs(ours.real_income_hat / theirs.real_income_hat - 1).max() < COMPARED
    assert np.allclose(ours.flow_new, theirs.flow_new, rtol=COMPARED)
