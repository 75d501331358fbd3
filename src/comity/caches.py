"""Folders where users keep caches: what takes a while to make and can be made again at any time.

Numba keys the loops it keeps on the file of one function. Our loops call loops of other files, whose change it would
not see; so they are kept in a folder named after all their sources.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = ("kernels.py", "equilibrium/compiled*.py")


def folder(name: str) -> Path:
    """A folder of ours among the user's caches, whether it is there or not."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "comity" / name


def of_templates(version: str) -> Path:
    """Where the page templates are kept as this version of Jinja compiles them; it does not look at its own version."""
    return folder(f"templates-jinja-{version}")


def any_templates() -> bool:
    """Whether templates have been compiled before, by any version."""
    every = of_templates("*")
    return any(every.parent.glob(f"{every.name}/*"))


@cache
def of_kernels() -> Path:
    """Where the compiled loops of these sources are kept."""
    found = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(HERE.glob(pattern)):
            found.update(path.name.encode() + path.read_bytes())
    return folder(f"kernels-{found.hexdigest()[:16]}")
