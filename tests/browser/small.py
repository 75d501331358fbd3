"""A dossier of one scenario that has every section of the report: three endings, commitments, promises and counts."""

DOSSIER = """schema: 1
type: dossier
id: small
title: A small dossier
main: roadmap
world: world-2022
signed: 2023-03-13
sources:
  - {id: article, title: An article, publisher: A newspaper, published: 2023-03-13, url: "https://example.org/article"}
scenarios:
  - {id: roadmap, title: The roadmap, use: tehran-2023}
commitments:
  - id: trade
    title: Memorandum on trade
    parties: [IRN, BLR]
    field: trade
    source: {id: article, paragraph: 9}
    instrument: memorandum
    signed_by: ministers
    measures: [roadmap/border-procedures]
    history: [{date: 2023-03-13, status: signed, what: signed in Tehran, source: article}]
  - id: culture
    title: Memorandum on art
    parties: [IRN, BLR]
    field: culture
    source: {id: article, paragraph: 13}
    instrument: memorandum
    outside: no trade channel
    history: [{date: 2023-03-13, status: signed, what: signed in Tehran, source: article}]
claims:
  - id: a
    statement: Carrying out the documents lifts the trade of the two to 100 million USD
    by: the President of Belarus
    source: {id: article, paragraph: 22}
    test: {kind: target, scenario: roadmap, between: [IRN, BLR], at_least: 100, by: 2026, count: "Belarus's count"}
    leaves_out: Growth of the two economies.
  - id: b
    statement: Both gain enormously
    source: {id: article, paragraph: 4}
    test: {kind: gain, scenario: roadmap, countries: [IRN, BLR], at_least: "1%"}
    reading: We read "enormous" as 1 per cent of real income a year.
    whose: ours
  - id: c
    statement: Sanctions are an opportunity that must not be missed
    source: {id: article, paragraph: 7}
    outside: learning and new industries have no channel in the model, and no citable size
observed:
  - id: pair
    title: Goods trade of Iran and Belarus
    between: [IRN, BLR]
    series:
      - count: Iran's count
        setter: IRN
        rows:
          - {period: "1401", start: 2022-03-21, end: 2023-03-20, flows: {BLR-IRN: 43.7, IRN-BLR: 14.9}, source: article}
          - {period: "1402", start: 2023-03-21, end: 2024-03-19, flows: {BLR-IRN: 59, IRN-BLR: 20}, source: article}
      - count: Belarus's count
        setter: BLR
        rows:
          - {period: "2021", start: 2021-01-01, end: 2021-12-31, total: 33, source: article}
          - {period: "2022", start: 2022-01-01, end: 2022-12-31, total: 100.3, source: article}
          - {period: "2024", start: 2024-01-01, end: 2024-12-31, total: 113, source: article}
assumptions:
  - {id: lists, text: Which goods the two trade is an editable list from what officials named.}
leaves_out: [Payments, New kinds of goods]
"""
