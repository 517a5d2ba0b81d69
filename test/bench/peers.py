"""The tools that ours is measured beside, each as a map or a single call over two processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

WORKERS = 2


def process_pool() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(WORKERS)
    list(pool.map(abs, range(64)))
    return pool


def joblib_map() -> Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]] | None:
    """joblib's own automatic batching, with its processes warm; None where it is not installed."""
    try:
        from joblib import Parallel, delayed
    except ImportError:
        print("joblib is not installed: `npm run bench:peers`")
        return None
    parallel = Parallel(n_jobs=WORKERS)

    def over(function: Callable[[Any], Any], inputs: Iterable[Any]) -> list[Any]:
        return list(parallel(delayed(function)(each) for each in inputs))

    over(abs, range(64))
    return over
