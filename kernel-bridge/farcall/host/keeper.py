"""The supervisor's end of one keeper process (zygote.py): sends it orders, hears events, never blocks.

It knows which containers live below the keeper, so that nothing is lost when the keeper is killed. Used by starter.py.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import processes
from .birth import MARK, Order
from .zygote import BOOT, home_of_package

#: What is kept of a keeper's last words.
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
        self._log = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by close)
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

    def give_up(self) -> None:
        """It hangs: it is ended, and says so for all it should have started. One with living containers only leaves."""
        if any(self.containers.values()):
            self.leave()
        else:
            self.leaving = True
            self._process.kill()

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
