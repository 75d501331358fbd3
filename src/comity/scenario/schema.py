"""The scenario file as types (pydantic). docs/scenarios.md describes every key.

Models hold what the file says; nothing here knows a world.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from comity.scenario import quantities as q
from comity.scenario.fromfile import FromFile, Strict
from comity.scenario.regimes import CONTAINED, DIRECTIONS
from comity.scenario.sizes import COVERS, Levels

Closure = Literal["fixed-deficits", "balanced", "deficit-share-of-gdp", "multiplicative-deficits", "targets-balanced"]


def refuse(problem: str, allowed: str, advice: str | None = None) -> PydanticCustomError:
    """A complaint that `load` turns into an InputError with its line."""
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "allowed": allowed, "advice": advice})


def _read(parse: Callable[[Any], Any]) -> BeforeValidator:
    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except q.Refused as problem:
            raise refuse(problem.problem, problem.allowed, problem.advice) from None

    return BeforeValidator(validate)


def _numbers(description: str) -> WithJsonSchema:
    one = {"type": ["number", "string"], "description": description}
    three = {"type": "object", "properties": dict.fromkeys(q.LEVELS, one), "required": list(q.LEVELS)}
    return WithJsonSchema({"anyOf": [one, three]})


def _json(kind: Any, description: str = "") -> WithJsonSchema:
    return WithJsonSchema({"type": kind, "description": description} if description else {"type": kind})


_WORDS = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
Words = Annotated[tuple[str, ...], _read(q.words), _WORDS]
Id = Annotated[str, _read(q.identifier), _json("string")]
Text = Annotated[str, _read(q.line_of_text), _json("string")]
Day = Annotated[datetime.date, _read(q.date), _json(["string", "integer"], "2023 or 2023-03-13")]
Year = Annotated[int, _read(q.year), _json(["integer", "string"])]
Flag = Annotated[bool, _read(q.flag), _json(["boolean", "string"])]
Rate = Annotated[
    Levels, _read(q.levels(q.above(-1, q.share, "a rate must lie above -100 %", 50))), _numbers('0.25 or "25%"')
]
Change = Annotated[
    Levels, _read(q.levels(q.above(-50, q.share, "out of range", 50))), _numbers("percentage points: 0.05 adds 5")
]
Scale = Annotated[
    Levels, _read(q.levels(q.above(-1e-12, q.share, "must not be negative", 100))), _numbers("0.5 halves")
]
Hat = Annotated[
    Levels, _read(q.levels(q.above(0.01 - 1e-12, q.number, "must be positive", 1000))), _numbers("1.1 is 10 % dearer")
]
CostChange = Annotated[
    Levels, _read(q.levels(q.above(-0.99 - 1e-12, q.share, "costs cannot fall by more", 1000))), _numbers("-0.05")
]
Ratio = Annotated[
    Levels, _read(q.levels(q.above(1e-6, q.number, "must be positive", 1e6))), _numbers("1.2 is 20 % more trade")
]
Observed = Annotated[
    Levels,
    _read(q.levels(q.above(-1, q.share, "a fall of 100 % is an embargo (kind: embargo); no more can fall", 100))),
    _numbers('-0.41 or "-41%": a fall by 41 %'),
]
Days = Annotated[
    Levels, _read(q.levels(q.above(-366, q.number, "out of range", 366))), _numbers("negative are days saved")
]
Money = Annotated[Levels, _read(q.levels(q.above(0, q.number, "must be positive", 1e9))), _numbers("million USD")]


class Source(Strict):
    """Where something is written."""

    id: Id | None = None
    title: Text | None = None
    author: Text | None = None
    publisher: Text | None = None
    published: Annotated[str, _read(q.date_text), _json(["string", "integer"], "2023 or 2023-03-13")] | None = None
    where: Text | None = None
    url: Text | None = None
    citation: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Source:
        if not (self.title or self.citation or self.id):
            raise refuse("a source needs a title, a citation or the id of one of `sources`", "title, citation, id")
        return self


def _one_of(model: Any, names: tuple[str, ...], what: str) -> Any:
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) if given else "none"
        raise refuse(f"{what} takes exactly one of its forms (here {found})", ", ".join(names))
    return model


class RateSize(Strict):
    """A tariff or export tax: a new rate, a change in percentage points, or a factor on the rate."""

    forms: ClassVar[tuple[str, ...]] = ("to", "change", "scale", "size_of")
    to: Rate | None = None
    change: Change | None = None
    scale: Scale | None = None
    size_of: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> RateSize:
        return _one_of(self, self.forms, "the size of a tariff or export tax")


class ObservedSize(Strict):
    """A change of trade as observed; the trade cost is what makes the model reproduce it (docs/inversion.md)."""

    change: Observed | None = None
    by_sector: dict[Text, Observed] = Field(default_factory=dict)
    of: Literal["exports", "imports", "trade"] = "trade"
    wedges: Literal["by-sector", "common"] = "by-sector"
    source: Text

    @model_validator(mode="after")
    def _some_change(self) -> ObservedSize:
        if self.change is None and not self.by_sector:
            raise refuse("it does not say how much trade changed", "change, by_sector or both")
        return self


class CostSize(Strict):
    """A change of trade cost that raises no revenue."""

    forms: ClassVar[tuple[str, ...]] = ("hat", "cost_change", "trade_ratio", "days", "size_of", "observed")
    hat: Hat | None = None
    cost_change: CostChange | None = None
    trade_ratio: Ratio | None = None
    days: Days | None = None
    size_of: Id | None = None
    observed: ObservedSize | None = None
    per_day: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> CostSize:
        if self.per_day is not None and self.days is None and self.size_of is None:
            raise refuse("`per_day` prices days and goes with `days` or `size_of` only", "days, size_of")
        return _one_of(self, self.forms, "the size of a trade cost")


class ProductivitySize(Strict):
    """A change of productivity: output per input, 1.02 is 2 % more."""

    hat: Hat


class TransferSize(Strict):
    """An amount a year."""

    million_usd: Money


class Phase(Strict):
    """0 % until the start of `from`, 100 % from the start of `to`, linear between."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)
    start: Day = Field(alias="from")
    end: Day | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _order(self) -> Phase:
        if self.end is not None and self.end < self.start:
            raise refuse(f"`to` ({self.end}) lies before `from` ({self.start})", "to at or after from")
        return self


class _Measure(Strict):
    id: Id
    title: Text | None = None
    note: Text | None = None
    phase: Phase | None = None
    source: Source | Id | None = None
    overrides: Words = ()
    adds_to: Words = ()


class _Placed(_Measure):
    """A measure on trade flows."""

    importers: Words | None = None
    exporters: Words | None = None
    between: Words | None = None
    not_within: Words = ()
    sectors: Words = ("goods",)

    @model_validator(mode="after")
    def _place(self) -> _Placed:
        if getattr(self, "regime", None) is not None:
            return self
        if self.between is not None and (self.importers is not None or self.exporters is not None):
            raise refuse("`between` stands alone", "either between, or importers and exporters")
        if self.between is None and (self.importers is None or self.exporters is None):
            raise refuse("it does not say whose trade it concerns", "importers and exporters, or between")
        return self


class _CoversNamed(_Placed):
    covers: Annotated[tuple[str, ...], _read(q.words), _WORDS] | None = None

    @model_validator(mode="after")
    def _known_covers(self) -> _CoversNamed:
        unknown = [word for word in self.covers or () if word not in COVERS]
        if unknown:
            raise refuse(f"unknown word in covers: {unknown[0]}", ", ".join(COVERS))
        return self


class Tariff(_Placed):
    kind: Literal["tariff"]
    size: RateSize


class ExportTax(_Placed):
    kind: Literal["export_tax"]
    size: RateSize


class Embargo(_Placed):
    kind: Literal["embargo"]


class ExportBan(_Placed):
    kind: Literal["export_ban"]


class Ntb(_CoversNamed):
    kind: Literal["ntb"]
    size: CostSize


class Agreement(_CoversNamed):
    kind: Literal["agreement"]
    size: CostSize


class BorderTime(_CoversNamed):
    kind: Literal["border_time"]
    size: CostSize


class Corridor(_CoversNamed):
    kind: Literal["corridor"]
    size: CostSize


class Visa(_CoversNamed):
    kind: Literal["visa"]
    size: CostSize


class Sanction(_CoversNamed):
    kind: Literal["sanction"]
    size: CostSize | None = None
    regime: Id | None = None
    senders: Words | None = None
    on_top: Flag = False

    @model_validator(mode="after")
    def _regime_or_size(self) -> Sanction:
        if (self.regime is None) == (self.size is None):
            raise refuse("a sanction takes either a named regime or a size of its own", "regime, or places and size")
        _regime_alone(self)
        return self


class Lifting(_Placed):
    kind: Literal["lifting"]
    regime: Id
    senders: Words | None = None

    @model_validator(mode="after")
    def _whole(self) -> Lifting:
        _regime_alone(self)
        return self


def _regime_alone(measure: Any) -> None:
    if measure.regime is None:
        if measure.senders is not None:
            raise refuse("`senders` narrows a named regime", "regime with senders, or importers and exporters")
        return
    given = [key for key in ("importers", "exporters", "between") if getattr(measure, key) is not None]
    if given or "sectors" in measure.model_fields_set:
        wrong = given[0] if given else "sectors"
        raise refuse(f"a named regime brings its own countries and sectors; `{wrong}` does not go with it", "senders")


class Productivity(_Measure):
    kind: Literal["productivity"]
    countries: Words
    sectors: Words = ("goods",)
    size: ProductivitySize

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        return _into_size(data, ("hat",))


class Transfer(_Measure):
    kind: Literal["transfer"]
    giver: Text = Field(alias="from")
    receiver: Text = Field(alias="to")
    size: TransferSize

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        return _into_size(data, ("million_usd",))


def _into_size(data: Any, keys: tuple[str, ...]) -> Any:
    """`hat: 1.02` beside the measure's other keys means the same as `size: {hat: 1.02}`."""
    if isinstance(data, dict) and "size" not in data and any(key in data for key in keys):
        rest = {key: value for key, value in data.items() if key not in keys}
        return {**rest, "size": {key: data[key] for key in keys if key in data}}
    return data


Measure = (
    Tariff | ExportTax | Embargo | ExportBan | Ntb | Agreement | BorderTime | Corridor | Visa
    | Sanction | Lifting | Productivity | Transfer
)  # fmt: skip
KINDS: dict[str, type[Strict]] = {
    "tariff": Tariff, "embargo": Embargo, "export_ban": ExportBan, "export_tax": ExportTax, "ntb": Ntb,
    "sanction": Sanction, "agreement": Agreement, "border_time": BorderTime, "corridor": Corridor, "visa": Visa,
    "productivity": Productivity, "transfer": Transfer, "lifting": Lifting,
}  # fmt: skip


class OwnRegime(Strict):
    """A regime the file describes itself, with the columns of regimes.csv."""

    id: Id
    title: Text
    senders: Words
    targets: Words
    sectors: Words = ("goods",)
    start: Day = Field(alias="from")
    end: Day | None = Field(default=None, alias="to")
    size: dict[str, Id]
    in_benchmark: dict[str, str] = Field(default_factory=dict)
    citation: Text = ""
    note: Text = ""

    @model_validator(mode="after")
    def _known_words(self) -> OwnRegime:
        for key in self.size:
            if key not in DIRECTIONS:
                raise refuse(f"unknown direction in size: {key}", ", ".join(DIRECTIONS))
        for value in self.in_benchmark.values():
            if value not in CONTAINED:
                raise refuse(f"unknown word in in_benchmark: {value}", ", ".join(CONTAINED))
        return self


class Scenario(FromFile):
    """A scenario file. `text` is the original YAML, `path` the name it was read from."""

    schema_version: Annotated[Literal["1"], _json(["integer", "string"])] = Field(alias="schema")
    id: Id
    title: Text
    description: Text = ""
    world: Text | None = None
    elasticities: Text | None = None
    closure: Closure | None = None
    targets: Words = ()
    year: Year | None = None
    regimes: tuple[OwnRegime | Id, ...] = ()
    sources: tuple[Source, ...] = ()
    measures: tuple[Annotated[Measure, Field(discriminator="kind")], ...] = ()
