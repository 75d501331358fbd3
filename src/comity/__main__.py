"""The command comity, also python -m comity."""

from __future__ import annotations

import os
import sys

from comity import caches
from comity.report import drawing_process


def main() -> None:
    """The command line; where nothing has been drawn on this machine the drawing starts before all that is read."""
    if sys.argv[1:2] == ["run"] and not caches.folder("figures").is_dir():
        drawing_process.start_early()
    # looking for plugins of pydantic reads the metadata of every installed package
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from comity.cli import main as command

    try:
        command()
    finally:
        drawing_process.drop_early()


if __name__ == "__main__":
    main()
