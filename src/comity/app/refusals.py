"""Errors as responses: 4xx with the sentence of the command line, as JSON, or as a page where somebody reads it."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from comity.app.lanes import Busy
from comity.app.page import error_html
from comity.errors import InputError


def _wants_html(request: Request) -> bool:
    """Whether somebody reads the answer in a browser: a page of ours, or a file that a link of ours asked for."""
    path = request.url.path
    if path.startswith("/download/"):
        return "text/html" in request.headers.get("accept", "")
    return path in ("/", "/explore", "/results", "/controls", "/api")


async def said(request: Request, problem: Any) -> Response:
    """A mistake or a missing solution as 422 with the sentence of the command line; too many requests as 429."""
    status = 429 if isinstance(problem, Busy) else 422
    where = problem.where if isinstance(problem, InputError) else "request" if status == 429 else "scenario"
    return refused(request, status, where, str(problem), {"retry-after": "2"} if status == 429 else {})


async def http(request: Request, problem: Any) -> Response:
    """404, 405, 415 in the same form."""
    words = {404: "no such address. Allowed: those of /openapi.json.", 405: "not allowed here."}
    plain = problem.detail in ("Not Found", "Method Not Allowed")
    where = request.method if problem.status_code == 405 else "address" if plain else "request"
    message = f"{where}: {words[problem.status_code]}" if plain else str(problem.detail)
    return refused(request, problem.status_code, where, message, dict(problem.headers or {}))


def refused(request: Request, status: int, where: str, message: str, headers: dict[str, str]) -> Response:
    """The error as a page for who reads it, as JSON for programs."""
    headers = {**headers, "cache-control": "no-store"}
    if not _wants_html(request):
        body = json.dumps({"error": {"where": where, "message": message}})
        return Response(body, status, headers, "application/json")
    return HTMLResponse(error_html(status, message), status, headers)
