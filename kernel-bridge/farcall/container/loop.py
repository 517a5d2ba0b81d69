"""The container's loop: takes leases from the connection, runs their inputs one by one, sends outcomes in batches.

Between inputs it heeds the control page, and reads the connection whenever it sends. One thread, which is user code's
thread too; nothing here runs while an input does, except `_looked_at`, called from the signal handler.
"""

from __future__ import annotations

import logging
import time

from .. import context
from ..values import failure
from ..wire.blobs import Buffer
from ..wire.control_page import LEAVING, READY, WELCOMED, ContainerPage
from ..wire.messages import (
    CallForget,
    CallLoad,
    ContainerBroken,
    ContainerReady,
    Drain,
    FunctionLoad,
    InputsRun,
    LeasesRevoked,
    Message,
    OutcomesAcknowledged,
    PreviewMade,
    PreviewMake,
)
from ..wire.redaction import Redaction
from . import bound
from .batch import FULL_BYTES, Batch
from .cancel import Cancellation
from .execute import Executor
from .function import LoadedFunction, Prepared
from .lease import Lease
from .leases import Leases
from .link import Dismissed, Link
from .lookout import Lookout
from .nested import Nested
from .outbox import Outbox
from .preview import bundle_of
from .runners import Runner, runner_of
from .seat import Seat
from .streams import Streams

log = logging.getLogger("farcall.container")
_clock = time.monotonic
#: Outcomes of short inputs are sent this often.
_EVERY_S = 0.05
#: An input is expected to take as long as the last one; below this it is short, and outcomes before it may wait.
_SHORT_S = 0.02
#: An input that waits for its reader looks around at least this often.
_LOOK_S = 0.25


class Loop:
    """Serves until drained, dismissed, or `max_inputs` were run. :meth:`run` returns the exit code."""

    def __init__(self, container: str, url: str, token: str, *, window: float, page: ContainerPage) -> None:
        self._id = container
        self._page = page
        self._streams = Streams()
        self._link = Link(container, url, token, window=window, held=self._held)
        self._link.on_welcome = self._welcomed
        self._lookout = Lookout(self._link)
        self._nested = Nested(self._link)
        self._several: Runner | None = None  # None: inputs run one by one, here
        self._copies: list[LoadedFunction] = []  # that it made besides the function
        self._cancellation = Cancellation(page, self._looked_at)
        self._outbox = Outbox(self._link, page, self._cancellation, self._wait_within)
        self._link.on_taken = self._outbox.taken
        self._executor = Executor(self._cancellation, self._link, self._outbox)
        self._function: LoadedFunction | None = None
        self._calls: dict[str, Prepared] = {}
        self._leases = Leases(page)
        self._batch = Batch()
        self._seq = 0
        self._left = -1  # inputs until max_inputs; never 0 when there is no limit
        self._draining = False
        self._poked = page.poke

    def run(self) -> int:
        """Serve. Raises nothing but what is a bug."""
        context.enter(self._nested)
        self._cancellation.install()
        self._lookout.install()
        try:
            while not self.is_done:
                if self._several is not None:
                    self._several.turn()
                else:
                    self._turn()
        except Dismissed as reason:
            log.info("leaving: %s", reason)
        self._page.rest()
        self._page.stage(LEAVING)
        if self._function is not None:
            for function in (self._function, *self._copies):
                function.exit()  # its supervisor ends what takes too long
        self._link.close()
        return 0

    def _turn(self) -> None:
        self.heed()
        self._link.connect()
        if self._leases and not self._nested.owed and not self._link.journal.is_full and not self.is_spent:
            self._run_lease(self._leases.first)
        elif not self.is_done:
            self.wait()

    @property
    def is_done(self) -> bool:
        """The container leaves."""
        spent = self.is_spent and (self._several is None or not self._several.running)
        return ((self._draining and not self._leases) or spent) and not self._link.journal.batches

    @property
    def is_spent(self) -> bool:
        """`max_inputs` were run: what is left of the leases is for another container."""
        return self._left == 0

    def wait(self, limit: float | None = None) -> None:
        """Until something arrives, a signal comes, it is time to connect again, or ``limit`` seconds have passed."""
        if not self._link.pending:
            self._lookout.wait(limit)
        self._read()

    def _wait_within(self) -> None:
        """While an input waits for its reader: until something arrives, a signal comes, or it is time to connect."""
        if not self._link.brings_more:
            # Not for ever: user code may have taken the signals' wake-up for itself.
            self._lookout.wait(_LOOK_S)
        with self._link.busy:
            if self._page.poke != self._poked:
                self._poked = self._page.poke
                self._link.retry_now()
            self._link.look()
            self._link.connect()

    # ── inputs

    def _run_lease(self, lease: Lease) -> None:
        """Run inputs until the lease ends or something else wants attention."""
        prepared = self._calls.get(lease.call_id)
        if prepared is None or self._function is None:
            raise Dismissed(f"inputs of {lease.call_id} came before the call")
        self._function.bind(prepared)
        page, executor, streams, batch, nested = self._page, self._executor, self._streams, self._batch, self._nested
        page.lease_begins(lease.attempt, executor.timeout)
        now = sent_at = _clock()
        is_kept = False
        while lease.next < lease.stop and self._left:
            began = now
            if not page.begin(lease.base + (lease.next << 1), began):
                page.rest()
                self.heed()
                continue
            index = lease.next
            now = executor.run(lease, prepared, batch, began)
            self._left -= 1
            if streams.settle(now - began):
                self._attribute(index)
            if now - began >= _SHORT_S or now - sent_at >= _EVERY_S or batch.size >= FULL_BYTES or nested.owed:
                page.rest()
                self._flush(lease)
                now = sent_at = _clock()
                is_kept = False
                if nested.owed or self._link.journal.is_full:
                    return
            elif not is_kept:
                is_kept = True
                page.keeps(True)
        page.rest()
        if lease.next >= lease.stop:
            self._end(lease)
        else:
            self._flush(lease)

    # ── several at once (seat.py)

    def serve(self) -> None:
        """Act on the page and on what has arrived. Does not block."""
        self.heed()
        self._link.connect()
        self._read()

    def put(self, batch: Batch, lease: Lease, *, ended: bool) -> None:
        """Send outcomes of one lease."""
        self._seq += 1
        self._link.put(*batch.seal(lease, self._seq, ended=ended))

    def take_one(self) -> None:
        """One more input has begun, of the `max_inputs` that may."""
        self._left -= 1

    def _take_seat(self, message: FunctionLoad, payload: Buffer, function: LoadedFunction) -> None:
        """From now on a runner of several inputs does what :meth:`_turn` does."""

        def again() -> LoadedFunction:
            copy = LoadedFunction(message, payload, self._cancellation, self._outbox, function.tasks)
            copy.enter()
            self._copies.append(copy)
            return copy

        seat = Seat(
            loop=self,
            spec=message.spec,
            page=self._page,
            link=self._link,
            leases=self._leases,
            streams=self._streams,
            nested=self._nested,
            calls=self._calls,
            lookout=self._lookout,
        )
        self._several, seat = runner_of(seat, self._executor, function, self._cancellation, again)
        self._nested = seat.nested
        context.enter(self._nested)

    # ── what one input leaves

    def _attribute(self, index: int) -> None:
        """What the files hold beyond what is attributed was written by this input."""
        self._batch.spans += self._streams.take(index)
        self._page.output_grew(self._streams.out, self._streams.err)

    def _flush(self, lease: Lease) -> None:
        """Send what is done of a lease that goes on, and read what came meanwhile."""
        if len(self._batch) and lease.next < lease.stop:
            self._put(lease, ended=False)
        self._link.connect()
        self._read()

    def _end(self, lease: Lease) -> None:
        self._leases.end(lease)
        self._put(lease, ended=True)
        self.end_unstarted()

    def _put(self, lease: Lease, *, ended: bool) -> None:
        if len(self._batch) and self._streams.grew():
            self._attribute(lease.next - 1)
        self._seal(lease, ended=ended)

    def _seal(self, lease: Lease, *, ended: bool) -> None:
        self._seq += 1
        self._page.keeps(False)
        self._link.put(*self._batch.seal(lease, self._seq, ended=ended))

    # ── what others want

    def heed(self) -> None:
        """Act on the control page."""
        page = self._page
        if not page.noticed:
            return
        self._leases.heed()
        self._draining = self._draining or page.draining
        if page.poke != self._poked:
            self._poked = page.poke
            self._link.look()
        self.end_unstarted()

    def end_unstarted(self) -> None:
        """Leases behind the running one that were revoked as a whole."""
        for lease in self._leases.take_ended() if self._several is None else self._several.take_ended():
            self._seq += 1
            self._link.put(*Batch().seal(lease, self._seq, ended=True))

    def _looked_at(self) -> None:
        """A signal that interrupts nothing came while user code runs: the gateway may be back, or outcomes wait."""
        if self._page.poke == self._poked or not self._link.busy.acquire(blocking=False):
            return
        try:
            self._poked = self._page.poke
            self._link.look()
            self._link.retry_now()
            self._link.connect()
            self._page.keeps(False)
            if len(self._batch):
                self._seal(self._leases.first, ended=False)
        except Dismissed:
            pass  # the loop will find out, once the input has ended
        finally:
            self._link.busy.release()

    # ── the gateway

    def _welcomed(self) -> None:
        if self._link.revoked:
            self._leases.revoke_through(self._link.revoked)
        self._nested.welcomed()
        if self._function is None:
            self._page.stage(WELCOMED)
        else:
            self._link.send(ContainerReady(container_id=self._id))
        if self._outbox.is_open:
            self._outbox.send_again()

    def _held(self) -> tuple[tuple[int, int], ...]:
        """Leases that are queued, running, or whose outcomes may not have arrived, from their first open index."""
        first: dict[int, int] = {}
        for kept in self._link.journal.batches:
            if kept.first >= 0:
                first[kept.message.lease] = min(kept.first, first.get(kept.message.lease, kept.first))
        if self._several is not None:
            for lease in self._leases:
                first[lease.id] = min(first.get(lease.id, lease.end), self._several.first_open(lease))
            return tuple(sorted(first.items()))
        for lease in self._leases:
            unsent = self._batch.indexes if lease is self._leases.first else []
            runs = (self._cancellation.armed or self._outbox.is_open) and lease is self._leases.first
            running = [lease.next - 1] if runs else []
            first[lease.id] = min([first.get(lease.id, lease.next), *unsent, *running])
        return tuple(sorted(first.items()))

    def _read(self) -> None:
        """What has arrived. Does not block."""
        self._link.look()
        while True:
            arrived = self._link.receive()
            if arrived is None:
                return
            self._on_message(*arrived)

    def _on_message(self, message: Message, payload: memoryview) -> None:
        if isinstance(message, InputsRun):
            lease = Lease(message, payload)
            if self._leases.add(lease) and self._several is not None:
                self._several.came(lease)
        elif isinstance(message, OutcomesAcknowledged):
            self._link.journal.acknowledge(message.through)
        elif isinstance(message, CallLoad):
            self._load_call(message, payload)
        elif isinstance(message, CallForget):
            self._calls.pop(message.call_id, None)
            bound.forget_call(message.call_id)
        elif isinstance(message, LeasesRevoked):
            self._nested.answered()
            self._leases.revoke_through(message.through)
            self.end_unstarted()
        elif isinstance(message, FunctionLoad):
            self._load_function(message, payload)
        elif isinstance(message, PreviewMake):
            shown = self._link.blobs.read(message.blob) if message.blob else payload
            function = self._function.plain if self._function is not None else None
            bundle = bundle_of(shown, message.what, function)
            self._link.send(PreviewMade(request=message.request, bundle=bundle))
            self._streams.skip()
        elif isinstance(message, Drain):
            self._draining = True

    def _load_function(self, message: FunctionLoad, payload: memoryview) -> None:
        if self._function is None:
            redaction = Redaction.of(message.spec.secrets, message.spec.hidden)
            try:
                code = self._link.blobs.read(message.blob) if message.blob else payload
                self._function = LoadedFunction(message, code, self._cancellation, self._outbox)
                self._executor.redaction = redaction
                self._function.enter()
            except BaseException as error:
                told, _ = failure.pack(error, code="container.start" if self._function else "payload.unreadable")
                self._link.send(ContainerBroken(container_id=self._id), redaction.hide(told))
                raise Dismissed("the code cannot be loaded") from None
            self._executor.timeout = message.spec.timeout
            self._executor.retry_on = self._function.retry_on
            self._left = message.spec.max_inputs or -1
            if message.spec.max_concurrent or message.spec.max_batch:
                self._take_seat(message, bytes(code), self._function)
            self._page.stage(READY)
        self._streams.skip()
        self._page.output_grew(self._streams.out, self._streams.err)
        self._link.send(ContainerReady(container_id=self._id))

    def _load_call(self, message: CallLoad, payload: memoryview) -> None:
        if self._function is None:
            raise Dismissed(f"{message.call_id} came before the function")
        if message.call_id not in self._calls:
            shared = self._link.blobs.read(message.blob) if message.blob else payload
            self._calls[message.call_id] = self._function.prepare(message, shared)
            self._streams.skip()
            self._page.output_grew(self._streams.out, self._streams.err)
