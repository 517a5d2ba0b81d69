"""Maps at their edges: nothing to map, frames of every kind, lengths that are not known, values asked for early."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def add(x: int, y: int) -> int:
    return x + y


@farcall.function
def describe(x: int, name: str = "") -> dict[str, Any]:
    return {"half": x / 2, "upper": name.upper()}


@farcall.function
def spell(word: str) -> Any:
    yield from word


def endless() -> Iterator[int]:
    n = 0
    while True:
        yield n
        n += 1


@pytest.mark.parametrize(
    "nothing",
    [
        [],
        iter(()),
        range(0),
        pandas.DataFrame({"x": []}),
        polars.DataFrame({"x": []}),
        pyarrow.table({"x": pyarrow.array([], pyarrow.int64())}),
        pandas.Series([], dtype=int),
    ],
    ids=["list", "iterator", "range", "pandas", "polars", "arrow", "series"],
)
def test_nothing_to_map_is_done_at_once(nothing: Any) -> None:
    results = double.map(nothing)
    assert list(results) == []
    assert len(results) == 0
    assert results.status == "succeeded"
    out = results.to_frame()
    assert len(out) == 0
    assert list(out.column_names if isinstance(out, pyarrow.Table) else out.columns) == ["double"]
    with pytest.raises(IndexError):
        results[0]


def test_the_frame_of_nothing_keeps_its_kind_and_index() -> None:
    frame = pandas.DataFrame({"x": []}, index=pandas.Index([], name="film"))
    results = double.map(frame)
    assert results.to_frame().index.name == "film"
    assert list(results.join(frame).columns) == ["x", "double"]
    assert isinstance(double.map(polars.DataFrame({"x": []})).to_frame(), polars.DataFrame)


def test_nothing_for_a_generator_function_is_a_long_frame_without_rows() -> None:
    assert len(spell.map([]).to_frame()) == 0
    assert spell.map(["", ""]).to_frame().columns.tolist() == ["spell"]


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_of_every_kind_go_in_and_come_back(library: str) -> None:
    columns = {"name": ["a", "b", "c"], "x": [1, 2, 3], "other": [0, 0, 0]}
    frame: Any = {
        "pandas": lambda: pandas.DataFrame(columns, index=[9, 9, 3]),
        "polars": lambda: polars.DataFrame(columns),
        "pyarrow": lambda: pyarrow.table(columns),
    }[library]()
    results = describe.map(frame)
    out, joined = results.to_frame(), results.join(frame, prefix="d_")
    assert type(out) is type(joined) is type(frame)
    assert rows_of(out) == [{"half": n / 2, "upper": name} for n, name in zip((1, 2, 3), "ABC", strict=True)]
    assert list(rows_of(joined)[0]) == ["name", "x", "other", "d_half", "d_upper"]


def rows_of(frame: Any) -> list[dict[str, Any]]:
    if isinstance(frame, pandas.DataFrame):
        return list(frame.to_dict("records"))
    return list(frame.to_dicts() if isinstance(frame, polars.DataFrame) else frame.to_pylist())


def test_duplicate_and_unsorted_indexes_are_aligned_by_position_whatever_the_order() -> None:
    frame = pandas.DataFrame({"x": range(50)}, index=[n % 3 for n in range(50)])
    results = double.map(frame, order_outputs=False)
    assert results.to_frame()["double"].tolist() == [2 * x for x in range(50)]
    assert results.join(frame).index.tolist() == frame.index.tolist()


def test_a_series_keeps_its_index() -> None:
    series = pandas.Series([1, 2], index=["a", "b"], name="x")
    assert double.map(series).to_frame()["double"].to_dict() == {"a": 2, "b": 4}


def test_what_has_no_length_says_so_before_it_ran_and_knows_it_after() -> None:
    results = double.map(iter(range(7)))
    with pytest.raises(TypeError, match="no length before it has run"):
        len(results)
    assert results.status == "not started"
    list(results)
    assert len(results) == 7
    with pytest.raises(TypeError, match="no length"):
        len(double.map(endless()))


def test_a_value_is_there_as_soon_as_its_input_is_done(tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    @farcall.function
    def gated(x: int) -> int:
        time.sleep(0.02)
        while x == 1 and not gate.exists():
            time.sleep(0.01)
        return 10 * x

    results = gated.map([0, 1, 2]).start()
    assert results[0] == 0
    assert results.status == "running"
    gate.touch()
    assert results[1] == 10
    assert results[-1] == 20


def test_a_value_of_a_map_under_way_here_moves_the_map() -> None:
    results = double.map(range(3000))
    values = iter(results)
    assert next(values) == 0
    assert results[2999] == 5998
    assert list(values) == [2 * x for x in range(1, 3000)]


def test_an_input_that_an_iterator_never_had_is_an_index_error() -> None:
    results = double.map(iter([1, 2]))
    with pytest.raises(IndexError, match="there is no result 2"):
        results[2]
    with pytest.raises(IndexError, match="there is no result 0"):
        double.map(iter(()))[0]


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "second"])
@pytest.mark.parametrize("shorter", [lambda: iter([1, 2]), lambda: (n for n in (1, 2)), lambda: [1, 2]])
def test_the_longer_one_of_two_iterators_loses_no_element(shorter: Any, is_first: bool) -> None:
    longer = iter([10, 20, 30, 40])
    pair = (longer, shorter()) if is_first else (shorter(), longer)
    assert list(add.map(*pair)) == [11, 22]
    assert list(longer) == [30, 40]


def test_a_generator_beside_a_shorter_list_or_its_iterator_loses_no_element() -> None:
    for shorter in ([1, 2], iter([1, 2]), iter(range(1, 3))):
        longer = (n for n in (10, 20, 30, 40))
        assert list(add.map(longer, shorter)) == [11, 22]
        assert list(longer) == [30, 40]


def test_what_is_done_is_handed_out_before_a_slow_iterator_is_asked_again() -> None:
    handed: list[int] = []
    handed_at_pull: list[int] = []

    def slow() -> Iterator[int]:
        for n in range(3):
            time.sleep(0.6)  # slow is what takes half a second
            handed_at_pull.append(len(handed))
            if n == 1:
                assert results.call.get(timeout=30, index=0) == 0, "the first value is there while this one is pulled"
            yield n

    results = double.map(slow())
    for value in results:
        handed.append(value)
    assert handed == [0, 2, 4]
    assert handed_at_pull[2] >= 1


def test_generators_are_flat_in_both_orders() -> None:
    words = ["ab", "", "cde"]
    assert list(spell.map(words, order_outputs=True)) == list("abcde")
    assert sorted(spell.map(words, order_outputs=False)) == list("abcde")
    by_arrival = list(spell.map(words))
    assert by_arrival.index("a") < by_arrival.index("b"), "one input's values stay together and in order"
    assert by_arrival.index("c") < by_arrival.index("d") < by_arrival.index("e")


def test_for_each_may_ignore_failures_and_runs_all_the_same(tmp_path: Path) -> None:
    @farcall.function
    def touch(x: int) -> None:
        (tmp_path / str(x)).touch()
        if x == 1:
            raise ValueError(x)

    assert touch.for_each(range(5), ignore_exceptions=True) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == list("01234")


def test_a_wrong_arity_fails_its_row_alone_and_says_what_is_missing() -> None:
    values = list(describe.starmap([(1, "a"), (), (1, 2, 3)], return_exceptions=True))
    assert values[0] == {"half": 0.5, "upper": "A"}
    assert isinstance(values[1], TypeError)
    assert "'x'" in str(values[1])
    assert isinstance(values[2], TypeError)
    assert "positional arguments" in str(values[2])
