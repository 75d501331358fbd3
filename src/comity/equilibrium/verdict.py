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


def parts_in_balance(world: World, problem: Problem) -> None:
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
