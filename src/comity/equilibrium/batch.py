"""solve_many: many shocks to the same world, solved in chunks, with statuses in place of exceptions.

The plan is cut into chunks of CHUNK consecutive scenarios. Those that change few cells are solved together
(`chunk.solve_chunk`); the others, and those that do not come out within the tolerance, one by one. What a scenario is
solved beside depends on the plan alone, so the same plan gives the same bits with any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, repeat
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark.world import World
from comity.beside import beside
from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.equilibrium.changes import changes_of
from comity.equilibrium.chunk import NUMPY, Engine
from comity.equilibrium.chunk_results import LIGHT, Case, Outcome, Row, solve_cases
from comity.equilibrium.closures import benchmark_of, check_closure
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import TOLERANCE, check_tolerance, checked_start
from comity.equilibrium.space import Space
from comity.errors import InputError, NoSolutionError, listing

Array = NDArray[np.float64]

CHUNK = 64  # wide enough for matrix products, narrow enough for the processor's cache
WIDEST = 80  # where the number of scenarios is known, which are then cut into equal chunks
BLOCK = 32  # chunks between two processes at a time


@dataclass(frozen=True, eq=False)
class Solutions:
    """Stacked results of `solve_many`, one row a shock.

    `status` (S,) is "converged" or the reason of the refusal; `residual` (S,) and `messages` go with it. The kept
    fields are attributes with a leading scenario axis; rows that did not converge hold nan. `alone` (S,) marks
    scenarios that were solved one by one.
    """

    status: NDArray[np.str_]
    residual: Array
    iterations: NDArray[np.intp]
    messages: tuple[str, ...]
    kept: dict[str, Array]
    alone: NDArray[np.bool_]

    def __getattr__(self, name: str) -> Array:
        kept = self.__dict__.get("kept", {})
        if name in kept:
            return kept[name]
        raise AttributeError(f"Solutions kept no {name!r}; kept: {listing(kept)}. Ask for it with keep=(...).")

    def __len__(self) -> int:
        return len(self.status)

    @property
    def converged(self) -> NDArray[np.bool_]:
        """(S,) True where a solution was found."""
        return self.status == "converged"

    def chunks(self, size: int) -> Iterator[Solutions]:
        """The same results, `size` scenarios at a time."""
        for first in range(0, len(self), size):
            part = slice(first, first + size)
            yield Solutions(
                self.status[part],
                self.residual[part],
                self.iterations[part],
                self.messages[part],
                {name: values[part] for name, values in self.kept.items()},
                self.alone[part],
            )

    def __iter__(self) -> Iterator[Solutions]:
        return self.chunks(1)


def solve_many(
    world: World | Sequence[World],
    shocks: Iterable[Shock],
    *,
    closure: str = "fixed-deficits",
    targets: Sequence[str] | None = None,
    tolerance: float = TOLERANCE,
    trade_elasticity: ArrayLike | None = None,
    keep: Sequence[str] = ("real_income_hat",),
    workers: int = 1,
    engine: str = "numpy",
) -> Solutions:
    """Solve every shock; failures become statuses. Answers agree with `solve` within 10 x tolerance.

    Parameters
    ----------
    world : one World for all, or one for each shock
    trade_elasticity : (S, J) theta of each scenario, instead of the world's
    keep : Solution fields to stack; trade shares (S, J, N, N) only when asked for
    workers : 2 solves every second chunk in a copy of this process, where forking is safe (Linux, no other thread); the
        bits do not depend on it
    engine : "numpy"; "numba", the same by compiled passes, in half to nine tenths of the time (extra `fast`; the first
        use compiles for half a minute); or "jax" (extra `jax`, docs/jax.md) for one World; what JAX cannot solve goes
        to NumPy

    Raises
    ------
    InputError : an unknown field, or lists of different length. A shock out of range raises too: that is a mistake in
        the plan, not a property of an economy.
    """
    fields = {name for name in dir(Solution) if name.endswith(("_hat", "_new", "variation", "deviation"))}
    fields |= {name for name in Solution.__dataclass_fields__ if name.endswith(("_hat", "_new"))}
    unknown = [name for name in keep if name not in fields]
    if unknown:
        raise InputError("keep", "unknown Solution field", found=listing(unknown), allowed=sorted(fields))
    cases = _cases(world, shocks, trade_elasticity, _closures(closure, targets))
    names = tuple(dict.fromkeys(keep))
    if engine == "jax":
        return _with_jax(cases, closure, targets, tolerance, names)

    def read(outcome: Outcome) -> Row:
        return outcome.row(names)

    light = names if set(names) <= LIGHT else None
    rows = list(_run(cases, tolerance, workers, read, light, _engine(engine, "jax")))
    return Solutions(
        np.array([row.status for row in rows], dtype=str),
        np.array([row.residual for row in rows], dtype=np.float64),
        np.array([row.iterations for row in rows], dtype=np.intp),
        tuple(row.message for row in rows),
        {name: _stack([row.kept.get(name) for row in rows]) for name in names},
        np.array([row.alone for row in rows], dtype=bool),
    )


def _with_jax(
    cases: Iterator[Case],
    closure: str,
    targets: Sequence[str] | None,
    tolerance: float,
    names: tuple[str, ...],
) -> Solutions:
    """Solutions by compiled blocks; what is left over is solved by NumPy."""
    from comity.equilibrium.jax_driver import FIELDS, jax_batch

    plan = list(cases)
    if not set(names) <= set(FIELDS):
        lacking = listing(sorted(set(names) - set(FIELDS)))
        raise InputError("keep", "JAX does not keep this field", found=lacking, allowed=sorted(FIELDS))
    if any(case.world is not plan[0].world for case in plan):
        raise InputError("world", "JAX solves one World for all shocks", found="several")
    if not plan:
        return solve_many([], [], closure=closure, targets=targets, tolerance=tolerance, keep=names)
    benchmark = benchmark_of(plan[0].world, closure, targets)
    thetas = None if plan[0].theta is None else np.stack([case.theta for case in plan if case.theta is not None])
    changes = [changes_of(benchmark, case.shock) for case in plan]
    found = jax_batch(benchmark, changes, closure=closure, tolerance=tolerance, trade_elasticity=thetas, keep=names)
    left = np.flatnonzero(~found.found)
    rest = list(_run((plan[k] for k in left), tolerance, 1, lambda outcome: outcome.row(names), light=None))
    status, messages = np.full(len(plan), "converged", dtype=object), [""] * len(plan)
    kept = {name: np.array(found.kept[name]) for name in names}
    residual, iterations, alone = np.array(found.residual), np.array(found.iterations), ~found.found
    for k, row in zip(left.tolist(), rest, strict=True):
        status[k], messages[k], residual[k], iterations[k] = row.status, row.message, row.residual, row.iterations
        for name in names:
            kept[name][k] = row.kept.get(name, np.nan)
    return Solutions(status.astype(str), residual, iterations.astype(np.intp), tuple(messages), kept, alone)


def solve_each(
    world: World | Sequence[World],
    shocks: Iterable[Shock],
    *,
    closure: str | Sequence[str] = "fixed-deficits",
    targets: Sequence[str] | Sequence[Sequence[str]] | None = None,
    tolerance: float = TOLERANCE,
    start: Array | Sequence[Array | None] | None = None,
    engine: str = "numpy",
) -> Iterator[Solution | NoSolutionError | InputError]:
    """A whole Solution for every shock, or the refusal that `solve` would raise, in the order of the plan.

    For few scenarios of which much is asked; `solve_many` is for many of which little is. Worlds that differ in their
    elasticities alone, and closures (one for all, or a list with a list of targets each), are solved side by side.
    start : state of a Solution that is near all of them, or one for each. engine : "numpy" or "numba".
    Raises InputError for a shock out of range; a sector without supplier is handed back, not raised.
    """
    if isinstance(closure, str):
        rules = _closures(closure, targets)  # type: ignore[arg-type]
    else:
        chosen = targets if targets is not None else [()] * len(closure)
        rules = chain.from_iterable(
            islice(_closures(one, of or None), 1) for one, of in zip(closure, chosen, strict=True)
        )
    cases = _cases(world, shocks, None, rules)
    if start is not None:
        starts = repeat(start) if isinstance(start, np.ndarray) else start
        cases = (
            case if state is None else replace(case, start=checked_start(state, case.world))
            for case, state in zip(cases, starts, strict=False)
        )
    size = _equal(len(shocks)) if isinstance(shocks, Sequence) else CHUNK
    yield from _run(cases, tolerance, 1, Outcome.whole, None, _engine(engine), size)


def _equal(count: int) -> int:
    """Size of equal chunks, none wider than WIDEST."""
    return ceil(count / max(1, ceil(count / WIDEST))) or 1


def _engine(name: str, *further: str) -> Engine:
    """What solves the scenarios of a chunk side by side; `further` : engines that the caller knows beside these.

    Raises InputError for an unknown engine or a missing extra."""
    if name == "numpy":
        return NUMPY
    if name != "numba":
        raise InputError("engine", "unknown engine", found=name, allowed=("numpy", "numba", *further))
    try:
        from comity.equilibrium.compiled_chunk import NUMBA
    except ImportError as problem:
        raise InputError("engine", "the extra 'fast' is not installed", found=problem.name,
                         advice="pip install 'comity[fast]'") from None  # fmt: skip
    return NUMBA


def _closures(closure: str, targets: Sequence[str] | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The same closure and targets for ever. Raises InputError for an unknown closure or missing targets."""
    check_closure(closure, targets)
    return repeat((closure, tuple(targets or ())))


def _cases(
    world: World | Sequence[World],
    shocks: Iterable[Shock],
    trade_elasticity: ArrayLike | None,
    rules: Iterable[tuple[str, tuple[str, ...]]],
) -> Iterator[Case]:
    """One Case a shock; raises InputError for lists of different length."""
    if isinstance(world, World) and trade_elasticity is None:
        return (Case(world, shock, None, *rule) for shock, rule in zip(shocks, rules, strict=False))
    plan = list(shocks)
    worlds = [world] * len(plan) if isinstance(world, World) else list(world)
    if len(worlds) != len(plan):
        raise InputError("world", "one world for each shock is needed", found=len(worlds), allowed=str(len(plan)))
    thetas: Iterable[Any] = repeat(None)
    if trade_elasticity is not None:
        thetas = np.asarray(trade_elasticity, dtype=np.float64)
        if thetas.ndim != 2 or len(thetas) != len(plan):
            raise InputError("trade_elasticity", "one row for each shock is needed", found=thetas.shape)
    return (Case(w, s, theta, *rule) for w, s, theta, rule in zip(worlds, plan, thetas, rules, strict=False))


def _run(
    cases: Iterator[Case],
    tolerance: float,
    workers: int,
    read: Callable[[Outcome], Any],
    light: Sequence[str] | None,
    engine: Engine = NUMPY,
    size: int = CHUNK,
) -> Iterator[Any]:
    """What `read` takes from each outcome, in order, `size` to a chunk; never more than BLOCK chunks in memory."""
    check_tolerance(tolerance)
    if isinstance(workers, bool) or workers not in (1, 2):
        raise InputError("workers", "one process or two", found=workers, allowed="1 or 2")
    space = Space()

    def solved(parts: Sequence[list[Case]]) -> list[list[Any]]:
        return [[read(outcome) for outcome in solve_cases(part, tolerance, space, light, engine)] for part in parts]

    chunks = iter(lambda: list(islice(cases, size)), [])
    with ONE_BLAS_THREAD:
        for block in iter(lambda: list(islice(chunks, BLOCK if workers == 2 else 1)), []):
            mine, others = block[::2], block[1::2]
            first, second = beside(partial(solved, mine), partial(solved, others)) if others else (solved(mine), [])
            for k in range(len(block)):
                yield from (first if k % 2 == 0 else second)[k // 2]


def _stack(rows: list[Array | None]) -> Array:
    """Rows on a leading axis; rows that did not converge are nan."""
    shape = next((row.shape for row in rows if row is not None), ())
    empty = np.full(shape, np.nan)
    return np.stack([empty if row is None else np.asarray(row, dtype=np.float64) for row in rows]) if rows else empty
