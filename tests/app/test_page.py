"""The page: the words and numbers of the answer stand in the HTML, and everything from outside is escaped."""

from html import escape

from comity.app.answer import answer
from comity.app.catalogue import catalogue
from comity.app.page import error_html, page_html
from comity.app.state import State


def test_the_page_shows_sentence_headlines_and_the_count():
    state = State("tehran-2023", parties=("IRN", "BLR", "RUS"))
    found = answer(state, False)
    html = page_html(state, found, catalogue())
    assert escape(found.sentence) in html
    assert all(escape(one["words"]) in html for one in found.headlines)
    assert escape(f"The numbers rest on: {found.counts[0]['name']}") in html
    assert 'value="IRN.BLR.RUS"' in html


def test_nothing_inline_so_that_the_strict_policy_holds():
    state = State("tehran-2023")
    html = page_html(state, answer(state, False), catalogue())
    assert " style=" not in html and "<style" not in html and "onclick" not in html


def test_an_error_is_escaped():
    assert "<script>x" not in error_html(404, "<script>x</script>")


def test_the_form_keeps_what_it_has_no_control_for():
    state = State.from_query({"p": "IRN.BLR", "add": "free:tariff", "m.free": "0"})
    html = page_html(state, answer(state, False), catalogue())
    assert '<input type="hidden" name="add" value="free:tariff">' in html
    assert 'name="m.free"' in html
