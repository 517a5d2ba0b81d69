"""Ways to bring a container into being: fork it from a zygote, or spawn it. One seam, used by the supervisor.

A starter owns keepers (zygote.py), each the parent of its containers. It hears from them without blocking; the
supervisor waits on their sockets. It knows nothing of the gateway.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from . import processes
from .birth import MARK, Order
from .zygote import BOOT, home_of_package

#: A keeper without a container leaves after this.
IDLE_S = 600.0
_TAIL = 2000


class Started(NamedTuple):
    """The container's process exists."""

    id: str
    pid: int


class Exited(NamedTuple):
    """The container's process is gone, and its group with it. ``code``: exit code, or minus the signal."""

    id: str
    code: int


class Failed(NamedTuple):
    """The container could not be started."""

    id: str
    why: str


class Unsafe(NamedTuple):
    """The container was not forked: ``module``, once imported, makes that unsafe. Start it another way."""

    id: str
    module: str
    why: str


Event = Started | Exited | Failed | Unsafe


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a container runs. Containers of one environment may share a zygote."""

    id: str
    executable: str
    path: tuple[str, ...]
    variables: dict[str, str]


class Starter(Protocol):
    """Brings containers into being and reports their ends.

    Every start is answered by exactly one Started, Failed or Unsafe, every Started by one Exited, also when a keeper is
    killed. When the supervisor ends, in whatever way, so do all containers.
    """

    kind: Literal["fork", "spawn"]

    def start(self, order: Order, environment: Environment) -> None:
        """Ask for a container. Does not block."""

    def files(self) -> list[int]:
        """Descriptors that become readable when there is an event."""

    def events(self) -> list[Event]:
        """What happened since the last time. Does not block."""

    def tick(self, now: float) -> None:
        """Let keepers leave that have been idle for long."""

    def close(self) -> None:
        """Kill everything started here and return once it is gone. Idempotent."""


class Keeper:
    """The supervisor's end of one keeper process: sends orders, hears events, knows which containers live below it."""

    def __init__(self, mode: str, executable: str, variables: dict[str, str], folder: Path) -> None:
        ours, theirs = socket.socketpair()
        self.containers: dict[str, int] = {}  # id → pid; 0 until started
        self._mode = mode
        self.leaving = False
        self.idle_since = time.monotonic()
        self._socket = ours
        self._socket.setblocking(False)
        self._received = b""
        self._unsent = b""
        self._log = tempfile.TemporaryFile(dir=folder)
        with theirs:
            command = [executable, "-c", BOOT, home_of_package(), mode, str(theirs.fileno()), str(os.getpid())]
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={name: value for name, value in variables.items() if name != MARK},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fileno(self) -> int:
        return self._socket.fileno()

    def start(self, order: Order) -> None:
        self.containers[order["id"]] = 0
        self._send(order)

    def leave(self) -> None:
        """Take no more orders; leave when the last container has ended."""
        if not self.leaving:
            self.leaving = True
            self._send({"do": "leave"})

    def events(self) -> list[Event]:
        self._flush()
        received = self._receive()
        if received is None:
            return []
        *lines, self._received = (self._received + received).split(b"\n")
        found = [self._note(json.loads(line)) for line in lines]
        return found if received else found + self._gone()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None and not self.containers

    def close(self) -> None:
        """End the keeper, and by that everything below it."""
        self._socket.close()
        self._log.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in self.containers.values():
            if pid:
                processes.kill_group(pid)

    def _send(self, message: Mapping[str, Any]) -> None:
        self._unsent += json.dumps(message).encode() + b"\n"
        self._flush()

    def _flush(self) -> None:
        """As much as the socket takes now: a keeper that imports does not listen, and the supervisor must not wait."""
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""  # it is ending; its end is reported like any other

    def _receive(self) -> bytes | None:
        try:
            return self._socket.recv(65536)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _note(self, said: dict[str, Any]) -> Event:
        container = str(said["id"])
        if said["event"] == "started":
            self.containers[container] = int(said["pid"])
            return Started(container, int(said["pid"]))
        del self.containers[container]
        self.idle_since = time.monotonic()
        if said["event"] == "exited":
            return Exited(container, int(said["code"]))
        if said["event"] == "unsafe":
            self.leave()  # what was imported cannot be undone: it keeps its containers, a new zygote takes over
            return Unsafe(container, said["module"], said["why"])
        return Failed(container, said["why"])

    def _gone(self) -> list[Event]:
        """The keeper ended without a word, so its containers got their death signal; their groups follow."""
        self.leaving = True
        self._process.kill()  # it closed its socket, so it is ending
        self._process.wait()
        lost: list[Event] = []
        why = f"its {self._mode} keeper ended\n{self._said_last()}".rstrip()
        for container, pid in self.containers.items():
            if pid:
                processes.kill_group(pid)
            lost.append(Exited(container, -signal.SIGKILL) if pid else Failed(container, why))
        self.containers.clear()
        return lost

    def _said_last(self) -> str:
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), _TAIL, max(0, size - _TAIL)).decode("utf-8", "replace").strip()


class _Keeping:
    """What both starters share: a set of keepers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keepers: list[Keeper] = []
        self._failed: list[Event] = []  # starts for which there could be no keeper

    def start(self, order: Order, environment: Environment) -> None:
        try:
            keeper = self._keeper_for(environment)
        except OSError as error:
            self._failed.append(Failed(order["id"], f"cannot run {environment.executable}: {error.strerror}"))
        else:
            keeper.start(order)

    def _keeper_for(self, environment: Environment) -> Keeper:
        raise NotImplementedError

    def files(self) -> list[int]:
        return [keeper.fileno() for keeper in self._keepers]

    def events(self) -> list[Event]:
        found, self._failed = self._failed, []
        found += [event for keeper in self._keepers for event in keeper.events()]
        for keeper in [keeper for keeper in self._keepers if keeper.ended]:
            keeper.close()
            self._keepers.remove(keeper)
        return found

    def tick(self, now: float) -> None:
        for keeper in self._keepers:
            if not keeper.leaving and not keeper.containers and now - keeper.idle_since > IDLE_S:
                keeper.leave()

    def close(self) -> None:
        for keeper in self._keepers:
            keeper.close()
        self._keepers.clear()


class Spawn(_Keeping):
    """Starts each container as a new interpreter: slow, always possible."""

    kind: Literal["fork", "spawn"] = "spawn"

    def _keeper_for(self, environment: Environment) -> Keeper:
        living = [keeper for keeper in self._keepers if not keeper.leaving]
        if not living:
            living = [Keeper("spawn", sys.executable, dict(os.environ), self._folder)]
            self._keepers += living
        return living[0]


class Fork(_Keeping):
    """Forks containers from a zygote, one per environment: milliseconds, where platform and modules allow it."""

    kind: Literal["fork", "spawn"] = "fork"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._zygotes: dict[tuple[str, str], tuple[Keeper, object]] = {}

    def _keeper_for(self, environment: Environment) -> Keeper:
        key, installed = (environment.id, environment.executable), _installed(environment.path)
        known = self._zygotes.get(key)
        if known is not None:
            keeper, then = known
            if then == installed and not keeper.leaving:
                return keeper
            keeper.leave()
        variables = {**environment.variables, "FARCALL_PATH": json.dumps(environment.path)}
        keeper = Keeper("fork", environment.executable, variables, self._folder)
        self._keepers.append(keeper)
        self._zygotes[key] = keeper, installed
        return keeper


def _installed(path: tuple[str, ...]) -> object:
    """Changes when something is installed: a zygote holds the modules as they were when it imported them."""
    stamps: list[tuple[str, int]] = []
    for folder in path:
        if folder.endswith(("site-packages", "dist-packages")):
            with contextlib.suppress(OSError):
                stamps.append((folder, Path(folder).stat().st_mtime_ns))
    return tuple(stamps)
