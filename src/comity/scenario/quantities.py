"""Numbers as people write them in scenario files: "0.25", "25%", "-3", "2023", "2023-03-13"."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from typing import Any

from comity.scenario.sizes import Levels

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\Z", re.ASCII)
LEVELS = ("low", "central", "high")


class Refused(ValueError):
    """A value that cannot be meant. Carries what is allowed and what to do."""

    def __init__(self, problem: str, *, allowed: str, advice: str | None = None) -> None:
        super().__init__(problem)
        self.problem, self.allowed, self.advice = problem, allowed, advice


def number(text: Any) -> float:
    """A finite decimal number. Raises Refused."""
    written = isinstance(text, str) and _NUMBER.match(text.strip())
    if not written and (not isinstance(text, (int, float)) or isinstance(text, bool)):
        raise Refused("a number is needed", allowed="a decimal number such as 0.25 or -3")
    value = float(text)
    if not math.isfinite(value):
        raise Refused("the number must be finite", allowed="a finite decimal number")
    return value


def share(text: Any) -> float:
    """A rate or relative change: a decimal (0.25) or per cent ("25%"). A bare 25 is refused. Raises Refused."""
    allowed = 'a decimal such as 0.25, or per cent such as "25%"'
    written = text.strip() if isinstance(text, str) else text
    if isinstance(written, str) and written.endswith("%"):
        try:
            return number(written[:-1].strip()) / 100
        except Refused:
            raise Refused("a rate is needed", allowed=allowed) from None
    try:
        value = number(written)
    except Refused as problem:
        raise Refused(problem.problem if "finite" in problem.problem else "a rate is needed", allowed=allowed) from None
    whole = value == int(value) and "." not in str(text)
    if abs(value) > 5 or (whole and abs(value) >= 1):
        raise Refused(
            f"a bare {text} is not taken for {text} per cent",
            allowed=allowed,
            advice=f'Write "{text}%" or {value / 100:g} for {text} per cent ("{value * 100:g}%" for {text} times).',
        )
    return value


def above(low: float, read: Callable[[Any], float], what: str, high: float) -> Callable[[Any], float]:
    """`read`, then refuse values outside ]low, high]."""

    def bounded(text: Any) -> float:
        value = read(text)
        if not low < value <= high:
            raise Refused(what if value <= low else "is too large", allowed=f"more than {low:g}, at most {high:g}")
        return value

    return bounded


def levels(read: Callable[[Any], float]) -> Callable[[Any], Levels]:
    """One number, or three as {low: ..., central: ..., high: ...}."""

    def parse(value: Any) -> Levels:
        if isinstance(value, Levels):
            return value
        if not isinstance(value, dict):
            only = read(value)
            return Levels(only, only, only)
        if sorted(map(str, value)) != sorted(LEVELS):
            raise Refused("three sizes are needed", allowed="one number, or the keys low, central and high")
        return Levels(*(read(value[level]) for level in LEVELS))

    return parse


def date(text: Any) -> datetime.date:
    """A year (its first day) or a day written 2023-03-13. Raises Refused."""
    if isinstance(text, datetime.date):
        return text
    written = str(text).strip()
    try:
        if re.fullmatch(r"\d{4}", written, re.ASCII):
            return datetime.date(int(written), 1, 1)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
            return datetime.date.fromisoformat(written)
    except ValueError:
        pass
    raise Refused("a year or a date is needed", allowed="a year such as 2023 or a day such as 2023-03-13")


def date_text(text: Any) -> str:
    """A year or a day, kept as written. Raises Refused."""
    date(text)
    return str(text).strip()


def year(text: Any) -> int:
    """A calendar year. Raises Refused."""
    written = str(text).strip()
    if not re.fullmatch(r"\d{4}", written, re.ASCII) or not 1900 <= int(written) <= 2200:
        raise Refused("a year is needed", allowed="four digits from 1900 to 2200")
    return int(written)


def flag(text: Any) -> bool:
    """true or false. Raises Refused."""
    if isinstance(text, bool):
        return text
    if str(text).strip().casefold() in ("true", "yes"):
        return True
    if str(text).strip().casefold() in ("false", "no"):
        return False
    raise Refused("yes or no is needed", allowed="true, false")


def words(value: Any) -> tuple[str, ...]:
    """One word or a list of words, none empty. Raises Refused."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not items:
        raise Refused("a list is needed", allowed="one word, or a list such as [BLR, IRN]")
    for item in items:
        if not isinstance(item, str) or not item.strip():
            raise Refused("each entry must be a word", allowed="a list such as [BLR, IRN]")
    return tuple(item.strip() for item in items)


def identifier(text: Any) -> str:
    """A short name for reference. Raises Refused."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", text, re.ASCII):
        raise Refused("not usable as an id", allowed="letters, digits, '-', '_' and '.', up to 80, as in eaeu-fta")
    return text


def line_of_text(text: Any) -> str:
    """Some words. Raises Refused."""
    if not isinstance(text, str) or not text.strip():
        raise Refused("some text is needed", allowed="words")
    return " ".join(text.split())
