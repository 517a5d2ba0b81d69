"""The part of WebSocket (RFC 6455) that a client of the gateway needs, without I/O: the handshake, and its frames.

Messages are binary. Ours leave in one frame under a zero key: masking keeps scripts in browsers from forging requests
to proxies, which is nothing we could do by accident. What arrives is read into one buffer that is used again and again;
a fresh one for each read would cost more than everything else here.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

CONTINUATION, BINARY, CLOSE, PING = 0x0, 0x2, 0x8, 0x9
_FINAL, _MASKED = 0x80, 0x80
_PONG = 0xA
_NO_KEY = bytes(4)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BUFFER = 256 * 1024
#: A frame's first bytes are at most so many.
_HEADER = 10


class Violation(Exception):
    """The bytes are no WebSocket frames that a server may send. ``code`` is the close code for it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Frame(NamedTuple):
    """One frame that arrived; ``data`` is its own copy."""

    opcode: int
    is_last: bool
    data: bytes | bytearray


class Inbound:
    """What arrives, cut into frames: read into :meth:`room`, then tell :meth:`took`."""

    def __init__(self, limit: int) -> None:
        """``limit``: bytes above which a frame is refused."""
        self._limit = limit
        self._buffer = memoryview(bytearray(_BUFFER))
        self._start = self._end = 0  # the bytes in the buffer that were not cut yet
        self._large: tuple[int, bytearray, int] | None = None  # a frame larger than the buffer: head, bytes, how many

    def room(self) -> memoryview:
        """Where the next bytes belong; never empty."""
        if self._large is not None:
            return memoryview(self._large[1])[self._large[2] :]
        return self._buffer[self._end :]

    def took(self, count: int) -> Iterator[Frame]:
        """``count`` bytes were read into the room: the frames that are whole now. Raises :class:`Violation`."""
        if self._large is not None:
            head, data, filled = self._large
            self._large = (head, data, filled + count)
            if filled + count < len(data):
                return
            self._large = None
            yield Frame(head & 0x0F, bool(head & _FINAL), data)
            return
        self._end += count
        while (frame := self._cut()) is not None:
            yield frame
        if self._start == self._end:
            self._start = self._end = 0
        elif self._start:
            kept = self._end - self._start
            self._buffer[:kept] = self._buffer[self._start : self._end]
            self._start, self._end = 0, kept

    def _cut(self) -> Frame | None:
        """The next frame, if all of it is in the buffer."""
        buffer, start, there = self._buffer, self._start, self._end - self._start
        if there < 2:
            return None
        head, size, at = buffer[start], buffer[start + 1], 2
        if size & _MASKED or head & 0x70:
            raise Violation(1002, "a server's frames are neither masked nor extended")
        if size == 126:
            size, at = int.from_bytes(buffer[start + 2 : start + 4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(buffer[start + 2 : start + 10], "big"), 10
        if there < at:
            return None
        if size > self._limit:
            raise Violation(1009, f"a frame of {size} bytes")
        first = start + at
        if there - at >= size:
            self._start = first + size
            return Frame(head & 0x0F, bool(head & _FINAL), bytes(buffer[first : first + size]))
        if size > _BUFFER - _HEADER:
            data = bytearray(size)
            data[: there - at] = buffer[first : self._end]
            self._large = (head, data, there - at)
            self._start = self._end
        return None


def head_of(size: int, opcode: int = BINARY) -> bytes:
    """What goes before ``size`` bytes of a whole message."""
    if size < 126:
        return bytes((_FINAL | opcode, _MASKED | size)) + _NO_KEY
    if size < 65536:
        return struct.pack(">BBH4x", _FINAL | opcode, _MASKED | 126, size)
    return struct.pack(">BBQ4x", _FINAL | opcode, _MASKED | 127, size)


def close_frame(code: int, reason: str) -> bytes:
    """Says goodbye."""
    data = code.to_bytes(2, "big") + reason.encode()[:120]
    return head_of(len(data), CLOSE) + data


def pong_frame(data: bytes) -> bytes:
    """Answers a ping."""
    return head_of(len(data), _PONG) + data


def goodbye(data: bytes) -> tuple[int, str]:
    """Code and reason of a close frame; 1005 where it names none."""
    return (int.from_bytes(data[:2], "big"), data[2:].decode("utf-8", "replace")) if len(data) >= 2 else (1005, "")


# ── the handshake


def request(host: str, path: str, token: str, key: bytes) -> bytes:
    """Asks for the upgrade; ``key``: 16 random bytes."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(key).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {token}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Response(NamedTuple):
    """The answer to the request, without its body."""

    status: int
    headers: dict[str, str]

    @classmethod
    def of(cls, head: bytes) -> Response:
        """Parse everything up to the empty line. Raises :class:`Violation`."""
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise Violation(1002, f"not an answer of HTTP: {first[:80]!r}")
        pairs = (line.partition(":") for line in lines)
        return cls(int(rest[:3]), {name.strip().lower(): value.strip() for name, _, value in pairs})

    @property
    def length(self) -> int:
        """Bytes of the body, as far as they are told."""
        told = self.headers.get("content-length", "")
        return int(told) if told.isdecimal() and len(told) <= 18 else 0

    def accepts(self, key: bytes) -> bool:
        """Whether this is the upgrade that was asked for with ``key``."""
        proof = base64.b64encode(hashlib.sha1(base64.b64encode(key) + _GUID).digest()).decode()
        return self.status == 101 and self.headers.get("sec-websocket-accept") == proof
