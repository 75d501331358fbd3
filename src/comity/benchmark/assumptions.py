"""Reading assumptions.yaml: every word a string, its structure checked by assumption_schema.py."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from comity.benchmark.assumption_schema import Assumptions, check
from comity.errors import InputError, nearest

PACKAGED = "assumptions.yaml"
KEYS = tuple(Assumptions.model_fields)


def read_assumptions(path: str | Path | None = None) -> dict[str, Any]:
    """The assumptions as nested dicts of strings; the packaged file unless another is named.

    A file with `extends: assumptions.yaml` holds only what differs: its mappings are laid over the packaged ones.

    Raises InputError for a file that cannot be read, is not YAML, or has a missing, unknown or impossible entry.
    """
    packaged = resources.files("comity.benchmark") / "worlds" / PACKAGED
    where = PACKAGED if path is None else Path(path).name
    try:
        text = packaged.read_text(encoding="utf-8") if path is None else Path(path).read_text(encoding="utf-8")
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as problem:
        raise InputError(where, "cannot be read", found=problem) from None
    if not isinstance(content, dict):
        raise InputError(where, "a mapping is needed", found=type(content).__name__)
    base = content.pop("extends", None)
    if base is not None:
        if base != PACKAGED:
            raise InputError(
                f"{where}, extends", "only the packaged file can be extended", found=base, allowed=PACKAGED
            )
        content = _laid_over(yaml.load(packaged.read_text(encoding="utf-8"), Loader=yaml.BaseLoader), content)
    for key in content:
        if key not in KEYS:
            raise InputError(where, "unknown key", found=key, allowed=(*KEYS, "extends"), nearest=nearest(key, KEYS))
    check(content, where)
    content["carve_out"] = {
        code: {**spec, "sections": content["wits_sections"]} for code, spec in content["carve_out"].items()
    }
    return content


def _laid_over(below: Any, above: Any) -> Any:
    """`above` where it says something, else `below`; mappings key by key, everything else as a whole."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {key: _laid_over(below[key], above[key]) if key in below and key in above else above.get(key, below.get(key))
            for key in [*below, *(k for k in above if k not in below)]}  # fmt: skip


def number(node: Any, where: str) -> float:
    """A number of the file, or an InputError that says where."""
    try:
        return float(node)
    except (TypeError, ValueError):
        raise InputError(f"assumptions, {where}", "a number is needed", found=node) from None
