"""The first instructions of a container's process, right after the fork: its own session, files, variables, death signal.

Used by the keeper (zygote.py) for both ways of starting one. Knows nothing of gateways.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import tempfile
from typing import Any, Literal, TypedDict

from . import processes

#: Variables that size the thread pools of numerical libraries when they are loaded.
THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BLIS_NUM_THREADS")
#: In a container's environment, so that a process it left behind can be told.
MARK = "FARCALL_CONTAINER_ID"


class Order(TypedDict):
    """What a keeper is told about one container. ``config`` is for farcall.container.main and goes to its stdin."""

    do: Literal["start"]
    id: str
    executable: str
    cwd: str
    path: list[str]
    variables: dict[str, str]
    imports: list[str]
    out: str
    err: str
    config: dict[str, Any]


def config_file(order: Order) -> int:
    """A descriptor from which the container reads its configuration: never argv, never the environment."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(order["config"]).encode() + b"\n")
        file.flush()
        file.seek(0)
        return os.dup(file.fileno())


def settle(order: Order, parent: int, config: int) -> None:
    """Turn a fresh child of ``parent`` into a container's process: leader of its own group, bound to the parent's life."""
    os.setsid()
    processes.die_with_parent(parent)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Between here and the container's own handler a cancel would be fatal; there is nothing to cancel yet.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(config, 0)
    for descriptor, path in ((1, order["out"]), (2, order["err"])):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.closerange(3, _open_files())
    os.chdir(order["cwd"] if os.path.isdir(order["cwd"]) else "/")


def become(order: Order) -> None:
    """In a forked child: variables, module path and chance as if it had been started on its own."""
    os.environ.clear()
    os.environ.update(variables_of(order))
    sys.path[:] = order["path"]
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


def variables_of(order: Order) -> dict[str, str]:
    """The environment of a container."""
    return {**order["variables"], MARK: order["id"]}


def _open_files() -> int:
    """One more than the highest open descriptor."""
    try:
        return max(int(name) for name in os.listdir("/dev/fd")) + 1
    except (OSError, ValueError):
        return 1024
