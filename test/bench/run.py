"""`npm run bench`: every promise of performance in one table, ours beside what a person would pick instead, in one run.

Ours and each peer take turns, so that a noisy machine is noisy for all of them; the ratio is of medians. Names on the
command line choose benchmarks. A peer that is not installed is left out and said so. `--check`: see check.py.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path

from test.python.support.home import running_home

from . import check, peers, report
from .promise import Benchmark, Effort, Promise, take_turns

BENCHMARKS = (
    "latency",
    "tiny",
    "fanout",
    "arrays",
    "arrays_tls",
    "frames",
    "first_call",
    "containers",
    "memory",
    "million",
    "progress",
    "growth",
)
ROUNDS = 5


def main() -> int:
    given = _arguments()
    if given.check:
        return check.main(given.pairs)
    if given.against:
        return check.against(given.against, given.pairs)
    rounds = given.rounds or (1 if given.effort == "quick" else ROUNDS)
    print(f"{report.machine()}\nmedians of {rounds} rounds (fewer where said), effort {given.effort}")
    print(f"peers: {', '.join(peers.installed()) or 'none of their own environment: `npm run bench:peers`'}\n")
    print("| promise | farcall | peers (farcall ÷ peer) | goal | |\n|---|---|---|---|---|", flush=True)
    promises: list[Promise] = []
    measured: dict[str, dict[str, list[float]]] = {}
    for name in given.names or BENCHMARKS:
        promises += _measure(name, rounds, given.effort, measured)
    if given.json:
        given.json.write_text(json.dumps(measured, indent=1))
    if given.write:
        report.write(promises, measured, given.effort)
    return 0


def _measure(
    name: str, rounds: int, effort: Effort, measured: dict[str, dict[str, list[float]]]
) -> tuple[Promise, ...]:
    """One benchmark in a home of its own, so that none meets what another left."""
    with running_home():
        benchmark: Benchmark = importlib.import_module(f"test.bench.{name}").benchmark(effort)
        try:
            measured.update(take_turns(benchmark, rounds))
        finally:
            benchmark.close()
    for promise in benchmark.promises:
        print(report.row(promise, measured[promise.name]), flush=True)
    return benchmark.promises


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench --", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=0, help=f"turns of each contender (default {ROUNDS})")
    parser.add_argument("--effort", choices=("quick", "usual", "full"), default="usual")
    parser.add_argument("--json", type=Path, help="also write every figure here")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--check", action="store_true", help="check the harness: a slowed gateway has to show up")
    parser.add_argument("--against", type=Path, help="is this tree slower than that (built) checkout?")
    parser.add_argument("--pairs", type=int, default=9, help="pairs of turns that --check and --against take")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    return given


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
