"""Where: a tile map of real-income changes in fixed classes, the same for every answer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal

from comity.app.picture_parts import NO_NUMBER, SMALL, fitted, number, picture, rect, text, text_width
from comity.report.charts import seats
from comity.report.drawing import BREAKS, NAMED_PARTIES
from comity.report.words import THIN, joined, per_cent

STEP = {"wide": 36, "narrow": 16}
SIZE = {"wide": 34, "narrow": 14}  # of a tile; the rest of the step is the gap
EDGE = 2  # room for the outline of a tile at the border
EDGES = [edge for edge in BREAKS if edge > 0]  # 0.001, 0.01, 0.1, 1 per cent, on both sides
RISING = ("l4", "l3", "l2", "l1", "c-zero", "g1", "g2", "g3", "g4")
LONG_NAME = 110.0  # pixels of a name beside its tile
Country = Mapping[str, Any]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def tile_map(
    countries: Sequence[Country], parties: Sequence[str] = (), *, width: Literal["wide", "narrow"] = "wide"
) -> str:
    """Real income of economies (rows of answer `countries`) in per cent, one tile each, with its legend.

    Classes are fixed: 0.001, 0.01, 0.1 and 1 per cent on both sides, each from its lower end on; below, or inside the
    noise: class zero. `parties` (and rows that say they are one) are outlined. wide: 720 pixels, codes on the tiles;
    narrow: 320 pixels, names of at most six parties beside their tiles. An economy without a seat is not drawn and is
    named in the finding. Empty for no economies.
    """
    if not countries:
        return ""
    step, size, wide = STEP[width], SIZE[width], width == "wide"
    codes = tuple(str(one.get("code")) for one in countries)
    where, outlined = (
        seats(),
        {*parties, *(code for code, one in zip(codes, countries, strict=True) if one.get("party"))},
    )
    frames: list[str] = []
    tiles: list[tuple[Country, int, int]] = []
    kinds = tuple(class_of(one) for one in countries)
    for one, code in zip(countries, codes, strict=True):
        if code in outlined and code in where:
            column, line = where[code]
            x, y = EDGE + column * step, EDGE + line * step
            frames.append(rect(x, y, size, size, "c-party"))
            tiles.append((one, x, y))
    across, down = _extent(width)
    names = [] if wide or len(tiles) > NAMED_PARTIES else _names(tiles, size, across)
    inside = "".join([_tiles(codes, kinds, width), *frames, *names, _legend(width, down + 14)])
    return picture("map", across, down + 60, _finding(countries, codes, kinds, outlined), inside)


def class_of(one: Country) -> str:
    """The class of an economy's tile."""
    percent = number(one.get("real_income_pct"))
    if percent is None:
        return "c-none"
    rank = 0 if one.get("noise") else bisect_right(EDGES, abs(percent))
    return RISING[4 + rank if percent > 0 else 4 - rank]


@lru_cache(maxsize=512)  # a step of a slider moves few economies to another class, or none
def _tiles(codes: tuple[str, ...], kinds: tuple[str, ...], width: str) -> str:
    """The tiles of economies that have a seat."""
    step, size, where = STEP[width], SIZE[width], seats()
    seated = [(code, kind, *where[code]) for code, kind in zip(codes, kinds, strict=True) if code in where]
    return "".join(
        _tile(code, EDGE + column * step, EDGE + line * step, size, kind, width == "wide")
        for code, kind, column, line in seated
    )


@lru_cache(maxsize=4096)
def _tile(code: str, x: int, y: int, size: int, kind: str, coded: bool) -> str:
    """One tile, with its code where there is room."""
    tile = f'<rect x="{x}" y="{y}" width="{size}" height="{size}" class="{kind}" data-row="{code}"/>'
    ink = "c-ink3" if kind == "c-none" else f"t-{kind.removeprefix('c-')}"
    return tile + (text(code, x + size / 2, y + 21.5, f"{ink} c-small", "middle") if coded else "")


@cache
def _extent(width: str) -> tuple[int, int]:
    """Pixels across and down of the seats."""
    across, down = (max(seat[k] for seat in seats().values()) for k in (0, 1))
    step, size = STEP[width], SIZE[width]
    return across * step + size + 2 * EDGE, down * step + size + 2 * EDGE


def _names(tiles: Sequence[tuple[Country, int, int]], size: int, across: int) -> list[str]:
    """Names of parties beside their tiles: at the right, the left, above or below, wherever they meet no other name and
    no party's tile; the code where the name finds no place; else left out (the finding names every party)."""
    taken: list[Box] = [(x - 2, y - 2, x + size + 2, y + size + 2) for _, x, y in tiles]
    parts = []
    for one, x, y in tiles:
        name = str(one.get("name") or one.get("code"))
        for words in (fitted(name[:1].upper() + name[1:], LONG_NAME, SMALL, True), str(one.get("code"))):
            box = next((box for box in _places(words, x, y, size) if _free(box, taken, across)), None)
            if box is not None:
                taken.append(box)
                parts.append(text(words, (box[0] + box[2]) / 2, box[3] - 3, "c-ink c-small c-strong c-halo", "middle"))
                break
    return parts


def _places(words: str, x: float, y: float, size: float) -> list[Box]:
    """Where a name may stand: right, left, below, above; then further down and up at the right and the left."""
    wide, tall = text_width(words, SMALL, True), 14.0
    middle, right, left = x + size / 2, x + size + 5, x - 5 - wide
    corners = [(right, y), (left, y), (middle - wide / 2, y + size + 3), (middle - wide / 2, y - tall - 3)]
    corners += [(side, y + away) for away in (12, -12, 24, -24) for side in (right, left)]
    return [(a, b, a + wide, b + tall) for a, b in corners]


def _free(box: Box, taken: Sequence[Box], across: float) -> bool:
    inside = box[0] >= 0 and box[2] <= across and box[1] >= 0
    return inside and all(
        box[2] <= other[0] or box[0] >= other[2] or box[3] <= other[1] or box[1] >= other[3] for other in taken
    )


@cache
def _legend(width: str, top: float) -> str:
    """Colours from losses to gains with the breaks between them."""
    each, middle = (48, 76) if width == "wide" else (33, 52)
    parts, x = [], float(EDGE)
    for rank, kind in enumerate(RISING):
        parts.append(rect(x, top + 16, middle if rank == 4 else each, 12, kind))
        x += middle if rank == 4 else each
        if rank < 8:
            words = f"{abs(BREAKS[rank]):g}" + (f"{THIN}%" if rank == 7 else "")
            parts.append(text(words, x, top + 42, "c-ink3 c-small", "middle"))
    centre = (EDGE + x) / 2
    heads = ((EDGE, "loses", ""), (centre, "smaller, or noise", "middle"), (x, "gains", "end"))
    parts += [text(words, place, top + 10, "c-ink3 c-small", anchor) for place, words, anchor in heads]
    return "".join(parts)


def _finding(countries: Sequence[Country], codes: Sequence[str], kinds: Sequence[str], outlined: set[str]) -> str:
    """How many gain, lose and neither, the parties with their numbers, and who has no seat."""
    gain, loss = (sum(map(kinds.count, classes)) for classes in (RISING[5:], RISING[:4]))
    unknown = kinds.count("c-none")
    said = [f"{gain} gain and {loss} lose 0.001 per cent or more, {len(kinds) - gain - loss - unknown} less or inside "
            f"the noise{f', {unknown} {NO_NUMBER}' if unknown else ''}"]  # fmt: skip
    inside = [_said(one) for one, code in zip(countries, codes, strict=True) if code in outlined]
    if inside:
        said.append(f"parties: {joined(inside)}")
    away = [str(one.get("name") or code) for one, code in zip(countries, codes, strict=True) if code not in seats()]
    if away:
        said.append(f"not drawn, no seat on the map: {joined(away)}")
    return f"Real income of {len(kinds)} economies: {'; '.join(said)}."


def _said(one: Country) -> str:
    percent, low, high = (number(one.get(key)) for key in ("real_income_pct", "low_pct", "high_pct"))
    name = one.get("name") or one.get("code")
    return f"{name} {NO_NUMBER if percent is None else per_cent(percent, low, high)}"


__all__ = ["class_of", "tile_map"]
