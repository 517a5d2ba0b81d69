"""What a container prints: two files in its folder, shipped to the gateway piece by piece with logical offsets.

The supervisor asks on a timer. What was shipped is given back to the disk at once, so a container that prints for days
stays small.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..wire.control_page import Running
from ..wire.redaction import Redaction
from . import processes

#: Bytes in one message.
PIECE = 64 * 1024
#: Bytes of one stream of one container that are shipped; what comes after is dropped, and said to be.
CAP = 256 * 1024 * 1024
_CUT = b"\n[farcall: this container printed more than 256 MiB; the rest is not kept]\n"
_TAIL = 4096
_NOTHING_HIDDEN = Redaction(())


@dataclass(frozen=True, slots=True)
class Piece:
    """The next bytes of a stream. lease 0: not certainly any one input's."""

    stream: Literal[1, 2]
    offset: int
    lease: int
    index: int
    data: bytes


class Tail:
    """Reads one output file from where it left off."""

    def __init__(self, path: Path, stream: Literal[1, 2], redaction: Redaction = _NOTHING_HIDDEN) -> None:
        self.path = path
        self.is_over = False  # nothing more will be printed
        self._redaction = redaction
        self._stream: Literal[1, 2] = stream
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._sent = 0
        self._last = b""  # of what was shipped

    def grown(self) -> int:
        """Bytes that are there and not shipped."""
        return os.fstat(self._file).st_size - self._sent

    def next(self, size: int, running: Running | None) -> Piece | None:
        """The next piece, at most PIECE bytes, of ``size`` that were there while ``running`` was, before and after."""
        begins = self._begin(running)
        end = self._sent + min(size, PIECE)
        if begins is not None and self._sent < begins < end:
            end = begins
        data = os.pread(self._file, end - self._sent, self._sent)
        if self._redaction:
            data = self._hidden(data)
        if not data:
            return None
        certain = begins is not None and running is not None and self._sent >= begins
        piece = Piece(
            self._stream,
            self._sent,
            running.lease if certain and running else 0,
            running.index if certain and running else 0,
            data,
        )
        self._advance(data)
        return self._capped(piece)

    def last_lines(self) -> str:
        """The end of what was printed, for a container that did not come up."""
        rest = os.pread(self._file, _TAIL, max(self._sent, os.fstat(self._file).st_size - _TAIL))
        return self._redaction.hide((self._last + rest)[-_TAIL:]).decode("utf-8", "replace").strip()

    def close(self) -> None:
        os.close(self._file)

    def _hidden(self, data: bytes) -> bytes:
        """Without secrets; what may be the beginning of one waits for its rest."""
        held = 0 if self.is_over else len(data) - self._redaction.whole(data)
        return self._redaction.hide(data[: len(data) - held])

    def _begin(self, running: Running | None) -> int | None:
        if running is None or not running.started:
            return None
        return running.out if self._stream == 1 else running.err

    def _advance(self, data: bytes) -> None:
        processes.punch(self._file, self._sent, len(data))
        self._sent += len(data)
        self._last = (self._last + data)[-_TAIL:]

    def _capped(self, piece: Piece) -> Piece | None:
        if piece.offset >= CAP:
            return None
        if self._sent >= CAP:
            return replace(piece, data=piece.data[: CAP - piece.offset] + _CUT)
        return piece
