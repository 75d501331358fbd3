"""A small dossier as a file, and ways to break it."""

from __future__ import annotations

HEAD = """schema: 1
type: dossier
id: small
title: A small dossier
main: roadmap
world: world-2022
signed: 2023-03-13
"""
SOURCES = """sources:
  - id: article
    title: Sanctioned States Should Cooperate to Counter US Measures
    published: 2023-03-13
    begins: Leader of the Islamic Revolution Ayatollah
  - {id: gsdb, title: Global Sanctions Data Base}
"""
SCENARIOS = """scenarios:
  - {id: roadmap, use: tehran-2023}
  - {id: front, use: sanctioned-front}
  - id: lift
    scenario:
      title: The regime of 2014 on Russia is lifted
      measures:
        - {id: lift, kind: lifting, regime: russia-2014, source: gsdb}
  - id: bound
    frictions: {between: [IRN, BLR, RUS], best_of: [IRN, BLR, RUS]}
"""
COMMITMENTS = """commitments:
  - id: visas
    title: Easier visas
    parties: [IRN, BLR]
    field: consular affairs
    instrument: statement
    source: {id: article, paragraph: 35}
    history:
      - {date: 2023-03-13, status: announced, what: named, source: article}
      - {date: 2024-02-04, status: carried out in part, what: one side, source: article}
    measures: [roadmap/truck-drivers-visas]
  - id: culture
    title: Memorandum on culture
    parties: [IRN, BLR]
    field: culture
    instrument: memorandum
    source: {id: article, paragraph: 13}
    outside: no trade channel
"""
CLAIMS = """claims:
  - id: c
    statement: Trade reaches 100 million USD
    source: {id: article, paragraph: 22, figures: ["$100 million"]}
    test: {kind: target, scenario: roadmap, between: [IRN, BLR], at_least: 100, by: 2026, count: "Belarus's count"}
  - id: d
    statement: Trade tripled
    source: {id: article, paragraph: [22, 23], figures: [tripled]}
    test: {kind: growth, observed: pair, since: "2021", until: "2022", at_least: 3}
  - id: b
    statement: A front wins the loss back
    source: {id: article, paragraph: 1}
    test: {kind: recovered, cooperation: front, regimes: {RUS: lift}, at_least: "90%"}
  - id: g
    statement: Visas help trade
    source: {id: article, paragraph: 35}
    test: {kind: trade, scenario: roadmap, between: [IRN, BLR], measures: [truck-drivers-visas]}
  - id: a
    statement: All gain
    source: {id: article, paragraph: 4}
    test: {kind: gain, scenario: bound, countries: [IRN, BLR, RUS], at_least: "1%", upper_bound: true}
  - id: k
    statement: Sanctions are an opportunity
    source: {id: article, paragraph: 28}
    outside: no channel
    nearest: {kind: ranking, scenario: front, country: IRN, most: gain}
"""
OBSERVED = """observed:
  - id: pair
    title: Goods trade of Iran and Belarus
    between: [IRN, BLR]
    series:
      - count: Belarus's count
        setter: BLR
        rows:
          - {period: "2021", start: 2021-01-01, end: 2021-12-31, total: 33, source: article}
          - {period: "2022", start: 2022, end: 2022, total: 100.3, flows: {BLR-IRN: 81.3, IRN-BLR: 19}, source: article}
      - count: Iran's count
        setter: IRN
        rows:
          - {period: "1401", start: 2022-03-21, end: 2023-03-20, flows: {BLR-IRN: 43.7}, source: article}
"""
REST = """assumptions:
  - {id: size, text: The size is assumed., source: gsdb}
leaves_out:
  - Payments and insurance.
"""
SMALL = HEAD + SOURCES + SCENARIOS + COMMITMENTS + CLAIMS + OBSERVED + REST


def line_of(part: str, text: str = SMALL) -> int:
    """The line, from 1, on which `part` first stands."""
    return text[: text.index(part)].count("\n") + 1


def changed(old: str, new: str, text: str = SMALL) -> str:
    """The small dossier with one thing changed; `old` must be there."""
    assert old in text, old
    return text.replace(old, new, 1)
