"""A scripted gateway: speaks the real frames over a real socket, and says only what a test tells it to."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, unix_serve

from farcall.wire.frame import decode, encode
from farcall.wire.messages import Hello, Message, Welcome

T = TypeVar("T")
#: Long enough for a busy machine; a test never waits for it when things work.
PATIENCE_S = 30.0


class Peer:
    """One connection that said hello."""

    def __init__(self, connection: ServerConnection, hello: Hello, token: str) -> None:
        self.hello = hello
        self.token = token
        self._socket = connection
        self._arrived: queue.SimpleQueue[tuple[Message, memoryview] | None] = queue.SimpleQueue()
        self._skipped: list[tuple[Message, memoryview]] = []

    def send(self, message: Message, payload: bytes = b"") -> None:
        self._socket.send(encode(message, payload))

    def expect(self, kind: type[T], match: Callable[[T], bool] = lambda _: True) -> tuple[T, memoryview]:
        """The next message of a type that matches; others are kept for later."""
        for position, (message, payload) in enumerate(self._skipped):
            if isinstance(message, kind) and match(message):
                del self._skipped[position]
                return message, payload
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                arrived = self._arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__}; got {[kept for kept, _ in self._skipped]}") from None
            if arrived is None:
                raise AssertionError(f"closed before {kind.__name__}; got {[kept for kept, _ in self._skipped]}")
            if isinstance(arrived[0], kind) and match(arrived[0]):
                return arrived
            self._skipped.append(arrived)

    def wait_closed(self) -> list[tuple[Message, memoryview]]:
        """Until the other side has gone; what it said and nobody asked for."""
        while (arrived := self._arrived.get(timeout=PATIENCE_S)) is not None:
            self._skipped.append(arrived)
        return self._skipped

    def close(self, code: int = 1000) -> None:
        self._socket.close(code)

    def cut(self) -> None:
        """Drop the connection without a word."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            for frame in self._socket:
                assert isinstance(frame, bytes)
                self._arrived.put(decode(frame))
        self._arrived.put(None)


class ScriptedGateway:
    """Listens on a Unix socket; welcomes everybody with a known token."""

    def __init__(self, folder: Path, *, welcome: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.path = folder / "gateway.sock"
        self.blobs = folder / "blobs"
        self.blobs.mkdir(exist_ok=True)
        self.welcome = welcome or {}
        self._peers: queue.SimpleQueue[Peer] = queue.SimpleQueue()
        self._waiting: list[Peer] = []
        self._open: list[ServerConnection] = []
        self._server = unix_serve(self._on_connection, str(self.path), max_size=None, compression=None)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def peer(self, role: str, id: str | None = None) -> Peer:
        """The next connection of that role (and name)."""
        for waiting in self._waiting:
            if waiting.hello.role == role and id in (None, waiting.hello.id):
                self._waiting.remove(waiting)
                return waiting
        while True:
            peer = self._peers.get(timeout=PATIENCE_S)
            if peer.hello.role == role and id in (None, peer.hello.id):
                return peer
            self._waiting.append(peer)

    def close(self) -> None:
        """As if it were killed: no goodbye."""
        self._server.shutdown()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def _on_connection(self, connection: ServerConnection) -> None:
        self._open.append(connection)
        try:
            hello, _ = decode(connection.recv(timeout=PATIENCE_S))
        except ConnectionClosed:
            return
        assert isinstance(hello, Hello)
        request = connection.request
        assert request is not None
        welcome = Welcome(
            protocol=1, version="0.1.0", store="ABCDEF", epoch="E1", blobs=str(self.blobs), **self.welcome
        )
        connection.send(encode(welcome))
        peer = Peer(connection, hello, request.headers["Authorization"].removeprefix("Bearer "))
        self._peers.put(peer)
        peer.serve()
