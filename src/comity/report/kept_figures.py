"""Figures that have been drawn before: the same rows, drawn by the same code and engine, give the same picture.

They are kept among the user's caches, each under the hash of all it is made of. What needs fonts of the machine is not
kept: these may change without our seeing it.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from comity.caches import folder
from comity.report.drawing import IN_OWN_FONTS

Job = dict[str, Any]
Drawn = dict[str, str]

HERE = Path(__file__).parent
SOURCES = ("*.py", "fonts.conf", "../notation.py")  # rather too many than too few
MOST = 150  # files, up to 400 KiB each; the oldest go first


def find(job: Job) -> Drawn | None:
    """The figure of a job, if it has been drawn; what cannot be read counts as not drawn."""
    name = _name(job)
    with suppress(OSError, ValueError):
        drawn = json.loads((_place() / name).read_text(encoding="utf-8"))
        if isinstance(drawn, dict) and {"wide", "narrow"} <= drawn.keys() and ("png" in drawn) == bool(job.get("png")):
            return drawn
    return None


def keep(job: Job, drawn: Drawn) -> None:
    """Keep the figure of a job, where that is possible."""
    if IN_OWN_FONTS.fullmatch(json.dumps(job["rows"], ensure_ascii=False)):
        _write(_name(job), json.dumps(drawn))


def expected(asked: str) -> bool:
    """Whether all figures of what was asked had been kept when it was asked last."""
    return (_place() / _mark(asked)).exists()


def expect(asked: str) -> None:
    """Remember that all figures of what was asked are kept now."""
    _write(_mark(asked), "")
    with suppress(OSError):
        files = sorted(_place().iterdir(), key=lambda path: path.stat().st_mtime)
        for old in files[:-MOST]:
            old.unlink()


def _write(name: str, text: str) -> None:
    """Whole or not at all."""
    with suppress(OSError):
        _place().mkdir(parents=True, exist_ok=True)
        temporary = _place() / f".{name}-{os.getpid()}"
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(_place() / name)
        finally:
            temporary.unlink(missing_ok=True)


def _place() -> Path:
    return folder("figures")


def _name(job: Job) -> str:
    return f"{_hash(json.dumps(job, sort_keys=True, ensure_ascii=False))}.json"


def _mark(asked: str) -> str:
    return f"{_hash(asked)}.asked"


def _hash(text: str) -> str:
    return hashlib.sha256(f"{_drawn_by()} {text}".encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _drawn_by() -> str:
    """Code and engine that draw."""
    found = hashlib.sha256(version("vl-convert-python").encode())
    for pattern in SOURCES:
        for path in sorted(HERE.glob(pattern)):
            found.update(path.read_bytes())
    return found.hexdigest()
