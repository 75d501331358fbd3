"""Which part of the room compiles which kind of measure."""

from __future__ import annotations

from comity.scenario import measures
from comity.scenario.measures import Effect, Setting
from comity.scenario.regime_effects import named_regime


def build(setting: Setting, index: int) -> list[Effect]:
    """The effects of measure `index`: one, or one per direction for a named regime."""
    measure = setting.scenario.measures[index]
    kind = measure.kind
    if kind == "productivity":
        return [measures.productivity(setting, index, measure)]
    if kind == "transfer":
        return [measures.transfer(setting, index, measure)]
    if getattr(measure, "regime", None) is not None:
        return named_regime(setting, index, measure)
    return [measures.placed(setting, index, measure)]
