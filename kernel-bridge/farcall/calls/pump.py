"""From a user's iterator to chunks: pulls, pickles, cuts, in the thread that waits for the map.

Chunks hold at most 1,024 inputs or about 256 KiB and leave when they are full, when the caller waits, or after 2 ms
(cut by the session's sending thread, since the next pull may block for ever). Payloads above 256 KiB become blobs.
"""

from __future__ import annotations

import pickle
import threading
import time
from array import array
from collections.abc import Generator, Iterator, Sequence
from itertools import islice, repeat
from typing import Any

from ..client.session import Session
from ..values import serialize
from ..wire.blobs import BLOB_ABOVE
from ..wire.codes import IN_BLOB
from .feed import Feed
from .zipped import WAITING, Arguments

CHUNK_INPUTS = 1024
CHUNK_BYTES = 256 * 1024
_LINGER_S = 0.002
#: Inputs between two looks at the clock.
_STRIDE = 64
#: A source that took so long for its last input is asked again only when nothing else is to be done.
_SLOW_S = 0.5
#: Exact types that plain pickle always gets right, without looking for ``__main__`` in the result.
_PLAIN = frozenset({int, float, bool, type(None)})
_TEXTS = frozenset({str, bytes})
_SHORT = 32 * 1024


class Pump:
    """Moves inputs from ``source`` into ``feed``. ``is_sized``: the source cannot block."""

    def __init__(self, session: Session, feed: Feed, source: Iterator[Arguments], *, is_sized: bool) -> None:
        self.pulled = 0
        self.bytes = 0  # of all payloads, blobs too
        self.is_exhausted = False
        self.is_slow = False
        self._session = session
        self._feed = feed
        self._source = source
        self._is_sized = is_sized
        self._has_none_yet = False  # the source waits for something itself
        self._open = threading.Lock()  # guards the open chunk: the two below
        self._payloads: list[bytes | str] = []  # a string is the name of a blob
        self._size = 0

    def pull(self, most: int) -> int:
        """Move at most ``most`` inputs, and no longer than about 2 ms; returns how many.

        What the source or a pickle raises comes through; inputs before it are kept.
        """
        before, began = self.pulled, time.monotonic()
        self._has_none_yet = False
        while most > self.pulled - before and not self._feed.is_full and not self.is_exhausted:
            self._take(min(most - (self.pulled - before), _STRIDE), began + _LINGER_S)
            if self._has_none_yet or time.monotonic() >= began + _LINGER_S:
                break
        self.is_slow = not self._is_sized and time.monotonic() - began >= _SLOW_S
        return self.pulled - before

    def flush(self) -> None:
        """Cut the open chunk, and send what credit allows. By the caller before it waits, or on the sending thread."""
        self.cut()
        self._feed.flush()

    def close(self) -> None:
        """Nothing more is wanted of the source: other maps among its iterators end, too."""
        self.is_exhausted = True
        if isinstance(self._source, Generator):
            self._source.close()

    def cut(self) -> None:
        """Close the open chunk, and hand it to the feed."""
        with self._open:
            self._cut()

    def _take(self, most: int, until: float) -> None:
        """Some more inputs. Of a source that may block none after ``until``: what is done must not wait for it."""
        if self._is_sized:
            block = list(islice(self._source, most))
            self.is_exhausted = len(block) < most
            if {type(args[0]) if len(args) == 1 and not kwargs else None for args, kwargs in block} <= _PLAIN:
                self._add(list(map(pickle.dumps, block, repeat(5))))
                return
            for arguments in block:
                self._add([self._pickled(arguments)])
            return
        for _ in range(most):
            found = next(self._source, None)
            if found is None:
                self.is_exhausted = True
                return
            if found is WAITING:
                self._has_none_yet = True
                return
            self._add([self._pickled(found)])
            if time.monotonic() >= until:
                return

    def _add(self, payloads: list[bytes | str]) -> None:
        size = sum(map(len, payloads))
        with self._open:
            was_empty = not self._payloads
            self._payloads += payloads
            self._size += size
            is_full = len(self._payloads) >= CHUNK_INPUTS or self._size >= CHUNK_BYTES
        self.pulled += len(payloads)
        self.bytes += size
        if is_full:
            self.flush()
        elif was_empty and not self._is_sized:
            self._session.flush_soon(self)

    def _pickled(self, arguments: Any) -> bytes | str:
        if _is_plain(arguments):
            return pickle.dumps(arguments, 5)
        parts = serialize.dump_parts(arguments, name="input")
        size = sum(memoryview(part).nbytes for part in parts)
        if size > BLOB_ABOVE:
            return self._blob(parts, size)
        first = parts[0]
        return first if len(parts) == 1 and isinstance(first, bytes) else b"".join(parts)

    def _blob(self, parts: Sequence[serialize.Buffer], size: int) -> str:
        self.bytes += size
        return self._session.blobs.write(parts)

    def _cut(self) -> None:
        payloads = self._payloads
        if not payloads:
            return
        blobs, inline, lengths = _tables(payloads)
        self._feed.put(lengths.tobytes(), b"".join(inline), blobs)
        self._payloads, self._size = [], 0


class Pushed(Pump):
    """A pump for async iterators: a coroutine pulls them (pulling.py) and pushes what it got."""

    def __init__(self, session: Session, feed: Feed) -> None:
        super().__init__(session, feed, iter(()), is_sized=False)

    def pull(self, most: int) -> int:
        """Nothing: inputs come by themselves."""
        return 0

    def push(self, arguments: Arguments) -> None:
        """Move one input."""
        self._add([self._pickled(arguments)])


def _is_plain(arguments: Arguments) -> bool:
    """One short argument of a type that plain pickle always gets right."""
    args, kwargs = arguments
    if len(args) != 1 or kwargs:
        return False
    kind = type(args[0])
    return kind in _PLAIN or (kind in _TEXTS and len(args[0]) <= _SHORT)


def _tables(payloads: list[bytes | str]) -> tuple[list[str], list[bytes], array[int]]:
    """Names of blobs, payloads that travel inline, and the table of lengths."""
    blobs = [payload for payload in payloads if isinstance(payload, str)]
    inline = [payload for payload in payloads if isinstance(payload, bytes)]
    if not blobs:
        return blobs, inline, array("I", map(len, inline))
    return blobs, inline, array("I", [IN_BLOB if isinstance(payload, str) else len(payload) for payload in payloads])
