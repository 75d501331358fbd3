"""From the states a block arrives at to Solution fields and the residual, in JAX; imported by jax_driver only.

The residual is that of residual.py: equations (1)-(8) recomputed from the answer's own arrays. Arrays here carry the
scenario first, as everywhere outside the loop, so that equations.py serves as it stands.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from comity.equilibrium import equations as eq
from comity.equilibrium.jax_equations import Block, Economy, Weights, draw, pass_through, sell, whole_weights

Array = Any  # jax.Array or a tracer


def answers(
    economy: Economy, block: Block, weights: Weights, closure: str, state: Array, keep: tuple[str, ...]
) -> tuple[Array, Array, dict[str, Array]]:
    """Residuals (B,), whether income was floored (B,), and the kept Solution fields (B, ...) at given states."""
    implied = pass_through(economy, block, weights, closure, state)
    lead = _first(implied._asdict())
    n = economy.value_added.shape[0]
    price = jnp.exp(lead["log_price"])
    if economy.unsupplied is not None:
        price = jnp.where(economy.unsupplied, 1.0, price)
    consumer_price = eq.consumer_price_hat(price, economy.consumption_share)
    wage = jnp.exp(state[:n].T)
    fields = {
        "wage_hat": wage,
        "price_index_hat": price,
        "cost_hat": jnp.exp(lead["cost"]),
        "expenditure_new": lead["demand"],
        "output_new": lead["output"],
        "income_new": lead["income"],
        "deficit_new": lead["deficit"],
        "transfer_new": block.transfer.T,
        "tariff_revenue_new": lead["tariff_revenue"],
        "export_tax_revenue_new": lead["export_tax_revenue"],
        "consumer_price_hat": consumer_price,
        "real_income_hat": lead["income"] / economy.income / consumer_price,
    }
    fields["equivalent_variation"] = economy.income * (fields["real_income_hat"] - 1)
    fields["real_wage_hat"] = wage / consumer_price
    after = wage * economy.value_added + fields["tariff_revenue_new"] + fields["export_tax_revenue_new"]
    fields["real_gdp_hat"] = after / (economy.income - economy.deficit) / consumer_price
    residual = residuals(economy, block, weights, fields).max(axis=0)
    if "trade_share_new" in keep or "flow_new" in keep:
        fields.update(_bilateral(economy, block, weights, fields))
    return residual, implied.floored, {name: fields[name] for name in keep}


def residuals(economy: Economy, block: Block, weights: Weights, fields: dict[str, Array]) -> Array:
    """(8, B) largest relative residual of each equation, from the fields (B, ...) and the weights alone."""
    theta = block.theta.T[:, :, None]
    cost, price, spending = fields["cost_hat"], fields["price_index_hat"], fields["expenditure_new"]
    scale = cost**-theta
    drawn, taxed = (_lead(part) for part in draw(weights, _last(scale)))
    at_home = _lead(weights.home) * scale
    total = drawn + taxed + at_home
    per_weight = spending * price**theta  # X' P^theta, so that F = weight c^-theta of it
    spent = spending > 0
    expected = total ** (-1 / theta)
    if economy.unsupplied is not None:
        per_weight = jnp.where(economy.unsupplied, 0.0, per_weight)
        expected = jnp.where(economy.unsupplied, 1.0, expected)
        spent = spent & ~economy.unsupplied
    sold = scale * _lead(sell(weights, _last(per_weight), shipped=False))
    exports, imports = sold.sum(axis=1), (drawn * per_weight).sum(axis=1)
    revenue = (taxed * per_weight).sum(axis=1)
    if weights.shipped is not None:
        sold = scale * _lead(sell(weights, _last(per_weight), shipped=True))
        revenue = revenue + exports - sold.sum(axis=1)
    wage, output, deficit = fields["wage_hat"], fields["output_new"], fields["deficit_new"] + fields["transfer_new"]
    productivity = jnp.ones(()) if block.log_productivity is None else jnp.exp(_lead(block.log_productivity))
    value_added = economy.value_added
    unit_cost = eq.cost_hat(wage, price, economy.value_added_share, economy.input_share, productivity)
    income = eq.income(wage, value_added, revenue, fields["deficit_new"], fields["transfer_new"])
    demand = eq.expenditure(economy.input_share, output, economy.consumption_share, fields["income_new"])
    labour = eq.labour_demand(economy.value_added_share, output)
    trade = exports + imports
    unbalanced = jnp.abs(exports + deficit - imports) / jnp.where(trade > 0, trade, value_added)
    gaps = [
        relative(cost, unit_cost),
        relative(price, expected),
        relative(jnp.where(spent, total * price**theta, 1.0), jnp.ones(())),
        relative(output, sold + at_home * per_weight),
        relative(spending, demand),
        relative(fields["income_new"], income),
        relative(wage * value_added, labour),
        unbalanced.max(axis=1),
    ]
    found = jnp.stack(gaps)
    return jnp.where(jnp.isfinite(found), found, jnp.inf)


def relative(left: Array, right: Array) -> Array:
    """(B,) largest |left - right| / max(|left|, |right|) of each member; nan where either is."""
    scale = jnp.maximum(jnp.abs(left), jnp.abs(right))
    gap = jnp.abs(left - right)
    ratio = jnp.where(scale == 0, 0.0, gap / jnp.where(scale == 0, 1.0, scale))
    return ratio.max(axis=tuple(range(1, ratio.ndim)))


def _bilateral(economy: Economy, block: Block, weights: Weights, fields: dict[str, Array]) -> dict[str, Array]:
    """Trade shares (3), which add up to one exactly, and border flows (B, J, N, N)."""
    border, whole = whole_weights(economy, weights)
    scale = (fields["cost_hat"] ** -block.theta.T[:, :, None])[:, :, None, :]
    total = (whole * scale).sum(axis=-1, keepdims=True)
    scale = scale / jnp.where(total > 0, total, 1.0)
    return {"trade_share_new": whole * scale, "flow_new": border * scale * fields["expenditure_new"][..., None]}


def _first(fields: dict[str, Array]) -> dict[str, Array]:
    return {name: _lead(values) for name, values in fields.items()}


def _lead(values: Array) -> Array:
    return jnp.moveaxis(values, -1, 0)


def _last(values: Array) -> Array:
    return jnp.moveaxis(values, 0, -1)
