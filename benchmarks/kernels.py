"""What the compiled engine spends on a scenario, kernel by kernel, and what passes alone would allow on two cores: the
profile beside the batch targets in docs/performance.md.

    python -m benchmarks.kernels [--write]

Each kernel runs by itself on a chunk of 64 coalitions, best of several runs; passes are rough ones (two or three of a
search are exact, and take a fifth longer), products are their matrix products and nothing else. "Passes alone, two
processes" counts passes that two copies of this process make at one time, with no set-up, no residual and nothing
stored: no plan can be solved faster with these passes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.bench import as_table, write_page
from benchmarks.limits import TARGETS
from benchmarks.measure import coalition_plan
from comity import World, load_world, solve_many
from comity.benchmark.synthetic import synthetic_world
from comity.equilibrium import compiled, compiled_anderson, compiled_chunk
from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.equilibrium.changes_together import changes_of_all
from comity.equilibrium.chunk import _nothing_found
from comity.equilibrium.members import Deficits, gather
from comity.equilibrium.prepared import prepare
from comity.equilibrium.space import Space

WIDTH, PLAN, TOLERANCE, RUNS, SECONDS = 64, 1000, 1e-8, 15, 2.0


def shortest(action: Callable[[], Any], runs: int = RUNS) -> float:
    """Seconds of processor time of the fastest run."""
    times = []
    for _ in range(runs):
        begun = time.thread_time()
        action()
        times.append(time.thread_time() - begun)
    return min(times)


class Chunk:
    """64 coalitions in the middle of their search, with every kernel as a call without arguments."""

    def __init__(self, world: World) -> None:
        self.world, self.plan = world, coalition_plan(world, WIDTH)
        base, space = prepare(world), Space()
        sectors, n = base.home.shape
        self.changes = changes_of_all([world] * WIDTH, self.plan)
        members = self.gathered()
        economy = compiled_chunk.economy_of(base)
        changed, rules = compiled_chunk.laid_out(members, base)
        answer, room = compiled_chunk.answer_of(members.responses[0]), compiled_chunk._room(sectors, n, WIDTH, space)
        state = np.zeros((n * (1 + 2 * sectors), WIDTH))
        history = compiled_chunk._history(n, sectors, WIDTH, space)
        nobody = np.zeros(WIDTH, dtype=bool)
        found = _nothing_found(base, members, space)
        self.look = lambda: compiled.look(economy, changed, rules, answer, room, state, True)
        self.advance = lambda: compiled_anderson.advance(history, room.step, state, nobody)
        self.residual = lambda: compiled_chunk.residuals(base, space, found)
        self.lay_out = lambda: compiled_chunk._lay_out(members, base)
        for _ in range(5):  # into the search, where every difference of the acceleration is in use
            self.turn()
        pairs = [(economy.rough_forward, room.few), (economy.rough_backward, room.few),
                 (answer.others[None], room.step[None]), (answer.wages[None], room.left[None]),
                 (answer.follow[None], room.rough_move[None]), (economy.demand_from, room.output),
                 (economy.price_from, room.price_error), (economy.spend_from, room.excess)]  # fmt: skip
        pairs.append((economy.cost_from, state.reshape(n, 1 + 2 * sectors, WIDTH)[:, : 1 + sectors]))
        into = [np.matmul(matrices, columns) for matrices, columns in pairs]
        self.products = lambda: [np.matmul(*pair, out=out) for pair, out in zip(pairs, into, strict=True)]

    def gathered(self) -> Any:
        """The members of the chunk, from what their shocks change."""
        deficits = Deficits.of(["fixed-deficits"] * WIDTH, [self.world] * WIDTH)
        return gather(self.world, self.changes, None, np.arange(WIDTH), deficits)

    def turn(self) -> None:
        """One pass with the acceleration's step."""
        self.look()
        self.advance()


def profile(world: World, name: str) -> Iterator[dict[str, Any]]:
    """Rows of the table of one world."""
    with ONE_BLAS_THREAD:
        made = Chunk(world)
        found = solve_many(world, coalition_plan(world, PLAN), tolerance=TOLERANCE, engine="numba")
        assert found.converged.all() and not found.alone.any()
        passes = float(found.iterations.mean())
        costs = {
            "passes": (made.look, passes), "of which matrix products": (made.products, passes),
            "acceleration": (made.advance, passes), "residual recomputed from the answer": (made.residual, 1.0),
            "changed cells of each shock": (lambda: changes_of_all([world] * WIDTH, made.plan), 1.0),
            "members set up": (lambda: (made.gathered(), made.lay_out()), 1.0),
        }  # fmt: skip
        total = 0.0
        for step, (action, times) in costs.items():
            each = 1e3 * shortest(action) / WIDTH
            total += 0.0 if step.startswith("of which") else each * times
            yield {"world": name, "step": step, "ms": round(each, 4), "times": round(times, 1),
                   "ms a scenario": round(each * times, 3)}  # fmt: skip
        yield {"world": name, "step": "**sum**", "ms a scenario": round(total, 3)}
        together = both(made.turn) * WIDTH / passes
    yield {"world": name, "step": "**passes alone, two processes, a second**", "per second": round(together),
           "target": TARGETS[name]}  # fmt: skip


def both(action: Callable[[], None]) -> float:
    """How often a second two copies of this process can do it, both at the same time."""
    read, write = os.pipe()
    copy = os.fork()
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        action()
        count += 1
    if copy == 0:
        os.write(write, str(count).encode())
        os._exit(0)
    other = int(os.read(read, 32))
    os.waitpid(copy, 0)
    return (count + other) / SECONDS


def main() -> None:
    """Print the profile of both worlds; with --write put it into docs/performance.md."""
    worlds = ((synthetic_world(77, 45, seed=3), "77 x 45"), (load_world("world-2022"), "82 x 22"))
    rows = [row for world, name in worlds for row in profile(world, name)]
    print(as_table(rows))
    if "--write" in sys.argv:
        write_page({"kernels": rows})


if __name__ == "__main__":
    main()
