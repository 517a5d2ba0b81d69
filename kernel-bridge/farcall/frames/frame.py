"""Dataframes in: rows of a pandas, Polars or PyArrow table as arguments of a function, bound by name.

narwhals reads them, none of them is needed. Values are converted column by column in blocks, so a row costs about a
microsecond. The way back, values to frames, is in `aligned.py`, and can be had from here.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from ..errors import InvalidError, compose, nearest
from .aligned import MISSING, align, join, long

__all__ = [
    "MISSING",
    "Rows",
    "Values",
    "align",
    "batch",
    "column",
    "columns",
    "is_frame",
    "is_series",
    "join",
    "long",
    "rows",
    "taken",
    "values",
]

#: Rows converted at a time: enough to make the conversion cheap, few enough to keep memory flat.
_BLOCK = 4096

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def is_frame(thing: object) -> bool:
    """Whether a thing is a table whose rows can be mapped."""
    if _is_builtin(thing):
        return False
    return nw.dependencies.is_into_dataframe(thing) or nw.dependencies.is_polars_lazyframe(thing)


def is_series(thing: object) -> bool:
    """Whether a thing is one column of a table library."""
    return not _is_builtin(thing) and nw.dependencies.is_into_series(thing)


def _is_builtin(thing: object) -> bool:
    """Most of what is mapped is a range, a list or a generator: these need not be asked which library made them."""
    return type(thing).__module__ == "builtins"


def rows(
    frame: object,
    function: Callable[..., Any],
    *,
    columns: Mapping[str, str] | None = None,
    rows: bool = False,
    given: Mapping[str, Any] | None = None,
) -> Rows:
    """The frame's rows as arguments of the function.

    Columns go to the parameters of their name, or as `columns` (parameter → column) says; defaults apply; `**kwargs`
    takes the rest. A parameter `row`, alone or with `rows=True`, gets the whole row as a dict. `given` are the names
    that `kwargs=` already supplies.

    Raises:
        InvalidError: a parameter without a column; an unknown name in `columns`; a lazy frame.
    """
    table = _table(frame)
    binding = _bind(_parameters(function), list(table.columns), dict(columns or {}), rows, frozenset(given or ()))
    return Rows(frame, table, binding, range(len(table)))


def values(thing: Any) -> Values | None:
    """The values of a Series or an array, as a sized iterable; None for anything else."""
    if is_series(thing):
        return Values(thing, nw.from_native(thing, series_only=True), range(len(thing)))
    if "numpy" in sys.modules and isinstance(thing, sys.modules["numpy"].ndarray) and thing.ndim > 0:
        return Values(thing, thing, range(len(thing)))
    return None


def columns(frame: Any) -> list[str]:
    """The names of a frame's columns."""
    return list(_table(frame).columns)


def column(frame: Any, name: str) -> Values:
    """One column of a frame, without the others."""
    series = _table(frame).get_column(name)
    return Values(series, series, range(len(series)))


def batch(frame: Any, first: int, count: int) -> Any:
    """`count` rows from row `first` on, as the same kind of frame or array, holding no more memory than that."""
    part = frame.iloc[first : first + count] if hasattr(frame, "iloc") else frame[first : first + count]
    if type(part).__module__.partition(".")[0] == "pyarrow":
        return frame.take(list(range(first, min(first + count, len(frame)))))  # a slice would pickle the whole table
    return part


def taken(frame: Any, positions: list[int]) -> Any:
    """The rows at these positions, as the same kind of frame or column."""
    if hasattr(frame, "iloc"):
        return frame.iloc[positions]
    return frame[positions] if type(frame).__module__.partition(".")[0] == "polars" else frame.take(positions)


@dataclass(frozen=True, slots=True)
class Binding:
    """Which column goes where: by position, by keyword, and whether a parameter takes the whole row."""

    positional: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    row: str | None = None
    row_first: bool = False


class Rows(Sequence[Arguments]):
    """Rows of a frame as (args, kwargs): sized, indexable, and sliced without a copy."""

    def __init__(self, frame: object, table: nw.DataFrame[Any], binding: Binding, span: range) -> None:
        self.frame = frame
        self._table = table
        self._binding = binding
        self._span = span
        self._names = list(dict.fromkeys((*binding.positional, *(column for _, column in binding.keywords))))
        if binding.row is not None:
            self._names = list(table.columns)

    def __len__(self) -> int:
        return len(self._span)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Rows(self.frame, self._table, self._binding, self._span[index])
        at = self._span[index]
        return next(self._converted(at, at + 1))

    def __iter__(self) -> Iterator[Arguments]:
        if self._span.step != 1:
            return (self[index] for index in range(len(self)))
        starts = range(self._span.start, self._span.stop, _BLOCK)
        return itertools.chain.from_iterable(
            self._converted(start, min(start + _BLOCK, self._span.stop)) for start in starts
        )

    def _converted(self, start: int, stop: int) -> Iterator[Arguments]:
        block = {name: self._table.get_column(name)[start:stop].to_list() for name in self._names}
        binding, count = self._binding, stop - start
        lists = [block[column] for column in binding.positional]
        args: Iterator[tuple[Any, ...]] = zip(*lists, strict=True) if lists else itertools.repeat((), count)
        if not binding.keywords and binding.row is None:
            return ((row, {}) for row in args)
        return self._with_keywords(args, block)

    def _with_keywords(self, args: Iterator[tuple[Any, ...]], block: dict[str, list[Any]]) -> Iterator[Arguments]:
        binding = self._binding
        names = [name for name, _ in binding.keywords]
        lists = [block[column] for _, column in binding.keywords]
        for number, row in enumerate(args):
            kwargs = {name: column[number] for name, column in zip(names, lists, strict=True)}
            if binding.row is None:
                yield row, kwargs
                continue
            whole = {name: column[number] for name, column in block.items()}
            if binding.row_first:
                yield (whole, *row), kwargs
            else:
                yield row, {**kwargs, binding.row: whole}


class Values(Sequence[Any]):
    """Values of a Series or an array: scalars as Python's own, parts of higher arrays as arrays."""

    def __init__(self, source: Any, column: Any, span: range) -> None:
        self.source = source
        self._column = column
        self._span = span

    def __len__(self) -> int:
        return len(self._span)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Values(self.source, self._column, self._span[index])
        at = self._span[index]
        return self._converted(at, at + 1)[0]

    def __iter__(self) -> Iterator[Any]:
        if self._span.step != 1:
            return (self[index] for index in range(len(self)))
        starts = range(self._span.start, self._span.stop, _BLOCK)
        return itertools.chain.from_iterable(
            self._converted(start, min(start + _BLOCK, self._span.stop)) for start in starts
        )

    def _converted(self, start: int, stop: int) -> Sequence[Any]:
        part = self._column[start:stop]
        if isinstance(part, nw.Series):
            return part.to_list()
        if part.ndim == 1 and part.dtype.kind in "biufcUSO":
            return part.tolist()  # type: ignore[no-any-return]
        return list(part)


def _table(frame: Any) -> nw.DataFrame[Any]:
    if nw.dependencies.is_polars_lazyframe(frame):
        raise InvalidError(compose("a lazy frame has no rows yet", do="Map frame.collect()"))
    if not is_frame(frame):
        raise InvalidError(compose("not a frame", got=type(frame).__name__, takes="a pandas, Polars or PyArrow table"))
    try:
        return nw.from_native(frame, eager_only=True)
    except nw.exceptions.DuplicateError:
        names = [str(name) for name in frame.columns]
        twice = ", ".join(dict.fromkeys(name for name in names if names.count(name) > 1))
        raise InvalidError(compose(f"the frame has more than one column called {twice}", do="Rename them")) from None


# ── binding


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise InvalidError(compose("the function's parameters are not known", do="Map the columns instead")) from None


def _bind(
    parameters: list[inspect.Parameter], names: list[str], columns: dict[str, str], rows: bool, given: frozenset[str]
) -> Binding:
    _check_columns(parameters, names, columns)
    row = _row_parameter(parameters, rows)
    positional: list[str] = []
    keywords: list[tuple[str, str]] = []
    by_name = False  # after a parameter that is left out, the others go by name
    for one in parameters:
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) or one is row:
            by_name = by_name or (one is row and one is not parameters[0])
            continue
        column = columns.get(one.name, one.name)
        if one.name in given or column not in names:
            _check_optional(one, names, given)
            by_name = True
        elif by_name or one.kind is one.KEYWORD_ONLY:
            keywords.append((one.name, column))
        else:
            positional.append(column)
    keywords += _rest(parameters, names, columns, given)
    return Binding(
        tuple(positional), tuple(keywords), row.name if row else None, row is not None and row is parameters[0]
    )


def _row_parameter(parameters: list[inspect.Parameter], rows: bool) -> inspect.Parameter | None:
    named = next((one for one in parameters if one.name == "row" and one.kind is not one.VAR_POSITIONAL), None)
    if not rows:
        return named if named is not None and len(parameters) == 1 else None
    if named is None and parameters:
        named = parameters[0]
    if named is None:
        raise InvalidError(compose("rows=True, but the function has no parameter to take the row"))
    return named


def _check_optional(one: inspect.Parameter, names: list[str], given: frozenset[str]) -> None:
    if one.default is not one.empty or one.name in given:
        return
    hint = nearest(one.name, map(str, names))
    columns = ", ".join(map(str, names)) or "no column"
    raise InvalidError(
        compose(
            f"the parameter {one.name!r} has no column; the frame has {columns}",
            do=hint or f'Say which one with columns={{"{one.name}": "..."}}',
        )
    )


def _check_columns(parameters: list[inspect.Parameter], names: list[str], columns: dict[str, str]) -> None:
    known = [one.name for one in parameters]
    takes_more = any(one.kind is one.VAR_KEYWORD for one in parameters)
    for name, column in columns.items():
        if name not in known and not takes_more:
            raise InvalidError(compose(f"columns= names {name!r}, which is no parameter", do=nearest(name, known)))
        if column not in names:
            raise InvalidError(
                compose(
                    f"columns= names the column {column!r}, which the frame has not",
                    do=nearest(str(column), map(str, names)),
                )
            )


def _rest(
    parameters: list[inspect.Parameter], names: list[str], columns: dict[str, str], given: frozenset[str]
) -> list[tuple[str, str]]:
    """What `**kwargs` takes: every column that is left, and what `columns` names beside the parameters."""
    if not any(one.kind is one.VAR_KEYWORD for one in parameters):
        return []
    known = {one.name for one in parameters}
    extra = [(name, column) for name, column in columns.items() if name not in known]
    used = {*known, *given, *columns.values(), *(name for name, _ in extra)}
    return extra + [(name, name) for name in names if isinstance(name, str) and name not in used]
