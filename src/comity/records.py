"""The record of a run, and the citations of what it used. No paths of the user's machine in either."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from comity import __version__

PACKAGES = ("numpy", "pandas", "pydantic", "altair", "vl-convert-python")

COMITY = (
    "@software{comity, title={comity: sanctions and cooperation between states in exact changes}, "
    f"version={{{__version__}}}, year={{2026}}, license={{BSD-3-Clause}}}}"
)
METHOD = (
    "@article{caliendo_parro_2015, author={Caliendo, Lorenzo and Parro, Fernando}, title={Estimates of the Trade and "
    "Welfare Effects of NAFTA}, journal={Review of Economic Studies}, volume={82}, number={1}, pages={1--44}, "
    "year={2015}}"
)


def run_record(outcomes: Any) -> dict[str, Any]:
    """Versions, hashes, settings and solver report of a run, ready for JSON."""
    solution = outcomes.solution
    return {
        "comity": __version__,
        "python": platform.python_version(),
        "packages": {name: installed(name) for name in PACKAGES},
        "world": {"name": outcomes.world.name, "hash": outcomes.world.hash, "base_year": outcomes.world.base_year},
        "scenario": {
            "id": outcomes.scenario.id,
            "sha256": hashlib.sha256(outcomes.scenario.text.encode()).hexdigest(),
        },
        "settings": {
            "elasticities": outcomes.choice.elasticities,
            "closure": outcomes.choice.closure,
            "year": outcomes.year,
            "tolerance": 1e-10,
        },
        "solver": {
            "residual": solution.residual,
            "residual_by_equation": solution.residuals,
            "passes": solution.iterations,
            "status": solution.status,
            "largest_deficit_share_deviation": float(abs(solution.deficit_share_deviation).max()),
        },
        "range": {
            "combinations": sum(len(run.range.variants) for run in outcomes.runs),
            "without_solution": outcomes.refusals(),
        },
        "bands": [
            {
                "asked": run.band.asked,
                "draws": len(run.band.solved),
                "failures": dict(run.band.failures),
                "level": run.band.level,
                "seed": run.band.seed,
                "residual": run.band.residual,
                "drawn": list(run.band.drawn),
                "not_drawn": list(run.band.fixed),
            }
            for run in outcomes.runs
            if run.band is not None
        ],
        "no_band": outcomes.no_band,
        "wedges": [vars(row) for row in outcomes.wedges.rows],
        "warnings": outcomes.compiled.warnings,
        "left_out": outcomes.compiled.left_out,
        "regime_notes": outcomes.compiled.regime_notes,
        "world_record": list(outcomes.world.provenance.get("record", [])),
        "cite": cite(outcomes),
    }


def cite(outcomes: Any) -> list[str]:
    """BibTeX of comity, the model, the world's data, and notes for elasticities, sizes and scenario sources."""
    entries = [COMITY, METHOD]
    entries += [source["bibtex"] for source in outcomes.world.provenance.get("sources", []) if source.get("bibtex")]
    about = outcomes.solution.benchmark.provenance.get("elasticities", {})
    notes = [about.get("citation", "")]
    # a size that the scenario itself gives ("rate 0 %") cites nobody; where it is written stands among the sources
    notes += [report.size_text for report in outcomes.compiled.measures if _cites(report)]
    notes += [report.source for report in outcomes.compiled.measures]
    unique = [note for note in dict.fromkeys(notes) if note]
    return entries + [f"@misc{{comity_note_{k}, note={{{note}}}}}" for k, note in enumerate(unique, 1)]


def _cites(report: Any) -> bool:
    """True where a size comes with a citation, which stands in brackets."""
    return report.range is not None and "[" in report.size_text.replace("[assumed]", "")


def installed(name: str) -> str:
    """The version of an installed package, or that there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def command_line(
    scenario: str,
    world: str | None,
    closure: str | None,
    elasticities: str | None,
    year: int | None,
    claims: bool | None = None,
    draws: int | None = None,
    seed: int | None = None,
) -> str:
    """The command line that repeats this run, without paths of this machine."""
    name = scenario if os.sep not in scenario else Path(scenario).name
    parts = [f"comity run {name}"]
    given = {
        "--world": world and Path(world).name,
        "--closure": closure,
        "--elasticities": elasticities,
        "--year": year,
        "--draws": draws,
        "--seed": seed,
    }
    parts += [f"{flag} {value}" for flag, value in given.items() if value is not None]
    if claims is not None:
        parts.append("--claims" if claims else "--no-claims")
    return " ".join(parts)
