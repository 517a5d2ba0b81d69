"""Frames and arrays in parts, and what became of the parts as one frame again, row by row beside the whole.

Parts of a table library are put together by that library, without touching single values. Used by `map_batches`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidError, compose
from . import aligned
from .frame import batch, is_frame, is_series

#: What a part of "auto" size has at most, and how many parts there are at least, if there are as many rows.
_BYTES = 4 * 1024 * 1024
_PARTS = 16
_ROWS = 1_000_000
#: A row of which nobody knows how large it is.
_ROW_BYTES = 64


def has_rows(thing: object) -> bool:
    """Whether it can be taken in parts: a table, one column of a table library, or an array."""
    return is_frame(thing) or is_series(thing) or _is_array(thing)


def part(rows: Any, span: range) -> Any:
    """Some consecutive rows, as the same kind of thing, which hold no more memory than that."""
    return batch(rows, span.start, len(span))


def rows_a_batch(rows: Any) -> int:
    """How many rows a part has that is neither small nor large."""
    count = len(rows)
    each = max(1, _bytes(rows) // max(1, count))
    return max(1, min(_BYTES // each, -(-count // _PARTS), _ROWS))


def assembled(parts: Mapping[int, Any], spans: Sequence[range], source: Any, *, name: str) -> Any:
    """What became of the parts as one frame beside ``source``; rows of parts that are not there are missing values.

    Tables keep their columns and kind; anything else that has a length is one column called ``name``.

    Raises:
        InvalidError: a part has not as many rows as it was made from.
    """
    for index, value in parts.items():
        _must_fit(value, spans[index], name)
    tables = {index: _as_table(value, source, name) for index, value in parts.items()}
    if len({_library(table) for table in tables.values()}) == 1 and all(table is not None for table in tables.values()):
        return _joined(tables, spans, source, next(iter(tables.values())))
    values: list[Any] = []
    for index, span in enumerate(spans):
        values += _listed(parts[index]) if index in parts else [aligned.MISSING] * len(span)
    return aligned.align(values, source if is_frame(source) or is_series(source) else None, name=name)


def _must_fit(value: Any, span: range, name: str) -> None:
    rows = f"rows {span.start:,} to {span.stop - 1:,}"
    takes = "a frame, or something else with as many rows as it was given"
    if not hasattr(value, "__len__") or isinstance(value, (str, bytes, Mapping)):
        raise InvalidError(compose(f"{name} returned {type(value).__name__} for {rows}", takes=takes))
    if len(value) != len(span):
        raise InvalidError(
            compose(f"{name} returned {len(value):,} rows for {rows}, which are {len(span):,}", takes=takes)
        )


def _as_table(value: Any, source: Any, name: str) -> Any:
    """A table as it is, a column as a table of one; None: its values have to be taken one by one."""
    if is_frame(value):
        return value
    of_array = _library(source) if _library(source) in ("pandas", "polars") else ""
    library = of_array if _is_array(value) and value.ndim == 1 else _library(value) if is_series(value) else ""
    if library == "pandas":
        pandas = importlib.import_module("pandas")
        return value.to_frame(name) if is_series(value) else pandas.DataFrame({name: value})
    return importlib.import_module("polars").DataFrame({name: value}) if library == "polars" else None


def _library(thing: Any) -> str:
    return type(thing).__module__.partition(".")[0]


def _joined(parts: Mapping[int, Any], spans: Sequence[range], source: Any, first: Any) -> Any:
    """Tables of one library, put together by it; for a part that is missing, one with nothing but missing values."""
    library = _library(first)
    if library == "pandas":
        return _joined_pandas(parts, spans, source)
    whole = [parts[index] if index in parts else _nulls(first, len(span)) for index, span in enumerate(spans)]
    if library == "polars":
        return importlib.import_module("polars").concat(whole, how="diagonal_relaxed")
    return importlib.import_module("pyarrow").concat_tables(map(_table, whole), promote_options="permissive")


def _joined_pandas(parts: Mapping[int, Any], spans: Sequence[range], source: Any) -> Any:
    pandas = importlib.import_module("pandas")
    present = sorted(parts)
    whole = pandas.concat([parts[index] for index in present], ignore_index=True)
    count = spans[-1].stop
    if len(whole) < count:
        rows = [row for index in present for row in spans[index]]
        whole = whole.astype(_nullable(whole)).set_axis(rows, axis=0).reindex(range(count))
    index = getattr(source, "index", None) if _library(source) == "pandas" else None
    return whole if index is None else whole.set_axis(index, axis=0)


def _nullable(frame: Any) -> dict[Any, str]:
    """Types that keep whole numbers and truth as they are beside missing values; floats would round large numbers."""
    kinds = {"i": "Int64", "u": "UInt64", "b": "boolean"}
    return {name: kinds[dtype.kind] for name, dtype in frame.dtypes.items() if getattr(dtype, "kind", "") in kinds}


def _nulls(table: Any, count: int) -> Any:
    if _library(table) == "polars":
        return table.clear(count)
    arrow = importlib.import_module("pyarrow")
    return arrow.table({field.name: arrow.nulls(count, field.type) for field in table.schema})


def _table(thing: Any) -> Any:
    """A record batch is a table of one."""
    arrow = importlib.import_module("pyarrow")
    return arrow.Table.from_batches([thing]) if isinstance(thing, arrow.RecordBatch) else thing


def _listed(value: Any) -> list[Any]:
    for method in ("tolist", "to_list", "to_pylist"):
        if _is_array(value) and value.ndim > 1:
            break
        if hasattr(value, method):
            return list(getattr(value, method)())
    return list(value)


def _is_array(thing: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(thing, numpy.ndarray) and thing.ndim > 0


def _bytes(rows: Any) -> int:
    """About how much memory the rows take."""
    if hasattr(rows, "estimated_size"):
        return int(rows.estimated_size())
    if hasattr(rows, "memory_usage"):
        usage = rows.memory_usage(deep=False)
        return int(usage.sum() if hasattr(usage, "sum") else usage)
    return int(getattr(rows, "nbytes", _ROW_BYTES * len(rows)))
