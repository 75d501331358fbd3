"""One server for the API tests: real uvicorn, one worker, a free port of 127.0.0.1."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a running explorer."""
    code = "from comity.app.run import serve_command; serve_command('127.0.0.1', 0, 1, 'numpy')"
    started = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert started.stdout is not None
    line = started.stdout.readline()
    try:
        yield line.split()[1].rstrip("/")
    finally:
        started.terminate()
        started.wait(20)
        started.stdout.close()
