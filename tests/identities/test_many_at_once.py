"""What solve_many does for many scenarios at once is what it would do one by one: changed cells, rough and exact passes,
members leaving the arrays."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from comity import InputError, Shock, solve_many
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium.changes import changes_of
from comity.equilibrium.changes_together import changes_of_all
from comity.equilibrium.members import Deficits, Members, fit, fits, gather
from comity.equilibrium.prepared import prepare
from comity.equilibrium.space import Space

WORLD = synthetic_world(6, 3, seed=3, deficits=0.1)
ROUNDING = 1e-6  # of a rough pass, relative to how far prices are from the benchmark: float32 summed over few countries

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="needs the extra: pip install 'comity[fast]'")


def cost(pairs: list[tuple[int, int]], hat: float) -> Shock:
    """All sectors, in the order of the pairs."""
    importer, exporter = np.repeat(np.array(pairs), 3, axis=0).T
    return Shock.from_cells(iceberg_hat=(np.tile([0, 1, 2], len(pairs)), importer, exporter, hat))


PLAN = [
    cost([(4, 1), (0, 2)], 0.8),  # not in ascending order
    Shock(),
    cost([(1, 2)], 1.0),  # nothing moves
    Shock.from_cells(iceberg_hat=([0, 1], [3, 3], [2, 5], [1.0, 1.3])),
    cost([(5, 0)], np.inf),
    cost([(0, 1), (1, 0)], 1.2),
]


def test_changes_of_many_are_those_of_each() -> None:
    for together, shock in zip(changes_of_all([WORLD] * len(PLAN), PLAN), PLAN, strict=True):
        alone = changes_of(WORLD, shock)
        assert np.array_equal(together.flat, alone.flat)
        assert (together.log_iceberg is None) == (alone.log_iceberg is None)
        assert np.array_equal(together.log_cost(), alone.log_cost())
        assert together.productivity_hat is alone.productivity_hat and together.transfer is alone.transfer


def test_many_fit_where_each_does() -> None:
    home = Shock.from_cells(iceberg_hat=([0], [2], [2], 1.1))
    cut_off = cost([(a, b) for a in range(6) for b in range(6) if 3 in (a, b) and a != b], np.inf)
    for plan in (PLAN, PLAN[:4], [*PLAN[:4], home], [*PLAN[:2], cut_off]):
        changes = [changes_of(WORLD, shock) for shock in plan]
        assert fit(WORLD, changes) == [fits(WORLD, part) for part in changes]
    assert fit(WORLD, [changes_of(WORLD, shock) for shock in (PLAN[0], home)]) == [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        Shock(iceberg_hat=(np.array([0]), np.array([6]), np.array([1]), np.array([1.1]))),
        Shock(iceberg_hat=(np.array([0, 0]), np.array([1, 1]), np.array([2, 2]), np.array([1.1, 1.2]))),
        Shock.from_cells(iceberg_hat=([0], [1], [2], [-1.0])),
        Shock.from_cells(iceberg_hat=([0], [1], [2], [np.nan])),
        Shock.from_cells(iceberg_hat=([0], [1], [1], [np.inf])),
    ],
)
def test_a_mistake_among_many_is_told_as_alone(wrong: Shock) -> None:
    with pytest.raises(InputError) as alone:
        changes_of(WORLD, wrong)
    with pytest.raises(InputError) as together:
        changes_of_all([WORLD] * 3, [PLAN[0], wrong, PLAN[1]])
    assert str(together.value) == str(alone.value)


def test_memory_begins_at_a_line_of_the_cache() -> None:
    space = Space()
    arrays = [space.array(str(size), (size,), np.float32) for size in (1, 17, 64, 9_000_000)]
    assert all(array.ctypes.data % 64 == 0 for array in arrays)
    for number, array in enumerate(arrays):
        array[:] = number
    assert [array.min() for array in arrays] == [array.max() for array in arrays] == [0, 1, 2, 3]
    assert space.array("64", (4, 8), np.float32).base is arrays[2].base


def members(shocks: list[Shock]) -> Members:
    deficits = Deficits.of(["fixed-deficits"] * len(shocks), [WORLD] * len(shocks))
    changes = [changes_of(WORLD, shock) for shock in shocks]
    return gather(WORLD, changes, None, np.arange(len(shocks)), deficits)


@needs_numba
def test_a_rough_pass_rounds_in_proportion_to_the_distance_from_the_benchmark() -> None:
    from comity.equilibrium import compiled, compiled_chunk

    base = prepare(WORLD)
    some = members([PLAN[0], PLAN[3], PLAN[5]])
    changed, rules = compiled_chunk.laid_out(some, base)
    answer = compiled_chunk.answer_of(some.responses[0])
    for far in (0.0, 1e-3, 0.1):
        state = far * np.sin(np.arange(6 * 7 * 3.0)).reshape(6 * 7, 3)
        seen = {}
        for rough in (False, True):
            room = compiled_chunk._room(3, 6, 3, Space())
            compiled.look(compiled_chunk.economy_of(base), changed, rules, answer, room, state, rough)
            seen[rough] = room
        size = max(far, np.abs(np.log([0.8, 1.3])).max())
        assert np.abs(seen[True].output / seen[False].output - 1).max() <= ROUNDING * size
        assert np.abs(seen[True].step - seen[False].step).max() <= 10 * ROUNDING * size  # in float32 itself


@needs_numba
def test_where_nothing_changes_a_rough_pass_is_exact() -> None:
    from comity.equilibrium import compiled, compiled_chunk

    base, nobody = prepare(WORLD), members([Shock(), Shock()])
    changed, rules = compiled_chunk.laid_out(nobody, base)
    room = compiled_chunk._room(3, 6, 2, Space())
    answer, state = compiled_chunk.answer_of(nobody.responses[0]), np.zeros((6 * 7, 2))
    compiled.look(compiled_chunk.economy_of(base), changed, rules, answer, room, state, True)
    assert room.largest.max() < 1e-11  # the benchmark's own residual


@needs_numba
@pytest.mark.parametrize("plan", [PLAN, [PLAN[5]] * 6], ids=["entries", "columns"])
def test_members_that_stay_are_laid_out_as_if_alone(plan: list[Shock]) -> None:
    from comity.equilibrium import compiled_chunk

    base, columns = prepare(WORLD), np.array([0, 3, 4])
    changed, rules = compiled_chunk.laid_out(members(plan), base)
    fewer = compiled_chunk._changed_of(changed, columns, len(plan))
    stayed, own = compiled_chunk.laid_out(members([plan[k] for k in columns]), base)
    dense = [np.zeros((3, 6, 6, 3)) for _ in range(2)]  # sector, buyer, seller, member: however the cells are held
    for part, target in zip((fewer, stayed), dense, strict=True):
        sector = np.repeat(np.arange(3), np.diff(part.first))
        for u, j in enumerate(sector):
            who = part.member[u] if len(part.member) else slice(None)
            target[j, part.buyer[u], part.seller[u], who] += part.border[u, 0] if len(part.member) else part.border[u]
    assert np.array_equal(dense[0], dense[1]) and dense[0].any()
    assert np.array_equal(compiled_chunk._rules_of(rules, columns).given, own.given)


@needs_numba
def test_columns_move_together_in_place() -> None:
    from comity.equilibrium import compiled_chunk

    values = np.arange(2 * 3 * 8.0).reshape(2, 3, 8)
    columns = np.array([1, 2, 5, 7])
    expected = values[..., columns].copy()
    moved = compiled_chunk._closer(values, columns)
    assert np.array_equal(moved, expected)
    assert np.shares_memory(moved, values)


@needs_numba
def test_answers_do_not_depend_on_when_members_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never, and as soon as one column can be spared: the same answers to rounding."""
    from comity.equilibrium import compiled_chunk

    plan = [cost([(k % 6, (k + 1 + k // 6) % 6)], 0.6 + 0.04 * k) for k in range(24)]
    found = {}
    for least, share in ((1, 0.99), (64, 0.0)):
        monkeypatch.setattr(compiled_chunk, "STEP", 1)
        monkeypatch.setattr(compiled_chunk, "LEAST", least)
        monkeypatch.setattr(compiled_chunk, "NARROW", share)
        found[least] = solve_many(WORLD, plan, tolerance=1e-10, engine="numba")
        assert found[least].converged.all() and not found[least].alone.any()
    assert len(set(found[1].iterations.tolist())) > 2
    assert np.array_equal(found[1].iterations, found[64].iterations)
    difference = np.abs(found[1].real_income_hat / found[64].real_income_hat - 1).max()
    assert difference < 1e-12  # sums in another order


@needs_numba
def test_own_and_other_parts_of_the_responses_add_up() -> None:
    """With as many combinations as countries nothing is left out."""
    from comity.equilibrium import compiled_chunk
    from comity.equilibrium.responses import responses

    held = responses(prepare(WORLD))
    answer = compiled_chunk.answer_of(held)
    rng = np.random.default_rng(2)
    gap, steps = rng.normal(size=6), rng.normal(size=(2, 3, 6))  # prices and expenditures, by sector and country
    by_country = np.concatenate([np.zeros((6, 1)), steps[0].T, steps[1].T], axis=1)
    own = gap + (answer.own.reshape(6, 7) * by_country).sum(axis=1)
    moves = answer.wages @ np.concatenate([own, answer.others @ by_country.ravel()])
    assert np.abs(moves - held.moves(gap, steps[0].ravel(), steps[1].ravel())).max() < 1e-4  # float32
