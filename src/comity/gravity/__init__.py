"""Estimated sizes: gravity panels, Poisson regressions, and the trade-cost changes they imply, with their uncertainty.

The regressions need pyfixest: pip install 'comity[gravity]'.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Panel": "panel",
    "build_panel": "panel",
    "Flaws": "flaws",
    "find_flaws": "flaws",
    "Policy": "policies",
    "agreement": "policies",
    "sanction": "policies",
    "gsdb_sanctions": "policies",
    "Estimate": "estimation",
    "Estimates": "estimation",
    "estimate": "estimation",
    "Draws": "draws",
    "normal_draws": "draws",
    "bootstrap": "draws",
    "trade_cost_change": "cost",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'comity.gravity' has no attribute {name!r}")
    return getattr(import_module(f"comity.gravity.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
