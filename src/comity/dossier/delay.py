"""What a year of delay costs: equivalent variation forgone when every measure comes one year later.

Both paths are added up from the first year of the measures to the year after full implementation, from which on they
are the same. Each year is a long-run equilibrium of the base-year economy with the measures in force that year: no
growth, no adjustment. What one path has in a year the delayed path has a year later, so without discounting the sum is
what full implementation brings in one year; the yearly values are shown for those who would discount.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from comity.dossier.amounts import dollars
from comity.dossier.claims import bounded, by_count, is_upper, named
from comity.dossier.combinations import MONEY, NOISE, Quantity, judge, labelled, on_label, over, unsolved, variation_of
from comity.dossier.runs import Runs, Solved
from comity.dossier.schema import Claim, DelayTest
from comity.dossier.verdicts import Figure, Verdict
from comity.outcomes.simulate import label

PER_YEAR = "million USD per year of delay"


def forgone(path: Sequence[float], rate: float = 0.0) -> float:
    """Sum over years of a path less the same path a year later; `rate` discounts to the first year (0: not at all).

    `path` runs from the first year to the year after full implementation; before it there is nothing.
    """
    steps = pairwise([0.0, *path])
    return sum((now - earlier) / (1 + rate) ** year for year, (earlier, now) in enumerate(steps))


def delay(runs: Runs, claim: Claim, test: DelayTest) -> Verdict:
    """A year of delay costs the named economies together more than an amount."""
    codes = runs.economies(test.countries, runs.where(claim, test, "countries"))
    full = runs.solved(test.scenario)
    first, last = runs.phase_years(test.scenario)
    years = list(range(first, last + 2))
    path = [runs.in_year(test.scenario, year) for year in years]
    together = [cost_of_delay(path, k, list(codes.values()), len(full.runs)) for k in range(len(full.runs))]
    noise = NOISE * float(sum(runs.world.income[k] for k in codes.values()))

    def meets(value: float) -> bool:
        return value > test.more_than + noise

    mark, ending, notes = bounded(*judge(together, meets), is_upper(runs, test, test.scenario))
    level, base, status = runs.level(test.scenario), runs.world.base_year, runs.status(list(codes))
    name = "cost of a year's delay"
    numbers = [cost.number(name, "-".join(codes), PER_YEAR, base, status, level=level) for cost in together]
    figures = [Figure(on_label(run), n) for run, n in zip(full.runs[1:], numbers[1:], strict=True)]
    if len(codes) > 1:
        for code, k in codes.items():
            own = cost_of_delay(path, 0, [k], len(full.runs))
            number = own.number(name, code, PER_YEAR, base, runs.status([code]), level=level)
            figures.append(Figure(labelled(label(code), on_label(full.runs[0])), number))
    for year, solved in zip(years, path, strict=True):
        if solved is not None and year <= last:
            ev = over(solved.runs[0], variation_of(*codes.values()))
            number = ev.number("equivalent variation", "-".join(codes), MONEY, base, status, level=level)
            figures.append(Figure(f"in force at the start of {year}", number))
    notes += ("Not discounted; each year is a long-run equilibrium of the base-year economy.",)
    lost = [run for solved in {id(s): s for s in path if s}.values() for run in solved.runs]
    notes += by_count(full.runs, together, meets) + unsolved(lost)
    least = dollars(test.more_than).removesuffix(" a year") if test.more_than else "0"
    needs = f"more than {least}" + (f" for {named(codes)} together" if len(codes) > 1 else "")
    return Verdict(claim, mark, ending, numbers[0], needs, test.more_than, tuple(figures), notes)


def cost_of_delay(path: Sequence[Solved | None], count: int, countries: Sequence[int], counts: int) -> Quantity:
    """Million USD a year of delay costs these economies, in every combination solved in all years, on one count."""
    per_year: list[dict[Hashable, float] | None] = []
    central: Hashable = None
    for solved in path:
        if solved is None:
            per_year.append(None)
            continue
        assert len(solved.runs) == counts
        quantity = over(solved.runs[count], variation_of(*countries))
        central = quantity.central
        per_year.append(quantity.values)
    known = [values for values in per_year if values is not None]
    common = [choice for choice in known[-1] if all(choice in values for values in known)]
    return Quantity(
        {choice: forgone([values[choice] if values else 0.0 for values in per_year]) for choice in common}, central
    )
