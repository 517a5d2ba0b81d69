"""Maps in the caller's event loop: async iterators, mixed with others, inside a window, and what ends them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def add(a: int, b: int) -> int:
    return a + b


@farcall.function
def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


async def counting(stop: int | None = None) -> AsyncIterator[int]:
    n = 0
    while n != stop:
        await asyncio.sleep(0)
        yield n
        n += 1


async def taken(results: farcall.Results, most: int = 10**9) -> list[Any]:
    values: list[Any] = []
    async for value in results:
        values.append(value)
        if len(values) == most:
            break
    return values


def test_an_async_iterator_is_mapped_in_order() -> None:
    assert asyncio.run(taken(double.map.aio(counting(2000)))) == [2 * x for x in range(2000)]


def test_an_async_iterator_goes_with_lists_and_generators_and_they_lose_nothing() -> None:
    longer = iter(range(100, 200))
    assert asyncio.run(taken(add.map.aio(counting(), [1, 2, 3]))) == [1, 3, 5]
    assert asyncio.run(taken(add.map.aio(longer, counting(3)))) == [100, 102, 104]


def test_an_iterator_that_waits_for_earlier_results_is_not_waited_for() -> None:
    async def main() -> list[int]:
        answers: asyncio.Queue[int] = asyncio.Queue()

        async def source() -> AsyncIterator[int]:
            x = 1
            for _ in range(5):
                yield x
                x = await answers.get()

        found = []
        async for value in double.map.aio(source()):
            found.append(value)
            await answers.put(value)
        return found

    assert asyncio.run(main()) == [2, 4, 8, 16, 32]


def test_an_endless_async_iterator_is_pulled_only_as_far_as_the_window() -> None:
    pulled = 0

    async def source() -> AsyncIterator[int]:
        nonlocal pulled
        while True:
            pulled += 1
            yield pulled

    async def main() -> list[Any]:
        results = double.map.aio(source())
        first = await taken(results, 1)
        while results.status not in ("cancelled", "failed", "succeeded"):
            await asyncio.sleep(0.01)
        return first

    assert asyncio.run(main()) == [2]
    assert pulled < 100_000


def test_what_the_async_iterator_raises_reaches_the_caller_and_cancels_the_map() -> None:
    async def source() -> AsyncIterator[float]:
        yield 60.0
        raise OSError("no more")

    results = nap.map.aio(source())
    with pytest.raises(OSError, match="no more"):
        asyncio.run(taken(results))
    assert results.wait(timeout=30).counts.running == 0


def test_cancelling_the_task_cancels_a_map_of_an_async_iterator() -> None:
    results = nap.map.aio(counting_forever := endless(60.0))

    async def main() -> None:
        task = asyncio.create_task(taken(results))
        while results.status != "running":
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await counting_forever.aclose()  # type: ignore[attr-defined]

    asyncio.run(main())
    assert results.wait(timeout=30).counts.cancelled > 0


async def endless(value: float) -> AsyncIterator[float]:
    while True:
        yield value


def test_waiting_in_the_loop_pulls_too() -> None:
    async def main() -> list[int]:
        results = double.map.aio(counting(50))
        await results.wait.aio(timeout=60)
        return [results[7], *await taken(results)]

    assert asyncio.run(main()) == [14, *(2 * x for x in range(50))]


def test_starmap_takes_an_async_iterator() -> None:
    async def pairs() -> AsyncIterator[tuple[int, int]]:
        yield 1, 2
        yield 3, 4

    assert asyncio.run(taken(add.starmap.aio(pairs()))) == [3, 7]


def test_for_each_runs_in_the_loop() -> None:
    async def main() -> None:
        assert await double.for_each.aio(counting(5)) is None
        with pytest.raises(TypeError):
            await add.for_each.aio(counting(5))
        await add.for_each.aio(counting(5), ignore_exceptions=True)

    asyncio.run(main())


def test_a_limit_takes_the_first_of_an_async_iterator() -> None:
    assert asyncio.run(taken(double.map.aio(counting(), limit=3))) == [0, 2, 4]


def test_only_a_coroutine_pulls_an_async_iterator() -> None:
    results = double.map(counting(3))
    with pytest.raises(errors.InvalidError, match="async for"):
        list(results)
    with pytest.raises(errors.InvalidError, match="async for"):
        results.wait()
    assert results.status == "not started"
    assert asyncio.run(taken(results)) == [0, 2, 4]
    assert list(results) == [0, 2, 4], "what is stored is read as always"


def test_a_generator_of_the_loop_goes_on_while_the_body_awaits() -> None:
    async def main() -> list[int]:
        found = []
        async for value in double.map.aio(iter_of(20)):
            found.append(value)
            await asyncio.sleep(0)
        return found

    assert asyncio.run(main()) == [2 * x for x in range(20)]


def iter_of(count: int) -> Iterator[int]:
    yield from range(count)
