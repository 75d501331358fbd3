"""The rows of a dossier's verdict table: mark, number with its range on a small ruler, what the test needs, why."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from comity.classifications.countries import spoken
from comity.dossier.verdicts import OUTSIDE, REFUTED, SUPPORTED, UNDECIDED, Caution, Verdict, counted
from comity.outcomes.numbers import Number
from comity.report.drawing import ACCENT, INK, INK2, RULE
from comity.report.words import decimals_for, money, per_cent, plain, tight, whom

MARKS = {
    SUPPORTED: '<circle cx="8" cy="8" r="6.5" fill="currentColor"/>'
    '<path d="M4.6 8.3l2.4 2.4 4.4-5" fill="none" stroke="var(--paper)" stroke-width="1.8"/>',
    REFUTED: '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M5.4 5.4l5.2 5.2m0-5.2l-5.2 5.2" stroke="currentColor" stroke-width="1.6"/>',
    UNDECIDED: '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M8 2a6 6 0 0 0 0 12z" fill="currentColor"/>',
    OUTSIDE: '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.6" '
    'stroke-dasharray="2.4 2.3"/>',
}
LENGTH, EDGE = 130.0, 5.0  # of a small ruler, in pixels


def mark_icon(outcome: str, *, alone: bool = False) -> Markup:
    """The picture of how a claim ended; `alone` where its very word does not stand beside it."""
    name = f'role="img" aria-label="How this claim ended: {outcome}."' if alone else 'aria-hidden="true"'
    return Markup(f'<svg class="ic" viewBox="0 0 16 16" width="16" height="16" {name}>{MARKS[outcome]}</svg>')


def tally(verdicts: tuple[Verdict, ...]) -> list[dict[str, Any]]:
    """How many claims ended in which way; what is contradicted and what cannot be told are counted apart."""
    return [{"icon": mark_icon(way), "count": count, "word": way} for way, count in counted(verdicts).items()]


def verdict_row(verdict: Verdict, judged: str = "") -> dict[str, Any]:
    """Everything the table prints about one claim; `judged` says which interval the verdict rests on (judged.py)."""
    claim = verdict.claim
    mark, ending = verdict.mark, verdict.ending
    if verdict.outcome == UNDECIDED:  # not to be able to tell comes first: it is no refutation
        mark, ending = UNDECIDED, f"{ending.removeprefix(UNDECIDED).lstrip(': ')} ({mark})".strip()
    paragraphs = ", ".join(str(number) for number in claim.source.paragraph)
    return {
        "id": claim.id,
        "statement": claim.statement,
        "by": claim.by,
        "icon": mark_icon(verdict.outcome, alone=mark != verdict.outcome),
        "mark": mark[:1].upper() + mark[1:],
        "ending": ending,
        "number": number_text(verdict.main) if verdict.main else "no number",
        "what": verdict.main.name if verdict.main else "",
        "country": whom(verdict.main.country, spoken) if verdict.main else "",
        "spark": small_ruler(verdict.main, verdict.needed) if verdict.main else Markup(""),
        "needs": verdict.needs,
        "figures": [{"label": figure.label, "text": number_text(figure.number)} for figure in verdict.figures],
        "reading": claim.reading,
        "why": _sentence(claim.why or claim.outside or ""),
        "judged": judged,
        "cautions": [tight(note) for note in verdict.notes if isinstance(note, Caution)],
        "notes": [tight(note) for note in verdict.notes if not isinstance(note, Caution)],
        "leaves_out": claim.leaves_out,
        "source": f"¶ {paragraphs}" if paragraphs else claim.source.where or claim.source.id,
    }


def number_text(number: Number) -> str:
    """A number with its range in the way of its unit; no range is said, not hidden."""
    low, high, unit = number.low, number.high, number.unit
    if number.estimate != number.estimate:
        return "no number"
    if unit.startswith("per cent"):
        shown = per_cent(number.estimate, low, high)
        return shown if number.name.startswith(("real income", "change")) else shown.replace("+", "")
    if unit.startswith("million USD"):
        signed = any(word in number.name for word in ("change", "variation", "gain", "delay"))
        return money(number.estimate, low, high, sign=signed)
    if low is None or high is None:
        return plain(number.estimate, decimals_for(abs(number.estimate) or 1.0)) + (f" {unit}" if unit else "")
    digits = decimals_for(high - low)
    ends = f"[{plain(low, digits)}, {plain(high, digits)}]"
    return f"{plain(number.estimate, digits)} {ends}" + (f" {unit}" if unit else "")


def small_ruler(number: Number, needed: float | None) -> Markup:
    """Dot, range and a tall tick at what the test needs, on a scale of its own."""
    low = number.estimate if number.low is None else number.low
    high = number.estimate if number.high is None else number.high
    ends = [0.0, low, high, number.estimate, *([] if needed is None else [needed])]
    left, right = min(ends), max(ends)
    span = right - left or 1.0

    def at(value: float) -> float:
        return EDGE + (LENGTH - 2 * EDGE) * (value - left) / span

    parts = [f'<line x1="{EDGE}" x2="{LENGTH - EDGE}" y1="8" y2="8" stroke="{RULE}"/>']
    parts.append(
        f'<line x1="{at(low):.1f}" x2="{max(at(high), at(low) + 0.5):.1f}" y1="8" y2="8" stroke="{ACCENT}" '
        'stroke-width="6" stroke-opacity="0.32"/>'
    )
    if needed is not None:
        parts.append(f'<line x1="{at(needed):.1f}" x2="{at(needed):.1f}" y1="1" y2="15" stroke="{INK}"/>')
    dot = f'fill="none" stroke="{INK2}" stroke-width="1.4"' if low < 0 < high else f'fill="{ACCENT}"'
    parts.append(f'<circle cx="{at(number.estimate):.1f}" cy="8" r="3.6" {dot}/>')
    needs = "" if needed is None else f"; the statement needs {needed:.3g}"
    what = f"{number.name[:1].upper()}{number.name[1:]}"
    name = escape(f"{what} in {number.unit or 'units'}: {number.estimate:.3g}, range {low:.3g} to {high:.3g}{needs}.")
    return Markup(
        f'<svg class="spark" viewBox="0 0 {LENGTH:.0f} 16" width="{LENGTH:.0f}" height="16" role="img" '
        f'aria-label="{name}">' + "".join(parts) + "</svg>"
    )


def _sentence(text: str) -> str:
    """With a capital and a full stop, as it stands alone in a cell."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if not text or text[-1] in '.!?' else '.'}"
