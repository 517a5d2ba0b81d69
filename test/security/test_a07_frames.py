"""A7: frames that no WebSocket may send: each closes with the code of its fault and costs next to no memory."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from .attacker import MASK, Gateway, closing_code, frame, serving

_MIB = 1024 * 1024
_MOST_GROWTH = 32 * _MIB


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("a07")) as running:
        client = running.client()
        client.median(2_000)
        yield running


def send_all(sock: socket.socket, data: bytes, times: int = 1) -> None:
    """Until it is all away or the gateway hangs up."""
    with contextlib.suppress(OSError):
        for _ in range(times):
            sock.sendall(data)


FAULTS = {
    "2^31 bytes announced": (b"\x82\xff" + (2**31).to_bytes(8, "big") + MASK, 1009),
    "2^63 bytes announced": (b"\x82\xff" + (2**63).to_bytes(8, "big") + MASK, 1009),
    "one byte more than a frame": (b"\x82\xff" + (_MIB + 1).to_bytes(8, "big") + MASK, 1009),
    "an unmasked frame": (b"\x82\x03abc", 1002),
    "reserved opcode 3": (frame(3, b"abc"), 1002),
    "reserved opcode 11": (frame(11, b"abc"), 1002),
    "reserved bits": (bytes([0xF2, 0x80]) + MASK, 1002),
    "a compressed frame": (bytes([0xC2, 0x80]) + MASK, 1002),
    "a fragmented ping": (frame(9, b"", final=False), 1002),
    "a ping of 126 bytes": (b"\x89\xfe\x00\x7e" + MASK + bytes(126), 1002),
    "a continuation of nothing": (frame(0, b"abc"), 1002),
    "text that is no UTF-8": (frame(1, b"\xff\xfe"), 1007),
    "a close with half a code": (frame(8, b"\x03"), 1002),
    "a text message": (frame(1, b"hello"), 4400),
    "an empty message": (frame(2, b""), 4400),
}


@pytest.mark.parametrize(("data", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_a_frame_against_the_rules_closes_with_its_code(gateway: Gateway, data: bytes, code: int) -> None:
    before = gateway.memory()
    socks = [gateway.upgraded() for _ in range(20)]
    for sock in socks:
        send_all(sock, data)
    assert {closing_code(sock) for sock in socks} == {code}
    assert gateway.memory() - before < _MOST_GROWTH
    gateway.client().latency()


def test_a_million_empty_fragments_close_after_the_first_few(gateway: Gateway) -> None:
    before = gateway.memory()
    sock = gateway.upgraded()
    sender = threading.Thread(target=send_all, args=(sock, frame(0, b"", final=False) * 10_000, 100))
    send_all(sock, frame(2, b"", final=False))
    sender.start()
    assert closing_code(sock) in (1008, 1006)  # a hang-up may overtake its reason while we still send
    sender.join()
    assert gateway.memory() - before < _MOST_GROWTH


def test_a_flood_of_pings_whose_pongs_nobody_reads_is_cut_off(gateway: Gateway) -> None:
    before = gateway.memory()
    sock = gateway.upgraded()
    sock.settimeout(30)
    send_all(sock, frame(9, b"x" * 125) * 1_000, 200)
    assert closing_code(sock) in (1008, 1006)
    assert gateway.memory() - before < _MOST_GROWTH
    gateway.client().latency()


def test_messages_that_are_never_finished_cost_no_more_than_a_frame_each(gateway: Gateway) -> None:
    before = gateway.memory()
    piece = b"\x02\xfe\xff\xff" + MASK + bytes(65535)
    socks = [gateway.upgraded() for _ in range(20)]
    for sock in socks:
        send_all(sock, piece)
    gateway.client().latency()
    assert gateway.memory() - before < _MOST_GROWTH
    for sock in socks:
        sock.close()
