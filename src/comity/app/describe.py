"""What the OpenAPI document says beyond types, and the plain page of the API."""

from __future__ import annotations

from html import escape
from typing import Any

from comity.app import limits
from comity.app.kinds import ADDED
from comity.app.schemas import ErrorBody
from comity.benchmark.bundle import embedded_worlds, smoothed_worlds
from comity.benchmark.elasticities import elasticity_sets
from comity.equilibrium.closures import CLOSURES
from comity.scenario.load import gallery

ABOUT = (
    "What sanctions or cooperation between states would do: gains, losses and trade, with a range or a band. "
    "A state is a gallery scenario with changes; every answer carries the scenario file that gives the same numbers "
    "with `comity run`. Errors carry the sentence of the command line."
)
_REASONS = {
    404: "no such address", 405: "another method is needed", 413: "the body is too long", 414: "the query is too long",
    415: "another content type is needed", 421: "another Host header is needed",
    422: "what was asked is wrong, or has no solution", 429: "too many requests wait",
}  # fmt: skip
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": words} for status, words in _REASONS.items()
}


def _query(name: str, about: str, schema: dict[str, Any], example: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema, "example": example}


def _words(options: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(options)}


_TEXT = {"type": "string", "maxLength": 600}
STATE = [
    _query("s", "gallery scenario; absent: start from nothing", _words(gallery()), "tehran-2023"),
    _query("p", "parties with '.' between: ISO3 codes or blocs", _TEXT, "IRN.BLR.RUS"),
    _query("off", "ids of measures switched off, with ',' between", _TEXT, "plant-quarantine"),
    _query("add", f"measures added, id:kind with ',' between; kinds {', '.join(ADDED)}", _TEXT, "duties:tariff"),
    _query("w", "world", _words([*embedded_worlds(), *smoothed_worlds()]), "world-2022"),
    _query("c", "closure: what happens to trade deficits", _words(CLOSURES), "balanced"),
    _query("e", "elasticity set", _words(elasticity_sets()), elasticity_sets()[0]),
    _query("y", "measures in force at the start of that year", {"type": "integer", "minimum": 1900, "maximum": 2200},
           "2024"),
    {"name": "measures", "in": "query", "required": False, "style": "form", "explode": True,
     "description": "m.ID the number of a measure, sec.ID its sectors, imp.ID and exp.ID places of an added one",
     "schema": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 200}},
     "example": {"m.border-procedures": "-1"}},
]  # fmt: skip
DRAWS = _query("draws", "joint draws on each count that make the intervals bands; 0, the default, leaves ranges",
               {"type": "integer", "minimum": 0, "maximum": limits.DRAWS}, "200")  # fmt: skip
RANGES = _query("ranges", "1 solves all combinations, 0 the central one alone", _words(["0", "1"]), "0")


def what(names: list[str]) -> dict[str, Any]:
    """The path parameter of downloads."""
    return {"name": "what", "in": "path", "required": True, "schema": _words(names), "description": "file"}


def files(texts: dict[str, str], drawn: dict[str, str]) -> dict[str, Any]:
    """The 200 of downloads."""
    content: dict[str, Any] = {kind: {} for kind in dict.fromkeys([*texts.values(), *drawn.values()])}
    return {"description": "the file", "content": content}


def body(model: Any) -> dict[str, Any]:
    """A request body of that model, written out in place."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    return {"required": True, "content": {"application/json": {"schema": _inlined(schema, definitions)}}}


def _inlined(thing: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(thing, dict):
        if "$ref" in thing:
            return _inlined(definitions[thing["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inlined(value, definitions) for key, value in thing.items()}
    return [_inlined(item, definitions) for item in thing] if isinstance(thing, list) else thing


_ADDRESSES = {
    "/api/simulate?s=tehran-2023&ranges=0": "solve a state (GET), or a state or scenario text as JSON (POST)",
    "/api/controls?s=tehran-2023": "the controls of a state",
    "/api/worlds": "worlds, their countries and sectors",
    "/api/scenarios": "scenarios of the gallery",
    "/api/measures": "kinds of measures",
    "/api/blocs": "blocs",
    "/api/sectors": "sectors",
    "/download/scenario.yaml?s=tehran-2023": "the scenario file; also results.csv, figure.svg, report.html and others",
    "/openapi.json": "all of it as an OpenAPI document",
}


def plain_page() -> str:
    """The API in one page without script or style."""
    rows = "".join(f'<li><a href="{escape(a)}">{escape(a)}</a>: {escape(t)}</li>' for a, t in _ADDRESSES.items())
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>comity: the API</title></head><body>'
        f"<main><h1>The API of comity</h1><p>{escape(ABOUT)}</p><ul>{rows}</ul></main></body></html>"
    )
