"""A fast look at whether code is still what it was when it was described: identity, name by name.

Used for functions by `snapshot.py`, for classes by `pickler.py`. A microsecond for a function and its few names.
"""

from __future__ import annotations

import types
from collections.abc import Container

from .canonical import SKIPPED, Describer
from .lookup import global_names, home

_MISSING = object()


class CodeWatch:
    """Every function, class, global and cell that a description saw, except the places of captured values."""

    def __init__(self, seen: Describer, *, but: Container[tuple[int, str | int]] = ()) -> None:
        functions = seen.functions
        self._codes = [
            (function, function.__code__, function.__defaults__, function.__kwdefaults__) for function in functions
        ]
        self._classes = [(cls, _attributes(cls)) for cls in seen.classes]
        self._globals = [
            (function.__globals__, name, function.__globals__.get(name, _MISSING))
            for function in functions
            if home(function) is None
            for name in global_names(function.__code__)
            if (id(function.__globals__), name) not in but
        ]
        self._cells = [
            (cell, _contents(cell))
            for function in functions
            for cell in function.__closure__ or ()
            if (id(cell), 0) not in but
        ]

    def is_same(self) -> bool:
        """Whether all of them are the very objects they were."""
        for function, code, defaults, keywords in self._codes:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return False
            if function.__kwdefaults__ is not keywords:
                return False
        for namespace, name, value in self._globals:
            if namespace.get(name, _MISSING) is not value:
                return False
        for cls, attributes in self._classes:
            now = _attributes(cls)
            if now.keys() != attributes.keys() or any(now[name] is not attributes[name] for name in now):
                return False
        return all(_contents(cell) is value for cell, value in self._cells)


def _attributes(cls: type) -> dict[str, object]:
    return {name: value for name, value in vars(cls).items() if name not in SKIPPED}


def _contents(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING
