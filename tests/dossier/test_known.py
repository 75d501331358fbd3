"""What another process has solved is not solved again: a range is taken over, a central solution found from its state."""

from __future__ import annotations

import numpy as np
import pytest

from comity import load_dossier, load_scenario, load_world
from comity.dossier.runs import Runs, Solved
from comity.errors import InputError
from comity.outcomes import ranges
from comity.outcomes.prepare import prepare, prepare_together
from comity.outcomes.ranges import RANGE_TOLERANCE
from comity.outcomes.simulate import Outcomes


def test_known_scenarios_keep_their_numbers_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    dossier, world = load_dossier("tehran-2023"), load_world("world-2022")
    names = ["roadmap", "best-frictions"]
    assert set(names) <= set(dossier.found)
    first, second = Runs(world, dossier), Runs(world, dossier)
    second.known = first.solve([names])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a range was solved again")

    monkeypatch.setattr(ranges, "solve_each", refuse)
    for name in names:
        for one, other in zip(first.solved(name).runs, second.solved(name).runs, strict=True):
            assert other.range is one.range
            assert other.solution.iterations <= 3 < one.solution.iterations
            assert other.solution.residual <= 1e-10
            assert np.allclose(other.solution.real_income_hat, one.solution.real_income_hat, rtol=0, atol=1e-10)


def test_scenarios_and_years_solved_side_by_side_have_the_numbers_they_have_alone() -> None:
    dossier, world = load_dossier("tehran-2023"), load_world("world-2022")
    names = ["union-agreement", "lift-iran"]
    together, alone = Runs(world, dossier), Runs(world, dossier)
    together.prepare(names)
    together.solve([names])
    for name in names:
        _same(together.solved(name), alone.solved(name))
    found = together.in_years("roadmap", [2023, 2024, 2025])
    assert found[2023] is None and alone.in_year("roadmap", 2023) is None  # nothing in force when the year began
    for year in (2024, 2025):
        _same(found[year], alone.in_year("roadmap", year))


def test_what_was_prepared_here_and_solved_elsewhere_is_put_together_here(monkeypatch: pytest.MonkeyPatch) -> None:
    dossier, world = load_dossier("tehran-2023"), load_world("world-2022")
    names = ["union-agreement", "transit-promoters"]
    here, there, alone = (Runs(world, dossier) for _ in range(3))
    here.prepare(names)
    there.prepare(names)
    here.known = there.solve([names])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("solved again")

    expected = {name: alone.solved(name) for name in names}
    monkeypatch.setattr(ranges, "solve_each", refuse)
    monkeypatch.setattr(ranges, "solve", refuse)
    for name in names:
        _same(here.solved(name), expected[name])
        for one, other in zip(here.solved(name).runs, expected[name].runs, strict=True):
            assert one.solution.residual <= 1e-10
            assert np.abs(one.solution.real_income_hat / other.solution.real_income_hat - 1).max() <= 1e-9


def test_who_is_refused_beside_others_is_refused_in_his_own_words() -> None:
    world = load_world("world-2022")
    good, bad = load_scenario("tehran-2023"), load_scenario("russia-2022")  # which this world already contains
    both = prepare_together(world, [(good, None), (bad, None), (good, 2024)])
    assert both[1] is None and both[0] is not None and both[2] is not None
    assert [one.asked[0].year for one in (both[0], both[2])] == [None, 2024]
    with pytest.raises(InputError, match="already contains the regime"):
        prepare(world, bad)
    assert prepare_together(world, []) == [] and prepare_together(world, [(bad, None)]) == [None]


def _same(one: Solved | None, other: Solved | None) -> None:
    assert isinstance(one, Outcomes) and isinstance(other, Outcomes)
    for mine, theirs in zip(one.runs, other.runs, strict=True):
        assert [v.choice for v in mine.range.variants] == [v.choice for v in theirs.range.variants]
        for first, second in zip(mine.range.solved, theirs.range.solved, strict=True):
            assert first.real_income_hat is not None and second.real_income_hat is not None
            assert np.abs(first.real_income_hat / second.real_income_hat - 1).max() <= RANGE_TOLERANCE
