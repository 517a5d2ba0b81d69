"""Concurrent plain functions: inputs in threads of one container."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.home import Home
from support.waiting import until

import farcall
from farcall import current_input_id, errors

from .watching import Room, double

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("threads")


def stay(number: int, folder: str) -> Any:
    """Inside until the room lets everybody out; tells what it saw of itself."""
    place = Path(folder) / f"in-{number}"
    place.write_text(str(os.getpid()))
    with open(Path(folder) / f"began-{number}", "a") as file:
        file.write(f"{os.getpid()}\n")
    while not (Path(folder) / "out").exists():
        time.sleep(0.01)
    place.unlink(missing_ok=True)
    return number, current_input_id(), os.getpid(), threading.current_thread().name


@app.function(max_containers=1)
@farcall.concurrent(max_inputs=12)
def staying(number: int, folder: str) -> Any:
    return stay(number, folder)


def test_as_many_as_may_are_inside_each_in_a_thread(room: Room) -> None:
    results = staying.map(range(30), kwargs={"folder": room.path}).start()
    until(lambda: len(room.inside()) == 12)
    room.let_out()
    everything = list(results)
    assert [number for number, *_ in everything] == list(range(30))
    assert len({input_id for _, input_id, *_ in everything}) == 30
    assert len({process for _, _, process, _ in everything}) == 1
    assert len({thread for *_, thread in everything}) == 12
    assert "MainThread" not in {thread for *_, thread in everything}


def test_a_cancelled_one_ends_the_container_and_the_others_run_again(room: Room) -> None:
    calls = [staying.spawn(number, room.path) for number in range(3)]
    until(room.holds(0, 1, 2))
    calls[1].cancel()
    until(lambda: len(room.seen("began-0")) == 2 and len(room.seen("began-2")) == 2)
    room.let_out()
    with pytest.raises(errors.RemoteError):
        calls[1].get(timeout=60)
    assert [calls[number].get(timeout=60)[0] for number in (0, 2)] == [0, 2]
    assert len(room.seen("began-1")) == 1, "what was cancelled does not run again"


def test_a_late_one_ends_the_container_and_costs_the_others_no_retry(room: Room) -> None:
    @app.function(max_containers=1, timeout=20)
    @farcall.concurrent(max_inputs=4)
    def impatient(number: int, folder: str) -> Any:
        return stay(number, folder)

    late = impatient.with_options(timeout=1).with_concurrency(max_inputs=4)
    first = late.spawn(0, room.path)
    with pytest.raises(errors.FunctionTimeoutError):
        first.get(timeout=60)
    room.let_out()
    assert late.remote(1, room.path)[0] == 1


def test_exceptions_are_each_inputs_own() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=5)
    def odd(x: int) -> int:
        if x % 2:
            raise ValueError(f"odd {x}")
        return x

    results = list(odd.map(range(10), return_exceptions=True))
    assert [value for value in results if isinstance(value, int)] == [0, 2, 4, 6, 8]
    assert all(isinstance(value, ValueError) for value in results[1::2])


def test_threads_make_calls_of_their_own() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=4)
    def asking(x: int) -> int:
        return int(double.remote(x)) + 1

    assert list(asking.map(range(12))) == [2 * x + 1 for x in range(12)]


def test_a_function_calls_itself_deeper_than_a_container_holds() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=2)
    def deep(n: int) -> int:
        return 0 if n == 0 else 1 + int(deep.remote(n - 1))

    assert deep.remote(8) == 8


def test_large_arguments_and_results_are_each_their_own() -> None:
    @app.function(max_containers=1)
    @farcall.concurrent(max_inputs=4)
    def reverse(data: bytes) -> bytes:
        return data[::-1]

    sent = [bytes([number]) + b"." * 600_000 for number in range(8)]
    assert list(reverse.map(sent)) == [data[::-1] for data in sent]


def test_what_ran_in_a_killed_container_runs_again(room: Room) -> None:
    results = staying.map(range(6), kwargs={"folder": room.path}).start()
    until(room.holds(*range(6)))
    os.kill(int(room.seen("in-3")[0]), 9)
    until(lambda: all(len(room.seen(f"began-{number}")) == 2 for number in range(6)))
    room.let_out()
    assert [number for number, *_ in results] == list(range(6))


def test_a_gateway_that_restarts_finds_them_inside(fresh_home: Home, room: Room) -> None:
    results = staying.map(range(6), kwargs={"folder": room.path}).start()
    until(room.holds(*range(6)))
    gateway = fresh_home.kill()
    until(lambda: fresh_home.pid != gateway)
    room.let_out()
    assert [number for number, *_ in results] == list(range(6))
    assert all(len(room.seen(f"began-{number}")) == 1 for number in range(6)), "no input ran twice"
