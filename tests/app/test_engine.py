"""What solves a slider step: NumPy until compiled passes are there, and nobody waits for them. That a step is solved by
them then is in tests/identities/test_compiled_single.py, beside what compiles them too."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from comity.app import engine

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="needs the extra: pip install 'comity[fast]'")


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """NumPy before and after, and no mark but a test's own."""
    monkeypatch.setattr(engine, "_chosen", ["numpy"])
    monkeypatch.setattr(engine, "_mark", lambda: tmp_path / "single")
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    yield


@needs_numba
def test_numpy_stays_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "single").touch()
    monkeypatch.setenv(engine.VARIABLE, "numpy")
    asyncio.run(engine.make_ready())
    assert engine.chosen() == "numpy"


@needs_numba
def test_numpy_stays_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that compiles ends without a mark, here at once."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    asyncio.run(engine.make_ready())
    assert engine.chosen() == "numpy"


def test_numpy_stays_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "single").touch()
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    asyncio.run(engine.make_ready())
    assert engine.chosen() == "numpy"


@needs_numba
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_server_that_ends_does_not_wait_for_what_is_being_compiled(tmp_path: Path) -> None:
    code = "from comity.app.run import serve_command; serve_command('127.0.0.1', 0, 1)"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        deadline, compiling = time.monotonic() + 60, 0
        while not compiling and time.monotonic() < deadline:
            time.sleep(0.1)
            compiling = _child(server.pid, b"comity.app.engine")
        assert compiling, "no process that compiles"
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        while Path(f"/proc/{compiling}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not Path(f"/proc/{compiling}").exists()
    finally:
        server.kill()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


def _child(parent: int, words: bytes) -> int:
    """Process id of a child with these words in its command; 0 where there is none."""
    for thread in Path(f"/proc/{parent}/task").iterdir():
        for pid in (thread / "children").read_text().split():
            if words in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
    return 0


def test_an_unknown_engine_is_named() -> None:
    asked = [sys.executable, "-m", "comity", "serve", "--engine", "nunpy"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert "unknown engine. Found: nunpy. Did you mean numpy? Allowed: auto, numpy" in found.stderr + found.stdout
    assert "Traceback" not in found.stderr
