"""`npm run bench -- --check`: the harness itself. A gateway slowed on purpose has to show up; an equal one must not.

`--check` measures the normal build against the slowed one, and against itself, in turns, each in processes of its own,
and fails when the first is not called slower or the second is. `--against PATH` compares this tree with another
checkout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from farcall.client import embedded

from .compare import Comparison, needed

_SLOW = Path(__file__).parent / "slow" / "node"
_NAME, _FIGURE = "latency", "call latency, p50"


class Alone:
    """A process that measures one benchmark, one turn at a time (alone.py)."""

    def __init__(self, name: str, variables: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "test.bench.alone", name, "quick"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
        )

    def turn(self, figure: str) -> float:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None, "it was asked for"
        assert stdout is not None, "it was asked for"
        stdin.write("go\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"the benchmark ended with exit code {self._process.wait()} instead of a figure")
        return float(json.loads(line)[figure])

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        """The end of its input ends it; it stops its gateway itself."""
        self._process.communicate(timeout=60)


def main(pairs: int) -> int:
    if needed(pairs) > pairs:
        print(f"--pairs {pairs} can never tell two builds apart; it takes 6 or more", file=sys.stderr)
        return 2
    slowed = {"FARCALL_NODE": str(_SLOW), "FARCALL_BENCH_NODE": embedded.node()}
    found = compare({}, slowed, pairs)
    print(f"slowed by 1 ms a message   {found.words()}", flush=True)
    same = compare({}, {}, pairs)
    print(f"the same build twice       {same.words()}", flush=True)
    is_well = found.is_slower and not same.is_slower
    print("the harness tells them apart" if is_well else "THE HARNESS DOES NOT TELL THEM APART")
    return 0 if is_well else 1


def against(checkout: Path, pairs: int) -> int:
    """This tree beside another checkout that was built (its kernel-bridge is put first on the path)."""
    other = {"PYTHONPATH": str(checkout.resolve() / "kernel-bridge")}
    found = compare(other, {}, pairs)
    print(f"this tree, against that one   {found.words()}", flush=True)
    return 1 if found.is_slower else 0


def compare(before: Mapping[str, str], after: Mapping[str, str], pairs: int) -> Comparison:
    """Both in turns, another one first in each pair; the first pair warms up and is dropped."""
    with ExitStack() as stack:
        builds = [stack.enter_context(Alone(_NAME, variables)) for variables in (before, after)]
        costs: tuple[list[float], list[float]] = [], []
        for turn in range(pairs + 1):
            for at in (0, 1) if turn % 2 else (1, 0):
                figure = builds[at].turn(_FIGURE)
                if turn:
                    costs[at].append(figure)
    return Comparison(*costs)
