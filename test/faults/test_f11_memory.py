"""F11: a container goes over its memory limit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import farcall
from farcall import errors

from .conftest import Home

LIMIT = 300


def over_limit(how: str) -> None:
    """Use memory, slowly enough to be seen, until stopped."""
    import subprocess
    import sys
    import time

    if how == "a child process":
        code = "import time; held = [bytearray(20_000_000) for _ in range(50) if not time.sleep(0.02)]; time.sleep(600)"
        subprocess.run([sys.executable, "-c", code], check=True)
    held = []
    while True:
        held.append(bytearray(20_000_000))
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["itself", "a child process"])
def test_its_input_fails_with_limit_and_peak_and_the_others_go_on(home: Home, tmp_path: Path, how: str) -> None:
    pids = tmp_path / "pids"

    def hungry(number: int) -> int:
        import os

        with open(pids, "a") as file:
            file.write(f"{os.getpid()}\n")
        if number == 7:
            over_limit(how)
        return number

    def frugal(number: int) -> int:
        import os
        import time

        time.sleep(0.05)
        return os.getpid()

    app = farcall.App("faults")
    beside = app.function(max_containers=1)(frugal).map(range(60)).start()
    values = list(app.function(memory=LIMIT, max_containers=2)(hungry).map(range(20), return_exceptions=True))
    error = values[7]
    assert isinstance(error, errors.OutOfMemoryError), error
    told = re.search(r"limit (\d+) MiB, peak (\d+) MiB", str(error))
    assert told is not None, error
    assert int(told[1]) == LIMIT < int(told[2])
    assert [value for value in values if value is not error] == [number for number in range(20) if number != 7]
    assert len(set(beside)) == 1, "the container beside it lived through it"


def test_the_input_runs_again_as_often_as_its_retries_allow(home: Home, tmp_path: Path) -> None:
    attempts = tmp_path / "attempts"

    def hungry_at_first() -> str:
        with open(attempts, "a") as file:
            file.write("x")
        if attempts.stat().st_size < 3:
            over_limit("itself")
        return "enough"

    app = farcall.App("faults")
    function = app.function(memory=LIMIT, retries=farcall.Retries(max_retries=2, initial_delay=0.0))(hungry_at_first)
    assert function.remote() == "enough"
    attempts.unlink()
    with pytest.raises(errors.OutOfMemoryError):
        function.with_options(retries=1).remote()
    assert attempts.stat().st_size == 2
