"""stdout and stderr of a container: files, written by descriptor, so that C code and child processes land there too.

After each input the loop asks which stretch of each file the input wrote. The answer is exact for everything written
through the inherited descriptors, because they share one file position.
"""

from __future__ import annotations

import ctypes
import io
import os
import sys

_LINE_BUFFERED = 1
#: An input shorter than this (seconds) that moved no file position has no text waiting in C's buffers worth a flush.
_FLUSH_ABOVE = 0.0001

_seek, _CURRENT = os.lseek, os.SEEK_CUR  # after every input: looking them up would cost as much as the calls

#: As in ``outcomes.put``: index, stream (1 out, 2 err), start, end.
Span = tuple[int, int, int, int]


class Streams:
    """Owns both files' positions."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._text = _reopen("stdout", 1), _reopen("stderr", 2)
        self.out = self.err = 0  # up to here everything is attributed
        self._buffer_by_line()
        self.settle(0.0)

    def settle(self, seconds: float) -> bool:
        """Write out what is buffered after ``seconds`` of user code. Whether the files grew."""
        out, err = self._text
        if out.dirty:
            out.settle()
        if err.dirty:
            err.settle()
        if seconds > _FLUSH_ABOVE:
            self._libc.fflush(None)
        try:
            return _seek(1, 0, _CURRENT) != self.out or _seek(2, 0, _CURRENT) != self.err
        except OSError:
            return _position(1) != self.out or _position(2) != self.err

    def take(self, index: int) -> list[Span]:
        """The stretches written since the last time, now attributed to input ``index``."""
        out, err = _position(1), _position(2)
        spans = [(index, 1, self.out, out)] if out > self.out else []
        if err > self.err:
            spans.append((index, 2, self.err, err))
        self.out, self.err = out, err
        return spans

    def skip(self) -> None:
        """What was written since belongs to no input."""
        self.settle(1.0)
        self.out, self.err = _position(1), _position(2)

    def _buffer_by_line(self) -> None:
        """C's stdout is fully buffered when it is a file; a crash would swallow what was printed."""
        for name in ("stdout", "__stdoutp"):
            try:
                stdout = ctypes.c_void_p.in_dll(self._libc, name)
            except ValueError:
                continue
            self._libc.setvbuf(stdout, None, _LINE_BUFFERED, 0)


class _Text(io.TextIOWrapper):
    """Knows whether anything was written: asking costs less than a flush, and most inputs print nothing."""

    dirty = False

    def write(self, text: str, /) -> int:
        self.dirty = True
        return super().write(text)

    def settle(self) -> None:
        self.dirty = False
        if not self.closed:
            self.flush()


def _position(descriptor: int) -> int:
    try:
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    except OSError:
        return 0  # the user closed it


def _reopen(name: str, descriptor: int) -> _Text:
    text = _Text(
        io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False)),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    setattr(sys, name, text)
    setattr(sys, f"__{name}__", text)
    return text
