"""What processes hold: memory, descriptors, disk. Read from /proc, for benchmarks and for the soak (test/load)."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from farcall.client import embedded

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MB = 1_000_000
_TICK_S = 0.1


def memory(pid: int) -> float:
    """Resident megabytes; 0 for a process that is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / _MB
    except OSError:
        return 0.0


def descriptors(pid: int) -> int:
    """Open files and sockets; 0 for a process that is gone."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def disk(folder: Path) -> float:
    """Megabytes that a folder takes; what vanishes while it is counted is not counted."""
    total = 0
    for inside, _, files in os.walk(folder):  # pathlib's own walk stops at a folder that vanishes
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(inside, name)).st_blocks * 512  # noqa: PTH118
    return total / _MB


def told_pid(name: str, home: Path | None = None) -> int:
    """The pid in a home's gateway.json or supervisor.json; 0 when there is none."""
    try:
        return int(json.loads(((home or embedded.home_folder()) / name).read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return 0


class Memory:
    """Megabytes of a process over time, sampled ten times a second while :func:`watching` it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.first = memory(pid)
        self.samples: list[float] = [self.first]

    @property
    def peak(self) -> float:
        return max(self.samples)

    @property
    def flatness(self) -> float:
        """The last quarter's mean over the second quarter's: 1 when nothing grows once it is under way."""
        quarter = max(1, len(self.samples) // 4)
        early, late = self.samples[quarter : 2 * quarter], self.samples[-quarter:]
        return (sum(late) / len(late)) / (sum(early) / len(early)) if early else 1.0


@contextlib.contextmanager
def watching(*pids: int) -> Iterator[list[Memory]]:
    """Sample these processes until the block ends."""
    kept = [Memory(pid) for pid in pids]
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(_TICK_S):
            for one in kept:
                one.samples.append(memory(one.pid))

    thread = threading.Thread(target=sample, name="memory", daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        ended.set()
        thread.join()
