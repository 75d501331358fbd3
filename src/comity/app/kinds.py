"""What each kind of measure brings when it is added from nothing: its size, and where the size comes from."""

from __future__ import annotations

from comity.scenario.schema import KINDS

# a row of sizes.csv, or the size itself where the user's own number is the size
ADDED: dict[str, dict[str, str]] = {
    "tariff": {"to": "0"},
    "export_tax": {"to": "0.1"},
    "ntb": {"size_of": "tfa-ex-ante"},
    "agreement": {"size_of": "fta-distant-pairs"},
    "border_time": {"size_of": "border-days-tfa", "per_day": "day-edb-2024-trade"},
    "corridor": {"size_of": "road-permit-days", "per_day": "day-edb-2024-trade"},
    "visa": {"size_of": "visa-two-sided-removed"},
    "sanction": {"size_of": "sanction-russia-2014-target-exports"},
    "productivity": {"hat": "1.01"},
    "transfer": {"million_usd": "100"},
    "embargo": {},
    "export_ban": {},
}
TITLES = {
    "tariff": "Tariff",
    "export_tax": "Export tax",
    "ntb": "Barriers that raise no revenue",
    "agreement": "Trade agreement",
    "border_time": "Time at the border",
    "corridor": "Transport corridor",
    "visa": "Visas of people who carry trade",
    "sanction": "Trade sanction",
    "productivity": "Productivity",
    "transfer": "Payment from one economy to another",
    "embargo": "Embargo on imports",
    "export_ban": "Ban on exports",
    "lifting": "A sanctions regime is lifted",
}
assert set(TITLES) == set(KINDS)
