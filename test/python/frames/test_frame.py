"""Frames in, row by row; frames out, aligned to what went in."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farcall.errors import InvalidError
from farcall.frames import frame
from farcall.frames.frame import MISSING, align, batch, is_frame, is_series, join, long, rows, values

COLUMNS = {"title": ["Alien", "Brazil", "Clue"], "gross": [1, 2, 3], "rating": [8.5, 7.0, 7.2]}
KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


@pytest.fixture(params=list(KINDS))
def movies(request):
    return KINDS[request.param](COLUMNS)


def bound(table: Any, function: Any, **told: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return list(rows(table, function, **told))


def called(table: Any, function: Any, **told: Any) -> list[Any]:
    return [function(*args, **kwargs) for args, kwargs in rows(table, function, **told)]


# ── in


def test_frames_and_series_are_told_from_other_things(movies):
    assert is_frame(movies)
    assert is_series(pd.Series([1]))
    assert is_series(pl.Series([1]))
    assert not any(map(is_frame, ([1], {"a": 1}, np.zeros(3), pd.Series([1]), "text", iter([]))))


def test_columns_go_to_the_parameters_of_their_name(movies):
    assert called(movies, lambda gross, title: (title, gross)) == [("Alien", 1), ("Brazil", 2), ("Clue", 3)]


def test_columns_can_be_named(movies):
    assert called(movies, lambda name, money: (name, money), columns={"name": "title", "money": "gross"})[0] == (
        "Alien",
        1,
    )


def test_defaults_apply_where_no_column_is(movies):
    assert called(movies, lambda title, limit=7, *, rating, other="x": (title, limit, rating, other))[0] == (
        "Alien",
        7,
        8.5,
        "x",
    )


def test_keyword_arguments_take_the_rest(movies):
    assert called(movies, lambda title, **rest: (title, rest))[0] == ("Alien", {"gross": 1, "rating": 8.5})
    assert called(movies, lambda **rest: rest, columns={"money": "gross"})[0] == {
        "money": 1,
        "title": "Alien",
        "rating": 8.5,
    }


def test_positional_only_parameters_are_filled(movies):
    def f(title, gross, /, rating):
        return title, gross, rating

    assert called(movies, f)[1] == ("Brazil", 2, 7.0)


def test_a_parameter_named_row_takes_the_whole_row(movies):
    assert called(movies, lambda row: row)[2] == {"title": "Clue", "gross": 3, "rating": 7.2}
    assert called(movies, lambda title, row: (title, row["gross"]), rows=True)[2] == ("Clue", 3)
    assert called(movies, lambda record: record["gross"], rows=True) == [1, 2, 3]


def test_what_kwargs_gives_needs_no_column(movies):
    assert bound(movies, lambda title, model: None, given={"model": 1})[0] == (("Alien",), {})
    assert bound(movies, lambda title, gross, rating: None, given={"gross": 1})[0] == (("Alien",), {"rating": 8.5})


@pytest.mark.parametrize(
    ("function", "told", "says"),
    [
        (lambda titel: None, {}, ["'titel'", "title, gross, rating", 'Did you mean "title"?']),
        (lambda xyz: None, {}, ["'xyz'", 'columns={"xyz"']),
        (lambda title: None, {"columns": {"titel": "title"}}, ["'titel'", "no parameter", 'Did you mean "title"?']),
        (lambda title: None, {"columns": {"title": "Title "}}, ["'Title '", 'Did you mean "title"?']),
        (lambda: None, {"rows": True}, ["no parameter"]),
    ],
)
def test_what_cannot_be_bound_is_refused_with_the_nearest_name(movies, function, told, says):
    with pytest.raises(InvalidError) as raised:
        rows(movies, function, **told)
    for words in says:
        assert words in str(raised.value)


def test_scalars_arrive_as_pythons_own(movies):
    for args, _ in rows(movies, lambda title, gross, rating: None):
        assert [type(arg) for arg in args] == [str, int, float]


def test_missing_values_arrive_as_the_frame_has_them():
    nullable = pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "x": [1.5, float("nan")]})
    (n, x), _ = bound(nullable, lambda n, x: None)[1]
    assert n is pd.NA
    assert math.isnan(x)
    assert bound(pl.DataFrame({"n": [1, None]}), lambda n: None)[1] == ((None,), {})
    assert bound(pa.table({"n": [1, None]}), lambda n: None)[1] == ((None,), {})


def test_times_arrive_as_the_frames_own_times():
    table = pd.DataFrame({"at": pd.to_datetime(["2026-01-02"])})
    assert bound(table, lambda at: None)[0][0] == (pd.Timestamp("2026-01-02"),)


def test_rows_are_sized_indexed_and_sliced(movies):
    listed = rows(movies, lambda title: None)
    assert len(listed) == 3
    assert listed[1] == (("Brazil",), {})
    assert listed[-1] == (("Clue",), {})
    assert list(listed[1:]) == [(("Brazil",), {}), (("Clue",), {})]
    assert list(listed[::-2]) == [(("Clue",), {}), (("Alien",), {})]
    assert list(listed[:0]) == []
    with pytest.raises(IndexError):
        listed[3]


def test_more_rows_than_a_block_keep_their_order():
    table = pd.DataFrame({"n": range(10_000)})
    assert [args[0] for args, _ in rows(table, lambda n: None)] == list(range(10_000))


def test_a_frame_without_rows_gives_nothing(movies):
    assert bound(movies[:0], lambda title: None) == []


def test_a_lazy_frame_and_equal_column_names_are_refused():
    with pytest.raises(InvalidError, match="collect"):
        rows(pl.LazyFrame(COLUMNS), lambda title: None)
    with pytest.raises(InvalidError, match="Rename"):
        rows(pd.DataFrame([[1, 2]], columns=["a", "a"]), lambda a: None)


def test_columns_that_are_no_text_do_not_disturb():
    table = pd.DataFrame({0: [1], "title": ["Alien"]})
    assert bound(table, lambda title, **rest: None) == [(("Alien",), {})]


@pytest.mark.parametrize(
    "series", [pd.Series([1, 2], index=[9, 9]), pl.Series([1, 2]), pa.chunked_array([[1], [2]]), np.array([1, 2])]
)
def test_a_series_or_an_array_maps_its_values(series):
    found = values(series)
    assert found is not None
    assert list(found) == [1, 2]
    assert {type(value) for value in found} == {int}
    assert (len(found), found[1], list(found[1:])) == (2, 2, [2])


def test_a_matrix_maps_its_rows_and_times_stay_times():
    matrix = values(np.arange(6).reshape(3, 2))
    assert matrix is not None
    assert [row.tolist() for row in matrix] == [[0, 1], [2, 3], [4, 5]]
    days = values(np.array(["2026-01-02"], dtype="datetime64[ns]"))
    assert days is not None
    assert next(iter(days)) == np.datetime64("2026-01-02")
    assert values([1, 2]) is None
    assert values(np.float64(3)) is None


def test_a_batch_is_the_same_kind_and_holds_only_its_rows(movies):
    part = batch(movies, 1, 2)
    assert type(part) is type(movies)
    assert len(part) == 2
    import pickle

    large = pa.table({"n": range(100_000)})
    assert len(pickle.dumps(batch(large, 10, 10))) < 10_000
    assert batch(np.arange(10), 8, 5).tolist() == [8, 9]


# ── out


@dataclasses.dataclass
class Score:
    value: float
    label: str


def test_values_come_back_as_one_column_named_after_the_function(movies):
    out = align([10, 20, 30], movies, name="score")
    assert type(out) is type(movies)
    assert list(out["score"].to_pylist() if isinstance(out, pa.Table) else out["score"]) == [10, 20, 30]


@pytest.mark.parametrize(
    "results",
    [
        [{"value": 1.0, "label": "a"}, {"value": 2.0, "label": "b"}, {"value": 3.0, "label": "c"}],
        [Score(1.0, "a"), Score(2.0, "b"), Score(3.0, "c")],
        [
            pd.Series({"value": 1.0, "label": "a"}),
            pd.Series({"value": 2.0, "label": "b"}),
            pd.Series({"value": 3.0, "label": "c"}),
        ],
    ],
)
def test_dicts_dataclasses_and_series_spread_into_columns(movies, results):
    out = align(results, movies, name="score")
    assert list(out.column_names if isinstance(out, pa.Table) else out.columns) == ["value", "label"]


def test_failed_rows_are_missing(movies):
    out = align([{"n": 1, "s": "a"}, MISSING, {"n": 3}], movies)
    column = out["n"].to_pylist() if isinstance(out, pa.Table) else out["n"].to_list()
    assert (column[0], column[2]) == (1, 3)
    assert column[1] is None or column[1] is pd.NA
    assert len(out) == 3


def test_whole_numbers_stay_whole_beside_a_failed_row():
    out = align([2**60 + 1, MISSING, 3], pd.DataFrame(COLUMNS))
    assert out["value"][0] == 2**60 + 1
    assert pd.isna(out["value"][1])


def test_when_all_failed_there_is_one_empty_column(movies):
    out = align([MISSING] * 3, movies, name="score")
    assert list(out.column_names if isinstance(out, pa.Table) else out.columns) == ["score"]
    assert len(out) == 3


def test_dicts_beside_other_values_are_one_column():
    assert list(align([{"a": 1}, 2], None, name="score").columns) == ["score"]


def test_duplicate_and_unsorted_indexes_are_kept_by_position():
    table = pd.DataFrame(COLUMNS, index=[7, 3, 7])
    out = join(table, align([10, 20, 30], table, name="score"))
    assert out["score"].tolist() == [10, 20, 30]
    assert out.index.tolist() == [7, 3, 7]
    assert out["title"].tolist() == COLUMNS["title"]


def test_join_puts_prefixed_columns_at_the_right(movies):
    out = join(movies, align([{"n": 1}, {"n": 2}, {"n": 3}], movies), prefix="far_")
    assert list(out.column_names if isinstance(out, pa.Table) else out.columns) == ["title", "gross", "rating", "far_n"]


def test_join_leaves_the_input_alone_and_refuses_a_name_that_is_there(movies):
    with pytest.raises(InvalidError, match=r"already has title.*prefix"):
        join(movies, align([{"title": 1}] * 3, movies))
    join(movies, align([1, 2, 3], movies, name="n"))
    assert list(movies.column_names if isinstance(movies, pa.Table) else movies.columns) == list(COLUMNS)


def test_arrays_lists_and_nothing_are_values_like_others(movies):
    for results in ([[1, 2], [3], []], [None, None, None], [b"a", b"b", b"c"]):
        out = align(results, movies, name="v")
        assert len(out) == 3
    out = align([np.zeros(3), np.ones(3), MISSING], pd.DataFrame(COLUMNS), name="v")
    assert out["v"][1].tolist() == [1, 1, 1]


def test_values_of_a_series_come_back_with_its_index():
    series = pd.Series([5, 6], index=["b", "a"])
    assert align([1, 2], series, name="f").index.tolist() == ["b", "a"]
    assert isinstance(align([1, 2], pl.Series([5, 6]), name="f"), pl.DataFrame)


def test_plain_inputs_give_a_range_index():
    out = align([1, 2], name="f")
    assert isinstance(out, pd.DataFrame)
    assert out.index.tolist() == [0, 1]


def test_without_pandas_and_polars_there_is_no_frame(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidError, match="list\\(results\\)"):
        align([1])


def test_a_generator_function_gives_a_long_frame_with_the_inputs_index():
    table = pd.DataFrame(COLUMNS, index=[7, 3, 7])
    out = long([(0, "a"), (2, "b"), (2, "c")], table, name="word")
    assert out.index.tolist() == [7, 7, 7]
    assert out["word"].tolist() == ["a", "b", "c"]
    assert long([(0, "a"), (2, "b")], pl.DataFrame(COLUMNS), name="word").to_dict(as_series=False) == {
        "index": [0, 2],
        "word": ["a", "b"],
    }
    assert long([(0, "a"), (0, "b")], name="word").index.tolist() == [0, 0]


def test_another_number_of_rows_is_refused(movies):
    with pytest.raises(InvalidError, match="2 values"):
        align([1, 2], movies)


CELLS = st.integers(-(2**63), 2**63 - 1) | st.just(MISSING)


@given(st.lists(st.tuples(st.integers(0, 3), CELLS), max_size=30))
def test_every_value_lands_in_the_row_of_its_input(pairs):
    table = pd.DataFrame({"n": range(len(pairs))}, index=[label for label, _ in pairs])
    out = join(table, align([value for _, value in pairs], table, name="v"))
    assert out["n"].tolist() == list(range(len(pairs)))
    assert out.index.tolist() == [label for label, _ in pairs]
    for (_, value), found in zip(pairs, out["v"], strict=True):
        assert pd.isna(found) if value is MISSING else found == value


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"a": st.integers(0, 9), "b": st.text(max_size=3)}), min_size=1, max_size=20
    )
)
def test_spread_dicts_keep_their_values_in_every_library(results):
    for make in KINDS.values():
        table = make({"n": list(range(len(results)))})
        out = align(results, table, name="v")
        lists = {
            name: list(out[name].to_pylist()) if isinstance(out, pa.Table) else out[name].to_list()
            for name in ("a", "b")
            if any(name in result for result in results)
        }
        for name, column in lists.items():
            for result, found in zip(results, column, strict=True):
                assert found == result[name] if name in result else found is None or pd.isna(found)


def test_the_module_names_what_it_offers():
    assert all(hasattr(frame, name) for name in frame.__all__)
