"""Large payloads, each a file of its own: written and mapped on the gateway's own host, else PUT and GET over HTTP.

For clients and containers alike. Who writes a blob names it in the next message that refers to it; from then on it
belongs to that call, and the gateway deletes it.
"""

from __future__ import annotations

import http.client
import mmap
import os
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from .ids import ulid

#: A payload above this travels as a blob.
BLOB_ABOVE = 256 * 1024
_PIECE = 1024 * 1024
_TIMEOUT_S = 60.0
#: A writev takes at most this many buffers (IOV_MAX).
_BUFFERS = 512

Buffer = bytes | bytearray | memoryview


class BlobError(Exception):
    """A blob could not be written or read; the message says which and why."""


class BlobGone(BlobError):
    """There is no such blob (any more)."""


class Blobs:
    """Reads and writes the blobs of one gateway.

    Args:
        folder: ``welcome.blobs``: where they are files; None: over HTTP.
        url: the gateway's address, as for :class:`~farcall.wire.connection.Connection`.
        token: the bearer token of that connection.
    """

    def __init__(
        self, folder: str | None, url: str = "", token: str = "", *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._folder = Path(folder) if folder is not None else None
        self._url = url
        self._token = token
        self._tls = tls

    def write(self, parts: Sequence[Buffer]) -> str:
        """Store the parts, one behind the other, under a new name, and return it. Raises :class:`BlobError`."""
        blob = f"bl-{ulid()}"
        views = [memoryview(part).cast("B") for part in parts]
        try:
            if self._folder is not None:
                _write_file(self._folder / blob, views)
            else:
                self._put(blob, views)
        except (OSError, http.client.HTTPException) as error:
            raise BlobError(f"cannot write a payload of {sum(map(len, views)):,} bytes: {error}") from error
        return blob

    def read(self, blob: str) -> memoryview:
        """The bytes of a blob, in memory of our own: writing to them changes nothing elsewhere.

        Raises :class:`BlobGone` or :class:`BlobError`.
        """
        try:
            return _map_file(self._folder / blob) if self._folder is not None else self._get(blob)
        except FileNotFoundError:
            raise BlobGone(f"payload {blob} is gone") from None
        except (OSError, http.client.HTTPException) as error:
            raise BlobError(f"cannot read payload {blob}: {error}") from error

    def _put(self, blob: str, views: Sequence[memoryview]) -> None:
        connection = self._connect()
        try:
            headers = {**self._headers(), "Content-Length": str(sum(map(len, views)))}
            connection.request("PUT", f"/blobs/{blob}", body=_pieces(views), headers=headers)
            response = connection.getresponse()
            body = response.read(500).decode("utf-8", "replace")
            if response.status not in (200, 201, 204):
                raise BlobError(f"the gateway refused a payload: {response.status} {body}")
        finally:
            connection.close()

    def _get(self, blob: str) -> memoryview:
        connection = self._connect()
        try:
            connection.request("GET", f"/blobs/{blob}", headers=self._headers())
            response = connection.getresponse()
            if response.status in (404, 410):
                raise BlobGone(f"payload {blob} is gone")
            if response.status != 200:
                raise BlobError(f"the gateway refused payload {blob}: {response.status} {response.reason}")
            return _receive(response)
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

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
    into = memoryview(bytearray(size))
    done = 0
    while done < size:
        count = response.readinto(into[done:])
        if not count:
            raise http.client.IncompleteRead(b"", size - done)
        done += count
    return into


def _write_file(path: Path, views: Sequence[memoryview]) -> None:
    part = path.with_name(f"{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _write_all(descriptor, list(views))
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, views: list[memoryview]) -> None:
    views = [view for view in views if len(view)]
    at = 0
    while at < len(views):
        written = os.writev(descriptor, views[at : at + _BUFFERS])
        while written and at < len(views):
            if written < len(views[at]):
                views[at] = views[at][written:]
                break
            written -= len(views[at])
            at += 1


def _map_file(path: Path) -> memoryview:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_size == 0:
            return memoryview(bytearray())
        return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY))
    finally:
        os.close(descriptor)
