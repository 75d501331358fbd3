"""Amounts of money in quoted figures, beside the amount a test asks for: 10 is no 10 billion.

An amount in a dossier is a plain number of million USD, and a source says "10 billion US dollars". A slip by a factor
of a thousand makes any target true, and nobody sees it in the verdict; so what a test asks is compared with the figures
its claim quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from comity.dossier.schema import Claim, Dossier
from comity.errors import InputError, listing

MILLIONS = {
    "thousand": 1e-3, "million": 1.0, "millions": 1.0, "mn": 1.0, "mln": 1.0, "m": 1.0, "billion": 1e3,
    "billions": 1e3, "bn": 1e3, "bln": 1e3, "b": 1e3, "trillion": 1e6, "trn": 1e6,
}  # fmt: skip
WORDS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "hundred": 100,
}  # fmt: skip
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<number>\d+(?:[.,\s]\d+)*|{'|'.join(WORDS)})[\s-]*(?P<unit>{'|'.join(MILLIONS)})?(?![\w])",
    re.IGNORECASE,
)
_DOLLARS = re.compile(r"\$|\busd\b|dollar", re.IGNORECASE)
_NOT_DOLLARS = re.compile(
    r"[€£¥₽₺₸%]|\beur(?:os?)?\b|yuan|renminbi|\byen\b|r(?:o)?uble|rupee|\brials?\b|riyal|\blira|tenge|dirham|\bpounds?\b|"
    r"\bton(?:ne)?s?\b|barrel|people|per cent|percent",
    re.IGNORECASE,
)
SAME = 0.02  # how far a figure that was rounded may lie from the number a test asks for
FAR = 5.0  # a factor that no reading of a figure explains: the unit is another one
KEYS = {"target": "at_least", "trade": "more_than", "delay": "more_than"}  # amounts that a test asks for


def amounts_in(figure: str) -> list[float]:
    """Amounts of US dollars that a quoted figure names, in million USD; none where it is about something else.

    A number counts with its unit ("10 billion") or where the figure speaks of dollars; what names another currency or
    a quantity of goods does not.
    """
    if _NOT_DOLLARS.search(figure):
        return []
    found = []
    for match in _AMOUNT.finditer(figure):
        number, unit = _number(match["number"]), (match["unit"] or "").lower()
        if unit:
            found.append(number * MILLIONS[unit])
        elif _DOLLARS.search(figure) and number >= 1000:  # a bare "1 dollar" is a price, not an amount of trade
            found.append(number / 1e6)
    return found


def _number(written: str) -> float:
    """2,100 and 2 100 as 2100; 6.1 and 6,1 as 6.1."""
    if written.lower() in WORDS:
        return float(WORDS[written.lower()])
    plain = re.sub(r"[,\s](?=\d{3}(?:\D|$))", "", written)
    return (
        float(re.sub(r"\s", "", plain).replace(",", ".")) if plain.count(".") + plain.count(",") < 2 else float("nan")
    )


def amount(value: float) -> str:
    """100 as 100, 0.5 as 0.5."""
    return f"{value:,.10g}".replace(",", " ")


def dollars(value: float) -> str:
    """An amount a year in the unit its number is printed in: million USD, from a thousand on billion USD."""
    billions = abs(value) >= 1000
    return f"{amount(value / 1000 if billions else value)} {'billion' if billions else 'million'} USD a year"


def asked_amounts(claim: Claim) -> Iterator[tuple[str, float]]:
    """Key and amount, million USD, of what a claim's test asks for."""
    key = KEYS.get(getattr(claim.test, "kind", ""))
    if key is not None and (value := float(getattr(claim.test, key))) > 0:
        yield key, value


def quoted(claim: Claim) -> list[tuple[float, str]]:
    """Amounts in million USD that the claim's figures name, each with the figure."""
    return [(million, figure) for figure in claim.source.figures for million in amounts_in(figure) if million > 0]


def contradicted_amounts(dossier: Dossier) -> Iterator[InputError]:
    """Tests that ask for another order of magnitude than every amount their claim quotes."""
    for k, claim in enumerate(dossier.claims):
        amounts = quoted(claim)
        for key, value in asked_amounts(claim):
            if amounts and all(not 1 / FAR < value / million < FAR for million, _ in amounts):
                said = listing(dict.fromkeys(figure for _, figure in amounts))
                meant = " or ".join(dict.fromkeys(f"{million:.10g}" for million, _ in amounts))
                yield InputError(
                    dossier.where("claims", k, "test", key),
                    f"{key}: {value:.10g} is {dollars(value)}; the source says {said}: write {meant}",
                )


def unlike_amounts(claim: Claim) -> Iterable[str]:
    """A remark on a test that asks for an amount its claim does not quote, where no reading says how it came about."""
    amounts = quoted(claim)
    for key, value in asked_amounts(claim):
        if amounts and not claim.reading and all(abs(value / million - 1) > SAME for million, _ in amounts):
            said = listing(dict.fromkeys(figure for _, figure in amounts))
            yield f"{key}: {value:.10g} is {dollars(value)}; the source says {said}."
