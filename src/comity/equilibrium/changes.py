"""A Shock against one World: only the cells it changes, as flat positions in (sector, importer, exporter) order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Cells, Shock
from comity.errors import InputError, listing

Array = NDArray[np.float64]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Rates:
    """Benchmark and new tariff (or export tax) rates of the changed cells."""

    old: Array
    new: Array

    def factor_hat(self) -> Array:
        """(1 + new) / (1 + old)."""
        return (1 + self.new) / (1 + self.old)

    def part(self, fraction: float, linear: bool = False) -> Rates:
        """Rates with ln(1 + rate), or the rate itself where `linear`, at a fraction of its way."""
        if linear:
            return Rates(self.old, (1 - fraction) * self.old + fraction * self.new)
        log_new = (1 - fraction) * np.log1p(self.old) + fraction * np.log1p(self.new)
        return Rates(self.old, np.expm1(log_new))


@dataclass(frozen=True, eq=False)
class Changes:
    """Changed cells (flat positions, ascending) with ln iceberg_hat (inf is an embargo) and rates; a family that the
    shock leaves alone is None. productivity_hat (J, N) and transfer (N,) are whole arrays."""

    flat: Positions
    log_iceberg: Array | None
    tariff: Rates | None
    export_tax: Rates | None
    productivity_hat: Array
    transfer: Array

    def log_cost(self) -> Array:
        """ln kappa_hat of the changed cells."""
        factors = [rates.factor_hat() for rates in (self.tariff, self.export_tax) if rates is not None]
        total = np.zeros(len(self.flat)) if self.log_iceberg is None else self.log_iceberg
        for factor in factors:
            total = total + np.log(factor)
        return total

    def embargoed(self) -> NDArray[np.bool_]:
        """True for changed cells under an embargo."""
        if self.log_iceberg is None:
            return np.zeros(len(self.flat), dtype=bool)
        return np.isposinf(self.log_iceberg)

    def part(self, fraction: float, linear_rates: bool = False) -> Changes:
        """The shock at a fraction of its way: ln d, ln(1+t), ln(1+e), ln A and T linear, or t and e themselves where
        `linear_rates`. Embargoes stay whole here; `problem.make_problem` fades their weights."""
        if fraction == 1.0:
            return self
        iceberg = self.log_iceberg
        if iceberg is not None:
            closed = self.embargoed()
            iceberg = np.where(closed, np.inf, fraction * np.where(closed, 0.0, iceberg))
        return replace(
            self,
            log_iceberg=iceberg,
            tariff=None if self.tariff is None else self.tariff.part(fraction, linear_rates),
            export_tax=None if self.export_tax is None else self.export_tax.part(fraction, linear_rates),
            productivity_hat=self.productivity_hat**fraction,
            transfer=fraction * self.transfer,
        )


def changes_of(world: World, shock: Shock) -> Changes:
    """Compress a Shock to the cells it changes in this World.

    Raises InputError for wrong shapes, NaN, rates at or below -1, non-positive costs or productivity, embargoed or
    taxed home sales, transfers that do not add to zero.
    """
    shape = world.trade_share.shape
    iceberg = _changed(world, "iceberg_hat", shock.iceberg_hat, np.float64(1.0), shape)
    tariff = _changed(world, "tariff_new", shock.tariff_new, world.tariff, shape)
    tax = _changed(world, "export_tax_new", shock.export_tax_new, world.export_tax, shape)
    flat = _union([part[0] for part in (iceberg, tariff, tax) if part is not None], shape)
    log_iceberg = None
    if iceberg is not None:
        with np.errstate(divide="ignore"):
            log_iceberg = np.log(_spread(iceberg, flat, np.ones(len(flat))))
    return Changes(
        flat=flat,
        log_iceberg=log_iceberg,
        tariff=_rates(tariff, flat, world.tariff),
        export_tax=_rates(tax, flat, world.export_tax),
        productivity_hat=_positive(world, shock.productivity_hat),
        transfer=_transfer(world, shock.transfer),
    )


def _rates(part: tuple[Positions, Array] | None, flat: Positions, base: Array) -> Rates | None:
    if part is None:
        return None
    old = base.ravel()[flat]
    return Rates(old, _spread(part, flat, old.copy()))


def _spread(part: tuple[Positions, Array], flat: Positions, column: Array) -> Array:
    """The values of one family on all changed cells; `column` holds what the other cells keep."""
    if len(part[0]) == len(flat):
        return part[1]
    column[np.searchsorted(flat, part[0])] = part[1]
    return column


def _union(lists: list[Positions], shape: tuple[int, ...]) -> Positions:
    """Ascending flat positions that occur in any of the lists."""
    if not lists:
        return np.zeros(0, dtype=np.intp)
    if all(len(other) == len(lists[0]) and (other == lists[0]).all() for other in lists[1:]):
        return lists[0]
    return occurring(lists, int(np.prod(shape)))


def occurring(lists: Iterable[Positions], size: int) -> Positions:
    """Ascending positions below `size` that occur in any of the lists, in whatever order and however often."""
    touched = np.zeros(size, dtype=bool)
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
        dense = as_numbers(f"shock.{name}", given)
        if dense.shape != shape:
            raise InputError(f"shock.{name}", "wrong shape", found=dense.shape, allowed=f"{shape}")
        flat = np.flatnonzero((dense != base).ravel())
        values = dense.ravel()[flat]
    _check_cells(world, name, flat, values, shape)
    old = base if base.ndim == 0 else base.ravel()[flat]
    moved = values != old
    if moved.all():
        return (flat, values) if len(flat) else None
    return (flat[moved], values[moved]) if moved.any() else None


def as_numbers(where: str, given: Any) -> Array:
    """A float64 array, or InputError for anything that is not plain real numbers."""
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "fiub":
            raise ValueError
        return array.astype(np.float64, copy=False)
    except ValueError:
        raise InputError(where, "an array of real numbers is needed", found=given) from None


def _flat_cells(name: str, cells: Cells, shape: tuple[int, ...]) -> tuple[Positions, Array]:
    try:
        flat = np.ravel_multi_index(cells[:3], shape)
    except (ValueError, TypeError):
        raise InputError(f"shock.{name}", "a cell lies outside the world", allowed=f"positions below {shape}") from None
    values = as_numbers(f"shock.{name}", cells[3])
    if np.ndim(flat) != 1 or values.shape != flat.shape:
        raise InputError(f"shock.{name}", "ragged cells", advice="Make the Shock with Shock.from_cells.")
    if len(flat) > 1 and not (flat[1:] > flat[:-1]).all():
        order = np.argsort(flat, kind="stable")
        flat, values = flat[order], values[order]
        if (flat[1:] == flat[:-1]).any():
            raise InputError(f"shock.{name}", "a cell is given more than once")
    return flat, values


def _check_cells(world: World, name: str, flat: Positions, values: Array, shape: tuple[int, ...]) -> None:
    home = home_sales(shape)[flat]
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


@lru_cache(maxsize=8)
def home_sales(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """(J N N,) True for cells on the diagonal: looked up, since dividing takes longer."""
    mask = np.zeros(shape, dtype=bool)
    diagonal = np.arange(shape[1])
    mask[:, diagonal, diagonal] = True
    return mask.ravel()


def _positive(world: World, given: Any) -> Array:
    shape = world.value_added_share.shape
    if given is None:
        return _constant(1.0, shape)
    values = as_numbers("shock.productivity_hat", given)
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
        return _constant(0.0, (count,))
    values = as_numbers("shock.transfer", given)
    if values.shape != (count,) or not np.isfinite(values).all():
        raise InputError("shock.transfer", "one finite number a country is needed", found=values.shape)
    if abs(values.sum()) > 1e-9 * world.value_added.sum():
        raise InputError("shock.transfer", "transfers must add to zero", found=f"{values.sum():g}")
    return values


@lru_cache(maxsize=64)
def _constant(value: float, shape: tuple[int, ...]) -> Array:
    """What a shock that leaves a family alone has of it: one array for all of them, not to be written to."""
    held = np.full(shape, value)
    held.flags.writeable = False
    return held
