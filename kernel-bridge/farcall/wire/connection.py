"""One blocking WebSocket connection that carries frames: for clients, containers and supervisors alike.

`websockets`' sans-I/O protocol over a non-blocking socket: sends happen in the calling thread, one thread at a time may
receive. It knows messages, not what they mean; reconnecting is its owner's business.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from itertools import islice
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from .frame import MAX_FRAME, UnknownMessage, decode, encode
from .interrupts import Holding, uninterrupted
from .messages import Message

_RECEIVE = 256 * 1024
#: An interrupted write that makes no progress for this long gives the connection up.
_PATIENCE_S = 1.0
#: Parts of one write; below IOV_MAX.
_BUFFERS = 256
_AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError, InterruptedError)

Payload = bytes | bytearray | memoryview


class ConnectionLost(Exception):
    """The connection is closed. ``code`` is the WebSocket close code, 1006 when the peer just went away."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"connection lost ({self.code}) {self.reason}".rstrip()


class Refused(ConnectionLost):
    """The gateway did not accept the handshake; ``code`` is the HTTP status."""


class Connection:
    """An open connection to a gateway. Make one with :meth:`connect`; it is closed by :meth:`close`, or by the peer."""

    def __init__(self, sock: socket.socket, protocol: ClientProtocol) -> None:
        self._socket = sock
        self._tls = threading.Lock() if isinstance(sock, ssl.SSLSocket) else None  # guards the TLS state, both ways
        self._state = threading.Lock()  # guards _protocol and _outgoing
        self._protocol = protocol
        self._outgoing: deque[memoryview] = deque()
        self._writing = threading.Lock()  # held by the one thread that writes to the socket; taken before _state
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
            for part in protocol.data_to_send():
                sock.sendall(part)
            sock.setblocking(False)
            connection = cls(sock, protocol)
            connection._shake_hands(time.monotonic() + timeout)
            return connection
        except BaseException:
            sock.close()
            raise

    def send(self, message: Message, payload: Payload = b"") -> None:
        """Send one frame; blocks while the socket is full. Raises :class:`ConnectionLost`."""
        self.send_many(((message, payload),))

    def send_many(self, frames: Iterable[tuple[Message, Payload]]) -> None:
        """Send frames in their order, in one write. An interrupt waits until they are out.

        Raises :class:`ConnectionLost`; how many of the frames arrived is then not known.
        """
        encoded = [encode(message, payload) for message, payload in frames]
        with uninterrupted() as holding:
            with self._writing:
                with self._state:
                    if self._protocol.state is not State.OPEN:
                        raise self._lost()
                    for frame in encoded:
                        self._protocol.send_binary(frame)
                    self._collect()
                self._write(holding)
            self._write_left()

    def receive(self, timeout: float | None = None) -> tuple[Message, memoryview]:
        """The next frame. ``timeout`` in seconds: 0 only looks. Only one thread at a time.

        Messages of a newer protocol are skipped. Raises :class:`TimeoutError`, :class:`ConnectionLost` or
        :class:`~farcall.wire.frame.ProtocolError`.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._arrived:
            if self._protocol.state is State.CLOSED:
                raise self._lost()
            if self._read():
                continue
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if left == 0.0 or not self._ready(select.POLLIN, left):
                raise TimeoutError
        return self._arrived.popleft()

    def fileno(self) -> int:
        """For select. Frames may wait in memory even when the socket has nothing: ask :attr:`pending` as well."""
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Whether :meth:`receive` would answer without touching the socket."""
        return bool(self._arrived)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and close; a thread in :meth:`receive` gets :class:`ConnectionLost`. Idempotent; never raises."""
        with self._state:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(code, reason)
                self._collect()
        try:
            self._write_left()
            self._socket.shutdown(socket.SHUT_RDWR)
        except (OSError, ConnectionLost):
            pass

    def discard(self) -> None:
        """Free the socket without a word; for a forked child, whose parent goes on using it."""
        self._socket.close()

    # ── writing

    def _collect(self) -> None:
        """Move what the protocol wants sent to _outgoing. Held: _state."""
        self._outgoing.extend(memoryview(part) for part in self._protocol.data_to_send() if part)

    def _write_left(self) -> None:
        """Write what another thread left behind, unless someone is writing: that one does it before leaving."""
        while self._outgoing and self._writing.acquire(blocking=False):
            try:
                self._write(Holding())
            finally:
                self._writing.release()

    def _write(self, holding: Holding) -> None:
        """Empty _outgoing into the socket. Held: _writing."""
        stuck_since = None
        while self._outgoing:
            sent = self._write_some()
            if sent:
                stuck_since = None
                self._forget(sent)
                continue
            now = time.monotonic()
            stuck_since = stuck_since or now
            if holding.came and now - stuck_since > _PATIENCE_S:
                raise self._broken()
            self._ready(select.POLLOUT, 0.1)

    def _forget(self, sent: int) -> None:
        """Take what was written off _outgoing."""
        while sent:
            part = self._outgoing[0]
            if sent < len(part):
                self._outgoing[0] = part[sent:]
                return
            sent -= len(part)
            self._outgoing.popleft()

    def _write_some(self) -> int:
        try:
            if self._tls is None:
                return self._socket.sendmsg(islice(self._outgoing, _BUFFERS))
            with self._tls:
                return self._socket.send(self._outgoing[0])
        except _AGAIN:
            return 0
        except OSError:
            raise self._broken() from None

    def _broken(self) -> ConnectionLost:
        with self._state:
            if self._protocol.state is not State.CLOSED:
                self._protocol.receive_eof()
            self._outgoing.clear()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        return self._lost()

    # ── reading

    def _ready(self, event: int, timeout: float | None) -> bool:
        try:
            poll = select.poll()
            poll.register(self._socket, event)
            return bool(poll.poll(None if timeout is None else timeout * 1000))
        except (OSError, ValueError):
            return True  # closed under us: the next read or write says so

    def _read(self) -> bool:
        """Take in what the socket has; False when it has nothing."""
        received = self._read_some()
        if received is None:
            return False
        with self._state:
            if self._protocol.state is State.CLOSED:
                return True
            if received:
                self._protocol.receive_data(received)
            else:
                self._protocol.receive_eof()
            events = self._protocol.events_received()
            self._collect()
        if self._outgoing:
            try:
                self._write_left()
            except ConnectionLost:
                pass  # said by the next receive; what came before it still counts
        for event in events:
            if isinstance(event, Response):
                self._check(event)
            elif isinstance(event, Frame):
                self._take(event)
        return True

    def _read_some(self) -> bytes | None:
        try:
            if self._tls is None:
                return self._socket.recv(_RECEIVE)
            with self._tls:
                return self._socket.recv(_RECEIVE)
        except _AGAIN:
            return None
        except OSError:
            return b""

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

    # ── opening

    def _shake_hands(self, deadline: float) -> None:
        while self._protocol.state is State.CONNECTING:
            if self._read():
                continue
            left = deadline - time.monotonic()
            if left <= 0 or not self._ready(select.POLLIN, left):
                raise TimeoutError("the gateway did not answer the handshake")
        if self._protocol.state is not State.OPEN:
            raise Refused(1006, "closed during the handshake")

    def _check(self, response: Response) -> None:
        if self._protocol.handshake_exc is None:
            return
        if isinstance(self._protocol.handshake_exc, InvalidStatus):
            body = bytes(response.body or b"").decode("utf-8", "replace")
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
