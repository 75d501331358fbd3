"""One pass through equations (1)-(6) and (8) in JAX, for a block of B scenarios; imported by jax_driver only.

The same map and preconditioner as `iteration.Iteration`. Arrays of a block carry the scenario last, (sector, country,
scenario): products with the benchmark's weights, which all scenarios share, are then matrix-matrix products, and
element-wise work reads memory in order. What a scenario changes lies on the U cells that any member of its block
changes: the shared weights are zero there, and each member has weights of its own. So an embargoed cell is exactly
zero and no weight is a difference of two others. Where members change many cells, each has all weights of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.lax as lax
import jax.numpy as jnp

from comity.equilibrium.iteration import INCOME_FLOOR, LARGEST_FALL, LARGEST_MOVE, LARGEST_STEP, TINY

Array = Any  # jax.Array or a tracer


class Economy(NamedTuple):
    """What all scenarios of a World share, on the device; J sectors, N countries.

    foreign (J, 2N, N): border value pi/(1+t) of foreign suppliers, then tariff part; shipped (J, N, N): border value
    before export taxes, None without them; share (J N N,): flat benchmark trade shares; inputs_of, uses_of,
    price_local, demand_local (N, J, J): as in prepared.Prepared; answer_...: as in responses.Responses; unsupplied
    (J, N) or None; the rest as in World.
    """

    foreign: Array
    home: Array
    shipped: Array  # None without export taxes
    share: Array
    inputs_of: Array
    uses_of: Array
    price_local: Array
    demand_local: Array
    answer_wages: Array
    answer_price: Array
    answer_spending: Array
    answer_by_price: Array
    answer_by_spending: Array
    value_added: Array
    value_added_share: Array
    input_share: Array
    consumption_share: Array
    expenditure: Array
    income: Array
    deficit: Array
    income_factor: Array
    unsupplied: Array | None


class Block(NamedTuple):
    """B scenarios: cells (U,) flat positions any of them changes (J N N is padding), log_cost, tariff, export_tax
    (U, B) ln kappa_hat and new rates there, theta (J, B), log_productivity (J, N, B) or None, transfer (N, B),
    live (B,) False for padding. Without `cells`, log_cost and the rates are given on all cells, (B, J, N, N)."""

    cells: Array | None
    log_cost: Array
    tariff: Array
    export_tax: Array  # None without any
    theta: Array
    log_productivity: Array | None
    transfer: Array
    live: Array


class CellWeights(NamedTuple):
    """Members' own weights (U, B) on the changed cells, with the (sector, country) rows they belong to."""

    buyer: Array
    seller: Array
    border: Array
    tariff: Array
    shipped: Array  # None without export taxes


class Weights(NamedTuple):
    """pi kappa_hat^-theta after the shocks, laid out as in Economy: foreign (J, 2N, N) shared by the members, who add
    their `cells`, or (B, J, 2N, N) their own; home (J, N, B)."""

    foreign: Array
    home: Array
    shipped: Array  # None without export taxes
    cells: CellWeights | None

    @property
    def own(self) -> bool:
        """True if every member has all weights of its own."""
        return bool(self.foreign.ndim == 4)


class Pass(NamedTuple):
    """What one pass implies, as iteration.Pass with the scenario last."""

    cost: Array
    log_price: Array
    demand: Array
    exports: Array
    imports: Array
    tariff_revenue: Array
    export_tax_revenue: Array
    income: Array
    deficit: Array
    output: Array
    floored: Array


def sizes(economy: Economy) -> tuple[int, int]:
    """J, N."""
    j, n = economy.home.shape
    return j, n


def split(economy: Economy, state: Array) -> tuple[Array, Array, Array]:
    """ln w (N, B), ln P (J, N, B), X (J, N, B) of a state (N + 2 J N, B)."""
    j, n = sizes(economy)
    shape = (j, n, state.shape[1])
    log_price = state[n : n + j * n].reshape(shape)
    spending = economy.expenditure[:, :, None] * jnp.exp(state[n + j * n :].reshape(shape))
    return state[:n], log_price, once(spending)[0]


# -- weights after the shocks ---------------------------------------------------------------------------


def weights_of(economy: Economy, block: Block) -> Weights:
    """The Weights of a block: shared ones and cells, or, where the block gives all cells, all of each member's own."""
    return _all_own(economy, block) if block.cells is None else _shared(economy, block, block.cells)


def _shared(economy: Economy, block: Block, cells: Array) -> Weights:
    j, n = sizes(economy)
    square = n * n
    inside = jnp.minimum(cells, j * square - 1)
    sector, at_home = inside // square, inside % square % (n + 1) == 0
    weight = economy.share[inside][:, None] * jnp.exp(-block.theta[sector] * block.log_cost)
    border = jnp.where(at_home[:, None], 0.0, weight / (1 + block.tariff))
    tariff = jnp.where(at_home[:, None], 0.0, weight - border)
    padding = cells >= j * square  # rows past the end are left out where values are set or added
    seller = jnp.where(padding, j * n, sector * n + inside % n)
    width = weight.shape[1]
    home = jnp.broadcast_to(economy.home.reshape(-1, 1), (j * n, width))
    home = home.at[jnp.where(at_home, seller, j * n)].set(weight, mode="drop").reshape(j, n, width)
    # in (J, 2N, N) a sector's border weights precede its tariff weights
    upper = jnp.where(padding, 2 * j * square, cells + sector * square)
    foreign = economy.foreign.reshape(-1).at[upper].set(0.0, mode="drop").at[upper + square].set(0.0, mode="drop")
    shipped, taxed = None, None
    if block.export_tax is not None:
        shipped = border / (1 + block.export_tax)
        taxed = jnp.reshape(economy.shipped, (-1,)).at[cells].set(0.0, mode="drop").reshape(j, n, n)
    changed = CellWeights(cells // n, seller, border, tariff, shipped)
    return Weights(foreign.reshape(j, 2 * n, n), home, taxed, changed)


def _all_own(economy: Economy, block: Block) -> Weights:
    j, n = sizes(economy)
    theta = block.theta.T[:, :, None, None]
    weight = economy.share.reshape(j, n, n) * jnp.exp(-theta * block.log_cost)
    home = jnp.moveaxis(jnp.diagonal(weight, axis1=2, axis2=3), 0, -1)
    abroad = weight * (1 - jnp.eye(n))
    border = abroad / (1 + block.tariff)
    shipped = None if block.export_tax is None else border / (1 + block.export_tax)
    return Weights(jnp.concatenate([border, abroad - border], axis=2), home, shipped, None)


def whole_weights(economy: Economy, weights: Weights) -> tuple[Array, Array]:
    """(B, J, N, N) border weights and weights at user prices, home sales on the diagonals."""
    j, n = sizes(economy)
    width, own = weights.home.shape[-1], jnp.arange(n)
    if weights.own:
        border, tariff = weights.foreign[:, :, :n], weights.foreign[:, :, n:]
    else:
        shared = jnp.broadcast_to(weights.foreign, (width, j, 2 * n, n))
        border, tariff = shared[:, :, :n], shared[:, :, n:]
    if weights.cells is not None:
        seller, buyer = weights.cells.seller, weights.cells.buyer
        place = (slice(None), buyer // n, buyer % n, seller % n)
        border = border.at[place].set(weights.cells.border.T, mode="drop")
        tariff = tariff.at[place].set(weights.cells.tariff.T, mode="drop")
    home = jnp.moveaxis(weights.home, -1, 0)
    return border.at[:, :, own, own].set(home), (border + tariff).at[:, :, own, own].set(home)


def draw(weights: Weights, scale: Array) -> tuple[Array, Array]:
    """(J, N, B) border value and tariff that each buyer's foreign suppliers account for, per unit of weight."""
    n, width = scale.shape[1:]
    if weights.own:
        drawn = jnp.moveaxis(jnp.matmul(weights.foreign, jnp.moveaxis(scale, -1, 0)[..., None])[..., 0], 0, -1)
    else:
        drawn = jnp.matmul(weights.foreign, scale)
    border, tariff = drawn[:, :n], drawn[:, n:]
    if weights.cells is not None:
        taken = scale.reshape(-1, width).at[weights.cells.seller].get(mode="clip")
        border = border + _gather(weights.cells.buyer, weights.cells.border * taken, scale.shape, True)
        tariff = tariff + _gather(weights.cells.buyer, weights.cells.tariff * taken, scale.shape, True)
    return border, tariff


def sell(weights: Weights, per_weight: Array, shipped: bool) -> Array:
    """(J, N, B) sales abroad of each exporter per unit of c^-theta: border value, or before export taxes."""
    n, width = per_weight.shape[1:]
    if weights.own:
        matrix = weights.shipped if shipped else weights.foreign[:, :, :n]
        sold = jnp.matmul(jnp.moveaxis(per_weight, -1, 0)[:, :, None, :], matrix)[:, :, 0]
        return jnp.moveaxis(sold, 0, -1)
    matrix = weights.shipped if shipped else weights.foreign[:, :n]
    sold = jnp.einsum("jni,jnb->jib", matrix, per_weight)
    if weights.cells is not None:
        asked = per_weight.reshape(-1, width).at[weights.cells.buyer].get(mode="clip")
        own = weights.cells.shipped if shipped else weights.cells.border
        sold = sold + _gather(weights.cells.seller, own * asked, per_weight.shape, False)
    return sold


def _gather(row: Array, values: Array, shape: tuple[int, ...], ascending: bool) -> Array:
    """Sums of (U, B) values over the (sector, country) rows they belong to, (J, N, B)."""
    empty = jnp.zeros((shape[0] * shape[1], shape[2]), values.dtype)
    return empty.at[row].add(values, mode="drop", indices_are_sorted=ascending).reshape(shape)


# -- the pass and the step ------------------------------------------------------------------------------


def pass_through(economy: Economy, block: Block, weights: Weights, closure: str, state: Array) -> Pass:
    """Equations (1), (2), (4), (5), (6) once, with exports and imports for (8)."""
    log_wage, log_price, spending = split(economy, state)
    cost = economy.value_added_share[:, :, None] * log_wage + by_country(economy.inputs_of, log_price)
    if block.log_productivity is not None:
        cost = cost - block.log_productivity
    theta = block.theta[:, None, :]
    cost, scale = once(cost, jnp.exp(-theta * cost))
    border, tariff = draw(weights, scale)
    from_home = weights.home * scale
    total = border + tariff + from_home
    if economy.unsupplied is not None:
        total = jnp.where(economy.unsupplied[:, :, None], 1.0, total)
    total, per_weight = once(total, spending / total)
    if economy.unsupplied is not None:
        per_weight = jnp.where(economy.unsupplied[:, :, None], 0.0, per_weight)
    abroad = scale * sell(weights, per_weight, shipped=False)
    exports, imports = abroad.sum(axis=0), (border * per_weight).sum(axis=0)
    revenue, tax_revenue = (tariff * per_weight).sum(axis=0), jnp.zeros_like(exports)
    if weights.shipped is not None:
        abroad = scale * sell(weights, per_weight, shipped=True)
        tax_revenue = exports - abroad.sum(axis=0)
    output = once(abroad + from_home * per_weight)[0]
    earned = jnp.exp(log_wage) * economy.value_added[:, None]
    income, deficit, floored = _income(economy, block, closure, earned, revenue + tax_revenue, log_wage)
    demand = by_country(economy.uses_of, output) + economy.consumption_share[:, :, None] * income
    price, demand = once(jnp.log(total) / -theta, demand)
    return Pass(cost, price, demand, exports, imports, revenue, tax_revenue, income, deficit, output, floored)


def _income(
    economy: Economy, block: Block, closure: str, earned: Array, revenue: Array, log_wage: Array
) -> tuple[Array, Array, Array]:
    """Equation (6) under the closure: income (N, B), D (N, B), whether the floor was touched (B,)."""
    own, given = earned + revenue, economy.deficit[:, None]
    if closure == "deficit-share-of-gdp":
        wanted = jnp.exp(log_wage) * given
        deficit = wanted - earned / earned.sum(axis=0) * wanted.sum(axis=0)
    elif closure == "multiplicative-deficits":
        scaled = economy.income_factor[:, None] * own
        deficit = scaled * (own.sum(axis=0) / scaled.sum(axis=0)) - own
    else:
        deficit = jnp.broadcast_to(given, own.shape)
    income = own + deficit + block.transfer
    floor = INCOME_FLOOR * earned
    return jnp.maximum(income, floor), deficit, (income < floor).any(axis=0)


def errors(economy: Economy, block: Block, weights: Weights, closure: str, state: Array) -> tuple[Array, Array]:
    """(B,) largest log error of each member's state, and the preconditioned step (size, B) that reduces it."""
    log_wage, log_price, spending = split(economy, state)
    implied = pass_through(economy, block, weights, closure, state)
    net, floor = implied.deficit + block.transfer, 1e-25 * economy.value_added[:, None]
    gap = jnp.log((implied.exports + jnp.maximum(net, 0) + floor) / (implied.imports + jnp.maximum(-net, 0) + floor))
    price_error, excess = implied.log_price - log_price, implied.demand - spending
    relative = jnp.abs(excess / (spending + TINY))
    live = relative.max(axis=(0, 1))
    # a demand that dies out altogether keeps a relative error of one; it is judged by the residual
    live = jnp.where(live > 0.5, jnp.where(implied.demand > TINY, relative, 0.0).max(axis=(0, 1)), live)
    largest = jnp.maximum(jnp.abs(gap).max(axis=0), jnp.abs(price_error).max(axis=(0, 1)))
    # -- the step, as in iteration.Iteration
    shape = (-1, state.shape[1])
    price_step = jnp.clip(by_country(economy.price_local, price_error), -LARGEST_STEP, LARGEST_STEP).reshape(shape)
    spend_step = by_country(economy.demand_local, excess) / (spending + TINY)
    spend_step = jnp.clip(spend_step, LARGEST_FALL, LARGEST_STEP).reshape(shape)
    left = gap + economy.answer_by_price @ price_step + economy.answer_by_spending @ spend_step
    move = jnp.clip(economy.answer_wages @ left, -LARGEST_MOVE, LARGEST_MOVE)
    earned = jnp.exp(log_wage) * economy.value_added[:, None]
    move = move - jnp.log((jnp.exp(move) * earned).sum(axis=0) / economy.value_added.sum())
    price_step = price_step + economy.answer_price @ move
    spend_step = spend_step + economy.answer_spending @ move
    step = jnp.concatenate(
        [
            move,
            jnp.clip(price_step, -LARGEST_STEP, LARGEST_STEP),
            jnp.clip(spend_step, LARGEST_FALL, LARGEST_STEP),
        ]
    )
    return jnp.maximum(largest, live), step


def once(*values: Array) -> tuple[Array, ...]:
    """The values, computed once: the compiler may not repeat their exponentials in every use."""
    return tuple(lax.optimization_barrier(values))


def by_country(matrices: Array, columns: Array) -> Array:
    """(J, N, B) result of applying each country's (J, J) matrix to its column of a (J, N, B) array."""
    return jnp.einsum("njk,knb->jnb", matrices, columns)
