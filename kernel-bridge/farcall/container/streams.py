"""stdout and stderr of a container: files, written by descriptor, so that C code and child processes land there too.

After each input the loop asks which stretch of each file the input wrote. The answer is exact for what Python prints,
and for everything written through the inherited descriptors (they share one file position) by an input of 0.1 ms or
more. Shorter ones are looked at together: two system calls an input were a quarter of what such an input costs.
"""

from __future__ import annotations

import ctypes
import io
import os
import sys

_LINE_BUFFERED = 1
#: An input shorter than this (seconds) gets neither a flush of C's buffers nor a look at the positions of its own.
_BRIEF_S = 0.0001
#: How much user code may run between two looks.
_LOOK_EVERY_S = 0.0005

_libc = ctypes.CDLL(None)  # made before the fork: it brings a class of its own
_seek, _CURRENT = os.lseek, os.SEEK_CUR  # after every input: looking them up would cost as much as the calls

#: As in ``outcomes.put``: index, stream (1 out, 2 err), start, end.
Span = tuple[int, int, int, int]


class Streams:
    """Owns both files' positions."""

    def __init__(self) -> None:
        self._text = _reopen("stdout", 1), _reopen("stderr", 2)
        self.out = self.err = 0  # up to here everything is attributed
        self._unseen = 0.0  # seconds of user code since the last look
        self._buffer_by_line()
        self.settle(0.0)

    @property
    def texts(self) -> tuple[io.TextIOWrapper, ...]:
        """stdout and stderr, as Python code writes to them."""
        return self._text

    def settle(self, seconds: float) -> bool:
        """Write out what is buffered after ``seconds`` of user code. Whether the files are known to have grown."""
        out, err = self._text
        self._unseen += seconds
        if out.dirty or err.dirty:
            out.settle()
            err.settle()
        elif self._unseen < _LOOK_EVERY_S and seconds < _BRIEF_S:
            return False
        if seconds >= _BRIEF_S:
            _libc.fflush(None)
        return self.grew()

    def grew(self) -> bool:
        """Whether the files hold more than is attributed."""
        self._unseen = 0.0
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
                stdout = ctypes.c_void_p.in_dll(_libc, name)
            except ValueError:
                continue
            _libc.setvbuf(stdout, None, _LINE_BUFFERED, 0)


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
