"""The Changes of many shocks at once: for plans of small shocks, one call for all cells costs what a few shocks cost
one by one.

Only the plain case is taken together: lists of cells with new iceberg costs, in good order. Whatever else a plan holds,
and whatever is wrong with it, goes to `changes.changes_of`, shock by shock.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, changes_of, unchanged
from comity.equilibrium.shock import Shock

Array = NDArray[np.float64]


def changes_of_all(worlds: Sequence[World], shocks: Sequence[Shock]) -> list[Changes]:
    """`changes_of` each shock in its World, in order."""
    if len(shocks) > 1 and _alike(worlds) and all(map(_plain, shocks)):
        together = _together(worlds[0], shocks)
        if together is not None:
            return together
    return [changes_of(world, shock) for world, shock in zip(worlds, shocks, strict=True)]


def _alike(worlds: Sequence[World]) -> bool:
    """Whether the Worlds have the same rates, to the object."""
    first = worlds[0]
    return all(world.tariff is first.tariff and world.export_tax is first.export_tax for world in worlds)


def _plain(shock: Shock) -> bool:
    """Whether it changes nothing but iceberg costs, of listed cells."""
    others = (shock.tariff_new, shock.export_tax_new, shock.productivity_hat, shock.transfer)
    cells = shock.iceberg_hat
    if any(other is not None for other in others) or not (cells is None or isinstance(cells, tuple)):
        return False
    return cells is None or (
        len(cells) == 4
        and all(isinstance(part, np.ndarray) and part.shape == (len(cells[0]),) for part in cells)
        and all(part.dtype == np.intp for part in cells[:3])
        and cells[3].dtype == np.float64
    )


def _together(world: World, shocks: Sequence[Shock]) -> list[Changes] | None:
    """The Changes of plain shocks; None where one of them has to be refused."""
    nothing = np.zeros(0, dtype=np.intp)
    given: list[tuple[Any, ...]] = [shock.iceberg_hat or (nothing, nothing, nothing, np.zeros(0)) for shock in shocks]
    sector, importer, exporter, values = (np.concatenate([cells[k] for cells in given]) for k in range(4))
    shape = world.trade_share.shape
    for part, size in zip((sector, importer, exporter), shape, strict=True):
        if len(part) and not (part.min() >= 0 and part.max() < size):
            return None
    flat = (sector * shape[1] + importer) * shape[2] + exporter
    home = importer == exporter
    if not (values > 0).all() or (home.any() and np.isinf(values[home]).any()):
        return None
    member = np.repeat(np.arange(len(shocks)), [len(cells[0]) for cells in given])
    place = member * world.trade_share.size + flat
    if not (place[1:] > place[:-1]).all():
        order = np.argsort(place, kind="stable")
        place, flat, values, member = place[order], flat[order], values[order], member[order]
        if (place[1:] == place[:-1]).any():
            return None
    moved = values != 1.0
    if not moved.all():
        flat, values, member = flat[moved], values[moved], member[moved]
    ends = np.searchsorted(member, np.arange(len(shocks) + 1)).tolist()
    log_iceberg = np.log(values)
    productivity_hat, transfer = unchanged(world)
    return [
        Changes(
            flat=flat[first:last],
            log_iceberg=log_iceberg[first:last] if last > first else None,
            tariff=None,
            export_tax=None,
            productivity_hat=productivity_hat,
            transfer=transfer,
        )
        for first, last in zip(ends[:-1], ends[1:], strict=True)
    ]
