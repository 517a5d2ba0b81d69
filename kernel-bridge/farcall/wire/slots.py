"""The slots of a control page: what a container runs when it runs several inputs at once, one slot each.

They lie behind the page's 4 KiB, 32 bytes a slot, under the page's rules: aligned words, one writer a field.

====== ============ =================================================================================================
 word   writer       meaning
====== ============ =================================================================================================
 0      container    RUN: lease << 33 | index << 1 | started; 0 while the slot is free
 1      container    SINCE: CLOCK_MONOTONIC seconds (f64) at which the attempt began
 2      supervisor   CANCEL: the RUN word to interrupt, 0 if none
 3      supervisor   REASON for it: 1 cancelled, 2 timeout
====== ============ =================================================================================================

The container fills a slot as the page says of RUN: not started, a look at NOTICE, started. So a revoke that is older
than a millisecond either is seen before an input starts, or the input is in its slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .control_page import SIZE, SLOT_BYTES, ContainerPage, SupervisorPage

_FIRST, _STEP = SIZE // 8, SLOT_BYTES // 8
_RUN, _SINCE, _CANCEL, _REASON = range(4)


@dataclass(frozen=True, slots=True)
class Occupied:
    """One input that runs, or (not ``started``) is about to."""

    at: int
    word: int
    lease: int
    index: int
    started: bool
    since: float


class ContainerSlots:
    """The container's side. Only its main thread writes; :meth:`cancelled` may be asked from anywhere."""

    def __init__(self, page: ContainerPage, most: int, *, together: bool = False) -> None:
        """``most`` inputs at once; ``together``: as one batch."""
        self._page = page
        self._words, self._reals = page.words, page.reals
        self._free = list(range(_FIRST, _FIRST + most * _STEP, _STEP))
        page.run_several(most, together=together)

    def begin(self, word: int, now: float) -> int | None:
        """Announce an input; its slot. None: a notice arrived, heed it and decide again. There must be a free slot."""
        at = self._free[-1]
        self._words[at] = word
        if self._page.noticed:
            self._words[at] = 0
            return None
        self._reals[at + _SINCE] = now
        self._words[at] = word | 1
        return self._free.pop()

    def end(self, at: int) -> None:
        """The input of this slot is over."""
        self._words[at] = 0
        self._free.append(at)

    def cancelled(self, at: int) -> int:
        """The reason why the slot's input must stop, or 0."""
        words = self._words
        run = words[at]
        return words[at + _REASON] if run and words[at + _CANCEL] == run else 0


class SupervisorSlots:
    """The supervisor's side."""

    def __init__(self, page: SupervisorPage) -> None:
        self._page = page
        self._words, self._reals = page.words, page.reals

    def __iter__(self) -> Iterator[Occupied]:
        """The inputs that run now."""
        words = self._words
        for at in range(_FIRST, _FIRST + self._page.slots * _STEP, _STEP):
            run = words[at]
            if not run:
                continue
            since = self._reals[at + _SINCE]
            if words[at] == run:
                yield Occupied(at, run, run >> 33, run >> 1 & 0xFFFFFFFF, bool(run & 1), since)

    def cancel(self, slot: Occupied, reason: int) -> None:
        """Name this input to be interrupted, if it still runs then; notice and signal are the caller's business."""
        words = self._words
        words[slot.at + _CANCEL] = 0
        words[slot.at + _REASON] = reason
        words[slot.at + _CANCEL] = slot.word

    def is_cancelled(self, slot: Occupied) -> bool:
        """Whether :meth:`cancel` named it."""
        return self._words[slot.at + _CANCEL] == slot.word
