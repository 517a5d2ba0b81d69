"""The leases a container holds, in the order they came, and how revokes shorten them.

A revoke may come before its lease, while it waits or runs, or after it ended; the answer is always the first index that
did not and will not start here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ..wire.control_page import NOTHING, ContainerPage
from .lease import Lease

#: Leases that ended early and are remembered: a revoke for one of them may be on its way.
_CUT = 256


class Leases:
    """A queue whose first element runs; it leaves the queue when it ends."""

    def __init__(self, page: ContainerPage) -> None:
        self._page = page
        self._queue: deque[Lease] = deque()
        self._newest = 0
        self._revoked = 0  # nothing of leases up to this one starts
        self._cut: dict[int, int] = {}  # lease → first index that did not start

    def __bool__(self) -> bool:
        return bool(self._queue)

    def __iter__(self) -> Iterator[Lease]:
        return iter(self._queue)

    @property
    def first(self) -> Lease:
        return self._queue[0]

    @property
    def newest(self) -> int:
        """The last lease that came."""
        return self._newest

    def add(self, lease: Lease) -> bool:
        """Take a lease; one that came before is not taken again."""
        if lease.id <= self._newest:
            return False
        self._newest = lease.id
        if lease.id <= self._revoked:
            lease.hold_back(lease.next)
        self._queue.append(lease)
        self._page.arrived(lease.id, self._hold_back)
        return True

    def heed(self) -> None:
        """Act on the page's notices."""
        self._page.heed(self._hold_back)

    def revoke_through(self, through: int) -> None:
        """Nothing of leases up to ``through`` starts any more."""
        self._revoked = max(self._revoked, through)
        for lease in self._queue:
            if lease.id <= through:
                lease.hold_back(lease.next)

    def take_ended(self) -> list[Lease]:
        """Leases behind the first that have nothing left to start; they are out of the queue."""
        ended = [lease for lease in self._queue if lease.next >= lease.stop and lease is not self._queue[0]]
        for lease in ended:
            self.end(lease)
        return ended

    def end(self, lease: Lease) -> None:
        """The lease is over here."""
        self._queue.remove(lease)
        if lease.stop < lease.end:
            self._cut[lease.id] = lease.stop
            if len(self._cut) > _CUT:
                del self._cut[next(iter(self._cut))]
        self._page.lease_ended(self._queue[0].id - 1 if self._queue else self._newest)

    def _hold_back(self, lease_id: int, first: int) -> int:
        if lease_id > self._newest:
            return first
        for lease in self._queue:
            if lease.id == lease_id:
                return lease.hold_back(first)
        return self._cut.get(lease_id, NOTHING)
