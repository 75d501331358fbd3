"""What the members of a chunk change: entries of one cell and one member each, and the same as columns of all members.

Passes over whole rows of scenarios read the columns; loops that can skip what does not change read the entries. Columns
are made when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, Positions, occurring

Array = NDArray[Any]  # float64, or float32 far from the answer


@dataclass(frozen=True, eq=False)
class Cells:
    """Differences of the members' weights from the benchmark's, on the U cells that any member changes.

    border, whole (U, S): of X0 pi/(1+t) and of pi, cells in order of (sector, importer). seller (U,): (sector,
    exporter) row of each cell; buyers: the (sectors, importers) that occur, with the first cell of each in `starts`.
    The same in order of (sector, exporter): border_turned (U, S), buyer_turned (U,), sellers, turned_starts.
    """

    border: Array
    whole: Array
    seller: Positions
    buyers: tuple[Positions, Positions]
    starts: Positions
    border_turned: Array
    buyer_turned: Positions
    sellers: Positions
    turned_starts: Positions
    count: int

    def within(self, low: int, high: int) -> Cells | None:
        """The cells in rows low to high, counted from the first of these rows; None if there are none."""
        row = self.buyers[0] * self.count + self.buyers[1]
        some, sold = slice(*np.searchsorted(row, [low, high])), slice(*np.searchsorted(self.sellers, [low, high]))
        if some.start == some.stop:
            return None
        ends = np.append(self.starts, len(self.seller))
        first, last = ends[some.start], ends[some.stop]
        return Cells(
            border=self.border[first:last],
            whole=self.whole[first:last],
            seller=self.seller[first:last] - low,
            buyers=(self.buyers[0][some] - low // self.count, self.buyers[1][some]),
            starts=self.starts[some] - first,
            border_turned=self.border_turned[first:last],
            buyer_turned=self.buyer_turned[first:last] - low,
            sellers=self.sellers[sold] - low,
            turned_starts=self.turned_starts[sold] - first,
            count=self.count,
        )

    def each(self, change: Callable[[Array], Array]) -> Cells:
        """The same cells with their differences passed through `change`."""
        return replace(
            self,
            border=change(self.border),
            whole=change(self.whole),
            border_turned=change(self.border_turned),
        )


@dataclass(frozen=True, eq=False)
class Entries:
    """Differences of the members' weights from the benchmark's, member after member: border (E,) of X0 pi/(1+t) and
    whole (E,) of pi, at flat (E,) in order of (sector, importer, exporter), of the member (E,)."""

    flat: Positions
    member: Positions
    border: Array
    whole: Array

    def each(self, change: Callable[[Array], Array]) -> Entries:
        """The same entries with their differences passed through `change`."""
        return replace(self, border=change(self.border), whole=change(self.whole))

    def of(self, columns: Positions, width: int) -> Entries | None:
        """Those of some of `width` members, which are counted anew; None where these change nothing."""
        column = np.full(width, -1)
        column[columns] = np.arange(len(columns))
        member = column[self.member]
        kept = member >= 0
        if not kept.any():
            return None
        return Entries(self.flat[kept], member[kept], self.border[kept], self.whole[kept])


def entries_of(world: World, changes: Sequence[Changes], thetas: Array) -> Entries | None:
    """The Entries of the members with these changes and elasticities thetas (S, J); None where nobody changes a
    cell."""
    sizes = [len(part.flat) for part in changes]
    if not any(sizes):
        return None
    flat = np.concatenate([part.flat for part in changes])
    member = np.repeat(np.arange(len(changes)), sizes)
    count = len(world.countries)
    buyer = flat // count
    rate = world.tariff.ravel()[flat]
    new = rate
    if any(part.tariff is not None for part in changes):
        new = np.concatenate([_new_rates(world, part) for part in changes])
    log_cost = np.concatenate([part.log_cost() for part in changes])
    share = world.trade_share.ravel()[flat]
    sector = buyer // count
    theta = thetas[0, sector] if thetas.strides[0] == 0 else thetas[member, sector]  # one row for all
    weight = share * np.exp(-theta * log_cost)
    spent = world.expenditure.ravel()[buyer]
    border = spent * (weight / (1 + new)) - spent * (share / (1 + rate))
    return Entries(flat, member, border, weight - share)


def _new_rates(world: World, part: Changes) -> Array:
    return world.tariff.ravel()[part.flat] if part.tariff is None else part.tariff.new


def cells_of(entries: Entries, width: int, shape: tuple[int, ...]) -> Cells:
    """The columns of `width` members in a World of that shape (sector, importer, exporter)."""
    count = shape[2]
    size = int(np.prod(shape))
    flat = occurring([entries.flat], size)
    row_of = np.zeros(size, dtype=np.intp)
    row_of[flat] = np.arange(len(flat))
    row = row_of[entries.flat]
    border, whole = (np.zeros((len(flat), width), dtype=entries.border.dtype) for _ in range(2))
    border[row, entries.member] = entries.border
    whole[row, entries.member] = entries.whole
    buyer, seller = flat // count, flat // (count * count) * count + flat % count
    buyers, starts = _runs(buyer)
    turn = np.argsort(seller, kind="stable")
    sellers, turned_starts = _runs(seller[turn])
    return Cells(
        border=border,
        whole=whole,
        seller=seller,
        buyers=(buyers // count, buyers % count),
        starts=starts,
        border_turned=border[turn],
        buyer_turned=buyer[turn],
        sellers=sellers,
        turned_starts=turned_starts,
        count=count,
    )


def _runs(ascending: Positions) -> tuple[Positions, Positions]:
    """The values that occur in an ascending list, and where each begins."""
    starts = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))
    return ascending[starts], starts
