"""How much of what a regime costs a cooperation wins back.

A regime in the base year: (ln W[coop] - ln W[bench]) / (ln W[lifted] - ln W[bench]); a regime that is imposed:
(ln W[S+coop] - ln W[S]) / (-ln W[S]). W is real income. Numerator and denominator come from the same elasticity set,
closure and benchmark; the regime and the cooperation each take their three sizes. No ratio where the range of the
denominator includes 0 or begins below 0.01 per cent.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.classifications.countries import spoken
from comity.dossier.amounts import amount
from comity.dossier.claims import bounded, by_count, is_upper, named
from comity.dossier.combinations import (
    PER_CENT,
    Quantity,
    Ready,
    exact,
    judge,
    labelled,
    on_label,
)
from comity.dossier.runs import Runs, Solved
from comity.dossier.schema import Claim, RecoveredTest
from comity.dossier.verdicts import CANNOT_TELL, NOT_SUPPORTED, SUPPORTED, Figure, Verdict
from comity.equilibrium.batch import solve_each
from comity.equilibrium.solution import Solution
from comity.errors import InputError
from comity.outcomes.numbers import Number
from comity.outcomes.ranges import LEVELS, Choice, Range, with_set
from comity.outcomes.simulate import OnCount, label
from comity.scenario.build import build
from comity.scenario.combine import check_contradictions, combine
from comity.scenario.compile import compile_scenario, make_setting, make_shock
from comity.scenario.schema import Scenario
from comity.scenario.sizes import Level

SMALLEST = 1e-4  # of ln W: 0.01 per cent
Array = NDArray[np.float64]
Table = dict[Choice, Array]  # real_income_hat by combination
Pairs = dict[tuple[Choice, str], tuple[float, float]]  # numerator and denominator


@dataclass(frozen=True)
class Share:
    """Numerator, denominator and their ratio for one economy, in every combination; `reason` where there is no ratio.

    Ratios are keyed by (combination of the regime, size level of the cooperation); `lost` names those without solution.
    """

    numerator: Quantity
    denominator: Quantity
    ratio: Quantity
    reason: str = ""
    lost: tuple[str, ...] = ()


def real_income(found: Range) -> Table:
    """real_income_hat by combination."""
    return {v.choice: v.real_income_hat for v in found.solved if v.real_income_hat is not None}


def lifted_share(cooperation: Table, lifted: Table, country: int, central: Choice) -> Share:
    """Share of one economy where the regime is in the base year and another scenario lifts it."""
    top: dict[Hashable, float] = {choice: log(w[country]) for choice, w in cooperation.items()}
    bottom: dict[Hashable, float] = {choice: log(w[country]) for choice, w in lifted.items()}
    pairs: Pairs = {
        (choice, level): (top[same], bottom[choice])
        for choice in lifted
        for level in LEVELS
        if (same := Choice(choice.elasticities, level, choice.closure)) in top
    }
    return _share(pairs, Quantity(top, central), Quantity(bottom, central), central, "lifting it lowers real income")


def imposed_share(both: dict[tuple[Choice, str], Array], regime: Table, country: int, central: Choice) -> Share:
    """Share of one economy where a scenario imposes the regime; `both` is the regime with the cooperation."""
    bottom: dict[Hashable, float] = {choice: -log(w[country]) for choice, w in regime.items()}
    pairs: Pairs = {
        (choice, level): (log(w[country]) + bottom[choice], bottom[choice])
        for (choice, level), w in both.items()
        if choice in bottom
    }
    top: dict[Hashable, float] = {key: up for key, (up, _) in pairs.items()}
    numerator = Quantity(top, (central, "central"))
    return _share(pairs, numerator, Quantity(bottom, central), central, "the regime raises real income")


def _share(pairs: Pairs, top: Quantity, bottom: Quantity, central: Choice, wrong: str) -> Share:
    """The ratio with the reason why there is none."""
    reason = ""
    if not pairs:
        reason = "no combination has a solution"
    elif bottom.high <= 0:
        reason = wrong
    elif bottom.low <= 0:
        reason = "the range of the loss includes 0"
    elif bottom.low < SMALLEST:
        reason = "the loss can be below 0.01 per cent of real income"
    values: dict[Hashable, float] = {} if reason else {key: up / down for key, (up, down) in pairs.items()}
    return Share(top, bottom, Quantity(values, (central, "central")), reason)


def together(world: World, regime: Scenario, cooperation: Scenario, found: Range) -> dict[tuple[Choice, str], Array]:
    """real_income_hat of regime and cooperation in force at once, for every solved combination of the regime and every
    size of the cooperation. Combinations without solution are left out."""
    made: dict[tuple[str, str, str], Ready] = {}
    wanted: list[tuple[Choice, Level, Ready]] = []
    for choice in (variant.choice for variant in found.solved):
        economy = with_set(world, choice.elasticities)
        for level in LEVELS:
            key = (choice.elasticities, choice.level, level)
            if key not in made:
                made[key] = _both(economy, regime, cooperation, choice.level, level)
            wanted.append((choice, level, made[key]))
    outcomes = solve_each(
        [with_set(world, choice.elasticities) for choice, _, _ in wanted],
        [ready.shock for _, _, ready in wanted],
        closure=[choice.closure for choice, _, _ in wanted],
        targets=[ready.targets if choice.closure == "targets-balanced" else () for choice, _, ready in wanted],
    )
    results: dict[tuple[Choice, str], Array] = {}
    for (choice, size, _), outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, Solution):
            results[choice, size] = outcome.real_income_hat
        elif isinstance(outcome, InputError):
            raise outcome
    return results


def _both(economy: World, regime: Scenario, cooperation: Scenario, level: str, size: str) -> Ready:
    settings = [
        make_setting(economy, regime, regime.year, level, None),
        make_setting(economy, cooperation, cooperation.year, size, None),
    ]
    effects = [
        effect for setting in settings for k in range(len(setting.scenario.measures)) for effect in build(setting, k)
    ]
    check_contradictions(settings[1], effects)
    targets = compile_scenario(economy, regime, year=regime.year, size_level=settings[0].level).targets
    return Ready(make_shock(economy, combine(economy, effects)), targets)


def shares_on(
    runs: Runs, cooperation: Solved, name: str, run: OnCount, regimes: dict[str, str], where: str
) -> dict[str, Share]:
    """The share of every economy on one count."""
    found: dict[str, Share] = {}
    central = cooperation.choice
    for regime in regimes.values():
        runs.solved(regime)
    ranges = runs.ranges_on(dict.fromkeys(regimes.values()), run.count, central)
    for code, regime in regimes.items():
        scenario = runs.scenario(regime, where)
        losses = matched(ranges[regime], run.range)
        country = runs.world.country(code)
        if any(measure.kind == "lifting" for measure in scenario.measures):
            share = lifted_share(real_income(run.range), real_income(losses), country, central)
        else:
            both = together(runs.on(run.count), scenario, runs.scenario(name, where), losses)
            share = imposed_share(both, real_income(losses), country, central)
        found[code] = replace(share, lost=lost_of(share, losses, run.range))
    return found


def matched(losses: Range, cooperation: Range) -> Range:
    """The combinations of a regime whose elasticity set and closure the cooperation was solved under too."""
    known = {(variant.choice.elasticities, variant.choice.closure) for variant in cooperation.variants}
    return Range(tuple(v for v in losses.variants if (v.choice.elasticities, v.choice.closure) in known))


def lost_of(share: Share, losses: Range, cooperation: Range) -> tuple[str, ...]:
    """Combinations of regime and cooperation without solution, in words."""
    if share.reason:
        return ()
    levels = dict.fromkeys(variant.choice.level for variant in cooperation.variants)
    return tuple(
        f"{variant.choice}, {level} size of the cooperation"
        for variant in losses.variants
        for level in levels
        if (variant.choice, level) not in share.ratio.values
    )


def smallest(shares: dict[str, Share]) -> Quantity:
    """The smallest share among economies that have one, in every combination all of them have."""
    known = [share.ratio for share in shares.values() if not share.reason]
    if not known:
        return Quantity({}, None)
    common = [key for key in known[0].values if all(key in ratio.values for ratio in known)]
    return Quantity({key: min(ratio.values[key] for ratio in known) for key in common}, known[0].central)


def recovered(runs: Runs, claim: Claim, test: RecoveredTest) -> Verdict:
    """The cooperation wins back at least a share of what a regime costs, for every named economy."""
    where = runs.where(claim, test, "regimes")
    regimes = {code: name for word, name in test.regimes.items() for code in runs.economies([word], where)}
    cooperation = runs.solved(test.cooperation)
    counts = [shares_on(runs, cooperation, test.cooperation, run, regimes, where) for run in cooperation.runs]
    least = [smallest(shares) for shares in counts]

    def meets(value: float) -> bool:
        return value >= test.at_least

    mark, ending = judge(least, meets)
    without = list(dict.fromkeys(code for shares in counts for code, share in shares.items() if share.reason))
    if without and mark == SUPPORTED:
        mark, ending = NOT_SUPPORTED, CANNOT_TELL.split(":")[0] + f": no number for {named(without)}"
    mark, ending, notes = bounded(mark, ending, is_upper(runs, test, test.cooperation))
    for code in without:
        reason = next(shares[code].reason for shares in counts if shares[code].reason)
        notes += (f"No number for {spoken(code)}: {reason}.",)
    figures: list[Figure] = []
    for run, shares in zip(cooperation.runs, counts, strict=True):
        for code, share in shares.items():
            figures += _figures(runs, code, share, on_label(run), in_full=run is cooperation.runs[0])
    if test.apart:
        figures += _apart(runs, test, regimes, where)
    main = None
    if least[0].values:
        first = {code: share for code, share in counts[0].items() if not share.reason}
        lowest = min(first, key=lambda code: first[code].ratio.estimate)
        name = "share of the loss won back, smallest" if len(regimes) > 1 else "share of the loss won back"
        main = _number(runs, least[0], name, lowest)
    notes += by_count(cooperation.runs, least, meets)
    lost = dict.fromkeys(text for shares in counts for share in shares.values() for text in share.lost)
    if lost:
        notes += (f"{len(lost)} combinations have no solution: {'; '.join(lost)}.",)
    each = f" for each of {named(regimes)}" if len(regimes) > 1 else ""
    needs = f"at least {amount(100 * test.at_least)} per cent of the modelled loss{each}"
    return Verdict(claim, mark, ending, main, needs, 100 * test.at_least, tuple(figures), notes)


def _number(runs: Runs, quantity: Quantity, name: str, code: str) -> Number:
    if not quantity.values:
        return exact(name, code, float("nan"), PER_CENT, runs.world.base_year, runs.status([code]))
    return quantity.number(name, code, PER_CENT, runs.world.base_year, runs.status([code]), 100.0)


def _figures(runs: Runs, code: str, share: Share, count: str, in_full: bool) -> list[Figure]:
    """Share, its three sizes of the cooperation, numerator and denominator; the share alone on further counts."""
    name = "share of the loss won back"
    figures = [Figure(labelled(f"{label(code)}: share won back", count), _number(runs, share.ratio, name, code))]
    if not in_full:
        return figures
    centre = share.ratio.central
    for level in LEVELS if share.ratio.values else ():
        values = {key: value for key, value in share.ratio.values.items() if key[1] == level}  # type: ignore[index]
        if values:
            sized = Quantity(values, (centre[0], level))  # type: ignore[index]
            figures.append(Figure(f"{label(code)}: {level} size of the cooperation", _number(runs, sized, name, code)))
    parts = (
        ("what the cooperation brings", share.numerator), ("what the regime costs", share.denominator),
    )  # fmt: skip
    for words, quantity in parts:
        figures.append(
            Figure(f"{label(code)}: {words}", _number(runs, quantity, "change of ln real income, times 100", code))
        )
    return figures


def _apart(runs: Runs, test: RecoveredTest, regimes: dict[str, str], where: str) -> list[Figure]:
    """The same shares with pairs inside existing unions, on the first count: shown, never judged."""
    assert test.apart is not None
    other = runs.solved(test.apart)
    shares = shares_on(runs, other, test.apart, other.runs[0], regimes, where)
    return [
        Figure(
            f"{label(code)}: existing unions included", _number(runs, share.ratio, "share of the loss won back", code)
        )
        for code, share in shares.items()
    ]
