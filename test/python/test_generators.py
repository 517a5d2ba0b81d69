"""Generator functions stream: values come while the function runs, a slow reader holds it, leaving ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.home import Home
from support.waiting import until

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def in_steps(folder: str, count: int) -> Iterator[int]:
    """Yields n, then waits until somebody makes the file n; at the end, whichever way, makes the file `left`."""
    here = Path(folder)
    try:
        for number in range(count):
            yield number
            while not (here / str(number)).exists():
                time.sleep(0.01)
    finally:
        (here / "left").touch()


@farcall.function
def endless(folder: str, size: int = 0) -> Iterator[Any]:
    """Yields for ever; the file `made` has as many bytes as values were made."""
    here = Path(folder)
    number = 0
    try:
        while True:
            with open(here / "made", "ab") as file:
                file.write(b".")
            yield bytes(size) if size else number
            number += 1
    finally:
        (here / "left").touch()


def made(folder: Path) -> int:
    return (folder / "made").stat().st_size if (folder / "made").exists() else 0


def test_values_come_while_the_function_still_runs(tmp_path: Path) -> None:
    values = in_steps.remote_gen(str(tmp_path), 3)
    assert next(values) == 0
    assert not (tmp_path / "left").exists()
    (tmp_path / "0").touch()
    assert next(values) == 1
    (tmp_path / "1").touch()
    (tmp_path / "2").touch()
    assert list(values) == [2]


def test_nothing_is_sent_before_the_first_value_is_asked_for(tmp_path: Path) -> None:
    values = endless.remote_gen(str(tmp_path))
    values.close()  # type: ignore[attr-defined]
    assert countdown.remote_gen(1) is not None
    assert list(countdown.remote_gen(1)) == [1]
    assert made(tmp_path) == 0


def test_a_slow_reader_holds_the_generator(tmp_path: Path) -> None:
    values = endless.remote_gen(str(tmp_path))
    for number in range(200):
        assert next(values) == number
        if number % 50 == 0:
            until(lambda least=number + 48: made(tmp_path) >= least)  # it does run ahead of its reader
            assert sum(countdown.remote_gen(300)) == 45150  # the reader does something else
        assert made(tmp_path) <= number + 65
    values.close()  # type: ignore[attr-defined]


def test_large_values_hold_it_earlier(tmp_path: Path) -> None:
    values = endless.remote_gen(str(tmp_path), 1024 * 1024)
    for number in range(12):
        assert len(next(values)) == 1024 * 1024
        if number % 5 == 0:
            until(lambda least=number + 7: made(tmp_path) >= least)
            assert sum(countdown.remote_gen(300)) == 45150
        assert made(tmp_path) <= number + 9
    values.close()  # type: ignore[attr-defined]


def test_closing_it_ends_a_generator_that_waits_for_its_reader(tmp_path: Path) -> None:
    values = endless.remote_gen(str(tmp_path))
    assert next(values) == 0
    until(lambda: made(tmp_path) >= 64)
    values.close()  # type: ignore[attr-defined]
    until((tmp_path / "left").exists)


def test_leaving_the_loop_ends_a_generator_that_computes(tmp_path: Path) -> None:
    for value in in_steps.remote_gen(str(tmp_path), 3):
        assert value == 0
        break
    until((tmp_path / "left").exists)


def test_the_container_goes_on_with_other_inputs_after_a_cancelled_generator(tmp_path: Path) -> None:
    @farcall.function(max_containers=1)
    def pids(folder: str, count: int) -> Iterator[int]:
        try:
            for _ in range(count):
                yield os.getpid()
        finally:
            (Path(folder) / "left").touch()

    values = pids.remote_gen(str(tmp_path), 1_000_000)
    first = next(values)
    values.close()  # type: ignore[attr-defined]
    until((tmp_path / "left").exists)
    assert list(pids.remote_gen(str(tmp_path), 2)) == [first, first]


def test_what_it_raises_comes_after_its_values() -> None:
    @farcall.function
    def breaks(count: int) -> Iterator[int]:
        yield from range(count)
        raise KeyError("no more")

    values = breaks.remote_gen(100)
    assert [next(values) for _ in range(100)] == list(range(100))
    with pytest.raises(KeyError, match="no more"):
        next(values)


def test_a_generator_that_yields_nothing_ends_at_once() -> None:
    assert list(countdown.remote_gen(0)) == []


@farcall.function
def countdown(n: int) -> Iterator[int]:
    while n:
        yield n
        n -= 1


def test_many_values_come_each_once_and_in_order() -> None:
    assert list(countdown.remote_gen(5000)) == list(range(5000, 0, -1))


def test_two_generators_are_read_in_turn() -> None:
    pairs = list(zip(countdown.remote_gen(300), countdown.remote_gen(300), strict=True))
    assert pairs == [(n, n) for n in range(300, 0, -1)]


def blobs(home: Home) -> int:
    """Large payloads that are there; one may be the function's code."""
    return len(list((home.folder / "payloads").glob("bl-*")))


def test_large_values_pass_and_leave_nothing_behind(fresh_home: Home) -> None:
    @farcall.function
    def arrays(count: int) -> Iterator[Any]:
        array = np.zeros(200_000)
        for number in range(count):
            array[:] = number  # the same memory each time: what was yielded does not change any more
            yield array

    for number, array in enumerate(arrays.remote_gen(12)):
        assert array.shape == (200_000,)
        assert (array == number).all()
        array[0] = -1  # it is the reader's own
    assert number == 11
    until(lambda: blobs(fresh_home) <= 1)


def test_large_values_that_nobody_reads_are_deleted_too(fresh_home: Home) -> None:
    @farcall.function
    def lumps() -> Iterator[bytes]:
        while True:
            yield bytes(2_000_000)

    values = lumps.remote_gen()
    assert len(next(values)) == 2_000_000
    values.close()  # type: ignore[attr-defined]
    until(lambda: blobs(fresh_home) <= 1)


def test_a_value_that_cannot_be_pickled_fails_the_input_after_those_before_it() -> None:
    @farcall.function
    def locks() -> Iterator[Any]:
        import threading

        yield 1
        yield threading.Lock()

    values = locks.remote_gen()
    assert next(values) == 1
    with pytest.raises(errors.SerializationError, match="lock"):
        next(values)


def test_the_timeout_does_not_count_while_the_reader_is_waited_for(tmp_path: Path) -> None:
    @farcall.function(timeout=1.5)
    def forever(folder: str) -> Iterator[int]:
        number = 0
        while True:
            (Path(folder) / str(number)).touch()
            yield number
            number += 1

    values = forever.remote_gen(str(tmp_path))
    assert next(values) == 0
    until((tmp_path / "63").exists)
    waited_from = time.monotonic()
    while time.monotonic() < waited_from + 3.0:  # twice the timeout, of which it spends next to nothing
        time.sleep(0.1)
    assert [next(values) for _ in range(200)] == list(range(1, 201))
    values.close()  # type: ignore[attr-defined]


def test_the_timeout_ends_a_generator_that_computes_too_long() -> None:
    @farcall.function(timeout=1)
    def stuck() -> Iterator[int]:
        yield 1
        time.sleep(60)

    values = stuck.remote_gen()
    assert next(values) == 1
    with pytest.raises(errors.FunctionTimeoutError):
        next(values)


def test_it_is_retried_only_before_its_first_value(tmp_path: Path) -> None:
    @farcall.function(retries=farcall.Retries(max_retries=3, initial_delay=0))
    def flaky(folder: str, before: int) -> Iterator[int]:
        with open(Path(folder) / "runs", "a") as file:
            file.write(".")
        runs = (Path(folder) / "runs").stat().st_size
        if runs < before:
            raise OSError("too early")
        yield runs
        raise OSError("too late")

    values = flaky.remote_gen(str(tmp_path), 3)
    assert next(values) == 3
    with pytest.raises(OSError, match="too late"):
        next(values)
    assert (tmp_path / "runs").stat().st_size == 3


def test_a_container_lost_after_some_values_is_told_and_none_comes_twice(tmp_path: Path) -> None:
    @farcall.function
    def mortal(folder: str) -> Iterator[int]:
        (Path(folder) / f"run-{os.getpid()}").touch()
        yield os.getpid()
        yield 2
        time.sleep(60)

    values = mortal.remote_gen(str(tmp_path))
    pid = next(values)
    assert next(values) == 2
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(errors.ContainerLostError, match="2 values"):
        next(values)
    assert len(list(tmp_path.glob("run-*"))) == 1


def test_a_container_lost_before_the_first_value_is_replaced(tmp_path: Path) -> None:
    @farcall.function
    def mortal(folder: str) -> Iterator[int]:
        if not (Path(folder) / "died").exists():
            (Path(folder) / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from range(3)

    assert list(mortal.remote_gen(str(tmp_path))) == [0, 1, 2]


def test_values_come_once_each_when_the_gateway_is_killed_among_them(fresh_home: Home) -> None:
    seen = []
    for value in countdown.remote_gen(2000):
        seen.append(value)
        if len(seen) in (100, 900):
            fresh_home.kill()
    assert seen == list(range(2000, 0, -1))


def test_a_generator_that_computes_goes_on_when_the_gateway_is_killed(fresh_home: Home, tmp_path: Path) -> None:
    values = in_steps.remote_gen(str(tmp_path), 3)
    assert next(values) == 0
    fresh_home.kill()
    for number in range(3):
        (tmp_path / str(number)).touch()
    assert list(values) == [1, 2]


def test_a_map_of_a_generator_function_is_flat() -> None:
    assert sorted(countdown.map([3, 0, 2])) == [1, 1, 2, 2, 3]
    assert list(countdown.map([3, 0, 2], order_outputs=True)) == [3, 2, 1, 2, 1]


def test_a_generator_function_calls_another_one() -> None:
    @farcall.function
    def doubled(n: int) -> Iterator[int]:
        for value in countdown.remote_gen(n):
            yield 2 * value

    assert list(doubled.remote_gen(100)) == [2 * n for n in range(100, 0, -1)]


def test_what_it_prints_is_in_its_logs(capsys: pytest.CaptureFixture[str]) -> None:
    @farcall.function
    def talks() -> Iterator[int]:
        for number in range(3):
            print(f"now {number}")
            yield number

    assert list(talks.remote_gen()) == [0, 1, 2]


# ── async


async def taken(values: AsyncIterator[Any]) -> list[Any]:
    return [value async for value in values]


def test_async_for_reads_it() -> None:
    assert asyncio.run(taken(countdown.remote_gen.aio(200))) == list(range(200, 0, -1))


def test_leaving_async_for_ends_it(tmp_path: Path) -> None:
    async def first() -> Any:
        values = endless.remote_gen.aio(str(tmp_path))
        value = await anext(values)
        await values.aclose()  # type: ignore[attr-defined]
        return value

    assert asyncio.run(first()) == 0
    until((tmp_path / "left").exists)


@farcall.function
async def ticking(folder: str, count: int) -> AsyncIterator[int]:
    try:
        for number in range(count):
            await asyncio.sleep(0)
            yield number
    finally:
        (Path(folder) / "left").touch()


def test_async_generator_functions_stream(tmp_path: Path) -> None:
    assert list(ticking.remote_gen(str(tmp_path), 200)) == list(range(200))


def test_closing_it_ends_an_async_generator_function(tmp_path: Path) -> None:
    values = ticking.remote_gen(str(tmp_path), 1_000_000)
    assert next(values) == 0
    values.close()  # type: ignore[attr-defined]
    until((tmp_path / "left").exists)


# ── spawned


def test_a_spawned_generator_runs_to_its_end_and_is_read_again_and_again() -> None:
    call = countdown.spawn(300)
    again = farcall.FunctionCall.from_id(call.object_id)
    assert list(call.iter_items()) == list(again.iter_items()) == list(range(300, 0, -1))


def test_a_spawned_generator_is_read_with_async_for() -> None:
    assert asyncio.run(taken(countdown.spawn(3).iter_items.aio())) == [3, 2, 1]


def test_the_items_of_a_call_that_yields_nothing_are_refused() -> None:
    @farcall.function
    def plain() -> list[int]:
        return [1, 2]

    with pytest.raises(errors.InvalidError, match="generator"):
        list(plain.spawn().iter_items())
