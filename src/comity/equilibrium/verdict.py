"""Why an equilibrium cannot be reached: named refusals with a certificate that can be checked."""

from __future__ import annotations

import numpy as np

from comity.benchmark.world import World
from comity.equilibrium.problem import Problem
from comity.equilibrium.search import Found
from comity.errors import NoSolutionError, NotConvergedError, listing

BALANCE = 1e-9  # of world value added; a part of the world counts as balanced below this
NEAR_LIMIT = 0.75  # surplus / exports from which a surplus counts as what stopped the path
POOR = 0.5  # income / value added below which lost income counts as what stopped the path


FIXED = ("fixed-deficits", "balanced", "targets-balanced")  # closures under which deficits are given


def trade_can_balance(world: World, problem: Problem) -> None:
    """Raise NoSolutionError if the shock leaves deficits and transfers that no trade can carry: across a cut, or out of
    economies that may still buy from the others but sell nothing to them."""
    _parts_in_balance(world, problem)
    if len(problem.coalition) or (problem.closure not in FIXED and problem.deficit.any()):
        return
    if problem.changes.embargoed().any():
        _no_one_way_trade(world, problem)


def _no_one_way_trade(world: World, problem: Problem) -> None:
    """Economies that sell nothing outside their group can buy from outside only what deficits and transfers pay for."""
    count = len(world.countries)
    buys = np.asarray((problem.foreign[:, :count] > 0).any(axis=0))  # importer, exporter
    if (buys == buys.T).all():
        return
    reached = buys | np.eye(count, dtype=bool)
    while True:
        wider = (reached.astype(np.float64) @ reached) > 0
        if (wider == reached).all():
            break
        reached = wider
    net = problem.deficit + problem.changes.transfer
    for group in np.unique(reached.T, axis=0):  # whoever buys, at any remove, from one economy: sells to nobody else
        paid = net[group].sum()
        if buys[np.ix_(group, ~group)].any() and paid <= BALANCE * world.value_added.sum():
            members = np.flatnonzero(group)
            names = listing([world.countries[n] for n in members], 6)
            raise NoSolutionError(
                f"No solution: after the shock {names} may buy from the others but sell nothing to them, and have no "
                "trade deficit or transfer to pay with. Close both directions, or leave both open.",
                reason="one-way-trade",
                path_fraction=None,
                country=int(members[0]),
                measure=float(paid),
            )


def _parts_in_balance(world: World, problem: Problem) -> None:
    """Raise NoSolutionError if the shock cuts the world in parts whose deficits and transfers do not add to zero."""
    parts = problem.component.max() + 1
    if parts == 1:
        return
    net = problem.deficit + problem.changes.transfer
    sums = np.array([net[problem.component == part].sum() for part in range(parts)])
    bad = np.flatnonzero(np.abs(sums) > BALANCE * world.value_added.sum())
    if not len(bad):
        return
    part = int(bad[np.argmin([(problem.component == k).sum() for k in bad])])
    members = np.flatnonzero(problem.component == part)
    names = listing([world.countries[n] for n in members], 6)
    unit = world.money_unit or "units"
    raise NoSolutionError(
        f"No solution: the shock cuts {names} off from the rest, but a trade deficit of {sums[part]:.6g} {unit} would "
        "have to cross the cut. Closure 'balanced' or 'targets-balanced' (with these countries as targets) solves it.",
        reason="parts-out-of-balance",
        path_fraction=None,
        country=int(members[np.argmax(np.abs(net[members]))]),
        measure=float(sums[part]),
    )


def refusal(found: Found) -> NoSolutionError:
    """The error for a path that ended early: how far it got, which country binds, which closure would help."""
    world = found.problem.prepared.world
    n = len(world.countries)
    implied = found.implied
    earned = np.exp(found.state[:n]) * world.value_added
    richness = implied.income / earned
    net = implied.deficit + implied.transfer
    strain = np.where(net < 0, -net / np.maximum(implied.exports, 1e-300), 0.0)
    poorest, strained = int(np.argmin(richness)), int(np.argmax(strain))
    reached = f"an equilibrium exists up to {found.fraction:.1%} of the (log) shock"
    certificate = {"path_fraction": found.fraction, "residual": found.error}
    if strain[strained] >= NEAR_LIMIT:
        name = world.countries[strained]
        return NoSolutionError(
            f"No solution: {reached}. There what {name} owes to others (trade surplus and transfers) takes "
            f"{strain[strained]:.1%} of its exports and cannot be shipped. {_advice(found, strained)}",
            reason="surplus-exceeds-exports",
            country=strained,
            measure=float(strain[strained]),
            **certificate,
        )
    if richness[poorest] <= POOR:
        name = world.countries[poorest]
        return NoSolutionError(
            f"No solution: {reached}. There {name}'s income is down to {richness[poorest]:.1%} of its value added. "
            f"{_advice(found, poorest)}",
            reason="income-exhausted",
            country=poorest,
            measure=float(richness[poorest]),
            **certificate,
        )
    return NotConvergedError(
        f"Not converged: {reached}; lowest income / value added {richness[poorest]:.1%} ({world.countries[poorest]}), "
        f"highest surplus / exports {strain[strained]:.1%} ({world.countries[strained]}). "
        "Try a smaller shock or the closure 'balanced'.",
        path_fraction=found.fraction,
        country=poorest,
        measure=float(richness[poorest]),
        residual=found.error,
    )


def _advice(found: Found, country: int) -> str:
    """What to change, named after what actually drains the country's income at the stop."""
    problem, implied = found.problem, found.implied
    subsidised = bool((problem.tariff[:, country] < 0).any() or (problem.export_tax[:, :, country] < 0).any())
    advice = []
    if subsidised:
        advice.append("Use smaller subsidies (negative tariffs or export taxes).")
    if implied.transfer[country] < 0:
        advice.append("Use a smaller transfer.")
    if implied.deficit[country] < 0:
        advice.append("Closure 'balanced' or 'targets-balanced' takes its trade surplus out before the shock.")
    return " ".join(advice) or "Use a smaller shock."
