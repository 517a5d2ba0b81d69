"""Where code stands: file, first line and line table of every code object, apart from the code itself.

A version ignores them, so code that is already in a container may stand elsewhere by now, in a cell that was edited
above or run in another kernel. Every call brings today's places; `loader.py` puts them on.
"""

from __future__ import annotations

import sys
import types
import zlib
from collections.abc import Iterable, Iterator

import msgspec

#: Larger tables stay at home: a call's shared payload should fit in a row of the store.
_MOST = 3 * 1024

Place = tuple[str, int, bytes]


def places_of(functions: Iterable[types.FunctionType]) -> bytes:
    """The places of all code of these functions, in order; empty when they would be too large to send each time."""
    places = [place for function in functions for place in _walk(function.__code__)]
    files = list(dict.fromkeys(file for file, _, _ in places))
    packed = msgspec.msgpack.encode((files, [(files.index(file), line, table) for file, line, table in places]))
    if len(packed) > 512:
        packed = zlib.compress(packed, 1)
    return packed if len(packed) <= _MOST else b""


def put_places(functions: Iterable[types.FunctionType], packed: bytes) -> None:
    """Put the places of `places_of` on the same functions; code that is not the same is left as it is."""
    raw = zlib.decompress(packed) if packed[:1] == b"\x78" else packed
    files, places = msgspec.msgpack.decode(raw, type=tuple[list[str], list[tuple[int, int, bytes]]])
    waiting = ((files[file], line, table) for file, line, table in places)
    for function in functions:
        try:
            function.__code__ = _put(function.__code__, waiting)
        except (StopIteration, ValueError):
            return


def _walk(code: types.CodeType) -> Iterator[Place]:
    yield code.co_filename, code.co_firstlineno, code.co_linetable
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _walk(const)


def _put(code: types.CodeType, places: Iterator[Place]) -> types.CodeType:
    file, line, table = next(places)
    consts = tuple(_put(const, places) if isinstance(const, types.CodeType) else const for const in code.co_consts)
    return code.replace(co_filename=sys.intern(file), co_firstlineno=line, co_linetable=table, co_consts=consts)
