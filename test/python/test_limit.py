"""`limit=`: a few inputs spread over all, what the rest will take, and the rest itself, which keeps what succeeded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pytest

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


def counted(folder: Path) -> farcall.Function[..., int]:
    """A function that leaves a mark for every run, and does not like 50 until `fixed` is there."""

    @farcall.function
    def score(x: int) -> int:
        with (folder / str(x)).open("a") as file:
            file.write(".")
        if x == 50 and not (folder / "fixed").exists():
            raise ValueError("not yet")
        return 10 * x

    return score


def runs(folder: Path) -> dict[int, int]:
    return {int(path.name): len(path.read_text()) for path in folder.iterdir() if path.name != "fixed"}


def test_a_few_inputs_spread_over_all_run() -> None:
    assert list(double.map(range(100), limit=5)) == [2 * x for x in (0, 24, 49, 74, 99)]
    assert list(double.map(range(3), limit=5)) == [0, 2, 4]
    assert list(double.map(iter(range(100)), limit=5)) == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "5"])
def test_a_limit_that_is_no_number_of_inputs_is_refused(limit: object) -> None:
    with pytest.raises(errors.InvalidError, match="limit="):
        double.map(range(3), limit=limit)  # type: ignore[arg-type]


def test_the_rest_keeps_what_ran(tmp_path: Path) -> None:
    few = counted(tmp_path).map(range(40), limit=4)
    assert list(few) == [0, 130, 260, 390]
    whole = few.run_rest()
    assert len(whole) == 40
    assert list(whole) == [10 * x for x in range(40)]
    assert list(whole) == [10 * x for x in range(40)], "again, from what is stored"
    assert (whole[0], whole[13], whole[14], whole[-1]) == (0, 130, 140, 390)
    assert [whole.input(at) for at in (0, 13, 14, 39)] == [(0,), (13,), (14,), (39,)]
    assert runs(tmp_path) == dict.fromkeys(range(40), 1)


def test_by_index_the_rest_is_moved_on_and_read_where_it_is(tmp_path: Path) -> None:
    few = counted(tmp_path).map(range(40), limit=4).wait()
    whole = few.run_rest()
    assert [whole[at] for at in (26, 25, 39, 1)] == [260, 250, 390, 10]


def test_what_failed_among_the_few_runs_again_with_the_rest(tmp_path: Path) -> None:
    few = counted(tmp_path).map([10, 50, 90, 20], limit=2).wait()
    assert few.counts.failed == 0
    few = counted(tmp_path).map([50, 10, 90, 20], limit=2).wait()
    assert few.counts.failed == 1
    (tmp_path / "fixed").touch()
    assert list(few.run_rest()) == [500, 100, 900, 200]
    assert runs(tmp_path)[50] == 2


def test_what_fails_in_the_rest_can_be_resumed(tmp_path: Path) -> None:
    few = counted(tmp_path).map([10, 20, 50, 60, 30], limit=2).wait()
    whole = few.run_rest().wait()
    assert whole.counts.failed == 1
    with pytest.raises(ValueError, match="not yet"):
        whole[2]
    (tmp_path / "fixed").touch()
    again = whole.resume()
    assert list(again) == [100, 200, 500, 600, 300]
    assert again.details()["status"].tolist() == ["succeeded"] * 5
    assert runs(tmp_path) == {10: 1, 20: 1, 50: 2, 60: 1, 30: 1}


def test_a_limited_map_that_was_resumed_has_a_rest_too(tmp_path: Path) -> None:
    few = counted(tmp_path).map([50, 10, 90, 20], limit=2).wait()
    (tmp_path / "fixed").touch()
    fixed = few.resume().wait()
    whole = fixed.run_rest()
    assert list(whole) == [500, 100, 900, 200]
    assert whole.input(0) == (50,)
    assert runs(tmp_path) == {50: 2, 20: 1, 10: 1, 90: 1}


def test_without_having_run_the_few_the_rest_is_everything() -> None:
    assert list(double.map(range(10), limit=3).run_rest()) == [2 * x for x in range(10)]


def test_the_rest_as_they_come_is_complete() -> None:
    few = double.map(range(30), limit=3, order_outputs=False)
    few.wait()
    assert sorted(few.run_rest()) == [2 * x for x in range(30)]


def test_the_rest_of_a_generator_function_is_flat() -> None:
    @farcall.function
    def spell(word: str):  # type: ignore[no-untyped-def]
        yield from word

    few = spell.map(["ab", "cd", "", "ef"], limit=2, order_outputs=True)
    assert list(few) == ["a", "b", "e", "f"]
    assert list(few.run_rest()) == list("abcdef")


@pytest.mark.parametrize(
    "frame",
    [
        pandas.DataFrame({"x": range(10)}, index=[7, 7, *range(8)]),
        polars.DataFrame({"x": range(10)}),
        pyarrow.table({"x": list(range(10))}),
    ],
    ids=["pandas", "polars", "arrow"],
)
def test_frames_of_the_few_and_of_all_are_aligned(frame: object) -> None:
    few = double.map(frame, limit=4)
    out = few.to_frame()
    assert type(out) is type(frame)
    assert values_of(out) == [0, 6, 12, 18]
    whole = few.run_rest().to_frame()
    assert values_of(whole) == [2 * x for x in range(10)]
    if isinstance(frame, pandas.DataFrame):
        assert out.index.tolist() == [7, 1, 4, 7]
        assert whole.index.tolist() == frame.index.tolist()


def values_of(frame: Any) -> list[int]:
    column = frame["double"]
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column.to_list())


def test_the_estimate_says_what_the_rest_takes() -> None:
    @farcall.function(max_containers=1)
    def slow(x: int) -> int:
        import time

        time.sleep(0.05)
        return x

    few = slow.map(range(1000), limit=4).wait()
    estimate = few.estimate()
    assert (estimate.inputs, estimate.tried, estimate.failed, estimate.containers) == (996, 4, 0, 1)
    assert estimate.seconds is not None
    assert estimate.container_seconds is not None
    assert estimate.seconds >= 996 * 0.05
    assert estimate.seconds == estimate.container_seconds
    assert estimate.gpu_seconds == 0
    assert "996 are left" in repr(estimate)
    assert "run_rest()" in repr(estimate)


def test_the_estimate_counts_failures_and_what_is_left(tmp_path: Path) -> None:
    estimate = counted(tmp_path).map([50, 1, 2, 3], limit=2).estimate()
    assert (estimate.inputs, estimate.tried, estimate.failed) == (3, 2, 1)
    assert "1 failed" in repr(estimate)
    assert "none is left" in repr(double.map(range(3), limit=5).estimate())


def test_a_map_without_a_limit_has_no_rest() -> None:
    with pytest.raises(errors.InvalidError, match="limit="):
        double.map(range(3)).run_rest()
    with pytest.raises(errors.InvalidError, match="limit="):
        double.map(iter(range(3)), limit=2).estimate()
    assert double.map(range(9), limit=3).is_limited
    assert not double.map(range(3), limit=3).is_limited
    assert not double.map(range(3)).is_limited
