"""Dataframes out: values of inputs as a frame of the same kind, row by row beside the input.

By position, never by index label, so duplicate and unsorted indexes are safe. A failed or unfinished row is `MISSING`
and becomes a missing value. Used by `Results.to_frame`, `join` and `peek`.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import InvalidError, compose

_INT64 = range(-(2**63), 2**63)


class _Missing:
    """The value of a row that has none."""

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


def align(values: Sequence[Any], source: Any = None, *, name: str = "value") -> Any:
    """One row per value, in order: the same kind of frame as `source`, with its index.

    Dicts, dataclasses and Series spread into columns; anything else is one column called `name`. Without a frame or
    Series as source: pandas with a range index, else Polars.

    Raises:
        InvalidError: the source has another length; or neither pandas nor Polars is installed.
    """
    if _kind(source) and len(source) != len(values):
        raise InvalidError(f"{len(values):,} values do not fit beside a frame of {len(source):,} rows.")
    return _build(_columns(values, name), len(values), source, _index(source))


def long(pairs: Iterable[tuple[int, Any]], source: Any = None, *, name: str = "value") -> Any:
    """A row for each (input, value), in this order; pandas gets the index of the inputs, others a column `index`."""
    listed = list(pairs)
    columns = _columns([value for _, value in listed], name)
    positions = [position for position, _ in listed]
    if _kind(source) in ("polars", "pyarrow"):
        return _build({"index": positions, **columns}, len(listed), source, None)
    index = _index(source)
    labels = positions if index is None else index.take(positions)
    return _build(columns, len(listed), source, labels)


def join(frame: Any, values: Any, *, prefix: str = "") -> Any:
    """The frame with the columns of `values` (a frame that `align` made of the same rows) at its right.

    Raises:
        InvalidError: a name would be there twice; give a prefix.
    """
    kind = _kind(frame)
    if len(frame) != len(values):
        raise InvalidError(f"{len(values):,} rows do not fit beside a frame of {len(frame):,} rows.")
    names = [f"{prefix}{column}" if prefix else column for column in _names(values)]
    twice = [str(name) for name in names if name in set(_names(frame))]
    if twice:
        raise InvalidError(
            compose(f"the frame already has {', '.join(twice)}", do='Give a prefix, such as prefix="far_"')
        )
    if kind == "polars":
        return frame.with_columns([values[old].rename(new) for old, new in zip(_names(values), names, strict=True)])
    if kind == "pyarrow":
        for old, new in zip(_names(values), names, strict=True):
            frame = frame.append_column(new, values[old])
        return frame
    renamed = values.set_axis(names, axis=1).set_axis(frame.index, axis=0)
    return importlib.import_module("pandas").concat([frame, renamed], axis=1)


# ── values to columns


def _columns(values: Sequence[Any], name: str) -> dict[Any, list[Any]]:
    spread = [_spread(value) for value in values]
    if any(parts is None and value is not MISSING for parts, value in zip(spread, values, strict=True)) or not any(
        spread
    ):
        return {name: list(values)}
    names = dict.fromkeys(key for parts in spread if parts is not None for key in parts)
    return {key: [MISSING if parts is None else parts.get(key, MISSING) for parts in spread] for key in names}


def _spread(value: Any) -> Mapping[Any, Any] | None:
    """The columns of one value, or None when it is one column."""
    if isinstance(value, Mapping):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if type(value).__name__ == "Series" and type(value).__module__.partition(".")[0] == "pandas":
        return dict(zip(value.index, value, strict=True))
    return None


# ── columns to frames


def _kind(source: Any) -> str:
    """pandas, polars or pyarrow; empty for anything that is no frame and no column of one."""
    for cls in type(source).__mro__:
        top = cls.__module__.partition(".")[0]
        if top in ("pandas", "polars", "pyarrow") and cls.__name__ in _TABLES:
            return top
    return ""


_TABLES = ("DataFrame", "Series", "Table", "RecordBatch", "ChunkedArray", "Array", "Index")


def _index(source: Any) -> Any:
    return source.index if _kind(source) == "pandas" and hasattr(source, "index") else None


def _names(frame: Any) -> list[Any]:
    return list(frame.column_names if _kind(frame) == "pyarrow" else frame.columns)


def _build(columns: dict[Any, list[Any]], count: int, source: Any, index: Any) -> Any:
    kind = _kind(source) or _installed()
    library = importlib.import_module(kind)
    if kind == "pandas":
        labels = library.RangeIndex(count) if index is None else index
        return library.DataFrame({name: _pandas_column(library, column) for name, column in columns.items()}).set_axis(
            labels
        )
    if kind == "polars":
        return library.DataFrame([_polars_column(library, str(name), column) for name, column in columns.items()])
    return library.table({str(name): _arrow_column(library, str(name), column) for name, column in columns.items()})


def _installed() -> str:
    for name in ("pandas", "polars"):
        if importlib.util.find_spec(name) is not None:
            return name
    raise InvalidError(compose("a frame needs pandas or Polars, and neither is installed", do="Or take list(results)"))


def _pandas_column(pandas: Any, column: list[Any]) -> Any:
    present = [value for value in column if value is not MISSING]
    if len(present) == len(column):
        return pandas.Series(column, dtype=None if column else object)
    kinds = {type(value) for value in present}
    if kinds == {bool}:
        return pandas.array(_filled(column, None), dtype="boolean")
    if kinds == {int} and all(value in _INT64 for value in present):
        return pandas.array(_filled(column, None), dtype="Int64")  # float would round large numbers
    return pandas.Series(_filled(column, None), dtype=None if present else object)


def _polars_column(polars: Any, name: str, column: list[Any]) -> Any:
    filled = _filled(column, None)
    try:
        return polars.Series(name, filled)
    except (TypeError, ValueError, OverflowError, polars.exceptions.PolarsError):
        return polars.Series(name, filled, dtype=polars.Object)


def _arrow_column(arrow: Any, name: str, column: list[Any]) -> Any:
    try:
        return arrow.array(_filled(column, None))
    except (arrow.ArrowException, TypeError) as error:
        happened = f"the values of {name!r} do not fit in an Arrow column: {error}"
        raise InvalidError(compose(happened, do="Return plain values, or take list(results)")) from None


def _filled(column: list[Any], missing: Any) -> list[Any]:
    return [missing if value is MISSING else value for value in column]
