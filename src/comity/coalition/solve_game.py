"""What theory says of a game, from its enumerated values or from samples and single steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from comity.coalition.core import Core, core
from comity.coalition.game import NOISE, Properties, properties, sizes
from comity.coalition.sampling import Sampled, sampled_shapley
from comity.coalition.stability import Step, best_of_size, efficient, greedy, stable, surplus_over_leaving
from comity.coalition.study import Study
from comity.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Theory:
    """The answers of theory; None where they need all coalitions and these are not enumerated, or have no value.

    standard_error (n,) : 0 where the Shapley values are exact
    stable_sets : coalitions (positions) that are internally and externally stable
    keepable : True where some transfers inside the grand coalition keep every member
    best : the best coalition of each size; frontier : positions, with own loss and target loss, nobody beats both
    why_not : why something is None
    """

    shapley: Array
    standard_error: Array
    sampled: Sampled | None = None
    properties: Properties | None = None
    core: Core | None = None
    stable_sets: tuple[int, ...] | None = None
    keepable: bool | None = None
    best: tuple[int, ...] | None = None
    frontier: tuple[int, ...] | None = None
    steps: tuple[Step, ...] = ()
    why_not: str = ""


def solve_game(study: Study, shapley: Array, orders: int, seed: int) -> Theory:
    """Theory on a study. shapley : exact values, where all coalitions are enumerated (nan where one has no value)."""
    steps = tuple(greedy(study.n, partial(_evaluate, study), ratio=_senders(study)))
    if not study.exact:
        sampled = sampled_shapley(study.value, study.n, orders, seed)
        return Theory(sampled.estimate, sampled.standard_error, sampled, steps=steps,
                      why_not=f"{study.n} players have 2^{study.n} coalitions, which are not enumerated")  # fmt: skip
    v = study.v
    missing = int((~np.isfinite(v)).sum())
    if missing:
        return Theory(shapley, np.zeros(study.n), steps=steps,
                      why_not=f"{missing} of {v.size} coalitions have no equilibrium")  # fmt: skip
    costs = study.game.players.value == "own-loss"
    centre, reason = None, ""
    try:
        centre = core(v, costs=costs)
    except InputError as missing_package:
        reason = missing_package.message
    payoff = study.every.gain[:, : study.n]
    internal, external = stable(payoff, noise(study))
    return Theory(
        shapley=shapley,
        standard_error=np.zeros(study.n),
        properties=properties(v),
        core=centre,
        stable_sets=tuple(int(k) for k in np.flatnonzero(internal & external)),
        keepable=bool(surplus_over_leaving(payoff)[-1] >= -noise(study).sum()),
        best=tuple(best_of_size(-v if costs else v)),
        frontier=_frontier(study),
        steps=steps,
        why_not=reason,
    )


def noise(study: Study) -> Array:
    """(n,) million USD: a smaller change cannot be told from zero."""
    world = study.reference.world
    return NOISE * np.array([world.income[list(player.positions)].sum() for player in study.table.members])


def _senders(study: Study) -> bool:
    return study.game.players.value != "joint-gain"


def _frontier(study: Study) -> tuple[int, ...]:
    """Senders: most target loss for each own loss. Cooperation: most joint gain for each number of members."""
    if not _senders(study):
        n = study.n
        return tuple(int(k) for k in np.flatnonzero(efficient(sizes(n).astype(float), study.v)))
    cost, benefit = study.every.own_loss, study.every.target_loss
    chosen = np.flatnonzero(efficient(cost, benefit))
    return tuple(int(k) for k in chosen[np.argsort(cost[chosen], kind="stable")])


def _evaluate(study: Study, coalitions: list[tuple[int, ...]]) -> tuple[Array, Array]:
    """Benefit and payoffs of coalitions: looked up where they are enumerated, else solved."""
    positions = [sum(1 << player for player in coalition) for coalition in coalitions]
    if study.exact:
        benefit = study.every.target_loss if _senders(study) else study.v
        return benefit[positions], study.every.gain[positions, : study.n]
    masks = np.array([[player in coalition for player in range(study.n)] for coalition in coalitions])
    rows = study.evaluator.rows(study.padded(masks))
    benefit = rows.target_loss if _senders(study) else rows.value("joint-gain")
    return benefit, rows.gain[:, : study.n]
