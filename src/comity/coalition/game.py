"""Games in characteristic form: pure functions on v (2**n,), where bit i of the position is set when player i is in.

v[0] is 0. Notation of Peleg and Sudholter (2007), Introduction to the Theory of Cooperative Games.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import InputError

Array = NDArray[np.float64]
Masks = NDArray[np.bool_]

LARGEST = 15  # players whose coalitions are all enumerated: 32,768
VALUE_TOLERANCE = 1e-9  # of the residual of worlds whose values are differenced to contributions
NOISE = 1e-9  # of the largest |v|: what cannot be told from zero at a solver residual of 1e-10


@dataclass(frozen=True)
class Properties:
    """What holds of a game up to `tolerance`. dummies add what they have alone to every coalition; alike are groups of
    players that add the same to every coalition."""

    superadditive: bool
    convex: bool
    monotone: bool
    dummies: tuple[int, ...]
    alike: tuple[tuple[int, ...], ...]
    tolerance: float


def checked(v: ArrayLike) -> Array:
    """v as (2**n,) float64. Raises InputError unless n is 1 to LARGEST, v[0] is 0 and every value is finite."""
    values = np.asarray(v, dtype=np.float64)
    n = int(values.size).bit_length() - 1
    if values.ndim != 1 or values.size != 1 << n or not 1 <= n <= LARGEST:
        raise InputError("v", "one value for each of 2**n coalitions is needed", found=values.shape,
                         allowed=f"n from 1 to {LARGEST}; sampling for more")  # fmt: skip
    if not np.isfinite(values).all():
        raise InputError("v", "a coalition has no value", found=f"{int((~np.isfinite(values)).sum())} of {values.size}")
    if values[0] != 0:
        raise InputError("v", "the empty coalition is worth 0", found=values[0])
    return values


def players_of(v: Array) -> int:
    """Number of players n of v (2**n,)."""
    return int(v.size).bit_length() - 1


def membership(n: int) -> Masks:
    """(2**n, n) True where a player is in a coalition."""
    return (np.arange(1 << n)[:, None] >> np.arange(n)) & 1 == 1


def sizes(n: int) -> NDArray[np.intp]:
    """(2**n,) members of each coalition."""
    return membership(n).sum(axis=1)


def sums(x: Array) -> Array:
    """(2**n, ...) sums of x (n, ...) over the members of every coalition."""
    total = np.zeros((1, *x.shape[1:]))
    for row in x:
        total = np.concatenate([total, total + row])
    return total


def added(v: Array, player: int) -> Array:
    """(2**(n-1),) what a player adds to every coalition without it, in the order of the coalition's position."""
    halves = v.reshape(-1, 2, 1 << player)
    return np.asarray((halves[:, 1] - halves[:, 0]).ravel())


def contributions(v: ArrayLike) -> tuple[Array, Array]:
    """(n,) value alone, v({i}); and (n,) contribution to the grand coalition, v(N) - v(N without i)."""
    values = checked(v)
    bits = 1 << np.arange(players_of(values))
    whole = values.size - 1
    return values[bits], values[whole] - values[whole ^ bits]


def shapley(v: ArrayLike) -> Array:
    """(n,) Shapley values: sum over S without i of |S|! (n-|S|-1)! / n! (v(S+i) - v(S)); Shapley (1953).

    They add up to v(N). Raises InputError for a game that is no game.
    """
    values = checked(v)
    n = players_of(values)
    weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
    smaller = weight[sizes(n - 1)] if n > 1 else weight
    return np.array([float(smaller @ added(values, player)) for player in range(n)])


def properties(v: ArrayLike, tolerance: float | None = None) -> Properties:
    """Which properties of theory a game has. tolerance : in the units of v; by default NOISE of the largest |v|."""
    values = checked(v)
    n = players_of(values)
    slack = NOISE * float(np.abs(values).max()) if tolerance is None else tolerance
    increments = [added(values, player) for player in range(n)]
    return Properties(
        superadditive=_superadditive(values, slack),
        convex=all(bool((_cross(values, a, b) >= -slack).all()) for a in range(n) for b in range(a)),
        monotone=all(bool((row >= -slack).all()) for row in increments),
        dummies=tuple(k for k in range(n) if np.abs(increments[k] - values[1 << k]).max() <= slack),
        alike=_alike(values, n, slack),
        tolerance=slack,
    )


def _cross(v: Array, a: int, b: int) -> Array:
    """v(S+a+b) - v(S+a) - v(S+b) + v(S) for every S without both; a > b."""
    parts = v.reshape(-1, 2, 1 << (a - b - 1), 2, 1 << b)
    return np.asarray((parts[:, 1, :, 1] - parts[:, 1, :, 0] - parts[:, 0, :, 1] + parts[:, 0, :, 0]).ravel())


def _alike(v: Array, n: int, slack: float) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = []
    for player in range(n):
        for group in groups:
            low, high = sorted((player, group[0]))
            parts = v.reshape(-1, 2, 1 << (high - low - 1), 2, 1 << low)
            if np.abs(parts[:, 1, :, 0] - parts[:, 0, :, 1]).max() <= slack:
                group.append(player)
                break
        else:
            groups.append([player])
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _superadditive(v: Array, slack: float) -> bool:
    """v(S) + v(T) <= v(S and T together) for all S, T without common members."""
    return all(bool((v[part] + v[whole ^ part] <= v[whole] + slack).all()) for whole, part in _parts(players_of(v)))


def _parts(n: int) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Every coalition with the positions of all its parts."""
    for whole in range(1, 1 << n):
        part = np.zeros(1, dtype=np.intp)
        for player in range(n):
            if whole >> player & 1:
                part = np.concatenate([part, part | 1 << player])
        yield whole, part
