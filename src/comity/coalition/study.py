"""One combination of elasticities, sizes and closure: the numbers of a game that every answer rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.coalition.game import LARGEST, VALUE_TOLERANCE, membership, shapley
from comity.coalition.players import Table
from comity.coalition.rules import Reference, Rules, make_reference, make_rules
from comity.coalition.schema import CoalitionGame
from comity.coalition.values import Evaluator, Masks, Rows, rows_together
from comity.errors import NoSolutionError
from comity.outcomes.ranges import Choice, choices, with_set

Array = NDArray[np.float64]
SMALL = 5  # players up to whom every coalition is solved in every combination of the range


@dataclass(eq=False)
class Study:
    """A game on a world under one choice; everything is made when first asked for."""

    world: World
    game: CoalitionGame
    table: Table
    choice: Choice
    workers: int = 1

    @property
    def n(self) -> int:
        """Number of members of the grand coalition."""
        return len(self.table.members)

    @property
    def exact(self) -> bool:
        """True where all coalitions are enumerated."""
        return self.n <= LARGEST

    @cached_property
    def reference(self) -> Reference:
        economy = with_set(self.world, self.choice.elasticities)
        return make_reference(economy, self.game, self.table, self.choice.closure, self.choice.level)

    @cached_property
    def rules(self) -> Rules:
        return make_rules(self.reference.world, self.game, self.table.everyone, self.choice.level)

    @cached_property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.rules, self.choice.closure, self.table.targets, self.workers)

    def padded(self, masks: Masks) -> Masks:
        """(M, P) coalitions of members (M, n) with no candidate in them."""
        return np.pad(masks, ((0, 0), (0, len(self.table.candidates))))

    @cached_property
    def _all(self) -> Rows:
        """Small games: all coalitions of members, then the grand coalition with each candidate."""
        return self.evaluator.rows(self._all_masks, keep_hat=True)

    @property
    def _all_masks(self) -> Masks:
        return np.concatenate([self.padded(membership(self.n)), self._joined])

    @property
    def _joined(self) -> Masks:
        more = len(self.table.candidates)
        return np.concatenate([np.ones((more, self.n), dtype=bool), np.eye(more, dtype=bool)], axis=1)

    @cached_property
    def every(self) -> Rows:
        """All 2**n coalitions of members."""
        if self.n <= SMALL:
            return self._all.take(np.arange(1 << self.n))
        return self.evaluator.rows(self.padded(membership(self.n)))

    @cached_property
    def v(self) -> Array:
        """(2**n,) the game; nan where a coalition has no equilibrium."""
        return self.every.value(self.game.players.value)

    @cached_property
    def key(self) -> Rows:
        """The grand coalition; it without each member; each member alone; it with each candidate."""
        n, more = self.n, len(self.table.candidates)
        if n <= SMALL:
            whole, bits = (1 << n) - 1, 1 << np.arange(n)
            return self._all.take(np.concatenate([[whole], whole ^ bits, bits, whole + 1 + np.arange(more)]))
        return self.evaluator.rows(self._key_masks, keep_hat=True)

    @property
    def _key_masks(self) -> Masks:
        one = np.eye(self.n, dtype=bool)
        members = np.concatenate([np.ones((1, self.n), dtype=bool), ~one, one])
        return np.concatenate([self.padded(members), self._joined])

    @staticmethod
    def solve_beside(studies: Sequence[Study]) -> None:
        """Solve what `measure` needs of several studies of one game under one closure, side by side."""
        first = studies[0]
        name, masks = ("_all", first._all_masks) if first.n <= SMALL else ("key", first._key_masks)
        evaluators = [study.evaluator for study in studies]
        for study, rows in zip(studies, rows_together(evaluators, masks, True, VALUE_TOLERANCE), strict=True):
            vars(study)[name] = rows

    def value(self, masks: Masks) -> Array:
        """(M,) values of coalitions of members (M, n)."""
        return self.evaluator.rows(self.padded(masks)).value(self.game.players.value)


@dataclass(frozen=True, eq=False)
class Measured:
    """What one study gives. Million USD a year; n members, c candidates, P = n + c, N economies.

    whole : v(N); alone, last, shapley (n,) : v({i}), v(N) - v(N - i), Shapley values (nan where not enumerated)
    gain (P,) : of every player under the grand coalition; left (n,) : of each member had it stayed out
    joined_value, joined_gain, welcome (c,) : what each candidate adds to v, what it then has, and what the members'
    joint gain changes by; hat (N,), variation (N,) : real income and equivalent variation under the grand coalition
    """

    choice: Choice
    whole: float
    target_loss: float
    own_loss: float
    alone: Array
    last: Array
    shapley: Array
    gain: Array
    left: Array
    joined_value: Array
    joined_gain: Array
    welcome: Array
    hat: Array
    variation: Array
    base: Array
    lift_hat: Array | None = None
    refusals: tuple[str, ...] = ()

    @property
    def stay(self) -> Array:
        """(n,) what each member gains by being in rather than leaving alone."""
        return self.gain[: len(self.left)] - self.left

    @property
    def join(self) -> Array:
        """(c,) what each candidate gains by joining."""
        return self.joined_gain - self.gain[len(self.left) :]


def measure(study: Study, enumerate_all: bool) -> Measured:
    """The numbers of a study. Raises NoSolutionError where the grand coalition has no equilibrium."""
    n, kind = study.n, study.game.players.value
    rows = study.key
    if rows.status[0] != "converged":
        raise NoSolutionError(f"The grand coalition has no equilibrium: {rows.messages[0]}", reason=str(rows.status[0]))
    value = rows.value(kind)
    world = study.reference.world
    base = np.array([world.income[list(player.positions)].sum() for player in study.table.everyone])
    joined = slice(1 + 2 * n, None)
    number = np.arange(len(study.table.candidates))
    assert rows.hat is not None
    share = np.full(n, np.nan)
    if enumerate_all and np.isfinite(study.v).all():
        share = shapley(study.v)
    lifted = study.reference.solution
    return Measured(
        choice=study.choice,
        whole=float(value[0]),
        target_loss=float(rows.target_loss[0]),
        own_loss=float(rows.own_loss[0]),
        alone=value[1 + n : 1 + 2 * n],
        last=value[0] - value[1 : 1 + n],
        shapley=share,
        gain=rows.gain[0],
        left=rows.gain[1 + np.arange(n), np.arange(n)],
        joined_value=value[joined] - value[0],
        joined_gain=rows.gain[joined][number, n + number],
        welcome=(rows.gain[joined][:, :n] - rows.gain[0, :n]).sum(axis=1),
        hat=rows.hat[0],
        variation=world.income * (rows.hat[0] - 1),
        base=base,
        lift_hat=None if lifted is None else lifted.real_income_hat,
        refusals=tuple(dict.fromkeys(text for text in rows.messages if text)),
    )


@dataclass(frozen=True, eq=False)
class Spread:
    """A game over every combination of the range, the central one first; `refused` are those without solution."""

    solved: tuple[Measured, ...]
    refused: tuple[tuple[Choice, str], ...] = field(default=())

    @property
    def tried(self) -> int:
        return len(self.solved) + len(self.refused)

    def of(self, name: str) -> tuple[Array, Array]:
        """Lowest and highest value of a quantity of Measured; nan where no combination has a number."""
        stacked = np.stack([np.asarray(getattr(measured, name), dtype=float) for measured in self.solved])
        missing = np.isnan(stacked).all(axis=0)
        low = np.where(missing, np.nan, np.where(np.isnan(stacked), np.inf, stacked).min(axis=0))
        high = np.where(missing, np.nan, np.where(np.isnan(stacked), -np.inf, stacked).max(axis=0))
        return low, high


def spread(study: Study, central: Measured) -> Spread:
    """The central study and every other combination of elasticity set, size level and closure."""
    solved, refused = [central], []
    others = [
        Study(study.world, study.game, study.table, choice, study.workers)
        for choice in choices(study.world, study.choice)
        if choice != study.choice
    ]
    for closure in dict.fromkeys(other.choice.closure for other in others):
        ready = []
        for other in (other for other in others if other.choice.closure == closure):
            try:
                _ = other.reference
                ready.append(other)
            except NoSolutionError as refusal:
                refused.append((other.choice, str(refusal)))
        if ready:
            Study.solve_beside(ready)
        for other in ready:
            try:
                solved.append(measure(other, study.n <= SMALL))
            except NoSolutionError as refusal:
                refused.append((other.choice, str(refusal)))
    return Spread(tuple(solved), tuple(refused))


def names(players: Sequence) -> list[str]:
    """Names of players."""
    return [player.name for player in players]
