"""Why a party gains or loses: the largest part of the decomposition (docs/decomposition.md) in a plain sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from comity.classifications.countries import spoken
from comity.errors import NoSolutionError, NotConvergedError
from comity.outcomes.decomposition import PARTS
from comity.report.words import ALMOST_NOTHING, MINUS, THIN, decimals_for, plain
from comity.scenario.explain import capital

if TYPE_CHECKING:
    from comity.outcomes.simulate import Outcomes

MOST = 4  # economies that are explained
NEXT = 0.1  # of the total: a part beside the largest that is named too
# what a part says where it is a gain, and where it is a loss
WHY = {
    "terms of trade": ("what it sells abroad gets dearer against what it buys",
                       "what it sells abroad gets cheaper against what it buys"),
    "volume of trade": ("more trade crosses its tariffs and export taxes, and brings it more than it costs",
                        "less trade crosses its tariffs and export taxes"),
    "trade costs": ("what it buys abroad costs less to bring in", "what it buys abroad costs more to bring in"),
    "productivity": ("it produces more with the same means", "it produces less with the same means"),
    "transfers": ("payments and trade deficits bring it more", "payments and trade deficits bring it less"),
}  # fmt: skip


def reasons(outcomes: Outcomes) -> list[str]:
    """A sentence for each party (without parties, for whom it matters most), at central sizes; none where nothing
    changes or the decomposition has no number."""
    if outcomes.compiled.nothing:
        return []
    codes = _explained(outcomes)
    try:
        parts = outcomes.parts
    except (NotConvergedError, NoSolutionError):
        return []
    found = []
    for code in codes:
        here = outcomes.world.country(code)
        if abs(outcomes.of(code).real_income_pct) >= ALMOST_NOTHING:
            found.append(sentence(spoken(code), np.array([parts[name][here] for name in PARTS])))
    return [one for one in found if one]


def _explained(outcomes: Outcomes) -> list[str]:
    codes = outcomes.parties
    if 0 < len(codes) <= MOST:
        return codes
    ranked = sorted(codes or outcomes.world.countries, key=lambda code: -abs(outcomes.of(code).equivalent_variation))
    return list(ranked[:MOST])


def sentence(name: str, values: np.ndarray) -> str:
    """Why an economy gains or loses. values : the parts, million USD a year, in the order of PARTS; empty where no part
    goes the way of the total. The next largest part is named where it is a tenth of the total or more."""
    total = float(values.sum())
    same = np.where(np.sign(values) == np.sign(total), np.abs(values), 0.0)
    k = int(same.argmax())
    if not same[k] > 0:
        return ""
    part, verb = float(values[k]), "gains" if total > 0 else "loses"
    others = np.where(np.arange(len(values)) == k, 0.0, values)
    second = int(np.abs(others).argmax())
    after = float(others[second])
    shown = abs(after) >= NEXT * abs(total)
    digits = min(decimals_for(min(abs(total), abs(part))), 3)
    if shown:  # so many that the parts are seen to add up
        digits = max(digits, min(decimals_for(abs(after)), digits + 1, 3))
    size, whole, then, rest = (plain(value, digits, sign=True) for value in (part, total, after, total - part - after))
    said = f"{size} of {whole}" if abs(part) <= abs(total) else size
    said = f"{capital(name)} {verb} mainly because {_why(k, part)}: {said} million US dollars a year"
    if shown:
        link = "and" if (after > 0) == (total > 0) else "against it,"
        said += f"; {link} {_why(second, after)}: {then}"
        said += (
            f", all else {rest}" if abs(part) > abs(total) and float(rest.replace(MINUS, "-").replace(THIN, "")) else ""
        )
    elif abs(part) > abs(total):
        said += f"; everything else together is {plain(total - part, digits, sign=True)}"
    return f"{said}."


def _why(part: int, value: float) -> str:
    return WHY[PARTS[part]][value < 0]


def reason_lines(outcomes: Outcomes) -> list[str]:
    """The same for the terminal."""
    found = reasons(outcomes)
    return (
        ["Why (largest parts; where it comes from in the report):", *(f"  {line}" for line in found), ""]
        if found
        else []
    )
