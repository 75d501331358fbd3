"""assess: a World and a Dossier -> Assessment: verdicts on the claims, states of the commitments, the monitor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from comity.benchmark.world import World
from comity.beside import beside, in_turn, while_waiting
from comity.dossier import claims
from comity.dossier.cautions import bound_caution, outside_promises, size_notes, stand_in
from comity.dossier.degree import degree_note
from comity.dossier.delay import delay
from comity.dossier.monitor import Monitor, monitor
from comity.dossier.recovered import recovered
from comity.dossier.runs import RefusedHere, Runs, Solved
from comity.dossier.schema import Claim, Commitment, Dossier
from comity.dossier.verdicts import CANNOT_TELL, NOT_SUPPORTED, OUTSIDE, Figure, Judging, Verdict
from comity.equilibrium.blas import ONE_BLAS_THREAD
from comity.errors import InputError, NoSolutionError, nearest
from comity.outcomes.numbers import SCHEMA_VERSION, Number
from comity.outcomes.simulate import Outcomes
from comity.scenario import quantities as q

if TYPE_CHECKING:
    import pandas as pd

NEAREST = "nearest answer"
ONE_BY_ONE = 3  # of the scenarios, the last, so that two halves end together
NO_HISTORY = "no history given"  # by the author; "not reported" is a status that somebody looked for
APART = ("trade", "recovered")  # tests that solve for themselves alone
NOT_ON_THIS_WORLD = "its scenario cannot be run on this world"
NO_SOLUTION = CANNOT_TELL.split(":")[0] + ": no solution"
TESTS: dict[str, Callable[[Runs, Claim, Any], Verdict]] = {
    "target": claims.target,
    "gain": claims.gain,
    "loss": claims.loss,
    "trade": claims.trade,
    "recovered": recovered,
    "growth": claims.growth,
    "ranking": claims.ranking,
    "delay": delay,
}


@dataclass(frozen=True)
class CommitmentState:
    """A commitment, what was last reported of it (status, date, what) and whether a measure carries it in the model."""

    commitment: Commitment
    status: str
    date: str | None
    what: str
    channel: bool


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the model and the observations say of a dossier on a world.

    verdicts : in the order of the file; outcomes : by the dossier's name of the scenario, each solved once; an upper
    bound of frictions is a Bound, all others are Outcomes; refused : scenarios that cannot be run on this world or have
    no solution, with the reason; commitments : with their present status; monitor : promised, predicted, observed.
    """

    dossier: Dossier
    world: World
    verdicts: tuple[Verdict, ...]
    outcomes: dict[str, Solved]
    refused: dict[str, str]
    commitments: tuple[CommitmentState, ...]
    monitor: Monitor
    runs: Runs = field(repr=False)

    @property
    def main(self) -> Outcomes:
        """Outcomes of the main scenario."""
        outcomes = self.outcomes[self.dossier.main]
        assert isinstance(outcomes, Outcomes)
        return outcomes

    def verdict(self, claim: str) -> Verdict:
        """The verdict on a claim by its id. Raises InputError for an unknown one."""
        for verdict in self.verdicts:
            if verdict.claim.id == claim:
                return verdict
        known = [verdict.claim.id for verdict in self.verdicts]
        raise InputError(f"dossier {self.dossier.id}", "no claim of that id", found=claim, allowed=known,
                         nearest=nearest(claim, known))  # fmt: skip

    @property
    def cautions(self) -> list[str]:
        """What a reader should know before any number of this dossier: that the rest of the world is no country."""
        return [note.text for note in stand_in(self.dossier, self.world)]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a claim: id, statement, mark, ending, estimate, low, high, unit, needs."""
        import pandas as pd

        columns = ["id", "statement", "mark", "ending", "estimate", "low", "high", "unit", "needs"]
        rows = [
            (v.claim.id, v.claim.statement, v.mark, v.ending, *_main(v.main), v.needs) for v in self.verdicts
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON types, with schema_version; "no number" is null."""
        return {
            "schema_version": SCHEMA_VERSION,
            "dossier": self.dossier.id,
            "title": self.dossier.title,
            "world": self.world.name,
            "base_year": self.world.base_year,
            "claims": [_verdict_json(verdict) for verdict in self.verdicts],
            "commitments": [
                {"id": s.commitment.id, "title": s.commitment.title, "status": s.status, "date": s.date, "what": s.what,
                 "measures": list(s.commitment.measures), "outside": s.commitment.outside}
                for s in self.commitments
            ],
            "monitor": {"rows": [row.as_dict() for row in self.monitor.rows], "notes": list(self.monitor.notes)},
            "refused": dict(self.refused),
            "cautions": self.cautions,
        }  # fmt: skip

    def __repr__(self) -> str:
        lines = [f"  {verdict.claim.id}: {verdict.words}" for verdict in self.verdicts]
        return "\n".join([f"Assessment of {self.dossier.id} on {self.world.name}", *lines])


def assess(
    world: World,
    dossier: Dossier,
    *,
    closure: str | None = None,
    elasticities: str | None = None,
    bands: Callable[[Outcomes], Outcomes] | None = None,
    ready: Callable[[Outcomes], None] | None = None,
    solved: Callable[[Assessment], None] | None = None,
) -> Assessment:
    """Test every claim of a dossier on a world.

    Parameters
    ----------
    closure, elasticities : override those of every scenario, as in `simulate`
    bands : makes the outcomes of the main scenario have bands, uncertainty.interval.with_bands for example; verdicts
        rest on ranges all the same
    ready : called with the outcomes of the main scenario as soon as they are there
    solved : called with the Assessment that still lacks verdicts and monitor, as soon as the scenarios are solved, and
        again when it lacks verdicts only

    Raises
    ------
    InputError : anything wrong with the dossier; a scenario that cannot be run on the world the dossier names, or a
        main scenario that cannot be run on this one
    NoSolutionError : the main scenario has no solution
    """
    if not isinstance(dossier, Dossier):
        raise InputError("dossier", "a Dossier is needed", found=dossier, advice="Use load_dossier(name_or_file).")
    runs = Runs(world, dossier, closure, elasticities)
    with ONE_BLAS_THREAD:
        outcomes, refused = solve_all(runs, ready, bands)
        bare = Assessment(
            dossier=dossier,
            world=world,
            verdicts=(),
            outcomes=outcomes,
            refused=refused,
            commitments=tuple(state_of(commitment) for commitment in dossier.commitments),
            monitor=Monitor(),
            runs=runs,
        )
        if solved is not None:
            solved(bare)
        verdicts, over_time = judge_all(
            runs, lambda seen: None if solved is None else solved(replace(bare, monitor=seen))
        )
        return replace(bare, verdicts=verdicts, monitor=over_time)


def solve_all(
    runs: Runs,
    ready: Callable[[Outcomes], None] | None = None,
    bands: Callable[[Outcomes], Outcomes] | None = None,
) -> tuple[dict[str, Solved], dict[str, str]]:
    """Every scenario of the dossier that can be run here, and why the others cannot.

    The main one must, and on the world the dossier was written for so must all: there, a refusal is a mistake in the
    file, while on another world it says that the question cannot be put to it (a regime its flows already contain).
    """
    own = runs.dossier.world is not None and runs.dossier.world == runs.world.name
    # the main one first: what it makes of the world (elasticity sets, counts, balanced benchmarks) serves both halves;
    # what goes wrong is read below, in the order of the file
    main = runs.solve_main()
    names = [name for name in runs.dossier.found if name != runs.dossier.main]
    bounds, plain = [name for name in names if runs.is_bound(name)], [name for name in names if not runs.is_bound(name)]
    with while_waiting(lambda: runs.prepare(plain)):
        if main is not None:
            main = runs.solved_again(runs.dossier.main, main if bands is None else bands(main))
    runs.prepare(plain)
    # what takes longest first, so that both halves end together: upper bounds, then scenarios by twos, which are solved
    # side by side, and the last of them one by one
    twos = max(0, len(plain) - ONE_BY_ONE) // 2 * 2
    pieces = [[name] for name in bounds] + [plain[k : k + 2] for k in range(0, twos, 2)] + [[n] for n in plain[twos:]]
    with in_turn(pieces) as next_ones:

        def here() -> None:
            if main is not None and ready is not None:
                ready(main)
            runs.solve(next_ones())

        _, runs.known = beside(here, lambda: runs.solve(next_ones()))
    outcomes: dict[str, Solved] = {}
    refused: dict[str, str] = {}
    for name in dict.fromkeys([runs.dossier.main, *runs.dossier.found]):
        try:
            outcomes[name] = runs.solved(name)
        except (RefusedHere, NoSolutionError) as problem:
            if isinstance(problem, RefusedHere) and (own or name == runs.dossier.main):
                raise problem.error from None
            if name == runs.dossier.main:
                raise
            refused[name] = str(problem)
    return outcomes, refused


def judge_all(runs: Runs, watched: Callable[[Monitor], None]) -> tuple[tuple[Verdict, ...], Monitor]:
    """The verdicts in the order of the file, and the monitor, which is handed to `watched` as soon as it is there.

    Two halves of the work: what solves for itself alone is taken by whoever is free, what shares solutions with others
    stays together: claims about delay here, after the monitor whose years they use again, and all others there.
    """
    claims = {claim.id: claim for claim in runs.dossier.claims}
    kinds = {name: getattr(claim.test, "kind", "") for name, claim in claims.items()}
    late = [name for name, kind in kinds.items() if kind == "delay"]
    apart = [name for name, kind in kinds.items() if kind in APART]
    rest = [name for name in claims if name not in late and name not in apart]

    def verdicts(names: Iterable[str]) -> dict[str, Verdict]:
        return {name: verdict_on(runs, claims[name]) for name in names}

    with in_turn(apart) as next_ones:

        def here() -> tuple[Monitor, dict[str, Verdict]]:
            over_time = monitor(runs)
            watched(over_time)
            return over_time, {**verdicts(late), **verdicts(next_ones())}

        def there() -> dict[str, Verdict]:
            made = {**verdicts(rest), **verdicts(next_ones())}
            return {name: replace(verdict, claim=None) for name, verdict in made.items()}

        (over_time, found), more = beside(here, there)
    found |= {name: replace(verdict, claim=claims[name]) for name, verdict in more.items()}
    # what was in the hands of a copy that died
    found |= verdicts(name for name in claims if name not in found)
    return tuple(found[name] for name in claims), over_time


def verdict_on(runs: Runs, claim: Claim) -> Verdict:
    """The verdict on one claim."""
    if claim.test is None:
        return outside(runs, claim)
    try:
        verdict = TESTS[claim.test.kind](runs, claim, claim.test)
        first = (*degree_note(claim, verdict), *bound_caution(runs.dossier, verdict))
        notes = (*first, *verdict.notes, *outside_promises(runs.dossier, claim.test))
        return _warned(runs, claim.test, replace(verdict, notes=notes))
    except RefusedHere as refusal:
        return Verdict(claim, OUTSIDE, NOT_ON_THIS_WORLD, notes=(f"Scenario {refusal.name}: {refusal}",))
    except NoSolutionError as refusal:
        return Verdict(claim, NOT_SUPPORTED, NO_SOLUTION, notes=(str(refusal),))


def _warned(runs: Runs, test: Any, verdict: Verdict) -> Verdict:
    """The verdict with what is implausible in the test's scenario."""
    name = getattr(test, "scenario", None)
    if name is None:
        return verdict
    return replace(verdict, notes=(*verdict.notes, *size_notes(runs.dossier, name, runs.solved(name))))


def outside(runs: Runs, claim: Claim) -> Verdict:
    """No channel or no citable size; the nearest number the model has stands beside, and decides nothing."""
    if claim.nearest is None:
        return Verdict(claim, OUTSIDE)
    try:
        answer = _warned(runs, claim.nearest, TESTS[claim.nearest.kind](runs, claim, claim.nearest))
    except (RefusedHere, NoSolutionError) as refusal:
        return Verdict(claim, OUTSIDE, notes=(f"No {NEAREST}: {refusal}",))
    notes = tuple(note for note in answer.notes if not isinstance(note, Judging))
    return Verdict(claim, OUTSIDE, figures=(_beside(answer.main),) if answer.main else (), notes=notes)


def _beside(number: Number) -> Figure:
    """The number beside an outside claim, with what it is and whom it is about."""
    whose = f" of {claims.named(number.country.split('-'))}" if number.country else ""
    return Figure(f"{NEAREST}, {number.name}{whose}", number)


def state_of(commitment: Commitment) -> CommitmentState:
    """The last event by date; of two on one day the later in the file."""
    if not commitment.history:
        return CommitmentState(commitment, NO_HISTORY, None, "", bool(commitment.measures))
    _, last = max(enumerate(commitment.history), key=lambda pair: (q.date(pair[1].date), pair[0]))
    return CommitmentState(commitment, last.status, last.date, last.what, bool(commitment.measures))


def _main(number: Number | None) -> tuple[float | None, float | None, float | None, str]:
    return (None, None, None, "") if number is None else (number.estimate, number.low, number.high, number.unit)


def _number_json(number: Number | None) -> dict[str, Any] | None:
    if number is None:
        return None
    return {
        key: None if isinstance(value, float) and not isfinite(value) else value
        for key, value in number.as_dict().items()
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {
        "id": claim.id,
        "statement": claim.statement,
        "by": claim.by,
        "mark": verdict.mark,
        "ending": verdict.ending,
        "needs": verdict.needs,
        "needed": verdict.needed,
        "number": _number_json(verdict.main),
        "figures": [{"label": figure.label, "number": _number_json(figure.number)} for figure in verdict.figures],
        "notes": list(verdict.notes),
        "reading": claim.reading,
        "leaves_out": claim.leaves_out,
        "why": claim.why,
        "outside": claim.outside,
    }
