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

MEMORY = 3
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
        self.plain = self.last_step = np.empty(0)
        self._buffers()

    def _buffers(self) -> None:
        self.turns = self.space.array("turns", (MEMORY, len(self.rows), self.width), np.float32)
        self.advances = [self.space.array(f"advance {k}", (self.size, self.width), np.float32) for k in range(MEMORY)]

    def advance(self, state: Array, step: Array) -> Array:
        """The next state; `state` and `step` are free for other use afterwards."""
        sample = np.take(step, self.rows, axis=0)
        fresh = self._other(state)
        if not self.plain.size:
            state += step
            np.copyto(fresh, state)
        else:
            slot = self.slot
            np.subtract(sample, self.last_step, out=self.turns[slot])
            self.slot = (slot + 1) % MEMORY
            self.used = min(self.used + 1, MEMORY)
            self._combine(step, state, self._weights(sample, slot), slot, fresh)
        self.last_step, self.plain = sample, state  # which is state + step by now
        return fresh

    def _other(self, state: Array) -> Array:
        """Memory for the next state that holds neither this one nor the last."""
        for name in ("state 0", "state 1", "state 2"):
            held = self.space.array(name, state.shape, state.dtype)
            if not np.shares_memory(held, state) and not np.shares_memory(held, self.plain):
                return held
        raise AssertionError("three states, two in use")

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

    def _combine(self, step: Array, plain: Array, weights: Array, slot: int, fresh: Array) -> None:
        """Add the step to `plain`, note how far that is from the last one, and put the combination into `fresh`; a few
        rows at a time, all of it while they are in the processor's cache."""
        many = min(self.size, max(1, PIECE // self.width))
        # a weight for every row, so that numpy multiplies whole blocks at once and not one short row after another
        tiles = self.space.array("weights", (weights.shape[1], many, self.width), np.float32)
        tiles[:] = weights.T[:, None, :]
        drift, product = (self.space.array(name, (many, self.width), np.float32) for name in ("drift", "product"))
        longest = np.zeros(self.width, np.float32)
        for first in range(0, self.size, many):
            rows = slice(first, min(first + many, self.size))
            if rows.stop - first < many:
                end = rows.stop - first
                tiles, drift, product = tiles[:, :end], drift[:end], product[:end]
            some = plain[rows]
            some += step[rows]
            np.subtract(some, self.plain[rows], out=self.advances[slot][rows], casting="same_kind")
            np.multiply(self.advances[0][rows], tiles[0], out=drift)
            for advance, tile in zip(self.advances[1:], tiles[1:], strict=False):
                drift += np.multiply(advance[rows], tile, out=product)
            np.subtract(some, drift, out=fresh[rows])
            np.subtract(step[rows], drift, out=product)
            np.maximum(longest, np.abs(product, out=product).max(axis=0), out=longest)
        far = ~(longest <= LONGEST)
        if far.any():
            fresh[:, far] = plain[:, far]

    def keep(self, columns: NDArray[np.intp]) -> None:
        """Go on with some of the columns."""
        turns, advances = self.turns[:, :, columns], [held[:, columns] for held in self.advances]
        self.width = len(columns)
        self._buffers()
        np.copyto(self.turns, turns)
        for old, new in zip(advances, self.advances, strict=True):
            np.copyto(new, old)
        self.gram = self.gram[:, :, columns]
        self.plain, self.last_step = self.plain[:, columns], self.last_step[:, columns]

    def forget(self, columns: NDArray[np.bool_]) -> None:
        """Drop the history of some of the columns, whose state has been set anew."""
        self.turns[:, :, columns] = 0.0
        for held in self.advances:
            held[:, columns] = 0.0
        self.gram[:, :, columns] = 0.0
        self.plain[:, columns] = self.last_step[:, columns] = 0.0
