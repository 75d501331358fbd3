"""The results column in parts, each of which explorer.js replaces only where it differs: sentence, pinned result, three
numbers, what their intervals are, who gains and who loses, trade among the parties on every count, sectors, what it
rests on, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any, Literal

from comity.app import page_tables as tables
from comity.app import page_top as top
from comity.app import pictures, views
from comity.app.intervals import BAND, BEFORE_ENDS, DRAWS, NONE
from comity.app.page_top import part
from comity.app.picture_bars import chosen
from comity.app.views import address, attribute
from comity.outcomes.simulate import label
from comity.report.words import joined

FILES = (("scenario.yaml", "YAML"), ("results.csv", "CSV"), ("report.html", "Full report"))
Width = Literal["narrow", "wide"]
Fits = Mapping[str, tuple[Width, ...]]  # widths by kind of drawing
WIDTHS: dict[Width, int] = {"narrow": 328, "wide": 720}  # in pixels; explorer.css shows the one that fits
ALL: Fits = {"bars": ("narrow", "wide"), "map": ("wide", "narrow"), "fit": ("narrow", "wide")}
# what explorer.css shows of it on a screen up to 640 pixels, up to 1180, and beyond
SCREENS: dict[str, Fits] = {
    "narrow": {"bars": ("narrow",), "map": ("narrow",), "fit": ("narrow",)},
    "middle": {"bars": ("wide",), "map": ("wide",), "fit": ("wide",)},
    "wide": {"bars": ("narrow",), "map": ("wide",), "fit": ("wide",)},
}
MANY_CARDS = 190.0  # width of the line in each of more than three: words under it are not scaled down
PANEL = 344  # of several side by side
FIGURES = (("figure", "Gains and losses"), ("map", "Map"), ("trade", "Trade"), ("sectors", "Sectors"))
TEXTS = (("cli", "Command line", True), ("python", "Python", False), ("yaml", "YAML", False))


def results_html(answer: Any, pinned: Any = None, step: bool = False, screen: str = "") -> str:
    """All parts of an answer; `pinned` is the answer it is compared with. step : for a slider that moves, without the
    long table: explorer.js leaves the one that is there. screen : one of SCREENS, to have only the drawings that it
    shows; explorer.css shows one that stands alone on any."""
    fits = SCREENS[screen] if screen else ALL
    same = pinned is not None and pinned.query == answer.query
    kept, pinned = pinned, None if same else pinned
    parts = [_state(answer), top.lead(answer), top.zeros(answer), top.pin(kept, same), _cards(answer, pinned),
             _follow(answer), top.why(answer), top.pairs(answer, pinned), _who(answer, pinned, step, fits),
             _trade(answer, pinned, fits), _sectors(answer, fits), _basis(answer), _keep(answer, step),
             _glance(answer)]  # fmt: skip
    return "".join(parts)


def _state(answer: Any) -> str:
    """What explorer.js reads: the canonical query, the title, and every slider's value in words."""
    words = "".join(
        f'<span data-for="{attribute(one["id"])}">{escape(_value_words(one))}</span>' for one in answer.controls
    )
    more = BAND if answer.interval["no_band"] else answer.interval["kind"]  # what explorer.js need not ask for
    about = f' data-query="{attribute(answer.query)}" data-title="{attribute(answer.title)}" data-kind="{more}"'
    changed = ' data-changed="1"' if answer.changed else ""
    return part("state", words, more=f"{about}{changed} hidden")


def _value_words(one: Mapping[str, Any]) -> str:
    if not one["on"]:
        return "off"
    return views.words_of(one["unit"], one["value"], one["words"]) if one["value"] is not None else "on"


def _cards(answer: Any, pinned: Any) -> str:
    if answer.nothing or not answer.headlines:
        return part("cards", "", more=" hidden")
    rings = [pinned_value(one, pinned)[0] for one in answer.headlines if one["unit"] == "per cent"]
    axis = pictures.shared_axis(answer.headlines, rings)
    width = pictures.WIDTH if len(answer.headlines) <= 3 else MANY_CARDS
    cards = "".join(_card(one, answer.interval["kind"], pinned, axis, width) for one in answer.headlines)
    return part("cards", cards, "ul", ' class="three" aria-label="Headline numbers"')


def _card(card: Mapping[str, Any], kind: str, pinned: Any, axis: tuple[float, float] | None, width: float) -> str:
    number, unit, ends = views.split_words(card)
    was, words = pinned_value(card, pinned)
    shared = axis if card["unit"] == "per cent" else None
    line = pictures.band_line(card, kind=kind, axis=shared, pinned=was, width=width)
    equal = escape(card.get("equivalent") or "")
    small = f" <small>{escape(unit)}</small>" if unit else ""
    compare = f'<p class="was">kept: {escape(words)}{", the same as rounded" * _alike(number, words, card, was)}</p>'
    big = "big" if any(sign.isdigit() for sign in number) else "big plain"
    both = views.split_words({"words": card["range_words"]})[2] if kind == BAND else ends
    ranged = _ends("range over choices", both, kind != NONE)
    banded = _ends(BEFORE_ENDS[BAND], ends if kind == BAND else "", kind == BAND)
    return (f'<li><h2>{escape(card["title"])}</h2><p class="{big}">{escape(number)}{small}</p>'
            f'<p class="rangew">{ranged}</p><p class="bandw">{banded}</p>{line}<p class="eq">{equal}</p>'
            f"{compare if words else ''}</li>")  # fmt: skip


def _ends(name: str, ends: str, known: bool) -> str:
    """An interval by its name; each keeps its line, whether it is there yet or not."""
    if ends:
        return f"{name} <span>{escape(ends)}</span>"
    return f"{name}: none" if known else f'{name}: <span class="c">not yet</span>'


def _alike(number: str, words: str, card: Mapping[str, Any], was: float | None) -> bool:
    """Whether two numbers that differ look the same."""
    return was is not None and was != card["value"] and words.partition(" ")[0] == number


def _follow(answer: Any) -> str:
    """What the intervals of the three numbers are, and what follows; without JavaScript a link to the other kind."""
    about = answer.interval
    if answer.nothing or not answer.headlines:
        return part("follow", "", more=" hidden")
    other, words = (0, "ranges over choices") if about["kind"] == BAND else (DRAWS, f"bands of {DRAWS} draws")
    link = f'<noscript> <a href="{address(answer.query, other)}">Show {words}</a></noscript>'
    if about["kind"] == BAND:
        said = (f"Bar: the band, {about['draws']} joint draws. Short ticks: the range over choices (elasticities, "
                "trade balances, sizes).")  # fmt: skip
    elif about["kind"] == NONE:
        said = "Central numbers while a control moves. Ranges and bands follow."
    elif about["no_band"]:
        said, link = f"Bar: the range over choices. {about['no_band']}", ""
    else:
        said = "Bar: the range over choices (elasticities, trade balances, sizes)."
        link += f'<span class="js-only" id="follow"> Bands of {DRAWS} draws, and why, are being computed.</span>'
    return part("follow", f"{escape(said)}{link}", "p", ' class="follow"')


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
    if card["unit"] == "per cent":
        return None, "no number"
    found = top.between(pinned, card["codes"])
    if found is not None:
        return found, top.amount(found)
    least = pinned.headlines[0] if pinned.headlines and not pinned.nothing else None
    if least is None or least["unit"] == "per cent":
        return None, ""
    number, unit, _ = views.split_words(least)
    whose = re.split(r", (?:on|the flows) ", least["title"].removeprefix("Goods trade "))[0]
    return None, f"{number} {unit}, {whose} alone"


def _who(answer: Any, pinned: Any, step: bool, fits: Fits) -> str:
    """Tile map and ranked bars with their table."""
    others = None if pinned is None else pinned.countries
    rows = chosen(answer.countries)
    draw = partial(pictures.ranked_bars, answer.countries, pinned=others, bars=rows)
    bars = _boxes("bars", fits["bars"], lambda width: draw(width=width))
    if answer.nothing or not bars:
        return part("who", "", more=" hidden") + part("countries", "", more=" hidden")
    parties = [one["code"] for one in answer.countries if one["party"]]
    maps = "".join(f'<div class="{width}-only">{pictures.tile_map(answer.countries, parties, width=width)}</div>'
                   for width in fits["map"])  # fmt: skip
    moved = sum(abs(one["real_income_pct"] or 0.0) >= 0.001 and not one["noise"] for one in answer.countries)
    total = len(answer.countries)
    reach = f"{moved} of {total} economies change by more than 0.001 per cent." if moved else (
        "No economy changes by more than 0.001 per cent.")  # fmt: skip
    ring = " Ring: the result kept to compare." if pinned is not None else ""
    where = f"<figure><figcaption><b>Where.</b> Real income, per cent. {reach}</figcaption>{maps}</figure>"
    ranked = ("<figure><figcaption><b>Who gains, who loses.</b> Equivalent variation, million USD a year; at the "
              f"right, real income in per cent.{ring}</figcaption>{bars}</figure>")  # fmt: skip
    table = "" if step else tables.folded(
        "countries", tables.countries_table(answer.countries, answer.interval["kind"])
    )  # fmt: skip
    body = part("who", f'<h2 class="sec">Who gains, who loses</h2><div class="duo">{where}{ranked}</div>')
    held = part("countries", table, more=" data-hold" if step else "")
    return f'<section aria-label="Who gains, who loses">{body}{held}</section>'


def _boxes(name: str, widths: Sequence[Width], draw: Callable[[int], str]) -> str:
    """A drawing in each of some widths; empty where there is nothing to draw."""
    drawn = [(which, draw(WIDTHS[which])) for which in widths]
    return "".join(f'<div class="{name}-{which}">{svg}</div>' for which, svg in drawn if svg)


def _trade(answer: Any, pinned: Any, fits: Fits) -> str:
    """A panel for each statistical count, by its name."""
    kind = answer.interval["kind"]
    counts = [one for one in answer.counts if _drawn(one)]
    if not counts or answer.nothing:
        return part("trade", "", more=" hidden")
    known = [one for one in counts if all(flow["after"] is not None for flow in one["flows"])]
    figures = []
    for place, count in enumerate(counts, 1):
        other = _same_count(count, pinned)
        svg = _fitting(len(counts), fits["fit"], partial(pictures.flow_dots, count, kind=kind, pinned=other))
        name = escape(count["name"][:1].upper() + count["name"][1:])
        source = f'<p class="hint">Source: {escape(count["source"])}</p>' if count["source"] else ""
        lead = "The headlines rest on it." if place == 1 and len(counts) > 1 else ""
        income = count["incomes"]
        income = f'<p class="hint">Real income on this count: {escape(income)}.</p>' if income else ""
        figures.append(
            f'<figure data-part="count-{place}"{"" if count in known else " data-hold"}><figcaption><b>'
            f"{name}</b>, {escape(str(count['year']))}. {lead}</figcaption>{svg}{income}{source}"
            f"{tables.folded(f'count-{place}', tables.flows_table(count, kind))}</figure>"
        )
    dot = "filled dot" if kind == NONE else f"filled dot with its {kind}"
    # a part of its own: it changes with the kind of interval, and the section around the panels is left as it is
    own = f" {counts[0]['own']}" if len(counts) > 1 and len(counts[0]["flows"]) > 2 else ""
    said = part(
        "dots", f"Goods, million USD a year. Hollow dot: before; {dot}: after.{escape(own)}", "p", ' class="under"'
    )
    title = "Trade among the parties" if len(counts) < 2 else "Trade among the parties, on each count"
    inside = f'{said}<div class="panels">{"".join(figures)}</div>'
    return f'<section aria-label="Trade among the parties">{top.fold("trade", title, inside)}</section>'


def _drawn(count: Mapping[str, Any]) -> bool:
    """Whether a count has a number to draw: else its caption would stand alone."""
    return any(flow[end] is not None for flow in count["flows"] for end in ("before", "after"))


def _fitting(panels: int, widths: Sequence[Width], draw: Callable[..., str]) -> str:
    """One drawing of a panel's width, or one of each of the widths where a panel stands alone."""
    return draw(width=PANEL) if panels > 1 else _boxes("fit", widths, lambda width: draw(width=width))


def _same_count(count: Mapping[str, Any], pinned: Any) -> Any:
    if pinned is None:
        return None
    return next((one for one in pinned.counts if one["name"] == count["name"]), None)


def _sectors(answer: Any, fits: Fits) -> str:
    directions = list(dict.fromkeys(one["direction"] for one in answer.sectors))
    most = max((one[key] or 0.0 for one in answer.sectors for key in ("before", "after")), default=None)
    drawn = [(name, _fitting(len(directions), fits["fit"],
                             partial(pictures.sector_dots, answer.sectors, name, top=most)))
             for name in directions]  # fmt: skip
    figures = "".join(f"<figure><figcaption><b>{escape(name)}.</b></figcaption>{svg}</figure>"
                      for name, svg in drawn if svg)  # fmt: skip
    if not figures or answer.nothing:
        return part("sectors", "", more=" hidden")
    table = tables.folded("sectors", tables.sectors_table(answer.sectors))
    said = '<p class="under">Goods, million USD a year, central estimate. Hollow dot: before; filled dot: after.</p>'
    body = top.fold("by-sector", "Sectors", f'{said}<div class="panels">{figures}</div>{table}')
    return part("sectors", body, "section", ' aria-label="Sectors"')


def _basis(answer: Any) -> str:
    """The interval, what is estimated, empty cells, notes, combinations without solution, world and settings."""
    names = joined([one["name"] for one in answer.estimated])
    notes: list[str] = [] if answer.nothing else [answer.interval["words"]]
    if names:
        notes.append(f"Estimated, not observed: the trade detail of {names}.")
    notes += [*answer.borrowed, *answer.notes, *(f"Without solution: {one}" for one in answer.without_solution)]
    world, chosen = answer.world, answer.settings
    year = f"measures in force in {chosen['year']}" if chosen["year"] else "measures carried out in full"
    elasticities = views.ELASTICITIES.get(chosen["elasticities"], chosen["elasticities"])
    closure = views.CLOSURES.get(chosen["closure"], chosen["closure"]).lower()
    settings = (f"{world['name']}: {world['economies']} economies, {world['sectors']} sectors, base year "
                f"{world['base_year']}; elasticities: {elasticities}; {closure}; {year}.")  # fmt: skip
    rows = "".join(f"<li>{row}</li>" for row in [escape(settings), *map(views.in_plain_words, notes)])
    body = top.fold("rests", "What the numbers rest on", f'<ul class="notes">{rows}</ul>')
    return part("basis", body, "section", ' aria-label="What the numbers rest on"')


def _keep(answer: Any, step: bool) -> str:
    """Address, files, and the texts that give the same numbers elsewhere; nothing for a slider that moves, so that no
    text need be written: explorer.js leaves what is there."""
    if step:
        return part("keep", "", "section", ' class="share" aria-label="Share and export" data-hold')
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
        f"{_first_the_file(answer, key)}</details>"
        for key, name, first in TEXTS
    )
    body = top.fold("share", "Keep it, check it, pass it on", f'{link}<div class="ex" role="group" '
            f'aria-label="Download">{files}</div><div class="ex figs" role="group" aria-label="Figures">{figures}</div>'
            f"{texts}")  # fmt: skip
    return part("keep", body, "section", ' class="share" aria-label="Share and export"')


def _first_the_file(answer: Any, key: str) -> str:
    """Command line and Python read the scenario from a file, unless the gallery has it."""
    name = f"{answer.name}.yaml"
    if key == "yaml" or name not in str(answer.reproduce[key]):
        return ""
    link = f'<a class="inline" href="/download/scenario.yaml?{attribute(answer.query)}">the YAML file</a>'
    return f'<p class="hint">First save {link} as {escape(name)}; run this in the folder it lies in.</p>'


def _file(answer: Any, what: str, words: str, of: str = "") -> str:
    """A link to a file of this state; `of` names its figure for ears."""
    named = f'<span class="vh"> of {of.lower()}</span>' if of else ""
    query = answer.query if what == "scenario.yaml" else views.with_draws(answer.query, answer.interval["draws"])
    return f'<a class="file" href="/download/{what}?{attribute(query)}">{words}{named}</a>'


def _glance(answer: Any) -> str:
    """The result in a line or two, at the bottom of a phone, and the ways to controls and results."""
    parts = ["Nothing changes"] if answer.nothing else [_short(one) for one in answer.headlines]
    text = " \u00b7 ".join(f"<span>{escape(words)}</span>" for words in parts)
    links = '<a href="#controls">Controls</a><a href="#results">Results</a>'
    return part("glance", f'<p>{text}</p><nav aria-label="On this page">{links}</nav>', more=' class="jump"')


def _short(card: Mapping[str, Any]) -> str:
    number, unit, _ = views.split_words(card)
    if card["unit"] == "per cent":
        return f"{card['title'].removeprefix('Real income, ').removesuffix(' (estimated)')} {number}"
    amount = f"{number} {unit.removesuffix(' USD a year')}"
    if len(card["codes"]) == 2:
        return f"{' - '.join(label(code) for code in card['codes'])} trade {amount}"
    return f"Trade of all {amount}" if len(card["codes"]) > 2 else f"Trade {amount}"


__all__: Sequence[str] = ["SCREENS", "pinned_value", "results_html"]
