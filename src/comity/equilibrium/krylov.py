"""One cycle of flexible GMRES (Saad & Schultz 1986; Saad 1993), preconditioned from the right, on flat vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Map = Callable[[Array], Array]

MEMORY = 80  # vectors a cycle keeps
LOST = 0.1  # a vector shortened to less than this by Gram-Schmidt has lost digits and is swept again


def cycle(matrix: Map, precondition: Map, residual: Array, target: float, longest: int) -> tuple[Array, int]:
    """The step x that makes |residual - matrix(x)| smallest within the space built, and products with the matrix used.

    Ends when that norm is at most `target` by the recurrence (the caller recomputes it), or after `longest` products.
    """
    norm = float(np.linalg.norm(residual))
    basis = np.empty((longest + 1, residual.size))
    basis[0] = residual / norm
    # kept, because a preconditioner with rounding of its own is not quite linear
    directions = np.empty((longest, residual.size))
    upper = np.zeros((longest, longest))  # the Hessenberg matrix, rotated to a triangle as it grows
    turns: list[tuple[float, float]] = []
    right = np.zeros(longest + 1)
    right[0] = norm
    used = 0
    for k in range(longest):
        directions[k] = precondition(basis[k])
        fresh = matrix(directions[k])
        known, before = basis[: k + 1], float(np.linalg.norm(fresh))
        column = known @ fresh
        fresh -= column @ known
        length = float(np.linalg.norm(fresh))
        if length < LOST * before:
            again = known @ fresh
            fresh -= again @ known
            column += again
            length = float(np.linalg.norm(fresh))
        for row, (cosine, sine) in enumerate(turns):
            above, below = column[row], column[row + 1]
            column[row], column[row + 1] = cosine * above + sine * below, cosine * below - sine * above
        diagonal = float(np.hypot(column[k], length))
        if not diagonal > 0 or not np.isfinite(diagonal):
            break
        cosine, sine = column[k] / diagonal, length / diagonal
        turns.append((cosine, sine))
        column[k] = diagonal
        upper[: k + 1, k] = column
        right[k], right[k + 1] = cosine * right[k], -sine * right[k]
        used = k + 1
        if abs(right[k + 1]) <= target or length <= 1e-300:
            break
        basis[k + 1] = fresh / length
    if not used:
        return np.zeros_like(residual), 1
    weights = np.linalg.solve(upper[:used, :used], right[:used])
    return weights @ directions[:used], used
