"""What stands around the figures of a report: findings as headings, side notes, the key of the map, citations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from comity.classifications.countries import spoken
from comity.outcomes.simulate import Outcomes, label
from comity.records import cite
from comity.report.drawing import CLASSES, INK2
from comity.report.words import joined, money, plain

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment

CLOSURES = {
    "fixed-deficits": "unchanged in money (fixed-deficits)",
    "balanced": "removed beforehand (balanced)",
    "deficit-share-of-gdp": "an unchanged share of GDP (deficit-share-of-gdp)",
    "multiplicative-deficits": "move with income (multiplicative-deficits)",
    "targets-balanced": "of the targets removed, others unchanged (targets-balanced)",
}
NAMED = 4  # economies that a heading names
ELSEWHERE = 3  # flows in each list of trade that changes beside the measures
STEP, MIDDLE, LEFT = 33, 52, 4  # pixels of the map's key: a class, the class of zero, the margin
EDGES = ("1", "0.1", "0.01", "0.001", "0.001", "0.01", "0.1", "1")  # per cent, where two classes meet


def contents(outcomes: Outcomes, assessment: Assessment | None, present: dict[str, Any]) -> list[tuple[str, str]]:
    """Sections of the page by id, with the words that lead there; `present` holds what the optional ones show."""
    d = present.get("d") or {}
    found = [
        ("small", "How small", d.get("ruler")),
        ("claims", "Claims", assessment is not None),
        ("who", "Who gains", True),
        ("map", "Map", True),
        ("trade", "Trade", present.get("flows")),
        ("time", "Over time", d.get("monitor")),
        ("commitments", "Commitments", d.get("commitments")),
        ("origins", "Where it comes from", present.get("origins")),
        ("smoothed", "Smoothed trade", outcomes.smoothed),
        ("measures", "Measures", True),
        ("sure", "How sure", True),
        ("method", "Method", True),
        ("again", "Reproduce", True),
        ("cited", "Citations", True),
    ]
    return [(name, words) for name, words, there in found if there]


def accented(lead: str) -> Markup:
    """The sentence at the top with its main number in the accent colour."""
    text = str(escape(lead))
    number = r"(about )([\d.\u202f]+ (?:(?:million|billion) US dollars a year|per cent))"
    return Markup(re.sub(number, r"\1<em>\2</em>", text, count=1))


def whole(outcomes: Outcomes) -> str:
    """The sum of all gains and losses with its interval."""
    ends = outcomes.interval.over(lambda v: v.equivalent_variation.sum())  # type: ignore[union-attr]
    return money(float(outcomes.solution.equivalent_variation.sum()), *ends, sign=True)


def elsewhere(outcomes: Outcomes) -> list[tuple[str, list[str]]]:
    """Flows that no measure touches and that fall or rise most, among those with a party; headings and lines."""
    touched = {(exporter, importer) for importer, exporter in outcomes.compiled.pairs}
    rows = [row for row in outcomes.diversion.rows if (row.origin, row.destination) not in touched]

    def lines(chosen: list[Any]) -> list[str]:
        names = [f"{spoken(row.origin)} to {spoken(row.destination)}" for row in chosen]
        changes = [money(row.change, sign=True) for row in chosen]
        return [f"{name[:1].upper()}{name[1:]}: {change}" for name, change in zip(names, changes, strict=True)]

    noise = 1e-4  # million USD a year
    falls = [row for row in rows[:ELSEWHERE] if row.change < -noise]
    rises = [row for row in rows[::-1][:ELSEWHERE] if row.change > noise]
    found = [("Other flows, falling most a year:", lines(falls)),
             ("Other flows, rising most a year:", lines(rises))]  # fmt: skip
    return [(heading, some) for heading, some in found if some]


def trade_notes(outcomes: Outcomes) -> list[Markup]:
    """What a reader of the trade figures has to know: estimated flows, weight on empty ones."""
    notes = [
        Markup('<span class="tag estimated">estimated</span> {}: flows and their split by sector are built from totals '
               "of its partners, not observed.").format(label(code))
        for code in outcomes.parties
        if outcomes.status(code) == "estimated"
    ]  # fmt: skip
    share = outcomes.compiled.empty_share
    if share > 0.005:
        said = Markup("{} % of the measures’ weight falls on flows that are zero in this world and does nothing.")
        notes.append(said.format(plain(100 * share, 0)))
    return notes


def status_heading(outcomes: Outcomes) -> str:
    """Whose flows are observed, whose estimated, among the parties (all economies, where there are none)."""
    codes = outcomes.parties or list(outcomes.world.countries)
    parts = []
    for word in ("observed", "estimated"):
        some = [code for code in codes if outcomes.status(code) == word]
        if some:
            whose = (
                joined([spoken(code) for code in some]) if len(some) <= 4 else f"{len(some)} of {len(codes)} economies"
            )
            parts.append(f"flows of {whose} are {word}" + (", built from public totals" if word == "estimated" else ""))
    text = "; ".join(parts) or "what these numbers rest on"
    return text[:1].upper() + text[1:]


def smoothed_heading(rows: list[dict[str, str]]) -> str:
    """The first quantity on both worlds, in one line."""
    if not rows:
        return "No answer on smoothed trade"
    here, there = (rows[0][key].split(" [")[0] for key in ("plain", "smoothed"))
    return f"{rows[0]['what']}: {here} here, {there} on smoothed trade"


def map_key() -> Markup:
    """The classes of the map as one strip, with the per cent where two classes meet."""
    parts, left, edges = [], LEFT, []
    for k, fill in enumerate(CLASSES):
        width = MIDDLE if k == len(CLASSES) // 2 else STEP
        parts.append(f'<rect x="{left}" y="18" width="{width - 1}" height="14" fill="{fill}"/>')
        left += width
        edges.append(left)
    middle = LEFT + 4 * STEP + MIDDLE / 2
    words = [(LEFT, "start", "loses"), (middle, "middle", "smaller, or noise"), (left, "end", "gains")]
    parts += [f'<text x="{x}" y="12" font-size="12" text-anchor="{a}" fill="{INK2}">{w}</text>' for x, a, w in words]
    # numbers of neighbouring edges would touch: every edge has its number, small ones without the leading zero's room
    parts += [
        f'<text x="{x}" y="45" font-size="10.5" text-anchor="middle" fill="{INK2}">{w}{" %" if k == 7 else ""}</text>'
        for k, (x, w) in enumerate(zip(edges[:-1], EDGES, strict=True))
    ]
    name = ("Classes of the map in per cent of real income: loses over 1, 0.1 to 1, 0.01 to 0.1, 0.001 to 0.01; "
            "smaller or range includes zero; gains in the same steps.")  # fmt: skip
    return Markup(
        f'<svg class="key" viewBox="0 0 {left + LEFT} 50" width="{left + LEFT}" height="50" role="img" '
        f'aria-label="{name}">{"".join(parts)}</svg>'
    )


def cited(outcomes: Outcomes) -> dict[str, list[str]]:
    """Citations in words: method, sizes and elasticities, texts the measures are written in."""
    about = outcomes.solution.benchmark.provenance.get("elasticities", {})
    sizes = [f"{about['citation']}. Trade elasticities."] if about.get("citation") else []
    for measure in outcomes.compiled.measures:
        named = re.findall(r"\[([^\[\]]+)\]", measure.size_text)
        sizes += [f"{_status_last(text)}" for text in named if text != "assumed"]
    texts = [measure.source for measure in outcomes.compiled.measures if measure.source]
    method = [readable(entry) for entry in cite(outcomes)[:2]][::-1]
    return {"method": method, "sizes": list(dict.fromkeys(sizes)), "texts": list(dict.fromkeys(texts))}


def _status_last(text: str) -> str:
    """ "Neumayer (2011), On visas; published" as "Neumayer (2011), On visas. Published size."."""
    citation, _, status = text.rpartition("; ")
    if status not in ("published", "secondary", "estimated"):
        return f"{text}."
    return f"{citation}. {'Size from a secondary source' if status == 'secondary' else f'{status.capitalize()} size'}."


def readable(bibtex: str) -> str:
    """A BibTeX entry as a line of a list of references."""
    fields = dict(re.findall(r"(\w+)=\{((?:[^{}]|\{[^{}]*\})*)\}", bibtex))
    plain_fields = {key: value.replace("{", "").replace("}", "").replace("--", "–") for key, value in fields.items()}
    who = " and ".join(plain_fields.get("author", "").split(" and "))
    where = " ".join(plain_fields[key] for key in ("journal", "volume") if key in plain_fields)
    parts = [f"{who} ({plain_fields.get('year', 'no year')})" if who else "", plain_fields.get("title", ""), where]
    text = ". ".join(part for part in parts if part)
    version = f", version {plain_fields['version']}" if "version" in plain_fields else ""
    return f"{text}{version}."
