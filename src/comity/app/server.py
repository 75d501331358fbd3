"""The application: routes, errors as sentences, one worker's caches and lanes. Stateless but for what it keeps."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from html import escape
from importlib import import_module, resources
from typing import Any
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from comity import __version__
from comity.app import child, limits
from comity.app import describe as d
from comity.app.answer import Answer, answer, answer_text
from comity.app.cache import Kept
from comity.app.catalogue import catalogue
from comity.app.headers import Guard
from comity.app.lanes import Busy, Lane
from comity.app.schemas import AnswerBody, StateBody, read_body, state_of
from comity.app.solving import read_text
from comity.app.state import State, controls_of, scenario_of
from comity.errors import ComityError, InputError, nearest

HOST_VARIABLE = "COMITY_SERVE_HOST"
FIRST = "s=tehran-2023"  # what the page shows at `/`
STATIC = {"explorer.css": "text/css", "explorer.js": "text/javascript"}
TEXT_FILES = {"scenario.yaml": "application/yaml", "results.csv": "text/csv", "command.txt": "text/plain",
              "script.py": "text/x-python"}  # fmt: skip
DRAWN_FILES = {f"{name}.{kind}": (kind, name) for name in child.FIGURES for kind in ("svg", "png")}
DRAWN_TYPES = {"svg": "image/svg+xml", "png": "image/png", "report": "text/html"}
KEEP = {"cache-control": "no-cache"}


class Worker:
    """What one process keeps: its lanes and its latest answers. Made when the application starts."""

    def __init__(self) -> None:
        self.steps = Lane("steps", limits.CENTRAL_SECONDS)
        self.ranges = Lane("ranges", limits.RANGE_SECONDS)
        self.drawings = Lane("drawings", limits.REPORT_SECONDS + 5)
        self.answers: Kept[Answer] = Kept(limits.CACHED)
        self.files: Kept[bytes] = Kept(limits.CACHED_FILES)

    def warm(self) -> None:
        """Load the first world, solve it once with its range: nobody waits for either."""
        catalogue()
        answer(State.from_query(FIRST), True)
        answer(State.from_query(FIRST), False)

    async def answer(self, state: State, ranges: bool) -> Answer:
        """The answer of a state, kept or solved."""
        lane = self.ranges if ranges else self.steps
        return await self.answers.get((state.query, ranges), lambda: lane.do(partial(answer, state, ranges)))

    async def answer_text(self, text: str, ranges: bool) -> Answer:
        """The answer of a scenario text, kept or solved."""
        lane = self.ranges if ranges else self.steps
        return await self.answers.get(("yaml", text, ranges), lambda: lane.do(partial(answer_text, text, ranges)))

    async def drawing(self, state: State, kind: str, name: str) -> bytes:
        """A report or figure of a state. What is wrong with the state is said before anything is drawn."""
        found = await self.answer(state, False)
        given = found.content["reproduce"]
        work = partial(child.drawn, kind, name, given["yaml"], given["cli"])
        return await self.files.get((state.query, kind, name), lambda: self.drawings.do(work))

    def close(self) -> None:
        """End the threads."""
        for lane in (self.steps, self.ranges, self.drawings):
            lane.close()


def create_app(host: str | None = None) -> Any:
    """The ASGI application, guarded. host : the address it is bound to (from the environment, else 127.0.0.1)."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.worker = Worker()
        await app.state.worker.ranges.do(app.state.worker.warm)
        yield
        app.state.worker.close()

    app = FastAPI(title="comity", version=__version__, description=d.ABOUT, docs_url=None, redoc_url=None,
                  lifespan=lifespan, redirect_slashes=False)  # fmt: skip
    _api(app)
    _downloads(app)
    _pages(app)
    app.add_exception_handler(ComityError, _said)
    app.add_exception_handler(HTTPException, _http)
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


def asked(request: Request, *extra: str, default: str = "1") -> tuple[State, bool, dict[str, str]]:
    """The state of a request, whether ranges are wanted, and its other keys (`extra`). Raises InputError."""
    pairs = query_of(request)
    known = ("ranges", *extra)
    others = dict(pair for pair in pairs if pair[0] in known)
    if len(others) != sum(key in known for key, _ in pairs):
        raise InputError("query", "a key stands twice", found=", ".join(others))
    wanted = others.get("ranges", default)
    if wanted not in ("0", "1"):
        raise InputError("query key ranges", "unknown value", found=wanted, allowed="0, 1")
    return State.from_query([pair for pair in pairs if pair[0] not in known]), wanted == "1", others


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
             openapi_extra={"parameters": [*d.STATE, d.RANGES]})  # fmt: skip
    async def simulate(request: Request) -> Response:
        state, ranges, _ = asked(request)
        return _answered(await request.app.state.worker.answer(state, ranges))

    @app.post("/api/simulate", summary="Solve a state, or a whole scenario text", responses=d.ERRORS,
              response_model=AnswerBody,
              openapi_extra={"parameters": [d.RANGES], "requestBody": d.body(StateBody)})  # fmt: skip
    async def simulate_body(request: Request) -> Response:
        pairs = query_of(request)
        if any(key != "ranges" for key, _ in pairs) or len(pairs) > 1:
            raise InputError("query", "unknown key", found=pairs[-1][0], allowed="ranges")
        ranges = pairs[0][1] if pairs else "1"
        if ranges not in ("0", "1"):
            raise InputError("query key ranges", "unknown value", found=ranges, allowed="0, 1")
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise HTTPException(415, "content-type: application/json is needed")
        body = read_body(await request.body())
        worker = request.app.state.worker
        if body.yaml is not None:
            read_text(body.yaml)  # its mistakes before it waits
            return _answered(await worker.answer_text(body.yaml, ranges == "1"))
        return _answered(await worker.answer(state_of(body), ranges == "1"))

    @app.get("/api/controls", summary="The controls of a state", responses=d.ERRORS,
             response_model=dict[str, list[Any]], openapi_extra={"parameters": d.STATE})  # fmt: skip
    async def controls(request: Request) -> Response:
        state, _, _ = asked(request)
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
             openapi_extra={"parameters": [d.what([*TEXT_FILES, *DRAWN_FILES, "report.html"]), *d.STATE]})  # fmt: skip
    async def download(request: Request) -> Response:
        what = request.path_params["what"]
        known = [*TEXT_FILES, *DRAWN_FILES, "report.html"]
        if what not in known:
            said = InputError("download", "no such file", found=what, allowed=known, nearest=nearest(what[:80], known))
            raise HTTPException(404, said.message)
        state, _, _ = asked(request)
        worker: Worker = request.app.state.worker
        name = scenario_of(state)[0].id
        if what in DRAWN_FILES or what == "report.html":
            kind, figure = DRAWN_FILES.get(what, ("report", "report"))
            content = await worker.drawing(state, kind, figure)
            return _file(content, DRAWN_TYPES[kind], f"{name}-{what}")
        if what == "scenario.yaml":
            return _file(scenario_of(state)[1].encode(), TEXT_FILES[what], f"{name}.yaml")
        found = await worker.answer(state, what == "results.csv")
        given = found.content["reproduce"]
        text = {"results.csv": found.csv, "command.txt": given["cli"] + "\n", "script.py": given["python"]}[what]
        return _file(text.encode(), TEXT_FILES[what], f"{name}-{what}")


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
        state, ranges, _ = asked(request)
        found = await request.app.state.worker.answer(state, ranges)
        return _html(_page("page_html")(state, found, catalogue()))

    @app.get("/results", include_in_schema=False)
    async def results(request: Request) -> Response:
        state, ranges, others = asked(request, "pin")
        worker: Worker = request.app.state.worker
        pinned = await worker.answer(State.from_query(others["pin"]), True) if others.get("pin") else None
        return _html(_page("results_html")(await worker.answer(state, ranges), pinned=pinned))

    @app.get("/controls", include_in_schema=False)
    async def controls(request: Request) -> Response:
        state, _, _ = asked(request)
        found = await request.app.state.worker.answer(state, False)
        return _html(_page("controls_html")(state, found, catalogue()))

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


def _page(name: str) -> Callable[..., str]:
    try:
        found: Callable[..., str] = getattr(import_module("comity.app.page"), name)
    except ImportError:
        return lambda *_, **__: d.plain_page()
    return found


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, KEEP)


def _wants_html(request: Request) -> bool:
    return request.url.path in ("/", "/explore", "/results", "/controls", "/api")


async def _said(request: Request, problem: Any) -> Response:
    """A mistake or a missing solution as 422 with the sentence of the command line; too many requests as 429."""
    status = 429 if isinstance(problem, Busy) else 422
    where = problem.where if isinstance(problem, InputError) else "request" if status == 429 else "scenario"
    return _refused(request, status, where, str(problem), {"retry-after": "2"} if status == 429 else {})


async def _http(request: Request, problem: Any) -> Response:
    """404, 405, 415 in the same form."""
    words = {404: "no such address. Allowed: those of /openapi.json.", 405: "not allowed here."}
    plain = problem.detail in ("Not Found", "Method Not Allowed")
    where = request.method if problem.status_code == 405 else "address" if plain else "request"
    message = f"{where}: {words[problem.status_code]}" if plain else str(problem.detail)
    return _refused(request, problem.status_code, where, message, dict(problem.headers or {}))


def _refused(request: Request, status: int, where: str, message: str, headers: dict[str, str]) -> Response:
    headers = {**headers, "cache-control": "no-store"}
    if not _wants_html(request):
        body = json.dumps({"error": {"where": where, "message": message}})
        return Response(body, status, headers, "application/json")
    try:
        text = import_module("comity.app.page").error_html(status, message)
    except (ImportError, AttributeError):
        shown = escape(message.encode("utf-8", "replace").decode())
        text = (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>comity</title><h1>That did not work</h1>'
                f'<p>{shown}</p><p><a href="/explore?{FIRST}">Back to the first scenario</a></p></html>')  # fmt: skip
    return HTMLResponse(text, status, headers)
