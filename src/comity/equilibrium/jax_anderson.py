"""Anderson acceleration of a block of searches in one `lax.while_loop`; imported by jax_driver only.

Written for the block as a whole: the loop ends when no member is active, the best state of a member that has arrived is
not touched again, and the history has one slot for all, so that a pass writes one slab of memory in place. The
least-squares weights are found on a sample of the components (all wages, every sixth price and expenditure): the last
steps of a search differ in few directions, which a sample tells apart as well as the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.lax as lax
import jax.numpy as jnp

Array = Any  # jax.Array or a tracer

MEMORY = 5
LONGEST = 4.0  # largest change of one component in one pass; a longer combined step falls back to the plain one
SAMPLE = 6
RESTARTS = 12
PATIENCE = 60 + 5 * MEMORY  # passes without a tenth's progress after which a member gives up


class History(NamedTuple):
    """The last MEMORY differences of sampled steps (M, sample, B) and of state + step (M, size, B), their Gram matrix
    (M, M, B), which slots hold something (M, B), and the previous state + step and sampled step (`begun` (B,))."""

    turns: Array
    advances: Array
    gram: Array
    used: Array
    plain: Array
    step: Array
    begun: Array


class Loop(NamedTuple):
    """Carry of the loop; `best` is the state of the smallest error."""

    passes: Array
    state: Array
    history: History
    best: Array
    best_error: Array
    stalled: Array
    restarts: Array
    damping: Array
    active: Array
    taken: Array


class Search(NamedTuple):
    """Best states (size, B), their errors, whether below the tolerance, passes used; all (B,)."""

    state: Array
    error: Array
    reached: Array
    passes: Array


def accelerate(
    errors: Callable[[Array], tuple[Array, Array]],
    live: Array,
    size: int,
    always: int,
    tolerance: Array,
    limit: int,
) -> Search:
    """Search from the benchmark for zeros of the step, for every member of a block.

    errors : states (size, B) -> (largest errors (B,), steps (size, B))
    live : (B,) members to search for; always : first components, all of which are in the sample
    """
    width = live.shape[0]

    def go_on(loop: Loop) -> Array:
        return loop.active.any() & (loop.passes < limit)

    def one_pass(loop: Loop) -> Loop:
        error, step = errors(loop.state)
        sound = jnp.isfinite(step).all(axis=0)
        error = jnp.where(jnp.isfinite(error), error, jnp.inf)
        better = loop.active & (error < loop.best_error)
        progress = error < 0.9 * loop.best_error
        stalled = jnp.where(better & progress, 0, loop.stalled + 1)
        best_error = jnp.where(better, error, loop.best_error)
        best = jnp.where(better, loop.state, loop.best)
        restart = ~better & ((error > 100 * best_error) | ~sound)
        restarts = loop.restarts + restart
        damping = jnp.where(restart, 0.5 * loop.damping, loop.damping)
        fresh, history = _advance(loop.history, loop.passes, loop.state, damping * step, restart, always)
        active = loop.active & ~(better & (error <= tolerance)) & (restarts <= RESTARTS) & (stalled <= PATIENCE)
        state = jnp.where(restart, best, fresh)
        taken = loop.taken + loop.active
        return Loop(loop.passes + 1, state, history, best, best_error, stalled, restarts, damping, active, taken)

    rows = _rows(size, always)
    begin = jnp.zeros((size, width))
    nothing = jnp.zeros(width, dtype=jnp.int32)
    start = Loop(
        passes=jnp.int32(0),
        state=begin,
        history=History(
            turns=jnp.zeros((MEMORY, rows, width)),
            advances=jnp.zeros((MEMORY, size, width)),
            gram=jnp.zeros((MEMORY, MEMORY, width)),
            used=jnp.zeros((MEMORY, width), dtype=bool),
            plain=begin,
            step=jnp.zeros((rows, width)),
            begun=jnp.zeros(width, dtype=bool),
        ),
        best=begin,
        best_error=jnp.full(width, jnp.inf),
        stalled=nothing,
        restarts=nothing,
        damping=jnp.ones(width),
        active=live,
        taken=nothing,
    )
    end = lax.while_loop(go_on, one_pass, start)
    return Search(end.best, end.best_error, end.best_error <= tolerance, end.taken)


def _rows(size: int, always: int) -> int:
    return always + -(-(size - always) // SAMPLE)


def _sampled(step: Array, always: int) -> Array:
    return jnp.concatenate([step[:always], step[always::SAMPLE]])


def _advance(
    history: History, passes: Array, state: Array, step: Array, restart: Array, always: int
) -> tuple[Array, History]:
    """Next states (size, B), and the history with this step in it; a member that restarts forgets its own."""
    plain, sample = state + step, _sampled(step, always)
    kept = history.begun & ~restart
    turn = jnp.where(kept, sample - history.step, 0.0)
    slot = passes % MEMORY
    turns = lax.dynamic_update_index_in_dim(history.turns, turn, slot, 0)
    advance = jnp.where(kept, plain - history.plain, 0.0)
    advances = lax.dynamic_update_index_in_dim(history.advances, advance, slot, 0)
    products = (turns * turn).sum(axis=1)
    gram = history.gram.at[slot].set(products).at[:, slot].set(products)
    used = jnp.where(restart, False, history.used.at[slot].set(history.begun))
    right = jnp.where(used, (turns * sample).sum(axis=1), 0.0)
    weights = _weights(gram, used, right)
    fresh = plain - sum(weights[k] * advances[k] for k in range(MEMORY))
    near = jnp.abs(fresh - state).max(axis=0) <= LONGEST  # also false for nan
    return jnp.where(near, fresh, plain), History(turns, advances, gram, used, plain, sample, ~restart)


def _weights(gram: Array, used: Array, right: Array) -> Array:
    """(M, B) least-squares weights of the slots in use, zero elsewhere."""
    both = used[:, None] & used[None]
    scale = jnp.where(used, 1 / jnp.sqrt(jnp.maximum(jnp.diagonal(gram).T, 1e-300)), 0.0)
    one = jnp.eye(MEMORY)[:, :, None]
    scaled = jnp.where(both, gram * scale[:, None] * scale[None], one) + 1e-14 * one
    return jnp.where(used, scale * _solve(scaled, scale * right), 0.0)


def _solve(matrix: Array, right: Array) -> Array:
    """x (M, B) of `matrix` (M, M, B) x = `right` (M, B): elimination written out, which needs no pivoting for positive
    definite matrices and no library call on the device."""
    whole = jnp.concatenate([matrix, right[:, None]], axis=1)
    for k in range(MEMORY):
        pivot = whole[k] / whole[k, k]
        others = whole - whole[:, k, None] * pivot
        whole = jnp.where((jnp.arange(MEMORY) == k)[:, None, None], pivot, others)
    return whole[:, -1]
