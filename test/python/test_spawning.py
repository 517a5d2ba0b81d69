"""Calls that go on without their process: `spawn_map`, and `submit` and `enqueue`, as they were called in 2022."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.home import Home
from support.waiting import until

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def noted(folder: str, count: int) -> Iterator[int]:
    for number in range(count):
        (Path(folder) / str(number)).touch()
        yield number


async def awaited(call: Any) -> Any:
    return await call


def test_spawn_map_returns_a_handle_whose_results_are_read_later() -> None:
    call = double.spawn_map(range(5))
    assert call.num_inputs() == 5
    assert call.get(index=4) == 8
    assert list(call.iter(1, 3)) == [2, 4]
    assert list(call.results()) == [0, 2, 4, 6, 8]


def test_the_inputs_of_spawn_map_survive_the_process_that_gave_them(home: Home) -> None:
    script = """if True:
        import os, time, farcall
        @farcall.function(max_containers=1)
        def slow(x):
            time.sleep(0.01)
            return x + 1
        print(slow.spawn_map(range(200)).object_id, flush=True)
        os._exit(9)
    """
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    call = farcall.FunctionCall.from_id(ran.stdout.strip())
    assert ran.returncode == 9
    assert list(call.results()) == list(range(1, 201))
    assert call.status() == "succeeded"


def test_spawn_map_has_an_async_twin_which_takes_async_iterators() -> None:
    async def counting() -> AsyncIterator[int]:
        for number in range(5):
            await asyncio.sleep(0)
            yield number

    assert list(asyncio.run(awaited(double.spawn_map.aio(range(5)))).results()) == [0, 2, 4, 6, 8]
    assert list(asyncio.run(awaited(double.spawn_map.aio(counting()))).results()) == [0, 2, 4, 6, 8]


def test_spawn_map_gives_its_keyword_arguments_to_every_input() -> None:
    @farcall.function
    def add(x: int, by: int) -> int:
        return x + by

    assert list(add.spawn_map([1, 2], kwargs={"by": 10}).results()) == [11, 12]


def test_spawn_map_of_a_generator_function_keeps_what_each_input_yielded(tmp_path: Path) -> None:
    call = noted.spawn_map([str(tmp_path)] * 3, [2, 0, 1])
    assert list(call.iter_items()) == [0, 1, 0]
    assert call.get(index=0) == [0, 1]


def test_spawn_map_raises_what_the_iterator_raises() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        double.spawn_map(source())


def test_submit_is_spawn() -> None:
    call = double.submit(4)
    assert call is not None
    assert call.get() == 8
    assert asyncio.run(awaited(double.submit.aio(5))).get() == 10


def test_submit_runs_a_generator_function_to_its_end_and_returns_none(tmp_path: Path) -> None:
    assert noted.submit(str(tmp_path), 100) is None
    assert len(list(tmp_path.iterdir())) == 100
    assert asyncio.run(awaited(noted.submit.aio(str(tmp_path), 120))) is None
    assert len(list(tmp_path.iterdir())) == 120


def test_submit_raises_what_the_generator_function_raises() -> None:
    @farcall.function
    def breaks() -> Iterator[int]:
        yield 1
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        breaks.submit()


def test_enqueue_starts_the_call_returns_none_and_says_that_it_is_old(tmp_path: Path) -> None:
    @farcall.function
    def touch(path: str) -> None:
        Path(path).touch()

    with pytest.warns(DeprecationWarning, match="spawn"):
        assert touch.enqueue(str(tmp_path / "once")) is None  # type: ignore[func-returns-value]
    with pytest.warns(DeprecationWarning, match="spawn"):
        asyncio.run(awaited(touch.enqueue.aio(str(tmp_path / "twice"))))
    until(lambda: len(list(tmp_path.iterdir())) == 2)


def test_remote_gen_and_remote_name_each_other() -> None:
    with pytest.raises(errors.InvalidError, match="remote_gen"):
        noted.remote("", 0)
    with pytest.raises(errors.InvalidError, match="remote"):
        double.remote_gen(1)
