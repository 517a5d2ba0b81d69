"""Batched functions: lists in, lists out; for callers one value in, one value out."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.waiting import until

import farcall
from farcall import current_input_id, errors

from .watching import Room

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("batched")


@app.function(max_containers=1)
@farcall.batched(max_batch_size=16, wait_ms=200)
def model(x: list[int], y: list[int]) -> list[Any]:
    return [(a + b, len(x), current_input_id()) for a, b in zip(x, y, strict=True)]


@app.function(max_containers=1)
@farcall.batched(max_batch_size=4, wait_ms=10)
async def awaited(x: list[int]) -> list[int]:
    return [2 * value for value in x]


@app.function(max_containers=1)
@farcall.batched(max_batch_size=8, wait_ms=1_000)
def picky(x: list[int]) -> Any:
    if 3 in x:
        raise ValueError(f"three is among {len(x)}")
    if 5 in x:
        return x[:-1]
    if 6 in x:
        return tuple(x)
    return x


@app.function(max_containers=1)
@farcall.batched(max_batch_size=4, wait_ms=50)
def staying(number: list[int], folder: list[str]) -> list[int]:
    for one in number:
        (Path(folder[0]) / f"in-{one}").write_text(str(os.getpid()))
    while not (Path(folder[0]) / "out").exists():
        time.sleep(0.01)
    return number


def together(function: Any, *values: Any) -> list[Any]:
    """What each of these callers gets, all calling at once."""

    def call(value: Any) -> Any:
        try:
            return function.remote(value)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(values)) as pool:
        return list(pool.map(call, values))


def test_sixty_four_callers_meet_in_batches() -> None:
    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda x: model.remote(x, y=1), range(64)))
    assert [value for value, *_ in found] == [x + 1 for x in range(64)]
    assert max(size for _, size, _ in found) > 1
    assert max(size for _, size, _ in found) <= 16


def test_a_map_goes_in_full_batches() -> None:
    found = list(model.map(range(100), range(100)))
    assert [value for value, *_ in found] == [2 * x for x in range(100)]
    assert {size for _, size, _ in found} == {16, 4}


def test_the_id_is_the_first_inputs() -> None:
    found = list(model.map(range(16), range(16)))
    assert {input_id.rpartition("-")[2] for *_, input_id in found} == {"0"}


def test_positions_and_names_may_mix() -> None:
    calls = [model.spawn(1, 2), model.spawn(1, y=3), model.spawn(x=1, y=4), model.spawn(y=5, x=1)]
    assert [call.get(timeout=60)[0] for call in calls] == [3, 4, 5, 6]


def test_an_async_function_takes_lists_too() -> None:
    assert list(awaited.map(range(10))) == [2 * x for x in range(10)]


def test_a_lone_input_waits_no_longer_than_told() -> None:
    assert model.remote(1, 1)[:2] == (2, 1)


@pytest.mark.parametrize(
    ("poison", "kind", "says"),
    [
        (3, ValueError, "three is among"),
        (5, errors.InvalidError, "was given .* inputs and returned"),
        (6, errors.InvalidError, "returned no list"),
    ],
)
def test_what_goes_wrong_goes_wrong_for_the_whole_batch(poison: int, kind: type[Exception], says: str) -> None:
    found = list(picky.map([10, 11, poison, 12, 13, 14, 15, 16], return_exceptions=True))
    assert {type(error) for error in found} == {kind}
    with pytest.raises(kind, match=says):
        raise found[0]
    assert list(picky.map([20, 21])) == [20, 21], "the next batch is another one"


def test_arguments_that_do_not_fit_fail_the_whole_batch() -> None:
    found = list(model.starmap([(1, 2), (1, 2, 3), (4, 5)], return_exceptions=True))
    assert {type(error) for error in found} == {errors.InvalidError}
    assert "does not fit the function's parameters" in str(found[0])


def test_arguments_that_cannot_be_read_fail_alone() -> None:
    found = list(awaited.map([1, Unreadable(), 3], return_exceptions=True))
    assert [found[0], found[2]] == [2, 6]
    assert isinstance(found[1], Exception)


class Unreadable:
    def __reduce__(self) -> Any:
        return refuse, ()


def refuse() -> None:
    raise OSError("not here")


def test_retries_are_each_inputs_own(room: Room) -> None:
    @app.function(max_containers=1, retries=farcall.Retries(max_retries=3, initial_delay=0.0))
    @farcall.batched(max_batch_size=4, wait_ms=20)
    def flaky(number: list[int], folder: list[str]) -> list[int]:
        tries = Path(folder[0]) / "tries"
        with open(tries, "a") as file:
            file.write("x\n")
        if len(tries.read_text().split()) < 2:
            raise ValueError("not yet")
        return number

    assert list(flaky.map(range(4), kwargs={"folder": room.path})) == [0, 1, 2, 3]


def test_a_cancelled_input_leaves_its_batch_running(room: Room) -> None:
    calls = [staying.spawn(number, room.path) for number in range(4)]
    until(lambda: room.inside())
    inside = sorted(room.inside())
    calls[inside[0]].cancel()
    room.let_out()
    with pytest.raises(errors.RemoteError):
        calls[inside[0]].get(timeout=60)
    assert [call.get(timeout=60) for call in calls if call is not calls[inside[0]]] == [
        number for number in range(4) if number != inside[0]
    ]


def test_a_batch_that_nobody_wants_is_interrupted(room: Room) -> None:
    results = staying.map(range(4), kwargs={"folder": room.path}).start()
    until(room.holds(0, 1, 2, 3))
    until(lambda: (room.folder / "in-0").read_text())
    process = int((room.folder / "in-0").read_text())
    results.cancel()
    elsewhere = Room(room.folder / "next")
    elsewhere.folder.mkdir()
    elsewhere.let_out()
    assert staying.remote(9, elsewhere.path) == 9
    assert int((elsewhere.folder / "in-9").read_text()) == process, "it was interrupted, not killed"


def test_a_late_batch_is_late_for_all(room: Room) -> None:
    late = staying.with_options(timeout=1, max_containers=1)
    found = list(late.map(range(4), kwargs={"folder": room.path}, return_exceptions=True))
    assert {type(error) for error in found} == {errors.FunctionTimeoutError}


def test_an_input_that_ends_its_container_is_found_out() -> None:
    @app.function(max_containers=1)
    @farcall.batched(max_batch_size=4, wait_ms=20)
    def deadly(number: list[int]) -> list[int]:
        if 2 in number:
            os._exit(1)
        return number

    found = list(deadly.map(range(6), return_exceptions=True))
    assert isinstance(found[2], errors.PoisonInputError)
    assert [value for value in found if isinstance(value, int)] == [0, 1, 3, 4, 5]


def test_a_batch_makes_calls_of_its_own() -> None:
    @app.function(max_containers=1)
    @farcall.batched(max_batch_size=4, wait_ms=20)
    def deep(n: list[int]) -> list[int]:
        return [0 if one == 0 else 1 + int(deep.remote(one - 1)) for one in n]

    assert list(deep.map([2, 3])) == [2, 3]


def test_with_batching_makes_any_function_one_that_takes_lists() -> None:
    @app.function
    def total(x: Any) -> Any:
        return [len(x)] * len(x) if isinstance(x, list) else x

    assert total.remote(3) == 3
    assert set(total.with_batching(max_batch_size=5, wait_ms=500).map(range(10))) == {5}


def test_columns_of_a_frame_are_lists_in_the_function() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": range(10), "y": range(10)})
    assert [value for value, *_ in model.map(frame)] == [2 * x for x in range(10)]
