"""What another process has solved is not solved again: a range is taken over, a central solution found from its state."""

from __future__ import annotations

import numpy as np
import pytest

from comity import load_dossier, load_world
from comity.dossier.runs import Runs
from comity.outcomes import ranges


def test_known_scenarios_keep_their_numbers_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    dossier, world = load_dossier("tehran-2023"), load_world("world-2022")
    names = ["roadmap", "best-frictions"]
    assert set(names) <= set(dossier.found)
    first, second = Runs(world, dossier), Runs(world, dossier)
    second.known = first.solve(names)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a range was solved again")

    monkeypatch.setattr(ranges, "solve_each", refuse)
    for name in names:
        for one, other in zip(first.solved(name).runs, second.solved(name).runs, strict=True):
            assert other.range is one.range
            assert other.solution.iterations <= 3 < one.solution.iterations
            assert other.solution.residual <= 1e-10
            assert np.allclose(other.solution.real_income_hat, one.solution.real_income_hat, rtol=0, atol=1e-10)
