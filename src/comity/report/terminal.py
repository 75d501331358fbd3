"""What the terminal says after a run: plain sentences, a short table, what is estimated."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from comity.classifications.countries import spoken
from comity.outcomes.simulate import Outcomes, label
from comity.report import intervals
from comity.report.among import among, count_lines
from comity.report.lead import lead
from comity.report.reasons import reason_lines
from comity.report.smoothed_rows import smoothed_lines, smoothed_sentence
from comity.report.words import change_in_per_cent, money, per_cent, plain, spans_zero, tight
from comity.scenario.explain import capital

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment

WIDTH = 100


def summary(outcomes: Outcomes, claims: bool = False) -> str:
    """The whole summary of a run; claims : whether verdicts on some follow."""
    parts = [headline(outcomes), "", *[f"  {report.sentence}" for report in outcomes.compiled.measures], ""]
    if outcomes.compiled.nothing:
        parts += [f"Nothing changes, because {outcomes.compiled.nothing}.", ""]
    else:
        sentence, second = lead(outcomes, claims)
        parts += [*wrap(sentence, WIDTH), *wrap(second, WIDTH), *wrap(smoothed_sentence(outcomes), WIDTH), ""]
        parts += welfare_lines(outcomes) + reason_lines(outcomes) + pair_lines(outcomes) + among_lines(outcomes)
        parts += other_lines(outcomes) + smoothed_lines(outcomes)
    parts += honesty_lines(outcomes)
    return tight("\n".join(parts))


def claim_lines(assessment: Assessment) -> list[str]:
    """Every claim of a dossier with its verdict and number."""
    from comity.dossier.assess import NEAREST
    from comity.dossier.verdicts import Caution, counted
    from comity.report.judged import judged_on
    from comity.report.verdict_rows import number_text

    lines = [f"Claims of {assessment.dossier.title} (verdicts rest on ranges over choices, in brackets):"]
    lines += [f"  Note: {text}" for text in assessment.cautions]
    for verdict in assessment.verdicts:
        number = number_text(verdict.main) if verdict.main else "no number"
        needs = f"; needs {verdict.needs}" if verdict.needs else ""
        lines.append(f"  {verdict.claim.id}  {verdict.claim.statement}")
        lines.append(f"      {verdict.words}: {number}{needs}")
        judged = judged_on(assessment, verdict)
        lines += [f"      {judged}"] if judged else []
        lines += [f"      {note}" for note in verdict.notes if isinstance(note, Caution)]
        nearest = [figure for figure in verdict.figures if figure.label.startswith(NEAREST)]
        lines += [
            f"      {figure.label[:1].upper()}{figure.label[1:]}: {number_text(figure.number)}" for figure in nearest
        ]
    lines += [f"  Scenario {name} was not run: {reason}" for name, reason in assessment.refused.items()]
    if assessment.verdicts:
        lines.append(f"  Together: {', '.join(f'{n} {way}' for way, n in counted(assessment.verdicts).items())}.")
    return lines


def headline(outcomes: Outcomes) -> str:
    """Title, world, settings in one line."""
    when = f", measures of {outcomes.year}" if outcomes.year else ", full implementation"
    return (
        f"{outcomes.scenario.title}\n{outcomes.world.name}: {len(outcomes.world.countries)} economies x "
        f"{len(outcomes.world.sectors)} sectors, elasticities {outcomes.choice.elasticities}, closure "
        f"{outcomes.choice.closure}{when}"
    )


def welfare_lines(outcomes: Outcomes, most: int = 8) -> list[str]:
    """Real income of the parties, as per cent and money, with ranges."""
    parties = outcomes.parties or [row.country for row in outcomes.welfare.rows]
    shown = parties
    if len(parties) > most:
        shown = sorted(parties, key=lambda code: -abs(outcomes.of(code).equivalent_variation))[:most]
    lines = [f"Real income (a year, long run; {intervals.short(outcomes)}):"]
    width = max(len(label(code)) for code in shown)
    for code in shown:
        row = outcomes.of(code)
        share = per_cent(row.real_income_pct, row.real_income_low_pct, row.real_income_high_pct)
        ends = row.equivalent_variation_low, row.equivalent_variation_high
        amount = money(row.equivalent_variation, *ends, sign=True)
        noise = "  inside the noise" if spans_zero(*ends) and abs(row.equivalent_variation) > 0 else ""
        tag = "  (estimated)" if outcomes.status(code) == "estimated" else ""
        lines.append(f"  {label(code):<{width}}  {share:<38}  {amount}{noise}{tag}")
    if len(parties) > len(shown):
        lines.append(f"  and {len(parties) - len(shown)} more economies: see the report")
    return [*lines, ""]


def pair_lines(outcomes: Outcomes) -> list[str]:
    """Goods trade of the two parties, on every count, against announced targets."""
    pair = outcomes.main_pair()
    if pair is None:
        return []
    names = f"{spoken(pair[0])} and {spoken(pair[1])}"
    lines = [f"Goods trade between {names}, million USD a year:"]
    for run in outcomes.runs:
        numbers = outcomes.pair(run, *pair)
        name = f"{run.count.name} ({run.count.year})" if run.count else "in this world"
        before, after = numbers["before"], numbers["after"]
        change = change_in_per_cent(before.estimate, after.estimate)
        lines.append(
            f"  {name}: {plain(before.estimate, 0)} to {plain(after.estimate, 0)} ({change}) "
            f"[{plain(after.low or 0, 0)}, {plain(after.high or 0, 0)}]"
        )
        for side in ("out", "in"):
            old, new = numbers[f"{side}_before"], numbers[f"{side}_after"]
            what = old.name.removesuffix(" before")
            lines.append(f"    {what}: {plain(old.estimate, 1)} to {plain(new.estimate, 1)}")
    lines += target_lines(outcomes)
    return [*lines, ""]


def among_lines(outcomes: Outcomes) -> list[str]:
    """Goods trade among three parties and more: together, and pair by pair where they are few, on every count."""
    lines: list[str] = []
    for run in outcomes.runs:
        found = among(outcomes, run)
        if not found:
            return []
        if not lines:
            lines = [f"Goods trade {found[0].of}, million USD a year:"]
        name = f"{run.count.name} ({run.count.year})" if run.count else "in this world"
        for k, one in enumerate(found):
            what = name if k == 0 else f"  {one.of}"
            change = change_in_per_cent(one.before, one.after)
            lines.append(
                f"  {what}: {plain(one.before, 0)} to {plain(one.after, 0)} ({change}) "
                f"[{plain(one.low or 0, 0)}, {plain(one.high or 0, 0)}]"
            )
    lines += [f"  {line}" for line in count_lines(outcomes)]
    return [*lines, ""]


def target_lines(outcomes: Outcomes) -> list[str]:
    """Announced targets, judged on the count of whoever set them and shown on the other."""
    pair = outcomes.main_pair()
    lines = []
    for target in outcomes.targets:
        if pair is None or {target.partner, target.other} != set(pair):
            continue
        lines.append(f"  Target of {plain(target.million_usd, 0)} million USD, set by {target.set_by}:")
        runs = sorted(outcomes.runs, key=lambda run: run.count is None or run.count.name != target.count)
        for run in runs:
            numbers = outcomes.pair(run, *pair)
            name = run.count.name if run.count else "this world"
            own = run.count is not None and run.count.name == target.count
            lines.append(
                f"    on {name}{', the setter’s own' if own else ''}: {verdict(outcomes, numbers, target.million_usd)}"
            )
    return lines


def verdict(outcomes: Outcomes, numbers: dict, target: float) -> str:
    """Whether a target is met before and after."""
    before, after = numbers["before"].estimate, numbers["after"]
    if before >= target:
        return f"already reached before the deal ({plain(before, 0)}), not credited to it"
    low, high = (after.estimate if end is None else end for end in (after.low, after.high))
    sure = intervals.reached(outcomes, low, high, target)
    if sure is not None:
        return sure
    side = "reached" if after.estimate >= target else "not reached"
    return f"{side} at central sizes ({plain(after.estimate, 0)}); the {intervals.noun(outcomes)} straddles it"


def other_lines(outcomes: Outcomes) -> list[str]:
    """Who else is affected most, in million USD."""
    others = outcomes.others(5) if outcomes.parties else []  # without parties everybody stands in the list above
    if not others:
        return []
    lines = ["Who else is affected most:"]
    for code in others:
        row = outcomes.of(code)
        ends = row.equivalent_variation_low, row.equivalent_variation_high
        noise = " inside the noise" if spans_zero(*ends) else ""
        lines.append(f"  {label(code)}: {money(row.equivalent_variation, *ends, sign=True)} a year{noise}")
    return [*lines, ""]


def honesty_lines(outcomes: Outcomes) -> list[str]:
    """What is estimated, left out, empty; the residual."""
    compiled = outcomes.compiled
    lines = ["What these figures rest on:"]
    about = outcomes.world.provenance.get("countries", {})
    lines += [
        f"  {capital(spoken(code))} is estimated: built from public totals, its sector detail is not observed."
        for code in outcomes.parties
        if about.get(code, {}).get("flows") == "estimated"
    ]
    lines += [
        f"  {text}"
        for text in (
            *intervals.borrowed_lines(outcomes),
            *compiled.left_out,
            *compiled.regime_notes,
            *compiled.warnings,
        )
    ]
    tried = sum(len(run.range.variants) for run in outcomes.runs)
    failed = len(outcomes.refusals())
    if outcomes.runs[0].band is not None:
        band = outcomes.runs[0].band
        each = " on each count" if len(outcomes.runs) > 1 else ""
        lines.append(f"  Bands: {band.words}{each}; without solution: {intervals.failures(outcomes)}.")
    lines += [f"  {text}" for text in intervals.lines(outcomes)]
    lines.append(f"  Range over {tried} combinations, {failed or 'none'} without solution; it is a range, not a band.")
    lines += [f"  {note}" for note in outcomes.range_notes()]
    if outcomes.choice.closure in ("balanced", "targets-balanced"):
        lines.append(
            f"  The closure {outcomes.choice.closure} moves the benchmark first; changes refer to the moved one."
        )
    lines.append(
        f"  Largest residual of equations (1)-(8): {outcomes.solution.residual:.0e}. Static, long run: no growth, "
        "finance or adjustment."
    )
    return lines
