"""The libraries of the extra `sweep`, imported where they are used, and one clear complaint where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from comity.errors import InputError


def library(name: str) -> Any:
    """An imported module of the extra. Raises InputError where it is not installed."""
    try:
        return import_module(name)
    except ImportError as problem:
        raise InputError("sweep", f"{name.split('.')[0]} is not installed", found=problem,
                         advice="pip install 'comity[sweep]'") from None  # fmt: skip
