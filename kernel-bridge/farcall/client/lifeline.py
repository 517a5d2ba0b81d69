"""Keeps a session connected: opens the connection, reads it, notices its loss and comes back.

It knows nothing of calls: it asks its owner what a fresh connection has to be told, and hands messages on.
One daemon thread reads. It never sends by itself and never waits for a lock that is held while sending, so a gateway
that waits for us to read is always read.
"""

from __future__ import annotations

import contextlib
import platform
import random
import threading
import time
from collections.abc import Iterable
from typing import Protocol

from .. import __version__, errors
from ..wire.connection import Connection, ConnectionLost
from ..wire.frame import PROTOCOL, ProtocolError
from ..wire.messages import Failed, Hello, Message, Welcome
from . import embedded
from .place import Place
from .refusals import is_final, of_loss

Payload = bytes | bytearray | memoryview
Frame = tuple[Message, Payload]

#: A connection that was silent both ways for so long is pinged; dead when nothing was heard for longer.
QUIET_S = 5.0
_DEAD_S = 20.0
_FIRST_DELAY_S = 0.2
_LAST_DELAY_S = 10.0
#: Starts of the embedded gateway that may fail in a row before callers are told.
_FAILED_STARTS = 4


class Owner(Protocol):
    """The session, as its lifeline sees it."""

    def replay(self, welcome: Welcome, address: embedded.Address) -> list[Frame]:
        """What a fresh connection has to be told. Called with the gate held."""
        ...

    def take(self, message: Message, payload: memoryview) -> None:
        """A message arrived. On the reader thread."""

    def is_needed(self) -> bool:
        """Whether anything waits for the connection."""
        ...

    def keep_alive(self) -> None:
        """Nothing was sent or heard for a while. On the reader thread."""

    def is_over(self, why: BaseException) -> None:
        """There is no way back."""


class Lifeline:
    """The connection of one session, and its reader thread."""

    def __init__(self, owner: Owner, client_id: str, place: Place) -> None:
        self.gate = threading.RLock()  # guards _connection and the order of what is sent; taken before all other locks
        self.over: BaseException | None = None
        self.welcome: Welcome | None = None
        self._owner = owner
        self._client_id = client_id
        self._place = place
        self._connection: Connection | None = None
        self._reader: threading.Thread | None = None
        self._last_sent = self._last_heard = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it is connected, or on its way back."""
        return self._reader is not None

    def open(self) -> Welcome:
        """Connect, unless it is connected or on its way back.

        Raises ``ConnectionError``, ``AuthError``, ``VersionError``, or ``ClientClosed`` after :meth:`end`.
        """
        welcome = self.welcome
        if welcome is not None and self._reader is not None and self.over is None:
            return welcome
        with self.gate:
            if self.over is not None:
                raise errors.ClientClosed("the session was closed; the next call makes a new one")
            if self._reader is None:
                self._enter(*self._connect_patiently())
                self._reader = threading.Thread(target=self._read_on, name="farcall-reader", daemon=True)
                self._reader.start()
            if self.welcome is None:
                raise errors.ConnectionError("the gateway did not say welcome")
            return self.welcome

    def send(self, frames: Iterable[Frame]) -> None:
        """Send in one write, or not at all while the connection is down: what matters is said when it is back."""
        with self.gate:
            if self._connection is None:
                if self._reader is None and self.over is None:
                    self.open()
                return
            self._last_sent = time.monotonic()
            with contextlib.suppress(ConnectionLost):
                self._connection.send_many(frames)

    def end(self, why: BaseException) -> None:
        """Leave for good. Idempotent."""
        with self.gate:
            if self.over is not None:
                return
            self.over = why
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._owner.is_over(why)

    def discard(self) -> None:
        """In a forked child: the parent goes on using the socket."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.discard()

    # ── connecting

    def _connect(self) -> tuple[Connection, Welcome, embedded.Address]:
        address = self._place.address()
        connection = Connection.connect(address.url, address.token, tls=self._place.tls)
        try:
            connection.send(
                Hello(
                    role="client",
                    id=self._client_id,
                    protocol=PROTOCOL,
                    version=__version__,
                    python=platform.python_version(),
                )
            )
            while True:
                message, _ = connection.receive(10.0)
                if isinstance(message, Welcome):
                    return connection, message, address
                if isinstance(message, Failed):
                    raise ConnectionLost(1006, message.message)
        except BaseException:
            connection.close()
            connection.discard()
            raise

    def _connect_patiently(self) -> tuple[Connection, Welcome, embedded.Address]:
        """The first connection: a gateway that is just coming up or going down gets a few chances, or a while."""
        attempt, until = 0, time.monotonic() + self._place.patience
        while True:
            attempt += 1
            try:
                return self._connect()
            except embedded.StartError as error:
                raise errors.ConnectionError(str(error)) from None
            except ConnectionLost as lost:
                if is_final(lost) or (attempt >= 4 and time.monotonic() >= until):
                    raise of_loss(lost, self._place.name) from None
            except (OSError, ProtocolError) as error:
                if (attempt >= 4 or not self._place.is_embedded) and time.monotonic() >= until:
                    raise of_loss(ConnectionLost(1006, str(error)), self._place.name) from None
            time.sleep(random.uniform(0, min(_LAST_DELAY_S, 0.1 * 2**attempt)))

    def _enter(self, connection: Connection, welcome: Welcome, address: embedded.Address) -> None:
        """Take a fresh connection into use: say all that is not acknowledged, then let callers send. Held: gate."""
        frames = self._owner.replay(welcome, address)
        self.welcome = welcome
        self._last_heard = self._last_sent = time.monotonic()
        connection.send_many(frames)
        self._connection = connection

    def _come_back(self) -> bool:
        """Reconnect with full jitter. False when there is no way back, or nobody needs one."""
        failed_starts, ceiling = 0, _FIRST_DELAY_S
        while self.over is None and not self._may_rest():
            time.sleep(random.uniform(0, ceiling))
            ceiling = min(_LAST_DELAY_S, ceiling * 2)
            try:
                fresh = self._connect()
                with self.gate:
                    self._enter(*fresh)
                return True
            except ConnectionLost as lost:
                if is_final(lost) and not self._may_change(lost):
                    self.end(of_loss(lost, self._place.name))
            except embedded.HomeHeld:
                pass  # it lives, so what it holds is not lost: as with a network, patience
            except embedded.StartError as error:
                failed_starts += 1
                if failed_starts >= _FAILED_STARTS:
                    self.end(errors.ConnectionError(str(error)))
            except (OSError, ProtocolError):
                pass  # not there yet
        return False

    def _may_rest(self) -> bool:
        """Forget the connection if nothing waits for it; the next use makes another."""
        with self.gate:
            if self._owner.is_needed():
                return False
            self._reader = None
            return True

    def _may_change(self, lost: ConnectionLost) -> bool:
        """A refused token of the embedded gateway: a new one is in its folder once it is up."""
        return self._place.is_embedded and lost.code in (401, 4401)

    # ── the reader thread

    def _read_on(self) -> None:
        while self.over is None:
            connection = self._connection
            if connection is not None:
                try:
                    self._read_from(connection)
                except (ConnectionLost, ProtocolError) as error:
                    self._leave(connection, error)
            if self.over is None and not self._come_back():
                return

    def _read_from(self, connection: Connection) -> None:
        while True:
            try:
                message, payload = connection.receive(QUIET_S)
            except TimeoutError:
                self._look_after()
                continue
            self._last_heard = time.monotonic()
            self._owner.take(message, payload)

    def _look_after(self) -> None:
        now = time.monotonic()
        if now - self._last_heard > _DEAD_S:
            raise ConnectionLost(1006, f"nothing was heard for {_DEAD_S:.0f} s")
        self._owner.keep_alive()

    def _leave(self, connection: Connection, error: Exception) -> None:
        connection.close()
        with self.gate:
            self._connection = None
        connection.discard()
        if isinstance(error, ConnectionLost) and is_final(error) and not self._may_change(error):
            self.end(of_loss(error, self._place.name))
