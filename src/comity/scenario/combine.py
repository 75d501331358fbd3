"""Put the effects of all measures together, cell by cell.

Order on a cell: liftings, then tariffs `to`, `scale` and `change`, then costs multiply; an embargo wins.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import InputError, listing
from comity.kept import KeptByKey
from comity.scenario.measures import RATE_KINDS, Effect, Setting, flat_cells  # noqa: F401
from comity.scenario.observed import pending, refuse_pending

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
RATE_ORDER = ("to", "scale", "change")


@dataclass
class Combined:
    """The world after all measures, on the cells that some measure in force concerns; None where untouched.

    cells : ascending flat positions (U,): whatever changes lies on them, and they are few; where : per effect in force
    the places of its cells among them; tariff, export_tax : (U,) new rates; base : (U,) the world's own, by name, of
    those that are given; log_cost : (U,) ln iceberg_hat; stopped : (U,) embargoed cells (bool); moot : per effect
    number of its cells that others override.
    """

    cells: Positions = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    where: dict[int, Positions] = field(default_factory=dict)
    tariff: Array | None = None
    export_tax: Array | None = None
    base: dict[str, Array] = field(default_factory=dict)
    log_cost: Array | None = None
    stopped: NDArray[np.bool_] | None = None
    productivity_hat: Array | None = None
    transfer: Array | None = None
    moot: dict[int, int] = field(default_factory=dict)

    def rates(self) -> list[tuple[str, Array, Array]]:
        """(name, new rates, the world's own) of tariffs and export taxes, where measures concern them."""
        given = ((kind, getattr(self, kind)) for kind in RATE_KINDS)
        return [(kind, new, self.base[kind]) for kind, new in given if new is not None]


def check_covers(setting: Setting, effects: list[Effect]) -> None:
    """Refuse two measures on one cell that are sized to contain the same thing, unless the author adds them up.

    Rates among themselves follow the order above; here it is about sizes estimated in total. Raises InputError.
    """
    size = int(np.prod(setting.shape))
    covering = [effect for effect in effects if effect.covers]
    for position, one in enumerate(covering):
        rivals = [other for other in covering[position + 1 :] if _rivals(one, other)]
        if not rivals:
            continue
        mask = _mask(one.cells, size)
        for other in rivals:
            common = int(mask[other.cells].sum())
            if common:
                raise _double_count(setting, one, other, common)


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
    active = [effect for effect in effects if effect.share > 0]
    out = _laid_out(world, [effect for effect in active if effect.what not in ("productivity", "transfer")])
    kept = _kept_shares(active, out)
    for kind in RATE_KINDS:
        group = [effect for effect in active if effect.what == kind]
        if group:
            out.base[kind] = (world.tariff if kind == "tariff" else world.export_tax).ravel()[out.cells]
            setattr(out, kind, _rates(out.base[kind], group, kept, out.where))
    for effect in active:
        if pending(effect):
            raise refuse_pending(effect.id)
        if effect.what == "cost" and effect.log_cost is not None:
            if out.log_cost is None:
                out.log_cost = np.zeros(len(out.cells))
            out.log_cost[out.where[id(effect)]] += effect.share * kept[id(effect)] * effect.log_cost
        elif effect.what == "productivity":
            if out.productivity_hat is None:
                out.productivity_hat = np.ones(len(world.sectors) * len(world.countries))
            out.productivity_hat[effect.cells] *= effect.value**effect.share
        elif effect.what == "transfer" and effect.vector is not None:
            out.transfer = (0 if out.transfer is None else out.transfer) + effect.share * effect.vector
    _stop(active, out)
    return out


Layout = tuple[Positions, list[Positions]]
_layouts: KeptByKey[Layout] = KeptByKey(50)  # the same for every size; up to 2 MB each


def _laid_out(world: World, placed: list[Effect]) -> Combined:
    """Which cells the effects concern, with nothing on them yet."""
    place = tuple(effect.place for effect in placed)
    if None in place:
        cells, where = _find_layout(world, placed)
    else:
        cells, where = _layouts.get((world.countries, world.sectors, place), lambda: _find_layout(world, placed))
    return Combined(cells, {id(effect): at for effect, at in zip(placed, where, strict=True)})


def _find_layout(world: World, placed: list[Effect]) -> Layout:
    touched = np.zeros(world.trade_share.size, dtype=bool)
    for effect in placed:
        touched[effect.cells] = True
    cells = np.flatnonzero(touched)
    number = np.empty(len(touched), dtype=np.intp)
    number[cells] = np.arange(len(cells))
    return cells, [number[effect.cells] for effect in placed]


def _kept_shares(active: list[Effect], out: Combined) -> dict[int, Array | float]:
    """What is left of each effect where others override it: 1 where none does, 1 - share of the overriding one."""
    kept: dict[int, Array | float] = {}
    for effect in active:
        over = [other for other in active if effect.id in other.overrides and id(other) in out.where]
        kept[id(effect)] = 1.0
        if not over or effect.what in ("productivity", "transfer"):
            continue
        rest = np.ones(len(out.cells))
        for other in over:
            rest[out.where[id(other)]] *= 1 - other.share
        left = kept[id(effect)] = rest[out.where[id(effect)]]
        out.moot[id(effect)] = int((left == 0).sum())
    return kept


def _rates(base: Array, group: list[Effect], kept: dict[int, Array | float], where: dict[int, Positions]) -> Array:
    """New rates: `to` blends from the benchmark, `scale` multiplies, `change` adds; each linear in its share.

    A `to` that overrides another one blends from where that one has come to, so a hand-over in time is continuous.
    """
    rates = base.copy()
    for form in RATE_ORDER:
        chosen = [effect for effect in group if effect.form == form]
        if form == "to":
            for effect in _overridden_first(chosen):
                cells = where[id(effect)]
                rates[cells] = (1 - effect.share) * rates[cells] + effect.share * effect.value
            continue
        for effect in chosen:
            share = effect.share * kept[id(effect)]
            cells = where[id(effect)]
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


def _stop(active: list[Effect], out: Combined) -> None:
    """Embargoes win: everything else on their cells is moot and counted."""
    stops = [effect for effect in active if effect.what == "stop"]
    if not stops:
        return
    stopped = np.zeros(len(out.cells), dtype=bool)
    for effect in stops:
        stopped[out.where[id(effect)]] = True
    out.stopped = stopped
    for effect in active:
        if effect.what in (*RATE_KINDS, "cost"):
            lost = int(stopped[out.where[id(effect)]].sum())
            out.moot[id(effect)] = max(out.moot.get(id(effect), 0), lost)
