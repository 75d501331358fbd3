"""One scenario by compiled passes (extra `fast`): the quick attempt of `search`, and its answer's residual."""

from __future__ import annotations

from threading import local
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium import equations as eq
from comity.equilibrium.cells import entries_of
from comity.equilibrium.changes import Changes, at_home
from comity.equilibrium.compiled import Changed, Economy, Limits
from comity.equilibrium.compiled_anderson import solve_small
from comity.equilibrium.compiled_chunk import LIMITS, economy_of
from comity.equilibrium.compiled_math import exp, worse
from comity.equilibrium.compiled_single import Answers, Case, Links, Work, step_from
from comity.equilibrium.compiled_single_residual import residual
from comity.equilibrium.members import FEW, connected_untaxed
from comity.equilibrium.prepared import Prepared, prepare
from comity.equilibrium.responses import Responses, heard, responses
from comity.equilibrium.search import QUICK_PASSES
from comity.equilibrium.solution import Later, Solution
from comity.equilibrium.space import Space
from comity.equilibrium.together import share
from comity.equilibrium.together_residual import EQUATIONS
from comity.kept import KeptFor
from comity.kernels import compiled

Array = NDArray[np.float64]
Places = NDArray[np.int64]

MEMORY, LONGEST = 6, 4.0  # differences held (ten, as `anderson` has, save no pass); longest step, as there

_links: KeptFor[Prepared, Links] = KeptFor()
_thread = local()  # each has memory of its own


class Memory(NamedTuple):
    """The last M differences of steps and of states with their steps, as in `anderson`."""

    turns: Array  # (M, N + 2 J N)
    advances: Array
    gram: Array  # (M, M)
    last_step: Array  # (N + 2 J N,)
    last_plain: Array


class Given(NamedTuple):
    """A scenario as the passes read it."""

    economy: Economy
    links: Links
    changed: Changed
    case: Case


@compiled
def seek(
    state: Array,
    economy: Economy,
    links: Links,
    changed: Changed,
    case: Case,
    answers: Answers,
    limits: Limits,
    work: Work,
    memory: Memory,
    tolerance: float,
    limit: int,
    longest: float,
) -> tuple[int, bool]:
    """Anderson's acceleration from `state`, in place, to an error of at most `tolerance`: passes used, and whether it
    was reached by incomes above their floor. Gives up where errors grow."""
    best = np.inf
    used: Any = np.int64(0)  # as it comes back: compiled for one kind of number
    slot: Any = np.int64(0)
    for passes in range(1, limit + 1):
        error, floored = step_from(state, economy, links, changed, case, answers, limits, work)
        if error <= tolerance:
            return passes, not floored
        best = min(best, error)
        if not error <= 100 * best:  # also where it is no number
            return passes, False
        used, slot = _advance(state, work.step, memory, used, slot, passes == 1, longest)
    return limit, False


@compiled
def _advance(
    state: Array, step: Array, memory: Memory, used: int, slot: int, first: bool, longest: float
) -> tuple[int, int]:
    """The next state, in place; how many differences are held, and where the next one goes."""
    size, held = len(state), len(memory.turns)
    last_step, last_plain = memory.last_step, memory.last_plain
    if first:
        for r in range(size):
            state[r] += step[r]
            last_step[r] = step[r]
            last_plain[r] = state[r]
        return used, slot
    turn, advance = memory.turns[slot], memory.advances[slot]
    for r in range(size):
        turn[r] = step[r] - last_step[r]
    for r in range(size):
        advance[r] = state[r] + step[r] - last_plain[r]
    for r in range(size):
        last_plain[r] += advance[r]
        last_step[r] = step[r]
    used = min(used + 1, held)
    weight, found = _weights(memory, step, used, slot)
    if found:
        drift = np.dot(weight, memory.advances[:used])
        largest = 0.0
        for r in range(size):
            largest = worse(largest, abs(last_plain[r] - drift[r] - state[r]))
        if largest <= longest:
            for r in range(size):
                state[r] = last_plain[r] - drift[r]
            return used, (slot + 1) % held
    for r in range(size):
        state[r] = last_plain[r]
    return used, (slot + 1) % held


@compiled
def _weights(memory: Memory, step: Array, used: int, slot: int) -> tuple[Array, bool]:
    """Least-squares weights of the last differences, and whether there are any."""
    turns, gram = memory.turns[:used], memory.gram
    fresh, right = np.dot(turns, memory.turns[slot]), np.dot(turns, step)
    for k in range(used):
        gram[slot, k] = gram[k, slot] = fresh[k]
    scale, matrix = np.empty(used), np.empty((used, used))
    for k in range(used):
        scale[k] = 1.0 / np.sqrt(max(gram[k, k], 1e-300))
    for k in range(used):
        for m in range(used):
            matrix[k, m] = gram[k, m] * scale[k] * scale[m]
        matrix[k, k] += 1e-14
        right[k] *= scale[k]
    found = solve_small(matrix, right, used)
    return right * scale, found


def solved(
    world: World,
    changes: Changes,
    closure: str,
    factor: Array | None,
    start: Array | None,
    tolerance: float,
    aim: float,
) -> Solution | None:
    """The Solution on a closure's benchmark, its residual at most `tolerance`; None where the search, which aims at
    errors of `aim`, does not get there, and for what these passes do not know: taxes on exports, parts of the world
    without trade between them, sectors without supplier."""
    if not connected_untaxed(world, changes):
        return None
    given = laid_out(world, changes, closure, factor)
    answers = answers_of(responses(prepare(world)))
    sectors, n = given.economy.home.shape
    work, memory, state = _room(sectors, n, len(answers.others))
    state[:] = 0.0 if start is None else start
    passes, reached = seek(state, *given, answers, LIMITS, work, memory, aim, QUICK_PASSES, LONGEST)
    if not reached:
        return None
    log_wage = state[: len(world.countries)]
    worst = residual(*given, log_wage, work.price, work.cost, work.spending, work.output, work.income, work.deficit)
    if not worst.max() <= tolerance:
        return None
    later = Later(world, changes, closure, factor)
    return _solution(later, state, work, passes, dict(zip(EQUATIONS, worst.tolist(), strict=True)))


def laid_out(world: World, changes: Changes, closure: str, factor: Array | None) -> Given:
    """A scenario in the order of memory that passes read: on the World's weights with a list of changed cells, or where
    they are many or home sales change, on weights of its own, in memory that this thread's next search uses again."""
    base = prepare(world.origin)  # elasticities are the scenario's
    economy, changed = economy_of(base), _nothing_changed(len(world.sectors))
    if len(changes.flat) > FEW * world.trade_share.size or at_home(changes.flat, world.trade_share.shape).any():
        economy = _own(economy, world, changes)
    elif len(changes.flat):
        changed = _changed(world, changes)
    log_productivity = np.log(changes.productivity_hat)
    case = Case(
        theta=world.trade_elasticity,
        log_productivity=log_productivity if log_productivity.any() else np.zeros((0, 0)),
        transfer=changes.transfer,
        given=world.deficit,
        scaled=closure == "deficit-share-of-gdp",
        factor=np.zeros(0) if factor is None else factor,
    )
    return Given(economy, links_of(base), changed, case)


def _changed(world: World, changes: Changes) -> Changed:
    """Differences of the scenario's weights from the World's."""
    sectors, n = world.value_added_share.shape
    entries = entries_of(world, [changes], world.trade_elasticity[None])
    assert entries is not None, "cells that change"
    return Changed(
        first=np.searchsorted(entries.flat, np.arange(sectors + 1) * n * n).astype(np.int64),
        buyer=entries.flat // n % n,
        seller=entries.flat % n,
        member=np.zeros(0, dtype=np.int64),
        border=np.ascontiguousarray(entries.border)[:, None],
        whole=np.ascontiguousarray(entries.whole)[:, None],
    )


def _nothing_changed(sectors: int) -> Changed:
    nowhere, nothing = np.zeros(0, dtype=np.int64), np.zeros((0, 1))
    return Changed(np.zeros(sectors + 1, dtype=np.int64), nowhere, nowhere, nowhere, nothing, nothing)


def _own(economy: Economy, world: World, changes: Changes) -> Economy:
    """The Economy with the changed cells in its weights, as far as passes for one scenario read it."""
    space = _space()
    rates = world.tariff.ravel()[changes.flat] if changes.tariff is None else changes.tariff.new
    forward, home = space.array("own forward", economy.forward.shape), space.array("own home", economy.home.shape)
    forward[:], home[:] = economy.forward, economy.home
    own = economy._replace(forward=forward, home=home)
    put(changes.flat, changes.log_cost(), rates, world.trade_share, world.trade_elasticity, own)
    return own


@compiled
def put(flat: Places, log_cost: Array, rates: Array, share: Array, theta: Array, economy: Economy) -> None:
    """Set the weights of the cells in `flat`, ascending."""
    sectors, n = economy.home.shape
    forward, home = economy.forward, economy.home
    place, following = 0, 0
    for j in range(sectors):
        for b in range(n):
            spent = economy.spent[j, b]
            for i in range(n):
                if following < len(flat) and flat[following] == place:
                    cost = log_cost[following]
                    weight = share[j, b, i] * exp(-theta[j] * cost) if cost < np.inf else 0.0
                    forward[j, n + b, i] = weight
                    if b == i:  # home sales are never border values
                        home[j, b] = spent * weight
                    else:
                        forward[j, b, i] = spent * weight / (1.0 + rates[following])
                    following += 1
                place += 1


def links_of(base: Prepared) -> Links:
    """The Links of a World, laid out on first use and kept as long as its Prepared lives."""
    return _links.get(base, "links", lambda: _laid_out(base))


def _laid_out(base: Prepared) -> Links:
    def turned(matrices: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(matrices.transpose(1, 2, 0))

    exact, rough = share(base, np.float64), share(base, np.float32)
    return Links(
        inputs=turned(base.inputs_of),
        uses=turned(exact.demand_from[:, :, 1:]),
        price_local=turned(rough.price_from),
        spend_local=turned(rough.spend_from),
        value_added_share=base.world.value_added_share,
        demand_share=np.ascontiguousarray(exact.demand_from[:, :, 0].T),
    )


def answers_of(held: Responses) -> Answers:
    """How the benchmark answers."""
    known = heard(held)
    return Answers(known.own, known.others, known.wages, held.follow)


def _room(sectors: int, n: int, others: int) -> tuple[Work, Memory, Array]:
    """Memory for a search, used again by this thread's next one, and for its state."""
    space = _space()
    size = n * (1 + 2 * sectors)
    cells = dict.fromkeys(("cost", "price", "spending", "output", "scale", "exponent"), (sectors, n))
    rows = ("exports", "imports", "revenue", "income", "deficit", "gap", "weight", "at_home")
    exact: dict[str, tuple[int, ...]] = {**cells, **dict.fromkeys(rows, (n,)), "drawn": (2 * n,), "step": (size,)}
    rough: dict[str, tuple[int, ...]] = {"price_error": (sectors, n), "excess": (sectors, n), "rough": (2 * sectors, n)}
    rough |= {"left": (n + others,), "move": (n,), "follow": (2 * sectors * n,)}
    held = {"turns": (MEMORY, size), "advances": (MEMORY, size), "last_step": (size,), "last_plain": (size,)}
    work = Work(
        **{name: space.array(name, shape) for name, shape in exact.items()},
        **{name: space.array(name, shape, np.float32) for name, shape in rough.items()},
    )
    memory = Memory(
        gram=np.zeros((MEMORY, MEMORY)),
        **{name: space.array(f"memory {name}", shape) for name, shape in held.items()},
    )
    return work, memory, np.empty(size)


def _space() -> Space:
    """This thread's memory."""
    if not hasattr(_thread, "space"):
        _thread.space = Space()
    space: Space = _thread.space
    return space


def _solution(later: Later, state: Array, work: Work, passes: int, residuals: dict[str, float]) -> Solution:
    world = later.world
    price = np.exp(work.price)
    consumer_price = eq.consumer_price_hat(price, world.consumption_share)
    return Solution(
        benchmark=world,
        closure=later.closure,
        source=later,
        wage_hat=np.exp(state[: len(world.countries)]),
        price_index_hat=price,
        cost_hat=np.exp(work.cost),
        expenditure_new=work.spending * world.expenditure,
        output_new=work.output.copy(),
        income_new=work.income.copy(),
        deficit_new=work.deficit.copy(),
        transfer_new=later.changes.transfer,
        tariff_revenue_new=work.revenue.copy(),
        export_tax_revenue_new=np.zeros(len(world.countries)),
        consumer_price_hat=consumer_price,
        real_income_hat=work.income / world.income / consumer_price,
        iterations=passes,
        state=state,
        residuals=residuals,
        converged=True,
        status="converged",
    )
