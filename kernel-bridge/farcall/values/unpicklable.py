"""Finds what in a value cannot be pickled, and the path to it. Called by `serialize.py` on the way to an error.

A bounded walk: at every step the first part that cannot be pickled is entered, until it has no such part.
"""

from __future__ import annotations

import functools
import itertools
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import pickler

_DEPTH = 20
_PARTS = 2_000


def find(value: object, name: str) -> tuple[str, object]:
    """The path to the innermost part that cannot be pickled, such as `result['conn'].socket`, and the part."""
    path = name
    seen = {id(value)}
    for _ in range(_DEPTH):
        inner = next(
            ((step, part) for step, part in itertools.islice(_parts(value, path), _PARTS) if not _picklable(part)), None
        )
        if inner is None or id(inner[1]) in seen:
            break
        path, value = inner
        seen.add(id(value))
    return path, value


def _picklable(part: object) -> bool:
    try:
        pickler.dumps(part)
    except Exception:
        return False
    return True


def _parts(value: Any, path: str) -> Iterator[tuple[str, object]]:
    """Every part of a value with the path that leads there."""
    if path == "input" and isinstance(value, tuple) and len(value) == 2:
        yield from ((f"args[{index}]", part) for index, part in enumerate(value[0]))
        yield from ((f"argument {key}", part) for key, part in value[1].items())
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield f"{path}[{_short(key)}]", part
            yield f"{path}'s key {_short(key)}", key
    elif isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        yield from _items(value, path)
    elif isinstance(value, types.FunctionType):
        yield from _function_parts(value, path)
    elif isinstance(value, types.MethodType):
        yield f"{path}.__self__", value.__self__
    elif isinstance(value, functools.partial):
        yield from ((f"{path}.func", value.func), (f"{path}.args", value.args), (f"{path}.keywords", value.keywords))
    yield from _attributes(value, path)


def _items(value: Any, path: str) -> Iterator[tuple[str, object]]:
    """The items of a sequence; of a long one, only of the first part that fails."""
    items, first = list(value), 0
    while len(items) > _PARTS:
        half = len(items) // 2
        if _picklable(items[:half]):
            items, first = items[half:], first + half
        else:
            items = items[:half]
    for index, part in enumerate(items, first):
        yield (f"{path}[{index}]" if isinstance(value, Sequence) else f"an item of {path}"), part


def _function_parts(function: types.FunctionType, path: str) -> Iterator[tuple[str, object]]:
    from ..code.lookup import global_names

    for name in global_names(function.__code__):
        if name in function.__globals__:
            yield f"{path}, its global {name}", function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield f"{path}, its variable {name}", cell.cell_contents
        except ValueError:
            continue
    yield f"{path}.__defaults__", function.__defaults__


def _attributes(value: Any, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, (type, types.ModuleType, types.FunctionType)):
        return
    state = getattr(value, "__dict__", None)
    if isinstance(state, dict):
        yield from ((f"{path}.{name}", part) for name, part in state.items())
    for cls in type(value).__mro__:
        names = vars(cls).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if hasattr(value, name) and not name.startswith("__"):
                yield f"{path}.{name}", getattr(value, name)


def _short(key: object) -> str:
    shown = repr(key)
    return shown if len(shown) <= 40 else shown[:37] + "..."
