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

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from farcall.wire.frame import MAX_FRAME, decode, encode
from farcall.wire.messages import Hello, Message, Welcome

from .waiting import PATIENCE_S

T = TypeVar("T")


class Peer:
    """One connection: frames in both directions, received by a thread of its own."""

    def __init__(self, sock: socket.socket) -> None:
        self.token = ""
        self.hello: Hello
        self._socket = sock
        self._protocol = ServerProtocol(max_size=MAX_FRAME + 65536)
        self._sending = threading.Lock()  # guards _protocol
        self._arrived: queue.SimpleQueue[tuple[Message, memoryview] | None] = queue.SimpleQueue()
        self._skipped: list[tuple[Message, memoryview]] = []

    def send(self, message: Message, payload: bytes = b"") -> None:
        with self._sending:
            self._protocol.send_binary(encode(message, payload))
            self._flush()

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
                self._arrived.put(None)
                raise AssertionError(f"closed before {kind.__name__}; got {[kept for kept, _ in self._skipped]}")
            if isinstance(arrived[0], kind) and match(arrived[0]):
                return arrived
            self._skipped.append(arrived)

    def wait_closed(self) -> list[Message]:
        """Until the other side has gone; what it said and nobody asked for."""
        while (arrived := self._arrived.get(timeout=PATIENCE_S)) is not None:
            self._skipped.append(arrived)
        return [message for message, _ in self._skipped]

    def close(self, code: int = 1000, reason: str = "") -> None:
        with self._sending:
            self._protocol.send_close(code, reason)
            self._flush()

    def cut(self) -> None:
        """Drop the connection without a word."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def serve(self, greet: Callable[[Peer], None]) -> None:
        """Receive until the end. ``greet`` is called once, after hello."""
        while True:
            try:
                received = self._socket.recv(65536)
            except OSError:
                received = b""
            with self._sending, contextlib.suppress(OSError):
                self._protocol.receive_data(received) if received else self._protocol.receive_eof()
                events = self._protocol.events_received()
                for event in events:
                    if isinstance(event, Request):
                        self.token = event.headers["Authorization"].removeprefix("Bearer ")
                        self._protocol.send_response(self._protocol.accept(event))
                self._flush()
            for event in events:
                if isinstance(event, Frame) and event.opcode is Opcode.BINARY:
                    self._take(bytes(event.data), greet)
            if not received:
                self._arrived.put(None)
                return

    def _take(self, frame: bytes, greet: Callable[[Peer], None]) -> None:
        message, payload = decode(frame)
        if isinstance(message, Hello):
            self.hello = message
            greet(self)
        else:
            self._arrived.put((message, payload))

    def _flush(self) -> None:
        for piece in self._protocol.data_to_send():
            if piece:
                self._socket.sendall(piece)
            else:
                self._socket.shutdown(socket.SHUT_WR)


class ScriptedGateway:
    """Listens on a Unix socket; welcomes everybody."""

    def __init__(self, folder: Path, *, welcome: dict[str, Any] | None = None) -> None:
        self.path = folder / "gateway.sock"
        self.blobs = folder / "blobs"
        self.blobs.mkdir(exist_ok=True)
        self._welcome = Welcome(
            protocol=1, version="0.1.0", store="ABCDEF", epoch="E1", blobs=str(self.blobs), **(welcome or {})
        )
        self.revoked: int | None = None  # what containers hear that come (back) from now on
        self._peers: queue.SimpleQueue[Peer] = queue.SimpleQueue()
        self._waiting: list[Peer] = []
        self._open: list[Peer] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(self.path))
        self._socket.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def peer(self, role: str, id: str | None = None) -> Peer:
        """The next connection of that role (and name) that said hello."""
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
        """As if it were killed: no goodbye. Idempotent."""
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for peer in self._open:
            peer.cut()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            peer = Peer(sock)
            self._open.append(peer)
            threading.Thread(target=peer.serve, args=(self._greet,), daemon=True).start()

    def _greet(self, peer: Peer) -> None:
        peer.send(msgspec.structs.replace(self._welcome, revoked=self.revoked))
        self._peers.put(peer)
