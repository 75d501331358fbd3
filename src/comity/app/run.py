"""The body of `comity serve`: worker processes over one listening socket; one that ends is replaced."""

from __future__ import annotations

import os
import socket

from comity.app.engine import ENGINES
from comity.app.engine import VARIABLE as ENGINE_VARIABLE
from comity.app.server import HOST_VARIABLE
from comity.errors import InputError, nearest

WORKERS = 8  # at most; each holds up to about 450 MiB, its answers included
KEEP_ALIVE = 30  # seconds an idle connection stays open


def serve_command(host: str = "127.0.0.1", port: int = 8000, workers: int | None = None, engine: str = "auto") -> None:
    """Serve the explorer until interrupted. workers : processes; by default one per processor, at most 4. engine : what
    solves slider steps, one of ENGINES.

    Raises InputError for an address that cannot be used, or an unknown engine.
    """
    import uvicorn

    count = min(os.cpu_count() or 1, 4) if workers is None else workers
    if not 1 <= count <= WORKERS:
        raise InputError("--workers", "a number of processes is needed", found=workers, allowed=f"1 to {WORKERS}")
    if not 0 <= port <= 65535:
        raise InputError("--port", "a port is needed", found=port, allowed="0 to 65535; 0 takes a free one")
    if engine not in ENGINES:
        raise InputError("--engine", "unknown engine", found=engine, allowed=ENGINES, nearest=nearest(engine, ENGINES))
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ[HOST_VARIABLE] = host
    os.environ[ENGINE_VARIABLE] = engine
    listening = _listen(host, port)
    config = uvicorn.Config(
        "comity.app.server:create_app", factory=True, host=host, port=port, workers=count, access_log=False,
        server_header=False, date_header=True, log_level="warning", timeout_keep_alive=KEEP_ALIVE, http="h11",
        ws="none", lifespan="on", proxy_headers=False, timeout_worker_healthcheck=15,
    )  # fmt: skip
    shown = f"[{host}]" if ":" in host else host
    print(f"comity: http://{shown}:{listening.getsockname()[1]}/  (stop with Ctrl+C)", flush=True)
    if count == 1:
        uvicorn.Server(config).run(sockets=[listening])
        return
    from uvicorn.supervisors import Multiprocess

    Multiprocess(config, sockets=[listening]).run()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket that the workers share. Raises InputError where the address cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol by name: asyncio sets TCP_NODELAY only where it sees it, and without it each answer waits 40 ms
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), port))
        listening.listen(512)
        listening.set_inheritable(True)
    except OSError as problem:
        listening.close()
        raise InputError("--host and --port", "cannot listen there", found=f"{host}:{port}",
                         advice=f"{problem.strerror or problem}.") from None  # fmt: skip
    return listening
