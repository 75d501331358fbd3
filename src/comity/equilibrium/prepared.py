"""What a solve needs of a World, laid out for speed and computed once per World."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.kept import KeptFor

Array = NDArray[np.float64]


@dataclass(eq=False)
class Prepared:
    """Benchmark arrays in the layout of the iteration.

    foreign (J, 2N, N): weights pi of foreign suppliers, split into border value pi/(1+t) and tariff pi t/(1+t);
    home (J, N): home shares; inputs_of (N, J, K): input shares as cost rows; uses_of (N, K, J): as demand rows;
    price_local, demand_local (N, J, J): inverses of each country's own-market loop, see `local_inverses`;
    graph: sectors without supplier (J, N) and connected parts (N,) of the benchmark, filled in on first use.
    """

    owner: weakref.ref[World]
    theta: Array
    foreign: Array
    home: Array
    inputs_of: Array
    uses_of: Array
    price_local: Array
    demand_local: Array
    graph: tuple[NDArray[np.bool_], NDArray[np.intp]] | None = None

    @property
    def world(self) -> World:
        """The World it was made of; it is not held here, or it would live as long as what is kept for it: for ever."""
        world = self.owner()
        assert world is not None, "whoever solves holds the World"
        return world

    @cached_property
    def rough_local(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """price_local and demand_local in float32, for steps that only say where to look next."""
        return self.price_local.astype(np.float32), self.demand_local.astype(np.float32)

    @cached_property
    def moved_by_trade(self) -> Array:
        """(N,) `moved_by_trade` at the benchmark."""
        world = self.world
        flow = (self.foreign[:, : self.home.shape[1]] * world.expenditure[:, :, None]).sum(axis=0)
        return moved_by_trade(flow.sum(axis=0), flow.sum(axis=1), world.deficit, 1e-25 * world.value_added)

    @cached_property
    def wage_step(self) -> Array:
        """(N,) inverse elasticity of exports/imports to the own wage, for steps of one wage at a time."""
        n = self.home.shape[1]
        border = self.foreign[:, :n]
        return wage_step(self.theta[:, 0], border + self.foreign[:, n:], self.home, self.world.expenditure, border)


_cache: KeptFor[World, Prepared] = KeptFor()


def prepare(world: World) -> Prepared:
    """The Prepared of a World; computed on first use and kept as long as the World lives."""
    return _cache.get(world, "prepared", lambda: _prepare(world))


def _prepare(world: World) -> Prepared:
    theta = np.ascontiguousarray(world.trade_elasticity[:, None])
    if world.origin is not world:  # nothing else hangs on elasticities
        shared = prepare(world.origin)
        return replace(shared, owner=weakref.ref(world), theta=theta)
    share = world.trade_share
    diagonal = np.arange(len(world.countries))
    home = share[:, diagonal, diagonal].copy()
    abroad = share.copy()
    abroad[:, diagonal, diagonal] = 0.0
    border = abroad / (1 + world.tariff)
    inputs_of = np.ascontiguousarray(world.input_share.transpose(2, 1, 0))
    uses_of = np.ascontiguousarray(world.input_share.transpose(2, 0, 1))
    price_local, demand_local = local_inverses(home, inputs_of, uses_of)
    return Prepared(
        owner=weakref.ref(world),
        theta=theta,
        foreign=np.concatenate([border, abroad - border], axis=1),
        home=home,
        inputs_of=inputs_of,
        uses_of=uses_of,
        price_local=price_local,
        demand_local=demand_local,
    )


def local_inverses(home: Array, inputs_of: Array, uses_of: Array) -> tuple[Array, Array]:
    """Inverses of each country's own loop, with foreign prices and foreign demand held fixed.

    Prices: d ln P = pi_nn (inputs d ln P) + ...; demand: dX = uses pi_nn dX + .... Solving these J x J loops exactly
    in every step is what halves the number of iterations, because most input links stay inside a country.
    """
    one = np.eye(home.shape[0])
    rows = home.T
    price = np.asarray(np.linalg.inv(one - rows[:, :, None] * inputs_of), dtype=np.float64)
    demand = np.asarray(np.linalg.inv(one - uses_of * rows[:, None, :]), dtype=np.float64)
    return price, demand


def moved_by_trade(exports: Array, imports: Array, net: Array, floor: Array) -> Array:
    """How much of ln((exports + D+)/(imports + D-)) moves with exports and imports: their shares in it, added; 1 to 2.

    Wages answer gaps as they would at the benchmark; where a closure does away with deficits, the same change of trade
    makes a larger gap, and wages that took it at its word would go too far.
    """
    exports, imports = exports + floor, imports + floor
    return exports / (exports + np.maximum(net, 0)) + imports / (imports + np.maximum(-net, 0))


def wage_step(theta: Array, abroad: Array, home: Array, expenditure: Array, border: Array) -> Array:
    """(N,) step in ln w per unit of ln(exports/imports): the inverse own-wage elasticity of that ratio.

    With cost moving one for one with the wage: ln exports falls by theta (1 - own share in the buyer's market) and
    rises nothing else; ln imports rises by theta x home share + 1.
    """
    flow = border * expenditure[:, :, None]
    exports, imports = flow.sum(axis=(0, 1)), flow.sum(axis=(0, 2))
    lost = (theta[:, None] * (flow * (1 - abroad)).sum(axis=1)).sum(axis=0)
    gained = (theta[:, None] * home * flow.sum(axis=2)).sum(axis=0)
    elasticity = np.where(exports > 0, lost / np.where(exports > 0, exports, 1), theta.mean())
    elasticity += np.where(imports > 0, gained / np.where(imports > 0, imports, 1), theta.mean()) + 1
    return 1 / elasticity
