"""What a key that does not belong where it stands was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from comity.errors import nearest

PHASED = ("from", "to", "date", "start", "end", "begins", "ends", "by", "until", "since")
POINTS = "A claim points to its scenario through `test`: test: {kind: ..., scenario: ...}; commitments name measures."
CLAIM_KEYS = ("commitment", "commitments", "scenario", "measures", "measure", "kind")

NEEDED = {
    "since": 'The period it grew from, as a row of observed names it (since: "2017"); without one: `outside`.',
    "until": 'The period it grew to, as a row of observed names it (until: "2023").',
    "count": 'Whose statistics, in your words: "India\'s count". Where none are named, those of either party.',
    "setter": "The country that keeps these statistics, by its code.",
}

# parts of words that somebody who does not know the kinds may write
KINDS_FOR = {
    "border": "border_time", "custom": "border_time", "procedure": "border_time", "facilitat": "border_time",
    "queue": "border_time", "dut": "tariff", "levy": "tariff", "fta": "agreement", "free_trade": "agreement",
    "union": "agreement", "road": "corridor", "rail": "corridor", "transport": "corridor", "transit": "corridor",
    "consul": "visa", "driver": "visa", "cost": "ntb", "quota": "ntb", "licen": "ntb", "standard": "ntb",
    "barrier": "ntb", "ban": "embargo", "aid": "transfer", "grant": "transfer", "payment": "transfer",
}  # fmt: skip


def kind_for(word: object, kinds: Iterable[str]) -> str | None:
    """The kind of measure that a word which is no kind was probably meant to be."""
    known, text = set(kinds), str(word).casefold()
    return next((kind for part, kind in KINDS_FOR.items() if part in text and kind in known), None)


def hint(key: object, allowed: Iterable[str]) -> str | None:
    """Advice on an unknown key where its spelling says nothing: the key belongs somewhere else."""
    known = set(allowed)
    if key in PHASED and "phase" in known:
        return "Did you mean phase: {from: ..., to: ...}?"
    if key == "upper_bound" and {"observed", "since"} <= known:
        return "A test of growth is on what was observed: nothing in it is an upper bound."
    if key in CLAIM_KEYS and {"statement", "nearest"} <= known:
        return POINTS
    return None


def needed(key: object) -> str | None:
    """Advice on a missing key whose name does not say what stands there."""
    return NEEDED.get(str(key))


def meant(missing: str, unknown: Iterable[object]) -> bool:
    """True if one of the unknown keys beside it is how somebody misspelt the missing one."""
    return nearest(missing, unknown) is not None


def misspelt(errors: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """pydantic's errors without those on a missing key that stands there in another spelling: one slip, one message."""
    every = list(errors)
    unknown: dict[tuple[Any, ...], list[object]] = {}
    for error in every:
        if error["type"] == "extra_forbidden":
            unknown.setdefault(tuple(error["loc"][:-1]), []).append(error["loc"][-1])
    return [
        error
        for error in every
        if not (error["type"] == "missing" and meant(error["loc"][-1], unknown.get(tuple(error["loc"][:-1]), ())))
    ]
