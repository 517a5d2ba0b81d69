"""The near half of ``%%remote``: which names a cell reads and assigns, sending them, taking back what changed.

Used by the magics. The far half is far_cell.py; between them travel pickled names, each by itself.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..values.serialize import dumps, loads
from .cell import CellBody
from .far_cell import Returned, run_cell


@dataclass(frozen=True)
class Names:
    """What a cell does to the names of its notebook."""

    read: tuple[str, ...]
    assigned: tuple[str, ...]


def names_of(source: str) -> Names:
    """The global names that ``source`` reads and those it assigns, functions inside it included."""
    module = symtable.symtable(source, "<cell>", "exec")
    read: dict[str, None] = {}
    assigned: dict[str, None] = {}
    for table, symbol in _symbols(module):
        if table is not module and not symbol.is_global():
            continue
        name = symbol.get_name()
        if symbol.is_referenced():
            read[name] = None
        if symbol.is_assigned() or symbol.is_imported() or (table is module and symbol.is_namespace()):
            assigned[name] = None
    read |= dict.fromkeys(_augmented(source))
    return Names(tuple(read), tuple(assigned))


def run_remotely(shell: Any, body: CellBody, options: dict[str, Any]) -> Any:
    """Run the cell far away; the value of its last expression, for the notebook to display."""
    __tracebackhide__ = True
    names = names_of(body.source)
    sent, unsent = _pack(_own_names(shell), names.read)
    far = _far_function(options)
    try:
        returned: Returned = far.remote(body.source, body.filename, sent, list(names.assigned))
    except NameError as exc:
        _explain(exc, unsent)
        raise
    kept = unsent | returned.kept
    taken = _take(shell.user_ns, returned.names, kept)
    print(report(_visible(shell.user_ns, sent), _visible(shell.user_ns, taken), kept))
    if returned.value is not None:
        return loads(returned.value)
    if returned.text:
        print(returned.text)
    return None


def report(sent: list[str], taken: list[str], kept: dict[str, str]) -> str:
    """``sent x, df · returned model · kept far: conn (cannot be pickled)``"""
    parts = [f"sent {', '.join(sent) or 'nothing'}", f"returned {', '.join(taken) or 'nothing'}"]
    if kept:
        parts.append("kept far: " + ", ".join(f"{name} ({why})" for name, why in kept.items()))
    return " · ".join(parts)


def _explain(error: NameError, unsent: dict[str, str]) -> None:
    """Say why a name that is here was not there."""
    for name, why in unsent.items():
        if f"'{name}'" in str(error) and hasattr(error, "add_note"):
            error.add_note(f"farcall: {name} was {why}")


def _far_function(options: dict[str, Any]) -> Any:
    from .. import function

    return function(**({"name": "remote_cell", "timeout": None} | options))(run_cell)


def _own_names(shell: Any) -> dict[str, Any]:
    """The user's names, without builtins and what IPython itself put there (`open`, `exit`, `In`, …)."""
    hidden, nothing = shell.user_ns_hidden, object()
    given = {name: value for name, value in shell.user_ns.items() if hidden.get(name, nothing) is not value}
    return {name: value for name, value in given.items() if getattr(builtins, name, nothing) is not value}


def _pack(namespace: dict[str, Any], read: tuple[str, ...]) -> tuple[dict[str, bytes], dict[str, str]]:
    sent: dict[str, bytes] = {}
    unsent: dict[str, str] = {}
    for name in read:
        if name not in namespace:
            continue
        try:
            sent[name] = bytes(dumps(namespace[name]))
        except Exception:
            unsent[name] = "not sent: cannot be pickled"
    return sent, unsent


def _take(namespace: dict[str, Any], names: dict[str, bytes], kept: dict[str, str]) -> list[str]:
    taken = []
    for name, pickled in names.items():
        try:
            namespace[name] = loads(pickled)
        except Exception as exc:
            kept[name] = f"could not be read here: {exc}"
        else:
            taken.append(name)
    return taken


def _visible(namespace: dict[str, Any], names: Any) -> list[str]:
    """Without modules and private names: nobody thinks of those as values."""
    shown = (name for name in names if not name.startswith("_"))
    return [name for name in shown if not isinstance(namespace.get(name), types.ModuleType)]


def _augmented(source: str) -> Iterator[str]:
    """Targets of ``x += …``: read as well, which symtable does not say."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _symbols(table: symtable.SymbolTable) -> Iterator[tuple[symtable.SymbolTable, symtable.Symbol]]:
    for symbol in table.get_symbols():
        yield table, symbol
    for child in table.get_children():
        yield from _symbols(child)
