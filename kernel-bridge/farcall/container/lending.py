"""Calls made by code in a container that runs several inputs at once.

While all that run wait for calls of their own, the container says so: it does not count to its function's containers,
but may be given more. If an input waits in a way that stands in the way of all others (a blocking call in a coroutine,
or in a batch), the container says that as well, and what it has not seen yet goes to others.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from ..context import current_running
from ..wire.messages import ContainerWaiting
from .leases import Leases
from .link import Link
from .nested import Nested


class Lending(Nested):
    """`farcall.context.Inside` for several inputs. Only the main thread sends."""

    def __init__(self, link: Link, leases: Leases, wake: Callable[[], None]) -> None:
        """``wake`` lets the main thread look around, where it waits for something."""
        super().__init__(link)
        self._leases = leases
        self._wake = wake
        self._counting = threading.Lock()  # guards _waiting
        self._waiting: Counter[tuple[str, int] | None] = Counter()
        self._still = 0  # waits in which the main thread stands; only it counts them
        self._told = False

    def wait_begins(self) -> None:
        """A thread waits. If it is the main one, nothing else can begin."""
        if threading.current_thread() is not threading.main_thread():
            return self.await_begins()
        self._still += 1
        if self._still == 1:
            with self._link.busy:
                self._say_still()
        return None

    def wait_ends(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return self.await_ends()
        self._still -= 1
        if self._still == 0:
            with self._link.busy:
                self._link.send(ContainerWaiting(waiting=False))
                self._told = False
        return None

    def await_begins(self) -> None:
        """One input waits; others go on."""
        with self._counting:
            self._waiting[current_running()] += 1
        self._wake()

    def await_ends(self) -> None:
        running = current_running()
        with self._counting:
            self._waiting[running] -= 1
            if self._waiting[running] <= 0:
                del self._waiting[running]
        self._wake()

    def tell(self, running: int) -> None:
        """So many inputs run. Main thread, between inputs: say if it has changed whether all of them wait."""
        with self._counting:
            waiting = len(self._waiting)
        all_wait = 0 < running <= waiting
        if all_wait != self._told and self._link.send(ContainerWaiting(waiting=all_wait)):
            self._told = all_wait

    def welcomed(self) -> None:
        """A new connection owes nothing, and knows nothing of who waits."""
        self.owed = 0
        self._told = False
        if self._still:
            self._say_still()

    def _say_still(self) -> None:
        if self._link.send(ContainerWaiting(waiting=True, newest=self._leases.newest)):
            self.owed += 1
            self._told = True


class Standing(Nested):
    """`farcall.context.Inside` for a batch: whoever of it waits, nothing else begins."""

    def __init__(self, link: Link, leases: Leases) -> None:
        super().__init__(link)
        self._leases = leases

    def _begun(self) -> ContainerWaiting:
        return ContainerWaiting(waiting=True, newest=self._leases.newest)
