"""The tables of docs/uncertainty.md: where a band comes from, every scenario's band, and how sure its ends are.

    python -m benchmarks.bands [variance gallery ends] [--write]

`--write` puts them between their markers in docs/uncertainty.md. Seeds are fixed, so that only the seconds depend on
the machine. BLAS threads are those of the environment; the make target sets one.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import numpy as np

from comity import Outcomes, load_scenario, load_world, simulate
from comity.benchmark.bundle import DEFAULT_WORLD
from comity.classifications.countries import name_of
from comity.outcomes.counts import counts_of, on_count
from comity.scenario.compile import compile_scenario
from comity.scenario.load import gallery
from comity.uncertainty.variance import Part, decompose_variance

PAGE = Path(__file__).parent.parent / "docs" / "uncertainty.md"
FLAGSHIP = "tehran-2023"
DRAWS, SEED = 200, 1
MANY = 1000
SEEDS = range(1, 9)
Table = list[list[str]]


def variance() -> Table:
    """Shares of the flagship's variance by source, on each statistical count."""
    scenario = load_scenario(FLAGSHIP)
    world = load_world(scenario.world or DEFAULT_WORLD)
    counts = counts_of(world, compile_scenario(world, scenario).pairs)
    columns: dict[str, dict[str, Part]] = {}
    for count in counts:
        own = world if count.in_world else on_count(world, count)
        found = decompose_variance(own, scenario, draws=MANY, seed=SEED, counts=False)
        assert found.draws == MANY, found.whole.failures
        for quantity, label, words in (
            ("real_income_pct", "IRN", "Iran's income"),
            ("real_income_pct", "BLR", "Belarus's income"),
            ("pair_trade_change", "IRN-BLR", "trade of the two"),
        ):
            parts = found.of(quantity, label)
            columns[f"{words}, {count.name}"] = {part.source: part for part in parts}
    first = next(iter(columns.values()))
    head = ["source", "status", *columns]
    rows = [[part.title, part.status, *(_share(column[name]) for column in columns.values())]
            for name, part in first.items()]  # fmt: skip
    return [head, *rows]


def _share(part: Part) -> str:
    return f"{100 * part.share:.0f} ± {100 * part.error:.0f} %"


def every_scenario() -> Table:
    """The economy whose real income moves most, among the parties (or all), of every scenario of the gallery."""
    rows = [
        [
            "scenario",
            "world",
            "of",
            "count",
            "estimate [band], %",
            "[range], %",
            "solved",
            "seconds, range",
            "bands beside it",
        ]
    ]
    for name in gallery():
        scenario = load_scenario(name)
        world = load_world(scenario.world or DEFAULT_WORLD)
        start = time.perf_counter()
        plain = simulate(world, scenario)
        _ = plain.runs[0].range.of("real_income_hat")
        middle = time.perf_counter()
        banded = simulate(world, scenario, draws=DRAWS, seed=SEED)
        seconds = time.perf_counter() - middle
        rows.append([f"`{name}`", world.name, *_largest(plain, banded), f"{middle - start:.1f}", f"{seconds:.1f}"])
    return rows


def _largest(plain: Outcomes, banded: Outcomes) -> list[str]:
    """Name, count, estimate with band, range and solved draws of the party whose income moves most."""
    world, run = banded.world, banded.runs[0]
    hat = run.solution.real_income_hat
    places = [world.countries.index(code) for code in banded.parties or world.countries]
    chosen = max(places, key=lambda k: abs(hat[k] - 1))
    low, high = (100 * (ends[chosen] - 1) for ends in run.band.of("real_income_hat"))
    least, most = (100 * (ends[chosen] - 1) for ends in plain.runs[0].range.of("real_income_hat"))
    estimate = 100 * (hat[chosen] - 1)
    digits = max(0, 1 - int(np.floor(np.log10(max(abs(estimate), 1e-9)))))
    low_words, high_words, least_words, most_words = (_signed(x, digits) for x in (low, high, least, most))
    return [
        name_of(world.countries[chosen]), run.count.name if run.count else "",
        f"{_signed(estimate, digits)} [{low_words}, {high_words}]", f"[{least_words}, {most_words}]",
        f"{len(run.band.solved)} of {run.band.asked}",
    ]  # fmt: skip


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def ends() -> Table:
    """Ends of the flagship's band for Iran over eight seeds, and what the draws cost beside a run with ranges only."""
    scenario = load_scenario(FLAGSHIP)
    world = load_world(scenario.world or DEFAULT_WORLD)
    place = world.countries.index("IRN")
    simulate(world, scenario, draws=DRAWS)  # warm
    start = time.perf_counter()
    _ = simulate(world, scenario).runs[0].range.of("real_income_hat")
    yardstick = time.perf_counter() - start
    rows = [
        [
            "draws",
            "lower end over eight seeds, %",
            "upper end, %",
            "seconds for both counts",
            "times a run with ranges",
            "largest residual",
        ]
    ]
    for draws in (DRAWS, MANY):
        found, seconds, residual = [], [], 0.0
        for seed in SEEDS:
            start = time.perf_counter()
            outcomes = simulate(world, scenario, draws=draws, seed=seed)
            seconds.append(time.perf_counter() - start)
            found.append([100 * (end[place] - 1) for end in outcomes.runs[0].band.of("real_income_hat")])
            residual = max(residual, *(run.band.residual for run in outcomes.runs))
        low, high = np.array(found).T
        rows.append([
            f"{draws:,}", f"{_signed(low.min(), 5)} to {_signed(low.max(), 5)}",
            f"{_signed(high.min(), 5)} to {_signed(high.max(), 5)}", f"{min(seconds):.1f}",
            f"{min(seconds) / yardstick:.1f}", f"{residual:.0e}",
        ])  # fmt: skip
    return rows


SECTIONS = {"variance": variance, "gallery": every_scenario, "ends": ends}


def as_markdown(table: Table) -> str:
    head, *rows = table
    words = sum(1 for cell in rows[0] if not any(sign.isdigit() for sign in cell))
    line = ["---"] * words + ["---:"] * (len(head) - words)
    return "".join("| " + " | ".join(row) + " |\n" for row in [head, line, *rows])


def write_page(name: str, table: Table) -> None:
    """Replace one table between its markers in docs/uncertainty.md."""
    text = PAGE.read_text(encoding="utf-8")
    mark = f"<!-- table {name} -->\n"
    whole = f"{mark}{as_markdown(table)}<!-- end -->"
    made, count = re.subn(f"{mark}.*?<!-- end -->", lambda _: whole, text, flags=re.S)
    if count != 1:
        raise SystemExit(f"docs/uncertainty.md has {count} places for the table {name}")
    PAGE.write_text(made, encoding="utf-8")


def main() -> None:
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")] or list(SECTIONS)
    for name in wanted:
        table = SECTIONS[name]()
        print(as_markdown(table), flush=True)
        if "--write" in sys.argv:
            write_page(name, table)


if __name__ == "__main__":
    main()
