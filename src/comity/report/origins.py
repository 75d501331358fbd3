"""Where a gain or loss comes from, and which measure brings it: the report's rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from comity.classifications.countries import spoken
from comity.errors import NoSolutionError, NotConvergedError
from comity.outcomes.decomposition import FADING, PARTS, PATH
from comity.outcomes.simulate import Outcomes, label
from comity.report.words import decimals_for, plain

MOST = 4  # economies in the table
WORDS = {
    "terms of trade": "prices of what it sells against prices of what it buys",
    "volume of trade": "more or less trade across its tariffs and export taxes",
    "trade costs": "costs of getting goods across the border, on what it buys",
    "productivity": "productivity",
    "transfers": "transfers and deficits",
}


def origins(outcomes: Outcomes) -> dict[str, Any] | None:
    """Heading, economies, rows of the five parts and of the measures, in million USD a year; None where nothing changes
    or the path has no solution."""
    if outcomes.compiled.nothing:
        return None
    try:
        parts, measures = outcomes.decomposition.columns, outcomes.measures.columns
    except (NotConvergedError, NoSolutionError) as reason:
        return {"missing": str(reason)}
    codes = shown(outcomes)
    names = list(outcomes.world.countries)
    places = [names.index(code) for code in codes]
    by_part = parts["equivalent_variation"].reshape(len(names), len(PARTS))[places]
    ids = list(dict.fromkeys(measures["measure"].tolist()))
    by_measure = measures["equivalent_variation"].reshape(len(ids), len(names))[:, places]
    total = by_part.sum(axis=1)
    sentences = {report.id: report.sentence for report in outcomes.compiled.measures}
    digits = decimals_for(float(np.abs(total).max() or 1.0))
    return {
        "heading": heading(spoken(codes[0]), by_part[0]),
        "names": [label(code)[:1].upper() + label(code)[1:] for code in codes],
        "parts": [
            {"name": name, "words": WORDS[name], "cells": [plain(value, digits, sign=True) for value in by_part[:, k]]}
            for k, name in enumerate(PARTS)
            if np.abs(by_part[:, k]).max() > 0
        ],
        "total": [plain(value, digits, sign=True) for value in total],
        "measures": [
            {"name": sentences.get(name, name), "cells": [plain(value, digits, sign=True) for value in by_measure[k]]}
            for k, name in enumerate(ids)
        ]
        if len(ids) > 1
        else [],
        "path": f"{PATH}; {FADING}" if outcomes.solution.changes.embargoed().any() else PATH,
    }  # fmt: skip


def shown(outcomes: Outcomes) -> list[str]:
    """The parties, or whoever is affected most; largest first, at most MOST."""
    codes = outcomes.parties or list(outcomes.world.countries)
    return sorted(codes, key=lambda code: -abs(outcomes.of(code).equivalent_variation))[:MOST]


def heading(name: str, values: np.ndarray) -> str:
    """The largest part of the first economy's gain or loss, in words."""
    total = float(values.sum())
    word = "gain" if total >= 0 else "loss"
    same = np.where(np.sign(values) == np.sign(total), np.abs(values), 0.0)
    k = int(same.argmax())
    if not same[k] > 0:
        return f"Where the {word} of {name} comes from"
    return f"The largest part of the {word} of {name}: {PARTS[k]}"
