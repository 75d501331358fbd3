"""Put the effects of all measures together, cell by cell.

Order on a cell: liftings, then tariffs `to`, `scale` and `change`, then costs multiply; an embargo wins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import InputError, listing
from comity.scenario.measures import RATE_KINDS, Effect, Setting, flat_cells  # noqa: F401
from comity.scenario.observed import pending, refuse_pending

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
RATE_ORDER = ("to", "scale", "change")


@dataclass
class Combined:
    """The world after all measures: flat (J*N*N) arrays, None where untouched.

    tariff, export_tax : new rates; log_cost : ln iceberg_hat; stopped : embargoed cells (bool);
    touched : cells some measure in force concerns; moot : per effect number of its cells that others override.
    """

    tariff: Array | None = None
    export_tax: Array | None = None
    log_cost: Array | None = None
    stopped: NDArray[np.bool_] | None = None
    productivity_hat: Array | None = None
    transfer: Array | None = None
    touched: NDArray[np.bool_] | None = None
    moot: dict[int, int] = field(default_factory=dict)

    @cached_property
    def cells(self) -> Positions:
        """Ascending positions of the touched cells: whatever changes lies on them, and they are few."""
        return np.zeros(0, dtype=np.intp) if self.touched is None else np.flatnonzero(self.touched)


def check_covers(setting: Setting, effects: list[Effect]) -> None:
    """Refuse two measures on one cell that are sized to contain the same thing, unless the author adds them up.

    Rates among themselves follow the order above; here it is about sizes estimated in total. Raises InputError.
    """
    size = int(np.prod(setting.shape))
    covering = [effect for effect in effects if effect.covers]
    mask = np.zeros(size, dtype=bool)
    for position, one in enumerate(covering):
        rivals = [other for other in covering[position + 1 :] if _rivals(one, other)]
        if not rivals:
            continue
        mask[one.cells] = True
        for other in rivals:
            common = int(mask[other.cells].sum())
            if common:
                raise _double_count(setting, one, other, common)
        mask[one.cells] = False


def _rivals(one: Effect, other: Effect) -> bool:
    if one.id == other.id or (one.what in RATE_KINDS and other.what in RATE_KINDS):
        return False
    if other.id in (*one.adds_to, *one.overrides) or one.id in (*other.adds_to, *other.overrides):
        return False
    return bool(shared_covers(one, other))


def shared_covers(one: Effect, other: Effect) -> list[str]:
    """Words both measures cover; `all` meets everything."""
    if "all" in one.covers or "all" in other.covers:
        return sorted((one.covers | other.covers) - {"all"}) or ["all"]
    return sorted(one.covers & other.covers)


def _double_count(setting: Setting, one: Effect, other: Effect, cells: int) -> InputError:
    both = listing(shared_covers(one, other))
    return InputError(
        setting.where("measures", other.index),
        f"measures {one.id!r} and {other.id!r} both contain {both} on {cells} flow(s)",
        found=f"{one.id} ({one.kind}) and {other.id} ({other.kind})",
        allowed="sizes that do not contain each other",
        advice=f"Write `adds_to: [{one.id}]` in {other.id!r} if you mean both, `overrides: [{one.id}]` to replace, or "
        "give them different sectors or countries.",
    )


def check_contradictions(setting: Setting, effects: list[Effect]) -> None:
    """Two different `to` on one cell, or one regime lifted twice, are errors naming both. Raises InputError."""
    size = int(np.prod(setting.shape))
    for kind in RATE_KINDS:
        fixed = [e for e in effects if e.what == kind and e.form == "to" and e.share > 0]
        for position, one in enumerate(fixed):
            mask = None
            for other in fixed[position + 1 :]:
                if other.value == one.value or one.id in other.overrides or other.id in one.overrides:
                    continue
                if mask is None:
                    mask = _mask(one.cells, size)
                if mask[other.cells].any():
                    raise _two_rates(setting, one, other)
    lifted: dict[str, NDArray[np.bool_]] = {}
    for effect in effects:
        if effect.first:
            key = f"{effect.shown['regime'].id}:{effect.shown['direction']}"
            mask = lifted.setdefault(key, np.zeros(size, dtype=bool))
            if mask[effect.cells].any():
                raise InputError(
                    setting.where("measures", effect.index),
                    "the regime is lifted twice",
                    found=effect.shown["regime"].id,
                )
            mask[effect.cells] = True


def _mask(cells: Positions, size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, dtype=bool)
    mask[cells] = True
    return mask


def _two_rates(setting: Setting, one: Effect, other: Effect) -> InputError:
    return InputError(
        setting.where("measures", other.index, "size"),
        f"measures {one.id!r} and {other.id!r} set two different rates on the same flow",
        found=f"{one.id}: {one.value:g}, {other.id}: {other.value:g}",
        advice=f"Write `overrides: [{one.id}]` in {other.id!r} if it replaces the other, or part their "
        "sectors, countries or dates.",
    )


def combine(world: World, effects: list[Effect]) -> Combined:
    """All effects in force, in the order of definitions: overrides first decided, embargoes last and strongest. Raises
    InputError for a measure whose trade cost has yet to be found."""
    out = Combined()
    size = world.trade_share.size
    active = [effect for effect in effects if effect.share > 0]
    kept = _kept_shares(active, size, out)
    for kind in RATE_KINDS:
        group = [effect for effect in active if effect.what == kind]
        if group:
            base = world.tariff if kind == "tariff" else world.export_tax
            setattr(out, kind, _rates(base.ravel(), group, kept))
    for effect in active:
        if pending(effect):
            raise refuse_pending(effect.id)
        if effect.what == "cost" and effect.log_cost is not None:
            if out.log_cost is None:
                out.log_cost = np.zeros(size)
            out.log_cost[effect.cells] += effect.share * kept[id(effect)] * effect.log_cost
        elif effect.what == "productivity":
            if out.productivity_hat is None:
                out.productivity_hat = np.ones(len(world.sectors) * len(world.countries))
            out.productivity_hat[effect.cells] *= effect.value**effect.share
        elif effect.what == "transfer" and effect.vector is not None:
            out.transfer = (0 if out.transfer is None else out.transfer) + effect.share * effect.vector
    _stop(active, size, out)
    if active:
        out.touched = np.zeros(size, dtype=bool)
        for effect in active:
            if effect.what not in ("productivity", "transfer"):
                out.touched[effect.cells] = True
    return out


def _kept_shares(active: list[Effect], size: int, out: Combined) -> dict[int, Array | float]:
    """What is left of each effect where others override it: 1 where none does, 1 - share of the overriding one."""
    kept: dict[int, Array | float] = {}
    for effect in active:
        over = [other for other in active if effect.id in other.overrides]
        kept[id(effect)] = 1.0
        if not over or effect.what in ("productivity", "transfer"):
            continue
        rest = np.ones(size)
        for other in over:
            rest[other.cells] *= 1 - other.share
        kept[id(effect)] = rest[effect.cells]
        out.moot[id(effect)] = int((rest[effect.cells] == 0).sum())
    return kept


def _rates(base: Array, group: list[Effect], kept: dict[int, Array | float]) -> Array:
    """New rates: `to` blends from the benchmark, `scale` multiplies, `change` adds; each linear in its share.

    A `to` that overrides another one blends from where that one has come to, so a hand-over in time is continuous.
    """
    rates = base.copy()
    for form in RATE_ORDER:
        chosen = [effect for effect in group if effect.form == form]
        if form == "to":
            for effect in _overridden_first(chosen):
                cells = effect.cells
                rates[cells] = (1 - effect.share) * rates[cells] + effect.share * effect.value
            continue
        for effect in chosen:
            share = effect.share * kept[id(effect)]
            cells = effect.cells
            if form == "scale":
                rates[cells] *= 1 + share * (effect.value - 1)
            else:
                rates[cells] += share * effect.value
    return rates


def _overridden_first(effects: list[Effect]) -> list[Effect]:
    """Order in which an overriding measure comes after every measure it overrides; ties in file order."""
    ordered: list[Effect] = []
    waiting = list(effects)
    while waiting:
        names = {effect.id for effect in waiting}
        ready = [e for e in waiting if not names.intersection(e.overrides)] or waiting[:1]
        ordered.extend(ready)
        waiting = [e for e in waiting if e not in ready]
    return ordered


def _stop(active: list[Effect], size: int, out: Combined) -> None:
    """Embargoes win: everything else on their cells is moot and counted."""
    stops = [effect for effect in active if effect.what == "stop"]
    if not stops:
        return
    stopped = np.zeros(size, dtype=bool)
    for effect in stops:
        stopped[effect.cells] = True
    out.stopped = stopped
    for effect in active:
        if effect.what in (*RATE_KINDS, "cost"):
            lost = int(stopped[effect.cells].sum())
            out.moot[id(effect)] = max(out.moot.get(id(effect), 0), lost)
