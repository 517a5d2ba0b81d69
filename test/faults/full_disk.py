"""F15's scene, a process of its own: `python full_disk.py tmpfs|limit nearly|wholly`. See test_f15_disk_full.py.

Two disks that run full: a small tmpfs, for whoever may mount one (in a namespace of its own); or a limit on the size of
the gateway's files, which can be had everywhere.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Protocol

import pytest

import farcall
from farcall import errors
from test.python.support.home import Home, running_home
from test.python.support.waiting import until

MIB = 1024 * 1024


class Disk(Protocol):
    """Where the home lies."""

    def fill(self, left: int) -> None:
        """Only so many bytes can be written from now on."""

    def free(self) -> None:
        """Room again."""


class Tmpfs:
    """64 MiB, filled by a file of somebody else."""

    def __init__(self, folder: Path) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", str(folder)], check=True)
        self._folder = folder
        self._ballast = folder / "ballast"

    def fill(self, left: int) -> None:
        self.free()
        room = os.statvfs(self._folder)
        with open(self._ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, (room.f_bavail * room.f_bsize) - left))

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


class Limit:
    """The gateway's files may not grow beyond their size: its writes fail, with another number than on a full disk."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def fill(self, left: int) -> None:
        sizes = [path.stat().st_size for path in self._home.folder.rglob("*") if path.is_file()]
        resource.prlimit(self._home.pid, resource.RLIMIT_FSIZE, (max(sizes) + left, resource.RLIM_INFINITY))

    def free(self) -> None:
        resource.prlimit(self._home.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def refused(large: farcall.Function[[bytes], int]) -> None:
    """A map of 40 MB of inputs is refused in words that name the disk."""
    with pytest.raises(errors.ResourceExhaustedError, match="disk"):
        large.map([bytes(200_000)] * 200).start()


def scene(home: Home, disk: Disk, how: str) -> None:
    begun, go = (Path(tempfile.mkdtemp()) / name for name in ("begun", "go"))

    def waits(number: int) -> int:
        import time

        begun.touch()
        while not go.exists():
            time.sleep(0.01)
        return number * 2

    app = farcall.App("faults")
    large, small = app.function(max_containers=1)(len), app.function(max_containers=2)(waits)
    assert large.remote(b"five!") == 5
    gateway = home.pid
    running = small.map(range(100)).start()
    until(begun.exists)
    disk.fill(8 * MIB)
    refused(large)  # by what it brings itself
    disk.fill(2 * MIB if how == "nearly" else 0)
    refused(large)  # at the door
    go.touch()
    if how == "nearly":
        running.wait(timeout=60)
    disk.free()
    running.wait(timeout=60)
    assert list(running) == [number * 2 for number in range(100)]
    until(lambda: has_room(large))
    assert list(large.map([bytes(200_000)] * 50)) == [200_000] * 50
    assert home.pid == gateway, "it lived through it"


def has_room(large: farcall.Function[[bytes], int]) -> bool:
    try:
        return large.remote(b"six!!!") == 6
    except errors.ResourceExhaustedError:
        return False


def main(kind: str, how: str) -> None:
    with running_home() as home:
        disk = Tmpfs(home.folder) if kind == "tmpfs" else None
        farcall.App("faults").function(lambda: 1).remote()
        try:
            scene(home, disk or Limit(home), how)
        except BaseException:
            print((home.folder / "gateway.log").read_text()[-8000:], file=sys.stderr)  # nobody else sees it there
            raise
        home.end()
        with sqlite3.connect(home.folder / "store.db") as store:
            print(store.execute("PRAGMA integrity_check").fetchone()[0])
        store.close()
        if kind == "tmpfs":
            subprocess.run(["umount", "-l", str(home.folder)], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
