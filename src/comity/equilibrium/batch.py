"""solve_many: the same world under many shocks, with statuses in place of exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark.world import World
from comity.equilibrium.problem import NoSupplierError
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import TOLERANCE, solve
from comity.errors import InputError, NoSolutionError, listing

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Solutions:
    """Stacked results of `solve_many`, one row a shock.

    `status` (S,) is "converged" or the reason of the refusal; `residual` (S,) and `messages` go with it. The kept
    fields are attributes with a leading scenario axis; rows that did not converge hold nan.
    """

    status: NDArray[np.str_]
    residual: Array
    iterations: NDArray[np.intp]
    messages: tuple[str, ...]
    kept: dict[str, Array]

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
) -> Solutions:
    """Solve every shock; failures become statuses.

    Parameters
    ----------
    world : one World for all, or one for each shock
    trade_elasticity : (S, J) theta of each scenario, instead of the world's
    keep : Solution fields to stack; trade shares (S, J, N, N) only when asked for

    Raises
    ------
    InputError : an unknown field, or lists of different length. A shock out of range raises too: that is a mistake in
        the plan, not a property of an economy.
    """
    fields = {name for name in dir(Solution) if name.endswith(("_hat", "_new", "variation", "component"))}
    fields |= {name for name in Solution.__dataclass_fields__ if name.endswith(("_hat", "_new"))}
    unknown = [name for name in keep if name not in fields]
    if unknown:
        raise InputError("keep", "unknown Solution field", found=listing(unknown), allowed=sorted(fields))
    plan = list(shocks)
    worlds: Iterable[World] = repeat(world, len(plan)) if isinstance(world, World) else list(world)
    if not isinstance(world, World) and len(list(worlds)) != len(plan):
        raise InputError("world", "one world for each shock is needed", found=len(list(worlds)), allowed=str(len(plan)))
    thetas = None if trade_elasticity is None else np.asarray(trade_elasticity, dtype=np.float64)
    if thetas is not None and (thetas.ndim != 2 or len(thetas) != len(plan)):
        raise InputError("trade_elasticity", "one row for each shock is needed", found=thetas.shape)

    rows: list[dict[str, Array] | None] = []
    status, residual, iterations, messages = [], [], [], []
    for number, (economy, shock) in enumerate(zip(worlds, plan, strict=True)):
        if thetas is not None:
            economy = economy.with_elasticities(thetas[number])
        try:
            solution = solve(economy, shock, closure=closure, targets=targets, tolerance=tolerance)
        except NoSupplierError as problem:
            rows.append(None)
            status.append("no-supplier")
            residual.append(np.nan)
            iterations.append(0)
            messages.append(problem.message)
        except NoSolutionError as problem:
            rows.append(None)
            status.append(problem.reason)
            residual.append(np.nan if problem.residual is None else problem.residual)
            iterations.append(0)
            messages.append(str(problem))
        else:
            rows.append({name: np.asarray(getattr(solution, name)) for name in keep})
            status.append("converged")
            residual.append(solution.residual)
            iterations.append(solution.iterations)
            messages.append("")
    return Solutions(
        np.array(status, dtype=str),
        np.array(residual, dtype=np.float64),
        np.array(iterations, dtype=np.intp),
        tuple(messages),
        {name: _stack([None if row is None else row[name] for row in rows]) for name in keep},
    )


def _stack(rows: list[Array | None]) -> Array:
    """Rows on a leading axis; rows that did not converge are nan."""
    shape = next((row.shape for row in rows if row is not None), ())
    empty = np.full(shape, np.nan)
    return np.stack([empty if row is None else np.asarray(row, dtype=np.float64) for row in rows]) if rows else empty
