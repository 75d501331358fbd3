"""The API's numbers are those of `simulate` and of `comity run` on the downloaded file, to the last bit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from comity import load_scenario, load_world, simulate
from comity.app.answer import answer, answer_text
from comity.app.edit import scenario_of
from comity.app.schemas import AnswerBody
from comity.app.state import State

CHANGED = "s=tehran-2023&m.truck-drivers-visas=0.5&off=plant-quarantine&add=free:tariff"
FROM_NOTHING = "p=IRN.BLR&add=free:tariff"


def get(server: str, path: str) -> Any:
    reply = httpx.get(f"{server}{path}", timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_an_unchanged_scenario_gives_the_numbers_of_simulate(server: str) -> None:
    found = get(server, "/api/simulate?s=tehran-2023&ranges=1")
    outcomes = simulate(load_world(), load_scenario("tehran-2023"))
    for row, own in zip(found["countries"], outcomes.welfare.rows, strict=True):
        assert row["code"] == own.country
        assert row["real_income_pct"] == own.real_income_pct
        assert (row["low_pct"], row["high_pct"]) == (own.real_income_low_pct, own.real_income_high_pct)
        assert (row["low_usd"], row["high_usd"]) == (own.equivalent_variation_low, own.equivalent_variation_high)
    for count, run in zip(found["counts"], outcomes.runs, strict=True):
        assert run.count is not None
        assert count["name"] == run.count.name
        numbers = outcomes.pair(run, "IRN", "BLR")
        flows = {(flow["origin"], flow["destination"]): flow for flow in count["flows"]}
        assert flows["IRN", "BLR"]["after"] == numbers["out_after"].estimate
        assert flows["BLR", "IRN"]["before"] == numbers["in_before"].estimate
    assert [count["name"] for count in found["counts"]] == ["Iran's count", "Belarus's count"]


@pytest.mark.parametrize("query", [CHANGED, FROM_NOTHING, "s=iran-full-embargo", "s=russia-2022&e=caliendo-parro", ""])
def test_a_step_has_the_central_numbers_of_the_range_to_the_last_bit(query: str) -> None:
    scenario, _ = scenario_of(State.from_query(query))
    outcomes = simulate(load_world(scenario.world or "world-2022"), scenario)
    step = answer(State.from_query(query), ranges=False)
    assert [row["real_income_pct"] for row in step.countries] == [row.real_income_pct for row in outcomes.welfare.rows]
    assert [row["usd"] for row in step.countries] == [row.equivalent_variation for row in outcomes.welfare.rows]
    assert all(row["low_pct"] is None for row in step.countries)
    assert step.interval["kind"] == "none"


@pytest.mark.parametrize("draws", [0, 200])
def test_the_downloaded_file_gives_the_same_numbers_on_the_command_line(
    server: str, tmp_path: Path, draws: int
) -> None:
    """The command line that stands beside the answer, to the letter, makes the same numbers, with bands and with ranges,
    and the same report."""
    reply = httpx.get(f"{server}/download/scenario.yaml?{CHANGED}")
    assert reply.headers["content-disposition"] == 'attachment; filename="tehran-2023-changed.yaml"'
    (tmp_path / "tehran-2023-changed.yaml").write_bytes(reply.content)
    found = get(server, f"/api/simulate?{CHANGED}&draws={draws}")
    command = found["reproduce"]["cli"]
    assert command == f"comity run tehran-2023-changed.yaml{'' if draws else ' --draws 0'}"
    assert httpx.get(f"{server}/download/command.txt?{CHANGED}&draws={draws}", timeout=60).text == command + "\n"
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "--json", "--out", "out"],
        capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    told = json.loads(done.stdout)
    numbers = {(n["country"], n["name"]): n for n in told["numbers"]}
    ranges = {(n["country"], n["name"]): n for n in told["ranges"]}
    for row in found["countries"]:
        number = numbers[row["code"], "real income"]
        assert (row["real_income_pct"], row["low_pct"], row["high_pct"]) == (
            number["estimate"], number["low"], number["high"])  # fmt: skip
    assert found["interval"]["kind"] == ("band" if draws else "range")
    for card in found["headlines"][1:] if draws else []:
        code = {"Iran": "IRN", "Belarus": "BLR"}[card["title"].removeprefix("Real income, ").split(" (")[0]]
        beside = ranges[code, "real income"]
        assert (card["range_low"], card["range_high"]) == (beside["low"], beside["high"])
    folder = next((tmp_path / "out").iterdir())
    written = (folder / "key_results.csv").read_text(encoding="utf-8")
    assert httpx.get(f"{server}/download/results.csv?{CHANGED}&draws={draws}", timeout=60).text == written
    page = httpx.get(f"{server}/download/report.html?{CHANGED}&draws={draws}", timeout=90).text
    assert alone(page) == alone((folder / "report.html").read_text(encoding="utf-8"))


def alone(page: str) -> list[str]:
    """The lines of a report without what leads to files beside it: a download has none."""
    page = re.sub(r'<div class="side screen">.*?</div>|<p class="files">.*?</p>', "", page)
    return [line for line in page.splitlines() if line.strip()]


def test_a_text_of_ones_own_gives_the_same_as_its_state(server: str) -> None:
    _, text = scenario_of(State.from_query(CHANGED))
    by_text = httpx.post(f"{server}/api/simulate?ranges=0", json={"yaml": text}, timeout=60).json()
    by_state = httpx.post(
        f"{server}/api/simulate?ranges=0", json=State.from_query(CHANGED).as_json(), timeout=60
    ).json()
    by_query = get(server, f"/api/simulate?{CHANGED}&ranges=0")
    assert by_text["countries"] == by_state["countries"] == by_query["countries"]
    assert by_state["state"] == by_query["state"]
    assert by_text["state"] is None


def test_answers_have_the_documented_form() -> None:
    for query in (CHANGED, FROM_NOTHING, ""):
        for ranges in (True, False):
            AnswerBody.model_validate(answer(State.from_query(query), ranges).as_json(), strict=False)


def test_iran_and_belarus_remove_tariffs_and_russia_joins() -> None:
    """The question of the issue: removing tariffs between two, then among three, starting from nothing."""
    two = answer(State.from_query("p=IRN.BLR&add=free:tariff&m.free=0"), ranges=False)
    three = answer(State.from_query("p=IRN.BLR.RUS&add=free:tariff&m.free=0"), ranges=False)
    world = load_world()
    assert [row["code"] for row in two.countries if row["party"]] == ["BLR", "IRN"] or {
        row["code"] for row in two.countries if row["party"]
    } == {"IRN", "BLR"}
    pairs = {(flow["origin"], flow["destination"]) for flow in three.counts[0]["flows"]}
    assert pairs == {(a, b) for a in ("IRN", "BLR", "RUS") for b in ("IRN", "BLR", "RUS") if a != b}
    scenario, text = scenario_of(State.from_query("p=IRN.BLR.RUS&add=free:tariff&m.free=0"))
    assert "between: [IRN, BLR, RUS]" in text
    own = simulate(world, scenario, all_counts=False)
    assert {row["code"]: row["usd"] for row in three.countries} == {
        row.country: row.equivalent_variation for row in own.welfare.rows}  # fmt: skip


NOTHING = {
    "": "Nothing changes, because the scenario has no measures. Add a measure to change something.",
    "p=IRN.BLR&add=a:visa&off=a": "Nothing changes, because every measure is switched off. Switch on: Visas of people who carry trade.",
    "s=tehran-2023&y=2020": "Nothing changes, because no measure is in force at the start of 2020. Choose a later year, or no year for the measures carried out in full.",
    "p=IRN.BLR&add=a:visa&m.a=0": "Nothing changes, because every rate and cost is already where the measures would put it. Move the slider of: Visas of people who carry trade.",
}  # fmt: skip


@pytest.mark.parametrize("query", NOTHING)
def test_nothing_changes_is_said_with_the_control_that_would(query: str) -> None:
    assert answer(State.from_query(query), ranges=False).nothing == NOTHING[query]


def test_a_text_answer_has_no_controls() -> None:
    found = answer_text("schema: 1\nid: a\ntitle: b\nmeasures: []\n", ranges=False)
    assert found.controls == [] and found.query == ""
