"""Closures: what happens to trade deficits. docs/model.md has the definitions.

Some closures first move the benchmark (deficits to zero, say); hats then refer to that moved World, and the effect of
the move is never credited to the shock.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import InputError, nearest
from comity.kept import KeptFor

Array = NDArray[np.float64]

CLOSURES = (
    "fixed-deficits",
    "balanced",
    "deficit-share-of-gdp",
    "multiplicative-deficits",
    "targets-balanced",
)

_moved: KeptFor[World, World] = KeptFor(travels=True)
_moves: KeptFor[World, Array] = KeptFor(travels=True)


def check_closure(closure: str, targets: Sequence[str] | None) -> None:
    """Raise InputError for an unknown closure, or targets without the closure that uses them and vice versa."""
    if closure not in CLOSURES:
        raise InputError(
            "closure", "unknown closure", found=closure, allowed=CLOSURES, nearest=nearest(closure, CLOSURES)
        )
    if closure == "targets-balanced" and not targets:
        raise InputError("closure", "targets-balanced needs targets=[...], the countries whose deficit becomes zero")


def benchmark_of(world: World, closure: str, targets: Sequence[str] | None = None) -> World:
    """The World all hats refer to under a closure: the World itself, or the World after the preliminary step."""
    if closure == "balanced":
        return balanced_world(world)
    if closure == "targets-balanced":
        return targets_balanced_world(world, tuple(targets or ()))
    return world


def income_factor(world: World) -> Array:
    """(N,) final spending per unit of own income (value added and revenues), for "multiplicative-deficits"."""
    own = world.income - world.deficit
    return world.income / own


def balanced_world(world: World) -> World:
    """The World re-solved with every deficit at zero."""
    if not world.deficit.any():
        return world
    return _with_deficits(world, ("balanced",), np.zeros_like(world.deficit))


def targets_balanced_world(world: World, targets: tuple[str, ...]) -> World:
    """The World re-solved with the targets' deficits at zero.

    What then remains of the world sum is removed by scaling down, proportionally, the other countries' deficits of
    that sign.
    """
    chosen = np.array([world.country(code) for code in targets], dtype=np.intp)
    deficit = world.deficit.copy()
    deficit[chosen] = 0.0
    excess = deficit.sum()
    same_sign = deficit * np.sign(excess) > 0
    if excess and same_sign.any():
        deficit[same_sign] *= 1 - excess / deficit[same_sign].sum()
    if np.array_equal(deficit, world.deficit):
        return world
    return _with_deficits(world, ("targets-balanced", *sorted(targets)), deficit)


def _with_deficits(world: World, key: tuple[str, ...], deficit: Array) -> World:
    """The World at other deficits, kept as long as `world` lives."""
    from comity.equilibrium.solve import resolve_deficits

    def make() -> World:
        moved, state = resolve_deficits(world, deficit, key[0])
        _moves.get(moved, "state", lambda: state)
        return moved

    return _moved.get(world, key, make)


def move_of(benchmark: World, world: World) -> Array:
    """(N + 2 J N,) ln w, ln P and ln X/X0 of a closure's benchmark against the World it was made from; zeros where the
    closure leaves the World as it is."""
    j, n = world.value_added_share.shape

    def unknown() -> Array:
        raise AssertionError("a benchmark that no closure made")

    return np.zeros(n * (1 + 2 * j)) if benchmark is world else _moves.get(benchmark, "state", unknown)
