"""The explorer's page as HTML made on the server: a form that works without JavaScript, and the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote

from comity.app.catalogue import Catalogue
from comity.app.state import State, controls_of

FILES = (("scenario.yaml", "YAML"), ("results.csv", "CSV"), ("figure.svg", "SVG"), ("figure.png", "PNG"),
         ("report.html", "Full report"))  # fmt: skip


def page_html(state: State, answer: Any, catalogue: Catalogue) -> str:
    """The whole page for a state and its answer."""
    main = f'<main id="results" tabindex="-1">{results_html(answer)}</main>'
    form = (
        f'<form id="controls" action="/explore" aria-label="Scenario">{controls_html(state, answer, catalogue)}</form>'
    )
    return _shell(answer.title, f'<div class="app">{form}{main}</div><p id="said" class="vh" role="status"></p>')


def error_html(status: int, message: str) -> str:
    """A readable page for an error, with the sentence of the command line."""
    said = f'<main><h1>No result ({status})</h1><p>{escape(message)}</p><p><a href="/">Start again</a></p></main>'
    return _shell("No result", said)


def controls_html(state: State, answer: Any, catalogue: Catalogue) -> str:
    """The control column: scenario links, parties, one card per measure with a slider, assumptions."""
    gallery = "".join(f'<li><a href="/explore?s={quote(one["name"])}"'
                      f'{" aria-current=true" * (one["name"] == state.scenario)}>'
                      f"{escape(one['title'])}</a></li>" for one in catalogue.scenarios)  # fmt: skip
    controls = controls_of(state)
    parties = state.parties or next((one.parties for one in controls if one.between), ())
    who = f'<label>Parties, codes or blocs joined by points<input name="p" value="{escape(".".join(parties))}"></label>'
    shown = {"s", "p", "w", "e", "c", *(f"m.{one.id}" for one in controls if one.value is not None)}
    rest = "".join(f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
                   for key, value in parse_qsl(state.query) if key not in shown)  # fmt: skip
    free = "/explore?p=IRN.BLR&add=free:tariff&m.free=0"
    gallery += f'<li><a href="{escape(free)}">No tariffs between Iran and Belarus</a></li>'
    cards = "".join(_card(one) for one in controls)
    chosen = answer.settings
    assume = _choice("w", "World", [one["name"] for one in catalogue.worlds], answer.world["name"], state.world)
    assume += _choice("e", "Trade elasticities", catalogue.elasticities, chosen["elasticities"], state.elasticities)
    assume += _choice("c", "Trade balances", catalogue.closures, chosen["closure"], state.closure)
    return (f'<details><summary>Start from another scenario</summary><ul>{gallery}</ul></details>'
            f'<input type="hidden" name="s" value="{escape(state.scenario)}">{rest}{who if parties else ""}'
            f"<h2>Measures</h2>{cards}<h2>Assumptions</h2>{assume}<button>Show</button>")  # fmt: skip


def results_html(answer: Any, pinned: Any = None) -> str:
    """The results of an answer; `pinned` is the answer they are compared with."""
    second = f"<p>{escape(answer.second_sentence)}</p>" if answer.second_sentence else ""
    nothing = f'<p class="note">{escape(answer.nothing)}</p>' if answer.nothing else ""
    first = answer.counts[0]["name"] if answer.counts else ""
    rests = f"<p><b>The numbers rest on: {escape(first)}.</b></p>" if first else ""
    names = ", ".join(one["name"] for one in answer.estimated)
    rough = f"<p>Trade detail estimated for: {escape(names)}.</p>" if names else ""
    heads = "".join(_headline(one) for one in answer.headlines)
    compare = f"<p>Pinned: {escape(pinned.sentence)}</p>" if pinned is not None else ""
    files = "".join(f'<li><a href="/download/{what}?{escape(answer.query)}">{words}</a></li>' for what, words in FILES)
    kept = "".join(f"<h3>{escape(name)}</h3><pre tabindex=0>{escape(str(answer.reproduce[key]))}</pre>"
                   for key, name in (("yaml", "YAML"), ("cli", "Command line"), ("python", "Python")))  # fmt: skip
    return (f"<h1>{escape(answer.sentence)}</h1>{second}{nothing}{rests}{rough}{compare}<ul class=three>{heads}</ul>"
            f"<p class=hint>{escape(answer.interval['words'])}</p>{_countries(answer.countries)}{_flows(answer.counts)}"
            f"<h2>Keep it, check it, pass it on</h2><ul class=files>{files}</ul>"
            f"<details><summary>Reproduce</summary>{kept}</details>")  # fmt: skip


def _headline(one: Mapping[str, Any]) -> str:
    return (f"<li><h2>{escape(one['title'])}</h2><p class=big>{escape(one['words'])}</p>"
            f"<p>{escape(one.get('equivalent') or '')}</p></li>")  # fmt: skip


def _number(value: float | None) -> str:
    return "no number" if value is None else f"{value:.4g}".replace("-", "\u2212")


def _table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th scope=col>{escape(head)}</th>" for head in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (f'<div class=wide tabindex=0 role=group aria-label="{escape(caption)}">'
            f'<table><caption>{escape(caption)}</caption>'
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>")  # fmt: skip


def _countries(countries: Iterable[Mapping[str, Any]]) -> str:
    ranked = sorted(countries, key=lambda one: (not one["party"], -abs(one["usd"] or 0)))[:10]
    rows = ([one["name"], _number(one["real_income_pct"]), _number(one["usd"]),
             "inside the noise" if one["noise"] else f"{_number(one['low_usd'])} to {_number(one['high_usd'])}"]
            for one in ranked)  # fmt: skip
    return "<h2>Who gains, who loses</h2>" + _table(
        "Real income: parties, then the largest changes", ("Economy", "per cent", "million USD", "range"), rows
    )


def _flows(counts: Iterable[Mapping[str, Any]]) -> str:
    said = "<h2>Trade among the parties</h2>"
    for count in counts:
        rows = ([f"{one['origin_name']} to {one['destination_name']}", _number(one["before"]), _number(one["after"])]
                for one in count["flows"])  # fmt: skip
        said += _table(f"{count['name']}, million USD a year", ("Flow", "before", "after"), rows)
    return said


def _card(one: Any) -> str:
    slider = ""
    if one.value is not None:
        slider = (f'<input type=range name="m.{escape(one.id)}" value="{one.value!r}" '
                  f'min="{one.minimum!r}" max="{one.maximum!r}" '
                  f'step="{one.step!r}" aria-label="{escape(one.title)}" '
                  f'aria-valuetext="{escape(one.words)}">')  # fmt: skip
    return (f"<div class=card><h3>{escape(one.title)}</h3><p>{escape(one.words)}</p>{slider}"
            f"<p class=hint>{escape(one.citation)}</p></div>")  # fmt: skip


def _choice(key: str, title: str, names: Iterable[str], now: str, chosen: str | None) -> str:
    options = "".join(f'<option value="{escape(one)}"{" selected" * (one == (chosen or now))}>{escape(one)}</option>'
                      for one in names)  # fmt: skip
    return f"<label>{title}<select name={key}>{options}</select></label>"


def _shell(title: str, body: str) -> str:
    return (f'<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width">'
            f"<title>{escape(title)} - comity</title><link rel=stylesheet href=/static/explorer.css>"
            f"<script src=/static/explorer.js defer></script></head><body>{body}</body></html>")  # fmt: skip
