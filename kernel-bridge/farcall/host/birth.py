"""The first instructions of a container's process, right after the fork: own session, files, variables, death signal.

Used by the keeper (zygote.py) for both ways of starting one. Knows nothing of gateways.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from . import cpu, processes

#: Variables that size the thread pools of numerical libraries when they are loaded.
THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "BLIS_NUM_THREADS",
)
#: In a container's environment, so that a process it left behind can be told.
MARK = "FARCALL_CONTAINER_ID"


class Order(TypedDict):
    """What a keeper is told about one container. ``config`` is for farcall.container.main and goes to its stdin."""

    do: Literal["start"]
    id: str
    executable: str
    variables: dict[str, str]
    imports: list[str]
    out: str
    err: str
    config: dict[str, Any]
    #: How it is kept apart (isolation.Cell), None: it is not.
    cell: dict[str, Any] | None
    #: Its CPU limit: the folder of a control group, or cores; both empty: none.
    group: str
    cores: list[int]


def config_file(order: Order) -> int:
    """A descriptor from which the container reads its configuration: never argv, never the environment."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(order["config"]).encode() + b"\n")
        file.flush()
        file.seek(0)
        return os.dup(file.fileno())


def settle(order: Order, parent: int, config: int, inherited: Sequence[int]) -> None:
    """Turn a fresh child of ``parent`` into a container's process: leader of its own group, bound to the parent's life.

    Args:
        config: becomes stdin.
        inherited: the keeper's own descriptors, closed here; a module's own stay open.
    """
    os.setsid()
    cpu.enter(order["group"], order["cores"])  # before that: only who made the group may enter it
    become_user(order["cell"])
    processes.die_with_parent(parent)  # after that: a change of user takes it back
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    # SIGUSR1: until the container has its own handler a cancel would be fatal, and there is nothing to cancel yet.
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(config, 0)
    for descriptor, path in ((1, order["out"]), (2, order["err"])):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    for descriptor in (config, *inherited):
        os.close(descriptor)


def become_user(cell: dict[str, Any] | None) -> None:
    """In a forked child: give up the supervisor's user and groups for the cell's, for good."""
    if cell is None:
        return
    os.chdir("/")
    if cell["uid"] is not None:
        os.setgroups([])
        os.setresgid(cell["gid"], cell["gid"], cell["gid"])
        os.setresuid(cell["uid"], cell["uid"], cell["uid"])


def become(order: Order) -> None:
    """In a forked child: variables and chance as if it had been started on its own (``random`` sees to itself)."""
    wanted = variables_of(order)
    # The zygote has most of them already, and each that is set again copies memory that is shared with it.
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    chance = sys.modules.get("numpy.random")
    if chance is not None:
        chance.seed(int.from_bytes(os.urandom(4), "little"))


def variables_of(order: Order) -> dict[str, str]:
    """The environment of a container."""
    return {**order["variables"], MARK: order["id"]}
