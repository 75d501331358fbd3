"""One pass through equations (1)-(6) and (8) for all members of a chunk; arrays are (sector, country, scenario).

The same map as `iteration.Iteration`, with the same preconditioner, for members that share the benchmark's weights but
for a few cells. Expenditure is counted in units of the benchmark's, so that its size stands in the matrices once and
for all; wages, income and wage steps are the first row of the arrays they are multiplied with. Results are written into
memory that is used again: fresh memory for every intermediate array costs as much as the sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from comity.equilibrium.cells import Cells
from comity.equilibrium.iteration import INCOME_FLOOR, LARGEST_FALL, LARGEST_MOVE, LARGEST_STEP
from comity.equilibrium.members import Members
from comity.equilibrium.prepared import Prepared, moved_by_trade
from comity.equilibrium.responses import Heard, Responses, heard
from comity.equilibrium.space import Space
from comity.kept import KeptFor

Array = NDArray[Any]  # float64, or float32 far from the answer

GENTLE = 0.1  # largest error below which no step comes near its limit
BLOCK = 200_000  # bytes of one array of a block of sectors; about ten of them are in use at a time


@dataclass(frozen=True, eq=False)
class Shared:
    """What all members share, in one precision, of a World of J sectors and N countries.

    forward (J, 2N, N): X0 pi/(1+t) of foreign suppliers, above pi with home sales; backward: its first half turned;
    cost_from, demand_from (N, J, 1+J): maps from [ln w; ln P] to ln c, from [I; Y] to X/X0; price_from, spend_from
    (N, J, J): from errors of ln P and of X/X0 to what own markets make of them;
    home (J, N, 1): X0 pi of home sales; spent (J, N): X0; unspent: cells where it is zero, if any (they count in units
    of one); moved_by_trade (N, 1): as in `prepared`.
    """

    forward: Array
    backward: Array
    cost_from: Array
    demand_from: Array
    price_from: Array
    spend_from: Array
    home: Array
    spent: Array
    unspent: Array | None
    value_added: Array
    moved_by_trade: Array


_shared: KeptFor[Prepared, Shared] = KeptFor()


def share(base: Prepared, dtype: DTypeLike) -> Shared:
    """The Shared of a World, computed on first use and kept as long as its Prepared lives."""
    name = np.dtype(dtype).name
    return _shared.get(base, name, lambda: _share(base) if name == "float64" else _cast(_share(base), dtype))


def _share(base: Prepared) -> Shared:
    world, n = base.world, base.home.shape[1]
    empty = world.expenditure <= 0
    spent = np.where(empty, 1.0, world.expenditure)
    whole = base.foreign[:, :n] + base.foreign[:, n:]
    whole[:, np.arange(n), np.arange(n)] = base.home
    forward = np.concatenate([base.foreign[:, :n] * world.expenditure[:, :, None], whole], axis=1)
    rows, alpha = spent.T[:, :, None], world.consumption_share.T[:, :, None]
    return Shared(
        forward=forward,
        backward=forward[:, :n].transpose(0, 2, 1),
        cost_from=_joined(world.value_added_share.T[:, :, None], base.inputs_of),
        demand_from=_joined(alpha / rows, base.uses_of / rows),
        price_from=base.price_local,
        spend_from=np.ascontiguousarray(base.demand_local * rows.transpose(0, 2, 1) / rows),
        home=(world.expenditure * base.home)[:, :, None],
        spent=world.expenditure,
        unspent=empty if empty.any() else None,
        value_added=world.value_added[:, None],
        moved_by_trade=base.moved_by_trade[:, None],
    )


def _joined(column: Array, square: Array) -> Array:
    return np.ascontiguousarray(np.concatenate([column, square], axis=2))


def _cast(shared: Shared, dtype: DTypeLike) -> Shared:
    """The Shared in another precision."""
    values: dict[str, Any] = dict(vars(shared))
    for name, value in values.items():
        if value is not None and value.dtype != bool:
            values[name] = value.astype(dtype)
    values["backward"] = values["forward"][:, : shared.home.shape[1]].transpose(0, 2, 1)
    return Shared(**values)


@dataclass(frozen=True, eq=False)
class _Block:
    """Views of a few sectors: small enough to stay in the processor's cache from one sum to the next."""

    rows: slice
    forward: Array
    backward: Array
    minus_theta: Array
    per_theta: Array
    home: Array
    cells: Cells | None
    exponent: Array
    cost: Array
    log_price: Array
    output: Array
    drawn: Array
    border: Array
    total: Array
    scale: Array
    weight: Array
    abroad: Array
    spare: Array


class Together:
    """The fixed-point map of Members of one World, evaluated in the precision of `shared`; steps are float32.

    After `errors`, the arrays cost, log_price, spending (X/X0) and output (J, N, S), exports, imports, tariff_revenue,
    income, deficit (N, S) and floored (S,) hold what the pass implied.
    """

    def __init__(
        self,
        shared: Shared,
        rough: Shared,
        members: Members,
        space: Space,
    ) -> None:
        self.shared, self.rough, self.dtype = shared, rough, shared.forward.dtype
        self.sectors, self.count = shared.spent.shape
        self.floor = self.dtype.type(1e-25) * shared.value_added
        self.space = space
        self.take(members)

    def take(self, members: Members) -> None:
        """Turn to other members (a part of those before)."""
        _ = members.cells  # made once, for all precisions and parts
        self.members = members.cast(self.dtype)
        self.width = width = len(members)
        shape, taller = (self.sectors, self.count, width), (self.sectors + 1, self.count, width)
        self.exponent, self.cost = self._array("exponent", shape), self._array("cost", shape)
        self.log_price, self.spending = self._array("log price", shape), self._array("spending", shape)
        self.earned_output = self._array("earned and output", taller)
        self.income, self.output = self.earned_output[0], self.earned_output[1:]
        self.exports, self.imports, self.tariff_revenue, self.deficit = (
            self._array(name, shape[1:]) for name in ("exports", "imports", "revenue", "deficit")
        )
        self.price_errors, self.excess = self._rough("price errors", shape), self._rough("excess", shape)
        self.answer = self._rough("answer", (2 * self.sectors * self.count, width))
        self.inverse, self.spare = self._rough("inverse", shape), self._rough("spare", shape)
        self.floored, self.earned = np.zeros(width, dtype=bool), np.empty(0)
        self.groups = _groups(members)
        self.blocks = self._blocks()

    def _array(self, name: str, shape: tuple[int, ...]) -> Array:
        return self.space.array(name, shape, self.dtype)

    def _rough(self, name: str, shape: tuple[int, ...]) -> Array:
        return self.space.array(f"rough {name}", shape, np.float32)

    def _blocks(self) -> list[_Block]:
        n, width = self.count, self.width
        size = max(1, round(BLOCK / (n * width * self.dtype.itemsize)))
        made = []
        for first in range(0, self.sectors, size):
            rows = slice(first, min(first + size, self.sectors))
            shape = (rows.stop - first, n, width)
            drawn = self._array("drawn", (shape[0], 2 * n, width))
            cells = self.members.cells
            made.append(
                _Block(
                    rows=rows,
                    forward=self.shared.forward[rows],
                    backward=self.shared.backward[rows],
                    minus_theta=-self.members.theta[rows],
                    per_theta=-1 / self.members.theta[rows],
                    home=self.shared.home[rows],
                    cells=None if cells is None else cells.within(first * n, rows.stop * n),
                    exponent=self.exponent[rows],
                    cost=self.cost[rows],
                    log_price=self.log_price[rows],
                    output=self.output[rows],
                    drawn=drawn,
                    border=drawn[:, :n],
                    total=drawn[:, n:],
                    **{name: self._array(name, shape) for name in ("scale", "weight", "abroad", "spare")},
                )
            )
        return made

    def split(self, state: Array) -> tuple[Array, Array, Array]:
        """Views of ln w (N, S), ln P and ln X/X0 (J, N, S) in a state (N + 2 J N, S)."""
        n, cells = self.count, self.sectors * self.count
        shape = (self.sectors, n, self.width)
        return state[:n], state[n : n + cells].reshape(shape), state[n + cells :].reshape(shape)

    def errors(self, state: Array, step: Array) -> Array:
        """(S,) largest log error of each member; the preconditioned step is written into `step`."""
        log_wage, log_price, log_spending = self.split(state)
        self._pass(state, log_wage, log_spending)
        gap = self._trade_gap()
        price_error = np.subtract(self.log_price, log_price, out=self.price_errors, casting="same_kind")
        excess = np.subtract(self.spending, self.exponent, out=self.excess, casting="same_kind")
        if self.shared.unspent is not None:
            excess[self.shared.unspent] = 0.0
        inverse = np.divide(1.0, self.exponent, out=self.inverse, casting="same_kind")
        largest = np.maximum(np.abs(gap).max(axis=0), self._largest(price_error))
        largest = np.maximum(largest, self._largest(np.multiply(excess, inverse, out=self.spare)))
        # -- the step, as in iteration.Iteration
        move, price_step, spend_step = self.split(step)
        by_country(self.rough.price_from, price_error, price_step)
        by_country(self.rough.spend_from, excess, spend_step)
        spend_step *= inverse
        near = largest.max() < GENTLE
        self._limit(near, price_step, spend_step)
        wage_move = np.clip(self._wage_answer(self._as_before(gap), step), -LARGEST_MOVE, LARGEST_MOVE)
        wage_move -= np.log((np.exp(wage_move) * self.earned).sum(axis=0) / self.shared.value_added.sum())
        move[:] = wage_move
        self._follow(step)
        self._limit(near, price_step, spend_step)
        return largest

    def _limit(self, near: bool, price_step: Array, spend_step: Array) -> None:
        if not near:
            np.clip(price_step, -LARGEST_STEP, LARGEST_STEP, out=price_step)
            np.clip(spend_step, LARGEST_FALL, LARGEST_STEP, out=spend_step)

    def _pass(self, state: Array, log_wage: Array, log_spending: Array) -> None:
        """Equations (1), (2), (4), (5), (6) once, with exports and imports for (8)."""
        shared = self.shared
        first = (self.sectors + 1) * self.count
        by_country(shared.cost_from, state[:first].reshape(self.sectors + 1, self.count, self.width), self.cost)
        if self.members.log_productivity is not None:
            self.cost -= self.members.log_productivity
        np.exp(log_spending, out=self.exponent)
        spent, at_home = np.zeros_like(self.exports), np.zeros_like(self.exports)
        np.matmul(shared.spent.T[:, None, :], self.exponent.transpose(1, 0, 2), out=spent[:, None, :])
        self.exports[:], self.imports[:] = 0.0, 0.0
        for block in self.blocks:
            self._sectors(block, at_home)
        # what is spent, and neither at home nor on border values, is tariff revenue
        np.subtract(spent - self.imports, at_home, out=self.tariff_revenue)
        self._income(log_wage)
        by_country(shared.demand_from, self.earned_output, self.spending)

    def _sectors(self, block: _Block, at_home: Array) -> None:
        """Prices and sales of a few sectors; adds to exports, imports and home sales."""
        scale = np.multiply(block.minus_theta, block.cost, out=block.scale)
        np.exp(scale, out=scale)
        np.matmul(block.forward, scale, out=block.drawn)
        if block.cells is not None:
            draw_changes(block.cells, scale, block.border, block.total)
        np.log(block.total, out=block.log_price)
        np.multiply(block.log_price, block.per_theta, out=block.log_price)
        weight = np.divide(block.exponent, block.total, out=block.weight)
        abroad = np.matmul(block.backward, weight, out=block.abroad)
        if block.cells is not None:
            sell_changes(block.cells, weight, abroad)
        abroad *= scale
        self.exports += abroad.sum(axis=0)
        self.imports += np.einsum("jns,jns->ns", block.border, weight)
        weight *= scale
        home = np.multiply(block.home, weight, out=block.spare)
        at_home += home.sum(axis=0)
        np.add(abroad, home, out=block.output)

    def _wage_answer(self, gap: Array, step: Array) -> Array:
        """Steps of wages that close the gaps that own markets leave."""
        count, answer = self.count, np.empty_like(gap)
        told = step[count:].reshape(-1, count, self.width)
        for _, known, columns in self.groups:
            left = np.empty((known.wages.shape[1], columns.stop - columns.start), np.float32)
            np.matmul(known.own.T[:, None, :], told[:, :, columns].transpose(1, 0, 2), out=left[:count, None, :])
            left[:count] += gap[:, columns]
            np.matmul(known.others, step[count:, columns], out=left[count:])
            answer[:, columns] = known.wages @ left
        return answer

    def _follow(self, step: Array) -> None:
        """Add to the steps of prices and expenditures what those of wages bring."""
        moves, half = step[: self.count], len(self.answer) // 2
        alike = len({id(held.prices_of or held) for held, _, _ in self.groups}) == 1
        first = half if alike else 0  # prices all at once: a wide product is quicker than several narrow ones
        np.matmul(self.groups[0][0].follow[:first], moves, out=self.answer[:first])
        for held, _, columns in self.groups:
            np.matmul(held.follow[first:], moves[:, columns], out=self.answer[first:, columns])
        step[self.count :] += self.answer

    def _trade_gap(self) -> Array:
        net, floor = self.deficit + self.members.transfer, self.floor
        return np.log((self.exports + np.maximum(net, 0) + floor) / (self.imports + np.maximum(-net, 0) + floor))

    def _as_before(self, gap: Array) -> Array:
        """Gaps as large as the same trade would make them with the benchmark's deficits."""
        present = moved_by_trade(self.exports, self.imports, self.deficit + self.members.transfer, self.floor)
        return np.multiply(gap, self.shared.moved_by_trade / present)

    def _income(self, log_wage: Array) -> None:
        """Equation (6) under the members' closures."""
        wage = np.exp(log_wage)
        self.earned = earned = wage * self.shared.value_added
        own = earned + self.tariff_revenue
        self.deficit[:] = self.members.deficits.after(wage, earned, own)
        income = own + self.deficit + self.members.transfer
        floor = self.dtype.type(INCOME_FLOOR) * earned
        self.floored = (income < floor).any(axis=0)
        np.maximum(income, floor, out=self.income)

    def _largest(self, values: Array) -> Array:
        """(S,) largest absolute value of each member."""
        return np.abs(values, out=self.spare).max(axis=0).max(axis=0)


def _groups(members: Members) -> list[tuple[Responses, Heard, slice]]:
    """The responses that members have, and the columns of those side by side who have them."""
    edges = np.flatnonzero(np.diff(members.response)) + 1
    runs = [slice(*ends) for ends in pairwise([0, *edges.tolist(), len(members)])]
    several = [members.responses[members.response[columns.start]] for columns in runs]
    return [(held, heard(held), columns) for held, columns in zip(several, runs, strict=True)]


def draw_changes(cells: Cells, scale: Array, border: Array, total: Array) -> None:
    """Add to `border` and `total` (J, N, S) what the changed cells draw beyond the benchmark's weights."""
    taken = scale.reshape(-1, scale.shape[2])[cells.seller]
    border[cells.buyers] += np.add.reduceat(cells.border * taken, cells.starts, axis=0)
    taken *= cells.whole
    total[cells.buyers] += np.add.reduceat(taken, cells.starts, axis=0)


def sell_changes(cells: Cells, weight: Array, abroad: Array) -> None:
    """Add to `abroad` (J, N, S) what the changed cells sell beyond the benchmark's weights."""
    asked = weight.reshape(-1, weight.shape[2])[cells.buyer_turned]
    asked *= cells.border_turned
    abroad.reshape(-1, weight.shape[2])[cells.sellers] += np.add.reduceat(asked, cells.turned_starts, axis=0)


def by_country(matrices: Array, columns: Array, out: Array) -> Array:
    """Each country's matrix applied to its rows of a (K, N, S) array, into `out` (J, N, S)."""
    np.matmul(matrices, columns.transpose(1, 0, 2), out=out.transpose(1, 0, 2))
    return out
