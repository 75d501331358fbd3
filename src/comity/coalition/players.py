"""Who plays a game on a world: words of the file to players, and who is left out."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from comity.benchmark.world import World
from comity.classifications.countries import REST_OF_WORLD, find_bloc, find_country, name_of
from comity.coalition.schema import CoalitionGame
from comity.errors import InputError, listing, nearest
from comity.scenario import regimes
from comity.scenario.places import LAST_DAY, find_party

EVERYBODY = "all"


@dataclass(frozen=True)
class Player:
    """One player: an economy, or a bloc that acts as one. `name` is its ISO3 code or the bloc's name."""

    name: str
    positions: tuple[int, ...]

    @property
    def label(self) -> str:
        """The plain name."""
        return name_of(self.name) if len(self.positions) == 1 and len(self.name) == 3 else self.name


@dataclass(frozen=True)
class Table:
    """Everybody round the table: members, then candidates, who join the grand coalition one at a time; targets; and
    what was left out, in sentences. `complete` says how many of how many published members take part."""

    members: tuple[Player, ...]
    candidates: tuple[Player, ...]
    targets: tuple[int, ...]
    left_out: tuple[str, ...]
    complete: str = ""

    @property
    def everyone(self) -> tuple[Player, ...]:
        return (*self.members, *self.candidates)


def find_table(world: World, game: CoalitionGame) -> Table:
    """Members, candidates and targets of a game on a world.

    Raises InputError for unknown words, fewer than two members, a target that plays, and a bloc that acts as one
    without being a member.
    """
    day = _day(world, game)
    place = lambda key: game.where("players", key)  # noqa: E731
    words = game.players
    party = find_party(world, words.members, day, place("members"))
    for word in words.acting_as_one:
        if find_bloc(word) is None or word not in words.members:
            blocs = [name for name in words.members if find_bloc(name)]
            raise InputError(place("acting_as_one"), "a bloc named among the members is needed", found=word,
                             allowed=blocs or "no bloc is a member", nearest=nearest(word, blocs))  # fmt: skip
    members = _players(world, words.members, words.acting_as_one, day, place("members"))
    if len(members) < 2:
        raise InputError(place("members"), "a coalition takes two players at least", found=listing(words.members))
    targets = find_party(world, game.targets, day, game.where("targets")).positions if game.targets else []
    taken = {position for player in members for position in player.positions}
    for position in targets:
        if position in taken:
            raise InputError(game.where("targets"), "a target cannot be a player", found=world.countries[position])
    senders = _already_senders(world, game)
    candidates = _candidates(world, game, day, taken | set(targets))
    kept = tuple(player for player in candidates if not senders.intersection(player.positions))
    left_out = [missing.sentence for missing in party.missing]
    dropped = [player.name for player in candidates if player not in kept]
    if dropped:
        left_out.append(f"No candidates, because they impose the regime already: {listing(dropped)}.")
    complete = ""
    if party.missing:
        absent, whole = party.missing[0].absent, party.missing[0].members
        complete = f"{len(whole) - len(absent)} of {len(whole)} members"
    return Table(members, kept, tuple(targets), tuple(left_out), complete)


def _day(world: World, game: CoalitionGame) -> datetime.date:
    """As of when blocs are taken: the first measure with a regime or a date, else the game's year, else the world's."""
    for measure in game.measures:
        name = getattr(measure, "regime", None)
        if name is not None and name in regimes.load_regimes():
            return regimes.load_regimes()[name].start
        if measure.phase is not None:
            return measure.phase.start
    year = game.year or world.base_year
    return datetime.date(year, 1, 1) if year else LAST_DAY


def _players(
    world: World, words: Sequence[str], as_one: Sequence[str], day: datetime.date, where: str
) -> tuple[Player, ...]:
    players: list[Player] = []
    taken: set[int] = set()
    named: dict[int, str] = {}
    for word in words:
        found = find_party(world, [word], day, where).positions
        _no_rest(world, found, word, where)
        positions = [k for k in found if k not in taken]
        if find_bloc(word) is None and (before := next((named[k] for k in found if k in named), None)):
            raise InputError(where, "a player is named twice", found=listing(dict.fromkeys([before, word])))
        if word in as_one and len(positions) < len(found):
            twice = listing(name_of(world.countries[k]) for k in found if k in taken)
            raise InputError(where, f"{word} acts as one, but some of it is a player already", found=twice,
                             advice=f"Name {word} first, or leave those out.")  # fmt: skip
        taken.update(positions)
        if word in as_one:
            players.append(Player(word, tuple(positions)))
            named |= dict.fromkeys(positions, word)
        else:
            players += [Player(world.countries[k], (k,)) for k in positions]
            named |= dict.fromkeys(found, word) if find_bloc(word) is None else {}
    return tuple(players)


def _no_rest(world: World, positions: Sequence[int], word: str, where: str) -> None:
    if any(world.countries[k] == REST_OF_WORLD for k in positions):
        raise InputError(where, "the rest of the world is many economies and cannot play", found=word,
                         allowed="economies the world names, or blocs of them")  # fmt: skip


def _candidates(world: World, game: CoalitionGame, day: datetime.date, taken: set[int]) -> tuple[Player, ...]:
    """Candidates that are neither members nor targets; `all` is every economy the world names."""
    words = game.players.candidates
    if not words:
        return ()
    if [word.casefold() for word in words] == [EVERYBODY]:
        found = [k for k, code in enumerate(world.countries) if code != REST_OF_WORLD]
    else:
        found = find_party(world, words, day, game.where("players", "candidates")).positions
        _no_rest(world, found, REST_OF_WORLD, game.where("players", "candidates"))
        named = {code for word in words if find_bloc(word) is None and (code := find_country(word) or word)}
        for k in found:
            if k in taken and world.countries[k] in named:
                raise InputError(game.where("players", "candidates"), "a member or target cannot be a candidate",
                                 found=world.countries[k])  # fmt: skip
    return tuple(Player(world.countries[k], (k,)) for k in found if k not in taken)


def _already_senders(world: World, game: CoalitionGame) -> set[int]:
    """Positions of the senders of every regime of the game that this world contains."""
    found: set[int] = set()
    for measure in game.measures:
        name = getattr(measure, "regime", None)
        regime = regimes.load_regimes().get(name) if name else None
        if regime is not None and regime.in_benchmark(world) != "none":
            found.update(find_party(world, regime.senders, regime.start, game.where("measures")).positions)
    return found
