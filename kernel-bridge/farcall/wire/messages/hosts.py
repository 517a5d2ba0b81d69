"""Hosts: what supervisors report, and what they are told to start, stop and take back."""

from __future__ import annotations

from typing import Literal

import msgspec

from .operations import Gpu
from .record import Tagged


class HostState(Tagged, frozen=True, kw_only=True, tag="host.state"):
    """Supervisor → gateway. What the host has; after `welcome`, with the containers it still owns."""

    cpus: int
    #: MiB
    memory: int
    gpus: tuple[Gpu, ...]
    containers: tuple[str, ...]
    #: Its `region` and `cloud`, where it was given them.
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    #: The GPUs that each of its containers was given; several may share one.
    holds: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Heartbeat(Tagged, frozen=True, kw_only=True, tag="heartbeat"):
    """Supervisor → gateway. Every 5 s; dead at 20 s."""

    #: Containers that are stopped (SIGSTOP) or otherwise not running.
    stopped: tuple[str, ...]
    #: GPUs that processes other than containers use: uuid → who, in words. Sent when it changes.
    used: dict[str, str] | None = None


class ContainerStart(Tagged, frozen=True, kw_only=True, tag="container.start"):
    """Gateway → supervisor. Start a container; again for the same id = no-op."""

    container_id: str
    function_id: str
    #: Single use; the container's `hello` is authenticated by it.
    token: str
    executable: str
    cwd: str
    path: tuple[str, ...]
    variables: dict[str, str]
    imports: tuple[str, ...]
    environment_id: str
    #: MiB; 0: no limit.
    memory: int
    #: UUIDs for CUDA_VISIBLE_DEVICES.
    gpus: tuple[str, ...]
    startup_timeout: float
    #: Those of `variables` whose values are kept out of output.
    hidden: tuple[str, ...] = ()
    #: Cores it may use at most; 0: as many as there are.
    cpu_limit: float = 0.0


class ContainerStarted(Tagged, frozen=True, kw_only=True, tag="container.started"):
    """Supervisor → gateway. The process exists."""

    container_id: str
    pid: int
    starter: Literal["fork", "spawn"]


class ContainerExited(Tagged, frozen=True, kw_only=True, tag="container.exited"):
    """Supervisor → gateway. The process is gone; `lease`, `index` name the input it was running (lease 0: none)."""

    container_id: str
    reason: Literal["exited", "signal", "timeout", "cancelled", "memory", "stopped", "start"]
    #: Exit code, or minus the signal.
    code: int
    lease: int
    index: int
    #: What there is to say: last lines of stderr for a failed start, limit and peak for memory.
    detail: str
    #: [lease, index] of all it was running, of a container that may run several.
    running: tuple[tuple[int, int], ...] | None = None


class ContainerStop(Tagged, frozen=True, kw_only=True, tag="container.stop"):
    """Gateway → supervisor. Idempotent; an unknown id is fine."""

    container_id: str
    how: Literal["drain", "kill"]


class LeaseRevoke(Tagged, frozen=True, kw_only=True, tag="lease.revoke"):
    """Gateway → supervisor. Start no input of the lease from index `first` on. Answered by `lease.revoked`."""

    container_id: str
    lease: int
    first: int


class LeaseRevoked(Tagged, frozen=True, kw_only=True, tag="lease.revoked"):
    """Supervisor → gateway. Inputs of the lease from `first` on are not and will not be started there; `first` may
    be later than asked.
    """

    container_id: str
    lease: int
    first: int


class LeaseCancel(Tagged, frozen=True, kw_only=True, tag="lease.cancel"):
    """Gateway → supervisor. As `lease.revoke`, and the running input is interrupted if it is one of them; killed
    after the grace. Not answered.
    """

    container_id: str
    lease: int
    first: int
    grace_ms: int


class OutputPut(Tagged, frozen=True, kw_only=True, tag="output.put"):
    """Supervisor → gateway. The next bytes of a container's output file, from `offset`; payload: the bytes. lease
    0: written before or between inputs.
    """

    container_id: str
    stream: Literal[1, 2]
    offset: int
    #: The input that was running when the bytes were seen, if they are certainly its own.
    lease: int
    index: int


HostMessage = (
    HostState
    | Heartbeat
    | ContainerStart
    | ContainerStarted
    | ContainerExited
    | ContainerStop
    | LeaseRevoke
    | LeaseRevoked
    | LeaseCancel
    | OutputPut
)
