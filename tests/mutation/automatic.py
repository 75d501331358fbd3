"""Automatic errors: one node of the syntax tree changed at a time, in the functions that write formulas down."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.mutation.errors import DE, EQ, IT, PACKAGE, TA, Mutant

Targets = dict[str, tuple[str, ...]]
TARGETS: Targets = {EQ: (), DE: ("local_parts", "first_order", "_turned")}  # (): every function of the file
# where the same equations are written for speed, and differentiated
FURTHER: Targets = {
    IT: ("Iteration.pass_through", "Iteration._income", "Iteration._equalising"),
    TA: ("Rule.change", "Linear._implied", "Linear._revenue", "_Given.__init__"),
}

SWAPS: dict[type[ast.AST], Any] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Div: ast.Mult(), ast.Pow: ast.Mult(),
    ast.Gt: ast.GtE(), ast.Lt: ast.LtE(),
}  # fmt: skip
# objects and positions: they have no value that could be one
NOT_NUMBERS = {
    "xp", "np", "here", "solution", "world", "tangents", "tangent", "diagonal", "self", "problem", "implied", "given",
    "base", "n", "shape", "cells", "floored", "members", "inside", "extra", "direction", "system",
}  # fmt: skip
AXES = {-1: -2, -2: -1, -3: -2, 0: 1, 1: 2, 2: 1}


def automatic_errors(targets: Targets = TARGETS) -> list[Mutant]:
    """Every mutant of the targets, in the order of the source."""
    return [mutant for file, names in targets.items() for mutant in _of_file(file, names)]


def _of_file(file: str, names: tuple[str, ...]) -> Iterator[Mutant]:
    text = (PACKAGE / file).read_text(encoding="utf-8")
    tree = ast.parse(text)
    for name, function in _functions(tree):
        if names and name not in names or name == "_namespace":
            continue
        seen: dict[str, int] = {}
        for line in function.body:
            for path, node in _nodes(line):
                for fresh in _variants(path, node):
                    words = f"{_said(path, node)} -> {_said(path, fresh)}"
                    seen[words] = seen.get(words, 0) + 1
                    again = f" (place {seen[words]})" if seen[words] > 1 else ""
                    yield Mutant(name, words + again, {file: _with(text, node, fresh)})


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods by name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{part.name}", part) for part in node.body if isinstance(part, ast.FunctionDef))


Path = tuple[ast.AST, ...]


def _nodes(node: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """Every node that computes, with what it stands in. Indices and the docstring select and say, so they are left."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    yield path, node
    for name, child in ast.iter_fields(node):
        if isinstance(node, ast.Subscript) and name == "slice":
            continue
        if _selects(node):
            continue
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and name in ("targets", "target", "annotation"):
            continue
        for part in child if isinstance(child, list) else [child]:
            if isinstance(part, ast.AST):
                yield from _nodes(part, (*path, node))


def _selects(node: ast.AST) -> bool:
    """True for x.shape, len(x) and their like, which take nothing from the values of x."""
    if isinstance(node, ast.Attribute):
        return node.attr == "shape"
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("_namespace", "len", "np.zeros_like")


def _variants(path: Path, node: ast.AST) -> Iterator[ast.AST]:
    """What the node is changed to."""
    parent = path[-1] if path else None
    if isinstance(parent, ast.keyword) and parent.arg == "axis":
        yield from _axes(node)
        return
    if any(isinstance(above, ast.keyword) and above.arg == "axis" for above in path):
        return
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        yield ast.BinOp(node.left, SWAPS[type(node.op)], node.right)
    elif isinstance(node, ast.AugAssign):
        yield ast.AugAssign(node.target, SWAPS[type(node.op)], node.value)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield ast.Compare(node.left, [SWAPS[type(node.ops[0])]], node.comparators)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        kind = float if isinstance(node.value, float) else int
        yield from (ast.Constant(kind(value)) for value in (0, 1, 2) if value != node.value)
    elif isinstance(node, ast.Name) and node.id not in NOT_NUMBERS and not _names_only(parent, node):
        yield _ones(node)


def _names_only(parent: ast.AST | None, node: ast.Name) -> bool:
    """True where a name is what is called or what runs through a list."""
    return isinstance(parent, ast.comprehension) or (isinstance(parent, ast.Call) and parent.func is node)


def _axes(node: ast.AST) -> Iterator[ast.AST]:
    """Another axis; of two axes, another second one."""
    value = ast.literal_eval(ast.unparse(node))
    others = (0, 1, 2) if np.min(value) >= 0 else (-1, -2, -3)
    fresh = AXES[value] if isinstance(value, int) else (value[0], next(k for k in others if k not in value))
    yield ast.parse(repr(fresh), mode="eval").body


def _ones(node: ast.Name) -> ast.AST:
    """Ones in the shape of a variable, so that what follows still has shapes that fit."""
    return ast.parse(f"(0 * {node.id} + 1.0)", mode="eval").body


def _said(path: Path, node: ast.AST) -> str:
    """A node in its smallest telling surroundings."""
    if path and isinstance(path[-1], ast.keyword):
        return f"{path[-1].arg}={ast.unparse(node)}"
    return ast.unparse(node).replace("\n", " ")


def _with(text: str, old: Any, new: ast.AST) -> str:
    """The source with one expression, or one statement, exchanged."""
    raw = text.encode()  # positions in a syntax tree count bytes
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    begin, end = starts[old.lineno - 1] + old.col_offset, starts[old.end_lineno - 1] + old.end_col_offset
    fresh = ast.unparse(new) if isinstance(new, ast.stmt) else f"({ast.unparse(new)})"
    return (raw[:begin] + fresh.encode() + raw[end:]).decode()
