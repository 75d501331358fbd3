"""Countries and blocs: ISO3 codes, names people write, and who belonged to which bloc when.

`countries.csv` also lists economies that the embedded worlds keep inside the rest of the world (ROW), so that a bloc
can say by name who is missing. GDP is that of 2022 from the World Development Indicators (World Bank, CC BY 4.0).
`blocs.csv` has one row per membership; `from` is its first day, `to` the first day without it.
"""

from __future__ import annotations

import csv
import datetime
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from comity.errors import InputError, nearest

REST_OF_WORLD = "ROW"
EVERYBODY = "all"
CODES = "All codes are listed in docs/dossiers.md#codes."


@dataclass(frozen=True)
class Country:
    """One economy. `gdp` is million USD of 2022, None where the source has none."""

    iso3: str
    name: str
    other_names: tuple[str, ...]
    gdp: float | None


@dataclass(frozen=True)
class Membership:
    """One country in one bloc from `start` (included) to `end` (excluded; None while it lasts)."""

    iso3: str
    start: datetime.date
    end: datetime.date | None


@dataclass(frozen=True)
class Bloc:
    """A named group of countries with its memberships over time."""

    name: str
    other_names: tuple[str, ...]
    memberships: tuple[Membership, ...]
    note: str

    def members(self, date: datetime.date) -> tuple[str, ...]:
        """ISO3 codes of the members on that day, in file order."""
        return tuple(m.iso3 for m in self.memberships if m.start <= date and (m.end is None or date < m.end))

    @property
    def since(self) -> datetime.date:
        return min(m.start for m in self.memberships)


def _rows(file: str) -> Iterator[dict[str, str]]:
    text = (resources.files("comity.classifications") / file).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


@lru_cache(maxsize=4096)
def _fold(word: str) -> str:
    """Spelling without case, accents, dots and doubled blanks: what two ways to write a name have in common."""
    plain = unicodedata.normalize("NFKD", word)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(plain.casefold().replace(".", "").split())


@cache
def load_countries() -> dict[str, Country]:
    """All countries by ISO3 code."""
    return {
        row["iso3"]: Country(
            row["iso3"],
            row["name"],
            _split(row["other_names"]),
            float(row["gdp_2022_million_usd"]) if row["gdp_2022_million_usd"] else None,
        )
        for row in _rows("countries.csv")
    }


@cache
def load_blocs() -> dict[str, Bloc]:
    """All blocs by name, in file order."""
    parts: dict[str, list[dict[str, str]]] = {}
    for row in _rows("blocs.csv"):
        parts.setdefault(row["bloc"], []).append(row)
    return {
        name: Bloc(
            name,
            _split(rows[0]["other_names"]),
            tuple(
                Membership(
                    row["member"],
                    datetime.date.fromisoformat(row["from"]),
                    datetime.date.fromisoformat(row["to"]) if row["to"] else None,
                )
                for row in rows
            ),
            rows[0]["note"],
        )
        for name, rows in parts.items()
    }


@cache
def _country_names() -> dict[str, str]:
    names = {}
    for country in load_countries().values():
        for word in (country.iso3, country.name, *country.other_names):
            names[_fold(word)] = country.iso3
    return names


@cache
def _bloc_names() -> dict[str, str]:
    return {_fold(word): bloc.name for bloc in load_blocs().values() for word in (bloc.name, *bloc.other_names)}


def find_country(word: str) -> str | None:
    """ISO3 code of a country written as code, name or other name; None if there is none."""
    return _country_names().get(_fold(word))


def find_bloc(word: str) -> str | None:
    """Name of a bloc written by its name or another name; None if there is none."""
    return _bloc_names().get(_fold(word))


@lru_cache(maxsize=4096)
def name_of(iso3: str) -> str:
    """The country's name in plain English, or the code itself where comity knows no name."""
    country = load_countries().get(iso3)
    return country.name if country else iso3


# names that take an article inside a sentence
WITH_ARTICLE = frozenset(
    "ARE BHS CAF COD COG COK COM CYM DOM FLK FRO GBR GMB MDV MHL MNP NLD PHL SLB SYC TCA USA VAT VGB VIR".split()
)


def spoken(iso3: str) -> str:
    """The country's name inside a sentence: the United States, the rest of the world."""
    if iso3 == REST_OF_WORLD:
        return "the rest of the world"
    return f"the {name_of(iso3)}" if iso3 in WITH_ARTICLE else name_of(iso3)


def bloc_members(name: str, date: datetime.date | int | None = None, where: str = "bloc") -> tuple[str, ...]:
    """Members of a bloc as of a date (a year means its first day; None means today), in file order.

    Raises InputError for an unknown bloc and for a date before the bloc began.
    """
    found = find_bloc(name)
    if found is None:
        raise InputError(
            where,
            "unknown bloc",
            found=name,
            allowed=list(load_blocs()),
            nearest=nearest(name, load_blocs()),
        )
    bloc = load_blocs()[found]
    day = datetime.date.today() if date is None else datetime.date(date, 1, 1) if isinstance(date, int) else date
    members = bloc.members(day)
    if not members:
        raise InputError(
            where,
            f"bloc {bloc.name} had no members on {day.isoformat()}",
            found=day.isoformat(),
            allowed=f"a date from {bloc.since.isoformat()} on",
        )
    return members


@dataclass(frozen=True)
class Resolved:
    """What one word in a list of countries stands for: `members` as ISO3; `bloc` is None for a single country."""

    word: str
    members: tuple[str, ...]
    bloc: str | None


def resolve(word: str, *, date: datetime.date | int, known: Sequence[str] = (), where: str = "country") -> Resolved:
    """The countries that `word` stands for.

    `known` are the labels of a world: they come first, so a world with its own labels works too. A bloc is taken as
    of `date`. `all` is every label of the world except ROW.

    Raises InputError with the nearest match for a word that is neither.
    """
    if word in known:
        return Resolved(word, (word,), None)
    if _fold(word) == EVERYBODY:
        return Resolved(word, tuple(code for code in known if code != REST_OF_WORLD), EVERYBODY)
    country = find_country(word)
    if country is not None:
        return Resolved(word, (country,), None)
    bloc = find_bloc(word)
    if bloc is not None:
        return Resolved(word, bloc_members(bloc, date, where), bloc)
    raise unknown_economy(word, where, known, "an ISO3 code, a country's name, 'all', or a bloc: ")


def unknown_economy(
    word: str, where: str, known: Sequence[str], allowed: str = "an ISO3 code, a country's name, or a bloc: ",
    advice: str | None = None,
) -> InputError:  # fmt: skip
    """The complaint about a word that is no economy; it suggests only what a world with these labels can take."""
    table = load_countries()
    codes = [code for code in known if code in table] or list(table)
    names = [name for code in codes for name in (table[code].name, *table[code].other_names)]
    close = nearest(word, [*names, *known, *codes, *load_blocs()])
    return InputError(where, "unknown country or bloc", found=word, allowed=allowed + ", ".join(load_blocs()),
                      nearest=close, advice=advice or CODES)  # fmt: skip
