"""The blocking connection, against a real WebSocket server."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, unix_serve

from farcall.wire.connection import Connection, ConnectionLost, Refused
from farcall.wire.frame import decode, encode
from farcall.wire.interrupts import uninterrupted
from farcall.wire.messages import CallSealed, Ping, Pong


class Served:
    """A server on a Unix socket; ``serve`` handles each connection."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.serve: Callable[[ServerConnection], None] = echo
        self._server = unix_serve(self._handle, str(path), process_request=_authenticate, max_size=4 * 2**20)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()

    def _handle(self, socket: ServerConnection) -> None:
        try:
            self.serve(socket)
        except ConnectionClosed:
            pass


def echo(socket: ServerConnection) -> None:
    for data in socket:
        socket.send(data)


def _authenticate(socket: ServerConnection, request: Request) -> Response | None:
    return None if request.headers["Authorization"] == "Bearer right" else socket.respond(401, "wrong token\n")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(tmp_path / "s")
    yield running
    running.close()


@pytest.fixture
def connection(served: Served) -> Iterator[Connection]:
    opened = Connection.connect(served.url, "right")
    yield opened
    opened.close()
    opened.discard()


def test_frames_arrive_as_they_were_sent(connection: Connection) -> None:
    connection.send(CallSealed(call_id="fc-x", count=3), b"payload")
    message, payload = connection.receive(10)
    assert message == CallSealed(call_id="fc-x", count=3)
    assert bytes(payload) == b"payload"


def test_many_frames_of_one_write_keep_their_order(connection: Connection) -> None:
    connection.send_many([(CallSealed(call_id="fc-x", count=count), b"") for count in range(600)])
    received = [connection.receive(10)[0] for _ in range(600)]
    assert received == [CallSealed(call_id="fc-x", count=count) for count in range(600)]


def test_both_sides_may_send_much_at_once(connection: Connection) -> None:
    payload = os.urandom(900_000)
    sender = threading.Thread(target=lambda: [connection.send(Ping(), payload) for _ in range(20)])
    sender.start()
    for _ in range(20):
        assert connection.receive(30)[1] == payload
    sender.join()


def test_receive_with_timeout_zero_only_looks(connection: Connection) -> None:
    with pytest.raises(TimeoutError):
        connection.receive(0)


def test_a_wrong_token_is_refused(served: Served) -> None:
    with pytest.raises(Refused) as raised:
        Connection.connect(served.url, "wrong")
    assert raised.value.code == 401
    assert "wrong token" in raised.value.reason


def test_nothing_listening_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Connection.connect(f"unix://{tmp_path}/nobody", "right")


def test_what_came_before_the_close_is_received_first(served: Served) -> None:
    def serve(socket: ServerConnection) -> None:
        socket.send(encode(Pong()))
        socket.close(4503, "draining")

    served.serve = serve
    connection = Connection.connect(served.url, "right")
    assert connection.receive(10)[0] == Pong()
    with pytest.raises(ConnectionLost) as raised:
        connection.receive(10)
    assert (raised.value.code, raised.value.reason) == (4503, "draining")
    with pytest.raises(ConnectionLost):
        connection.send(Ping())


def test_fragments_are_put_together_and_unknown_messages_skipped(served: Served) -> None:
    def serve(socket: ServerConnection) -> None:
        frame = encode(CallSealed(call_id="fc-x", count=1), b"abc")
        socket.send(iter([frame[:5], frame[5:9], frame[9:]]))
        unknown = encode(Ping()).replace(b"ping", b"pxng")
        socket.send(unknown)
        socket.send(encode(Pong()))
        socket.recv()

    served.serve = serve
    connection = Connection.connect(served.url, "right")
    message, payload = connection.receive(10)
    assert (message, bytes(payload)) == (CallSealed(call_id="fc-x", count=1), b"abc")
    assert connection.receive(10)[0] == Pong()
    connection.close()


def test_closing_wakes_the_thread_that_receives(connection: Connection) -> None:
    raised: list[type[BaseException]] = []

    def receive() -> None:
        try:
            connection.receive()
        except ConnectionLost as lost:
            raised.append(type(lost))

    receiver = threading.Thread(target=receive)
    receiver.start()
    connection.close()
    receiver.join(30)
    assert raised == [ConnectionLost]


def test_an_interrupt_waits_for_the_end_of_a_write() -> None:
    done = []

    def interrupted() -> None:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("written")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["written"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_pings_of_the_transport_are_answered(served: Served) -> None:
    answered = threading.Event()

    def serve(socket: ServerConnection) -> None:
        if socket.ping().wait(30):
            answered.set()
            socket.send(encode(Pong()))
        socket.recv()

    served.serve = serve
    connection = Connection.connect(served.url, "right")
    assert connection.receive(30)[0] == Pong()
    assert answered.is_set()
    connection.close()


def test_decode_is_the_reverse_of_encode() -> None:
    assert decode(encode(Ping(), b"x"))[0] == Ping()
