"""Anderson acceleration of many searches at once: each column of the state is a search of its own.

The least-squares weights are found on a sample of the components (all wages and a share of prices and expenditures):
the last steps of a search differ by few directions, which a sample tells apart as well as the whole. Differences of
states are kept in float32: they only decide where to look next, never what is accepted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.space import Space

Array = NDArray[Any]

MEMORY = 2  # a third difference saves 1 % of the passes and costs a quarter of the acceleration
LONGEST = 4.0  # largest change of one component in one pass; a longer combined step falls back to the plain one
PIECE = 20_000  # numbers of a state combined at a time: they stay in the processor's cache
SAMPLE = 4  # a quarter of all prices and expenditures


def sampled(first: int, last: int) -> NDArray[np.intp]:
    """Every SAMPLE-th place on average, without the regular stride that would visit some countries only."""
    places = np.arange(first, last)
    return places[(places * 2654435761 % 2**32) < 2**32 // SAMPLE]  # Knuth's multiplicative hash


class Histories:
    """The last MEMORY differences of steps (on the sample) and of state + step, for (size, S) states; the first
    `always` components are always in the sample."""

    def __init__(self, size: int, width: int, always: int, space: Space) -> None:
        self.size, self.width, self.space = size, width, space
        self.rows = np.concatenate([np.arange(always), sampled(always, size)])
        self.gram = np.zeros((MEMORY, MEMORY, width))
        self.used = self.slot = 0
        self.last_step: Array | None = None
        self.new: NDArray[np.bool_] | None = None  # columns without a last step, where others have one
        self.turns = space.array("turns", (MEMORY, len(self.rows), width), np.float32)
        self.advances = [self._array(f"advance {k}") for k in range(MEMORY)]
        self.drift = self._array("drift")  # how far behind the last state + step its combination stayed

    def _array(self, name: str) -> Array:
        return self.space.array(name, (self.size, self.width), np.float32)

    def advance(self, state: Array, step: Array) -> None:
        """Turn `state` into the next one."""
        sample = np.take(step, self.rows, axis=0)
        if self.last_step is None:
            self.drift[:] = 0.0
            state += step
        else:
            slot = self.slot
            np.subtract(sample, self.last_step, out=self.turns[slot])
            if self.new is not None:
                self.turns[slot][:, self.new] = 0.0
                self.new = None
            self.slot = (slot + 1) % MEMORY
            self.used = min(self.used + 1, MEMORY)
            state += self._move(step, self._weights(sample, slot), slot)
        self.last_step = sample

    def _weights(self, sample: Array, slot: int) -> Array:
        """(S, used) least-squares weights of the last differences."""
        used = self.used
        turns = self.turns[:used]
        self.gram[slot, :used] = self.gram[:used, slot] = np.einsum("kps,ps->ks", turns, self.turns[slot])
        right = np.einsum("kps,ps->sk", turns, sample)
        gram = self.gram[:used, :used].transpose(2, 0, 1)
        scale = 1 / np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), 1e-300))
        scaled = gram * scale[:, :, None] * scale[:, None, :]
        scaled[:, np.arange(used), np.arange(used)] += 1e-14
        bad = ~np.isfinite(scaled).all(axis=(1, 2))
        scaled[bad] = np.eye(used)
        try:
            weights = scale * np.linalg.solve(scaled, (scale * right)[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:  # one singular member: everyone takes the plain step this once
            return np.zeros((len(scaled), used))
        weights[bad | ~np.isfinite(weights).all(axis=1)] = 0.0
        return weights

    def _move(self, step: Array, weights: Array, slot: int) -> Array:
        """(size, S) from the state to the combination of states and steps, noting how far the plain step is from the
        last one; a few rows at a time, all of it while they are in the processor's cache."""
        many = min(self.size, max(1, PIECE // self.width))
        # a weight for every row, so that numpy multiplies whole blocks at once and not one short row after another
        tiles = self.space.array("weights", (weights.shape[1], many, self.width), np.float32)
        tiles[:] = weights.T[:, None, :]
        product = self.space.array("product", (many, self.width), np.float32)
        longest, moves = np.zeros(self.width, np.float32), self._array("move")
        for first in range(0, self.size, many):
            rows = slice(first, min(first + many, self.size))
            if rows.stop - first < many:
                tiles, product = tiles[:, : rows.stop - first], product[: rows.stop - first]
            plain, drift, move = step[rows], self.drift[rows], moves[rows]
            np.subtract(plain, drift, out=self.advances[slot][rows])
            np.multiply(self.advances[0][rows], tiles[0], out=drift)
            for advance, tile in zip(self.advances[1:], tiles[1:], strict=False):
                drift += np.multiply(advance[rows], tile, out=product)
            np.subtract(plain, drift, out=move)
            np.maximum(longest, np.abs(move, out=product).max(axis=0), out=longest)
        far = ~(longest <= LONGEST)
        if far.any():
            moves[:, far], self.drift[:, far] = step[:, far], 0.0
        return moves

    def keep(self, columns: NDArray[np.intp]) -> None:
        """Go on with some of the columns."""
        assert self.last_step is not None
        self.width = len(columns)
        self.turns, self.gram = np.take(self.turns, columns, axis=2), np.take(self.gram, columns, axis=2)
        self.advances = [np.take(held, columns, axis=1) for held in self.advances]
        self.drift = np.take(self.drift, columns, axis=1)
        self.last_step = np.take(self.last_step, columns, axis=1)

    def forget(self, columns: NDArray[np.bool_]) -> None:
        """Drop the history of some of the columns, whose state has been set anew."""
        self.turns[:, :, columns] = 0.0
        for held in (*self.advances, self.drift):
            held[:, columns] = 0.0
        self.gram[:, :, columns] = 0.0
        self.new = columns
