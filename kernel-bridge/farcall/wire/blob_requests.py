"""Blobs by HTTP: requests over connections that are kept for the next one, into memory that costs few page faults.

Used by blobs.py where the gateway's folder is out of reach. A request is repeated once when a kept connection turns out
to be closed: PUT and GET of a blob say the same however often they are said.
"""

from __future__ import annotations

import http.client
import mmap
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_TIMEOUT_S = 60.0
_PIECE = 1024 * 1024
#: The gateway closes a connection that was idle for 5 s; ours is not used any more a little earlier.
_IDLE_S = 4.0
#: Connections kept for the next request.
_KEPT = 4
#: From here on memory comes in huge pages, where the system has them: one fault for 2 MiB instead of 512.
_HUGE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said, without the body of a success."""

    status: int
    reason: str
    #: The blob, after a GET that succeeded; else the beginning of what was said.
    body: memoryview


@dataclass(slots=True)
class _Kept:
    connection: http.client.HTTPConnection
    idle_since: float
    process: int


class Requests:
    """Requests to one gateway, from any thread."""

    def __init__(self, url: str, token: str, tls: ssl.SSLContext | None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._tls = tls
        self._lock = threading.Lock()  # guards _kept
        self._kept: list[_Kept] = []

    def put(self, path: str, views: Sequence[memoryview]) -> Answer:
        """Raises ``OSError`` or ``http.client.HTTPException``."""
        return self._ask("PUT", path, views)

    def get(self, path: str) -> Answer:
        """Raises ``OSError`` or ``http.client.HTTPException``."""
        return self._ask("GET", path, None)

    def close(self) -> None:
        """Of connections that are idle. Idempotent."""
        with self._lock:
            kept, self._kept = self._kept, []
        for one in kept:
            one.connection.close()

    def _ask(self, method: str, path: str, views: Sequence[memoryview] | None) -> Answer:
        kept = self._take()
        if kept is not None:
            try:
                return self._ask_on(kept, method, path, views)
            except (ConnectionError, ssl.SSLError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                pass  # closed while it was idle
        return self._ask_on(self._connect(), method, path, views)

    def _ask_on(
        self, connection: http.client.HTTPConnection, method: str, path: str, views: Sequence[memoryview] | None
    ) -> Answer:
        try:
            headers = dict(self._headers)
            if views is not None:
                headers["Content-Length"] = str(sum(map(len, views)))
            connection.request(method, path, body=None if views is None else _pieces(views), headers=headers)
            response = connection.getresponse()
            is_blob = method == "GET" and response.status == 200
            body = _receive(response) if is_blob else memoryview(response.read(500))
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, response)
        return Answer(response.status, response.reason, body)

    def _take(self) -> http.client.HTTPConnection | None:
        """A kept connection. One from before a fork is the parent's, and one that was idle for long may be closed."""
        now, process = time.monotonic(), os.getpid()
        with self._lock:
            while self._kept:
                kept = self._kept.pop()
                if kept.process == process and now - kept.idle_since < _IDLE_S:
                    return kept.connection
                kept.connection.close()
        return None

    def _give_back(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        with self._lock:
            if response.isclosed() and connection.sock is not None and len(self._kept) < _KEPT:
                self._kept.append(_Kept(connection, time.monotonic(), os.getpid()))
                return
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        if parts.scheme == "unix":
            return _UnixConnection(parts.path)
        host = parts.hostname or "localhost"
        if parts.scheme == "wss":
            context = self._tls or ssl.create_default_context()
            return http.client.HTTPSConnection(host, parts.port or 443, timeout=_TIMEOUT_S, context=context)
        return http.client.HTTPConnection(host, parts.port or 80, timeout=_TIMEOUT_S)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT_S)
        self.sock.connect(self._path)


def _pieces(views: Sequence[memoryview]) -> Iterator[memoryview]:
    for view in views:
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]


def _receive(response: http.client.HTTPResponse) -> memoryview:
    size = int(response.headers["Content-Length"])
    into = _memory(size)
    done = 0
    while done < size:
        count = response.readinto(into[done:])
        if not count:
            raise http.client.IncompleteRead(b"", size - done)
        done += count
    response.read()  # the end is noticed, so the connection may be used again
    return into


def _memory(size: int) -> memoryview:
    """Fresh memory that can be written to."""
    if size < _HUGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return memoryview(bytearray(size))
    area = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        area.madvise(mmap.MADV_HUGEPAGE)
    except OSError:
        pass  # a kernel without them
    return memoryview(area)
