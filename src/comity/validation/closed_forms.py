"""Closed forms the solver must meet: the gains from trade of one sector, and of many sectors with input-output links.

Arkolakis, Costinot & Rodriguez-Clare (2012): with one sector, real income at autarky relative to today is
lambda^(1/theta), lambda the home share. Costinot & Rodriguez-Clare (2014): with many sectors and inputs it is
prod_s prod_r lambda_r^(alpha_s a_sr / theta_r), a = (1 - A')^-1 with A the input shares. Both hold without tariffs
and deficits, so the worlds are first solved with neither; the comparison runs the solver itself into autarky.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.bundle import embedded_worlds, load_world
from comity.benchmark.world import World
from comity.equilibrium.path import as_world
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import solve
from comity.outcomes.ge_gravity import one_sector_world
from comity.validation.rows import Row, Study

Array = NDArray[np.float64]

TOLERANCE = 1e-8  # stated for the autarky limit
TIGHT = 1e-11
ONE_SECTOR_THETA = 5.0


def rows(data: Path) -> list[Row]:
    """Both closed forms on every embedded world; needs no data."""
    found = []
    for name in embedded_worlds():
        free = without_policy(load_world(name))
        found += _many_sectors(name, free)
        found.append(_one_sector(name, free))
    return found


def without_policy(world: World) -> World:
    """The World after removing all deficits and then all tariffs."""
    balanced = world.balanced()
    zero = np.zeros_like(balanced.tariff)
    return as_world(solve(balanced, Shock(tariff_new=zero, export_tax_new=zero), tolerance=TIGHT))


def log_gains(world: World) -> Array:
    """(N,) ln of real income today over autarky by the closed form; infinite where a sector that is used is not made
    at home."""
    theta, home = world.trade_elasticity[:, None], np.diagonal(world.trade_share, axis1=1, axis2=2)
    used = world.expenditure > 0
    with np.errstate(divide="ignore"):
        openness = np.where(used, -np.log(home) / theta, 0.0)
    one = np.eye(len(world.sectors))
    # ln P = A' ln P + va ln w - ln(lambda)/theta at autarky; in real terms only the last term is left
    inputs = world.input_share.transpose(2, 1, 0)
    finite = np.where(np.isfinite(openness), openness, 0.0)
    price = np.linalg.solve(one - inputs, finite.T[:, :, None])[:, :, 0].T
    gains = (world.consumption_share * price).sum(axis=0)
    return np.asarray(np.where(np.isfinite(openness).all(axis=0), gains, np.inf))


def autarky(world: World, chosen: NDArray[np.bool_]) -> Array:
    """(N,) real_income_hat when each of the chosen countries stops trading altogether; the others trade on."""
    count = len(world.countries)
    cut = (chosen[:, None] | chosen[None, :]) & ~np.eye(count, dtype=bool)
    iceberg = np.where(cut[None], np.inf, np.ones_like(world.trade_share))
    return np.asarray(solve(world, Shock(iceberg_hat=iceberg), tolerance=TIGHT).real_income_hat)


def _many_sectors(name: str, free: World) -> list[Row]:
    """The largest distance over all countries with home output in every used sector, and the excluded by name."""
    gains = log_gains(free)
    able = np.isfinite(gains)
    ours = autarky(free, able)[able]
    left_out = [code for code, ok in zip(free.countries, able, strict=True) if not ok]
    said = f"{int(able.sum())} of {len(able)} economies are compared"
    said += f"; left out, because a sector they use has no home output: {', '.join(left_out)}" if left_out else ""
    table = f"autarky of {name}"
    found = [
        Row(table, "largest distance of solver and closed form", "many sectors, inputs", 0.0,
            float(np.abs(ours - np.exp(-gains[able])).max()), TOLERANCE, "ratio", "stated for the limit", said)
    ]  # fmt: skip
    for code in ("USA", "DEU", "IRN", "BLR"):
        if code in free.countries and able[free.country(code)]:
            k = free.country(code)
            mine = ours[int(able[:k].sum())]
            found.append(Row(table, "gains from trade", code, 100 * (1 - float(np.exp(-gains[k]))),
                             100 * (1 - float(mine)), 100 * TOLERANCE, "%", "closed form"))  # fmt: skip
    return found


def one_sector(world: World, theta: float = ONE_SECTOR_THETA) -> World:
    """All flows of a World added up into one sector without inputs, deficits removed by a solve."""
    return one_sector_world(world.flow.sum(axis=0).T, world.countries, theta).balanced()


def _one_sector(name: str, free: World) -> Row:
    world = one_sector(free)
    home = np.diagonal(world.trade_share[0])
    ours = autarky(world, np.ones(len(home), dtype=bool))
    gap = np.abs(ours - home ** (1 / ONE_SECTOR_THETA)).max()
    why = f"stated for the limit; {len(home)} economies, theta {ONE_SECTOR_THETA:g}"
    return Row(f"autarky of {name}", "largest distance of solver and closed form", "one sector", 0.0, float(gap),
               TOLERANCE, "ratio", why)  # fmt: skip


STUDY = Study(
    id="closed-forms",
    title="Gains from trade: closed forms against the solver's own autarky",
    citation="Arkolakis, Costinot, Rodriguez-Clare (2012), American Economic Review 102(1), 94-130; Costinot, "
    "Rodriguez-Clare (2014), Handbook of International Economics 4, ch. 4",
    bibtex="@article{acr_2012, author={Arkolakis, Costas and Costinot, Arnaud and Rodr{\\'i}guez-Clare, Andr{\\'e}s}, "
    "title={New Trade Models, Same Old Gains?}, journal={American Economic Review}, volume={102}, number={1}, "
    "pages={94--130}, year={2012}}",
    rows=rows,
    about="Needs no data: runs on the embedded worlds after removing every deficit and tariff.",
)
