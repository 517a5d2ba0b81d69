"""One client that submits as fast as it can: `python -m test.security.flood URL TOKEN spawns|inputs SECONDS`.

It prints `ready` once its function is known, floods until it is told to stop on stdin or its time is over, and prints
what was sent, accepted and refused. Its function sleeps in one container: what is measured beside it is the gateway.
"""

from __future__ import annotations

import json
import select
import sys
import threading
import time
from collections import Counter

import farcall
from farcall.client.place import Place, choose
from farcall.client.session import Session
from farcall.wire.connection import Connection, ConnectionLost
from farcall.wire.ids import call_id, ulid
from farcall.wire.messages import (
    CallAccepted,
    CallOpen,
    CallSeal,
    Failed,
    Hello,
    InputsAccepted,
    InputsPut,
    Message,
    Welcome,
)

_CHUNK = 1_000
_MAP_INPUTS = 10_000_000
Frame = tuple[Message, bytes]


def asleep(seconds: float) -> None:
    import time

    time.sleep(seconds)


class Flood:
    """One connection of its own: what it sent, and what came back."""

    def __init__(self, url: str, token: str, function_id: str) -> None:
        self.function_id = function_id
        self.answers: Counter[str] = Counter()
        self.connection = Connection.connect(url, token)
        self.connection.send(
            Hello(role="client", id=f"cl-{ulid()}", protocol=(1, 1), version="0.1.0", python=sys.version.split()[0])
        )
        welcome, _ = self.connection.receive(timeout=30)
        assert isinstance(welcome, Welcome)
        self.store = welcome.store
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                message, _ = self.connection.receive()
            except ConnectionLost as lost:
                self.answers[f"closed {lost.code}"] += 1
                return
            if isinstance(message, Failed):
                self.answers[message.code] += 1
            elif isinstance(message, CallAccepted):
                self.answers["calls"] += 1
            elif isinstance(message, InputsAccepted):
                self.answers["inputs"] = max(self.answers["inputs"], message.through)

    def _open(self) -> CallOpen:
        return CallOpen(
            request=1,
            call_id=call_id(self.store),
            function_id=self.function_id,
            kind="spawn_map",
            on_failure="continue",
            attached=False,
            on_owner_lost="cancel",
            bindings={},
            sources={},
            origin="flood",
        )

    def spawns(self, count: int) -> list[Frame]:
        """Calls of one input each, sealed."""
        frames: list[Frame] = []
        for _ in range(count):
            call = self._open()
            put = InputsPut(call_id=call.call_id, first=0, count=1, lengths=(8).to_bytes(4, "little"))
            frames += [(call, b""), (put, b"\0" * 8), (CallSeal(call_id=call.call_id, count=1), b"")]
        return frames

    def inputs(self, call: str, first: int) -> list[Frame]:
        """The next inputs of a call."""
        lengths = (8).to_bytes(4, "little") * _CHUNK
        return [(InputsPut(call_id=call, first=first, count=_CHUNK, lengths=lengths), b"\0" * 8 * _CHUNK)]


def main() -> None:
    url, token, kind, seconds = sys.argv[1:]
    choose(Place(url, token))
    sleeper = farcall.App("flood").function(max_containers=1)(asleep)
    sleeper.remote(0)
    (function_id,) = Session.current().functions
    sleeper.spawn(600)
    flood = Flood(url, token, function_id)
    print("ready", flush=True)
    sent, until = 0, time.monotonic() + float(seconds)
    opened = flood._open()
    if kind == "inputs":
        flood.connection.send(opened)
    began = time.monotonic()
    try:
        while time.monotonic() < until and not select.select([sys.stdin], [], [], 0)[0]:
            if kind == "spawns":
                flood.connection.send_many(flood.spawns(200))
                sent += 200
            elif sent < _MAP_INPUTS:
                flood.connection.send_many(flood.inputs(opened.call_id, sent))
                sent += _CHUNK
            else:
                break
    except ConnectionLost as lost:
        flood.answers[f"closed {lost.code}"] += 1
    print(json.dumps({"sent": sent, "seconds": time.monotonic() - began, "answers": flood.answers}), flush=True)


if __name__ == "__main__":
    main()
