"""Border values after a shock, worked out only where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flows:
    """What flows follow from, of a solution without export taxes: a flow is its weight times what is the seller's and
    what is the buyer's. cost_hat, price_index_hat, expenditure_new (J, N), hats against `benchmark`."""

    benchmark: World
    changes: Changes
    cost_hat: Array
    price_index_hat: Array
    expenditure_new: Array

    @cached_property
    def sides(self) -> tuple[Array, Array]:
        """(J, N) c^-theta of sellers and X P^theta of buyers."""
        everyone = slice(None)
        return self._of_sellers(everyone), self._of_buyers(everyone)

    def _of_sellers(self, some: NDArray[np.intp] | slice) -> Array:
        return self.cost_hat[:, some] ** -self.benchmark.trade_elasticity[:, None]

    def _of_buyers(self, some: NDArray[np.intp] | slice) -> Array:
        world = self.benchmark
        bought = self.price_index_hat[:, some] ** world.trade_elasticity[:, None] * self.expenditure_new[:, some]
        return np.where(world.expenditure[:, some] > 0, bought, 0.0)

    def between(self, sectors: NDArray[np.bool_]) -> Array:
        """(N, N) border value of what n buys from i in the sectors of a mask (J,), home sales on the diagonal."""
        world = self.benchmark
        seller, buyer = self.sides
        growth = buyer / np.where(world.expenditure > 0, world.expenditure, 1.0)
        rows = np.flatnonzero(sectors)
        in_a_row = len(rows) > 0 and np.ptp(rows) == len(rows) - 1
        some = slice(rows[0], rows[-1] + 1) if in_a_row else rows  # a view where it can be one
        total = np.einsum("jn,jni,ji->ni", growth[some], world.flow[some], seller[some])
        square = total.size
        if len(self.changes.flat):
            pairs = np.divmod(np.flatnonzero(np.bincount(self.changes.flat % square)), len(total))
            total[pairs] = self.pairs(*pairs)[sectors].sum(axis=0)
        return np.asarray(total)

    def pairs(self, buyers: NDArray[np.intp], sellers: NDArray[np.intp]) -> Array:
        """(J, U) border value of what the U pairs trade, each made from its own weights."""
        world, changes, count = self.benchmark, self.changes, len(self.benchmark.countries)
        weight = world.trade_share[:, buyers, sellers] / (1 + world.tariff[:, buyers, sellers])
        place = np.full(count * count, -1)
        place[buyers * count + sellers] = np.arange(len(buyers))
        where = place[changes.flat % (count * count)]
        asked = np.flatnonzero(where >= 0)
        flat, where = changes.flat[asked], where[asked]
        j = flat // (count * count)
        tariff = world.tariff.ravel()[flat] if changes.tariff is None else changes.tariff.new[asked]
        cost = np.exp(-world.trade_elasticity[j] * changes.log_cost()[asked])
        weight[j, where] = world.trade_share.ravel()[flat] * cost / (1 + tariff)
        return np.asarray(weight * self._of_buyers(buyers) * self._of_sellers(sellers))
