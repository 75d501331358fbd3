"""JSON Schema of a scenario file, for editors: docs/scenario.schema.json is made of it."""

from __future__ import annotations

from typing import Any

from comity.scenario.schema import Scenario


def json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file."""
    schema = Scenario.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "comity scenario"
    return schema
