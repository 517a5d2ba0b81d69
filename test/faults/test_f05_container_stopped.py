"""F5: a container is stopped (SIGSTOP) while it holds an input, and goes on a minute later, if it is still there."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

import farcall
from test.python.support.waiting import is_gone, until

from .conftest import Home

STOPPED_S = 60.0


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """Where each run of an input leaves its line, before it waits for the file ``go``."""
    return tmp_path / "begun"


def spawn_slow(begun: Path) -> farcall.FunctionCall:
    go = begun.with_name("go")

    def slow(number: int) -> int:
        import os
        import time

        with open(begun, "a") as file:
            file.write(f"{os.getpid()}\n")
        while not go.exists():
            time.sleep(0.01)
        return number + 1

    call: farcall.FunctionCall = farcall.App("faults").function(max_containers=1)(slow).spawn(41)
    until(lambda: begun.exists() and begun.read_text().count("\n") == 1)
    return call


def test_one_that_is_stopped_for_a_moment_answers_itself(home: Home, begun: Path) -> None:
    call = spawn_slow(begun)
    (pid,) = map(int, begun.read_text().split())
    os.kill(pid, signal.SIGSTOP)
    begun.with_name("go").touch()
    time.sleep(6)  # the fault: longer than a heartbeat, so that the gateway knows of it
    assert call.status() == "running"
    os.kill(pid, signal.SIGCONT)
    assert call.get(timeout=60) == 42
    assert begun.read_text().split() == [str(pid)], "it ran once"


@pytest.mark.slow
def test_one_that_stays_stopped_loses_its_input_to_another_and_its_late_outcome_is_dropped(
    home: Home, begun: Path
) -> None:
    call = spawn_slow(begun)
    (pid,) = map(int, begun.read_text().split())
    os.kill(pid, signal.SIGSTOP)
    stopped_at = time.monotonic()
    until(lambda: begun.read_text().count("\n") == 2, seconds=STOPPED_S)
    assert time.monotonic() - stopped_at >= 20, "it had its 20 s"
    begun.with_name("go").touch()
    assert call.get(timeout=30) == 42
    time.sleep(max(0.0, stopped_at + STOPPED_S - time.monotonic()))  # the fault
    with contextlib.suppress(ProcessLookupError):  # it was given up, and killed
        os.kill(pid, signal.SIGCONT)
    until(lambda: is_gone(pid), seconds=30)
    details = call.results().details()
    assert (list(details["attempts"]), list(call.iter())) == ([2], [42])
    assert begun.read_text().count("\n") == 2
