"""Writes docs/mutants.md: `python -m tests.mutants.table`."""

from __future__ import annotations

from collections import Counter

from tests.mutants.mutate import Mutant, consistent_mutants, operator_mutants
from tests.mutants.test_mutants import EQUIVALENT, ROOT, killed

HEAD = """# Errors put in on purpose

`tests/mutants` changes the model's code and asks whether anything notices. Two kinds of change:

- **The same error wherever an equation is written** (the iteration that solves, the residual that checks), so that the solver
  converges, happily, to a wrong model. Only facts from outside can tell: a second program for the same equations
  (`tests/mutants/reference.py`, plain and slow), closed forms, differences of solves.
- **Every arithmetic operator, sign and summation axis** of the functions that write the equations down, their derivatives
  and the decomposition, changed one at a time.

The first check that fails stands beside each; a mutant is dead when one does. A solver that refuses because its recomputed
residual disagrees counts: that is what the residual is for. This page is written by `python -m tests.mutants.table`.
"""


def main() -> None:
    hand, every = consistent_mutants(), operator_mutants()
    found = killed([*hand, *every])
    lines = [
        HEAD,
        f"## By hand: {len(hand)} errors, {_alive(hand, found)} alive\n",
        "| error | found by |",
        "|---|---|",
    ]
    lines += [f"| {mutant.told} | {_first(found[mutant.name])} |" for mutant in hand]
    lines += [
        f"\n## Operator by operator: {len(every)} errors, {_alive(every, found)} alive\n",
        "| in | errors | found by |",
        "|---|---|---|",
    ]
    for file in dict.fromkeys(next(iter(mutant.files)) for mutant in every):
        inside = [mutant for mutant in every if file in mutant.files]
        counts = Counter(_first(found[mutant.name]) for mutant in inside)
        lines.append(
            f"| `{file}` | {len(inside)} | {'; '.join(f'{name} ({count})' for name, count in counts.most_common())} |"
        )
    lines += ["\n## Changes that cannot show\n", *(f"- `{told}`: {why}" for told, why in EQUIVALENT.items())]
    (ROOT / "docs" / "mutants.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _first(said: list[str]) -> str:
    return said[0].split(":")[0].replace("_", " ") if said else "nothing"


def _alive(mutants: list[Mutant], found: dict[str, list[str]]) -> int:
    return sum(not found[mutant.name] and mutant.told not in EQUIVALENT for mutant in mutants)


if __name__ == "__main__":
    main()
