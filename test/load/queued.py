"""`npm run load -- --queued 1000000`: a hundred clients queue a million inputs behind a closed gate, then it opens.

Says how fast they were accepted, what the gateway holds with all of them queued, how a lone `remote()` of somebody else
fares meanwhile, and how fast they drain. Every result is checked; exit code 1 when one is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import farcall
from test.bench.processes import disk, memory, told_pid
from test.python.support.home import Home, running_home

from .crew import Crew, Post, Told

_MOST_INPUTS, _MOST_CLIENTS = 10_000_000, 200
_LIMIT_S = 1_800.0
_PROBES = 100
app = farcall.App("load")


@app.function(max_containers=4, timeout=3_600)
def gated(number: int, gate: str) -> int:
    """Nothing comes through before the gate's file is there."""
    while not Path(gate).exists():
        time.sleep(0.05)
    return number + 1


@app.function(max_containers=1)
def probe(number: int) -> int:
    return number


def one_client(number: int, settings: dict[str, Any], post: Post) -> None:
    """The job of each client: queue its share, and read it once the gate is open."""
    count: int = settings["each"]
    post.wait_for_all()
    began = time.monotonic()
    call = gated.spawn_map(range(count), kwargs={"gate": settings["gate"]})
    post.say({"client": number, "queued": count, "began": began, "ended": time.monotonic()})
    while not Path(settings["gate"]).exists():
        time.sleep(0.2)
    wrong = sum(value != at + 1 for at, value in enumerate(call.results()))
    post.say({"client": number, "read": count, "wrong": wrong, "ended": time.monotonic()})


def main() -> int:
    given = _arguments()
    each = given.queued // given.clients
    with running_home() as home:
        probe.remote(0)
        gate = home.folder / "open"
        empty = memory(told_pid("gateway.json", home.folder))
        crew = Crew("test.load.queued:one_client", given.clients, {"each": each, "gate": str(gate)})
        try:
            told = crew.told(_LIMIT_S)
            queued = [_sound(one) for one in _first(told, given.clients)]
            _say_queued(queued, home, empty)
            opened = time.monotonic()
            gate.touch()
            read = [_sound(one) for one in told]
        finally:
            crew.close()
        took = max(one["ended"] for one in read) - opened
        total, wrong = sum(one["read"] for one in read), sum(one["wrong"] for one in read)
        held = memory(told_pid("gateway.json", home.folder))
        print(f"drained in {took:,.1f} s, {total / took:,.0f} inputs/s; the gateway then holds {held:,.0f} MB")
    is_well = wrong == 0 and total == each * given.clients
    print(f"{'WELL' if is_well else 'NOT WELL'}: {total:,} of {each * given.clients:,} inputs read, {wrong:,} wrong")
    return 0 if is_well else 1


def _say_queued(queued: list[Told], home: Home, empty: float) -> None:
    count = sum(one["queued"] for one in queued)
    took = max(one["ended"] for one in queued) - min(one["began"] for one in queued)
    held = memory(told_pid("gateway.json", home.folder))
    print(f"queued {count:,} inputs of {len(queued)} clients in {took:,.1f} s, {count / took:,.0f} inputs/s")
    print(
        f"the gateway held {empty:,.0f} MB before, {held:,.0f} MB with them; the home takes {disk(home.folder):,.0f} MB"
    )
    times = []
    for number in range(_PROBES):
        began = time.perf_counter()
        assert probe.remote(number) == number, "the probe's result is wrong"
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    print(
        f"a remote() of somebody else meanwhile: p50 {times[_PROBES // 2]:.2f} ms, p99 {times[-2]:.2f} ms", flush=True
    )


def _first(told: Iterator[Told], count: int) -> list[Told]:
    return [next(told) for _ in range(count)]


def _sound(told: Told) -> Told:
    if "broken" in told:
        raise RuntimeError(f"client {told['client']} broke: {told['broken']}")
    return told


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run load --", description=__doc__)
    parser.add_argument("--queued", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=100)
    given = parser.parse_args()
    if not 1 <= given.clients <= _MOST_CLIENTS or not given.clients <= given.queued <= _MOST_INPUTS:
        parser.error(f"--clients takes 1 to {_MOST_CLIENTS}, --queued from one each to {_MOST_INPUTS:,}")
    return given


if __name__ == "__main__":
    sys.exit(main())
