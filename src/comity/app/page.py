"""The explorer's page as HTML made on the server: a form that works without JavaScript, and the results."""

from __future__ import annotations

from html import escape
from typing import Any

from comity.app.catalogue import Catalogue
from comity.app.page_controls import controls_html
from comity.app.page_results import results_html
from comity.app.state import State


def page_html(state: State, answer: Any, catalogue: Catalogue) -> str:
    """The whole page for a state and its answer."""
    form = (f'<form class="ctl" id="controls" action="/explore" aria-label="Scenario">'
            f"{controls_html(state, answer, catalogue)}</form>")  # fmt: skip
    main = ('<main class="res" id="results" tabindex="-1"><div id="problem" class="note bad" role="alert" hidden>'
            f'</div><div id="shown">{results_html(answer)}</div></main>')  # fmt: skip
    acts = ('<div class="acts js-only"><button type="button" id="undo" disabled>Undo</button>'
            '<button type="button" id="pin">Keep to compare</button>'
            '<button type="button" id="copy">Copy link</button></div>')  # fmt: skip
    body = (f'{_header(acts, current=True)}<div class="app">{form}{main}</div>'
            '<p id="said" class="vh" role="status"></p>')  # fmt: skip
    return _shell(answer.title, body, script=True)


def error_html(status: int, message: str) -> str:
    """A readable page for an error, with the sentence of the command line."""
    said = (f'{_header("", current=False)}<main class="res" id="results" tabindex="-1"><h1 class="say">No result '
            f'({status})</h1><div class="note bad"><p id="sentence">{escape(_encodable(message))}</p></div>'
            '<p>The address says something the model cannot take. Go back to keep your controls, or '
            '<a href="/">start from the first scenario</a>.</p></main>')  # fmt: skip
    return _shell("No result", said, script=False)


def _encodable(text: str) -> str:
    """Without lone surrogates, which no answer can carry."""
    return text.encode("utf-8", "replace").decode()


def _header(acts: str, *, current: bool) -> str:
    here = ' aria-current="page"' if current else ""
    return ('<a class="skip" href="#results">Skip to the results</a><header class="bar"><div class="mark">comity'
            f'</div><nav aria-label="Main"><a href="/"{here}>Explorer</a><a href="/api">API</a></nav>'
            f"{acts}</header>")  # fmt: skip


def _shell(title: str, body: str, *, script: bool) -> str:
    code = '<script src="/static/explorer.js" defer></script>' if script else ""
    return ('<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width,initial-scale=1"><title>{escape(_encodable(title))} - comity</title>'
            f'<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/explorer.css">{code}</head>'
            f"<body>{body}</body></html>")  # fmt: skip


__all__ = ["controls_html", "error_html", "page_html", "results_html"]
