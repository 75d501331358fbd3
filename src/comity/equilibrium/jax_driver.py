"""Many scenarios of one World with JAX: compiled, in blocks, on a GPU where there is one (docs/jax.md).

JAX is an extra and is imported inside the functions, so nothing else of comity knows of it. 64-bit numbers are switched
on by a context manager around our own calls only; what others in the process do with JAX keeps its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark.world import World
from comity.equilibrium.changes import Changes, changes_of
from comity.equilibrium.closures import CLOSURES, income_factor
from comity.equilibrium.jax_plan import choose_layout, left_out, stacked_blocks
from comity.equilibrium.prepared import prepare
from comity.equilibrium.problem import make_problem
from comity.equilibrium.responses import responses
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import FINEST, TOLERANCE, check_tolerance
from comity.errors import InputError, listing, nearest

Array = NDArray[np.float64]

FIELDS = (
    "wage_hat",
    "price_index_hat",
    "cost_hat",
    "expenditure_new",
    "output_new",
    "income_new",
    "deficit_new",
    "transfer_new",
    "tariff_revenue_new",
    "export_tax_revenue_new",
    "consumer_price_hat",
    "real_income_hat",
    "real_wage_hat",
    "real_gdp_hat",
    "equivalent_variation",
    "trade_share_new",
    "flow_new",
)
PASSES = 120  # as the quick attempt of search.py; members that need more are left to it
ANSWERS = ("wages", "price", "spending", "by_price", "by_spending")  # parts of the Responses that its equations read


@dataclass(frozen=True, eq=False)
class JaxBatch:
    """Results of S scenarios; rows with `found` False hold nan in `kept` and are to be solved by `solve`.

    residual (S,): recomputed from the answer on the device, nan where nothing was tried; iterations (S,): passes;
    left (S,): "" where found, else why not: "not-reached" (within the passes and the tolerance), "separate-parts",
    "no-supplier", "cut-off" (embargoes that end a sector's supply, or the way from one country to another: `solve` says
    whether that has a solution), "benchmark-moves" (elasticities that move the benchmark of a balanced closure).
    kept: Solution fields (S, ...).
    """

    found: NDArray[np.bool_]
    residual: Array
    iterations: NDArray[np.intp]
    left: NDArray[np.str_]
    kept: dict[str, Array]


def jax_batch(
    world: World,
    changes: Sequence[Changes],
    *,
    closure: str = "fixed-deficits",
    tolerance: float = TOLERANCE,
    trade_elasticity: ArrayLike | None = None,
    keep: Sequence[str] = ("real_income_hat",),
    batch_size: int | None = None,
) -> JaxBatch:
    """Solve S scenarios with JAX; what it cannot solve is flagged, never guessed.

    Parameters
    ----------
    world : the benchmark of the closure, as `closures.benchmark_of` gives it
    changes : S shocks against this World, as `changes.changes_of` gives them
    tolerance : largest accepted relative residual over equations (1)-(8), recomputed from the answer
    trade_elasticity : (S, J) theta of each scenario, None for the world's
    keep : names from FIELDS
    batch_size : members solved side by side; None chooses by device (docs/jax.md)

    Raises
    ------
    InputError : JAX is not installed, or gives no 64-bit numbers; unknown closure or field; thetas of another shape;
        a World with deficits under "balanced"
    """
    _check(world, closure, tolerance, keep, batch_size)
    count = len(changes)
    thetas = _thetas(world, trade_elasticity, count)
    jax = _jax()
    left = np.array(left_out(world, changes, closure, thetas), dtype="<U16")
    places = np.flatnonzero(left == "")
    residual, passes = np.full(count, np.nan), np.zeros(count, dtype=np.intp)
    found, kept = np.zeros(count, dtype=bool), {name: _empty(world, name, count) for name in keep}
    if len(places):
        with jax.enable_x64(True):
            tried = _run(
                jax, world, [changes[int(k)] for k in places], thetas[places], closure, tolerance, keep, batch_size
            )
        residual[places], passes[places], found[places] = tried["residual"], tried["passes"], tried["found"]
        for name in keep:
            kept[name][places[tried["found"]]] = tried[name][tried["found"]]
    left[(left == "") & ~found] = "not-reached"
    return JaxBatch(found, residual, passes, left, kept)


# -- checks ---------------------------------------------------------------------------------------------


def _jax() -> Any:
    """The jax module, or an InputError that says how to install it."""
    try:
        import jax
    except ImportError:
        raise InputError("jax", "JAX is not installed", advice="Install it with: pip install 'comity[jax]'") from None
    if not hasattr(jax, "enable_x64"):
        raise InputError("jax", "this JAX is too old", found=jax.__version__, advice="pip install 'comity[jax]'")
    return jax


def _check(world: World, closure: str, tolerance: float, keep: Sequence[str], batch_size: int | None) -> None:
    check_tolerance(tolerance)
    if closure not in CLOSURES:
        raise InputError(
            "closure", "unknown closure", found=closure, allowed=CLOSURES, nearest=nearest(closure, CLOSURES)
        )
    if closure == "balanced" and world.deficit.any():
        raise InputError(
            "world", "has deficits, so it is not the benchmark of 'balanced'", advice="Pass closures.benchmark_of(...)."
        )
    unknown = [name for name in keep if name not in FIELDS]
    if unknown:
        raise InputError("keep", "unknown Solution field", found=listing(unknown), allowed=sorted(FIELDS))
    if batch_size is not None and (not isinstance(batch_size, int) or batch_size < 1):
        raise InputError("batch_size", "a whole number from 1 on is needed", found=batch_size)


def _thetas(world: World, given: ArrayLike | None, count: int) -> Array:
    """(S, J) elasticities."""
    base = world.trade_elasticity
    if given is None:
        return np.broadcast_to(base, (count, len(base)))
    thetas = np.asarray(given, dtype=np.float64)
    if thetas.shape != (count, len(base)) or not (np.isfinite(thetas) & (thetas > 0)).all():
        raise InputError(
            "trade_elasticity", "a row of positive numbers for each shock is needed", found=f"shape {thetas.shape}"
        )
    return thetas


def _empty(world: World, name: str, count: int) -> Array:
    j, n = world.value_added_share.shape
    if name in ("trade_share_new", "flow_new"):
        return np.full((count, j, n, n), np.nan)
    if name in ("price_index_hat", "cost_hat", "expenditure_new", "output_new"):
        return np.full((count, j, n), np.nan)
    return np.full((count, n), np.nan)


# -- on the device --------------------------------------------------------------------------------------


def _run(
    jax: Any,
    world: World,
    changes: list[Changes],
    thetas: Array,
    closure: str,
    tolerance: float,
    keep: Sequence[str],
    batch_size: int | None,
) -> dict[str, Array]:
    """Results of all scenarios, each with a leading axis. The next call is prepared while the device works."""
    layout = choose_layout(world, changes, jax.default_backend(), batch_size)
    parts: list[dict[str, Array]] = []
    waiting = None
    for blocks in stacked_blocks(world, changes, thetas, layout):
        economy = economy_of(jax, world)._replace(**({"shipped": None} if blocks.export_tax is None else {}))
        running = compiled()(
            economy, blocks, tolerance, max(tolerance / 5, FINEST), closure=_kind(closure), keep=tuple(keep)
        )
        if waiting is not None:
            parts.append(_fetched(waiting))
        waiting = running
    parts.append(_fetched(waiting))
    return {name: np.concatenate([part[name] for part in parts])[: len(changes)] for name in parts[0]}


def _kind(closure: str) -> str:
    """Closures that only move the benchmark share one compiled program."""
    return closure if closure in ("deficit-share-of-gdp", "multiplicative-deficits") else "given"


def _fetched(results: Any) -> dict[str, Array]:
    """Results of one call on the host, block and member in one axis."""
    arrays = {name: np.asarray(values) for name, values in results.items()}
    return {name: values.reshape(-1, *values.shape[2:]) for name, values in arrays.items()}


@cache
def compiled() -> Callable[..., Any]:
    """The compiled solver of several blocks; JAX keeps one program for each set of shapes."""
    from comity.equilibrium import jax_anderson, jax_equations, jax_results

    jax = _jax()

    def solve_blocks(
        economy: Any, blocks: Any, tolerance: Any, stop: Any, *, closure: str, keep: tuple[str, ...]
    ) -> dict[str, Any]:
        j, n = jax_equations.sizes(economy)

        def one(block: Any) -> dict[str, Any]:
            weights = jax_equations.weights_of(economy, block)

            def errors(state: Any) -> tuple[Any, Any]:
                return jax_equations.errors(economy, block, weights, closure, state)

            search = jax_anderson.accelerate(errors, block.live, n * (1 + 2 * j), n, stop, PASSES)
            residual, floored, kept = jax_results.answers(economy, block, weights, closure, search.state, keep)
            found = search.reached & ~floored & (residual <= tolerance)
            return {"found": found, "residual": residual, "passes": search.passes, **kept}

        return dict(jax.lax.map(one, blocks))

    return jax.jit(solve_blocks, static_argnames=("closure", "keep"))


_economies: WeakKeyDictionary[World, Any] = WeakKeyDictionary()


def economy_of(jax: Any, world: World) -> Any:
    """The Economy of a World on the device, kept as long as the World lives."""
    if world not in _economies:
        from comity.equilibrium.jax_equations import Economy

        base = prepare(world)
        problem = make_problem(world, changes_of(world, Shock()), "fixed-deficits")
        arrays = {
            "foreign": base.foreign,
            "home": base.home,
            "shipped": base.foreign[:, : len(world.countries)] / (1 + world.export_tax),
            "share": world.trade_share.ravel(),
            "inputs_of": base.inputs_of,
            "uses_of": base.uses_of,
            "price_local": base.price_local,
            "demand_local": base.demand_local,
            **{f"answer_{name}": getattr(responses(base), name).astype(np.float64) for name in ANSWERS},
            "value_added": world.value_added,
            "value_added_share": world.value_added_share,
            "input_share": world.input_share,
            "consumption_share": world.consumption_share,
            "expenditure": world.expenditure,
            "income": world.income,
            "deficit": world.deficit,
            "income_factor": income_factor(world),
            "unsupplied": problem.unsupplied if problem.unsupplied.any() else None,
        }
        on_device: dict[str, Any] = {
            name: None if part is None else jax.numpy.asarray(part) for name, part in arrays.items()
        }
        if on_device["foreign"].dtype != np.float64:
            raise InputError("jax", "there are no 64-bit numbers", found=str(on_device["foreign"].dtype))
        _economies[world] = Economy(**on_device)
    return _economies[world]
