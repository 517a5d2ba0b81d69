"""`map_batches`: parts of a frame go out, and what comes back lies row by row beside the whole."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def sums(part: Any) -> Any:
    return part.assign(total=part["a"] + part["b"])[["total"]]


@farcall.function
def same(part: Any) -> Any:
    return part


@farcall.function
def lengths(part: Any) -> Any:
    return np.full(len(part), len(part))


def numbers(count: int = 10) -> pd.DataFrame:
    return pd.DataFrame({"a": range(count), "b": range(0, 10 * count, 10)}, index=[f"row {n}" for n in range(count)])


def test_frames_go_in_and_come_out_beside_the_input() -> None:
    frame = numbers()
    found = sums.map_batches(frame, batch_size=3).to_frame()
    assert list(found.index) == list(frame.index)
    assert list(found["total"]) == [11 * n for n in range(10)]
    joined = sums.map_batches(frame, batch_size=4).join(frame, prefix="its_")
    assert list(joined.columns) == ["a", "b", "its_total"]


def test_nothing_starts_before_it_is_asked_for_and_the_parts_are_known() -> None:
    results = same.map_batches(numbers(), batch_size=4)
    assert len(results) == 3
    assert results.spans == [range(4), range(4, 8), range(8, 10)]
    assert results.status == "not started"
    assert len(results.peek()) == 10
    assert results.status == "not started"


def test_iterating_gives_the_parts_in_order() -> None:
    parts = list(same.map_batches(numbers(), batch_size=4))
    assert [len(part) for part in parts] == [4, 4, 2]
    assert pd.concat(parts).equals(numbers())


def test_it_is_awaited_as_well() -> None:
    async def parts() -> list[int]:
        return [len(part) async for part in same.map_batches.aio(numbers(), batch_size=4)]

    assert asyncio.run(parts()) == [4, 4, 2]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(pl.DataFrame({"a": range(10), "s": list("abcdefghij")}), id="polars"),
        pytest.param(pa.table({"a": range(10), "s": list("abcdefghij")}), id="pyarrow"),
    ],
)
def test_every_kind_of_frame_comes_back_as_it_went(frame: Any) -> None:
    found = same.map_batches(frame, batch_size=3).to_frame()
    assert type(found) is type(frame)
    assert found.equals(frame)


def test_arrays_and_series_become_one_column() -> None:
    assert list(lengths.map_batches(np.arange(7), batch_size=3).to_frame()["lengths"]) == [3, 3, 3, 3, 3, 3, 1]
    series = pd.Series([1.0, 2.0, 3.0], index=[7, 7, 9])
    found = same.map_batches(series, batch_size=2).to_frame()
    assert list(found.index) == [7, 7, 9]
    assert list(found["same"]) == [1.0, 2.0, 3.0]
    beside = lengths.map_batches(numbers(5), batch_size=3).to_frame()
    assert list(beside.index) == [f"row {n}" for n in range(5)]
    assert list(beside["lengths"]) == [3, 3, 3, 2, 2]
    assert lengths.map_batches(pl.DataFrame({"a": [1, 2, 3]}), batch_size=2).to_frame()["lengths"].to_list() == [
        2,
        2,
        1,
    ]


def test_rows_of_a_part_that_fails_are_missing_and_can_be_run_again(tmp_path: Any) -> None:
    @farcall.function
    def fragile(part: Any, marker: str) -> Any:
        from pathlib import Path

        if 4 in list(part["a"]) and not Path(marker).exists():
            raise ValueError("four")
        return part[["a"]] + 1

    marker = tmp_path / "mended"
    results = fragile.map_batches(numbers(), batch_size=4, kwargs={"marker": str(marker)}, return_exceptions=True)
    found = results.wait().to_frame()
    assert list(found["a"].isna()) == [False] * 4 + [True] * 4 + [False] * 2
    assert [int(value) for value in found["a"].dropna()] == [1, 2, 3, 4, 9, 10]
    assert results.counts.failed == 1
    marker.touch()
    again = results.retry_failed()
    assert list(again.to_frame()["a"]) == list(range(1, 11))


def test_a_part_with_another_number_of_rows_is_told_with_its_rows() -> None:
    @farcall.function
    def shortened(part: Any) -> Any:
        return part[:1]

    with pytest.raises(errors.InvalidError, match="shortened returned 1 rows for rows 0 to 3, which are 4"):
        shortened.map_batches(numbers(), batch_size=4).to_frame()


def test_what_has_no_rows_is_told() -> None:
    @farcall.function
    def count(part: Any) -> int:
        return len(part)

    with pytest.raises(errors.InvalidError, match="returned int for rows 0 to 3"):
        count.map_batches(numbers(), batch_size=4).to_frame()
    assert list(count.map_batches(numbers(), batch_size=4)) == [4, 4, 2]


def test_an_automatic_size_gives_every_row_once() -> None:
    frame = pd.DataFrame({"a": np.arange(100_000)})
    results = same.map_batches(frame)
    assert len(results) >= 16
    assert [row for span in results.spans for row in span] == list(range(100_000))
    assert results.to_frame().equals(frame)


def test_an_empty_frame_gives_an_empty_frame() -> None:
    assert list(same.map_batches(numbers(0))) == []
    assert len(same.map_batches(numbers(0)).to_frame()) == 0


@pytest.mark.parametrize("size", [0, -1, 2.5, "large", True])
def test_a_wrong_batch_size_is_refused(size: Any) -> None:
    with pytest.raises(errors.InvalidError, match="batch_size"):
        same.map_batches(numbers(), batch_size=size)


def test_what_is_no_frame_and_a_generator_function_are_refused() -> None:
    @farcall.function
    def spread(part: Any) -> Any:
        yield part

    with pytest.raises(errors.InvalidError, match="needs rows"):
        same.map_batches(42)
    with pytest.raises(errors.InvalidError, match="generator"):
        spread.map_batches(numbers())
