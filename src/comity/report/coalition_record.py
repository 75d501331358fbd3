"""The record of a game: versions, hashes, settings, and what to cite. No paths of the user's machine."""

from __future__ import annotations

import hashlib
import platform
from typing import Any

from comity import __version__, records
from comity.coalition.numbers import band_json
from comity.coalition.result import CoalitionResult

PARTNERS = (
    "@misc{comity_note_partners, note={Contributions, greedy order and equalising transfers: Chowdhry, Hinz, Kamin and "
    "Wanner (2024)}}"
)


def game_record(result: CoalitionResult) -> dict[str, Any]:
    """Versions, hashes and settings of a solved game, ready for JSON."""
    choice, theory = result.study.choice, result.theory
    return {
        "comity": __version__,
        "python": platform.python_version(),
        "packages": {name: records.installed(name) for name in (*records.PACKAGES, "scipy")},
        "world": {"name": result.world.name, "hash": result.world.hash, "base_year": result.world.base_year},
        "game": {"id": result.game.id, "sha256": hashlib.sha256(result.game.text.encode()).hexdigest()},
        "settings": {
            "elasticities": choice.elasticities,
            "closure": choice.closure,
            "exact": result.study.exact,
            "orders": theory.sampled.orders if theory.sampled else None,
            "seed": theory.sampled.seed if theory.sampled else None,
        },
        "band": band_json(result),
        "range": {
            "combinations": result.spread.tried if result.intervals.ranged else 0,
            "without_solution": [f"{choice}: {reason}" for choice, reason in result.spread.refused],
        },
        "solved": result.solved,
        "notes": list(result.notes),
        "world_record": list(result.world.provenance.get("record", [])),
        "cite": cite(result),
    }


def cite(result: CoalitionResult) -> list[str]:
    """BibTeX of comity, the model, the partners' paper and the world's data."""
    sources = result.world.provenance.get("sources", [])
    return [records.COMITY, records.METHOD, PARTNERS, *(source["bibtex"] for source in sources if source.get("bibtex"))]
