"""A small world, a scenario and sweeps of it, as files in a folder."""

from __future__ import annotations

from pathlib import Path

from comity import save_world
from tests.helpers import labelled_world

SCENARIO = """
schema: 1
id: small
title: Four measures among five economies
world: small.npz
measures:
  - {id: duty, kind: tariff, importers: [IRN], exporters: [CHN, RUS], size: {to: 0.1}}
  - {id: border, kind: border_time, between: [IRN, BLR], size: {cost_change: -0.05}}
  - {id: pact, kind: ntb, between: [BLR, RUS], sectors: all, size: {hat: {low: 0.98, central: 0.95, high: 0.9}}}
  - {id: gift, kind: transfer, from: CHN, to: BLR, size: {million_usd: 0.01}}
"""

# 4 x (5 + 1) x 2 x 3 = 144 points: with the duty off its rate says nothing
SWEEP = """
schema: 1
type: sweep
id: small-sweep
title: Sizes, a switch and a closure
scenario: small-scenario.yaml
axes:
  - {kind: size, measure: border, form: cost_change, linspace: {from: -0.01, to: -0.08, count: 4}}
  - {kind: switch, measures: [duty]}
  - {kind: size, measure: duty, form: to, name: rate, values: ["5%", "10%", "20%", "30%", "40%"]}
  - {kind: closure, values: [fixed-deficits, balanced]}
  - {kind: sizes, values: [low, central, high]}
outputs: {welfare: all, trade: [[IRN, BLR], [BLR, IRN]]}
chunk: 32
"""

GAME = """
schema: 1
type: coalition
id: small-game
title: A pact of three
world: small.npz
players: {members: [IRN, BLR, RUS], value: joint-gain}
measures:
  - {id: pact, kind: ntb, between: players, size: {hat: 0.9}}
"""


def write(folder: Path, sweep: str = SWEEP, name: str = "sweep.yaml") -> Path:
    """The sweep file, beside its world, scenario and game."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "small.npz").exists():
        save_world(labelled_world(), folder / "small.npz")
        (folder / "small-scenario.yaml").write_text(SCENARIO, encoding="utf-8")
        (folder / "small-game.yaml").write_text(GAME, encoding="utf-8")
    path = folder / name
    path.write_text(sweep, encoding="utf-8")
    return path


def files(store: Path) -> dict[str, bytes]:
    """Every file of results by name."""
    return {path.name: path.read_bytes() for path in sorted((store / "parts").iterdir())}
