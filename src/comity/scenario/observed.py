"""Measures sized by what was observed: which flows changed by how much, and the wedges found for them.

A scenario file says the change; the wedge behind it depends on the world, its elasticities and the closure, and is
found where the scenario is solved (outcomes/observed.py). Until then the effect has no trade cost, and `combine`
refuses it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError, listing
from comity.scenario import places
from comity.scenario.sizes import Levels

if TYPE_CHECKING:
    from comity.scenario.measures import Effect, Setting

Array = NDArray[np.float64]
Positions = NDArray[np.intp]
COMMON, BY_SECTOR = "common", "by-sector"


@dataclass(frozen=True)
class Group:
    """Sectors (positions) of a measure that share one wedge; `change` of their trade together; `named` by the author,
    so that no trade in them is a mistake."""

    sectors: tuple[int, ...]
    change: Levels
    named: bool


@dataclass(frozen=True, eq=False)
class ToFind:
    """One wedge to be found: the border flows in `cells` (flat positions) became `ratio` times the benchmark's.

    name : place in the file and sectors, for complaints; sectors : codes
    """

    measure: str
    name: str
    sectors: tuple[str, ...]
    cells: Positions
    ratio: float


@dataclass(frozen=True)
class FoundWedge:
    """A wedge that reproduces an observed change, at full implementation of all measures.

    hat : kappa_hat of the flows; partial_hat : what it would be if nothing else in the economy responded
    wanted, reached : ratio of the flows after to before, as observed and as solved
    """

    measure: str
    sectors: tuple[str, ...]
    hat: float
    partial_hat: float
    wanted: float
    reached: float

    @property
    def residual(self) -> float:
        """Relative distance of the reached ratio from the observed one."""
        return abs(self.reached / self.wanted - 1)


def groups_of(setting: Setting, index: int, sectors: Positions) -> tuple[Group, ...]:
    """The groups of a measure's sectors that share a wedge each. Raises InputError for sectors that the measure lacks
    or that stand twice, and for sectors without a change."""
    observed = setting.scenario.measures[index].size.observed
    at = lambda *key: setting.where("measures", index, "size", "observed", *key)  # noqa: E731
    codes, inside = setting.world.sectors, set(sectors.tolist())
    found: dict[int, Group] = {}
    for word, change in observed.by_sector.items():
        chosen = places.find_sectors(setting.world, [word], at("by_sector", word)).tolist()
        lacking = [codes[j] for j in chosen if j not in inside]
        twice = [codes[j] for j in chosen if j in found]
        if lacking:
            raise InputError(at("by_sector", word), "not among the measure's sectors", found=listing(lacking),
                             allowed=[codes[j] for j in sectors])  # fmt: skip
        if twice:
            raise InputError(at("by_sector", word), "a sector has two observed changes", found=listing(twice))
        found |= {j: Group((j,), change, word.casefold() == codes[j].casefold()) for j in chosen}
    rest = [j for j in sectors.tolist() if j not in found]
    groups = [found[j] for j in sorted(found)]
    if not rest:
        if observed.change is not None:
            raise InputError(at("change"), "every sector has its own change in by_sector, so this one is of nothing",
                             found=observed.change.central, advice="Leave `change` out.")  # fmt: skip
        return tuple(groups)
    if observed.change is None:
        raise InputError(at("by_sector"), "some of the measure's sectors have no observed change",
                         found=listing([codes[j] for j in rest]),
                         advice="Name them, give `change` for the rest, or narrow `sectors`.")  # fmt: skip
    if observed.wedges == COMMON:
        return (*groups, Group(tuple(rest), observed.change, False))
    return (*groups, *(Group((j,), observed.change, False) for j in rest))


def log_wedges(setting: Setting, measure: str) -> Array | None:
    """(J,) ln of the wedges found for a measure, 0 in other sectors; None where they have not been found yet."""
    if setting.found is None or measure not in setting.found:
        return None
    column = np.zeros(len(setting.world.sectors))
    for wedge in setting.found[measure]:
        for code in wedge.sectors:
            column[setting.world.sectors.index(code)] = math.log(wedge.hat)
    return column


def pending(effect: Effect) -> bool:
    """True for an effect whose trade cost has yet to be found."""
    return effect.what == "cost" and effect.log_cost is None


def to_find(setting: Setting, effects: Sequence[Effect]) -> tuple[ToFind, ...]:
    """What has to be found for the effects in force, in file order; sectors without any trade are left out, except
    those the author names."""
    return tuple(
        one
        for effect in effects
        if pending(effect) and effect.share > 0
        for one in _of_effect(setting, effect, [group.change.at(setting.level) for group in effect.shown["groups"]])
    )


def _of_effect(setting: Setting, effect: Effect, changes: Sequence[float]) -> list[ToFind]:
    world = setting.world
    where, codes = setting.where("measures", effect.index, "size", "observed"), world.sectors
    sector, flow = effect.cells // len(world.countries) ** 2, world.flow.ravel()
    found = []
    for group, change in zip(effect.shown["groups"], changes, strict=True):
        cells = effect.cells[np.isin(sector, group.sectors)]
        if not group.named and not flow[cells].any():
            continue
        names = tuple(codes[j] for j in group.sectors)
        label = names[0] if len(names) == 1 else f"{len(names)} sectors together"
        found.append(ToFind(effect.id, f"({where}; {label})", names, cells, 1 + change))
    return found


def at_position(setting: Setting, effects: Sequence[Effect], changes: Mapping[str, Sequence[float]]) -> list[ToFind]:
    """As `to_find`, for other changes than those of a level: by id of the measure, one a group."""
    chosen = [effect for effect in effects if pending(effect) and effect.share > 0]
    return [one for effect in chosen for one in _of_effect(setting, effect, changes[effect.id])]


def in_full(effects: Sequence[Effect]) -> list[Effect]:
    """Every effect that has a size already, at full implementation: what the wedges are found beside."""
    return [replace(effect, share=1.0) for effect in effects if not pending(effect)]


def first_estimate(setting: Setting, effects: Sequence[Effect]) -> list[Effect]:
    """Effects with the trade cost that would do if nothing else in the economy responded, -ln(ratio) / theta, where the
    wedge has not been found: good enough to tell what is implausible, moot or without effect."""
    made = []
    for effect in effects:
        if pending(effect):
            column = np.zeros(len(setting.theta))
            for group in effect.shown["groups"]:
                chosen = list(group.sectors)
                column[chosen] = -math.log1p(group.change.at(setting.level)) / setting.theta[chosen]
            effect = replace(effect, log_cost=column[effect.cells // len(setting.world.countries) ** 2])
        made.append(effect)
    return made


def check_observed(setting: Setting, effects: Sequence[Effect]) -> None:
    """Refuse what would leave an observed change without meaning: another measure that overrides it, and flows in two
    of them. Raises InputError."""
    observed = [effect for effect in effects if "observed" in effect.shown]
    for position, one in enumerate(observed):
        where = setting.where("measures", one.index, "size", "observed")
        other = next((other for other in effects if one.id in other.overrides), None)
        if other is not None:
            raise InputError(where, "a measure sized by what was observed cannot be overridden", found=other.id,
                             advice="The change contains what the other measures do.")  # fmt: skip
        for rival in observed[position + 1 :]:
            common = np.intersect1d(one.cells, rival.cells)
            if len(common):
                raise InputError(where, f"{len(common)} flow(s) are in two observed changes, so that their wedges "
                                 "cannot be told apart", found=f"{one.id} and {rival.id}",
                                 advice="Give them different sectors or countries.")  # fmt: skip


def refuse_pending(measure: str) -> InputError:
    """The complaint of whoever needs a trade cost that has not been found."""
    return InputError(
        f"measure {measure}",
        "sized by what was observed; its wedge is found where a scenario is solved as a whole, not here",
        allowed="comity run, simulate, compare and the explorer",
        advice="Run the scenario, and write the wedge it finds as `size: {hat: ...}`.",
    )
