"""Sweeps: thousands to millions of solves, run in chunks that can be stopped, kept in Parquet, asked in SQL."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "plan_sweep": "comity.sweep.plan",
    "Plan": "comity.sweep.plan",
    "run_sweep": "comity.sweep.run",
    "read_store": "comity.sweep.query",
    "Store": "comity.sweep.query",
    "sweeps": "comity.sweep.load",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    # on first use, as in comity itself: pyarrow and duckdb come with the extra only
    if name not in _PUBLIC:
        raise AttributeError(f"module 'comity.sweep' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
