"""How far a built world lies from its sources: output, GDP, trade by country, in per cent.

python -m comity.benchmark.distance ../shared/data docs/worlds-distance.md
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.assumptions import read_assumptions
from comity.benchmark.borrow import lend, structure_of
from comity.benchmark.bundle import load_world
from comity.benchmark.world import World
from comity.classifications.sectors import load_sectors
from comity.sources.icio import read_icio
from comity.sources.wiod import read_wiod

Array = NDArray[np.float64]

COLUMNS = ("gdp", "output", "exports", "imports")
HEAD = "| | GDP before shares are moved | GDP | output | exports | imports |"


def distances(world: World, data: Path) -> dict[str, dict[str, float]]:
    """Per cent deviation of the world from ICIO and WDI: by country "gdp", "exports", "imports", "output" and
    "gdp_unscaled" (what the value-added shares of WIOD would give before they are moved); the key "World" has the
    totals. Countries the source lacks (carved out) have GDP only; ROW lost what they took."""
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
    unscaled = _unscaled_gdp(world, data)
    table: dict[str, dict[str, float]] = {}
    for n, code in enumerate(world.countries):
        produced = float(world.value_added[n] + world.tariff_revenue[n])
        gdp = world.provenance["gdp"][code]
        table[code] = {"gdp": _per_cent(produced, gdp), "gdp_unscaled": _per_cent(unscaled[n], gdp)}
        if code in raw.countries:
            k = raw.countries.index(code)
            table[code] |= {name: _per_cent(ours[name][n], source[name][k]) for name in source}
    everywhere = sum(world.provenance["gdp"].values())
    produced = float((world.value_added + world.tariff_revenue).sum())
    table["World"] = {"gdp": _per_cent(produced, everywhere), "gdp_unscaled": _per_cent(unscaled.sum(), everywhere)}
    table["World"]["output"] = _per_cent(world.output.sum(), raw.flow.sum())
    return table


def _unscaled_gdp(world: World, data: Path) -> Array:
    """(N,) value added by the shares of WIOD, own or borrowed, on the world's output, plus tariff revenue."""
    assumed = read_assumptions()
    structure = structure_of(read_wiod(data / "kite_wiod2014"), load_sectors(), assumed["structure_splits"])
    lent, _ = lend(structure, world.countries, assumed["borrowed_structure"])
    return np.asarray((lent.value_added * world.output).sum(axis=0) + world.tariff_revenue)


def _per_cent(ours: float, source: float) -> float:
    return 100 * (float(ours) / float(source) - 1)


def as_markdown(world: World, data: Path) -> str:
    """The table of one world."""
    lines = [f"## {world.name}", "", HEAD, "| --- | ---: | ---: | ---: | ---: | ---: |"]
    rows = distances(world, data)
    for code in ["World", *(c for c in rows if c != "World")]:
        cells = [f"{rows[code]['gdp_unscaled']:.1f}"]
        cells += [f"{rows[code][k]:.4f}" if k in rows[code] else "not in the source" for k in COLUMNS]
        cells = [cell.replace("-0.0000", "0.0000") for cell in cells]
        if code == "World":
            cells[3:] = ["", ""]
        lines.append(f"| {code} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the tables of both embedded worlds."""
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    head = (
        "# How far the worlds lie from their sources\n\nPer cent deviation of the balanced world from OECD ICIO "
        "(output, exports, imports: goods and services) and from WDI (GDP). Made by\n"
        "`python -m comity.benchmark.distance ../shared/data docs/worlds-distance.md`.\n\n"
        "The first column is what the value-added shares of WIOD 2014, own or borrowed, would have given:\nthe size of "
        "the correction that the recipe's step 5 makes. IRN is not in ICIO; ROW lost what IRN took.\n\n"
    )
    names = ("world-2022", "world-2019")
    out.write_text(head + "\n".join(as_markdown(load_world(name), data) for name in names), encoding="utf-8")


if __name__ == "__main__":
    main()
