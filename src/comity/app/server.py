"""The application: routes, and what a request may ask. Stateless but for what its Worker keeps."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route

from comity import __version__
from comity.app import child, limits
from comity.app import describe as d
from comity.app.answer import Answer, reproduce
from comity.app.catalogue import catalogue
from comity.app.headers import Guard
from comity.app.page import controls_html, page_html, results_html
from comity.app.page_controls import FIRST
from comity.app.page_results import SCREENS
from comity.app.refusals import http, said
from comity.app.schemas import AnswerBody, StateBody, read_body, state_of
from comity.app.solving import read_text
from comity.app.state import State, controls_of, scenario_of
from comity.app.worker import Worker
from comity.errors import ComityError, InputError, nearest

HOST_VARIABLE = "COMITY_SERVE_HOST"
STATIC = {"explorer.css": "text/css", "explorer.js": "text/javascript"}
TEXT_FILES = {"scenario.yaml": "application/yaml", "results.csv": "text/csv", "command.txt": "text/plain",
              "script.py": "text/x-python"}  # fmt: skip
DRAWN_FILES = {f"{name}.{kind}": (kind, name) for name in child.FIGURES for kind in ("svg", "png")}
FILES = [*TEXT_FILES, *DRAWN_FILES, "report.html"]
DRAWN_TYPES = {"svg": "image/svg+xml", "png": "image/png", "report": "text/html"}
KEEP = {"cache-control": "no-cache"}


def create_app(host: str | None = None) -> Any:
    """The ASGI application, guarded. host : the address it is bound to (from the environment, else 127.0.0.1)."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = Worker()
        await app.state.worker.warm(State.from_query(FIRST))
        yield
        app.state.worker.close()

    app = FastAPI(title="comity", version=__version__, description=d.ABOUT, docs_url=None, redoc_url=None,
                  lifespan=lifespan, redirect_slashes=False)  # fmt: skip
    _api(app)
    _downloads(app)
    _pages(app)
    app.add_exception_handler(ComityError, said)
    app.add_exception_handler(HTTPException, http)
    return Guard(app, host or os.environ.get(HOST_VARIABLE, "127.0.0.1"))


def query_of(request: Request) -> list[tuple[str, str]]:
    """The keys of the query string. Raises InputError where there are too many or it is too long."""
    text = request.scope["query_string"].decode("ascii", "replace")
    if len(text) > limits.QUERY_BYTES:
        raise InputError("query", "too long", found=f"{len(text)} bytes", allowed=f"up to {limits.QUERY_BYTES}")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=300)
    except ValueError:
        raise InputError("query", "too many keys", allowed="up to 300") from None


@dataclass(frozen=True)
class Asked:
    """A request: its state, whether ranges are wanted, the draws behind bands (0: none), its other keys."""

    state: State
    ranges: bool
    draws: int
    others: dict[str, str]


def asked(request: Request, *extra: str) -> Asked:
    """What a request asks for; `extra`: keys beside those of a state, `ranges` and `draws`. Raises InputError."""
    pairs = query_of(request)
    known = ("ranges", "draws", *extra)
    others = dict(pair for pair in pairs if pair[0] in known)
    if len(others) != sum(key in known for key, _ in pairs):
        raise InputError("query", "a key stands twice", found=", ".join(others))
    ranges, draws = depth(others)
    return Asked(State.from_query([pair for pair in pairs if pair[0] not in known]), ranges, draws, others)


def depth(given: Mapping[str, str]) -> tuple[bool, int]:
    """Whether ranges are wanted (`ranges`, by default 1) and the draws behind bands (`draws`, by default 0: none).
    Raises InputError."""
    ranges, text = given.get("ranges", "1"), given.get("draws", "0")
    if ranges not in ("0", "1"):
        raise InputError("query key ranges", "unknown value", found=ranges, allowed="0, 1")
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or int(text) > limits.DRAWS:
        raise InputError("query key draws", "a number of draws is needed", found=text,
                         allowed=f"0 (no bands) to {limits.DRAWS}", advice="`comity run` takes more.")  # fmt: skip
    if int(text) and ranges == "0":
        raise InputError("query key draws", "bands come with ranges", found=f"ranges=0 and draws={text}",
                         advice="Leave one of the two out.")  # fmt: skip
    return ranges == "1", int(text)


def no_query(request: Request) -> None:
    """Raise InputError where a route without query gets one."""
    pairs = query_of(request)
    if pairs:
        raise InputError("query", "this address takes no query", found=pairs[0][0])


def _json(content: Any, status: int = 200) -> Response:
    body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    return Response(body, status, KEEP, "application/json")


def _api(app: FastAPI) -> None:
    def fixed(path: str, key: str, about: str) -> None:
        @app.get(path, summary=about, name=key, responses=d.ERRORS, response_model=dict[str, list[Any]])
        async def listed(request: Request) -> Response:
            no_query(request)
            return _json({key: list(getattr(catalogue(), key))})

    fixed("/api/worlds", "worlds", "Worlds with their countries and sectors")
    fixed("/api/scenarios", "scenarios", "Scenarios of the gallery")
    fixed("/api/blocs", "blocs", "Blocs and their members today")
    fixed("/api/sectors", "sectors", "Sectors")

    @app.get("/api/measures", summary="Kinds of measures, and the JSON Schema of a scenario",
             responses=d.ERRORS, response_model=dict[str, Any])  # fmt: skip
    async def measures(request: Request) -> Response:
        no_query(request)
        kinds = catalogue()
        return _json({"measures": list(kinds.measures), "closures": kinds.closures,
                      "elasticities": kinds.elasticities, "schema": scenario_schema()})  # fmt: skip

    @app.get("/api/simulate", summary="Solve a state", responses=d.ERRORS, response_model=AnswerBody,
             openapi_extra={"parameters": [*d.STATE, d.RANGES, d.DRAWS]})  # fmt: skip
    async def simulate(request: Request) -> Response:
        want = asked(request)
        return _answered(await request.app.state.worker.answer(want.state, want.ranges, want.draws))

    @app.post("/api/simulate", summary="Solve a state, or a whole scenario text", responses=d.ERRORS,
              response_model=AnswerBody,
              openapi_extra={"parameters": [d.RANGES, d.DRAWS], "requestBody": d.body(StateBody)})  # fmt: skip
    async def simulate_body(request: Request) -> Response:
        pairs = query_of(request)
        unknown = [key for k, (key, _) in enumerate(pairs) if key not in ("ranges", "draws") or key in dict(pairs[:k])]
        if unknown:
            raise InputError("query", "unknown key, or a key twice", found=unknown[0], allowed="ranges, draws")
        ranges, draws = depth(dict(pairs))
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "content-type: application/json is needed")
        body = read_body(await request.body())
        worker = request.app.state.worker
        if body.yaml is not None:
            read_text(body.yaml)  # its mistakes before it waits
            return _answered(await worker.answer_text(body.yaml, ranges, draws))
        return _answered(await worker.answer(state_of(body), ranges, draws))

    @app.get("/api/controls", summary="The controls of a state", responses=d.ERRORS,
             response_model=dict[str, list[Any]], openapi_extra={"parameters": d.STATE})  # fmt: skip
    async def controls(request: Request) -> Response:
        state = asked(request).state
        return _json({"controls": [control.as_json() for control in controls_of(state)]})

    @app.get("/api", include_in_schema=False)
    async def about(request: Request) -> Response:
        no_query(request)
        return _html(d.plain_page())


def _answered(found: Answer) -> Response:
    return Response(found.body, 200, KEEP, "application/json")


@cache
def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file (docs/scenario.schema.json)."""
    from comity.scenario.schema import Scenario

    found: dict[str, Any] = Scenario.model_json_schema(by_alias=True)
    return found


def _downloads(app: FastAPI) -> None:
    @app.get("/download/{what}", summary="A file of a state", response_class=Response,
             responses={**d.ERRORS, 200: d.files(TEXT_FILES, DRAWN_TYPES)},
             openapi_extra={"parameters": [d.what(FILES), *d.STATE, d.DRAWS]})  # fmt: skip
    async def download(request: Request) -> Response:
        what = request.path_params["what"]
        if what not in FILES:
            lost = InputError("download", "no such file", found=what, allowed=FILES, nearest=nearest(what[:80], FILES))
            raise HTTPException(404, lost.message)
        want = asked(request)
        worker: Worker = request.app.state.worker
        scenario, text = scenario_of(want.state)
        name = scenario.id
        if what in DRAWN_FILES or what == "report.html":
            kind, figure = DRAWN_FILES.get(what, ("report", "report"))
            content = await worker.drawing(want.state, want.draws, kind, figure)
            return _file(content, DRAWN_TYPES[kind], f"{name}-{what}")
        if what == "scenario.yaml":
            return _file(text.encode(), TEXT_FILES[what], f"{name}.yaml")
        found = await worker.answer(want.state, what == "results.csv", want.draws if what == "results.csv" else 0)
        again = reproduce(scenario, text, want.state, want.draws)
        made = {"results.csv": found.csv, "command.txt": again["cli"] + "\n", "script.py": again["python"]}[what]
        return _file(made.encode(), TEXT_FILES[what], f"{name}-{what}")


def _file(content: bytes, kind: str, name: str) -> Response:
    charset = "" if kind.startswith("image/png") else "; charset=utf-8"
    headers = {**KEEP, "content-disposition": f'attachment; filename="{name}"'}
    if kind == "text/html":  # a report carries its own styles; nothing in it may reach this server
        headers["content-security-policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    return Response(content, 200, headers, f"{kind}{charset}")


def _pages(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        return RedirectResponse(f"/explore?{FIRST}", 307)

    @app.get("/explore", include_in_schema=False)
    async def explore(request: Request) -> Response:
        want = asked(request)
        more = [f"{key}={value}" for key, value in want.others.items() if (key, value) != ("draws", "0")]
        address = "&".join([want.state.query] * bool(want.state.query) + more)
        if query_of(request) != parse_qsl(address):  # a form sends fields that say nothing: the address is the state
            return RedirectResponse(f"/explore?{address}", 307, KEEP)
        found = await request.app.state.worker.answer(want.state, want.ranges, want.draws)
        return _html(page_html(want.state, found, catalogue()))

    async def results(request: Request) -> Response:
        want = asked(request, "pin", "screen")
        screen = want.others.get("screen", "")
        if screen and screen not in SCREENS:
            raise InputError("query key screen", "no such screen", found=screen, allowed=SCREENS)
        worker: Worker = request.app.state.worker
        pin = want.others.get("pin")
        pinned = await worker.answer(State.from_query(pin), True, want.draws) if pin else None
        paint = partial(results_html, pinned=pinned, step=not want.ranges, screen=screen)
        answered = _html(await worker.painted(want.state, want.ranges, want.draws, paint))
        if worker.steps.waiting >= limits.CROWDED:  # a kept connection would stay with this worker however full it is
            answered.headers["connection"] = "close"
        return answered

    # what a moving slider asks for: looked at first, and without what FastAPI does for parameters and schemas
    app.router.routes.insert(0, route := Route("/results", results, include_in_schema=False))
    route.methods = {"GET"}  # and no HEAD, as elsewhere

    @app.get("/controls", include_in_schema=False)
    async def controls(request: Request) -> Response:
        state = asked(request).state
        found = await request.app.state.worker.answer(state, False)
        return _html(controls_html(state, found, catalogue()))

    @app.get("/static/{name}", include_in_schema=False)
    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404, f"static: no such file. Allowed: {', '.join(STATIC)}.")
        return Response(static_file(name), 200, KEEP, f"{STATIC[name]}; charset=utf-8")


def static_file(name: str) -> bytes:
    """One of the page's own files."""
    file = resources.files("comity.app") / "static" / name
    if not file.is_file():
        raise HTTPException(404, f"static: {name} is not installed")
    return file.read_bytes()


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, KEEP)
