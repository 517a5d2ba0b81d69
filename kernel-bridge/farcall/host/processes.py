"""What the system tells and does about processes: death signals, subreaping, memory, states, descendants.

Everything here is Linux's; elsewhere a function does nothing and answers with nothing, and its callers live with that.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

LINUX = sys.platform == "linux"
_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_PUNCH_HOLE_KEEP_SIZE = 0x03
_PAGE = os.sysconf("SC_PAGE_SIZE")
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def die_with_parent(parent: int) -> None:
    """SIGKILL this process when the thread that made it ends; at once if ``parent`` is gone. For a new child."""
    if _libc is not None:
        _libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def outlive_parent() -> None:
    """Take :func:`die_with_parent` back: another way to notice the parent's end is in place."""
    if _libc is not None:
        _libc.prctl(_SET_PDEATHSIG, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if _libc is not None:
        _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_group(group: int, number: int = signal.SIGKILL) -> None:
    """Signal a process group. One that is gone is fine; of one that is not made yet, the leader to be."""
    try:
        os.killpg(group, number)
    except PermissionError:
        pass
    except ProcessLookupError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(group, number)


def children(pid: int) -> list[int]:
    """The living and dead (unreaped) children of a process."""
    found: list[int] = []
    for task in _listed(f"/proc/{pid}/task"):
        found += [int(child) for child in _read(f"/proc/{pid}/task/{task}/children").split()]
    return found


def descendants(pid: int) -> Iterator[int]:
    """The process and everything below it, as far as can be seen."""
    waiting, seen = [pid], set[int]()
    while waiting:
        process = waiting.pop()
        if process not in seen:
            seen.add(process)
            yield process
            waiting += children(process)


def resident(pids: list[int]) -> int:
    """Their memory in bytes, where shared pages count for each of them: cheap, and never too low."""
    total = 0
    for pid in pids:
        fields = _read(f"/proc/{pid}/statm").split()
        total += int(fields[1]) * _PAGE if len(fields) > 1 else 0
    return total


def proportional(pids: list[int]) -> int:
    """Their memory in bytes, each shared page counted by parts (PSS): exact, and dear for large processes."""
    total = 0
    for pid in pids:
        for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def state(pid: int) -> str:
    """One letter as in /proc/<pid>/stat: R running, S sleeping, T stopped, Z zombie. Empty: no such process."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].strip()[:1]


def threads() -> int:
    """How many threads this process has, whoever started them. 1 where that cannot be seen."""
    return len(_listed("/proc/self/task")) or 1


def opened(prefix: str) -> bool:
    """Whether this process has a file open whose path begins so."""
    for descriptor in _listed("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(prefix):
                return True
    return False


def variable(pid: int, name: str) -> str:
    """A variable in the environment that a process was executed with."""
    for entry in _read(f"/proc/{pid}/environ").split("\0"):
        if entry.startswith(f"{name}="):
            return entry[len(name) + 1 :]
    return ""


def oom_kills() -> int:
    """How often the kernel killed something in our control group for memory."""
    group = _read("/proc/self/cgroup").splitlines()
    for line in group:
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if number == "0":
            text = _read(f"/sys/fs/cgroup{path}/memory.events")
        elif "memory" in controllers.split(","):
            text = _read(f"/sys/fs/cgroup/memory{path}/memory.oom_control")
        else:
            continue
        for entry in text.splitlines():
            if entry.startswith("oom_kill "):
                return int(entry.split()[1])
    return 0


def punch(descriptor: int, start: int, length: int) -> None:
    """Give a stretch of a file back to the disk; sizes and offsets stay. Where that is impossible, nothing happens."""
    if _libc is not None:
        _libc.fallocate(descriptor, _PUNCH_HOLE_KEEP_SIZE, ctypes.c_int64(start), ctypes.c_int64(length))


def _listed(folder: str) -> list[str]:
    try:
        return [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
