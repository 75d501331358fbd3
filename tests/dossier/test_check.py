"""Checking and explaining a dossier: on a world, against source texts, at the command line, as the manual says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from comity import InputError, assess, load_dossier, load_world
from comity.cli import app
from comity.dossier.check import check_dossier
from comity.dossier.editor import json_schema
from comity.dossier.explain import WORDS, explain_dossier, words_of
from comity.dossier.load import dossiers, parse_dossier
from comity.dossier.quotes import contains, paragraphs, plain
from comity.dossier.schema import TESTS, Dossier
from comity.scenario.load import ScenarioError
from tests.dossier.files import SMALL, changed, line_of
from tests.dossier.test_load import CASES, complaints
from tests.helpers import labelled_world, shared

FILE = "small.yaml"
DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = """A headline

Leader of the Islamic Revolution Ayatollah and so on.
\u00a0
Second paragraph: trade of \u201c$100\u202fmillion\u201d in 2022\u20132023.

Third: it Tripled, or 2,100 million.
"""


def small(old: str = "", new: str = "") -> Dossier:
    """The small dossier with references that fit TEXT."""
    text = SMALL
    for there, here in (("paragraph: 22,", "paragraph: 2,"), ("[22, 23]", "[2, 3]"), ("35}", "3}"), ("35}", "3}"),
                        ("13}", "1}"), ("paragraph: 4}", "paragraph: 1}"), ("28}", "1}"), (old, new)):  # fmt: skip
        text = changed(there, here, text)
    return parse_dossier(text, FILE)


def problems(dossier: Dossier, texts: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        check_dossier(dossier, load_world("world-2022"), texts)
    return [problem.message for problem in caught.value.problems]


# -- texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paragraph", "figure", "there"),
    [
        ("boosting trade to $100 million,", "$100 million", True),
        ("boosting trade to US$100\u00a0Million", "$100 million", True),
        ("TRIPLED", "tripled", True),
        ("quintupled", "tupled", False),
        ("about 2,100 million", "100 million", False),
        ("about 1.100 million", "100 million", False),
        ("about 100.5", "100", False),
        ("about 100.", "100", True),
        ("3\u2009844 units", "3 844", True),
        ("2022\u20132023", "2022-2023", True),
        ("\u2212 5 per\n cent", "- 5 per cent", True),
        ("the \u201ckey\u201d", '"KEY"', True),
        ("soft\u00adhyphen", "softhyphen", True),
        ("anything", "\u200b", False),
    ],
)
def test_a_figure_stands_as_words_of_its_own(paragraph: str, figure: str, there: bool) -> None:
    assert contains(paragraph, figure) is there


def test_paragraphs_are_lines_that_are_not_empty() -> None:
    assert len(paragraphs(TEXT)) == 4
    body = paragraphs(TEXT, "leader of the\u00a0Islamic")
    assert len(body) == 3 and body[2].startswith("Third")
    assert paragraphs(TEXT, "Nowhere") == [] and plain("\u2018a\u2019  B") == "'a' b"


def test_figures_where_the_dossier_says() -> None:
    lines = check_dossier(small(), load_world("world-2022"), {"article": TEXT})
    assert "article: 2 quoted figures stand where the dossier says." in lines
    lines = check_dossier(small(), load_world("world-2022"))
    assert any("not looked up: article (2)" in line for line in lines)
    anywhere = small(
        '{id: article, paragraph: 2, figures: ["$100 million"]}', '{id: article, figures: ["$100 million"]}'
    )
    assert check_dossier(anywhere, load_world("world-2022"), {"article": TEXT})


def test_figures_that_are_not_there() -> None:
    (elsewhere,) = problems(small("paragraph: 2,", "paragraph: 1,"), {"article": TEXT})
    line = line_of('figures: ["$100')
    assert elsewhere == (
        f"{FILE}, line {line}, claims[0].source.figures[0]: claim c: the source does not have this figure there. "
        'Found: no "$100 million" in article, paragraph 1. It stands in paragraph 2.'
    )
    (nowhere,) = problems(small("[tripled]", "[halved]"), {"article": TEXT})
    assert 'no "halved" in article, paragraphs 2, 3. It stands nowhere in the text.' in nowhere
    (close,) = problems(small("[tripled]", '["trade for $100 millions"]'), {"article": TEXT})
    near = "trade of \u201c$100 million\u201d"
    assert close.endswith(f'It stands nowhere in the text; nearest is "{near}" in paragraph 2.')
    (amount,) = problems(
        small("[tripled]", '["10 billions USD"]'), {"article": f"{TEXT}\nIt shall be 10 billion US dollars."}
    )
    assert amount.endswith('nearest is "10 billion US dollars" in paragraph 4.')
    (beyond,) = problems(small("[2, 3]", "[2, 4]"), {"article": TEXT})
    assert "claim d: the text of article has no such paragraph. Found: 4. Allowed: 1 to 3." in beyond
    (start,) = problems(small("begins: Leader", "begins: Follower"), {"article": TEXT})
    assert f"line {line_of('begins')}, sources[0].begins: no line of the text of article begins like this" in start
    (empty,) = problems(small("    begins: Leader of the Islamic Revolution Ayatollah\n", ""), {"article": " \n"})
    assert "the text of article is empty" in empty
    with pytest.raises(InputError, match="Did you mean article"):
        check_dossier(small(), load_world("world-2022"), {"artcle": TEXT})


def test_figures_of_commitments() -> None:
    quoting = small(
        "source: {id: article, paragraph: 3}\n    history",
        "source: {id: article, paragraph: 1, figures: [tripled]}\n    history",
    )
    (said,) = problems(quoting, {"article": TEXT})
    assert (
        "commitments[0].source.figures[0]: commitment visas: the source does not have" in said and "paragraph 3" in said
    )


def test_figures_of_the_article() -> None:
    text = shared("reference", "article-tehran-2023.txt").read_text(encoding="utf-8")
    lines = check_dossier(parse_dossier(SMALL, FILE), load_world("world-2022"), {"article": text})
    assert "article: 2 quoted figures stand where the dossier says." in lines
    (wrong,) = problems(parse_dossier(changed("paragraph: 22,", "paragraph: 21,"), FILE), {"article": text})
    assert 'no "$100 million" in article, paragraph 21. It stands in paragraph 22.' in wrong
    for name in dossiers():
        dossier = load_dossier(name)
        if any(source.begins and source.begins in text for source in dossier.sources):
            assert check_dossier(dossier, None, {"article": text})


# -- worlds ---------------------------------------------------------------------------------------------


def test_scenarios_on_a_world() -> None:
    lines = check_dossier(small())
    assert lines[0] == f"{FILE}: 4 scenarios, valid on world-2022."
    assert "2 commitments, 1 of them with measures in the model." in lines
    assert "6 claims, 5 with a test, 1 outside the model." in lines
    assert any("best" in line or "an upper bound" in line for line in lines)
    assert any(line.startswith("Note: Claim d: Iran's count does not report 2021 and 2022") for line in lines)


def test_a_refusal_is_a_mistake_on_the_dossiers_own_world_only() -> None:
    imposes = small("{id: front, use: sanctioned-front}", "{id: front, use: russia-2022}")
    (message,) = problems(imposes)
    assert message.startswith(
        f"{FILE}, line {line_of('id: front')}, scenarios[1].use: the scenario cannot be run on world-2022"
    )
    assert "russia-2022.yaml, line" in message and "lifting" in message
    lifts = small("main: roadmap", "main: front")
    lines = check_dossier(lifts, load_world("world-2019"))
    assert not any("cannot be run" in line for line in lines)
    elsewhere = small("world: world-2022", "world: world-2019")
    imposes = parse_dossier(elsewhere.text.replace("use: sanctioned-front", "use: russia-2022"), FILE)
    lines = check_dossier(imposes, load_world("world-2022"))
    assert any(line.startswith("Note: Scenario front cannot be run on world-2022") for line in lines)
    assert any("It cannot be run on world-2022" in line for line in explain_dossier(imposes, load_world("world-2022")))
    main = parse_dossier(imposes.text.replace("main: roadmap", "main: front"), FILE)
    assert any("lifting" in message for message in problems(main))


def test_economies_the_world_lacks() -> None:
    (lacking,) = problems(
        small("{kind: gain, scenario: bound, countries: [IRN,", "{kind: gain, scenario: bound, countries: [Syria,")
    )
    line = line_of("kind: gain")
    assert lacking.startswith(
        f"{FILE}, line {line}, claims[4].test.countries: the world world-2022 has no such country"
    )


def test_a_world_of_ones_own_brings_its_own_names() -> None:
    own = small("world: world-2022", "world: mine.npz")
    text = own.text.replace("country: IRN", "country: Mine")
    with pytest.raises(InputError, match="unknown country or bloc. Found: Mine"):
        check_dossier(parse_dossier(text, FILE), labelled_world())


# -- words ----------------------------------------------------------------------------------------------

IN_WORDS = {
    '{kind: target, scenario: roadmap, between: [IRN, BLR], at_least: 100, by: 2026, count: "Belarus\'s count"}':
    "under scenario roadmap, goods trade of Iran and Belarus both ways reaches 100 million USD a year at the start of "
    "2026, judged on Belarus's count.",
    "{kind: gain, scenario: front, countries: [IRN]}": "under scenario front, real income of Iran rises.",
    '{kind: gain, scenario: front, countries: [IRN, BLR], at_least: "-0.1%", upper_bound: true}':
    "under scenario front, real income of each of Iran and Belarus falls by no more than 0.1 %; the scenario is an "
    "upper bound and can only refute.",
    '{kind: loss, scenario: front, countries: [EAEU], at_least: "1%"}': "under scenario front, real income of each of the EAEU falls by at least 1 %.",
    "{kind: trade, scenario: roadmap, between: [IRN, BLR], measures: [truck-drivers-visas], more_than: 2}":
    "under scenario roadmap, goods trade of Iran and Belarus both ways rises by more than 2 million USD a year by the "
    "measures truck-drivers-visas alone.",
    '{kind: recovered, cooperation: front, regimes: {RUS: lift}, at_least: "90%", apart: roadmap}':
    "scenario front wins back at least 90 % of what the regime costs Russia (scenario lift); scenario roadmap is shown apart.",
    '{kind: growth, observed: pair, since: "2021", until: "2022", at_least: 3}':
    "observed trade pair in 2022 is at least 3 times that in 2021, on every count.",
    "{kind: ranking, scenario: front, country: IRN, most: loss}":
    "under scenario front, Iran loses most, in million USD a year, among all economies of the world.",
    "{kind: delay, scenario: roadmap, countries: [IRN, BLR]}":
    "under scenario roadmap, one year of delay costs Iran and Belarus together something.",
}  # fmt: skip


def with_test(test: str) -> Dossier:
    return parse_dossier(changed("{kind: ranking, scenario: front, country: IRN, most: gain}", test), FILE)


@pytest.mark.parametrize("test", IN_WORDS)
def test_a_test_in_words(test: str) -> None:
    assert words_of(with_test(test).claims[5].nearest) == IN_WORDS[test]


def test_explain_says_when_a_measure_is_in_force() -> None:
    lift = "{id: lift, kind: lifting, regime: russia-2014, source: gsdb"
    dated = small(lift, lift + ", phase: {from: 2025, to: 2027}")
    lines = explain_dossier(dated, load_world("world-2022"))
    assert "    dates: begins 2025-01-01, in force in full from 2027-01-01" in lines
    assert "    dates: none given, in force from the start" in explain_dossier(small(), load_world("world-2022"))


def test_every_kind_has_words_and_every_gallery_dossier_is_explained() -> None:
    assert set(WORDS) == set(TESTS)
    for name in dossiers():
        dossier = load_dossier(name)
        lines = explain_dossier(dossier, load_world(dossier.world or "world-2022"))
        text = "\n".join(lines)
        assert all(f"  {claim.id}: " in text for claim in dossier.claims)
        assert all(commitment.title in text for commitment in dossier.commitments)
        assert not [line for line in lines if re.search(r"[^.]\.\.$", line)]


# -- command line ---------------------------------------------------------------------------------------


def comity(*arguments: object) -> tuple[int, str]:
    """Exit code and output, as `main` maps them."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(done.exception, InputError):
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_check_and_explain_take_dossiers(tmp_path: Path) -> None:
    file, text = tmp_path / FILE, tmp_path / "article.txt"
    file.write_text(small().text)
    text.write_text(TEXT, encoding="utf-8")
    code, said = comity("check", file, "--source", f"article={text}")
    assert code == 0 and "valid on world-2022" in said and "2 quoted figures" in said
    code, said = comity("explain", file)
    assert code == 0 and "Test: under scenario roadmap" in said and "Claims:" in said
    file.write_text(small("paragraph: 2,", "paragraph: 1,").text)
    code, said = comity("check", file, "--source", f"article={text}")
    assert code == 2 and "It stands in paragraph 2." in said
    assert comity("check", "sanctioned-front")[0] == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("article", "a source and the file of its text are needed. Found: article"),
        ("=x", "a source and the file of its text are needed"),
        ("artcle=x", "the dossier has no source of that id.*Did you mean article"),
        ("article=nowhere.txt", "nowhere.txt: cannot be read"),
        ("article=.", "cannot be read"),
    ],
)
def test_sources_at_the_command_line(given: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(SMALL)
    code, message = comity("check", tmp_path / FILE, "--source", given)
    assert code == 2 and re.search(said, message), message


def test_other_mistakes_at_the_command_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(SMALL)
    twice = ["--source", f"article={tmp_path / FILE}"] * 2
    assert "the text of a source is given twice" in comity("check", tmp_path / FILE, *twice)[1]
    assert comity("check", "sanctioned-front", "--source", "a=b")[0] == 2
    (tmp_path / FILE).write_text(changed("main: roadmap", "main: x: y"))
    code, message = comity("check", tmp_path / FILE, "--source", "article=text.txt")
    assert code == 2 and message.startswith(f"{FILE}, line 5: not valid YAML.") and "quotation marks" in message
    (tmp_path / FILE).write_text(changed("main: roadmap", "main: x"))
    for command in ("check", "explain"):
        code, message = comity(command, tmp_path / FILE)
        assert code == 2 and message.startswith(f"{FILE}, line 5, main: no scenario of that name")
        assert comity(command, "no-such-name")[0] == 2


@pytest.mark.parametrize("name", dossiers())
def test_gallery_dossiers_pass_the_check(name: str) -> None:
    code, said = comity("check", name)
    assert code == 0 and f"{name}.yaml" in said


# -- editors and the manual -----------------------------------------------------------------------------


def test_the_published_schema_is_current() -> None:
    assert json.loads((DOCS / "dossier.schema.json").read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("name", dossiers())
def test_the_schema_accepts_what_is_valid_and_knows_the_keys(name: str) -> None:
    import jsonschema
    import yaml

    schema = json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    data = yaml.load(dossiers()[name].read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    assert [error.message for error in validator.iter_errors(data)] == []
    assert set(schema["properties"]) == {field.alias or key for key, field in Dossier.model_fields.items()}
    assert list(validator.iter_errors({**data, "claim": []}))
    inline = {"id": "x", "scenario": {"title": "X", "measures": [{"id": "a", "kind": "tariff", "importer": "IRN"}]}}
    assert list(validator.iter_errors({**data, "scenarios": [inline]}))


MANUAL = (DOCS / "dossiers.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)


NOTHING = changed("scenarios:\n", "scenarios:\n  - {id: none, scenario: {title: Nothing, measures: []}}\n")


def test_the_first_part_of_the_manual_is_short_and_its_template_clean(tmp_path: Path) -> None:
    """Fifteen minutes: at most 980 words, no line marked To do, and what the invented text says comes out."""
    part = MANUAL.split("\n## ")[1]
    assert part.startswith("A dossier in fifteen minutes") and len(MANUAL.split("\n## An example")[0].split()) <= 980
    file, text = tmp_path / "my.yaml", tmp_path / "text.txt"
    file.write_text(blocks("yaml")[0], encoding="utf-8")
    (told,) = re.findall(r"\*(Joint statement, .*?)\*", part, re.DOTALL)
    text.write_text(" ".join(told.split()), encoding="utf-8")
    code, said = comity("check", file, "--source", f"text={text}")
    assert code == 0 and "text: 4 quoted figures stand where the dossier says." in said
    assert said.splitlines()[-1].startswith("No mistakes, nothing to do. (") and "To do:" not in said
    assert (
        "Trade cost of goods traded between Kazakhstan and Türkiye changes by −3\u202f% (time at the border)." in said
    )
    words = [verdict.words for verdict in assess(load_world("world-2022"), load_dossier(file)).verdicts]
    assert words == [
        "Cannot tell: it straddles the test (not supported)",
        "Not supported (contradicted: none of it meets the test)",
        "Supported (before the deal, not credited to it)",
    ]


def test_every_row_of_the_first_table_can_be_written() -> None:
    """What the table offers for a kind of promise compiles in the template, a cited size with its caveat."""
    part = MANUAL.split("\n## ")[1]
    _, *rows = re.findall(r"^   \| [^|`]+ \| `(\w+)` \| (.*?) \|", part, re.MULTILINE)
    offered = [(kind, size) for kind, sizes in rows for size in re.findall(r"`(\{.*?\})`", sizes)]
    assert len(rows) == 7 and len(offered) == 11
    assert "sectors: [AGR, FOOD, TEX]" in part
    # the border measure of the template, alone: a tariff beside it would be counted twice, or set twice
    text = re.sub(r"        - id: tariffs\n(?:          .*\n)+", "", blocks("yaml")[0])
    text = text.replace("programme/tariffs", "programme/border").replace("kind: border_time", "kind: KIND")
    text = text.replace("size: {cost_change: -3%}", "sectors: [AGR, FOOD, TEX]\n          size: SIZE")
    for kind, size in offered:
        made = parse_dossier(text.replace("KIND", kind).replace("SIZE", size), FILE)
        lines = check_dossier(made, load_world("world-2022"))
        assert lines[-1].startswith("No mistakes, nothing to do."), (kind, size, lines)


def test_one_side_cuts_a_part_of_its_lines() -> None:
    """The commonest wording of a trade agreement, written as the first part says."""
    part = " ".join(MANUAL.split("\n## ")[1].split())
    assert "`importers: [ARE]` (whose duties fall) and `exporters: [IND]` in place of `between`" in part
    text = blocks("yaml")[0].replace("          between: [KAZ, TUR]\n          size: {to: 0%}", "PLACE")
    text = text.replace(
        "PLACE", "          importers: [ARE]\n          exporters: [IND]\n          size: {scale: 0.03}"
    )
    strangers = check_dossier(parse_dossier(text, FILE), load_world("world-2022"))
    assert (
        "To do: Commitment tariffs: it is of Kazakhstan and T\u00fcrkiye, its measure programme/tariffs of the United Arab "
        "Emirates and India. Look who is meant."
    ) in strangers
    text = text.replace("parties: [KAZ, TUR]", "parties: [IND, ARE]", 1)
    lines = check_dossier(parse_dossier(text, FILE), load_world("world-2022"))
    assert any("from India to the United Arab Emirates change to 3 % of their level." in line for line in lines)
    assert lines[-1].startswith("No mistakes, nothing to do.")


def test_the_manuals_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    example = blocks("yaml")[1]
    assert len(example.splitlines()) < 60
    monkeypatch.chdir(tmp_path)
    Path("my-roadmap.yaml").write_text(example, encoding="utf-8")
    first = next(line for line in blocks("console")[1].splitlines() if "--source" not in line)
    code, said = comity(*first.removeprefix("comity ").split())
    assert code == 0, said
    exec(blocks("python")[0], {})
    assert capsys.readouterr().out == "Supported (before the deal, not credited to it)\n"
    dossier = load_dossier("my-roadmap.yaml")
    assert assess(load_world("world-2022"), dossier).verdict("tripled").mark == "supported"


def test_the_manuals_own_text_is_found_and_its_target_judged(tmp_path: Path) -> None:
    """Duties of 35 and 17 per cent on food and two days do not double the trade of Morocco and Senegal."""
    file, text = tmp_path / "dakar.yaml", tmp_path / "text.txt"
    file.write_text(blocks("yaml")[2], encoding="utf-8")
    text.write_text(blocks("text")[0], encoding="utf-8")
    code, said = comity("check", file, "--source", f"text={text}")
    assert code == 0 and "text: 4 quoted figures stand where the dossier says." in said
    assert "border: 2 days saved on goods traded between Morocco and Senegal" in said
    assert '4 "3. The two will exchange students and teachers." (commitment students)' in said
    dossier = load_dossier(file)
    (verdict,) = assess(load_world("world-2022"), dossier).verdicts
    assert verdict.words == "Not supported (contradicted: none of it meets the test)"
    assert (
        "comity's world has 127 million USD in its base year 2022, the source 150 million in 2022 (Senegal's count; "
        in "".join(verdict.notes)
    )


def test_the_manuals_third_example_is_the_senders_side() -> None:
    """Its measures are its own; the duties do not cost Russia 1 per cent, nor the three a twentieth of one."""
    dossier = parse_dossier(blocks("yaml")[3], "metals.yaml")
    world = load_world("world-2022")
    assert "the target is judged on that one, not on the ministers' figures." in "\n".join(
        check_dossier(dossier, world)
    )
    marks = {verdict.claim.id: verdict.mark for verdict in assess(world, dossier).verdicts}
    assert marks == {
        "cost": "not supported",
        "cheap": "supported",
        "pair": "not supported",
        "culture": "outside the model",
    }


def test_the_manual_lists_the_codes() -> None:
    part = MANUAL.split("### Codes")[1].split("\n## ")[0]
    for name in ("world-2022", "world-2019"):
        world = load_world(name)
        (listed,) = re.findall(r"`((?:[A-Z]{3}\s)+[A-Z]{3})`", part)
        assert [code for code in world.countries if code != "ROW"] == listed.split()
        assert list(world.sectors) == re.findall(r"`([A-Z]+)`\s[a-z]", part)


def test_the_manuals_figures_stand_in_the_article() -> None:
    text = shared("reference", "article-tehran-2023.txt").read_text(encoding="utf-8")
    dossier = parse_dossier(blocks("yaml")[1], "manual.yaml")
    assert check_dossier(dossier, None, {"article": text})


def test_the_manual_has_an_example_of_every_kind() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\{kind: .*?\})` \|", MANUAL, re.MULTILINE)
    assert [kind for kind, _ in rows] == list(TESTS)
    names = {"roadmap": "tehran-2023", "front": "sanctioned-front", "front-and-unions": "sanctioned-front-with-unions",
             "union-agreement": "eaeu-iran-fta", "lift-iran": "iran-2012", "imposed": "russia-2022"}  # fmt: skip
    added = "".join(
        f"  - {{id: {name}, use: {use}}}\n" for name, use in names.items() if name not in ("roadmap", "front")
    )
    for kind, example in rows:
        text = SMALL.replace("id: lift\n", "id: lift-russia\n").replace("{RUS: lift}", "{RUS: lift-russia}")
        text = changed("scenarios:\n", "scenarios:\n" + added, text)
        text = changed("{kind: ranking, scenario: front, country: IRN, most: gain}", example, text)
        nearest = parse_dossier(text, FILE).claims[5].nearest
        assert nearest is not None and nearest.kind == kind and words_of(nearest)


def test_the_manual_names_every_key() -> None:
    from comity.dossier import schema

    models = [schema.Dossier, schema.Commitment, schema.Claim, schema.Event, schema.Observation, schema.Series, schema.Observed,
              schema.Named, schema.Frictions, schema.Reference, schema.DossierSource, schema.Assumption, *TESTS.values()]  # fmt: skip
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", MANUAL)] == []


def test_the_manuals_messages_are_those_one_gets() -> None:
    listed = re.findall(r"^\| `(.*?)` \|", MANUAL.split("## Common mistakes")[1], re.MULTILINE)
    said = [message for old, new, *_ in CASES.values() for message in complaints(changed(old, new))]
    said += complaints(changed("setter: IRN", "setter: FRA"))
    said += problems(small("paragraph: 2,", "paragraph: 1,"), {"article": TEXT})
    said += problems(small("{id: front, use: sanctioned-front}", "{id: front, use: russia-2022}"))
    said += complaints(changed("$100 million", "10 billion US dollars", changed("at_least: 100,", "at_least: 10,")))
    said += problems(
        small("begins: Leader of the Islamic Revolution Ayatollah", "begins: A headline"), {"article": TEXT}
    )
    said += complaints(changed("title: A small dossier", "title: A dossier: small"))
    said += complaints(changed("kind: lifting, regime", "kind: lifting, from: 2025, regime"))
    said += problems(small("countries: [IRN, BLR, RUS], at_least", "countries: [IRN, UZB], at_least"))
    said += complaints(changed("main: roadmap", "main: none", NOTHING))
    unused = changed("main: roadmap", "main: x", changed("scenarios:\n", "scenarios:\n  - {id: x, use: iran-2012}\n"))
    said += complaints(unused)
    said += complaints(changed("by: 2026", "by: 2026-05-01"))
    said += complaints(changed('until: "2022"', 'until: "2021"'))
    assert len(listed) == 20
    assert [message for message in listed if not any(message in one for one in said)] == []
