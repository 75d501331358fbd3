"""What a worker of the server does with a step."""

from __future__ import annotations

import asyncio
import threading

from comity.app.answer import Answer
from comity.app.state import State
from comity.app.worker import Worker


def test_a_step_is_painted_by_the_thread_that_solves_it_and_a_kept_one_by_who_asks() -> None:
    """Two people who ask for the same are answered with one solve, each with a page of their own."""
    painted: list[str] = []

    def paint(found: Answer, name: str = "") -> str:
        painted.append(threading.current_thread().name)
        return f"{name} {found.query}"

    async def ask() -> list[str]:
        worker, state = Worker(), State("tehran-2023")
        worker.steps.processor = 60.0  # the first solve loads the world
        try:
            first = await asyncio.gather(*(worker.painted(state, False, 0, lambda found, k=k: paint(found, str(k)))
                                           for k in range(2)))  # fmt: skip
            assert worker.answers.made == 1
            return [*first, await worker.painted(state, False, 0, paint)]
        finally:
            worker.close()

    assert asyncio.run(ask()) == ["0 s=tehran-2023", "1 s=tehran-2023", " s=tehran-2023"]
    assert painted == ["comity-steps", "MainThread", "MainThread"]


def test_a_page_that_cannot_be_painted_is_an_error_and_the_worker_goes_on() -> None:
    async def ask() -> str:
        worker = Worker()
        try:
            broken = worker.painted(State("tehran-2023"), False, 0, lambda found: [][0])
            (problem,) = await asyncio.gather(broken, return_exceptions=True)
            assert isinstance(problem, IndexError)
            return await worker.painted(State("tehran-2023"), False, 0, lambda found: str(found.name))
        finally:
            worker.close()

    assert asyncio.run(ask()) == "tehran-2023"
