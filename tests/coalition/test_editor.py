"""The JSON Schema that editors use is the one the code has, and it accepts the games of the gallery."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from comity.coalition.editor import json_schema
from comity.coalition.load import games

FILE = Path(__file__).resolve().parents[2] / "docs" / "coalition.schema.json"


def test_the_published_schema_is_current() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("name", games())
def test_it_accepts_the_gallery(name: str) -> None:
    class Plain(yaml.SafeLoader):  # dates stay text, as the game's own reader has them
        pass

    Plain.yaml_implicit_resolvers = {
        key: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:timestamp"]
        for key, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    content = yaml.load(games()[name].read_text(encoding="utf-8"), Plain)  # noqa: S506
    jsonschema.validate(content, json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "palyers": {}}, json_schema())
