"""One search for all members of a chunk, compiled: the passes of `together.Together` and the acceleration of
`together_anderson.Histories`, with the sweeps between the matrix products fused.

Arrays carry the scenario last. What belongs to one country's own market is (country, sector, scenario), what is traded
(sector, country, scenario): both kinds of products then read memory in order. Sweeps over the scenarios touch few arrays
each: the compiler takes several numbers at a time only where few pairs of arrays could overlap. States and steps are (N (1 + 2 J), S): for
each country ln w, then ln P, then ln X/X0. Numba is an extra (`fast`); nothing but `compiled_chunk` imports this.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled_math import KERNEL, exp, log, worse
from comity.equilibrium.iteration import INCOME_FLOOR, LARGEST_STEP
from comity.equilibrium.together_anderson import LONGEST, MEMORY

Array = NDArray[np.float64]
Rough = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_compiled = numba.njit(**KERNEL)


class Economy(NamedTuple):
    """What all members share; as `together.Shared`, in the order of memory the compiled passes read."""

    forward: Array  # (J, 2N, N)
    backward: Array  # (J, N, N)
    cost_from: Array  # (N, J, 1 + J)
    demand_from: Array
    price_from: Rough
    spend_from: Rough
    home: Array  # (J, N)
    spent: Array
    value_added: Array  # (N,)


class Changed(NamedTuple):
    """Differences of the members' weights from the shared ones, by sector: those of sector j are first[j] to first[j + 1].
    Either cells with a column for every member (`member` is empty), or, where most would be zero, entries of one cell
    and one member each."""

    first: Places  # (J + 1,)
    buyer: Places  # (U,)
    seller: Places
    member: Places  # (U,) or (0,)
    border: Array  # (U, S) or (U, 1)
    whole: Array


class Rules(NamedTuple):
    """Elasticities, productivity and closures of the members; as `members.Members` and its Deficits."""

    theta: Array  # (J, S)
    log_productivity: Array  # (J, N, S), or (0, 0, 0) where nobody's changes
    transfer: Array  # (N, S)
    given: Array
    scaled: Flags  # (S,)
    follows: Flags
    factor: Array  # (N, S)
    response: Places  # (S,)
    responses: Array  # (R, N, N)


class Room(NamedTuple):
    """Memory for one pass, and what it implied."""

    cost: Array  # (N, J, S)
    price: Array
    spending: Array
    exponent: Array
    output: Array  # (N, 1 + J, S), income above output
    scale: Array  # (J, N, S)
    drawn: Array  # (2N, S)
    weight: Array  # (N, S)
    abroad: Array
    exports: Array
    imports: Array
    revenue: Array
    deficit: Array
    gap: Array
    move: Array
    price_error: Rough  # (N, 1 + J, S)
    excess: Rough
    step: Rough  # (N (1 + 2 J), S)
    largest: Array  # (S,)
    floored: Flags


class History(NamedTuple):
    """Memory of the acceleration, on rows `sample` of the state laid out as (N (1 + 2 J), S)."""

    sample: Places  # (R,)
    turns: Rough  # (MEMORY, R, S)
    last_step: Rough  # (R, S)
    advances: Rough  # (MEMORY, N (1 + 2 J), S)
    plain: Array  # (N (1 + 2 J), S)
    gram: Array  # (MEMORY, MEMORY, S)
    counts: Places  # (2,): differences held, next place


@_compiled
def look(economy: Economy, changed: Changed, rules: Rules, room: Room, state: Array) -> None:
    """One pass: errors of the state in room.largest, the preconditioned step in room.step."""
    _trade(economy, changed, rules, room, state)
    _incomes(economy, rules, room, state)
    _wages(economy, rules, room, state)
    _own_markets(economy, room, state)


@_compiled
def _trade(economy: Economy, changed: Changed, rules: Rules, room: Room, state: Array) -> None:
    """Equations (1), (2), (4), with exports, imports and revenue; errors of prices."""
    sectors, n = economy.home.shape
    width, rows = state.shape[1], 1 + 2 * sectors
    scale, exponent, output, largest = room.scale, room.exponent, room.output, room.largest
    exports, imports, revenue = room.exports, room.imports, room.revenue
    _costs(economy, rules, room, state)
    for total in (exports, imports, revenue):
        total[:] = 0.0
    largest[:] = 0.0
    drawn, weight, abroad, log_price, price_error = room.drawn, room.weight, room.abroad, room.price, room.price_error
    first, border, whole, theta = changed.first, changed.border, changed.whole, rules.theta
    for j in range(sectors):
        np.dot(economy.forward[j], scale[j], drawn)
        draw(first[j], first[j + 1], changed.buyer, changed.seller, changed.member, border, whole, scale[j], drawn)
        for c in range(n):
            spent, at_home, row = economy.spent[j, c], economy.home[j, c], c * rows + 1 + j
            for s in range(width):
                log_price[c, j, s] = -log(drawn[n + c, s]) / theta[j, s]
            for s in range(width):
                error = log_price[c, j, s] - state[row, s]
                price_error[c, 1 + j, s] = error
                largest[s] = worse(largest[s], abs(error))
            for s in range(width):
                weight[c, s] = exponent[c, j, s] / drawn[n + c, s]
            for s in range(width):
                drawn[c, s] *= weight[c, s]
            for s in range(width):
                imports[c, s] += drawn[c, s]
            for s in range(width):
                output[c, 1 + j, s] = at_home * scale[j, c, s] * weight[c, s]
            # what is spent, and neither at home nor on border values, is tariff revenue
            for s in range(width):
                revenue[c, s] += spent * exponent[c, j, s] - drawn[c, s] - output[c, 1 + j, s]
        np.dot(economy.backward[j], weight, abroad)
        sell(first[j], first[j + 1], changed.buyer, changed.seller, changed.member, border, weight, abroad)
        for c in range(n):
            for s in range(width):
                sold = abroad[c, s] * scale[j, c, s]
                exports[c, s] += sold
                output[c, 1 + j, s] += sold


@_compiled
def draw(
    first: int,
    last: int,
    buyer: Places,
    seller: Places,
    member: Places,
    border: Array,
    whole: Array,
    scale: Array,
    drawn: Array,
) -> None:
    """Add to `drawn` (2N, S) what the changed cells of a sector draw beyond the shared weights."""
    n, width = scale.shape
    if len(member):
        for u in range(first, last):
            b, i, s = buyer[u], seller[u], member[u]
            drawn[b, s] += border[u, 0] * scale[i, s]
            drawn[n + b, s] += whole[u, 0] * scale[i, s]
        return
    for u in range(first, last):
        b, i = buyer[u], seller[u]
        for s in range(width):
            drawn[b, s] += border[u, s] * scale[i, s]
        for s in range(width):
            drawn[n + b, s] += whole[u, s] * scale[i, s]


@_compiled
def sell(
    first: int, last: int, buyer: Places, seller: Places, member: Places, border: Array, weight: Array, sold: Array
) -> None:
    """Add to `sold` (N, S) what the changed cells of a sector sell beyond the shared weights."""
    if len(member):
        for u in range(first, last):
            sold[seller[u], member[u]] += border[u, 0] * weight[buyer[u], member[u]]
        return
    for u in range(first, last):
        b, i = buyer[u], seller[u]
        for s in range(weight.shape[1]):
            sold[i, s] += border[u, s] * weight[b, s]


@_compiled
def _costs(economy: Economy, rules: Rules, room: Room, state: Array) -> None:
    """Equation (1), costs raised to -theta, and expenditures."""
    sectors, n = economy.home.shape
    width, rows = state.shape[1], 1 + 2 * sectors
    cost, scale, exponent, theta = room.cost, room.scale, room.exponent, rules.theta
    for c in range(n):
        np.dot(economy.cost_from[c], state[c * rows : c * rows + 1 + sectors], cost[c])
        for j in range(sectors):
            if len(rules.log_productivity):
                for s in range(width):
                    cost[c, j, s] -= rules.log_productivity[j, c, s]
            for s in range(width):
                scale[j, c, s] = exp(-theta[j, s] * cost[c, j, s])
            for s in range(width):
                exponent[c, j, s] = exp(state[c * rows + 1 + sectors + j, s])


@_compiled
def _incomes(economy: Economy, rules: Rules, room: Room, state: Array) -> None:
    """Equation (6) under the members' closures, as `members.Deficits.after`."""
    n, width = room.deficit.shape
    rows = len(state) // n
    value = economy.value_added
    room.floored[:] = False
    for s in range(width):
        if rules.scaled[s]:
            wanted = earned = 0.0
            for c in range(n):
                wage = exp(state[c * rows, s])
                wanted += wage * rules.given[c, s]
                earned += wage * value[c]
            for c in range(n):
                wage = exp(state[c * rows, s])
                room.deficit[c, s] = wage * rules.given[c, s] - wage * value[c] / earned * wanted
        elif rules.follows[s]:
            own = spent = 0.0
            for c in range(n):
                before = exp(state[c * rows, s]) * value[c] + room.revenue[c, s]
                own += before
                spent += rules.factor[c, s] * before
            for c in range(n):
                before = exp(state[c * rows, s]) * value[c] + room.revenue[c, s]
                room.deficit[c, s] = rules.factor[c, s] * before * (own / spent) - before
        else:
            for c in range(n):
                room.deficit[c, s] = rules.given[c, s]
        for c in range(n):
            earned = exp(state[c * rows, s]) * value[c]
            income = earned + room.revenue[c, s] + room.deficit[c, s] + rules.transfer[c, s]
            if income < INCOME_FLOOR * earned:
                room.floored[s] = True
                income = INCOME_FLOOR * earned
            room.output[c, 0, s] = income


@_compiled
def _wages(economy: Economy, rules: Rules, room: Room, state: Array) -> None:
    """Equation (8) as a gap, and the steps of wages that answer it."""
    n, width = room.gap.shape
    rows = len(state) // n
    value = economy.value_added
    for c in range(n):
        floor = 1e-25 * value[c]
        for s in range(width):
            net = room.deficit[c, s] + rules.transfer[c, s]
            gap = log((room.exports[c, s] + max(net, 0.0) + floor) / (room.imports[c, s] + max(-net, 0.0) + floor))
            room.gap[c, s] = gap
            room.largest[s] = worse(room.largest[s], abs(gap))
    np.dot(rules.responses[0], room.gap, room.move)
    for s in range(width):
        if rules.response[s] != 0:
            for c in range(n):
                move = 0.0
                for k in range(n):
                    move += rules.responses[rules.response[s], c, k] * room.gap[k, s]
                room.move[c, s] = move
    world = value.sum()
    for s in range(width):
        total = 0.0
        for c in range(n):
            room.move[c, s] = min(max(room.move[c, s], -0.7), 0.7)
            total += exp(state[c * rows, s] + room.move[c, s]) * value[c]
        level = log(total / world)
        for c in range(n):
            move = room.move[c, s] - level
            room.step[c * rows, s] = move
            room.price_error[c, 0, s] = move
            room.excess[c, 0, s] = exp(state[c * rows, s]) * value[c] * move


@_compiled
def _own_markets(economy: Economy, room: Room, state: Array) -> None:
    """Equation (5), its errors, and the steps of prices and expenditures by each country's own loop."""
    sectors, n = economy.home.shape
    width, rows = state.shape[1], 1 + 2 * sectors
    spending, exponent, excess, largest = room.spending, room.exponent, room.excess, room.largest
    low, high = np.float32(-LARGEST_STEP), np.float32(LARGEST_STEP)
    lowest = np.float32(-0.9)
    for c in range(n):
        prices = room.step[c * rows + 1 : c * rows + 1 + sectors]
        spends = room.step[c * rows + 1 + sectors : (c + 1) * rows]
        np.dot(economy.demand_from[c], room.output[c], spending[c])
        for j in range(sectors):
            live = 1.0 if economy.spent[j, c] > 0 else 0.0
            for s in range(width):
                over = (spending[c, j, s] - exponent[c, j, s]) * live
                excess[c, 1 + j, s] = over
                largest[s] = worse(largest[s], abs(over / exponent[c, j, s]))
        np.dot(economy.price_from[c], room.price_error[c], prices)
        np.dot(economy.spend_from[c], excess[c], spends)
        for j in range(sectors):
            for s in range(width):
                prices[j, s] = min(max(prices[j, s], low), high)
            for s in range(width):
                spends[j, s] = min(max(spends[j, s] / np.float32(exponent[c, j, s]), lowest), high)


@_compiled
def advance(history: History, step: Rough, state: Array, found: Flags) -> None:
    """Anderson's next state, in place, of the members not found; `step` and `state` as (rows, S). See
    `together_anderson.Histories`."""
    rows, width = state.shape
    used, slot = history.counts
    sample, plain, advances, last_step = history.sample, history.plain, history.advances, history.last_step
    if history.counts[1] < 0:  # nothing to compare with yet
        for r in range(len(sample)):
            for s in range(width):
                last_step[r, s] = step[sample[r], s]
        for r in range(rows):
            for s in range(width):
                state[r, s] += step[r, s]
                plain[r, s] = state[r, s]
        history.counts[1] = 0
        return
    used = min(used + 1, MEMORY)
    history.counts[0], history.counts[1] = used, (slot + 1) % MEMORY
    weights = np.zeros((MEMORY, width))
    _fit(history, step, used, slot, weights)
    rough = weights.astype(np.float32)
    longest, drift = np.zeros(width), np.zeros(width, dtype=np.float32)
    for r in range(rows):
        for s in range(width):
            fresh = state[r, s] + step[r, s]
            advances[slot, r, s] = fresh - plain[r, s]
            plain[r, s] = fresh
        drift[:] = 0.0
        for k in range(used):
            for s in range(width):
                drift[s] += rough[k, s] * advances[k, r, s]
        for s in range(width):
            fresh = plain[r, s] - drift[s]
            longest[s] = worse(longest[s], abs(fresh - state[r, s]))
            state[r, s] = state[r, s] if found[s] else fresh
    for s in range(width):
        if not (longest[s] <= LONGEST or found[s]):
            for r in range(rows):
                state[r, s] = plain[r, s]


@_compiled
def _fit(history: History, step: Rough, used: int, slot: int, weights: Array) -> None:
    """Least-squares weights (MEMORY, S) of the last differences of steps; zero where they cannot be had."""
    width = step.shape[1]
    sample, turns, gram, last_step = history.sample, history.turns, history.gram, history.last_step
    right = np.zeros((MEMORY, width))
    fresh = np.zeros((MEMORY, width))
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
    scale, matrix, answer = np.empty(MEMORY), np.empty((MEMORY, MEMORY)), np.empty(MEMORY)
    for s in range(width):
        for k in range(used):
            scale[k] = 1.0 / np.sqrt(max(gram[k, k, s], 1e-300))
        for k in range(used):
            for m in range(used):
                matrix[k, m] = gram[k, m, s] * scale[k] * scale[m]
            matrix[k, k] += 1e-14
            answer[k] = scale[k] * right[k, s]
        if _solve(matrix, answer, used):
            for k in range(used):
                weights[k, s] = scale[k] * answer[k]


@_compiled
def _solve(matrix: Array, answer: Array, size: int) -> bool:
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
