"""coalition: a World and a game -> what the coalition is worth, to whom, and whether it holds."""

from __future__ import annotations

from typing import Any, Literal

from comity.benchmark.world import World
from comity.beside import beside
from comity.classifications.countries import name_of
from comity.coalition.around import bystanders, compared, transfers
from comity.coalition.bands import check_draws, game_band
from comity.coalition.load import load_game
from comity.coalition.players import find_table
from comity.coalition.potential import potentials
from comity.coalition.recovery import check_recovers, recovered
from comity.coalition.result import CoalitionResult, OnOtherCount
from comity.coalition.rules import coalition_scenario
from comity.coalition.schema import CoalitionGame
from comity.coalition.solve_game import solve_game
from comity.coalition.study import SMALL, Measured, Spread, Study, measure, spread
from comity.errors import InputError, NotConvergedError
from comity.outcomes.counts import Count, counts_of, on_count
from comity.outcomes.drawn import DrawnBand
from comity.outcomes.ranges import central_choice
from comity.scenario.compile import compile_scenario
from comity.scenario.regimes import load_regimes
from comity.uncertainty.draws import LEAST_DRAWS, check_request

ORDERS = 40  # standard errors are then below 0.1 % of the values in games of 36 senders

FEWEST_ORDERS = 4  # two, each forwards and backwards
MOST_ORDERS = 10_000  # standard errors are then a sixteenth of those of ORDERS


def coalition(
    world: World,
    game: CoalitionGame | str,
    *,
    closure: str | None = None,
    elasticities: str | None = None,
    orders: int = ORDERS,
    seed: int = 1,
    ranges: bool = True,
    draws: int | Literal["usual"] = 0,
    workers: int = 1,
) -> CoalitionResult:
    """Solve a coalition game on a world.

    Parameters
    ----------
    game : a CoalitionGame, or the name or file of one
    closure, elasticities : override the game's own; defaults "fixed-deficits" and the world's own set
    orders : of the permutation sampling, for more than 15 players; seed : of the orders and of the draws
    ranges : also solve every combination of elasticity set, size level and closure (all coalitions up to 5 players; for
        more those that contributions and stability rest on)
    draws : joint draws behind bands; 0 for none; "usual" for `comity.coalition.bands.default_draws`, and no band,
        with its reason, where too many of them have no solution
    workers : 1, or 2 for a second process

    Raises
    ------
    InputError : anything wrong with the request or the file
    NoSolutionError : the grand coalition has no equilibrium
    NotConvergedError : too many of the draws asked for have no solution
    """
    chosen = load_game(game) if isinstance(game, str) else game
    if not isinstance(chosen, CoalitionGame):
        raise InputError("game", "a CoalitionGame is needed", found=chosen, advice="Use its name, or load_game.")
    whole = isinstance(orders, int) and not isinstance(orders, bool)
    if not whole or orders % 2 or not FEWEST_ORDERS <= orders <= MOST_ORDERS:
        raise InputError("orders", "an even number of random orders is needed", found=orders,
                         allowed=f"{FEWEST_ORDERS}, {FEWEST_ORDERS + 2}, ... {MOST_ORDERS}")  # fmt: skip
    if draws != "usual":
        check_draws(draws)
    check_request(LEAST_DRAWS, seed)
    choice = central_choice(world, chosen, closure, elasticities)
    table = find_table(world, chosen)
    check_recovers(world, chosen, table)
    if choice.closure == "targets-balanced" and not table.targets:
        raise InputError("closure", "targets-balanced needs targets: in the game", found=chosen.id)
    first = Study(world, chosen, table, choice, workers)
    counts: list[Count | None] = [*counts_of(world, _pairs(first))] or [None]
    benchmark = world if counts[0] is None or counts[0].in_world else on_count(world, counts[0])
    study = first if benchmark is world else Study(benchmark, chosen, table, choice, workers)
    central = measure(study, study.exact)

    def rest() -> dict[str, Any]:
        over = spread(study, central) if ranges else Spread((central,))
        return {
            "spread": over,
            "theory": solve_game(study, central.shapley, orders, seed),
            "recovery": tuple(recovered(study, over)),
            "outside": bystanders(study, central, over),
        }

    # the draws take about as long as everything else, on the other processor
    found, (band, no_band) = (rest(), (None, "")) if draws == 0 else beside(rest, lambda: _band(study, draws, seed))
    yardsticks = potentials(study, central)
    return CoalitionResult(
        study=study,
        central=central,
        transferred=transfers(study),
        yardsticks=tuple(yardsticks),
        comparison=tuple(compared(study, central, yardsticks)),
        other_counts=tuple(_on_other(study, world, count) for count in counts[1:] if count is not None),
        count=counts[0].name if counts[0] is not None else "",
        notes=tuple(_notes(study, central)),
        solved=study.evaluator.solved,
        band=band,
        no_band=no_band,
        **found,
    )


def _band(study: Study, draws: int | Literal["usual"], seed: int) -> tuple[DrawnBand | None, str]:
    """The band, or why there is none where nobody asked for a number of draws."""
    try:
        return game_band(study, None if draws == "usual" else draws, seed, workers=1), ""
    except NotConvergedError as problem:
        if draws != "usual":
            raise
        return None, f"No band: {problem}"


def _pairs(study: Study) -> list[tuple[str, str]]:
    """(importer, exporter) codes of every flow some coalition of members touches."""
    rules, codes = study.rules, study.world.countries
    members = {k for player in study.table.members for k in player.positions} | set(study.table.targets)
    seen = sorted(set(zip(rules.importer.tolist(), rules.exporter.tolist(), strict=True)))
    return [(codes[n], codes[i]) for n, i in seen if n in members and i in members]


def _on_other(study: Study, world: World, count: Count) -> OnOtherCount:
    """The central numbers on another partner's count."""
    benchmark = world if count.in_world else on_count(world, count)
    other = Study(benchmark, study.game, study.table, study.choice, study.workers)
    numbers = measure(other, study.n <= SMALL)
    return OnOtherCount(count.name, numbers.gain[: study.n], numbers.shapley, numbers.whole)


def _notes(study: Study, central: Measured) -> list[str]:
    """What the numbers rest on: who is left out, what was lifted first, empty flows, extreme sizes."""
    notes = list(study.table.left_out)
    reference = study.reference
    if reference.lift is not None:
        steps = reference.lift.measures
        lifted = ", ".join(dict.fromkeys(step.sentence for step in steps))
        assert central.lift_hat is not None
        targets = [
            f"{name_of(study.world.countries[k])} {100 * (central.lift_hat[k] - 1):+.2f} %" for k in study.table.targets
        ]
        notes.append(f"First, apart from the game: {lifted} Real income after it: {', '.join(targets) or 'see JSON'}.")
        notes += reference.lift.regime_notes
    everyone = tuple(player in study.table.members for player in study.table.everyone)
    scenario = coalition_scenario(reference.world, study.game, study.table.everyone, everyone)
    compiled = compile_scenario(reference.world, scenario, year=study.game.year)
    titles = tuple(regime.title for regime in load_regimes().values())
    # what the base year contains of a regime that was lifted is no longer there
    told = [note for note in compiled.regime_notes if reference.lift is None or not note.startswith(titles)]
    notes += [*compiled.left_out, *told, *compiled.warnings]
    if compiled.nothing:
        notes.append(f"Nothing changes, because {compiled.nothing}.")
    return list(dict.fromkeys([*notes, *central.refusals]))
