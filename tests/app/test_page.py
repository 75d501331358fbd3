"""The page: the words and numbers of the answer stand in the HTML, everything from outside is escaped, and every part
that explorer.js looks for is there."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from comity.app import views
from comity.app.answer import Answer, answer
from comity.app.catalogue import catalogue
from comity.app.intervals import INSIDE
from comity.app.page import controls_html, error_html, page_html, results_html
from comity.app.page_results import SCREENS, pinned_value
from comity.app.page_tables import banded, countries_table, digits_of, flows_table, shown
from comity.app.server import static_file
from comity.app.state import State
from comity.app.views import about, cited, days, split_words, whose

VOID = {"meta", "link", "input", "line", "rect", "circle", "path", "polyline", "polygon", "br"}
PARTS = [
    "state",
    "lead",
    "zeros",
    "pin",
    "cards",
    "follow",
    "why",
    "pairs",
    "who",
    "countries",
    "dots",
    "count-1",
    "count-2",
    "sectors",
    "basis",
    "keep",
    "glance",
]


@pytest.fixture(scope="module")
def roadmap() -> Answer:
    return answer(State("tehran-2023"), True)


@pytest.fixture(scope="module")
def banded_one() -> Answer:
    return answer(State("tehran-2023"), True, 200)


@pytest.fixture(scope="module")
def joined() -> Answer:
    return answer(State("tehran-2023", parties=("IRN", "BLR", "RUS")), True)


class Tags(HTMLParser):
    """Every element closed in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert not any(key == "style" or key.startswith("on") for key, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        assert not any(key == "style" for key, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag


def text_of(html: str) -> str:
    """The words of a page, tags away."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_sentence_headlines_and_count_stand_in_the_page(joined: Answer) -> None:
    html = page_html(State("tehran-2023", parties=("IRN", "BLR", "RUS")), joined, catalogue())
    assert f'<h1 class="say">{escape(joined.sentence)}</h1>' in html
    for card in joined.headlines:
        number, unit, ends = split_words(card)
        assert escape(number) in html and escape(unit) in html and escape(ends) in html
    assert f"The numbers rest on <b>{escape(joined.counts[0]['name'])}</b>" in html
    assert 'data-words="IRN.BLR.RUS"' in html
    assert "Changed from the original" in html and "tehran-2023-changed" in html


@pytest.mark.parametrize(
    "query", ["s=tehran-2023", "", "p=IRN.BLR&add=free:tariff", "s=us-china-tariffs", "s=iran-2012"]
)
@pytest.mark.parametrize("ranges", [False, True])
def test_pages_are_whole_and_the_strict_policy_holds(query: str, ranges: bool) -> None:
    state = State.from_query(query)
    html = page_html(state, answer(state, ranges), catalogue())
    Tags(html)
    assert "<style" not in html and re.findall(r"<script[^>]*>", html) == ['<script src="/static/explorer.js" defer>']
    assert html.count("<h1") == 1 and html.count("<main") == 1
    assert not re.search(r'(?:src|href)="(?!/|#|data:,")', html)  # nothing from elsewhere


def test_parts_keep_their_names_and_order(roadmap: Answer, joined: Answer) -> None:
    """explorer.js puts parts in the place of those of the same name: a step without ranges has the same parts."""
    step = answer(State("tehran-2023"), False)
    for found in (roadmap, step, joined):
        assert re.findall(r'data-part="([^"]+)"', results_html(found)) == PARTS
    assert re.findall(r'data-part="([^"]+)"', results_html(roadmap, pinned=joined)) == PARTS
    # what a step has no numbers for is held back, not emptied
    assert re.findall(r'data-part="([^"]+)" data-hold', results_html(step)) == ["zeros", "why", "count-2"]
    assert re.findall(r'data-part="([^"]+)" data-hold', results_html(step, step=True)) == [
        "zeros",
        "why",
        "countries",
        "count-2",
    ]
    assert "<td" not in results_html(step, step=True).partition('data-part="countries"')[2].partition("</section>")[0]
    assert "data-hold" not in results_html(roadmap)


BOX = r'<div class="((?:bars|fit)-(?:narrow|wide)|(?:narrow|wide)-only)"><svg.*?</svg></div>'


def split_at(box: str, html: str, wanted: set[str]) -> list[str]:
    """The HTML in pieces, without boxes of other classes than those wanted."""
    parts = [(found.start(), found.end()) for found in re.finditer(box, html) if found[1] not in wanted]
    ends = [0, *(end for _, end in parts)]
    return [html[a:b] for a, b in zip(ends, [*(start for start, _ in parts), len(html)], strict=True)]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_step_brings_the_drawings_that_a_screen_shows(screen: str, joined: Answer) -> None:
    """For one screen the page lacks the drawings of the others, and nothing else."""
    three = answer(State.from_query("s=us-china-tariffs"), False)
    for found, pinned in ((three, None), (joined, None), (three, joined)):
        everything, some = (results_html(found, pinned, True, of) for of in ("", screen))
        wanted = {f"{kind}-{width}" for kind in ("bars", "fit") for width in SCREENS[screen][kind]}
        wanted |= {f"{width}-only" for width in SCREENS[screen]["map"]}
        assert some == "".join(split_at(BOX, everything, wanted)) != everything
        kinds = [re.sub("narrow|wide", "", kind) for kind in re.findall(BOX, some)]
        assert "-only" in kinds and "bars-" in kinds
        assert all(kinds.count(kind) == 1 for kind in ("-only", "bars-"))


def test_the_state_part_says_what_the_script_needs(joined: Answer) -> None:
    html = results_html(joined)
    assert 'data-query="s=tehran-2023&amp;p=IRN.BLR.RUS"' in html and 'data-changed="1"' in html
    words = dict(re.findall(r'<span data-for="([^"]+)">([^<]*)</span>', html))
    assert words["border-procedures"] == "2.5 days saved"
    assert list(words) == [one["id"] for one in joined.controls]


def test_each_count_has_a_panel_with_its_name(roadmap: Answer) -> None:
    text = text_of(results_html(roadmap))
    assert "Iran's count , Iranian year 1401, to March 2023. The headlines rest on it." in text.replace("&#x27;", "'")
    assert "Belarus's count , 2022." in text.replace("&#x27;", "'")
    assert "Trade detail of Iran is estimated" in text


def test_nothing_changes_says_why_and_shows_no_cards() -> None:
    state = State.from_query("p=IRN.BLR")
    html = results_html(answer(state, False))
    assert "Nothing changes, because the scenario has no measures." in html
    assert "<p>Add a measure to change something.</p>" in html
    assert 'class="three"' not in html and "Nothing changes</span>" in html


def test_nothing_changes_is_said_once_and_no_numbers_pretend_otherwise() -> None:
    off = answer(State.from_query("p=IRN.BLR&add=a:visa&off=a"))
    html = results_html(off)
    assert '<h1 class="say">Nothing changes, because every measure is switched off.</h1>' in html
    assert html.count("Nothing changes, because") == 1 and "has no measures" not in html
    assert "<p>Switch on: Visas of people who carry trade.</p>" in html
    same = results_html(answer(State.from_query("p=RUS.BLR&add=a:tariff&m.a=0")))  # inside a customs union: zero anyway
    assert "<svg" not in same and "range of" not in same.lower() and "<li>Range" not in same


def test_pinned_values_are_matched_by_title_or_country(roadmap: Answer, joined: Answer) -> None:
    iran = next(card for card in joined.headlines if card["title"].startswith("Real income, Iran"))
    value, words = pinned_value(iran, roadmap)
    row = next(one for one in roadmap.countries if one["code"] == "IRN")
    assert value == row["real_income_pct"] and words.endswith("%")
    russia = next(card for card in joined.headlines if card["title"].startswith("Real income, Russia"))
    assert pinned_value(russia, roadmap)[0] == next(
        r["real_income_pct"] for r in roadmap.countries if r["code"] == "RUS"
    )
    assert pinned_value(iran, None) == (None, "")
    html = results_html(joined, pinned=roadmap)
    assert "kept: " in html and 'id="swap"' in html
    assert "kept: " not in results_html(joined)


def test_an_error_is_escaped_and_found_by_the_script() -> None:
    html = error_html(404, "<script>x</script>\ud800")
    assert "<script>x" not in html and '<p id="sentence">&lt;script&gt;' in html
    html.encode()  # a lone surrogate does not come through
    Tags(html)


def test_words_from_outside_are_escaped() -> None:
    found = answer(State("tehran-2023"), False)
    evil = Answer({**found.whole, "title": '"><script>x', "sentence": "<b>x", "notes": ["<i>y"]})
    html = results_html(evil)
    assert "<script>" not in html and "<b>x" not in html and "<i>y" not in html


def test_the_static_files_name_nothing_from_outside(roadmap: Answer) -> None:
    for name in ("explorer.css", "explorer.js"):
        text = static_file(name).decode()
        assert "http" not in text.replace("https://", "http://").replace("http://www.w3.org", "")
        assert "@import" not in text and "eval(" not in text
    script = static_file("explorer.js").decode()
    for name in re.findall(r'one\("#([a-z]+)"(?:, (?:form|shown|page))?\)', script):
        html = page_html(State("tehran-2023"), roadmap, catalogue()) + error_html(404, "")
        assert f'id="{name}"' in html, name


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("84 million USD a year, range 64 to 110", ("84", "million USD a year", "64 to 110")),
        ("44.74 billion USD a year", ("44.74", "billion USD a year", "")),
        ("+0.0012\u202f% [+0.0002, +0.0046]", ("+0.0012\u202f%", "", "+0.0002 to +0.0046")),
        ("not distinguishable from zero", ("not distinguishable from zero", "", "")),
    ],
)
def test_headline_words_are_split_not_remade(words: str, expected: tuple[str, str, str]) -> None:
    assert split_words({"words": words}) == expected


def test_numbers_of_tables() -> None:
    assert banded(5.04, 0.9, 19.06, 1) == "+5.0 [+0.9, +19.1]"
    assert banded(None, None, None, 1) == "no number"
    assert shown(-0.0004, 2) == "under 0.01" and shown(0.0, 2) == "0.00"
    assert shown(3844.2, 0, sign=False) == "3\u202f844"
    assert digits_of([(5.0, 0.9, 19.06), (0.001, 0.0, 0.002)], 0, 2) == 0  # the widest band keeps two digits
    assert digits_of([(0.0042, None, None)], 0, 5) == 4
    assert digits_of([], 1, 5) == 1


def test_a_column_of_countries_keeps_two_digits_of_every_party() -> None:
    def row(name: str, usd: float, low: float, high: float, party: bool) -> dict[str, Any]:
        return {"name": name, "usd": usd, "low_usd": low, "high_usd": high, "real_income_pct": usd / 1000,
                "low_pct": low / 1000, "high_pct": high / 1000, "noise": False, "party": party}  # fmt: skip

    text = text_of(countries_table([row("a", 18.0, 2.0, 18.0, True), row("b", 300.0, 106.0, 772.0, True),
                                    row("c", 0.2, 0.1, 0.3, False)]))  # fmt: skip
    assert "a +18 [+2, +18] +0.018 [+0.002, +0.018]" in text.replace("A ", "a ")
    assert "+300 [+106, +772] +0.300 [+0.106, +0.772]" in text
    assert "C under 1 under 0.001 " in text  # no range where all of it is too small to show


def test_titles_say_who_takes_part(roadmap: Answer, joined: Answer) -> None:
    assert about(roadmap) == "The Iran-Belarus roadmap of March 2023"
    assert about(joined) == "The Iran-Belarus roadmap of March 2023, changed: Iran, Belarus and Russia"


def test_tables_hold_every_economy_and_the_sum_of_flows(roadmap: Answer) -> None:
    assert countries_table(roadmap.countries).count("<tr>") == 1 + roadmap.world["economies"]
    table = flows_table(roadmap.counts[0])
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", table.partition("<tfoot>")[2])
    assert cells == ["59", "84", "+42\u202f%"]  # 15 and 44 before: Iran's count


def test_control_words() -> None:
    assert days(-1.0) == "1 day saved" and days(2.25) == "2.25 days more"
    from comity.app.state import controls_of

    by_id = {one.id: one for one in controls_of(State("tehran-2023"))}
    assert cited(by_id["border-procedures"]).startswith("Shaded: 1.5 to 3.5 days, the range tried.")
    assert cited(by_id["permit-free-road"]).endswith("Assumed: no published figure was found.")
    iran = next(one for one in controls_of(State("eaeu-iran-fta")) if one.id == "iran-duties")
    assert whose(iran) == "Iran buying from Eurasian Economic Union"
    column = controls_html(
        State("eaeu-iran-fta"), SimpleNamespace(changed=False, interval={"kind": "range"}, today={}), catalogue()
    )
    assert "Iran buying from Eurasian Economic Union." in column


def test_bands_stand_beside_ranges_and_neither_is_called_the_other(roadmap: Answer, banded_one: Answer) -> None:
    html, text = results_html(banded_one), text_of(results_html(banded_one))
    cards = html.partition('data-part="cards"')[2].partition("</ul>")[0]
    assert cards.count('<p class="bandw">in 90 of 100 draws <span>') == 3
    assert cards.count('<p class="rangew">range over choices <span>') == 3  # neither takes the place of the other
    assert '<p class="rangew">range over choices <span>64 to 110</span></p>' in cards
    assert cards.count('class="c-tick"') == 6  # both ends of the range in each card
    assert "Bar: the band, 200 joint draws. Short ticks: the range over" in text
    assert "filled dot with its band: after." in text and "million USD a year [in 90 of 100 draws]" in text
    assert 'data-kind="band"' in html and "/download/report.html?s=tehran-2023&amp;draws=200" in html
    assert (
        "/download/scenario.yaml?s=tehran-2023&quot;" not in html and '/download/scenario.yaml?s=tehran-2023"' in html
    )
    ranged = results_html(roadmap)
    cards = ranged.partition('data-part="cards"')[2].partition("</ul>")[0]
    assert cards.count('<p class="rangew">range over choices <span>') == 3 and "c-tick" not in ranged
    assert cards.count('<p class="bandw">in 90 of 100 draws: <span class="c">not yet</span></p>') == 3
    assert 'id="follow"> Bands of 200 draws, and why, are being computed.' in ranged
    assert '<noscript> <a href="/explore?s=tehran-2023&amp;draws=200">' in ranged
    assert '<noscript> <a href="/explore?s=tehran-2023">' in html
    assert "being computed" not in html


def test_a_missing_band_is_explained(roadmap: Answer) -> None:
    without = Answer({**roadmap.content, "interval": {**roadmap.interval, "no_band": "No band: too few."}})
    html = results_html(without)
    assert "No band: too few." in text_of(html) and "being computed" not in html
    assert 'data-kind="band"' in html  # explorer.js does not ask again


def test_a_count_without_numbers_has_no_caption(roadmap: Answer) -> None:
    """A caption never stands without its drawing."""
    first, second = roadmap.counts
    none = dict.fromkeys(("before", "after", "low", "high"))
    empty = {**second, "flows": [{**flow, **none} for flow in second["flows"]]}
    html = results_html(Answer({**roadmap.content, "counts": [first, empty]}))
    assert 'data-part="count-1"' in html and 'data-part="count-2"' not in html
    alone = {**first, "flows": [{**flow, **none} for flow in first["flows"]]}
    html = results_html(Answer({**roadmap.content, "counts": [alone]}))
    assert 'id="trade"' not in html


def test_the_words_of_a_band_are_those_of_the_report() -> None:
    from comity import load_scenario, load_world, simulate
    from comity.report.intervals import short

    assert short(simulate(load_world(), load_scenario("tehran-2023"), draws=20)) == INSIDE
    assert views.split_words({"words": f"84 million USD a year, {INSIDE} 74 to 94"}) == (
        "84", "million USD a year", "74 to 94")  # fmt: skip


@pytest.fixture(scope="module")
def question() -> Answer:
    return answer(State.from_query("p=IRN.BLR&add=free:tariff"), True, 20)


@pytest.fixture(scope="module")
def three() -> Answer:
    return answer(State.from_query("p=IRN.BLR.RUS&add=free:tariff"), True, 20)


def test_a_pair_is_still_read_once_a_third_party_joins(question: Answer, three: Answer) -> None:
    html = results_html(three, pinned=question)
    table = html.partition('data-part="pairs"')[2].partition("</section>")[0]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in table.split("<tr>")[2:]]
    assert [row[0] for row in rows] == ["Iran and Belarus", "Iran and Russia", "Belarus and Russia"]
    assert (rows[0][1], rows[0][2], rows[0][-1]) == ("59", "243", "259") and rows[1][-1] == "not in it"
    total = three.headlines[0]
    assert total["title"] == "Goods trade among Iran, Belarus and Russia"
    assert pinned_value(total, question) == (None, "259 million USD a year, between Iran and Belarus alone")
    pair = question.headlines[0]  # the other way round: the pair's trade once Russia has joined
    assert pinned_value(pair, three)[1] == "243 million USD a year"
    assert "The counts differ in the flows between Iran and Belarus alone" in text_of(html)
    assert "Real income on this count: Iran \u2212" in text_of(html)
    glance = html.partition('data-part="glance"')[2]
    assert all(f"<span>{name} " in glance for name in ("Trade", "Iran", "Belarus", "Russia"))
    assert '<a href="#controls">Controls</a>' in glance


def test_why_and_smoothed_trade_come_with_the_bands(question: Answer, three: Answer) -> None:
    html = text_of(results_html(question))
    assert "64 % of the measures' weight falls on flows that are zero" in html.replace("&#x27;", "'")
    assert "the same measures give goods trade between Iran and Belarus +159 % [" in html
    assert "(here +339 % [" in html
    assert [one.split(" mainly ")[0] for one in three.reasons] == ["Iran loses", "Belarus gains", "Russia gains"]
    ranged = answer(State.from_query("p=IRN.BLR&add=free:tariff"), True)
    assert ranged.reasons == [] and ranged.smoothed == ""
    assert results_html(ranged).count("follows with the bands.") == 2


def test_a_result_is_not_compared_with_itself(question: Answer) -> None:
    html = results_html(question, pinned=question)
    assert "Kept to compare." in html and 'id="swap"' not in html
    assert "c-pin" not in html and "kept: " not in html


def test_the_question_and_the_roadmap_stay_in_reach(three: Answer) -> None:
    state = State.from_query("p=IRN.BLR.RUS&add=free:tariff")
    start = text_of(controls_html(state, three, catalogue())).partition("Start from another")[0]
    assert "No tariffs among Iran, Belarus and Russia" in start
    assert "No tariffs between Iran and Belarus and what if somebody joins?" in start
    assert "The Iran-Belarus roadmap of March 2023" in start
