"""The sectors of the embedded worlds and their concordances, from sectors.csv."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sector:
    """One sector: code, name, kind ("goods" or "services"), its OECD ICIO sectors, its stage in WITS import statistics
    (raw, intermediate, consumer, capital), its WIOD 2016 sectors and, where a WIOD sector is split in two, its part."""

    code: str
    name: str
    kind: str
    icio: tuple[str, ...]
    stage: str
    wiod: tuple[str, ...]
    wiod_split: str


@cache
def load_sectors() -> dict[str, Sector]:
    """Sectors by code, in the order of the embedded worlds."""
    text = (resources.files("comity.classifications") / "sectors.csv").read_text(encoding="utf-8")
    table = {}
    for row in csv.DictReader(text.splitlines()):
        icio = (row["icio"],) if row["kind"] == "services" else tuple(row["icio"].split())
        table[row["code"]] = Sector(
            row["code"], row["name"], row["kind"], icio, row["stage"], _span(row["wiod"]), row["wiod_split"]
        )
    return table


def _span(text: str) -> tuple[str, ...]:
    """ "C23-C50" as all codes from C23 to C50; else the codes listed."""
    if "-" in text:
        first, last = (int(code[1:]) for code in text.split("-"))
        return tuple(f"C{number:02d}" for number in range(first, last + 1))
    return tuple(text.split())


def sector_called(word: str, among: Sequence[str]) -> str | None:
    """Code and name of the sector that a word of its name means, "agriculture" say; None if none has it, or more than
    one."""
    table, asked = load_sectors(), word.casefold()
    names = {code: table[code].name for code in among if code in table}
    found = [code for code, name in names.items() if name.casefold().startswith(asked)] or [
        code for code, name in names.items() if asked in name.casefold().split()
    ]
    return f"{found[0]} ({names[found[0]]})" if len(found) == 1 and asked else None


def is_goods(sectors: Sequence[str]) -> NDArray[np.bool_]:
    """(J,) True for goods. Sectors this table does not know are services if they are called SERV or Services..."""
    return _is_goods(tuple(sectors))


@lru_cache(maxsize=256)
def _is_goods(sectors: tuple[str, ...]) -> NDArray[np.bool_]:
    table = load_sectors()
    goods = np.array(
        [table[code].kind == "goods" if code in table else not code.upper().startswith("SERV") for code in sectors]
    )
    goods.flags.writeable = False
    return goods
