"""Where compiled loops are kept.

Numba keys what it keeps on the file of one function. Our loops call loops of other files, whose change it would not
see; so they are kept in a folder named after all their sources. The folder lies where users keep caches.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = ("kernels.py", "equilibrium/compiled*.py")


@cache
def folder() -> Path:
    """Where the compiled loops of these sources are kept."""
    found = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(HERE.glob(pattern)):
            found.update(path.name.encode() + path.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "comity" / f"kernels-{found.hexdigest()[:16]}"
