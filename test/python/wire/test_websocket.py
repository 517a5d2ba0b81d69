"""Frames cut out of bytes as they come, and the handshake; without a socket."""

from __future__ import annotations

import base64
import os

import pytest

from farcall.wire import websocket
from farcall.wire.websocket import BINARY, Frame, Inbound, Response, Violation

LIMIT = 1024 * 1024


def served(data: bytes, *, opcode: int = BINARY, is_last: bool = True) -> bytes:
    """A frame as a server sends it."""
    head = bytes([opcode | (0x80 if is_last else 0)])
    if len(data) < 126:
        return head + bytes([len(data)]) + data
    if len(data) < 65536:
        return head + bytes([126]) + len(data).to_bytes(2, "big") + data
    return head + bytes([127]) + len(data).to_bytes(8, "big") + data


def fed(inbound: Inbound, data: bytes, step: int) -> list[Frame]:
    """What comes out when at most ``step`` bytes arrive at once."""
    frames: list[Frame] = []
    while data:
        room = inbound.room()
        some = data[: min(step, len(room))]
        room[: len(some)] = some
        frames += inbound.took(len(some))
        data = data[len(some) :]
    return frames


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100_000])
def test_frames_come_out_whole_however_their_bytes_arrive(step: int) -> None:
    sent = [b"", b"a", bytes(125), bytes(range(126)), os.urandom(70_000 if step > 3 else 700)]
    frames = fed(Inbound(LIMIT), b"".join(map(served, sent)), step)
    assert [bytes(frame.data) for frame in frames] == sent


def test_a_frame_larger_than_the_buffer_comes_out_whole_and_what_follows_too() -> None:
    large = os.urandom(900_000)
    frames = fed(Inbound(LIMIT), served(b"before") + served(large) + served(b"after"), 200_000)
    assert [bytes(frame.data) for frame in frames] == [b"before", large, b"after"]


def test_what_was_cut_keeps_its_bytes_when_the_buffer_is_used_again() -> None:
    inbound = Inbound(LIMIT)
    (first,) = fed(inbound, served(b"first"), 100)
    fed(inbound, served(b"other"), 100)
    assert bytes(first.data) == b"first"


def test_fragments_say_that_more_comes() -> None:
    frames = fed(Inbound(LIMIT), served(b"a", is_last=False) + served(b"b", opcode=0), 100)
    assert [(frame.opcode, frame.is_last) for frame in frames] == [(BINARY, False), (0, True)]


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\x82\x81\x00\x00\x00\x00a", 1002), (b"\xc2\x01a", 1002), (b"\x82\x7f" + (2 * LIMIT).to_bytes(8, "big"), 1009)],
    ids=["masked", "extended", "too large"],
)
def test_what_a_server_must_not_send_is_refused(data: bytes, code: int) -> None:
    with pytest.raises(Violation) as raised:
        fed(Inbound(LIMIT), data, 100)
    assert raised.value.code == code


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_our_heads_carry_the_length_and_an_empty_key(size: int) -> None:
    head = websocket.head_of(size)
    assert (head[0], head[1] & 0x80, head[-4:]) == (0x82, 0x80, bytes(4))
    short = head[1] & 0x7F
    assert size == (short if short < 126 else int.from_bytes(head[2:-4], "big"))


def test_the_upgrade_is_proved_by_the_key() -> None:
    key = base64.b64decode("dGhlIHNhbXBsZSBub25jZQ==")  # the example of RFC 6455
    head = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert Response.of(head).accepts(key)
    assert not Response.of(head).accepts(bytes(16))
    assert not Response.of(head.replace(b"101", b"200")).accepts(key)


def test_an_answer_that_is_no_http_is_refused() -> None:
    with pytest.raises(Violation):
        Response.of(b"SSH-2.0-OpenSSH")
