"""Compiling numerical loops with Numba (extra `fast`), and keeping what was compiled as long as its sources stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import scipy.linalg  # noqa: F401 - brings the BLAS of compiled products, before `equilibrium.blas` holds it to one thread
from numba import core

from comity.caches import of_kernels

Function = TypeVar("Function", bound=Callable[..., Any])

# no reordering of sums: the same plan gives the same bits; only multiplications and additions may be fused
SETTINGS: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy", "boundscheck": False, "nogil": True}


def _take_wide_registers() -> None:
    """Let LLVM use 512-bit registers where the processor has them: for these long loops it holds back for no gain (they
    take a quarter less time). Left alone where the user has chosen a processor or features."""
    config: Any = core.config
    if config.CPU_NAME is None and config.CPU_FEATURES is None:
        features = llvmlite.binding.get_host_cpu_features()
        if features.get("avx512f"):
            config.CPU_NAME = llvmlite.binding.get_host_cpu_name()
            config.CPU_FEATURES = f"{features.flatten()},-prefer-256-bit"


_take_wide_registers()


def compiled(function: Function) -> Function:
    """A loop, compiled on first use and kept on disk where that can be written."""
    config: Any = core.config
    before = config.CACHE_DIR
    config.CACHE_DIR = before or str(of_kernels())  # who names a folder for Numba gets it
    try:
        made = numba.njit(cache=True, **SETTINGS)(function)
    except RuntimeError:  # nowhere to keep it
        made = numba.njit(**SETTINGS)(function)
    finally:
        config.CACHE_DIR = before
    return cast(Function, made)


def inlined(function: Function) -> Function:
    """A few operations that are compiled into whatever loop they stand in."""
    return cast(Function, numba.njit(inline="always", **SETTINGS)(function))
