"""Scenarios side by side: what each member of a chunk changes, laid out for matrix products over all of them.

Arrays of a chunk carry the scenario last, (sector, country, scenario), so that the products over (importer, exporter)
with the weights of the benchmark, which all members share, are matrix-matrix products. A member's own weights differ
from the benchmark's in few cells; the differences of all members lie on the union of their cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import DTypeLike, NDArray

from comity.benchmark.world import World
from comity.equilibrium.cells import Cells, Entries, cells_of, entries_of
from comity.equilibrium.changes import Changes, Positions, at_home
from comity.equilibrium.closures import income_factor
from comity.equilibrium.prepared import Prepared, prepare
from comity.equilibrium.responses import MOST_KNOWN, Responses, responses

Array = NDArray[Any]  # float64, or float32 far from the answer

FEW = 0.15  # of all cells; members that change more are cheaper alone, on weights of their own


@dataclass(frozen=True, eq=False)
class Deficits:
    """What closures do to the deficits of S members: `given` (N, S) of the benchmarks; `scaled` (S,) True where they
    are shares of value added; `factor` (N, S) of own income that is spent, nan where deficits do not follow it."""

    given: Array
    scaled: NDArray[np.bool_]
    factor: Array

    @classmethod
    def of(cls, closures: Sequence[str], benchmarks: Sequence[World]) -> Deficits:
        """The Deficits of members under their closures, hats referring to their benchmarks."""
        count = len(benchmarks[0].countries)
        nothing = np.full(count, np.nan)
        own = [closure == "multiplicative-deficits" for closure in closures]
        return cls(
            given=np.stack([world.deficit for world in benchmarks], axis=1),
            scaled=np.array([closure == "deficit-share-of-gdp" for closure in closures]),
            factor=np.stack(
                [income_factor(w) if so else nothing for w, so in zip(benchmarks, own, strict=True)], axis=1
            ),
        )

    def each(self, change: Callable[[Array], Array], columns: Positions | slice = slice(None)) -> Deficits:
        """The same with their arrays passed through `change`, for some of the members."""
        return Deficits(change(self.given), self.scaled[columns], change(self.factor))

    def after(self, wage: Array, earned: Array, own: Array) -> Array:
        """(N, S) new deficits from wages w_hat, value added and own income (value added and revenues)."""
        deficit = self.given.copy()
        if self.scaled.any():
            some = self.scaled
            wanted = wage[:, some] * self.given[:, some]
            value = earned[:, some]
            deficit[:, some] = wanted - value / value.sum(axis=0) * wanted.sum(axis=0)
        follows = ~np.isnan(self.factor[0])
        if follows.any():
            before = own[:, follows]
            scaled = self.factor[:, follows] * before
            deficit[:, follows] = scaled * (before.sum(axis=0) / scaled.sum(axis=0)) - before
        return deficit


@dataclass(frozen=True, eq=False)
class Members:
    """S scenarios of one World: theta (J, 1, S) or (J, 1, 1), entries or None, ln A (J, N, S) or None, transfer (N, S).

    `shape`: (sector, importer, exporter) of the World. `place` (S,): where each member stands in the plan it comes
    from. `response` (S,): which of `responses` fits the member's elasticities.
    """

    theta: Array
    shape: tuple[int, ...]
    entries: Entries | None
    log_productivity: Array | None
    transfer: Array
    deficits: Deficits
    place: Positions
    response: Positions
    responses: tuple[Responses, ...]

    def __len__(self) -> int:
        return len(self.place)

    @cached_property
    def cells(self) -> Cells | None:
        """What the members change, a column for each; made on first use and handed on to parts and copies."""
        return None if self.entries is None else cells_of(self.entries, len(self), self.shape)

    def of(self, columns: Positions) -> Members:
        """Some of the members, in the order of `columns`, ascending; all of them are these Members themselves."""
        if len(columns) == len(self):
            return self
        one = self.theta.shape[2] == 1
        entries = None if self.entries is None else self.entries.of(columns, len(self))
        some = replace(
            self,
            theta=self.theta if one else self.theta[..., columns],
            entries=entries,
            log_productivity=None if self.log_productivity is None else self.log_productivity[..., columns],
            transfer=self.transfer[:, columns],
            deficits=self.deficits.each(lambda values: values[:, columns], columns),
            place=self.place[columns],
            response=self.response[columns],
        )
        return self._handing_on(some, lambda values: values[:, columns])

    def cast(self, dtype: DTypeLike) -> Members:
        """The same members in another precision."""
        if self.theta.dtype == dtype:
            return self

        def change(values: Array) -> Array:
            return values.astype(dtype)

        cast = replace(
            self,
            theta=change(self.theta),
            entries=None if self.entries is None else self.entries.each(change),
            log_productivity=None if self.log_productivity is None else change(self.log_productivity),
            transfer=change(self.transfer),
            deficits=self.deficits.each(change),
        )
        return self._handing_on(cast, change)

    def _handing_on(self, other: Members, change: Callable[[Array], Array]) -> Members:
        made: Cells | None = vars(self).get("cells")
        if made is not None:
            vars(other)["cells"] = made.each(change)
        return other


def fits(world: World, changes: Changes) -> bool:
    """Whether a scenario can be solved beside others: few cells, no change of home sales or export taxes, and every
    country still buys from and sells to the rest, at any remove."""
    if len(changes.flat) > FEW * world.trade_share.size or at_home(changes.flat, world.trade_share.shape).any():
        return False
    return connected_untaxed(world, changes)


def connected_untaxed(world: World, changes: Changes) -> bool:
    """Whether exports are not taxed, and every country still buys from and sells to the rest, at any remove."""
    return changes.export_tax is None and not _links_of(world).taxed and _still_connected(world, changes)


def fit(world: World, changes: Sequence[Changes]) -> list[bool]:
    """`fits` of each; asked once for all where no shock has anything to be asked about."""
    links, shape = _links_of(world), world.trade_share.shape
    small = all(len(part.flat) <= FEW * world.trade_share.size and part.export_tax is None for part in changes)
    costs = [part.log_iceberg for part in changes if part.log_iceberg is not None]
    closed = bool(costs) and np.isposinf(np.concatenate(costs)).any()
    plain = small and links.connected and not links.taxed and not closed
    if plain and not at_home(np.concatenate([part.flat for part in changes]), shape).any():
        return [True] * len(changes)
    return [fits(world, part) for part in changes]


def gather(
    world: World, changes: Sequence[Changes], thetas: Array | None, places: Positions, deficits: Deficits
) -> Members:
    """The Members of a chunk. thetas (S, J): elasticities of each member, None for the World's."""
    theta = world.trade_elasticity[None] if thetas is None else thetas
    size = len(changes)
    productivity = None
    several = {id(part.productivity_hat): part.productivity_hat for part in changes}
    if any((hat != 1).any() for hat in several.values()):
        productivity = np.log(np.stack([part.productivity_hat for part in changes], axis=-1))
    return Members(
        theta=np.ascontiguousarray(theta.T[:, None, :]),
        shape=world.trade_share.shape,
        entries=entries_of(world, changes, np.broadcast_to(theta, (size, theta.shape[1]))),
        log_productivity=productivity,
        transfer=np.stack([part.transfer for part in changes], axis=-1),
        deficits=deficits,
        place=places,
        **_responses(prepare(world), np.broadcast_to(theta, (size, theta.shape[1]))),
    )


ALIKE = 1.2  # largest difference of ln theta up to which the World's own responses serve well
FAR = 2.0  # from which on they do not serve at all, nor does an equilibrium under the World's elasticities as a start
SHARED = 3  # members of one elasticities in between from which on responses of their own are worth making


def distance(base: Prepared, thetas: Array) -> Array:
    """(S,) largest difference of ln theta from the World's, of elasticities (S, J)."""
    found: Array = np.abs(np.log(thetas / base.theta[:, 0])).max(axis=1)
    return found


def _responses(base: Prepared, thetas: Array) -> dict[str, Any]:
    """Responses for each member: the World's, or where elasticities are far from the World's and shared, or very far,
    their own (MOST_KNOWN at most, as each takes some megabytes)."""
    response, chosen = np.zeros(len(thetas), dtype=np.intp), [responses(base)]
    away = distance(base, thetas)
    columns: dict[bytes, list[int]] = {}
    for column in np.flatnonzero(away > ALIKE).tolist():
        columns.setdefault(thetas[column].tobytes(), []).append(column)
    for alike in columns.values():
        if (len(alike) >= SHARED or away[alike[0]] > FAR) and len(chosen) <= MOST_KNOWN:
            response[alike] = len(chosen)
            chosen.append(responses(base, thetas[alike[0]]))
    return {"response": response, "responses": tuple(chosen)}


@dataclass(frozen=True, eq=False)
class _Links:
    """Positive weights of a World: sectors in which n buys from i (N, N), suppliers of j in n (J, N), home included;
    whether they connect all countries, and whether exports are taxed."""

    sectors: NDArray[np.intp]
    suppliers: NDArray[np.intp]
    connected: bool
    taxed: bool


_links: WeakKeyDictionary[World, _Links] = WeakKeyDictionary()


def _still_connected(world: World, changes: Changes) -> bool:
    """Whether embargoes leave every sector a supplier and every country a way to buy from and to sell to all others."""
    links = _links_of(world)
    closed = changes.flat[changes.embargoed()]
    closed = closed[world.trade_share.ravel()[closed] > 0]
    if not len(closed):
        return links.connected
    count, sectors, suppliers = len(world.countries), links.sectors, links.suppliers
    sectors = sectors - np.bincount(closed % (count * count), minlength=count * count).reshape(count, count)
    suppliers = suppliers - np.bincount(closed // count, minlength=suppliers.size).reshape(suppliers.shape)
    return _connected(sectors, suppliers)


def _links_of(world: World) -> _Links:
    world = world.origin
    if world not in _links:
        positive = world.trade_share > 0
        sectors, suppliers = positive.sum(axis=0), positive.sum(axis=2)
        _links[world] = _Links(sectors, suppliers, _connected(sectors, suppliers), bool(world.export_tax.any()))
    return _links[world]


def _connected(sectors: NDArray[np.intp], suppliers: NDArray[np.intp]) -> bool:
    if (suppliers == 0).any():
        return False
    buys = sectors > 0
    hub = int(buys.sum(axis=0).argmax())
    return _reaches_all(buys, hub) and _reaches_all(buys.T, hub)


def _reaches_all(links: NDArray[np.bool_], start: int) -> bool:
    reached = links[start].copy()
    reached[start] = True
    while not reached.all():
        wider = reached | links[reached].any(axis=0)
        if (wider == reached).all():
            return False
        reached = wider
    return True
