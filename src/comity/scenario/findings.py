"""What a compiled scenario should make its reader aware of: empty flows, implausible sizes, lost suppliers, nothing."""

from __future__ import annotations

import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import load_blocs, spoken
from comity.classifications.sectors import load_sectors
from comity.errors import InputError, listing
from comity.kept import KeptByKey, KeptFor
from comity.scenario.combine import Combined
from comity.scenario.explain import capital, joined
from comity.scenario.measures import Effect, Setting

Array = NDArray[np.float64]
LOWEST_PLAUSIBLE_COST = 0.8
LARGEST_PLAUSIBLE_GROWTH = 10.0
IMPLAUSIBLE = "Outside any plausible range"  # how warnings on sizes begin
ANY_PART = 0.05  # share of a fall of trade costs from which a duty is named beside it
CUSTOMS_UNIONS = {"EU": "EU", "EAEU": "Eurasian Economic Union", "GCC": "GCC", "Mercosur": "Mercosur"}


def potential(world: World) -> Array:
    """(J, N, N) trade if every importer bought from every exporter in proportion: imports x exports / world trade.

    The weight of a flow that is zero by its own value would be zero; this one says how much could be there.
    """
    exports, imports = world.exports, world.imports
    total = exports.sum(axis=1)
    share = np.divide(exports, total[:, None], out=np.zeros_like(exports), where=total[:, None] > 0)
    return imports[:, :, None] * share[:, None, :]


Emptiness = tuple[int, int, float]
_potentials: KeptFor[World, Array] = KeptFor()
_active: KeptFor[World, NDArray[np.bool_]] = KeptFor()
_emptiness: KeptFor[World, KeptByKey[Emptiness]] = KeptFor()


def traded(world: World, cells: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of the cells have a flow in this world."""
    return _active.get(world, "", lambda: world.trade_share.ravel() > 0)[cells]


def emptiness(world: World, effects: list[Effect]) -> Emptiness:
    """(flows concerned, positive ones, share of their potential trade on flows that are zero in this world)."""
    placed = [effect for effect in effects if effect.what not in ("productivity", "transfer")]
    if not placed:
        return sum(len(effect.cells) for effect in effects), sum(len(effect.cells) for effect in effects), 0.0
    key = tuple(effect.place for effect in placed)
    if None in key:
        return _emptiness_of(world, placed)
    kept = _emptiness.get(world, "", lambda: KeptByKey(2000))  # the same for every size
    return kept.get(key, lambda: _emptiness_of(world, placed))


def _emptiness_of(world: World, placed: list[Effect]) -> Emptiness:
    cells = np.concatenate([effect.cells for effect in placed])
    weight = _potentials.get(world, "", lambda: potential(world)).ravel()[cells]
    positive = traded(world, cells)
    everything = float(weight.sum())
    empty = float(weight[~positive].sum() / everything) if everything > 0 else float(not positive.any())
    return len(cells), int(positive.sum()), empty


def check_rates(setting: Setting, combined: Combined) -> None:
    """Rates must stay above -1. Raises InputError naming the flow."""
    for kind, rates, _ in combined.rates():
        bad = np.flatnonzero(rates <= -1)
        if len(bad):
            flow = _cell(setting.world, int(combined.cells[bad[0]]))
            raise InputError(
                setting.where("measures"),
                f"the {kind.replace('_', ' ')} on {flow} would fall to {rates[bad[0]]:.0%}",
                allowed="rates above -100 %",
            )


def check_suppliers(setting: Setting, combined: Combined) -> None:
    """Embargoes must leave every sector that is bought at least one supplier. Raises InputError naming both."""
    if combined.stopped is None:
        return
    world = setting.world
    left = world.trade_share.copy()
    left.ravel()[combined.cells[combined.stopped]] = 0.0
    left = left.sum(axis=2)
    lost = np.argwhere((left == 0) & (world.expenditure > 0) & (world.trade_share.sum(axis=2) > 0))
    if len(lost):
        named = [f"{world.sectors[j]} in {world.countries[n]}" for j, n in lost]
        raise InputError(
            setting.where("measures"),
            f"{len(lost)} sector(s) lose every supplier",
            found=listing(named, 6),
            advice="Leave at least one supplier, or use a finite cost (kind ntb) instead of an embargo.",
        )


def why_nothing(setting: Setting, effects: list[Effect], combined: Combined, *, whole: bool) -> str | None:
    """None if the scenario changes something; else the reason, after "Nothing changes, because ...".

    Raises InputError where the whole scenario falls on flows that are zero in this world: that is a mistake.
    """
    if not setting.scenario.measures:
        return "the scenario has no measures"
    if not effects:
        return "no measure was chosen"
    if all(effect.share == 0 for effect in effects):
        return f"no measure is in force at the start of {setting.year}"
    if combined.productivity_hat is not None and (combined.productivity_hat != 1).any():
        return None
    if combined.transfer is not None and combined.transfer.any():
        return None
    world = setting.world
    if (_changed(combined) & traded(world, combined.cells)).any():
        return None
    placed = [effect for effect in effects if effect.share > 0 and len(effect.cells) and effect.what != "productivity"]
    if placed and not any(traded(world, effect.cells).any() for effect in placed):
        reason = "every flow the measures concern is zero in this world, and a flow that is zero stays zero"
        if not whole:
            return reason
        raise InputError(
            setting.where("measures"),
            f"nothing would change, because {reason}",
            found=listing([effect.id for effect in placed]),
            advice="Choose other sectors or countries, or a world that records this trade.",
        )
    return "every rate and cost is already where the measures would put it"


def why_idle(world: World, effects: list[Effect], active: int, combined: Combined) -> str:
    """Why one measure does nothing on this world; empty where it does something or is not in force. active : its flows
    that are positive."""
    placed = [effect for effect in effects if effect.what not in ("productivity", "transfer")]
    if not placed or len(placed) < len(effects) or any(effect.share == 0 for effect in placed):
        return ""
    if not active:
        return "every flow it concerns is zero, and a flow that is zero stays zero"
    for name, rates, base in combined.rates():
        if any(effect.what != name for effect in placed):
            continue
        moved = (rates != base) & traded(world, combined.cells)
        if not any(moved[combined.where[id(effect)]].any() for effect in placed):
            return f"every {name.replace('_', ' ')} it concerns is already where it would put it"
    return ""


def _changed(combined: Combined) -> NDArray[np.bool_]:
    """Which of the touched cells change."""
    changed = np.zeros(len(combined.cells), dtype=bool)
    for _, rates, base in combined.rates():
        changed |= rates != base
    if combined.log_cost is not None:
        changed |= combined.log_cost != 0
    if combined.stopped is not None:
        changed |= combined.stopped
    return changed


_logs: KeptFor[World, Array] = KeptFor()


def direct_cost(setting: Setting, combined: Combined) -> Array:
    """ln kappa_hat of everything together on the touched cells; embargoed ones +inf."""
    world, cells = setting.world, combined.cells
    log_cost = np.zeros(len(cells)) if combined.log_cost is None else combined.log_cost.copy()
    for name, new, old in combined.rates():
        log_old = _logs.get(world, name, lambda: np.log1p(getattr(world, name).ravel()))[cells]  # noqa: B023
        log_cost += np.where(new == old, 0.0, np.log1p(new) - log_old)
    if combined.stopped is not None:
        log_cost[combined.stopped] = np.inf
    return log_cost


def warnings(setting: Setting, effects: list[Effect], combined: Combined, empty: Emptiness) -> list[str]:
    """Sentences on what lies outside any plausible range or does nothing. empty : what `empty_share` says."""
    found = _empty_warnings(*empty)
    found += _moot_warnings(effects, combined)
    if len(combined.cells):
        found += _size_warnings(setting, combined)
    return found


def empty_share(setting: Setting, effects: list[Effect]) -> Emptiness:
    """Flows that the measures concern, those of them that are positive, share of potential trade on those that are
    not; zeros where no measure concerns a flow."""
    placed = [effect for effect in effects if effect.what not in ("productivity", "transfer")]
    return emptiness(setting.world, placed) if placed else (0, 0, 0.0)


def union_notes(setting: Setting, effects: list[Effect]) -> list[str]:
    """A sentence for each customs union of which some members, and not all that the world has, change their tariff on
    goods from outside: their external tariff is one."""
    world = setting.world
    found = []
    for effect in effects:
        if effect.what != "tariff":
            continue
        day = setting.day(setting.scenario.measures[effect.index])
        make = partial(_unions_split, world, effect, day)
        found += make() if effect.place is None else _splits.get((world.countries, effect.place), make)
    return list(dict.fromkeys(found))


_splits: KeptByKey[list[str]] = KeptByKey(2000)  # the same for every size; the place holds the day


def _unions_split(world: World, effect: Effect, day: datetime.date) -> list[str]:
    """The sentences of `union_notes` on one tariff."""
    importers, exporters = effect.pairs
    found = []
    for name, words in CUSTOMS_UNIONS.items():
        union = set(load_blocs()[name].members(day))
        inside = np.array([code in union for code in world.countries])
        acting = np.flatnonzero(np.bincount(importers[inside[importers] & ~inside[exporters]]))
        if 0 < len(acting) < inside.sum():
            who = [spoken(world.countries[n]) for n in acting]
            belong, they = ("belongs", "it") if len(who) == 1 else ("belong", "they")
            found.append(f"{capital(joined(who))} {belong} to the {words}, whose members share one external "
                         f"tariff: in practice {they} could not change it alone.")  # fmt: skip
    return found


def _empty_warnings(cells: int, active: int, empty: float) -> list[str]:
    if active == cells or empty < 0.005:
        return []
    return [
        f"{empty:.0%} of the measures' weight falls on flows that are zero in this world and does nothing "
        f"({cells - active} of {cells} flows)."
    ]


def _moot_warnings(effects: list[Effect], combined: Combined) -> list[str]:
    found = []
    for effect in effects:
        lost = combined.moot.get(id(effect), 0)
        if lost:
            found.append(
                f"{effect.id}: moot on {lost} of its {len(effect.cells)} flows, which are embargoed or overridden by "
                "another measure."
            )
    return found


def _size_warnings(setting: Setting, combined: Combined) -> list[str]:
    world = setting.world
    log_cost = direct_cost(setting, combined)
    moved = (log_cost < 0) & traded(world, combined.cells)
    cut = np.flatnonzero(moved & (log_cost < np.log(LOWEST_PLAUSIBLE_COST) - 1e-12))
    found = []
    if len(cut):
        found.append(_fall(setting, combined, cut, log_cost))
    if moved.any():
        found += _growth_warning(setting, combined.cells, log_cost)
    return found


def _fall(setting: Setting, combined: Combined, cut: NDArray[np.intp], log_cost: Array) -> str:
    """A sentence on trade costs that fall very far; `cut`: positions of these flows among the touched cells."""
    worst = int(cut[np.argmin(log_cost[cut])])
    cell = int(combined.cells[worst])
    flows = "1 flow:" if len(cut) == 1 else f"{len(cut)} flows; the largest is"
    level = f"to {np.exp(log_cost[worst]):.2f} of its level"
    fall = f"trade costs fall by more than 20 % on {flows} {_flow(setting.world, cell)}, {level}"
    duty = _duty_cut(combined, cut)
    part = float(duty[np.argmin(log_cost[cut])] / log_cost[worst])
    if part > ANY_PART:
        how = "because" if part > 1 - ANY_PART else "mostly because" if part > 0.5 else "in part because"
        fall += f", {how} a tariff of {100 * setting.world.tariff.ravel()[cell]:.3g} % is cut there"
    # a duty that is there and goes is no assumed size: it is as large as the world's tariffs have it
    assumed = log_cost[cut] - duty
    lowest = np.log(LOWEST_PLAUSIBLE_COST) - 1e-12
    return f"A large change: {fall}." if (assumed >= lowest).all() else f"{IMPLAUSIBLE}: {fall}."


def _duty_cut(combined: Combined, cut: NDArray[np.intp]) -> Array:
    """ln of the change of 1 + tariff on these of the touched flows: what of a fall of the trade cost is the duty's."""
    if combined.tariff is None:
        return np.zeros(len(cut))
    return np.log1p(combined.tariff[cut]) - np.log1p(combined.base["tariff"][cut])


_trade: KeptFor[World, Array] = KeptFor()


def _growth_warning(setting: Setting, cells: NDArray[np.intp], log_cost: Array) -> list[str]:
    """Pairs whose trade would grow tenfold before anything else adjusts; log_cost : of these cells."""
    world = setting.world
    square = len(world.countries) ** 2
    moved = cells[log_cost != 0]
    power = -setting.theta[moved // square] * log_cost[log_cost != 0]
    if not (power > np.log(LARGEST_PLAUSIBLE_GROWTH) - 1e-9).any():
        return []  # a pair grows no more than the flow of it that grows most
    extra = world.flow.ravel()[moved] * np.expm1(power)
    before = _trade.get(world, "trade", lambda: world.flow.sum(axis=0))
    after = before + np.bincount(moved % square, weights=extra, minlength=square).reshape(before.shape)
    growth = np.divide(after, before, out=np.ones_like(before), where=before > 0)
    large = np.argwhere(growth > LARGEST_PLAUSIBLE_GROWTH)
    if not len(large):
        return []
    n, i = max(large.tolist(), key=lambda pair: growth[pair[0], pair[1]])
    pairs = "1 pair" if len(large) == 1 else f"{len(large)} pairs"
    return [
        f"{IMPLAUSIBLE}: trade would grow more than tenfold, before anything else adjusts, on {pairs}; "
        f"the largest is {spoken(world.countries[i])} to {spoken(world.countries[n])}, {growth[n, i]:.0f} times."
    ]


def _cell(world: World, flat: int) -> str:
    j, n, i = np.unravel_index(flat, world.trade_share.shape)
    return f"{world.sectors[j]} from {spoken(world.countries[i])} to {spoken(world.countries[n])}"


def _flow(world: World, flat: int) -> str:
    """The same in plain words: "food beverages and tobacco from Kazakhstan to Türkiye"."""
    code, _, places = _cell(world, flat).partition(" ")
    known = load_sectors().get(code)
    return f"{known.name.lower() if known else code} {places}"
