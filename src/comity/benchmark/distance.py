"""How far a built world lies from its sources: output, GDP, trade by country, in per cent.

python -m comity.benchmark.distance ../shared/data docs/worlds-distance.md
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.bundle import load_world
from comity.benchmark.world import World
from comity.sources.icio import read_icio

Array = NDArray[np.float64]


def distances(world: World, data: Path) -> dict[str, dict[str, float]]:
    """Per cent deviation of the world from ICIO and WDI: by country "gdp", "exports", "imports", "output"; the key
    "World" has the totals. Countries the source lacks (carved out) have GDP only; ROW lost what they took."""
    raw = read_icio(data / "oecd_icio_tariffwar" / f"ICIO{world.base_year}.mat")
    away = ~np.eye(len(raw.countries), dtype=bool)
    abroad = raw.flow.sum(axis=0) * away
    source = {
        "exports": abroad.sum(axis=0),
        "imports": abroad.sum(axis=1),
        "output": raw.flow.sum(axis=(0, 1)),
    }
    ours = {
        "exports": world.exports.sum(axis=0),
        "imports": world.imports.sum(axis=0),
        "output": world.output.sum(axis=0),
    }
    table: dict[str, dict[str, float]] = {}
    for n, code in enumerate(world.countries):
        produced = float(world.value_added[n] + world.tariff_revenue[n])
        table[code] = {"gdp": _per_cent(produced, world.provenance["gdp"][code])}
        if code in raw.countries:
            k = raw.countries.index(code)
            table[code] |= {name: _per_cent(ours[name][n], source[name][k]) for name in source}
    gdp = float((world.value_added + world.tariff_revenue).sum())
    table["World"] = {"gdp": _per_cent(gdp, sum(world.provenance["gdp"].values()))}
    table["World"]["output"] = _per_cent(world.output.sum(), raw.flow.sum())
    return table


def _per_cent(ours: float, source: float) -> float:
    return 100 * (float(ours) / float(source) - 1)


def as_markdown(world: World, data: Path) -> str:
    """The table of one world."""
    lines = [f"## {world.name}", "", "| | GDP | output | exports | imports |", "| --- | ---: | ---: | ---: | ---: |"]
    rows = distances(world, data)
    for code in ["World", *(c for c in rows if c != "World")]:
        cells = [f"{rows[code][k]:.4f}" if k in rows[code] else "not in the source" for k in
                 ("gdp", "output", "exports", "imports")]  # fmt: skip
        cells = [cell.replace("-0.0000", "0.0000") for cell in cells]
        if code == "World":
            cells[2:] = ["", ""]
        lines.append(f"| {code} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the tables of both embedded worlds."""
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    head = (
        "# How far the worlds lie from their sources\n\nPer cent deviation of the balanced world from OECD ICIO "
        "(output, exports, imports: goods and services) and from WDI (GDP). Made by\n"
        "`python -m comity.benchmark.distance ../shared/data docs/worlds-distance.md`.\n\n"
        "IRN is not in ICIO; ROW lost what IRN took.\n\n"
    )
    names = ("world-2022", "world-2019")
    out.write_text(head + "\n".join(as_markdown(load_world(name), data) for name in names), encoding="utf-8")


if __name__ == "__main__":
    main()
