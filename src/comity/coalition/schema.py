"""The file of a coalition game as types (pydantic): a scenario whose measures name `players`. docs/coalitions.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from comity.scenario import quantities as q
from comity.scenario.schema import Id, Scenario, Strict, Text, Words, _json, _read, refuse

Value = Literal["joint-gain", "target-loss", "own-loss"]
What = Literal["partners", "hardest-hit", "contributions"]
Figure = Literal[
    "target-loss", "share-of-global-regime", "share-of-embargo", "share-of-global-embargo", "partner-adds",
    "coalition-over-alone",
]  # fmt: skip
Share = Annotated[float, _read(q.share), _json(["number", "string"], '0.58 or "58%"')]
PLAYERS, OUTSIDERS = "players", "outsiders"
SIDES = ("importers", "exporters", "between", "senders")


class Players(Strict):
    """Who plays for what. `acting_as_one` names blocs whose members are a single player; `candidates` are asked to join
    the grand coalition one at a time and play no part otherwise."""

    members: Words
    value: Value
    acting_as_one: Words = ()
    candidates: Words = ()


class Published(Strict):
    """A published ordering (`of`, `order`) or figure (`figure`, `number`, and `player` for what a partner adds), and
    why ours differs."""

    of: What | None = None
    order: Words = ()
    figure: Figure | None = None
    number: Share | None = None
    player: Text | None = None
    source: Id
    where: Text
    why: Text = ""

    @model_validator(mode="after")
    def _one_form(self) -> Published:
        ordering = self.of is not None and bool(self.order)
        figure = self.figure is not None and self.number is not None
        if ordering == figure:
            raise refuse("a published result is an ordering or a figure", "of and order, or figure and number")
        if (self.figure == "partner-adds") != (self.player is not None):
            raise refuse("`player` goes with the figure partner-adds, and only there", "figure: partner-adds, player")
        return self


class CoalitionGame(Scenario):
    """A coalition game: `text` is the original YAML, `path` the name it was read from.

    Measures name `players` and `outsiders` (every economy the world names that is not in the coalition) where a
    scenario names countries. `recovers` maps members to the regime whose loss the coalition may win back;
    `frictionless` names the economies with the lowest observed trade costs.
    """

    type: Literal["coalition"]
    players: Players
    recovers: dict[str, Id] = Field(default_factory=dict)
    frictionless: Words = ()
    published: tuple[Published, ...] = ()

    _file: str = PrivateAttr(default="coalition")

    @model_validator(mode="after")
    def _roles(self) -> CoalitionGame:
        if not self.measures:
            raise refuse(
                "a game needs a measure: without one no coalition changes anything", "measures: [{id, kind, ...}]"
            )
        for measure in self.measures:
            _check_measure(measure)
        sender_game = self.players.value != "joint-gain"
        if sender_game and not self.targets:
            raise refuse(f"the value {self.players.value} needs targets", "targets: [IRN]")
        if sender_game and (self.recovers or self.frictionless):
            raise refuse("`recovers` and `frictionless` belong to the value joint-gain", "value: joint-gain")
        return self


def roles_of(measure: Any) -> dict[str, str]:
    """What each side of a measure is about: "players", "outsiders" or "fixed"."""
    found = {}
    for side in SIDES:
        words = getattr(measure, side, None)
        if words is not None:
            folded = [word.casefold() for word in words]
            named = [word for word in (PLAYERS, OUTSIDERS) if word in folded]
            found[side] = named[0] if named else "fixed"
    return found


def _check_measure(measure: Any) -> None:
    if measure.kind == "productivity":
        if tuple(word.casefold() for word in measure.countries) != (PLAYERS,):
            raise refuse(f"measure {measure.id}: a productivity measure of a game is about its players",
                         "countries: players")  # fmt: skip
        return
    if measure.kind in ("transfer", "lifting"):
        raise refuse(
            f"measure {measure.id}: a {measure.kind} has no place in a game",
            "measures on trade between players, or between players and others",
            "Regimes in the base year are lifted first by themselves: write kind: sanction with the regime and "
            "senders: players; transfers between members are computed.",
        )
    sides = roles_of(measure)
    for side in sides:
        words = [word.casefold() for word in getattr(measure, side)]
        alone = words == [PLAYERS] or set(words) <= {OUTSIDERS, "row"} or sides[side] == "fixed"
        if not alone:
            raise refuse(
                f"measure {measure.id}: `{side}` mixes players with others", "players, outsiders, or countries"
            )
    if PLAYERS not in sides.values():
        raise refuse(
            f"measure {measure.id} names no players, so it would be in force whatever they do",
            "importers, exporters, between or senders: players",
        )
    if "between" in sides and sides["between"] != PLAYERS:
        raise refuse(f"measure {measure.id}: `between` is about players", "between: players")
