"""Goods trade among three parties and more: the total of the flows that the measures touch, and each pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from comity.classifications.countries import spoken
from comity.kept import KeptFor
from comity.outcomes.ranges import goods_flows
from comity.outcomes.simulate import OnCount, Outcomes
from comity.report.sectors import FEW as NAMES
from comity.report.sectors import directions, touched_trade
from comity.report.words import joined

FEW = 4  # parties whose pairs are told apart, and which each have a headline card
CELLS = 64  # flows read one by one from each combination or draw; of more all are worked out


@dataclass(frozen=True)
class Trade:
    """Goods both ways, million USD a year; `of` says of whom ("between Iran and Belarus"), codes are theirs; without
    interval low and high are None."""

    of: str
    codes: tuple[str, ...]
    before: float
    after: float
    low: float | None = None
    high: float | None = None


def among(outcomes: Outcomes, run: OnCount, ends: bool = True) -> list[Trade]:
    """The total, then each pair of up to four parties, on one count; nothing for fewer than three parties and where no
    measure touches trade. ends : with intervals."""
    parties = outcomes.parties
    if len(parties) < 3:
        return []
    found = directions(outcomes)
    if not found:
        return []
    touched = np.any([direction.chosen for direction in found], axis=0)
    flows = goods_flows(run.solution)
    inside = len(parties) <= NAMES and {code for pair in outcomes.compiled.pairs for code in pair} <= set(parties)
    whose = f"among {joined([spoken(code) for code in parties])}" if inside else f"of {found[0].whose}"
    rows = [_trade(run, whose, tuple(parties), np.argwhere(touched), flows, ends)]
    if len(parties) > FEW:
        return rows
    for a, b in combinations(parties, 2):
        i, n = outcomes.world.country(a), outcomes.world.country(b)
        if touched[i, n] or touched[n, i]:
            cells = np.array([(n, i), (i, n)])
            rows.append(_trade(run, f"between {spoken(a)} and {spoken(b)}", (a, b), cells, flows, ends))
    return rows


def _trade(run: OnCount, of: str, codes: tuple[str, ...], cells: np.ndarray, flows: Sequence[Any], ends: bool) -> Trade:
    before, after = flows
    buyers, sellers = cells[:, 0], cells[:, 1]
    sizes = before[buyers, sellers]
    total = float(sizes.sum()), float(after[buyers, sellers].sum())
    if not ends:
        return Trade(of, codes, *total)
    pairs = [(int(n), int(i)) for n, i in cells]

    def then(variant: Any) -> float:
        ratio = variant.goods_ratio
        if len(pairs) > CELLS:
            return float(sizes @ ratio[buyers, sellers])
        return float(sum(size * ratio[pair] for size, pair in zip(sizes, pairs, strict=True)))

    return Trade(of, codes, *total, *run.interval.over(then))


def count_lines(outcomes: Outcomes) -> list[str]:
    """Which flows differ between the statistical counts, where there are several and more parties than the two."""
    named = [run.count for run in outcomes.runs if run.count is not None]
    return [differing(list(named[0].values), outcomes.parties)] if len(named) > 1 and outcomes.parties[2:] else []


def differing(flows: Sequence[tuple[str, str]], parties: Sequence[str]) -> str:
    """The sentence about the flows (origin, destination) that the counts have of their own."""
    pairs = _pairs(flows, parties)
    return f"The counts differ in the flows {_between(pairs)} alone; all others are the same before the measures."


def resting(outcomes: Outcomes, codes: Sequence[str]) -> str:
    """On whose statistics the trade of these economies stands: a count is of one pair, and among more economies it is
    those flows alone that are taken from it."""
    count = outcomes.runs[0].count
    if count is None:
        return ""
    pairs = _pairs(list(count.values), outcomes.parties)
    if len(pairs) == 1 and set(pairs[0]) == set(codes):
        return f", on {count.name}"
    return f", the flows {_between(pairs)} on {count.name}"


def title_of(outcomes: Outcomes, total: Trade) -> str:
    """The title of a total; of more economies than two the sentence at the top says whose count some flows stand on."""
    return f"Goods trade {total.of}{resting(outcomes, total.codes) if len(total.codes) < 3 else ''}"


def _pairs(flows: Sequence[tuple[str, str]], parties: Sequence[str]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(tuple(sorted(flow, key=_place(parties))) for flow in flows))


def _between(pairs: Sequence[Sequence[str]]) -> str:
    return f"between {joined([f'{spoken(a)} and {spoken(b)}' for a, b in pairs])}"


def _place(parties: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    order = {code: k for k, code in enumerate(parties)}
    return lambda code: (order.get(code, len(order)), code)


@dataclass(frozen=True)
class Cards:
    """Which numbers stand at the top: trade (of two parties their own, which is not here), real income of `parties`
    and of `others`; `pairs` are those inside the total of three parties and more."""

    trade: Trade | None
    pairs: tuple[Trade, ...]
    parties: tuple[str, ...]
    others: tuple[str, ...]


def cards_of(outcomes: Outcomes, ends: bool = True) -> Cards:
    """Trade and both incomes of two parties; of more the total of their trade and real income of each, or beyond four
    of the two largest in money; of one party or of none also who else is affected most: three numbers at least, where
    there are so many."""
    return _cards.get(outcomes, ends, lambda: _find_cards(outcomes, ends))


_cards: KeptFor[Outcomes, Cards] = KeptFor()


def _find_cards(outcomes: Outcomes, ends: bool) -> Cards:
    parties = outcomes.parties
    if len(parties) == 2:
        return Cards(None, (), tuple(parties), ())
    found = among(outcomes, outcomes.runs[0], ends)
    total = found[0] if found else None
    size = np.abs(outcomes.solution.equivalent_variation).tolist()
    ranked = sorted(parties or outcomes.world.countries, key=lambda code: -size[outcomes.world.country(code)])
    if len(parties) > 2:
        many = len(parties) > FEW
        chosen = ranked[: 2 if total else 3] if many else parties
        return Cards(total, tuple(found[1:]), tuple(chosen), ())
    shown = tuple(ranked[:3])
    touched = touched_trade(outcomes) if len(shown) < 3 else None
    others = outcomes.others(3)[: 3 - len(shown) - (touched is not None)]
    trade = Trade(f"of {touched[0]}", tuple(parties), *touched[1]) if touched else None
    return Cards(trade, (), shown, tuple(others))


__all__ = ["FEW", "Cards", "Trade", "among", "cards_of", "count_lines", "differing", "resting", "title_of"]
