"""Coalitions -> values: every coalition's equilibrium, of which only what a game needs is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.coalition.rules import Rules
from comity.coalition.schema import Value
from comity.equilibrium.batch import solve_many
from comity.equilibrium.shock import Shock

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
        count, players = masks.shape
        world = self.rules.world
        gain, target = np.zeros((count, players)), np.zeros(count)
        status, messages = np.full(count, "converged", dtype="<U32"), [""] * count
        hats = np.ones((count, len(world.countries))) if keep_hat else None
        playing = [np.array(player.positions, dtype=np.intp) for player in self.rules.players[:players]]
        chosen = list(self.targets)
        for places, shocks in self._work(masks):
            found = solve_many(world, shocks, closure=self.closure, keep=("real_income_hat",), workers=self.workers,
                               targets=self.target_codes())  # fmt: skip
            self.solved += len(shocks)
            variation = world.income * (found.real_income_hat.reshape(len(shocks), -1) - 1)
            gain[places] = np.stack([variation[:, positions].sum(axis=1) for positions in playing], axis=1)
            target[places] = -variation[:, chosen].sum(axis=1)
            status[places] = found.status
            for place, message in zip(places, found.messages, strict=True):
                messages[place] = message
            if hats is not None:
                hats[places] = found.real_income_hat
        return Rows(masks, gain, target, status, tuple(messages), hats)

    def target_codes(self) -> list[str] | None:
        """Codes for the closure that takes targets, else None."""
        if self.closure != "targets-balanced":
            return None
        return [self.rules.world.countries[k] for k in self.targets]

    def _work(self, masks: Masks) -> Iterator[tuple[list[int], list[Shock]]]:
        """Coalitions that change something, CHUNK at a time."""
        places: list[int] = []
        shocks: list[Shock] = []
        for place, mask in enumerate(masks):
            shock = self.rules.shock(mask)
            if shock is None:
                continue
            places.append(place)
            shocks.append(shock)
            if len(places) == CHUNK:
                yield places, shocks
                places, shocks = [], []
        if places:
            yield places, shocks
