"""Goods trade by sector, before and after: the rows of the panels, and what they show in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import spoken
from comity.classifications.sectors import is_goods, load_sectors
from comity.kept import KeptByKey, KeptFor
from comity.outcomes.simulate import Outcomes, label
from comity.report.words import joined, levels_in, two_digits
from comity.scenario.explain import capital

MOST = 7  # sectors of a panel; the others are summed
FEW_TARGETS = 3  # with more, flows to and from them are not told apart
FEW = 5  # parties that a title names
# short enough for one line above its marks; other worlds' sectors keep their own names
SHORT = {
    "AGR": "Farming, forestry, fishing", "OILGAS": "Coal, oil, gas", "OMIN": "Other mining",
    "FOOD": "Food, drink, tobacco", "TEX": "Textiles, apparel, leather", "WOOD": "Wood, cork",
    "PAPER": "Paper, printing", "PETRO": "Refined petroleum, coke", "CHEM": "Chemicals", "PHARMA": "Pharmaceuticals",
    "RUBPL": "Rubber, plastics", "NMM": "Non-metallic minerals", "STEEL": "Iron, steel", "NFM": "Non-ferrous metals",
    "FMETAL": "Metal products", "ELEC": "Computers, electronics, optics", "ELEQ": "Electrical equipment",
    "MACH": "Machinery", "VEH": "Motor vehicles", "OTREQ": "Other transport equipment",
    "OMANF": "Furniture, other goods, repair",
}  # fmt: skip


@dataclass(frozen=True)
class Direction:
    """Flows shown together: a name, which of them (N, N) [importer, exporter], and whose trade all directions are."""

    name: str
    chosen: NDArray[np.bool_]
    whose: str = "all flows that a measure touches"


def directions(outcomes: Outcomes) -> list[Direction]:
    """Which flows are told apart: both directions of two parties; to and from few targets; else all that a measure
    touches. None where no measure is about flows between economies."""
    return _directions.get(outcomes, "", lambda: _find_directions(outcomes))


_directions: KeptFor[Outcomes, list[Direction]] = KeptFor()  # sentence, cards and panels ask for them


def _find_directions(outcomes: Outcomes) -> list[Direction]:
    world = outcomes.world
    touched = np.zeros((len(world.countries),) * 2, dtype=bool)
    cells = outcomes.compiled.pair_cells
    touched[cells[:, 0], cells[:, 1]] = True
    np.fill_diagonal(touched, False)
    if not touched.any():
        return []
    pair = outcomes.main_pair()
    if pair is not None:
        return [_between(outcomes, *pair), _between(outcomes, *pair[::-1])]
    some = outcomes.compiled.targets or (outcomes.parties if len(outcomes.parties) == 1 else [])
    if 0 < len(some) <= FEW_TARGETS:
        inside = _among(world, some)
        names = joined([spoken(code) for code in some])
        partners = int(np.count_nonzero((touched[:, inside].any(axis=1) | touched[inside].any(axis=0)) & ~inside))
        whom = "one economy" if partners == 1 else f"the {partners} economies"
        whose = f"{names} with {whom}"
        return [
            Direction(f"{capital(whom)} to {names}", touched & inside[:, None] & ~inside[None, :], whose),
            Direction(f"{capital(names)} to {whom}", touched & ~inside[:, None] & inside[None, :], whose),
        ]
    parties = outcomes.parties
    if 0 < len(parties) <= FEW and not touched[:, ~_among(world, parties)].any():
        among = joined([spoken(code) for code in parties])
        return [Direction(f"Among {among}", touched, among)]
    return [Direction("All flows that a measure touches", touched)]


def _between(outcomes: Outcomes, origin: str, destination: str) -> Direction:
    world = outcomes.world
    chosen = _among(world, [destination])[:, None] & _among(world, [origin])[None, :]
    return Direction(capital(f"{label(origin)} to {label(destination)}"), chosen)


def _among(world: World, codes: Sequence[str]) -> NDArray[np.bool_]:
    """(N,) True for these economies."""
    return np.array([code in codes for code in world.countries])


_before: KeptFor[World, KeptByKey[NDArray[np.float64]]] = KeptFor()


def _flow_before(world: World, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(goods,) flows of a direction in the benchmark: the same for every size of the measures."""

    def summed() -> NDArray[np.float64]:
        buyers, sellers = np.nonzero(chosen)
        flow: NDArray[np.float64] = world.flow[:, buyers, sellers][is_goods(world.sectors)].sum(axis=1)
        return flow

    return _before.get(world, "", lambda: KeptByKey(200)).get(chosen.tobytes(), summed)


def sectors_data(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Goods trade by direction and sector in million USD a year, the largest sectors first and the others summed; the
    central estimate alone, since ranges are kept for whole flows. Sectors without trade are left out."""
    solution, names = outcomes.solution, load_sectors()
    goods = np.flatnonzero(is_goods(outcomes.world.sectors))
    rows: list[dict[str, Any]] = []
    for direction in directions(outcomes):
        buyers, sellers = np.nonzero(direction.chosen)
        before = _flow_before(solution.benchmark, direction.chosen)
        after = solution.pair_flows(buyers, sellers)[goods].sum(axis=1)
        order = [k for k in np.argsort(-np.maximum(before, after), kind="stable") if before[k] > 0]
        shown, rest = (order, []) if len(order) <= MOST + 1 else (order[:MOST], order[MOST:])
        for k in shown:
            code = outcomes.world.sectors[goods[k]]
            name = SHORT.get(code) or (names[code].name if code in names else str(code))
            rows.append(_row(direction.name, code, name, before[k], after[k]))
        if rest:
            rows.append(
                _row(direction.name, "rest", f"{len(rest)} other sectors", before[rest].sum(), after[rest].sum())
            )
    return rows


def _row(panel: str, code: str, name: str, before: float, after: float) -> dict[str, Any]:
    return {"panel": panel, "code": code, "name": name, "before": float(before), "after": float(after)}


def touched_trade(outcomes: Outcomes) -> tuple[str, tuple[float, float, float, float]] | None:
    """Goods trade of all flows that `directions` shows: whose it is, and in million USD a year before, after, and the
    both ends of its interval (the ratio of each to the flow before, as for single flows)."""
    found = directions(outcomes)
    if not found:
        return None
    chosen = np.any([direction.chosen for direction in found], axis=0)
    goods = is_goods(outcomes.world.sectors)
    solution = outcomes.solution
    before, after = solution.benchmark.flow[goods].sum(axis=0)[chosen], solution.flow_between(goods)[chosen]
    ends = outcomes.interval.over(lambda v: before @ v.goods_ratio[chosen])  # type: ignore[index]
    return found[0].whose, (float(before.sum()), float(after.sum()), *ends)


def sector_finding(rows: list[dict[str, Any]]) -> str:
    """The heading over the panels: which sectors make up most of the change."""
    if not rows:
        return ""
    change: dict[str, float] = {}
    for row in rows:
        if row["code"] != "rest":
            change[row["name"]] = change.get(row["name"], 0.0) + row["after"] - row["before"]
    total = sum(row["after"] - row["before"] for row in rows)
    same = sorted((name for name in change if change[name] * total > 0), key=lambda name: -abs(change[name]))
    if not same:
        most = max(rows, key=lambda row: abs(row["after"] - row["before"]))
        scale = 1000.0 if most["before"] >= 1000 else 1.0
        return f"{most['name']} change most, from {levels_in(most['before'], most['after'], scale=scale)} a year"
    scale, unit = (1000.0, "billion") if abs(total) >= 1000 else (1.0, "million")
    parts = [f"{two_digits(abs(change[name]) / scale)} {'are ' if k == 0 else ''}{name[:1].lower()}{name[1:]}"
             for k, name in enumerate(same[:2])]  # fmt: skip
    word = "more" if total > 0 else "less"
    return f"Of {two_digits(abs(total) / scale)} {unit} US dollars {word} a year, {joined(parts)}"
