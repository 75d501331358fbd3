"""The model written a second time, from docs/model.md alone: loops over plain numbers, one damped fixed point.

Shares no code with comity, and is slow on purpose: every equation is one line that can be read against the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf, prod

import numpy as np

Array = np.ndarray

SETTLED = 1e-13  # nothing moves by more than this in a round
ROUNDS = 20000
WAGE_STEP = 0.35  # of ln(labour demand / labour income)


@dataclass(frozen=True, eq=False)
class Data:
    """The arrays of a benchmark, in the names of docs/model.md; X is expenditure."""

    pi: Array
    t: Array
    e: Array
    va: Array
    inputs: Array
    alpha: Array
    theta: Array
    VA: Array
    D: Array
    X: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Sectors, countries."""
        return self.va.shape


@dataclass(frozen=True, eq=False)
class Change:
    """A shock, every family written out."""

    d: Array  # iceberg_hat
    t: Array
    e: Array
    A: Array
    T: Array


@dataclass(frozen=True, eq=False)
class Answer:
    """An equilibrium after a shock, as the reference finds it."""

    w: Array
    P: Array
    c: Array
    X: Array
    Y: Array
    F: Array
    income: Array
    D: Array
    T: Array
    tariff_revenue: Array
    tax_revenue: Array
    consumer_price: Array
    real_income: Array


# -- worlds and shocks --------------------------------------------------------------------------------


def settle(pi: Array, t: Array, e: Array, va: Array, inputs: Array, alpha: Array, theta: Array, D: Array) -> Data:
    """The benchmark these shares imply at deficits D: money goes round until nothing moves."""
    j, n = va.shape
    X = np.ones((j, n))
    for _ in range(ROUNDS):
        F = pi * X[:, :, None] / (1 + t)
        Y = (F / (1 + e)).sum(axis=1)
        VA = (va * Y).sum(axis=0)
        own = VA + (t * F).sum(axis=(0, 2)) + (e / (1 + e) * F).sum(axis=(0, 1))
        fresh = np.einsum("kjn,jn->kn", inputs, Y) + alpha * (own + D)
        if np.abs(fresh - X).max() < 1e-15 * X.max():
            break
        X = fresh
    return Data(pi, t, e, va, inputs, alpha, theta, VA, D, X)


def random_data(
    seed: int, sectors: int = 2, countries: int = 3, *, rates: bool = True, deficits: bool = True, inputs: bool = True
) -> Data:
    """A small open world: home shares of a third to two thirds, every share and rate random."""
    rng = np.random.default_rng(seed)
    j, n = sectors, countries
    off = 1 - np.eye(n)
    pi = rng.uniform(0.3, 1, (j, n, n)) * off
    home = rng.uniform(0.35, 0.65, (j, n))
    pi = pi / pi.sum(axis=2, keepdims=True) * (1 - home)[:, :, None] + home[:, :, None] * np.eye(n)
    va = rng.uniform(0.35, 0.7, (j, n)) if inputs else np.ones((j, n))
    use = rng.uniform(0.2, 1, (j, j, n))
    t = rng.uniform(0.02, 0.25, (j, n, n)) * off if rates else np.zeros((j, n, n))
    e = rng.uniform(0.02, 0.15, (j, n, n)) * off if rates else np.zeros((j, n, n))
    alpha = rng.dirichlet(np.full(j, 3.0), size=n).T
    theta = rng.permutation(np.linspace(2.5, 6.0, j)) if j > 1 else np.array([4.0])
    D = rng.uniform(-0.2, 0.2, n) if deficits else np.zeros(n)
    return settle(pi, t, e, va, use / use.sum(axis=0) * (1 - va), alpha, theta, D - D.mean())


def nothing(data: Data) -> Change:
    """No shock."""
    return Change(np.ones_like(data.pi), data.t, data.e, np.ones_like(data.va), np.zeros_like(data.VA))


def mixed(data: Data, seed: int = 5, size: float = 1.0, embargo: bool = False) -> Change:
    """A shock of every family at once: costs (home sales too), tariffs, export taxes, productivity, transfers."""
    rng = np.random.default_rng(seed)
    off = 1 - np.eye(len(data.VA))
    T = rng.uniform(-1, 1, len(data.VA)) * 0.06 * data.VA.min()
    d = np.exp(size * rng.normal(0, 0.2, data.pi.shape))
    if embargo:
        d[0, 2, 0] = inf
    return Change(
        d=d,
        t=data.t + size * off * rng.uniform(-0.05, 0.4, data.t.shape),
        e=data.e + size * off * rng.uniform(-0.03, 0.25, data.e.shape),
        A=np.exp(size * rng.normal(0, 0.2, data.va.shape)),
        T=size * (T - T.mean()),
    )


# -- the equations ------------------------------------------------------------------------------------


def costs(data: Data, w: Sequence[float], P: Sequence[Sequence[float]], A: Array) -> list[list[float]]:
    """(1)"""
    j, n = data.shape
    return [
        [w[m] ** data.va[s, m] * prod(P[k][m] ** data.inputs[k, s, m] for k in range(j)) / A[s, m] for m in range(n)]
        for s in range(j)
    ]


def weights(data: Data, change: Change, c: Sequence[Sequence[float]]) -> Array:
    """pi (kappa_hat c_hat)^-theta, what (2) sums and (3) divides by it."""
    j, n = data.shape
    out = np.zeros((j, n, n))
    for s in range(j):
        for m in range(n):
            for i in range(n):
                rates = (1 + change.t[s, m, i]) / (1 + data.t[s, m, i])
                rates *= (1 + change.e[s, m, i]) / (1 + data.e[s, m, i])
                out[s, m, i] = data.pi[s, m, i] * (change.d[s, m, i] * rates * c[s][i]) ** -data.theta[s]
    return out


def consumer_prices(data: Data, P: Sequence[Sequence[float]]) -> Array:
    """Price of a unit of final spending, each country."""
    j, n = data.shape
    return np.array([prod(P[s][m] ** data.alpha[s, m] for s in range(j)) for m in range(n)])


def own_income(data: Data, w: Array, F: Array, t: Array, e: Array) -> tuple[Array, Array]:
    """Tariff revenue and export-tax revenue of each country, from border flows."""
    j, n = data.shape
    duty = [sum(t[s, m, i] * F[s, m, i] for s in range(j) for i in range(n)) for m in range(n)]
    levy = [sum(e[s, i, m] / (1 + e[s, i, m]) * F[s, i, m] for s in range(j) for i in range(n)) for m in range(n)]
    return np.array(duty), np.array(levy)


def base_income(data: Data) -> Array:
    """I of the benchmark, equation (6)."""
    F = data.pi * data.X[:, :, None] / (1 + data.t)
    duty, levy = own_income(data, np.ones(len(data.VA)), F, data.t, data.e)
    return data.VA + duty + levy + data.D


def closure_deficits(data: Data, closure: str, w: Array, own: Array) -> Array:
    """D under a closure, given wages and own incomes (value added and revenues)."""
    if closure == "deficit-share-of-gdp":
        earned, wanted = w * data.VA, w * data.D
        return wanted - earned / earned.sum() * wanted.sum()
    if closure == "multiplicative-deficits":
        before = base_income(data)
        spent = before / (before - data.D) * own
        return spent * own.sum() / spent.sum() - own
    return data.D


def coalition_transfers(data: Data, members: Sequence[int], income: Array, P: Sequence[Sequence[float]]) -> Array:
    """Transfers that give the members one common ratio of real income, and add to zero."""
    T = np.zeros(len(income))
    if not members:
        return T
    price, before = consumer_prices(data, P), base_income(data)
    common = sum(income[m] for m in members) / sum(before[m] * price[m] for m in members)
    for m in members:
        T[m] = common * before[m] * price[m] - income[m]
    return T


def solve_plain(data: Data, change: Change, closure: str = "fixed-deficits", members: tuple[int, ...] = ()) -> Answer:
    """The equilibrium after a shock."""
    j, n = data.shape
    w, P, X = np.ones(n), np.ones((j, n)), data.X.copy()
    for _ in range(ROUNDS):
        c = np.array(costs(data, w.tolist(), P.tolist(), change.A))
        weight = weights(data, change, c.tolist())
        total = weight.sum(axis=2)
        F = weight / total[:, :, None] * X[:, :, None] / (1 + change.t)
        Y = (F / (1 + change.e)).sum(axis=1)
        duty, levy = own_income(data, w, F, change.t, change.e)
        own = w * data.VA + duty + levy
        D = closure_deficits(data, closure, w, own)
        T = change.T + coalition_transfers(data, members, own + D + change.T, P.tolist())
        income = own + D + T
        X_new = np.array(
            [
                [sum(data.inputs[s, k, m] * Y[k, m] for k in range(j)) + data.alpha[s, m] * income[m] for m in range(n)]
                for s in range(j)
            ]
        )
        w_new = w * ((data.va * Y).sum(axis=0) / (w * data.VA)) ** WAGE_STEP
        w_new *= data.VA.sum() / (w_new * data.VA).sum()
        P_new = total ** (-1 / data.theta[:, None])
        moved = max(np.abs(new / old - 1).max() for new, old in ((w_new, w), (P_new, P), (X_new, X)))
        w, P, X = w_new, P_new, X_new
        if moved < SETTLED:
            break
    else:
        raise ArithmeticError("the reference did not settle")
    price = consumer_prices(data, P.tolist())
    return Answer(w, P, c, X, Y, F, income, D, T, duty, levy, price, income / base_income(data) / price)


def moved_benchmark(data: Data, D: Array) -> Data:
    """The benchmark re-solved at other deficits, in the same numeraire: the preliminary step of a closure."""
    now = solve_plain(replace(data, D=D), nothing(data))
    pi = now.F * (1 + data.t)
    return replace(data, pi=pi / pi.sum(axis=2, keepdims=True), VA=now.w * data.VA, D=D, X=now.X)


# -- facts, computed once ------------------------------------------------------------------------------


@cache
def small() -> Data:
    """Three countries, two sectors, rates, deficits and inputs everywhere."""
    return random_data(11)


@cache
def plain(closure: str = "fixed-deficits", members: tuple[int, ...] = (), embargo: bool = False) -> Answer:
    """The reference's answer to the mixed shock on `small`."""
    return solve_plain(small(), mixed(small(), embargo=embargo), closure, members)


@cache
def plain_moved(*targets: int) -> tuple[Data, Answer]:
    """Deficits of the targets (none: of all) to zero first, then the mixed shock."""
    data = small()
    D = np.zeros_like(data.D)
    if targets:
        D = data.D.copy()
        D[list(targets)] = 0.0
        left = D.sum()
        same = D * left > 0
        D[same] -= left * D[same] / D[same].sum()
    moved = moved_benchmark(data, D)
    return moved, solve_plain(moved, mixed(moved))


def warm() -> None:
    """Compute every fact, so that processes forked later inherit them."""
    plain()
    plain(embargo=True)
    for closure in ("deficit-share-of-gdp", "multiplicative-deficits"):
        plain(closure)
    plain("fixed-deficits", (0, 2))
    plain_moved()
    plain_moved(1)
