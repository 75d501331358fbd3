"""Laying scenarios out for JAX: which it can take, how many side by side, and their Blocks as NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, Positions, changes_of
from comity.equilibrium.problem import make_problem
from comity.equilibrium.shock import Shock

Array = NDArray[np.float64]

FEW = 1 / 8  # of all cells: a block whose members change more cells than that gives each all weights of its own
WIDTHS = {"cpu": (8,), "other": (1024, 512, 256, 128, 64)}  # block sizes to choose from, by device
OWN_WIDTH = {"cpu": 1, "other": 64}  # where each member has all weights of its own (6.4 MB at 77 x 45)
BLOCKS_A_CALL = 8
SHORTEST = 64  # cells a block is padded to at least; longer ones to powers of two, so that few shapes are compiled


@dataclass(frozen=True)
class Layout:
    """How a plan is cut: `width` members a block, `cells` (padded) changed cells a block, None for all cells."""

    width: int
    cells: int | None


def left_out(world: World, changes: Sequence[Changes], closure: str, thetas: Array) -> list[str]:
    """Why each scenario is left to `solve` from the start, "" if it is not."""
    problem = make_problem(world, changes_of(world, Shock()), "fixed-deficits")
    if problem.component.any():
        return ["separate-parts"] * len(changes)
    moved = closure in ("balanced", "targets-balanced") and "closure_step" in world.provenance
    other = (thetas != world.trade_elasticity).any(axis=1) & moved
    supplied = world.trade_share > 0
    links, suppliers = supplied.sum(axis=0), supplied.sum(axis=2)
    known: dict[int, str] = {}
    reasons = []
    for part, moves in zip(changes, other, strict=True):
        if id(part) not in known:
            known[id(part)] = _cut(part, supplied, links, suppliers)
        reasons.append("benchmark-moves" if moves else known[id(part)])
    return reasons


def _cut(part: Changes, supplied: NDArray[np.bool_], links: NDArray[np.intp], suppliers: NDArray[np.intp]) -> str:
    """What embargoes cut, if anything: the last supplier of a sector, or the way from one country to another.

    links (N, N): sectors in which n buys from i; suppliers (J, N). A cut is not always without solution, but `solve`
    is the one to say.
    """
    if part.log_iceberg is None:
        return ""
    closed = part.flat[part.embargoed()]
    closed = closed[supplied.ravel()[closed]]
    if not len(closed):
        return ""
    count = len(links)
    lost = np.bincount(closed // count, minlength=suppliers.size).reshape(suppliers.shape)
    if ((lost > 0) & (lost == suppliers)).any():
        return "no-supplier"
    still = links > np.bincount(closed % links.size, minlength=links.size).reshape(links.shape)
    return "" if _reaches_all(still) and _reaches_all(still.T) else "cut-off"


def _reaches_all(links: NDArray[np.bool_]) -> bool:
    reached = np.zeros(len(links), dtype=bool)
    reached[0] = True
    while True:
        wider = reached | links[reached].any(axis=0)
        if (wider == reached).all():
            return bool(reached.all())
        reached = wider


def choose_layout(world: World, changes: Sequence[Changes], platform: str, batch_size: int | None) -> Layout:
    """Block size and padded number of changed cells of a plan on a device ("cpu" or another)."""
    device = "cpu" if platform == "cpu" else "other"
    widths = WIDTHS[device] if batch_size is None else (batch_size,)
    enough = _power_of_two(len(changes))
    size = world.trade_share.size
    for width in sorted({min(width, enough) if batch_size is None else width for width in widths}, reverse=True):
        most = max(len(_union(changes[at : at + width])) for at in range(0, len(changes), width))
        if most <= FEW * size:
            return Layout(width, max(SHORTEST, _power_of_two(most)))
    return Layout(batch_size or min(OWN_WIDTH[device], enough), None)


def _power_of_two(number: int) -> int:
    return 1 << max(0, number - 1).bit_length()


def _union(changes: Sequence[Changes]) -> Positions:
    """Ascending positions of the cells that any of the scenarios changes."""
    lists = list({id(part.flat): part.flat for part in changes}.values())
    return lists[0] if len(lists) == 1 else np.unique(np.concatenate(lists))


def stacked_blocks(world: World, changes: Sequence[Changes], thetas: Array, layout: Layout) -> Iterator[Any]:
    """Blocks of a plan on a leading axis, several at a time, for one call each; the last ones are filled up."""
    from comity.equilibrium.jax_equations import Block

    distinct = {id(part): part for part in changes}.values()
    taxed = bool(world.export_tax.any()) or any(part.export_tax is not None for part in distinct)
    productive = any((part.productivity_hat != 1).any() for part in distinct)
    width = layout.width
    several = layout.cells is not None and len(changes) >= BLOCKS_A_CALL * width
    chunk = width * (BLOCKS_A_CALL if several else 1)
    for first in range(0, len(changes), chunk):
        gathered = [
            gather(world, changes[at : at + width], thetas[at : at + width], layout, taxed, productive)
            for at in range(first, first + chunk, width)
        ]
        yield Block(*[None if rows[0] is None else np.stack(rows) for rows in zip(*gathered, strict=True)])


def gather(
    world: World, changes: Sequence[Changes], thetas: Array, layout: Layout, taxed: bool, productive: bool
) -> Any:
    """The Block of up to `layout.width` scenarios; the rest is padding that is not searched for."""
    from comity.equilibrium.jax_equations import Block

    width, size = layout.width, world.trade_share.size
    live = np.arange(width) < len(changes)
    members = list(changes) + [_nothing(world)] * (width - len(changes))
    theta = np.tile(world.trade_elasticity[:, None], width)
    theta[:, : len(changes)] = thetas.T
    distinct = list({id(part): part for part in members}.values())
    number = {id(part): k for k, part in enumerate(distinct)}
    column = np.array([number[id(part)] for part in members], dtype=np.intp)
    used = np.arange(size) if layout.cells is None else _union(distinct)
    cells = None
    if layout.cells is not None:
        cells = np.full(layout.cells, size)
        cells[: len(used)] = used
    rows = size if cells is None else len(cells)
    log_cost = np.zeros((rows, len(distinct)))
    tariff = _rates(world.tariff, used, rows, len(distinct))
    tax = _rates(world.export_tax, used, rows, len(distinct)) if taxed else None
    for k, part in enumerate(distinct):
        place = part.flat if cells is None else np.searchsorted(used, part.flat)
        log_cost[place, k] = part.log_cost()
        if part.tariff is not None:
            tariff[place, k] = part.tariff.new
        if tax is not None and part.export_tax is not None:
            tax[place, k] = part.export_tax.new

    def arranged(values: Array | None) -> Array | None:
        if values is None:
            return None
        return values[:, column] if cells is not None else values.T[column].reshape(width, *world.trade_share.shape)

    productivity = None
    if productive:
        productivity = np.stack([np.log(part.productivity_hat) for part in distinct], axis=-1)[..., column]
    transfer = np.stack([part.transfer for part in distinct], axis=-1)[:, column]
    return Block(cells, arranged(log_cost), arranged(tariff), arranged(tax), theta, productivity, transfer, live)


def _rates(base: Array, used: Positions, rows: int, width: int) -> Array:
    rates = np.zeros((rows, width))
    rates[: len(used)] = base.ravel()[used][:, None]
    return rates


_still: WeakKeyDictionary[World, Changes] = WeakKeyDictionary()


def _nothing(world: World) -> Changes:
    if world not in _still:
        _still[world] = changes_of(world, Shock())
    return _still[world]
