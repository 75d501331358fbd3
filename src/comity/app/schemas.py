"""What the API takes and gives, as types: strict, bounded, and the source of the OpenAPI document."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from comity.app import limits
from comity.app.state import State, number_text
from comity.errors import InputError, nearest

Word = Annotated[str, Field(max_length=80)]
Words = Annotated[list[Word], Field(max_length=limits.PARTIES, min_length=1)]


class Strict(BaseModel):
    """No unknown key, no conversion."""

    model_config = ConfigDict(extra="forbid", strict=True)


class MeasureBody(Strict):
    """What differs of one measure; `kind` for an added one."""

    id: Word
    on: bool = True
    size: float | None = Field(default=None, allow_inf_nan=False)
    sectors: Words | None = None
    kind: Word = ""
    importers: Words | None = None
    exporters: Words | None = None


class StateBody(Strict):
    """A state, as in the answer's `state`; or a whole scenario text in `yaml`, alone."""

    scenario: Word = ""
    measures: Annotated[list[MeasureBody], Field(max_length=2 * limits.MEASURES)] = []
    parties: Words | None = None
    world: Word | None = None
    closure: Word | None = None
    elasticities: Word | None = None
    year: int | None = Field(default=None, ge=1900, le=2200)
    yaml: str | None = Field(default=None, max_length=limits.BODY_BYTES)


class ErrorText(BaseModel):
    """Where the mistake is, and the sentence of the command line."""

    where: str
    message: str


class ErrorBody(BaseModel):
    """Every 4xx."""

    error: ErrorText


class World(BaseModel):
    """The world of an answer."""

    name: str
    economies: int
    sectors: int
    base_year: int | None
    hash: str


class Headline(BaseModel):
    """One of the numbers at the top; low and high are null without ranges; range_low, range_high and range_words stand
    beside a band and are null or empty else; codes: whose number it is."""

    title: str
    value: float
    low: float | None
    high: float | None
    unit: str
    before: float
    words: str
    equivalent: str
    range_low: float | None
    range_high: float | None
    range_words: str
    codes: list[str]


class PairRow(BaseModel):
    """Goods both ways of a pair among three or four parties, million USD a year, on the first count."""

    codes: list[str]
    name: str
    before: float
    after: float
    low: float | None
    high: float | None


class CountryRow(BaseModel):
    """Real income (per cent) and equivalent variation (million USD a year) of one economy."""

    code: str
    name: str
    party: bool
    status: str
    real_income_pct: float
    low_pct: float | None
    high_pct: float | None
    usd: float
    low_usd: float | None
    high_usd: float | None
    noise: bool


class Flow(BaseModel):
    """Goods trade of one direction, million USD a year."""

    origin: str
    destination: str
    origin_name: str
    destination_name: str
    before: float | None
    after: float | None
    low: float | None
    high: float | None


class CountFlows(BaseModel):
    """Flows on one statistical count."""

    name: str
    year: str
    source: str
    own: str
    incomes: str
    flows: list[Flow]


class AnswerBody(BaseModel):
    """The answer; docs/explorer-api.md describes every key."""

    state: dict[str, Any] | None
    query: str
    name: str
    title: str
    description: str
    changed: bool
    sentence: str
    second_sentence: str
    nothing: str | None
    world: World
    settings: dict[str, Any]
    solve: dict[str, float]
    interval: dict[str, Any]
    headlines: list[Headline]
    pairs: list[PairRow]
    reasons: list[str]
    smoothed: str
    countries: list[CountryRow]
    counts: list[CountFlows]
    sectors: list[dict[str, Any]]
    estimated: list[dict[str, str]]
    borrowed: list[str]
    empty: dict[str, Any]
    notes: list[str]
    without_solution: list[str]
    controls: list[dict[str, Any]]
    today: dict[str, str]
    reproduce: dict[str, str]


def read_body(body: bytes) -> StateBody:
    """The body of a POST. Raises InputError in the form of the command line's sentences."""
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError("body", "not readable as JSON", allowed='an object: a state, or {"yaml": "..."}') from None
    try:
        found = StateBody.model_validate(data)
    except ValidationError as problem:
        raise complaint(problem.errors(include_url=False)[0], "body") from None
    if found.yaml is not None and found.model_fields_set != {"yaml"}:
        raise InputError("body.yaml", "stands alone", found=", ".join(sorted(found.model_fields_set - {"yaml"})),
                         advice="Write world, closure, elasticities and year into the scenario text.")  # fmt: skip
    return found


def _no_constant(name: str) -> Any:
    raise InputError("body", "the number must be finite", found=name)


def complaint(error: Any, start: str) -> InputError:
    """One pydantic error as where, problem, found."""
    where = ".".join(str(step) for step in (start, *error["loc"]))[:200]
    kind, found = error["type"], error.get("input")
    if kind == "extra_forbidden":
        keys = list(MeasureBody.model_fields if "measures" in error["loc"] else StateBody.model_fields)
        return InputError(where, "unknown key", allowed=keys, nearest=nearest(str(error["loc"][-1])[:80], keys))
    shown = found if isinstance(found, (str, int, float, bool)) else None
    return InputError(where, error["msg"].rstrip("."), found=shown if shown is None else repr(shown)[:80])


def state_of(body: StateBody) -> State:
    """The State of a body, read as its query string would be: one reader, one set of sentences."""
    pairs = [("s", body.scenario)] if body.scenario else []
    settings = (("w", body.world), ("c", body.closure), ("e", body.elasticities))
    pairs += [(key, value) for key, value in settings if value is not None]
    if body.year is not None:
        pairs.append(("y", str(body.year)))
    if body.parties is not None:
        pairs.append(("p", ".".join(body.parties)))
    off = [measure.id for measure in body.measures if not measure.on]
    added = [f"{measure.id}:{measure.kind}" for measure in body.measures if measure.kind]
    pairs += [("off", ",".join(off))] if off else []
    pairs += [("add", ",".join(added))] if added else []
    for measure in body.measures:
        if measure.size is not None:
            pairs.append((f"m.{measure.id}", number_text(measure.size)))
        for key, words in (("sec", measure.sectors), ("imp", measure.importers), ("exp", measure.exporters)):
            if words is not None:
                pairs.append((f"{key}.{measure.id}", ".".join(words)))
    return State.from_query(pairs)
