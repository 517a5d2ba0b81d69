"""From a user's iterator to chunks: pulls, pickles, cuts, in the thread that waits for the map.

Chunks hold at most 1,024 inputs or 256 KiB and leave when they are full, when the caller waits, or after 2 ms (cut by the
session's sending thread, since the next pull may block for ever). Payloads above 256 KiB become blobs.
"""

from __future__ import annotations

import pickle
import threading
import time
from array import array
from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import serialize
from .feed import Feed
from .session import Session
from .source import Arguments
from .wire.blobs import BLOB_ABOVE
from .wire.codes import IN_BLOB

CHUNK_INPUTS = 1024
CHUNK_BYTES = 256 * 1024
_LINGER_S = 0.002
#: Exact types that plain pickle always gets right, without looking for ``__main__`` in the result.
_PLAIN = frozenset({int, float, bool, str, bytes, type(None)})


class Pump:
    """Moves inputs from ``source`` into ``feed``.

    ``is_sized``: the source cannot block, so its chunks need no cutting from the side.
    """

    def __init__(self, session: Session, feed: Feed, source: Iterator[Arguments], *, is_sized: bool) -> None:
        self.pulled = 0
        self.is_exhausted = False
        self.bytes = 0  # of all payloads, blobs too
        self._session = session
        self._feed = feed
        self._source = source
        self._is_sized = is_sized
        self._open = threading.Lock()  # guards the open chunk: the three below
        self._payloads: list[bytes] = []
        self._lengths = array("I")
        self._blobs: list[str] = []
        self._size = 0

    def pull(self, most: int) -> int:
        """Move at most ``most`` inputs, and no longer than about 2 ms; returns how many.

        What the source or a pickle raises comes through; inputs before it are kept.
        """
        before = self.pulled
        until = time.monotonic() + _LINGER_S
        while most > 0 and not self._feed.is_full:
            wanted = min(most, 32)
            taken = self._take(wanted)
            most -= taken
            if taken < wanted:
                self.is_exhausted = True
                break
            if time.monotonic() >= until:
                break
        if not self._is_sized and self._lengths:
            self._session.flush_soon(self)
        return self.pulled - before

    def cut(self) -> None:
        """Close the open chunk, and hand it to the feed."""
        with self._open:
            self._cut()

    def flush(self) -> None:
        """Send what there is. On the sending thread, or by the caller before it waits."""
        self.cut()
        self._feed.flush()

    # The session treats a pump as a sender that only flushes.
    def accepted(self, through: int) -> None: ...

    def sealed(self) -> None: ...

    def unacknowledged(self) -> list[Any]:
        """Nothing: what is not cut yet was not sent."""
        return []

    def _take(self, most: int) -> int:
        taken = 0
        for arguments in islice(self._source, most):
            args, kwargs = arguments
            if len(args) == 1 and not kwargs and type(args[0]) in _PLAIN:
                data: bytes | list[serialize.Buffer] = pickle.dumps(arguments, 5)
            else:
                parts = serialize.dump_parts(arguments, name="input")
                first = parts[0]
                data = first if len(parts) == 1 and isinstance(first, bytes) else parts
            taken += 1
            self._add(data)
            if not self._is_sized and taken == 1:
                self._session.flush_soon(self)
        return taken

    def _add(self, data: bytes | list[serialize.Buffer]) -> None:
        size = len(data) if isinstance(data, bytes) else sum(memoryview(part).nbytes for part in data)
        with self._open:
            if size > BLOB_ABOVE:
                blob = self._session.blobs.write([data] if isinstance(data, bytes) else data)
                self._blobs.append(blob)
                self._lengths.append(IN_BLOB)
            else:
                self._payloads.append(data if isinstance(data, bytes) else b"".join(data))
                self._lengths.append(size)
                self._size += size
            self.pulled += 1
            self.bytes += size
            if len(self._lengths) >= CHUNK_INPUTS or self._size >= CHUNK_BYTES or len(self._blobs) >= 64:
                self._cut()
                self._feed.flush()

    def _cut(self) -> None:
        if not self._lengths:
            return
        self._feed.put(self._lengths.tobytes(), b"".join(self._payloads), self._blobs)
        self._payloads, self._lengths, self._blobs, self._size = [], array("I"), [], 0
