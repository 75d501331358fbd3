"""What every response carries, and what every request must: security headers, a Host that is ours, a bounded body."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from comity.app import limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-frame-options": "DENY",
}
_ENCODED = [(name.encode(), value.encode()) for name, value in SECURITY.items()]
LOCAL = ("localhost",)


def host_allowed(header: str, bound: str) -> bool:
    """Whether a Host header names this server: an address, `localhost`, or the name it was told to bind to. Any other
    name could be a stranger's that was pointed at this machine (DNS rebinding)."""
    name = header.strip().lower()
    if name.startswith("["):
        inside, bracket, port = name[1:].partition("]")
        if not bracket or (port and not (port.startswith(":") and port[1:].isdecimal())):
            return False
        name = inside
    else:
        name, _, port = name.partition(":")
        if port and not port.isdecimal():
            return False
    if name in (*LOCAL, bound.strip("[]").lower()):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    if _loopback(bound):
        return address.is_loopback
    return True


def _loopback(bound: str) -> bool:
    try:
        return ipaddress.ip_address(bound.strip("[]")).is_loopback
    except ValueError:
        return bound == "localhost"


class Guard:
    """ASGI middleware: checks Host and body size, puts the security headers on every response, errors included."""

    def __init__(self, app: App, host: str) -> None:
        self.app, self.host = app, host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                extra = [(name, value) for name, value in _ENCODED if name not in given]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not host_allowed(hosts[0].decode("latin-1"), self.host):
            await _refuse(secured, 421, "Host", "this server answers to its own address only.")
            return
        if len(scope.get("query_string", b"")) > 2 * limits.QUERY_BYTES + 64:
            await _refuse(secured, 414, "query", f"too long. Allowed: up to {limits.QUERY_BYTES} bytes.")
            return
        body = await _body(scope, receive)
        if body is None:
            await _refuse(secured, 413, "body", f"too long. Allowed: up to {limits.BODY_BYTES} bytes.")
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await asyncio.shield(left)
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        left = asyncio.ensure_future(_gone(receive))
        work = asyncio.ensure_future(self.app(scope, replay, secured))
        try:
            await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():  # nobody is there to read the answer: what waits for a solve waits no longer
                work.cancel()
                await asyncio.wait((work,))
            if not work.cancelled():
                work.result()
        finally:
            for task in (work, left):
                task.cancel()


async def _gone(receive: Receive) -> Message:
    """The message that says that the client has left."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return message


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body, None where it is longer than allowed or the client left."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not length.isdigit() or int(length[:20]) > limits.BODY_BYTES:
        return None
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _refuse(send: Send, status: int, where: str, problem: str) -> None:
    content = json.dumps({"error": {"where": where, "message": f"{where}: {problem}"}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()),
               (b"cache-control", b"no-store")]  # fmt: skip
    if status == 413:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
