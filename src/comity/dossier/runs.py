"""The scenarios of a dossier on one world, each solved once and shared by every claim."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.dossier.combinations import RANGE, RANGE_WITHOUT_SIZES, Ready, explore
from comity.dossier.frictions import Bound, bound
from comity.dossier.schema import Claim, Dossier, Frictions
from comity.errors import InputError, NoSolutionError, nearest
from comity.outcomes.counts import Count, on_count
from comity.outcomes.prepare import Prepared, prepare, prepare_together
from comity.outcomes.ranges import Asked, Choice, Range, run_ranges
from comity.outcomes.simulate import OnCount, Outcomes, simulate, simulate_together, with_ranges
from comity.scenario import quantities as q
from comity.scenario.compile import compile_scenario
from comity.scenario.phases import years
from comity.scenario.places import LAST_DAY, find_party
from comity.scenario.schema import Scenario
from comity.scenario.sizes import Level

Solved = Outcomes | Bound
Array = NDArray[np.float64]


class RefusedHere(Exception):
    """A scenario that cannot be run on this world; `error` says why."""

    def __init__(self, name: str, error: InputError) -> None:
        super().__init__(error.message)
        self.name, self.error = name, error


class Known(NamedTuple):
    """Of a solved scenario, by count: its range, and the state from which its central solution is found again."""

    ranges: tuple[Range, ...]
    states: tuple[Array, ...]


@dataclass(eq=False)
class Runs:
    """A dossier's scenarios on a world, solved when first asked for."""

    world: World
    dossier: Dossier
    closure: str | None = None
    elasticities: str | None = None
    known: dict[str, Known] = field(default_factory=dict)
    _prepared: dict[str, Prepared | None] = field(default_factory=dict)
    _solved: dict[str, Solved] = field(default_factory=dict)
    _refused: dict[str, RefusedHere] = field(default_factory=dict)
    _years: dict[tuple[str, tuple[float, ...]], Solved] = field(default_factory=dict)
    _parts: dict[tuple[str, tuple[str, ...]], tuple[OnCount, ...]] = field(default_factory=dict)
    _counted: dict[tuple[str, str, Choice], Range] = field(default_factory=dict)

    # -- scenarios ----------------------------------------------------------------------------------

    def found(self, name: str) -> Scenario | Frictions:
        """What the dossier's name stands for. Raises InputError for a name it does not have."""
        known = self.dossier.found
        if name not in known:
            raise InputError(
                self.dossier.where("scenarios"), "no scenario of that name", found=name, allowed=list(known),
                nearest=nearest(name, known),
            )  # fmt: skip
        thing = known[name]
        assert isinstance(thing, (Scenario, Frictions))
        return thing

    def scenario(self, name: str, where: str) -> Scenario:
        """The same, where only measures will do."""
        thing = self.found(name)
        if isinstance(thing, Frictions):
            raise InputError(
                where, "a scenario with measures is needed here, not an upper bound of frictions", found=name
            )
        return thing

    def solve_main(self) -> Outcomes | None:
        """The outcomes of the main scenario, both counts at the same time; None where it is refused, or is a bound."""
        name = self.dossier.main
        with suppress(RefusedHere, NoSolutionError):
            found = self.solved(name, workers=2)
            return found if isinstance(found, Outcomes) else None
        return None

    def prepare(self, names: Iterable[str]) -> None:
        """The central solutions of scenarios, side by side and once; what is refused is refused in its own words when
        asked for alone."""
        plain = {name: self.scenario(name, "") for name in names if name not in self._prepared}
        found = prepare_together(self.world, [(one, None) for one in plain.values()], self.closure, self.elasticities)
        self._prepared |= dict(zip(plain, found, strict=True))

    def solve(self, pieces: Iterable[Sequence[str]]) -> dict[str, Known]:
        """What is worth sending to another process of some scenarios, those of a piece solved side by side; those that
        are refused are left out."""
        found = {}
        for names in pieces:
            self._solve_together(names)
            for name in names:
                with suppress(RefusedHere, NoSolutionError):
                    runs = self.solved(name).runs
                    found[name] = Known(tuple(run.range for run in runs), tuple(run.solution.state for run in runs))
        return found

    def _solve_together(self, names: Sequence[str]) -> None:
        """Solve the ranges of prepared scenarios side by side; what is refused is refused when asked for alone."""
        prepared = {name: self._prepared.get(name) for name in names if name not in self._solved}
        ready = {name: one for name, one in prepared.items() if one is not None}
        with suppress(InputError):
            self._solved.update(zip(ready, simulate_together([*ready.values()]), strict=True))

    def solved(self, name: str, workers: int = 1) -> Solved:
        """The scenario at full implementation. Raises RefusedHere, NoSolutionError."""
        if name in self._refused:
            raise self._refused[name]
        if name not in self._solved:
            thing = self.found(name)
            try:
                self._solved[name] = self._solve(name, thing, workers)
            except InputError as error:
                self._refused[name] = RefusedHere(name, error)
                raise self._refused[name] from error
        return self._solved[name]

    def solved_again(self, name: str, outcomes: Outcomes) -> Outcomes:
        """Keep these outcomes of a scenario in place of those it had: the same with bands, say."""
        self._solved[name] = outcomes
        return outcomes

    def _solve(self, name: str, thing: Scenario | Frictions, workers: int) -> Solved:
        known, near = self.known.get(name, Known((), ()))
        ready = self._prepared.get(name)
        if known and ready is not None:
            return with_ranges(ready, known)
        if isinstance(thing, Scenario):
            return simulate(
                self.world, thing, closure=self.closure, elasticities=self.elasticities, known=known, near=near,
                workers=workers,
            )  # fmt: skip
        position, title = next(
            ((k, item.title) for k, item in enumerate(self.dossier.scenarios) if item.id == name), (0, None)
        )
        return bound(
            self.world, name, thing, title=title, closure=self.closure, elasticities=self.elasticities,
            day=self.day, where=self.dossier.where("scenarios", position, "frictions"), known=known, near=near,
        )  # fmt: skip

    def is_bound(self, name: str) -> bool:
        """True for an upper bound of frictions."""
        return isinstance(self.found(name), Frictions)

    def level(self, name: str) -> str:
        """What the range of a scenario covers, in words."""
        return RANGE_WITHOUT_SIZES if self.is_bound(name) else RANGE

    # -- years --------------------------------------------------------------------------------------

    def in_year(self, name: str, year: int) -> Solved | None:
        """The scenario with the measures in force at the start of `year`, with its whole range; None where nothing is
        in force. Years with the same shares in force share one solve. An upper bound is in force in every year."""
        return self.in_years(name, [year])[year]

    def in_years(self, name: str, years: Iterable[int]) -> dict[int, Solved | None]:
        """`in_year` of several years, solved side by side."""
        thing, full = self.found(name), self.solved(name)
        if not isinstance(thing, Scenario) or not isinstance(full, Outcomes):
            return dict.fromkeys(years, full)
        self._years.setdefault((name, tuple(report.in_force for report in full.compiled.measures)), full)
        shares = {
            year: tuple(report.in_force for report in compile_scenario(self.world, thing, year=year).measures)
            for year in years
        }
        missing = {
            (name, own): year
            for year, own in reversed(shares.items())  # of years that are alike the first
            if any(own) and (name, own) not in self._years
        }
        found = prepare_together(self.world, [(thing, year) for year in missing.values()], self.closure,
                                 self.elasticities)  # fmt: skip
        ready = [
            one or prepare(self.world, thing, self.closure, self.elasticities, year)  # that says why it is refused
            for one, year in zip(found, missing.values(), strict=True)
        ]
        self._years.update(zip(missing, simulate_together(ready), strict=True))
        return {year: self._years[name, own] if any(own) else None for year, own in shares.items()}

    def phase_years(self, name: str) -> tuple[int, int]:
        """First year in which a dated measure can begin, and the first at whose start all are in force in full.

        Where nothing is dated, both are the year of signing, else the base year."""
        thing = self.found(name)
        phases = [m.phase for m in getattr(thing, "measures", ()) if getattr(m, "phase", None) is not None]
        if not phases:
            year = self.signed.year if self.signed else self.world.base_year or 2000
            return year, year
        first = min(math.floor(years(phase.start)) for phase in phases)
        return first, max(math.ceil(years(phase.end or phase.start)) for phase in phases)

    # -- parts and counts ---------------------------------------------------------------------------

    def only(self, name: str, measures: Sequence[str], where: str) -> tuple[OnCount, ...]:
        """The scenario with the named measures alone, on the counts of the whole scenario; all of it without names."""
        whole = self.solved(name)
        if not measures:
            return whole.runs
        scenario, key = self.scenario(name, where), (name, tuple(measures))
        assert isinstance(whole, Outcomes)
        if key not in self._parts:

            def ready(economy: World, level: Level) -> Ready:
                part = compile_scenario(economy, scenario, year=whole.year, size_level=level, include=measures)
                return Ready(part.shock, part.targets)

            self._parts[key] = tuple(
                OnCount(run.count, *explore(self.on(run.count), whole.choice, ready, near=run.solution.state))
                for run in whole.runs
            )
        return self._parts[key]

    def on(self, count: Count | None) -> World:
        """The world on a statistical count."""
        return self.world if count is None or count.in_world else on_count(self.world, count)

    def ranges_on(self, names: Iterable[str], count: Count | None, choice: Choice) -> dict[str, Range]:
        """The ranges of scenarios on the same benchmark as another one's (that count, and that central choice), solved
        side by side."""
        keys = {name: (name, count.name if count and not count.in_world else "", choice) for name in names}
        missing: dict[str, Asked] = {}
        for name, key in keys.items():
            if key in self._counted:
                continue
            whole = self.solved(name)
            same = [run for run in whole.runs if self._same(run.count, count)]
            if same and any(variant.choice == choice for variant in same[0].range.variants):
                self._counted[key] = same[0].range
            else:
                thing = self.scenario(name, self.dossier.where("scenarios"))
                year = whole.year if isinstance(whole, Outcomes) else None
                missing[name] = Asked(self.on(count), thing, choice, year, start=whole.runs[0].solution.state)
        self._counted.update(zip((keys[name] for name in missing), run_ranges([*missing.values()]), strict=True))
        return {name: self._counted[key] for name, key in keys.items()}

    @staticmethod
    def _same(one: Count | None, other: Count | None) -> bool:
        """True where two counts stand for the same benchmark; the world itself is the count it holds."""
        first, second = ("" if count is None or count.in_world else count.name for count in (one, other))
        return first == second

    # -- places -------------------------------------------------------------------------------------

    @property
    def signed(self) -> datetime.date | None:
        """The day of signing."""
        return q.date(self.dossier.signed) if self.dossier.signed else None

    @property
    def day(self) -> datetime.date:
        """The day as of which blocs are taken."""
        return self.signed or LAST_DAY

    def where(self, claim: Claim, test: Any, *keys: str) -> str:
        """Place of a key of a claim's test for a complaint."""
        position = self.dossier.claims.index(claim)
        return self.dossier.where("claims", position, "nearest" if test is claim.nearest else "test", *keys)

    def economies(self, words: Sequence[str], where: str) -> dict[str, int]:
        """Positions in the world by code. Raises InputError for a word or country that it lacks."""
        positions = find_party(self.world, words, self.day, where).positions
        return {self.world.countries[k]: k for k in positions}

    def pair(self, words: Sequence[str], where: str) -> tuple[str, tuple[int, int]]:
        """ "IRN-BLR" and the two positions. Raises InputError unless two economies are named."""
        found = self.economies(words, where)
        if len(found) != 2:
            raise InputError(where, "two economies are needed", found=", ".join(words))
        first, second = found.values()
        return "-".join(found), (first, second)

    def status(self, codes: Sequence[str]) -> str:
        """observed or estimated: what the flows of these economies are in this world."""
        about = self.world.provenance.get("countries", {})
        words = [str(about.get(code, {}).get("flows", "not stated")) for code in codes]
        return next((word for word in ("estimated", "borrowed", "assumed", "not stated") if word in words), "observed")
