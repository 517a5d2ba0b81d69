"""`npm run bench -- --write`: the figures of this run into docs/performance.json, and docs/performance.md from it.

A run of a few benchmarks replaces their lines only. Why a promise falls short stands in reasons.py, by hand.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from farcall.client import embedded

from . import curves
from .promise import OURS, Effort, Promise, medians
from .reasons import REASONS

DOCS = Path(__file__).parents[2] / "docs"
_FIGURES = DOCS / "performance.json"
_PAGE = DOCS / "performance.md"

Measured = Mapping[str, list[float]]

_HEAD = """# Performance, measured

Written by `npm run bench -- --write`; only the last column is by hand (`test/bench/reasons.py`). Every figure is a
median over rounds in which farcall and its peers take turns on one machine, so that what disturbs one disturbs all.
**Read the ratios**: absolute figures are those of a small shared machine. In brackets: farcall's figure ÷ the peer's.

| promise | farcall | peers (farcall ÷ peer) | goal | | why it is short, or how it was measured |
|---|---|---|---|---|---|
"""
_GROWTH = """
## Growth

Rate of a map of tiny inputs, and the median of a warm `remote()`, while one thing grows and the others stay.

![Inputs in one call](growth-inputs.svg)
![Containers](growth-containers.svg)
![Clients](growth-clients.svg)
"""


def row(promise: Promise, figures: Measured) -> str:
    """The line that is printed while the benchmarks run."""
    return f"| {' | '.join(_cells(promise, medians(figures)))} |"


def write(promises: Sequence[Promise], measured: Mapping[str, Measured], effort: Effort) -> None:
    """Keep the figures of these promises, and write the page anew from all that are kept."""
    DOCS.mkdir(exist_ok=True)
    kept: dict[str, Any] = json.loads(_FIGURES.read_text()) if _FIGURES.exists() else {}
    for promise in promises:
        cells = _cells(promise, medians(measured[promise.name]))
        kept[promise.name] = {"cells": cells, "figures": measured[promise.name], "machine": machine(), "effort": effort}
    curves.write(DOCS)
    _FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    _PAGE.write_text(page(kept))


def page(kept: Mapping[str, Any]) -> str:
    """The whole of docs/performance.md."""
    lines = [f"| {' | '.join((*one['cells'], REASONS.get(name, '')))} |\n" for name, one in kept.items()]
    machines = sorted({f"{one['machine']}; effort {one['effort']}" for one in kept.values()})
    growth = _GROWTH if (DOCS / "growth-inputs.svg").exists() else ""
    return _HEAD + "".join(lines) + growth + "\n## Where\n\n" + "".join(f"- {machine}\n" for machine in machines)


def machine() -> str:
    """What measured, and when: no names, no paths."""
    node = ".".join(map(str, embedded.node_version(embedded.node()) or ()))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    today = datetime.date.today().isoformat()
    where = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"{today}, {commit or 'no commit'}: {where}, Python {platform.python_version()}, Node {node}"


def _cells(promise: Promise, figures: Mapping[str, float]) -> tuple[str, str, str, str, str]:
    ours = figures.get(OURS)
    said = "–" if ours is None else f"{_number(ours)} {promise.unit}"
    peers = [
        f"{name} {_number(figure)}" + (f" ({ours / figure:.2f} ×)" if ours is not None and figure else "")
        for name, figure in figures.items()
        if name != OURS
    ]
    goals = "; ".join(goal.words(promise) for goal in promise.goals)
    return promise.name, said, " · ".join(peers) or "–", goals or "–", promise.verdict(figures)


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1_000 else f"{figure:.3g}"
