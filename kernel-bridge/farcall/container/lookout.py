"""How the container's main thread waits: for the gateway's connection, for a signal, and for whoever wakes it."""

from __future__ import annotations

import contextlib
import select
import signal
import socket

from .link import Link


class Lookout:
    """One poll over the connection, whichever it is now, and over a socket that signals and threads write to."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._woken, self._wake = socket.socketpair()  # a signal ends the wait through it
        self._poll = select.poll()
        self._poll.register(self._woken, select.POLLIN)
        self._polled = -1  # the connection's descriptor, as _poll knows it

    def install(self) -> None:
        """Have signals end waits from now on."""
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def wait(self, limit: float | None) -> None:
        """Until something arrives, a signal comes, it is time to connect, or ``limit`` seconds have passed."""
        self._poll_link()
        if not self._link.connected:
            limit = self._link.retry_in if limit is None else min(limit, self._link.retry_in)
        ready = self._poll.poll(None if limit is None else limit * 1000)
        if any(descriptor != self._polled for descriptor, _ in ready):
            self.drain()

    def wake(self) -> None:
        """End :meth:`wait`. From any thread."""
        with contextlib.suppress(BlockingIOError):
            self._wake.send(b"\0")

    @property
    def woken(self) -> int:
        """Readable when something ended, or will end, :meth:`wait`; for another event loop. Then :meth:`drain`."""
        return self._woken.fileno()

    def drain(self) -> None:
        """What woke us is seen."""
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)

    def _poll_link(self) -> None:
        """The connection may be another one than at the last wait, or none (-1)."""
        descriptor = self._link.fileno()
        if descriptor == self._polled:
            return
        if self._polled >= 0:
            self._poll.unregister(self._polled)
        if descriptor >= 0:
            self._poll.register(descriptor, select.POLLIN)
        self._polled = descriptor
