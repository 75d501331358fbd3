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
    follow (2 J N, N): d ln P and d ln X per d ln w; by (N, 2 J N): d gap per d ln P and d ln X. `prices_of` : the same
    object for Responses whose prices follow wages alike, those of one World at several elasticities.
    """

    wages: Array
    follow: Array
    by: Array
    prices_of: object = None

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


@dataclass(frozen=True, eq=False)
class _Common:
    """What the Responses of a World have in common at all elasticities, float32.

    sold (J, N, N): weights of sellers' border values and home sales, buyers in columns; price (J, N, N): d ln P per
    d ln w; output, revenue (J, N, N): d Y and d tariff revenue per d ln w, by_cost (J, N, N): d gap per d ln c, all in
    units of theta; by_spending (N, J, N): d gap per d ln X; paid (J, N): tariff revenue per unit of spending.
    """

    sold: Array
    price: Array
    output: Array
    revenue: Array
    by_cost: Array
    by_spending: Array
    paid: Array


_common_to: KeptFor[Prepared, _Common] = KeptFor()


def _common(base: Prepared) -> _Common:
    rough = np.float32
    world, n = base.world, base.home.shape[1]
    border, duties = base.foreign[:, :n].astype(rough), base.foreign[:, n:].astype(rough)
    share, home, diagonal = border + duties, base.home.astype(rough), np.arange(n)
    share[:, diagonal, diagonal] = home
    spent, value = world.expenditure.astype(rough), world.value_added.astype(rough)
    flow, duty = border * spent[:, :, None], duties * spent[:, :, None]
    part, inputs, price_local = world.value_added_share.astype(rough), base.inputs_of.astype(rough), base.rough_local[0]
    # -- d ln P and d ln c per d ln w: (1 - pi inputs) d ln P = pi d ln w
    direct = share * part[:, None, :]
    price = _by_country(price_local, direct)
    price += _by_country(price_local, direct + np.matmul(share, _by_country(inputs, price)) - price)
    cost = _by_country(inputs, price)
    cost[:, diagonal, diagonal] += part
    # -- what prices and costs do to sales and revenue
    border[:, diagonal, diagonal] = home
    sold = border.transpose(0, 2, 1)
    sales = sold * spent[:, None, :]
    output = np.matmul(sales, price) - sales.sum(axis=2)[:, :, None] * cost
    revenue = duty.sum(axis=2)[:, :, None] * price - np.matmul(duty, cost)
    # -- gaps ln((exports + D+) / (imports + D-)) per d ln c and d ln X
    bought = flow.sum(axis=2)
    inflow = (flow.sum(axis=(0, 1)) + np.maximum(world.deficit, 0) + 1e-12 * value).astype(rough)
    outflow = (bought.sum(axis=0) + np.maximum(-world.deficit, 0) + 1e-12 * value).astype(rough)
    out = np.matmul(flow.transpose(0, 2, 1), share)
    out[:, diagonal, diagonal] -= flow.sum(axis=1)
    by_cost = out / inflow[:, None] - (bought[:, :, None] * share - flow) / outflow[:, None]
    by_spending = flow.transpose(2, 0, 1) / inflow[:, None, None]
    by_spending[diagonal, :, diagonal] -= bought.T / outflow[:, None]
    return _Common(sold, price, output, revenue, by_cost, by_spending, duties.sum(axis=2))


def _responses(base: Prepared, theta: Array) -> Responses:
    rough = np.float32
    common = _common_to.get(base, "common", lambda: _common(base))
    world, (sectors, n) = base.world, base.home.shape
    half, diagonal, elasticity = sectors * n, np.arange(n), theta[:, None, None].astype(rough)
    alpha, part = world.consumption_share.astype(rough)[:, :, None], world.value_added_share.astype(rough)
    value, spent = world.value_added.astype(rough), world.expenditure.astype(rough)
    uses, demand_local = base.uses_of.astype(rough), base.rough_local[1]
    follow, by = np.empty((2 * half, n), rough), np.empty((n, 2 * half), rough)
    follow[:half] = common.price.reshape(half, n)
    by[:, half:] = common.by_spending.reshape(n, half)
    # -- d X per d ln w: what prices do to sales and revenue, what wages do to income, and the rounds of demand
    income = np.einsum("j,jnm->nm", elasticity[:, 0, 0], common.revenue)
    income[diagonal, diagonal] += value
    given = _by_country(uses, elasticity * common.output) + alpha * income
    spending = _by_country(demand_local, given)
    again = _by_country(uses, np.matmul(common.sold, spending))
    again += alpha * np.einsum("jn,jnm->nm", common.paid, spending)
    spending += _by_country(demand_local, given + again - spending)
    np.divide(spending, np.where(spent > 0, spent, 1)[:, :, None], out=follow[half:].reshape(sectors, n, n))
    # -- d gap per d ln P, by way of costs
    by_cost = elasticity * common.by_cost
    by_price = np.matmul(np.ascontiguousarray(by_cost.transpose(2, 1, 0)), base.inputs_of.astype(rough))
    by[:, :half].reshape(n, sectors, n)[:] = by_price.transpose(1, 2, 0)
    slope = np.einsum("jnm,jm->nm", by_cost, part) + by @ follow
    return _closed(slope, follow, by, value / value.sum(), common)


def _closed(slope: Array, follow: Array, by: Array, weight: Array, prices_of: object) -> Responses:
    """The Responses with the slope of gaps in wages inverted. A level shift of all wages, which changes nothing, is
    pinned by adding a multiple of the mean."""
    found = -slope.astype(np.float64)
    found += np.abs(np.diagonal(found)).mean() * weight
    try:
        wages = np.linalg.inv(found).astype(np.float32)
    except np.linalg.LinAlgError:
        wages = np.full_like(slope, np.nan)
    if all(np.isfinite(part).all() for part in (wages, follow, by)):
        return Responses(np.ascontiguousarray(wages), follow, by, prices_of)
    # a country without trade has no response; own markets alone, and short steps of wages
    return Responses(np.eye(len(slope), dtype=np.float32) / 10, np.zeros_like(follow), np.zeros_like(by))


def _by_country(matrices: Array, columns: Array) -> Array:
    """Each country's (J, J) matrix applied to its rows of a (J, N, M) array."""
    return np.ascontiguousarray(np.matmul(matrices, columns.transpose(1, 0, 2)).transpose(1, 0, 2))
