"""Runs several inputs of a concurrent function at once: what tasks (tasks.py) and threads (workers.py) have in common.

The main thread owns the connection, the leases and the slots of the control page; it starts inputs as leases come, and
sends each outcome as soon as its input has ended. Leases hold one input each, so that none holds another back.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from .. import tracing
from ..context import set_running
from ..values.serialize import loads
from ..wire.control_page import word_of
from ..wire.slots import ContainerSlots
from .answers import Answers
from .batch import Batch
from .copies import Copies, Copy
from .function import Invoke, Prepared
from .lease import Lease
from .lending import Lending
from .owned import OwnedSpans
from .seat import Seat

_clock = time.monotonic


@dataclass(slots=True, eq=False)
class Entry:
    """One running input."""

    lease: Lease
    index: int
    slot: int
    prepared: Prepared
    began: float
    payload: memoryview | None = None
    copy: Copy | None = None
    invoke: Invoke | None = None
    seconds: float = 0.0
    #: User code of it runs.
    armed: bool = False
    #: Why it was interrupted; 0: it was not.
    fired: int = 0
    is_read: bool = False
    value: Any = None
    error: BaseException | None = None
    task: Any = field(default=None, repr=False)


class Concurrent(ABC):
    """Serves turn by turn, until its loop has enough."""

    def __init__(self, seat: Seat, answers: Answers, copies: Copies, lending: Lending) -> None:
        self._seat = seat
        self._lending = lending
        self._answers = answers
        self._copies = copies
        self._slots = ContainerSlots(seat.page, seat.spec.max_concurrent)
        self._spans = OwnedSpans(seat.streams)
        self._unstarted: deque[Lease] = deque()
        self._entries: dict[int, Entry] = {}  # by slot
        self._open: Counter[int] = Counter()  # lease → its running inputs
        self._ended: deque[Entry] = deque()
        self._most = seat.spec.max_concurrent
        seat.page.lease_begins(1, seat.spec.timeout)

    @property
    def running(self) -> int:
        """Inputs that have begun and whose outcomes were not sent."""
        return len(self._entries)

    def came(self, lease: Lease) -> None:
        """A lease has arrived."""
        self._unstarted.append(lease)

    def turn(self) -> None:
        """Send what is done, start what can be started, wait for the next thing to happen."""
        self._seat.loop.serve()
        self._send_ended()
        self._start()
        self._lending.tell(self.running)
        if not self._seat.loop.is_done and not self._ended:
            self._wait()

    def first_open(self, lease: Lease) -> int:
        """The lowest index of a lease whose outcome is not on its way."""
        running = [entry.index for entry in self._entries.values() if entry.lease is lease]
        return min([lease.next, *running])

    def take_ended(self) -> list[Lease]:
        """Leases with nothing left to start, of which nothing runs: what a revoke left over."""
        over = [lease for lease in self._seat.leases if lease.next >= lease.stop and not self._open[lease.id]]
        for lease in over:
            self._seat.leases.end(lease)
        return over

    # ── for tasks and threads

    @abstractmethod
    def _begin(self, entry: Entry) -> None:
        """Let its user code run; `_over` follows."""

    @abstractmethod
    def _wait(self) -> None:
        """Until something arrives, an input ends, or a signal comes."""

    def _enter(self, entry: Entry) -> tuple[Invoke, tuple[Any, ...], dict[str, Any]]:
        """In the input's own task or thread: its context, and what to call with what."""
        set_running((entry.lease.call_id, entry.index))
        tracing.enter_input(entry.prepared.traceparent)
        if entry.error is not None or entry.invoke is None:
            raise entry.error or RuntimeError("nothing to run")
        args, kwargs = loads(entry.payload or b"")
        entry.is_read = True
        return entry.invoke, args, {**entry.prepared.kwargs, **kwargs}

    def _over(self, entry: Entry) -> None:
        """The input has ended. From any thread."""
        entry.seconds = _clock() - entry.began
        self._ended.append(entry)

    # ── inputs

    def _start(self) -> None:
        seat = self._seat
        while self._unstarted and len(self._entries) < self._most and seat.may_start:
            lease = self._unstarted[0]
            if lease.next >= lease.stop:
                self._unstarted.popleft()
            elif not self._start_one(lease):
                seat.loop.heed()

    def _start_one(self, lease: Lease) -> bool:
        began, index = _clock(), lease.next
        slot = self._slots.begin(word_of(lease.id, index), began)
        if slot is None:
            return False
        entry = Entry(lease, index, slot, self._seat.prepared(lease.call_id), began)
        self._entries[slot] = entry
        self._open[lease.id] += 1
        self._seat.loop.take_one()
        try:
            entry.payload = lease.take(self._seat.link.blobs)
            entry.copy, entry.invoke = self._copies.take(lease.call_id, entry.prepared)
        except BaseException as error:
            entry.error = error
        self._begin(entry)
        return True

    def _send_ended(self) -> None:
        if not self._ended:
            return
        self._send_spans()
        while self._ended:
            self._send_one(self._ended.popleft())

    def _send_one(self, entry: Entry) -> None:
        lease, batch = entry.lease, Batch()
        fired = entry.fired or self._slots.cancelled(entry.slot)
        if entry.error is not None or fired:
            self._answers.raised(batch, entry.index, entry.seconds, entry.error, fired=fired, is_read=entry.is_read)
        else:
            self._answers.returned(batch, entry.index, entry.seconds, entry.value)
        self._slots.end(entry.slot)
        del self._entries[entry.slot]
        if entry.copy is not None:
            self._copies.give(entry.copy)
        self._open[lease.id] -= 1
        is_over = lease.next >= lease.stop and not self._open[lease.id]
        if is_over:
            del self._open[lease.id]
            self._seat.leases.end(lease)
        if is_over or len(batch):
            self._seat.loop.put(batch, lease, ended=is_over)

    def _send_spans(self) -> None:
        """What was printed, in the order it lies in the files, before the outcomes of those who printed it."""
        written = self._spans.take()
        leases = {lease.call_id: lease for lease in self._seat.leases} if written else {}
        for owner, spans in written:
            lease = leases.get(owner.call_id)
            if lease is not None:
                batch = Batch()
                batch.spans += spans
                self._seat.loop.put(batch, lease, ended=False)
