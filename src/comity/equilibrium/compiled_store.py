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
    rows, cells, count = 1 + 2 * sectors, sectors * n, len(columns)
    room_price, room_output, room_cost, room_spending = room.price, room.output, room.cost, room.spending
    for c in range(n):
        for k in range(count):
            s, to = columns[k], place[k]
            wage_price[0, c, to] = states[c, to] = state[c * rows, s]
            income_output[0, c, to] = room_output[c, 0, s]
            deficit[c, to] = room.deficit[c, s]
            revenue[c, to] = room.revenue[c, s]
    # one pair of arrays a loop; where all go side by side, several numbers at a time
    together = count == state.shape[1] and place[count - 1] == place[0] + count - 1
    low = place[0]
    for j in range(sectors):
        for c in range(n):
            first, row = n + j * n + c, c * rows + 1 + j
            if together:
                for s in range(count):
                    wage_price[1 + j, c, low + s] = room_price[c, j, s]
                for s in range(count):
                    income_output[1 + j, c, low + s] = room_output[c, 1 + j, s]
                for s in range(count):
                    cost[j, c, low + s] = room_cost[c, j, s]
                for s in range(count):
                    spending[j, c, low + s] = room_spending[c, j, s]
                for s in range(count):
                    states[first, low + s] = state[row, s]
                for s in range(count):
                    states[first + cells, low + s] = state[row + sectors, s]
            else:
                for k in range(count):
                    wage_price[1 + j, c, place[k]] = room_price[c, j, columns[k]]
                for k in range(count):
                    income_output[1 + j, c, place[k]] = room_output[c, 1 + j, columns[k]]
                for k in range(count):
                    cost[j, c, place[k]] = room_cost[c, j, columns[k]]
                for k in range(count):
                    spending[j, c, place[k]] = room_spending[c, j, columns[k]]
                for k in range(count):
                    states[first, place[k]] = state[row, columns[k]]
                for k in range(count):
                    states[first + cells, place[k]] = state[row + sectors, columns[k]]


@compiled
def close_up(values: Any, width: int, columns: Places) -> None:
    """Rows of `width` numbers in flat memory, cut in place to those in `columns`, ascending, and moved together."""
    count = len(columns)
    for row in range(len(values) // width):
        for k in range(count):
            values[row * count + k] = values[row * width + columns[k]]
