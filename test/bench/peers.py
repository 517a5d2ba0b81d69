"""The tools that ours is measured beside: ProcessPoolExecutor here, the others in an environment of their own.

`npm run bench:peers` makes that environment. A peer lives only for its own turn, in a process that says its figures as
JSON lines (peer_program.py): an idle Ray or Dask would take CPU from everybody else's turns.
"""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from .promise import Figures, Measure

WORKERS = 2
_ENVIRONMENT = Path(__file__).parents[2] / ".cache" / "bench-peers"
_PYTHON = _ENVIRONMENT / "bin" / "python"
_PROGRAM = Path(__file__).with_name("peer_program.py")
_MODULES = {"Ray": "ray", "Dask": "distributed", "ipyparallel": "ipyparallel", "joblib": "joblib"}
_LIMIT_S = 300.0


def process_pool(workers: int = WORKERS) -> ProcessPoolExecutor:
    """A pool whose processes are up."""
    pool = ProcessPoolExecutor(workers)
    list(pool.map(abs, range(32 * workers)))
    return pool


@cache
def installed() -> tuple[str, ...]:
    """The peers of the environment of their own."""
    if not _PYTHON.exists():
        return ()
    probe = "import importlib.util, sys; print(*(n for n in sys.argv[1:] if importlib.util.find_spec(n)))"
    found = subprocess.run([_PYTHON, "-c", probe, *_MODULES.values()], capture_output=True, text=True, check=True)
    return tuple(name for name, module in _MODULES.items() if module in found.stdout.split())


def others(what: str, *names: str, **settings: float) -> dict[str, Measure]:
    """Those of ``names`` that are installed, as contenders in ``what``."""
    return {name: _turn(name, what, settings) for name in names if name in installed()}


def _turn(name: str, what: str, settings: dict[str, float]) -> Measure:
    return lambda: ask(name, what, settings)


def ask(name: str, what: str, settings: dict[str, float]) -> Figures:
    """One peer's figures, from a fresh process of it."""
    command = [str(_PYTHON), str(_PROGRAM), name, what, json.dumps(settings)]
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("FARCALL", "PYTHON"))}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, env=variables)
    figures: dict[str, float] = {}
    for line in ran.stdout.splitlines():
        if line.startswith('{"figure"'):
            told = json.loads(line)
            figures[told["figure"]] = told["value"]
    if ran.returncode != 0 or not figures:
        raise RuntimeError(f"{name} gave no figures for {what} (exit code {ran.returncode}):\n{ran.stderr[-2000:]}")
    return figures
