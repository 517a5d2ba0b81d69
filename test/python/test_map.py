"""Maps: what `Results` promises (api.md §3), over a real gateway and real containers."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest

import farcall
from farcall import errors
from farcall.client.session import Session

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def picky(x: int) -> int:
    if x % 10 == 7:
        raise ValueError(f"not {x}")
    return x


@farcall.function
def add(a: int, b: int = 0) -> int:
    return a + b


@farcall.function
def spell(word: str) -> Any:
    yield from word


@farcall.function
def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_nothing_is_sent_before_it_is_asked_for() -> None:
    results = double.map(range(5))
    repr(results), str(results), dir(results)
    assert len(results) == 5
    assert results.status == "not started"
    assert results.counts.queued == 0


def test_results_come_in_input_order() -> None:
    assert list(double.map(range(3000))) == [2 * x for x in range(3000)]


def test_results_of_quick_inputs_do_not_wait_for_a_slow_one_behind_them(tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    @farcall.function(max_containers=1)
    def slow_at_50(x: int) -> int:
        while x == 50 and not gate.exists():
            time.sleep(0.01)
        return x

    results = iter(slow_at_50.map(range(100)))
    assert list(itertools.islice(results, 50)) == list(range(50))
    gate.touch()
    assert list(results) == list(range(50, 100))


def test_unordered_results_are_the_same_ones() -> None:
    assert sorted(double.map(range(3000), order_outputs=False)) == [2 * x for x in range(3000)]


def test_an_empty_map_ends_at_once() -> None:
    assert list(double.map([])) == []
    assert list(double.map(iter(()))) == []


def test_iterators_are_zipped_and_the_shortest_ends_the_map() -> None:
    longer = iter(range(100))
    assert list(add.map([1, 2, 3], longer)) == [1, 3, 5]
    assert next(longer) == 3


def test_a_map_without_iterators_is_an_error() -> None:
    with pytest.raises(errors.InvalidError, match="no inputs"):
        double.map()
    with pytest.raises(errors.InvalidError, match="int"):
        double.map(3)


def test_kwargs_are_given_to_every_input() -> None:
    assert list(add.map([1, 2], kwargs={"b": 10})) == [11, 12]


def test_starmap_spreads_each_item_and_a_wrong_arity_fails_that_input() -> None:
    assert list(add.starmap([(1, 2), [3, 4]])) == [3, 7]
    values = list(add.starmap([(1, 2), (1, 2, 3)], return_exceptions=True))
    assert values[0] == 3
    assert isinstance(values[1], TypeError)


def test_for_each_runs_now_and_gives_nothing(tmp_path: Path) -> None:
    @farcall.function
    def touch(name: str) -> None:
        (tmp_path / name).touch()

    assert touch.for_each(["a", "b"]) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    with pytest.raises(ValueError, match="not 7"):
        picky.for_each([7])
    picky.for_each([7], ignore_exceptions=True)


def test_a_failing_input_raises_in_its_place_after_those_before_it() -> None:
    seen: list[int] = []
    with pytest.raises(ValueError, match="not 7"):
        seen.extend(picky.map(range(100)))
    assert seen == list(range(7))


def test_return_exceptions_puts_them_into_their_slots() -> None:
    values = list(picky.map(range(20), return_exceptions=True))
    assert [type(value).__name__ for value in values if not isinstance(value, int)] == ["ValueError", "ValueError"]
    assert isinstance(values[7], ValueError)


def test_none_is_a_result() -> None:
    @farcall.function
    def nothing(_: int) -> None:
        return None

    assert list(nothing.map(range(3))) == [None, None, None]


def test_generator_functions_are_flattened() -> None:
    assert sorted(spell.map(["ab", "", "c"])) == ["a", "b", "c"]
    assert list(spell.map(["ab", "", "c"], order_outputs=True)) == ["a", "b", "c"]


def test_an_endless_generator_is_pulled_only_as_far_as_the_window() -> None:
    pulled = itertools.count()
    taken = list(itertools.islice(double.map(pulled), 10))
    assert taken == [2 * x for x in range(10)]
    assert next(pulled) < 100_000


def test_what_the_users_iterator_raises_reaches_the_caller() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(double.map(source()))


def test_an_unpicklable_input_reaches_the_caller() -> None:
    with pytest.raises(errors.SerializationError, match="lock"):
        list(double.map([1, threading.Lock()]))


def test_leaving_the_loop_cancels_what_has_not_run() -> None:
    results = nap.map([0.0] + [5.0] * 50)
    for _ in results:
        break
    assert results.wait(timeout=30).counts.cancelled >= 40
    assert results[0] == 0.0


def test_detach_before_leaving_does_not_cancel() -> None:
    results = nap.map([0.0] * 20)
    for _ in results:
        results.detach()
        break
    assert results.wait(timeout=30).counts.succeeded == 20


def test_results_can_be_iterated_again_and_indexed() -> None:
    results = double.map(range(50))
    assert list(results) == list(results) == [2 * x for x in range(50)]
    assert results[7] == 14
    assert results[-1] == 98
    assert results.input(3) == (3,)
    with pytest.raises(IndexError):
        results[50]


def test_wait_counts_failures_and_does_not_raise() -> None:
    results = picky.map(range(30)).wait()
    assert (results.counts.succeeded, results.counts.failed) == (27, 3)
    groups = results.failures()
    assert sum(group.count for group in groups) == 3
    assert groups[0].kind == "ValueError"
    with pytest.raises(ValueError, match="not 7"):
        results[7]


def test_a_started_map_is_found_by_its_id() -> None:
    results = double.map(range(10)).start()
    call = farcall.FunctionCall.from_id(results.call.object_id)
    assert list(call.results()) == [2 * x for x in range(10)]
    assert list(call.iter(2, 4)) == [4, 6]
    assert call.num_inputs() == 10
    with pytest.raises(ValueError, match="0 to 10"):
        call.iter(0, 11)


def test_spawn_map_gives_a_call_of_many_inputs() -> None:
    call = double.spawn_map(range(5))
    assert call.num_inputs() == 5
    assert call.get(index=4) == 8
    assert list(call.iter()) == [0, 2, 4, 6, 8]


def test_large_values_pass_both_ways() -> None:
    @farcall.function
    def repeat(data: bytes) -> bytes:
        return data + data

    inputs = [bytes([n]) * size for n, size in enumerate((10, 50_000, 400_000, 3, 1_500_000))]
    assert list(repeat.map(inputs)) == [data + data for data in inputs]


def test_a_map_may_feed_another_map() -> None:
    assert list(double.map(double.map(range(300)))) == [4 * x for x in range(300)]


def test_a_map_in_a_container_works() -> None:
    @farcall.function
    def total(n: int) -> int:
        return sum(double.map(range(n)))

    assert total.remote(10) == 90


def test_two_maps_may_run_in_two_threads() -> None:
    found: dict[int, list[int]] = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: list(double.map(range(n)))})) for n in (100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [2 * x for x in range(n)] for n in (100, 200)}


def test_async_for_and_aio_work() -> None:
    async def main() -> list[int]:
        return [value async for value in double.map.aio(range(100))]

    assert asyncio.run(main()) == [2 * x for x in range(100)]


def test_cancelling_the_task_cancels_the_map() -> None:
    results = nap.map([30.0] * 5)

    async def consume() -> None:
        async for _ in results:
            pass

    async def main() -> None:
        task = asyncio.create_task(consume())
        while results.status != "running":
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert results.wait(timeout=30).counts.cancelled == 5


def test_resume_keeps_what_succeeded_and_runs_the_rest_as_it_is_now(tmp_path: Path) -> None:
    fixed = tmp_path / "fixed"

    @farcall.function
    def careful(x: int) -> int:
        if x == 2 and not fixed.exists():
            raise ValueError("not yet")
        return 10 * x

    results = careful.map(range(4)).wait()
    assert results.counts.failed == 1
    fixed.touch()
    again = results.resume()
    assert list(again) == [0, 10, 20, 30]
    assert again[2] == 20
    assert list(careful.map(range(4), resume=results.call.object_id)) == [0, 10, 20, 30]
    assert list(results.retry_failed()) == [0, 10, 20, 30]


def test_limit_runs_a_few_inputs_spread_over_all() -> None:
    assert list(double.map(range(100), limit=3)) == [0, 98, 198]


def test_a_frame_binds_columns_to_parameters_and_comes_back_aligned() -> None:
    frame = pandas.DataFrame({"b": [1, 2, 3], "a": [10, 20, 30], "c": list("xyz")}, index=[5, 5, 1])
    results = add.map(frame)
    assert list(results) == [11, 22, 33]
    out = results.to_frame()
    assert out["add"].tolist() == [11, 22, 33]
    assert out.index.tolist() == [5, 5, 1]
    assert results.join(frame)["add"].tolist() == [11, 22, 33]


def test_a_parameter_without_a_column_names_the_nearest() -> None:
    with pytest.raises(errors.InvalidError, match="alpha"):
        add.map(pandas.DataFrame({"alpha": [1]}))


def test_failed_rows_are_missing_values_in_frames_of_any_kind() -> None:
    frame = polars.DataFrame({"x": [6, 7, 8]})
    assert picky.map(frame).to_frame()["picky"].to_list() == [6, None, 8]


def test_to_frame_of_a_generator_function_is_long() -> None:
    out = spell.map(["ab", "c"]).to_frame()
    assert out["spell"].tolist() == ["a", "b", "c"]
    assert out.index.tolist() == [0, 0, 1]


def test_peek_does_not_start_or_wait() -> None:
    results = double.map(range(3))
    assert len(results.peek()) == 3
    assert results.status == "not started"
    results.wait()
    assert results.peek()["double"].tolist() == [0, 2, 4]


def test_details_tell_of_every_input() -> None:
    details = picky.map([1, 7]).wait().details()
    assert details["status"].tolist() == ["succeeded", "failed"]
    assert "not 7" in details["error"][1]


def test_progress_is_told_while_it_runs() -> None:
    results = double.map(range(100))
    list(results)
    assert (results.tally.done, results.tally.total, results.tally.failed) == (100, 100, 0)


def test_other_processes_use_the_same_gateway_beside_this_one() -> None:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if list(double.map(range(10))) == [2 * x for x in range(10)] else 2
        finally:
            os._exit(status)
    assert list(double.map(range(10))) == [2 * x for x in range(10)]
    assert os.waitpid(pid, 0)[1] == 0
    assert Session.existing() is not None
