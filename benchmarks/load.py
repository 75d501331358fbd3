"""Load on the explorer: 50 people use `comity serve` with two workers, and one worker is killed.

    python -m benchmarks.load [--clients 50] [--seconds 30] [--workers 2] [--runs people ...] [--json FILE]

Everybody asks for what the page asks for on a wide screen (`/results`, HTML) and has a scenario of their own, so that
nobody is served with the answers of others: every second person one of the gallery, with its other sliders, the
elasticity set or the closure set differently; the others one from nothing, a tariff or an agreement among two or three
parties of their own.

- people, the load that the limit is set for: a drag of 5 to 15 steps on the slider's own grid, one every 300 to 500 ms;
  on release the range, then the band in the background, dropped where the next drag begins first (as the page does);
  4 to 12 s to read; then a drag of this slider or another one;
- killed: as people, and one worker is killed (SIGKILL) after a third of the time;
- steady: everybody moves a slider twice a second without ever a pause, every position new to the server;
- harsh: the same as fast as answers come: the harshest there is, and says how many solves a second there are;
- kept: as harsh, positions repeat: what a step costs that is kept.

A request is `answered` when its whole body arrived; `failed` when the status is not 200, parts of the page are missing
or five tries bring no answer; `unanswered` when the connection ended before the answer was complete, and the client
asks again, as the page does (only where a worker is killed). Latency is from the moment a step was due, as its user
sees it.
The yardstick is one bare solve of tehran-2023 (best of 20 before and of 20 after the load); p95_in_solves is the ratio
that compares machines. `cores` is about how much of the processors was left to the run by what else runs there:
its own processor seconds and the idle ones, a second. The clients share the processors with the server.
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
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

PEOPLE = {"steps": (5, 15), "pause": (0.3, 0.5), "read": (4.0, 12.0), "fresh": False, "release": True}
RUNS: dict[str, dict[str, Any]] = {
    "people": PEOPLE,
    "killed": PEOPLE,
    "steady": {"steps": (10**9, 10**9), "pause": (0.4, 0.6), "read": (0.0, 0.0), "fresh": True, "release": False},
    "harsh": {"steps": (10**9, 10**9), "pause": (0.0, 0.0), "read": (0.0, 0.0), "fresh": True, "release": False},
    "kept": {"steps": (10**9, 10**9), "pause": (0.0, 0.0), "read": (0.0, 0.0), "fresh": False, "release": False},
}
PARTIES = ["IRN", "BLR", "RUS", "CHN", "IND", "KAZ", "TUR", "SAU", "ARE", "DEU", "FRA", "USA", "BRA", "JPN", "MEX"]
DRAWS = 200
_unique = count(1)


@dataclass(frozen=True)
class Slider:
    """One slider of a scenario, as the page has it."""

    measure: str
    least: float
    most: float
    step: float


@dataclass
class Tally:
    """What happened to the requests of one run; milliseconds of answered steps, ranges and bands."""

    steps: list[float] = field(default_factory=list)
    ranges: list[float] = field(default_factory=list)
    bands: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unanswered: int = 0
    dropped: int = 0


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes] | None:
        """Status and whole body; None where the connection ended before the answer was complete."""
        try:
            if self.streams is None:
                self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
            reader, writer = self.streams
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return None
        status = int(head.split(b" ", 2)[1])
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        try:
            body = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return None
        if b"\r\nconnection: close" in head.lower():
            self.close()
        return status, body

    def close(self) -> None:
        """Forget the connection."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


def whole(body: bytes) -> bool:
    """Whether the answer is a complete results column with numbers: its last part is there."""
    return b'data-part="state"' in body and b'data-part="glance"' in body and body.endswith(b"</div>")


def sliders(query: str) -> list[Slider]:
    """The sliders of a state."""
    from comity.app.state import State, controls_of

    return [Slider(c.id, c.minimum, c.maximum, c.step) for c in controls_of(State.from_query(query))
            if c.on and c.minimum is not None and c.maximum is not None and c.step]  # fmt: skip


def gallery() -> list[str]:
    """Queries of the scenarios with a slider."""
    from comity.app.state import scenario_names

    return [f"s={name}" for name in scenario_names() if sliders(f"s={name}")]


def own(chance: random.Random) -> str:
    """Query of a scenario from nothing."""
    parties = ".".join(chance.sample(PARTIES, chance.choice((2, 2, 3))))
    return f"p={parties}&add=own:{chance.choice(('tariff', 'tariff', 'agreement', 'visa'))}"


class Person:
    """One user: a scenario of their own, a connection, and a second one for the band."""

    def __init__(self, number: int, port: int, scenarios: list[str], tally: Tally) -> None:
        self.chance = random.Random(number)
        self.scenario = own(self.chance) if number % 2 else scenarios[number // 2 % len(scenarios)]
        self.sliders = sliders(self.scenario)
        self.places = {one.measure: self.at(one, self.chance.uniform(one.least, one.most)) for one in self.sliders}
        self.settings = self.chance.choice(["", "&c=balanced", "&c=deficit-share-of-gdp", "&e=fontagne-minus-one",
                                            "&e=caliendo-parro", "&c=balanced&e=uniform-4"])  # fmt: skip
        self.client, self.behind, self.tally = Client(port), Client(port), tally
        self.band: asyncio.Task[None] | None = None

    @staticmethod
    def at(one: Slider, value: float) -> float:
        """The value on the slider's grid."""
        place = one.least + round((value - one.least) / one.step) * one.step
        return round(min(one.most, max(one.least, place)), 12)

    def path(self, fresh: bool) -> str:
        """The page's request for where the sliders stand; `fresh`: a hair off the grid, so that nothing is kept."""
        sizes = []
        for one in self.sliders:
            value = self.places[one.measure]
            if fresh:
                value = min(one.most, max(one.least, value * (1 - 1e-9 * next(_unique)) + 1e-12))
            sizes.append(f"&m.{one.measure}={value:.15g}")
        return f"/results?{self.scenario}{''.join(sizes)}{self.settings}"

    async def ask(self, client: Client, path: str, due: float, times: list[float]) -> None:
        """One request until it is answered; asked again where the connection ended unanswered."""
        for _ in range(5):
            found = await client.get(path)
            if found is not None:
                break
            self.tally.unanswered += 1
            await asyncio.sleep(0.02)
        else:
            self.tally.failed.append(f"no answer in five tries: {path}")
            return
        status, body = found
        if status == 422 and b"no solution" in body.lower():  # a setting of this person's that has none: an answer
            times.append(1000 * (time.perf_counter() - due))
        elif status != 200 or not whole(body):
            self.tally.failed.append(f"{status}, {len(body)} bytes: {path}")
        else:
            times.append(1000 * (time.perf_counter() - due))

    async def rest(self, path: str) -> None:
        """What the page asks for when the slider rests."""
        await self.ask(self.client, f"{path}&ranges=1", time.perf_counter(), self.tally.ranges)
        now = time.perf_counter()
        self.band = asyncio.ensure_future(self.ask(self.behind, f"{path}&draws={DRAWS}", now, self.tally.bands))

    async def drop(self) -> None:
        """Leave a band that has not come: the browser closes its connection."""
        if self.band is not None:
            if not self.band.done():
                self.band.cancel()
                self.behind.close()
                self.tally.dropped += 1
            with suppress(asyncio.CancelledError):
                await self.band
            self.band = None

    async def use(self, until: float, how: dict[str, Any]) -> None:
        """Drag, let go, read, until the time is over."""
        chance, paced = self.chance, how["pause"][1] > 0
        due = time.perf_counter() + chance.uniform(0, how["read"][1] if how["release"] else how["pause"][1])
        while due < until:
            one = chance.choice(self.sliders)
            way = chance.choice((-1, 1))
            for _ in range(chance.randint(*how["steps"])):
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if time.perf_counter() > until:
                    break
                await self.drop()
                value = self.places[one.measure] + way * one.step
                if not one.least <= value <= one.most:
                    way = -way
                    value = self.places[one.measure] + way * one.step
                self.places[one.measure] = self.at(one, value)
                start = due if paced else time.perf_counter()
                await self.ask(self.client, f"{self.path(how['fresh'])}&ranges=0&screen=wide", start, self.tally.steps)
                due = max(time.perf_counter(), due + chance.uniform(*how["pause"]))
            if how["release"] and time.perf_counter() < until:
                await self.rest(self.path(False))
            due = max(due, time.perf_counter()) + chance.uniform(*how["read"])
        await self.drop()
        self.client.close()
        self.behind.close()


async def crowd(port: int, clients: int, seconds: float, tally: Tally, how: dict[str, Any]) -> None:
    """Everybody of one run side by side."""
    scenarios = gallery()
    until = time.perf_counter() + seconds
    await asyncio.gather(*(Person(number, port, scenarios, tally).use(until, how) for number in range(clients)))


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


def processor_seconds(server: int) -> tuple[float, float]:
    """(processor seconds of the server, all it started and this process; idle ones of the machine) so far (Linux)."""
    tick = os.sysconf("SC_CLK_TCK")
    ours, left = 0.0, [server, os.getpid()]
    while left:
        pid = left.pop()
        with suppress(OSError):
            numbers = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ours += sum(int(one) for one in numbers[11:15]) / tick  # its own and those of children that have ended
            if pid != os.getpid():
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    left += [int(child) for child in (thread / "children").read_text().split()]
    idle = int(Path("/proc/stat").read_text().split("\n")[0].split()[4]) / tick
    return ours, idle


def quantile(times: list[float], share: float) -> float | None:
    """The value below which that share of the times lies; None without times."""
    ranked = sorted(times)
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 1) if ranked else None


def summary(name: str, tally: Tally, seconds: float) -> dict[str, Any]:
    """One run in numbers."""
    found: dict[str, Any] = {"run": name, "steps": len(tally.steps), "a_second": round(len(tally.steps) / seconds, 1)}
    found |= {f"p{100 * share:g}_ms": quantile(tally.steps, share) for share in (0.5, 0.95, 0.99)}
    for what in ("ranges", "bands"):
        times = getattr(tally, what)
        found |= {what: len(times), f"{what}_p50_ms": quantile(times, 0.5), f"{what}_p95_ms": quantile(times, 0.95)}
    return {**found, "bands_dropped": tally.dropped, "failed": len(tally.failed), "unanswered": tally.unanswered,
            "examples": tally.failed[:3]}  # fmt: skip


def started(workers: int) -> tuple[subprocess.Popen[str], int]:
    """A server on a free port, and the port."""
    code = f"from comity.app.run import serve_command; serve_command('127.0.0.1', 0, {workers})"
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    line = server.stdout.readline()
    return server, int(line.split("127.0.0.1:")[1].split("/")[0])


def ended(server: subprocess.Popen[str]) -> None:
    """End a server."""
    server.terminate()
    server.wait(20)
    if server.stdout is not None:
        server.stdout.close()


def all_up(port: int, workers: int, server: int) -> None:
    """Wait until every worker answers and has loaded what it loads at its start."""
    asyncio.run(crowd(port, 4, 2.0, Tally(), {**RUNS["steady"], "pause": (0.2, 0.2)}))
    deadline = time.monotonic() + 60
    while len(workers_of(server)) < workers and workers > 1 and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(2)


def measure(clients: int, seconds: float, workers: int, names: list[str]) -> list[dict[str, Any]]:
    """Every run, each against a server of its own: nothing is kept from one to the next."""
    if find_spec("numba") is not None:  # else the first server would compile beside its load
        subprocess.run([sys.executable, "-m", "comity.app.engine"], check=True)
    best, rows = yardstick(), []
    for name in names:
        server, port = started(workers)
        tally = Tally()
        try:
            all_up(port, workers, server.pid)

            async def one(name: str = name, tally: Tally = tally, port: int = port, pid: int = server.pid) -> None:
                parts = [crowd(port, clients, seconds, tally, RUNS[name])]
                if name == "killed":
                    parts.append(killing(pid, seconds / 3))
                await asyncio.gather(*parts)

            before, begun = processor_seconds(server.pid), time.perf_counter()
            asyncio.run(one())
            took = time.perf_counter() - begun  # longer than `seconds`: the last ranges are waited for
            spent = [b - a for a, b in zip(before, processor_seconds(server.pid), strict=True)]
            rows.append({**summary(name, tally, seconds), "cores": round(sum(spent) / took, 2)})
            if name == "killed":
                time.sleep(8)  # the new worker loads its worlds
                rows[-1]["workers_after"] = len(workers_of(server.pid))
        finally:
            ended(server)
    best = min(best, yardstick())
    for row in rows:
        row["p95_in_solves"] = None if row["p95_ms"] is None else round(row["p95_ms"] / best, 1)
    return [{"run": "yardstick", "bare_solve_ms": round(best, 2), "clients": clients, "workers": workers}, *rows]


def main() -> None:
    """Measure and print; --json also writes the rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
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
