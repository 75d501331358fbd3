"""What a measure on tariffs or export taxes starts from, in words: the rates that stand in the world's year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import spoken
from comity.kept import KeptByKey, KeptFor

if TYPE_CHECKING:
    from comity.scenario.measures import Effect

EACH = 2  # directions that are told one by one


def rates_today(world: World, effect: Effect) -> str:
    """Mean rates, weighted by trade at border values, on the flows of a measure on tariffs or export taxes; empty for
    other measures and where nothing flows."""
    if effect.what not in ("tariff", "export_tax"):
        return ""
    if "today" not in effect.shown:  # asked for by the sentence on the measure and by its report
        effect.shown["today"] = _kept_rates(world, effect)
    return str(effect.shown["today"])


_said: KeptFor[World, KeptByKey[str]] = KeptFor()


def _kept_rates(world: World, effect: Effect) -> str:
    """The same for every size of a measure: what a moving slider asks for again and again."""
    if effect.place is None:
        return _rates_today(world, effect)
    kept = _said.get(world, "", lambda: KeptByKey(2000))
    return kept.get((effect.what, effect.place), lambda: _rates_today(world, effect))


def _rates_today(world: World, effect: Effect) -> str:
    means = direction_means(world, effect)
    known = np.flatnonzero(np.isfinite(means)).tolist()
    if not known:
        return ""
    when = f"In {world.base_year}" if world.base_year else "In this world"
    if len(known) <= EACH:
        rows = [f"{_rate(means[k])} {_whose(world, effect, k)}" for k in known]
        return f"{when} the rates were {' and '.join(rows)}, on average."
    least, most = known[int(means[known].argmin())], known[int(means[known].argmax())]
    if _rate(means[least]) == _rate(means[most]):
        return f"{when} the rates were {_rate(means[most])} on average."
    ends = " to ".join(f"{_rate(means[k])} ({_whose(world, effect, k)})" for k in (least, most))
    return f"{when} the averages ran from {ends}."


def direction_means(world: World, effect: Effect) -> NDArray[np.float64]:
    """(pairs,) mean rate in each direction of a measure, weighted by border values; nan where nothing flows."""
    rates = (world.tariff if effect.what == "tariff" else world.export_tax).ravel()[effect.cells]
    border = world.flow.ravel()[effect.cells]
    shape = (-1, len(effect.pairs[0]))
    total, paid = (values.reshape(shape).sum(axis=0) for values in (border, border * rates))
    with np.errstate(invalid="ignore"):
        return np.asarray(paid / np.where(total > 0, total, np.nan))


def _whose(world: World, effect: Effect, pair: int) -> str:
    buyer, seller = (spoken(world.countries[side[pair]]) for side in effect.pairs)
    if effect.what == "tariff":
        return f"in {buyer} on what comes from {seller}"
    return f"in {seller} on what goes to {buyer}"


def _rate(mean: float) -> str:
    digits = 0 if mean == 0 else 1 if mean >= 0.001 else 2
    return f"{100 * mean:.{digits}f} %"
