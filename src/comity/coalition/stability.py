"""Who would leave and who would join, by each player's own payoff; frontier, greedy order, best coalition of each size.

A coalition is internally stable if no member gains by leaving, externally stable if no outsider gains by joining
(d'Aspremont, Jacquemin, Gabszewicz and Weymark, 1983); the others stay where they are while one moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.coalition.game import membership, sizes

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def incentives(payoff: Array) -> Array:
    """(2**n, n) what being in a coalition S rather than out of it is worth to each player: payoff[S + i, i] -
    payoff[S - i, i]. payoff (2**n, n) holds members and outsiders."""
    count, n = payoff.shape
    position, bit = np.arange(count)[:, None], 1 << np.arange(n)
    player = np.arange(n)
    return np.asarray(payoff[position | bit, player] - payoff[position & ~bit, player])


def stable(payoff: Array, tolerance: float | Array) -> tuple[Flags, Flags]:
    """(2**n,) internally and externally stable. tolerance : (n,) or one number, in units of the payoff: a smaller
    incentive moves nobody."""
    gain, inside = incentives(payoff), membership(payoff.shape[1])
    internal = (gain >= -np.asarray(tolerance)) | ~inside
    external = (gain <= np.asarray(tolerance)) | inside
    return np.asarray(internal.all(axis=1)), np.asarray(external.all(axis=1))


def surplus_over_leaving(payoff: Array) -> Array:
    """(2**n,) joint payoff of the members less what each would have by leaving alone. At or above 0 some transfers
    inside the coalition keep every member (potential internal stability, Carraro, Eyckmans and Finus, 2006)."""
    return np.asarray((incentives(payoff) * membership(payoff.shape[1])).sum(axis=1))


def efficient(cost: Array, benefit: Array) -> Flags:
    """(M,) True where no other point has more benefit at no more cost, or as much at less cost."""
    order = np.lexsort((-benefit, cost))
    best, chosen = -np.inf, np.zeros(len(cost), dtype=bool)
    for k in order:
        if benefit[k] > best:
            chosen[k], best = True, benefit[k]
    return chosen


def best_of_size(v: Array) -> list[int]:
    """The coalition with the largest value of each size from 1 to n; the first in order where several have it."""
    n = int(v.size).bit_length() - 1
    count = sizes(n)
    return [int(np.flatnonzero(count == k)[np.argmax(v[count == k])]) for k in range(1, n + 1)]


@dataclass(frozen=True)
class Step:
    """One step of the greedy order: who joins, what that adds to the benefit, the joiner's own cost of joining, and the
    joint payoff of all who are then in."""

    player: int
    benefit: float
    cost: float
    joint: float


Evaluate = Callable[[list[tuple[int, ...]]], tuple[Array, Array]]


def greedy(n: int, evaluate: Evaluate, ratio: bool) -> list[Step]:
    """One player after the other: the one that adds most benefit, or with `ratio` most benefit per own cost.

    evaluate : coalitions (tuples of players) -> benefit (M,) and payoff (M, n) of each player. With `ratio` players
    that gain by joining come first, the one with the most benefit ahead (Chowdhry, Hinz, Kamin and Wanner, 2024).
    """
    taken: tuple[int, ...] = ()
    benefit, payoff = (part[0] for part in evaluate([()]))
    steps = []
    while len(taken) < n:
        rest = [k for k in range(n) if k not in taken]
        values, payoffs = evaluate([(*taken, k) for k in rest])
        more = values - benefit
        cost = np.array([payoff[k] - payoffs[row, k] for row, k in enumerate(rest)])
        row = max(range(len(rest)), key=lambda r: _rank(float(more[r]), float(cost[r]), ratio))
        taken, benefit, payoff = (*taken, rest[row]), values[row], payoffs[row]
        joint = float(payoff[list(taken)].sum())
        steps.append(Step(rest[row], float(more[row]), float(cost[row]), joint))
    return steps


def _rank(benefit: float, cost: float, ratio: bool) -> tuple[float, float]:
    if not ratio:
        return (0.0, benefit)
    return (1.0, benefit) if cost <= 0 else (0.0, benefit / cost)


def words(coalition: int, names: Sequence[str]) -> str:
    """ "IRN + RUS" for a coalition's position; "nobody" for the empty one."""
    return " + ".join(name for k, name in enumerate(names) if coalition >> k & 1) or "nobody"
