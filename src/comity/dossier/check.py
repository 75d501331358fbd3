"""Checking a dossier without solving it: its scenarios on a world, its figures in source texts a reader supplies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from comity.benchmark.world import World
from comity.dossier.schema import Claim, Commitment, Dossier, DossierSource, Frictions, Reference
from comity.errors import InputError, nearest
from comity.scenario.compile import compile_scenario
from comity.scenario.load import ScenarioError, _read

PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
)


def check_dossier(dossier: Dossier, world: World, texts: dict[str, str] | None = None) -> list[str]:
    """What was checked, in sentences.

    texts : source id -> text; every figure quoted from that source must stand in it, in the paragraph named.
    Raises InputError (a ScenarioError where there are several) for anything that is not right.
    """
    lines = [f"{dossier.title} ({dossier.path})"]
    for name, scenario in dossier.found.items():
        if isinstance(scenario, Frictions):
            lines.append(f"  scenario {name}: upper bound of lowest observed frictions")
            continue
        compiled = compile_scenario(world, scenario)
        lines.append(f"  scenario {name}: {len(compiled.measures)} measure(s) on {world.name}")
        lines += [f"    {text}" for text in compiled.left_out]
    inside = sum(bool(commitment.measures) for commitment in dossier.commitments)
    tests = sum(claim.test is not None for claim in dossier.claims)
    lines.append(f"  {len(dossier.commitments)} commitments, {inside} with a channel in the model")
    lines.append(
        f"  {len(dossier.claims)} claims, {tests} with a test, {len(dossier.claims) - tests} outside the model"
    )
    lines += _check_figures(dossier, texts or {})
    return [*lines, "No mistakes found."]


def read_texts(dossier: Dossier, given: Iterable[str]) -> dict[str, str]:
    """Texts of sources given as ID=PATH. Raises InputError for a form or source that is not known."""
    known = [source.id for source in dossier.sources if source.id]
    texts = {}
    for item in given:
        name, equals, path = item.partition("=")
        if not equals or not path:
            raise InputError("--source", "a source and its text are needed", found=item, allowed="ID=FILE")
        if name not in known:
            raise InputError("--source", "the dossier has no source of that id", found=name, allowed=known,
                             nearest=nearest(name, known))  # fmt: skip
        texts[name] = _read(Path(path))
    return texts


def paragraphs(text: str, source: DossierSource) -> list[str]:
    """Lines that are not empty, from the one that begins with `source.begins`. Raises InputError if none does."""
    lines = [plain(line) for line in text.splitlines() if line.strip()]
    if not source.begins:
        return lines
    start = plain(source.begins)
    for k, line in enumerate(lines):
        if line.startswith(start):
            return lines[k:]
    raise InputError(f"source {source.id}", "no line of the text begins as the dossier says", found=source.begins)


def plain(text: str) -> str:
    """Lower case, plain quotes and dashes, single spaces."""
    return re.sub(r"\s+", " ", text.translate(PLAIN)).strip().casefold()


def _check_figures(dossier: Dossier, texts: dict[str, str]) -> list[str]:
    sources = {source.id: source for source in dossier.sources}
    bodies: dict[str | None, list[str]] = {name: paragraphs(text, sources[name]) for name, text in texts.items()}
    problems: list[InputError] = []
    found = missing = 0
    quoting: dict[str, Sequence[Claim | Commitment]] = {"claims": dossier.claims, "commitments": dossier.commitments}
    for key, items in quoting.items():
        for k, item in enumerate(items):
            if item.source.id not in bodies:
                missing += len(item.source.figures)
                continue
            where = dossier.where(key, k, "source")
            more = list(_figure_problems(where, item.id, item.source, bodies[item.source.id]))
            problems += more
            found += len(item.source.figures) - len(more)
    if problems:
        raise ScenarioError(problems)
    lines = [f"  {found} quoted figure(s) found in the text supplied"] if texts else []
    if missing:
        lines.append(f"  {missing} quoted figure(s) not looked up: give the text with --source ID=FILE")
    return lines


def _figure_problems(where: str, name: str, source: Reference, body: list[str]) -> Iterable[InputError]:
    beyond = [number for number in source.paragraph if number > len(body)]
    if beyond:
        yield InputError(where, f"{name} names a paragraph beyond the end of the text", found=beyond[0],
                         allowed=f"1 to {len(body)}")  # fmt: skip
        return
    chosen = [body[number - 1] for number in source.paragraph] or body
    for figure in source.figures:
        wanted = plain(figure)
        if any(wanted in line for line in chosen):
            continue
        places = [str(k) for k, line in enumerate(body, 1) if wanted in line]
        advice = f"It stands in paragraph {', '.join(places)}." if places else "It stands nowhere in the text."
        yield InputError(where, f"a figure quoted in {name} is not in the paragraph named", found=figure, advice=advice)
