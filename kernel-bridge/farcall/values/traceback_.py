"""Tracebacks that travel: frames as plain tuples, and real traceback objects made from them.

Used by `failure.py` on both sides. tblib's stand-in frames put the carets of Python 3.11 under the wrong characters,
so ours carry the columns. Knows files and lines, nothing of exceptions or calls.
"""

from __future__ import annotations

import itertools
import linecache
import sysconfig
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

E = TypeVar("E", bound=BaseException)

#: file, function, line, last line, column, last column (-1: not known), first line of the function
Frame = tuple[str, str, int, int, int, int, int]

#: Of a very deep traceback only the outer and the inner end travel.
_OUTER, _INNER = 20, 60
_CONTEXT = 3
_OURS = str(Path(__file__).parents[1]) + "/"
_NOT_USERS = tuple(
    {str(Path(path)) + "/" for name, path in sysconfig.get_paths().items() if name in ("stdlib", "platstdlib")}
)


def is_ours(file: str) -> bool:
    """Whether the file is one of farcall's own."""
    return file.startswith(_OURS)


def is_users(file: str) -> bool:
    """Whether the file is the user's: a cell, a script, a module of theirs; no installed package, no part of Python."""
    if is_ours(file) or file.startswith("<frozen") or file == "<string>":
        return False
    return not ("/site-packages/" in file or "/dist-packages/" in file or file.startswith(_NOT_USERS))


def record(tb: types.TracebackType | None) -> list[Frame]:
    """The frames of a traceback, outermost first, without ours."""
    frames: list[Frame] = []
    while tb is not None:
        code = tb.tb_frame.f_code
        if not is_ours(code.co_filename):
            linecache.lazycache(code.co_filename, tb.tb_frame.f_globals)  # sources that came with the code
            frames.append((code.co_filename, code.co_name, tb.tb_lineno, *_columns(code, tb), code.co_firstlineno))
        tb = tb.tb_next
    return frames if len(frames) <= _OUTER + _INNER else frames[:_OUTER] + frames[-_INNER:]


def without_ours(error: E) -> E:
    """The same exception, its traceback without frames of ours; for whoever raises it again to its caller."""
    kept: list[types.TracebackType] = []
    tb = error.__traceback__
    while tb is not None:
        if not is_ours(tb.tb_frame.f_code.co_filename):
            kept.append(tb)
        tb = tb.tb_next
    for above, below in itertools.zip_longest(kept, kept[1:]):
        above.tb_next = below
    return error.with_traceback(kept[0] if kept else None)


def rebuild(frames: Iterable[Frame]) -> types.TracebackType | None:
    """A traceback object that shows these frames; its frames hold no variables."""
    top: types.TracebackType | None = None
    for frame in reversed(list(frames)):
        below = _stand_in(frame)
        below.tb_next = top
        top = below
    return top


def user_frame(frames: Iterable[Frame]) -> str:
    """`file:line` of the innermost frame that is the user's; empty when there is none."""
    return next((f"{frame[0]}:{frame[2]}" for frame in reversed(list(frames)) if is_users(frame[0])), "")


def lines_of(frames: Iterable[Frame]) -> dict[str, dict[int, str]]:
    """The source around every frame of the user's, by file and line: what a reader without the file needs."""
    lines: dict[str, dict[int, str]] = {}
    for file, _, line, *_rest in frames:
        if is_users(file):
            source = linecache.getlines(file)
            around = range(max(1, line - _CONTEXT), min(len(source), line + _CONTEXT) + 1)
            lines.setdefault(file, {}).update((number, source[number - 1]) for number in around)
    return lines


def put_lines(lines: Mapping[str, Mapping[int, str]]) -> None:
    """Make brought lines known to linecache, for files that cannot be read here."""
    for file, known in lines.items():
        if known and (not linecache.getlines(file) or file in _brought):
            _brought.setdefault(file, {}).update(known)
            merged = _brought[file]
            put_source(file, [merged.get(number, "\n") for number in range(1, max(merged) + 1)])


_brought: dict[str, dict[int, str]] = {}


def put_sources(sources: Mapping[str, str]) -> None:
    """Make whole sources known to linecache, by the file name that code objects carry."""
    for file, source in sources.items():
        put_source(file, source.splitlines(keepends=True))


def put_source(file: str, lines: list[str]) -> None:
    """Make one file's lines known to linecache. Files on disk keep their own."""
    if Path(file).is_file():
        return
    linecache.cache[file] = (sum(map(len, lines)), None, lines, file)  # no time: checkcache leaves it alone


def _columns(code: types.CodeType, tb: types.TracebackType) -> tuple[int, int, int]:
    positions: Any = getattr(code, "co_positions", None)  # since Python 3.11
    if positions is None or tb.tb_lasti < 0:
        return (tb.tb_lineno, -1, -1)
    _, end, column, last = next(itertools.islice(positions(), tb.tb_lasti // 2, None), (None,) * 4)
    return (end or tb.tb_lineno, -1 if column is None else column, -1 if last is None else last)


class _StandIn(Exception):
    pass


_STUB = compile("raise stand_in", "<far>", "exec")


def _stand_in(frame: Frame) -> types.TracebackType:
    file, name, line, *_, first = frame
    changed: dict[str, Any] = {"co_filename": file, "co_name": name}
    if hasattr(_STUB, "co_positions"):  # IPython numbers a frame's lines from where its function begins
        changed |= {"co_firstlineno": first, "co_linetable": _line_table(frame), "co_qualname": name}
    else:
        changed["co_firstlineno"] = max(line, 1)
    try:
        exec(_STUB.replace(**changed), {"stand_in": _StandIn, "__name__": "<far>", "__file__": file})
    except _StandIn as raised:
        made = raised.__traceback__.tb_next if raised.__traceback__ else None
        if made is not None:
            return made
    raise AssertionError("a stand-in frame did not raise")


def _line_table(frame: Frame) -> bytes:
    """One location for all of the stub's instructions, in the format of PEP 626/657 (Objects/locations.md)."""
    _, _, line, end, column, last, first = frame
    table, step = bytearray(), line - first  # each entry's line counts from the one before it
    for _ in range(0, len(_STUB.co_code) // 2, 8):
        if column < 0 or last < 0 or end < line:
            table += bytes((0x80 | 13 << 3 | 7,)) + _signed(step)
        else:
            spans = map(_varint, (end - line, column + 1, last + 1))
            table += bytes((0x80 | 14 << 3 | 7,)) + _signed(step) + b"".join(spans)
        step = 0
    return bytes(table)


def _signed(number: int) -> bytes:
    return _varint(-number << 1 | 1 if number < 0 else number << 1)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 63:
        out.append(number & 63 | 64)
        number >>= 6
    out.append(number)
    return bytes(out)
