"""A real supervisor with real containers, under a scripted gateway."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from farcall.values import failure, serialize
from farcall.versions import version
from farcall.wire.blobs import Blobs
from farcall.wire.codes import IN_BLOB, SUCCEEDED
from farcall.wire.messages import (
    CallLoad,
    ContainerReady,
    ContainerStart,
    ContainerStarted,
    FunctionLoad,
    FunctionSpec,
    HostState,
    InputsRun,
    OutcomesAcknowledged,
    OutcomesPut,
)

from .gateway import Peer, ScriptedGateway
from .waiting import PATIENCE_S

CALL = "fc-ABCDEF01JH0000000000000000000000"
SPEC = FunctionSpec(
    app="tests",
    name="f",
    is_generator=False,
    is_async=False,
    timeout=300.0,
    startup_timeout=60.0,
    max_retries=0,
    initial_delay=1.0,
    backoff=2.0,
    max_delay=60.0,
    cpu=0.125,
    memory=0,
    gpu=(),
    min_containers=0,
    max_containers=0,
    buffer_containers=0,
    scaledown_window=60.0,
    max_inputs=0,
    imports=(),
    secrets={},
)


def start_message(container: str, **changed: Any) -> ContainerStart:
    """What the gateway's engine would ask for."""
    fields: dict[str, Any] = {
        "container_id": container,
        "function_id": "fv-1",
        "token": f"token of {container}",
        "executable": sys.executable,
        "cwd": "/",
        "path": tuple(sys.path),
        "variables": dict(os.environ),
        "imports": (),
        "environment_id": "en-1",
        "memory": 0,
        "gpus": (),
        "startup_timeout": 60.0,
    }
    return ContainerStart(**{**fields, **changed})


class RunningContainer:
    """A container that said hello: gives it work as the gateway does."""

    def __init__(self, peer: Peer, id: str, gateway: ScriptedGateway) -> None:
        self.peer = peer
        self.id = id
        self.pid = 0
        self._blobs = Blobs(str(gateway.blobs))

    def load(self, function: Callable[..., Any], *, call: str = CALL, **spec: Any) -> None:
        """Give it a function, and a call of it."""
        self.load_described(version.describe(function), call=call, **spec)

    def load_described(self, described: version.Version, *, call: str = CALL, **spec: Any) -> None:
        fields = {name: getattr(SPEC, name) for name in SPEC.__struct_fields__}
        self.peer.send(FunctionLoad(function_id="fv-1", spec=FunctionSpec(**{**fields, **spec})), described.code)
        self.peer.expect(ContainerReady)
        self.load_call(call, described.captures)

    def load_call(self, call: str, captures: bytes | None = None, kwargs: dict[str, Any] | None = None) -> None:
        shared = serialize.dumps({"captures": captures, "kwargs": kwargs or {}})
        self.peer.send(CallLoad(call_id=call, bindings={}, sources={}), shared)

    def run(self, *values: Any, lease: int = 1, first: int = 0, call: str = CALL) -> None:
        """Lease it one input per value."""
        self.run_payloads([serialize.dumps(((value,), {})) for value in values], lease=lease, first=first, call=call)

    def run_payloads(self, payloads: list[bytes], *, lease: int = 1, first: int = 0, call: str = CALL) -> None:
        lengths = struct.pack(f"<{len(payloads)}I", *map(len, payloads))
        message = InputsRun(lease=lease, call_id=call, first=first, count=len(payloads), attempt=1, lengths=lengths)
        self.peer.send(message, b"".join(payloads))

    def batch(self, lease: int = 1) -> tuple[OutcomesPut, dict[int, tuple[int, memoryview]]]:
        """The next batch of a lease, acknowledged, and index → (status, payload)."""
        message, payload = self.peer.expect(OutcomesPut, lambda batch: batch.lease == lease)
        self.peer.send(OutcomesAcknowledged(through=message.seq))
        return message, self._outcomes(message, payload)

    def outcomes(self, lease: int = 1) -> dict[int, tuple[int, memoryview]]:
        """All outcomes of a lease, until its end."""
        found: dict[int, tuple[int, memoryview]] = {}
        while True:
            message, some = self.batch(lease)
            found.update(some)
            if message.ended:
                return found

    def values(self, lease: int = 1) -> list[Any]:
        """The values of a lease whose inputs all succeed."""
        outcomes = self.outcomes(lease)
        assert {status for status, _ in outcomes.values()} <= {SUCCEEDED}, self.failures_of(outcomes)
        return [serialize.loads(outcomes[index][1]) for index in sorted(outcomes)]

    def failure(self, lease: int = 1) -> failure.Failure:
        """The failure of a lease with one input."""
        ((status, payload),) = self.outcomes(lease).values()
        assert status & 0x7F != SUCCEEDED
        return failure.read(payload)

    @staticmethod
    def failures_of(outcomes: dict[int, tuple[int, memoryview]]) -> list[str]:
        return [failure.read(payload).traceback for status, payload in outcomes.values() if status != SUCCEEDED]

    def _outcomes(self, message: OutcomesPut, payload: memoryview) -> dict[int, tuple[int, memoryview]]:
        blobs = iter(message.blobs or ())
        found: dict[int, tuple[int, memoryview]] = {}
        at = 0
        tables = memoryview(message.indexes).cast("I"), memoryview(message.lengths).cast("I")
        for index, length, status in zip(*tables, message.statuses, strict=True):
            if length == IN_BLOB:
                found[index] = status, self._blobs.read(next(blobs))
            else:
                found[index] = status, payload[at : at + length]
                at += length
        return found


class Host:
    """A supervisor in a process of its own."""

    def __init__(
        self, folder: Path, *, window: float = 60.0, welcome: dict[str, Any] | None = None, **config: Any
    ) -> None:
        self.folder = folder
        self.gateway = ScriptedGateway(folder, welcome={"key": "container key", **(welcome or {})})
        told = {
            "url": self.gateway.url,
            "token": "supervisor token",
            "host_id": "ho-1",
            "home": str(folder),
            "reconnect_window": window,
            "gpus": None,
            **config,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "farcall.host"],
            stdin=subprocess.PIPE,
            start_new_session=True,
            # A lost gateway stays lost, until the test brings it back.
            env={**os.environ, "FARCALL_NODE": "/bin/false"},
        )
        assert self.process.stdin is not None
        with self.process.stdin as stdin:
            stdin.write(json.dumps(told).encode() + b"\n")
        self.peer = self.gateway.peer("supervisor")
        self.state, _ = self.peer.expect(HostState)

    def start(self, container: str = "co-1", **changed: Any) -> RunningContainer:
        """Start a container and wait for its hello."""
        self.peer.send(start_message(container, **changed))
        running = RunningContainer(self.gateway.peer("container", container), container, self.gateway)
        started, _ = self.peer.expect(ContainerStarted, lambda said: said.container_id == container)
        running.pid = started.pid
        return running

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        self.gateway.close()


@contextlib.contextmanager
def running_host(folder: Path, **options: Any) -> Iterator[Host]:
    host = Host(folder, **options)
    try:
        yield host
    finally:
        host.close()
