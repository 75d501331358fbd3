"""Smoothed worlds: trade between economies replaced by what structural gravity fits to the world's own flows.

Exact changes cannot revive a zero cell, and an observed cell of a thin pair is noise that a counterfactual takes for
structure. Dingel & Tintelnot propose to start from fitted instead of observed shares. Here, sector by sector: Poisson
pseudo-maximum likelihood (pyfixest) of border flows on exporter effects, importer effects and bilateral covariates
gives the shape; a projection gives it the margins of the world, to the last digits:

    exports of every country and sector at border prices,
    imports of every country and sector at user prices (with tariffs).

So output, spending, value added, final spending and input-output tables stay as they are and the result is an exact
equilibrium. Tariff revenue and deficits change, against each other, because rates differ between partners. Kept as
observed: home sales, which national accounts measure well, and every flow with ROW, which has no place on the map.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.balance import accounts
from comity.benchmark.smooth_record import provenance
from comity.benchmark.world import World
from comity.classifications.countries import REST_OF_WORLD, load_blocs
from comity.errors import InputError
from comity.sources import missing_extra
from comity.sources.geodist import Geodist

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

SUFFIX = "-smoothed"
# blocs with free or nearly free trade inside; the two that matter most for the gallery have a dummy of their own
OTHER_AGREEMENTS = ("EFTA", "USMCA", "ASEAN", "Mercosur", "CIS", "GCC")
# without these, gravity would undo the sanctions that the benchmark's flows contain
COALITIONS = {
    "Iran sanctions coalition 2012": "IRN",
    "Russia sanctions coalition 2014": "RUS",
    "Russia sanctions coalition 2022": "RUS",
    "Belarus sanctions coalition 2022": "BLR",
}
LEAST_POSITIVE = 500  # positive flows a sector needs: about three for every effect that is estimated
EXACT = 1e-14  # largest relative gap of a margin after the projection
ROUNDS, TILTS = 20_000, 60


@dataclass(frozen=True)
class Fit:
    """Gravity of one sector: coefficients and standard errors clustered by pair, cells used, what was left out."""

    coefficients: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    observations: int = 0
    notes: tuple[str, ...] = ()


def smooth_world(world: World, geography: Geodist) -> World:
    """The smoothed sibling of `world`; `geography` holds its economies, ROW left out.

    Raises InputError if pyfixest is missing, labels differ, exports are taxed or a sector cannot be projected.
    """
    if world.export_tax.any():
        raise InputError("smoothing", "worlds with export taxes are not smoothed: exports and output would part")
    here = [n for n, code in enumerate(world.countries) if code != REST_OF_WORLD]
    if tuple(world.countries[n] for n in here) != geography.countries:
        raise InputError("smoothing", "the geography must hold the world's economies in its order, ROW left out")
    shared = covariates(geography, world.base_year or 0)
    cells = np.ix_(here, here)
    home = np.eye(len(here), dtype=bool)
    flow = world.flow.copy()
    fits: list[Fit] = []
    tilts: list[float] = []
    for j, sector in enumerate(world.sectors):
        seen, factor = world.flow[j][cells], 1 + world.tariff[j][cells]
        fit, fitted, tilt = smooth_sector(seen * ~home, factor, shared, geography.countries, sector)
        flow[j][cells] = np.where(home, seen, fitted)
        fits.append(fit)
        tilts.append(tilt)
    return _assembled(world, flow, fits, tilts)


def smooth_sector(
    abroad: Array, factor: Array, shared: Mapping[str, Array], countries: Sequence[str], sector: str
) -> tuple[Fit, Array, float]:
    """Fit, flows (N, N) and tilt of one sector; `abroad` has no home sales, `factor` is 1 + tariff."""
    positive = int((abroad > 0).sum())
    if positive < LEAST_POSITIVE:
        return Fit(notes=(f"kept as observed: only {positive} positive flows",)), abroad, 0.0
    design = {**shared, "ln_tariff": np.log(factor)}
    used, notes = sample(abroad, design, countries)
    found = fit_sector(abroad, design, used, sector)
    fitted, tilt = project(shape(found, design, used), factor, abroad, sector)
    return Fit(found.coefficients, found.errors, found.observations, tuple(notes)), fitted, tilt


# -- covariates ----------------------------------------------------------------------------------------


def covariates(geography: Geodist, year: int) -> dict[str, Array]:
    """Bilateral covariates (N, N) [importer, exporter] by name; blocs as of the middle of `year`."""
    codes, day = geography.countries, datetime.date(year, 7, 1)
    member = {name: np.isin(codes, bloc.members(day)) for name, bloc in load_blocs().items()}
    eu, eaeu = (np.outer(member[name], member[name]) for name in ("EU", "EAEU"))
    other = np.outer(member["EU"], member["EFTA"]) | np.outer(member["EFTA"], member["EU"])
    for name in OTHER_AGREEMENTS:
        other |= np.outer(member[name], member[name])
    distance = np.where(np.eye(len(codes), dtype=bool), 1.0, geography.distance)
    found = {
        "ln_distance": np.log(distance),
        "contiguity": geography.contiguity,
        "language": geography.language,
        "colony": geography.colony,
        "both_eu": eu.astype(float),
        "both_eaeu": eaeu.astype(float),
        "other_agreement": (other & ~eu & ~eaeu).astype(float),
    }
    latest = {target: name for name, target in COALITIONS.items() if member[name].any()}
    for target, name in latest.items():
        bought = np.outer(member[name], np.isin(codes, [target])).astype(float)
        found[f"{target}_to_coalition"] = bought
        found[f"coalition_to_{target}"] = bought.T.copy()
    return found


# -- one sector ----------------------------------------------------------------------------------------


def sample(abroad: Array, design: Mapping[str, Array], countries: Sequence[str]) -> tuple[Mask, list[str]]:
    """(N, N) cells a sector is fitted on, and by name what is left out: effects and dummies without any trade.

    Poisson regression has no finite coefficient for them ("separation"); their cells stay 0, as observed.
    """
    sells, buys = abroad.sum(axis=0) > 0, abroad.sum(axis=1) > 0
    used = np.outer(buys, sells) & ~np.eye(len(countries), dtype=bool)
    notes = []
    for word, some in (("exports", sells), ("imports", buys)):
        idle = [code for code, active in zip(countries, some, strict=True) if not active]
        if idle:
            notes.append(f"no {word} inside the fitted economies: {', '.join(idle)}")
    for name, values in design.items():
        dummy = used & (values == 1)
        if np.isin(values, (0.0, 1.0)).all() and dummy.any() and abroad[dummy].sum() == 0:
            notes.append(f"no trade where {name}: {int(dummy.sum())} cells stay 0")
            used &= ~dummy
    return used, notes


def fit_sector(abroad: Array, design: Mapping[str, Array], used: Mask, sector: str) -> Fit:
    """Poisson pseudo-maximum likelihood of border flows (N, N) on both effects and the covariates that vary.

    Raises InputError if pyfixest is missing, or if it drops cells that `sample` did not name.
    """
    try:
        import pandas as pd
        import pyfixest
    except ImportError:
        raise missing_extra("pyfixest") from None
    importer, exporter = np.nonzero(used)
    count = used.shape[0]
    varying = [name for name, values in design.items() if np.ptp(values[used]) > 0]
    frame = pd.DataFrame({name: design[name][used] for name in varying})
    # a mean of one: tolerances of the regression mean the same in every sector
    frame["flow"] = abroad[used] / abroad[used].mean()
    frame["importer"], frame["exporter"] = importer, exporter
    frame["pair"] = np.minimum(importer, exporter) * count + np.maximum(importer, exporter)
    formula = f"flow ~ {' + '.join(varying)} | exporter + importer"
    try:
        with warnings.catch_warnings():
            # pyfixest uses what the newest pandas deprecates
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warnings.filterwarnings("error", message=".*removed because of separation", category=UserWarning)
            fit = pyfixest.fepois(
                formula, data=frame, vcov={"CRV1": "pair"}, iwls_tol=1e-12, iwls_maxiter=200, fixef_tol=1e-10
            )
    except UserWarning as separated:
        raise InputError(f"gravity of {sector}", "cells without information were not named", found=separated) from None
    return Fit(
        {str(name): float(value) for name, value in fit.coef().items()},
        {str(name): float(value) for name, value in fit.se().items()},
        len(frame),
    )


def shape(fit: Fit, design: Mapping[str, Array], used: Mask) -> Array:
    """(N, N) exp(covariates x coefficients), 0 outside the cells used; the effects come with the projection."""
    index = np.zeros(used.shape)
    for name, value in fit.coefficients.items():
        index += value * design[name]
    return np.where(used, np.exp(index - index[used].max()), 0.0)


def project(prior: Array, factor: Array, abroad: Array, sector: str = "") -> tuple[Array, float]:
    """Flows prior x a(exporter) x b(importer) x factor^tilt with the exports and imports of `abroad`; and the tilt.

    All (N, N) [importer, exporter]; `factor` is 1 + tariff. Columns add up to exports at border prices, rows times
    factor to imports at user prices. These are 2 N conditions for 2 N - 1 free effects, because one scale is common to
    both; the tilt, one exponent of the tariff factor for the sector, is the missing one. Without tariffs it is 0 and
    the result is the Poisson regression's own fitted value.

    Raises InputError if no such flows exist.
    """
    exports, imports = abroad.sum(axis=0), (abroad * factor).sum(axis=1)
    if ((prior.sum(axis=0) == 0) & (exports > 0)).any() or ((prior.sum(axis=1) == 0) & (imports > 0)).any():
        raise InputError(f"smoothing of {sector}", "a total is positive where every cell of the fit is zero")

    def at(tilt: float) -> tuple[Array, float]:
        flow = _scaled(prior * factor**tilt, factor, exports, imports)
        return flow, float(np.log(flow.sum() / exports.sum()))

    flow, gap = at(0.0)
    if abs(gap) <= EXACT / 10:
        return flow, 0.0
    last, before, tilt = 0.0, gap, -1.0
    flow, gap = at(tilt)
    for _ in range(TILTS):
        if abs(gap) <= EXACT / 10 or gap == before:
            break
        last, before, tilt = tilt, gap, tilt - gap * (tilt - last) / (gap - before)
        flow, gap = at(tilt)
    if not (np.isfinite(flow).all() and abs(gap) <= 10 * EXACT):
        raise InputError(f"smoothing of {sector}", "no flows of this shape have the world's totals", found=f"{gap:.1e}")
    return flow, tilt


def _scaled(prior: Array, factor: Array, exports: Array, imports: Array) -> Array:
    """`prior` scaled by exporter and importer: rows times factor add to imports, columns are proportional to exports.

    Both steps are positive and of degree -1, so their alternation contracts to one direction from any start.
    """
    taxed = prior * factor
    sells: Array = (exports > 0).astype(np.float64)
    for _ in range(ROUNDS):
        buys = _ratio(imports, taxed @ sells)
        fresh = _ratio(exports, prior.T @ buys)
        fresh /= fresh.max()
        change = _ratio(fresh, sells)[exports > 0]
        sells = fresh
        if change.max() - change.min() < EXACT * change.max():
            break
    return prior * sells * _ratio(imports, taxed @ sells)[:, None]


def _ratio(wanted: Array, now: Array) -> Array:
    return np.divide(wanted, now, out=np.zeros_like(now), where=now > 0)


# -- the world -----------------------------------------------------------------------------------------


def _assembled(world: World, flow: Array, fits: Sequence[Fit], tilts: Sequence[float]) -> World:
    """The World on the new flows: everything but trade shares and deficits is that of `world`."""
    after = accounts(flow, world.tariff, world.export_tax)
    paid = flow * (1 + world.tariff)
    spent = paid.sum(axis=2)
    return World.from_arrays(
        countries=world.countries,
        sectors=world.sectors,
        trade_share=paid / np.where(spent > 0, spent, 1)[:, :, None],
        tariff=world.tariff,
        export_tax=world.export_tax,
        value_added_share=world.value_added_share,
        input_share=world.input_share,
        consumption_share=world.consumption_share,
        trade_elasticity=world.trade_elasticity,
        value_added=world.value_added,
        deficit=after.deficit - after.deficit.sum() / len(after.deficit),
        name=f"{world.name}{SUFFIX}",
        base_year=world.base_year,
        money_unit=world.money_unit,
        provenance=provenance(world, flow, fits, tilts),
    )
