"""What `farcall doctor` and ``%farcall doctor`` check, one function a check: each thing that a call needs.

A check says what it found, or raises what is wrong; :class:`Doubt` for what works but may surprise.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from . import __version__
from .client import embedded, isolation
from .client.place import default_place
from .client.session import Session
from .errors import Error
from .wire.messages import RuntimeAsk, RuntimeState

_LITTLE = 1024**3
_TOO_LITTLE = 100 * 1024**2


class Finding(NamedTuple):
    """The outcome of one check. ``says`` has what to do, where something is to be done."""

    name: str
    state: Literal["ok", "warn", "fail"]
    says: str


class Doubt(Exception):
    """It works, but a person should know."""


def findings() -> Iterator[Finding]:
    """One after the other, as they are made. Starts the embedded gateway, if that is this process's and none runs."""
    for name, check in CHECKS.items():
        try:
            yield Finding(name, "ok", check())
        except Doubt as doubt:
            yield Finding(name, "warn", str(doubt))
        except (Error, embedded.StartError, OSError) as error:
            yield Finding(name, "fail", str(error))


def _python() -> str:
    return f"farcall {__version__}, Python {platform.python_version()} at {sys.executable}"


def _node() -> str:
    program = embedded.node()
    version = embedded.node_version(program)
    if version is None:
        raise embedded.StartError(f"{program} does not run; set FARCALL_NODE to a node that does")
    found = ".".join(map(str, version))
    if version < embedded.MINIMUM_NODE:
        least = ".".join(map(str, embedded.MINIMUM_NODE))
        raise embedded.StartError(f"{program} is {found}, and {least} is needed; set FARCALL_NODE to a newer one")
    return f"{found} at {program}"


def _home() -> str:
    home = embedded.home_folder()
    if not home.exists():
        return f"{home}, made by the first call"
    if not os.access(home, os.W_OK | os.X_OK):
        raise PermissionError(f"{home} is not writable; set FARCALL_HOME to a folder that is")
    mode = home.stat().st_mode & 0o777
    if mode & 0o077:
        raise Doubt(f"{home} is open to others (mode {mode:o}); close it with: chmod 700 {home}")
    return str(home)


def _disk() -> str:
    home = embedded.home_folder()
    there = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(there).free
    says = f"{free / 1024**3:.1f} GiB free at {there}"
    do = "make room, or `farcall gc --older-than 1d`"
    if free < _TOO_LITTLE:
        raise OSError(f"{says}: new calls are refused; {do}")
    if free < _LITTLE:
        raise Doubt(f"{says}; {do}")
    return says


def _gateway() -> str:
    state = _state()
    began = time.monotonic()
    _state()
    took = (time.monotonic() - began) * 1000
    session = Session.current()
    says = f"farcall {state.version} at {session.url}, protocol {session.welcome().protocol}, answers in {took:.0f} ms"
    if state.version != __version__:
        raise Doubt(f"{says}; this package is {__version__}: `farcall stop` lets the next call start its own")
    return says


def _pythons() -> str:
    here, there = platform.python_version(), _state().python
    if not there or there.split(".")[:2] == here.split(".")[:2]:
        return f"{here} here, {there or 'the same'} in containers"
    raise Doubt(f"{here} here, {there} in containers: calls need the same minor version; use it in one of them")


def _extension() -> str:
    inside = Path(__file__).parent / "labextension" / "package.json"
    if not inside.is_file():
        raise Doubt("this package has no JupyterLab extension; in a checkout, build it with: npm run build")
    ours = json.loads(inside.read_text())
    found = [path for path in _extension_folders(ours["name"]) if path.is_file()]
    if not found:
        raise Doubt("JupyterLab here lacks the extension: no cards, only text; install farcall in its environment")
    version = json.loads(found[0].read_text())["version"]
    if version != ours["version"]:
        raise Doubt(f"JupyterLab has version {version}, the package {ours['version']}: install farcall there again")
    return f"{version} at {found[0].parent}"


def _extension_folders(name: str) -> Iterator[Path]:
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        folders = [str(Path(sys.prefix) / "share" / "jupyter" / "labextensions")]
    else:
        folders = jupyter_path("labextensions")
    return (Path(folder) / name / "package.json" for folder in folders)


def _gpus() -> str:
    known = [gpu.name for gpu in _state().gpus]
    if known:
        return ", ".join(known)
    if default_place().is_embedded and shutil.which("nvidia-smi"):
        ran = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
        if ran.returncode == 0 and ran.stdout.strip():
            raise Doubt(
                f"nvidia-smi lists {ran.stdout.splitlines()[0]}, the gateway none; `farcall stop`, then call again"
            )
    return "none; functions that ask for one are refused"


def _isolation() -> str:
    return isolation.said(_state())


def _uv() -> str:
    if not default_place().is_embedded:
        return "the gateway's host has it, or says so when an image is built"
    told = os.environ.get("FARCALL_UV")
    with contextlib.suppress(ImportError, OSError):
        told = told or str(importlib.import_module("uv").find_uv_bin())
    program = told or shutil.which("uv")
    if program is None:
        raise Doubt("uv is missing, so images cannot be built: pip install 'farcall[images]'")
    ran = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    if ran.returncode != 0:
        raise Doubt(f"{program} does not run, so images cannot be built: {ran.stderr.strip()}")
    return f"{ran.stdout.strip()} at {program}"


def _clock() -> str:
    ahead = _state().started_at - time.time()
    if ahead > 1:
        raise Doubt(f"the gateway's clock is at least {ahead:.0f} s ahead of this one; ages and times will look odd")
    return "not behind the gateway's"


def _state() -> RuntimeState:
    return Session.current().ask(RuntimeAsk(request=0), RuntimeState)


CHECKS: dict[str, Callable[[], str]] = {
    "Python": _python, "Node": _node, "gateway program": lambda: str(embedded.bundle()), "home": _home, "disk": _disk,
    "gateway": _gateway, "Python versions": _pythons, "JupyterLab extension": _extension, "GPUs": _gpus,
    "isolation": _isolation, "images": _uv, "clock": _clock,
}  # fmt: skip
