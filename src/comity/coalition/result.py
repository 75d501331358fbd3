"""CoalitionResult: every answer to a game as tidy tables, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.classifications.countries import name_of
from comity.coalition.around import Bystanders, Compared, Transfers
from comity.coalition.potential import Potential
from comity.coalition.recovery import Recovered
from comity.coalition.solve_game import Theory, noise
from comity.coalition.stability import words
from comity.coalition.study import Measured, Spread, Study
from comity.outcomes.numbers import SCHEMA_VERSION, Number
from comity.outcomes.simulate import Table as OutcomesTable

Array = NDArray[np.float64]
MONEY = "million USD a year"


class Table(OutcomesTable):
    """A tidy table of a game; `.plot()` draws it."""

    def plot(self) -> Any:
        """An Altair chart of this table. Raises InputError where a table has none."""
        # drawing is a later stage: looked up only when asked for
        return import_module("comity.report.coalition_figures").plot_table(self)


@dataclass(frozen=True)
class OnOtherCount:
    """The game on another partner's statistics: name, and each member's gain and Shapley value there."""

    name: str
    gain: Array
    shapley: Array
    whole: float


@dataclass(frozen=True, eq=False)
class CoalitionResult:
    """A game solved on a world. `central` holds the central numbers, `spread` those of every combination of the range.

    Tables: contributions, stability, partners, frontier, steps, stable_sets, transfers, bystanders, potential,
    recovered, published, counts, coalitions (exact games only). Money is million USD a year at base-year prices.
    """

    study: Study
    central: Measured
    spread: Spread
    theory: Theory
    transferred: Transfers
    outside: Bystanders
    yardsticks: tuple[Potential, ...]
    recovery: tuple[Recovered, ...]
    comparison: tuple[Compared, ...]
    other_counts: tuple[OnOtherCount, ...]
    count: str
    notes: tuple[str, ...]
    solved: int

    @property
    def game(self) -> Any:
        """The CoalitionGame."""
        return self.study.game

    @property
    def world(self) -> Any:
        """The world that was asked for; the game is measured against `study.reference.world`."""
        return self.study.world

    @property
    def names(self) -> list[str]:
        """Names of the members."""
        return [player.name for player in self.study.table.members]

    def _table(self, name: str, **columns: Any) -> Table:
        return Table(name, {key: np.asarray(values) for key, values in columns.items()}, self)  # type: ignore[arg-type]

    @cached_property
    def contributions(self) -> Table:
        """What each member has and adds: its own gain, v({i}), v(N) - v(N - i), its Shapley value."""
        n, over, central, theory = len(self.names), self.spread, self.central, self.theory
        ends = {
            name: [end[:n] for end in over.of(name)] for name in ("gain", "alone", "last", "shapley")
        }  # fmt: skip
        base = central.base[:n]
        return self._table(
            "contributions", player=self.names, gain=central.gain[:n], gain_low=ends["gain"][0],
            gain_high=ends["gain"][1], gain_pct=100 * central.gain[:n] / base, alone=central.alone,
            alone_low=ends["alone"][0], alone_high=ends["alone"][1], last=central.last, last_low=ends["last"][0],
            last_high=ends["last"][1], shapley=theory.shapley, shapley_low=ends["shapley"][0],
            shapley_high=ends["shapley"][1], standard_error=theory.standard_error,
            share=theory.shapley / central.whole if central.whole else np.full(n, np.nan),
        )  # fmt: skip

    @cached_property
    def stability(self) -> Table:
        """Who would leave the grand coalition, and which candidate would join it, by its own payoff."""
        n, over, central = len(self.names), self.spread, self.central
        candidates = [player.name for player in self.study.table.candidates]
        low, high = (np.concatenate(ends) for ends in zip(over.of("stay"), over.of("join"), strict=True))
        incentive = np.concatenate([central.stay, central.join])
        small = np.concatenate([noise(self.study), 1e-9 * central.base[n:]])
        verdict = [
            _verdict(k < n, incentive[k], low[k], high[k], small[k]) for k in range(len(incentive))
        ]  # fmt: skip
        return self._table(
            "stability", player=[*self.names, *candidates], role=["member"] * n + ["candidate"] * len(candidates),
            inside=np.concatenate([central.gain[:n], central.joined_gain]),
            outside=np.concatenate([central.left, central.gain[n:]]), incentive=incentive, low=low, high=high,
            verdict=verdict,
        )  # fmt: skip

    @cached_property
    def partners(self) -> Table:
        """Candidates by what they add to the value: the best next partner first."""
        central = self.central
        names = np.array([player.name for player in self.study.table.candidates], dtype=str)
        sign = -1.0 if self.game.players.value == "own-loss" else 1.0
        order = np.argsort(-sign * central.joined_value, kind="stable")
        low, high = self.spread.of("joined_value")
        own_low, own_high = self.spread.of("join")
        return self._table(
            "partners", player=names[order], adds=central.joined_value[order], adds_low=low[order],
            adds_high=high[order], own=central.join[order], own_low=own_low[order], own_high=own_high[order],
            members=central.welcome[order],
        )  # fmt: skip

    @cached_property
    def steps(self) -> Table:
        """The greedy order: who joins next, what that adds, and what it costs the one who joins."""
        steps = self.theory.steps
        adds, cost = np.array([s.benefit for s in steps]), np.array([s.cost for s in steps])
        ratio = np.divide(adds, cost, out=np.full(len(steps), np.nan), where=cost > 0)
        return self._table(
            "steps", step=np.arange(1, len(steps) + 1), player=[self.names[s.player] for s in steps], adds=adds,
            own_cost=cost, ratio=ratio, so_far=np.cumsum(adds),
        )  # fmt: skip

    @cached_property
    def coalitions(self) -> Table:
        """Every coalition: value, own loss and target loss. Empty where they are not enumerated."""
        if not self.study.exact:
            return self._table("coalitions", coalition=[], size=[], value=[], own_loss=[], target_loss=[])
        rows, v = self.study.every, self.study.v
        return self._table(
            "coalitions", coalition=[words(k, self.names) for k in range(v.size)],
            size=rows.masks.sum(axis=1), value=v, own_loss=rows.own_loss, target_loss=rows.target_loss,
        )  # fmt: skip

    @cached_property
    def frontier(self) -> Table:
        """Coalitions nobody beats: target loss against own loss; for cooperation joint gain against size. Where they
        are not enumerated, those of the greedy order."""
        if self.theory.frontier is not None:
            chosen = list(self.theory.frontier)
            table = self.coalitions
            columns = {name: values[chosen] for name, values in table.columns.items()}
            return self._table("frontier", **columns)
        steps = self.steps.columns
        taken = [" + ".join(steps["player"][: k + 1]) for k in range(len(steps["player"]))]
        own = np.array([-step.joint for step in self.theory.steps])
        return self._table(
            "frontier", coalition=taken, size=steps["step"], value=steps["so_far"], own_loss=own,
            target_loss=steps["so_far"],
        )  # fmt: skip

    @cached_property
    def transfers(self) -> Table:
        """Transfers that give every member one common change of real income."""
        n, central = len(self.names), self.central
        return self._table(
            "transfers", player=self.names, received=self.transferred.received,
            before_pct=100 * central.gain[:n] / central.base[:n], after_pct=np.full(n, self.transferred.common),
        )  # fmt: skip

    @cached_property
    def bystanders(self) -> Table:
        """Third countries, largest effect first."""
        b = self.outside
        return self._table(
            "bystanders", country=[self.world.countries[k] for k in b.position], variation=b.variation, low=b.low,
            high=b.high, per_cent=b.per_cent, trade_with_parties=b.with_parties, diverts=b.diverts,
        )  # fmt: skip

    @cached_property
    def potential(self) -> Table:
        """What could be had, and the share of it that the coalition reaches."""
        y = self.yardsticks
        return self._table(
            "potential", yardstick=[p.name for p in y], value=[p.value for p in y], share=[p.share for p in y],
            reason=[p.reason for p in y],
        )  # fmt: skip

    @cached_property
    def recovered(self) -> Table:
        """Share of what a regime costs a member that the coalition wins back, by size of the coalition's measures."""
        fields = ("player", "regime", "size", "share", "low", "high", "gain", "loss", "reason")
        return self._table("recovered", **{name: [getattr(row, name) for row in self.recovery] for name in fields})

    @cached_property
    def published(self) -> Table:
        """Published results beside ours."""
        fields = ("what", "published", "ours", "rank", "where", "why")
        return self._table("published", **{name: [getattr(row, name) for row in self.comparison] for name in fields})

    @cached_property
    def counts(self) -> Table:
        """Gains and Shapley values on every statistical count of the members' trade."""
        first = OnOtherCount(self.count, self.central.gain[: len(self.names)], self.theory.shapley, self.central.whole)
        rows = [first, *self.other_counts] if self.count else []
        return self._table(
            "counts", count=[row.name for row in rows for _ in self.names], player=self.names * len(rows),
            gain=[value for row in rows for value in row.gain],
            shapley=[value for row in rows for value in row.shapley],
        )  # fmt: skip

    def _agreed(self, role: str, mover: str) -> bool | None:
        """True if nobody of a role would move; None where the range straddles zero for somebody and nobody moves."""
        rows = [row for row in self.stability.rows if row.role == role]
        if any(row.verdict == mover for row in rows):
            return False
        return None if any(row.verdict not in ("stays", "would not join", "indifferent") for row in rows) else True

    @property
    def internally_stable(self) -> bool | None:
        """True if no member gains by leaving the grand coalition, in the whole range."""
        return self._agreed("member", "would leave")

    @property
    def externally_stable(self) -> bool | None:
        """True if no candidate gains by joining, in the whole range; True without candidates."""
        return self._agreed("candidate", "would join")

    def key_numbers(self) -> list[Number]:
        """Gains, contributions and Shapley values of the members, the value of the whole, shares recovered."""
        year, found = self.world.base_year, []
        ends = [float(end) for end in self.spread.of("whole")]
        found.append(Number(f"value ({self.game.players.value})", "all members", self.central.whole, ends[0], ends[1],
                            "range", MONEY, year, self.status(self.names)))  # fmt: skip
        for row in self.contributions.rows:
            about = self.status([row.player])
            for name, key in (("equivalent variation", "gain"), ("alone", "alone"), ("last to join", "last")):
                low, high = getattr(row, f"{key}_low"), getattr(row, f"{key}_high")
                found.append(Number(name, row.player, getattr(row, key), low, high, "range", MONEY, year, about))
            ranged = np.isfinite(row.shapley_low)
            found.append(Number("Shapley value", row.player, row.shapley, row.shapley_low if ranged else None,
                                row.shapley_high if ranged else None, "range" if ranged else "none", MONEY, year,
                                about))  # fmt: skip
        found += [
            Number("share of the regime's loss recovered", row.player, 100 * row.share, 100 * row.low, 100 * row.high,
                   "range", "per cent", year, self.status([row.player]))
            for row in self.recovery if row.size == "all" and np.isfinite(row.share)
        ]  # fmt: skip
        return found

    def status(self, codes: list[str]) -> str:
        """observed or estimated: what the flows of these economies are in this world."""
        about = self.world.provenance.get("countries", {})
        found = [str(about.get(code, {}).get("flows", "not stated")) for code in codes]
        return next((word for word in ("estimated", "not stated") if word in found), "observed")

    def as_json(self) -> dict[str, Any]:
        """Settings, numbers and every table, in plain JSON types; a number that is none is null."""
        theory = self.theory
        centre = None
        if theory.core is not None:
            centre = {
                "empty": theory.core.empty,
                "excess": theory.core.excess,
                "point": dict(zip(self.names, theory.core.point.tolist(), strict=True)),
            }
        tables = ("contributions", "stability", "partners", "frontier", "steps", "transfers", "bystanders",
                  "potential", "recovered", "published", "counts", "coalitions")  # fmt: skip
        return {
            "schema_version": SCHEMA_VERSION,
            "game": self.game.id,
            "value": self.game.players.value,
            "world": self.world.name,
            "elasticities": self.study.choice.elasticities,
            "closure": self.study.choice.closure,
            "exact": self.study.exact,
            "orders": theory.sampled.orders if theory.sampled else None,
            "seed": theory.sampled.seed if theory.sampled else None,
            "combinations": self.spread.tried,
            "without_solution": [f"{choice}: {reason}" for choice, reason in self.spread.refused],
            "core": centre,
            "internally_stable": self.internally_stable,
            "externally_stable": self.externally_stable,
            "stable_coalitions": [words(k, self.names) for k in theory.stable_sets or ()],
            "notes": list(self.notes),
            "numbers": [_plain(number.as_dict()) for number in self.key_numbers()],
            "tables": {name: [_plain(vars(row)) for row in getattr(self, name).rows] for name in tables},
        }

    def plot(self) -> Any:
        """The contributions with their ranges, as an Altair chart."""
        return self.contributions.plot()

    def _repr_html_(self) -> str:
        return self.contributions._repr_html_()

    def __repr__(self) -> str:
        return f"CoalitionResult of {self.game.id} on {self.world.name}: {len(self.names)} players"


def _verdict(member: bool, incentive: float, low: float, high: float, small: float) -> str:
    """What a member or candidate would do; the range must agree."""
    if not np.isfinite(incentive):
        return "no number"
    if abs(incentive) <= small:
        return "indifferent"
    wants = incentive > 0
    if (low <= 0 <= high) and low != high:
        return "cannot tell: the range straddles zero"
    if member:
        return "stays" if wants else "would leave"
    return "would join" if wants else "would not join"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}


def label_of(result: CoalitionResult, name: str) -> str:
    """The plain name of a player."""
    players = {player.name: player.label for player in result.study.table.everyone}
    return players.get(name, name_of(name))
