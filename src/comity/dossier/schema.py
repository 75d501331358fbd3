"""The dossier file as types (pydantic). docs/dossiers.md describes every key.

A dossier holds what a source says: who committed to what, what is claimed, what was observed; and the scenarios on
which the claims are tested. Models hold what the file says; nothing here knows a world.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from comity.scenario import quantities as q
from comity.scenario.schema import (
    Flag,
    FromFile,
    Id,
    OwnRegime,
    Source,
    Strict,
    Text,
    Words,
    _json,
    _read,
    refuse,
)

STATUSES = (
    "announced", "signed", "in force", "carried out in part", "carried out", "not reported", "withdrawn",
)  # fmt: skip
Status = Literal[
    "announced", "signed", "in force", "carried out in part", "carried out", "not reported", "withdrawn"
]  # fmt: skip
Whose = Literal["source", "ours"]


def _paragraphs(value: Any) -> tuple[int, ...]:
    items = value if isinstance(value, (list, tuple)) else [value]
    numbers = []
    for item in items:
        written = str(item).strip()
        if not written.isascii() or not written.isdigit() or not 1 <= int(written) <= 10_000:
            raise q.Refused("a paragraph number is needed", allowed="a whole number from 1, or a list such as [1, 24]")
        numbers.append(int(written))
    return tuple(numbers)


def _million(value: Any) -> float:
    try:
        return q.number(value)
    except q.Refused as refusal:
        plain = "a plain number of million USD a year: 100 for 100 million, 25000 for 25 billion"
        raise q.Refused(refusal.problem, allowed=plain) from None


def _start_of(value: Any) -> int:
    """The year at whose start a target is judged; a day is refused with the year to write for it."""
    try:
        return q.year(value)
    except q.Refused as refusal:
        try:
            day = q.date(value)
        except q.Refused:
            raise refusal from None
        first = day.year if (day.month, day.day) == (1, 1) else day.year + 1
        advice = f"Write {first}: the first start of a year when {value} is reached."
        raise q.Refused("a target is judged at the start of a year", allowed="a year alone", advice=advice) from None


Paragraphs = Annotated[tuple[int, ...], _read(_paragraphs), _json(["integer", "array", "string"])]
StartOf = Annotated[int, _read(_start_of), _json(["integer", "string"], "judged at the start of that year")]
Moment = Annotated[str, _read(q.date_text), _json(["string", "integer"], "2023 or 2023-03-13")]
Share = Annotated[float, _read(q.share), _json(["number", "string"], '0.01 or "1%"')]
Number = Annotated[float, _read(q.number), _json(["number", "string"])]
Million = Annotated[float, _read(_million), _json(["number", "string"], "million USD a year")]


class DossierSource(Source):
    """A source of the dossier. `begins` are the first words of its paragraph 1, so that paragraphs can be counted in a
    text the reader supplies: a paragraph is a line that is not empty."""

    begins: Text | None = None
    language: Text | None = None


class Reference(Strict):
    """Where in a source: its id, paragraphs, and the figures quoted from it, as they are written there."""

    id: Id
    paragraph: Paragraphs = ()
    where: Text | None = None
    figures: Words = ()


class Event(Strict):
    """What became of a commitment at a date, on whose word."""

    date: Moment
    status: Status
    what: Text
    source: Id


class Commitment(Strict):
    """What the parties promised. Either `measures` carry it in the model ("scenario/measure"), or `outside` says why
    none can."""

    id: Id
    title: Text
    parties: Words
    field: Text
    instrument: Text
    signed_by: Text | None = None
    source: Reference
    history: tuple[Event, ...] = ()
    measures: Words = ()
    outside: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Commitment:
        if bool(self.measures) == bool(self.outside):
            given = "both" if self.measures else "neither"
            either = "a commitment has either measures in the model or a reason why it is outside it"
            raise refuse(f"{either} (here {given})", "measures: [scenario/measure], or outside: the reason")
        return self


class TargetTest(Strict):
    """Goods trade both ways of a pair reaches an amount, judged on the count of whoever set the target.

    In every test of a scenario `upper_bound` says that its measures are larger than what the source says: the test can
    then refute the claim, never support it.
    """

    kind: Literal["target"]
    scenario: Id
    between: Words
    at_least: Million
    by: StartOf | None = None
    count: Text
    upper_bound: Flag = False


class GainTest(Strict):
    """Real income of every named economy rises by at least a share (0: rises at all; -0.001: falls by no more)."""

    kind: Literal["gain"]
    scenario: Id
    countries: Words
    at_least: Share = 0.0
    upper_bound: Flag = False


class LossTest(Strict):
    """Real income of every named economy falls by at least a share (0: falls at all)."""

    kind: Literal["loss"]
    scenario: Id
    countries: Words
    at_least: Share = 0.0
    upper_bound: Flag = False


class TradeTest(Strict):
    """Goods trade both ways of a pair changes by more than an amount, by all measures or the named ones."""

    kind: Literal["trade"]
    scenario: Id
    between: Words
    measures: Words = ()
    more_than: Million = 0.0
    upper_bound: Flag = False


class RecoveredTest(Strict):
    """The cooperation wins back at least a share of what a regime costs, for every named economy.

    `regimes` maps an economy to the scenario that lifts the regime on it; `apart` is the cooperation with pairs inside
    existing unions included, shown apart.
    """

    kind: Literal["recovered"]
    cooperation: Id
    regimes: dict[str, Id]
    at_least: Share
    apart: Id | None = None
    upper_bound: Flag = False


class GrowthTest(Strict):
    """An observed series grew by at least a factor between two periods; both counts must say so. Without `observed` no
    statistics were at hand, and one cannot tell."""

    kind: Literal["growth"]
    observed: Id | None = None
    since: Text
    until: Text
    at_least: Number


class RankingTest(Strict):
    """An economy gains most (or loses most) in million USD among the named ones, or among all."""

    kind: Literal["ranking"]
    scenario: Id
    country: Text
    most: Literal["gain", "loss"]
    among: Words = ()
    upper_bound: Flag = False


class DelayTest(Strict):
    """A year of delay costs the named economies together more than an amount."""

    kind: Literal["delay"]
    scenario: Id
    countries: Words
    more_than: Million = 0.0
    upper_bound: Flag = False


Test = TargetTest | GainTest | LossTest | TradeTest | RecoveredTest | GrowthTest | RankingTest | DelayTest
TESTS: dict[str, type[Strict]] = {
    "target": TargetTest, "gain": GainTest, "loss": LossTest, "trade": TradeTest, "recovered": RecoveredTest,
    "growth": GrowthTest, "ranking": RankingTest, "delay": DelayTest,
}  # fmt: skip


class Claim(Strict):
    """A statement of the source in our words, and its test; `outside` where no model channel or citable size exists,
    with `nearest` as the number that comes closest.

    reading : how a vague word is read, `whose` reading it is; leaves_out : what the model does not see; why : the
    sentence that explains the verdict, written after seeing the numbers and checked by the author.
    """

    id: Id
    statement: Text
    by: Text | None = None
    source: Reference
    test: Annotated[Test, Field(discriminator="kind")] | None = None
    outside: Text | None = None
    nearest: Annotated[Test, Field(discriminator="kind")] | None = None
    reading: Text | None = None
    whose: Whose = "source"
    leaves_out: Text | None = None
    why: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Claim:
        if (self.test is None) == (self.outside is None):
            given = "neither" if self.test is None else "both"
            either = "a claim has either a test or a reason why it is outside the model"
            raise refuse(f"{either} (here {given})", "test: {kind: ...}, or outside: the reason")
        return self


class Observation(Strict):
    """One reported number: goods trade in a period, million USD; both ways, or one direction."""

    period: Text
    start: Moment
    end: Moment
    total: Million | None = None
    flows: dict[str, Million] = Field(default_factory=dict)
    source: Id
    note: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> Observation:
        if self.total is None and not self.flows:
            raise refuse("an observation needs a total or flows", "total: 113, or flows: {IRN-BLR: 20, BLR-IRN: 59}")
        return self


class Series(Strict):
    """Goods trade of a pair as one side's statistics have it."""

    count: Text
    setter: Text
    rows: tuple[Observation, ...]


class Observed(Strict):
    """The same trade on every partner's count."""

    id: Id
    title: Text
    between: Words
    series: tuple[Series, ...]


class Frictions(Strict):
    """An upper bound: trade costs of pairs inside a group fall to the lowest observed among `best_of` (by sector,
    Head-Ries index), tariffs between them to zero."""

    between: Words
    best_of: Words
    tariffs: Flag = True


class Named(Strict):
    """A scenario under the name the dossier uses: a gallery scenario or file (`use`), a scenario written here, or the
    upper bound of lowest observed frictions."""

    id: Id
    use: Text | None = None
    scenario: dict[str, Any] | None = None
    frictions: Frictions | None = None
    title: Text | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Named:
        given = [name for name in ("use", "scenario", "frictions") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise refuse(f"a named scenario takes exactly one of its forms (here {found})", "use, scenario, frictions")
        return self


class Assumption(Strict):
    """Something the dossier assumes, and why."""

    id: Id
    text: Text
    source: Id | None = None


class Dossier(FromFile):
    """A dossier file. `text` is the original YAML, `path` the name it was read from; `found` holds the loaded scenarios
    by name."""

    schema_version: Annotated[Literal["1"], _json(["integer", "string"])] = Field(alias="schema")
    type: Literal["dossier"]
    id: Id
    title: Text
    summary: Text = ""
    main: Id
    world: Text | None = None
    signed: Moment | None = None
    sources: tuple[DossierSource, ...]
    scenarios: tuple[Named, ...]
    regimes: tuple[OwnRegime, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    claims: tuple[Annotated[Claim, Field()], ...] = ()
    observed: tuple[Observed, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    leaves_out: tuple[Text, ...] = ()

    _file: str = PrivateAttr(default="dossier")
    _scenarios: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def found(self) -> dict[str, Any]:
        """Scenario objects (or Frictions) by the dossier's names for them."""
        return self._scenarios
