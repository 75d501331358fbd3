"""CoalitionResult: every answer to a game as tidy tables, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from math import expm1
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.classifications.countries import name_of
from comity.coalition.around import Bystanders, Compared, Transfers
from comity.coalition.intervals import Intervals
from comity.coalition.numbers import as_json, key_numbers
from comity.coalition.potential import Potential
from comity.coalition.recovery import Recovered
from comity.coalition.solve_game import Theory, noise
from comity.coalition.stability import words
from comity.coalition.study import Measured, Spread, Study
from comity.outcomes.drawn import DrawnBand
from comity.outcomes.numbers import Number
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
    """A game solved on a world. `central` holds the central numbers, `spread` those of every combination of the range,
    `band` those of the joint draws; `no_band` says why there is none although it was expected.

    Tables: contributions, stability, core, partners, frontier, steps, transfers, bystanders, potential, recovered,
    published, counts, coalitions (exact games only). Money is million USD a year at base-year prices. Columns
    `..._band_low`, `..._band_high` are percentiles of the draws, `..._range_low`, `..._range_high` the extremes over
    the combinations; empty where there are none.
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
    band: DrawnBand | None = None
    no_band: str = ""

    @cached_property
    def intervals(self) -> Intervals:
        """What stands beside the numbers."""
        return Intervals(self.spread, self.band)

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

    def _table(self, table: str, /, **columns: Any) -> Table:
        return Table(table, {key: np.asarray(values) for key, values in columns.items()}, self)  # type: ignore[arg-type]

    @cached_property
    def contributions(self) -> Table:
        """What each member has and adds: its own gain, v({i}), v(N) - v(N - i), its Shapley value."""
        n, central, theory, beside = len(self.names), self.central, self.theory, self.intervals
        gain, base = central.gain[:n], central.base[:n]
        return self._table(
            "contributions", player=self.names, name=[player.label for player in self.study.table.members], gain=gain,
            **beside.columns("gain", "gain", gain), gain_pct=100 * gain / base, alone=central.alone,
            **beside.columns("alone", "alone", central.alone), last=central.last,
            **beside.columns("last", "last", central.last), shapley=theory.shapley,
            **beside.columns("shapley", "shapley", central.shapley), standard_error=theory.standard_error,
            share=theory.shapley / central.whole if central.whole else np.full(n, np.nan),
        )  # fmt: skip

    @cached_property
    def stability(self) -> Table:
        """Who would leave the grand coalition, and which candidate would join it, by its own payoff."""
        n, central, beside = len(self.names), self.central, self.intervals
        members, candidates = self.study.table.members, self.study.table.candidates
        columns = {
            key: np.concatenate([first, second])
            for (key, first), second in zip(
                beside.columns("", "stay", central.stay).items(),
                beside.columns("", "join", central.join).values(), strict=True,
            )
        }  # fmt: skip
        incentive = np.concatenate([central.stay, central.join])
        small = np.concatenate([noise(self.study), 1e-9 * central.base[n:]])
        verdict = [
            _verdict(k < n, incentive[k], {kind: (columns[f"{kind}_low"][k], columns[f"{kind}_high"][k])
                                           for kind in ("band", "range")}, small[k])
            for k in range(len(incentive))
        ]  # fmt: skip
        return self._table(
            "stability", player=[player.name for player in (*members, *candidates)],
            name=[player.label for player in (*members, *candidates)],
            role=["member"] * n + ["candidate"] * len(candidates),
            inside=np.concatenate([central.gain[:n], central.joined_gain]),
            outside=np.concatenate([central.left, central.gain[n:]]), incentive=incentive, **columns, verdict=verdict,
        )  # fmt: skip

    @cached_property
    def core(self) -> Table:
        """A division of v(N) to which no group objects (where the core is empty: to which they object least), with what
        each member has alone and adds on average. Empty where there is none to show."""
        centre, n = self.theory.core, len(self.names)
        members = self.study.table.members if centre is not None else ()
        point = centre.point if centre is not None else np.zeros(0)
        return self._table(
            "core", player=[player.name for player in members], name=[player.label for player in members],
            in_core=[centre is not None and not centre.empty] * len(members), receives=point,
            alone=self.central.alone[: len(members)], shapley=self.theory.shapley[: len(members)],
            lacking=[centre.excess if centre is not None and centre.empty else 0.0] * min(n, len(members)),
        )  # fmt: skip

    @cached_property
    def partners(self) -> Table:
        """Candidates by what they add to the value: the best next partner first."""
        central = self.central
        names = np.array([player.name for player in self.study.table.candidates], dtype=str)
        sign = -1.0 if self.game.players.value == "own-loss" else 1.0
        order = np.argsort(-sign * central.joined_value, kind="stable")
        beside = {
            **self.intervals.columns("adds", "joined_value", central.joined_value),
            **self.intervals.columns("own", "join", central.join),
        }
        over = {key: values[order] for key, values in beside.items() if "_range_" in key}  # candidates are not drawn
        return self._table(
            "partners", player=names[order], name=[self.study.table.candidates[k].label for k in order],
            adds=central.joined_value[order], own=central.join[order], members=central.welcome[order], **over,
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
        b, every = self.outside, self.central.variation
        columns = {key: ends[b.position] for key, ends in self.intervals.columns("", "variation", every).items()}
        low = self.intervals.shown("variation", every)[0][b.position]
        sure = np.where(np.isfinite(low), low, b.variation)
        return self._table(
            "bystanders", country=[self.world.countries[k] for k in b.position],
            name=[name_of(self.world.countries[k]) for k in b.position], variation=b.variation, **columns,
            per_cent=b.per_cent, trade_with_parties=b.with_parties, diverts=(sure > 0) & (b.with_parties > 0),
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
        rows, players = self.recovery, list(self.game.recovers)
        band = np.array(self.intervals.band_of("recovered", np.zeros(len(players))))
        # draws take every size: their band stands in the row of all sizes, where a ratio is given at all
        ends = [band[:, players.index(row.player)] if row.size == "all" and not row.reason else (np.nan, np.nan)
                for row in rows]  # fmt: skip
        over = [(row.low, row.high) if self.intervals.ranged else (np.nan, np.nan) for row in rows]
        return self._table(
            "recovered", player=[row.player for row in rows], name=[label_of(self, row.player) for row in rows],
            regime=[row.regime for row in rows], size=[row.size for row in rows], share=[row.share for row in rows],
            band_low=[low for low, _ in ends], band_high=[high for _, high in ends],
            range_low=[low for low, _ in over], range_high=[high for _, high in over],
            gain_pct=[_per_cent(row.gain) for row in rows], loss_pct=[_per_cent(row.loss) for row in rows],
            reason=[row.reason for row in rows],
        )  # fmt: skip

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
            name=[player.label for player in self.study.table.members] * len(rows),
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
        return key_numbers(self)

    def status(self, codes: list[str]) -> str:
        """observed or estimated: what the flows of these economies are in this world."""
        about = self.world.provenance.get("countries", {})
        found = [str(about.get(code, {}).get("flows", "not stated")) for code in codes]
        return next((word for word in ("estimated", "not stated") if word in found), "observed")

    def as_json(self) -> dict[str, Any]:
        """Settings, numbers and every table, in plain JSON types; a number that is none is null."""
        return as_json(self)

    def plot(self) -> Any:
        """The contributions with their ranges, as an Altair chart."""
        return self.contributions.plot()

    def _repr_html_(self) -> str:
        return self.contributions._repr_html_()

    def __repr__(self) -> str:
        return f"CoalitionResult of {self.game.id} on {self.world.name}: {len(self.names)} players"


def _verdict(member: bool, incentive: float, ends: dict[str, tuple[float, float]], small: float) -> str:
    """What a member or candidate would do; the band and the range must agree, where they exist."""
    if not np.isfinite(incentive):
        return "no number"
    if abs(incentive) <= small:
        return "indifferent"
    unsure = [kind for kind, (low, high) in ends.items() if low <= 0 <= high]
    if unsure:
        return f"cannot tell: the {' and the '.join(unsure)} straddle{'s' if len(unsure) == 1 else ''} zero"
    wants = incentive > 0
    if member:
        return "stays" if wants else "would leave"
    return "would join" if wants else "would not join"


def _per_cent(points: float) -> float:
    """A change of ln real income, times 100, as a change of real income in per cent."""
    return 100 * expm1(points / 100)


def label_of(result: CoalitionResult, name: str) -> str:
    """The plain name of a player."""
    players = {player.name: player.label for player in result.study.table.everyone}
    return players.get(name, name_of(name))
