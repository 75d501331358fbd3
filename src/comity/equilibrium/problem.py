"""One counterfactual as the iteration sees it: weights after the shock, closure, connected parts.

Building a Problem refuses what cannot have a solution: rates at or below -1, costs that are not positive,
a sector without any supplier, parts of the world whose deficits do not add to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.prepared import Prepared, prepare
from comity.equilibrium.shock import Cells, Shock
from comity.errors import InputError, listing

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


class NoSupplierError(InputError):
    """A country spends on a sector that nobody can supply after the shock."""


@dataclass(frozen=True, eq=False)
class Changes:
    """A Shock against one World, as cells: ln kappa_hat (inf is an embargo) and new rates, only where they differ."""

    cells: tuple[Positions, Positions, Positions]
    log_iceberg: Array
    tariff: Array
    tariff_new: Array
    tax: Array
    tax_new: Array
    productivity_hat: Array
    transfer: Array

    def log_cost(self) -> Array:
        """ln kappa_hat of the changed cells."""
        tariffs = np.log1p(self.tariff_new) - np.log1p(self.tariff)
        taxes = np.log1p(self.tax_new) - np.log1p(self.tax)
        return self.log_iceberg + tariffs + taxes

    def part(self, fraction: float) -> Changes:
        """The shock at a fraction of its way: ln d, ln(1+t), ln(1+e), ln A and T linear. Embargoes stay whole; their
        weights are faded in `Problem.at`."""
        if fraction == 1.0:
            return self
        mix = lambda old, new: np.expm1((1 - fraction) * np.log1p(old) + fraction * np.log1p(new))  # noqa: E731
        return replace(
            self,
            log_iceberg=np.where(np.isinf(self.log_iceberg), self.log_iceberg, fraction * self.log_iceberg),
            tariff_new=mix(self.tariff, self.tariff_new),
            tax_new=mix(self.tax, self.tax_new),
            productivity_hat=self.productivity_hat**fraction,
            transfer=fraction * self.transfer,
        )


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


def changes_of(world: World, shock: Shock) -> Changes:
    """Compress a Shock to the cells it changes in this World.

    Raises InputError for wrong shapes, NaN, rates at or below -1, non-positive costs or productivity, embargoed or
    taxed home sales, transfers that do not add to zero.
    """
    shape = world.trade_share.shape
    parts = [
        _changed(world, "iceberg_hat", shock.iceberg_hat, np.float64(1.0), shape),
        _changed(world, "tariff_new", shock.tariff_new, world.tariff, shape),
        _changed(world, "export_tax_new", shock.export_tax_new, world.export_tax, shape),
    ]
    flat = _union([part[0] for part in parts if part is not None], shape)
    sector, importer, exporter = np.unravel_index(flat, shape)
    tariff, tax = world.tariff.ravel()[flat], world.export_tax.ravel()[flat]
    columns = [np.ones(len(flat)), tariff.copy(), tax.copy()]
    for column, part in zip(columns, parts, strict=True):
        if part is not None and len(part[0]) == len(flat):
            column[:] = part[1]
        elif part is not None:
            column[np.searchsorted(flat, part[0])] = part[1]
    with np.errstate(divide="ignore"):
        log_iceberg = np.log(columns[0])
    return Changes(
        cells=(sector, importer, exporter),
        log_iceberg=log_iceberg,
        tariff=tariff,
        tariff_new=columns[1],
        tax=tax,
        tax_new=columns[2],
        productivity_hat=_positive(world, shock.productivity_hat),
        transfer=_transfer(world, shock.transfer),
    )


def _union(lists: list[Positions], shape: tuple[int, ...]) -> Positions:
    """Ascending flat positions that occur in any of the lists."""
    if not lists:
        return np.zeros(0, dtype=np.intp)
    if all(len(other) == len(lists[0]) and (other == lists[0]).all() for other in lists[1:]):
        return lists[0]
    touched = np.zeros(int(np.prod(shape)), dtype=bool)
    for positions in lists:
        touched[positions] = True
    return np.flatnonzero(touched)


def _changed(world: World, name: str, given: Any, base: Any, shape: tuple[int, ...]) -> tuple[Positions, Array] | None:
    """Flat positions (ascending) and values of the cells where `given` differs from the benchmark."""
    if given is None:
        return None
    if isinstance(given, tuple):
        flat, values = _flat_cells(name, given, shape)
    else:
        dense = np.asarray(given, dtype=np.float64)
        if dense.shape != shape:
            raise InputError(f"shock.{name}", "wrong shape", found=dense.shape, allowed=f"{shape}")
        flat = np.flatnonzero((dense != base).ravel())
        values = dense.ravel()[flat]
    _check_cells(world, name, flat, values, shape)
    old = base if base.ndim == 0 else base.ravel()[flat]
    moved = values != old
    return (flat, values) if moved.all() else (flat[moved], values[moved])


def _flat_cells(name: str, cells: Cells, shape: tuple[int, ...]) -> tuple[Positions, Array]:
    try:
        flat = np.ravel_multi_index(cells[:3], shape)
    except ValueError:
        raise InputError(f"shock.{name}", "a cell lies outside the world", allowed=f"positions below {shape}") from None
    if len(flat) > 1 and not (flat[1:] > flat[:-1]).all():
        order = np.argsort(flat, kind="stable")
        return flat[order], cells[3][order]
    return flat, cells[3]


def _check_cells(world: World, name: str, flat: Positions, values: Array, shape: tuple[int, ...]) -> None:
    home = flat % (shape[1] * shape[2]) % (shape[2] + 1) == 0
    if name == "iceberg_hat":
        bad = ~(values > 0) | (home & np.isinf(values))
        rule = "a positive number (inf for an embargo, not on home sales)"
    else:
        bad = ~(values > -1) | np.isinf(values) | (home & (values != 0))
        rule = "a rate above -1 (0.25 is 25 %), 0 on home sales"
    if bad.any():
        sector, importer, exporter = np.unravel_index(flat, shape)
        named = [
            f"{world.sectors[sector[k]]} {world.countries[importer[k]]}<-{world.countries[exporter[k]]} = {values[k]:g}"
            for k in np.flatnonzero(bad)[:6]
        ]
        count = int(bad.sum())
        raise InputError(f"shock.{name}", f"{count} cell(s) out of range", found=listing(named), allowed=rule)


def _positive(world: World, given: Any) -> Array:
    shape = world.value_added_share.shape
    if given is None:
        return np.ones(shape)
    values = np.asarray(given, dtype=np.float64)
    if values.shape != shape:
        raise InputError("shock.productivity_hat", "wrong shape", found=values.shape, allowed=f"{shape}")
    bad = np.argwhere(~((values > 0) & np.isfinite(values)))
    if len(bad):
        named = [f"{world.sectors[j]} {world.countries[n]} = {values[j, n]:g}" for j, n in bad[:6]]
        raise InputError("shock.productivity_hat", "must be positive and finite", found=listing(named))
    return values


def _transfer(world: World, given: Any) -> Array:
    count = len(world.countries)
    if given is None:
        return np.zeros(count)
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (count,) or not np.isfinite(values).all():
        raise InputError("shock.transfer", "one finite number a country is needed", found=values.shape)
    if abs(values.sum()) > 1e-9 * world.value_added.sum():
        raise InputError("shock.transfer", "transfers must add to zero", found=f"{values.sum():g}")
    return values


def make_problem(
    world: World,
    changes: Changes,
    closure: str,
    *,
    income_factor: Array | None = None,
    coalition: Positions | None = None,
    fraction: float = 1.0,
) -> Problem:
    """The Problem at a fraction of the path to the shock (1 is the whole shock)."""
    base = prepare(world)
    part = changes.part(fraction)
    theta = world.trade_elasticity
    foreign, home, tariff, tax, shipped = _weights(base, part, theta, fraction)
    # without an embargo no link disappears, and the benchmark's own graph still holds
    embargo = bool(np.isinf(part.log_iceberg).any())
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
    world, count = base.world, base.home.shape[1]
    j, n, i = part.cells
    weight = world.trade_share[j, n, i] * np.exp(-theta[j] * part.log_cost())
    if fraction < 1:
        closed = np.isinf(part.log_iceberg)
        weight[closed] = (1 - fraction) * world.trade_share[j, n, i][closed]
    tariff, tax = world.tariff, world.export_tax
    if (part.tariff_new != part.tariff).any():
        tariff = tariff.copy()
        tariff[j, n, i] = part.tariff_new
    if (part.tax_new != part.tax).any():
        tax = tax.copy()
        tax[j, n, i] = part.tax_new
    foreign, home = base.foreign.copy(), base.home
    border = weight / (1 + part.tariff_new)
    foreign[j, n, i] = border
    foreign[j, count + n, i] = weight - border
    at_home = n == i
    if at_home.any():
        home = home.copy()
        home[j[at_home], n[at_home]] = weight[at_home]
        foreign[j[at_home], n[at_home], i[at_home]] = 0.0
        foreign[j[at_home], count + n[at_home], i[at_home]] = 0.0
    shipped = foreign[:, :count] / (1 + tax) if tax.any() else None
    return foreign, home, tariff, tax, shipped


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
