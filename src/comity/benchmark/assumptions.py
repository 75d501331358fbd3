"""Reading assumptions.yaml: every word a string, the keys that must be there checked."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from comity.errors import InputError, nearest

KEYS = (
    "gdp",
    "zero_tariff_unions",
    "borrowed_structure",
    "structure_splits",
    "wits_sections",
    "carve_out",
)


def read_assumptions(path: str | Path | None = None) -> dict[str, Any]:
    """The assumptions as nested dicts of strings; the packaged file unless another is named.

    Raises InputError for a file that cannot be read, is not YAML, or lacks or adds a top-level key.
    """
    where = "assumptions.yaml" if path is None else Path(path).name
    try:
        if path is None:
            text = (resources.files("comity.benchmark") / "worlds" / where).read_text(encoding="utf-8")
        else:
            text = Path(path).read_text(encoding="utf-8")
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise InputError(where, "cannot be read", found=problem) from None
    if not isinstance(content, dict):
        raise InputError(where, "a mapping is needed", found=type(content).__name__)
    for key in content:
        if key not in KEYS:
            raise InputError(where, "unknown key", found=key, allowed=KEYS, nearest=nearest(key, KEYS))
    for key in KEYS:
        if key not in content:
            raise InputError(where, "key missing", found=list(content), allowed=KEYS)
    content["carve_out"] = {
        code: {**spec, "sections": content["wits_sections"]} for code, spec in content["carve_out"].items()
    }
    return content


def number(node: Any, where: str) -> float:
    """A number of the file, or an InputError that says where."""
    try:
        return float(node)
    except (TypeError, ValueError):
        raise InputError(f"assumptions.yaml, {where}", "a number is needed", found=node) from None
