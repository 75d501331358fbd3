"""Automatic mutants that change nothing, each with the reason."""

from __future__ import annotations

_REPLACED = "a placeholder where nobody supplies: the choice around it, or a weight of zero, keeps it from every result"
_FLOOR = "only moves what a state below the floor counts as, and no such state is accepted as an answer"

EQUIVALENT: dict[str, str] = {
    "price_index_hat: supplied -> 0 * supplied + 1.0": "without supplier the inner choice is 1 already, and 1 to any power is 1",
    "price_index_hat: 1.0 -> 2.0": _REPLACED,
    "Iteration.pass_through: 0.0 -> 1.0": _REPLACED,
    "Iteration.pass_through: 0.0 -> 2.0": _REPLACED,
    "Iteration._income: INCOME_FLOOR * earned -> INCOME_FLOOR / earned": _FLOOR,
    "Iteration._income: earned -> 0 * earned + 1.0 (place 4)": _FLOOR,
    "Iteration._income: income < floor -> income <= floor": _FLOOR,
    "Iteration._income: income -> 0 * income + 1.0 (place 3)": _FLOOR,
    "Iteration._income: floor -> 0 * floor + 1.0 (place 2)": _FLOOR,
    "_Given.__init__: flow -> 0 * flow + 1.0 (place 5)": "exports and imports lose the same amount, and only their difference is used",
}
