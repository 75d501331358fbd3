"""Bands of a game: joint draws of elasticities, sizes, estimated flows; every coalition solved at the same draws.

A contribution is a difference, v(N) - v(N without i). All coalitions of a draw share its elasticities, sizes
and world, so what they do not know in common cancels; a draw in which one of them has no solution counts for none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.beside import beside
from comity.coalition.drawn_rules import DrawnRules, drawn_rules
from comity.coalition.game import VALUE_TOLERANCE, membership, shapley
from comity.coalition.study import SMALL, Study
from comity.equilibrium.batch import solve_each
from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.equilibrium.closures import benchmark_of
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import InputError, NoSolutionError
from comity.outcomes.drawn import DrawnBand
from comity.uncertainty.bands import FAILED_SHARE, refuse_failures
from comity.uncertainty.bank import Node, node_of, world_at
from comity.uncertainty.draws import DrawTable
from comity.uncertainty.interval import LEAST_DRAWS, LEVEL, MOST_DRAWS

Array = NDArray[np.float64]
DRAWS = 200  # as in every report
MOST_SOLVES = 4000  # of a game whose number of draws nobody chose: about ten seconds of one core on world-2022
FEWEST = 40  # draws: the 5th and 95th percentile then have two draws beyond them
DRAW_TOLERANCE = 1e-8  # of the residual: contributions of a draw are known to about 1e-8 of the incomes
SHARE_TOLERANCE = 1e-6  # of the residual of liftings: shares of a loss of a hundredth of a per cent keep two digits
LOT = 256  # equilibria solved between two readings
SMALLEST_LOSS = 1e-4  # of ln W, 0.01 per cent: no share of a smaller loss, as in the dossiers


@dataclass(frozen=True, eq=False)
class DrawnGame:
    """What one draw gives. Million USD a year; n members, N economies, R members that may win something back.

    shapley (n,) : nan where not every coalition is solved; recovered (R,) : shares, nan where the loss of this draw is
    below 0.01 per cent
    """

    whole: float
    target_loss: float
    own_loss: float
    alone: Array
    last: Array
    shapley: Array
    gain: Array
    stay: Array
    variation: Array
    recovered: Array


@dataclass(frozen=True, eq=False)
class _Asked:
    """What is solved at every draw: coalitions of members (M, n), and where the answers stand among them."""

    study: Study
    rules: DrawnRules
    table: DrawTable
    masks: NDArray[np.bool_]
    whole: int
    without: NDArray[np.intp]
    single: NDArray[np.intp]
    groups: list[tuple[list[int], Array | None]]

    @property
    def every(self) -> bool:
        return len(self.masks) == 1 << self.study.n


def default_draws(n: int) -> int:
    """Draws of a game of n members where nobody chose: DRAWS, fewer where that would be more than MOST_SOLVES
    equilibria (never fewer than FEWEST); up to SMALL members always DRAWS."""
    return DRAWS if n <= SMALL else max(FEWEST, min(DRAWS, MOST_SOLVES // (2 * n + 1)))


def check_draws(draws: object) -> int | None:
    """The number of draws asked for; 0 for none, None where nobody chose. Raises InputError."""
    if draws is None or (isinstance(draws, int) and not isinstance(draws, bool)
                         and (draws == 0 or LEAST_DRAWS <= draws <= MOST_DRAWS)):  # fmt: skip
        return draws
    raise InputError("draws", "a whole number that a report can hold is needed", found=draws,
                     allowed=f"{LEAST_DRAWS} to {MOST_DRAWS}, or 0 for ranges without bands")  # fmt: skip


def game_band(study: Study, draws: int | None = None, seed: int = 1, *, level: float = LEVEL,
              failed_share: float = FAILED_SHARE, workers: int = 2) -> DrawnBand:  # fmt: skip
    """The draws of a game as a band: `of("last")` is both ends of the members' contributions, likewise every field of
    DrawnGame. The first D of more draws are the same.

    Parameters
    ----------
    study : the game at central sizes, on one statistical count
    draws, seed : joint draws (None: `default_draws`) and their seed
    level : share of the draws inside a band; failed_share : largest share of draws without solution

    Raises
    ------
    InputError : anything wrong with the request
    NotConvergedError : more than `failed_share` of the draws have no solution in one of the coalitions
    """
    asked = check_draws(default_draws(study.n) if draws is None else draws)
    if not asked:
        raise InputError("draws", "a band needs draws", found=draws, allowed=f"{LEAST_DRAWS} to {MOST_DRAWS}")
    rules = drawn_rules(study)
    table = rules.table(asked, seed)
    case = _asked(study, rules, table)
    # draws on the same world of the bank side by side
    numbers = sorted(range(asked), key=lambda d: (_node(rules, table, d), d))
    parts = [numbers[::2], numbers[1::2]] if workers == 2 else [numbers, []]
    worlds = _worlds(rules, table)
    with ONE_BLAS_THREAD:
        if parts[1]:
            first, second = beside(lambda: _solve(case, worlds, parts[0]), lambda: _solve(case, worlds, parts[1]))
        else:
            first, second = _solve(case, worlds, parts[0]), []
    found = [one for _, one in sorted(first + second, key=lambda row: row[0])]
    failures = dict(Counter(one for one in found if isinstance(one, str)))
    refuse_failures(asked, failures, failed_share)
    solved = [one for one in found if not isinstance(one, str)]
    words = {source.name: f"{source.title} ({source.status})" for source in rules.sources}
    return DrawnBand(
        solved=tuple(game for game, _ in solved),  # type: ignore[misc]  # numbers of a game in place of a Variant
        asked=asked,
        failures=failures,
        level=level,
        seed=seed,
        residual=max(residual for _, residual in solved),
        drawn=tuple(text for name, text in words.items() if name in table.drawn),
        fixed=tuple(text for name, text in words.items() if name not in table.drawn),
        sizes=tuple(words[source.name] for source in rules.sources if source.group == "sizes"),
    )


def _asked(study: Study, rules: DrawnRules, table: DrawTable) -> _Asked:
    """Every coalition of a small game; of a larger one N, N without each member, each member alone."""
    n = study.n
    if n <= SMALL:
        bits = 1 << np.arange(n)
        whole = (1 << n) - 1
        groups = [([k], _central_state(study, mask)) for k, mask in enumerate(membership(n))]
        return _Asked(study, rules, table, membership(n), whole, whole ^ bits, bits, groups)
    one = np.eye(n, dtype=bool)
    masks = np.concatenate([np.ones((1, n), dtype=bool), ~one, one])
    near = list(range(1 + n)), _central_state(study, masks[0])
    alone: tuple[list[int], Array | None] = (list(range(1 + n, 1 + 2 * n)), None)
    return _Asked(study, rules, table, masks, 0, 1 + np.arange(n), 1 + n + np.arange(n), [near, alone])


def _central_state(study: Study, mask: NDArray[np.bool_]) -> Array | None:
    """Where the search for a coalition's draws begins: its central equilibrium; None where it changes nothing."""
    shock = study.rules.shock(mask)
    if shock is None:
        return None
    try:
        return solve(study.reference.world, shock, closure=study.choice.closure,
                     targets=study.evaluator.target_codes()).state  # fmt: skip
    except NoSolutionError:
        return None


def _node(rules: DrawnRules, table: DrawTable, d: int) -> Node:
    return node_of(rules.sources, {name: float(values[d]) for name, values in table.node.items()})


def _worlds(rules: DrawnRules, table: DrawTable) -> list[World]:
    """The world of each draw, before any closure: flows of the bank, drawn elasticities."""
    found = []
    for d in range(len(table)):
        world = world_at(rules.world, rules.sources, _node(rules, table, d))
        _ = world.income, world.goods_flow  # made once, and shared by the copies
        found.append(world.replace(trade_elasticity=table.theta[d]))
    return found


Answer = tuple[int, tuple[DrawnGame, float] | str]


def _solve(case: _Asked, worlds: Sequence[World], rows: list[int]) -> list[Answer]:
    """Some of the draws: number of the draw, what it gives or why it gives nothing."""
    at = {d: {name: float(values[d]) for name, values in case.table.position.items()} for d in rows}
    lost: dict[int, str] = {}
    bases, worst = _references(case, worlds, rows, at, lost)
    won = _lifted(case, worlds, rows, at, lost)
    kept = [d for d in rows if d not in lost]
    hats, residual = _coalitions(case, {d: bases[d] for d in kept}, at, lost)
    found: list[Answer] = list(lost.items())
    for d in kept:
        if d not in lost:
            game = _numbers(case, bases[d], hats[d], won[d])
            found.append((d, (game, max(residual[d], worst[d]))))
    return found


def _references(
    case: _Asked, worlds: Sequence[World], rows: list[int], at: dict[int, dict[str, float]], lost: dict[int, str]
) -> tuple[dict[int, World], dict[int, float]]:
    """The world each draw of the game is measured against: under the closure, regimes of the game lifted."""
    study = case.study
    targets = [study.world.countries[k] for k in study.table.targets] or None
    closure = study.choice.closure
    if case.rules.lift is None:
        return {d: benchmark_of(worlds[d], closure, targets) for d in rows}, dict.fromkeys(rows, 0.0)
    shocks = [case.rules.lift.shock(case.table.theta[d], at[d]) for d in rows]
    found: dict[int, World] = {}
    residual: dict[int, float] = {}
    chosen = targets if closure == "targets-balanced" else None
    outcomes = solve_each([worlds[d] for d in rows], shocks, closure=closure, targets=chosen, tolerance=VALUE_TOLERANCE)
    for d, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, InputError):
            raise outcome
        if isinstance(outcome, NoSolutionError):
            lost[d] = outcome.reason
            continue
        found[d], residual[d] = _after(outcome), float(outcome.residual)
    return found, residual


def _after(found: Solution) -> World:
    """The world in the equilibrium that was found."""
    return found.benchmark.replace(
        trade_share=found.trade_share_new,
        value_added=found.wage_hat * found.benchmark.value_added,
        deficit=found.deficit_new,
        expenditure=found.expenditure_new,
    )


def _lifted(
    case: _Asked, worlds: Sequence[World], rows: list[int], at: dict[int, dict[str, float]], lost: dict[int, str]
) -> dict[int, Array]:
    """(R,) ln of real income after lifting the regime of each member that may win something back."""
    found = {d: np.full(len(case.rules.recovers), np.nan) for d in rows}
    closure, targets = case.study.choice.closure, case.study.evaluator.target_codes()
    for k, (country, plan) in enumerate(case.rules.recovers):
        central = solve(case.rules.world, plan.compiled.shock, closure=closure, targets=targets)
        shocks = [plan.shock(case.table.theta[d], at[d]) for d in rows]
        outcomes = solve_each([worlds[d] for d in rows], shocks, closure=closure, targets=targets,
                              tolerance=SHARE_TOLERANCE, start=central.state)  # fmt: skip
        for d, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, InputError):
                raise outcome
            if isinstance(outcome, NoSolutionError):
                lost[d] = outcome.reason
            else:
                found[d][k] = np.log(outcome.real_income_hat[country])
    return found


def _coalitions(
    case: _Asked, bases: dict[int, World], at: dict[int, dict[str, float]], lost: dict[int, str]
) -> tuple[dict[int, Array], dict[int, float]]:
    """real_income_hat (M, N) of every coalition at each draw, and the largest residual of the draw."""
    study = case.study
    hats = {d: np.ones((len(case.masks), len(study.world.countries))) for d in bases}
    worst = dict.fromkeys(bases, 0.0)
    drawn = {d: case.rules.at(case.table.theta[d], at[d]) for d in bases}
    for places, start in case.groups:
        asked = ((d, place, drawn[d].shock(case.masks[place])) for d in bases for place in places)
        wanted = iter([(d, place, shock) for d, place, shock in asked if shock is not None])
        while lot := list(islice(wanted, LOT)):
            outcomes = solve_each([bases[d] for d, _, _ in lot], [shock for _, _, shock in lot],
                                  closure=study.choice.closure, targets=study.evaluator.target_codes(),
                                  tolerance=DRAW_TOLERANCE, start=start)  # fmt: skip
            for (d, place, _), outcome in zip(lot, outcomes, strict=True):
                if isinstance(outcome, InputError):
                    raise outcome
                if isinstance(outcome, NoSolutionError):
                    lost[d] = outcome.reason
                    continue
                hats[d][place] = outcome.real_income_hat
                worst[d] = max(worst[d], float(outcome.residual))
    return hats, worst


def _numbers(case: _Asked, base: World, hat: Array, won: Array) -> DrawnGame:
    """The numbers of a draw from real_income_hat (M, N) of its coalitions."""
    study, n, number = case.study, case.study.n, np.arange(case.study.n)
    variation = base.income * (hat - 1)
    gain = np.stack([variation[:, list(player.positions)].sum(axis=1) for player in study.table.members], axis=1)
    joint = np.where(case.masks, gain, 0.0).sum(axis=1)
    lost = -variation[:, list(study.table.targets)].sum(axis=1)
    v = {"joint-gain": joint, "target-loss": lost, "own-loss": 0.0 - joint}[study.game.players.value]
    whole = case.whole
    here = np.log(hat[whole, [country for country, _ in case.rules.recovers]])
    return DrawnGame(
        whole=float(v[whole]),
        target_loss=float(lost[whole]),
        own_loss=float(-joint[whole]),
        alone=v[case.single],
        last=v[whole] - v[case.without],
        shapley=shapley(v) if case.every else np.full(n, np.nan),
        gain=gain[whole],
        stay=gain[whole] - gain[case.without, number],
        variation=variation[whole],
        recovered=np.divide(here, won, out=np.full(len(won), np.nan), where=won > SMALLEST_LOSS),
    )
