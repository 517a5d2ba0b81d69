"""A6: 500 sockets that send their header byte by byte, and half frames: capped, closed in time, nobody else notices."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from pathlib import Path

import pytest

from .attacker import Gateway, closing_code, frame, serving


class SlowSockets:
    """Sockets that never finish their request; one byte each now and then."""

    def __init__(self, gateway: Gateway, count: int) -> None:
        self.sockets = [gateway.tcp() for _ in range(count)]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._trickle, daemon=True)
        self._thread.start()

    def _trickle(self) -> None:
        while not self._end.wait(1.0):
            for sock in self.sockets:
                with contextlib.suppress(OSError):
                    sock.send(b"G")

    def open_count(self) -> int:
        readable, _, _ = select.select([sock for sock in self.sockets if sock.fileno() >= 0], [], [], 0)
        for sock in readable:
            with contextlib.suppress(OSError):
                while sock.recv(4096):
                    pass
            sock.close()
        return sum(sock.fileno() >= 0 for sock in self.sockets)

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        for sock in self.sockets:
            sock.close()


#: Options, and what the design allows with them, with what a busy machine adds.
PATIENCE = [
    pytest.param(("--limit", "handshake=2"), 2 + 6, id="two seconds"),
    pytest.param((), 10 + 6, id="by default", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("options", "in_time"), PATIENCE)
def test_of_500_slow_headers_20_are_borne_and_none_for_long(
    tmp_path: Path, options: tuple[str, ...], in_time: float
) -> None:
    with serving(tmp_path, *options) as gateway:
        client = gateway.client()
        client.median(200)
        before = client.median()
        began = time.monotonic()
        slow = SlowSockets(gateway, 500)
        during = [client.median(100)]
        while slow.open_count() > 20:
            assert time.monotonic() - began < in_time, "more than the cap stay open"
            time.sleep(0.01)
        while slow.open_count() > 0:
            during.append(client.median(100))
            assert time.monotonic() - began < in_time, "a socket that shows no token is still open"
        slow.close()
        after = client.median()
        # The machine's own mood is in all three; the attack's is only in the middle one.
        assert sorted(during)[len(during) // 2] < 2 * max(before, after)


HALVES = [b"", frame(2, b"abc")[:1], b"\x82\xfe", frame(2, b"hello")[:-2], frame(2, b"abc", final=False)]


@pytest.mark.parametrize(("options", "in_time"), PATIENCE)
def test_half_a_frame_after_the_upgrade_is_cut_off(tmp_path: Path, options: tuple[str, ...], in_time: float) -> None:
    with serving(tmp_path, *options) as gateway:
        began = time.monotonic()
        socks = [gateway.upgraded() for _ in HALVES]
        for sock, half in zip(socks, HALVES, strict=True):
            sock.sendall(half)
            sock.settimeout(in_time)
        assert [closing_code(sock) for sock in socks] == [1006] * len(HALVES)
        assert time.monotonic() - began < in_time
        gateway.client().latency()


def test_a_slow_body_without_a_token_does_not_keep_its_socket(tmp_path: Path) -> None:
    with serving(tmp_path) as gateway:
        sock = gateway.tcp()
        sock.settimeout(30)
        sock.sendall(
            b"PUT /blobs/bl-00000000000000000000000000 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
        )
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while received := sock.recv(4096):
                answer += received
        assert answer.startswith(b"HTTP/1.1 401 ")
