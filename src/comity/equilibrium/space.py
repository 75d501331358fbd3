"""Memory that is used again: fresh memory for every intermediate array costs as much as the sums in it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Space:
    """Arrays by name, used again at any size up to the largest asked for so far."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], NDArray[Any]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """An array of this shape, holding whatever it held."""
        size, key = math.prod(shape), (name, np.dtype(dtype).char)
        held = self._held.get(key)
        if held is None or held.size < size:
            held = self._held[key] = np.empty(size, dtype)
        return held[:size].reshape(shape)
