"""Large payloads, each a file of its own: written and mapped on the gateway's own host, else PUT and GET over HTTP.

For clients and containers alike. Who writes a blob names it in the next message that refers to it; from then on it
belongs to that call, and the gateway deletes it.
"""

from __future__ import annotations

import http.client
import mmap
import os
import ssl
from collections.abc import Sequence
from pathlib import Path

from .blob_requests import Requests
from .ids import ulid

#: A payload above this travels as a blob.
BLOB_ABOVE = 256 * 1024
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
        self._requests = Requests(url, token, tls)

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

    def close(self) -> None:
        """Close idle connections. Idempotent; what is asked afterwards makes new ones."""
        self._requests.close()

    def _put(self, blob: str, views: Sequence[memoryview]) -> None:
        answer = self._requests.put(f"/blobs/{blob}", views)
        if answer.status not in (200, 201, 204):
            said = bytes(answer.body).decode("utf-8", "replace")
            raise BlobError(f"the gateway refused a payload: {answer.status} {said}")

    def _get(self, blob: str) -> memoryview:
        answer = self._requests.get(f"/blobs/{blob}")
        if answer.status in (404, 410):
            raise BlobGone(f"payload {blob} is gone")
        if answer.status != 200:
            raise BlobError(f"the gateway refused payload {blob}: {answer.status} {answer.reason}")
        return answer.body


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
