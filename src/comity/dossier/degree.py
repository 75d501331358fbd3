"""Words of degree in a statement ("both gain greatly") beside a test without an amount, which any gain at all meets."""

from __future__ import annotations

import re

from comity.dossier.notes import Note
from comity.dossier.schema import Claim, Dossier
from comity.dossier.verdicts import REFUTED, Caution, Verdict

# statements are in the author's words, so a short list will do; "strong" and "deep" as adverbs only: a strong partner
# is no amount
WORDS = re.compile(
    r"\b(?:great(?! britain)(?:er|est|ly)?|enormous(?:ly)?|huge(?:ly)?|significant(?:ly)?|substantial(?:ly)?|major|"
    r"massive(?:ly)?|considerabl[ey]|dramatic(?:ally)?|severe(?:ly)?|tremendous(?:ly)?|immense(?:ly)?|vast(?:ly)?|"
    r"drastic(?:ally)?|appreciabl[ey]|strongly|sharply|markedly|heavily|deeply)\b",
    re.IGNORECASE,
)
AMOUNTS = {  # tests that may go without an amount: its key, and what then is enough
    "gain": ("at_least", "any gain at all"),
    "loss": ("at_least", "any loss at all"),
    "trade": ("more_than", "any rise at all"),
    "delay": ("more_than", "any cost at all"),
}


def unsized(claim: Claim) -> str | None:
    """The first word of degree of a claim whose test asks for no amount and which does not say how it is read."""
    key, _ = AMOUNTS.get(getattr(claim.test, "kind", ""), ("", ""))
    found = WORDS.search(claim.statement)
    if not key or found is None or claim.reading or getattr(claim.test, key):
        return None
    return found[0]


def degree_notes(dossier: Dossier) -> list[Note]:
    """What `check` asks of such claims."""
    notes = []
    for claim in dossier.claims:
        word = unsized(claim)
        if word is not None and claim.test is not None:
            key, enough = AMOUNTS[claim.test.kind]
            text = f'Claim {claim.id}: the statement says "{word}", and {enough} meets its test.'
            notes.append(Note(text, f"Give `{key}` and say why in `reading`, or write `reading: {enough}`."))
    return notes


def degree_note(claim: Claim, verdict: Verdict) -> tuple[str, ...]:
    """The same beside the verdict; one that not even the weakest test meets no threshold could change."""
    word = unsized(claim)
    if word is None or claim.test is None or verdict.outcome == REFUTED:
        return ()
    key, enough = AMOUNTS[claim.test.kind]
    told = f'Tested: {enough}. The statement says "{word}"; with a threshold (`{key}`) it could end otherwise.'
    return (Caution(told),)
