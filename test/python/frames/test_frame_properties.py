"""Frames of any library and dtype: each row goes out as it is shown, each value comes back beside its row."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farcall.frames.aligned import MISSING, align, join, long
from farcall.frames.frame import batch, rows, values

WHEN = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(lambda when: when.replace(microsecond=0))
#: One column: values of one kind, some of them missing.
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "integers": st.integers(-(2**40), 2**40),
    "floats": st.floats(width=32),
    "texts": st.text(max_size=4),
    "booleans": st.booleans(),
    "moments": WHEN,
    "days": WHEN.map(datetime.date),
    "durations": st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    "bytes": st.binary(max_size=4),
    "lists": st.lists(st.integers(0, 9), max_size=3),
}
Column = list[Any]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Column]:
    """Columns `a`, `b` and another one, of equal length, perhaps empty."""
    length = draw(st.integers(0, 12))
    columns = {}
    for name in ("a", "b", "another one"):
        kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
        cell = st.one_of(st.none(), kind) if draw(st.booleans()) else kind
        columns[name] = draw(st.lists(cell, min_size=length, max_size=length))
    return columns


def pandas_of(columns: dict[str, Column]) -> Any:
    length = len(columns["a"])
    return pd.DataFrame(columns, index=[f"r{number // 2}" for number in range(length)])


def categories_of(columns: dict[str, Column]) -> Any:
    frame = pandas_of(columns)
    for name in frame.columns:
        if not any(isinstance(cell, list) for cell in columns[name]):
            frame[name] = frame[name].astype("category")
    return frame


MAKERS: dict[str, Callable[[dict[str, Column]], Any]] = {
    "pandas": pandas_of,
    "pandas categories": categories_of,
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "pyarrow": pa.table,
}


def shown(frame: Any, name: str) -> Column:
    """A column as its own library gives it."""
    column = frame[name]
    return list(column.to_pylist() if isinstance(frame, pa.Table) else column.to_list())


def same(one: Any, other: Any) -> bool:
    """Equal, and missing where the other is, in whatever way its library says so."""
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    if isinstance(one, (datetime, date)) and isinstance(other, (datetime, date)):
        return bool(pd.Timestamp(one) == pd.Timestamp(other))
    if isinstance(one, timedelta) and isinstance(other, timedelta):
        return bool(pd.Timedelta(one) == pd.Timedelta(other))
    return list(one) == list(other) if hasattr(one, "tolist") or isinstance(one, list) else bool(one == other)


def is_missing(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def function(a: Any, b: Any, **rest: Any) -> None:
    """Two parameters by name, and the other columns."""


@pytest.mark.parametrize("library", MAKERS)
@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(0, 12), st.integers(0, 12))
def test_every_row_goes_out_as_the_library_shows_it(
    library: str, columns: dict[str, Column], first: int, last: int
) -> None:
    frame = MAKERS[library](columns)
    bound = rows(frame, function)
    expected = [shown(frame, name) for name in ("a", "b", "another one")]
    found = list(bound)
    assert len(found) == len(bound) == len(columns["a"])
    for number, (args, kwargs) in enumerate(found):
        cells = [*args, *kwargs.values()]
        assert all(same(cell, column[number]) for cell, column in zip(cells, expected, strict=True))
    part = list(bound[first:last])
    assert len(part) == len(found[first:last])
    assert all(same(args[0], whole[0]) for (args, _), (whole, _) in zip(part, found[first:last], strict=True))


@pytest.mark.parametrize("library", MAKERS)
@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(1, 5))
def test_batches_are_all_of_the_frame(library: str, columns: dict[str, Column], size: int) -> None:
    frame = MAKERS[library](columns)
    length = len(columns["a"])
    parts = [batch(frame, first, size) for first in range(0, length, size)]
    assert sum(len(part) for part in parts) == length
    for name in columns:
        cells = [cell for part in parts for cell in shown(part, name)]
        assert all(same(cell, whole) for cell, whole in zip(cells, shown(frame, name), strict=True))


@pytest.mark.parametrize("library", MAKERS)
@settings(deadline=None, max_examples=25)
@given(tables(), st.data())
def test_values_come_back_beside_their_rows(library: str, columns: dict[str, Column], data: st.DataObject) -> None:
    frame = MAKERS[library](columns)
    length = len(columns["a"])
    kind = KINDS[data.draw(st.sampled_from(sorted(KINDS)))]
    given_back = data.draw(st.lists(kind | st.just(MISSING), min_size=length, max_size=length))
    whole = join(frame, align(given_back, frame, name="value"))
    assert type(whole) is type(frame)
    for name in columns:
        assert all(same(*pair) for pair in zip(shown(whole, name), shown(frame, name), strict=True))
    for cell, value in zip(shown(whole, "value"), given_back, strict=True):
        assert is_missing(cell) if value is MISSING else same(cell, value)
    if isinstance(frame, pd.DataFrame):
        assert whole.index.tolist() == frame.index.tolist()


@pytest.mark.parametrize("library", MAKERS)
@settings(deadline=None, max_examples=25)
@given(tables(), st.lists(st.integers(0, 3), max_size=12))
def test_many_values_of_an_input_are_as_many_rows(library: str, columns: dict[str, Column], counts: list[int]) -> None:
    frame = MAKERS[library](columns)
    pairs = [(index, number) for index, count in enumerate(counts[: len(columns["a"])]) for number in range(count)]
    table = long(pairs, frame, name="item")
    assert shown(table, "item") == [item for _, item in pairs] if pairs else len(table) == 0
    if isinstance(frame, pd.DataFrame):
        assert table.index.tolist() == [frame.index[index] for index, _ in pairs]
    elif pairs:
        assert shown(table, "index") == [index for index, _ in pairs]


@pytest.mark.parametrize("library", MAKERS)
@settings(deadline=None, max_examples=25)
@given(tables())
def test_a_column_alone_is_its_values(library: str, columns: dict[str, Column]) -> None:
    frame = MAKERS[library](columns)
    if isinstance(frame, pa.Table):
        return
    found = values(frame["a"])
    assert found is not None
    assert all(same(*pair) for pair in zip(found, shown(frame, "a"), strict=True))
