"""What one process of the server keeps: its lanes, its processes aside, and its latest answers."""

from __future__ import annotations

import asyncio
import gc
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic, thread_time
from typing import Any

from comity.app import child, engine, limits
from comity.app.answer import Answer, answer, answer_text, reproduce
from comity.app.aside import PATIENCE, Aside, hush
from comity.app.cache import Kept
from comity.app.catalogue import catalogue
from comity.app.lanes import HardError, Lane, Stopped
from comity.app.state import State, scenario_names, scenario_of
from comity.uncertainty.interval import DRAWS


class Worker:
    """Slider steps are solved here; slow ones, ranges and bands in a process aside each; a report or figure in one of
    its own."""

    def __init__(self) -> None:
        hush(Stopped)
        self.steps = Lane("steps", limits.CENTRAL_SECONDS, processor=limits.STEP_SECONDS)
        self.hard = Lane("slow", limits.CENTRAL_SECONDS, droppable=True)
        self.asides = {name: Aside(patience) for name, patience in PATIENCE.items()}
        self.ranges = Lane("ranges", limits.RANGE_SECONDS, droppable=True, clock=self.asides["ranges"].spent)
        self.bands = Lane("bands", limits.BAND_SECONDS, droppable=True, clock=self.asides["bands"].spent)
        self.drawings = Lane("drawings", child.WAIT + 5)
        self.answers: Kept[Answer] = Kept(limits.CACHED)
        self.files: Kept[bytes] = Kept(limits.CACHED_FILES)
        self.slow: OrderedDict[str, float] = OrderedDict()  # until when, by what slow states share
        self.ready: list[asyncio.Task[Any]] = []

    async def warm(self, first: State) -> None:
        """Load the worlds and solve the first scenario: nobody waits for them. More follows."""
        await asyncio.to_thread(_load, first)
        self.steps.processor = max(limits.STEP_SECONDS, limits.STEP_TIMES * await asyncio.to_thread(_cost, first))
        settle()
        self.ready = [asyncio.ensure_future(engine.make_ready())]
        self.ready.append(asyncio.ensure_future(self._warmer(first)))

    async def _warmer(self, first: State) -> None:
        """What the next visitors are likely to ask: the first scenario's range and band, and what the scenarios have in
        common."""
        await self.answer(first, True)
        for name in scenario_names():
            await asyncio.to_thread(_load, State(name))
        await self.answer(first, True, DRAWS)

    async def answer(
        self, state: State, ranges: bool, draws: int = 0, then: Callable[[Answer], object] | None = None
    ) -> Answer:
        """The answer of a state, kept or solved. then : done with it in the thread that solves, where it is solved in
        this process for this call."""
        key = ("state", state.query, ranges, draws)
        return await self.answers.get(
            key, lambda: self._made(partial(without_sizes, state), partial(answer, state), key, then, query=state.query)
        )

    async def painted(self, state: State, ranges: bool, draws: int, paint: Callable[[Answer], str]) -> str:
        """What `paint` makes of the answer of a state. Of a step it is made by the thread that has solved it: a second
        one that runs Python beside the next solve makes both slower than they are one after the other."""
        made: list[str] = []
        found = await self.answer(state, ranges, draws, lambda fresh: made.append(paint(fresh)))
        return made[0] if made else paint(found)

    async def answer_text(self, text: str, ranges: bool, draws: int = 0) -> Answer:
        """The answer of a scenario text, kept or solved."""
        key = ("yaml", text, ranges, draws)
        return await self.answers.get(
            key, lambda: self._made(lambda: text, partial(answer_text, text), key, None, text=text)
        )

    async def _made(
        self,
        alike: Callable[[], str],
        central: Callable[[bool], Answer],
        key: Any,
        then: Callable[[Answer], object] | None,
        **request: Any,
    ) -> Answer:
        """A step in this process unless those like it are slow; the rest aside, slow ranges among the bands. alike :
        what it has in common with those."""
        ranges, draws = key[2:]
        slow = bool(self.slow) and self.slow.get(alike(), 0.0) > monotonic()
        if not ranges and not slow:
            try:
                found: Answer = await self.steps.do(partial(self._step, central, then))
                return found
            except HardError:
                self._remember(alike())
        lane = self.hard if not ranges else self.bands if draws or slow else self.ranges
        request = {**request, "ranges": ranges, "draws": draws}
        begun: list[float] = []

        def work() -> Answer:
            begun.append(monotonic())
            return Answer(**self.asides[lane.name].ask(**request))

        try:
            made: Answer = await lane.do(work)
        finally:
            if begun and not draws and monotonic() - begun[0] > limits.SLOW_SECONDS:
                self._remember(alike())
        return made

    def _step(self, central: Callable[[bool], Answer], then: Callable[[Answer], object] | None) -> Answer:
        for name in ("ranges", "bands"):
            self.asides[name].stand_back()
        found = central(False)
        if then is not None:
            then(found)
        return found

    def _remember(self, alike: str) -> None:
        self.slow[alike] = monotonic() + limits.SLOW_FOR
        self.slow.move_to_end(alike)
        while len(self.slow) > limits.SLOW:
            self.slow.popitem(last=False)

    async def drawing(self, state: State, draws: int, kind: str, name: str) -> bytes:
        """A report or figure of a state. What is wrong with the state is said before anything is drawn."""
        await self.answer(state, False)
        scenario, text = scenario_of(state)
        command = reproduce(scenario, text, state, draws)["cli"]
        work = partial(child.drawn, kind, name, text, command, draws)
        return await self.files.get((state.query, draws, kind, name), lambda: self.drawings.do(work))

    def close(self) -> None:
        """End the threads and the processes aside."""
        for task in self.ready:
            task.cancel()
        for lane in (self.steps, self.hard, self.ranges, self.bands, self.drawings):
            lane.close()
        for aside in self.asides.values():
            aside.end()


def _load(state: State) -> None:
    """Load the worlds, and solve a state once, for what is kept of it in passing: worlds under its assumptions."""
    catalogue()
    answer(state, False)


def _cost(state: State) -> float:
    """Processor seconds of a step for that state, the less of two."""
    took = []
    for _ in range(2):
        start = thread_time()
        answer(state, False)
        took.append(thread_time() - start)
    return min(took)


def settle() -> None:
    """Have the collector leave out what stays, and look less often: a step makes thousands of objects and no cycles to
    speak of, and went over them a dozen times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def without_sizes(state: State) -> str:
    """What a state shares with those in which sliders stand elsewhere: they take about as long."""
    return replace(state, measures=tuple(replace(one, size=None) for one in state.measures)).query
