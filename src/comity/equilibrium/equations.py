r"""The model, one short function per numbered equation (docs/model.md), in exact changes.

Notation of Caliendo & Parro (2015): n importer, i exporter, j sector, k input sector; axes (..., sector, importer,
exporter); a leading batch axis is allowed throughout. Every function works on any array that knows its namespace
(NumPy, jax.numpy). The price of j from i in n is  p = c[j,i] d (1+e)(1+t):  the tariff t is levied on the border price,
which includes the exporter's tax e.
"""

from __future__ import annotations

from typing import Any

Array = Any


def _namespace(array: Array) -> Any:
    return array.__array_namespace__()


def trade_cost_hat(iceberg_hat: Array, tariff: Array, tariff_new: Array, tax: Array, tax_new: Array) -> Array:
    r""":math:`\hat\kappa = \hat d\,\frac{1+t'}{1+t}\,\frac{1+e'}{1+e}`; (J, N, N), inf is an embargo."""
    return iceberg_hat * (1 + tariff_new) / (1 + tariff) * ((1 + tax_new) / (1 + tax))


def cost_hat(
    wage_hat: Array, price_index_hat: Array, value_added_share: Array, input_share: Array, productivity_hat: Array
) -> Array:
    r"""(1) :math:`\hat c^j_n = \hat w_n^{\gamma^j_n} \prod_k (\hat P^k_n)^{\gamma^{k,j}_n} / \hat A^j_n`; (J, N)."""
    xp = _namespace(price_index_hat)
    inputs = (xp.log(price_index_hat)[..., :, None, :] * input_share).sum(axis=-3)
    return xp.exp(value_added_share * xp.log(wage_hat)[..., None, :] + inputs) / productivity_hat


def price_index_hat(weight: Array, cost: Array, theta: Array) -> Array:
    r"""(2) :math:`\hat P^j_n = (\sum_i \pi^j_{ni}(\hat\kappa^j_{ni}\hat c^j_i)^{-\theta^j})^{-1/\theta^j}`; (J, N).

    `weight` is :math:`\pi\hat\kappa^{-\theta}`. A sector without supplier has price 1 by convention.
    """
    xp = _namespace(cost)
    power = theta[..., :, None]
    total = (weight * (cost**-power)[..., :, None, :]).sum(axis=-1)
    supplied = total > 0
    return xp.where(supplied, xp.where(supplied, total, 1.0) ** (-1 / power), 1.0)


def trade_share_new(weight: Array, cost: Array, price_index: Array, theta: Array) -> Array:
    r"""(3) :math:`\pi'^j_{ni} = \pi^j_{ni}(\hat\kappa^j_{ni}\hat c^j_i/\hat P^j_n)^{-\theta^j}`; (J, N, N)."""
    power = theta[..., :, None]
    return weight * (cost**-power)[..., :, None, :] * (price_index**power)[..., :, :, None]


def border_flow(trade_share: Array, expenditure: Array, tariff: Array) -> Array:
    r"""Border flow :math:`F^j_{ni} = \pi'^j_{ni} X'^j_n/(1+t'^j_{ni})`; (J, N, N), exporter's tax included."""
    return trade_share * expenditure[..., :, :, None] / (1 + tariff)


def output(flow: Array, export_tax: Array) -> Array:
    r"""(4) :math:`Y^j_i = \sum_n F^j_{ni}/(1+e^j_{ni})`; (J, N)."""
    return (flow / (1 + export_tax)).sum(axis=-2)


def expenditure(input_share: Array, output_new: Array, consumption_share: Array, income: Array) -> Array:
    r"""(5) :math:`X^j_n = \sum_k \gamma^{j,k}_n Y^k_n + \alpha^j_n I_n`; (J, N)."""
    return (input_share * output_new[..., None, :, :]).sum(axis=-2) + consumption_share * income[..., None, :]


def tariff_revenue(flow: Array, tariff: Array) -> Array:
    """Tariff revenue of each importer, sum over j and i of t F; (N,)."""
    return (tariff * flow).sum(axis=(-3, -1))


def export_tax_revenue(flow: Array, export_tax: Array) -> Array:
    """Export-tax revenue of each exporter, sum over j and n of e/(1+e) F; (N,)."""
    return (export_tax / (1 + export_tax) * flow).sum(axis=(-3, -2))


def income(wage_hat: Array, value_added: Array, revenue: Array, deficit: Array, transfer: Array) -> Array:
    r"""(6) :math:`I_n = \hat w_n VA_n + R_n + D_n + T_n`, R both revenues; (N,)."""
    return wage_hat * value_added + revenue + deficit + transfer


def labour_demand(value_added_share: Array, output_new: Array) -> Array:
    r"""(7) right side: :math:`\sum_j \gamma^j_n Y^j_n`; (N,)."""
    return (value_added_share * output_new).sum(axis=-2)


def border_trade(flow: Array) -> tuple[Array, Array]:
    """(8) Border exports and imports (N,), home sales excluded before summing so that small trade keeps its digits."""
    xp = _namespace(flow)
    abroad = flow.sum(axis=-3) * (1 - xp.eye(flow.shape[-1]))
    return abroad.sum(axis=-2), abroad.sum(axis=-1)


def consumer_price_hat(price_index: Array, consumption_share: Array) -> Array:
    r""":math:`\hat P_n = \prod_j (\hat P^j_n)^{\alpha^j_n}`; (N,)."""
    xp = _namespace(price_index)
    return xp.exp((consumption_share * xp.log(price_index)).sum(axis=-2))
