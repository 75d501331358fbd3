"""The top of the results column: the sentence and what it rests on, zero flows, the result kept to compare, why, and
trade pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from comity.app import page_tables as tables
from comity.app import views
from comity.app.intervals import BAND, DRAWS, NONE
from comity.app.views import address
from comity.report.smoothed_rows import WORTH_SAYING
from comity.report.words import change_in_per_cent, joined, level_scale, plain, power_of_ten


def part(name: str, inside: str, tag: str = "div", more: str = "") -> str:
    """A part that explorer.js replaces where it differs."""
    return f'<{tag} data-part="{name}"{more}>{inside}</{tag}>'


def fold(name: str, title: str, inside: str) -> str:
    """A section under a heading that can be folded; explorer.js folds it on a phone."""
    return (f'<details class="fold" id="fold-{name}" open><summary><h2 class="sec" id="{name}" tabindex="-1">{title}'
            f"</h2></summary>{inside}</details>")  # fmt: skip


def lead(answer: Any) -> str:
    """Title, sentence, what it rests on, what the scenario holds."""
    state = answer.state or {}
    own = answer.changed and state.get("scenario")
    mark = ' <span class="tag">Changed from the original</span>' if own else ""
    title = f'<p class="kick">{escape(views.about(answer))}{mark}</p>'
    second = f'<p class="second">{escape(answer.second_sentence)}</p>' if answer.second_sentence else ""
    note = ""
    if answer.nothing:
        advice = answer.nothing.removeprefix(answer.sentence).strip()
        note = f'<div class="note"><p>{escape(advice)}</p></div>' if advice else ""
    about = ""
    if answer.description:
        about = (f'<details id="about"><summary>What this scenario holds</summary><p>{escape(answer.description)}</p>'
                 "</details>")  # fmt: skip
    head = f'{title}<h1 class="say">{escape(answer.sentence)}</h1>{second}{note}'
    return part("lead", f"{head}{'' if answer.nothing else _stat(answer)}{about}")


def _stat(answer: Any) -> str:
    """On which statistical count the numbers rest, whose detail is estimated, and how well the solve went."""
    said = []
    if answer.counts:
        first, *others = answer.counts
        year = f" of {first['year']}" if first["year"] else ""
        rests = f"The numbers rest on <b>{escape(first['name'])}</b>{escape(year)}"
        if others:
            names = escape(joined([one["name"] for one in others]))
            rests += f'; <a href="#trade">trade and real income on {names}</a> stand further down'
        said.append(f"{rests}.")
    parties = {one["code"] for one in answer.countries if one["party"]}
    rough = [one["name"] for one in answer.estimated if one["code"] in parties]
    if rough:
        said.append(f"Trade detail of {escape(joined(rough))} is <b>estimated</b>.")
    solve = answer.solve
    took = f"in {solve['milliseconds']:.0f} ms"
    if answer.interval["kind"] == BAND:
        took = f"with its draws in {solve['milliseconds'] / 1000:.1f} s"
    held = f'<span title="{views.HELD}">the equations hold to {power_of_ten(solve["residual"])}</span>'
    said.append(f"Solved {took}, {held}.")
    return '<p class="stat">' + "".join(f"<span>{one}</span>" for one in said) + "</p>"


def _later(answer: Any) -> str:
    """That something comes with the bands; without JavaScript a link to it."""
    link = f'<noscript> <a href="{address(answer.query, DRAWS)}">Show bands</a></noscript>'
    return f'<span class="js-only">follows with the bands.</span>{link}'


def _waits(answer: Any) -> bool:
    """Whether a part that bands bring along is still to come: neither they nor their refusal are there."""
    return answer.interval["kind"] != BAND and not answer.interval["no_band"]


def zeros(answer: Any) -> str:
    """How much of the measures falls on flows that are zero, and the answer on smoothed trade, where that is much."""
    if answer.nothing or not answer.empty["share"] or answer.empty["share"] < WORTH_SAYING:
        return part("zeros", "", more=" hidden")
    more = escape(answer.smoothed)
    if not more and _waits(answer) and not answer.world["name"].endswith("-smoothed"):
        more = f"What the model says on smoothed trade, without zeros: {_later(answer)}"
    hold = " data-hold" if answer.interval["kind"] == NONE else ""
    return part("zeros", f"{escape(answer.empty['words'])} {more}", "p", f'{hold} class="second"')


def why(answer: Any) -> str:
    """A sentence for each party: the largest part of its gain or loss."""
    if answer.nothing or not (answer.reasons or _waits(answer)):
        return part("why", "", more=" hidden")
    said = "".join(f"<li>{escape(one)}</li>" for one in answer.reasons)
    inside = f'<ul class="notes">{said}</ul>' if said else f"<p>Why each gains or loses: {_later(answer)}</p>"
    head = '<h2 class="sec">Why</h2>' if said else '<h2 class="vh">Why</h2>'
    hold = " data-hold" if answer.interval["kind"] == NONE else ""
    return part("why", f"{head}{inside}", "section", f'{hold} class="why" aria-label="Why"')


def pin(pinned: Any, same: bool) -> str:
    """The result kept to compare; where it is the one shown, what to do next."""
    if pinned is None:
        return part("pin", "", more=" hidden")
    name = escape(views.about(pinned))
    said = f'<b>Compared with:</b> <a class="start" href="{address(pinned.query)}">{name}</a>'
    swap = '<button type="button" id="swap">Swap</button>'
    if same:
        swap = ""
        said = "<b>Kept to compare.</b> Change something: the numbers of this result then stand beside the new ones."
    who = f'<div class="who"><span class="sw"></span>{said}</div>'
    buttons = f'<div class="pb">{swap}<button type="button" id="unpin">Stop comparing</button></div>'
    return part("pin", who + buttons, "section", ' class="pin" aria-label="Comparison"')


def between(answer: Any, codes: Sequence[str]) -> float | None:
    """Goods trade after the measures among some economies in an answer, million USD a year; None where not all of their
    flows are there. Of more economies than two, only where the answer is about the same."""
    if answer.nothing or not answer.counts or len(codes) < 2:
        return None
    if len(codes) > 2:
        same = (one["value"] for one in answer.headlines if one["codes"] == list(codes) and one["unit"] != "per cent")
        return next(same, None)
    found = [one["after"] for one in answer.counts[0]["flows"] if {one["origin"], one["destination"]} == set(codes)]
    return sum(found) if len(found) == 2 and None not in found else None


def amount(value: float) -> str:
    """An amount with its unit, rounded as everywhere."""
    scale, unit, digits = level_scale(value, value)
    return f"{plain(value / scale, digits)} {unit} USD a year"


def pairs(answer: Any, pinned: Any) -> str:
    """Trade of each pair among three or four parties, beside the kept result's."""
    if answer.nothing or not answer.pairs:
        return part("pairs", "", more=" hidden")
    kind = answer.interval["kind"]
    rows = [_pair(one, pinned, kind) for one in answer.pairs]
    heads = ["Pair", "Before", "After", *([tables.HEADS[kind].strip(" []")] if kind != NONE else []), "Change"]
    heads += ["Kept"] if pinned is not None else []
    count = f"; on {answer.counts[0]['name']} where counts differ" if len(answer.counts) > 1 else ""
    table = tables.table(f"Goods both ways, million USD a year{count}", heads, rows)
    inside = f'<h2 class="sec">Trade pair by pair</h2>{table}'
    return part("pairs", inside, "section", ' aria-label="Trade pair by pair"')


def _pair(one: Mapping[str, Any], pinned: Any, kind: str) -> list[str]:
    _, _, digits = level_scale(min(one["before"], 999.0), min(one["after"], 999.0))
    ends = [f"{plain(one['low'], digits)} to {plain(one['high'], digits)}"] if kind != NONE else []
    row = [one["name"], plain(one["before"], digits), plain(one["after"], digits), *ends,
           change_in_per_cent(one["before"], one["after"])]  # fmt: skip
    if pinned is not None:
        kept = between(pinned, one["codes"])
        row.append("not in it" if kept is None else plain(kept, digits))
    return row


__all__ = ["amount", "between", "fold", "lead", "pairs", "part", "pin", "why", "zeros"]
