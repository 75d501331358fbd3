"""State of the explorer: what its address says, in one canonical spelling, and what it makes of a scenario.

    s=tehran-2023&p=IRN.BLR.RUS&off=plant-quarantine&add=free:tariff&m.free=0.05&c=balanced

`s` gallery name (empty or absent: start from nothing), `p` the parties of measures between parties, `off` measures
switched off, `add` measures added as id:kind, `m.ID` the one number of a measure, `sec.ID` its sectors, `imp.ID` and
`exp.ID` importers and exporters of an added one, `w` world, `c` closure, `e` elasticity set, `y` year.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qsl, quote

from comity.app import limits
from comity.app.kinds import ADDED
from comity.benchmark.bundle import DEFAULT_WORLD, embedded_worlds, smoothed_worlds
from comity.benchmark.elasticities import elasticity_sets
from comity.classifications.countries import EVERYBODY, REST_OF_WORLD, find_bloc, find_country, load_blocs
from comity.classifications.sectors import load_sectors
from comity.equilibrium.closures import CLOSURES
from comity.errors import InputError, listing, nearest
from comity.scenario.load import gallery

PLAIN_KEYS = ("s", "p", "off", "add", "w", "c", "e", "y")
MEASURE_KEYS = ("m", "sec", "imp", "exp")
GROUPS_OF_SECTORS = ("goods", "services", "all")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", re.ASCII)


@dataclass(frozen=True)
class MeasureState:
    """What differs of one measure. For one of the gallery scenario `kind` is empty; for an added one it is its kind,
    and its places are `importers` and `exporters`, or the parties where both are None."""

    id: str
    on: bool = True
    size: float | None = None
    sectors: tuple[str, ...] | None = None
    kind: str = ""
    importers: tuple[str, ...] | None = None
    exporters: tuple[str, ...] | None = None


@dataclass(frozen=True)
class State:
    """Everything an address of the explorer says; None is "as in the scenario"."""

    scenario: str = ""
    measures: tuple[MeasureState, ...] = ()
    parties: tuple[str, ...] | None = None
    world: str | None = None
    closure: str | None = None
    elasticities: str | None = None
    year: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str] | Iterable[tuple[str, str]] | str) -> State:
        """The state a query string says, in its canonical form.

        Raises InputError for an unknown key, a key twice, an unknown word (with the nearest match), a number out of the
        bounds of its control, and for more measures or countries than limits.py allows.
        """
        pairs = _pairs(query)
        given = dict(pairs)
        if len(given) != len(pairs):
            twice = next(key for k, (key, _) in enumerate(pairs) if key in dict(pairs[:k]))
            raise InputError(f"query key {twice}", "stands twice", found=twice)
        scenario = _scenario(given.get("s", ""))
        plain = {key: given.pop(key) for key in PLAIN_KEYS if key in given}
        world = plain.get("w") and _word("w", plain["w"], world_names(), "world")
        added = _added(plain.get("add", ""))
        state = cls(
            scenario=scenario,
            measures=_measures(scenario, added, plain.get("off", ""), given),
            parties=_countries("p", plain["p"]) if plain.get("p") else None,
            world=world or None,
            closure=(plain.get("c") and _word("c", plain["c"], CLOSURES, "closure")) or None,
            elasticities=(plain.get("e") and _word("e", plain["e"], elasticity_sets(), "elasticity set")) or None,
            year=_year(plain["y"]) if plain.get("y") else None,
        )
        return state.canonical()

    def canonical(self) -> State:
        """Without what only repeats the gallery scenario: one text for one scenario. Raises InputError for a number out
        of the bounds of its control."""
        from comity.app.edit import canonical  # it needs this module's types

        return canonical(self)

    @cached_property
    def query(self) -> str:
        """The state as a query string: stable order, only what differs."""
        parts = [("s", self.scenario)] if self.scenario else []
        if self.parties is not None:
            parts.append(("p", ".".join(self.parties)))
        off = [measure.id for measure in self.measures if not measure.on]
        added = [f"{measure.id}:{measure.kind}" for measure in self.measures if measure.kind]
        parts += [("off", ",".join(off))] if off else []
        parts += [("add", ",".join(added))] if added else []
        for measure in self.measures:
            if measure.size is not None:
                parts.append((f"m.{measure.id}", number_text(measure.size)))
            for key, words in (("sec", measure.sectors), ("imp", measure.importers), ("exp", measure.exporters)):
                if words is not None:
                    parts.append((f"{key}.{measure.id}", ".".join(words)))
        year = None if self.year is None else str(self.year)
        settings = (("w", self.world), ("c", self.closure), ("e", self.elasticities), ("y", year))
        parts += [(key, value) for key, value in settings if value is not None]
        return "&".join(f"{key}={quote(value, safe=':,.-_')}" for key, value in parts)

    def as_json(self) -> dict[str, Any]:
        """The state as plain data."""
        return {
            "scenario": self.scenario,
            "parties": None if self.parties is None else list(self.parties),
            "measures": [
                {
                    "id": m.id,
                    "on": m.on,
                    "size": m.size,
                    "sectors": None if m.sectors is None else list(m.sectors),
                    "kind": m.kind,
                    "importers": None if m.importers is None else list(m.importers),
                    "exporters": None if m.exporters is None else list(m.exporters),
                }
                for m in self.measures
            ],
            "world": self.world,
            "closure": self.closure,
            "elasticities": self.elasticities,
            "year": self.year,
        }


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _pairs(query: Mapping[str, str] | Iterable[tuple[str, str]] | str) -> list[tuple[str, str]]:
    if isinstance(query, str):
        if len(query) > limits.QUERY_BYTES:
            raise InputError("query", "too long", found=f"{len(query)} bytes", allowed=f"up to {limits.QUERY_BYTES}")
        try:
            pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=300)
        except ValueError:
            raise InputError("query", "too many keys", allowed="up to 300") from None
        return pairs
    return list(query.items()) if isinstance(query, Mapping) else list(query)


@cache
def scenario_names() -> tuple[str, ...]:
    """Names of the gallery, looked up once: every step of a slider asks for them."""
    return tuple(gallery())


@cache
def world_names() -> tuple[str, ...]:
    """Names of the embedded worlds and their smoothed siblings, looked up once."""
    return (*embedded_worlds(), *smoothed_worlds())


def _scenario(name: str) -> str:
    if name and name not in scenario_names():
        raise InputError("query key s", "no scenario of that name in the gallery", found=name,
                         allowed=scenario_names(), nearest=nearest(name, scenario_names()))  # fmt: skip
    return name


def _word(key: str, word: str, known: Iterable[str], what: str) -> str:
    options = list(known)
    if word not in options:
        raise InputError(f"query key {key}", f"unknown {what}", found=word, allowed=options,
                         nearest=nearest(word, options))  # fmt: skip
    return word


def _year(text: str) -> int:
    if not re.fullmatch(r"\d{4}", text, re.ASCII) or not 1900 <= int(text) <= 2200:
        raise InputError("query key y", "a year is needed", found=text, allowed="1900 to 2200")
    return int(text)


def _number(key: str, text: str) -> float:
    try:
        value = float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII) else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"query key {key}", "a number is needed", found=text, allowed="a decimal number such as 0.25")
    return value + 0.0  # no negative zero


def country_word(key: str, word: str) -> str:
    """ISO3 code, bloc name, `all` or ROW as the canonical word. Raises InputError with the nearest match."""
    plain = word.strip()
    if plain.casefold() == EVERYBODY:
        return EVERYBODY
    if plain.upper() == REST_OF_WORLD:
        return REST_OF_WORLD
    found = find_country(plain) or find_bloc(plain)
    if found is None:
        from comity.classifications.countries import load_countries

        names = [*load_countries(), *load_blocs(), *(c.name for c in load_countries().values())]
        raise InputError(f"query key {key}", "unknown country or bloc", found=word,
                         allowed="an ISO3 code, a country's name, 'all', or a bloc: " + ", ".join(load_blocs()),
                         nearest=nearest(plain[:80], names))  # fmt: skip
    return found


def _countries(key: str, text: str) -> tuple[str, ...]:
    words = [word for word in text.split(".") if word.strip()]
    if not words or len(words) > limits.PARTIES:
        raise InputError(f"query key {key}", "countries or blocs are needed, with '.' between them",
                         found=f"{len(words)} words", allowed=f"1 to {limits.PARTIES}")  # fmt: skip
    return tuple(dict.fromkeys(country_word(key, word) for word in words))


def _sectors(key: str, text: str) -> tuple[str, ...]:
    options = {word.casefold(): word for word in (*load_sectors(), *GROUPS_OF_SECTORS)}
    words = [word.strip() for word in text.split(".") if word.strip()]
    for word in words:
        if word.casefold() not in options:
            raise InputError(f"query key {key}", "unknown sector", found=word, allowed=listing(options.values(), 40),
                             nearest=nearest(word, options.values()))  # fmt: skip
    if not words:
        raise InputError(f"query key {key}", "sectors are needed, with '.' between them", found=text)
    return tuple(dict.fromkeys(options[word.casefold()] for word in words))


def _added(text: str) -> dict[str, str]:
    """Kinds of the added measures by id."""
    added: dict[str, str] = {}
    for part in [part for part in text.split(",") if part]:
        name, mark, kind = part.partition(":")
        if not mark or not _ID.fullmatch(name):
            raise InputError(
                "query key add", "an id and a kind are needed", found=part, allowed="such as duties:tariff"
            )
        if name in added:
            raise InputError("query key add", "the id stands twice", found=name)
        added[name] = _word("add", kind, ADDED, "kind of measure")
    if len(added) > limits.MEASURES:
        raise InputError("query key add", "too many measures", found=len(added), allowed=f"up to {limits.MEASURES}")
    return added


def _measures(scenario: str, added: dict[str, str], off_text: str, rest: dict[str, str]) -> tuple[MeasureState, ...]:
    from comity.app.edit import gallery_ids

    own = gallery_ids(scenario)
    clash = next((name for name in added if name in own), None)
    if clash is not None:
        raise InputError("query key add", "the scenario has a measure of that id", found=clash)
    ids = [*own, *added]
    off = [_word("off", name, ids, "measure") for name in off_text.split(",") if name]
    found: dict[str, dict[str, Any]] = {name: {"kind": kind} for name, kind in added.items()}
    for name in off:
        found.setdefault(name, {})["on"] = False
    for key, text in rest.items():
        head, dot, name = key.partition(".")
        if not dot or head not in MEASURE_KEYS:
            keys = [*PLAIN_KEYS, *(f"{word}.ID" for word in MEASURE_KEYS)]
            raise InputError("query", "unknown key", found=key, allowed=keys, nearest=nearest(key[:80], keys))
        _word(key, name, ids, "measure")
        if head in ("imp", "exp") and name not in added:
            raise InputError(f"query key {key}", "importers and exporters can be set for added measures only",
                             found=name, advice="Use p for the parties of measures between parties.")  # fmt: skip
        entry = found.setdefault(name, {})
        if head == "m":
            entry["size"] = _number(key, text)
        elif head == "sec":
            entry["sectors"] = _sectors(key, text)
        else:
            entry["importers" if head == "imp" else "exporters"] = _countries(key, text)
    return tuple(MeasureState(name, **found[name]) for name in ids if name in found)


def scenario_of(state: State) -> tuple[Any, str]:
    """The scenario of a state and its YAML text: the gallery file with the changes applied."""
    from comity.app.edit import scenario_of as made

    return made(state)


def controls_of(state: State) -> list[Any]:
    """A Control (app/controls.py) for each measure of the state, in the order of the scenario."""
    from comity.app.controls import controls_of as made

    return made(state)


__all__ = ["DEFAULT_WORLD", "MeasureState", "State", "controls_of", "number_text", "scenario_of"]
