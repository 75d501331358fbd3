"""The results column in parts, each of which explorer.js replaces only where it differs: sentence, pinned result, three
numbers, what their intervals are, who gains and who loses, trade among the parties on every count, sectors, what it
rests on, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

from comity.app import page_tables as tables
from comity.app import pictures, views
from comity.app.intervals import BAND, BEFORE_ENDS, DRAWS, NONE
from comity.app.picture_bars import chosen
from comity.app.views import address, attribute
from comity.report.words import joined, power_of_ten

FILES = (("scenario.yaml", "YAML"), ("results.csv", "CSV"), ("report.html", "Full report"))
WIDTHS = (NARROW, WIDE) = 328, 720  # of drawings, in pixels; explorer.css shows the one that fits
PANEL = 344  # of several side by side
FIGURES = (("figure", "Gains and losses"), ("map", "Map"), ("trade", "Trade"), ("sectors", "Sectors"))
TEXTS = (("cli", "Command line", True), ("python", "Python", False), ("yaml", "YAML", False))


def results_html(answer: Any, pinned: Any = None, step: bool = False) -> str:
    """All parts of an answer; `pinned` is the answer it is compared with. step : for a slider that moves, without the
    long table: explorer.js leaves the one that is there."""
    parts = [_state(answer), _lead(answer), _pin(pinned), _cards(answer, pinned), _follow(answer),
             _who(answer, pinned, step), _trade(answer, pinned), _sectors(answer), _basis(answer), _keep(answer),
             _glance(answer)]  # fmt: skip
    return "".join(parts)


def _part(name: str, inside: str, tag: str = "div", more: str = "") -> str:
    return f'<{tag} data-part="{name}"{more}>{inside}</{tag}>'


def _state(answer: Any) -> str:
    """What explorer.js reads: the canonical query, the title, and every slider's value in words."""
    words = "".join(
        f'<span data-for="{attribute(one["id"])}">{escape(_value_words(one))}</span>' for one in answer.controls
    )
    more = BAND if answer.interval["no_band"] else answer.interval["kind"]  # what explorer.js need not ask for
    about = f' data-query="{attribute(answer.query)}" data-title="{attribute(answer.title)}" data-kind="{more}"'
    changed = ' data-changed="1"' if answer.changed else ""
    return _part("state", words, more=f"{about}{changed} hidden")


def _value_words(one: Mapping[str, Any]) -> str:
    if not one["on"]:
        return "off"
    return views.words_of(one["unit"], one["value"], one["words"]) if one["value"] is not None else "on"


def _lead(answer: Any) -> str:
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
    return _part("lead", f"{head}{'' if answer.nothing else _stat(answer)}{about}")


def _stat(answer: Any) -> str:
    """On which statistical count the numbers rest, whose detail is estimated, and how well the solve went."""
    said = []
    if answer.counts:
        first, *others = answer.counts
        year = f" of {first['year']}" if first["year"] else ""
        rests = f"The numbers rest on <b>{escape(first['name'])}</b>{escape(year)}"
        if others:
            names = escape(joined([one["name"] for one in others]))
            rests += f'; on <a href="#trade">{names}</a> they stand below'
        said.append(f"{rests}.")
    parties = {one["code"] for one in answer.countries if one["party"]}
    rough = [one["name"] for one in answer.estimated if one["code"] in parties]
    if rough:
        said.append(f"Trade detail of {escape(joined(rough))} is <b>estimated</b>.")
    solve = answer.solve
    took = f"in {solve['milliseconds']:.0f} ms"
    if answer.interval["kind"] == BAND:
        took = f"with its draws in {solve['milliseconds'] / 1000:.1f} s"
    said.append(f"Solved {took}, residual {power_of_ten(solve['residual'])}.")
    return '<p class="stat">' + "".join(f"<span>{one}</span>" for one in said) + "</p>"


def _pin(pinned: Any) -> str:
    if pinned is None:
        return _part("pin", "", more=" hidden")
    who = (f'<div class="who"><span class="sw"></span><b>Pinned:</b> '
           f'<a class="start" href="{address(pinned.query)}">{escape(views.about(pinned))}</a>. '
           f"{escape(pinned.sentence)}</div>")  # fmt: skip
    buttons = ('<div class="pb"><button type="button" id="swap">Swap</button>'
               '<button type="button" id="unpin">Unpin</button></div>')  # fmt: skip
    return _part("pin", who + buttons, "section", ' class="pin" aria-label="Pinned comparison"')


def _cards(answer: Any, pinned: Any) -> str:
    if answer.nothing or not answer.headlines:
        return _part("cards", "", more=" hidden")
    rings = [pinned_value(one, pinned)[0] for one in answer.headlines if one["unit"] == "per cent"]
    axis = pictures.shared_axis(answer.headlines, rings)
    cards = "".join(_card(one, answer.interval["kind"], pinned, axis) for one in answer.headlines)
    return _part("cards", cards, "ul", ' class="three" aria-label="Headline numbers"')


def _card(card: Mapping[str, Any], kind: str, pinned: Any, axis: tuple[float, float] | None) -> str:
    number, unit, ends = views.split_words(card)
    was, words = pinned_value(card, pinned)
    line = pictures.band_line(card, kind=kind, axis=axis if card["unit"] == "per cent" else None, pinned=was)
    band = f"{BEFORE_ENDS[kind]} <span>{escape(ends)}</span>" if ends else (
        "range follows" if kind == NONE else f"no {kind}")  # fmt: skip
    equal = escape(card.get("equivalent") or "")
    small = f" <small>{escape(unit)}</small>" if unit else ""
    compare = f'<p class="was">pinned: {escape(words)}</p>' if words else ""
    big = "big" if any(sign.isdigit() for sign in number) else "big plain"
    return (f'<li><h2>{escape(card["title"])}</h2><p class="{big}">{escape(number)}{small}</p>'
            f'<p class="bandw">{band}</p>{line}<p class="eq">{equal}</p>{compare}</li>')  # fmt: skip


def _follow(answer: Any) -> str:
    """What the intervals of the three numbers are, and what follows; without JavaScript a link to the other kind."""
    about = answer.interval
    if answer.nothing or not answer.headlines:
        return _part("follow", "", more=" hidden")
    other, words = (0, "ranges over choices") if about["kind"] == BAND else (DRAWS, f"bands of {DRAWS} draws")
    link = f'<noscript> <a href="{address(answer.query, other)}">Show {words}</a></noscript>'
    if about["kind"] == BAND:
        said = f"Bands: {about['draws']} joint draws. Short ticks: the range over elasticity sets, closures and sizes."
    elif about["kind"] == NONE:
        said = "Central numbers while a control moves. Ranges and bands follow."
    elif about["no_band"]:
        said, link = f"Ranges over elasticity sets, closures and sizes. {about['no_band']}", ""
    else:
        said = "Ranges over elasticity sets, closures and sizes."
        link += f'<span class="js-only" id="follow"> Bands of {DRAWS} draws are being computed.</span>'
    return _part("follow", f"{escape(said)}{link}", "p", ' class="follow"')


def pinned_value(card: Mapping[str, Any], pinned: Any) -> tuple[float | None, str]:
    """(value, words) that the pinned answer has for a headline card; (None, "") where it has none."""
    if pinned is None:
        return None, ""
    for other in pinned.headlines:
        if other["title"] == card["title"] and not pinned.nothing:
            number, unit, _ = views.split_words(other)
            return other["value"], f"{number} {unit}".strip()
    for one in pinned.countries:
        if card["unit"] == "per cent" and card["title"].removesuffix(" (estimated)") == f"Real income, {one['name']}":
            return one["real_income_pct"], views.change_words(one["real_income_pct"])
    return None, "no number" if card["unit"] == "per cent" else ""


def _who(answer: Any, pinned: Any, step: bool) -> str:
    """Tile map and ranked bars with their table."""
    others = None if pinned is None else pinned.countries
    rows = chosen(answer.countries)
    bars = _both("bars", lambda width: pictures.ranked_bars(answer.countries, pinned=others, width=width, bars=rows))
    if answer.nothing or not bars:
        return _part("who", "", more=" hidden") + _part("countries", "", more=" hidden")
    parties = [one["code"] for one in answer.countries if one["party"]]
    maps = "".join(f'<div class="{width}-only">{pictures.tile_map(answer.countries, parties, width=width)}</div>'
                   for width in ("wide", "narrow"))  # fmt: skip
    moved = sum(abs(one["real_income_pct"] or 0.0) >= 0.001 and not one["noise"] for one in answer.countries)
    total = len(answer.countries)
    reach = f"{moved} of {total} economies change by more than 0.001 per cent." if moved else (
        "No economy changes by more than 0.001 per cent.")  # fmt: skip
    ring = " Ring: pinned." if pinned is not None else ""
    where = f"<figure><figcaption><b>Where.</b> Real income, per cent. {reach}</figcaption>{maps}</figure>"
    ranked = ("<figure><figcaption><b>Who gains, who loses.</b> Equivalent variation, million USD a year; at the "
              f"right, real income in per cent.{ring}</figcaption>{bars}</figure>")  # fmt: skip
    table = "" if step else tables.folded(
        "countries", tables.countries_table(answer.countries, answer.interval["kind"])
    )  # fmt: skip
    body = _part("who", f'<h2 class="sec">Who gains, who loses</h2><div class="duo">{where}{ranked}</div>')
    held = _part("countries", table, more=" data-hold" if step else "")
    return f'<section aria-label="Who gains, who loses">{body}{held}</section>'


def _both(name: str, draw: Callable[[int], str]) -> str:
    """A drawing in both widths; empty where there is nothing to draw."""
    drawn = [draw(width) for width in WIDTHS]
    boxes = zip(("narrow", "wide"), drawn, strict=True)
    return "".join(f'<div class="{name}-{which}">{svg}</div>' for which, svg in boxes) if any(drawn) else ""


def _trade(answer: Any, pinned: Any) -> str:
    """A panel for each statistical count, by its name."""
    kind = answer.interval["kind"]
    counts = [one for one in answer.counts if _drawn(one)]
    if not counts or answer.nothing:
        return _part("trade", "", more=" hidden")
    known = [one for one in counts if all(flow["after"] is not None for flow in one["flows"])]
    figures = []
    for place, count in enumerate(counts, 1):
        other = _same_count(count, pinned)
        svg = _fitting(len(counts), partial(pictures.flow_dots, count, kind=kind, pinned=other))
        name = escape(count["name"][:1].upper() + count["name"][1:])
        source = f'<p class="hint">{escape(count["source"])}</p>' if count["source"] else ""
        lead = "The headlines rest on it." if place == 1 and len(counts) > 1 else ""
        figures.append(
            f'<figure data-part="count-{place}"{"" if count in known else " data-hold"}><figcaption><b>'
            f"{name}</b>, {escape(str(count['year']))}. {lead}</figcaption>{svg}{source}"
            f"{tables.folded(f'count-{place}', tables.flows_table(count, kind))}</figure>"
        )
    dot = "filled dot" if kind == NONE else f"filled dot with its {kind}"
    # a part of its own: it changes with the kind of interval, and the section around the panels is left as it is
    said = _part("dots", f"Goods, million USD a year. Hollow dot: before; {dot}: after.", "p", ' class="under"')
    title = "Trade among the parties" if len(counts) < 2 else "Trade among the parties, on each count"
    body = f'<h2 class="sec" id="trade" tabindex="-1">{title}</h2>{said}<div class="panels">{"".join(figures)}</div>'
    return f'<section aria-label="Trade among the parties">{body}</section>'


def _drawn(count: Mapping[str, Any]) -> bool:
    """Whether a count has a number to draw: else its caption would stand alone."""
    return any(flow[end] is not None for flow in count["flows"] for end in ("before", "after"))


def _fitting(panels: int, draw: Callable[..., str]) -> str:
    """One drawing of a panel's width, or both widths where a panel stands alone."""
    return draw(width=PANEL) if panels > 1 else _both("fit", lambda width: draw(width=width))


def _same_count(count: Mapping[str, Any], pinned: Any) -> Any:
    if pinned is None:
        return None
    return next((one for one in pinned.counts if one["name"] == count["name"]), None)


def _sectors(answer: Any) -> str:
    directions = list(dict.fromkeys(one["direction"] for one in answer.sectors))
    top = max((one[key] or 0.0 for one in answer.sectors for key in ("before", "after")), default=None)
    drawn = [(name, _fitting(len(directions), partial(pictures.sector_dots, answer.sectors, name, top=top)))
             for name in directions]  # fmt: skip
    figures = "".join(f"<figure><figcaption><b>{escape(name)}.</b></figcaption>{svg}</figure>"
                      for name, svg in drawn if svg)  # fmt: skip
    if not figures or answer.nothing:
        return _part("sectors", "", more=" hidden")
    table = tables.folded("sectors", tables.sectors_table(answer.sectors))
    said = '<p class="under">Goods, million USD a year, central estimate. Hollow dot: before; filled dot: after.</p>'
    body = f'<h2 class="sec">Sectors</h2>{said}<div class="panels">{figures}</div>{table}'
    return _part("sectors", body, "section", ' aria-label="Sectors"')


def _basis(answer: Any) -> str:
    """The interval, what is estimated, empty cells, notes, combinations without solution, world and settings."""
    names = joined([one["name"] for one in answer.estimated])
    notes: list[str] = [] if answer.nothing else [answer.interval["words"]]
    if names:
        notes.append(f"Estimated, not observed: the trade detail of {names}.")
    notes += [*answer.notes, *(f"Without solution: {one}" for one in answer.without_solution)]
    world, chosen = answer.world, answer.settings
    year = f"measures in force in {chosen['year']}" if chosen["year"] else "measures carried out in full"
    elasticities = views.ELASTICITIES.get(chosen["elasticities"], chosen["elasticities"])
    closure = views.CLOSURES.get(chosen["closure"], chosen["closure"]).lower()
    settings = (f"{world['name']}: {world['economies']} economies, {world['sectors']} sectors, base year "
                f"{world['base_year']}; elasticities: {elasticities}; {closure}; {year}.")  # fmt: skip
    rows = "".join(f"<li>{escape(note)}</li>" for note in [settings, *notes])
    body = f'<h2 class="sec">What the numbers rest on</h2><ul class="notes">{rows}</ul>'
    return _part("basis", body, "section", ' aria-label="What the numbers rest on"')


def _keep(answer: Any) -> str:
    """Address, files, and the texts that give the same numbers elsewhere."""
    files = "".join(_file(answer, what, words) for what, words in FILES)
    drawn = {"figure": True, "map": True, "trade": any(one["flows"] for one in answer.counts),
             "sectors": bool(answer.sectors)}  # fmt: skip
    figures = "" if answer.nothing else "".join(
        f'<span>{words} {_file(answer, f"{what}.svg", "SVG", words)}{_file(answer, f"{what}.png", "PNG", words)}</span>'
        for what, words in FIGURES if drawn[what]
    )  # fmt: skip
    link = (f'<div class="ln"><label class="vh" for="url">Address of this result</label><input id="url" readonly '
            f'value="{address(answer.query)}"><button type="button" class="js-only" data-copy="url">Copy</button>'
            "</div>")  # fmt: skip
    texts = "".join(
        f'<details id="text-{key}"{" open" * first}><summary>{name}</summary><div class="code"><pre id="code-{key}" '
        f'tabindex="0" role="group" aria-label="{name}">{escape(str(answer.reproduce[key]))}</pre><button '
        f'type="button" class="js-only" data-copy="code-{key}">Copy<span class="vh"> {name}</span></button></div>'
        "</details>"
        for key, name, first in TEXTS
    )
    body = (f'<h2 class="sec">Keep it, check it, pass it on</h2>{link}<div class="ex" role="group" '
            f'aria-label="Download">{files}</div><div class="ex figs" role="group" aria-label="Figures">{figures}</div>'
            f"{texts}")  # fmt: skip
    return _part("keep", body, "section", ' class="share" aria-label="Share and export"')


def _file(answer: Any, what: str, words: str, of: str = "") -> str:
    """A link to a file of this state; `of` names its figure for ears."""
    named = f'<span class="vh"> of {of.lower()}</span>' if of else ""
    query = answer.query if what == "scenario.yaml" else views.with_draws(answer.query, answer.interval["draws"])
    return f'<a class="file" href="/download/{what}?{attribute(query)}">{words}{named}</a>'


def _glance(answer: Any) -> str:
    """The result in one line, at the bottom of a phone."""
    text = "Nothing changes" if answer.nothing else " \u00b7 ".join(_short(one) for one in answer.headlines[:2])
    return _part("glance", f'<span>{escape(text)}</span><a href="#results">Results</a>', more=' class="jump"')


def _short(card: Mapping[str, Any]) -> str:
    number, unit, _ = views.split_words(card)
    if card["unit"] == "per cent":
        return f"{card['title'].removeprefix('Real income, ').removesuffix(' (estimated)')} {number}"
    return f"{number} {unit.removesuffix(' a year')}"


__all__: Sequence[str] = ["pinned_value", "results_html"]
