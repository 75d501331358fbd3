"""Bands over HTTP: what may be asked, that numbers do not depend on the process that makes them, and that ranges, bands
and slow steps never hold up a step."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from comity import load_scenario, load_world, simulate
from comity.app import limits
from comity.app.answer import answer, answer_text
from comity.app.aside import HAS_CLOCK, PATIENCE, Aside, RefusedError
from comity.app.cache import Kept
from comity.app.lanes import DroppedError, HardError, Lane, Stopped, TimeLimitError, TooLong
from comity.app.state import State
from comity.app.worker import without_sizes
from comity.errors import InputError

FEW = 20  # draws where their number does not matter: a tenth of a second
SOON = 1.0  # seconds in which something is ended that would take 60: looks are 0.02 and 0.1 s apart


def ask(server: str, path: str) -> Any:
    return httpx.get(f"{server}{path}", timeout=90)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("draws=401", "query key draws: a number of draws is needed. Found: 401. Allowed: 0 (no bands) to 400."),
        ("draws=-1", "query key draws: a number of draws is needed."),
        ("draws=2e2", "query key draws: a number of draws is needed."),
        ("draws=", "query key draws: a number of draws is needed."),
        ("draws=200&ranges=0", "query key draws: bands come with ranges. Found: ranges=0 and draws=200."),
        ("draws=0&draws=200", "query: a key stands twice."),
    ],
)
def test_draws_are_bounded(server: str, query: str, words: str) -> None:
    reply = ask(server, f"/api/simulate?s=tehran-2023&{query}")
    assert reply.status_code == 422
    assert reply.json()["error"]["message"].startswith(words)


def test_the_api_gives_ranges_unless_asked_and_bands_with_their_record(server: str) -> None:
    assert ask(server, "/api/simulate?s=us-china-tariffs").json()["interval"]["kind"] == "range"
    found = ask(server, f"/api/simulate?s=us-china-tariffs&draws={FEW}").json()
    about = found["interval"]
    assert (about["kind"], about["draws"], about["seed"], about["level"], about["no_band"]) == ("band", FEW, 1, 0.9, "")
    assert found["reproduce"]["cli"] == f"comity run us-china-tariffs --draws {FEW}"
    assert f"simulate(world, scenario, draws={FEW})" in found["reproduce"]["python"]
    outcomes = simulate(load_world(), load_scenario("us-china-tariffs"), draws=FEW)
    for row, own in zip(found["countries"], outcomes.welfare.rows, strict=True):
        assert (row["low_pct"], row["high_pct"]) == (own.real_income_low_pct, own.real_income_high_pct)
    for card in found["headlines"]:
        assert card["low"] <= card["value"] <= card["high"] and card["range_low"] <= card["range_high"]
    body = {"scenario": "us-china-tariffs"}
    again = httpx.post(f"{server}/api/simulate?draws={FEW}", json=body, timeout=90).json()
    assert again["countries"] == found["countries"]


def test_a_measure_sized_by_what_was_observed_is_solved_in_a_step_as_in_a_range() -> None:
    text = (
        "schema: 1\nid: test\ntitle: Test\nmeasures:\n  - {id: s, kind: sanction, importers: [CHN], exporters: [RUS], "
        "sectors: [AGR], size: {observed: {change: -0.2, source: a table}}}\n"
    )
    step, ranged = answer_text(text, ranges=False), answer_text(text, ranges=True)
    assert [row["usd"] for row in step.countries] == [row["usd"] for row in ranged.countries]
    assert any(abs(row["usd"]) > 1 for row in step.countries) and step.nothing is None


def test_a_form_is_led_to_the_address_of_its_state(server: str) -> None:
    reply = httpx.get(f"{server}/explore?p=IRN.BLR&add=free:tariff&w=&c=&e=&y=&m.free=0&draws=0")
    assert (reply.status_code, reply.headers["location"]) == (307, "/explore?p=IRN.BLR&add=free:tariff")
    reply = httpx.get(f"{server}/explore?c=&s=tehran-2023&draws=200")
    assert (reply.status_code, reply.headers["location"]) == (307, "/explore?s=tehran-2023&draws=200")
    assert httpx.get(f"{server}/explore?s=tehran-2023&draws=200", timeout=90).status_code == 200
    assert httpx.get(f"{server}/explore?m.free=0.25&add=free:tariff&p=Iran.Belarus").headers["location"] == (
        "/explore?p=IRN.BLR&add=free:tariff&m.free=0.25")  # fmt: skip
    assert httpx.get(f"{server}/explore?p=IRN.BLR&add=free:tariff", timeout=90).status_code == 200


def test_a_failed_download_is_a_page_for_a_browser_and_json_for_a_program(server: str) -> None:
    path = f"{server}/download/map.svg?s=nowhere"
    page = httpx.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.status_code == 422 and page.headers["content-type"].startswith("text/html")
    assert "no scenario of that name" in page.text and '<p id="sentence">' in page.text
    assert httpx.get(path).json()["error"]["where"] == "query key s"


# -- processes aside -----------------------------------------------------------------------------------------------


@pytest.fixture
def aside() -> Any:
    made = Aside(0)
    yield made
    made.end()


def request(query: str, draws: int = 0) -> dict[str, Any]:
    return {"query": query, "ranges": True, "draws": draws}


def test_a_process_aside_gives_the_same_and_refuses_in_the_same_words(aside: Aside) -> None:
    found = aside.ask(**request("s=us-china-tariffs"))
    own = answer(State("us-china-tariffs"), True)
    assert found["content"]["countries"] == own.countries and found["csv"] == own.csv
    text = "schema: 1\nid: a\ntitle: b\nmeasures: [{id: x, kind: tarif}]"
    with pytest.raises(InputError) as here:
        answer_text(text)
    with pytest.raises(InputError) as there:
        aside.ask(text=text, ranges=True, draws=0)
    assert there.value.message == here.value.message and there.value.where == here.value.where
    with pytest.raises(RefusedError, match=r"^No solution"):
        aside.ask(**request("s=uniform-tariff-20&m.everybody=-0.5&e=caliendo-parro&c=balanced"))
    assert aside.started == 1


def test_a_process_that_was_killed_is_replaced_and_the_request_asked_again(aside: Aside) -> None:
    aside.start()
    assert aside._process is not None
    os.kill(aside._process.pid, signal.SIGKILL)
    assert aside.ask(**request("s=us-china-tariffs"))["content"]["name"] == "us-china-tariffs"
    assert aside.started == 2


def test_what_is_interrupted_ends_soon_and_the_process_stays(aside: Aside) -> None:
    aside.ask(**request("s=us-china-tariffs"))

    async def leave() -> tuple[float, Any]:
        lane = Lane("test", 60.0, droppable=True)
        long = asyncio.ensure_future(lane.do(lambda: aside.ask(**request("s=tehran-2023", 400))))
        await asyncio.sleep(0.5)
        start = time.perf_counter()
        long.cancel()
        found = await lane.do(lambda: aside.ask(**request("s=us-china-tariffs")))
        lane.close()
        return time.perf_counter() - start, found

    took, found = asyncio.run(leave())
    fresh = time.perf_counter()
    aside.ask(**request("s=us-china-tariffs"))
    assert took < SOON + 2 * (time.perf_counter() - fresh)
    assert found["content"]["name"] == "us-china-tariffs" and aside.started == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads the processor time of another process under /proc")
def test_a_process_aside_stands_back_while_steps_are_solved(aside: Aside) -> None:
    """Told again and again, it works for a fifth of the time, not at all times and not never; its answer is the same."""
    plain = aside.ask(**request("s=tehran-2023", 60))
    assert aside._process is not None
    statistics = Path(f"/proc/{aside._process.pid}/stat")

    def spent() -> float:
        numbers = statistics.read_text().rsplit(")", 1)[1].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(aside.ask, **request("s=tehran-2023", 60))
        time.sleep(0.05)
        start, before = time.monotonic(), spent()
        while time.monotonic() - start < 1.0 and not under_way.done():
            aside.stand_back()
            time.sleep(0.005)
        share = (spent() - before) / (time.monotonic() - start)
        again = under_way.result()
    assert share < 0.7
    assert again["content"]["countries"] == plain["content"]["countries"] and aside.started == 1


def test_a_time_limit_reaches_the_process_aside(aside: Aside) -> None:
    async def wait() -> None:
        lane = Lane("test", 0.3, droppable=True)
        with pytest.raises(Exception, match=r"Not solved within 0\.3 seconds"):
            await lane.do(lambda: aside.ask(**request("s=uniform-tariff-20", 400)))
        lane.close()

    asyncio.run(wait())


@pytest.mark.skipif(not HAS_CLOCK, reason="the processor time of another process cannot be read here")
def test_the_limit_of_work_that_gives_way_counts_processor_time() -> None:
    """Waiting for a processor that other programs hold is not working; but it does not go on for ever."""
    used = [0.0]

    async def wait() -> None:
        lane = Lane("test", 0.2, droppable=True, clock=lambda: used[0])
        assert await lane.do(lambda: time.sleep(0.6)) is None
        with pytest.raises(TimeLimitError, match=r"within 1\.2 seconds: other programs hold the processors"):
            await lane.do(lambda: [time.sleep(0.01) for _ in range(500)])
        used[0] = 1.0
        with pytest.raises(TimeLimitError, match=r"within 0\.2 seconds of processor time"):
            await lane.do(lambda: [time.sleep(0.01) for _ in range(500)])
        lane.close()

    asyncio.run(wait())


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="no idle scheduling class here")
def test_a_range_is_solved_although_another_program_holds_its_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HUNGRY_SECONDS", 1.0)
    made = Aside(PATIENCE["bands"])
    made.ask(**request("s=us-china-tariffs"))
    assert made._process is not None
    here = {min(os.sched_getaffinity(0))}
    os.sched_setaffinity(made._process.pid, here)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(busy.pid, here)
        time.sleep(0.1)
        found = made.ask(**request("s=tehran-2023"))
        assert found["content"]["name"] == "tehran-2023" and made.started == 2
    finally:
        busy.kill()
        busy.wait()
        made.end()


def test_a_process_that_still_loads_its_modules_is_not_broken_by_a_drop() -> None:
    """An exception inside an import leaves other errors and half a module behind: the process would end."""
    made = Aside(0)

    async def leave() -> dict[str, Any]:
        lane = Lane("test", 60.0, droppable=True)
        for wait in (0.05, 0.2, 0.4):
            early = asyncio.ensure_future(lane.do(lambda: made.ask(**request("s=tehran-2023", 200))))
            await asyncio.sleep(wait)
            early.cancel()
        found: dict[str, Any] = await lane.do(lambda: made.ask(**request("s=us-china-tariffs")))
        lane.close()
        return found

    try:
        assert asyncio.run(leave())["content"]["name"] == "us-china-tariffs"
        assert made.started == 1
    finally:
        made.end()


# -- lanes and what is kept ----------------------------------------------------------------------------------------


def test_what_nobody_waits_for_is_not_begun() -> None:
    done: list[str] = []
    gate = threading.Event()

    async def leave() -> None:
        lane, kept = Lane("test", 60.0), Kept[Any](4)
        first = asyncio.ensure_future(lane.do(gate.wait))
        two = [asyncio.ensure_future(kept.get("b", lambda: lane.do(lambda: done.append("b")))) for _ in range(2)]
        last = asyncio.ensure_future(kept.get("c", lambda: lane.do(lambda: done.append("c"))))
        await asyncio.sleep(0.05)
        two[0].cancel()  # the other one still waits
        last.cancel()
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(first, two[1])
        await lane.do(lambda: done.append("d"))
        assert lane.dropped == 1
        lane.close()

    asyncio.run(leave())
    assert done == ["b", "d"]


def test_work_that_needs_more_of_the_processor_than_its_lane_gives_is_handed_back() -> None:
    def hard() -> None:
        while True:
            sum(range(100))

    async def both() -> None:
        lane = Lane("test", 60.0, processor=0.1)
        start = time.perf_counter()
        with pytest.raises(HardError):
            await lane.do(hard)
        assert time.perf_counter() - start < 30  # of processor time are 0.1 s; the rest are other processes
        await lane.do(lambda: time.sleep(0.5))  # waiting is no work
        lane.close()

    asyncio.run(both())


def test_an_exception_that_was_swallowed_is_raised_again() -> None:
    """Python lets none out of a finaliser, and a solver's thread may be in one when it is told to end."""
    swallowed: list[type] = []

    def stubborn() -> None:
        while not swallowed:
            try:
                sum(range(100))
            except Stopped as end:
                swallowed.append(type(end))
        while True:
            sum(range(100))

    async def wait() -> None:
        lane = Lane("test", 0.1)
        with pytest.raises(Exception, match="Not solved within"):
            await lane.do(stubborn)
        lane.close()

    asyncio.run(wait())
    assert swallowed == [TooLong]


def test_an_error_that_stands_in_the_place_of_the_end_is_not_passed_on() -> None:
    """A library that is cut off, an import for one, may raise its own error instead; a mistake of the user stays one."""

    def replaced(error: Exception) -> None:
        try:
            while True:
                sum(range(100))
        except Stopped as end:
            raise error from end

    async def wait() -> None:
        lane = Lane("test", 0.1)
        with pytest.raises(TimeLimitError):
            await lane.do(lambda: replaced(RuntimeError("Error calling __set_name__")))
        with pytest.raises(InputError, match="a mistake"):
            await lane.do(lambda: replaced(InputError("here", "a mistake")))
        lane.close()

    asyncio.run(wait())


def test_a_dropped_job_says_so_to_whoever_still_holds_it() -> None:
    async def leave() -> Any:
        lane = Lane("test", 60.0, droppable=True)
        inner = asyncio.ensure_future(lane.do(lambda: [sum(range(100)) for _ in iter(int, 1)]))
        await asyncio.sleep(0.05)
        job = lane._current
        assert job is not None
        inner.cancel()
        await lane.do(lambda: None)
        lane.close()
        return job.answer.exception()

    assert isinstance(asyncio.run(leave()), DroppedError)


def test_states_are_alike_whatever_their_sizes() -> None:
    one, other = (State.from_query(f"s=tehran-2023&off=plant-quarantine&m.border-procedures={n}") for n in (-1, -2))
    assert without_sizes(one) == without_sizes(other) == "s=tehran-2023&off=plant-quarantine"


def test_a_step_waits_for_no_range_and_no_slow_step(server: str) -> None:
    """A step is answered while a slow range and a slow step are solved."""
    slow = [threading.Thread(target=ask, args=(server, f"/api/simulate?s=uniform-tariff-20&m.everybody={n}"))
            for n in (0.31, 0.32)]  # fmt: skip
    slow.append(threading.Thread(target=ask, args=(server, "/api/simulate?s=uniform-tariff-20&ranges=0&c=balanced")))
    ask(server, "/api/simulate?s=tehran-2023&ranges=0&m.border-procedures=-1.1")
    for thread in slow:
        thread.start()
    time.sleep(0.3)
    start = time.perf_counter()
    assert ask(server, "/api/simulate?s=tehran-2023&ranges=0&m.border-procedures=-1.2").status_code == 200
    took = time.perf_counter() - start
    assert any(thread.is_alive() for thread in slow)
    for thread in slow:
        thread.join()
    assert took < limits.CENTRAL_SECONDS / 5  # milliseconds on a free machine; behind the ranges it would be seconds
