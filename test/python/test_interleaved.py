"""Calls with different captured values that share one container: each input sees the values of its own call."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")
COUNT = 200


def test_interleaved_calls_of_two_threads_see_their_own_values() -> None:
    """One container; the captured constant changes between any two calls, and inputs of both wait side by side."""
    changing = threading.Lock()
    factor, table = 0, {"at": 0}

    @farcall.function(max_containers=1)
    def scale(x: int) -> tuple[int, int]:
        return x * factor, table["at"]

    calls: dict[int, farcall.FunctionCall[Any]] = {}

    def spawn(mine: range) -> None:
        nonlocal factor
        for n in mine:
            with changing:
                factor, table["at"] = n, n
                calls[n] = scale.spawn(10)

    threads = [threading.Thread(target=spawn, args=(range(first, COUNT, 2),)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert farcall.gather(*(calls[n] for n in range(COUNT))) == [(10 * n, n) for n in range(COUNT)]


def test_maps_with_different_values_take_turns_in_one_container() -> None:
    name = "a"

    @farcall.function(max_containers=1)
    def tag(x: int) -> str:
        return f"{name}{x}"

    started = []
    for name in "abcdef":  # noqa: B007 (tag reads it)
        started.append(tag.map(range(30)).start())
    assert [list(results) for results in started] == [[f"{name}{x}" for x in range(30)] for name in "abcdef"]


def test_a_nested_call_returns_to_the_values_of_the_input_that_made_it() -> None:
    """While an input waits for its own call, its container may run others; when it goes on it sees its own values."""
    word = "outer"

    @farcall.function
    def inner(x: int) -> int:
        return x

    @farcall.function(max_containers=1)
    def outer(x: int) -> tuple[str, str]:
        before = word
        inner.remote(x)
        return before, word

    started = []
    for word in ("one", "two", "three"):  # noqa: B007 (outer reads it)
        started.append(outer.map(range(5)).start())
    found = [set(results) for results in started]
    assert found == [{("one", "one")}, {("two", "two")}, {("three", "three")}]


def test_cached_values_are_forgotten_when_what_they_came_from_changes() -> None:
    import functools

    base = 1

    @functools.lru_cache
    def cached(x: int) -> int:
        return x + base

    @farcall.function(max_containers=1)
    def use(x: int) -> int:
        return cached(x)

    calls = []
    for base in range(20):  # noqa: B007 (cached reads it)
        calls.append(use.spawn(100))
    assert farcall.gather(*calls) == [100 + n for n in range(20)]


def test_a_call_does_not_wait_behind_one_that_takes_much_longer_than_those_before_it(tmp_path: Path) -> None:
    @farcall.function
    def leave(folder: str, name: str) -> str:
        while not (Path(folder) / name).exists():
            time.sleep(0.01)
        return name

    for name in ("quick", "behind"):
        (tmp_path / name).touch()
    assert [leave.remote(str(tmp_path), "quick") for _ in range(8)] == ["quick"] * 8
    slow, behind = (leave.spawn(str(tmp_path), name) for name in ("slow", "behind"))
    assert behind.get(timeout=60) == "behind"
    assert slow.status() == "running"
    (tmp_path / "slow").touch()
    assert slow.get(timeout=60) == "slow"
