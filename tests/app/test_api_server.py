"""What the server refuses, how it says so, and what every response carries."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from comity.app import limits
from comity.app.cache import Kept
from comity.app.headers import SECURITY, host_allowed
from comity.app.lanes import Lane, TimeLimitError

ROUTES = ["/", "/explore?s=tehran-2023", "/api", "/api/worlds", "/api/scenarios", "/api/blocs", "/api/sectors", "/api/measures",
          "/api/controls", "/api/simulate?ranges=0", "/download/scenario.yaml", "/download/command.txt", "/download/script.py",
          "/openapi.json", "/static/none.js", "/nowhere", "/api/simulate?x=1", "/download/passwd", "/docs", "/redoc"]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_every_response_carries_the_security_headers(server: str, route: str) -> None:
    reply = httpx.get(f"{server}{route}", timeout=60)
    assert {name: reply.headers.get(name) for name in SECURITY} == SECURITY
    assert "access-control-allow-origin" not in reply.headers
    assert "server" not in reply.headers
    assert reply.status_code < 500


@pytest.mark.parametrize("route", ["/docs", "/redoc", "/nowhere", "/static/../server.py", "/static/%2e%2e/server.py"])
def test_there_is_nothing_else(server: str, route: str) -> None:
    reply = httpx.get(f"{server}{route}")
    assert reply.status_code == 404
    assert set(reply.json()["error"]) == {"where", "message"}


BODIES = {
    "{": "body: not readable as JSON.",
    "[1]": "body: Input should be a valid dictionary or instance of StateBody.",
    "[" * 30_000: "body: not readable as JSON.",
    '{"scenario": "tehran-2023", "messures": []}': "body.messures: unknown key. Did you mean measures? Allowed: scenario, measures,",
    '{"measures": [{"id": "x", "sise": 1}]}': "body.measures.0.sise: unknown key.",
    '{"year": "2024"}': "body.year: Input should be a valid integer. Found: '2024'.",
    '{"year": 20240}': "body.year: Input should be less than or equal to 2200.",
    '{"measures": [{"id": "x", "size": NaN}]}': "body: the number must be finite. Found: NaN.",
    '{"yaml": "schema: 1", "world": "world-2022"}': "body.yaml: stands alone. Found: world.",
    '{"yaml": "schema: 1\\nid: a\\ntitle: b\\nworld: /etc/passwd\\nmeasures: []"}': "no embedded world of that name. Found: /etc/passwd.",
    '{"yaml": "schema: 1\\nid: a\\ntitle: b\\nworld: ../../shared/w.npz\\nmeasures: []"}': "no embedded world of that name.",
    '{"yaml": "schema: 1\\nid: a\\ntitle: b\\nelasticities: /etc/passwd\\nmeasures: []"}': "elasticities: unknown set. Found: /etc/passwd.",
    '{"yaml": "schema: 1\\nid: a\\ntitle: b\\nextends: /etc/passwd\\nmeasures: []"}': "unknown key. Found: extends.",
    '{"yaml": "schema: 1\\nid: a\\ntitle: !!python/name:os.system b\\nmeasures: []"}': "tags are not used here.",
    '{"yaml": "type: dossier\\nschema: 1"}': "a dossier, not a scenario.",
    '{"yaml": "a: \\ud800"}': "body.yaml: Input should be a valid string",
    '{"yaml": "schema: 1\\nid: a\\ntitle: b\\nmeasures: [{id: x, kind: tarif}]"}': "unknown kind of measure. Found: tarif.",
    '{"scenario": "/etc/passwd"}': "query key s: no scenario of that name in the gallery.",
    '{"world": "\\u0000"}': "query key w: unknown world.",
}  # fmt: skip


def test_a_screen_that_there_is_not_is_refused(server: str) -> None:
    reply = httpx.get(f"{server}/results?s=tehran-2023&ranges=0&screen=tv")
    assert reply.status_code == 422
    assert "no such screen" in reply.text and "narrow, middle, wide" in reply.text


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_a_wrong_body_is_named(server: str, number: int) -> None:
    body, words = list(BODIES.items())[number]
    reply = httpx.post(f"{server}/api/simulate?ranges=0", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 422
    assert words in reply.json()["error"]["message"]


def many(count: int, words: str = "[IRN, BLR]", sectors: str = "goods") -> str:
    row = f"  - {{{{id: m{{k}}, kind: visa, between: {words}, sectors: {sectors}, size: {{{{hat: 0.99}}}}}}}}\n"
    return "schema: 1\nid: a\ntitle: b\nmeasures:\n" + "".join(row.format(k=k) for k in range(count))


TOO_MUCH = {
    "measures": (many(limits.MEASURES + 1), "too many measures. Found: 41. Allowed: up to 40."),
    "words": (many(1, f"[{', '.join(['IRN', 'BLR'] * limits.WORDS)}]"), "too many words for countries and sectors."),
    "flows": (many(20, "[all]", "all"), "the measures concern too many flows for one request."),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_more_than_one_request_may_ask_is_refused_at_once(server: str, what: str) -> None:
    text, words = TOO_MUCH[what]
    start = time.perf_counter()
    reply = httpx.post(f"{server}/api/simulate?ranges=0", json={"yaml": text}, timeout=60)
    assert (reply.status_code, words in reply.json()["error"]["message"]) == (422, True)
    assert time.perf_counter() - start < limits.CENTRAL_SECONDS  # said before anything is solved, on a busy machine too


def test_a_scenario_without_solution_is_no_failure_of_the_server(server: str) -> None:
    text = "schema: 1\nid: a\ntitle: b\nmeasures:\n  - {id: m, kind: transfer, from: BLR, to: IRN, size: {million_usd: 10000000}}\n"
    reply = httpx.post(f"{server}/api/simulate?ranges=0", json={"yaml": text}, timeout=60)
    assert reply.status_code == 422
    assert reply.json()["error"]["where"] == "scenario"


def raw(server: str, request: bytes) -> bytes:
    host, port = server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        parts = b""
        while b"\r\n\r\n" not in parts and (part := connection.recv(65536)):
            parts += part
        return parts.split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (b"GET /api HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421"),
        (b"GET /api HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", b"421"),
        (b"GET /api HTTP/1.1\r\nHost: localhost:1\r\n\r\n", b"200"),
        (b"GET /api/simulate?ranges=0&s=\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", b"4"),
        (b"GET /api/simulate?ranges=0&s=%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"422"),
        (b"GET /api?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"4"),
        (b"POST /api/simulate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n", b"413"),
        (b"POST /api/simulate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", b"415"),
        (b"DELETE /api/worlds HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_requests_that_no_browser_sends(server: str, request_text: bytes, status: bytes) -> None:
    assert raw(server, request_text).split(b" ")[1].startswith(status)


def test_a_long_body_without_its_length_is_cut_off(server: str) -> None:
    def parts() -> Any:
        for _ in range(20):
            yield b" " * 8192

    reply = httpx.post(f"{server}/api/simulate", content=parts(), headers={"content-type": "application/json"})
    assert reply.status_code == 413


@pytest.mark.parametrize(
    ("header", "bound", "fine"),
    [
        ("127.0.0.1:8000", "127.0.0.1", True), ("localhost", "127.0.0.1", True), ("[::1]:80", "127.0.0.1", True),
        ("10.0.0.5", "127.0.0.1", False), ("10.0.0.5:8000", "0.0.0.0", True), ("evil.example", "0.0.0.0", False),
        ("my.host:8000", "my.host", True), ("", "127.0.0.1", False), ("127.0.0.1:x", "127.0.0.1", False),
        ("[::1", "127.0.0.1", False), ("127.0.0.1@evil.example", "127.0.0.1", False),
    ],
)  # fmt: skip
def test_host_headers(header: str, bound: str, fine: bool) -> None:
    assert host_allowed(header, bound) is fine


def test_a_solve_that_takes_too_long_is_ended_and_the_next_one_runs() -> None:
    def for_ever() -> None:
        while True:
            sum(range(1000))

    async def both() -> Any:
        lane = Lane("test", 0.2)
        try:
            with pytest.raises(TimeLimitError, match="Not solved within 0.2 seconds, the limit of one request"):
                await lane.do(for_ever)
            return await lane.do(lambda: threading.current_thread().name)
        finally:
            lane.close()

    assert asyncio.run(both()) == "comity-test"


def test_the_same_question_at_the_same_time_is_answered_once() -> None:
    made = []

    async def make() -> int:
        made.append(1)
        await asyncio.sleep(0.01)
        return 7

    async def ask() -> list[int]:
        kept: Kept[int] = Kept(2)
        return [*await asyncio.gather(*(kept.get("a", make) for _ in range(20))), await kept.get("a", make)]

    assert asyncio.run(ask()) == [7] * 21
    assert len(made) == 1


def test_only_the_latest_answers_are_kept() -> None:
    made: list[str] = []

    async def ask() -> None:
        kept: Kept[str] = Kept(2)
        for key in "abcab":

            async def make(key: str = key) -> str:
                made.append(key)
                return key

            await kept.get(key, make)

    asyncio.run(ask())
    assert made == list("abcab")


def test_a_crowded_worker_gives_its_connections_away(server: str) -> None:
    """A kept connection stays with one worker however many steps wait there; a lone visitor keeps theirs."""

    async def steps(many: int) -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=server, timeout=60) as client:
            paths = [f"/results?p=IRN.BLR&add=a:tariff&m.a=0.{many}{k:02}1&ranges=0" for k in range(many)]
            return await asyncio.gather(*(client.get(path) for path in paths))

    (alone,) = asyncio.run(steps(1))
    assert "connection" not in alone.headers
    crowd = asyncio.run(steps(16))
    assert all(reply.status_code == 200 and "data-part" in reply.text for reply in crowd)
    assert any(reply.headers.get("connection") == "close" for reply in crowd)
