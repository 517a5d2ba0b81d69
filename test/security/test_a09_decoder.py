"""A9 and the decoder's side of A8, in Python: whatever the bytes are, decode() answers or raises ProtocolError, soon.

The same for the WebSocket's frames and for the answer to its handshake (Violation). FARCALL_FUZZ=1000000 for the long
run, FARCALL_SEED=n to replay one.
"""

from __future__ import annotations

import gc
import os
import random
import time
import tracemalloc
from collections.abc import Callable

import pytest

from farcall.wire import websocket
from farcall.wire.frame import MAX_FRAME, MAX_HEADER, ProtocolError, decode

from .corpus.write import DEEP, field, message
from .fuzz import corpus, mutated

FRAMES = corpus()
ROUNDS = int(os.environ.get("FARCALL_FUZZ", "50000"))
SEED = int(os.environ.get("FARCALL_SEED", "20260901"))
#: What one frame may take, however busy the machine: a hang takes for ever.
HANG_S = 5.0
MEMORY = 32 * 1024 * 1024
BOMBS = {
    **FRAMES,
    "deep arrays": message("ping", field("more", b"\x91" * DEEP + b"\xc0")),
    "deep maps": message("ping", field("more", b"\x81\xa1a" * DEEP + b"\xc0")),
    "deep in a header of 512 KiB": message("ping", field("more", b"\x91" * (MAX_HEADER - 64) + b"\xc0")),
}


def outcome_of(frame: bytes) -> str:
    """The type of the message, or ProtocolError."""
    try:
        return type(decode(frame)[0]).__name__
    except ProtocolError:
        return "ProtocolError"


def fastest(act: Callable[[], object]) -> float:
    """The best of several tries: what it takes when nobody else has the processor."""

    def once() -> float:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began

    return min(once() for _ in range(10))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_a_message_or_a_protocol_error_in_less_than_5_ms(name: str) -> None:
    outcome_of(BOMBS[name])
    assert fastest(lambda: outcome_of(BOMBS[name])) < 0.005


def test_a_million_mutated_frames_are_messages_or_protocol_errors_and_memory_stays_flat() -> None:
    frames, roll, seen = list(FRAMES.values()), random.Random(SEED), dict[str, int]()
    slowest, count = 0.0, 0
    tracemalloc.start(1)
    try:
        before = tracemalloc.get_traced_memory()[0]
        for count in range(ROUNDS):
            frame = mutated(frames, roll)
            began = time.perf_counter()
            try:
                outcome = outcome_of(frame)
            except Exception as error:
                raise AssertionError(f"seed {SEED}, round {count}: {frame.hex()}") from error
            slowest = max(slowest, time.perf_counter() - began)
            seen[outcome] = seen.get(outcome, 0) + 1
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < MEMORY
    assert slowest < HANG_S
    assert seen["ProtocolError"] > ROUNDS / 10
    assert len(seen) > 20, "some still are messages: the mutations are not only noise"


def test_mutated_websocket_frames_are_frames_or_violations() -> None:
    roll = random.Random(SEED)
    whole = [websocket_frame(frame) for frame in FRAMES.values()]
    streams = [
        *whole,
        whole[0] + whole[1],
        b"\x89\x00",
        b"\x88\x02\x03\xe8",
        b"\x82\x7f" + b"\xff" * 8,
        b"\x82\x7e\x00\x01a",
    ]
    for count in range(ROUNDS // 5):
        stream = mutated(streams, roll)
        inbound = websocket.Inbound(MAX_FRAME)
        try:
            while stream:
                room = inbound.room()
                assert len(room) > 0, f"seed {SEED}, round {count}: no room is a read that never ends"
                piece = stream[: min(len(room), roll.randint(1, 5000))]
                room[: len(piece)] = piece
                stream = stream[len(piece) :]
                for frame in inbound.took(len(piece)):
                    assert len(frame.data) <= MAX_FRAME
                    if frame.opcode == websocket.CLOSE:
                        websocket.goodbye(bytes(frame.data))
        except websocket.Violation:
            pass


def test_mutated_answers_to_the_handshake_are_answers_or_violations() -> None:
    roll = random.Random(SEED)
    answers = [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x",
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 99999999999999999999\r\nX: \xff\x00",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000,
        b"HTTP/1.1 200\r\n: \r\nContent-Length: \xb2",
    ]
    for _ in range(ROUNDS // 5):
        try:
            answer = roll.choice(answers) if roll.random() < 0.1 else mutated(answers, roll)
            response = websocket.Response.of(answer)
        except websocket.Violation:
            continue
        assert response.length >= 0
        assert not response.accepts(b"0" * 16)


def websocket_frame(data: bytes) -> bytes:
    """As a server sends it: not masked."""
    size = len(data)
    head = bytes([0x82, size]) if size < 126 else b"\x82\x7e" + size.to_bytes(2, "big")
    return head + data
