"""The control column: where to start from, who takes part, a card for each measure, assumptions.

Every step is a link or a field of one form, so that it works without JavaScript; explorer.js takes the same links and
fields and fetches fragments instead of pages. Fields left alone say nothing that differs from the scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from comity.app import views
from comity.app.catalogue import Catalogue
from comity.app.controls import Control
from comity.app.edit import parent, parties_of
from comity.app.intervals import BAND, DRAWS
from comity.app.limits import MEASURES
from comity.app.state import DEFAULT_WORLD, State, controls_of, number_text
from comity.app.views import address, attribute
from comity.classifications.countries import load_blocs

FIELDS = ("s", "p", "add", "w", "e", "c", "y")  # keys that a field of the form sends
FIRST = "s=tehran-2023"  # what the page shows at `/`; it stays in reach
JOINS = "and what if somebody joins?"
AMOUNTS = ("million USD a year",)  # typed, not slid: they have no natural end


def controls_html(state: State, answer: Any, catalogue: Catalogue) -> str:
    """The inside of the form."""
    controls = controls_of(state)
    sent = {*FIELDS, *(f"m.{one.id}" for one in controls if one.value is not None and one.on)}
    sent |= {f"sec.{one.id}" for one in controls if one.sectors}
    rest = "".join(f'<input type="hidden" name="{attribute(key)}" value="{attribute(value)}">'
                   for key, value in parse_qsl(state.query) if key not in sent)  # fmt: skip
    hidden = f'<input type="hidden" name="s" value="{attribute(state.scenario)}">' if state.scenario else ""
    return (f"{hidden}{rest}{_start(state, answer, catalogue)}{_parties(state, controls, catalogue)}"
            f"{_measures(state, controls, catalogue, answer.today)}{_assumptions(state, catalogue)}"
            f'<noscript>{_intervals(answer)}<p class="show"><button class="pri">Show</button></p>'
            "</noscript>")  # fmt: skip


def _intervals(answer: Any) -> str:
    """Ranges or bands, for a page that cannot ask for them by itself."""
    chosen = ' selected="selected"' if answer.interval["kind"] == BAND else ""
    return (f'<label for="draws">Intervals</label><select id="draws" name="draws"><option value="0">ranges over choices'
            f'</option><option value="{DRAWS}"{chosen}>bands of {DRAWS} draws</option></select>')  # fmt: skip


def _start(state: State, answer: Any, catalogue: Catalogue) -> str:
    """The present scenario, whether it is changed, and where else to start."""
    question, asked = views.QUESTION
    title = next((one["title"] for one in catalogue.scenarios if one["name"] == state.scenario), "")
    here = state == State.from_query(question)
    reset = views.step(State(), s=state.scenario) if state.scenario else ""
    note = (f'<p class="hint" id="changed"{"" if answer.changed and state.scenario else " hidden"}>Changed from the '
            f'original. <a class="start" href="{address(reset)}">Reset to the original</a></p>')  # fmt: skip
    links = "".join(
        f'<li><a class="start" href="{address(query)}"{" aria-current=true" * current}>{escape(text)}</a>'
        + (f"<small>{escape(small)}</small>" if small else "")
        + "</li>"
        for query, text, small, current in [
            (question, asked, "your own scenario; then add a country", here),
            *((f"s={one['name']}", one["title"], "", one["name"] == state.scenario) for one in catalogue.scenarios),
            ("", "Start from nothing", "choose parties, then add measures", False),
        ]
    )
    near = "".join(
        f'<li><a class="start" href="{address(query)}">{escape(text)}</a>{_small(small)}</li>'
        for query, text, small, shown in [
            (question, asked, JOINS, not here),
            (FIRST, _title(catalogue, FIRST), "", state.scenario != FIRST.removeprefix("s=")),
        ]
        if shown
    )
    own = title or getattr(answer, "title", "A scenario of your own")
    now = f'<li class="now"><b>{escape(own)}</b>{_small(JOINS * here)}</li>'
    return (f'<fieldset><legend>Start from</legend><ul class="gal">{now}{near}</ul>{note}'
            f'<details class="more" id="gallery"><summary>Start from another scenario</summary>'
            f'<ul class="gal">{links}</ul></details></fieldset>')  # fmt: skip


def _small(words: str) -> str:
    return f"<small>{escape(words)}</small>" if words else ""


def _title(catalogue: Catalogue, query: str) -> str:
    return next((one["title"] for one in catalogue.scenarios if f"s={one['name']}" == query), query)


def _parties(state: State, controls: Sequence[Control], catalogue: Catalogue) -> str:
    """Chips of the parties, each a link that removes it; the search field; some likely additions."""
    concerned = not parties_of(state) or state.parties is not None or any(one.between for one in controls)
    words = state.parties or next((one.parties for one in controls if one.between), ()) or parties_of(state)
    if not concerned:
        return ('<fieldset><legend>Who takes part</legend><p class="hint">The scenario names importers and exporters '
                "for each measure. Measures you add hold between all of them.</p></fieldset>")  # fmt: skip
    blocs = load_blocs()
    used = any(one.between for one in controls)
    spare = len(words) > 2 or not used or (len(words) == 2 and any(word in blocs for word in words))
    chips = "".join(_chip(state, words, word, spare) for word in words)
    hint = (
        "" if spare or not words else '<p class="hint">A measure needs two. To replace one, add the new one first.</p>'
    )
    if words and controls and not used:
        hint = ('<p class="hint">None of the measures is between parties: these take part in those that you add '
                "below.</p>")  # fmt: skip
    others = {one.parties for one in controls if one.between}
    if len(others) > 1 and state.parties is None:
        hint += '<p class="hint">Measures differ in who takes part; a change here makes them the same.</p>'
    more = "".join(f'<a class="step plus" id="plus-{attribute(word)}" href="{address(_with(state, words, word))}">+ '
                   f"{escape(views.party_name(word))}</a>" for word in suggestions(words, catalogue))  # fmt: skip
    return (f'<fieldset id="parties" data-words="{attribute(".".join(words))}"><legend>Who takes part</legend>'
            f'<ul class="chips">{chips}</ul><div class="js-only find"><label class="vh" for="find">Add a country or '
            'bloc</label><input type="search" id="find" placeholder="Country or bloc" list="everyone" '
            'autocomplete="off" spellcheck="false"><button type="button" id="addparty">Add</button></div>'
            f'{everyone(catalogue)}<noscript><label for="p">Parties: codes or blocs with points between</label>'
            f'<input id="p" name="p" {_sent(state, words)}>'
            f'</noscript><div class="add">{more}</div>{hint}</fieldset>')  # fmt: skip


def _sent(state: State, words: Sequence[str]) -> str:
    """The field of the parties without JavaScript: filled in where that says nothing new."""
    text = attribute(".".join(words))
    same = views.step(state, p=".".join(words) or None) == state.query
    return f'value="{text}"' if same else f'value="" placeholder="{text}"'


def _with(state: State, words: Sequence[str], word: str) -> str:
    return views.step(state, p=".".join((*words, word)))


def _chip(state: State, words: Sequence[str], word: str, spare: bool) -> str:
    name = escape(views.party_name(word))
    if not spare:
        return f'<li class="chip fixed">{name}</li>'
    left = views.step(state, p=".".join(other for other in words if other != word) or None)
    return (f'<li class="chip">{name} <a class="step" id="drop-{attribute(word)}" href="{address(left)}" '
            f'aria-label="Remove {attribute(views.party_name(word))}">\u00d7</a></li>')  # fmt: skip


def suggestions(words: Sequence[str], catalogue: Catalogue) -> list[str]:
    """A few likely parties: countries that share the smallest blocs with the present ones, then such a bloc itself."""
    carried = {one["code"] for world in catalogue.worlds for one in world["countries"]}
    blocs = sorted((bloc for bloc in catalogue.blocs if set(bloc["members"]) & set(words)
                    and "coalition" not in bloc["name"]), key=lambda bloc: len(bloc["members"]))  # fmt: skip
    found: dict[str, None] = {}
    for bloc in blocs:
        found |= dict.fromkeys(code for code in bloc["members"] if code in carried and code not in words)
    near = next(
        (one["name"] for one in blocs if len(set(one["members"]) & carried) > 2 and one["name"] not in words), ""
    )
    return [*list(found)[: views.FEW], *([near] if near else [])]


def everyone(catalogue: Catalogue) -> str:
    """The countries and blocs the search field knows, by name."""
    codes = {one["code"]: one["name"] for world in catalogue.worlds for one in world["countries"]}
    rows = sorted((name, code) for code, name in codes.items() if code != "ROW")
    rows += [(views.party_name(bloc["name"]), bloc["name"]) for bloc in catalogue.blocs]
    return '<datalist id="everyone">' + "".join(
        f'<option value="{attribute(name)}" data-code="{attribute(code)}"></option>' for name, code in rows
    ) + "</datalist>"  # fmt: skip


def _measures(state: State, controls: Sequence[Control], catalogue: Catalogue, today: Mapping[str, str]) -> str:
    """today : by measure the rates it starts from, in words."""
    cards = "".join(_card(state, one, catalogue, today.get(one.id, "")) for one in controls)
    able = bool(parties_of(state)) and (len(parties_of(state)) > 1 or parties_of(state)[0] in load_blocs())
    if not able:
        say = "" if controls else '<p class="hint">First say who takes part: two countries, or a bloc.</p>'
        return f"<fieldset><legend>Measures</legend>{cards}{say}</fieldset>"
    return f"<fieldset><legend>Measures</legend>{cards}{_more(state, controls, catalogue)}</fieldset>"


def _more(state: State, controls: Sequence[Control], catalogue: Catalogue) -> str:
    """The field that adds a measure: its values are whole `add` keys."""
    if len(controls) >= MEASURES:
        return f'<p class="hint">{MEASURES} measures, the most one scenario may have here.</p>'
    taken = {one.id for one in controls}
    present = [f"{one.id}:{one.kind}" for one in controls if one.added]
    options = [f'<option value="{attribute(",".join(present))}">Kind of measure</option>']
    for kind in catalogue.measures:
        name = next(n for n in _names(kind["kind"]) if n not in taken)
        value = ",".join([*present, f"{name}:{kind['kind']}"])
        options.append(f'<option value="{attribute(value)}">{escape(kind["title"])}</option>')
    button = '<button id="addkind">Add<span class="vh"> a measure</span></button>'
    return (f'<div class="find"><label class="vh" for="kind">Add a measure</label><select id="kind" name="add">'
            f'{"".join(options)}</select>{button}</div>')  # fmt: skip


def _names(kind: str) -> Any:
    yield kind
    yield from (f"{kind}-{n}" for n in range(2, MEASURES + 2))


def _card(state: State, one: Control, catalogue: Catalogue, today: str) -> str:
    """A measure: switch, name, size in words, slider with the literature's range, sectors, citation."""
    off = [c.id for c in controls_of(state) if not c.on] if not one.on else []
    flipped = [name for name in off if name != one.id] if not one.on else [
        *(c.id for c in controls_of(state) if not c.on), one.id]  # fmt: skip
    switch = (f'<a class="step switch" id="off-{attribute(one.id)}" role="switch" aria-checked="{str(one.on).lower()}" '
              f'aria-label="{attribute(one.title)}: on or off" '
              f'href="{address(views.step(state, off=",".join(flipped) or None))}"></a>')  # fmt: skip
    words = escape(views.value_words(one) if one.on and one.value is not None else "on" if one.on else "off")
    head = (f'<div class="hd">{switch}<h3 id="l-{attribute(one.id)}">{escape(one.title)}</h3>{_remove(state, one)}'
            f'</div><p class="val" id="o-{attribute(one.id)}">{words}</p>')  # fmt: skip
    who, source = views.whose(one), views.cited(one)
    who = who or ("among all who take part" if one.added and one.between else "")
    lines = [f"{who[:1].upper()}{who[1:]}." if who else "", source]
    text = " ".join(escape(line) for line in (*lines, today) if line)
    if one.value is None and not one.added and not text:
        text = "A named regime: on or off."
    kind = "card" if one.on else "card off"
    return (f'<div class="{kind}" id="c-{attribute(one.id)}">{head}{_slider(one)}{_sectors(one, catalogue)}{_ways(one)}'
            f'<p class="src" id="s-{attribute(one.id)}">{text}</p></div>')  # fmt: skip


def _remove(state: State, one: Control) -> str:
    if not one.added:
        return ""
    keys = dict.fromkeys(f"{head}.{one.id}" for head in ("m", "sec", "imp", "exp"))
    added = ",".join(f"{m.id}:{m.kind}" for m in state.measures if m.kind and m.id != one.id)
    off = ",".join(m.id for m in state.measures if not m.on and m.id != one.id)
    gone = views.stepped(state, {**keys, "add": added or None, "off": off or None})
    name = attribute(one.id)
    return (f'<a class="step drop" id="gone-{name}" data-drop="{name}" href="{address(gone)}">'
            f'Remove<span class="vh"> {escape(one.title)}</span></a>')  # fmt: skip


def _slider(one: Control) -> str:
    if one.value is None or one.minimum is None or one.maximum is None or one.default is None or one.step is None:
        return ""
    name = f'id="m-{attribute(one.id)}" name="m.{attribute(one.id)}" data-default="{number_text(one.default)}"'
    said = f'aria-labelledby="l-{attribute(one.id)}" aria-describedby="s-{attribute(one.id)}"'
    state = "" if one.on else " disabled"
    if one.unit in AMOUNTS:
        return (f'<div class="sl"><input type="number" class="amount" {name} {said} value="{number_text(one.value)}" '
                f'min="{number_text(one.minimum)}" max="{number_text(one.maximum)}" step="any"{state}>'
                "</div>")  # fmt: skip
    low, high, grain = grid(one)
    return (f'<div class="sl">{_track(one)}<input type="range" {name} {said} value="{number_text(one.value)}" '
            f'min="{low}" max="{high}" step="{grain}" data-step="{number_text(one.step)}" '
            f'aria-valuetext="{attribute(views.value_words(one))}"{state}></div>'
            f'<div class="ends" aria-hidden="true"><span>{escape(views.end_words(one, one.minimum))}</span>'
            f"<span>{escape(views.end_words(one, one.maximum))}</span></div>")  # fmt: skip


def grid(one: Control) -> tuple[str, str, str]:
    """min, max and step attributes under which the browser leaves value and default as they are: a range field moves
    its value to the nearest step from min. `any` where they do not lie on one grid; explorer.js then rounds."""
    low, high, grain, *seats = (Decimal(number_text(float(x or 0)))
                                for x in (one.minimum, one.maximum, one.step, one.value, one.default))  # fmt: skip
    fits = all((seat - low) % grain == 0 for seat in seats)
    return number_text(float(low)), number_text(float(high)), number_text(float(grain)) if fits else "any"


def _track(one: Control) -> str:
    """The literature's range shaded on the track, and a tick at the size in the scenario."""
    shade = ""
    if one.low is not None and one.high is not None and one.high > one.low:
        left, right = views.fraction(one, one.low), views.fraction(one, one.high)
        shade = f'<rect class="lit" x="{1000 * left:.0f}" width="{1000 * (right - left):.0f}" y="3" height="6"/>'
    at = 1000 * views.fraction(one, one.default or 0.0)
    return (f'<svg class="rng" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">{shade}'
            f'<line class="dflt" x1="{at:.0f}" x2="{at:.0f}" y1="0" y2="12"/></svg>')  # fmt: skip


def _sectors(one: Control, catalogue: Catalogue) -> str:
    """One field: groups, or sectors added and taken away one at a time; its values are whole `sec` keys."""
    if not one.sectors:
        return ""
    now = ".".join(one.sectors)
    single = [word for word in one.sectors if word not in views.GROUPS]
    names = {row["code"]: row["name"] for row in catalogue.sectors}
    shown = views.sectors_name(one.sectors)
    groups = "".join(f'<option value="{word}">{text}</option>' for word, text in views.GROUPS.items() if word != now)
    verb = "and" if single else "only"
    more = "".join(f'<option value="{".".join([*single, code])}">{verb} {escape(name)}</option>'
                   for code, name in names.items() if code not in one.sectors)  # fmt: skip
    less = "".join(f'<option value="{".".join(other for other in single if other != code)}">without '
                   f"{escape(names.get(code, code))}</option>" for code in single if len(single) > 1)  # fmt: skip
    return (f'<label class="sect"><span>Sectors<span class="vh"> of {escape(one.title)}</span></span><select '
            f'id="sec-{attribute(one.id)}" name="sec.{attribute(one.id)}" class="live"><option '
            f'value="{attribute(now)}" selected>{escape(shown)}</option>{groups}{less}{more}</select>'
            "</label>")  # fmt: skip


def _ways(one: Control) -> str:
    """For an added measure: whose imports from whom, in place of all parties. Without JavaScript: imp and exp in the
    address."""
    if not one.added or one.kind == "productivity":
        return ""
    pays = one.kind == "transfer"
    ends = (("exp", "Who pays", one.exporters), ("imp", "Who receives", one.importers)) if pays else (
        ("imp", "Importers", one.importers), ("exp", "Exporters", one.exporters))  # fmt: skip
    title = "Who pays whom" if pays else "One way only"
    fields = "".join(
        f'<label for="{key}-{attribute(one.id)}">{label}</label><input type="text" class="ends-of" list="everyone" '
        f'id="{key}-{attribute(one.id)}" data-key="{key}.{attribute(one.id)}" autocomplete="off" '
        f'placeholder="{"as above" if pays else "all parties"}" '
        f'value="{attribute("" if one.between else ", ".join(views.party_name(word) for word in words))}">'
        for key, label, words in ends
    )
    return f'<details class="ways js-only" id="ways-{attribute(one.id)}"><summary>{title}</summary>{fields}</details>'


def _assumptions(state: State, catalogue: Catalogue) -> str:
    """World, elasticities, trade balances, year: the first choice of each says nothing of its own."""
    source = parent(state)
    worlds = {one["name"]: views.world_name(one) for one in catalogue.worlds}
    own_world = source.world or DEFAULT_WORLD
    fields = _choice("w", "World", worlds, state.world, own_world)
    base = source.elasticities or next((w["elasticities"] for w in catalogue.worlds if w["name"] == own_world), "")
    fields += _choice("e", "Trade elasticities", dict(views.ELASTICITIES), state.elasticities, base)
    fields += _choice("c", "Trade balances", dict(views.CLOSURES), state.closure, source.closure or "fixed-deficits")
    chosen = "" if state.year is None else f' value="{state.year}"'
    year = (f'<div><label for="y">Measures in force in the year</label><input type="number" id="y" name="y" min="1900" '
            f'max="2200" placeholder="{source.year or "carried out in full"}"{chosen}></div>')  # fmt: skip
    return f'<fieldset><legend>Assumptions</legend><div class="row2">{fields}{year}</div></fieldset>'


def _choice(key: str, title: str, names: dict[str, str], chosen: str | None, default: str) -> str:
    """A select whose default sends an empty value, that is nothing."""
    first = f'<option value="">{escape(names.get(default, default))}</option>'
    options = first + "".join(
        f'<option value="{attribute(name)}"{" selected" * (name == chosen)}>{escape(text)}</option>'
        for name, text in names.items()
        if name != default
    )
    return (
        f'<div><label for="{key}">{title}</label><select id="{key}" name="{key}" class="live">{options}</select></div>'
    )
