"""An error in any single equation is found.

Two layers. `errors.py`: the same error in every place that implements an equation (the formulas and the residual that
judge an answer, the iteration that finds it), so that the solver agrees with itself on a wrong model. `automatic.py`:
every operator, sign, constant, axis and variable of the formulas and of the decomposition, changed one at a time.
`suite.py` asks comity for facts its code has no part in: closed forms, marginal facts, accounting, symmetries,
equivalences, closures by hand, and a second program (`reference.py`). `run.py` puts a mutant in place of the package in
a process of its own. docs/mutations.md lists all mutants and what found them: `python -m tests.mutation.table`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from tests.mutation.automatic import FURTHER, automatic_errors
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.errors import Mutant, model_errors
from tests.mutation.run import UNUSED, killed
from tests.mutation.suite import CHECKS, FACTS, KINDS, failures

FORMULAS = [name for name, kind in KINDS.items() if kind in ("formula", "derivative")]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a mutant needs a process of its own")


def survivors(mutants: Sequence[Mutant], first: Sequence[str]) -> list[str]:
    """Mutants that no check finds and that are not known to change nothing."""
    found = killed(mutants, most=1, first=first)
    assert not [name for name, kills in found.items() if UNUSED in kills.values()]
    return [name for name, kills in found.items() if not kills and name not in EQUIVALENT]


def test_the_code_as_it_is_passes() -> None:
    assert failures() == {}


def test_most_of_the_suite_are_facts_not_a_second_program() -> None:
    assert sum(kind in FACTS for kind in KINDS.values()) > len(CHECKS) / 2


def test_errors_in_a_whole_equation_are_found() -> None:
    """All but those of the decomposition by a fact: the second program is asked last and never needed."""
    mutants = model_errors()
    assert len({mutant.name for mutant in mutants}) == len(mutants) >= 70
    found = killed(mutants, most=1)
    for mutant in mutants:
        finders = list(found[mutant.name])
        assert finders, f"not found: {mutant.name}"
        kinds = (*FACTS, "derivative") if mutant.equation == "decomposition" else FACTS
        assert KINDS[finders[0]] in kinds, f"{mutant.name}: {finders}"


def test_changed_formulas_are_found() -> None:
    mutants = automatic_errors()
    assert len({mutant.name for mutant in mutants}) == len(mutants) > 200
    assert survivors(mutants, FORMULAS) == []


@pytest.mark.slow
def test_changed_fast_code_and_derivatives_are_found() -> None:
    assert survivors(automatic_errors(FURTHER), ()) == []


def test_what_counts_as_equivalent_still_occurs() -> None:
    names = {mutant.name for mutant in [*automatic_errors(), *automatic_errors(FURTHER)]}
    assert set(EQUIVALENT) <= names
