"""Shapley values of large games: contributions along random orders of the players, with standard errors.

Castro, Gomez and Tejada (2009), Computers & Operations Research 36. Each order is taken forwards and backwards: who
comes early in one comes late in the other, which removes most of the spread where contributions fall or rise evenly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError

Array = NDArray[np.float64]
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Sampled:
    """Shapley values estimated from orders.

    estimate, standard_error (n,) : mean over pairs of orders, and the standard deviation of that mean
    lowest, highest (n,) : smallest and largest contribution seen
    orders : drawn, reversed ones counted; seed : of the generator; coalitions : different ones asked for
    """

    estimate: Array
    standard_error: Array
    lowest: Array
    highest: Array
    orders: int
    seed: int
    coalitions: int


def sampled_shapley(value: Callable[[Masks], Array], n: int, orders: int = 100, seed: int = 1) -> Sampled:
    """Shapley values of n players from `orders` random orders. They add up to v(N), whatever the sample.

    value : coalitions (M, n) True for members -> values (M,); asked once for each order, repeats left out.
    Raises InputError unless orders is an even number from 4.
    """
    if isinstance(orders, bool) or not isinstance(orders, int) or orders < 4 or orders % 2:
        raise InputError("orders", "an even number of orders is needed", found=orders, allowed="4, 6, 8, ...")
    random = np.random.default_rng(seed)
    known: dict[bytes, float] = {}
    pairs = np.empty((orders // 2, n))
    lowest, highest = np.full(n, np.inf), np.full(n, -np.inf)
    for pair in range(orders // 2):
        order = random.permutation(n)
        both = [_along(one, value, known) for one in (order, order[::-1])]
        pairs[pair] = (both[0] + both[1]) / 2
        lowest, highest = np.minimum(lowest, np.minimum(*both)), np.maximum(highest, np.maximum(*both))
    return Sampled(
        estimate=pairs.mean(axis=0),
        standard_error=pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs)),
        lowest=lowest,
        highest=highest,
        orders=orders,
        seed=seed,
        coalitions=len(known),
    )


def _along(order: NDArray[np.intp], value: Callable[[Masks], Array], known: dict[bytes, float]) -> Array:
    """(n,) what each player adds when the players come in this order."""
    n = len(order)
    masks = np.zeros((n + 1, n), dtype=bool)
    for step, player in enumerate(order, 1):
        masks[step:, player] = True
    keys = [np.packbits(mask).tobytes() for mask in masks]
    new = [k for k, key in enumerate(keys) if key not in known]
    if new:
        known.update(zip([keys[k] for k in new], value(masks[new]).tolist(), strict=True))
    added = np.empty(n)
    added[order] = np.diff([known[key] for key in keys])
    return added
