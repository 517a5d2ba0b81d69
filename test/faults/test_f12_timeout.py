"""F12: a timeout against C code that holds the GIL, and against a grandchild process."""

from __future__ import annotations

from pathlib import Path

import pytest

import farcall
from farcall import errors
from test.python.support.waiting import is_gone, until

from .conftest import Home


def test_c_code_that_holds_the_gil_is_killed(home: Home) -> None:
    def stuck(number: int) -> int:
        import ctypes

        if number == 1:
            ctypes.PyDLL(None).sleep(600)
        return number

    results = list(farcall.App("faults").function(timeout=1)(stuck).map(range(3), return_exceptions=True))
    assert results[0] == 0
    assert results[2] == 2
    assert isinstance(results[1], errors.FunctionTimeoutError)


def test_nothing_of_the_process_group_is_left(home: Home, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    def with_grandchild() -> None:
        import os
        import subprocess
        import time

        child = subprocess.Popen(["sleep", "600"])
        with open(pids, "w") as file:
            file.write(f"{os.getpid()} {child.pid}")
        while True:
            try:
                time.sleep(600)
            except BaseException:
                continue

    with pytest.raises(errors.FunctionTimeoutError):
        farcall.App("faults").function(timeout=1)(with_grandchild).remote()
    container, grandchild = (int(pid) for pid in pids.read_text().split())
    until(lambda: is_gone(container) and is_gone(grandchild), seconds=10)
