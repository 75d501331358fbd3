"""Closed forms and one-equation solutions, written down from the theory; shares no code with comity."""

from __future__ import annotations

import numpy as np

from tests.mutation.reference import Array, Data, settle


def frictionless(pi: Array, theta: Array, va: Array, inputs: Array, alpha: Array) -> Data:
    """A benchmark without rates and deficits."""
    zero = np.zeros_like(pi)
    return settle(pi, zero, zero, va, inputs, alpha, theta, np.zeros(pi.shape[1]))


def one_sector(share: Array, theta: float) -> Data:
    """One sector, no inputs."""
    n = len(share)
    return frictionless(share[None], np.array([theta]), np.ones((1, n)), np.zeros((1, 1, n)), np.ones((1, n)))


def gains_from_trade(data: Data) -> Array:
    """ln of real income today over autarky, Costinot & Rodriguez-Clare 2014: ln P = A' ln P - ln(lambda) / theta."""
    j, n = data.shape
    found = np.zeros(n)
    for m in range(n):
        openness = np.array([-np.log(data.pi[s, m, m]) / data.theta[s] for s in range(j)])
        passed, price = openness.copy(), np.zeros(j)
        while np.abs(passed).max() > 1e-17:  # the sum over rounds of inputs of inputs
            price += passed
            passed = data.inputs[:, :, m].T @ passed
        found[m] = data.alpha[:, m] @ price
    return found


def twins(foreign: float, theta: float, va: float, tariff: float) -> float:
    """real_income_hat of two identical countries, one sector with inputs, that both levy the same new tariff.

    By symmetry w = 1, the input bundle is c = P^(1-va), so P = c s with s = (home + foreign (1+t)^-theta)^(-1/theta)
    solves to P = s^(1/va). Tariff revenue is t/(1+t) of foreign spending X m; X = (1-va) Y + I, Y = X (1 - t/(1+t) m).
    """
    border = foreign * (1 + tariff) ** -theta
    spread = 1 - foreign + border
    m = border / spread
    kept = 1 - tariff / (1 + tariff) * m  # output per unit of spending
    income_per_wage = (1 - (1 - va) * kept) / (va * kept)
    return income_per_wage / spread ** (-1 / theta / va)


def two_countries(
    foreign: float, size: float, theta: float, tariffs: tuple[float, float], tax: float, ice: float, made: float
) -> tuple[Array, Array]:
    """wage_hat and real_income_hat of countries 0 and 1 (`size` times as large), one sector, no inputs.

    Both levy a new tariff, 0 an export tax, 1's exports cost `ice` times as much, 1's productivity is `made` times
    higher. One unknown, the wage of 0, found by bisection on its trade balance.
    """
    pi = np.array([[1 - foreign, foreign], [foreign / size, 1 - foreign / size]])

    def at(w0: float) -> tuple[float, Array, Array]:
        w = np.array([w0, (1 + size - w0) / size])
        c = w / np.array([1.0, made])
        kappa = np.array([[1.0, ice * (1 + tariffs[0])], [(1 + tariffs[1]) * (1 + tax), 1.0]])
        weight = pi * (kappa * c) ** -theta
        P = weight.sum(axis=1) ** (-1 / theta)
        share = weight / weight.sum(axis=1)[:, None]
        bought = np.array([share[0, 1] / (1 + tariffs[0]), share[1, 0] / (1 + tariffs[1])])  # border value per income
        I1 = size * w[1] / (1 - tariffs[1] * bought[1])
        I0 = (w[0] + tax / (1 + tax) * bought[1] * I1) / (1 - tariffs[0] * bought[0])
        return bought[1] * I1 - bought[0] * I0, w, np.array([I0, I1 / size]) / P

    low, high = 0.01, 1 + size - 0.01
    for _ in range(200):  # exports less imports fall as 0's wage rises
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle)[0] > 0 else (low, middle)
    return at(low)[1], at(low)[2]
