"""The JSON Schema that editors use is the one the code has, and it accepts the gallery's keys."""

from __future__ import annotations

import json
from pathlib import Path

from comity.scenario.editor import json_schema

FILE = Path(__file__).resolve().parents[2] / "docs" / "scenario.schema.json"


def test_the_published_schema_is_current() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema()


def test_it_names_every_top_level_key() -> None:
    keys = {"schema", "id", "title", "description", "world", "elasticities", "closure", "targets", "year", "regimes"}
    assert set(json_schema()["properties"]) == keys | {"sources", "measures"}
