"""The kill suite: facts about the model that its own code has no part in. Each check raises if its fact does not hold.

`python -m tests.mutation.suite` prints the checks that fail as JSON and returns 1 if there are any. comity is only
imported inside the checks, so that a mutant can be put in its place first; what does not need comity (the second
program, the closed forms) is computed once and inherited by every mutant.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tests.mutation import by_hand
from tests.mutation import reference as ref
from tests.mutation.reference import Array, Change, Data

SOLVED = 1e-11  # residual asked of every solve
SAME = 1e-8  # two programs, or two solves of one equilibrium
EXACT = 1e-12  # arithmetic on one answer
STEP = 1e-3  # of the path, for central differences
SLOPE = 2e-5  # their truncation error at STEP, measured with a wide margin; a mutant is off by 1e-3 or more
SMALL = 1e-4  # size of a small shock
MARGINAL = 1e-7  # second-order terms and solver error of a central difference over SMALL
QUADRATURE = 1e-6  # six Gauss nodes over the whole of a moderate shock

CHECKS: dict[str, Callable[[], None]] = {}
KINDS: dict[str, str] = {}
# Facts of theory and accounting that hold whatever the equations' code looks like. The other kinds write equations
# down a second time ("second program", "formula") or look at derivatives ("derivative") and the residual.
FACTS = ("closed form", "margin", "accounting", "symmetry", "equivalence", "closure")


class Differs(AssertionError):
    """A fact that does not hold."""


def check(kind: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Enter a check under its name in words."""

    def enter(function: Callable[[], None]) -> Callable[[], None]:
        name = function.__name__.replace("_", " ")
        CHECKS[name], KINDS[name] = function, kind
        return function

    return enter


def failures(most: int | None = None, first: Sequence[str] = ()) -> dict[str, str]:
    """Checks that fail, with how: "differs" or the error; stops after `most`, asks `first` before the others."""
    found: dict[str, str] = {}
    for name in [*first, *(name for name in CHECKS if name not in first)]:
        try:
            with np.errstate(all="ignore"):
                CHECKS[name]()
        except Differs:
            found[name] = "differs"
        except TimeoutError:  # from the runner's clock; what has been found so far is enough
            found[name] = "too slow"
            break
        except Exception as problem:  # a mutant may break anything, in any way
            found[name] = type(problem).__name__
        if most is not None and len(found) >= most:
            break
    return found


def same(mine: Any, theirs: Any, tolerance: float = SAME, what: str = "") -> None:
    """Raise unless equal to a tolerance, relative to the larger of one and the expected value."""
    mine, theirs = np.asarray(mine, dtype=float), np.asarray(theirs, dtype=float)
    apart = np.abs(mine - theirs) / np.maximum(np.abs(theirs), 1)
    if not (np.isfinite(mine).all() and (apart <= tolerance).all()):
        raise Differs(f"{what} apart by {np.nanmax(apart):.1e}")


def must(holds: bool, what: str) -> None:
    """Raise unless it holds."""
    if not holds:
        raise Differs(what)


# -- comity, through its public door -------------------------------------------------------------------


def world_of(data: Data, labels: Sequence[str] | None = None) -> Any:
    """The World of these arrays."""
    import comity

    j, n = data.shape
    return comity.World.from_arrays(
        countries=list(labels or (f"C{m}" for m in range(n))), sectors=[f"S{s}" for s in range(j)],
        trade_share=data.pi, tariff=data.t, export_tax=data.e, value_added_share=data.va, input_share=data.inputs,
        consumption_share=data.alpha, trade_elasticity=data.theta, value_added=data.VA, deficit=data.D,
    )  # fmt: skip


def shock_of(change: Change) -> Any:
    """The Shock of a change."""
    import comity

    return comity.Shock(
        iceberg_hat=change.d, tariff_new=change.t, export_tax_new=change.e, productivity_hat=change.A,
        transfer=change.T,
    )  # fmt: skip


def solved(data: Data, change: Change, **how: Any) -> Any:
    """comity's Solution."""
    import comity

    return comity.solve(world_of(data), shock_of(change), tolerance=SOLVED, **how)


@cache
def mixed_solution(closure: str = "fixed-deficits", equalise: tuple[str, ...] = (), embargo: bool = False) -> Any:
    """The mixed shock on the small world; several checks look at it. One process holds one mutant."""
    data = ref.small()
    return solved(data, ref.mixed(data, embargo=embargo), closure=closure, equalise=equalise)


def compare(mine: Any, theirs: ref.Answer) -> None:
    """Every quantity of a Solution with the reference's."""
    pairs = {
        "wage": (mine.wage_hat, theirs.w), "price": (mine.price_index_hat, theirs.P), "cost": (mine.cost_hat, theirs.c),
        "spending": (mine.expenditure_new, theirs.X), "output": (mine.output_new, theirs.Y),
        "flow": (mine.flow_new, theirs.F), "income": (mine.income_new, theirs.income),
        "deficit": (mine.deficit_new, theirs.D), "transfer": (mine.transfer_new, theirs.T),
        "tariff revenue": (mine.tariff_revenue_new, theirs.tariff_revenue),
        "export-tax revenue": (mine.export_tax_revenue_new, theirs.tax_revenue),
        "consumer price": (mine.consumer_price_hat, theirs.consumer_price),
        "real income": (mine.real_income_hat, theirs.real_income),
    }  # fmt: skip
    for name, (left, right) in pairs.items():
        same(left, right, what=name)


# -- closed forms --------------------------------------------------------------------------------------

SHARES = np.array([[0.6, 0.3, 0.1], [0.25, 0.45, 0.3], [0.2, 0.3, 0.5]])


@check("closed form")
def gains_from_trade_in_one_sector() -> None:
    """Arkolakis, Costinot & Rodriguez-Clare 2012: W_hat = lambda_hat^(-1/theta), in autarky lambda^(1/theta)."""
    data = by_hand.one_sector(SHARES, 4.0)
    none, home = ref.nothing(data), np.diagonal(SHARES)
    d = np.ones((1, 3, 3))
    d[0, 0, 1], d[0, 2, 0] = 1.6, 0.8
    mine = solved(data, replace(none, d=d))
    now = np.diagonal(mine.trade_share_new[0])
    same(mine.real_income_hat, (now / home) ** (-1 / 4.0), what="local")
    must(np.abs(mine.real_income_hat - 1).max() > 0.01, "the shock has no effect")
    closed = solved(data, replace(none, d=np.where(np.eye(3) > 0, 1.0, np.inf)[None]))
    same(closed.real_income_hat, home ** (1 / 4.0), what="autarky")
    same(closed.wage_hat, np.ones(3), what="numeraire of each part")


@check("closed form")
def gains_from_trade_with_inputs() -> None:
    """Costinot & Rodriguez-Clare 2014, many sectors linked by inputs."""
    data = ref.random_data(21, rates=False, deficits=False)
    closed = np.where(np.eye(3) > 0, 1.0, np.inf) * np.ones((2, 1, 1))
    mine = solved(data, replace(ref.nothing(data), d=closed))
    same(mine.real_income_hat, np.exp(-by_hand.gains_from_trade(data)))


@check("closed form")
def twin_countries_with_tariffs() -> None:
    foreign, theta, va = 0.35, 4.5, 0.45
    data = by_hand.frictionless(
        np.array([[[1 - foreign, foreign], [foreign, 1 - foreign]]]), np.array([theta]), np.full((1, 2), va),
        np.full((1, 1, 2), 1 - va), np.ones((1, 2)),
    )  # fmt: skip
    for tariff in (0.3, 1.2):
        mine = solved(data, replace(ref.nothing(data), t=tariff * (1 - np.eye(2))[None]))
        same(mine.real_income_hat, np.full(2, by_hand.twins(foreign, theta, va, tariff)))
        same(mine.wage_hat, np.ones(2))


@check("closed form")
def two_countries_by_bisection() -> None:
    data = by_hand.one_sector(np.array([[0.6, 0.4], [0.16, 0.84]]), 5.0)
    data = replace(data, VA=data.VA / data.VA[0], X=data.X / data.VA[0])
    change = replace(
        ref.nothing(data), t=np.array([[[0, 0.2], [0.4, 0]]]), e=np.array([[[0, 0], [0.15, 0]]]),
        d=np.array([[[1, 1.1], [1, 1]]]), A=np.array([[1, 1.25]]),
    )  # fmt: skip
    mine = solved(data, change)
    wage, real = by_hand.two_countries(0.4, 2.5, 5.0, (0.2, 0.4), 0.15, 1.1, 1.25)
    same(mine.wage_hat, wage, what="wage")
    same(mine.real_income_hat, real, what="real income")


# -- marginal facts ------------------------------------------------------------------------------------


def slope(data: Data, up: Change, down: Change) -> Array:
    """d ln W per unit of a small shock."""
    high, low = solved(data, up), solved(data, down)
    return (np.log(high.real_income_hat) - np.log(low.real_income_hat)) / (2 * SMALL)


@check("margin")
def hulten() -> None:
    """Without rates, world gains are sales times the change of productivity, and the value of trade times its cost."""
    data = ref.random_data(22, rates=False, deficits=False)
    rng = np.random.default_rng(1)
    none = ref.nothing(data)
    F = data.pi * data.X[:, :, None]
    dA, dd = rng.normal(size=data.va.shape), rng.normal(size=data.pi.shape)
    mine = slope(data, replace(none, A=np.exp(SMALL * dA)), replace(none, A=np.exp(-SMALL * dA)))
    same(data.VA @ mine, (F.sum(axis=1) * dA).sum(), MARGINAL, "productivity")
    mine = slope(data, replace(none, d=np.exp(SMALL * dd)), replace(none, d=np.exp(-SMALL * dd)))
    same(data.VA @ mine, -(F * dd).sum(), MARGINAL, "trade cost")


@check("margin")
def a_first_tariff_costs_the_world_nothing() -> None:
    """From free trade, small tariffs, export taxes and transfers move income between countries and lose none of it."""
    data = ref.random_data(23, rates=False, deficits=False)
    off = 1 - np.eye(3)
    rate = np.random.default_rng(2).uniform(0.2, 1, data.pi.shape) * off
    none = ref.nothing(data)
    gift = np.array([0.5, -0.2, -0.3])
    for up, down in (
        (replace(none, t=SMALL * rate), replace(none, t=-SMALL * rate)),
        (replace(none, e=SMALL * rate), replace(none, e=-SMALL * rate)),
        (replace(none, T=SMALL * gift), replace(none, T=-SMALL * gift)),
    ):
        mine = slope(data, up, down)
        same(data.VA @ mine, 0.0, MARGINAL)
        must(np.abs(mine).max() > 1e-3, "nobody's income moves")


# -- accounting by loops -------------------------------------------------------------------------------


def accounts(data: Data, change: Change, mine: Any) -> None:
    """Equations (1)-(8) at a Solution, each a loop over its public numbers."""
    j, n = data.shape
    w, P, c, F = mine.wage_hat, mine.price_index_hat, mine.cost_hat, mine.flow_new
    X, Y, income, net = mine.expenditure_new, mine.output_new, mine.income_new, mine.deficit_new + mine.transfer_new
    same(c, ref.costs(data, w.tolist(), P.tolist(), change.A), what="(1)")
    weight = ref.weights(data, change, c.tolist())
    same(P, weight.sum(axis=2) ** (-1 / data.theta[:, None]), what="(2)")
    same(F * (1 + change.t), weight / weight.sum(axis=2)[:, :, None] * X[:, :, None], what="(3)")
    duty, levy = ref.own_income(data, w, F, change.t, change.e)
    for m in range(n):
        for s in range(j):
            same(Y[s, m], sum(F[s, i, m] / (1 + change.e[s, i, m]) for i in range(n)), what="(4)")
            used = sum(data.inputs[s, k, m] * Y[k, m] for k in range(j))
            same(X[s, m], used + data.alpha[s, m] * income[m], what="(5)")
        same(income[m], w[m] * data.VA[m] + duty[m] + levy[m] + net[m], what="(6)")
        same(w[m] * data.VA[m], sum(data.va[s, m] * Y[s, m] for s in range(j)), what="(7)")
        sold = sum(F[s, i, m] for s in range(j) for i in range(n) if i != m)
        bought = sum(F[s, m, i] for s in range(j) for i in range(n) if i != m)
        same(sold + net[m], bought, what="(8)")


@check("accounting")
def accounts_by_loops() -> None:
    data = ref.small()
    for embargo in (False, True):
        mine = mixed_solution(embargo=embargo)
        accounts(data, ref.mixed(data, embargo=embargo), mine)
    same(mine.trade_share_new[0, 2, 0], 0.0, 0.0, "embargoed share")


@check("accounting")
def world_value_added_is_the_numeraire() -> None:
    data = ref.small()
    for mine in (mixed_solution(), mixed_solution("deficit-share-of-gdp"), mixed_solution("multiplicative-deficits")):
        same((mine.wage_hat * data.VA).sum(), data.VA.sum(), what="value added")
        same(mine.income_new.sum(), (data.VA * mine.wage_hat + mine.tariff_revenue_new
                                     + mine.export_tax_revenue_new).sum(), what="world income")  # fmt: skip
        same(mine.deficit_new.sum() + mine.transfer_new.sum(), 0.0, what="net receipts")


@check("accounting")
def numeraire_of_every_part() -> None:
    """Four countries cut in two pairs: value added stays put in each part."""
    data = ref.random_data(24, countries=4, deficits=False)
    apart = (np.arange(4)[:, None] < 2) != (np.arange(4)[None, :] < 2)
    change = replace(ref.mixed(data), T=np.zeros(4))
    mine = solved(data, replace(change, d=np.where(apart[None], np.inf, change.d)))
    earned = mine.wage_hat * data.VA
    same(earned[:2].sum(), data.VA[:2].sum())
    same(earned[2:].sum(), data.VA[2:].sum())


@check("accounting")
def reported_measures_by_hand() -> None:
    data, mine = ref.small(), mixed_solution()
    before, price = ref.base_income(data), ref.consumer_prices(data, mine.price_index_hat.tolist())
    earned = mine.wage_hat * data.VA
    F = data.pi * data.X[:, :, None] / (1 + data.t)
    gdp = data.VA + sum(ref.own_income(data, np.ones(3), F, data.t, data.e))
    now = earned + sum(ref.own_income(data, mine.wage_hat, mine.flow_new, mine.tariff_new, mine.export_tax_new))
    same(mine.consumer_price_hat, price, what="consumer price")
    same(mine.real_income_hat, mine.income_new / before / price, what="real income")
    same(mine.equivalent_variation, before * (mine.real_income_hat - 1), what="equivalent variation")
    same(mine.real_wage_hat, mine.wage_hat / price, what="real wage")
    same(mine.real_gdp_hat, now / gdp / price, what="real GDP")


# -- symmetries ----------------------------------------------------------------------------------------


@check("symmetry")
def no_shock_changes_nothing() -> None:
    data = ref.small()
    for closure in ("fixed-deficits", "deficit-share-of-gdp", "multiplicative-deficits"):
        mine = solved(data, ref.nothing(data), closure=closure, equalise=("C0", "C1"))
        same(mine.real_income_hat, np.ones(3), what=closure)
        same(mine.price_index_hat, np.ones((2, 3)), what=closure)
        same(mine.flow_new, data.pi * data.X[:, :, None] / (1 + data.t), what=closure)


@check("symmetry")
def the_unit_of_money_does_not_matter() -> None:
    data, k = ref.small(), 1000.0
    change = ref.mixed(data)
    bigger = replace(data, VA=k * data.VA, D=k * data.D, X=k * data.X)
    mine, other = mixed_solution(), solved(bigger, replace(change, T=k * change.T))
    same(other.wage_hat, mine.wage_hat)
    same(other.real_income_hat, mine.real_income_hat)
    same(other.flow_new / k, mine.flow_new)


@check("symmetry")
def the_order_of_labels_does_not_matter() -> None:
    data = ref.small()
    n, j = [2, 0, 1], [1, 0]
    grid, cells = np.ix_(j, n, n), np.ix_(j, n)
    turned = Data(
        pi=data.pi[grid], t=data.t[grid], e=data.e[grid], va=data.va[cells], inputs=data.inputs[np.ix_(j, j, n)],
        alpha=data.alpha[cells], theta=data.theta[j], VA=data.VA[n], D=data.D[n], X=data.X[cells],
    )  # fmt: skip
    was = ref.mixed(data)
    change = Change(was.d[grid], was.t[grid], was.e[grid], was.A[cells], was.T[n])
    mine, other = mixed_solution(), solved(turned, change)
    same(other.real_income_hat, mine.real_income_hat[n])
    same(other.flow_new, mine.flow_new[grid])


def halved(data: Data, change: Change) -> tuple[Data, Change]:
    """The last country in two equal halves that trade with each other as one market."""
    k = [*range(len(data.VA)), len(data.VA) - 1]
    part = np.array([1.0] * (len(k) - 2) + [0.5, 0.5])
    grid = np.ix_(range(data.shape[0]), k, k)
    two = Data(
        pi=data.pi[grid] * part, t=data.t[grid], e=data.e[grid], va=data.va[:, k], inputs=data.inputs[:, :, k],
        alpha=data.alpha[:, k], theta=data.theta, VA=data.VA[k] * part, D=data.D[k] * part, X=data.X[:, k] * part,
    )  # fmt: skip
    return two, Change(change.d[grid], change.t[grid], change.e[grid], change.A[:, k], change.T[k] * part)


@check("symmetry")
def a_country_in_two_halves() -> None:
    data = ref.small()
    other = solved(*halved(data, ref.mixed(data)))
    mine = mixed_solution()
    same(other.real_income_hat, mine.real_income_hat[[0, 1, 2, 2]])
    same(other.price_index_hat, mine.price_index_hat[:, [0, 1, 2, 2]])
    same(other.income_new[2:].sum(), mine.income_new[2])


@check("symmetry")
def two_shocks_make_one() -> None:
    """Half the shock, and the other half from there, is the whole shock; and back again."""
    import comity
    from comity.equilibrium.path import as_world

    data = ref.small()
    whole, half = ref.mixed(data), ref.mixed(data, size=0.5)
    first = solved(data, half)
    # D and T are fixed in units of the numeraire, so that the second half is what is left of T
    rest = comity.Shock(iceberg_hat=whole.d / half.d, tariff_new=whole.t, export_tax_new=whole.e,
                        productivity_hat=whole.A / half.A, transfer=whole.T - half.T)  # fmt: skip
    second = comity.solve(as_world(first), rest, tolerance=SOLVED)
    same(first.real_income_hat * second.real_income_hat, mixed_solution().real_income_hat, what="two steps")
    same(second.flow_new, mixed_solution().flow_new, what="two steps")
    back = comity.Shock(iceberg_hat=1 / whole.d, tariff_new=data.t, export_tax_new=data.e,
                        productivity_hat=1 / whole.A, transfer=-whole.T)  # fmt: skip
    home = comity.solve(as_world(mixed_solution()), back, tolerance=SOLVED)
    same(home.real_income_hat * mixed_solution().real_income_hat, np.ones(3), what="there and back")


# -- equivalences --------------------------------------------------------------------------------------


@check("equivalence")
def a_transfer_where_all_buy_alike() -> None:
    """Everybody buys everything in the same proportions: a transfer moves income by itself and no price at all."""
    one = np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    data = by_hand.frictionless(
        np.repeat(one[:, None, :], 3, axis=1), np.array([4.0, 2.5]), np.full((2, 3), 0.5),
        np.repeat(np.array([[0.2, 0.3], [0.3, 0.2]])[:, :, None], 3, axis=2), np.repeat([[0.4], [0.6]], 3, axis=1),
    )  # fmt: skip
    T = np.array([0.1, -0.07, -0.03]) * data.VA.min()
    mine = solved(data, replace(ref.nothing(data), T=T))
    same(mine.price_index_hat, np.ones((2, 3)), what="price")
    same(mine.wage_hat, np.ones(3), what="wage")
    same(mine.real_income_hat, (data.VA + T) / data.VA, what="real income")


@check("equivalence")
def lerner_symmetry() -> None:
    """One export tax on all exports does what one tariff on all imports does, if trade is balanced."""
    data = ref.random_data(25, rates=False, deficits=False)
    none, levy, duty = ref.nothing(data), np.zeros(data.pi.shape), np.zeros(data.pi.shape)
    levy[:, 1:, 0], duty[:, 0, 1:] = 0.3, 0.3
    taxed, protected = solved(data, replace(none, e=levy)), solved(data, replace(none, t=duty))
    same(taxed.real_income_hat, protected.real_income_hat, what="real income")
    ratio = protected.wage_hat / taxed.wage_hat
    same(ratio[0] / ratio[1:], np.full(2, 1.3), what="wage")
    must(abs(taxed.real_income_hat[0] - 1) > 1e-3, "the tax has no effect")


@check("equivalence")
def an_export_tax_is_a_tariff_paid_out() -> None:
    """The exporter's tax is the importer's tariff at the same rate, its revenue handed over."""
    data = ref.random_data(26, rates=False, deficits=True)
    none, rate = ref.nothing(data), np.zeros(data.pi.shape)
    rate[0, 0, 1], rate[1, 0, 1] = 0.25, 0.6
    taxed = solved(data, replace(none, e=rate))
    revenue = sum(rate[s, 0, 1] / (1 + rate[s, 0, 1]) * taxed.flow_new[s, 0, 1] for s in range(2))
    paid = solved(data, replace(none, t=rate, T=np.array([-revenue, revenue, 0.0])))
    same(paid.real_income_hat, taxed.real_income_hat, what="real income")
    same(paid.wage_hat, taxed.wage_hat, what="wage")
    same(paid.flow_new * (1 + rate), taxed.flow_new, what="flow")


@check("equivalence")
def productivity_is_cheaper_delivery_to_everyone() -> None:
    """A_hat = x does what 1/x on the trade cost of all sales does, home sales included; only c differs."""
    data = ref.random_data(27)
    none, x = ref.nothing(data), np.exp(np.random.default_rng(4).normal(0, 0.3, (2, 3)))
    made, brought = solved(data, replace(none, A=x)), solved(data, replace(none, d=none.d / x[:, None, :]))
    same(made.real_income_hat, brought.real_income_hat, what="real income")
    same(made.flow_new, brought.flow_new, what="flow")
    same(made.cost_hat * x, brought.cost_hat, what="cost")


@check("equivalence")
def productivity_everywhere_raises_all_real_incomes() -> None:
    """A_hat = x in every sector and country: real incomes rise by x^(Domar weights); one sector with inputs: x^(1/va)."""
    va, x = 0.4, 1.3
    shares = SHARES[None]
    data = by_hand.frictionless(
        shares, np.array([3.0]), np.full((1, 3), va), np.full((1, 1, 3), 1 - va), np.ones((1, 3))
    )
    mine = solved(data, replace(ref.nothing(data), A=np.full((1, 3), x)))
    same(mine.real_income_hat, np.full(3, x ** (1 / va)))


@check("equivalence")
def an_embargo_is_a_prohibitive_cost() -> None:
    data = ref.small()
    change = ref.mixed(data, embargo=True)
    dear = replace(change, d=np.where(np.isinf(change.d), 1e6, change.d))
    mine, other = mixed_solution(embargo=True), solved(data, dear)
    same(mine.real_income_hat, other.real_income_hat)
    same(mine.flow_new, other.flow_new)
    must(mine.flow_new[0, 2, 0] == 0.0, "an embargoed flow is not zero")
    must(np.abs(mine.real_income_hat - mixed_solution().real_income_hat).max() > 1e-5, "the embargo has no effect")


@check("equivalence")
def a_market_without_money_does_not_matter() -> None:
    """A country that spends nothing on a sector: whether anybody could supply it there changes nothing."""
    data = ref.random_data(29, sectors=3)
    alpha, inputs, pi = data.alpha.copy(), data.inputs.copy(), data.pi.copy()
    alpha[1, 2], inputs[1, :, 2] = 0.0, 0.0
    alpha[:, 2] /= alpha[:, 2].sum()
    inputs[1, 0, 2] = 0.2  # sector 0 would use it, but nobody buys from sector 0
    inputs[:, :, 2] *= (1 - data.va[:, 2]) / inputs[:, :, 2].sum(axis=0)
    pi[0, :, 2] = 0.0
    pi[0] /= pi[0].sum(axis=1, keepdims=True)
    full = ref.settle(pi, data.t, data.e, data.va, inputs, alpha, data.theta, data.D)
    pi[1, 2] = 0.0
    empty = replace(full, pi=pi)
    change = ref.mixed(full)
    mine, other = solved(empty, change), solved(full, change)
    same(mine.real_income_hat, other.real_income_hat, what="real income")
    same(mine.flow_new, other.flow_new, what="flow")
    same(mine.price_index_hat[1, 2], 1.0, 0.0, "price by convention")
    must(bool(mine.unsupplied[1, 2]), "the market is not known to be empty")


@check("equivalence")
def one_power_raises_all_trade_costs() -> None:
    """Relative flows of one importer and sector fall with theta in every part of kappa alike."""
    data = ref.small()
    change, mine = ref.mixed(data), mixed_solution()
    before, after = data.pi, mine.trade_share_new
    for s in range(2):
        for m in range(3):
            k = (m + 1) % 3
            kappa = [
                change.d[s, m, i] * (1 + change.t[s, m, i]) * (1 + change.e[s, m, i])
                / ((1 + data.t[s, m, i]) * (1 + data.e[s, m, i])) * mine.cost_hat[s, i] for i in (m, k)
            ]  # fmt: skip
            moved = (after[s, m, k] / after[s, m, m]) / (before[s, m, k] / before[s, m, m])
            same(np.log(moved), -data.theta[s] * np.log(kappa[1] / kappa[0]))


# -- closures by hand ----------------------------------------------------------------------------------


@check("closure")
def deficit_shares_by_hand() -> None:
    """What is left of D/VA after the world sum is taken out is the same number for everybody."""
    data, mine = ref.small(), mixed_solution("deficit-share-of-gdp")
    earned = mine.wage_hat * data.VA
    left = mine.deficit_new / earned - data.D / data.VA
    same(left, np.full(3, left[0]), what="share")
    same(mine.deficit_new.sum(), 0.0, what="sum")
    same(mine.deficit_share_deviation, left, what="reported deviation")
    must(abs(left[0]) > 1e-5, "nothing had to be taken out")


@check("closure")
def multiplicative_deficits_by_hand() -> None:
    """Final spending over own income (value added and revenues) moves by one common factor."""
    data, mine = ref.small(), mixed_solution("multiplicative-deficits")
    own = mine.wage_hat * data.VA + mine.tariff_revenue_new + mine.export_tax_revenue_new
    before = ref.base_income(data)
    factor = (own + mine.deficit_new) / own / (before / (before - data.D))
    same(factor, np.full(3, factor[0]), what="factor")
    same(mine.deficit_new.sum(), 0.0, what="sum")


@check("closure")
def a_coalition_by_hand() -> None:
    """Its members share one change of real income; what they pay each other adds to zero; the others pay nothing."""
    data, mine = ref.small(), mixed_solution(equalise=("C0", "C2"))
    T = ref.mixed(data).T
    same(mine.real_income_hat[0], mine.real_income_hat[2], what="common change")
    same((mine.transfer_new - T)[[0, 2]].sum(), 0.0, what="sum")
    same(mine.transfer_new[1], T[1], what="outsider")
    must(abs(mine.transfer_new[0] - T[0]) > 1e-4, "nothing is paid")


@check("closure")
def balanced_closures_by_hand() -> None:
    """Deficits gone before the shock and after it; targets only, and the rest of one sign scaled by one factor."""
    data = ref.small()
    none = ref.nothing(data)
    mine = solved(data, none, closure="balanced")
    same(mine.benchmark.deficit, np.zeros(3), what="benchmark")
    same(mine.real_income_hat, np.ones(3), what="the step itself is credited to nobody")
    some = solved(data, none, closure="targets-balanced", targets=["C1"])
    left = some.benchmark.deficit
    same(left[1], 0.0, what="target")
    same(left.sum(), 0.0, what="sum")
    # without C1's positive deficit the world is short: the surplus of C2 shrinks, the deficit of C0 is kept
    same(left[0], data.D[0], what="kept")
    same(left[2], -data.D[0], what="scaled")


# -- formulas, residual, decomposition -----------------------------------------------------------------


def cube() -> dict[str, Array]:
    """Random arguments with three of everything, so that a wrong axis still has a shape that fits."""
    rng = np.random.default_rng(9)
    return {
        name: rng.uniform(0.5, 1.5, shape)
        for name, shape in {
            "d": (3, 3, 3), "t": (3, 3, 3), "t_new": (3, 3, 3), "e": (3, 3, 3), "e_new": (3, 3, 3), "w": (3,),
            "P": (3, 3), "va": (3, 3), "inputs": (3, 3, 3), "A": (3, 3), "weight": (3, 3, 3), "c": (3, 3),
            "theta": (3,), "X": (3, 3), "Y": (3, 3), "alpha": (3, 3), "I": (3,), "F": (3, 3, 3), "VA": (3,),
            "R": (3,), "D": (3,), "T": (3,),
        }.items()
    }  # fmt: skip


def expected(a: dict[str, Array]) -> dict[str, Any]:
    """What each function of equations.py gives for the arguments of `cube`, in loops."""
    r = range(3)

    def grid(of: Callable[[int, int], float]) -> list[list[float]]:
        return [[of(s, m) for m in r] for s in r]

    def box(of: Callable[[int, int, int], float]) -> list[list[list[float]]]:
        return [[[of(s, m, i) for i in r] for m in r] for s in r]

    F, t, e, c, P, theta = a["F"], a["t"], a["e"], a["c"], a["P"], a["theta"]
    total = grid(lambda s, m: sum(a["weight"][s, m, i] * c[s, i] ** -theta[s] for i in r))
    return {
        "trade_cost_hat": box(
            lambda s, m, i: a["d"][s, m, i] * (1 + a["t_new"][s, m, i]) / (1 + t[s, m, i])
            * (1 + a["e_new"][s, m, i]) / (1 + e[s, m, i])
        ),
        "cost_hat": grid(
            lambda s, m: a["w"][m] ** a["va"][s, m]
            * np.prod([P[k, m] ** a["inputs"][k, s, m] for k in r]) / a["A"][s, m]
        ),
        "price_index_hat": grid(lambda s, m: total[s][m] ** (-1 / theta[s])),
        "trade_share_new": box(lambda s, m, i: a["weight"][s, m, i] * (c[s, i] / P[s, m]) ** -theta[s]),
        "border_flow": box(lambda s, m, i: F[s, m, i] * a["X"][s, m] / (1 + t[s, m, i])),
        "output": grid(lambda s, i: sum(F[s, m, i] / (1 + e[s, m, i]) for m in r)),
        "expenditure": grid(
            lambda s, m: sum(a["inputs"][s, k, m] * a["Y"][k, m] for k in r) + a["alpha"][s, m] * a["I"][m]
        ),
        "tariff_revenue": [sum(t[s, m, i] * F[s, m, i] for s in r for i in r) for m in r],
        "export_tax_revenue": [sum(e[s, m, i] / (1 + e[s, m, i]) * F[s, m, i] for s in r for m in r) for i in r],
        "income": [a["w"][m] * a["VA"][m] + a["R"][m] + a["D"][m] + a["T"][m] for m in r],
        "labour_demand": [sum(a["va"][s, m] * a["Y"][s, m] for s in r) for m in r],
        "border_trade": [
            [sum(F[s, m, i] for s in r for m in r if m != i) for i in r],
            [sum(F[s, m, i] for s in r for i in r if i != m) for m in r],
        ],
        "consumer_price_hat": [np.prod([P[s, m] ** a["alpha"][s, m] for s in r]) for m in r],
    }  # fmt: skip


@check("formula")
def every_formula_by_loops() -> None:
    """Each function of equations.py at random arguments; a batch axis in front gives the same, twice."""
    from comity.equilibrium import equations as eq

    a = cube()
    arguments = {
        "trade_cost_hat": ("d", "t", "t_new", "e", "e_new"), "cost_hat": ("w", "P", "va", "inputs", "A"),
        "price_index_hat": ("weight", "c", "theta"), "trade_share_new": ("weight", "c", "P", "theta"),
        "border_flow": ("F", "X", "t"), "output": ("F", "e"), "expenditure": ("inputs", "Y", "alpha", "I"),
        "tariff_revenue": ("F", "t"), "export_tax_revenue": ("F", "e"), "income": ("w", "VA", "R", "D", "T"),
        "labour_demand": ("va", "Y"), "border_trade": ("F",), "consumer_price_hat": ("P", "alpha"),
    }  # fmt: skip
    for name, value in expected(a).items():
        given = [a[key] for key in arguments[name]]
        same(getattr(eq, name)(*given), value, EXACT, name)
        batch = getattr(eq, name)(*(np.stack([part, part]) for part in given))
        pair = np.stack([value, value], axis=1) if name == "border_trade" else np.stack([value, value])
        same(batch, pair, EXACT, f"batch of {name}")
    with np.errstate(all="raise"):  # a price nobody asks for must not be computed, even to be thrown away
        nobody = eq.price_index_hat(np.zeros((3, 3, 3)), a["c"], a["theta"])
    same(nobody, np.ones((3, 3)), 0.0, "price of a sector without supplier")
    few = eq.price_index_hat(1e-3 * a["weight"], a["c"], a["theta"])
    same(few, np.array(expected(a)["price_index_hat"]) * 1e-3 ** (-1 / a["theta"][:, None]), EXACT, "small weights")


@check("residual")
def a_wrong_answer_has_a_residual() -> None:
    """One per cent on any quantity shows in the equation that determines it."""
    from comity.equilibrium.residual import residuals

    found = mixed_solution()
    moved = {"cost_hat": "1", "price_index_hat": "23", "output_new": "4", "expenditure_new": "5", "income_new": "6",
             "wage_hat": "7", "deficit_new": "8"}  # fmt: skip
    for name, equations in moved.items():
        values = getattr(found, name).copy()
        values.flat[1] *= 1.01
        size = residuals(replace(found, **{name: values}))
        for equation in equations:
            must(1e-5 < size[equation] < 0.1, f"residual of ({equation}) for {name}: {size[equation]:.1e}")
    same(max(residuals(found).values()), 0.0, 10 * SOLVED, "residual of the answer")


def untaxed(sectors: int = 2) -> Data:
    """A world with tariffs and deficits and no export taxes."""
    data = ref.random_data(28, sectors=sectors)
    return ref.settle(data.pi, data.t, 0 * data.e, data.va, data.inputs, data.alpha, data.theta, data.D)


def parts_by_differences(data: Data, change: Change, end: Any, at: float = 0.45) -> None:
    """A tangent and the five integrands from differences of solves on both sides of a point, and plain loops."""
    from comity.equilibrium.path import Path
    from comity.outcomes.decomposition import rates

    path = Path(end)
    low, here, high = path.at(at - STEP), path.at(at), path.at(at + STEP)

    def slope_of(of: Callable[[Any], Array]) -> Array:
        return (of(high) - of(low)) / (2 * STEP)

    tangent = path.system(here).along(path.direction(path.whole, here, at))
    for name, of in {
        "log_wage": lambda z: np.log(z.wage_hat), "log_price": lambda z: np.log(z.price_index_hat),
        "log_cost": lambda z: np.log(z.cost_hat), "spending": lambda z: z.expenditure_new,
        "output": lambda z: z.output_new, "flow": lambda z: z.flow_new, "income": lambda z: z.income_new,
        "deficit": lambda z: z.deficit_new, "transfer": lambda z: z.transfer_new,
        "log_real_income": lambda z: np.log(z.real_income_hat),
    }.items():  # fmt: skip
        same(getattr(tangent, name), slope_of(of), SLOPE, name)
    found = rates(path, [path.whole], at)
    price = slope_of(lambda z: np.log(z.cost_hat[:, None, :] * (1 + z.export_tax_new)))
    dF, F, t, e = slope_of(lambda z: z.flow_new), here.flow_new, here.tariff_new, here.export_tax_new
    dd, dA, income = np.log(change.d), np.log(change.A), here.income_new
    received = slope_of(lambda z: z.deficit_new + z.transfer_new)
    j, n = data.shape
    for s in range(j):
        for m in range(n):
            for i in range(n):
                out = F[s, i, m] * price[s, i, m] if i != m else 0.0
                into = F[s, m, i] * price[s, m, i] if i != m else 0.0
                same(found.terms_of_trade[s, m, i], (out - into) / income[m], SLOPE, "terms of trade")
                more = t[s, m, i] * (dF[s, m, i] - F[s, m, i] * (price[s, m, i] + dd[s, m, i]))
                more += e[s, i, m] / (1 + e[s, i, m]) * (dF[s, i, m] - F[s, i, m] * price[s, i, m])
                same(found.volume_of_trade[s, m, i], more / income[m], SLOPE, "volume of trade")
                same(found.trade_costs[s, m, i], -F[s, m, i] * dd[s, m, i] / income[m], SLOPE, "trade costs")
            same(found.productivity[s, m], here.output_new[s, m] * dA[s, m] / income[m], SLOPE, "productivity")
    same(found.transfers, received / income, SLOPE, "transfers")
    same(found.measures[0], slope_of(lambda z: np.log(z.real_income_hat)), SLOPE, "response")
    same(found.total(), found.measures[0], SAME, "the parts add up to the response")


@check("derivative")
def parts_by_differences_of_solves() -> None:
    data = ref.small()
    parts_by_differences(data, ref.mixed(data), mixed_solution())


@check("derivative")
def parts_by_differences_under_closures() -> None:
    data = ref.small()
    for closure, members in (
        ("deficit-share-of-gdp", ()), ("multiplicative-deficits", ()), ("deficit-share-of-gdp", ("C0", "C2")),
    ):  # fmt: skip
        parts_by_differences(data, ref.mixed(data), mixed_solution(closure, members))


@check("derivative")
def parts_by_differences_without_export_taxes() -> None:
    data = untaxed()
    change = replace(ref.mixed(data), e=data.e)
    parts_by_differences(data, change, solved(data, change))


@check("derivative")
def parts_add_up_over_the_path() -> None:
    """Six Gauss nodes over the whole shock, taken in two measures, give ln W."""
    from comity.equilibrium.path import Path
    from comity.outcomes.decomposition import Parts, rates

    data = ref.small()
    end = solved(data, ref.mixed(data, size=0.3))
    path = Path(end)
    zero = {name: 0 * value for name, value in vars(path.whole).items()}
    rest = replace(path.whole, **{name: zero[name] for name in ("tariff", "transfer", "log_productivity")})
    first = replace(path.whole, **{name: zero[name] for name in ("export_tax", "log_iceberg")})
    done = Parts.none(end, 2)
    node, weight = np.polynomial.legendre.leggauss(6)
    for x, share in zip((node + 1) / 2, weight / 2, strict=True):
        done = done.plus(rates(path, [first, rest], float(x)), float(share))
    total = np.log(end.real_income_hat)
    same(done.total(), total, QUADRATURE, "parts")
    same(done.measures.sum(axis=0), total, QUADRATURE, "measures")
    must(np.abs(done.measures).min() > 1e-4, "a measure without effect")


@check("formula")
def published_formula_by_loops() -> None:
    """Caliendo & Parro's first-order terms and volume of trade: finite changes at old weights."""
    from comity.outcomes.decomposition import first_order

    data = untaxed(sectors=3)
    mine = solved(data, replace(ref.nothing(data), t=ref.mixed(data).t))
    terms, volume = first_order(mine)
    F, new, c, t = data.pi * data.X[:, :, None] / (1 + data.t), mine.flow_new, mine.cost_hat, data.t
    income = ref.base_income(data)
    for s in range(3):
        for m in range(3):
            for i in range(3):
                gained = F[s, i, m] * (c[s, m] - 1) - F[s, m, i] * (c[s, i] - 1)
                same(terms[s, m, i], gained / income[m], EXACT, "terms of trade")
                more = t[s, m, i] * F[s, m, i] * (new[s, m, i] / F[s, m, i] - c[s, i])
                same(volume[s, m, i], more / income[m], EXACT, "volume of trade")


# -- the second program --------------------------------------------------------------------------------


@check("second program")
def second_program() -> None:
    compare(mixed_solution(), ref.plain())


@check("second program")
def second_program_with_an_embargo() -> None:
    compare(mixed_solution(embargo=True), ref.plain(embargo=True))


@check("second program")
def second_program_with_deficit_shares() -> None:
    compare(mixed_solution("deficit-share-of-gdp"), ref.plain("deficit-share-of-gdp"))


@check("second program")
def second_program_with_multiplicative_deficits() -> None:
    compare(mixed_solution("multiplicative-deficits"), ref.plain("multiplicative-deficits"))


@check("second program")
def second_program_with_a_coalition() -> None:
    compare(mixed_solution(equalise=("C0", "C2")), ref.plain("fixed-deficits", (0, 2)))


@check("second program")
def second_program_after_balancing() -> None:
    moved, answer = ref.plain_moved()
    mine = solved(ref.small(), ref.mixed(moved), closure="balanced")
    same(mine.benchmark.value_added, moved.VA, what="balanced value added")
    compare(mine, answer)


@check("second program")
def second_program_after_balancing_a_target() -> None:
    moved, answer = ref.plain_moved(1)
    mine = solved(ref.small(), ref.mixed(moved), closure="targets-balanced", targets=["C1"])
    compare(mine, answer)


def main() -> int:
    """Print the failing checks."""
    found = failures()
    print(json.dumps(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
