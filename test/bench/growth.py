"""Growth: rate and latency from 10³ to 10⁶ inputs, 1 to 64 containers, 1 to 100 clients. Goal: rate flat within 20 %.

The rate is of a map of tiny inputs; the latency is the median of a warm `remote()` right after it, with all that was
mapped still in the store. With `--write` the curves go to docs/growth-*.svg.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import Any

import farcall
from test.load.crew import Crew, Post

from . import curves
from .promise import Benchmark, Effort, Figures, Goal, Promise

Point = tuple[float, float, float]  # of what, inputs/s, ms

SIZES = {
    "quick": (1_000, 10_000, 50_000),
    "usual": (1_000, 10_000, 100_000, 1_000_000),
    "full": (1_000, 10_000, 100_000, 1_000_000),
}
CONTAINERS = {"quick": (1, 8), "usual": (1, 4, 16, 64), "full": (1, 2, 4, 8, 16, 32, 64)}
CLIENTS = {"quick": (1, 10), "usual": (1, 10, 100), "full": (1, 3, 10, 30, 100)}
_INPUTS = {"quick": 10_000, "usual": 100_000, "full": 200_000}
_REMOTES = 50
_TURNS = 5
_LONG = 1_000_000
_LIMIT_S = 300.0
_SUBJECTS = {"inputs": "inputs in one call", "containers": "containers", "clients": "clients"}


def echo(number: int) -> int:
    return number


def benchmark(effort: Effort) -> Benchmark:
    promises = tuple(
        Promise(f"growth, {subject}", "× slowest ÷ fastest rate", True, (Goal(0.8),)) for subject in _SUBJECTS
    )
    return Benchmark(promises, {"farcall": lambda: _turn(effort)}, most_rounds=1)


def _turn(effort: Effort) -> Figures:
    inputs = _INPUTS[effort]
    measured: dict[str, list[Point]] = {
        "inputs": [_of_inputs(count) for count in SIZES[effort]],
        "containers": [_of_containers(count, inputs) for count in CONTAINERS[effort]],
        "clients": [_of_clients(count, inputs) for count in CLIENTS[effort]],
    }
    figures = {}
    for subject, points in measured.items():
        curves.keep(subject, _SUBJECTS[subject], points)
        rates = [rate for _, rate, _ in points]
        figures[f"growth, {subject}"] = min(rates) / max(rates)
    return figures


def _of_inputs(count: int) -> Point:
    function = farcall.App("bench").function(echo)
    function.remote(0)
    return count, _rate(count, lambda: function.map(range(count))), _latency(lambda: function.remote(1))


def _of_containers(count: int, inputs: int) -> Point:
    options = {"min_containers": count, "max_containers": count, "cpu": 0.01, "scaledown_window": 0.5}
    function = farcall.App("bench").function(name=f"echo{count}", **options)(echo)
    list(function.map(range(1_000)))
    _all_up(function, count)
    point = count, _rate(inputs, lambda: function.map(range(inputs))), _latency(lambda: function.remote(1))
    function.update_autoscaler(min_containers=0)
    return point


def _all_up(function: farcall.Function[..., Any], count: int) -> None:
    """What 64 containers cost to start is another promise's business."""
    until = time.monotonic() + _LIMIT_S
    while function.get_current_stats().input_headroom < count:
        if time.monotonic() > until:
            raise RuntimeError(f"not {count} containers after {_LIMIT_S:.0f} s: {function.explain()}")
        time.sleep(0.01)


def _of_clients(count: int, inputs: int) -> Point:
    """All of them map at once, from the moment on when the last has connected and warmed up."""
    crew = Crew(
        "test.bench.growth:one_client", count, {"inputs": inputs // count, "remotes": max(5, _REMOTES // count)}
    )
    try:
        told = list(crew.told(_LIMIT_S))
    finally:
        crew.close()
    broken = [one["broken"] for one in told if "broken" in one]
    if broken:
        raise RuntimeError(f"{len(broken)} of {count} clients failed, the first: {broken[0]}")
    seconds = max(one["ended"] for one in told) - min(one["began"] for one in told)
    return count, inputs // count * count / seconds, median(one["latency"] for one in told)


def one_client(number: int, settings: dict[str, Any], post: Post) -> None:
    """The job of each client of the crew."""
    function = farcall.App("bench").function(echo)
    function.remote(number)
    post.wait_for_all()
    began = time.monotonic()
    values = list(function.map(range(settings["inputs"])))
    ended = time.monotonic()
    assert values == list(range(settings["inputs"])), "the results are wrong"
    latency = _latency(lambda: function.remote(1), settings["remotes"])
    post.say({"client": number, "began": began, "ended": ended, "latency": latency})


def _rate(count: int, start: Callable[[], Iterable[int]]) -> float:
    """The median of a few maps: the first one also pays for what each container does once."""
    return median(_rate_once(count, start) for _ in range(_TURNS if count < _LONG else 1))


def _rate_once(count: int, start: Callable[[], Iterable[int]]) -> float:
    began = perf_counter()
    done = sum(1 for _ in start())
    assert done == count, f"{done} results of {count} inputs"
    return count / (perf_counter() - began)


def _latency(call: Callable[[], object], calls: int = _REMOTES) -> float:
    times: list[float] = []
    for _ in range(calls):
        began = perf_counter()
        call()
        times.append((perf_counter() - began) * 1000)
    return median(times)
