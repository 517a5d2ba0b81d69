"""What a zygote imports before it forks: our own modules, and those a function names, if they are installed ones.

It knows what makes a fork unsafe afterwards: threads, which a fork would lose, and an open GPU.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import logging
import os
import platform
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from . import birth, processes

#: The container's own modules: imported here once, so that a fork has them.
_OURS = (
    "asyncio",
    "cloudpickle",
    "concurrent.futures",
    "contextvars",
    "farcall",
    "farcall.container.main",
    "inspect",
    "linecache",
    "pprint",
    "traceback",
)
_SITE = {"site-packages", "dist-packages"}


def import_ours(path: list[str]) -> None:
    """Import what every container needs, before the user's folders are on the path: a random.py there is not ours."""
    with one_thread():
        try:
            for module in _OURS:
                importlib.import_module(module)
        except ImportError:
            sys.path[:] = path
            for module in _OURS:
                importlib.import_module(module)
    _rehearse()
    if path:  # none: the gateway's own interpreter, with the path it comes with
        sys.path[:] = path


def _rehearse() -> None:
    """What prepares itself at its first use is used here once, not in every container."""
    platform.python_version()
    hashlib.sha1(b"")  # of the WebSocket's handshake; OpenSSL comes up with it
    logging.getLogger("farcall").setLevel(logging.WARNING)


def is_installed(module: str) -> bool:
    """Whether a module comes from the interpreter or a site-packages folder, rather than from somebody's work."""
    try:
        found = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return False
    if found is None:
        return False
    if found.origin in ("built-in", "frozen"):
        return True
    places = [found.origin] if found.origin else list(found.submodule_search_locations or [])
    return bool(places) and all(_is_installed_at(place) for place in places)


def _is_installed_at(place: str) -> bool:
    return place.startswith(_installed()) or not _SITE.isdisjoint(Path(place).parts)


def _installed() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"], *site.getsitepackages()}
    if site.ENABLE_USER_SITE:
        folders.add(site.getusersitepackages())
    return tuple(f"{folder}{os.sep}" for folder in folders)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """While a module is imported, numerical libraries start no thread pools: a fork would lose them."""
    before = {name: os.environ.get(name) for name in birth.THREAD_COUNTS}
    os.environ.update(dict.fromkeys(birth.THREAD_COUNTS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def unsafe() -> str:
    """Why this process must not be forked; empty when it may."""
    count = processes.threads()
    if count > 1:
        return f"{count} threads are running"
    if processes.opened("/dev/nvidia"):
        return "a GPU is open"
    return ""
