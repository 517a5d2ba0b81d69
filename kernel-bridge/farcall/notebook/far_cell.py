"""The far half of ``%%remote``: runs one cell's text in a container, and packs up what it changed.

Imported by containers, so it knows only the serializer. Every name travels by itself: one that cannot be pickled loses
no other.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import types
from dataclasses import dataclass, field
from typing import Any

from ..values.serialize import dumps, loads

#: Values of these types cannot be mutated; they come back only when assigned.
_IMMUTABLE = (int, float, complex, str, bytes, bool, type(None), types.ModuleType, types.BuiltinFunctionType)


@dataclass
class Returned:
    """What comes back: pickled names, why others stayed, and the value of the last expression."""

    names: dict[str, bytes] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    value: bytes | None = None
    text: str = ""


def run_cell(source: str, filename: str, sent: dict[str, bytes], assigned: list[str]) -> Returned:
    """Run ``source`` with the names that were sent; give back what it assigned or mutated."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    returned = Returned()
    for name, pickled in sent.items():
        try:
            namespace[name] = loads(pickled)
        except Exception as exc:
            returned.kept[name] = f"could not be read there: {exc}"
    value = _execute(source, filename, namespace)
    _pack_names(returned, namespace, sent, assigned)
    if value is not None:
        _pack_value(returned, value)
    return returned


def _execute(source: str, filename: str, namespace: dict[str, Any]) -> Any:
    """Run the statements; the value of a last expression, else None."""
    tree = ast.parse(source, filename)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), filename, "eval"), namespace)


def _pack_names(returned: Returned, namespace: dict[str, Any], sent: dict[str, bytes], assigned: list[str]) -> None:
    for name in dict.fromkeys([*assigned, *sent]):
        if name not in namespace or (name not in assigned and isinstance(namespace[name], _IMMUTABLE)):
            continue
        try:
            pickled = dumps(namespace[name])
        except Exception:
            returned.kept[name] = "cannot be pickled"
            continue
        if name in assigned or pickled != sent.get(name):
            returned.names[name] = pickled


def _pack_value(returned: Returned, value: Any) -> None:
    try:
        returned.value = dumps(value)
    except Exception:
        returned.text = repr(value)
