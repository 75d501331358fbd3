r"""First-order responses of an equilibrium: equations (1)-(8) differentiated at a point, solved for a direction.

Any equilibrium is a World of its own, so a tangent is taken at a World, with all hats equal to one. Unknowns are
d ln w (N), d ln P (J, N) and d ln X (J, N); the linear system is solved by the same preconditioned, accelerated
iteration as the model itself, to RELATIVE of the largest response.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.anderson import History, accelerate
from comity.equilibrium.iteration import _by_country
from comity.equilibrium.prepared import Prepared, prepare
from comity.equilibrium.responses import Responses
from comity.errors import NotConvergedError

Array = NDArray[np.float64]

RELATIVE = 1e-12
LIMIT = 400
MEMORY = 20


@dataclass(frozen=True, eq=False)
class Direction:
    """Rates of change of everything exogenous, per unit of the path.

    log_weight (J, N, N): d ln kappa^-theta; tariff, export_tax (J, N, N): d t, d e; log_productivity (J, N): d ln A;
    transfer (N,): d T in the World's money. None where nothing changes.
    """

    log_weight: Array | None = None
    tariff: Array | None = None
    export_tax: Array | None = None
    log_productivity: Array | None = None
    transfer: Array | None = None


@dataclass(frozen=True, eq=False)
class Tangent:
    """Responses along a Direction: log_wage (N,), log_price, log_cost, spending (d X) and output (d Y) (J, N), flow
    (d F) (J, N, N), income, deficit, transfer (N,) and log_real_income (N,) = d ln I - sum alpha d ln P.
    `state` can start a tangent nearby."""

    log_wage: Array
    log_price: Array
    log_cost: Array
    spending: Array
    output: Array
    flow: Array
    income: Array
    deficit: Array
    transfer: Array
    log_real_income: Array
    passes: int
    state: Array


@dataclass(frozen=True, eq=False)
class Rule:
    """How D and the coalition's T respond at a point. closure : name of the closure.

    deficit (N,): that of the benchmark the closure refers to; income_factor (N,): for
    "multiplicative-deficits"; coalition: members that share one change of real income; needed (N,): final
    spending at this point, in proportion to which omega keeps them.
    """

    closure: str
    deficit: Array
    income_factor: Array | None
    coalition: NDArray[np.intp]
    needed: Array

    def change(
        self, wage: Array, log_wage: Array, earned: Array, own: Array, d_own: Array, d_given: Array, d_price: Array
    ) -> tuple[Array, Array]:
        """d D and d T for given responses; wage (N,) is the level w_hat, own (N,) = w VA + revenue, d_given = the
        direction's own d T, d_price (N,) = d ln of the consumer price."""
        d_deficit = np.zeros_like(earned)
        if self.closure == "deficit-share-of-gdp":
            wanted = wage * self.deficit
            d_wanted, total = wanted * log_wage, earned.sum()
            share = earned / total
            d_share = earned * log_wage / total  # the total is the numeraire
            d_deficit = d_wanted - d_share * wanted.sum() - share * d_wanted.sum()
        elif self.closure == "multiplicative-deficits" and self.income_factor is not None:
            scaled, d_scaled = self.income_factor * own, self.income_factor * d_own
            ratio = own.sum() / scaled.sum()
            d_ratio = (d_own.sum() - ratio * d_scaled.sum()) / scaled.sum()
            d_deficit = d_scaled * ratio + scaled * d_ratio - d_own
        d_transfer = d_given
        if len(self.coalition):
            inside = self.coalition
            needed = self.needed[inside]
            d_before = (d_own + d_deficit + d_given)[inside]
            d_needed = needed * d_price[inside]
            # I = omega needed for every member; `needed` is scaled so that omega is one here
            d_omega = (d_before.sum() - d_needed.sum()) / needed.sum()
            d_transfer = d_given.copy()
            d_transfer[inside] += d_omega * needed + d_needed - d_before
        return d_deficit, d_transfer


class Linear:
    """The differentiated system at one World; `along` solves it for a direction."""

    def __init__(self, world: World, rule: Rule, wage_hat: Array, component: NDArray[np.intp], near: Responses) -> None:
        """near : responses of a World nearby, where its own need not be worked out: the one the path begins at."""
        self.world, self.rule, self.wage_hat, self.responses = world, rule, wage_hat, near
        self.base: Prepared = prepare(world)
        self.theta = world.trade_elasticity[:, None]
        self.count, self.sectors = len(world.countries), len(world.sectors)
        n = self.count
        self.tax_part = world.export_tax / (1 + world.export_tax)
        self.taxed = bool(world.export_tax.any())
        diagonal = np.arange(n)
        abroad = world.flow.copy()
        abroad[:, diagonal, diagonal] = 0.0
        self.abroad = abroad  # border flows, home sales left out
        self.home_flow = world.flow[:, diagonal, diagonal]
        self.bought, self.sold = abroad.sum(axis=2), abroad.sum(axis=1)
        self.shipped = abroad / (1 + world.export_tax) if self.taxed else abroad
        self.shipped_out = self.shipped.sum(axis=1)
        self.duty = world.tariff * abroad
        self.paid = self.duty.sum(axis=2)
        self.share_abroad = world.trade_share * (1 - np.eye(n))
        self.own = world.income - world.deficit
        net = world.deficit
        self.turnover = abroad.sum(axis=(0, 1)) + np.maximum(net, 0) + 1e-25 * world.value_added
        self.parts = [np.flatnonzero(component == k) for k in range(component.max() + 1)]
        # what one direction has shown of the system serves the next: their searches differ in the right-hand side alone
        self.history = History(MEMORY, self.count * (1 + 2 * self.sectors))
        self.spent = np.where(world.expenditure > 0, world.expenditure, 1.0)

    def along(self, direction: Direction, near: Tangent | None = None) -> Tangent:
        """The response to one direction, started from a response nearby if there is one. Raises NotConvergedError if
        the linear iteration stalls."""
        given = _Given(self, direction)
        n, cells = self.count, self.sectors * self.count
        scale = given.size or 1.0

        def errors(state: Array) -> tuple[float, Array, tuple]:
            return self._errors(state, given, scale)

        start = np.zeros(n + 2 * cells) if near is None else near.state / scale
        found = accelerate(errors, start, tolerance=RELATIVE, limit=LIMIT, longest=float("inf"), history=self.history)
        if not found.error <= 1e3 * RELATIVE:
            raise NotConvergedError(
                f"A derivative did not converge: relative error {found.error:.0e} after {found.passes} passes.",
                residual=found.error,
                path_fraction=1.0,
            )
        return self._tangent(found.state * scale, given, found.passes)

    def _errors(self, state: Array, given: _Given, scale: float) -> tuple[float, Array, tuple]:
        """Largest error of the scaled linear system at a state, and the preconditioned step."""
        world, base, n = self.world, self.base, self.count
        shape = (self.sectors, n)
        cells = self.sectors * n
        log_wage, log_price = state[:n], state[n : n + cells].reshape(shape)
        log_spending = state[n + cells :].reshape(shape)
        found = self._implied(log_wage, log_price, log_spending, given, 1 / scale)
        price_error = found.log_price - log_price
        excess = found.spending - world.expenditure * log_spending
        gap = (found.exports + found.deficit + found.transfer - found.imports) / self.turnover
        relative = excess / self.spent
        error = max(float(np.abs(gap).max()), float(np.abs(price_error).max()), float(np.abs(relative).max()))
        price_step = _by_country(base.price_local, price_error)
        demand_step = _by_country(base.demand_local, excess) / self.spent
        answer = self.responses
        rough = (part.astype(np.float32).ravel() for part in (gap, price_step, demand_step))
        move = answer.moves(*rough).astype(np.float64)
        target = (log_wage + move) * world.value_added
        for part in self.parts:
            move[part] -= target[part].sum() / world.value_added[part].sum()
        follow = move.astype(np.float32)
        price_step += (answer.price @ follow).reshape(shape)
        demand_step += (answer.spending @ follow).reshape(shape)
        return error, np.concatenate([move, price_step.ravel(), demand_step.ravel()]), ()

    def _implied(self, log_wage: Array, log_price: Array, log_spending: Array, given: _Given, scale: float) -> _Implied:
        """Differentiated equations (1)-(6) once; `scale` multiplies the given direction."""
        world, base, theta = self.world, self.base, self.theta
        cost = world.value_added_share * log_wage + _by_country(base.inputs_of, log_price)
        cost = cost - scale * given.log_productivity
        price = np.matmul(self.share_abroad, cost[:, :, None])[:, :, 0] + base.home * cost
        price = price + scale * given.price
        # d ln F = theta (d ln P_n - d ln c_i) + d ln X_n, and what the direction does to F by itself
        buyer, seller = theta * log_price + log_spending, theta * cost
        home_flow = self.home_flow * (buyer - seller)
        bought = self.bought * buyer - np.matmul(self.abroad, seller[:, :, None])[:, :, 0]
        sold = np.matmul(buyer[:, None, :], self.abroad)[:, 0, :] - self.sold * seller
        exports, imports = sold.sum(axis=0) + scale * given.exports, bought.sum(axis=0) + scale * given.imports
        revenue = self._revenue(buyer, seller) + scale * given.revenue
        shipped = sold
        if self.taxed:
            shipped = np.matmul(buyer[:, None, :], self.shipped)[:, 0, :] - self.shipped_out * seller
            revenue = revenue + (sold - shipped).sum(axis=0)
        output = shipped + home_flow + scale * given.output
        d_own = world.value_added * log_wage + revenue
        d_price = (world.consumption_share * log_price).sum(axis=0)
        deficit, transfer = self.rule.change(
            self.wage_hat, log_wage, world.value_added, self.own, d_own, scale * given.transfer, d_price
        )
        income = d_own + deficit + transfer
        spending = _by_country(base.uses_of, output) + world.consumption_share * income
        return _Implied(cost, price, spending, output, exports, imports, income, deficit, transfer)

    def _revenue(self, buyer: Array, seller: Array) -> Array:
        """(N,) sum over j and i of t dF at given tariffs."""
        by_sector = self.paid * buyer - np.matmul(self.duty, seller[:, :, None])[:, :, 0]
        return np.asarray(by_sector.sum(axis=0))

    def _tangent(self, state: Array, given: _Given, passes: int) -> Tangent:
        world, n = self.world, self.count
        shape, cells = (self.sectors, n), self.sectors * n
        log_wage, log_price = state[:n], state[n : n + cells].reshape(shape)
        log_spending = state[n + cells :].reshape(shape)
        found = self._implied(log_wage, log_price, log_spending, given, 1.0)
        buyer, seller = self.theta * log_price + log_spending, self.theta * found.log_cost
        flow = world.flow * (buyer[:, :, None] - seller[:, None, :]) + given.flow
        real = found.income / world.income - (world.consumption_share * log_price).sum(axis=0)
        return Tangent(
            log_wage=log_wage,
            log_price=log_price,
            log_cost=found.log_cost,
            spending=world.expenditure * log_spending,
            output=found.output,
            flow=flow,
            income=found.income,
            deficit=found.deficit,
            transfer=found.transfer,
            log_real_income=real,
            passes=passes,
            state=state,
        )


@dataclass(frozen=True, eq=False)
class _Implied:
    log_cost: Array
    log_price: Array
    spending: Array
    output: Array
    exports: Array
    imports: Array
    income: Array
    deficit: Array
    transfer: Array


class _Given:
    """What a direction does by itself, everything endogenous held fixed."""

    def __init__(self, system: Linear, direction: Direction) -> None:
        world = system.world
        n, shape = system.count, (system.sectors, system.count)
        flow = np.zeros_like(world.flow)
        self.price = np.zeros(shape)
        self.revenue = np.zeros(n)
        self.output = np.zeros(shape)
        if direction.log_weight is not None:
            flow += world.flow * direction.log_weight
            self.price = -(world.trade_share * direction.log_weight).sum(axis=2) / system.theta
        if direction.tariff is not None:
            self.revenue += (world.flow * direction.tariff).sum(axis=(0, 2))
            flow -= world.flow * direction.tariff / (1 + world.tariff)
        self.revenue += (world.tariff * flow).sum(axis=(0, 2))
        if direction.export_tax is not None:
            moved = world.flow * direction.export_tax / (1 + world.export_tax) ** 2
            self.revenue += moved.sum(axis=(0, 1))
            self.output -= moved.sum(axis=1)
        self.revenue += (system.tax_part * flow).sum(axis=(0, 1))
        self.output += (flow / (1 + world.export_tax)).sum(axis=1)
        self.flow = flow
        home = np.diagonal(flow, axis1=1, axis2=2)
        self.exports = (flow.sum(axis=1) - home).sum(axis=0)
        self.imports = (flow.sum(axis=2) - home).sum(axis=0)
        zero = np.zeros(shape)
        self.log_productivity = zero if direction.log_productivity is None else direction.log_productivity
        self.transfer = np.zeros(n) if direction.transfer is None else direction.transfer

    @property
    def size(self) -> float:
        """A scale of the direction, by which it is divided while solving."""
        world_size = [np.abs(self.price).max(), np.abs(self.log_productivity).max()]
        return float(max(world_size)) or float(np.abs(self.transfer).max()) or float(np.abs(self.flow).max())
