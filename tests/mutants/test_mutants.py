"""A deliberate error in any single equation makes at least one check fail.

Two kinds of mutants: every operator of the functions that write the equations down, changed one at a time; and errors put
into every place where an equation is written (the residual and the iteration), so that the solver converges to a wrong
model and only facts from outside can tell. The facts are in suite.py: a second program for the same equations, closed forms,
differences of solves.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.mutants.mutate import Mutant, consistent_mutants, operator_mutants
from tests.mutants.suite import failures

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2

# changes that cannot show: each with its reason
EQUIVALENT = {
    "_income: INCOME_FLOOR * earned -> INCOME_FLOOR / earned": "the floor is inactive at every accepted answer",
}


def killed(mutants: list[Mutant]) -> dict[str, list[str]]:
    """Checks that fail, by mutant name; two processes, each mutant in a fork."""
    parts = [mutants[k::WORKERS] for k in range(WORKERS)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

    def run(part: list[Mutant]) -> dict[str, list[str]]:
        text = json.dumps({mutant.name: mutant.files for mutant in part})
        done = subprocess.run([sys.executable, "-m", "tests.mutants.run"], input=text, capture_output=True, text=True,
                              cwd=ROOT, env=environment, check=True)  # fmt: skip
        return json.loads(done.stdout)

    with ThreadPoolExecutor(WORKERS) as pool:
        return {name: said for found in pool.map(run, parts) for name, said in found.items()}


def survivors(mutants: list[Mutant]) -> list[str]:
    found = killed(mutants)
    assert len(found) == len(mutants)
    return [
        f"{mutant.name} {mutant.told}" for mutant in mutants if not found[mutant.name] and mutant.told not in EQUIVALENT
    ]


def test_the_code_as_it_is_passes_every_check() -> None:
    assert failures() == []


def test_errors_put_into_every_place_of_an_equation_are_found() -> None:
    mutants = consistent_mutants()
    assert len(mutants) >= 25
    assert survivors(mutants) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_every_changed_operator_is_found() -> None:
    mutants = operator_mutants()
    assert len(mutants) > 150
    assert survivors(mutants) == []


def test_equivalent_mutants_are_still_mutants() -> None:
    """A listed change that no longer occurs must go from the list."""
    assert set(EQUIVALENT) <= {mutant.told for mutant in operator_mutants()}
