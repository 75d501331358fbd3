"""Memory that is used again: fresh memory for every intermediate array costs as much as the sums in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LINE = 64  # bytes of a line of the processor's cache, and of its widest registers
SLAB = 1 << 25  # bytes asked for at a time: NumPy has blocks of 4 MB and more lie on large pages where there are any


class Space:
    """Arrays by name, used again at any size up to the largest asked for so far. All begin at a line of the cache, and
    many share a slab: loops over unaligned arrays, or over arrays on many small pages, take a fifth more time."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], NDArray[Any]] = {}
        self._free = np.empty(0, dtype=np.uint8)

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """An array of this shape, holding whatever it held."""
        size, key = math.prod(shape), (name, np.dtype(dtype).char)
        held = self._held.get(key)
        if held is None or held.size < size:
            held = self._held[key] = self._take(size * np.dtype(dtype).itemsize).view(dtype)
        return held[:size].reshape(shape)

    def _take(self, size: int) -> NDArray[Any]:
        """So many bytes that nothing else uses."""
        lines = -(-size // LINE) * LINE
        if len(self._free) < lines:
            self._free = np.empty(max(SLAB, lines) + LINE, dtype=np.uint8)
            self._free = self._free[-self._free.ctypes.data % LINE :]
        taken, self._free = self._free[:size], self._free[lines:]
        return taken
