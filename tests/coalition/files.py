"""Game files the tests share, on the labelled world: IRN BLR RUS CHN ROW."""

from __future__ import annotations

FRONT = """\
schema: 1
type: coalition
id: front
title: A front of four
players:
  members: [IRN, BLR, RUS, CHN]
  value: joint-gain
sources:
  - {id: us, title: Our own}
measures:
  - id: pairs
    kind: agreement
    between: players
    not_within: [Union State]
    size: {trade_ratio: {low: 1.2, central: 1.5, high: 2}}
    source: us
"""
SENDERS = """\
schema: 1
type: coalition
id: senders
title: Three against one
targets: [IRN]
players:
  members: [BLR, RUS]
  value: target-loss
  candidates: [CHN]
measures:
  - id: imports
    kind: tariff
    importers: players
    exporters: [IRN]
    size: {change: 0.3}
  - id: exports
    kind: export_ban
    importers: [IRN]
    exporters: players
    sectors: [MACH]
"""
CLUB = """\
schema: 1
type: coalition
id: club
title: A duty on everybody outside
players:
  members: [IRN, BLR, RUS]
  value: joint-gain
measures:
  - id: duty
    kind: tariff
    importers: players
    exporters: [outsiders, ROW]
    size: {change: 0.1}
"""
UNION = """\
schema: 1
type: coalition
id: union
title: A union and two others
players:
  members: [Union State, IRN, CHN]
  acting_as_one: [Union State]
  value: joint-gain
measures:
  - id: pairs
    kind: ntb
    between: players
    size: {cost_change: -0.1}
"""
