"""Gains from trade and a US tariff in Costinot and Rodriguez-Clare (2014), rebuilt from WIOD 2008.

Treatment of the data, as in public programs written for the chapter's model (one of them matches its Table 4.2,
column 4, to two decimals on the first edition of the table): stocks drawn down are taken as produced this year;
31 sectors and 34 economies; services have elasticity 5; with inputs, a sector's inputs are spread over sellers' sectors
as all spending of its country is; the tariff starts from a world without trade deficits. The chapter's own account of
its data was not at hand, so the gains with inputs are also given with the input shares as observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import solve
from comity.errors import InputError
from comity.sources import opened
from comity.sources.wiod2013 import Wiot, read_wiot
from comity.validation.rows import Absent, Row, Study, needed, published

Array = NDArray[np.float64]

NAME = "costinot_rodriguez_clare_2014"
YEAR = 2008
SMALL = ("BGR", "CYP", "EST", "LTU", "LUX", "LVA", "MLT")  # added to RoW
MERGED = {5: 4, 20: 19, 34: 31, 35: 31}  # leather to textiles, retail to wholesale, other services to government
GOODS = 16  # sectors 1-16 are goods
ONE_SECTOR_ELASTICITY = SERVICES_ELASTICITY = 5.0
TARIFF, IMPOSED_BY = 0.4, "USA"
LARGEST_INPUT_COST = 0.99


@dataclass(frozen=True)
class Table:
    """A world table of N economies and S sectors, million USD: use (N, S, N, S) inputs of (seller, its sector) by
    (buyer, its sector), final (N, S, N) final uses by (seller, its sector) of each buyer."""

    countries: tuple[str, ...]
    use: Array
    final: Array

    @property
    def spending(self) -> Array:
        """(S, N, N) all spending on a sector by buyer on seller."""
        return (self.use.sum(axis=3) + self.final).transpose(1, 2, 0)

    @property
    def output(self) -> Array:
        """(S, N) gross output."""
        return (self.use.sum(axis=(2, 3)) + self.final.sum(axis=2)).T

    @property
    def final_share(self) -> Array:
        """(S, N) shares of final uses, home and imported."""
        return self.final.sum(axis=0) / self.final.sum(axis=(0, 1))

    @property
    def spending_share(self) -> Array:
        """(S, N) shares of all spending, inputs included."""
        return self.spending.sum(axis=2) / self.spending.sum(axis=(0, 2))

    @property
    def domestic_share(self) -> Array:
        """(S, N) share of spending on a sector that stays at home."""
        return np.einsum("snn->sn", self.spending) / self.spending.sum(axis=2)

    @property
    def input_cost(self) -> Array:
        """(S, N) inputs per unit of output, at most 0.99; 0 where there is no output.

        Cells are cut to whole millions, so that a tiny sector may seem to use more than it makes: oil refining in
        Slovenia (2 million of output) does, and is the only one.
        """
        used, made = self.use.sum(axis=(0, 1)).T, self.output
        return np.minimum(np.divide(used, made, out=np.zeros_like(used), where=made > 0), LARGEST_INPUT_COST)

    @property
    def observed_inputs(self) -> Array:
        """(K, S, N) input k per unit of output of s, as in the table."""
        used = self.use.sum(axis=0).transpose(0, 2, 1)
        total = used.sum(axis=0)
        return self.input_cost * np.divide(used, total, out=np.zeros_like(used), where=total > 0)

    @property
    def spread_inputs(self) -> Array:
        """(K, S, N) input k per unit of output of s, spread over k as all spending of the country is."""
        return self.spending_share[:, None, :] * self.input_cost[None]


# -- the closed forms ---------------------------------------------------------------------------------


def gains_one_sector(domestic_share: Array, elasticity: float) -> Array:
    """Loss of real consumption from closing the borders, 1 - lambda^(1/epsilon), as a fraction."""
    return 1 - domestic_share ** (1 / elasticity)


def gains_many_sectors(domestic_share: Array, final_share: Array, elasticity: Array) -> Array:
    """(N,) 1 - prod_s lambda_s^(beta_s/epsilon_s) from lambda, beta (S, N) and epsilon (S,), as a fraction."""
    return 1 - np.prod(domestic_share ** (final_share / elasticity[:, None]), axis=0)


def gains_with_inputs(domestic_share: Array, final_share: Array, inputs: Array, elasticity: Array) -> Array:
    """(N,) 1 - prod_s prod_r lambda_r^(beta_s a_sr/epsilon_r) with a = (1 - A')^-1, as a fraction.

    inputs A (K, S, N): input k per unit of output of s; so a_sr is what a unit of s takes of r, all rounds included.
    """
    identity = np.eye(len(elasticity))
    content = np.linalg.solve(identity - inputs.transpose(2, 0, 1), final_share.T[:, :, None])[:, :, 0]
    return gains_many_sectors(domestic_share, content.T.astype(np.float64, copy=False), elasticity)


# -- the data -----------------------------------------------------------------------------------------


def without_drawdowns(wiot: Wiot) -> Table:
    """The table with negative final uses at zero and output raised, all rounds of inputs included, to serve the rest.

    What is taken out of stocks was made earlier; it is counted as made, with its inputs, in the year of the table.
    """
    n, j = wiot.output.shape
    use, final = wiot.use.reshape(n * j, n * j), wiot.final.reshape(n * j, -1)
    output = use.sum(axis=1) + final.sum(axis=1)
    coefficient = np.divide(use, output, out=np.zeros_like(use), where=output > 0)
    kept = np.maximum(wiot.final, 0.0).sum(axis=3)
    raised = np.linalg.solve(np.eye(n * j) - coefficient, kept.reshape(n * j, n).sum(axis=1))
    return Table(wiot.countries, (coefficient * raised).reshape(wiot.use.shape), kept)


def aggregated(table: Table) -> Table:
    """Small economies added to RoW (now last) and sectors merged: 34 economies and 31 sectors of WIOD."""
    names = tuple(code for code in table.countries if code not in SMALL)
    where = [names.index("RoW" if code in SMALL else code) for code in table.countries]
    country, sector = np.eye(len(names))[where], np.eye(len(kept_sectors()))[_sector_positions()]
    use = np.einsum("isjt,ia,sb->abjt", table.use, country, sector, optimize=True)
    use = np.einsum("abjt,jc,td->abcd", use, country, sector, optimize=True)
    final = np.einsum("isj,ia,sb,jc->abc", table.final, country, sector, country, optimize=True)
    return Table(names, use, final)


def kept_sectors() -> tuple[int, ...]:
    """Numbers (from 1) of the WIOD sectors that stay after merging."""
    return tuple(number for number in range(1, 36) if number not in MERGED)


def _sector_positions() -> list[int]:
    return [kept_sectors().index(MERGED.get(number, number)) for number in range(1, 36)]


def read_elasticities(path: Path) -> Array:
    """(31,) trade elasticities of the kept sectors: the file's for goods, 5 for services.

    The file has 35 lines "number elasticity"; its 100 for services stands for "hardly traded" and is not used.
    """
    with opened(path, "the table of elasticities") as file:
        cells = [line.split() for line in file if line.strip()]
    try:
        listed = {int(number): float(value) for number, value in cells}
    except ValueError:
        raise InputError(path.name, "lines of a number and an elasticity are needed") from None
    if sorted(listed) != list(range(1, 36)):
        raise InputError(path.name, "sectors 1 to 35 are needed", found=f"{len(listed)} of them")
    return np.array([listed[number] if number <= GOODS else SERVICES_ELASTICITY for number in kept_sectors()])


# -- the tariff ---------------------------------------------------------------------------------------


def world_of(table: Table, elasticity: Array) -> World:
    """A World with inputs and consumption spread as all spending of the country is."""
    spending, output = table.spending, table.output
    return World.from_arrays(
        countries=table.countries,
        sectors=[f"c{number}" for number in kept_sectors()],
        trade_share=spending / spending.sum(axis=2, keepdims=True),
        tariff=np.zeros_like(spending),
        value_added_share=1 - table.input_cost,
        input_share=table.spread_inputs,
        consumption_share=table.spending_share,
        trade_elasticity=elasticity,
        value_added=((1 - table.input_cost) * output).sum(axis=0),
        deficit=spending.sum(axis=(0, 2)) - output.sum(axis=0),
        share_tolerance=1e-6,
        name="handbook-2008",
        base_year=YEAR,
        money_unit="million USD",
    )


def tariff_effect(table: Table, elasticity: Array, importer: str, rate: float) -> Array:
    """(N,) change of real consumption, per cent, when `importer` taxes all imports, in a world without deficits.

    Income is deflated by the prices of final uses, as the chapter's welfare formula has it.
    """
    world = world_of(table, elasticity).balanced()
    tariff = np.zeros_like(world.tariff)
    position = world.countries.index(importer)
    tariff[:, position, :] = rate
    tariff[:, position, position] = 0.0
    solution = solve(world, Shock(tariff_new=tariff))
    prices = np.prod(solution.price_index_hat**table.final_share, axis=0)
    return 100 * (solution.income_new / world.income / prices - 1)


# -- the rows -----------------------------------------------------------------------------------------

EDITION = (
    "Other edition of the data: the program that matches the chapter reads the table of 2008 of April 2012 "
    "(WIOT08_ROW_Apr12), which the release of 2013 replaced by one of September 2012; ours is of that release, its "
    "cells cut to whole millions. The first edition was not at hand to confirm it."
)
CHINA = (
    " China stands out in both printed tables alike: they ask for an economy about 1.4 times as open as the release of "
    "2013 has it (imports 12, not 9 per cent of spending)."
)
# points by which the numbers were seen to differ, rounded up: a row that moves further out is a slip and fails
EDITION_REACH = {"one sector": 0.2, "many sectors": 1.0, "many sectors and inputs": 1.5, "US tariff of 40 %": 0.1}
CHINA_REACH = {"one sector": 1.0, "many sectors": 1.5, "many sectors and inputs": 4.5, "US tariff of 40 %": 0.15}
OBSERVED = " (observed input shares)"


def rows(data: Path) -> list[Row]:
    """The printed numbers beside ours. Raises Absent without the data or the reader of R files."""
    table, elasticity = inputs(data)
    ours = _columns(table, elasticity)
    return [
        _row(line, name, float(ours[name][table.countries.index(line["label"])]))
        for line in published(NAME)
        for name in (line["quantity"], line["quantity"] + OBSERVED)
        if name in ours
    ]


def inputs(data: Path) -> tuple[Table, Array]:
    """The aggregated table and its elasticities, or Absent."""
    path = needed(data / "wiod2013_bquast" / f"wiot_{YEAR}.RData")
    elasticities = needed(data / "elasticities" / f"{NAME}_sectoral.csv")
    if find_spec("rdata") is None:
        raise Absent("needs the package rdata: pip install 'comity[validation]'")
    return aggregated(without_drawdowns(read_wiot(path))), read_elasticities(elasticities)


def _columns(table: Table, elasticity: Array) -> dict[str, Array]:
    """(N,) ours by printed column, per cent."""
    home, final = table.domestic_share, table.final_share
    home_in_all = np.einsum("snn->n", table.spending) / table.spending.sum(axis=(0, 2))
    spread, observed = table.spread_inputs, table.observed_inputs
    return {
        "one sector": 100 * gains_one_sector(home_in_all, ONE_SECTOR_ELASTICITY),
        "many sectors": 100 * gains_many_sectors(home, final, elasticity),
        "many sectors and inputs": 100 * gains_with_inputs(home, final, spread, elasticity),
        "many sectors and inputs" + OBSERVED: 100 * gains_with_inputs(home, final, observed, elasticity),
        "US tariff of 40 %": tariff_effect(table, elasticity, IMPOSED_BY, TARIFF),
    }


def _row(line: dict[str, str], name: str, ours: float) -> Row:
    value, column = float(line["value"]), line["quantity"]
    reach = (CHINA_REACH if line["label"] == "CHN" else EDITION_REACH)[column]
    tolerance = 0.5 * 10.0 ** -len(line["value"].partition(".")[2])
    note = EDITION + (CHINA if line["label"] == "CHN" else "")
    outside = tolerance < abs(ours - value) <= reach
    return Row(line["table"], name, line["label"], value, ours, tolerance, line["unit"], note=note if outside else "")


STUDY = Study(
    id="costinot-rodriguez-clare-2014",
    title="Trade Theory with Numbers: gains from trade and a US tariff, 2008",
    citation="Costinot, Rodriguez-Clare (2014), Handbook of International Economics 4, chapter 4, 197-261",
    bibtex=(
        "@incollection{costinot_rodriguez_clare_2014, author={Costinot, Arnaud and Rodr{\\'i}guez-Clare, Andr{\\'e}s}, "
        "title={Trade Theory with Numbers: Quantifying the Consequences of Globalization}, booktitle={Handbook of "
        "International Economics}, volume={4}, chapter={4}, pages={197--261}, year={2014}, publisher={Elsevier}, "
        "doi={10.1016/B978-0-444-54314-1.00004-5}}"
    ),
    rows=rows,
    about="Closed forms of the gains from trade (Table 4.1, five countries), a solved tariff (Table 4.2, column 4).",
)
