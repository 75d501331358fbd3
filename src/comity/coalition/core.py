"""The core by linear programming, and the nucleolus as its centre.

The excess of S at x is v(S) - x(S). The core holds the divisions of v(N) without positive excess; the least core makes
the largest excess as small as possible (Maschler, Peleg and Shapley, 1979); the nucleolus (Schmeidler, 1969) goes on so
with the next largest, and lies in the core where there is one. Constraints are added as they are violated, so that of
2**n only a few are ever written down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.coalition.game import checked, membership, players_of, shapley, sums
from comity.errors import InputError, NotConvergedError

Array = NDArray[np.float64]
TIGHT = 1e-9  # relative to the largest |v|: ten times what HiGHS is asked for
DUAL = 1e-7  # a dual above this is not rounding: those of one program add up to 1
CENTRED = 10  # players; the chain of programs for more takes minutes
MANY = 4  # constraints added at a time, and kept for the next program, as a multiple of the players


@dataclass(frozen=True)
class Core:
    """Whether the core is empty, and a point.

    empty : True if no division of v(N) satisfies every coalition
    point (n,) : in the core where there is one. Up to CENTRED players the nucleolus; for more the Shapley values if
        they lie in the core, else some point of the least core
    excess : the largest excess at the point. Above 0 there is no core, and each dissatisfied coalition would have to be
        given at least this; below 0 it is what the least content coalition has to spare
    tightest : coalitions (positions in v) with that excess at the point: those that object, or would be first to
    """

    empty: bool
    excess: float
    point: Array
    tightest: tuple[int, ...]


def core(v: ArrayLike, *, costs: bool = False) -> Core:
    """The core of a game of gains; with `costs` of a game of costs, where no coalition pays more than v(S).

    Raises InputError where SciPy is missing or v is no game, NotConvergedError where the linear program fails.
    """
    values = checked(v)
    if costs:
        turned = core(-values)
        return Core(turned.empty, turned.excess, -turned.point, turned.tightest)
    n, scale = players_of(values), float(np.abs(values).max())
    if n == 1 or scale == 0:
        return Core(False, 0.0, values[1 << np.arange(n)].astype(np.float64), ())
    share = shapley(values)
    if n > CENTRED and in_core(values, share, TIGHT * scale):
        point = share / scale
        first = float((values / scale - sums(point))[1:-1].max())
    else:
        point, first = _nucleolus(values / scale, n)
    excess = values / scale - sums(point)
    proper = np.arange(1, values.size - 1)
    worst = proper[excess[proper] >= first - TIGHT]
    ranked = worst[np.argsort(-excess[worst], kind="stable")]
    empty = first > TIGHT
    return Core(empty, first * scale, point * scale, tuple(int(k) for k in ranked))


def in_core(v: ArrayLike, x: ArrayLike, tolerance: float) -> bool:
    """True if x (n,) divides v(N) and leaves no coalition an excess above the tolerance."""
    values, division = checked(v), np.asarray(x, dtype=np.float64)
    total = sums(division)
    return bool(abs(total[-1] - values[-1]) <= tolerance and (values - total).max() <= tolerance)


def _nucleolus(v: Array, n: int) -> tuple[Array, float]:
    """The nucleolus (of many players a point of the least core) and the excess of the least core: linear
    programs, each fixing the coalitions whose excess cannot fall further."""
    member = membership(n).astype(np.float64)
    fixed, levels = [np.ones(n)], [float(v[-1])]  # x(S) = level
    first: float | None = None
    near: list[int] = []
    while len(fixed) < n:
        equal = (np.array(fixed), np.array(levels))
        free = _not_spanned(equal[0], n)
        found, excess, tight, near = _smallest_excess(v, member, free, equal, near)
        first = excess if first is None else first
        if n > CENTRED:
            return found, excess
        for position in tight:
            if np.linalg.matrix_rank(np.array([*fixed, member[position]])) > len(fixed):
                fixed.append(member[position])
                levels.append(float(v[position]) - excess)
        if len(fixed) == len(equal[1]):
            raise NotConvergedError("The core: a linear program fixed no coalition.")
    return np.asarray(np.linalg.solve(np.array(fixed), np.array(levels))), float(first if first is not None else 0.0)


def _not_spanned(fixed: Array, n: int) -> NDArray[np.intp]:
    """Positions of the proper coalitions whose x(S) the fixed ones do not already determine."""
    _, singular, rows = np.linalg.svd(fixed)
    rest = rows[int((singular > 1e-9).sum()) :]
    moved = np.abs(sums(np.ascontiguousarray(rest.T))).max(axis=1)
    moved[[0, -1]] = 0.0
    return np.flatnonzero(moved > 1e-9)


def _smallest_excess(
    v: Array, member: Array, free: NDArray[np.intp], equal: tuple[Array, Array], near: list[int]
) -> tuple[Array, float, list[int], list[int]]:
    """min e subject to x(S) + e >= v(S) for the free S, and the equalities: x, e, the coalitions that are tight in
    every optimum (positive dual), and those with the least slack. near : coalitions to begin with."""
    n = member.shape[1]
    chosen = set(free.tolist())
    # a free coalition's complement is free too, and the two together bound e from below
    start = [int(free[np.argmax(v[free])]), *(1 << k for k in range(n) if 1 << k in chosen)]
    used = sorted({*start, *(len(v) - 1 ^ k for k in start), *(k for k in near if k in chosen)})
    written = np.zeros(len(v), dtype=bool)
    for _ in range(len(free) + 1):
        written[used] = True
        point, excess, duals = _program(v, member, used, equal)
        gap = v[free] - sums(point)[free] - excess
        worst = np.argpartition(-gap, min(MANY * n, len(free) - 1))[: MANY * n]
        new = [int(free[k]) for k in worst if gap[k] > TIGHT and not written[free[k]]]
        if not new:
            slack = excess + member[used] @ point - v[used]
            kept = [used[k] for k in np.argsort(slack, kind="stable")[: MANY * n]]
            return point, excess, [used[k] for k in np.flatnonzero(duals > DUAL)], kept
        used += new
    raise NotConvergedError("The core: constraints are still violated after all were added.")


def _program(v: Array, member: Array, used: list[int], equal: tuple[Array, Array]) -> tuple[Array, float, Array]:
    """x, e and the duals of the used coalitions."""
    try:
        from scipy.optimize import linprog
    except ImportError:
        raise InputError("core", "SciPy is needed for the core", found="no SciPy",
                         advice="Install it with: pip install 'comity[coalition]'.") from None  # fmt: skip
    n = member.shape[1]
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.column_stack([-member[used], -np.ones(len(used))]),
        b_ub=-v[used],
        A_eq=np.column_stack([equal[0], np.zeros(len(equal[1]))]),
        b_eq=equal[1],
        bounds=[(None, None)] * (n + 1),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status != 0:
        raise NotConvergedError(f"The core: the linear program ended with: {found.message}")
    return found.x[:n], float(found.x[n]), np.abs(found.ineqlin.marginals)
