"""One blocking WebSocket connection that carries frames: for clients, containers and supervisors alike.

`websockets`' sans-I/O protocol over a plain socket: sends happen in the calling thread under a lock, one thread at a
time may receive. It knows messages, not what they mean; reconnecting is its owner's business.
"""

from __future__ import annotations

import select
import signal
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from .frame import MAX_FRAME, UnknownMessage, decode, encode
from .messages import Message

_RECEIVE = 256 * 1024


class ConnectionLost(Exception):
    """The connection is closed. ``code`` is the WebSocket close code, 1006 when the peer just went away."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"connection lost ({code}) {reason}".rstrip())
        self.code = code
        self.reason = reason


class Refused(ConnectionLost):
    """The gateway did not accept the handshake; ``code`` is the HTTP status."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold SIGINT off, so that an interrupt cannot cut a frame in two. A no-op outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


class Connection:
    """An open connection to a gateway. Make one with :meth:`connect`; it is closed by :meth:`close`, or by the peer."""

    def __init__(self, sock: socket.socket, protocol: ClientProtocol) -> None:
        self._socket = sock
        self._protocol = protocol  # guarded by _sending
        self._sending = threading.RLock()
        self._arrived: deque[tuple[Message, memoryview]] = deque()  # owned by the receiving thread
        self._parts: list[bytes] = []  # fragments of one message; owned by the receiving thread

    @classmethod
    def connect(cls, url: str, token: str, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None) -> Connection:
        """Open ``unix:///path``, ``ws://host:port`` or ``wss://host:port``, with ``token`` as bearer.

        Raises:
            OSError: nothing listens there, or not in ``timeout`` seconds.
            Refused: the gateway answered with an HTTP error (``code`` 401: wrong token).
        """
        sock, uri = _open(url, timeout, tls)
        try:
            protocol = ClientProtocol(parse_uri(uri), max_size=MAX_FRAME + 64 * 1024)
            request = protocol.connect()
            request.headers["Authorization"] = f"Bearer {token}"
            protocol.send_request(request)
            _flush(sock, protocol)
            connection = cls(sock, protocol)
            connection._shake_hands(time.monotonic() + timeout)
            sock.settimeout(None)
            return connection
        except BaseException:
            sock.close()
            raise

    def send(self, message: Message, payload: bytes | bytearray | memoryview = b"") -> None:
        """Send one frame; blocks while the socket is full. Raises :class:`ConnectionLost`."""
        frame = encode(message, payload)
        with self._sending, uninterrupted():
            if self._protocol.state is not State.OPEN:
                raise self._lost()
            self._protocol.send_binary(frame)
            self._flush()

    def receive(self, timeout: float | None = None) -> tuple[Message, memoryview]:
        """The next frame. ``timeout`` in seconds: 0 only looks. Only one thread at a time.

        Messages of a newer protocol are skipped. Raises :class:`TimeoutError`, :class:`ConnectionLost` or
        :class:`~farcall.wire.frame.ProtocolError`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._arrived:
            if self._protocol.state is State.CLOSED:
                raise self._lost()
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._readable(left):
                raise TimeoutError
            self._read()
        return self._arrived.popleft()

    def fileno(self) -> int:
        """For select. Frames may wait in memory even when the socket has nothing: ask :attr:`pending` as well."""
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Whether :meth:`receive` would answer without touching the socket."""
        return bool(self._arrived)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and close. Idempotent; never raises."""
        with self._sending:
            try:
                if self._protocol.state is State.OPEN:
                    self._protocol.send_close(code, reason)
                    self._flush()
                self._socket.shutdown(socket.SHUT_RDWR)
            except (OSError, ConnectionLost):
                pass

    def discard(self) -> None:
        """Free the socket without a word; for a forked child, whose parent goes on using it."""
        self._socket.close()

    def _readable(self, timeout: float | None) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def _read(self) -> None:
        try:
            received = self._socket.recv(_RECEIVE)
        except (ssl.SSLWantReadError, InterruptedError):
            return
        except OSError:
            received = b""
        with self._sending:
            if received:
                self._protocol.receive_data(received)
            else:
                self._protocol.receive_eof()
            events = self._protocol.events_received()
            self._flush()
        for event in events:
            if isinstance(event, Frame):
                self._take(event)

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.BINARY, Opcode.CONT):
            return
        if not frame.fin or self._parts:
            self._parts.append(bytes(frame.data))
            if not frame.fin:
                return
            whole, self._parts = b"".join(self._parts), []
        else:
            whole = bytes(frame.data)
        try:
            self._arrived.append(decode(whole))
        except UnknownMessage:
            pass  # a newer peer's message: ignoring it is the compatibility rule

    def _flush(self) -> None:
        try:
            _flush(self._socket, self._protocol)
        except OSError:
            self._protocol.receive_eof()
            raise self._lost() from None

    def _shake_hands(self, deadline: float) -> None:
        while self._protocol.state is State.CONNECTING:
            left = deadline - time.monotonic()
            if left <= 0 or not self._readable(left):
                raise TimeoutError("the gateway did not answer the handshake")
            received = self._socket.recv(_RECEIVE)
            if received:
                self._protocol.receive_data(received)
            else:
                self._protocol.receive_eof()
            for event in self._protocol.events_received():
                if isinstance(event, Response):
                    self._check(event)
                elif isinstance(event, Frame):
                    self._take(event)
            if not received:
                raise Refused(1006, "closed during the handshake")

    def _check(self, response: Response) -> None:
        if self._protocol.handshake_exc is None:
            return
        if isinstance(self._protocol.handshake_exc, InvalidStatus):
            body = (response.body or b"").decode("utf-8", "replace")
            raise Refused(response.status_code, body[:500])
        raise Refused(1006, str(self._protocol.handshake_exc))

    def _lost(self) -> ConnectionLost:
        received = self._protocol.close_rcvd
        return ConnectionLost(received.code, received.reason) if received else ConnectionLost(1006)


def _open(url: str, timeout: float, tls: ssl.SSLContext | None) -> tuple[socket.socket, str]:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(parts.path)
        except BaseException:
            sock.close()
            raise
        return sock, "ws://localhost/v1/connect"
    host, port = parts.hostname or "localhost", parts.port or (443 if parts.scheme == "wss" else 80)
    sock = socket.create_connection((host, port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme == "wss":
        sock = (tls or ssl.create_default_context()).wrap_socket(sock, server_hostname=host)
    return sock, f"{parts.scheme}://{parts.netloc}/v1/connect"


def _flush(sock: socket.socket, protocol: ClientProtocol) -> None:
    for chunk in protocol.data_to_send():
        if chunk:
            sock.sendall(chunk)
        else:
            sock.shutdown(socket.SHUT_WR)
