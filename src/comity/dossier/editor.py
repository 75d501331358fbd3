"""JSON Schema of a dossier file, for editors: docs/dossier.schema.json is made of it."""

from __future__ import annotations

from typing import Any

from comity.dossier.schema import Dossier
from comity.scenario.editor import json_schema as scenario_schema


def json_schema() -> dict[str, Any]:
    """JSON Schema of a dossier file; a scenario written inside it is completed like a scenario file."""
    schema = Dossier.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "comity dossier"
    inside = scenario_schema()
    inside.pop("$schema")
    # the same classes make the same definitions in both
    schema["$defs"] = {**inside.pop("$defs"), **schema["$defs"]}
    # schema and id have defaults there, and a title may stand beside the scenario
    schema["$defs"]["Inline"] = {**inside, "title": "Inline", "required": []}
    named = schema["$defs"]["Named"]["properties"]["scenario"]
    named["anyOf"] = [{"$ref": "#/$defs/Inline"}, {"type": "null"}]
    return schema
