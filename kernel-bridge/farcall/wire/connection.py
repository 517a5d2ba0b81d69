"""One blocking WebSocket connection that carries frames: for clients, containers and supervisors alike.

Sends happen in the calling thread, one thread at a time may receive; the socket does not block, so that neither waits
for the other. It knows messages, not what they mean; reconnecting is its owner's business.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from itertools import islice
from urllib.parse import urlsplit

from . import websocket
from .frame import MAX_FRAME, UnknownMessage, decode, encode_parts
from .interrupts import Holding, uninterrupted
from .messages import Message

#: An interrupted write that makes no progress for this long gives the connection up.
_PATIENCE_S = 1.0
#: Parts of one write; below IOV_MAX.
_BUFFERS = 256
#: Payloads up to this are copied to their frame's head; larger ones are a part of the write by themselves.
_COPIED = 16 * 1024
_AGAIN = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError, InterruptedError)
_ANSWER = 64 * 1024

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

    def __init__(self, sock: socket.socket, early: bytes = b"") -> None:
        """``early``: what arrived behind the handshake."""
        self._socket = sock
        self._tls = threading.Lock() if isinstance(sock, ssl.SSLSocket) else None  # guards the TLS state, both ways
        self._writing = threading.Lock()  # guards _outgoing: held by the one thread that writes to the socket
        self._outgoing: deque[Payload] = deque()
        self._replies: deque[bytes] = deque()  # pongs and closes; whoever writes next takes them along
        self._closed: tuple[int, str] | None = None  # set once, by whoever finds out
        # Owned by the receiving thread:
        self._arrived: deque[tuple[Message, memoryview]] = deque()
        self._inbound = websocket.Inbound(MAX_FRAME + 64 * 1024)
        self._fragments: list[bytes | bytearray] = []
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._take_early(early)

    @classmethod
    def connect(cls, url: str, token: str, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None) -> Connection:
        """Open ``unix:///path``, ``ws://host:port`` or ``wss://host:port``, with ``token`` as bearer.

        Raises:
            OSError: nothing listens there, or not in ``timeout`` seconds.
            Refused: the gateway answered with an HTTP error (``code`` 401: wrong token).
        """
        sock, host = _open(url, timeout, tls)
        try:
            early = _shake_hands(sock, host, token, time.monotonic() + timeout)
            sock.setblocking(False)
            return cls(sock, early)
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
        parts = [part for message, payload in frames for part in _parts_of(message, payload)]
        with uninterrupted() as holding:
            with self._writing:
                if self._closed is not None:
                    raise self._lost()
                self._outgoing.extend(parts)
                self._write(holding)
            if self._replies:
                self._write_replies()

    def receive(self, timeout: float | None = None) -> tuple[Message, memoryview]:
        """The next frame. ``timeout`` in seconds: 0 only looks. Only one thread at a time.

        Messages of a newer protocol are skipped. Raises :class:`TimeoutError`, :class:`ConnectionLost` or
        :class:`~farcall.wire.frame.ProtocolError`.
        """
        if self._arrived:
            return self._arrived.popleft()
        deadline = None if timeout is None else time.monotonic() + timeout
        # Waiting first saves a read that finds nothing; but TLS may hold bytes that the socket does not show.
        if timeout != 0 and self._tls is None and self._closed is None:
            self._ready(timeout)
        while not self._arrived:
            if self._closed is not None:
                raise self._lost()
            if self._read():
                continue
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if left == 0.0 or not self._ready(left):
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
        if self._closed is None:
            self._closed = (1006, "")
            self._replies.append(websocket.close_frame(code, reason))
        self._write_replies()
        self._shut()

    def discard(self) -> None:
        """Free the socket without a word; for a forked child, whose parent goes on using it."""
        self._socket.close()

    # ── writing

    def _write_replies(self) -> None:
        """Write what the receiving thread has to say, unless someone is writing: that one does it before leaving."""
        while self._replies and self._writing.acquire(blocking=False):
            try:
                self._write(Holding())
            except ConnectionLost:
                pass  # said by the next receive; what came before it still counts
            finally:
                self._writing.release()

    def _write(self, holding: Holding) -> None:
        """Empty _outgoing, and the replies, into the socket. Held: _writing."""
        stuck_since = None
        while True:
            while self._replies:
                self._outgoing.append(self._replies.popleft())
            if not self._outgoing:
                return
            sent = self._write_some()
            if sent:
                stuck_since = None
                self._forget(sent)
                continue
            now = time.monotonic()
            stuck_since = stuck_since or now
            is_leaving = holding.came or self._closed is not None
            if is_leaving and now - stuck_since > _PATIENCE_S:
                raise self._broken()
            _wait_for(self._socket, select.POLLOUT, 0.1)

    def _forget(self, sent: int) -> None:
        """Take what was written off _outgoing."""
        while sent:
            part = self._outgoing[0]
            if sent < len(part):
                self._outgoing[0] = memoryview(part)[sent:]
                return
            sent -= len(part)
            self._outgoing.popleft()

    def _write_some(self) -> int:
        try:
            if self._tls is not None:
                with self._tls:
                    return self._socket.send(self._outgoing[0])
            if len(self._outgoing) == 1:
                return self._socket.send(self._outgoing[0])
            return self._socket.sendmsg(islice(self._outgoing, _BUFFERS))
        except _AGAIN:
            return 0
        except OSError:
            raise self._broken() from None

    def _broken(self) -> ConnectionLost:
        """The socket takes nothing more. Held: _writing."""
        self._closed = self._closed or (1006, "")
        self._outgoing.clear()
        self._shut()
        return self._lost()

    # ── reading

    def _ready(self, timeout: float | None) -> bool:
        try:
            return bool(self._poll.poll(None if timeout is None else timeout * 1000))
        except (OSError, ValueError):
            return True  # closed under us: the next read says so

    def _read(self) -> bool:
        """Take in what the socket has; False when it has nothing."""
        count = self._read_some()
        if count is None:
            return False
        if count == 0:
            self._closed = self._closed or (1006, "")
            return True
        self._take(count)
        return True

    def _read_some(self) -> int | None:
        try:
            if self._tls is None:
                return self._socket.recv_into(self._inbound.room())
            with self._tls:
                return self._socket.recv_into(self._inbound.room())
        except _AGAIN:
            return None
        except OSError:
            return 0

    def _take_early(self, early: bytes) -> None:
        if early:
            self._inbound.room()[: len(early)] = early
            self._take(len(early))

    def _take(self, count: int) -> None:
        """What became whole with the bytes that were just read."""
        try:
            for frame in self._inbound.took(count):
                if self._closed is None:
                    self._on_frame(frame)
        except websocket.Violation as violation:
            self._end(violation.code, violation.reason, violation.code)
        if self._replies:
            self._write_replies()

    def _on_frame(self, frame: websocket.Frame) -> None:
        if frame.opcode == websocket.BINARY and frame.is_last:
            self._on_message(frame.data)
        elif frame.opcode in (websocket.BINARY, websocket.CONTINUATION):
            self._fragments.append(frame.data)
            if frame.is_last:
                whole, self._fragments = b"".join(self._fragments), []
                self._on_message(whole)
        elif frame.opcode == websocket.PING:
            self._replies.append(websocket.pong_frame(bytes(frame.data)))
        elif frame.opcode == websocket.CLOSE:
            code, reason = websocket.goodbye(bytes(frame.data))
            self._end(code, reason, 1000 if code == 1005 else code)

    def _on_message(self, data: bytes | bytearray) -> None:
        try:
            self._arrived.append(decode(data))
        except UnknownMessage:
            pass  # a newer peer's message: ignoring it is the compatibility rule

    def _end(self, code: int, reason: str, answer: int) -> None:
        """The peer said goodbye, or what cannot be understood."""
        self._closed = (code, reason)
        self._replies.append(websocket.close_frame(answer, ""))

    # ── ending

    def _shut(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _lost(self) -> ConnectionLost:
        return ConnectionLost(*(self._closed or (1006, "")))


def _parts_of(message: Message, payload: Payload) -> tuple[Payload, ...]:
    """The frame of one message as parts of a write."""
    size, head = encode_parts(message, payload)
    head = websocket.head_of(size) + head
    if len(payload) <= _COPIED:
        return (b"".join((head, payload)) if payload else head,)
    return head, payload


def _wait_for(sock: socket.socket, event: int, timeout: float) -> None:
    try:
        poll = select.poll()
        poll.register(sock, event)
        poll.poll(timeout * 1000)
    except (OSError, ValueError):
        pass  # closed under us: the next write says so


# ── opening


def _open(url: str, timeout: float, tls: ssl.SSLContext | None) -> tuple[socket.socket, str]:
    """A connected socket, and the host as the request names it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        try:
            sock.connect(parts.path)
        except BaseException:
            sock.close()
            raise
        return sock, "localhost"
    host, port = parts.hostname or "localhost", parts.port or (443 if parts.scheme == "wss" else 80)
    sock = socket.create_connection((host, port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme == "wss":
        sock = (tls or ssl.create_default_context()).wrap_socket(sock, server_hostname=host)
    return sock, parts.netloc


def _shake_hands(sock: socket.socket, host: str, token: str, deadline: float) -> bytes:
    """Ask for the upgrade; what arrived behind the answer. Raises :class:`Refused`, ``OSError``."""
    key = os.urandom(16)
    sock.sendall(websocket.request(host, "/v1/connect", token, key))
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _receive_until(sock, deadline)
        if len(answer) > _ANSWER:
            raise Refused(1006, "its answer does not end")
    head, _, rest = answer.partition(b"\r\n\r\n")
    try:
        response = websocket.Response.of(head)
    except websocket.Violation as violation:
        raise Refused(1006, violation.reason) from None
    if response.accepts(key):
        return rest
    if response.status == 101:
        raise Refused(1006, "it accepted something else than was asked for")
    while len(rest) < min(_ANSWER, response.length):
        rest += _receive_until(sock, deadline)
    raise Refused(response.status, rest.decode("utf-8", "replace")[:500])


def _receive_until(sock: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the gateway did not answer the handshake")
    sock.settimeout(left)
    data = sock.recv(4096)
    if not data:
        raise Refused(1006, "closed during the handshake")
    return data
