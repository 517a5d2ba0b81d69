"""The supervisor: one per host and user. Starts containers, watches them, delivers cancels and timeouts, ships output.

One thread, one loop over the gateway's connection, the keepers' sockets and timers. It imports no user package and runs
no user code; when it ends, in whatever way, nothing it started is left.
"""

from __future__ import annotations

import contextlib
import logging
import select
import signal
import socket
import time
from pathlib import Path
from types import FrameType

from ..wire.messages import (
    ContainerStart,
    ContainerStarted,
    ContainerStop,
    Heartbeat,
    HostState,
    ImageBuild,
    ImagesExpire,
    ImageStop,
    LeaseCancel,
    LeaseRevoke,
    LeaseRevoked,
    Message,
    OutputPut,
    Ping,
)
from . import memory, processes
from .container import Container, not_started
from .gpu_users import GpuUsers
from .hardware import Hardware
from .images import Images
from .keeper import Event, Exited, Failed, Started, Unsafe
from .orders import Starting
from .output import PIECE
from .uplink import GivenUp, Uplink

log = logging.getLogger("farcall.host")
#: Seconds between two looks at pages and output, while there are containers.
_LOOK_S = 0.05
_HEARTBEAT_S = 5.0
#: Bytes of output shipped in one look, all containers together.
_OUTPUT_A_LOOK = 16 * PIECE
#: Without containers a lost gateway is waited for this long: a new one starts its own supervisor.
_IDLE_WINDOW_S = 10.0


class Supervisor:
    """Owns the containers of this host. :meth:`run` returns when it is told to leave or the gateway stays away."""

    def __init__(self, uplink: Uplink, starting: Starting, hardware: Hardware, folder: Path, images: Images) -> None:
        self._uplink = uplink
        self._images = images
        self._starting = starting
        self._hardware = hardware
        self._folder = folder
        self._containers: dict[str, Container] = {}
        self._kernel_kills = memory.KernelKills()
        self._gpu_users = GpuUsers()
        self._woken, self._wake = socket.socketpair()
        self._leaving = False
        self._lost_at = time.monotonic()
        self._look_at = self._heartbeat_at = self._memory_at = 0.0

    def run(self) -> None:
        """Serve until told to leave; then kill everything."""
        processes.adopt_orphans()
        self._watch_signals()
        try:
            while not self._leaving:
                self._turn()
        except GivenUp as reason:
            log.info("leaving: %s", reason)
        finally:
            self._end()

    def _turn(self) -> None:
        self._wait(self._due_at() - time.monotonic())
        for event in self._starting.events():
            self._on_event(event)
        for message, _ in self._uplink.receive():
            self._on_message(message)
        self._images.turn()
        now = time.monotonic()
        self._connect(now)
        self._look(now)
        self._beat(now)
        self._starting.tick(now)

    def _wait(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        for descriptor in (*self._starting.files(), *self._images.files()):
            poll.register(descriptor, select.POLLIN)
        gateway = self._uplink.fileno()
        if gateway is not None:
            poll.register(gateway, select.POLLIN)
        poll.poll(max(0.0, min(seconds, _HEARTBEAT_S)) * 1000)
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)

    def _due_at(self) -> float:
        times = [self._uplink.due_at(), self._heartbeat_at]
        if self._containers:
            times += [self._look_at, *(container.due_at() for container in self._containers.values())]
        return min(times)

    # ── the gateway

    def _connect(self, now: float) -> None:
        if self._uplink.connected:
            self._lost_at = now
            return
        if not self._containers and now - self._lost_at > _IDLE_WINDOW_S:
            raise GivenUp("the gateway is gone, and there is nothing to look after")
        if self._uplink.tick(now, restart=bool(self._containers)):
            self._tell_state()
            self._gpu_users.forget()
            self._uplink.tell_kept()
            for container in self._containers.values():
                container.poke()

    def _tell_state(self) -> None:
        holders = {uuid: container.id for container in self._containers.values() for uuid in container.start.gpus}
        self._uplink.send(
            HostState(
                cpus=self._hardware.cpus,
                memory=self._hardware.memory,
                gpus=self._hardware.held_by(holders),
                containers=(*self._containers, *self._uplink.untold_exits()),
                labels=dict(self._hardware.labels),
                holds={
                    container.id: container.start.gpus
                    for container in self._containers.values()
                    if container.start.gpus
                },
            )
        )

    def _on_message(self, message: Message) -> None:
        if isinstance(message, ContainerStart):
            self._start(message)
        elif isinstance(message, ContainerStop):
            self._stop(message)
        elif isinstance(message, LeaseRevoke):
            self._revoke(message)
        elif isinstance(message, LeaseCancel):
            container = self._containers.get(message.container_id)
            if container is not None:
                grace = message.grace_ms / 1000
                container.revoke(message.lease, message.first, time.monotonic(), grace=grace)
        elif isinstance(message, (ImageBuild, ImageStop, ImagesExpire)):
            self._on_image(message)
        elif isinstance(message, Ping):
            self._look_at = 0.0  # somebody waits for what was printed

    def _on_image(self, message: ImageBuild | ImageStop | ImagesExpire) -> None:
        if isinstance(message, ImageBuild):
            self._images.build(message.recipe)
        elif isinstance(message, ImageStop):
            self._images.stop(message.image_id)
        else:
            self._images.expire(message)

    def _start(self, start: ContainerStart) -> None:
        if start.container_id in self._containers:
            return
        try:
            container = Container(start, self._folder / start.container_id, time.monotonic())
        except OSError as error:
            self._uplink.tell(not_started(start, f"cannot make its folder: {error}"))
            return
        self._containers[container.id] = container
        self._images.use(container.id, start.executable)
        self._starting.start(container)

    def _stop(self, stop: ContainerStop) -> None:
        container = self._containers.get(stop.container_id)
        if container is None:
            return
        if stop.how == "drain":
            container.drain()
        else:
            container.kill("stopped")

    def _revoke(self, revoke: LeaseRevoke) -> None:
        container = self._containers.get(revoke.container_id)
        if container is None:
            # It is gone: nothing of the lease will start.
            self._uplink.tell(LeaseRevoked(container_id=revoke.container_id, lease=revoke.lease, first=revoke.first))
            return
        container.revoke(revoke.lease, revoke.first, time.monotonic())

    # ── containers

    def _on_event(self, event: Event) -> None:
        container = self._containers.get(event.id)
        if container is None:
            return
        if isinstance(event, Started):
            container.started(event.pid)
            kind = self._starting.kind_of(container)
            self._uplink.tell(ContainerStarted(container_id=container.id, pid=event.pid, starter=kind))
        elif isinstance(event, Unsafe):
            log.warning("spawning %s, since a fork is not safe after importing %s: %s", *event)
            self._starting.spawn_instead(container, event.module)
        elif isinstance(event, Failed):
            container.kill("start", event.why)
            self._bury(container, 1)
        elif isinstance(event, Exited):
            self._bury(container, event.code)

    def _bury(self, container: Container, code: int) -> None:
        """The process is gone: ship what it still printed, then say how it ended."""
        container.printed_all()
        while self._ship(container, _OUTPUT_A_LOOK):
            pass
        if code == -signal.SIGKILL and self._kernel_kills.happened():
            container.kill("memory", "the system ran out of memory and ended the container")
        del self._containers[container.id]
        self._starting.forget(container)
        self._images.release(container.id)
        self._uplink.tell(container.exited(code))
        container.close()

    def _look(self, now: float) -> None:
        """Pages, deadlines, memory, output."""
        for container in self._containers.values():
            if now >= self._look_at or now >= container.due_at():
                for fact in container.check(now):
                    self._uplink.tell(fact)
                if container.is_given_up:
                    self._starting.give_up(container)
        if now >= self._memory_at:
            self._memory_at = now + memory.EVERY_S
            for container in self._containers.values():
                memory.enforce(container)
        if now >= self._look_at:
            self._look_at = now + _LOOK_S
            left = _OUTPUT_A_LOOK
            for container in self._containers.values():
                left -= self._ship(container, left)

    def _ship(self, container: Container, limit: int) -> int:
        """Send new output; how many bytes. Without a connection it stays in its file."""
        shipped = 0
        if self._uplink.connected:
            for piece in container.pieces(limit):
                shipped += len(piece.data)
                self._uplink.send(
                    OutputPut(
                        container_id=container.id,
                        stream=piece.stream,
                        offset=piece.offset,
                        lease=piece.lease,
                        index=piece.index,
                    ),
                    piece.data,
                )
        return shipped

    def _beat(self, now: float) -> None:
        if now < self._heartbeat_at:
            return
        self._heartbeat_at = now + _HEARTBEAT_S
        self._starting.end_strays(self._containers)
        stopped = [
            container.id
            for container in self._containers.values()
            if container.pid and processes.state(container.process or container.pid) in ("T", "t", "Z", "X")
        ]
        self._uplink.send(Heartbeat(stopped=tuple(stopped), used=self._news_of_gpus(now)))

    def _news_of_gpus(self, now: float) -> dict[str, str] | None:
        if not self._hardware.is_real or not self._uplink.connected:
            return None
        ours = {pid for one in self._containers.values() if one.pid for pid in processes.descendants(one.pid)}
        return self._gpu_users.news(now, ours)

    # ── the end

    def _watch_signals(self) -> None:
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        self._leaving = True

    def _end(self) -> None:
        for container in self._containers.values():
            container.kill("stopped")
        self._images.close()
        self._starting.close()
        self._gpu_users.close()
        self._uplink.close()
        for container in self._containers.values():
            container.close()
