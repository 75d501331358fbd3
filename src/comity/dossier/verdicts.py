"""Verdicts: what an assessment says of a claim. Three marks only, with the number, its range and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from comity.outcomes.numbers import Number

SUPPORTED, NOT_SUPPORTED, OUTSIDE = "supported", "not supported", "outside the model"
CONTRADICTED = "contradicted: none of it meets the test"
CANNOT_TELL = "cannot tell: it straddles the test"
BEFORE = "before the deal, not credited to it"
REFUTED, UNDECIDED = "contradicted", "cannot tell"  # the two ways in which a claim is not supported


class Judging(str):
    """A note that reads as a verdict: a nearest answer, which has none, leaves it out."""


class Caution(str):
    """A note without which a verdict is misread: the terminal, which has no room for the others, says it too."""


@dataclass(frozen=True)
class Figure:
    """A number of a verdict with what it means: "on Belarus's count", "low size", "what lifting would bring"."""

    label: str
    number: Number


@dataclass(frozen=True)
class Verdict:
    """What the model (or the observation) says of a claim.

    mark : SUPPORTED, NOT_SUPPORTED or OUTSIDE; ending : how a claim that is not supported ends, or "before the deal,
    not credited to it"; main : the number the verdict rests on, None for no number; needs : what the test asks, in
    words; needed : the same as a number in the unit of `main`; figures : the other numbers (counts, sizes, numerator
    and denominator); notes : sentences that belong to the verdict.
    """

    claim: Any
    mark: str
    ending: str = ""
    main: Number | None = None
    needs: str = ""
    needed: float | None = None
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def words(self) -> str:
        """ "Not supported (contradicted: none of it meets the test)"; what cannot be told says so first:
        "Cannot tell: it straddles the test (not supported)"."""
        if self.outcome == UNDECIDED:
            return f"{self.ending[:1].upper()}{self.ending[1:]} ({self.mark})"
        return self.mark[:1].upper() + self.mark[1:] + (f" ({self.ending})" if self.ending else "")

    @property
    def outcome(self) -> str:
        """supported, contradicted, cannot tell or outside the model: to be unable to tell is no refutation."""
        if self.mark != NOT_SUPPORTED:
            return self.mark
        return REFUTED if self.ending.startswith(REFUTED) else UNDECIDED


def counted(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many claims ended in which way."""
    ends = [verdict.outcome for verdict in verdicts]
    return {way: ends.count(way) for way in (SUPPORTED, REFUTED, UNDECIDED, OUTSIDE)}


def mark_of(values: list[float], meets: list[bool]) -> tuple[str, str]:
    """Mark and ending from the test on every combination of the range: all, none or some of them meet it."""
    if not values:
        return NOT_SUPPORTED, CANNOT_TELL
    if all(meets):
        return SUPPORTED, ""
    return NOT_SUPPORTED, CANNOT_TELL if any(meets) else CONTRADICTED
