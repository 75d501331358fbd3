"""What a file says, as one line of text, without what is only read: titles, notes, sources."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

TEXTS = {"title", "note", "source", "description", "sources", "published"}


def content_of(model: Any, without: Collection[str] = ()) -> str:
    """Canonical JSON of a model: the same content, the same text."""
    data = model.model_dump(mode="json", exclude_none=True)
    return json.dumps(_bare(data, frozenset(without)), sort_keys=True, separators=(",", ":"))


def _bare(value: Any, without: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, dict):
        return {key: _bare(part) for key, part in value.items() if key not in TEXTS and key not in without}
    if isinstance(value, list):
        return [_bare(part) for part in value]
    return value
