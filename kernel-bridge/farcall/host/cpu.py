"""CPU limits: a control group's quota where this process may make groups, else a few cores for the container alone.

A quota holds to a hundredth of a core, wherever it runs. Without one a limit is rounded up to whole cores, and one as
high as the host's cores is none. Used by orders.py; a container's process enters by itself (birth.py), after its fork.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("farcall.host")
#: Microseconds in which a quota is counted.
_PERIOD_US = 100_000
_PREFIX = "farcall-"


@dataclass(frozen=True, slots=True)
class CpuCell:
    """Where a container's process goes: into a group, or onto cores. Both empty: it is not limited."""

    group: str = ""
    cores: tuple[int, ...] = ()


class CpuLimits:
    """Hands out a cell for each limited container, and takes it back."""

    def __init__(self, root: Path) -> None:
        """``root``: where control groups are mounted."""
        self._root = root
        self._groups: Groups | None = None
        self._looked = False
        self._cells: dict[str, CpuCell] = {}

    def cell(self, container: str, limit: float) -> CpuCell:
        """Where a container of that limit (in cores, 0: none) runs."""
        if limit <= 0:
            return CpuCell()
        if not self._looked:
            self._looked = True
            self._groups = Groups.found(self._root)
        group = "" if self._groups is None else self._groups.make(container, limit)
        cell = CpuCell(group) if group else CpuCell(cores=self._quiet_cores(math.ceil(limit)))
        self._cells[container] = cell
        return cell

    def release(self, container: str) -> None:
        """Its process is gone."""
        cell = self._cells.pop(container, None)
        if cell is not None and cell.group:
            _remove(Path(cell.group))

    def close(self) -> None:
        for container in list(self._cells):
            self.release(container)
        if self._groups is not None:
            self._groups.close()

    def _quiet_cores(self, count: int) -> tuple[int, ...]:
        """The cores that the fewest limited containers have; none when all would be needed."""
        mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if count >= len(mine):
            return ()
        load = dict.fromkeys(mine, 0)
        for cell in self._cells.values():
            for core in cell.cores:
                load[core] = load.get(core, 0) + 1
        return tuple(sorted(sorted(mine, key=lambda core: (load[core], core))[:count]))


class Groups:
    """Control groups below one that is ours to divide, of version 1 or 2."""

    def __init__(self, folder: Path, version: int) -> None:
        self._folder = folder
        self._version = version

    @classmethod
    def found(cls, root: Path) -> Groups | None:
        """A folder for the groups of this process's containers; None where it may not make any."""
        for version, parent in _parents(root):
            folder = parent / f"{_PREFIX}{os.getpid()}"
            try:
                _sweep(parent)
                if version == 2:
                    _let_down(parent)
                folder.mkdir(exist_ok=True)
                groups = cls(folder, version)
                if version == 2:
                    _let_down(folder)
                if groups.make("probe", 1.0):
                    _remove(folder / "probe")
                    return groups
            except OSError as error:
                log.info("no CPU quotas in %s: %s", parent, error)
            _remove(folder)
        return None

    def make(self, name: str, limit: float) -> str:
        """A group of that limit in cores; its folder, or empty when it cannot be made."""
        group = self._folder / name
        quota = max(1000, round(limit * _PERIOD_US))
        try:
            group.mkdir(exist_ok=True)
            if self._version == 2:
                _write(group / "cpu.max", f"{quota} {_PERIOD_US}")
            else:
                _write(group / "cpu.cfs_period_us", str(_PERIOD_US))
                _write(group / "cpu.cfs_quota_us", str(quota))
        except OSError as error:
            log.warning("no CPU quota for %s: %s", name, error)
            _remove(group)
            return ""
        return str(group)

    def close(self) -> None:
        _remove(self._folder)


def enter(group: str, cores: list[int]) -> None:
    """In a new child: go where the limit says. A group that is gone is no reason not to start."""
    if group:
        try:
            _write(Path(group) / "cgroup.procs", str(os.getpid()))
        except OSError as error:
            os.write(2, f"its CPU limit does not hold: {error}\n".encode())
    if cores:
        with contextlib.suppress(OSError, AttributeError):
            os.sched_setaffinity(0, cores)


def _parents(root: Path) -> list[tuple[int, Path]]:
    """Groups of this process that may be ours to divide, the likeliest first, with their version."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found: list[tuple[int, Path]] = []
    for line in lines:
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        below = path.lstrip("/")
        if number == "0" and (root / "cgroup.controllers").exists():
            own = root / below
            # A group with processes in it cannot be divided, so the one above comes first: a service with a subgroup.
            above = [own.parent] if own != root and _is_delegated(own.parent) else []
            found += [(2, parent) for parent in (*above, own)]
        elif "cpu" in controllers.split(","):
            found += [(1, root / controllers / below), (1, root / "cpu" / below)]
    return [(version, parent) for version, parent in found if _is_ours(version, parent)]


def _is_ours(version: int, parent: Path) -> bool:
    if not os.access(parent, os.W_OK):
        return False
    if version == 1:
        return (parent / "cpu.cfs_quota_us").exists()
    try:
        return "cpu" in (parent / "cgroup.controllers").read_text().split()
    except OSError:
        return False


def _is_delegated(parent: Path) -> bool:
    """Root may write everywhere; what systemd gave away is marked."""
    if os.geteuid() != 0:
        return True
    for mark in ("trusted.delegate", "user.delegate"):
        with contextlib.suppress(OSError, AttributeError):
            return os.getxattr(parent, mark) == b"1"
    return False


def _let_down(parent: Path) -> None:
    """Its children may have CPU quotas."""
    if "cpu" not in (parent / "cgroup.subtree_control").read_text().split():
        _write(parent / "cgroup.subtree_control", "+cpu")


def _sweep(parent: Path) -> None:
    """What supervisors left that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX)
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            for group in folder.iterdir():
                if group.is_dir():
                    _remove(group)
            _remove(folder)


def _write(file: Path, text: str) -> None:
    with file.open("w") as opened:
        opened.write(text)


def _remove(group: Path) -> None:
    """A group is a folder, whose files are not."""
    with contextlib.suppress(OSError):
        group.rmdir()
