"""Exponential and logarithm that compiled loops can take many at a time (to 2 units in the last place).

Calls into a mathematical library keep a loop from being vectorised; these are plain arithmetic. Standard argument
reduction (x = k ln 2 + r; x = 2^k m) with a Taylor polynomial and the series of 2 artanh.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from comity.kernels import inlined

MAGIC = 6755399441055744.0  # 1.5 x 2^52: the last bits of x + MAGIC are x rounded to an integer
MAGIC_BITS = int(np.float64(MAGIC).view(np.int64))
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
ONE_BITS = 1023 << 52
ROOT_BITS = int(np.float64(math.sqrt(0.5)).view(np.int64))
LARGEST = 700.0  # beyond, exp is held: a search that gets there is lost anyway
(E2, E3, E4, E5, E6, E7, E8, E9, E10, E11, E12, E13) = (1 / math.factorial(k) for k in range(2, 14))
(A3, A5, A7, A9, A11, A13, A15, A17, A19, A21, A23) = (2 / k for k in range(3, 25, 2))


@inlined
def exp(x: float) -> Any:
    """e^x, x held between -LARGEST and LARGEST; nan stays nan."""
    held = min(max(x, -LARGEST), LARGEST)
    shifted = held * LOG2_E + MAGIC
    k = shifted - MAGIC
    r = (held - k * LN2_HIGH) - k * LN2_LOW
    p = E13 * r + E12
    p = p * r + E11
    p = p * r + E10
    p = p * r + E9
    p = p * r + E8
    p = p * r + E7
    p = p * r + E6
    p = p * r + E5
    p = p * r + E4
    p = p * r + E3
    p = p * r + E2
    p = p * r * r + r
    power = np.int64((np.float64(shifted).view(np.int64) << 52) + ONE_BITS).view(np.float64)
    return power + power * p


@inlined
def log(x: float) -> Any:
    """ln x of a positive, finite, normal x."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - ROOT_BITS) >> 52
    m = np.int64(bits - (exponent << 52)).view(np.float64)
    k = np.int64(exponent + MAGIC_BITS).view(np.float64) - MAGIC
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = A23 * z + A21
    p = p * z + A19
    p = p * z + A17
    p = p * z + A15
    p = p * z + A13
    p = p * z + A11
    p = p * z + A9
    p = p * z + A7
    p = p * z + A5
    p = p * z + A3
    return k * LN2_HIGH + ((k * LN2_LOW + p * z * s) + 2.0 * s)


@inlined
def worse(worst: float, value: float) -> Any:
    """The larger of two; infinite where `value` is no number."""
    return max(worst, value) if value == value else np.inf


@inlined
def moved_by_trade(exports: float, imports: float, net: float, floor: float) -> float:
    """As `prepared.moved_by_trade`, of one country."""
    out, into = exports + floor, imports + floor
    return out / (out + max(net, 0.0)) + into / (into + max(-net, 0.0))
