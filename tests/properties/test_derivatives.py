"""Tangents against central differences, and the parts of a change adding up to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import assume, reject
from hypothesis import strategies as st

from comity import NoSolutionError
from comity.equilibrium.path import Path
from comity.equilibrium.solution import Solution
from comity.outcomes.decomposition import decompose
from tests.properties.test_closures import SETTINGS
from tests.properties.worlds import Array, Case, answer, cases, features, holds

STEP = 1e-3
# fourth-order differences: STEP^4 = 1e-12 times a fifth derivative that thetas of 10 raise to 1e4, and solves to 1e-13
# over STEP; relative to the larger of the slope and one
DERIVATIVE = 1e-6
ADDING_UP = 1e-8  # the bound stated with the decomposition

small = features(countries=(2, 4), sectors=(1, 3), special=False, extreme=False)
closures = st.sampled_from(SETTINGS)
parts = ("iceberg", "tariff", "export_tax", "productivity", "transfer", "embargo")


def slope(near: dict[int, Solution], of: Callable[[Solution], Array]) -> Array:
    """Central difference of fourth order from the solutions at -2, -1, 1 and 2 steps."""
    return (8 * (of(near[1]) - of(near[-1])) - (of(near[2]) - of(near[-2]))) / (12 * STEP)


@holds(20, case=cases(small, parts), how=closures, at=st.sampled_from([0.2, 0.5, 0.9]))
def test_tangents_are_slopes(case: Case, how: dict[str, Any], at: float) -> None:
    path = Path(answer(case.world, case.shock, **how))
    try:
        here = path.at(at)
        near = {k: path.at(at + k * STEP) for k in (-2, -1, 1, 2)}
    except NoSolutionError:  # the way there may be barred although the end is not
        reject()
    tangent = path.system(here).along(path.direction(path.whole, here, at))
    scale = here.benchmark.value_added.sum()
    for found, expected in (
        (tangent.log_real_income, slope(near, lambda z: np.log(z.real_income_hat))),
        (tangent.log_wage, slope(near, lambda z: np.log(z.wage_hat))),
        (tangent.log_price, slope(near, lambda z: np.log(z.price_index_hat))),
        (tangent.log_cost, slope(near, lambda z: np.log(z.cost_hat))),
        (tangent.flow / scale, slope(near, lambda z: z.flow_new) / scale),
        (tangent.output / scale, slope(near, lambda z: z.output_new) / scale),
        (tangent.income / scale, slope(near, lambda z: z.income_new) / scale),
        (tangent.deficit / scale, slope(near, lambda z: z.deficit_new) / scale),
        (tangent.transfer / scale, slope(near, lambda z: z.transfer_new) / scale),
    ):
        assert np.abs((found - expected) / np.maximum(np.abs(expected), 1)).max() < DERIVATIVE


@holds(8, case=cases(small, parts), how=closures)
def test_parts_add_up(case: Case, how: dict[str, Any]) -> None:
    s = answer(case.world, case.shock, **how)
    # where an embargo ends all a country sells or buys, responses grow without bound at the end of the path
    away = s.flow_new * (1 - np.eye(len(case.world.countries)))
    assume((away.sum(axis=(0, 1)) > 0.01 * s.benchmark.exports.sum(axis=0)).all())
    assume((away.sum(axis=(0, 2)) > 0.01 * s.benchmark.imports.sum(axis=0)).all())
    found = decompose(s)
    total = np.sum(list(found.by_country().values()), axis=0)
    assert np.abs(total - np.log(s.real_income_hat)).max() < ADDING_UP
    assert np.abs(found.parts.measures.sum(axis=0) - np.log(s.real_income_hat)).max() < ADDING_UP
    # what does not change contributes nothing
    if case.shock.productivity_hat is None:
        assert not found.parts.productivity.any()
    if "iceberg" not in case.parts and "embargo" not in case.parts:
        assert np.abs(found.parts.trade_costs).max() < ADDING_UP
