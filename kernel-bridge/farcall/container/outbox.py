"""What the running generator yielded and its reader has not taken: sent at once, kept until taken, bounded.

Full, the input waits here for its reader; that time does not count to its timeout, and a cancel ends it. Everything
kept is sent again on a new connection, and when the gateway asks (`items.taken` through 0: a reader attached again).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from struct import pack
from typing import Any, NamedTuple

from ..errors import InputCancellation
from ..values.serialize import dump_parts
from ..values.yielded import Yielded
from ..wire.blobs import BLOB_ABOVE
from ..wire.codes import IN_BLOB
from ..wire.control_page import CANCELLED, ContainerPage
from ..wire.messages import Items, ItemsTaken
from .cancel import Cancellation
from .link import Dismissed, Link

#: How far a generator may be ahead of its reader.
WINDOW_ITEMS = 64
WINDOW_BYTES = 8 * 1024 * 1024
#: From so many on it looks whether some were taken by now.
_LOOK_FROM = WINDOW_ITEMS // 4


class _Item(NamedTuple):
    size: int
    payload: bytes
    blob: str | None


class Outbox:
    """The values of one input at a time. Main thread only, and never while user code is armed but in `taken`."""

    def __init__(self, link: Link, page: ContainerPage, cancellation: Cancellation, wait: Callable[[], None]) -> None:
        """``wait`` returns when something arrived (and was told to :meth:`taken`), or a signal came."""
        self.is_open = False
        self._link = link
        self._page = page
        self._cancellation = cancellation
        self._wait = wait
        self._untaken: deque[_Item] = deque()
        self._bytes = 0
        self._large = 0  # how many of them are blobs
        self._count = 0
        self._address = ("", 0, 0)  # call, index, attempt

    def begin(self, call_id: str, index: int, attempt: int) -> None:
        """An input whose values go to a reader runs from now on."""
        self._address = (call_id, index, attempt)
        self._untaken.clear()
        self._bytes = self._large = self._count = 0
        self.is_open = True

    def end(self) -> None:
        """Its outcome has what is left."""
        self.is_open = False
        self._untaken.clear()

    @property
    def yielded(self) -> Yielded:
        """For the outcome."""
        return Yielded(self._count, tuple(item.payload for item in self._untaken))

    # ── driving the generator

    def drain(self, generator: Iterable[Any]) -> Yielded:
        """Send all it yields; closes it, whatever happens."""
        try:
            for value in generator:
                self._yielded(value)
            self._cancellation.armed = False
        except BaseException as error:
            self._broke(error)
            raise
        finally:
            close = getattr(generator, "close", None)
            if close is not None:
                close()
        self._until_small()
        return self.yielded

    async def drain_async(self, generator: AsyncIterator[Any]) -> Yielded:
        """:meth:`drain` for an async generator. Its event loop stands still while its reader is waited for."""
        try:
            async for value in generator:
                self._yielded(value)
            self._cancellation.armed = False
        except BaseException as error:
            self._broke(error)
            raise
        finally:
            close = getattr(generator, "aclose", None)
            if close is not None:
                await close()
        self._until_small()
        return self.yielded

    def _yielded(self, value: Any) -> None:
        """Send it; user code, which alone is armed, stands still meanwhile."""
        self._cancellation.armed = False
        self._put(value)
        self._cancellation.rearm()

    def _broke(self, error: BaseException) -> None:
        """Its reader is to have what came before what it raised."""
        self._cancellation.armed = False
        if not self._cancellation.fired and isinstance(error, Exception):
            self._until_small()

    # ── sending

    def _put(self, value: Any) -> None:
        parts = dump_parts(value, name="value")
        size = sum(memoryview(part).nbytes for part in parts)
        is_large = size > BLOB_ABOVE
        item = _Item(size, b"", self._link.blobs.write(parts)) if is_large else _Item(size, b"".join(parts), None)
        self._untaken.append(item)
        self._bytes += size
        self._large += is_large
        self._count += 1
        self._talk(lambda: self._sent(item))
        if self._is_full:
            self._pause(lambda: self._is_full)

    def _sent(self, item: _Item) -> None:
        with self._link.busy:
            self._send(self._count - 1, item)
            if len(self._untaken) >= _LOOK_FROM or not self._link.connected:
                self._link.look()
                self._link.connect()

    def _send(self, number: int, item: _Item) -> None:
        call_id, index, attempt = self._address
        length = pack("<I", IN_BLOB if item.blob else item.size)
        blobs = (item.blob,) if item.blob else None
        message = Items(call_id=call_id, index=index, attempt=attempt, first=number, lengths=length, blobs=blobs)
        self._link.send(message, item.payload)

    def taken(self, message: ItemsTaken) -> None:
        """The reader has taken those below `through`; 0: it may have lost what it was sent."""
        if not self.is_open or (message.call_id, message.index) != self._address[:2]:
            return
        if message.through == 0:
            self.send_again()
        while self._untaken and self._count - len(self._untaken) < message.through:
            item = self._untaken.popleft()
            self._bytes -= item.size
            self._large -= item.blob is not None

    def send_again(self) -> None:
        """All that was not taken."""
        for number, item in enumerate(tuple(self._untaken), self._count - len(self._untaken)):
            self._send(number, item)

    # ── waiting for the reader

    @property
    def _is_full(self) -> bool:
        return len(self._untaken) >= WINDOW_ITEMS or self._bytes >= WINDOW_BYTES

    def _until_small(self) -> None:
        """Values in blobs do not fit into the outcome: the reader takes them before it is made."""
        if self._large:
            self._pause(lambda: self._large > 0)

    def _pause(self, has_to: Callable[[], bool]) -> None:
        stopped = self._page.stop_clock()
        try:
            while has_to():
                self._talk(self._wait)
                self._cancellation.check()
        finally:
            self._page.start_clock(stopped)

    def _talk(self, say: Callable[[], None]) -> None:
        """Use the connection, in the middle of an input: if it is over for good, the loop finds out after the input."""
        try:
            say()
        except Dismissed:
            self._cancellation.fired = CANCELLED
            raise InputCancellation("the gateway does not know this container any more") from None
