r"""Where a change of real income comes from: terms of trade, volume of trade, costs, productivity, transfers.

At every point of an equilibrium path (docs/decomposition.md, with e and d fixed Caliendo & Parro 2015, section 2)

    I dlnW = ToT + VoT + costs + productivity + transfers,

with border prices p = c(1+e), border flows F, and for country n
    ToT = sum F_exp dln p_n - sum F_imp dln p_i
    VoT = sum t F_imp (dln F - dln p_i - dln d) + sum e/(1+e) F_exp (dln F_exp - dln p_n)
    costs = -sum F_imp dln d;  productivity = sum Y dln A;  transfers = dD + dT.
The parts are integrated along the path of `equilibrium.path` by Gauss-Legendre quadrature on intervals that are halved
until the parts of each add up to the change of ln W over it, which the solves at its ends give exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.path import Path, Step, gauss_nodes
from comity.equilibrium.solution import Solution
from comity.equilibrium.tangent import Tangent
from comity.errors import NotConvergedError

Array = NDArray[np.float64]

PATH = "tariff and tax rates, and trade costs and productivity in logarithms, move along straight lines"
FADING = "the weight of an embargoed flow (kappa^-theta) falls along a straight line to zero"
ADDING_UP = 1e-8  # largest accepted gap between the sum of the parts and ln W
AIM = 1e-10  # what the quadrature asks of an interval, so that the sum stays far below ADDING_UP
ORDERS = (3, 6)  # nodes on an interval: few first, which small shocks are content with
SHORTEST = 1 / 4096
PARTS = ("terms of trade", "volume of trade", "trade costs", "productivity", "transfers")


@dataclass(frozen=True, eq=False)
class Parts:
    """Contributions to ln W of country n: terms_of_trade, volume_of_trade, trade_costs (J, N, N) by sector, country,
    partner; productivity (J, N); transfers (N,); measures (M, N): their sum by measure."""

    terms_of_trade: Array
    volume_of_trade: Array
    trade_costs: Array
    productivity: Array
    transfers: Array
    measures: Array

    @classmethod
    def none(cls, solution: Solution, measures: int) -> Parts:
        """Parts that are all zero."""
        j, n, _ = solution.benchmark.trade_share.shape
        cells = np.zeros((j, n, n))
        return cls(cells, cells, cells, np.zeros((j, n)), np.zeros(n), np.zeros((measures, n)))

    def plus(self, other: Parts, weight: float = 1.0) -> Parts:
        """self + weight * other."""
        return Parts(*(getattr(self, f.name) + weight * getattr(other, f.name) for f in fields(Parts)))

    def by_country(self) -> dict[str, Array]:
        """The five parts (N,) by name."""
        cells = (self.terms_of_trade, self.volume_of_trade, self.trade_costs)
        sums = [part.sum(axis=(0, 2)) for part in cells]
        return dict(zip(PARTS, [*sums, self.productivity.sum(axis=0), self.transfers], strict=True))

    def total(self) -> Array:
        """(N,) sum of the five parts."""
        return np.asarray(sum(self.by_country().values()))


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Contributions to ln(real_income_hat), in log points, along `path`.

    total (N,) = ln(real_income_hat); measures of `parts` are by Step (Aumann-Shapley); adding_up : largest absolute
    gap between the sum of the parts (or of the measures) and total; points : equilibria solved on the way.
    """

    parts: Parts
    total: Array
    points: int
    path: str = f"{PATH}; {FADING}"

    @property
    def adding_up(self) -> float:
        """Largest absolute gap between sums and total."""
        gaps = [self.parts.total() - self.total, self.parts.measures.sum(axis=0) - self.total]
        return float(np.abs(gaps).max())

    def by_country(self) -> dict[str, Array]:
        """The five parts (N,) by name, in log points."""
        return self.parts.by_country()


def decompose(solution: Solution, steps: Sequence[Step] = ()) -> Decomposition:
    """The Decomposition of a Solution along the named path, and its attribution to `steps` that add up to the shock.

    Raises NotConvergedError if an equilibrium on the path is not found or the parts do not add up to ADDING_UP.
    """
    path = Path(solution)
    chosen = list(steps) or [path.whole]
    total = np.log(solution.real_income_hat)
    result, points = Parts.none(solution, len(chosen)), 0
    known = {0.0: np.zeros_like(total), 1.0: total}
    waiting = [(0.0, 1.0)]
    while waiting:
        low, high = waiting.pop()
        aim = AIM * max(high - low, 0.01)
        for order in ORDERS:
            piece = Parts.none(solution, len(chosen))
            for node, weight in gauss_nodes(order, low, high):
                piece = piece.plus(rates(path, chosen, node), weight)
            points += order
            gap = np.abs(piece.total() - (known[high] - known[low])).max()
            if gap <= aim:
                break
        if gap <= aim or high - low < SHORTEST:
            result = result.plus(piece)
            continue
        middle = (low + high) / 2
        known[middle] = np.log(path.at(middle).real_income_hat)
        points += 1
        waiting += [(middle, high), (low, middle)]
    done = Decomposition(result, total, points)
    if not done.adding_up <= ADDING_UP:
        raise NotConvergedError(
            f"The decomposition adds up only to {done.adding_up:.0e}, more than {ADDING_UP:.0e}.",
            residual=done.adding_up,
            path_fraction=1.0,
        )
    return done


def midpoint(solution: Solution, count: int) -> Decomposition:
    """The same decomposition by the midpoint rule with `count` equal steps: shows how the parts approach the exact
    change; nothing is asked of its adding up."""
    path = Path(solution)
    result = Parts.none(solution, 1)
    for k in range(count):
        result = result.plus(rates(path, [path.whole], (k + 0.5) / count), 1 / count)
    return Decomposition(result, np.log(solution.real_income_hat), count)


def rates(path: Path, steps: Sequence[Step], fraction: float) -> Parts:
    """d/ds of all parts at a point of the path, and d ln W / ds by step."""
    here = path.at(fraction)
    system = path.system(here)
    near = path.tangents if len(path.tangents) == len(steps) else [None] * len(steps)
    tangents = [
        system.along(path.direction(step, here, fraction), start) for step, start in zip(steps, near, strict=True)
    ]
    path.tangents = list(tangents)
    whole = path.direction(path.whole, here, fraction)
    iceberg = path.log_iceberg_rate(whole, here)
    tax = 0.0 if whole.export_tax is None else whole.export_tax / (1 + here.export_tax_new)
    return local_parts(here, tangents, iceberg, tax, path.whole.log_productivity)


def local_parts(
    here: Solution, tangents: Sequence[Tangent], iceberg: Array, tax: Array | float, log_productivity: Array
) -> Parts:
    """The integrands at one equilibrium. iceberg (J, N, N): d ln d / ds; tax (J, N, N): d ln(1+e) / ds;
    log_productivity (J, N): d ln A / ds; the tangents add up to the whole response."""
    flow, tariff, income = here.flow_new, here.tariff_new, here.income_new
    d_flow = np.sum([tangent.flow for tangent in tangents], axis=0)
    cost = np.sum([tangent.log_cost for tangent in tangents], axis=0)
    moved = np.sum([tangent.deficit + tangent.transfer for tangent in tangents], axis=0)
    kept = here.export_tax_new / (1 + here.export_tax_new)
    gained = flow * (cost[:, None, :] + tax)  # F d ln p: the exporter's gain and the importer's loss
    importer, exporter = income[None, :, None], income[None, None, :]
    terms = _turned(gained / exporter) - gained / importer
    diagonal = np.arange(len(income))
    terms[:, diagonal, diagonal] = 0.0
    return Parts(
        terms_of_trade=terms,
        volume_of_trade=tariff * (d_flow - gained - flow * iceberg) / importer
        + _turned(kept * (d_flow - gained) / exporter),
        trade_costs=-flow * iceberg / importer,
        productivity=here.output_new * log_productivity / income,
        transfers=moved / income,
        measures=np.stack([tangent.log_real_income for tangent in tangents]),
    )


def _turned(cells: Array) -> Array:
    """(J, partner, country) as (J, country, partner)."""
    return cells.transpose(0, 2, 1)


def first_order(solution: Solution) -> tuple[Array, Array]:
    r"""Terms of trade and volume of trade by Caliendo & Parro's published formula: finite changes at old weights.

    ToT_n = (1/I_n) sum_{i,j} [E (c_hat_n - 1) - M (c_hat_i - 1)],  VoT_n = (1/I_n) sum_{i,j} t M (M_hat - c_hat_i),
    both (J, N, N) by sector, country and partner, as shares of benchmark income. Their sum is the paper's "welfare".
    It is a first-order approximation of the change in real income, not the change itself (docs/welfare-measures.md).
    Only for tariff shocks without export taxes.
    """
    world = solution.benchmark
    flow, cost = world.flow, solution.cost_hat - 1
    income = world.income
    dearer = flow * cost[:, None, :]
    terms = _turned(dearer / income[None, None, :]) - dearer / income[None, :, None]
    volume = world.tariff * (solution.flow_new - flow - dearer) / income[None, :, None]
    return terms, volume
