"""What a card of the control column shows: one measure of a state, its slider, who and what it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comity.app.edit import parent, parties_of, slider_for
from comity.app.kinds import TITLES
from comity.app.sliders import Slider, moved
from comity.app.state import MeasureState, State
from comity.report.words import decimals_for, plain

PER_CENT = ("rate", "percentage points", "factor on the rate")  # shown times 100


@dataclass(frozen=True)
class Control:
    """One measure. value, default, minimum, maximum, step, low, high : of the slider, in `unit`; None where it has
    none; low and high : where the literature's range ends on it (equal where it has no range); added : not one of the
    gallery scenario; between : its places are the parties; kept : it may be switched off but not removed."""

    id: str
    kind: str
    title: str
    on: bool
    added: bool
    value: float | None
    default: float | None
    minimum: float | None
    maximum: float | None
    step: float | None
    unit: str
    words: str
    low: float | None
    high: float | None
    citation: str
    status: str
    sectors: tuple[str, ...]
    parties: tuple[str, ...]
    importers: tuple[str, ...]
    exporters: tuple[str, ...]
    between: bool

    def as_json(self) -> dict[str, Any]:
        """The control as plain data."""
        return dict(vars(self))


def controls_of(state: State) -> list[Control]:
    """A control for each measure of the state: those of the gallery scenario first, then the added ones."""
    edits = {measure.id: measure for measure in state.measures}
    own = [_own(state, measure, edits.get(measure.id)) for measure in parent(state).measures]
    return own + [_added(state, measure) for measure in state.measures if measure.kind]


def _own(state: State, measure: Any, edit: MeasureState | None) -> Control:
    between = getattr(measure, "between", None)
    words = (state.parties or between) if between else ()
    sectors = () if measure.kind == "transfer" or getattr(measure, "regime", None) else measure.sectors
    importers = getattr(measure, "importers", None) or getattr(measure, "countries", None) or ()
    title = measure.title or TITLES[measure.kind]
    places = (sectors if edit is None or edit.sectors is None else edit.sectors, words, importers,
              getattr(measure, "exporters", None) or ())  # fmt: skip
    return _control(state, measure.id, measure.kind, title, edit or MeasureState(measure.id), places, bool(between))


def _added(state: State, measure: MeasureState) -> Control:
    between = measure.importers is None and measure.exporters is None
    parties = parties_of(state)
    sides = ((), ()) if between else (measure.importers or parties, measure.exporters or parties)
    sectors = () if measure.kind == "transfer" else measure.sectors or ("goods",)
    places = (sectors, parties if between else (), *sides)
    return _control(state, measure.id, measure.kind, TITLES[measure.kind], measure, places, between)


def _control(
    state: State, name: str, kind: str, title: str, edit: MeasureState, places: Sequence[Any], between: bool
) -> Control:
    slider = slider_for(state, name, edit.kind)
    sectors, parties, importers, exporters = (tuple(words) for words in places)
    value = None if slider is None else slider.default if edit.size is None else edit.size
    numbers: dict[str, float] = {}
    if slider is not None:
        numbers = {key: getattr(slider, key) for key in ("default", "minimum", "maximum", "step", "low", "high")}
    return Control(
        id=name, kind=kind, title=title, on=edit.on, added=bool(edit.kind), value=value,
        default=numbers.get("default"), minimum=numbers.get("minimum"), maximum=numbers.get("maximum"),
        step=numbers.get("step"), low=numbers.get("low"), high=numbers.get("high"),
        unit=slider.unit if slider else "", citation=slider.citation if slider else "",
        status=slider.status if slider else "",
        words=in_words(slider, value) if slider and value is not None else "on or off",
        sectors=sectors, parties=parties, importers=importers, exporters=exporters, between=between,
    )  # fmt: skip


def in_words(slider: Slider, value: float) -> str:
    """The value of a slider as people say it."""
    if slider.unit in PER_CENT:
        amount = f"{plain(100 * value, 1, sign=slider.form == 'change')} per cent"
        return f"{amount} of the present rate" if slider.form == "scale" else (
            f"{amount.replace(' per cent', ' percentage points')}" if slider.form == "change" else amount
        )  # fmt: skip
    if slider.form == "days":
        return "no change" if value == 0 else f"{plain(abs(value), 2)} days {'saved' if value < 0 else 'more'}"
    if slider.form == "million_usd":
        return f"{plain(value, 0)} million USD a year"
    if slider.form == "hat_productivity":
        return f"{plain(100 * (value - 1), 1, sign=True)} per cent output per input"
    central = moved(slider, value).central
    share = f"{plain(100 * value, 0)} per cent {slider.unit}"
    if slider.form == "trade_ratio":
        effect = 100 * (central - 1)
        digits = decimals_for(abs(effect)) if abs(effect) < 10 else 0
        return f"{share}: {plain(effect, digits, sign=True)} per cent trade before prices move"
    change = 100 * (central if slider.form == "cost_change" else central - 1)
    return f"{share}: trade costs {plain(change, 1, sign=True)} per cent"
