"""Words of the explorer's page: settings, sizes, places as people say them; addresses of neighbouring states."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote

from comity.app.controls import PER_CENT, Control
from comity.app.intervals import BAND, BEFORE_ENDS
from comity.app.naming import party_name
from comity.app.state import State
from comity.classifications.sectors import load_sectors
from comity.errors import InputError
from comity.report.words import THIN, decimals_for, joined, per_cent, plain, tight

HELD = "largest gap left between both sides of any equation, as a share: the residual"
CLOSURES = {
    "fixed-deficits": "Deficits fixed in dollars",
    "balanced": "All trade balanced first",
    "deficit-share-of-gdp": "Deficits follow value added",
    "multiplicative-deficits": "Spending a multiple of income",
    "targets-balanced": "Targets' trade balanced first",
}
ELASTICITIES = {
    "fontagne": "Fontagné and others (2022)",
    "fontagne-minus-one": "The same, less one",
    "caliendo-parro": "Caliendo and Parro (2015)",
    "uniform-4": "4 in every sector",
}
SHORT = {"uniform-4": "elasticity 4 in every sector", "balanced": "trade balanced first"}  # inside a sentence
GROUPS = {"goods": "all goods", "services": "all services", "all": "all sectors"}
QUESTION = ("p=IRN.BLR&add=free:tariff", "No tariffs between Iran and Belarus")
MANY = 5  # parties named in a title; beyond it they are counted
FEW = 4  # suggestions of countries beside the search field


def attribute(value: object) -> str:
    """A text for between double quotes."""
    return escape(str(value), quote=True)


def address(query: str, draws: int = 0) -> str:
    """The page of a state, for an href; with bands where there are draws."""
    return attribute(f"/explore?{with_draws(query, draws)}")


def with_draws(query: str, draws: int | None) -> str:
    """The query of a state and of the draws behind its bands, where there are any."""
    return "&".join(part for part in (query, f"draws={draws}" if draws else "") if part)


def step(state: State, **changes: str | None) -> str:
    """The canonical query of the state with some keys set, or left out where None."""
    return stepped(state, changes)


def stepped(state: State, changes: Mapping[str, str | None]) -> str:
    """The same for keys with points in them; the query as it is where it says nothing allowed, so that the server
    explains it."""
    keys: dict[str, str | None] = {**dict(parse_qsl(state.query)), **changes}
    pairs = [(key, value) for key, value in keys.items() if value]
    try:
        return State.from_query(pairs).query
    except InputError:
        return "&".join(f"{key}={quote(value, safe=':,.-_')}" for key, value in pairs)


def places(words: Iterable[str]) -> str:
    """Some countries and blocs in a sentence."""
    return joined([party_name(word) for word in words])


def sectors_name(words: Sequence[str]) -> str:
    """Some sectors in a sentence."""
    names = load_sectors()
    return joined([GROUPS.get(word) or (names[word].name if word in names else word) for word in words])


def whose(control: Control) -> str:
    """Whose trade a measure concerns, in words; empty where it is between the parties or a named regime."""
    if control.kind == "productivity":
        return f"in {places(control.importers)}" if control.importers else ""
    if control.kind == "transfer":
        ends = (control.exporters or control.parties[:1], control.importers or control.parties[1:2])
        return f"from {places(ends[0])} to {places(ends[1])}"
    if control.between or not (control.importers or control.exporters):
        return ""
    return f"{places(control.importers) or 'the parties'} buying from {places(control.exporters) or 'the parties'}"


def split_words(card: Mapping[str, Any]) -> tuple[str, str, str]:
    """(number, its unit, interval) of a headline card: "84", "million USD a year", "64 to 110"."""
    words = str(card["words"])
    if " [" in words:
        number, _, ends = words.partition(" [")
        return number, "", ends.rstrip("]").replace(", ", " to ")
    main, _, ends = words.partition(f", {BEFORE_ENDS[BAND]} " if BEFORE_ENDS[BAND] in words else ", range ")
    number, _, unit = main.partition(" ")
    if not number[-1:].isdigit() or unit[:7] not in ("million", "billion"):
        return main, "", ends
    return number, unit, ends


def end_words(control: Control, value: float) -> str:
    """A few words for an end of a slider."""
    if control.unit in PER_CENT:
        sign = control.unit == "percentage points"
        return plain(100 * value, 0, sign=sign) + (" points" if sign else f"{THIN}%")
    if control.unit == "days":
        return "no change" if value == 0 else days(value)
    if control.unit == "ratio":
        return f"{plain(100 * (value - 1), 0, sign=True)}{THIN}%"
    return "nothing" if value == 0 else f"{plain(100 * value, 0)}{THIN}%"


def days(value: float) -> str:
    """Days saved (negative) or added."""
    return f"{trimmed(abs(value))} {'day' if abs(value) == 1 else 'days'} {'saved' if value < 0 else 'more'}"


def trimmed(value: float, most: int = 3) -> str:
    """A number without zeros at its end."""
    text = plain(value, most)
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_words(control: Control) -> str:
    """The value of a slider in words, without zeros that say nothing."""
    return words_of(control.unit, control.value, control.words)


def words_of(unit: str, value: float | None, words: str) -> str:
    """The same from a control as plain data."""
    if unit == "rate" and value == 0:
        return "none (0 per cent)"
    return days(value) if unit == "days" and value else words.replace(".0 per", " per")


def about(answer: Any) -> str:
    """What an answer is of: the title, and for a scenario that is nobody's but the reader's who takes part."""
    words = (answer.state or {}).get("parties")
    names = [party_name(word) for word in words or [one["code"] for one in answer.countries if one["party"]]]
    if not answer.changed or not names or not (answer.state or {}).get("scenario"):  # an own title names them
        return str(answer.title)
    return f"{answer.title}: {joined(names) if len(names) <= MANY else f'{len(names)} parties'}"


def change_words(value: float) -> str:
    """A change in per cent without its range."""
    return per_cent(value)


def cited(control: Control) -> str:
    """What the shaded part of the track is and whose size it is."""
    if control.value is None or control.low is None or control.high is None:
        return ""
    source = {"assumed": "Assumed"}.get(control.status, "")
    source = ": ".join(part for part in (source, control.citation) if part)
    low, high = sorted((control.low, control.high), key=abs)
    if control.low == control.high:
        return f"{source}." if source else ""
    if control.unit == "days":
        ends = f"{trimmed(abs(low))} to {trimmed(abs(high))} days"
    else:
        digits = decimals_for(100 * (control.high - control.low)) if control.unit in PER_CENT else 0
        ends = f"{plain(100 * control.low, digits)} to {plain(100 * control.high, digits)}{THIN}%"
    return f"Shaded: {ends}, the range tried{f'. {source}' if source else ''}."


def fraction(control: Control, value: float) -> float:
    """Where a value lies on the slider's track, 0 to 1."""
    if control.minimum is None or control.maximum is None or control.maximum <= control.minimum:
        return 0.0
    share = (value - control.minimum) / (control.maximum - control.minimum)
    return min(1.0, max(0.0, share if math.isfinite(share) else 0.0))


def world_name(world: Mapping[str, Any]) -> str:
    """A world in a list to choose from."""
    text = f"{world['base_year']}: {len(world['countries'])} economies, {len(world['sectors'])} sectors"
    return f"{text}, trade smoothed by gravity" if str(world["name"]).endswith("-smoothed") else text


@lru_cache(maxsize=4096)  # most notes are those of the step before
def in_plain_words(note: str) -> str:
    """A note as HTML: names of elasticity sets and closures in plain words, the names themselves as tooltips."""
    return _NAMES.sub(lambda found: _PLAIN[found[0]], escape(tight(note)))


_WORDS = {**ELASTICITIES, **{key: words.lower() for key, words in CLOSURES.items()}, **SHORT}
_PLAIN = {name: f'<span title="{attribute(name)}">{escape(words)}</span>' for name, words in _WORDS.items()}
_NAMES = re.compile(
    "|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in sorted(_WORDS, key=len, reverse=True))
)
