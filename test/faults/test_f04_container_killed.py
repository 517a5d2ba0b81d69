"""F4: kill -9 a container that holds an input."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import farcall
from test.python.support.waiting import until

from .conftest import Home


def test_the_input_runs_again_and_its_result_is_right(home: Home, tmp_path: Path) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"

    def slow(number: int) -> int:
        import os
        import time

        with open(begun, "a") as file:
            file.write(f"{os.getpid()}\n")
        while not go.exists():
            time.sleep(0.01)
        return number + 1

    call = farcall.App("faults").function(max_containers=1)(slow).spawn(41)
    until(lambda: begun.exists() and begun.read_text().count("\n") == 1)
    os.kill(int(begun.read_text()), signal.SIGKILL)
    until(lambda: begun.read_text().count("\n") == 2, seconds=30)
    go.touch()
    assert call.get(timeout=30) == 42
    details = call.results().details()
    assert list(details["attempts"]) == [2]
