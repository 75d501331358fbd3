"""What a built world says about itself: status by country, assumptions, both partners' counts."""

from __future__ import annotations

import csv
from importlib import resources
from typing import Any


def read_counts(world: str) -> list[dict[str, Any]]:
    """Both partners' statistics of a pair, million USD, from counts.csv."""
    text = (resources.files("comity.benchmark") / "worlds" / "counts.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if row["world"] == world]
    return [
        {**{key: row[key] for key in ("origin", "destination", "name", "setter", "year", "source")},
         "value": float(row["value"]), "in_world": row["in_world"] == "yes"}
        for row in rows
    ]  # fmt: skip


def statuses(countries: tuple[str, ...], estimated: list[str], borrowed: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Per country: flows, input_output, tariffs as observed, borrowed or estimated, and a note."""
    table = {}
    for code in countries:
        flows = "estimated" if code in estimated else "observed"
        lenders = borrowed.get(code)
        table[code] = {
            "flows": flows,
            "input_output": "borrowed" if lenders else "observed",
            "tariffs": "estimated" if code in estimated else "observed",
            "note": f"input-output structure: mean of {', '.join(lenders)}" if lenders else "",
        }
    table["ROW"]["note"] = "what remains of the rest of the world; the source has no tariffs of ROW, HKG, SGP (0)"
    for code in estimated:
        table[code]["note"] += "; flows and sector detail built from partner totals, not observed"
    return table


def flat_assumptions(assumed: dict[str, Any], year: int) -> list[dict[str, Any]]:
    """Every entry of the assumptions file with a status, as one row; other years' entries left out."""
    rows: list[dict[str, Any]] = []

    def walk(node: Any, key: str) -> None:
        if isinstance(node, dict):
            if "status" in node:
                value = {k: v for k, v in node.items() if k not in ("status", "citation")}
                rows.append(
                    {"key": key, "value": value, "status": node["status"], "citation": node.get("citation", "")}
                )
                return
            for name, child in node.items():
                if not (name.isdigit() and name != str(year)):
                    walk(child, f"{key}.{name}" if key else name)
        elif isinstance(node, list):
            for number, child in enumerate(node):
                walk(child, f"{key}[{number}]")

    walk(assumed, "")
    return rows
