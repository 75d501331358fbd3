"""Anderson acceleration with safeguards (Walker & Ni 2011, type II), on one flat state vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Search:
    """Where the iteration stopped: best state, its error, passes used, whether the error is below the tolerance."""

    state: Array
    error: float
    passes: int
    reached: bool
    last: Any


def accelerate(
    errors: Callable[[Array], tuple[float, Array, Any]],
    start: Array,
    *,
    tolerance: float,
    limit: int,
    memory: int = 10,
    damping: float = 1.0,
    longest: float = 4.0,
    history: History | None = None,
) -> Search:
    """Iterate `state + step` to a zero of the step, combining the last `memory` steps by least squares.

    errors : state -> (largest error, step, anything); the step must vanish with the error
    damping : share of a step taken
    longest : largest change of one component in one pass; a longer combined step falls back to the plain one
    history : that of a search with the same linear part (another right-hand side, say), to go on with, with its memory
    The history is dropped when the error grows a hundredfold over the best, and the best state is restored.
    """
    history = History(memory, start.size) if history is None else history
    history.previous = None
    state = start.copy()
    best_error, best_state, best_last = np.inf, state, None
    stalled, restarts = 0, 0
    for passes in range(1, limit + 1):
        error, step, last = errors(state)
        if not np.isfinite(error):
            error = np.inf
        if error < best_error:
            stalled = 0 if error < 0.9 * best_error else stalled + 1
            best_error, best_state, best_last = error, state, last
            if error <= tolerance:
                return Search(state, error, passes, True, last)
        else:
            stalled += 1
        if error > 100 * best_error or not np.isfinite(step).all():
            restarts += 1
            if restarts > 12:
                break
            damping *= 0.5
            history.clear()
            state = best_state.copy()
            error, step, last = errors(state)
        if stalled > 60 + 5 * memory:
            break
        if damping != 1.0:
            step = damping * step
        state = history.next_state(state, step, longest)
    return Search(best_state, float(best_error), passes, False, best_last)


class History:
    """The last `memory` differences of steps and of state + step, with their Gram matrix kept up to date."""

    def __init__(self, memory: int, size: int) -> None:
        self.turns = np.empty((memory, size))  # differences of steps
        self.advances = np.empty((memory, size))  # differences of state + step
        self.gram = np.zeros((memory, memory))
        self.memory = memory
        self.clear()

    def clear(self) -> None:
        self.used = self.slot = 0
        self.previous: tuple[Array, Array] | None = None

    def next_state(self, state: Array, step: Array, longest: float) -> Array:
        plain = state + step
        if self.previous is None:
            self.previous = (plain, step)
            return plain
        slot = self.slot
        np.subtract(step, self.previous[1], out=self.turns[slot])
        np.subtract(plain, self.previous[0], out=self.advances[slot])
        self.previous = (plain, step)
        self.slot = (slot + 1) % self.memory
        self.used = used = min(self.used + 1, self.memory)
        turns = self.turns[:used]
        self.gram[slot, :used] = self.gram[:used, slot] = turns @ self.turns[slot]
        gram, right = self.gram[:used, :used], turns @ step
        scale = 1 / np.sqrt(np.maximum(gram.diagonal(), 1e-300))
        scaled = gram * scale[:, None] * scale
        scaled.flat[:: used + 1] += 1e-14
        try:
            weights = scale * np.linalg.solve(scaled, scale * right)
        except np.linalg.LinAlgError:
            return plain
        fresh = plain - weights @ self.advances[:used]
        change = fresh - state
        longest_change = max(change.max(), -change.min())
        return fresh if longest_change <= longest else plain  # also false for nan
