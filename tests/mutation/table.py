"""Writes docs/mutations.md: `python -m tests.mutation.table`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.mutation.automatic import FURTHER, automatic_errors
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.errors import Mutant, model_errors
from tests.mutation.run import ROOT, UNUSED, Kills, killed
from tests.mutation.suite import CHECKS, FACTS, KINDS

HEAD = """# Errors put in on purpose

`tests/mutation` changes the model's code and asks whether anything notices. An error that nothing notices would be a hole
in the tests; there is none but the changes at the end, which change nothing.

1. **Errors in a whole equation**, put into every place that implements it: the formulas and the residual that judge an
   answer, and the iteration that finds it. The solver then agrees with itself on a wrong model, and only facts from
   outside can tell. Where an error makes the books disagree, (7) or (8) no longer follow, and the recomputed residual
   refuses the answer: "refused" below.
2. **Every operator, sign, constant, axis and variable** of the formulas (`equations.py`), of the decomposition, of the
   fast code and of the derivatives, changed one at a time.

The checks are those of `tests/mutation/suite.py`. Facts (closed forms, margins, accounting, symmetries, equivalences,
closures by hand) come first; a second program for the same equations, in plain loops, comes last, and no error of the first
kind needs it. This page is written by `python -m tests.mutation.table`.
"""
FEW = 4  # checks named in a row; the rest is counted


def write_table() -> None:
    """Run every mutant through the whole suite and write the page."""
    model, formulas, further = model_errors(), automatic_errors(), automatic_errors(FURTHER)
    found = killed([*model, *formulas, *further])
    alive = [name for name, kills in found.items() if not kills and name not in EQUIVALENT]
    unused = [name for name, kills in found.items() if UNUSED in kills.values()]
    if alive or unused:
        raise AssertionError(f"not found: {alive}; not in place: {unused}")
    lines = [HEAD, *_checks(found), *_model(model, found), *_automatic([*formulas, *further], found), *_equivalent()]
    (ROOT / "docs" / "mutations.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _checks(found: dict[str, Kills]) -> list[str]:
    count = Counter(name for kills in found.values() for name in kills)
    rows = [f"| {name} | {KINDS[name]} | {count[name]} |" for name in CHECKS]
    return ["## The checks\n", "| check | kind | mutants it finds |", "| --- | --- | --- |", *rows, ""]


def _model(mutants: Sequence[Mutant], found: dict[str, Kills]) -> list[str]:
    rows = [f"| {mutant.equation} | {mutant.words} | {_said(found[mutant.name])} |" for mutant in mutants]
    title = f"## Errors in a whole equation: {len(mutants)}, all found\n"
    return [title, "| equation | error | found by |", "| --- | --- | --- |", *rows, ""]


def _automatic(mutants: Sequence[Mutant], found: dict[str, Kills]) -> list[str]:
    mutants = [mutant for mutant in mutants if mutant.name not in EQUIVALENT]
    rows = [f"| `{mutant.equation}` | `{_cell(mutant.words)}` | {_said(found[mutant.name], 2)} |" for mutant in mutants]
    title = f"## One change at a time: {len(mutants)}, all found\n"
    return [title, "| function | change | found by |", "| --- | --- | --- |", *rows, ""]


def _equivalent() -> list[str]:
    rows = [f"| `{_cell(name)}` | {why} |" for name, why in EQUIVALENT.items()]
    return [f"## Changes that change nothing: {len(rows)}\n", "| change | why |", "| --- | --- |", *rows]


def _said(kills: Kills, few: int = FEW) -> str:
    """Facts first; how each failed is only said where it is not a different number."""
    names = sorted(kills, key=lambda name: KINDS[name] not in FACTS)  # stable: in the order of the suite
    said = [name + _how(kills[name]) for name in names[:few]]
    if len(names) > few:
        said.append(f"{len(names) - few} more")
    return ", ".join(said)


def _how(said: str) -> str:
    refusals = {"NotConvergedError": " (refused)", "NoSolutionError": " (no solution)", "differs": ""}
    return refusals.get(said, f" ({said})")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write_table()
