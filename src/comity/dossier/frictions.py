"""The upper bound of lowest observed frictions: trade costs in a group fall to the lowest observed among some pairs.

Trade costs are measured by the index of Head and Ries (2001), American Economic Review 91: with trade shares pi at user
prices,

    phi[n,i] = ((pi[n,n] pi[i,i]) / (pi[n,i] pi[i,n]))^(1 / (2 theta)),

the geometric mean of the two directions' cost relative to trade at home. It holds whatever the sizes and costs of the
two economies are. As pi falls with ((1+t) (1+e) d)^-theta, dividing by the rates' own factor leaves the part that is
neither duty nor export tax, and that part is compared and cut; duties are set to zero apart.

Why it is an upper bound, and can only refute a claim. The index holds everything that keeps two economies apart:
distance, language, missing networks, sanctions of others, and what policy can reach. The lowest value is that of
neighbours in a customs union, and no agreement moves countries next to each other. A claim that fails even here fails
with any policy; a claim that holds here may still fail with all that policy can do. It is not a bound on effects
outside the model, and pairs that do not trade at all in a sector stay without trade.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.sectors import is_goods
from comity.dossier.combinations import Ready, explore
from comity.dossier.schema import Frictions
from comity.equilibrium.closures import CLOSURES, check_closure
from comity.equilibrium.shock import Shock
from comity.errors import InputError
from comity.outcomes.counts import Count, counts_of, on_count
from comity.outcomes.ranges import WORLD_SETTING, Choice, Range, with_set
from comity.outcomes.simulate import OnCount
from comity.scenario.places import LAST_DAY, find_party

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Account:
    """What the bound changes: `cells` whose cost falls, `median_cut` and `largest_cut` of their cost (0.3 is 30 %),
    `duties` set to zero, pairs of economies in a sector that trade in one direction only or not at all
    (`empty_pairs`, left alone), sectors without any pair to compare with, and group members the world lacks."""

    cells: int
    median_cut: float
    largest_cut: float
    duties: int
    empty_pairs: int
    sectors_without_best: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The account in words."""
        text = (
            f"Trade costs fall on {self.cells} flows, by {self.median_cut:.0%} at the median and "
            f"{self.largest_cut:.0%} at most; {self.duties} duties go to zero; {self.empty_pairs} pairs in a sector "
            "do not trade both ways and are left alone."
        )
        return (text, *self.left_out)


@dataclass(frozen=True, eq=False)
class Bound:
    """The upper bound on a world: the central solution with its range, one entry a statistical count."""

    world: World
    name: str
    title: str
    frictions: Frictions
    choice: Choice
    account: Account
    runs: tuple[OnCount, ...]

    @property
    def range(self) -> Range:
        return self.runs[0].range


def head_ries(world: World) -> Array:
    """(J, N, N) cost of trade between two economies relative to trade at home, net of duties and export taxes;
    symmetric, inf where a direction is empty, 1 at home."""
    every = np.arange(world.trade_share.shape[1])
    return pair_costs(world, np.repeat(every, len(every)), np.tile(every, len(every))).reshape(world.trade_share.shape)


def pair_costs(world: World, one: Positions, other: Positions) -> Array:
    """(J, P) the same of some pairs: few of all are compared, and a power takes long."""
    share = world.trade_share
    home = np.diagonal(share, axis1=1, axis2=2)
    two_ways = share[:, one, other] * share[:, other, one]
    odds = np.full_like(two_ways, np.inf)
    np.divide(home[:, one] * home[:, other], two_ways, out=odds, where=two_ways > 0)
    power = 1 / (2 * world.trade_elasticity)[:, None]
    there, back = (
        (1 + world.tariff[:, n, i]) * (1 + world.export_tax[:, n, i]) for n, i in ((one, other), (other, one))
    )
    return np.asarray(odds**power / np.sqrt(there * back))


def frictions_shock(
    world: World, frictions: Frictions, *, day: datetime.date = LAST_DAY, where: str = "frictions"
) -> tuple[Shock, Account]:
    """The Shock that brings the costs inside the group to the lowest observed, and its account.

    By goods sector, for pairs that trade both ways: kappa_hat = min(1, lowest / own) in both directions, lowest among
    the pairs inside `best_of`; duties inside the group are set to zero. Raises InputError for unknown economies.
    """
    group = find_party(world, frictions.between, day, where)
    best = find_party(world, frictions.best_of, day, where)
    for words, party in ((frictions.between, group), (frictions.best_of, best)):
        if len(party.positions) < 2:
            raise InputError(where, "at least two economies of this world are needed", found=", ".join(words))
    pairs = np.array(list(combinations(sorted(group.positions), 2)), dtype=np.intp)
    compared = np.array(list(combinations(best.positions, 2)), dtype=np.intp)
    goods = np.flatnonzero(is_goods(world.sectors))
    lowest = pair_costs(world, *compared.T).min(axis=1)
    sector, which = (part.ravel() for part in np.meshgrid(goods, np.arange(len(pairs)), indexing="ij"))
    one, other = pairs[which, 0], pairs[which, 1]
    own = pair_costs(world, *pairs.T)[goods].ravel()
    known = np.isfinite(own) & np.isfinite(lowest[sector])
    hat = np.ones(len(own))
    np.divide(lowest[sector], own, out=hat, where=known)
    # the pair that is the lowest itself comes out as 1 but for rounding
    cut = known & (hat < 1 - 1e-12)
    j, n, i = (np.concatenate(both) for both in ((sector[cut],) * 2, (one[cut], other[cut]), (other[cut], one[cut])))
    duties = _no_duties(world, group.positions) if frictions.tariffs else None
    shock = Shock.from_cells(iceberg_hat=(j, n, i, np.tile(hat[cut], 2)) if cut.any() else None, tariff_new=duties)
    return shock, Account(
        cells=len(j),
        median_cut=float(np.median(1 - hat[cut])) if cut.any() else 0.0,
        largest_cut=float((1 - hat[cut]).max()) if cut.any() else 0.0,
        duties=0 if duties is None else len(duties[0]),
        empty_pairs=int((~np.isfinite(own)).sum()),
        sectors_without_best=tuple(world.sectors[k] for k in goods if not np.isfinite(lowest[k])),
        left_out=tuple(dict.fromkeys(missing.sentence for missing in (*group.missing, *best.missing))),
    )


def _no_duties(world: World, members: list[int]) -> tuple[Positions, Positions, Positions, float] | None:
    """Cells of goods trade inside the group that carry a duty, with the rate 0."""
    party = np.isin(np.arange(len(world.countries)), members)
    inside = is_goods(world.sectors)[:, None, None] & party[:, None] & party
    j, n, i = np.nonzero(inside & (world.tariff != 0))
    return (j, n, i, 0.0) if len(j) else None


def bound(
    world: World,
    name: str,
    frictions: Frictions,
    *,
    title: str | None = None,
    closure: str | None = None,
    elasticities: str | None = None,
    day: datetime.date = LAST_DAY,
    where: str = "frictions",
    known: Sequence[Range] = (),
    near: Sequence[Array] = (),
) -> Bound:
    """The upper bound solved on every statistical count, over elasticity sets and closures; it has no size levels.
    known, near : as in `simulate`.

    Raises InputError for unknown economies or closures, NoSolutionError where the central combination has no solution.
    """
    wanted = closure or CLOSURES[0]
    check_closure(wanted, ["any"])
    own = str(world.provenance.get("elasticities", {}).get("name", WORLD_SETTING))
    choice = Choice(elasticities or own, "central", wanted)
    _, account = frictions_shock(with_set(world, choice.elasticities), frictions, day=day, where=where)
    members = [world.countries[k] for k in find_party(world, frictions.between, day, where).positions]
    counts: list[Count | None] = [*counts_of(world, list(combinations(members, 2)))] or [None]
    runs = []
    for number, count in enumerate(counts):
        benchmark = world if count is None or count.in_world else on_count(world, count)

        def ready(economy: World, _: str) -> Ready:
            return Ready(frictions_shock(economy, frictions, day=day, where=where)[0], members)

        found = explore(
            benchmark, choice, ready, ("central",), known=known[number] if known else None,
            near=near[number] if near else None,
        )  # fmt: skip
        runs.append(OnCount(count, *found))
    return Bound(world, name, title or name, frictions, choice, account, tuple(runs))
