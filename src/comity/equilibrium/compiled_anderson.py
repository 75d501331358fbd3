"""Anderson acceleration of many searches at once, compiled; as `together_anderson.Histories`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled_math import worse
from comity.kernels import compiled

Array = NDArray[np.float64]
Rough = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class History(NamedTuple):
    """Memory of the last M differences, of steps on the rows `sample` of the state; see `together_anderson`."""

    sample: Places  # (R,)
    turns: Rough  # (M, R, S)
    last_step: Rough  # (R, S)
    advances: Rough  # (M, N (1 + 2 J), S): of a state with its plain step; the next place holds what came before it
    gram: Array  # (M, M, S)
    counts: Places  # (2,): differences held, next place
    longest: float  # LONGEST


@compiled
def advance(history: History, step: Rough, state: Array, found: Flags) -> None:
    """Anderson's next state, in place, of the members not found; `step` and `state` as (rows, S). See
    `together_anderson.Histories`."""
    rows, width = state.shape
    memory = len(history.turns)
    used, slot = history.counts
    sample, advances, last_step = history.sample, history.advances, history.last_step
    if history.counts[1] < 0:  # nothing to compare with yet
        for r in range(len(sample)):
            for s in range(width):
                last_step[r, s] = step[sample[r], s]
        for r in range(rows):
            for s in range(width):
                state[r, s] += step[r, s]
                advances[0, r, s] = np.float32(0.0)
        history.counts[1] = 0
        return
    used, following = min(used + 1, memory), (slot + 1) % memory
    history.counts[0], history.counts[1] = used, following
    weights = np.zeros((memory, width))
    _fit(history, step, used, slot, weights)
    rough = weights.astype(np.float32)
    longest, drift = np.zeros(width), np.zeros(width, dtype=np.float32)
    for r in range(rows):
        for s in range(width):
            advances[slot, r, s] += step[r, s]
        drift[:] = 0.0
        for k in range(used):
            for s in range(width):
                drift[s] += rough[k, s] * advances[k, r, s]
        for s in range(width):  # the next state lies this far from where this plain step would have led
            advances[following, r, s] = -drift[s]
        for s in range(width):
            move = step[r, s] - drift[s]
            longest[s] = worse(longest[s], abs(move))
            state[r, s] += np.float32(0.0) if found[s] else move
    for s in range(width):
        if not (longest[s] <= history.longest or found[s]):
            for r in range(rows):
                state[r, s] -= advances[following, r, s]
                advances[following, r, s] = np.float32(0.0)


@compiled
def _fit(history: History, step: Rough, used: int, slot: int, weights: Array) -> None:
    """Least-squares weights (M, S) of the last differences of steps; zero where they cannot be had."""
    memory, width = len(history.turns), step.shape[1]
    sample, turns, gram, last_step = history.sample, history.turns, history.gram, history.last_step
    right = np.zeros((memory, width))
    fresh = np.zeros((memory, width))
    for r in range(len(sample)):
        for s in range(width):
            now = step[sample[r], s]
            turns[slot, r, s] = now - last_step[r, s]
            last_step[r, s] = now
        for k in range(used):
            for s in range(width):
                turn = np.float64(turns[k, r, s])
                fresh[k, s] += turn * turns[slot, r, s]
                right[k, s] += turn * last_step[r, s]
    for k in range(used):
        for s in range(width):
            gram[k, slot, s] = gram[slot, k, s] = fresh[k, s]
    scale, matrix, answer = np.empty(memory), np.empty((memory, memory)), np.empty(memory)
    for s in range(width):
        for k in range(used):
            scale[k] = 1.0 / np.sqrt(max(gram[k, k, s], 1e-300))
        for k in range(used):
            for m in range(used):
                matrix[k, m] = gram[k, m, s] * scale[k] * scale[m]
            matrix[k, k] += 1e-14
            answer[k] = scale[k] * right[k, s]
        if solve_small(matrix, answer, used):
            for k in range(used):
                weights[k, s] = scale[k] * answer[k]


@compiled
def solve_small(matrix: Array, answer: Array, size: int) -> bool:
    """Gaussian elimination in place, with pivots; False where the matrix is singular or not finite."""
    for k in range(size):
        best = k
        for m in range(k + 1, size):
            if abs(matrix[m, k]) > abs(matrix[best, k]):
                best = m
        if not abs(matrix[best, k]) > 0:
            return False
        if best != k:
            for m in range(size):
                matrix[k, m], matrix[best, m] = matrix[best, m], matrix[k, m]
            answer[k], answer[best] = answer[best], answer[k]
        for m in range(k + 1, size):
            ratio = matrix[m, k] / matrix[k, k]
            for q in range(k, size):
                matrix[m, q] -= ratio * matrix[k, q]
            answer[m] -= ratio * answer[k]
    for k in range(size - 1, -1, -1):
        for m in range(k + 1, size):
            answer[k] -= matrix[k, m] * answer[m]
        answer[k] /= matrix[k, k]
        if not np.isfinite(answer[k]):
            return False
    return True
