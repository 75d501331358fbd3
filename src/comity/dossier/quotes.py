"""Figures that a dossier quotes, looked up in source texts a reader supplies.

Texts differ from what was printed in spaces, quotation marks, dashes and capitals only, so these do not count. A
paragraph is a line that is not empty, counted from the one that begins with the source's `begins`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from comity.dossier.notes import Note, several
from comity.dossier.schema import Dossier, DossierSource, Reference
from comity.errors import InputError, nearest, shorten
from comity.scenario.load import read_file

ALIKE = str.maketrans(
    {**dict.fromkeys("‘’‚‛′`´", "'"), **dict.fromkeys("“”„‟″«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
)
ALIKE_ENOUGH = 0.6  # share of letters that words must have in common to be offered for a figure
AROUND = ".,;:()[]"  # what stands around words and is no part of them
# an amount is not cut off before its unit
UNITS = "dollar euro usd eur thousand million billion per cent percent tonne ton year month day hour".split()
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))  # zero-width marks and soft hyphens


def plain(text: str) -> str:
    """What two printings have in common: no case, plain quotes and dashes, single spaces."""
    # some look-alikes fall apart when unfolded, others appear only then
    unfolded = unicodedata.normalize("NFKC", text.translate(ALIKE)).translate(UNSEEN).translate(ALIKE)
    return " ".join(unfolded.casefold().split())


def contains(paragraph: str, figure: str) -> bool:
    """True if the figure stands in the paragraph as words of its own: "100 million" is not in "2,100 million"."""
    wanted = plain(figure)
    if not wanted:
        return False
    before = r"(?<!\w)" if wanted[0].isalnum() else ""
    after = r"(?!\w)" if wanted[-1].isalnum() else ""
    if wanted[0].isdigit():
        before += r"(?<!\d[.,])"
    if wanted[-1].isdigit():
        after += r"(?![.,]\d)"
    return re.search(before + re.escape(wanted) + after, plain(paragraph)) is not None


def paragraphs(text: str, begins: str | None = None) -> list[str]:
    """Lines that are not empty, from the one that begins with `begins`; none if no line does."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if begins is None:
        return lines
    start = next((k for k, line in enumerate(lines) if plain(line).startswith(plain(begins))), len(lines))
    return lines[start:]


def read_texts(dossier: Dossier, given: Iterable[str]) -> dict[str, str]:
    """Texts of sources given as ID=PATH. Raises InputError for a form, a source or a file that will not do."""
    known = [source.id for source in dossier.sources if source.id]
    texts: dict[str, str] = {}
    for item in given:
        name, _, path = item.partition("=")
        if not name or not path:
            raise InputError("--source", "a source and the file of its text are needed", found=item, allowed="ID=FILE")
        _known_source(name, known)
        if name in texts:
            raise InputError("--source", "the text of a source is given twice", found=name)
        texts[name] = read_file(Path(path), "the text of a source")
    return texts


def _known_source(name: str, known: list[str]) -> None:
    if name not in known:
        raise InputError("--source", "the dossier has no source of that id", found=name, allowed=known or "none",
                         nearest=nearest(name, known))  # fmt: skip


def references_of(dossier: Dossier) -> Iterator[tuple[tuple[str | int, ...], str, Reference]]:
    """Every place where the dossier refers to paragraphs: path, "claim c", reference."""
    for k, claim in enumerate(dossier.claims):
        yield ("claims", k, "source"), f"claim {claim.id}", claim.source
    for k, commitment in enumerate(dossier.commitments):
        yield ("commitments", k, "source"), f"commitment {commitment.id}", commitment.source


def check_figures(dossier: Dossier, texts: Mapping[str, str]) -> tuple[list[str], list[Note], list[InputError]]:
    """What was looked up, in sentences; notes; and every figure or paragraph that is not where the dossier says."""
    sources = {source.id: source for source in dossier.sources if source.id}
    for name in texts:
        _known_source(name, list(sources))
    problems: list[InputError] = []
    lines: list[str] = []
    notes: list[Note] = []
    for k, source in enumerate(dossier.sources):
        if source.id is None or source.id not in texts:
            continue
        body = paragraphs(texts[source.id], source.begins)
        if not body:
            problems.append(_no_beginning(dossier, k, source))
            continue
        further = _shift(dossier, source.id, body)
        complaints = [_shifted(dossier, k, further, body)] if further else list(_misquoted(dossier, source.id, body))
        problems += complaints
        if not complaints:
            count = _quoted(dossier, source.id)
            verb = "stands" if count == 1 else "stand"
            lines.append(f"{source.id}: {several(count, 'quoted figure')} {verb} where the dossier says.")
            notes += _unquoted(dossier, source.id, body)
    missing = {name: n for name in sources if name not in texts and (n := _quoted(dossier, name))}
    if missing:
        names = ", ".join(f"{name} ({count})" for name, count in missing.items())
        notes.append(
            Note(f"Quoted figures not looked up: {names}. Give the text with --source ID=FILE, if you have it.")
        )
    return lines, notes, problems


def _quoted(dossier: Dossier, name: str) -> int:
    return sum(len(reference.figures) for _, _, reference in references_of(dossier) if reference.id == name)


def _no_beginning(dossier: Dossier, k: int, source: DossierSource) -> InputError:
    if source.begins is None:
        return InputError(dossier.where("sources", k), f"the text of {source.id} is empty")
    return InputError(dossier.where("sources", k, "begins"), f"no line of the text of {source.id} begins like this",
                      found=source.begins)  # fmt: skip


def _shift(dossier: Dossier, name: str, body: list[str]) -> int:
    """By how many paragraphs all figures of a source lie further (or earlier: negative) than the dossier says; 0 where
    one stands where it should, or where they do not agree. A single figure shows no pattern."""
    shifts: list[set[int]] = []
    for _, _, reference in references_of(dossier):
        if reference.id == name and reference.paragraph:
            for figure in reference.figures:
                there = [number for number, line in enumerate(body, 1) if contains(line, figure)]
                shifts.append({place - number for place in there for number in reference.paragraph})
    if len(shifts) < 2 or any(0 in found for found in shifts):
        return 0
    return min(set.intersection(*shifts), key=lambda shift: (abs(shift), -shift), default=0)


def _shifted(dossier: Dossier, k: int, shift: int, body: list[str]) -> InputError:
    source = dossier.sources[k]
    size = "one paragraph" if abs(shift) == 1 else f"{abs(shift)} paragraphs"
    size += " further" if shift > 0 else " earlier"
    return InputError(
        dossier.where("sources", k, *(["begins"] if source.begins else [])),
        f"the quoted figures of {source.id} all lie {size} than the dossier says",
        found=f'paragraph 1 begins "{first_words(body[0])}"',
        advice="Does `begins` name the first words of the paragraph you count as 1?",
    )


def _unquoted(dossier: Dossier, name: str, body: list[str]) -> list[Note]:
    """How paragraphs begin that are named without a figure: nothing else shows that a number is wrong."""
    named: dict[int, list[str]] = {}
    for _, who, reference in references_of(dossier):
        for number in () if reference.id != name or reference.figures else reference.paragraph:
            named.setdefault(number, []).append(who)
    said = [f'{number} "{first_words(body[number - 1])}" ({", ".join(who)})' for number, who in sorted(named.items())]
    text = f"{name}: paragraphs named without figures begin like this: {'; '.join(said)}."
    return [Note(f"{text} Look whether they are the ones meant.")] if said else []


def first_words(paragraph: str, most: int = 50) -> str:
    """Enough of a paragraph to know it by."""
    return shorten(paragraph, most)


def _misquoted(dossier: Dossier, name: str, body: list[str]) -> Iterator[InputError]:
    for path, who, reference in references_of(dossier):
        if reference.id != name:
            continue
        beyond = [number for number in reference.paragraph if number > len(body)]
        for number in beyond:
            yield InputError(dossier.where(*path, "paragraph"), f"{who}: the text of {name} has no such paragraph",
                             found=number, allowed=f"1 to {len(body)}")  # fmt: skip
        if beyond:
            continue
        for k, figure in enumerate(reference.figures):
            if not any(contains(body[n - 1], figure) for n in reference.paragraph or range(1, len(body) + 1)):
                yield _missing(dossier.where(*path, "figures", k), who, figure, name, reference, body)


def _missing(where: str, who: str, figure: str, name: str, reference: Reference, body: list[str]) -> InputError:
    places = [str(number) for number, line in enumerate(body, 1) if contains(line, figure)]
    looked = f"{name}, {_paragraph_words([str(n) for n in reference.paragraph])}"
    advice = f"It stands in {_paragraph_words(places)}." if places else _nowhere(figure, body)
    return InputError(where, f"{who}: the source does not have this figure there",
                      found=f'no "{shorten(figure, 40)}" in {looked}', advice=advice)  # fmt: skip


def _nowhere(figure: str, body: list[str]) -> str:
    """That a figure is not in the text, and the words of it that come nearest, as they are written there."""
    found = nearest_words(figure, body)
    if found is None:
        return "It stands nowhere in the text."
    number, words = found
    return f'It stands nowhere in the text; nearest is "{words}" in paragraph {number}.'


def nearest_words(figure: str, body: list[str]) -> tuple[int, str] | None:
    """Paragraph and words of the text that are most like a figure; None where nothing is like it."""
    wanted, best = plain(figure), ALIKE_ENOUGH
    nearest_so_far: tuple[int, str] | None = None
    alike = SequenceMatcher(b=wanted, autojunk=False)
    for number, paragraph in enumerate(body, 1):
        words = paragraph.split()
        for length in {max(len(figure.split()) + more, 1) for more in (-1, 0, 1)}:
            for k in range(len(words) - length + 1):
                there = " ".join(words[k : k + length]).strip(AROUND)
                alike.set_seq1(plain(there))
                for bound in (alike.real_quick_ratio, alike.quick_ratio, alike.ratio):  # each dearer than the last
                    if (ratio := bound()) <= best:
                        break
                else:
                    best, nearest_so_far = ratio, (number, _with_units(words, k, k + length))
    return nearest_so_far


def _with_units(words: list[str], first: int, end: int) -> str:
    """Words of a paragraph from the first to the end, and the units that follow them there."""
    while end < len(words) and words[end - 1][-1] not in AROUND and _is_unit(words[end]):
        end += 1
    return " ".join(words[first:end]).strip(AROUND)


def _is_unit(word: str) -> bool:
    plural = plain(word).strip(AROUND)
    return plural in UNITS or plural.removesuffix("s") in UNITS


def _paragraph_words(numbers: list[str]) -> str:
    if not numbers:
        return "the whole text"
    return ("paragraph " if len(numbers) == 1 else "paragraphs ") + ", ".join(numbers)
