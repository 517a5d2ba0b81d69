"""F18: the wall clock of gateway, supervisor and containers jumps an hour ahead, and then two hours back."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

import farcall
from test.python.support.waiting import until

from .conftest import Home
from .program import library

HOUR_S = 3600
#: Heartbeats are 5 s apart, so two of them were due.
LOOK_S = 11.0


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seconds that the wall clock is off, for all that is started from now on."""
    file = tmp_path / "shift"
    file.write_bytes(struct.pack("=q", 0))
    monkeypatch.setenv("FARCALL_SHIFT", str(file))
    monkeypatch.setenv("LD_PRELOAD", str(library("shifted", tmp_path)))
    return file


def jump(shift: Path, seconds: int) -> None:
    with open(shift, "r+b") as file:
        file.write(struct.pack("=q", seconds))


def test_no_lease_expires_when_the_wall_clock_jumps(home: Home, shift: Path, tmp_path: Path) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"

    def hold(number: int) -> float:
        import os
        import time

        with open(begun, "a") as file:
            file.write(f"{number} {os.getpid()}\n")
        while not go.exists():
            time.sleep(0.01)
        return time.time()

    def now() -> float:
        import time

        return time.time()

    app = farcall.App("faults")
    held = app.function(max_containers=2, timeout=600)(hold).map(range(4)).start()
    until(lambda: begun.exists() and begun.read_text().count("\n") == 2)
    supervisor = home.supervisor
    for seconds in (HOUR_S, -HOUR_S):
        jump(shift, seconds)
        call = app.function(now).spawn()
        assert abs(call.get(timeout=60) - time.time() - seconds) < HOUR_S / 2, "containers see the other time"
        assert abs(call._summary().created_at - time.time() - seconds) < HOUR_S / 2, "and so does the gateway"
        time.sleep(LOOK_S)  # whoever believed that clock would act by now
    go.touch()
    assert all(abs(at - time.time() + HOUR_S) < HOUR_S / 2 for at in held)
    assert begun.read_text().count("\n") == 4, "each ran once"
    assert set(held.details()["attempts"]) == {1}
    assert (home.starts(), home.supervisor) == (1, supervisor)
