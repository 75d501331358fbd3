"""Outcomes with bands: on every statistical count the draws of everything else that is not known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from comity.beside import beside
from comity.equilibrium.solution import Solution
from comity.errors import InputError, NotConvergedError
from comity.outcomes.counts import on_count
from comity.outcomes.drawn import DrawnBand
from comity.outcomes.ranges import Variant, variant_of
from comity.outcomes.simulate import OnCount, Outcomes
from comity.uncertainty.bands import FAILED_SHARE, check_failed_share, check_level, refuse_failures
from comity.uncertainty.study import each, prepare

DRAWS, SEED, LEVEL = 200, 1, 0.9
LEAST_DRAWS, MOST_DRAWS = 2, 5000  # each keeps all bilateral flows


def with_bands(
    outcomes: Outcomes,
    draws: int | None = None,
    seed: int | None = None,
    *,
    level: float = LEVEL,
    failed_share: float = FAILED_SHARE,
    workers: int = 2,
) -> Outcomes:
    """The same outcomes with a band beside each range. Two statistics of a pair are never mixed: each count has draws
    of its own, the same ones.

    Parameters
    ----------
    draws, seed : number of joint draws (200) and their seed (1); the first D of more draws are the same
    level : share of the draws inside a band
    failed_share : largest share of draws without solution

    Raises
    ------
    InputError : anything wrong with the request
    NotConvergedError : more than `failed_share` of the draws have no solution
    """
    check_level(level)
    check_failed_share(failed_share)
    asked = DRAWS if draws is None else draws
    if not isinstance(asked, int) or isinstance(asked, bool) or not LEAST_DRAWS <= asked <= MOST_DRAWS:
        raise InputError("draws", "a whole number that a report can hold is needed", found=asked,
                         allowed=f"{LEAST_DRAWS} to {MOST_DRAWS}, or 0 for ranges without bands",
                         advice="comity.uncertainty.bands.bands keeps less of each draw and takes more.")  # fmt: skip
    every = [partial(_band, outcomes, run, asked, SEED if seed is None else seed, level, failed_share)
             for run in outcomes.runs]  # fmt: skip
    found: tuple[DrawnBand, ...]
    if len(every) == 2 and workers == 2:  # a count each: nothing is made twice
        found = beside(partial(every[0], 1), partial(every[1], 1))
    else:
        found = tuple(one(workers) for one in every)
    runs = tuple(replace(run, band=band) for run, band in zip(outcomes.runs, found, strict=True))
    return replace(outcomes, runs=runs)


def expected(outcomes: Outcomes, draws: int | None = None, seed: int | None = None) -> Outcomes:
    """Bands as a report has them: from 200 draws unless told; draws=0 leaves the ranges. Where too many draws have no
    solution and nobody asked for a number of draws, the ranges stay and `no_band` says why.

    Raises InputError, and NotConvergedError where `draws` or `seed` was given.
    """
    if draws == 0 and not isinstance(draws, bool):
        return outcomes
    try:
        return with_bands(outcomes, draws, seed)
    except NotConvergedError as problem:
        if draws is not None or seed is not None:
            raise
        return replace(outcomes, no_band=f"No band: {problem}")


def _band(
    outcomes: Outcomes, run: OnCount, draws: int, seed: int, level: float, failed_share: float, workers: int
) -> DrawnBand:
    choice, count = outcomes.choice, run.count
    world = outcomes.world if count is None or count.in_world else on_count(outcomes.world, count)
    study = prepare(world, outcomes.scenario, closure=choice.closure, elasticities=choice.elasticities,
                    year=outcomes.year, counts=False)  # fmt: skip
    table = study.table(draws, seed)

    def keep(solution: Solution) -> tuple[Variant, float]:
        return variant_of(choice, solution), float(solution.residual)

    found = each(study, table, keep, workers, near=run.solution)
    solved = [one for one in found if not isinstance(one, str)]
    failures = dict(Counter(one for one in found if isinstance(one, str)))
    refuse_failures(draws, failures, failed_share)
    words = {source.name: f"{source.title} ({source.status})" for source in study.sources}
    drawn = [text for name, text in words.items() if name in table.drawn]
    fixed = [text for name, text in words.items() if name not in table.drawn]
    sizes = tuple(words[source.name] for source in study.sources if source.group == "sizes")
    return DrawnBand(
        tuple(variant for variant, _ in solved), draws, failures, level, seed,
        max(residual for _, residual in solved), tuple(drawn), tuple(fixed), sizes,
    )  # fmt: skip
