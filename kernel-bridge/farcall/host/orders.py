"""Turns the gateway's ``container.start`` into a starter's order, and chooses between fork and spawn.

Called by the supervisor only. It knows which modules made a fork unsafe in which environment.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ..wire.messages import ContainerStart
from . import processes
from .birth import MARK, Order
from .container import Container
from .cpu import CpuCell, CpuLimits
from .isolation import Cell, Isolation
from .keeper import Event, Exited, Failed
from .starter import Environment, Fork, Spawn, Starter

log = logging.getLogger("farcall.host")
#: What a container gets of the supervisor's own environment, when its environment names nothing.
_ALWAYS = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER")


@dataclass(frozen=True, slots=True)
class Reach:
    """How containers reach the gateway, and how long they wait for it when it is gone."""

    url: str
    window: float


class Starting:
    """The starters of this host, and which one each container came from."""

    def __init__(self, folder: Path, reach: Reach, isolation: Isolation, cpus: CpuLimits) -> None:
        self._reach = reach
        self._isolation = isolation
        self._cpus = cpus
        self._failed: list[Event] = []  # starts for which there could be no cell
        self._spawn: Starter = Spawn(folder)
        self._fork: Starter = Fork(folder)
        self._chosen: dict[str, Starter] = {}
        self._unsafe: set[tuple[str, str]] = set()  # (environment, module)

    def start(self, container: Container) -> None:
        """Ask for the container's process; events tell how it went."""
        start = container.start
        unsafe = any((start.environment_id, module) in self._unsafe for module in start.imports)
        forks = processes.LINUX and not unsafe and self._isolation.kind == "none"
        self._start_by(self._fork if forks else self._spawn, container)

    def spawn_instead(self, container: Container, module: str) -> None:
        """A fork of it was refused because of ``module``; this environment's functions that import it are spawned."""
        self._unsafe.add((container.start.environment_id, module))
        self._start_by(self._spawn, container)

    def kind_of(self, container: Container) -> Literal["fork", "spawn"]:
        return self._chosen[container.id].kind

    def give_up(self, container: Container) -> None:
        """Its process is not there in time: whatever should make it is of no use."""
        self._chosen[container.id].give_up(container.id)

    def forget(self, container: Container) -> None:
        self._chosen.pop(container.id, None)
        self._isolation.release(container.id)
        self._cpus.release(container.id)

    def files(self) -> list[int]:
        return self._fork.files() + self._spawn.files()

    def events(self) -> list[Event]:
        failed, self._failed = self._failed, []
        found = failed + self._fork.events() + self._spawn.events()
        return [_unwrapped(event) for event in found] if self._isolation.kind == "bwrap" else found

    def tick(self, now: float) -> None:
        self._fork.tick(now)
        self._spawn.tick(now)

    def end_strays(self, living: Iterable[str]) -> None:
        """Processes that a container left behind have become ours if its keeper was killed."""
        named = set(living)
        for pid in processes.children(os.getpid()):
            mark = processes.variable(pid, MARK)
            if mark and mark not in named:
                processes.kill_group(pid)
            if processes.state(pid) == "Z":
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def close(self) -> None:
        self._fork.close()
        self._spawn.close()
        self._cpus.close()

    def _start_by(self, starter: Starter, container: Container) -> None:
        self._chosen[container.id] = starter
        start = container.start
        environment = Environment(start.environment_id, start.executable, start.path, variables_of(start))
        try:
            cell = self._isolation.cell(container.id, container.folder)
        except OSError as error:
            self._failed.append(Failed(container.id, f"cannot isolate it: {error}"))
            return
        container.is_wrapped = cell is not None and bool(cell.wrap)
        order = order_of(container, environment, self._reach, self._cpus.cell(container.id, start.cpu_limit))
        if cell is not None:
            settle_in(order, cell, leave=self._isolation.is_out_of_reach(start.cwd))
        starter.start(order, environment)


def settle_in(order: Order, cell: Cell, *, leave: bool) -> None:
    """Make an order one for an isolated container. ``leave``: the folder it was to work in is out of its reach."""
    order["cell"] = asdict(cell)
    order["variables"]["TMPDIR"] = cell.work
    if cell.uid is not None:
        order["variables"].update(HOME=cell.work, USER=f"farcall-{cell.uid}", LOGNAME=f"farcall-{cell.uid}")
    if leave:
        order["config"]["cwd"] = cell.work


def _unwrapped(event: Event) -> Event:
    """bubblewrap ends with 128 + the signal that ended what it wraps."""
    is_signal = isinstance(event, Exited) and 128 < event.code < 128 + 65
    return Exited(event.id, 128 - event.code) if is_signal and isinstance(event, Exited) else event


def variables_of(start: ContainerStart) -> dict[str, str]:
    """The environment's variables, and the few without which no program runs."""
    ours = {name: os.environ[name] for name in _ALWAYS if name in os.environ}
    return {**ours, **start.variables}


def order_of(container: Container, environment: Environment, reach: Reach, cpu: CpuCell) -> Order:
    """What the keeper needs to know about one container."""
    start = container.start
    gpus = {"CUDA_VISIBLE_DEVICES": ",".join(start.gpus), "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    return Order(
        do="start",
        id=start.container_id,
        executable=start.executable,
        variables={**environment.variables, **gpus},
        imports=list(start.imports),
        out=str(container.folder / "out"),
        err=str(container.folder / "err"),
        config={
            "id": start.container_id,
            "url": reach.url,
            "token": start.token,
            "page": str(container.folder / "page"),
            "cwd": start.cwd,
            "path": list(start.path),
            "window": reach.window,
        },
        cell=None,
        group=cpu.group,
        cores=list(cpu.cores),
    )
