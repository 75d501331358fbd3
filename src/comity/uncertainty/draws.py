"""A joint draw table: one row a draw, each source from its own stream of random numbers.

The stream of a source depends on the seed and on the name of the source alone. So scenarios that share a source share
its draws (common random numbers), switching a source off leaves the others as they were, and the first 200 of 1000
draws are the 200 draws of a shorter run.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import InputError
from comity.uncertainty.sources import Source

Array = NDArray[np.float64]
LEAST_DRAWS = 2
MOST_DRAWS = 100_000


@dataclass(frozen=True, eq=False)
class DrawTable:
    """D joint draws.

    theta : (D, J); position : (D,) of each size, in units of its range or standard error, 0 is central; estimate :
    (D,) row of each estimated effect, -1 is the point estimate; node : (D,) value of each source on the bank
    """

    theta: Array
    position: Mapping[str, Array]
    estimate: Mapping[str, NDArray[np.intp]]
    node: Mapping[str, Array]
    seed: int
    drawn: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.theta)


def draw(
    sources: Sequence[Source],
    theta: ArrayLike,
    log_sd: ArrayLike,
    sectors: Sequence[str],
    *,
    draws: int = 200,
    seed: int = 1,
    drawn: Sequence[str] | None = None,
    rows: Mapping[str, int] | None = None,
) -> DrawTable:
    """Joint draws of all sources; those not in `drawn` stay at their central value. Sizes with a standard error have
    normal positions, the others triangular ones on [-1, 1] with mode 0.

    Parameters
    ----------
    theta, log_sd : (J,) medians and standard deviations of ln theta
    rows : how many draws each estimated effect has

    Raises
    ------
    InputError : non-positive elasticities, negative spreads, a number of draws or seed out of range
    """
    check_request(draws, seed)
    median, spread = np.asarray(theta, dtype=float), np.asarray(log_sd, dtype=float)
    if median.shape != (len(sectors),) or not (np.isfinite(median) & (median > 0)).all():
        raise InputError("elasticities", "theta must be positive, one a sector", found=median.tolist())
    if spread.shape != median.shape or not (np.isfinite(spread) & (spread >= 0)).all():
        raise InputError("elasticities", "a spread is a number, not negative, one a sector", found=spread.tolist())
    names = tuple(source.name for source in sources) if drawn is None else tuple(drawn)
    values = np.tile(median, (draws, 1))
    if "elasticities" in names:
        noise = np.stack([stream(seed, f"theta:{code}").standard_normal(draws) for code in sectors], axis=1)
        values = median * np.exp(spread * noise)
    position, estimate, node = {}, {}, {}
    for source in sources:
        if source.name not in names:
            continue
        random = stream(seed, source.name)
        if source.nodes:
            node[source.name] = np.array(source.nodes)[random.integers(len(source.nodes), size=draws)]
        elif source.group == "estimates":
            estimate[source.name] = random.integers((rows or {})[source.name], size=draws)
        elif source.group == "sizes":
            position[source.name] = random.standard_normal(draws) if source.normal else triangular(random.random(draws))
    return DrawTable(values, position, estimate, node, seed, names)


def triangular(uniform: Array) -> Array:
    """Quantiles of the triangular distribution on [-1, 1] with mode 0."""
    fold = 2 * uniform - 1
    return np.asarray(np.sign(fold) * (1 - np.sqrt(1 - np.abs(fold))))


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one source."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def check_request(draws: object, seed: object) -> None:
    """Raise InputError for a number of draws or a seed that cannot be meant."""
    for where, value, low, high in (("draws", draws, LEAST_DRAWS, MOST_DRAWS), ("seed", seed, 0, 2**32 - 1)):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InputError(where, "a whole number is needed", found=value, allowed=f"{low} to {high}")
