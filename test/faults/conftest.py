"""A gateway of its own for every fault, and the ways to hurt it. Only processes started here are ended, by id."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: only in `npm run faults`, not in `npm test`")


class Home:
    """One FARCALL_HOME and the processes that live on it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def gateway_pid(self) -> int:
        return int(json.loads((self.path / "gateway.json").read_text())["pid"])

    def supervisor_pid(self) -> int:
        return int(json.loads((self.path / "supervisor.json").read_text())["pid"])

    def kill_gateway(self) -> int:
        """kill -9, and wait until it is gone; the client starts the next one."""
        pid = self.gateway_pid()
        os.kill(pid, signal.SIGKILL)
        until(lambda: not is_alive(pid))
        return pid

    def container_pids(self) -> list[int]:
        """The processes that run containers: children of the supervisor's zygotes, or of itself."""
        return [pid for pid in descendants(self.supervisor_pid()) if is_container(pid)]

    def end(self) -> None:
        for name in ("supervisor.json", "gateway.json"):
            try:
                pid = int(json.loads((self.path / name).read_text())["pid"])
                os.kill(pid, signal.SIGTERM)
            except (OSError, ValueError, KeyError):
                continue
            until(lambda pid=pid: not is_alive(pid), seconds=10)


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


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        children.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def is_container(pid: int) -> bool:
    """Whether its output goes to a container's file: zygotes' and supervisors' does not."""
    try:
        return Path(f"/proc/{pid}/fd/1").readlink().name.startswith("out")
    except OSError:
        return False


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A fresh home with nothing running on it; everything started on it is ended."""
    from farcall.session import Session

    place = tmp_path / "home"
    monkeypatch.setenv("FARCALL_HOME", str(place))
    monkeypatch.delenv("FARCALL_URL", raising=False)
    found = Home(place)
    Session.reset()
    yield found
    Session.reset()
    found.end()
