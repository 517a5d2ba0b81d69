"""A real gateway with real containers, in a home of its own; ended by pid, with everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from farcall.client import embedded, place
from farcall.client.session import Session
from farcall.wire.messages import ContainerSummary, RuntimeAsk, RuntimeState

from .waiting import is_gone, until

ROOT = Path(__file__).parents[3]
_END_S = 10.0


def build_bundle() -> None:
    """Build the gateway's program, if no build has been made."""
    try:
        embedded.bundle()
    except embedded.StartError:
        script = f"import('{ROOT / 'scripts/build.mjs'}').then((module) => module.buildGateway())"
        subprocess.run([embedded.node(), "-e", script], cwd=ROOT, check=True, timeout=120)


class Home:
    """A folder with a gateway. ``pid`` is that of the gateway that runs there now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def pid(self) -> int:
        return int(str(self._told("gateway.json")["pid"]))

    @property
    def supervisor(self) -> int:
        return int(str(self._told("supervisor.json")["pid"]))

    def kill(self) -> int:
        """``kill -9`` the gateway; returns the pid it had."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def end(self) -> None:
        """End the gateway, its supervisor and its containers, whichever may be running."""
        for _ in range(3):  # a supervisor may have started the gateway again
            pids = [pid for pid in self._pids() if _is_ours(pid)]
            if not pids:
                return
            _end(pids)

    def _pids(self) -> list[int]:
        """Processes that were started for this home: their variables name it."""
        mark = f"FARCALL_HOME={self.folder}".encode()
        found = []
        for variables in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in variables.read_bytes().split(b"\0"):
                    found.append(int(variables.parent.name))
        return found

    def _told(self, name: str) -> dict[str, object]:
        told: dict[str, object] = json.loads((self.folder / name).read_text())
        return told


@contextlib.contextmanager
def running_home() -> Iterator[Home]:
    """A home for this process's session; the gateway starts with the first call."""
    build_bundle()
    folder = Path(tempfile.mkdtemp(prefix="fc-", dir="/tmp"))
    home = Home(folder)
    before = os.environ.get("FARCALL_HOME")
    os.environ["FARCALL_HOME"] = str(folder)
    _leave()
    earlier = place.choose(place.Place(home=str(folder)))
    try:
        yield home
    finally:
        _leave()
        place.choose(earlier)
        if before is None:
            del os.environ["FARCALL_HOME"]
        else:
            os.environ["FARCALL_HOME"] = before
        home.end()
        shutil.rmtree(folder, ignore_errors=True)


def containers(of: str = "") -> list[ContainerSummary]:
    """Of one app, or of all, those that the gateway still has, whatever their state."""
    told = Session.current().ask(RuntimeAsk(request=0), RuntimeState).containers
    return [one for one in told if one.function.startswith(of)]


def cut() -> None:
    """Close the socket under this process's session, as a network does."""
    lifeline = Session.current()._lifeline
    connection = until(lambda: lifeline._connection, "it did not come back from the last cut")
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.shutdown(socket.SHUT_RDWR)


def _leave() -> None:
    """The next call of this process makes a session of its own."""
    session = Session.existing()
    if session is not None:
        session.close()


def _is_ours(pid: int) -> bool:
    try:
        return b"farcall" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _end(pids: list[int]) -> None:
    """All are told before one is waited for: a supervisor that outlives its gateway would start another."""
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _END_S
    while not all(is_gone(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
