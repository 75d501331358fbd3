"""A coalition game in plain sentences: who plays for what, what a coalition does, what is asked of it."""

from __future__ import annotations

from comity.benchmark.world import World
from comity.classifications.countries import name_of
from comity.coalition.players import find_table
from comity.coalition.recovery import check_recovers
from comity.coalition.rules import coalition_scenario
from comity.coalition.schema import CoalitionGame
from comity.scenario.compile import compile_scenario
from comity.scenario.explain import explain

VALUES = {
    "joint-gain": "what its members gain together",
    "target-loss": "what the targets lose",
    "own-loss": "what its members lose together",
}


def explain_game(game: CoalitionGame, world: World) -> list[str]:
    """The game on a world, one sentence each; the measures as the grand coalition has them in force.

    Raises InputError for players, sectors or regimes that the world does not have. Nothing is solved.
    """
    table = find_table(world, game)
    check_recovers(world, game, table)
    members = ", ".join(player.label for player in table.members)
    lines = [f"{game.title}.", f"{len(table.members)} players: {members}."]
    lines.append(f"A coalition is worth {VALUES[game.players.value]}, million USD a year.")
    if table.targets:
        lines.append(f"Targets: {', '.join(name_of(world.countries[k]) for k in table.targets)}.")
    if table.candidates:
        asked = ", ".join(player.label for player in table.candidates)
        lines.append(f"Asked to join, one at a time: {asked}.")
    lines += [f"{note.rstrip('.')}." for note in table.left_out]
    lines += [f"Asked: how much of {name_of(code)}'s loss to {regime} is won back." for code, regime in
              game.recovers.items()]  # fmt: skip
    everyone = tuple(player in table.members for player in table.everyone)
    compiled = compile_scenario(world, coalition_scenario(world, game, table.everyone, everyone), year=game.year)
    return [*lines, "", "With all members in:", *(f"  {line}" for line in explain(world, compiled))]


def check_game(game: CoalitionGame, world: World) -> str:
    """One sentence for a game that can be solved on this world. Raises InputError like `explain_game`."""
    explain_game(game, world)
    count, many = len(find_table(world, game).members), len(game.measures)
    measures = f"{many} measure{'s' if many != 1 else ''}"
    return f"{game.id}: a coalition game of {count} players, {measures}; `comity coalition` solves it."
