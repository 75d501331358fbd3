"""The page templates. What Jinja compiles of them is kept among the user's caches: it takes a sixth of a second."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from comity.caches import of_templates
from comity.report.drawing import DARK


class _Kept(jinja2.FileSystemBytecodeCache):
    """Reads and writes what can be read and written; a template that cannot be kept is compiled again."""

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


@cache
def environment() -> jinja2.Environment:
    """The one environment of all pages."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("comity.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_cache(),
    )
    made.globals.update(DARK=DARK)
    return made


def _cache() -> jinja2.BytecodeCache | None:
    """Among the user's caches; None where there can be no folder."""
    place = of_templates(jinja2.__version__)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return _Kept(str(place))


def template(name: str) -> Any:
    """A template, compiled on first use."""
    return environment().get_template(name)


@cache
def report() -> Any:
    """The template of a report with all its parts, compiled on first use."""
    for part in ("parts.html.j2", "style.css.j2", "dossier.html.j2", "dossier_after.html.j2"):
        template(part)  # they are compiled when first rendered otherwise
    return template("report.html.j2")
