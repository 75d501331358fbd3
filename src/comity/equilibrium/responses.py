"""How the benchmark answers to wages and to errors: what every pass needs to move all wages at once, and rightly.

A pass leaves gaps in trade balances and errors in prices and expenditures. Each country's own loop takes up the errors
(`prepared.local_inverses`); what the world economy does with a change of wages, input links and all, is linear near the
benchmark and computed here once per World. With it a search needs half the passes. The answers only say where to look
next, so float32 and one correction of the own-market loops are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.equilibrium.prepared import Prepared, prepare
from comity.kept import KeptByKey, KeptFor

Array = NDArray[Any]  # float32

MOST_KNOWN = 8  # elasticities whose Responses (some megabytes each) are kept for each World


@dataclass(frozen=True, eq=False)
class Responses:
    """First-order responses at the benchmark of a World of J sectors and N countries, float32.

    wages (N, N): steps of ln w that close gaps ln(exports/imports), all countries together, everything else following;
    follow (2 J N, N): d ln P and d ln X per d ln w; by (N, 2 J N): d gap per d ln P and d ln X.
    """

    wages: Array
    follow: Array
    by: Array

    @property
    def price(self) -> Array:
        """(J N, N) d ln P per d ln w."""
        return self.follow[: len(self.follow) // 2]

    @property
    def spending(self) -> Array:
        """(J N, N) d ln X per d ln w."""
        return self.follow[len(self.follow) // 2 :]

    @property
    def by_price(self) -> Array:
        """(N, J N) d gap per d ln P."""
        return self.by[:, : len(self.follow) // 2]

    @property
    def by_spending(self) -> Array:
        """(N, J N) d gap per d ln X."""
        return self.by[:, len(self.follow) // 2 :]

    def moves(self, gap: Array, price_step: Array, spending_step: Array) -> Array:
        """(N, ...) steps of wages; price_step, spending_step (J N, ...) are what own markets will do anyway."""
        left = gap + self.by_price @ price_step
        left += self.by_spending @ spending_step
        return self.wages @ left


@dataclass(frozen=True, eq=False)
class Heard:
    """What wages need to hear of prices and expenditures to answer them, in float32.

    own (2 J, N): d gap per d ln P and d ln X of the same country; others (K, 2 J N): K combinations of foreign ones;
    wages (N, N + K): steps of ln w that close gaps with `own` taken up, and those for the combinations.
    """

    own: Array
    others: Array
    wages: Array


OTHERS = 16  # combinations of foreign prices and expenditures by which wages answer them; all (2 J N) save no pass
_known: KeptFor[Prepared, KeptByKey[Responses]] = KeptFor()
_heard: KeptFor[Responses, Heard] = KeptFor()


def heard(answer: Responses) -> Heard:
    """The Heard of Responses; computed on first use and kept as long as they live."""

    def made() -> Heard:
        with ONE_BLAS_THREAD:
            return _hear(answer)

    return _heard.get(answer, "heard", made)


def _hear(answer: Responses) -> Heard:
    """Every price and expenditure bears on every gap; beyond the country's own, few combinations matter: those of the
    largest singular values of what wages make of them."""
    n = len(answer.wages)
    places, foreign = np.arange(n), answer.by.copy()
    by_place = foreign.reshape(n, -1, n)  # a view: country of the gap, price or expenditure, country of that
    own = by_place[places, :, places].T
    by_place[places, :, places] = 0.0
    size = answer.wages @ (foreign @ foreign.T) @ answer.wages.T
    most = np.linalg.eigh(size)[1][:, -min(OTHERS, n) :]
    wages = np.concatenate([answer.wages, most], axis=1)
    return Heard(np.ascontiguousarray(own), (most.T @ answer.wages) @ foreign, wages)


def responses(base: Prepared, theta: Array | None = None) -> Responses:
    """The Responses of a World at its own elasticities or others (J,); computed on first use, kept while the World
    lives that it differs from in elasticities alone."""
    chosen = base.theta[:, 0] if theta is None else theta
    shared = prepare(base.world.origin)  # Worlds that differ in elasticities alone know each other's

    def made() -> Responses:
        with ONE_BLAS_THREAD:  # a search goes the same way on any machine
            return _responses(shared, chosen)

    return _known.get(shared, "responses", lambda: KeptByKey(MOST_KNOWN)).get(chosen.tobytes(), made)


def _responses(base: Prepared, theta: Array) -> Responses:
    rough = np.float32
    world, n = base.world, base.home.shape[1]
    elasticity = theta[:, None, None].astype(rough)
    border = base.foreign[:, :n].astype(rough)
    share = border + base.foreign[:, n:].astype(rough)
    diagonal = np.arange(n)
    home = base.home.astype(rough)
    share[:, diagonal, diagonal] = home
    spent = world.expenditure.astype(rough)
    flow, duty = border * spent[:, :, None], base.foreign[:, n:].astype(rough) * spent[:, :, None]
    value = world.value_added.astype(rough)
    part, alpha = world.value_added_share.astype(rough), world.consumption_share.astype(rough)
    inputs, uses = base.inputs_of.astype(rough), base.uses_of.astype(rough)
    price_local, demand_local = base.price_local.astype(rough), base.demand_local.astype(rough)
    # -- d ln P and d ln c per d ln w: (1 - pi inputs) d ln P = pi d ln w
    direct = share * part[:, None, :]
    price = _by_country(price_local, direct)
    price += _by_country(price_local, direct + np.matmul(share, _by_country(inputs, price)) - price)
    cost = _by_country(inputs, price)
    cost[:, diagonal, diagonal] += part
    # -- d X per d ln w: what prices do to sales and revenue, what wages do to income, and the rounds of demand
    sold_share = border.copy()
    sold_share[:, diagonal, diagonal] = home
    sales = sold_share * spent[:, :, None]
    output = np.matmul(sales.transpose(0, 2, 1), price) - sales.sum(axis=1)[:, :, None] * cost
    output *= elasticity
    income = ((elasticity * duty.sum(axis=2)[:, :, None]) * price).sum(axis=0)  # revenue, and then wages
    income -= _flat(elasticity * duty) @ cost.reshape(-1, n)
    income[diagonal, diagonal] += value
    given = _by_country(uses, output) + alpha[:, :, None] * income
    spending = _by_country(demand_local, given)
    again = _by_country(uses, np.matmul(sold_share.transpose(0, 2, 1), spending))
    paid = (base.foreign[:, n:].sum(axis=2)).astype(rough)
    again += alpha[:, :, None] * (paid[:, :, None] * spending).sum(axis=0)
    spending += _by_country(demand_local, given + again - spending)
    spending /= np.where(spent > 0, spent, 1)[:, :, None]
    # -- gaps ln((exports + D+) / (imports + D-)) per d ln c, d ln P and d ln X
    exports, imports = flow.sum(axis=(0, 1)), flow.sum(axis=(0, 2))
    inflow = (exports + np.maximum(world.deficit, 0) + 1e-12 * value).astype(rough)
    outflow = (imports + np.maximum(-world.deficit, 0) + 1e-12 * value).astype(rough)
    out = np.matmul(flow.transpose(0, 2, 1), share)
    out[:, diagonal, diagonal] -= flow.sum(axis=1)
    bought = flow.sum(axis=2)
    by_cost = elasticity * (out / inflow[:, None] - (bought[:, :, None] * share - flow) / outflow[:, None])
    by_price = np.matmul(np.ascontiguousarray(by_cost.transpose(2, 1, 0)), inputs).transpose(1, 2, 0)
    by_spending = flow.transpose(2, 0, 1) / inflow[:, None, None]
    by_spending[diagonal, :, diagonal] -= bought.T / outflow[:, None]
    by_price, by_spending = by_price.reshape(n, -1), by_spending.reshape(n, -1)
    price, spending = price.reshape(-1, n), spending.reshape(-1, n)
    slope = (by_cost * part[:, None, :]).sum(axis=0) + by_price @ price + by_spending @ spending
    return _closed(slope, price, spending, by_price, by_spending, value / value.sum())


def _closed(
    slope: Array, price: Array, spending: Array, by_price: Array, by_spending: Array, weight: Array
) -> Responses:
    """The Responses with the slope of gaps in wages inverted. A level shift of all wages, which changes nothing, is
    pinned by adding a multiple of the mean."""
    found = -slope.astype(np.float64)
    found += np.abs(np.diagonal(found)).mean() * weight
    try:
        wages = np.linalg.inv(found).astype(np.float32)
    except np.linalg.LinAlgError:
        wages = np.full_like(slope, np.nan)
    follow, by = np.concatenate([price, spending]), np.concatenate([by_price, by_spending], axis=1)
    if all(np.isfinite(part).all() for part in (wages, follow, by)):
        return Responses(np.ascontiguousarray(wages), follow, by)
    # a country without trade has no response; own markets alone, and short steps of wages
    return Responses(np.eye(len(slope), dtype=np.float32) / 10, np.zeros_like(follow), np.zeros_like(by))


def _by_country(matrices: Array, columns: Array) -> Array:
    """Each country's (J, J) matrix applied to its rows of a (J, N, M) array."""
    return np.ascontiguousarray(np.matmul(matrices, columns.transpose(1, 0, 2)).transpose(1, 0, 2))


def _flat(weights: Array) -> Array:
    """(N, J N) of (J, N, N), importers first."""
    return weights.transpose(1, 0, 2).reshape(weights.shape[1], -1)
