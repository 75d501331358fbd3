"""Load on the explorer: 50 clients drag sliders against `comity serve` with two workers, and one worker is killed.

    python -m benchmarks.load [--clients 50] [--seconds 20] [--workers 2] [--json FILE]

Five runs against a server of their own on a free port of 127.0.0.1:

- drag: every client moves its slider twice a second, give or take a third; positions are those of the sliders, so that
  clients on the same scenario meet each other's answers;
- drag-fresh: the same, every position new, so that nothing is kept and every step is solved;
- drag-release: as drag, and after every 20 steps the client lets go and asks for the range;
- closed: every client asks for the next position as soon as it has the last one; says how many a second;
- killed: as drag, and one worker is killed (SIGKILL) after a third of the time.

A request is `answered` when its whole body arrived and is JSON with the numbers; `failed` when the status is not 200 or
the body is not whole; `unanswered` when the connection ended before a status line (only where a worker is killed: the
client asks again). Latency is from the moment a step was due, as its user sees it. The clients and the yardstick (one
bare solve, best of 20, before the load) share the machine's processors with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

SLIDERS = [  # scenario, measure, minimum, maximum, step
    ("tehran-2023", "border-procedures", -5.0, 0.0, 0.25),
    ("tehran-2023", "truck-drivers-visas", 0.0, 1.5, 0.05),
    ("tehran-2023", "permit-free-road", -3.0, 0.0, 0.25),
    ("eaeu-iran-fta", "union-duties", 0.0, 1.0, 0.02),
    ("eaeu-iran-fta", "iran-duties", 0.0, 1.0, 0.02),
    ("instc-corridor", "india-russia", -18.0, 0.0, 0.25),
    ("sanctioned-front", "new-pairs", 0.0, 1.5, 0.05),
    ("us-china-tariffs", "us-on-china", 0.0, 0.6, 0.01),
]
_unique = count(1)


@dataclass
class Tally:
    """What happened to the requests of one run; milliseconds of answered steps and of answered ranges."""

    steps: list[float] = field(default_factory=list)
    ranges: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unanswered: int = 0


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes] | None:
        """Status and whole body; None where the connection ended before an answer began."""
        try:
            if self.streams is None:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self.streams
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            return None
        status = int(head.split(b" ", 2)[1])
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        try:
            return status, await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            return status, b""

    async def close(self) -> None:
        """Forget the connection."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def ask(client: Client, path: str, due: float, times: list[float], tally: Tally) -> None:
    """One request until it is answered; asked again where the connection ended unanswered."""
    for _ in range(5):
        found = await client.get(path)
        if found is not None:
            break
        tally.unanswered += 1
        await asyncio.sleep(0.02)
    else:
        tally.failed.append(f"no answer in five tries: {path}")
        return
    status, body = found
    if status != 200 or not whole(body):
        tally.failed.append(f"{status}, {len(body)} bytes: {path}")
        return
    times.append(1000 * (time.perf_counter() - due))


def whole(body: bytes) -> bool:
    """Whether the answer is complete JSON with one row an economy."""
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return len(found["countries"]) == found["world"]["economies"] and bool(found["headlines"])


async def drag(port: int, number: int, until: float, tally: Tally, *, fresh: bool, release: int, pause: float) -> None:
    """One client: a random walk of one slider, `pause` seconds between steps (0: as fast as answers come)."""
    chance = random.Random(number)
    scenario, measure, least, most, step = SLIDERS[number % len(SLIDERS)]
    client, value = Client(port), chance.uniform(least, most)
    due = time.perf_counter() + chance.uniform(0, pause)
    for moves in count(1):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        if time.perf_counter() > until:
            break
        value = min(most, max(least, value + chance.choice((-1, 1)) * step))
        position = least + round((value - least) / step) * step
        if fresh:
            position = min(most, max(least, position)) * (1 - 1e-9 * next(_unique)) + 1e-12
            position = min(most, max(least, position))
        path = f"/api/simulate?s={scenario}&m.{measure}={round(position, 12)}"
        start = due if pause else time.perf_counter()
        await ask(client, f"{path}&ranges=0", start, tally.steps, tally)
        if release and moves % release == 0:
            await ask(client, f"{path}&ranges=1", time.perf_counter(), tally.ranges, tally)
        now = time.perf_counter()
        due = max(now, due + pause * chance.uniform(2 / 3, 4 / 3)) if pause else now
    await client.close()


async def burst(port: int, clients: int, seconds: float, tally: Tally, **how: Any) -> None:
    """All clients of one run side by side."""
    until = time.perf_counter() + seconds
    await asyncio.gather(*(drag(port, number, until, tally, **how) for number in range(clients)))


def workers_of(server: int) -> list[int]:
    """Process ids of the server's workers (Linux)."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def killing(server: int, after: float) -> None:
    """End one worker the hard way."""
    await asyncio.sleep(after)
    os.kill(workers_of(server)[0], signal.SIGKILL)


def yardstick() -> float:
    """Milliseconds of one bare solve of tehran-2023 on world-2022, best of 20."""
    from comity import load_scenario, load_world, solve
    from comity.scenario.compile import compile_scenario

    world = load_world()
    shock = compile_scenario(world, load_scenario("tehran-2023")).shock
    times = []
    for _ in range(20):
        start = time.perf_counter()
        solve(world, shock)
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


def quantile(times: list[float], share: float) -> float:
    """The value below which that share of the times lies."""
    ranked = sorted(times)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("nan")


def summary(name: str, tally: Tally, seconds: float, bare: float) -> dict[str, Any]:
    """One run in numbers."""
    p50, p95 = quantile(tally.steps, 0.5), quantile(tally.steps, 0.95)
    return {
        "run": name, "steps": len(tally.steps), "a_second": round(len(tally.steps) / seconds, 1),
        "p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "p99_ms": round(quantile(tally.steps, 0.99), 1),
        "p95_in_solves": round(p95 / bare, 1), "ranges": len(tally.ranges),
        "ranges_p50_ms": round(quantile(tally.ranges, 0.5), 1) if tally.ranges else None,
        "failed": len(tally.failed), "unanswered": tally.unanswered, "examples": tally.failed[:3],
    }  # fmt: skip


def started(workers: int) -> tuple[subprocess.Popen[str], int]:
    """A server on a free port, and the port."""
    code = f"from comity.app.run import serve_command; serve_command('127.0.0.1', 0, {workers})"
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    line = server.stdout.readline()
    return server, int(line.split("127.0.0.1:")[1].split("/")[0])


RUNS: dict[str, dict[str, Any]] = {
    "drag": {"fresh": False, "release": 0, "pause": 0.5},
    "drag-fresh": {"fresh": True, "release": 0, "pause": 0.5},
    "drag-release": {"fresh": False, "release": 20, "pause": 0.5},
    "closed": {"fresh": False, "release": 0, "pause": 0.0},
    "closed-fresh": {"fresh": True, "release": 0, "pause": 0.0},
    "killed": {"fresh": False, "release": 0, "pause": 0.5},
}


def measure(clients: int, seconds: float, workers: int, names: list[str]) -> list[dict[str, Any]]:
    """Every run against one server."""
    bare = yardstick()
    server, port = started(workers)
    rows = [{"run": "yardstick", "bare_solve_ms": round(bare, 2), "clients": clients, "workers": workers}]
    try:
        asyncio.run(burst(port, 4, 2.0, Tally(), fresh=False, release=0, pause=0.2))  # both workers are up
        for name in names:
            tally = Tally()

            async def one(name: str = name, tally: Tally = tally) -> None:
                parts = [burst(port, clients, seconds, tally, **RUNS[name])]
                if name == "killed":
                    parts.append(killing(server.pid, seconds / 3))
                await asyncio.gather(*parts)

            asyncio.run(one())
            rows.append(summary(name, tally, seconds, bare))
            if name == "killed":
                time.sleep(8)  # the new worker loads its worlds
                rows[-1]["workers_after"] = len(workers_of(server.pid))
    finally:
        server.terminate()
        server.wait(20)
    return rows


def main() -> None:
    """Measure and print; --json also writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", nargs="*", default=list(RUNS), choices=list(RUNS))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = measure(given.clients, given.seconds, given.workers, given.runs)
    for row in rows:
        print(json.dumps(row))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
