"""ProductSolution: a counterfactual of a ProductWorld, by country and sector only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.products import ProductCounts
from comity.equilibrium.changes import Changes
from comity.equilibrium.problem import Problem
from comity.equilibrium.solution import Solution
from comity.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ProductSolution(Solution):
    """A Solution whose prices, shares and flows are sums over products.

    All fields are those of Solution, by country and sector; `residual` is that of the product equations. Nothing below
    the sector is kept: prices, shares and flows of products exist during the solve only. `counts` says what became of
    the flows the world was given.

    `problem` is refused with an InputError: it would hold the weights of the sector equations, which product worlds do
    not follow, so that decompositions and gradients of the sector model cannot be taken of it by mistake.
    """

    sector_share: Array = field(default_factory=lambda: np.zeros((0, 0, 0)), repr=False)
    sector_problem: Problem | None = field(default=None, repr=False)
    counts: ProductCounts | None = None

    @property
    def problem(self) -> Problem:
        """Refused, see above."""
        raise InputError(
            "product world",
            "decompositions and derivatives are those of sector worlds",
            advice="Solve the sector World itself: comity.solve(products.world, shock).",
        )

    @property
    def trade_share_new(self) -> Array:
        """(J, N, N) sector trade shares after the shock, sums over products."""
        return self.sector_share

    @property
    def _sector(self) -> Problem:
        assert (
            self.sector_problem is not None
        )  # always given by the solver; a default only because those before have one
        return self.sector_problem

    @property
    def tariff_new(self) -> Array:
        """(J, N, N) tariff rates after the shock."""
        return self._sector.tariff

    @property
    def export_tax_new(self) -> Array:
        """(J, N, N) export tax rates after the shock."""
        return self._sector.export_tax

    @property
    def changes(self) -> Changes:
        """The shock as changed cells."""
        return self._sector.changes

    @property
    def component(self) -> NDArray[np.intp]:
        """(N,) number of the connected part of the trade graph each country lies in."""
        return self._sector.component

    @property
    def unsupplied(self) -> NDArray[np.bool_]:
        """(J, N) sectors that nobody supplies and nobody buys; price 1 by convention."""
        return self._sector.unsupplied

    @property
    def productivity_hat(self) -> Array:
        """(J, N) change of productivity."""
        return self._sector.changes.productivity_hat
