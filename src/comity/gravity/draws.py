"""How sure an estimate is, as draws.

Three ways. The normal approximation takes the clustered variance at its word, each sector by itself. The Bayesian
bootstrap estimates again with random weights, all sectors with the same: weights Exp(1) by pair (Chowdhry, Hinz,
Kamin & Wanner 2024), or by country, where a pair's weight is the product of the weights of its two countries (Sanders
2025, arXiv 2505.11967), which allows the flows of a country to move together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.errors import InputError, NotConvergedError
from comity.gravity.cost import trade_cost_change
from comity.gravity.estimation import Estimates, arrays, usable
from comity.gravity.ppml import NoFit, poisson
from comity.gravity.sample import Sample, levels

if TYPE_CHECKING:
    import pandas as pd

    from comity.gravity.panel import Panel

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
By = Literal["pair", "directed-pair", "country"]
UNITS = ("pair", "directed-pair", "country")
FAILED_SHARE = 0.05
LEAST_DRAWS = 2


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of coefficients.

    Attributes
    ----------
    coefficient : (D, J, P) by draw, sector and name; NaN where a sector has no estimate
    sectors, names : labels of J and P
    point : (J, P) the estimates themselves
    method : "normal", "bootstrap by pair", "bootstrap by directed-pair" or "bootstrap by country"
    asked : draws asked for; D are the ones that worked, `asked` - D failed
    failures : by reason, draws that failed (the first sector that failed counts)
    seed : seed of the random numbers
    """

    coefficient: Array
    sectors: tuple[str, ...]
    names: tuple[str, ...]
    point: Array
    method: str
    asked: int
    failures: Mapping[str, int]
    seed: int

    @property
    def failed(self) -> int:
        return self.asked - len(self.coefficient)

    @property
    def spread(self) -> Array:
        """(J, P) standard deviation over the draws."""
        spread: Array = self.coefficient.std(axis=0, ddof=1)
        return spread

    def cost(self, theta: ArrayLike) -> Array:
        """(D, J, P) draws of kappa_hat = exp(-b/theta).

        `theta`: one number, (J,) by sector, or (D, J) with one draw of the elasticities for each draw of b. Raises
        InputError for other shapes and for elasticities that are not positive.
        """
        elasticity = np.asarray(theta, dtype=np.float64)
        count, sectors = self.coefficient.shape[:2]
        if elasticity.shape not in ((), (sectors,), (count, sectors)):
            raise InputError(
                "theta", "shape does not fit the draws", found=elasticity.shape,
                allowed=f"one number, ({sectors},) or ({count}, {sectors})",
            )  # fmt: skip
        return trade_cost_change(self.coefficient, elasticity if elasticity.ndim == 0 else elasticity[..., None])

    def band(self, theta: ArrayLike, level: float = 0.90) -> pd.DataFrame:
        """Tidy: sector, name, coefficient, spread, kappa_hat (of the estimate), low, high, level, method, draws,
        failed.

        low and high are quantiles of kappa_hat over the draws; where theta comes in draws, kappa_hat uses its median.
        """
        import pandas as pd

        if not 0 < level < 1:
            raise InputError("level", "not between 0 and 1", found=level)
        hats, elasticity = self.cost(theta), np.asarray(theta, dtype=np.float64)
        centre = np.median(elasticity, axis=0) if elasticity.ndim == 2 else elasticity
        central = trade_cost_change(self.point, centre if centre.ndim == 0 else centre[:, None])
        low, high = np.quantile(hats, [(1 - level) / 2, (1 + level) / 2], axis=0)
        rows = [
            {
                "sector": sector, "name": name, "coefficient": self.point[j, p], "spread": self.spread[j, p],
                "kappa_hat": central[j, p], "low": low[j, p], "high": high[j, p], "level": level,
                "method": self.method, "draws": len(hats), "failed": self.failed,
            }
            for j, sector in enumerate(self.sectors)
            for p, name in enumerate(self.names)
        ]  # fmt: skip
        return pd.DataFrame(rows)


def normal_draws(estimates: Estimates, draws: int = 1000, seed: int = 0, names: Sequence[str] | None = None) -> Draws:
    """Coefficients from the normal distribution with the clustered variance; sectors independent of each other.

    Raises InputError for fewer than two draws, an unknown name and a variance that is not positive semi-definite
    (possible with two-way clusters).
    """
    chosen, point = _chosen(estimates, draws, names)
    found = np.full((draws, *point.shape), np.nan)
    seeds = np.random.SeedSequence(seed).spawn(len(estimates.sectors))
    for j, one in enumerate(estimates.by_sector.values()):
        if np.linalg.eigvalsh(one.vcov)[0] < -1e-10 * np.trace(one.vcov):
            raise InputError(
                f"sector {one.sector}", "the clustered variance is not positive semi-definite",
                advice="Cluster one way, or bootstrap by country.",
            )  # fmt: skip
        values = np.random.default_rng(seeds[j]).multivariate_normal(one.coefficient, one.vcov, draws, method="eigh")
        for p, name in enumerate(chosen):
            if name in one.names:
                found[:, j, p] = values[:, one.names.index(name)]
    return Draws(found, estimates.sectors, chosen, point, "normal", draws, {}, seed)


def bootstrap(
    panel: Panel,
    estimates: Estimates,
    *,
    by: By = "pair",
    draws: int = 200,
    seed: int = 0,
    failed_share: float = FAILED_SHARE,
    names: Sequence[str] | None = None,
) -> Draws:
    """Estimate again with weights Exp(1), the same in all sectors and years.

    Parameters
    ----------
    estimates : of `panel`; the same rows, effects and regressors are used in each draw
    by : what a weight belongs to: "pair" (both directions), "directed-pair", or "country"; with "country" a flow has
        the product of the weights of exporter and importer, and home sales have the weight of their country
    failed_share : largest share of draws that may fail. A draw fails as a whole if any sector fails in it

    The k-th draw does not depend on how many draws are asked for. Weights by country are conservative: where pairs are
    independent of each other, the variance comes out three times as large as that of weights by pair (Owen 2007, The
    pigeonhole bootstrap, Annals of Applied Statistics 1(2)).

    Raises
    ------
    InputError : fewer than two draws, an unknown unit or name, a share outside 0 to 1, another panel.
    NotConvergedError : more than `failed_share` of the draws failed.
    """
    chosen, point = _chosen(estimates, draws, names)
    if by not in UNITS:
        raise InputError("by", "unknown unit of the weights", found=by, allowed=UNITS)
    if not 0 <= failed_share < 1:
        raise InputError("failed_share", "not a share", found=failed_share, allowed="0 or more, below 1")
    samples = _samples(panel, estimates)
    units, places = _units(panel, samples, by)
    found: list[Array] = []
    failures: Counter[str] = Counter()
    for one in np.random.SeedSequence(seed).spawn(draws):
        weight = np.random.default_rng(one).exponential(size=units)
        try:
            found.append(_draw(samples, [_row_weights(weight, place) for place in places], chosen))
        except NoFit as problem:
            failures[str(problem).split(":")[0]] += 1
    if sum(failures.values()) > failed_share * draws:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in failures.most_common(3))
        raise NotConvergedError(
            f"{sum(failures.values())} of {draws} bootstrap draws failed, more than {100 * failed_share:.3g} %. "
            f"{reasons}. Leave out what the data hardly identify, or say a larger failed_share."
        )
    method = f"bootstrap by {by}"
    return Draws(np.stack(found), estimates.sectors, chosen, point, method, draws, dict(failures), seed)


def _chosen(estimates: Estimates, draws: int, names: Sequence[str] | None) -> tuple[tuple[str, ...], Array]:
    if draws < LEAST_DRAWS:
        raise InputError("draws", "too few", found=draws, allowed=f"{LEAST_DRAWS} or more")
    chosen = estimates.names if names is None else tuple(names)
    for name in chosen:
        if name not in estimates.names:
            raise InputError("names", "not estimated", found=name, allowed=estimates.names)
    return chosen, estimates.coefficients(chosen)


def _samples(panel: Panel, estimates: Estimates) -> list[Sample]:
    """The rows behind the estimates, by sector."""
    found = []
    for sector, one in estimates.by_sector.items():
        frame = panel.frame[panel.frame["sector"] == sector].reset_index(drop=True)
        if len(frame) != one.given:
            raise InputError("bootstrap", "not the panel of these estimates", found=f"{len(frame)} rows in {sector}")
        found.append(usable(sector, frame, estimates.spec)[0])
    return found


Place = tuple[Codes, Codes]


def _units(panel: Panel, samples: Sequence[Sample], by: str) -> tuple[int, list[Place]]:
    """How many weights there are, and for each sample's rows the places of the two that are multiplied; the second is
    -1 where there is one only."""
    if by == "country":
        place = {code: k for k, code in enumerate(panel.countries)}
        return len(place), [_two_countries(sample, place) for sample in samples]
    place = {name: k for k, name in enumerate(levels(panel.frame, by)[1])}
    return len(place), [_one_pair(sample, place, by) for sample in samples]


def _two_countries(sample: Sample, place: Mapping[str, int]) -> Place:
    first: Codes = np.asarray(sample.frame["exporter"].map(place), dtype=np.int64)
    second: Codes = np.asarray(sample.frame["importer"].map(place), dtype=np.int64)
    # a home sale belongs to one country: squared, its weight would count that country twice
    other: Codes = np.where(first == second, np.int64(-1), second)
    return first, other


def _one_pair(sample: Sample, place: Mapping[str, int], by: str) -> Place:
    code, labels = levels(sample.frame, by)
    first: Codes = np.asarray([place[label] for label in labels], dtype=np.int64)[code]
    return first, np.full_like(first, -1)


def _row_weights(weight: Array, place: Place) -> Array:
    first, second = place
    product: Array = weight[first] * np.where(second < 0, 1.0, weight[second])
    return product


def _draw(samples: Sequence[Sample], weights: Sequence[Array], chosen: Sequence[str]) -> Array:
    """(J, P) coefficients with these weights. Raises NoFit if a sector has no fit or loses a regressor."""
    found = np.full((len(samples), len(chosen)), np.nan)
    for j, (sample, weight) in enumerate(zip(samples, weights, strict=True)):
        flow, regressors, effects = arrays(sample)
        live = {name: values for name, values in regressors.items() if name not in sample.absent}
        fit = poisson(flow, live, effects, weights=weight)
        if fit.collinear:
            raise NoFit(f"{fit.collinear[0]} became collinear")
        for p, name in enumerate(chosen):
            if name in fit.names:
                found[j, p] = fit.coefficient[fit.names.index(name)]
    return found
