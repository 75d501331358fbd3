"""BLAS kept to one thread: sums whose bits do not depend on the machine, and no threads fighting over cores."""

from __future__ import annotations

import sys
from functools import cache
from threading import Lock
from typing import Any


class _OneBlasThread:
    """BLAS kept to one thread while anybody is inside; the number before comes back when the last one leaves."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._limit = _blas("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._limit is not None:
                self._limit.restore_original_limits()


ONE_BLAS_THREAD = _OneBlasThread()


@cache
def _blas(scipy: bool) -> Any:
    """The BLAS libraries of this process; looked for again once SciPy, which brings one of its own, is loaded."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
