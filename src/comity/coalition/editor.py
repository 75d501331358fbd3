"""JSON Schema of a coalition game file, for editors: docs/coalition.schema.json is made of it."""

from __future__ import annotations

from typing import Any

from comity.coalition.schema import CoalitionGame


def json_schema() -> dict[str, Any]:
    """JSON Schema of a coalition game file."""
    schema = CoalitionGame.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "comity coalition game"
    return schema
