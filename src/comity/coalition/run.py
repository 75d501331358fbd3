"""coalition: a World and a game -> what the coalition is worth, to whom, and whether it holds."""

from __future__ import annotations

from comity.benchmark.elasticities import elasticity_sets
from comity.benchmark.world import World
from comity.coalition.around import bystanders, compared, transfers
from comity.coalition.load import load_game
from comity.coalition.players import find_table
from comity.coalition.potential import potentials
from comity.coalition.recovery import recovered
from comity.coalition.result import CoalitionResult, OnOtherCount
from comity.coalition.rules import coalition_scenario
from comity.coalition.schema import CoalitionGame
from comity.coalition.solve_game import solve_game
from comity.coalition.study import SMALL, Measured, Spread, Study, measure, spread
from comity.equilibrium.closures import check_closure
from comity.errors import InputError, nearest
from comity.outcomes.counts import Count, counts_of, on_count
from comity.outcomes.ranges import CLOSURES, WORLD_SETTING, Choice
from comity.scenario.compile import compile_scenario
from comity.scenario.regimes import load_regimes

ORDERS = 40  # standard errors are then below 0.1 % of the values in games of 36 senders


def coalition(
    world: World,
    game: CoalitionGame | str,
    *,
    closure: str | None = None,
    elasticities: str | None = None,
    orders: int = ORDERS,
    seed: int = 1,
    ranges: bool = True,
    workers: int = 1,
) -> CoalitionResult:
    """Solve a coalition game on a world.

    Parameters
    ----------
    game : a CoalitionGame, or the name or file of one
    closure, elasticities : override the game's own; defaults "fixed-deficits" and the world's own set
    orders, seed : of the permutation sampling, for more than 15 players
    ranges : also solve every combination of elasticity set, size level and closure (all coalitions up to 5 players; for
        more those that contributions and stability rest on)
    workers : 1, or 2 for a second process

    Raises
    ------
    InputError : anything wrong with the request or the file
    NoSolutionError : the grand coalition has no equilibrium
    """
    chosen = load_game(game) if isinstance(game, str) else game
    if not isinstance(chosen, CoalitionGame):
        raise InputError("game", "a CoalitionGame is needed", found=chosen, advice="Use its name, or load_game.")
    if isinstance(orders, bool) or not isinstance(orders, int) or orders < 1:
        raise InputError("orders", "a number of random orders is needed", found=orders, allowed="1 or more")
    choice = _choice(world, chosen, closure, elasticities)
    table = find_table(world, chosen)
    if choice.closure == "targets-balanced" and not table.targets:
        raise InputError("closure", "targets-balanced needs targets: in the game", found=chosen.id)
    first = Study(world, chosen, table, choice, workers)
    counts: list[Count | None] = [*counts_of(world, _pairs(first))] or [None]
    benchmark = world if counts[0] is None or counts[0].in_world else on_count(world, counts[0])
    study = first if benchmark is world else Study(benchmark, chosen, table, choice, workers)
    central = measure(study, study.exact)
    over = spread(study, central) if ranges else Spread((central,))
    yardsticks = potentials(study, central)
    return CoalitionResult(
        study=study,
        central=central,
        spread=over,
        theory=solve_game(study, central.shapley, orders, seed),
        transferred=transfers(study),
        outside=bystanders(study, central, over),
        yardsticks=tuple(yardsticks),
        recovery=tuple(recovered(study, over)),
        comparison=tuple(compared(study, central, yardsticks)),
        other_counts=tuple(_on_other(study, world, count) for count in counts[1:] if count is not None),
        count=counts[0].name if counts[0] is not None else "",
        notes=tuple(_notes(study, central)),
        solved=study.evaluator.solved,
    )


def _choice(world: World, game: CoalitionGame, closure: str | None, elasticities: str | None) -> Choice:
    wanted = closure or game.closure or CLOSURES[0]
    check_closure(wanted, ["any"])
    own = str(world.provenance.get("elasticities", {}).get("name", WORLD_SETTING))
    name = elasticities or game.elasticities or own
    if name not in (own, *elasticity_sets()):
        sets = elasticity_sets()
        raise InputError("elasticities", "unknown set", found=name, allowed=sets, nearest=nearest(name, sets))
    return Choice(name, "central", wanted)


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
        targets = [f"{study.world.countries[k]} {100 * (central.lift_hat[k] - 1):+.2f} %" for k in study.table.targets]
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
