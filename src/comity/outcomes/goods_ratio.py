"""Ratios of goods flows after to before a shock, worked out where they are asked for: of the thousands of solutions
behind ranges and bands, a few pairs are read."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.beside import in_copy
from comity.classifications.sectors import is_goods
from comity.equilibrium.flows import Flows
from comity.equilibrium.solution import Later, Solution

Array = NDArray[np.float64]
_WHOLE = (int, np.integer)


class GoodsRatio:
    """(N, N) ratios [importer, exporter] of a solution, 1 where nothing flows: an array for whoever takes it as one."""

    def __init__(
        self, flows: Flows | None, every: Array | None = None, ends: tuple[Array, Array] | None = None
    ) -> None:
        """ends : (N, N) flows after and before, where they are there."""
        self._flows, self._ends, self._cells = flows, ends, dict[tuple[int, int], float]()
        if every is not None:
            self.every = every

    @classmethod
    def of(cls, solution: Solution) -> GoodsRatio:
        """Those of a solution, which is not held; its flows are worked out at once where its weights are laid out
        already."""
        if isinstance(solution.source, Later):
            return cls(solution.flows)
        goods = is_goods(solution.benchmark.sectors)
        return cls(None, ends=(solution.flow_between(goods), solution.benchmark.goods_flow))

    @cached_property
    def every(self) -> Array:
        """(N, N) all of them."""
        if self._ends is not None:
            return _ratio(*self._ends)
        assert self._flows is not None
        world = self._flows.benchmark
        return _ratio(self._flows.between(is_goods(world.sectors)), world.goods_flow)

    def __getitem__(self, cell: Any) -> Any:
        one = isinstance(cell, tuple) and isinstance(cell[0], _WHOLE) and isinstance(cell[-1], _WHOLE)
        if "every" in vars(self) or not one:
            return self.every[cell]
        if cell not in self._cells:
            self._cells |= self._both_ways(*cell)
        return self._cells[cell]

    def _both_ways(self, importer: int, exporter: int) -> dict[tuple[int, int], float]:
        """The ratio of a pair, and of the other direction, which is asked for next."""
        if self._ends is not None:
            then, now = (float(flow[importer, exporter]) for flow in self._ends)
            return {(importer, exporter): then / now if now > 0 else 1.0}
        assert self._flows is not None
        world, goods = self._flows.benchmark, is_goods(self._flows.benchmark.sectors)
        pairs = [(importer, exporter), (exporter, importer)][: 1 if importer == exporter else 2]
        buyers, sellers = np.array(pairs).T
        after, found = self._flows.pairs(buyers, sellers), {}
        for k, (n, i) in enumerate(pairs):
            share, rate = world.trade_share[:, n, i], world.tariff[:, n, i]
            before = (share * world.expenditure[:, n] / (1 + rate))[goods].sum()
            found[n, i] = float(after[goods, k].sum() / before) if before > 0 else 1.0
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.every, dtype=dtype) if copy else np.asarray(self.every, dtype=dtype)

    def __reduce__(self) -> Any:
        if self._flows is not None and "every" not in vars(self) and in_copy():
            return GoodsRatio, (self._flows,)
        return GoodsRatio, (None, self.every)  # any other process does not have the World


def _ratio(after: Array, before: Array) -> Array:
    return np.divide(after, before, out=np.ones_like(after), where=before > 0)
