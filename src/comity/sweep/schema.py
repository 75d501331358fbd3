"""The file of a sweep as types (pydantic). docs/sweeps.md describes every key."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from comity.scenario import quantities as q
from comity.scenario.fromfile import FromFile, Strict
from comity.scenario.schema import Closure, Id, Text, Words, Year, _json, _read, refuse

MOST_VALUES = 100_000  # of one axis
Side = Literal["between", "importers", "exporters", "countries", "senders"]
Form = Literal["to", "change", "scale", "hat", "cost_change", "trade_ratio", "days", "million_usd"]


def _list(value: Any) -> Any:
    """One value, or a list of them."""
    return value if isinstance(value, (list, tuple)) else [value]


def _count(text: Any) -> int:
    written = str(text).strip()
    if not written.isdecimal() or not 1 <= int(written) <= MOST_VALUES:
        raise q.Refused("a whole number is needed", allowed=f"1 to {MOST_VALUES:,}")
    return int(written)


def _column(text: Any) -> str:
    written = q.identifier(text).replace("-", "_").replace(".", "_")
    if not written.isidentifier():
        raise q.Refused("not usable as the name of a column", allowed="letters, digits and '_', not a digit first")
    return written


Count = Annotated[int, _read(_count), _json(["integer", "string"])]
Column = Annotated[str, _read(_column), _json("string")]
Texts = Annotated[tuple[Text, ...], _read(_list)]
Scalars = Annotated[tuple[str, ...], _read(q.words)]
Groups = Annotated[tuple[Words, ...], Field(min_length=1)]


class Spaced(Strict):
    """Equally spaced numbers, both ends included; logspace: with equal ratios."""

    start: Text = Field(alias="from")
    end: Text = Field(alias="to")
    count: Count


class _Axis(Strict):
    name: Column | None = None


class SizeAxis(_Axis):
    """The size of one measure, in one of the forms its kind takes."""

    forms: ClassVar[tuple[str, ...]] = ("values", "linspace", "logspace")
    kind: Literal["size"]
    measure: Id
    form: Form
    values: Scalars | None = None
    linspace: Spaced | None = None
    logspace: Spaced | None = None

    @model_validator(mode="after")
    def _one(self) -> SizeAxis:
        if sum(getattr(self, form) is not None for form in self.forms) != 1:
            raise refuse("an axis of sizes takes exactly one list", ", ".join(self.forms))
        return self


class SwitchAxis(_Axis):
    """Measures on and off, together."""

    kind: Literal["switch"]
    measures: Words


class ParticipantsAxis(_Axis):
    """Who stands on one side of a measure: each of some economies (with others always there), every pair, or lists."""

    kind: Literal["participants"]
    measure: Id
    side: Side
    each_of: Words | None = None
    pairs_of: Words | None = None
    values: Groups | None = None
    always: Words = Field(default=(), alias="with")

    @model_validator(mode="after")
    def _one(self) -> ParticipantsAxis:
        if sum(given is not None for given in (self.each_of, self.pairs_of, self.values)) != 1:
            raise refuse("an axis of participants takes exactly one list", "each_of, pairs_of, values")
        if self.always and self.each_of is None:
            raise refuse("`with` goes with `each_of` only", "each_of and with")
        return self


class ElasticitiesAxis(_Axis):
    kind: Literal["elasticities"]
    values: Words


class ClosureAxis(_Axis):
    kind: Literal["closure"]
    values: Annotated[tuple[Closure, ...], _read(_list), Field(min_length=1)]


class YearAxis(_Axis):
    kind: Literal["year"]
    values: Annotated[tuple[Year, ...], _read(_list), Field(min_length=1)]


class LevelAxis(_Axis):
    """Low, central or high of every size that has a range."""

    kind: Literal["sizes"]
    values: Annotated[tuple[Literal["low", "central", "high"], ...], _read(_list), Field(min_length=1)]


class WorldAxis(_Axis):
    kind: Literal["world"]
    values: Texts


Axis = SizeAxis | SwitchAxis | ParticipantsAxis | ElasticitiesAxis | ClosureAxis | YearAxis | LevelAxis | WorldAxis
AXES: dict[str, type[Strict]] = {
    "size": SizeAxis, "switch": SwitchAxis, "participants": ParticipantsAxis, "elasticities": ElasticitiesAxis,
    "closure": ClosureAxis, "year": YearAxis, "sizes": LevelAxis, "world": WorldAxis,
}  # fmt: skip
SETTINGS = ("world", "elasticities", "closure", "year", "sizes")


class Outputs(Strict):
    """What is kept of every solve: welfare of these economies, goods trade of these (origin, destination) pairs."""

    welfare: Words | None = None
    trade: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _pairs(self) -> Outputs:
        for pair in self.trade:
            if len(pair) != 2 or pair[0] == pair[1]:
                raise refuse("a pair is needed", "two economies, as in [IRN, BLR]: origin, destination")
        return self


class SweepFile(FromFile):
    """A sweep file: a scenario or the coalitions of a game, the axes to vary, and what to keep."""

    schema_version: Annotated[Literal["1"], _json(["integer", "string"])] = Field(alias="schema")
    type: Literal["sweep"]
    id: Id
    title: Text
    description: Text = ""
    scenario: Text | None = None
    coalitions: Text | None = None
    world: Text | None = None
    axes: tuple[Annotated[Axis, Field(discriminator="kind")], ...] = ()
    outputs: Outputs = Outputs()
    chunk: Count | None = None

    @model_validator(mode="after")
    def _one_base(self) -> SweepFile:
        if (self.scenario is None) == (self.coalitions is None):
            raise refuse("a sweep is of a scenario or of the coalitions of a game", "scenario, or coalitions")
        for number, axis in enumerate(self.axes):
            if axis.kind in SETTINGS and axis.kind in [other.kind for other in self.axes[:number]]:
                raise refuse(f"two axes of kind {axis.kind}", "one axis with all values")
            if self.coalitions is not None and axis.kind not in ("world", "elasticities", "closure", "sizes"):
                raise refuse(
                    f"an axis of kind {axis.kind} has no place beside coalitions", "world, elasticities, closure, sizes"
                )
        if self.world is not None and any(axis.kind == "world" for axis in self.axes):
            raise refuse("`world` and an axis of worlds exclude each other", "world, or an axis of kind world")
        return self
