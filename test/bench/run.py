"""`npm run bench`: every promise of performance in one table, ours beside what a person would pick instead, in one run.

Ours and each peer take turns, so that a noisy machine is noisy for all of them; the ratio is of medians. Names on the
command line choose benchmarks. Ours run in this process; a peer that is not installed is left out and said so.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BENCHMARKS = ("latency", "tiny", "fanout", "first_call")
ROUNDS = 5


@dataclass(frozen=True)
class Promise:
    """One measured promise. ``contenders``: name → measure, which returns one round's figure; "farcall" is ours."""

    name: str
    unit: str
    goal: str
    #: Whether more is better (a rate) or less (a time).
    more: bool
    contenders: dict[str, Callable[[], float]]
    close: Callable[[], None]


def measured(promise: Promise, rounds: int) -> dict[str, float]:
    figures: dict[str, list[float]] = {name: [] for name in promise.contenders}
    for _ in range(rounds):
        for name, measure in promise.contenders.items():
            figures[name].append(measure())
    return {name: median(values) for name, values in figures.items()}


def row(promise: Promise, figures: dict[str, float]) -> str:
    ours = figures["farcall"]
    peers = [f"{name} {figure:,.4g} ({ours / figure:.2f} ×)" for name, figure in figures.items() if name != "farcall"]
    return f"| {promise.name} | {ours:,.4g} {promise.unit} | {' · '.join(peers) or '–'} | {promise.goal} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], default=[])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    home = tempfile.mkdtemp(prefix="farcall-bench-")
    os.environ["FARCALL_HOME"] = home
    print(f"{platform.python_version()} on {os.cpu_count()} cores; medians of {given.rounds} rounds, taken in turns\n")
    print("| promise | farcall | peers (farcall ÷ peer) | goal |\n|---|---|---|---|", flush=True)
    kept: dict[str, dict[str, float]] = {}
    for name in given.names or BENCHMARKS:
        for promise in importlib.import_module(f"test.bench.{name}").promises():
            kept[promise.name] = measured(promise, given.rounds)
            promise.close()
            print(row(promise, kept[promise.name]), flush=True)
    if given.json:
        given.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
