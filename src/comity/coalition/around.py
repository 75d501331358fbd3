"""Around a coalition: transfers inside it, what happens to third countries, and how published results compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comity.classifications.countries import name_of
from comity.coalition.potential import Potential
from comity.coalition.study import Measured, Spread, Study
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import solve
from comity.errors import NoSolutionError
from comity.outcomes.ranges import goods_flows

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Transfers:
    """Transfers inside the grand coalition that give every member one common change of real income.

    received (n,) million USD a year, adding to zero; common : that change in per cent; reason : why there are none."""

    received: Array
    common: float
    reason: str = ""


def grand(study: Study) -> Solution:
    """The equilibrium under the grand coalition. Raises NoSolutionError."""
    mask = np.arange(len(study.table.everyone)) < study.n
    shock = study.rules.shock(mask) or Shock()
    return solve(study.reference.world, shock, closure=study.choice.closure, targets=study.evaluator.target_codes())


def transfers(study: Study) -> Transfers:
    """Equalising transfers (Chowdhry, Hinz, Kamin and Wanner, 2024; docs/model.md, closures)."""
    world, members = study.reference.world, study.table.members
    codes = [world.countries[k] for player in members for k in player.positions]
    mask = np.arange(len(study.table.everyone)) < study.n
    try:
        found = solve(world, study.rules.shock(mask) or Shock(), closure=study.choice.closure, equalise=codes,
                      targets=study.evaluator.target_codes())  # fmt: skip
    except NoSolutionError as refusal:
        return Transfers(np.full(study.n, np.nan), float("nan"), str(refusal))
    received = np.array([found.transfer_new[list(player.positions)].sum() for player in members])
    return Transfers(received, 100 * float(found.real_income_hat[world.country(codes[0])] - 1))


@dataclass(frozen=True, eq=False)
class Bystanders:
    """Third countries under the grand coalition, million USD a year, largest effect first.

    position : in the world; variation with low and high over the range; per_cent of real income
    with_parties (B,) : change of goods trade, both ways, with the targets (with the members where there are none);
    diverts : gains in the whole range, while that trade grows
    compensation : what the losing ones would have to be given together; enough : whether the members' gain covers it
    (None for senders, who impose a cost)
    """

    position: NDArray[np.intp]
    variation: Array
    low: Array
    high: Array
    per_cent: Array
    with_parties: Array
    compensation: float
    enough: bool | None

    @property
    def diverts(self) -> NDArray[np.bool_]:
        return (self.low > 0) & (self.with_parties > 0)


def bystanders(study: Study, central: Measured, over: Spread) -> Bystanders:
    """Who gains and who loses outside."""
    world = study.reference.world
    inside = np.zeros(len(world.countries), dtype=bool)
    for player in study.table.members:
        inside[list(player.positions)] = True
    parties = inside.copy()
    parties[list(study.table.targets)] = True
    low, high = over.of("variation")
    before, after = goods_flows(grand(study))
    change = after - before
    partners = parties if not study.table.targets else np.isin(np.arange(len(parties)), study.table.targets)
    traded = change[:, partners].sum(axis=1) + change[partners].sum(axis=0)
    outside = np.flatnonzero(~parties)
    order = outside[np.argsort(-np.abs(central.variation[outside]), kind="stable")]
    losses = float(-np.minimum(central.variation[outside], 0.0).sum())
    joint = study.game.players.value == "joint-gain"
    return Bystanders(
        position=order,
        variation=central.variation[order],
        low=low[order],
        high=high[order],
        per_cent=100 * (central.hat[order] - 1),
        with_parties=traded[order],
        compensation=losses,
        enough=bool(central.whole >= losses) if joint else None,
    )


@dataclass(frozen=True)
class Compared:
    """A published result beside ours. rank : Spearman's correlation of an ordering, nan for a figure."""

    what: str
    published: str
    ours: str
    rank: float
    where: str
    why: str


def compared(study: Study, central: Measured, yardsticks: list[Potential]) -> list[Compared]:
    """Every published result of the file beside ours."""
    rows = []
    for row in study.game.published:
        if row.of is not None:
            ordering, among = _ordering(study, central, row.of)
            known = [code for code in row.order if code in ordering]
            ranks = [ordering.index(code) for code in known]
            ours = ", ".join(f"{name_of(code)} {ordering.index(code) + 1}" for code in known) + f" of {among}"
            first = sum(rank < len(row.order) for rank in ranks)
            ours += f"; {first} of {len(row.order)} among our first {len(row.order)}"
            lacking = [code for code in row.order if code not in ordering]
            ours += f"; not in this world: {', '.join(map(name_of, lacking))}" if lacking else ""
            shown = ", ".join(map(name_of, row.order))
            rows.append(Compared(f"order of {row.of}", shown, ours, spearman(ranks), row.where, row.why))
            continue
        assert row.figure is not None and row.number is not None
        value = _figure(study, central, yardsticks, row.figure, row.player)
        ours = "no number" if value is None or not np.isfinite(value) else f"{100 * value:.2f} %"
        what = row.figure.replace("-", " ") + (f" ({name_of(row.player)})" if row.player else "")
        rows.append(Compared(what, f"{100 * row.number:g} %", ours, float("nan"), row.where, row.why))
    return rows


def spearman(ranks: list[int]) -> float:
    """Rank correlation of an ordering (places in ours, in the published order) with 0, 1, 2, ...; nan below two."""
    n = len(ranks)
    if n < 2:
        return float("nan")
    place = np.argsort(np.argsort(ranks))
    return float(1 - 6 * ((place - np.arange(n)) ** 2).sum() / (n * (n * n - 1)))


def _ordering(study: Study, central: Measured, what: str) -> tuple[list[str], int]:
    members, candidates = study.table.members, study.table.candidates
    if what == "partners":
        order = np.argsort(-central.joined_value, kind="stable")
        return [candidates[k].name for k in order], len(candidates)
    size = central.last if what == "contributions" else -central.gain[: study.n] / central.base[: study.n]
    return [members[k].name for k in np.argsort(-size, kind="stable")], study.n


def _figure(
    study: Study, central: Measured, yardsticks: list[Potential], figure: str, player: str | None
) -> float | None:
    """One of our figures as a share."""
    if figure == "target-loss":
        base = study.reference.world.income[list(study.table.targets)].sum()
        return central.target_loss / float(base)
    if figure == "share-of-global-regime":
        return yardsticks[1].share
    if figure in ("share-of-embargo", "share-of-global-embargo"):
        return yardsticks[2 if "global" in figure else 0].share
    if figure == "coalition-over-alone":
        return central.whole / float(central.alone.sum()) - 1
    codes = [candidate.name for candidate in study.table.candidates]
    return float(central.joined_value[codes.index(player)]) / central.whole if player in codes else None
