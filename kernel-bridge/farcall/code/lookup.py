"""Questions about code: where it is found, which global names it uses, what it imports.

Shared by the description of versions and by the pickler, which must agree on every answer.
"""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Iterator
from typing import Any

_MAIN = ("__main__", "__mp_main__")


def by_reference(thing: Any) -> bool:
    """Whether a function or class is found by importing its module, and is that very object there."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", None)
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    if module is None or name is None or module.__name__ in _MAIN:
        return False
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is thing


def home(function: types.FunctionType) -> types.ModuleType | None:
    """The importable module whose globals a function uses; None for functions of cells and scripts."""
    module = sys.modules.get(function.__module__ or "")
    if module is None or vars(module) is not function.__globals__ or module.__name__ in _MAIN:
        return None
    return module if getattr(module, "__spec__", None) is not None else None


def is_once(thing: object) -> bool:
    """Whether a thing is a `farcall.once` wrapper; `__farcall_once__` is the function it wraps."""
    return hasattr(type(thing), "__farcall_once__")


def reference_name(thing: object) -> str | None:
    """`app/name` of a farcall Function, None for anything else. Only types that say so are asked."""
    if not hasattr(type(thing), "__farcall_function__"):
        return None
    name = thing.__farcall_function__  # type: ignore[attr-defined]
    return name if isinstance(name, str) else None


def global_names(code: types.CodeType) -> tuple[str, ...]:
    """The global names that a function's code reads or writes, nested code and class bodies included, in order."""
    known = _global_names.get(code)
    if known is None:
        known = _global_names[code] = tuple(dict.fromkeys(_walk_names(code)))
    return known


_global_names: dict[types.CodeType, tuple[str, ...]] = {}
_NAME_OPS = frozenset(("LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))


def _walk_names(code: types.CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in _NAME_OPS:
            yield instruction.argval
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _walk_names(const)


def imported_names(code: types.CodeType) -> Iterator[str]:
    """The modules that code imports absolutely, nested code included."""
    for one in dis.get_instructions(code):
        if one.opname == "IMPORT_NAME" and one.argval:
            yield one.argval
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from imported_names(const)
