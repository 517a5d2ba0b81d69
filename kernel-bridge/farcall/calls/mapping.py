"""A map under way: feeds inputs, takes outcomes, and hands out those whose turn it is.

One thread drives it (results.py); it never blocks itself: :meth:`Mapping.batches` yields None when there is nothing
to do but wait for the bell. Values are not decoded here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from ..errors import RemoteError
from ..presenter import View
from ..wire.codes import FAILED, TIMED_OUT
from ..wire.messages import CallEnded, Items, Outcomes, Output
from .launch import Opened, cancel
from .order import Order
from .outcomes import read_page
from .pump import CHUNK_INPUTS, Pump
from .single import show
from .stream import Settled, Stream, settled

#: Inputs of an iterator that may be pulled and not yet handed out: the floor, and what half a second needs above it.
WINDOW_INPUTS = 4096
WINDOW_BYTES = 32 * 1024 * 1024
_WINDOW_S = 0.5
#: Pulls of about 2 ms each before what has arrived is looked at: first results come while a long input is still fed.
_TURNS = 16


@dataclass
class Tally:
    """What is known here, without asking the gateway. ``total`` is None while inputs may come."""

    done: int = 0
    failed: int = 0
    total: int | None = None


class Mapping:
    """One map. ``stops``: whether a failing input ends it, so that no more inputs need be pulled."""

    def __init__(self, opened: Opened, pump: Pump | None, *, order: Order, is_sized: bool, stops: bool) -> None:
        self.opened = opened
        self.tally = Tally()
        self.ended: CallEnded | None = None
        self._pump = pump
        self._order = order
        self._is_sized = is_sized
        self._stops = stops
        self._is_sealed = pump is None
        self._handed = 0
        self._rate = 0.0
        self._measured = (time.monotonic(), 0)

    # ── inputs

    def feed(self) -> bool:
        """Pull inputs as far as credit and window allow, for some 30 ms; whether any were pulled.

        Raises what the user's iterator or a pickle raises.
        """
        pump = self._pump
        if pump is None or self._is_sealed:
            return False
        pulled = 0
        for _ in range(_TURNS if self._is_sized else 1):
            moved = pump.pull(self._room(pump))
            pulled += moved
            if not moved or pump.is_exhausted:
                break
        if pump.is_exhausted:
            self.seal()
        return pulled > 0

    def seal(self) -> None:
        """No further input: what was pulled is all."""
        if self._is_sealed or self._pump is None:
            return
        self._is_sealed = True
        self._pump.cut()
        self.opened.feed.seal()
        self.opened.feed.flush()
        self.tally.total = self._pump.pulled

    @property
    def has_inputs(self) -> bool:
        """Whether its inputs come from here, rather than from another call."""
        return self._pump is not None

    def stop_feeding(self) -> None:
        """Pull no further input; what was pulled is all."""
        if self._pump is not None:
            self._pump.close()
            self._is_sealed = True

    def abandon(self) -> None:
        """Nobody wants the rest: cancel it, without waiting for that."""
        self.stop_feeding()
        if self.ended is None and not self.opened.is_over:
            cancel(self.opened.session, self.opened.call_id, self.opened.bell)
        self.opened.let_go()

    @property
    def pump(self) -> Pump | None:
        """Where its inputs come from; None: from another call."""
        return self._pump

    @property
    def room(self) -> int:
        """How many inputs may be pulled now."""
        return 0 if self._pump is None or self.opened.feed.is_full else self._room(self._pump)

    @property
    def is_durable(self) -> bool:
        """Whether all inputs and the seal are acknowledged."""
        return self._is_sealed and self.opened.feed.is_durable

    # ── outcomes

    def batches(self, view: Callable[[], View]) -> Generator[list[Settled] | None, None, None]:
        """Outcomes in their order, a list at a time, until the call ended; None: wait for the bell, then go on.

        Raises what :meth:`feed` raises, and what the gateway refused.
        """
        stream = self.opened.attach(output=True)
        while True:
            self.opened.check()
            has_arrived = False
            for batch in self._arrived(stream, view):
                has_arrived = True
                if batch:
                    yield from self._hand_out(batch)
            if self.ended is not None:
                self._finish(self.ended)
                return
            if has_arrived and self._is_slow:
                continue
            has_fed = self.feed()
            if not has_arrived and (self._is_slow or not has_fed):
                self._before_waiting(stream)
                yield None

    @property
    def _is_slow(self) -> bool:
        """Whether pulling would hold back what is done: then it is let wait for what may still come, for a moment."""
        return self._pump is not None and self._pump.is_slow and not self._is_sealed

    def _arrived(self, stream: Stream, view: Callable[[], View]) -> Generator[list[Settled], None, None]:
        """What each message lets go, at most a few messages of it, so that feeding has its turn."""
        for _ in range(8):
            taken = stream.take()
            if taken is None:
                return
            message, payload = taken
            leaving: list[Settled] = []
            if isinstance(message, Outcomes):
                leaving = self._order.add(self._counted(message, payload))
            elif isinstance(message, CallEnded):
                self.ended = message
            elif isinstance(message, Output):
                show(message, payload, view())
            elif isinstance(message, Items):
                pass  # a map's generators answer with lists
            yield leaving

    def _counted(self, message: Outcomes, payload: memoryview) -> list[Settled]:
        failed = message.statuses.count(FAILED) + message.statuses.count(TIMED_OUT)
        self.tally.done += message.count
        self.tally.failed += failed
        if failed and self._stops:
            self.seal()
        return settled(message, payload)

    def _hand_out(self, batch: list[Settled]) -> Generator[list[Settled] | None, None, None]:
        """The batch with every payload at hand; large ones come page by page, when it is their turn."""
        self._note(len(batch))
        if all(outcome[3] is not None for outcome in batch):
            yield batch
            return
        start = 0
        for at, outcome in enumerate(batch):
            if outcome[3] is None and at >= start:
                if at > start:
                    yield batch[start:at]
                start = yield from self._large(batch, at)
        if start < len(batch):
            yield batch[start:]

    def _large(self, batch: list[Settled], at: int) -> Generator[list[Settled] | None, None, int]:
        """Read ``batch[at]`` and the consecutive ones that come with it; returns where to go on."""
        end = at + 1
        while end < len(batch) and batch[end][3] is None and batch[end][0] == batch[end - 1][0] + 1:
            end += 1
        opened = self.opened
        page = yield from read_page(opened.session, opened.call_id, batch[at][0], end - at, opened.bell)
        if not page:
            raise RemoteError(f"the outcome of input {batch[at][0]} of {opened.call_id} cannot be read")
        yield page
        return at + len(page)

    def _finish(self, ended: CallEnded) -> None:
        self.tally.total = ended.count
        self.opened.let_go()

    # ── the window

    def _room(self, pump: Pump) -> int:
        if self._is_sized:
            return CHUNK_INPUTS
        held = pump.pulled - self._handed
        if held and pump.bytes / pump.pulled * held >= WINDOW_BYTES:
            return 0
        return min(CHUNK_INPUTS, max(0, max(WINDOW_INPUTS, int(self._rate * _WINDOW_S)) - held))

    def _note(self, count: int) -> None:
        self._handed += count
        now = time.monotonic()
        since, before = self._measured
        if now - since >= _WINDOW_S:
            self._rate = (self._handed - before) / (now - since)
            self._measured = (now, self._handed)

    def _before_waiting(self, stream: Stream) -> None:
        if self._pump is not None and not self._is_sealed:
            self._pump.flush()
        stream.report()
