"""The 31 x 40 world of Caliendo & Parro (2015) from their files, and its two starting points.

Their base year is not an equilibrium of their model: output is raised to exports where trade statistics say more was
exported than produced, and negative final demand is set to zero. As in the paper, the starting point is therefore
itself a solve: of the 1993 data with deficits set to zero, or with the observed deficits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import resolve_deficits
from comity.sources.caliendo_parro import SOURCE, CaliendoParro, read_caliendo_parro

Array = NDArray[np.float64]

NAFTA = ("MEX", "CAN", "USA")


@dataclass(frozen=True)
class Nafta:
    """The world after removing deficits (`balanced`) and with them (`observed`), the tariff change inside NAFTA, and
    what had to be repaired in the data, as sentences."""

    balanced: World
    observed: World
    shock: Shock
    record: tuple[str, ...]


def nafta(folder: Path) -> Nafta:
    """The benchmark and the counterfactual of the paper's Table 2 from the authors' files in `folder`."""
    data = read_caliendo_parro(folder)
    base, record = data_world(data)
    balanced, _ = resolve_deficits(base, np.zeros(len(base.countries)), "balanced")
    observed, _ = resolve_deficits(base, base.deficit, "calibrated")
    return Nafta(balanced, observed, tariff_change(data), record)


def tariff_change(data: CaliendoParro) -> Shock:
    """Tariffs among the three members from their 1993 to their 2005 rates, all others unchanged."""
    members = [data.countries.index(code) for code in NAFTA]
    tariff = data.tariff_1993.copy()
    inside = np.ix_(range(len(tariff)), members, members)
    tariff[inside] = data.tariff_2005[inside]
    return Shock(tariff_new=tariff)


def data_world(data: CaliendoParro) -> tuple[World, tuple[str, ...]]:
    """The 1993 shares as a World that is not yet an equilibrium (only a solve makes it one), and the repairs made."""
    border = data.imports
    diagonal = np.arange(len(data.countries))
    exports = border.sum(axis=1)
    output = np.maximum(data.output, exports)
    raised = output > data.output
    spending = border * (1 + data.tariff_1993)
    spending[:, diagonal, diagonal] = output - exports
    expenditure = spending.sum(axis=2)
    total = data.materials.sum(axis=0)
    uses = total > 0  # the others are value added alone
    materials = data.materials / np.where(uses, total, 1.0)
    inputs = (1 - data.value_added_share) * materials
    final = expenditure - (inputs * output).sum(axis=1)
    negative = final < 0
    record = (
        f"output raised to exports in {int(raised.sum())} sectors of countries, by "
        f"{100 * (output - data.output).sum() / data.output.sum():.2f} % of world output",
        f"negative final demand set to zero in {int(negative.sum())} sectors of countries, "
        f"{-100 * final[negative].sum() / expenditure.sum():.2f} % of world expenditure",
        f"cost shares of materials scaled to add up to one, by at most {np.abs(total[uses] - 1).max():.0e}",
    )
    final = np.maximum(final, 0.0)
    deficit = (border.sum(axis=2) - exports).sum(axis=0)
    value_added = (data.value_added_share * output).sum(axis=0)
    arrays = {
        "trade_share": spending / np.where(expenditure > 0, expenditure, 1)[:, :, None],
        "tariff": data.tariff_1993 * (1 - np.eye(len(diagonal))),
        "export_tax": np.zeros_like(border),
        "value_added_share": data.value_added_share,
        "input_share": inputs,
        "consumption_share": final / final.sum(axis=0),
        "trade_elasticity": data.theta,
        "value_added": value_added,
        "deficit": deficit - deficit.sum() / len(deficit),
        "expenditure": expenditure,
    }
    world = World._frozen(
        (data.countries, data.sectors),
        arrays,
        "caliendo-parro-1993",
        1993,
        "USD",
        {"sources": [SOURCE.as_dict()], "record": [{"step": "data", "what": said} for said in record]},
    )
    return world, record
