"""Every complaint comity makes to its user: where, what was found, what is allowed, nearest match.

A user's mistake is an `InputError` (exit code 2); an equilibrium that was not found is a
`NotConvergedError` (exit code 3). Neither ever reaches the terminal as a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ComityError(Exception):
    """Base of all errors a user may see. `exit_code` is what the command line returns."""

    exit_code = 2


class InputError(ComityError):
    """Something the user gave is wrong.

    Parameters
    ----------
    where : place of the mistake, e.g. ``"file.yaml, line 12, measures[0].importers"``
    problem : one sentence, what is wrong, without a full stop
    found : what was found there
    allowed : what would have been right; a sentence or a list of words
    nearest : the closest allowed word, if there is one
    advice : what to do instead
    """

    exit_code = 2

    def __init__(
        self,
        where: str,
        problem: str,
        *,
        found: object = None,
        allowed: str | Iterable[object] | None = None,
        nearest: str | None = None,
        advice: str | None = None,
    ) -> None:
        self.where, self.problem, self.found = where, problem, found
        self.allowed, self.nearest, self.advice = allowed, nearest, advice
        super().__init__(self.message)

    @property
    def message(self) -> str:
        parts = [f"{self.where}: {self.problem}."]
        if self.found is not None:
            parts.append(f"Found: {shorten(self.found)}.")
        if self.nearest:  # before what is allowed, which may be long
            parts.append(f"Did you mean {self.nearest}?")
        if self.allowed is not None:
            allowed = self.allowed if isinstance(self.allowed, str) else listing(self.allowed)
            parts.append(f"Allowed: {allowed}.")
        if self.advice:
            parts.append(self.advice)
        return " ".join(parts)


class BundleError(InputError):
    """A world bundle cannot be read."""


class NoSolutionError(ComityError):
    """The equations have no solution that can be reached; carries a certificate that can be checked.

    Attributes
    ----------
    reason : "no-supplier", "surplus-exceeds-exports", "income-exhausted", "parts-out-of-balance",
    "one-way-trade" or "not-converged"
    path_fraction : share of the (log) shock up to which an equilibrium was found, or None
    country : position of the binding country, or None
    measure : the binding ratio at the stop (income / value added, or surplus / exports), or None
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        reason: str = "not-converged",
        path_fraction: float | None = None,
        country: int | None = None,
        measure: float | None = None,
        residual: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason, self.path_fraction, self.country = reason, path_fraction, country
        self.measure, self.residual = measure, residual


class NotConvergedError(NoSolutionError):
    """The solver stopped without reaching the tolerance."""


def nearest(word: object, options: Iterable[object]) -> str | None:
    """The option closest in spelling to `word` (case ignored), or None."""
    folded = {str(option).casefold(): str(option) for option in options}
    close = difflib.get_close_matches(str(word).casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def listing(words: Iterable[object], limit: int = 12) -> str:
    """Words joined by commas, cut after `limit` with the number left out."""
    items = [str(word) for word in words]
    tail = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + tail


def shorten(thing: object, width: int = 80) -> str:
    """`thing` as one line of at most `width` characters."""
    text = " ".join(str(thing).split())
    return text if len(text) <= width else text[: width - 3] + "..."
