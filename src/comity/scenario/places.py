"""From words to positions: which sectors and which ordered pairs of a World a measure touches, and who is left out."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import (
    EVERYBODY,
    REST_OF_WORLD,
    bloc_members,
    find_bloc,
    load_blocs,
    load_countries,
    name_of,
    resolve,
)
from comity.classifications.sectors import sector_called
from comity.errors import InputError, listing, nearest
from comity.kept import KeptByKey

Positions = NDArray[np.intp]
LAST_DAY = datetime.date.max
REST_NOTE = "The rest of the world (ROW) is all other economies together, no country inside it."
INSIDE = (
    "This world has no figures of its own for it: leave it out of measures and tests; in a dossier what is promised or "
    "claimed of it is `outside` (docs/dossiers.md#codes). Do not write ROW for it: ROW is all other economies together."
)


@dataclass
class Missing:
    """Bloc members that the world does not carry: they lie inside ROW and get no measure."""

    bloc: str
    absent: tuple[str, ...]
    members: tuple[str, ...]

    @property
    def share_of_gdp(self) -> float | None:
        """Share of the absent members in the bloc's GDP of 2022, None where a figure is missing."""
        figures = load_countries()
        gdp = {code: figures[code].gdp if code in figures else None for code in self.members}
        if any(value is None for value in gdp.values()):
            return None
        return sum(gdp[code] or 0 for code in self.absent) / sum(value or 0 for value in gdp.values())

    @property
    def sentence(self) -> str:
        present = len(self.members) - len(self.absent)
        share = self.share_of_gdp
        figure = "share of the bloc's GDP not known" if share is None else f"{share:.1%} of the bloc's GDP of 2022"
        names = listing([name_of(code) for code in self.absent], 8)
        return (
            f"{self.bloc}: {present} of {len(self.members)} members take part; left out, because the world holds them "
            f"inside the rest of the world: {names} ({figure})."
        )


@dataclass
class Party:
    """One list of countries of a measure: positions in the world, the author's words, who was left out."""

    positions: list[int]
    words: tuple[str, ...]
    named: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


def find_party(world: World, words: Sequence[str], day: datetime.date, where: str) -> Party:
    """The countries `words` stand for, each once, in order.

    Raises InputError for an unknown word, for a country named explicitly that the world lacks, and where nobody is
    left. Bloc members the world lacks are left out and reported; ROW never stands in for them. Not to be changed: it is
    kept.
    """
    key = (world.countries, tuple(words), day)
    return _parties.get(key, lambda: _find_party(world, words, day, where))


_parties: KeptByKey[Party] = KeptByKey(2000)


def _find_party(world: World, words: Sequence[str], day: datetime.date, where: str) -> Party:
    party = Party([], tuple(words))
    for word in words:
        found = resolve(word, date=day, known=world.countries, where=where)
        absent = tuple(code for code in found.members if code not in world.countries)
        if found.bloc is None and absent:
            raise _lacking(world, found.word, absent[0], where)
        if absent:
            party.missing.append(Missing(str(found.bloc), absent, found.members))
        for code in found.members:
            if code in world.countries:
                position = world.countries.index(code)
                if position not in party.positions:
                    party.positions.append(position)
                if found.bloc != EVERYBODY and code not in party.named:
                    party.named.append(code)
    if not party.positions:
        raise InputError(
            where,
            f"none of these countries is in the world {world.name or '(unnamed)'}",
            found=listing(words),
            advice="Name countries of this world; `comity worlds` lists them.",
        )
    return party


def _lacking(world: World, word: str, code: str, where: str) -> InputError:
    rest = REST_OF_WORLD in world.countries
    inside = f"; {name_of(code)} lies inside the rest of the world (ROW)" if rest else ""
    shown = word if word == code else f"{word} ({code})"
    return InputError(
        where,
        f"the world {world.name or '(unnamed)'} has no such country{inside}",
        found=shown,
        allowed=f"one of its {len(world.countries)} codes: {listing(world.countries)}",
        advice=INSIDE if rest else None,
    )


def find_pairs(
    importers: Party, exporters: Party, outside: Sequence[frozenset[int]] = ()
) -> tuple[Positions, Positions]:
    """Ordered pairs (importers, exporters) without self-pairs and without pairs inside one of the groups `outside`."""
    pairs = [
        (n, i)
        for n in importers.positions
        for i in exporters.positions
        if n != i and not any(n in group and i in group for group in outside)
    ]
    array = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def groups_left_out(world: World, words: Sequence[str], day: datetime.date, where: str) -> list[frozenset[int]]:
    """Positions of the members of each bloc in `not_within`."""
    groups = []
    for word in words:
        if find_bloc(word) is None:
            raise InputError(
                where, "unknown bloc", found=word, allowed=list(load_blocs()), nearest=nearest(word, load_blocs())
            )
        groups.append(
            frozenset(world.countries.index(c) for c in bloc_members(word, day, where) if c in world.countries)
        )
    return groups


def goods(sectors: Sequence[str]) -> NDArray[np.bool_]:
    """(J,) True for goods."""
    try:
        from comity.classifications.sectors import is_goods
    except ImportError:
        return np.array([code != "SERV" and not code.startswith("Services") for code in sectors])
    return np.asarray(is_goods(sectors), dtype=bool)


def find_sectors(world: World, words: Sequence[str], where: str) -> Positions:
    """Positions of the sectors `words` stand for, ascending: codes, `goods`, `services`, `all`. Raises InputError."""
    return _sectors.get((world.sectors, tuple(words)), lambda: _find_sectors(world, words, where))


_sectors: KeptByKey[Positions] = KeptByKey(2000)


def _find_sectors(world: World, words: Sequence[str], where: str) -> Positions:
    chosen: set[int] = set()
    folded = {code.casefold(): position for position, code in enumerate(world.sectors)}
    for word in words:
        key = word.casefold()
        if key in folded:
            chosen.add(folded[key])
        elif key == "all":
            chosen.update(range(len(world.sectors)))
        elif key in ("goods", "services"):
            chosen.update(np.flatnonzero(goods(world.sectors) == (key == "goods")).tolist())
        else:
            options = [*world.sectors, "goods", "services", "all"]
            raise InputError(where, "unknown sector", found=word, allowed=listing(options, 40),
                             nearest=nearest(word, options) or sector_called(word, world.sectors))  # fmt: skip
    if not chosen:
        raise InputError(where, "this world has no such sector", found=listing(words), allowed=world.sectors)
    return np.array(sorted(chosen), dtype=np.intp)
