"""Other programs on the same input: synthetic worlds with reference answers, and welfare with coalition transfers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import InputError
from comity.sources import require, unreadable
from comity.validation.rows import Absent, Row, Study, needed

Array = NDArray[np.float64]

FOLDER = "synthetic"
SCENARIOS = ("ntb20", "tariff20", "embargo")
REFERENCE_TOLERANCE = 1e-11  # the references are solved to 2e-13, ours to TIGHT
TIGHT = 1e-12
KITE_TOLERANCE = 1e-3  # KITE stops when the sum of wage steps is below 1e-4, and each step takes a tenth of the gap
TRANSFERS = 1e-8
SHAPES = {"pi": "nnj", "va_share": "nj", "io": "njj", "alpha": "nj", "tau": "nnj", "theta": "j", "VA": "n", "D": "n"}


def rows(data: Path) -> list[Row]:
    """Every world_SIZE.npz of the folder against its ref_SIZE_SCENARIO.npz."""
    folder = needed(data / FOLDER)
    worlds = sorted(folder.glob("world_*.npz"))
    if not worlds:
        raise Absent(f"no world_*.npz in {FOLDER}/")
    found: list[Row] = []
    for file in worlds:
        world, size = read_world(file), file.stem.removeprefix("world_")
        for scenario in SCENARIOS:
            reference = folder / f"ref_{size}_{scenario}.npz"
            if reference.exists():
                found += _against(world, size, scenario, reference)
        kite = folder / f"kite_2401_default_tolerance_{size}_ntb20.csv"
        if kite.exists():
            found.append(_against_kite(world, size, kite))
        found += _transfers(world, size)
    return found


def read_world(file: Path) -> World:
    """The World of one file; its arrays are (importer, exporter, sector), README in the folder. Raises InputError."""
    try:
        # opened here, so that a file that is no archive is closed all the same
        with open(require(file, "a synthetic world"), "rb") as raw, np.load(raw, allow_pickle=False) as archive:
            z = {name: np.asarray(archive[name], dtype=np.float64) for name in SHAPES if name in archive}
    except (OSError, ValueError) as problem:
        raise unreadable(file, problem) from None
    lost = [name for name in SHAPES if name not in z]
    if lost or any(z[name].ndim != len(axes) for name, axes in SHAPES.items()):
        raise InputError(file.name, "arrays are missing or have other axes", found=lost or "", allowed=SHAPES)
    count, sectors = z["va_share"].shape
    return World.from_arrays(
        countries=[f"C{k:03d}" for k in range(1, count + 1)],
        sectors=[f"S{k:02d}" for k in range(1, sectors + 1)],
        trade_share=z["pi"].transpose(2, 0, 1),
        tariff=z["tau"].transpose(2, 0, 1) - 1,
        value_added_share=z["va_share"].T,
        input_share=(z["io"] * (1 - z["va_share"])[:, None, :]).transpose(1, 2, 0),
        consumption_share=z["alpha"].T,
        trade_elasticity=z["theta"],
        value_added=z["VA"],
        deficit=z["D"],
        name=file.stem,
    )


def scenario_shock(world: World, scenario: str) -> Shock:
    """The folder's three scenarios: groups A and B are the first and second max(2, N // 10) countries."""
    j, n = world.value_added_share.shape
    size = max(2, n // 10)
    a, b = np.arange(size), np.arange(size, 2 * size)
    iceberg, tariff = np.ones((j, n, n)), world.tariff.copy()
    if scenario == "tariff20":
        tariff[:, a[:, None], b] += 0.2
    else:
        factor = 1.2 if scenario == "ntb20" else np.inf
        iceberg[:, a[:, None], b] = iceberg[:, b[:, None], a] = factor
    return Shock(iceberg_hat=iceberg, tariff_new=tariff)


def exports_hat(solution: Solution) -> Array:
    """(N,) change of exports, home sales left out."""
    off = 1 - np.eye(len(solution.wage_hat))
    return np.asarray((solution.flow_new * off).sum(axis=(0, 1)) / (solution.benchmark.flow * off).sum(axis=(0, 1)))


def _against(world: World, size: str, scenario: str, file: Path) -> list[Row]:
    """Largest distance of four country vectors to the reference program's."""
    ours = solve(world, scenario_shock(world, scenario), tolerance=TIGHT)
    with open(file, "rb") as raw, np.load(raw, allow_pickle=False) as theirs:
        pairs = {
            "welfare": (ours.real_income_hat, theirs["welfare_hat"]),
            "wages": (ours.wage_hat, theirs["w_hat"]),
            "consumer prices": (ours.consumer_price_hat, theirs["P_hat"]),
            "sector prices": (ours.price_index_hat, theirs["p_hat"].T),
            "real wages": (ours.real_wage_hat, theirs["real_wage_hat"]),
            "exports": (exports_hat(ours), theirs["exports_hat"]),
        }
    return [
        Row(f"world {size}, {scenario}", "largest distance to the reference program", name, 0.0,
            float(np.abs(mine - reference).max()), REFERENCE_TOLERANCE, "ratio", "what both were solved to")
        for name, (mine, reference) in pairs.items()
    ]  # fmt: skip


def _against_kite(world: World, size: str, file: Path) -> Row:
    """Distance to what KITE 24.01 prints at its default tolerance."""
    with open(file, encoding="utf-8", newline="") as table:
        theirs = np.array([float(line["welfare_hat"]) for line in csv.DictReader(table)])
    ours = solve(world, scenario_shock(world, "ntb20"), tolerance=TIGHT).real_income_hat
    gap = np.abs(ours - theirs)
    share = 100 * gap.max() / np.abs(ours - 1).max()
    why = f"its stopping rule (1e-4 on a step of a tenth); that is {share:.0f} % of the largest effect here"
    return Row(f"world {size}, ntb20", "largest distance to KITE 24.01 at its default tolerance", "welfare", 0.0,
               float(gap.max()), KITE_TOLERANCE, "ratio",
               why)  # fmt: skip


def _transfers(world: World, size: str) -> list[Row]:
    """Welfare with transfers inside a coalition that imposes the 20 % cost (Chowdhry, Hinz, Kamin & Wanner 2024)."""
    members = world.countries[: max(2, len(world.countries) // 10)]
    found = solve(world, scenario_shock(world, "ntb20"), equalise=members, tolerance=TIGHT)
    inside = [world.country(code) for code in members]
    factor, total = found.real_income_hat[inside], found.transfer_new[inside].sum()
    omega = found.income_new[inside].sum() / (world.income[inside] * found.consumer_price_hat[inside]).sum()
    table, why = f"world {size}, coalition transfers", "stated in the definition"
    return [
        Row(table, "sum of transfers / members' income", "coalition", 0.0,
            float(total / world.income[inside].sum()), TRANSFERS, "ratio", why),
        Row(table, "spread of the members' welfare factors", "coalition", 0.0,
            float(factor.max() - factor.min()), TRANSFERS, "ratio", why),
        Row(table, "common factor = sum I' / sum (I P_hat)", "coalition", float(omega), float(factor.mean()),
            TRANSFERS, "ratio", why),
    ]  # fmt: skip


STUDY = Study(
    id="synthetic",
    title="Reference answers of other programs on synthetic worlds, and transfers inside a coalition",
    citation="reference: an independent program, residual 2e-13; KITE 24.01 (Hinz, Mahlkow & Wanner), which agrees "
    "with the reference to 1e-9 at a tolerance of 1e-8; transfers: Chowdhry, Hinz, Kamin & Wanner (2024), Economic "
    "Policy 39",
    bibtex="@article{chowdhry_2024, author={Chowdhry, Sonali and Hinz, Julian and Kamin, Katrin and Wanner, Joschka}, "
    "title={Brothers in Arms: The Value of Coalitions in Sanctions Regimes}, journal={Economic Policy}, volume={39}, "
    "year={2024}}",
    rows=rows,
    about="Cost rise of 20 %, tariff rise of 20 points and a full embargo between two groups of countries.",
)
