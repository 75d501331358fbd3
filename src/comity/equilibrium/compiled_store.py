"""Moving members about, compiled: those that are found into the answers, those still searching closer together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled import Room
from comity.kernels import compiled

Array = NDArray[np.float64]
Places = NDArray[np.int64]


@compiled
def store(
    room: Room,
    state: Array,
    columns: Places,
    place: Places,
    wage_price: Array,
    income_output: Array,
    cost: Array,
    spending: Array,
    deficit: Array,
    revenue: Array,
    states: Array,
) -> None:
    """Put what a pass implied for the members in `columns` at `place` of the answers, which are (sector, country,
    scenario), and their states at `states` (N + 2 J N, S)."""
    n, sectors = room.cost.shape[:2]
    rows, cells = 1 + 2 * sectors, sectors * n
    for c in range(n):
        _put(state[c * rows], columns, place, wage_price[0, c])
        _put(state[c * rows], columns, place, states[c])
        _put(room.output[c, 0], columns, place, income_output[0, c])
        _put(room.deficit[c], columns, place, deficit[c])
        _put(room.revenue[c], columns, place, revenue[c])
        for j in range(sectors):
            first = n + j * n + c
            _put(room.price[c, j], columns, place, wage_price[1 + j, c])
            _put(room.output[c, 1 + j], columns, place, income_output[1 + j, c])
            _put(room.cost[c, j], columns, place, cost[j, c])
            _put(room.spending[c, j], columns, place, spending[j, c])
            _put(state[c * rows + 1 + j], columns, place, states[first])
            _put(state[c * rows + 1 + sectors + j], columns, place, states[first + cells])


@compiled
def _put(values: Array, columns: Places, place: Places, answer: Array) -> None:
    count, low = len(columns), place[0]
    if count == len(values) and place[count - 1] == low + count - 1:  # all, side by side
        for s in range(count):
            answer[low + s] = values[s]
    else:
        for k in range(count):
            answer[place[k]] = values[columns[k]]


@compiled
def close_up(values: Any, width: int, columns: Places) -> None:
    """Rows of `width` numbers in flat memory, cut in place to those in `columns`, ascending, and moved together."""
    count = len(columns)
    for row in range(len(values) // width):
        for k in range(count):
            values[row * count + k] = values[row * width + columns[k]]
