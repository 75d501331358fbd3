r"""The equations at a Solution, transposed: what a unit of everything is worth to one outcome.

Unknowns of the equations are ln w (N), ln P (J, N) and X (J, N); the equations say that they reproduce themselves:

    exports + D + T - imports = 0      ln P implied by (2) - ln P = 0      X implied by (5) - X = 0

with flows at the implied prices, as in `iteration.py`. An outcome moves with a parameter directly and through the
unknowns. Instead of one linear system for every parameter, the adjoint solves one for the outcome: multipliers of the
three blocks at which no unknown moves the Lagrangian (outcome + multipliers x left sides). Every derivative is then a
product of arrays (`derivatives.py`). A transposed pass costs the matrix-vector products of one pass of the model, and
the preconditioner is the model's own, transposed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from comity.equilibrium.iteration import _by_country
from comity.equilibrium.krylov import MEMORY, cycle
from comity.equilibrium.responses import responses
from comity.equilibrium.solution import Solution
from comity.errors import NotConvergedError

Array = NDArray[np.float64]

LIMIT = 600  # transposed passes
ROUNDING = 1e-12  # a residual this small is accepted even where less was asked for
FINEST = 1e-14  # rounding of a pass
SMALL = 1e-12  # of value added: stands in for trade or spending that is zero where something is divided by it


@dataclass(frozen=True, eq=False)
class Slopes:
    """How an outcome moves with the quantities of a Solution, each by itself.

    wage (N,), price, cost (J, N): per unit of d ln w, d ln P, d ln c; all others per unit of the quantity:
    expenditure, output (J, N), income, deficit, transfer, tariff_revenue, export_tax_revenue (N,), flow, trade_share
    (J, N, N; None for none).
    """

    wage: Array
    price: Array
    cost: Array
    expenditure: Array
    output: Array
    income: Array
    deficit: Array
    transfer: Array
    tariff_revenue: Array
    export_tax_revenue: Array
    flow: Array | None = None
    trade_share: Array | None = None

    @classmethod
    def zero(cls, sectors: int, countries: int) -> Slopes:
        """No slopes at all; the small arrays are fresh and may be added to."""
        wide = ("price", "cost", "expenditure", "output")
        return cls(
            **{
                entry.name: np.zeros((sectors, countries) if entry.name in wide else countries)
                for entry in fields(cls)
                if entry.name not in ("flow", "trade_share")
            }
        )


@dataclass(frozen=True, eq=False)
class Pulled:
    """One transposed pass: how the Lagrangian moves with the unknowns and with what lies between.

    wage (N,), price (J, N): per d ln w, d ln P; spending (J, N): per unit of X; these three vanish at the answer.
    cost, implied (J, N): per d ln c through trade and per d ln P implied by (2); output (J, N), tariff_revenue,
    export_tax_revenue (N,): worth of a unit; needed (N,): per d ln of what a member of a coalition needs to keep its
    real income.
    """

    wage: Array
    price: Array
    spending: Array
    cost: Array
    implied: Array
    output: Array
    tariff_revenue: Array
    export_tax_revenue: Array
    needed: Array


@dataclass(frozen=True, eq=False)
class Adjoint:
    """Multipliers of one outcome: wage (N,) of the trade balances, price (J, N) of (2), spending (J, N) of (5).

    `residual` is the largest slope of the Lagrangian in an unknown (ln w, ln P, ln X) relative to the outcome's own
    largest, in these or in the logarithm of one of its quantities; `pulled` is the transposed pass at the multipliers.
    """

    wage: Array
    price: Array
    spending: Array
    residual: float
    passes: int
    slopes: Slopes
    pulled: Pulled = field(repr=False)


class Transposed:
    """The differentiated equations at one Solution, transposed; `solve` finds the multipliers of an outcome."""

    def __init__(self, solution: Solution) -> None:
        world, problem = solution.benchmark, solution.problem
        self.solution, self.problem, self.base = solution, problem, problem.prepared
        self.responses = responses(self.base)
        self.sectors, self.count = self.base.home.shape
        n, self.theta = self.count, problem.theta
        self.alpha, self.share = world.consumption_share, world.value_added_share
        self.earned = solution.wage_hat * world.value_added
        self.spending = solution.expenditure_new
        self.scale = solution.cost_hat**-self.theta
        # share = weight x scale x per_price; border flow = border weight x scale x per_price x spending
        self.per_price = solution.price_index_hat**self.theta
        self.per_weight = self.spending * self.per_price
        self.home_share = problem.home * self.scale * self.per_price
        drawn = self._drawn(self.scale)
        self.bought, self.paid = self.per_price * drawn[:, :n], self.per_price * drawn[:, n:]  # per unit of spending
        self.sold = self._sold(problem.foreign[:, :n])
        self.shipped = problem.shipped
        self.shipped_out = self.sold if self.shipped is None else self._sold(self.shipped)
        net = solution.deficit_new + solution.transfer_new
        self.turnover = self.sold.sum(axis=0) + np.maximum(net, 0) + SMALL * self.earned
        parts = [np.flatnonzero(problem.component == k) for k in range(problem.component.max() + 1)]
        self.parts = [(part, self.earned[part] / self.earned[part].sum()) for part in parts]
        # the balances of a part add to zero: with a multiple of its value added each, they hold the numeraire as well
        self.pin = self.turnover * (1 / self.base.wage_step).mean()

    def _drawn(self, columns: Array) -> Array:
        """(J, 2N) border weights, then tariff weights, x columns (J, N), summed over exporters."""
        return np.asarray(np.matmul(self.problem.foreign, columns[:, :, None])[:, :, 0])

    def _sold(self, weights: Array) -> Array:
        """(J, N) flows of these weights, summed over importers."""
        return np.asarray(self.scale * np.matmul(self.per_weight[:, None, :], weights)[:, 0, :])

    # -- one transposed pass -------------------------------------------------------------------------

    def pull(self, wage: Array, price: Array, spending: Array, slopes: Slopes, direct: Direct) -> Pulled:
        """The Lagrangian's slopes at given multipliers, for an outcome with these slopes."""
        base, theta, n = self.base, self.theta, self.count
        income = (self.alpha * spending).sum(axis=0) + slopes.income
        own, by_wage, needed = self._closure(income + wage + slopes.deficit, income + wage + slopes.transfer)
        own = own + income
        duty, tax = own + slopes.tariff_revenue, own + slopes.export_tax_revenue
        made = _by_country(base.inputs_of, spending) + slopes.output
        # worth of a border flow: wage_i - wage_n + t duty_n + e/(1+e) tax_i + made_i/(1+e); of home sales: made
        sent = made + wage if self.shipped is None else np.broadcast_to(wage + tax, made.shape)
        worth = self.per_price * self._drawn(self.scale * sent)[:, :n] - self.bought * wage + self.paid * duty
        sold = self.sold * sent + self.home_share * self.spending * made + direct.sold
        if self.shipped is not None:
            left = made - tax
            worth += self.per_price * np.matmul(self.shipped, (self.scale * left)[:, :, None])[:, :, 0]
            sold += self.shipped_out * left
        worth += self.home_share * made
        # implied prices rise with a cost by its share; flows rise with them by theta, and fall with the cost
        implied = price + theta * (self.spending * worth + direct.bought)
        by_price, by_flow = implied * self.per_price, theta * self.per_weight
        buyers = np.concatenate([by_price + by_flow * wage, by_price - by_flow * duty], axis=1)
        cost = self.scale * np.matmul(buyers[:, None, :], self.problem.foreign)[:, 0, :]
        cost += self.home_share * implied - theta * sold
        whole = cost + slopes.cost
        level = np.empty(n)
        for part, weight in self.parts:
            level[part] = weight * (self.pin[part] @ wage[part])
        return Pulled(
            wage=self.earned * own + by_wage + (self.share * whole).sum(axis=0) + slopes.wage - level,
            price=_by_country(base.uses_of, whole) - price + self.alpha * needed + slopes.price,
            spending=worth + direct.worth - spending + slopes.expenditure,
            cost=cost,
            implied=implied,
            output=made,
            tariff_revenue=duty,
            export_tax_revenue=tax,
            needed=needed,
        )

    def _closure(self, deficit: Array, transfer: Array) -> tuple[Array, Array, Array]:
        """Worth of a unit of own income beyond itself, slopes in ln w, and in ln needs (N,), from the worth of a unit
        of D and of T: the closures of `Iteration._income`, transposed."""
        s, problem = self.solution, self.problem
        own, wage, needed = (np.zeros(self.count) for _ in range(3))
        if len(problem.coalition):
            inside = problem.coalition
            income, worth = s.income_new[inside], transfer[inside]
            mean = (worth * income).sum() / income.sum()
            own[inside] = mean - worth
            needed[inside] = income * (worth - mean)
            deficit = deficit + own  # T makes up for own income and D alike
        if problem.closure == "deficit-share-of-gdp":
            wanted, share = s.wage_hat * problem.deficit, self.earned / self.earned.sum()
            common = share @ deficit
            wage = wanted * (deficit - common) - share * deficit * wanted.sum()
        elif problem.closure == "multiplicative-deficits" and problem.income_factor is not None:
            earned = s.income_new - s.deficit_new - s.transfer_new
            scaled = problem.income_factor * earned
            ratio = earned.sum() / scaled.sum()
            common = (scaled @ deficit) / scaled.sum()
            own += problem.income_factor * ratio * (deficit - common) + common - deficit
        return own, wage, needed

    # -- the linear system ---------------------------------------------------------------------------

    def direct(self, slopes: Slopes) -> Direct:
        """What slopes in flows and shares do by themselves."""
        own_flow, own_share = self.own(slopes)
        shape = (self.sectors, self.count)
        worth, bought, sold = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        if slopes.flow is not None:
            worth = (self.border_share() * slopes.flow).sum(axis=2)
        for own in (own_flow, own_share):
            if own is not None:
                bought += own.sum(axis=2)
                sold += own.sum(axis=1)
        return Direct(worth, bought, sold)

    def own(self, slopes: Slopes) -> tuple[Array | None, Array | None]:
        """(J, N, N) an outcome's own slopes in ln flow and in ln trade share, None for none."""
        flow = share = None
        if slopes.flow is not None:
            flow = self.border_share() * self.spending[:, :, None] * slopes.flow
        if slopes.trade_share is not None:
            share = self.solution.trade_share_new * slopes.trade_share
        return flow, share

    def border_share(self) -> Array:
        """(J, N, N) border flow per unit of the buyer's spending, home included."""
        return np.asarray(self.solution.trade_share_new / (1 + self.solution.tariff_new))

    def solve(self, slopes: Slopes, tolerance: float) -> Adjoint:
        """Multipliers of an outcome with these slopes.

        Raises NotConvergedError if the residual stays above the tolerance (and above ROUNDING).
        """
        n, cells, shape = self.count, self.sectors * self.count, (self.sectors, self.count)
        floor = self.spending + SMALL * self.earned
        # rows are slopes in ln w, ln P, ln X over the square root of the cell's size: between absolute and relative
        size = np.concatenate([np.sqrt(self.earned), np.sqrt(floor).ravel(), 1 / np.sqrt(floor).ravel()])
        logs = np.concatenate([np.ones(n + cells), self.spending.ravel()])
        nothing, still = Slopes.zero(*shape), self.direct(Slopes.zero(*shape))

        def split(flat: Array) -> tuple[Array, Array, Array]:
            return flat[:n], flat[n : n + cells].reshape(shape), flat[n + cells :].reshape(shape)

        def joined(pulled: Pulled) -> Array:
            return np.concatenate([pulled.wage, pulled.price.ravel(), pulled.spending.ravel()])

        def matrix(flat: Array) -> Array:
            return joined(self.pull(*split(flat), nothing, still)) / size

        def precondition(flat: Array) -> Array:
            return np.concatenate([part.ravel() for part in self._precondition(*split(flat * size))])

        direct, scale = self.direct(slopes), self._own_size(slopes)
        vector, passes, before, best = np.zeros(n + 2 * cells), 0, np.inf, None
        while True:
            multipliers = split(vector)
            pulled = self.pull(*multipliers, slopes, direct)
            passes += 1
            errors = joined(pulled)
            error, norm = float(np.abs(errors * logs).max()), float(np.linalg.norm(errors / size))
            if best is None or error < best[0]:
                best = error, multipliers, pulled
            if passes == 1:  # all multipliers zero: the outcome's own slopes
                scale, target = max(scale, error), tolerance * norm
            # the error is recomputed from the multipliers; a cycle that hardly helps is the last one
            done = (error <= tolerance * scale and norm <= target) or error <= FINEST * scale
            if done or not norm < 0.5 * before or passes >= LIMIT:
                break
            aim = target if passes == 1 else 0.3 * min(target, norm * tolerance * scale / error)
            step, used = cycle(matrix, precondition, -errors / size, aim, min(MEMORY, LIMIT - passes))
            vector, passes, before = vector + step, passes + used, norm
        error, (wage, price, spending), pulled = best
        residual = error / scale if scale else 0.0
        if not residual <= max(tolerance, ROUNDING):
            raise NotConvergedError(
                f"Not converged: relative residual {residual:.1e} of the adjoint equations after {passes} passes, "
                f"tolerance {tolerance:.0e}. Try a larger tolerance or a milder shock.",
                residual=residual,
                path_fraction=1.0,
            )
        return Adjoint(wage, price, spending, residual, passes, slopes, pulled)

    def _own_size(self, slopes: Slopes) -> float:
        """How much an outcome moves at most with the logarithm of one of its own quantities: a scale for residuals even
        where the sum over all of them cancels to rounding."""
        s, earned = self.solution, self.earned
        own_flow, own_share = self.own(slopes)
        parts = [
            slopes.wage,
            slopes.price,
            slopes.cost,
            slopes.expenditure * self.spending,
            slopes.output * s.output_new,
            slopes.income * s.income_new,
            slopes.deficit * earned,  # D and T may be zero and still move
            slopes.transfer * earned,
            slopes.tariff_revenue * earned,
            slopes.export_tax_revenue * earned,
            *(part for part in (own_flow, own_share) if part is not None),
        ]
        return max(float(np.abs(part).max()) for part in parts)

    def _precondition(self, wage: Array, price: Array, spending: Array) -> tuple[Array, Array, Array]:
        """`Iteration._joint_step` transposed; the inverse of a country's price loop is the transpose of its demand
        loop's."""
        base, answer, shape = self.base, self.responses, price.shape
        floor = self.spending + SMALL * self.earned
        size = np.abs(price).max() or 1.0  # within the range of float32, in which the responses are
        moved = size * (_rough(price / size) @ answer.price)
        size = np.abs(floor * spending).max() or 1.0
        moved += wage + size * (_rough(floor * spending / size) @ answer.spending)
        size = np.abs(moved).max() or 1.0
        closed = _rough(moved / size) @ answer.wages
        by_price = _by_country(base.demand_local, price + size * (closed @ answer.by_price).reshape(shape))
        further = size * (closed @ answer.by_spending).reshape(shape) / floor
        by_spending = _by_country(base.price_local, spending + further)
        return size * closed / self.turnover, by_price, by_spending


def _rough(values: Array) -> NDArray[np.float32]:
    """Flat, in the precision of the responses: mixed products would copy a matrix each time."""
    return values.astype(np.float32).ravel()


@dataclass(frozen=True, eq=False)
class Direct:
    """What an outcome's slopes in flows and shares do by themselves, (J, N) each: worth per unit of spending, and flows
    and shares x slopes summed over exporters (bought) and importers (sold)."""

    worth: Array
    bought: Array
    sold: Array
