"""What a coalition game says in the terminal: one page of plain sentences."""

from __future__ import annotations

import numpy as np

from comity.coalition.result import CoalitionResult, label_of
from comity.coalition.stability import words
from comity.outcomes.simulate import label
from comity.report.coalition_words import (
    RANGE,
    amount,
    brackets,
    ends,
    figure,
    heading,
    in_per_cent,
    method_lines,
    of_kind,
    regime_title,
    said,
    whole_ends,
)
from comity.report.words import joined, money, plain

VALUES = {
    "joint-gain": "joint gain of the members",
    "target-loss": "loss of the target",
    "own-loss": "loss of the members",
}
SHOWN = 10  # members in the terminal
Lines = list[str]


def summary(result: CoalitionResult) -> str:
    """The answers on one page: worth, contributions, stability, what is recovered, who else is touched."""
    parts = [
        headline(result),
        worth_sentence(result),
        "",
        *member_lines(result),
        "",
        "Does it hold?",
        *(f"  {line}" for line in stability_lines(result)),
        "",
        *recovered_lines(result),
        *partner_lines(result),
        *potential_lines(result),
        *bystander_lines(result),
        *published_lines(result),
        "What these figures rest on:",
        *(f"  {line}" for line in honesty_lines(result)),
    ]
    return "\n".join(parts)


def headline(result: CoalitionResult) -> str:
    """Title and settings."""
    study, world = result.study, result.world
    taking = f", {study.table.complete}" if study.table.complete else ""
    return (
        f"{result.game.title}\n{world.name}: {len(world.countries)} economies x {len(world.sectors)} sectors, "
        f"{study.n} players{taking}, value: {VALUES[result.game.players.value]}, elasticities "
        f"{study.choice.elasticities}, closure {study.choice.closure}"
    )


def worth_sentence(result: CoalitionResult) -> str:
    """What the grand coalition is worth, in words."""
    central, table = result.central, result.study.table
    if result.game.players.value == "joint-gain":
        between = said(result, whole_ends(result, "whole"), sign=True)
        verb = "gain" if central.whole >= 0 else "lose"
        least = f" ({between})" if between else ""
        return f"Together the members would {verb} {money(abs(central.whole))} a year{least}."
    targets = joined([label(result.world.countries[k]) for k in table.targets])
    base = float(result.study.reference.world.income[list(table.targets)].sum())
    own = central.own_loss
    ratio = f": {plain(central.target_loss / own, 2)} USD for each USD of their own" if own > 0 else ""
    taken, paid = (said(result, whole_ends(result, name)) for name in ("target_loss", "own_loss"))
    return (
        f"Together the members would take {money(central.target_loss)} a year from {targets} "
        f"({plain(100 * central.target_loss / base, 2)} % of real income{'; ' + taken if taken else ''}), at a loss of "
        f"{money(own)} to themselves{f' ({paid})' if paid else ''}{ratio}."
    )


def member_lines(result: CoalitionResult) -> Lines:
    """Own gain, Shapley value and contribution of each member, largest Shapley value first."""
    rows = sorted(result.contributions.rows, key=lambda row: -np.nan_to_num(row.shapley))
    shown = rows[:SHOWN]
    wide = max(len(row.name) for row in shown)
    lines = [f"  {'':<{wide}}  {'own gain, million USD a year':<34}{'per cent':>9}  {'Shapley value':>17}  adds last"]
    for row in shown:
        own = amount(row.gain, ends(row, "gain"), sign=True)
        share = f"{plain(row.gain_pct, 3, sign=True)}"
        error = f" (+-{plain(row.standard_error, 2)})" if row.standard_error > 0 else ""
        average = plain(row.shapley, 1) + error if np.isfinite(row.shapley) else "no number"
        last = figure(row.last, ends(row, "last"))
        lines.append(f"  {row.name:<{wide}}  {own:<34}{share:>9}  {average:>17}  {last}")
    rest = rows[SHOWN:]
    if rest:
        total, added = sum(row.gain for row in rest), sum(row.shapley for row in rest)
        lines.append(f"  {len(rest)} more members together: {money(total, sign=True)}, adding {plain(added, 0)}")
    method = "exact over all coalitions"
    if result.theory.sampled is not None:
        sampled = result.theory.sampled
        method = f"from {sampled.orders} random orders, seed {sampled.seed}, standard error beside it"
    inside = brackets(result)
    lines.append(
        f"  {'Brackets: ' + inside if heading(result) else inside.capitalize()}. Adds last: what the value would lack "
        f"without this member. Shapley value: what it adds on average, over all orders in which members could join; "
        f"{method}."
    )
    return lines


def stability_lines(result: CoalitionResult) -> Lines:
    """Internal and external stability, the core, transfers, other stable coalitions."""
    theory = result.theory
    by = {
        word: [label_of(result, row.player) for row in result.stability.rows if row.verdict == word]
        for word in ("would leave", "would join")
    }
    unsure = [label_of(result, r.player) for r in result.stability.rows if r.verdict.startswith("cannot tell")]
    tried = "the band or the range" if result.band is not None else "the range"
    alone = "" if result.intervals.ranged or result.band is not None else " (at central values: nothing else was tried)"
    lines = []
    if by["would leave"]:
        lines.append(
            f"Not internally stable{alone}: {_listed(by['would leave'])} would be better off leaving, if nothing else "
            "kept them."
        )
    elif result.internally_stable:
        lines.append(f"Internally stable{alone}: no member would be better off leaving.")
    else:
        lines.append(f"Internally stable at central values only: {tried} straddles zero for some members.")
    if result.study.table.candidates:
        if by["would join"]:
            lines.append(f"Not externally stable{alone}: {_listed(by['would join'])} would be better off joining.")
        elif result.externally_stable:
            lines.append(f"Externally stable{alone}: no candidate would be better off joining.")
    if unsure:
        lines.append(f"Cannot tell ({tried} straddles zero): {_listed(unsure)}.")
    if theory.core is not None:
        lines += _core_lines(result)
    elif theory.why_not:
        lines.append(f"Core: no number. {theory.why_not}.")
    if theory.stable_sets is not None:
        found = [words(k, labels(result)) for k in theory.stable_sets if k]
        named = "; ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
        lines.append(f"Coalitions among the players that are stable both ways: {named or 'none'}.")
    if np.isfinite(result.transferred.common):
        moved = float(np.abs(result.transferred.received).sum() / 2)
        lines.append(
            f"Equal shares: transfers of {money(moved)} a year in all would give every member "
            f"{plain(result.transferred.common, 4, sign=True)} %."
        )
    return lines


def _core_lines(result: CoalitionResult) -> Lines:
    centre = result.theory.core
    assert centre is not None
    if centre.empty:
        who = "; ".join(words(k, labels(result)) for k in centre.tightest[:2])
        return [f"The core is empty: however the value is divided, some group lacks {money(centre.excess)} ({who})."]
    point = ", ".join(
        f"{label_of(result, name)} {plain(value, 1)}" for name, value in zip(result.names, centre.point, strict=True)
    )
    return [f"The core is not empty; a division no group objects to: {point}."]


def labels(result: CoalitionResult) -> list[str]:
    """Plain names of the members."""
    return [player.label for player in result.study.table.members]


def _listed(names: list[str], most: int = 6) -> str:
    return joined(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def recovered_lines(result: CoalitionResult) -> Lines:
    """How much of the regimes' loss the members win back."""
    if not result.recovery:
        return []
    kind = "band" if np.isfinite(result.recovered.columns["band_low"]).any() else (
        "range" if result.intervals.ranged else "none"
    )  # fmt: skip
    lines = [f"How much of the sanctions' loss it recovers ({of_kind(result, kind)}):"]
    for row in result.recovered.rows:
        if row.size != "all":
            continue
        if not np.isfinite(row.share):
            lines.append(f"  {row.name}: no number ({row.reason}).")
            continue
        sizes = {other.size: other.share for other in result.recovery if other.player == row.player}
        between = ends(row)
        inside = "" if between is None else f" [{plain(100 * between[0], 1)}, {plain(100 * between[1], 1)}]"
        steps = ""
        if np.isfinite(sizes["low"]) and np.isfinite(sizes["high"]):
            steps = (
                f"; {plain(100 * sizes['low'], 1)} % with the coalition's measures at their low size, "
                f"{plain(100 * sizes['high'], 1)} % at the high one"
            )
        brings, costs = in_per_cent(row.gain_pct), in_per_cent(row.loss_pct)
        lines.append(
            f"  {row.name}: {plain(100 * row.share, 1)} %{inside}. The coalition brings it {brings} of real income, "
            f"lifting {regime_title(row.regime, result.game)} would bring {costs}{steps}."
        )
    lines.append("  The share is the ratio of the two changes of real income, in logarithms so that gains and losses "
                 "count alike.")  # fmt: skip
    return [*lines, ""]


def partner_lines(result: CoalitionResult) -> Lines:
    """The best next partners."""
    rows = result.partners.rows[:5]
    if not rows:
        return []
    what = f" ({RANGE}; candidates are not drawn)" if result.intervals.ranged else ""
    lines = [f"Who would add most by joining{what}:"]
    lines += [
        f"  {row.name}: {amount(row.adds, ends(row, 'adds'), sign=True)} a year; itself "
        f"{money(row.own, sign=True)}, present members {money(row.members, sign=True)}"
        for row in rows
    ]
    return [*lines, ""]


def potential_lines(result: CoalitionResult) -> Lines:
    """Shares of what could be had."""
    if not result.yardsticks:
        return []
    verb = "bring" if result.game.players.value == "joint-gain" else "take"
    lines = ["How much of what could be had:"]
    for row in result.yardsticks:
        value = f" ({money(row.value)} a year)" if np.isfinite(row.value) else ""
        if np.isfinite(row.share):
            lines.append(f"  {plain(100 * row.share, 1)} % of what {row.name} would {verb}{value}")
        else:
            lines.append(f"  no number of what {row.name} would {verb} ({row.reason}){value}")
    return [*lines, ""]


def bystander_lines(result: CoalitionResult) -> Lines:
    """Third countries: gains, losses, diversion, compensation."""
    rows = result.bystanders.rows
    sure = [(row, ends(row) or (row.variation, row.variation)) for row in rows]
    gains = [row for row, (low, _) in sure if low > 0][:3]
    losses = [row for row, (_, high) in sure if high < 0][:3]
    lines = [f"Outside the coalition ({brackets(result)}):"]
    for title, chosen in (("gain", gains), ("lose", losses)):
        named = "; ".join(
            f"{label(row.country)} {amount(row.variation, ends(row), sign=True)}"
            f"{', trading more with it' if row.diverts else ''}"
            for row in chosen
        )
        if named:
            lines.append(f"  {title}: {named}")
    enough = {True: ", less than the members gain", False: ", more than the members gain", None: ""}
    needed = money(result.outside.compensation)
    lines.append(f"  To compensate every loss outside: {needed} a year{enough[result.outside.enough]}.")
    return [*lines, ""]


def published_lines(result: CoalitionResult) -> Lines:
    """Published results beside ours."""
    if not result.comparison:
        return []
    lines = ["Beside published results (why they differ: the report):"]
    for row in result.comparison:
        rank = f" (rank correlation {plain(row.rank, 1)})" if np.isfinite(row.rank) else ""
        lines.append(f"  {row.what}: published {row.published}; here {row.ours}{rank}")
    return [*lines, ""]


def honesty_lines(result: CoalitionResult) -> Lines:
    """Estimates, what is left out, both counts, the range, the number of equilibria."""
    about = result.world.provenance.get("countries", {})
    codes = [*result.names, *(result.world.countries[k] for k in result.study.table.targets)]
    lines = [
        f"{label(code)} is estimated: built from public totals, its sector detail is not observed."
        for code in codes
        if about.get(code, {}).get("flows") == "estimated"
    ]
    own = money(float(result.central.gain[: result.study.n].sum()), sign=True)
    lines += [
        f"On {other.name} the members would gain {money(float(other.gain.sum()), sign=True)} a year, on {result.count} "
        f"{own}."
        for other in result.other_counts
    ]
    lines += result.notes
    lines += method_lines(result)
    lines.append(f"{plain(result.solved, 0)} equilibria at central values.")
    lines.append("Economies outside keep their policies. Static, long run: no growth, finance or adjustment.")
    return lines
