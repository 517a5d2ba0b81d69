"""A14: a client that submits as fast as it can, a map of ten million inputs: slowed or refused, and others go on."""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .attacker import Gateway, serving

_ROOT = Path(__file__).parents[2]
_MIB = 1024 * 1024
#: Served at all, on however busy a machine; what it really was is printed (`-s`), and wanted is twice the quiet p99.
_SERVED_MS = 2_000


@contextlib.contextmanager
def flooding(gateway: Gateway, kind: str, seconds: float) -> Iterator[dict[str, Any]]:
    """The flood goes on inside; afterwards what it has to say is in the dict."""
    command = [sys.executable, "-m", "test.security.flood", gateway.url, gateway.token, kind, str(seconds)]
    said: dict[str, Any] = {}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=_ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield said
        finally:
            with contextlib.suppress(BrokenPipeError):  # it has sent all it had
                process.stdin.write("stop\n")
                process.stdin.close()
            said.update(json.loads(process.stdout.readline() or "{}"))
            process.kill()


def percentiles(latencies: list[float]) -> tuple[float, float]:
    """p50 and p99, in milliseconds."""
    return statistics.median(latencies) * 1000, sorted(latencies)[int(0.99 * len(latencies))] * 1000


def measure(gateway: Gateway, kind: str, seconds: float) -> dict[str, Any]:
    """The same client's latency without and with the flood, and what became of the flood."""
    client = gateway.client()
    client.median(2_000)
    quiet = [client.latency() for _ in range(2_000)]
    memory = gateway.memory()
    with flooding(gateway, kind, seconds) as said:
        busy: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            busy.append(client.latency())
            time.sleep(0.002)
    return {
        "quiet": percentiles(quiet),
        "busy": percentiles(busy),
        "grew": (gateway.memory() - memory) / _MIB,
        "rate": said["sent"] / said["seconds"],
        **said,
    }


@pytest.mark.parametrize("kind", ["spawns", "inputs"])
def test_a_flood_is_slowed_or_refused_and_another_client_is_served(tmp_path: Path, kind: str) -> None:
    with serving(tmp_path) as gateway:
        told = measure(gateway, kind, 2.0)
        print(f"\n{kind}: {told}")
        assert set(told["answers"]) <= {"calls", "inputs", "resource.exhausted"}, "refused in words, if at all"
        assert told["busy"][1] < _SERVED_MS, "nobody waits for the end of another's flood"
        assert told["grew"] < 512
        gateway.client().latency()


@pytest.mark.slow
def test_a_map_of_ten_million_inputs_fits(tmp_path: Path) -> None:
    with serving(tmp_path) as gateway:
        told = measure(gateway, "inputs", 60.0)
        print(f"\nten million: {told}")
        assert told["busy"][1] < _SERVED_MS
        assert told["grew"] < 512
