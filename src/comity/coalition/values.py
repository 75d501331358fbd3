"""Coalitions -> values: every coalition's equilibrium, of which only what a game needs is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.coalition.rules import Rules
from comity.coalition.schema import Value
from comity.equilibrium.batch import solve_many
from comity.equilibrium.shock import Shock
from comity.equilibrium.solve import TOLERANCE

Array = NDArray[np.float64]
Masks = NDArray[np.bool_]

CHUNK = 256  # coalitions solved between two readings; their results are all that is in memory


@dataclass(frozen=True, eq=False)
class Rows:
    """M coalitions, million USD a year against the world of the rules; nan where there is no solution.

    gain (M, P) : equivalent variation of each player, in the coalition or not
    target_loss (M,) : what the targets lose together
    status (M,), message : "converged" or the refusal; hat (M, N) : real income, where it was asked for
    """

    masks: Masks
    gain: Array
    target_loss: Array
    status: NDArray[np.str_]
    messages: tuple[str, ...]
    hat: Array | None = None

    def take(self, chosen: NDArray[np.intp]) -> Rows:
        """Some of the coalitions."""
        return Rows(
            self.masks[chosen],
            self.gain[chosen],
            self.target_loss[chosen],
            self.status[chosen],
            tuple(self.messages[k] for k in chosen),
            None if self.hat is None else self.hat[chosen],
        )

    def value(self, kind: Value) -> Array:
        """(M,) the scalar value of each coalition."""
        if kind == "target-loss":
            return self.target_loss
        joint = np.where(self.masks, self.gain, 0.0).sum(axis=1)
        return np.asarray(joint if kind == "joint-gain" else 0.0 - joint)

    @property
    def own_loss(self) -> Array:
        """(M,) joint loss of the members."""
        return self.value("own-loss")


@dataclass(eq=False)
class Evaluator:
    """Values of coalitions under one closure. `solved` counts equilibria."""

    rules: Rules
    closure: str
    targets: tuple[int, ...] = ()
    workers: int = 1
    solved: int = field(default=0)

    def rows(self, masks: Masks, keep_hat: bool = False) -> Rows:
        """Every coalition of masks (M, P). Coalitions that change nothing are not solved: they are worth exactly 0."""
        return rows_together([self], masks, keep_hat)[0]

    def target_codes(self) -> list[str] | None:
        """Codes for the closure that takes targets, else None."""
        if self.closure != "targets-balanced":
            return None
        return [self.rules.world.countries[k] for k in self.targets]


def rows_together(
    evaluators: Sequence[Evaluator], masks: Masks, keep_hat: bool = False, tolerance: float = TOLERANCE
) -> list[Rows]:
    """The same coalitions of several evaluators that share a closure and targets, CHUNK at a time; those on Worlds that
    differ in elasticities alone are solved side by side."""
    count, players = masks.shape
    first = evaluators[0]
    gain, target = np.zeros((len(evaluators), count, players)), np.zeros((len(evaluators), count))
    status = np.full(target.shape, "converged", dtype="<U32")
    messages = [[""] * count for _ in evaluators]
    hats = np.ones((*target.shape, len(first.rules.world.countries))) if keep_hat else None
    playing = [np.array(player.positions, dtype=np.intp) for player in first.rules.players[:players]]
    chosen = list(first.targets)
    for at, shocks in _work(evaluators, masks):
        worlds = first.rules.world if len(evaluators) == 1 else [evaluators[k].rules.world for k, _ in at]
        found = solve_many(worlds, shocks, closure=first.closure, keep=("real_income_hat",), workers=first.workers,
                           targets=first.target_codes(), tolerance=tolerance)  # fmt: skip
        which, places = np.array(at, dtype=np.intp).T
        hat = found.real_income_hat.reshape(len(shocks), -1)
        variation = np.stack([evaluator.rules.world.income for evaluator in evaluators])[which] * (hat - 1)
        gain[which, places] = np.stack([variation[:, positions].sum(axis=1) for positions in playing], axis=1)
        target[which, places] = -variation[:, chosen].sum(axis=1)
        status[which, places] = found.status
        for (k, place), message in zip(at, found.messages, strict=True):
            messages[k][place] = message
            evaluators[k].solved += 1
        if hats is not None:
            hats[which, places] = hat
    return [
        Rows(masks, gain[k], target[k], status[k], tuple(messages[k]), None if hats is None else hats[k])
        for k in range(len(evaluators))
    ]


def _work(evaluators: Sequence[Evaluator], masks: Masks) -> Iterator[tuple[list[tuple[int, int]], list[Shock]]]:
    """Coalitions that change something, CHUNK at a time: (evaluator, coalition) and shock of each."""
    at: list[tuple[int, int]] = []
    shocks: list[Shock] = []
    for k, evaluator in enumerate(evaluators):
        for place, mask in enumerate(masks):
            shock = evaluator.rules.shock(mask)
            if shock is None:
                continue
            at.append((k, place))
            shocks.append(shock)
            if len(at) == CHUNK:
                yield at, shocks
                at, shocks = [], []
    if at:
        yield at, shocks
