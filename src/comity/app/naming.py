"""Name and title of a scenario that starts from nothing, made from what it holds: `no-tariffs-irn-blr-rus`, "No tariffs
among Iran, Belarus and Russia"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from comity.app.kinds import TITLES
from comity.classifications.countries import EVERYBODY, REST_OF_WORLD, load_blocs, load_countries
from comity.outcomes.simulate import label
from comity.report.words import joined

OWN_BLOCS = {"EAEU": "Eurasian Economic Union", "SCO": "Shanghai Cooperation Organisation"}
FEW, KINDS = 5, 3  # places that a name spells out, and kinds of measure
LONGEST = 80  # letters of a name


def party_name(word: str) -> str:
    """The name of a country or bloc word."""
    if word == EVERYBODY:
        return "every economy"
    if word == REST_OF_WORLD:
        return "the rest of the world"
    if word in load_blocs():
        return OWN_BLOCS.get(word, word)
    return load_countries()[word].name if word in load_countries() else label(word)


def named(measures: Sequence[Mapping[str, Any]], name: str, title: str) -> tuple[str, str]:
    """(name, title) from the mappings of the measures; the given ones where there are none."""
    if not measures:
        return name, title
    whats = list(dict.fromkeys(_what(one) for one in measures))
    slugs = [slug for slug, _ in whats] if len(whats) <= KINDS else [f"{len(measures)}-measures"]
    words = [text for _, text in whats] if len(whats) <= KINDS else [f"{len(measures)} measures"]
    said = "; ".join(text if k == 0 else text[:1].lower() + text[1:] for k, text in enumerate(words))
    places = {tuple(map(tuple, _places(one))) for one in measures}
    codes = list(dict.fromkeys(word for sides in places for side in sorted(sides) for word in side))
    if len(places) == 1:
        sides = _places(measures[0])
        codes = list(dict.fromkeys(word for side in sides for word in side))
        if len(sides) == 2 and len([word for side in sides for word in side]) <= FEW:
            codes = [*sides[0], "to" if measures[0].get("from") else "from", *sides[1]]
        said = f"{said} {_whose(measures[0], sides)}".strip()
    elif codes:
        said = f"{said}: {_listed(sorted(codes))}"
        codes = sorted(codes)
    tail = "-".join(codes) if len(codes) <= FEW + 1 else f"{len(codes)}-places"
    return _slug("-and-".join(slugs) + f"-{tail}") or name, said


def _what(one: Mapping[str, Any]) -> tuple[str, str]:
    """(part of the name, words) of one measure."""
    kind, size = str(one["kind"]), one.get("size") or {}
    to = size.get("to") if isinstance(size, Mapping) else None
    central = to.get("central") if isinstance(to, Mapping) else to
    if kind in ("tariff", "export_tax") and central is not None:
        what = "tariff" if kind == "tariff" else "export tax"
        rate = 100 * float(central)
        many = f"{what}s" if kind == "tariff" else f"{what}es"
        if rate == 0:
            return _slug(f"no {many}"), f"No {many}"
        return _slug(f"{many} of {rate:g}"), f"{many[:1].upper()}{many[1:]} of {rate:g} per cent"
    return _slug(kind), TITLES[kind]


def _places(one: Mapping[str, Any]) -> list[Sequence[str]]:
    """Parties, or importers and exporters, or who pays and who receives."""
    if one.get("between"):
        return [one["between"]]
    if one.get("countries"):
        return [one["countries"]]
    if one.get("from"):
        return [[str(one["from"])], [str(one["to"])]]
    return [one.get("importers") or (), one.get("exporters") or ()]


def _whose(one: Mapping[str, Any], sides: Sequence[Sequence[str]]) -> str:
    names = [_listed(side) for side in sides]
    if one.get("between"):
        return f"{'between' if len(sides[0]) == 2 else 'among'} {names[0]}"
    if one.get("countries"):
        return f"in {names[0]}"
    return f"from {names[0]} to {names[1]}" if one.get("from") else f"on the trade of {names[1]} with {names[0]}"


def _listed(words: Sequence[str]) -> str:
    return joined([party_name(word) for word in words]) if len(words) <= FEW else f"{len(words)} places"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST].strip("-")
