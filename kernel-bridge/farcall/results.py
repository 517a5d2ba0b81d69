"""`Results`: what a map gives. Nothing is sent until it is iterated, shown, or asked for.

The first iteration lives with the map: it feeds inputs and yields outcomes as they come. Later ones, and everything by
index, read what the gateway has stored. How inputs and outcomes flow: mapping.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from . import cells, errors
from .call import FunctionCall, as_value
from .launch import Kind, OnFailure, Opened, Prepared, cancel, derive_call, open_call
from .mapping import Mapping, Tally
from .order import ByArrival, ByInput
from .outcomes import Failed, value_of
from .presenter import SILENT, View, map_view
from .pump import Pump
from .reading import Reading
from .session import Session
from .single import Watching, is_final, summary_of
from .source import Source
from .stream import Settled
from .twin import twin
from .waiting import Bell, Interrupted, Steps, Wait, drive, drive_async, settle
from .wire.codes import FAILED, SUCCEEDED, TIMED_OUT
from .wire.messages import Counts, FailureGroup, InputRow, InputsList, InputsPage, InputsRead, InputsRows

if TYPE_CHECKING:
    from .function import Function

Batches = Generator["list[Settled] | None", None, None]


class Results:
    """The results of a map: iterate them, index them, wait for them, turn them into a frame.

    Lazy: ``repr``, ``len`` of sized inputs and attribute access start nothing. Leaving a loop early cancels what has not
    run, unless :meth:`detach` or :meth:`start` was called.
    """

    def __init__(
        self,
        function: Function[..., Any] | None,
        source: Source,
        *,
        kwargs: dict[str, Any],
        by_input: bool,
        return_exceptions: bool,
        resume: Results | str | None = None,
    ) -> None:
        self._function = function
        self._source = source
        self._kwargs = kwargs
        self._by_input = by_input
        self._return_exceptions = return_exceptions
        self._resume = resume
        self._mapping: Mapping | None = None
        self._batches: Batches | None = None
        self._stash: deque[list[Settled]] = deque()
        self._is_untouched = True  # nothing of the live outcomes was taken
        self._is_looping = False
        self._is_detached = False
        self._call: FunctionCall[Any] | None = None
        self._own_bell: Bell | None = None
        self._view: View = SILENT

    @classmethod
    def of_call(cls, call: FunctionCall[Any]) -> Results:
        """The results of a call that was made earlier or elsewhere."""
        results = cls(None, Source.none(), kwargs={}, by_input=True, return_exceptions=False)
        results._call = call
        return results

    # ── iterating

    def __iter__(self) -> Iterator[Any]:
        return self._iterate()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._iterate_async()

    def _iterate(self) -> Generator[Any, None, None]:
        batches, is_live = self._reader()
        flat, ours = self._is_flat, self._return_exceptions
        try:
            while (batch := self._next(batches)) is not None:
                for outcome in batch:
                    value = value_of(self._call_id, outcome)
                    if isinstance(value, Failed):
                        if not ours:
                            raise value.error
                        yield value.error
                    elif flat and isinstance(value, list):
                        yield from value
                    else:
                        yield value
        except KeyboardInterrupt:
            self._interrupt()
            raise Interrupted(self._told()) from None
        finally:
            self._left(is_live)

    async def _iterate_async(self) -> AsyncGenerator[Any, None]:
        batches, is_live = self._reader()
        flat, ours = self._is_flat, self._return_exceptions
        try:
            while (batch := await self._next_async(batches)) is not None:
                for outcome in batch:
                    value = value_of(self._call_id, outcome)
                    if isinstance(value, Failed):
                        if not ours:
                            raise value.error
                        yield value.error
                    elif flat and isinstance(value, list):
                        for item in value:
                            yield item
                    else:
                        yield value
        finally:
            self._left(is_live)

    def _reader(self) -> tuple[Batches, bool]:
        """Where an iteration gets its outcomes: the live map for the first one, what is stored for others."""
        if self._call is None:
            stops: OnFailure = "stop_after" if self._by_input else "stop_all"
            self._begin("map", "continue" if self._return_exceptions else stops)
        if self._batches is not None and self._is_untouched:
            self._is_untouched, self._is_looping = False, True
            return self._live(self._batches), True
        return self._stored(), False

    def _live(self, batches: Batches) -> Batches:
        while True:
            while self._stash:
                yield self._stash.popleft()
            batch = next(batches, _END)
            if batch is _END:
                return
            yield batch

    def _next(self, batches: Batches) -> list[Settled] | None:
        """The next batch, waited for; None at the end. User code runs with the user's own signal handlers."""
        while True:
            batch = next(batches, _END)
            if batch is _END:
                return None
            if batch is not None:
                return batch
            with Wait(self._bell, view=self._view) as wait:
                wait.once()
            if wait.interrupts:
                raise KeyboardInterrupt

    async def _next_async(self, batches: Batches) -> list[Settled] | None:
        while True:
            batch = next(batches, _END)
            if batch is _END:
                return None
            if batch is not None:
                return batch
            if not await self._bell.rang(0.1):
                self._view.tick()

    def _left(self, is_live: bool) -> None:
        """An iteration ended. If it was the live one, and the map is not done: cancel what has not run."""
        if not is_live or self._mapping is None:
            return
        self._is_looping = False
        opened = self._mapping.opened
        if self._mapping.ended is None and not opened.is_detached:
            cancel(opened.session, opened.call_id, opened.bell)
            opened.let_go()
        self._end_view()

    def _interrupt(self) -> None:
        """The user interrupted: cancel for certain, within 2 s."""
        if self._mapping is None or self._mapping.ended is not None or self._mapping.opened.is_detached:
            return
        opened = self._mapping.opened
        with Wait(opened.bell, view=self._view) as wait:
            wait.interrupts = 1
            settle(cancel(opened.session, opened.call_id, opened.bell), opened.bell, wait)
        opened.let_go()

    def _told(self) -> str:
        tally = self.tally
        total = f" of {tally.total:,}" if tally.total is not None else ""
        return f"{self.name}.map stopped: {tally.done:,}{total} done ({self._call_id})"

    # ── starting

    def start(self) -> Results:
        """Run it detached: returns once all inputs are durable; the results are read later, from here or anywhere.

        Raises ``InvalidError`` for inputs without a length: only a waiting thread pulls those.
        """
        self.upload("map")
        return self

    def upload(self, kind: Kind) -> None:
        """Open the call on its own, and send all its inputs."""
        if self._call is not None:
            self.detach()
            return
        if not self._source.is_sized and kind == "map":
            raise errors.InvalidError(
                errors.compose(f"{self.name}.map(…).start() needs inputs that have a length", do="Give it a list")
            )
        self._begin(kind, "continue", attached=False)
        mapping = self._mapping
        if mapping is None:
            return
        while not mapping.is_durable:
            mapping.opened.check()
            if not mapping.feed():
                mapping.opened.feed.flush()
                with Wait(mapping.opened.bell, view=self._view) as wait:
                    wait.once()
                if wait.interrupts:
                    self._interrupt()
                    raise Interrupted(self._told())
        self._end_view()

    def detach(self) -> None:
        """Leaving the loop, or this kernel, no longer cancels it."""
        self._is_detached = True
        if self._mapping is not None:
            self._mapping.opened.detach()

    def _begin(self, kind: Kind, on_failure: OnFailure, *, attached: bool = True) -> None:
        function = self._function
        if function is None:
            raise errors.ExecutionError("a call that was opened elsewhere cannot be started again here")
        session = Session.current()
        prepared = function.prepare(session)
        attached = attached and not self._is_detached
        if self._resume is not None:
            self._derive(session, prepared, attached)
            return
        opened, frame = open_call(
            session, prepared, Bell(), kind=kind, on_failure=on_failure, attached=attached, kwargs=self._kwargs
        )
        opened.is_detached = not attached
        session.post((frame,))
        pump = Pump(session, opened.feed, iter(self._source), is_sized=self._source.is_sized)
        self._follow(opened, pump, stops=on_failure != "continue")

    def _follow(self, opened: Opened, pump: Pump | None, *, stops: bool) -> None:
        order = ByInput() if self._by_input else ByArrival()
        mapping = Mapping(opened, pump, order=order, is_sized=self._source.is_sized, stops=stops)
        mapping.tally.total = self._source.count
        self._mapping = mapping
        self._call = FunctionCall.of(opened)
        if not opened.is_detached:
            cells.begins(opened)
        self._view = map_view(self)
        self._batches = mapping.batches(self._view)

    # ── reading what is stored

    def _stored(self) -> Batches:
        yield from self._drained()
        with Reading(self._session, self._call_id, self._bell) as reading:
            count = yield from _steps(reading.sealed())
            at = 0
            while at < count:
                page = yield from _steps(reading.page(at, count - at))
                yield page
                at += len(page)

    def _drained(self) -> Batches:
        """Run the live map to its end, so that all of it is stored; a loop that is under way still gets its part."""
        batches = self._batches
        if batches is None or (self._mapping is not None and self._mapping.opened.is_over):
            return
        self._is_untouched = False
        for batch in batches:
            if batch is None:
                yield None
            elif self._is_looping:
                self._stash.append(batch)
        self._end_view()

    def __getitem__(self, index: int) -> Any:
        value = as_value(value_of(self._call_id_begun, self._one(index)))
        if value.error is not None:
            raise value.error
        return value.result

    def _one(self, index: int) -> Settled:
        if not isinstance(index, int):
            raise TypeError(f"results[…] takes a whole number, got {type(index).__name__}")
        if index < 0:
            index += len(self)
        count = self._source.count
        if index < 0 or (count is not None and index >= count):
            raise IndexError(f"results has inputs 0 to {(count or 0) - 1}")
        return self._drive(self._outcome(index))

    def _outcome(self, index: int) -> Steps[Settled]:
        with Reading(self._session, self._call_id, self._bell) as reading:
            page = yield from reading.look(index, 1)
            if not page:
                for _ in self._drained():
                    yield
                page = yield from reading.page(index, 1)
            return page[0]

    def __len__(self) -> int:
        if self._source.count is not None:
            return self._source.count
        if self._call is None:
            raise TypeError(f"{self.name}.map(…) has no length before it has run: its inputs have none")
        if self._mapping is not None and self._mapping.tally.total is not None:
            return self._mapping.tally.total
        return self._call.num_inputs()

    def input(self, index: int) -> tuple[Any, ...]:
        """The arguments of input ``index``, as the gateway stored them."""
        from . import serialize

        page = self._session.ask(
            InputsRead(request=0, call_id=self._call_id_begun, first=index, count=1), InputsPage, timeout=60.0
        )
        raise NotImplementedError((page, serialize))

    # ── state

    @twin
    def wait(self, timeout: float | None = None) -> Results:
        """Run it to its end, or wait for that; failing inputs are counted, not raised.

        Raises the builtin ``TimeoutError`` when it is not done in ``timeout`` seconds; it goes on then.
        """
        self._started()
        self._drive(self._finished(), timeout=timeout)
        return self

    @wait.twin
    async def wait(self, timeout: float | None = None) -> Results:
        """:meth:`wait` in the running event loop."""
        self._started()
        await drive_async(self._finished(), self._bell, timeout=timeout)
        return self

    def _finished(self) -> Steps[None]:
        for _ in self._drained():
            yield
        with Reading(self._session, self._call_id, self._bell) as reading:
            yield from reading.finished()

    def cancel(self) -> None:
        """Cancel what has not finished. What is done stays readable."""
        if self._call is not None:
            self._call.cancel()

    @property
    def tally(self) -> Tally:
        """What this process knows without asking: done, failed, and the total once it is known."""
        return self._mapping.tally if self._mapping is not None else Tally(total=self._source.count)

    @property
    def counts(self) -> Counts:
        """How many inputs are in each state; asks the gateway."""
        if self._call is None:
            return Counts(queued=0, retrying=0, running=0, succeeded=0, failed=0, cancelled=0, timed_out=0)
        return summary_of(self._session, self._call_id).counts

    @property
    def status(self) -> str:
        """The call's state in a word; "not started" before it runs."""
        return "not started" if self._call is None else self._call.status()

    @property
    def call(self) -> FunctionCall[Any]:
        """The call; starts it if it was not started."""
        self._started()
        if self._call is None:
            raise errors.ExecutionError("the map did not start")
        return self._call

    @property
    def name(self) -> str:
        """The function's name."""
        return self._function.name if self._function is not None else self._call.name if self._call is not None else ""

    def failures(self) -> tuple[FailureGroup, ...]:
        """Failed inputs by exception type and user line, the most frequent first."""
        if self._call is None:
            return ()
        return self._drive(self._groups())

    def _groups(self) -> Steps[tuple[FailureGroup, ...]]:
        with Watching(self._session, self._call_id, self._bell) as watching:
            yield from watching.change()
            return watching.latest.failures if watching.latest is not None else ()

    def __repr__(self) -> str:
        if self._call is None:
            count = self._source.count
            return f"<farcall.Results {self.name}.map, {'' if count is None else f'{count:,} inputs, '}not started>"
        tally = self.tally
        total = f"/{tally.total:,}" if tally.total is not None else ""
        return f"<farcall.Results {self.name}.map, {tally.done:,}{total} done, {self._call.object_id}>"

    # ── inside

    @property
    def _is_flat(self) -> bool:
        return self._function is not None and self._function.is_generator

    @property
    def _bell(self) -> Bell:
        if self._own_bell is None:
            self._own_bell = self._mapping.opened.bell if self._mapping is not None else Bell()
        return self._own_bell

    @property
    def _session(self) -> Session:
        return self._mapping.opened.session if self._mapping is not None else Session.current()

    @property
    def _call_id(self) -> str:
        return "" if self._call is None else self._call.object_id

    @property
    def _call_id_begun(self) -> str:
        return self.call.object_id

    def _started(self) -> None:
        if self._call is None:
            self._begin("map", "continue")

    def _drive(self, steps: Steps[Any], *, timeout: float | None = None) -> Any:
        try:
            return drive(steps, self._bell, view=self._view, timeout=timeout, interrupted=self._cancelling)
        except KeyboardInterrupt:
            raise Interrupted(self._told()) from None
        finally:
            steps.close()

    def _cancelling(self) -> Steps[None]:
        if self._mapping is None or self._mapping.opened.is_detached:
            return
        opened = self._mapping.opened
        yield from cancel(opened.session, opened.call_id, opened.bell)

    def _end_view(self) -> None:
        view, self._view = self._view, SILENT
        view.end()


_END: Any = object()


def _steps(steps: Steps[Any]) -> Generator[None, None, Any]:
    return (yield from steps)


Unused = (Callable, FAILED, SUCCEEDED, TIMED_OUT, InputRow, InputsList, InputsRows, is_final, derive_call, Prepared)
