"""One pass for all members of a chunk, compiled: as `together.Together`, with the sweeps between the matrix products
fused.

Arrays carry the scenario last. What belongs to one country's own market is (country, sector, scenario), what is traded
(sector, country, scenario): both kinds of products then read memory in order. States and steps are (N (1 + 2 J), S):
for each country ln w, then ln P, then ln X/X0. Sweeps over the scenarios touch few arrays each: the compiler takes
several numbers at a time only where few pairs of arrays could overlap. Numba is an extra (`fast`); nothing but
`compiled_chunk` imports this.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.compiled_math import exp, log, moved_by_trade, worse
from comity.kernels import compiled

Array = NDArray[np.float64]
Rough = NDArray[np.float32]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Economy(NamedTuple):
    """What all members share; as `together.Shared`, in the order of memory the compiled passes read."""

    forward: Array  # (J, 2N, N)
    backward: Array  # (J, N, N)
    rough_forward: Rough
    rough_backward: Rough
    drawn: Array  # (J, 2N): what forward makes of ones
    abroad: Array  # (J, N): what backward makes of ones
    cost_from: Array  # (N, J, 1 + J)
    demand_from: Array
    price_from: Rough  # (N, J, J)
    spend_from: Rough
    home: Array  # (J, N)
    spent: Array
    value_added: Array  # (N,)
    moved_by_trade: Array


class Changed(NamedTuple):
    """Differences of the members' weights from the shared ones, by sector: those of sector j are first[j] to
    first[j + 1]. Either cells with a column for every member (`member` is empty), or, where most would be zero, entries
    of one cell and one member each."""

    first: Places  # (J + 1,)
    buyer: Places  # (U,)
    seller: Places
    member: Places  # (U,) or (0,)
    border: Array  # (U, S) or (U, 1)
    whole: Array


class Limits(NamedTuple):
    """As in `iteration`: what bounds incomes and steps. Given, not imported: what is compiled would keep old values."""

    income: float  # INCOME_FLOOR
    move: float  # LARGEST_MOVE
    step: np.float32  # LARGEST_STEP
    fall: np.float32  # LARGEST_FALL


class Rules(NamedTuple):
    """Elasticities, productivity and closures of the members; as `members.Members` and its Deficits."""

    limits: Limits
    theta: Array  # (J, S)
    log_productivity: Array  # (J, N, S), or (0, 0, 0) where nobody's changes
    transfer: Array  # (N, S)
    given: Array
    scaled: Flags  # (S,)
    follows: Flags
    factor: Array  # (N, S)


class Answer(NamedTuple):
    """`responses.Responses` in the order of the state."""

    wages: Rough  # (N, N + R): per gap and per `others`
    own: Rough  # (N (1 + 2 J),): d gap of each country per its own d ln P and d ln X, zero for wages
    others: Rough  # (R, N (1 + 2 J)): the combinations of all other d ln P and d ln X that wages answer to most
    follow: Rough  # (N (1 + 2 J), N): d ln P and d ln X per d ln w, zero for wages


class Room(NamedTuple):
    """Memory for one pass, and what it implied; `few` are differences from the benchmark, for rough passes."""

    cost: Array  # (N, J, S)
    price: Array
    spending: Array
    exponent: Array
    output: Array  # (N, 1 + J, S), income above output
    scale: Array  # (J, N, S)
    drawn: Array  # (2N, S)
    few: Rough  # (J, N, S): of scale
    few_drawn: Rough  # (2N, S)
    few_weight: Rough  # (N, S)
    few_abroad: Rough
    weight: Array  # (N, S)
    abroad: Array
    exports: Array
    imports: Array
    revenue: Array
    deficit: Array
    gap: Array
    move: Array
    price_error: Rough  # (N, J, S)
    excess: Rough
    left: Rough  # (N + R, S)
    rough_move: Rough  # (N, S)
    follow: Rough  # (1 + 2 J, S)
    step: Rough  # (N (1 + 2 J), S)
    largest: Array  # (S,)
    floored: Flags


@compiled
def look(
    economy: Economy, changed: Changed, rules: Rules, answer: Answer, room: Room, state: Array, rough: bool
) -> None:
    """One pass: errors of the state in room.largest, the preconditioned step in room.step.

    rough : products over importers and exporters in float32, of what differs from the benchmark, so that their rounding
    is in proportion to that; costs, prices and spending are no answers and go, country after country, to one place.
    """
    _trade(economy, changed, rules, room, state, rough)
    _incomes(economy, rules, room, state)
    _gaps(economy, rules, room)
    _own_markets(economy, rules.limits, room, state, rough)
    _wages(economy, rules.limits, answer, room, state)


@compiled
def _trade(economy: Economy, changed: Changed, rules: Rules, room: Room, state: Array, rough: bool) -> None:
    """Equations (1), (2), (4), with exports, imports and revenue; errors of prices."""
    sectors, n = economy.home.shape
    width, rows = state.shape[1], 1 + 2 * sectors
    scale, exponent, output, largest = room.scale, room.exponent, room.output, room.largest
    exports, imports, revenue = room.exports, room.imports, room.revenue
    _costs(economy, rules, room, state, rough)
    for total in (exports, imports, revenue):
        total[:] = 0.0
    largest[:] = 0.0
    drawn, weight, abroad, log_price, price_error = room.drawn, room.weight, room.abroad, room.price, room.price_error
    first, border, whole, theta = changed.first, changed.border, changed.whole, rules.theta
    slope = np.empty(width)
    for j in range(sectors):
        for s in range(width):
            slope[s] = -1.0 / theta[j, s]
        if rough:
            np.dot(economy.rough_forward[j], room.few[j], room.few_drawn)
            _beside_ones(economy.drawn[j], room.few_drawn, drawn)
        else:
            np.dot(economy.forward[j], scale[j], drawn)
        draw(first[j], first[j + 1], changed.buyer, changed.seller, changed.member, border, whole, scale[j], drawn)
        for c in range(n):
            spent, at_home, row = economy.spent[j, c], economy.home[j, c], c * rows + 1 + j
            to = 0 if rough else c
            for s in range(width):
                log_price[to, j, s] = log(drawn[n + c, s]) * slope[s]
            for s in range(width):
                error = log_price[to, j, s] - state[row, s]
                price_error[c, j, s] = error
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
        if rough:
            for c in range(n):
                for s in range(width):
                    room.few_weight[c, s] = np.float32(weight[c, s] - 1.0)
            np.dot(economy.rough_backward[j], room.few_weight, room.few_abroad)
            _beside_ones(economy.abroad[j], room.few_abroad, abroad)
        else:
            np.dot(economy.backward[j], weight, abroad)
        sell(first[j], first[j + 1], changed.buyer, changed.seller, changed.member, border, weight, abroad)
        for c in range(n):
            for s in range(width):
                sold = abroad[c, s] * scale[j, c, s]
                exports[c, s] += sold
                output[c, 1 + j, s] += sold


@compiled
def _beside_ones(ones: Array, few: Rough, total: Array) -> None:
    """Products with the benchmark's values and with differences from them, added up."""
    for r in range(len(ones)):
        for s in range(total.shape[1]):
            total[r, s] = ones[r] + few[r, s]


@compiled
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


@compiled
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


@compiled
def _costs(economy: Economy, rules: Rules, room: Room, state: Array, rough: bool) -> None:
    """Equation (1), costs raised to -theta, and expenditures."""
    sectors, n = economy.home.shape
    width, rows = state.shape[1], 1 + 2 * sectors
    cost, scale, few, exponent, theta = room.cost, room.scale, room.few, room.exponent, rules.theta
    for c in range(n):
        to = 0 if rough else c
        np.dot(economy.cost_from[c], state[c * rows : c * rows + 1 + sectors], cost[to])
        for j in range(sectors):
            if len(rules.log_productivity):
                for s in range(width):
                    cost[to, j, s] -= rules.log_productivity[j, c, s]
            for s in range(width):
                power = exp(-theta[j, s] * cost[to, j, s])
                scale[j, c, s] = power
                few[j, c, s] = np.float32(power - 1.0)
            for s in range(width):
                exponent[c, j, s] = exp(state[c * rows + 1 + sectors + j, s])


@compiled
def _incomes(economy: Economy, rules: Rules, room: Room, state: Array) -> None:
    """Equation (6) under the members' closures, as `members.Deficits.after`."""
    n, width = room.deficit.shape
    rows = len(state) // n
    value = economy.value_added
    deficit, given, transfer, revenue, income = room.deficit, rules.given, rules.transfer, room.revenue, room.output
    floored, floor = room.floored, rules.limits.income
    floored[:] = False
    for c in range(n):
        for s in range(width):
            deficit[c, s] = given[c, s]
    for s in range(width):
        if rules.scaled[s]:
            wanted = earned = 0.0
            for c in range(n):
                wage = exp(state[c * rows, s])
                wanted += wage * given[c, s]
                earned += wage * value[c]
            for c in range(n):
                wage = exp(state[c * rows, s])
                deficit[c, s] = wage * given[c, s] - wage * value[c] / earned * wanted
        elif rules.follows[s]:
            own = spent = 0.0
            for c in range(n):
                before = exp(state[c * rows, s]) * value[c] + revenue[c, s]
                own += before
                spent += rules.factor[c, s] * before
            for c in range(n):
                before = exp(state[c * rows, s]) * value[c] + revenue[c, s]
                deficit[c, s] = rules.factor[c, s] * before * (own / spent) - before
    earned_by = np.empty(width)
    for c in range(n):
        for s in range(width):
            earned_by[s] = exp(state[c * rows, s]) * value[c]
        for s in range(width):
            income[c, 0, s] = earned_by[s] + revenue[c, s] + deficit[c, s] + transfer[c, s]
        for s in range(width):
            low = floor * earned_by[s]
            floored[s] |= income[c, 0, s] < low
            income[c, 0, s] = low if income[c, 0, s] < low else income[c, 0, s]


@compiled
def _gaps(economy: Economy, rules: Rules, room: Room) -> None:
    """Equation (8) as gaps ln((exports + D+) / (imports + D-)), then as the benchmark's deficits would have them."""
    n, width = room.gap.shape
    gap, exports, imports, largest = room.gap, room.exports, room.imports, room.largest
    for c in range(n):
        floor = 1e-25 * economy.value_added[c]
        for s in range(width):
            net = room.deficit[c, s] + rules.transfer[c, s]
            gap[c, s] = log((exports[c, s] + max(net, 0.0) + floor) / (imports[c, s] + max(-net, 0.0) + floor))
        for s in range(width):
            largest[s] = worse(largest[s], abs(gap[c, s]))
        for s in range(width):
            net = room.deficit[c, s] + rules.transfer[c, s]
            gap[c, s] *= economy.moved_by_trade[c] / moved_by_trade(exports[c, s], imports[c, s], net, floor)


@compiled
def _own_markets(economy: Economy, limits: Limits, room: Room, state: Array, rough: bool) -> None:
    """Equation (5), its errors, and what own markets make of errors in prices and expenditures."""
    sectors, n = economy.home.shape
    width, rows = state.shape[1], 1 + 2 * sectors
    spending, exponent, excess, largest = room.spending, room.exponent, room.excess, room.largest
    low, high, lowest = -limits.step, limits.step, limits.fall
    inverse = np.empty((sectors, width), dtype=np.float32)
    for c in range(n):
        prices = room.step[c * rows + 1 : c * rows + 1 + sectors]
        spends = room.step[c * rows + 1 + sectors : (c + 1) * rows]
        to = 0 if rough else c
        np.dot(economy.demand_from[c], room.output[c], spending[to])
        for j in range(sectors):
            live = 1.0 if economy.spent[j, c] > 0 else 0.0
            for s in range(width):
                inverse[j, s] = np.float32(1.0) / np.float32(exponent[c, j, s])
            for s in range(width):
                over = (spending[to, j, s] - exponent[c, j, s]) * live
                excess[c, j, s] = over
                largest[s] = worse(largest[s], abs(over * inverse[j, s]))
        np.dot(economy.price_from[c], room.price_error[c], prices)
        np.dot(economy.spend_from[c], excess[c], spends)
        for j in range(sectors):
            for s in range(width):
                prices[j, s] = min(max(prices[j, s], low), high)
            for s in range(width):
                spends[j, s] = min(max(spends[j, s] * inverse[j, s], lowest), high)


@compiled
def _wages(economy: Economy, limits: Limits, answer: Answer, room: Room, state: Array) -> None:
    """Steps of wages that close the gaps own markets leave, and what follows from them."""
    n, width = room.gap.shape
    rows = len(state) // n
    value, move, step = economy.value_added, room.move, room.step
    left, rough, follow = room.left, room.rough_move, room.follow
    for c in range(n):
        step[c * rows] = np.float32(0.0)
        for s in range(width):
            left[c, s] = room.gap[c, s]
        for r in range(c * rows + 1, (c + 1) * rows):
            for s in range(width):
                left[c, s] += answer.own[r] * step[r, s]
    np.dot(answer.others, step, left[n:])
    np.dot(answer.wages, left, rough)
    total = np.zeros(width)
    for c in range(n):
        for s in range(width):
            move[c, s] = min(max(rough[c, s], -limits.move), limits.move)
        for s in range(width):
            total[s] += exp(state[c * rows, s] + move[c, s]) * value[c]
    world = value.sum()
    for s in range(width):
        total[s] = log(total[s] / world)
    for c in range(n):
        for s in range(width):
            rough[c, s] = move[c, s] - total[s]
    low, high, lowest = -limits.step, limits.step, limits.fall
    sectors = rows // 2
    for c in range(n):
        own = step[c * rows : (c + 1) * rows]
        np.dot(answer.follow[c * rows : (c + 1) * rows], rough, follow)
        for s in range(width):
            own[0, s] = rough[c, s]
        for r in range(1, 1 + sectors):
            for s in range(width):
                own[r, s] = min(max(own[r, s] + follow[r, s], low), high)
        for r in range(1 + sectors, rows):
            for s in range(width):
                own[r, s] = min(max(own[r, s] + follow[r, s], lowest), high)
