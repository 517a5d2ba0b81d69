"""api.md §3: map and its Results, rule by rule, blocking and through `.aio`. Rules that older tests show:

| rule | test |
|---|---|
| 1 nothing is sent before it is asked for | test/python/test_map.py |
| 2, 6 the card; display runs, detach | test/python/notebook/test_magics.py, test_live.py, test/e2e |
| 3 failures in their place, return_exceptions, leaving the loop | test/python/test_map.py, test_edges.py |
| 5 windows, endless iterators, surviving the kernel | test/python/test_map.py, test_spawning.py, test/faults |
| 6 order, flat generators | test/python/test_map.py, test_edges.py, test_generators.py |
| 7 interrupts | test/python/calls/test_interrupt.py, test/python/notebook/test_several.py |
| 10 by index, counts, details, peek | test/python/test_map.py, test_edges.py |
| 11 resume and limit | test/python/test_resume.py, test_limit.py |
| frames | test/python/frames/, test_edges.py |
| label= | test/python/calls/test_labels.py |
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
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
def picky(x: int) -> int:
    if x % 4 == 2:
        raise ValueError(f"not {x}")
    return x


@farcall.function
def upto(count: int) -> Iterator[int]:
    yield from range(count)


def counted(count: int) -> Iterator[int]:
    yield from range(count)


async def counted_async(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


async def listed(values: Any) -> list[Any]:
    return [value async for value in values]


# ── 1: lazy


def test_looking_at_a_map_starts_nothing() -> None:
    results = double.map(range(3))
    assert (len(results), results.status, results.counts.succeeded) == (3, "not started", 0)
    assert "not started" in repr(results)
    assert "not started" in str(results)
    assert dir(results)
    assert results.peek()["double"].isna().all()
    assert asyncio.run(results.peek.aio())["double"].isna().all()
    assert list(results.failures()) == []
    assert len(results.details()) == 0
    assert results.status == "not started"


# ── 4: zipped iterators


def test_a_map_of_nothing_to_iterate_names_itself() -> None:
    for wrong in (lambda: double.map(), lambda: double.map(3), lambda: double.starmap(3)):  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidError, match="double"):
            wrong()


def test_of_two_generators_what_the_longer_one_gave_too_much_is_left_over() -> None:
    longer, shorter = counted(9), counted(3)
    results = add.map(longer, shorter)
    assert list(results) == [0, 2, 4]
    assert results.leftover == {0: 3}
    assert next(longer) == 4


def test_the_generator_that_is_named_last_loses_nothing() -> None:
    shorter, longer = counted(3), counted(9)
    results = add.map(shorter, longer)
    assert list(results) == [0, 2, 4]
    assert results.leftover == {}
    assert next(longer) == 3


@pytest.mark.parametrize(
    "known",
    [[10, 20], (10, 20), range(10, 30, 10), iter([10, 20]), iter((10, 20))],
    ids=["list", "tuple", "range", "iterator of a list", "iterator of a tuple"],
)
def test_a_generator_beside_what_knows_its_end_is_not_pulled_beyond_it(known: Iterable[int]) -> None:
    longer = counted(9)
    assert list(add.map(longer, known)) == [10, 21]
    assert next(longer) == 2


def test_async_iterators_keep_what_was_left_over_too() -> None:
    async def both() -> tuple[list[int], dict[int, int], int]:
        longer, shorter = counted_async(9), counted_async(3)
        results = add.map(longer, shorter)
        return await listed(results), results.leftover, await anext(longer)

    assert asyncio.run(both()) == ([0, 2, 4], {0: 3}, 4)


def test_keyword_arguments_are_given_to_every_input_of_every_kind_of_map() -> None:
    assert list(add.map([1, 2], kwargs={"b": 10})) == [11, 12]
    assert list(add.starmap([(1,), (2,)], kwargs={"b": 10})) == [11, 12]
    assert list(add.spawn_map([1, 2], kwargs={"b": 10}).iter()) == [11, 12]
    assert asyncio.run(listed(add.map.aio([1], kwargs={"b": 10}))) == [11]


# ── 2, 3: running and failing


def test_start_returns_at_once_and_the_results_are_read_later() -> None:
    async def started() -> list[Any]:
        results = await double.map(range(4)).start.aio()
        return await listed(results)

    assert list(double.map(range(4)).start()) == [0, 2, 4, 6]
    assert asyncio.run(started()) == [0, 2, 4, 6]


def test_start_needs_inputs_that_have_a_length() -> None:
    with pytest.raises(errors.InvalidError, match="length"):
        double.map(counted(3)).start()
    with pytest.raises(errors.InvalidError, match="length"):
        asyncio.run(double.map(counted(3)).start.aio())


def test_waiting_counts_failures_and_raises_none_of_them() -> None:
    results = asyncio.run(picky.map(range(8)).wait.aio())
    assert (results.counts.succeeded, results.counts.failed) == (6, 2)
    (group,) = asyncio.run(results.failures.aio())
    assert (group.count, list(results.failures())) == (2, [group])
    assert group.kind == "ValueError"


def test_exceptions_are_returned_as_they_are_and_the_old_option_only_warns() -> None:
    with pytest.warns(DeprecationWarning, match="wrap_returned_exceptions") as told:
        results = picky.map(range(3), return_exceptions=True, wrap_returned_exceptions=True)
    assert len(told) == 1
    *values, error = results
    assert values == [0, 1]
    assert type(error) is ValueError
    with pytest.warns(DeprecationWarning, match="does nothing"):
        picky.starmap([(0,)], wrap_returned_exceptions=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picky.map(range(3), return_exceptions=True)


def test_a_failing_input_raises_in_its_place_in_async_for_as_well() -> None:
    async def until_it_fails() -> list[Any]:
        seen: list[Any] = []
        try:
            async for value in picky.map(range(8)):
                seen.append(value)
        except ValueError as error:
            seen.append(str(error))
        return seen

    assert asyncio.run(until_it_fails()) == [0, 1, "not 2"]


def test_for_each_raises_the_first_failure_unless_it_is_told_to_ignore_them() -> None:
    with pytest.raises(ValueError, match="not"):
        picky.for_each(range(4))
    assert picky.for_each(range(4), ignore_exceptions=True) is None
    assert picky.for_each(range(4), return_exceptions=True) is None
    with pytest.raises(ValueError, match="not"):
        asyncio.run(picky.for_each.aio(counted_async(4)))


def test_labels_are_taken_by_all_that_map() -> None:
    named = add.starmap([(1, 2), (3, 4)], label=["one", "two"])
    assert named.source.namer is not None
    assert (named.source.namer(1), list(named)) == ("two", [3, 7])
    assert double.for_each([1], label=str) is None
    assert double.spawn_map([1], label=["x"]).get() == 2
    with pytest.raises(errors.InvalidError, match="label"):
        add.starmap([(1, 2)], label=["too", "many"])


# ── 8, 9: iterators of every kind


def test_what_the_iterator_raises_reaches_the_caller_of_every_kind_of_map() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    for start in (
        lambda: list(double.map(broken())),
        lambda: double.for_each(broken()),
        lambda: double.spawn_map(broken()),
    ):
        with pytest.raises(OSError, match="no more"):
            start()


def test_the_results_of_a_map_are_the_inputs_of_another_without_a_barrier(tmp_path: Path) -> None:
    @farcall.function
    def step(folder: str, x: int) -> int:
        import time

        while x == 3 and not (Path(folder) / "seen").exists():
            time.sleep(0.01)
        return x

    inner = step.map([str(tmp_path)] * 4, range(4))
    seen = []
    for value in double.map(inner):
        (tmp_path / "seen").touch()  # only then can the last input of the inner map end
        seen.append(value)
    assert seen == [0, 2, 4, 6]


def test_a_map_over_the_results_of_a_generator_function_has_as_many_inputs_as_values() -> None:
    assert list(double.map(upto.map([2, 3], order_outputs=True))) == [0, 2, 0, 2, 4]
    assert list(double.map(double.map(counted(3)))) == [0, 4, 8]
    assert list(add.map(upto.map([3], order_outputs=True), range(10, 20))) == [10, 12, 14]


def test_a_generator_beside_the_results_of_a_shorter_map_loses_nothing_and_stays_open() -> None:
    longer = counted(9)
    assert list(add.map(double.map(range(2)), longer)) == [0, 3]
    assert next(longer) == 2


def test_a_map_whose_results_nobody_reads_any_more_ends(tmp_path: Path) -> None:
    @farcall.function(max_containers=1)
    def slow(x: int) -> int:
        import time

        time.sleep(60 if x else 0)
        return x

    inner = slow.map(range(50))
    assert list(add.map(inner, [1])) == [1]
    assert inner.call.results().wait(timeout=60).status == "cancelled"


@farcall.function
def gated(x: int, gate: str) -> int:
    """Waits until the file is there."""
    import time

    while not Path(gate).exists():
        time.sleep(0.005)
    return 2 * x


def test_in_a_coroutine_the_inner_map_is_awaited(tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    async def both() -> list[int]:
        opening = asyncio.create_task(asyncio.to_thread(gate.touch))  # begins once the loop is free
        found = await listed(double.map(gated.map(range(50), kwargs={"gate": str(gate)})))
        await opening
        return found

    assert asyncio.run(both()) == [4 * x for x in range(50)]


# ── 10: Results


def test_every_way_to_look_at_results_has_an_async_twin() -> None:
    frame = pd.DataFrame({"x": [1, 2, 3]}, index=[7, 7, 9])

    async def looked() -> list[Any]:
        results = double.map(frame)
        return [
            list((await results.to_frame.aio())["double"]),
            list((await results.join.aio(frame, prefix="of_"))["of_double"]),
            list((await results.peek.aio())["double"]),
            list((await results.details.aio())["status"]),
            list(await results.failures.aio()),
            await listed(results.resume.aio()),
            await results.cancel.aio(),
        ]

    values = [2, 4, 6]
    assert asyncio.run(looked()) == [values, values, values, ["succeeded"] * 3, [], values, None]


def test_cancelling_the_task_that_waits_cancels_the_map(tmp_path: Path) -> None:
    @farcall.function(max_containers=1)
    def stuck(x: int) -> int:
        import time

        time.sleep(60)
        return x

    async def give_up() -> Any:
        results = stuck.map(range(2))
        task = asyncio.create_task(results.wait.aio())
        while results.status == "not started":
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return results

    results = asyncio.run(give_up())
    results.call.results().wait(timeout=60)
    assert results.status == "cancelled"


def test_retry_failed_runs_only_what_failed_with_the_function_as_it_is(tmp_path: Path) -> None:
    @farcall.function
    def once_broken(folder: str, x: int) -> int:
        mark = Path(folder) / f"tried{x}"
        tried = mark.exists()
        mark.touch()
        if x == 1 and not tried:
            raise ValueError(x)
        return x

    results = once_broken.map([str(tmp_path)] * 3, range(3)).wait()
    again = results.retry_failed()
    assert list(again) == [0, 1, 2]
    assert again.call.num_inputs() == 1


def test_a_result_by_index_and_its_input() -> None:
    results = add.map([1, 2], [10, 20])
    assert (results[0], results[-1]) == (11, 22)
    assert results.input(1) == (2, 20)
    for wrong, error in ((2, IndexError), ("0", TypeError)):
        with pytest.raises(error):
            results[wrong]  # type: ignore[index]


# ── 11: limit


def test_a_limited_map_says_what_the_rest_takes_and_runs_it() -> None:
    async def limited() -> tuple[int, list[int]]:
        results = double.map(range(10), limit=3)
        assert await listed(results) == [0, 8, 18]
        estimate = await results.estimate.aio()
        assert "results.run_rest()" in repr(estimate)
        return estimate.inputs, await listed(results.run_rest())

    assert asyncio.run(limited()) == (7, [2 * x for x in range(10)])
    assert "run_rest()" in repr(double.map(range(10), limit=3).wait())
