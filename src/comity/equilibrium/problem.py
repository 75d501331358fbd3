"""One counterfactual as the iteration sees it: weights after the shock, closure, connected parts.

Building a Problem refuses a sector that money is spent on and nobody can supply.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, Positions, Rates, at_home
from comity.equilibrium.prepared import Prepared, prepare
from comity.errors import InputError, listing

Array = NDArray[np.float64]


class NoSupplierError(InputError):
    """A country spends on a sector that nobody can supply after the shock."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything the iteration needs. `foreign` and `shipped` are as in Prepared but after the shock."""

    prepared: Prepared
    changes: Changes
    theta: Array
    home: Array
    foreign: Array
    shipped: Array | None
    tariff: Array
    export_tax: Array
    unsupplied: NDArray[np.bool_]
    component: Positions
    closure: str
    deficit: Array
    income_factor: Array | None
    coalition: Positions
    fraction: float = 1.0

    @property
    def weight(self) -> Array:
        """(J, N, N) pi kappa_hat^-theta, home included."""
        n = len(self.component)
        weight = self.foreign[:, :n] + self.foreign[:, n:]
        diagonal = np.arange(n)
        weight[:, diagonal, diagonal] = self.home
        return weight


def make_problem(
    world: World,
    changes: Changes,
    closure: str,
    *,
    income_factor: Array | None = None,
    coalition: Positions | None = None,
    fraction: float = 1.0,
    linear_rates: bool = False,
) -> Problem:
    """The Problem at a fraction of the path to the shock (1 is the whole shock)."""
    base = prepare(world)
    part = changes.part(fraction, linear_rates)
    theta = world.trade_elasticity
    foreign, home, tariff, tax, shipped = _weights(base, part, theta, fraction)
    # without an embargo no link disappears, and the benchmark's own graph still holds
    embargo = bool(part.embargoed().any())
    if base.graph is None or embargo or home is not base.home:
        graph = _unsupplied(world, foreign, home), _components(world, foreign)
        base.graph = base.graph if embargo else graph
    else:
        graph = base.graph
    return Problem(
        prepared=base,
        changes=part,
        theta=theta[:, None],
        home=home,
        foreign=foreign,
        shipped=shipped,
        tariff=tariff,
        export_tax=tax,
        unsupplied=graph[0],
        component=graph[1],
        closure=closure,
        deficit=world.deficit,
        income_factor=income_factor,
        coalition=np.zeros(0, dtype=np.intp) if coalition is None else coalition,
        fraction=fraction,
    )


def _weights(
    base: Prepared, part: Changes, theta: Array, fraction: float
) -> tuple[Array, Array, Array, Array, Array | None]:
    """Weights after the shock: only changed cells are raised to a power."""
    world = base.world
    count = base.home.shape[1]
    cell = count * count
    flat = part.flat
    sector = flat // cell
    share = world.trade_share.ravel()[flat]
    weight = share * np.exp(-theta[sector] * part.log_cost())
    if fraction < 1:
        closed = part.embargoed()
        weight[closed] = (1 - fraction) * share[closed]
    tariff = _with_cells(world.tariff, flat, part.tariff)
    tax = _with_cells(world.export_tax, flat, part.export_tax)
    foreign, home = base.foreign.copy(), base.home
    # in (J, 2N, N) the border weights of a sector are followed by its tariff weights
    position = flat + sector * cell
    values = foreign.ravel()
    border = weight / (1 + (part.tariff.new if part.tariff is not None else world.tariff.ravel()[flat]))
    values[position] = border
    values[position + cell] = weight - border
    own = at_home(flat, world.trade_share.shape)
    if own.any():
        home = home.copy()
        home[sector[own], flat[own] % count] = weight[own]
        values[position[own]] = values[position[own] + cell] = 0.0
    shipped = foreign[:, :count] / (1 + tax) if tax.any() else None
    return foreign, home, tariff, tax, shipped


def _with_cells(base: Array, flat: Positions, rates: Rates | None) -> Array:
    if rates is None:
        return base
    fresh = base.copy()
    fresh.ravel()[flat] = rates.new
    return fresh


def _unsupplied(world: World, foreign: Array, home: Array) -> NDArray[np.bool_]:
    """(J, N) True where nobody supplies the sector; an error where money would be spent there."""
    count = home.shape[1]
    empty = ~(np.asarray(foreign.any(axis=2))[:, :count] | (home > 0))
    if not empty.any():
        return empty
    spent = world.expenditure > 0
    lost = empty & spent
    if lost.any() and (lost & _still_demanded(world, foreign, home)).any():
        named = [f"{world.sectors[j]} in {world.countries[n]}" for j, n in np.argwhere(lost)[:6]]
        raise NoSupplierError(
            "shock",
            f"{int(lost.sum())} sector(s) lose every supplier",
            found=listing(named),
            advice="Leave at least one supplier (home sales included), or use a finite cost instead of an embargo.",
        )
    return empty


def _still_demanded(world: World, foreign: Array, home: Array) -> NDArray[np.bool_]:
    """(J, N) True where spending stays positive after the shock: final demand, or use by a sector that still sells."""
    count = home.shape[1]
    sells = foreign[:, :count] > 0
    demanded = world.consumption_share > 0
    while True:
        active = (sells & demanded[:, :, None]).any(axis=1) | ((home > 0) & demanded)
        fresh = demanded | ((world.input_share > 0) & active[None]).any(axis=1)
        if (fresh == demanded).all():
            return demanded
        demanded = fresh


def _components(world: World, foreign: Array) -> Positions:
    """(N,) number of the connected part of the trade graph each country lies in."""
    count = foreign.shape[2]
    linked = np.asarray((foreign[:, :count] > 0).any(axis=0))
    linked = linked | linked.T
    part = np.full(count, -1, dtype=np.intp)
    number = 0
    for start in range(count):
        if part[start] >= 0:
            continue
        reached = np.zeros(count, dtype=bool)
        reached[start] = True
        while True:
            wider = reached | linked[reached].any(axis=0)
            if (wider == reached).all():
                break
            reached = wider
        part[reached] = number
        number += 1
    return part
