"""The supervisor's connection to the gateway: one at a time, made again when it is lost, given up after the window.

Facts (a container started, ended, gave inputs back) are kept while there is no connection, and told again when they may
have been lost with it; the gateway takes each once.
"""

from __future__ import annotations

import logging
import platform
import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import __version__
from ..client.embedded import StartError, ensure
from ..wire.connection import Connection, ConnectionLost, Refused
from ..wire.frame import PROTOCOL, ProtocolError
from ..wire.messages import ContainerExited, Hello, Message, Ping, Pong, Welcome
from .home import HomeFolder

log = logging.getLogger("farcall.host")
#: Facts told this shortly before a loss may not have arrived.
_DOUBTFUL_S = 10.0
_FACTS = 10_000
_HELLO_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Which gateway, and as whom. ``home``: the embedded gateway's folder, or None for one that others start."""

    url: str
    token: str
    host_id: str
    home: Path | None
    window: float


class GivenUp(Exception):
    """The gateway does not want this supervisor, or did not come back in the reconnect window."""


class Uplink:
    """Sends and receives while connected; :meth:`tick` connects again."""

    def __init__(self, address: Address, home: HomeFolder) -> None:
        self._address = address
        self._home = home
        self._connection: Connection | None = None
        self._lost_at = time.monotonic()
        self._tries = 0
        self._try_at = 0.0
        self._facts: deque[Message] = deque(maxlen=_FACTS)
        self._told: deque[tuple[float, Message]] = deque(maxlen=_FACTS)

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def fileno(self) -> int | None:
        return None if self._connection is None else self._connection.fileno()

    def due_at(self) -> float:
        """When :meth:`tick` wants to be called."""
        return float("inf") if self._connection is not None else self._try_at

    def tick(self, now: float, *, restart: bool) -> bool:
        """Connect, if that is due: True. ``restart``: an embedded gateway that is gone may be started."""
        if self._connection is not None or now < self._try_at:
            return False
        if self._home.is_gone:
            raise GivenUp("the gateway's folder was deleted")
        if self._tries and now - self._lost_at > self._address.window:
            raise GivenUp("the gateway did not come back")
        self._tries += 1
        try:
            self._connection = self._connect(restart=restart)
        except Refused as refused:
            if refused.code in (401, 403):
                raise GivenUp(f"the gateway refused: {refused}") from None
            self._again(now)
        except ConnectionLost as lost:
            self._lost(lost, now)
        except (OSError, TimeoutError, StartError, ProtocolError) as error:
            log.info("cannot connect: %s", error)
            self._again(now)
        return self._connection is not None

    def receive(self) -> Iterator[tuple[Message, memoryview]]:
        """Whatever has arrived. Does not block."""
        while self._connection is not None:
            try:
                message, payload = self._connection.receive(0)
            except TimeoutError:
                return
            except ConnectionLost as lost:
                self._lost(lost, time.monotonic())
                return
            except ProtocolError as error:
                log.error("protocol error: %s", error)
                self._connection.close(4400)
                self._lost(ConnectionLost(1006), time.monotonic())
                return
            if isinstance(message, Ping):
                self.send(Pong())
            yield message, payload

    def send(self, message: Message, payload: bytes = b"") -> bool:
        """Send it, or drop it when there is no connection."""
        if self._connection is None:
            return False
        try:
            self._connection.send(message, payload)
        except ConnectionLost as lost:
            self._lost(lost, time.monotonic())
            return False
        return True

    def tell(self, fact: Message) -> None:
        """Send a fact, now or after the next ``host.state``."""
        if self.send(fact):
            self._told.append((time.monotonic(), fact))
        else:
            self._facts.append(fact)

    def untold_exits(self) -> list[str]:
        """Containers whose end the gateway may not know: the host still answers for them, until the fact is told."""
        return [fact.container_id for fact in self._facts if isinstance(fact, ContainerExited)]

    def tell_kept(self) -> None:
        """After ``host.state``: everything kept."""
        for _ in range(len(self._facts)):
            self.tell(self._facts.popleft())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self, *, restart: bool) -> Connection:
        connection = self._open(restart=restart)
        hello = Hello(
            role="supervisor",
            id=self._address.host_id,
            protocol=PROTOCOL,
            version=__version__,
            python=platform.python_version(),
        )
        try:
            connection.send(hello)
            message, _ = connection.receive(_HELLO_TIMEOUT_S)
            if not isinstance(message, Welcome):
                raise GivenUp(f"the gateway answered hello with {message}")
        except BaseException:
            connection.close()
            raise
        self._tries = 0
        return connection

    def _open(self, *, restart: bool) -> Connection:
        try:
            return Connection.connect(self._address.url, self._address.token)
        except ConnectionLost:
            raise
        except OSError:
            if not restart or self._address.home is None:
                raise
        ensure(self._address.home)
        return Connection.connect(self._address.url, self._address.token)

    def _lost(self, lost: ConnectionLost, now: float) -> None:
        """Final close codes end the supervisor; after others it comes back."""
        if 4400 <= lost.code < 4500:
            raise GivenUp(str(lost))
        log.info("%s", lost)
        self._connection = None
        self._lost_at = now
        self._tries = 1
        self._try_at = now + random.uniform(0.0, 0.2)
        doubtful = [fact for at, fact in self._told if now - at < _DOUBTFUL_S]
        self._told.clear()
        self._facts.extendleft(reversed(doubtful))

    def _again(self, now: float) -> None:
        """Full jitter, 0.2 s → 10 s."""
        self._try_at = now + random.uniform(0.05, min(10.0, 0.2 * 2.0 ** min(self._tries, 10)))
