"""Named regimes imposed or lifted, and what the base year already contains of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from comity.errors import InputError, listing
from comity.scenario import places, regimes, sizes
from comity.scenario.measures import STOP_KINDS, Effect, Setting, flat_cells, new_effect


def named_regime(setting: Setting, index: int, measure: Any) -> list[Effect]:
    """A named regime imposed (kind sanction) or lifted (kind lifting), one effect per direction of trade."""
    where = setting.where("measures", index, "regime")
    regime = regimes.find_regime(measure.regime, where, setting.own_regimes)
    contained = regime.in_benchmark(setting.world)
    lifting = measure.kind == "lifting"
    notes = _regime_notes(setting, measure, regime, contained, where)
    day = regime.start
    world = setting.world
    senders = places.find_party(world, regime.senders, day, where)
    if measure.senders is not None:
        chosen = places.find_party(world, measure.senders, day, setting.where("measures", index, "senders"))
        inside = [k for k in chosen.positions if k in senders.positions]
        if not inside:
            raise InputError(
                setting.where("measures", index, "senders"),
                f"none of them is a sender of {regime.id}",
                found=listing(measure.senders),
                allowed=[world.countries[k] for k in senders.positions],
            )
        senders = places.Party(inside, chosen.words, [world.countries[k] for k in inside], senders.missing)
    targets = places.find_party(world, regime.targets, day, where)
    sectors = places.find_sectors(world, regime.sectors, where)
    effects = []
    for direction in regimes.DIRECTIONS:
        if direction not in regime.size:
            continue
        row = sizes.find_size(regime.size[direction], where, ("trade ratio", "cost change", "hat"))
        pairs = places.find_pairs(*((senders, targets) if direction == "target_exports" else (targets, senders)))
        sign = -1.0 if lifting else 1.0
        column = sign * sizes.log_cost(sizes.COST_UNITS[row.unit], row.levels.at(setting.level), setting.theta)[sectors]
        effects.append(
            new_effect(
                setting,
                index,
                measure,
                "cost",
                cells=flat_cells(sectors, pairs, setting.shape),
                pairs=pairs,
                log_cost=np.repeat(column, len(pairs[0])),
                covers=frozenset() if lifting else row.covers,
                first=lifting,
                parties=[world.countries[k] for k in targets.positions],
                targets=[world.countries[k] for k in targets.positions],
                missing=senders.missing + targets.missing,
                notes=notes,
                shown={
                    "regime": regime,
                    "senders": len(senders.positions),
                    "row": row,
                    "levels": row.levels,
                    "form": sizes.COST_UNITS[row.unit],
                    "direction": direction,
                },
            )
        )
        notes = []
    if not effects:
        raise InputError(where, f"regime {regime.id} has no cited size", found=regime.id)
    return effects


def _regime_notes(
    setting: Setting, measure: Any, regime: regimes.Regime, contained: regimes.Contained, where: str
) -> list[str]:
    """What the base year already contains: refuse what cannot be, and say the rest in words."""
    world = setting.world.name or "(unnamed)"
    partly = "in part" if contained == "partly" else "in full"
    if measure.kind == "lifting":
        if contained == "none":
            raise InputError(
                where,
                f"the world {world} does not contain the regime, so there is nothing to lift",
                found=regime.id,
                advice="Impose it with `kind: sanction`, or take a world whose base year contains it.",
            )
        notes = [
            f"{regime.title}: lifting acts on flows that the regime has depressed or emptied, so the gain shown is a "
            "lower bound where flows are zero or small."
        ]
        if contained == "partly":
            notes.append(
                f"{regime.title}: the base year contains this regime only in part; it is lifted here with its full "
                "cited size, which is more than the base year holds."
            )
        return notes
    if contained == "none" or regime.id in setting.lifted:
        return []
    if not measure.on_top:
        raise InputError(
            where,
            f"the world {world} already contains the regime {partly}, so it cannot be imposed",
            found=f"{regime.id} ({regime.title})",
            advice="Use `kind: lifting` (the cost of the regime is minus the gain from lifting it), choose a world "
            "that precedes it, or write `on_top: true` to add it to what the base year already contains.",
        )
    return [f"{regime.title}: imposed in addition to what the base year already contains."]


def contained_notes(setting: Setting, effects: list[Effect]) -> list[str]:
    """What the base year already contains of sanctions that the file imposes without naming a regime.

    Such a measure is not refused, since nobody can tell it from a new one; the overlap is said instead.
    """
    unnamed = [e for e in effects if e.kind in (*STOP_KINDS, "sanction") and "regime" not in e.shown]
    if not unnamed:
        return []
    notes = []
    for regime in {**regimes.load_regimes(), **setting.own_regimes}.values():
        contained = regime.in_benchmark(setting.world)
        if contained == "none" or regime.id in setting.lifted:
            continue
        senders, targets = (_present(setting, words, regime) for words in (regime.senders, regime.targets))
        meant = {(n, i) for n in senders for i in targets} | {(i, n) for n in senders for i in targets}
        common = sum((n, i) in meant for e in unnamed for n, i in zip(*map(np.ndarray.tolist, e.pairs), strict=True))
        if common:
            partly = "in part" if contained == "partly" else "in full"
            notes.append(
                f"{regime.title}: the base year already contains this regime {partly}; on {common} pair(s) of it the "
                "measures come in addition to that."
            )
    return notes


def _present(setting: Setting, words: tuple[str, ...], regime: regimes.Regime) -> list[int]:
    """Positions of those the world carries; an own regime may name countries it lacks, which concern nobody here."""
    found = []
    for word in words:
        try:
            found += places.find_party(setting.world, (word,), regime.start, "").positions
        except InputError:
            continue
    return found
