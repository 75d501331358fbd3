"""Inversion: measures sized by what was observed. Given how much trade changed, find the iceberg wedges behind it.

A target says: the flows of these sectors from these exporters to these importers became `ratio` times what they were.
Flows are border values F = pi X / (1 + t) of definitions.md, (3): they include the exporter's tax and iceberg, not the
importer's duty, in money of the base year at unchanged world value added. All changes are against `solution.benchmark`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.closures import benchmark_of, check_closure
from comity.equilibrium.inversion import (
    Flat,
    Found,
    base_cells,
    group_ratio,
    partial_log_wedge,
    search_wedges,
    with_wedges,
)
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import InputError, NoSolutionError

Array = NDArray[np.float64]

ACCEPTED = 1e-9  # relative distance of a reached ratio from the wanted one; figures carry two or three digits
SOLVED = 1e-12  # residual of each equilibrium, two digits finer than what is accepted here


@dataclass(frozen=True)
class FlowTarget:
    """An observed change: border flows of `sectors` from `exporters` to `importers` became `ratio` times the
    benchmark's (0.59 is a fall of 41 %; 0 is an embargo). Codes; pairs of a country with itself are left out."""

    name: str
    sectors: tuple[str, ...]
    importers: tuple[str, ...]
    exporters: tuple[str, ...]
    ratio: float


@dataclass(frozen=True, eq=False)
class Inverted:
    """Wedges that reproduce the targets, in the order given.

    wedge (G,) : kappa_hat of each group, inf for an embargo
    partial_wedge (G,) : what it would be if nothing else in the economy responded
    reached (G,) : ratio of the flows in `solution`; `gap` : largest relative distance from the targets
    shock, solution : base shock with the wedges, and its equilibrium, solved again from the benchmark
    solves : equilibria computed; empty_cells (G,) : cells of each group without benchmark trade, which stay empty
    """

    targets: tuple[FlowTarget, ...]
    wedge: Array
    partial_wedge: Array
    reached: Array
    gap: float
    shock: Shock
    solution: Solution
    solves: int
    empty_cells: NDArray[np.intp]


def invert(
    world: World,
    targets: Sequence[FlowTarget],
    *,
    base: Shock | None = None,
    closure: str = "fixed-deficits",
    balanced: Sequence[str] | None = None,
    tolerance: float = ACCEPTED,
    cells: Sequence[Flat] | None = None,
) -> Inverted:
    """One iceberg wedge for each target such that the full equilibrium reproduces all of them together.

    Parameters
    ----------
    base : measures that act besides the wedges; the target ratios contain their effect too
    balanced : the countries of the closure "targets-balanced"
    tolerance : largest accepted relative distance of a reached ratio from its target
    cells : flat positions in (sector, importer, exporter) of each target, where its flows are no product of lists

    Raises
    ------
    InputError : no target, unknown codes, a ratio that is negative or not finite, no benchmark trade in the cells,
        cells in two targets, growth of cells that the base shock closes, more trade than without any friction
    NoSolutionError : no wedge reproduces the targets; says how near one got
    """
    if not math.isfinite(tolerance) or tolerance < 10 * SOLVED:
        raise InputError("tolerance", "finer than the equilibria are solved", found=tolerance, allowed="1e-11 or more")
    check_closure(closure, balanced)
    benchmark, base = benchmark_of(world, closure, balanced), base or Shock()
    parts = check_targets(benchmark, targets, base, cells)
    empty = np.array([(benchmark.flow.ravel()[part] == 0).sum() for part in parts], dtype=np.intp)
    groups = [part[benchmark.flow.ravel()[part] > 0] for part in parts]
    ratio = np.array([target.ratio for target in targets])
    open_, closed = np.flatnonzero(ratio > 0), np.flatnonzero(ratio == 0)
    embargoed = with_wedges(benchmark, base, [groups[g] for g in closed], np.full(len(closed), np.inf))

    def solved(shock: Shock, start: Array | None) -> Solution:
        return solve(world, shock, closure=closure, targets=balanced, tolerance=SOLVED, start=start)

    chosen = [groups[g] for g in open_]
    found = search_wedges(benchmark, embargoed, chosen, ratio[open_], solved, tolerance=tolerance / 10)
    _refuse_missed(targets, open_, found, tolerance)
    _refuse_no_friction(benchmark, targets, open_, groups, found)
    log_wedge = np.full(len(targets), np.inf)
    log_wedge[open_] = found.log_wedge
    shock = with_wedges(benchmark, embargoed, chosen, found.log_wedge)
    certified = solved(shock, None)  # from the benchmark: not a state that only this search could reach
    reached = group_ratio(certified, groups)
    gap = float(np.abs(reached[open_] / ratio[open_] - 1).max(initial=0.0))
    if gap > tolerance:
        raise NoSolutionError(
            f"Wedges were found, but solved from the benchmark they miss the targets by {gap:.1e}, "
            f"tolerance {tolerance:.0e}: there is more than one equilibrium, or the tolerance is too fine.",
            residual=gap,
        )
    partial = [partial_log_wedge(benchmark, groups[g], ratio[g]) if ratio[g] > 0 else np.inf for g in range(len(ratio))]
    return Inverted(tuple(targets), np.exp(log_wedge), np.exp(partial), reached, gap, shock, certified,
                    found.solves + 1, empty)  # fmt: skip


def check_targets(
    world: World, targets: Sequence[FlowTarget], base: Shock, given: Sequence[Flat] | None = None
) -> list[Flat]:
    """The flat cells of each target (those given, if any), every mistake that needs no equilibrium refused."""
    if not targets:
        raise InputError("targets", "at least one observed change is needed")
    flow, shape = world.flow.ravel(), world.trade_share.shape
    shut = {int(cell) for cell, value in zip(*base_cells(base, shape), strict=True) if np.isinf(value)}
    owner: dict[int, FlowTarget] = {}
    found = []
    for place, target in enumerate(targets):
        where = f"observed change {target.name}"
        if not isinstance(target.ratio, (int, float)) or not math.isfinite(target.ratio) or target.ratio < 0:
            raise InputError(where, "the ratio of trade after to before must be a number of at least 0",
                             found=target.ratio, allowed="0 (an embargo), 0.59 (a fall of 41 %)")  # fmt: skip
        cells = _cells_of(world, target, where) if given is None else given[place]
        if not flow[cells].sum() > 0:
            raise InputError(where, "these cells have no trade in the benchmark, so no wedge can change it",
                             advice="Choose cells with trade, or a world whose base year has it.")  # fmt: skip
        if target.ratio > 0 and all(int(cell) in shut for cell in cells[flow[cells] > 0]):
            raise InputError(where, "an embargo of the other measures closes all these cells", found=target.ratio,
                             allowed="0", advice="Leave the embargo or the observed change out.")  # fmt: skip
        for cell in cells.tolist():
            other = owner.setdefault(cell, target)
            if other is not target:
                _refuse_overlap(world, other, target, cell)
        found.append(cells)
    return found


def _cells_of(world: World, target: FlowTarget, where: str) -> Flat:
    for name, given, known in (
        ("sectors", target.sectors, world.sectors),
        ("importers", target.importers, world.countries),
        ("exporters", target.exporters, world.countries),
    ):
        if not given:
            raise InputError(f"{where}, {name}", "the list is empty")
        for code in given:
            if code not in known:
                raise InputError(f"{where}, {name}", "not in this world", found=code, allowed=known)
    places = {
        (world.sectors.index(j), world.countries.index(n), world.countries.index(i))
        for j in target.sectors
        for n in target.importers
        for i in target.exporters
        if n != i
    }
    if not places:
        raise InputError(where, "only pairs of a country with itself are named, and these are no trade")
    return np.sort(np.ravel_multi_index(np.array(sorted(places)).T, world.trade_share.shape)).astype(np.intp)


def _refuse_overlap(world: World, first: FlowTarget, second: FlowTarget, cell: int) -> None:
    j, n, i = np.unravel_index(cell, world.trade_share.shape)
    shared = f"{world.sectors[j]} from {world.countries[i]} to {world.countries[n]}"
    same = (set(first.sectors), set(first.importers), set(first.exporters)) == (
        set(second.sectors), set(second.importers), set(second.exporters))  # fmt: skip
    where = f"observed changes {first.name} and {second.name}"
    if same and first.ratio != second.ratio:
        raise InputError(where, "the same cells cannot change in two ways", found=f"{first.ratio} and {second.ratio}")
    raise InputError(where, "a cell is in both, so their wedges cannot be told apart", found=shared,
                     advice="Make the groups of cells disjoint.")  # fmt: skip


def _refuse_missed(targets: Sequence[FlowTarget], open_: Flat, found: Found, tolerance: float) -> None:
    if found.gap <= tolerance:
        return
    worst = int(np.abs(found.log_gap).argmax())
    target = targets[int(open_[worst])]
    nearest = target.ratio * math.exp(found.log_gap[worst])
    raise NoSolutionError(
        f"No wedge reproduces the observed change {target.name}: wanted {target.ratio:.6g} of the benchmark trade, the "
        f"nearest reached is {nearest:.6g} (after {found.solves} equilibria). Other supply cannot replace these flows, "
        "or a trade balance forbids the change; a smaller change, fewer cells, or another closure may do.",
        measure=nearest,
        residual=found.gap,
    )


def friction_bound(world: World, cells: Flat) -> float:
    """The largest ln trade cost of these cells relative to home trade, symmetric in each pair (Head & Ries 2001):
    -ln(pi[n,i] pi[i,n] / (pi[n,n] pi[i,i])) / (2 theta). inf where some cell lacks the reverse or a home flow.

    An estimate, and a generous one: a fall of cost below it would make every cell of the group cheaper than home trade.
    """
    j, n, i = np.unravel_index(cells, world.trade_share.shape)
    pi = world.trade_share
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = -np.log(pi[j, n, i] * pi[j, i, n] / (pi[j, n, n] * pi[j, i, i])) / (2 * world.trade_elasticity[j])
    return float(np.where(np.isfinite(cost), cost, np.inf).max())


def _refuse_no_friction(
    world: World, targets: Sequence[FlowTarget], open_: Flat, groups: Sequence[Flat], found: Found
) -> None:
    for place, g in enumerate(open_):
        refuse_no_friction(world, targets[int(g)], groups[int(g)], float(found.log_wedge[place]))


def refuse_no_friction(world: World, target: FlowTarget, cells: Flat, log_wedge: float) -> None:
    """Raise InputError where more trade than observed needs costs as low as those of home trade."""
    if not (log_wedge < 0 and target.ratio > 1):
        return
    bound = max(friction_bound(world, cells), 0.0)
    if log_wedge < -bound:
        raise InputError(
            f"observed change {target.name}",
            "more trade than removing all friction gives",
            found=f"{target.ratio:g} times the trade needs costs x {math.exp(log_wedge):.4f}",
            allowed=f"costs x {math.exp(-bound):.4f} or more (home trade's cost, Head & Ries index)",
        )
