"""Facts about the model that do not come from its own code; each check is a function that asserts.

`failures()` returns the names of those that fail: on the code as it is, none; on a mutant, at least one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

AGREES = 1e-8  # the reference stops at 1e-13, the solver at a residual of 1e-12
SLOPE = 1e-7  # central differences of solves
CHECKS: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function


def failures(first_only: bool = False) -> list[str]:
    """Names of the checks that fail, with the kind of failure."""
    found = []
    for function in CHECKS:
        try:
            with np.errstate(all="ignore"):
                function()
        except Exception as problem:  # a mutant may break anything
            found.append(f"{function.__name__}: {type(problem).__name__}")
            if first_only:
                break
    return found


def world(seed: int = 3, zero_cells: float = 0.0):  # noqa: ANN201
    """Three countries, two sectors, tariffs, export taxes and deficits in the benchmark."""
    import comity
    from comity.benchmark.synthetic import synthetic_world

    base = synthetic_world(3, 2, seed=seed, deficits=0.1, zero_cells=zero_cells)
    # benchmark export taxes: an equilibrium of its own, found by the reference and not by comity
    from tests.mutants.reference import reference

    rng = np.random.default_rng(seed)
    tax = 0.1 * rng.random((2, 3, 3)) * (1 - np.eye(3))
    moved = reference(base, iceberg=np.ones((2, 3, 3)), tariff=base.tariff, tax=tax,
                      productivity=np.ones((2, 3)), transfer=np.zeros(3))  # fmt: skip
    share = moved.flow * (1 + base.tariff)
    return comity.World.from_arrays(
        countries=base.countries, sectors=base.sectors, trade_share=share / share.sum(axis=2, keepdims=True),
        tariff=base.tariff, export_tax=tax, value_added_share=base.value_added_share, input_share=base.input_share,
        consumption_share=base.consumption_share, trade_elasticity=base.trade_elasticity,
        value_added=moved.wage * base.value_added, deficit=base.deficit, share_tolerance=1e-8, normalise=True,
    )  # fmt: skip


def everything(w, seed: int = 1, embargo: bool = False) -> dict:  # noqa: ANN001
    """A shock of every kind at once, as arrays."""
    rng = np.random.default_rng(seed)
    off = 1 - np.eye(3)
    iceberg = np.exp(rng.normal(0, 0.15, (2, 3, 3)))
    if embargo:
        iceberg[0, 2, 0] = np.inf
    transfer = np.array([1.0, -0.6, -0.4]) * 0.02 * w.value_added.sum()
    return {
        "iceberg": iceberg, "tariff": off * rng.uniform(0, 0.4, (2, 3, 3)), "tax": off * rng.uniform(0, 0.2, (2, 3, 3)),
        "productivity": np.exp(rng.normal(0, 0.2, (2, 3))), "transfer": transfer,
    }  # fmt: skip


def solved(w, arrays: dict, **settings):  # noqa: ANN001, ANN003, ANN201
    import comity

    shock = comity.Shock(
        iceberg_hat=arrays["iceberg"], tariff_new=arrays["tariff"], export_tax_new=arrays["tax"],
        productivity_hat=arrays["productivity"], transfer=arrays["transfer"],
    )  # fmt: skip
    return comity.solve(w, shock, tolerance=1e-11, **settings)


def compare(w, arrays: dict, **settings) -> None:  # noqa: ANN001, ANN003
    """comity against the reference, every quantity."""
    from tests.mutants.reference import reference

    members = [w.countries.index(code) for code in settings.get("equalise", ())]
    expected = reference(w, **arrays, closure=settings.get("closure", "fixed-deficits"), coalition=members)
    found = solved(w, arrays, **settings)
    scale = w.value_added.sum()
    for mine, theirs in (
        (found.wage_hat, expected.wage), (found.price_index_hat, expected.price), (found.cost_hat, expected.cost),
        (found.consumer_price_hat, expected.consumer), (found.real_income_hat, expected.real_income),
        (found.flow_new / scale, expected.flow / scale), (found.output_new / scale, expected.output / scale),
        (found.income_new / scale, expected.income / scale), (found.expenditure_new / scale, expected.spending / scale),
        (found.deficit_new / scale, expected.deficit / scale), (found.transfer_new / scale, expected.transfer / scale),
        (found.tariff_revenue_new / scale, (arrays["tariff"] * expected.flow).sum(axis=(0, 2)) / scale),
        (found.export_tax_revenue_new / scale,
         (arrays["tax"] / (1 + arrays["tax"]) * expected.flow).sum(axis=(0, 1)) / scale),
        (found.real_wage_hat, expected.wage / expected.consumer),
    ):  # fmt: skip
        assert np.abs(mine - theirs).max() < AGREES


@check
def fixed_deficits_against_the_reference() -> None:
    w = world()
    compare(w, everything(w))


@check
def deficit_share_against_the_reference() -> None:
    w = world()
    compare(w, everything(w), closure="deficit-share-of-gdp")


@check
def multiplicative_deficits_against_the_reference() -> None:
    w = world()
    compare(w, everything(w), closure="multiplicative-deficits")


@check
def equalising_transfers_against_the_reference() -> None:
    w = world()
    compare(w, everything(w), closure="multiplicative-deficits", equalise=[w.countries[0], w.countries[2]])


@check
def embargo_against_the_reference() -> None:
    w = world()
    compare(w, everything(w, embargo=True))


@check
def no_shock_changes_nothing() -> None:
    import comity

    w = world()
    found = comity.solve(w, comity.Shock(), tolerance=1e-11)
    assert np.abs(found.real_income_hat - 1).max() < 1e-9 and np.abs(found.price_index_hat - 1).max() < 1e-9


@check
def residual_finds_a_wrong_answer() -> None:
    """Every equation's residual moves when the quantity it determines is moved, by as much as it is moved."""
    from dataclasses import replace

    from comity.equilibrium.residual import residuals

    w = world()
    found = solved(w, everything(w))
    for name, equation in (("cost_hat", "1"), ("price_index_hat", "2"), ("output_new", "4"), ("expenditure_new", "5"),
                           ("income_new", "6"), ("wage_hat", "7"), ("deficit_new", "8")):  # fmt: skip
        values = getattr(found, name).copy()
        values.flat[0] *= 1.01
        size = residuals(replace(found, **{name: values}))[equation]
        assert 1e-5 < size < 0.02, (name, size)


@check
def one_sector_gains_from_trade() -> None:
    """Arkolakis, Costinot & Rodriguez-Clare: W_hat = lambda_hat^(-1/theta) without deficits and tariffs."""
    import comity

    share = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]])
    left = np.linalg.eig(share.T)
    income = np.real(left[1][:, np.argmax(np.real(left[0]))])
    w = comity.World.from_arrays(
        countries=["A", "B", "C"], sectors=["S"], trade_share=share[None], tariff=np.zeros((1, 3, 3)),
        value_added_share=np.ones((1, 3)), input_share=np.zeros((1, 1, 3)), consumption_share=np.ones((1, 3)),
        trade_elasticity=[4.0], value_added=income / income.sum(), deficit=np.zeros(3),
    )  # fmt: skip
    iceberg = np.ones((1, 3, 3))
    iceberg[0, 0, 1] = 1.7
    found = comity.solve(w, comity.Shock(iceberg_hat=iceberg), tolerance=1e-12)
    home = np.diagonal(found.trade_share_new[0]) / np.diagonal(share)
    assert np.abs(found.real_income_hat - home ** (-1 / 4.0)).max() < 1e-10


@check
def the_plain_formulas_give_the_reference() -> None:
    """Each function of equations.py, given the reference's answer, returns the reference's other side."""
    from comity.equilibrium import equations as eq
    from tests.mutants.reference import reference

    w = world()
    a = everything(w)
    r = reference(w, **a)
    theta = w.trade_elasticity
    kappa = eq.trade_cost_hat(a["iceberg"], w.tariff, a["tariff"], w.export_tax, a["tax"])
    weight = w.trade_share * kappa ** -theta[:, None, None]
    share = eq.trade_share_new(weight, r.cost, r.price, theta)
    flow = eq.border_flow(share, r.spending, a["tariff"])
    scale = w.value_added.sum()
    duty, levy = eq.tariff_revenue(flow, a["tariff"]), eq.export_tax_revenue(flow, a["tax"])
    exports, imports = eq.border_trade(flow)
    loops = np.array([[sum(r.flow[j, n, i] for j in range(2)) if n != i else 0.0 for i in range(3)] for n in range(3)])
    for mine, theirs in (
        (eq.cost_hat(r.wage, r.price, w.value_added_share, w.input_share, a["productivity"]), r.cost),
        (eq.price_index_hat(weight, r.cost, theta), r.price), (share.sum(axis=2), np.ones((2, 3))),
        (flow / scale, r.flow / scale), (eq.output(flow, a["tax"]) / scale, r.output / scale),
        (eq.expenditure(w.input_share, r.output, w.consumption_share, r.income) / scale, r.spending / scale),
        (eq.income(r.wage, w.value_added, duty + levy, r.deficit, r.transfer) / scale, r.income / scale),
        (eq.labour_demand(w.value_added_share, r.output) / scale, r.wage * w.value_added / scale),
        (eq.consumer_price_hat(r.price, w.consumption_share), r.consumer),
        (exports / scale, loops.sum(axis=0) / scale), (imports / scale, loops.sum(axis=1) / scale),
    ):  # fmt: skip
        assert np.abs(mine - theirs).max() < AGREES
    empty = eq.price_index_hat(0 * weight, r.cost, theta)
    assert (empty == 1).all()  # a sector without supplier has price 1


@check
def parts_by_differences_along_the_path() -> None:
    """The five integrands at one point from central differences of solves and plain loops."""
    parts_at(0.45)


@check
def parts_by_differences_when_deficits_are_shares() -> None:
    parts_at(0.45, closure="deficit-share-of-gdp")


@check
def parts_by_differences_when_deficits_are_multiples() -> None:
    parts_at(0.45, closure="multiplicative-deficits")


@check
def parts_by_differences_when_a_coalition_equalises() -> None:
    parts_at(0.45, closure="deficit-share-of-gdp", equalise=["C000", "C002"])


def parts_at(s: float, **settings) -> None:  # noqa: ANN003
    """The integrands of the decomposition at s against differences of solves at s - h and s + h."""
    from comity.equilibrium.path import Path
    from comity.outcomes.decomposition import rates

    w = world()
    path = Path(solved(w, everything(w), **settings))
    h = 1e-4
    low, here, high = path.at(s - h), path.at(s), path.at(s + h)
    found = rates(path, [path.whole], s)

    def slope(of):  # noqa: ANN001, ANN202
        return (of(high) - of(low)) / (2 * h)

    price = slope(lambda z: np.log(z.cost_hat[:, None, :] * (1 + z.export_tax_new)))
    flow, d_flow = here.flow_new, slope(lambda z: z.flow_new)
    ice = path.changes.log_iceberg
    d = np.zeros((2, 3, 3))
    if ice is not None:
        d.ravel()[path.changes.flat] = ice
    kept = here.export_tax_new / (1 + here.export_tax_new)
    transfers = slope(lambda z: z.deficit_new + z.transfer_new)
    for m in range(3):
        income = here.income_new[m]
        terms = volume = costs = 0.0
        for j in range(2):
            for i in range(3):
                if i != m:
                    terms += flow[j, i, m] * price[j, i, m] - flow[j, m, i] * price[j, m, i]
                    volume += here.tariff_new[j, m, i] * (
                        d_flow[j, m, i] - flow[j, m, i] * (price[j, m, i] + d[j, m, i])
                    )
                    volume += kept[j, i, m] * (d_flow[j, i, m] - flow[j, i, m] * price[j, i, m])
                costs -= flow[j, m, i] * d[j, m, i]
        made = (here.output_new[:, m] * np.log(path.changes.productivity_hat[:, m])).sum()
        by_country = found.by_country()
        expected = (terms, volume, costs, made, transfers[m])
        for name, value in zip(by_country, expected, strict=True):
            assert abs(by_country[name][m] - value / income) < SLOPE, name
    total = slope(lambda z: np.log(z.real_income_hat))
    assert np.abs(found.measures[0] - total).max() < SLOPE


@check
def parts_add_up() -> None:
    from comity.outcomes.decomposition import decompose

    w = world()
    found = decompose(solved(w, everything(w), closure="multiplicative-deficits"))
    assert found.adding_up < 1e-8


@check
def published_formula_by_loops() -> None:
    """Terms and volume of trade with finite changes at old weights."""
    import comity
    from comity.outcomes.decomposition import first_order

    w = world()
    found = comity.solve(w, comity.Shock(tariff_new=everything(w)["tariff"]), tolerance=1e-11)
    terms, volume = first_order(found)
    flow, new, c = w.flow, found.flow_new, found.cost_hat
    for m in range(3):
        a = b = 0.0
        for j in range(2):
            for i in range(3):
                a += flow[j, i, m] * (c[j, m] - 1) - flow[j, m, i] * (c[j, i] - 1)
                if i != m:
                    b += w.tariff[j, m, i] * flow[j, m, i] * (new[j, m, i] / flow[j, m, i] - c[j, i])
        assert abs(terms[:, m].sum() - a / w.income[m]) < 1e-12
        assert abs(volume[:, m].sum() - b / w.income[m]) < 1e-12
