"""Cancels and timeouts of a container that runs several inputs at once, by the slots of its control page.

A cancel is kept for a while and held against what runs at every look: its input may be on its way to the container.
The page's table of revokes is told too, as far as it has room, so that most of what waits there does not even begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..wire.control_page import CANCELLED, TIMED_OUT, SupervisorPage
from ..wire.slots import Occupied, SupervisorSlots

#: What an input has to unwind after its timeout.
TIMEOUT_GRACE_S = 5.0
#: An input that was sent to the container before its cancel was sent has arrived by then, or its connection is lost.
_KEEP_S = 10.0

Why = Literal["timeout", "cancelled"]


@dataclass(slots=True)
class _Cancel:
    first: int
    grace: float
    until: float


@dataclass(frozen=True, slots=True)
class Overdue:
    """The container must be killed: this input was told to stop and did not."""

    why: Why
    lease: int
    index: int


class Several:
    """The container's running inputs, and what is to become of them."""

    def __init__(self, page: SupervisorPage) -> None:
        self._page = page
        self._slots = SupervisorSlots(page)
        self._cancels: dict[int, _Cancel] = {}
        self._interrupts: dict[int, tuple[Why, float]] = {}  # RUN word → why, and when it is killed

    @property
    def running(self) -> tuple[tuple[int, int], ...]:
        """[lease, index] of all that have begun."""
        return tuple((slot.lease, slot.index) for slot in self._slots if slot.started)

    @property
    def due_at(self) -> float:
        """When :meth:`check` must be called at the latest, beside the regular timer."""
        return min((kill_at for _, kill_at in self._interrupts.values()), default=float("inf"))

    def cancel(self, lease: int, first: int, grace: float, now: float) -> None:
        """Stop the lease's inputs from ``first`` on. The container is to be signalled."""
        known = self._cancels.get(lease)
        self._cancels[lease] = _Cancel(min(first, known.first) if known else first, grace, now + _KEEP_S)
        self._page.suggest(lease, first)
        self._hold_against(now)

    def check(self, now: float) -> tuple[bool, Overdue | None]:
        """Whether the container has to be signalled, and what it must be killed for."""
        for lease in [lease for lease, cancel in self._cancels.items() if cancel.until <= now]:
            del self._cancels[lease]
        is_told = self._hold_against(now)
        return is_told, self._overdue(now)

    def _hold_against(self, now: float) -> bool:
        """Interrupt what runs and should not; whether there was any."""
        timeout = self._page.timeout
        is_told = False
        for slot in self._slots:
            cancel = self._cancels.get(slot.lease)
            if not slot.started:
                continue
            if cancel is not None and slot.index >= cancel.first:
                is_told |= self._interrupt(slot, "cancelled", now + cancel.grace)
            elif 0 < timeout < now - slot.since:
                is_told |= self._interrupt(slot, "timeout", now + TIMEOUT_GRACE_S)
        return is_told

    def _interrupt(self, slot: Occupied, why: Why, kill_at: float) -> bool:
        known = self._interrupts.get(slot.word)
        if known is not None and (known[0] == why or why == "timeout"):
            return False
        self._interrupts[slot.word] = (why, kill_at if known is None else min(kill_at, known[1]))
        self._slots.cancel(slot, TIMED_OUT if why == "timeout" else CANCELLED)
        return True

    def _overdue(self, now: float) -> Overdue | None:
        if not self._interrupts:
            return None
        running = {slot.word: slot for slot in self._slots}
        self._interrupts = {word: told for word, told in self._interrupts.items() if word in running}
        # Inputs of a batch end together: it is only stopped when none of them is wanted.
        if self._page.is_together and len(self._interrupts) < len(running):
            return None
        for word, (why, kill_at) in self._interrupts.items():
            if kill_at <= now:
                return Overdue(why, running[word].lease, running[word].index)
        return None
