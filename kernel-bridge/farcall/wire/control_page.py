"""The control page: 4 KiB of shared memory between one container and its supervisor, and slots.py behind them.

The container writes what it runs; the supervisor writes what it must not start or must stop. Every field is one aligned
u64 (or f64), so a single store or load is whole, and each field has exactly one writer. Knows nothing of messages.

====== ============ ===========================================================================================
 slot   writer       meaning
====== ============ ===========================================================================================
 0      supervisor   MAGIC, written last when the page is made
 8      container    RUN: lease << 33 | index << 1 | started; 0 while nothing runs
 9      container    SINCE: CLOCK_MONOTONIC seconds (f64) at which the attempt began; inf while its clock stands
 10     container    TIMEOUT: seconds (f64) one attempt may take; 0: no limit
 11-12  container    OUT, ERR: sizes of the output files when the attempt began
 13     container    ATTEMPT of the running lease
 14     container    STAGE: 0 born, 1 welcomed, 2 ready, 3 leaving
 15     container    DONE: every lease up to this one has ended here
 26     container    SLOTS: how many of them it uses (slots.py); 0: it runs one input at a time, and RUN names it
 27     container    TOGETHER: 1 = what is in the slots is one batch, which ends as one
 28     container    UNSENT: 1 = outcomes of inputs that ended wait for the running one to end, or for a poke
 24     container    LAST: the RUN word that was last withdrawn
 25     container    SEEN: the NOTICE that was last acted on
 16     supervisor   NOTICE: counts up with every change below
 17     supervisor   CANCEL: the RUN word to interrupt (exactly one input), 0 if none
 18     supervisor   REASON for it: 1 cancelled, 2 timeout
 19     supervisor   DRAIN: 1 = finish what is held, then leave
 20     supervisor   POKE: counts up when the gateway may have come back: connect again if the connection is lost; and
                     when outcomes have waited long enough: send them
 32...  both         REVOKE: 64 triples: lease (0 = free), first index not to start, and (container) its answer:
                     lease << 32 | the first index that it really did not start
====== ============ ===========================================================================================

**No input is lost or run twice by a revoke.** The container stores RUN (not started), loads NOTICE, then stores RUN
(started). The supervisor stores the revoke, waits a millisecond, then loads RUN: *started* means the input was let
through for certain; *not started* is undecided (a microsecond wide, wider only if the container lost its processor just
there) and is asked again; anything else will see the notice before it starts something. Once it has (SEEN), or once the
lease is over (DONE), its own answer counts. SEEN is loaded last, so that no answer came while the rest was looked at.
"""

from __future__ import annotations

import math
import mmap
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SIZE = 4096
#: Behind the page itself: of each input that runs beside others, and how many there may be.
SLOT_BYTES, MOST_SLOTS = 32, 1_000
MAGIC = 0x31454741504C4346  # "FCLPAGE1"
RUN, SINCE, TIMEOUT, OUT, ERR, ATTEMPT, STAGE, DONE = range(8, 16)
NOTICE, CANCEL, REASON, DRAIN, POKE = range(16, 21)
LAST, SEEN, SLOTS, TOGETHER, UNSENT = 24, 25, 26, 27, 28
REVOKE, REVOKES = 32, 64
_SLOTS = range(REVOKE, REVOKE + 3 * REVOKES, 3)
#: As a first index: nothing of the lease was held back.
NOTHING = 0xFFFFFFFF

BORN, WELCOMED, READY, LEAVING = range(4)
CANCELLED, TIMED_OUT = 1, 2


def word_of(lease: int, index: int) -> int:
    """The RUN word of an input that has not started; started is one more."""
    return lease << 33 | index << 1


@dataclass(frozen=True, slots=True)
class Running:
    """What a container runs: seen by its supervisor in one consistent look."""

    lease: int
    index: int
    #: False: about to start, or about to be held back; ask again.
    started: bool
    attempt: int
    since: float
    timeout: float
    out: int
    err: int

    @property
    def word(self) -> int:
        return word_of(self.lease, self.index) | self.started


class _Page:
    """Maps the file. The two sides below each write only their own slots."""

    def __init__(self, path: Path | str) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(fd, os.fstat(fd).st_size)
        finally:
            os.close(fd)
        self.words = memoryview(self._map).cast("Q")
        self.reals = memoryview(self._map).cast("d")
        if self.words[0] != MAGIC:
            raise ValueError(f"{path} is not a control page")

    def close(self) -> None:
        """Unmap. Idempotent."""
        self.words.release()
        self.reals.release()
        self._map.close()


class ContainerPage(_Page):
    """The container's side. Only its main thread writes."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._seen = 0  # the NOTICE that was acted on

    def begin(self, word: int, now: float) -> bool:
        """Announce an input. False: a notice arrived, call :meth:`heed` and decide again before starting it."""
        words = self.words
        words[RUN] = word
        if words[NOTICE] != self._seen:
            return False
        self.reals[SINCE] = now
        words[RUN] = word | 1
        return True

    def lease_begins(self, attempt: int, timeout: float) -> None:
        """What holds for all inputs of a lease. While nothing runs."""
        self.words[ATTEMPT] = attempt
        self.reals[TIMEOUT] = timeout

    def run_several(self, most: int, *, together: bool) -> None:
        """From now on inputs are in slots; ``together``: they are one batch, always. Before the first begins."""
        self.words[TOGETHER] = together
        self.words[SLOTS] = most

    def lease_ended(self, lease: int) -> None:
        """The lease, and each one before it, has nothing left here."""
        self.words[DONE] = lease

    def output_grew(self, out: int, err: int) -> None:
        """The next input's output begins here."""
        self.rest()  # first: the offsets do not belong to the input that just ended
        self.words[OUT] = out
        self.words[ERR] = err

    def rest(self) -> None:
        """Nothing runs: before anything that may block, and between leases."""
        words = self.words
        if words[RUN]:
            words[LAST] = words[RUN]
            words[RUN] = 0

    def stop_clock(self) -> float:
        """The running attempt waits for others, which is not to count to its timeout. For :meth:`start_clock`."""
        seconds = time.monotonic() - self.reals[SINCE]
        self.reals[SINCE] = math.inf
        return seconds

    def start_clock(self, seconds: float) -> None:
        """It goes on, after so many seconds of its own."""
        self.reals[SINCE] = time.monotonic() - seconds

    def stage(self, stage: int) -> None:
        self.words[STAGE] = stage

    def keeps(self, unsent: bool) -> None:
        """Whether outcomes wait to be sent."""
        self.words[UNSENT] = unsent

    @property
    def noticed(self) -> bool:
        return self.words[NOTICE] != self._seen

    def heed(self, hold_back: Callable[[int, int], int]) -> None:
        """Act on the notices: ``hold_back(lease, first)`` returns the first index that really will not start."""
        words = self.words
        notice = words[NOTICE]
        for slot in _SLOTS:
            lease = words[slot]
            if lease:
                words[slot + 2] = lease << 32 | hold_back(lease, words[slot + 1])
        self._seen = notice
        words[SEEN] = notice

    def arrived(self, lease: int, hold_back: Callable[[int, int], int]) -> None:
        """Act on a revoke that was here before its lease, as in :meth:`heed`."""
        words = self.words
        if words[NOTICE]:
            for slot in _SLOTS:
                if words[slot] == lease:
                    words[slot + 2] = lease << 32 | hold_back(lease, words[slot + 1])

    def cancelled(self) -> int:
        """The reason why the running input must stop, or 0. For the signal handler: reads only."""
        words = self.words
        run = words[RUN]
        return words[REASON] if run and words[CANCEL] == run else 0

    @property
    def draining(self) -> bool:
        return self.words[DRAIN] != 0

    @property
    def poke(self) -> int:
        return self.words[POKE]


class SupervisorPage(_Page):
    """The supervisor's side."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._asked: dict[int, int] = {}  # notice → lease, of revokes whose answer was not read yet

    @classmethod
    def create(cls, path: Path | str) -> SupervisorPage:
        """Make the file (0600) and map it; before the container exists."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, MAGIC.to_bytes(8, "little") + bytes(SIZE - 8))
            os.ftruncate(fd, SIZE + SLOT_BYTES * MOST_SLOTS)  # a hole in the file, unless it is used
        finally:
            os.close(fd)
        return cls(path)

    def running(self) -> Running | None:
        """What runs now; None between inputs."""
        words, reals = self.words, self.reals
        for _ in range(100):
            run = words[RUN]
            if run == 0:
                return None
            seen = Running(
                lease=run >> 33,
                index=run >> 1 & 0xFFFFFFFF,
                started=bool(run & 1),
                attempt=words[ATTEMPT],
                since=reals[SINCE],
                timeout=reals[TIMEOUT],
                out=words[OUT],
                err=words[ERR],
            )
            if words[RUN] == run:
                return seen
        # Inputs change faster than we look: none of them is long.
        return None

    @property
    def stage(self) -> int:
        return self.words[STAGE]

    @property
    def timeout(self) -> float:
        """Seconds one attempt may take; 0: no limit."""
        return self.reals[TIMEOUT]

    @property
    def has_unsent(self) -> bool:
        """Outcomes wait for the running input to end."""
        return self.words[UNSENT] != 0

    @property
    def slots(self) -> int:
        """How many the container uses; 0: it runs one input at a time."""
        return min(self.words[SLOTS], MOST_SLOTS)

    @property
    def is_together(self) -> bool:
        return self.words[TOGETHER] != 0

    def suggest(self, lease: int, first: int) -> None:
        """:meth:`revoke` as far as there is room, with no answer."""
        self._asked.pop(self.revoke(lease, first), None)
        self._notify()

    def revoke(self, lease: int, first: int) -> int:
        """Forbid the lease's inputs from ``first`` on. The number of the notice; 0: no room in the table, try later."""
        slot = self._slot_of(lease)
        if slot is None:
            return 0
        words = self.words
        if words[slot] != lease:
            words[slot] = 0
            words[slot + 1] = first
            words[slot] = lease
        elif first < words[slot + 1]:
            words[slot + 1] = first
        notice = self._notify()
        self._asked[notice] = lease
        return notice

    def revoked_from(self, lease: int, first: int, notice: int) -> int | None:
        """The first index of the lease that surely will not start; None: undecided, ask again in a millisecond.

        Ask no sooner than a millisecond after :meth:`revoke`: by then both processors' stores are visible.
        """
        answer = self._look(lease, first, notice)
        if answer is not None:
            self._asked.pop(notice, None)
        return answer

    def _look(self, lease: int, first: int, notice: int) -> int | None:
        # In this order: what is loaded later tells whether what was loaded before still holds.
        words = self.words
        run, last, done, seen = words[RUN], words[LAST], words[DONE], words[SEEN]
        if seen >= notice or done >= lease:
            return max(first, self._answer(lease))
        if run >> 33 == lease:
            index = run >> 1 & 0xFFFFFFFF
            if index >= first and not run & 1:
                return None
            return max(first, index + 1) if run & 1 else first
        if last >> 33 != lease:
            return first
        index = last >> 1 & 0xFFFFFFFF
        return max(first, index + 1 if last & 1 else index)

    def cancel(self, word: int, reason: int) -> None:
        """Name the one input to interrupt; the signal is the caller's business."""
        self.words[CANCEL] = 0
        self.words[REASON] = reason
        self.words[CANCEL] = word
        self._notify()

    def drain(self) -> None:
        self.words[DRAIN] = 1
        self._notify()

    def poke(self) -> None:
        self.words[POKE] += 1
        self._notify()

    def _slot_of(self, lease: int) -> int | None:
        words, done, free = self.words, self.words[DONE], None
        asked = frozenset(self._asked.values())
        for slot in _SLOTS:
            if words[slot] == lease:
                return slot
            if free is None and words[slot] <= done and words[slot] not in asked:
                free = slot
        return free

    def _answer(self, lease: int) -> int:
        slot = self._slot_of(lease)
        answer = self.words[slot + 2] if slot is not None else 0
        return answer & 0xFFFFFFFF if answer >> 32 == lease else NOTHING

    def _notify(self) -> int:
        self.words[NOTICE] += 1
        return self.words[NOTICE]
