"""Thread pools of numerical libraries: as many threads as the function asked cores for.

A zygote imports those libraries with one thread, since a fork would lose the others; what is loaded already is told
through its own call, what is loaded later reads the variables.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
#: Part of a library's file name → its calls that set the number of threads; builds differ in prefix and suffix.
_SETTERS = {
    "openblas": (
        "openblas_set_num_threads",
        "openblas_set_num_threads64_",
        "scipy_openblas_set_num_threads",
        "scipy_openblas_set_num_threads64_",
    ),
    "libgomp": ("omp_set_num_threads",),
    "libiomp": ("omp_set_num_threads",),
    "mkl_rt": ("MKL_Set_Num_Threads",),
}


def limit(cpu: float) -> None:
    """Give numerical libraries ``cpu`` threads, at least one; the user's own variables win."""
    wanted = max(1, math.ceil(cpu))
    count = next((int(os.environ[name]) for name in _VARIABLES if os.environ.get(name, "").isdigit()), wanted)
    for name in _VARIABLES:
        os.environ.setdefault(name, str(wanted))
    if count > 1:
        for library, setters in _loaded():
            _tell(library, setters, count)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(count)


def _loaded() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Libraries of this process that have a thread pool."""
    try:
        mapped = Path("/proc/self/maps").read_text()
    except OSError:
        return
    for path in {line.partition("/")[2] for line in mapped.splitlines() if ".so" in line}:
        for part, setters in _SETTERS.items():
            if part in path.rpartition("/")[2]:
                yield f"/{path}", setters


def _tell(library: str, setters: tuple[str, ...], count: int) -> None:
    try:
        loaded = ctypes.CDLL(library)
    except OSError:
        return  # replaced on disk since it was loaded
    for setter in setters:
        if hasattr(loaded, setter):
            getattr(loaded, setter)(count)
