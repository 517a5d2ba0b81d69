"""A gateway of its own for every fault, and the ways to hurt it. Only processes started here are ended, by id."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from test.python.support import home as home_module


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: only in `npm run faults`, not in `npm test`")


class Home(home_module.Home):
    """One FARCALL_HOME, the processes that live on it, and the ways to hurt them."""

    def kill_gateway(self) -> int:
        """kill -9, and wait until it is gone; the client starts the next one."""
        pid = self.kill()
        until(lambda: not is_alive(pid))
        return pid

    def starts(self) -> int:
        """How many gateways came up on this home so far."""
        return (self.folder / "gateway.log").read_text().count('"msg":"listening"')


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for a condition; fails when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {holds}")
        time.sleep(0.01)
    return value


def is_alive(pid: int) -> bool:
    """A zombie is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def home() -> Iterator[Home]:
    """A fresh home; everything started on it is ended."""
    with home_module.running_home() as running:
        yield Home(running.folder)
