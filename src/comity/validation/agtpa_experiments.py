"""Estimation and worlds of the three general-equilibrium experiments of Yotov, Piermartini, Monteiro & Larch (2016).

Trade costs come from Poisson regressions on the guide's panel, as in its chapter 2. Arrays are (importer, exporter)
as everywhere in comity; a panel has the year in front.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.errors import NotConvergedError
from comity.outcomes.ge_gravity import one_sector_world
from comity.sources.agtpa import SOURCE, read_panel
from comity.validation.rows import Absent

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

THETA = 6.0  # sigma - 1 of the book
YEARS = (1986, 1990, 1994, 1998, 2002, 2006)
NAFTA = ("CAN", "MEX", "USA")
GEOGRAPHY = ("ln_distance", "cntg", "lang", "clny")


@dataclass(frozen=True, eq=False)
class Experiment:
    """before, after (N, N): trade cost to the power 1 - sigma; trade (N, N) observed, million USD. `results` names the
    published files. `coefficients` are our estimates by regression. `reversed_change`: the book prints the effect of
    having the agreement, before against after."""

    results: str
    countries: tuple[str, ...]
    trade: Array
    before: Array
    after: Array
    coefficients: Mapping[str, Mapping[str, float]]
    reversed_change: bool

    @property
    def output(self) -> Array:
        """(N,) output of manufactures, home sales included."""
        return self.trade.sum(axis=0)

    @property
    def spending(self) -> Array:
        """(N,) spending on manufactures."""
        return self.trade.sum(axis=1)


def read_frame(path: Path) -> pd.DataFrame:
    """The panel of every fourth year with the regressors of the book. `pair` is one number for all home sales.

    Raises Absent where rdata is missing.
    """
    try:
        import rdata  # noqa: F401
    except ImportError:
        raise Absent("needs the package rdata: pip install 'comity[validation]'") from None
    panel = read_panel(path)
    frame = panel[panel["year"].isin(YEARS)].copy()
    home = frame["exporter"] == frame["importer"]
    inside = frame["exporter"].isin(NAFTA) & frame["importer"].isin(NAFTA) & ~home
    frame["ln_distance"] = np.log(frame["dist"])
    frame["border"] = (~home).astype(float)
    frame["pair"] = frame["pair_id"].where(~home, -1)
    frame["nafta"] = (inside & (frame["year"] >= 1994)).astype(float)
    frame["other_rta"] = frame["rta"] * (1 - frame["nafta"])
    return frame


def ppml(formula: str, frame: pd.DataFrame) -> dict[str, float]:
    """Coefficients of a Poisson regression; fixed effects stand after the bar of the formula.

    Raises Absent where pyfixest is missing.
    """
    try:
        import pyfixest
    except ImportError:
        raise Absent("needs the package pyfixest: pip install 'comity[validation]'") from None

    with warnings.catch_warnings():
        # pyfixest uses what the newest pandas deprecates; pairs that never trade are no accident here
        warnings.filterwarnings("ignore", message="The .* keyword in DataFrame", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*removed because of separation", category=UserWarning)
        fit = pyfixest.fepois(formula, data=frame, vcov="iid", iwls_tol=1e-12)
    return {str(name): float(value) for name, value in fit.coef().items()}


def traditional(frame: pd.DataFrame) -> dict[str, float]:
    """Coefficients of the traditional gravity table: 28,152 flows between different countries."""
    return ppml(f"trade ~ {' + '.join(GEOGRAPHY)} | exporter^year + importer^year", frame[frame["border"] == 1])


def _square(frame: pd.DataFrame, column: str) -> tuple[tuple[str, ...], Array]:
    """Countries in alphabetical order and one column of one year as (importer, exporter)."""
    table = frame.pivot(index="importer", columns="exporter", values=column).sort_index().sort_index(axis=1)
    return tuple(table.index), table.to_numpy(dtype=np.float64)


def _cube(frame: pd.DataFrame, column: str) -> Array:
    """(T, N, N) one column of all years."""
    return np.stack([_square(year, column)[1] for _, year in frame.groupby("year", sort=True)])


def borders(frame: pd.DataFrame) -> Experiment:
    """Application 1: international borders vanish, distance and contiguity stay, 2006."""
    year = frame[frame["year"] == 2006]
    found = ppml("trade ~ ln_distance + cntg + border | exporter + importer", year)
    countries, trade = _square(year, "trade")
    cost = {name: np.exp(found[name] * _square(year, name)[1]) for name in found}
    after = cost["ln_distance"] * cost["cntg"]
    before = after * cost["border"]
    return Experiment("1_TradeWithoutBorder_FULL", countries, trade, before, after, {"": found}, False)


def nafta(frame: pd.DataFrame, agreements: tuple[str, ...], results: str) -> Experiment:
    """NAFTA loses its effect, 1994: with `agreements` ("rta",) the average one of all agreements (application 2),
    with ("other_rta", "nafta") its own (exercise 2).

    Costs are the estimated effects of country pairs; those of seven pairs that never trade are predicted.
    """
    found = ppml(f"trade ~ {' + '.join(agreements)} | exporter^year + importer^year + pair", frame)
    effect = np.exp(sum((found[name] * _cube(frame, name) for name in agreements), np.zeros(1)))
    year = frame[frame["year"] == 1994]
    cost, geography = _pair_costs(year, pair_effects(_cube(frame, "trade"), effect))
    countries, trade = _square(year, "trade")
    now = effect[YEARS.index(1994)]
    without = np.where(_square(year, "nafta")[1] == 1, 1.0, now)
    coefficients = {"": found, " of pair effects": geography}
    return Experiment(results, countries, trade, cost * now, cost * without, coefficients, True)


def _pair_costs(year: pd.DataFrame, effects: Array) -> tuple[Array, dict[str, float]]:
    """(N, N) pair effects with the missing (zero) ones predicted from geography, and the coefficients of that."""
    countries = _square(year, "trade")[0]
    known = (effects > 0) & ~np.eye(len(effects), dtype=bool)
    position = {code: k for k, code in enumerate(countries)}
    cell = year["importer"].map(position).to_numpy(), year["exporter"].map(position).to_numpy()
    sample = year.assign(effect=effects[cell])[known[cell]]
    found = ppml(f"effect ~ {' + '.join(GEOGRAPHY)} | exporter + importer", sample)
    geography = np.exp(sum((found[name] * _square(year, name)[1] for name in GEOGRAPHY), np.zeros(1)))
    given = effects * known
    exporter, importer = scaled(geography * known, given.sum(axis=0), given.sum(axis=1))
    return np.where(effects > 0, effects, geography * exporter * importer[:, None]), found


def pair_effects(trade: Array, agreements: Array) -> Array:
    """(N, N) symmetric multiplicative pair effects of a PPML with exporter-year, importer-year and pair effects.

    `trade`, `agreements` (T, N, N); the effect of home sales is 1, that of pairs without any trade 0. At given
    coefficients the first-order conditions equate sums over exporter-years, importer-years and pairs, which is what
    scaling one after the other converges to.
    """
    total = trade.sum(axis=0) + trade.sum(axis=0).T
    output, spending = trade.sum(axis=1), trade.sum(axis=2)
    effect = (total > 0).astype(float)
    importer = np.ones_like(spending)
    for _ in range(10_000):
        cost = agreements * effect
        exporter = output / (cost * importer[:, :, None]).sum(axis=1)
        importer = spending / (cost * exporter[:, None, :]).sum(axis=2)
        fitted = (agreements * exporter[:, None, :] * importer[:, :, None]).sum(axis=0)
        new = total / (fitted + fitted.T)
        np.fill_diagonal(new, 1.0)
        moved, effect = np.abs(new - effect).max(), new
        if moved < 1e-12:
            return effect
    raise _unbalanced(moved)


def scaled(cost: Array, output: Array, spending: Array, reference: int = 0) -> tuple[Array, Array]:
    """exporter (N,) and importer (N,) effects that give `cost` the sums `output` and `spending`: the fixed effects of
    a PPML at given coefficients. The importer effect of the reference country is 1."""
    importer = np.ones_like(spending)
    for _ in range(100_000):
        exporter = output / (importer @ cost)
        new = spending / (cost @ exporter)
        moved, importer = np.abs(new / importer - 1).max(), new
        if moved < 1e-14:
            return exporter * importer[reference], importer / importer[reference]
    raise _unbalanced(moved)


def _unbalanced(moved: float) -> NotConvergedError:
    text = f"The fixed effects of a gravity regression still move by {moved:.1e}."
    return NotConvergedError(text, residual=moved, path_fraction=1.0)


def fitted_world(experiment: Experiment) -> World:
    """The baseline: trade fitted with the book's costs, whose sums are the observed outputs and spending."""
    exporter, importer = scaled(experiment.before, experiment.output, experiment.spending)
    fitted = experiment.before * exporter * importer[:, None]
    world = one_sector_world(fitted.T, experiment.countries, THETA)
    return world.replace(name=experiment.results, money_unit="million USD", provenance={"sources": [SOURCE.as_dict()]})
