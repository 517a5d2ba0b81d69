"""A9 at the door: well formed messages with anything inside. The gateway answers, refuses or closes, and lives."""

from __future__ import annotations

import contextlib
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from farcall import __version__
from farcall.client.session import Session
from farcall.wire import messages
from farcall.wire.connection import Connection, ConnectionLost
from farcall.wire.frame import PROTOCOL, ProtocolError
from farcall.wire.ids import ulid
from farcall.wire.websocket import head_of

from .isolated import Served, serving

VECTORS = sorted((Path(__file__).parents[1] / "vectors").glob("*.json"))
SEED = int(os.environ.get("FARCALL_SEED", "20260901"))
ROUNDS = int(os.environ.get("FARCALL_FUZZ", "50000")) // 10
#: Messages that end the gateway because they are meant to, or that run what is in them.
LEFT_OUT = {"hello", "runtime.stop", "store.copy"}
ODD: list[Any] = [
    None, True, 0, -1, 1.5, float("nan"), 2**53, -(2**63), 2**64 - 1, "", "x" * 5000, "../token", "__proto__", b"",
    b"\xff" * 7,
    [], [[]], [None], [1, "a", b""], {}, {"__proto__": {"a": 1}}, {"toString": 1, "valueOf": 1}, {"length": 2**32},
    ["fc-" + "0" * 32] * 3, {"a": {"b": {"c": []}}}, {"": ""},
]  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--isolation", "none") as running:
        yield running


def bytes_from(value: Any) -> Any:
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"]) if set(value) == {"hex"} else {k: bytes_from(v) for k, v in value.items()}
    return [bytes_from(each) for each in value] if isinstance(value, list) else value


def odd(value: Any, roll: random.Random) -> Any:
    """The value with one place in it replaced by something odd."""
    if isinstance(value, dict) and value and roll.random() < 0.8:
        key = roll.choice([key for key in value if key != "type"] or list(value))
        return (
            {**value, key: odd(value[key], roll)}
            if roll.random() < 0.9
            else {k: v for k, v in value.items() if k != key}
        )
    if isinstance(value, list) and value and roll.random() < 0.6:
        at = roll.randrange(len(value))
        return [*value[:at], odd(value[at], roll), *value[at + 1 :]]
    return roll.choice(ODD)


def connect(served: Served) -> Connection:
    connection = Connection.connect(served.url, served.token)
    hello = messages.Hello(role="client", id=f"cl-{ulid()}", protocol=PROTOCOL, version=__version__, python="3.11.1")
    connection.send(hello)
    connection.receive(30.0)
    return connection


def send_raw(connection: Connection, header: dict[str, Any], payload: bytes) -> None:
    """What no Message can hold, as a frame of its own."""
    packed = msgspec.msgpack.encode(header)
    data = len(packed).to_bytes(4, "little") + packed + payload
    connection._outgoing.append(head_of(len(data)) + data)
    connection.send(messages.Ping())


def test_odd_messages_are_answered_refused_or_closed_and_the_gateway_lives(served: Served) -> None:
    roll = random.Random(SEED)
    vectors = [json.loads(path.read_text()) for path in VECTORS if path.stem not in LEFT_OUT]
    connection, sent = connect(served), 0
    for _ in range(ROUNDS):
        vector = roll.choice(vectors)
        header = odd(bytes_from(vector["message"]), roll)
        if not isinstance(header, dict) or str(header.get("type")) in LEFT_OUT:
            continue
        try:
            send_raw(connection, header, bytes.fromhex(vector["payload"])[: roll.randrange(10)])
            with contextlib.suppress(TimeoutError):
                while sent % 8 == 0:
                    connection.receive(0)
            sent += 1
        except (ConnectionLost, ProtocolError):
            connection.close()
            connection = connect(served)
    connection.close()
    assert sent > ROUNDS / 3
    state = Session.current().ask(messages.RuntimeAsk(request=0), messages.RuntimeState)
    assert state.pid == served.pid, "it was not started again"
    assert not [entry for entry in served.log if entry.get("msg") == "uncaught"]
