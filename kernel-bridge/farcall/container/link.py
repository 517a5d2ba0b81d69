"""The container's connection to the gateway: made again when it is lost, with all that was not acknowledged sent again.

It belongs to the main thread, except for what nested.py sends while user code waits. It knows nothing of running inputs
but what it must say in ``hello``.
"""

from __future__ import annotations

import platform
import random
import threading
import time
from collections import deque
from collections.abc import Callable

from .. import __version__
from ..wire.blobs import Blobs
from ..wire.connection import Connection, ConnectionLost, Refused
from ..wire.frame import PROTOCOL
from ..wire.messages import Goaway, Hello, InputsRun, ItemsTaken, Message, OutcomesPut, Ping, Pong, Welcome
from .batch import Journal

_CONNECT_TIMEOUT_S = 5.0

Held = Callable[[], tuple[tuple[int, int], ...]]


class Dismissed(Exception):
    """The gateway wants nothing (more) of this container, or did not come back in the window: it leaves."""


class Link:
    """Sends, receives, and remembers what the gateway has not acknowledged."""

    def __init__(self, container: str, url: str, token: str, *, window: float, held: Held) -> None:
        """``held`` tells, at any time, the leases this container still holds, as ``hello`` wants them."""
        self.journal = Journal()
        self.busy = threading.Lock()  # guards _connection; whoever cannot have it leaves the work to its holder
        self.blobs = Blobs(None)
        self.on_welcome: Callable[[], None] = lambda: None
        #: Leases up to this one were given to others while the connection was lost.
        self.revoked = 0
        #: A generator's reader took some; told as soon as it is seen, since the generator may be waiting for that.
        self.on_taken: Callable[[ItemsTaken], None] = lambda _: None
        self._container = container
        self._url = url
        self._token = token
        self._window = window
        self._held = held
        self._connection: Connection | None = None
        self._inbox: deque[tuple[Message, memoryview]] = deque()
        self._key = ""
        self._lost_at = time.monotonic()
        self._tries = 0
        self._try_at = 0.0

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def address(self) -> tuple[str, str] | None:
        """For sessions of user code."""
        return (self._url, self._key) if self._key else None

    def fileno(self) -> int:
        """For poll; -1 while there is no connection."""
        return -1 if self._connection is None else self._connection.fileno()

    @property
    def pending(self) -> bool:
        """Whether :meth:`receive` would answer without looking at the socket."""
        return bool(self._inbox) or (self._connection is not None and self._connection.pending)

    @property
    def brings_more(self) -> bool:
        """Whether :meth:`look` would find something without asking the socket."""
        return self._connection is not None and self._connection.pending

    @property
    def retry_in(self) -> float:
        """Seconds until :meth:`connect` is due."""
        return max(0.0, self._try_at - time.monotonic())

    def connect(self) -> bool:
        """Try, if it is due. Raises :class:`Dismissed` when it is hopeless."""
        now = time.monotonic()
        if self._connection is not None or now < self._try_at:
            return self._connection is not None
        if self._tries and now - self._lost_at > self._window:
            raise Dismissed("the gateway did not come back")
        self._tries += 1
        try:
            self._shake_hands()
        except Refused as refused:
            if refused.code in (401, 403):
                raise Dismissed(f"the gateway refused: {refused}") from None
            self._again()
        except ConnectionLost as lost:
            self._lose(lost)
        except (OSError, TimeoutError):
            self._again()
        return self._connection is not None

    def retry_now(self) -> None:
        """The gateway is said to be back: do not wait for the next try."""
        self._try_at = 0.0

    def send(self, message: Message, payload: bytes = b"") -> bool:
        """Send it, or drop it when there is no connection."""
        if self._connection is None:
            return False
        try:
            self._connection.send(message, payload)
        except ConnectionLost as lost:
            self._lose(lost)
            return False
        return True

    def put(self, message: OutcomesPut, payload: bytes) -> None:
        """Send outcomes, now or when there is a connection again; they are kept until acknowledged."""
        self.journal.keep(message, payload)
        self.send(message, payload)

    def receive(self) -> tuple[Message, memoryview] | None:
        """The next message of those that :meth:`look` found; None: that was all."""
        return self._inbox.popleft() if self._inbox else None

    def look(self) -> None:
        """Take in what one look at the socket brings; notices when the connection is lost."""
        while self._connection is not None:
            try:
                message, payload = self._connection.receive(0)
            except TimeoutError:
                return
            except ConnectionLost as lost:
                self._lose(lost)
                return
            if isinstance(message, Ping):
                self.send(Pong())
            elif isinstance(message, ItemsTaken):
                self.on_taken(message)
            elif not isinstance(message, Goaway):  # the close follows; there is nothing to do before
                self._inbox.append((message, payload))
            if self._connection is not None and not self._connection.pending:
                return

    def close(self) -> None:
        self.blobs.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _shake_hands(self) -> None:
        connection = Connection.connect(self._url, self._key or self._token, timeout=_CONNECT_TIMEOUT_S)
        try:
            connection.send(self._hello())
            welcome, _ = connection.receive(_CONNECT_TIMEOUT_S)
            if not isinstance(welcome, Welcome):
                raise Dismissed(f"the gateway answered hello with {welcome}")
            self._key = welcome.key or self._key
            self.revoked = max(self.revoked, welcome.revoked or 0)
            self.blobs.close()
            self.blobs = Blobs(welcome.blobs, self._url, self._key)
            for kept in self.journal.batches:
                connection.send(kept.message, kept.payload)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._tries = 0
        self.on_welcome()

    def _hello(self) -> Hello:
        return Hello(
            role="container",
            id=self._container,
            protocol=PROTOCOL,
            version=__version__,
            python=platform.python_version(),
            held=(*self._held(), *self._unread()),
        )

    def _unread(self) -> list[tuple[int, int]]:
        """Leases that arrived before the connection was lost, and were not looked at yet."""
        return [(message.lease, message.first) for message, _ in self._inbox if isinstance(message, InputsRun)]

    def _lose(self, lost: ConnectionLost) -> None:
        """Final close codes end the container; after others it comes back."""
        if 4400 <= lost.code < 4500:
            raise Dismissed(str(lost))
        self._connection = None
        self._lost_at = time.monotonic()
        self._tries = 1
        self._try_at = self._lost_at + random.uniform(0.0, 0.2)

    def _again(self) -> None:
        """Full jitter, 0.2 s → 10 s."""
        self._try_at = time.monotonic() + random.uniform(0.05, min(10.0, 0.2 * 2.0 ** min(self._tries, 10)))
