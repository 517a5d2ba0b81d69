"""`Results`: what a map gives. Nothing is sent until it is iterated, shown, or asked for.

The first iteration lives with the map: it feeds inputs and yields outcomes as they come. Later ones, and everything by
index, read what the gateway has stored (chain.py). How inputs and outcomes flow: mapping.py. Frames: tables.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Any, Literal

from . import errors, tables
from .call import FunctionCall, as_value
from .chain import Batches, Chain
from .launch import Kind, OnFailure
from .mapping import Mapping, Tally
from .outcomes import Failed, read_page, value_of
from .presenter import SILENT, View, map_view
from .session import Session
from .single import Watching, summary_of
from .source import Source
from .starting import cancel_mapping, derive, read_input, start_map, upload
from .stream import Settled
from .twin import twin
from .waiting import Bell, Interrupted, Steps, Wait, drive, drive_async
from .wire.messages import Counts, FailureGroup

if TYPE_CHECKING:
    from .function import Function

_END: Any = object()


class Results:
    """The results of a map: iterate them, index them, wait for them, turn them into a frame.

    Lazy: ``repr``, ``len`` of sized inputs and attribute access start nothing. Leaving a loop early cancels what has
    not run, unless :meth:`detach` or :meth:`start` was called.
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
        which: Literal["unsucceeded", "failed"] = "unsucceeded",
    ) -> None:
        self._function = function
        self._source = source
        self._kwargs = kwargs
        self._by_input = by_input
        self._return_exceptions = return_exceptions
        self._resume = resume
        self._which = which
        self._mapping: Mapping | None = None
        self._batches: Batches | None = None  # the live outcomes; None: only what is stored
        self._stash: deque[list[Settled]] = deque()  # live outcomes that someone else took, for the loop under way
        self._is_untouched = True  # none of the live outcomes was taken
        self._is_looping = False
        self._is_detached = False
        self._call: FunctionCall[Any] | None = None
        self._chain: Chain | None = None
        self._own_bell: Bell | None = None
        self._view: View = SILENT

    @classmethod
    def of_call(cls, call: FunctionCall[Any], function: Function[..., Any] | None = None) -> Results:
        """The results of a call that was made earlier or elsewhere; ``function`` is what :meth:`resume` would run."""
        results = cls(function, Source.none(), kwargs={}, by_input=True, return_exceptions=False)
        results._call = call
        results._chain = Chain((call.object_id,))
        return results

    # ── iterating

    def __iter__(self) -> Iterator[Any]:
        return self._iterate()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._iterate_async()

    def _iterate(self) -> Generator[Any, None, None]:
        batches, is_live = self._reader()
        try:
            while (batch := self._next(batches)) is not None:
                for value in self._values(batch):
                    if isinstance(value, Failed):
                        raise value.error
                    yield value
            is_live = False
        except KeyboardInterrupt:
            cancel_mapping(self._mapping, self._view)
            raise Interrupted(self._told()) from None
        finally:
            self._left(is_live)

    async def _iterate_async(self) -> AsyncGenerator[Any, None]:
        batches, is_live = self._reader()
        try:
            while (batch := await self._next_async(batches)) is not None:
                for value in self._values(batch):
                    if isinstance(value, Failed):
                        raise value.error
                    yield value
            is_live = False
        finally:
            self._left(is_live)

    def _values(self, batch: list[Settled]) -> Iterator[Any]:
        """What a batch gives its caller; :class:`Failed` where it has to raise."""
        call_id = self._call_id
        is_flat, returns = self._is_flat, self._return_exceptions
        for outcome in batch:
            value = value_of(call_id, outcome)
            if isinstance(value, Failed):
                yield value.error if returns else value
            elif is_flat and isinstance(value, list):
                yield from value
            else:
                yield value

    def _reader(self) -> tuple[Batches, bool]:
        """Where an iteration gets its outcomes: the live map for the first one, what is stored for others."""
        if self._call is None:
            stops: OnFailure = "stop_after" if self._by_input else "stop_all"
            self._begin("continue" if self._return_exceptions else stops)
        is_first, self._is_untouched = self._is_untouched and self._mapping is not None, False
        if is_first and self._batches is not None:
            self._is_looping = True
            return self._live(self._batches), True
        return self._stored(), is_first

    def _live(self, batches: Batches) -> Batches:
        while True:
            while self._stash:
                yield self._stash.popleft()
            batch = next(batches, _END)
            if batch is _END:
                return
            yield batch

    def _stored(self) -> Batches:
        yield from self._drained()
        yield from self._begun.batches(self._session, self._bell)

    def _drained(self) -> Batches:
        """Run the live map to its end, so that all of it is stored; a loop that is under way still gets its part."""
        self._is_untouched = False
        if self._batches is None:
            return
        for batch in self._batches:
            if batch is None:
                yield None
            elif self._is_looping:
                self._stash.append(batch)
        self._end_view()

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

    def _left(self, is_early: bool) -> None:
        """An iteration ended; early: cancel what has not run."""
        self._is_looping = False
        if is_early and self._mapping is not None and not self._mapping.opened.is_detached:
            self._mapping.abandon()
            self._batches = None
            self._stash.clear()
        self._end_view()

    # ── starting and stopping

    def start(self) -> Results:
        """Run it detached: returns once all inputs are durable; the results are read later, from here or anywhere.

        Raises ``InvalidError`` for inputs without a length: only a waiting thread pulls those.
        """
        if self._call is None and not self._source.is_sized and self._resume is None:
            raise errors.InvalidError(
                errors.compose(f"{self.name}.map(…).start() needs inputs that have a length", do="Give it a list")
            )
        self.upload("map")
        return self

    def upload(self, kind: Kind) -> None:
        """Open the call on its own, and send all its inputs."""
        self.detach()
        if self._call is None:
            self._begin("continue", kind)
        if self._mapping is not None:
            upload(self._mapping, self._view)
        self._end_view()

    def detach(self) -> None:
        """Leaving the loop, or this kernel, no longer cancels it."""
        self._is_detached = True
        if self._mapping is not None and not self._mapping.opened.is_detached:
            self._mapping.opened.detach()

    def resume(self) -> Results:
        """A new map in which what succeeded keeps its value and the rest runs with the function as it is now."""
        return self._again("unsucceeded")

    def retry_failed(self) -> Results:
        """Like :meth:`resume`, for the inputs that failed or timed out only."""
        return self._again("failed")

    def cancel(self) -> None:
        """Cancel what has not finished. What is done stays readable."""
        if self._mapping is not None:
            self._mapping.stop_feeding()
        if self._call is not None:
            self._call.cancel()

    def _again(self, which: Literal["unsucceeded", "failed"]) -> Results:
        return Results(
            self._function,
            self._source,
            kwargs=self._kwargs,
            by_input=self._by_input,
            return_exceptions=self._return_exceptions,
            resume=self,
            which=which,
        )

    def _begin(self, on_failure: OnFailure, kind: Kind = "map") -> None:
        if self._function is None:
            raise errors.ExecutionError("a call that was opened elsewhere cannot be started again here")
        session, attached = Session.current(), not self._is_detached
        if self._resume is None:
            self._mapping = start_map(
                session,
                self._function,
                self._source,
                kind=kind,
                on_failure=on_failure,
                attached=attached,
                by_input=self._by_input,
                kwargs=self._kwargs,
            )
            self._chain = Chain((self._mapping.opened.call_id,))
        else:
            base = self._resume._begun if isinstance(self._resume, Results) else Chain((self._resume,))
            self._mapping, self._chain = derive(
                session, self._function, base, kwargs=self._kwargs, attached=attached, which=self._which
            )
        self._call = FunctionCall.of(self._mapping.opened)
        self._view = map_view(self)
        self._batches = self._mapping.batches(lambda: self._view) if self._resume is None else None

    # ── by index

    def __getitem__(self, index: int) -> Any:
        value = as_value(value_of(self._call_id, self._drive(self._one(self._checked(index)))))
        if value.error is not None:
            raise value.error
        return value.result

    def _checked(self, index: int) -> int:
        if isinstance(index, bool) or not isinstance(index, int):
            raise TypeError(f"results[…] takes a whole number, got {type(index).__name__}")
        self._started()
        wanted = index + len(self) if index < 0 else index
        count = self._source.count
        if wanted < 0 or (count is not None and wanted >= count):
            raise IndexError(f"there is no result {index}; there are {len(self):,} inputs")
        return wanted

    def _one(self, index: int) -> Steps[Settled]:
        if self._batches is not None:
            page = yield from read_page(self._session, self._call_id, index, 1, self._bell)
            if page:
                return page[0]
            for _ in self._drained():
                yield
        return (yield from self._begun.one(self._session, index, self._bell))

    def input(self, index: int) -> Any:
        """The positional arguments of an input, as the gateway stored them; with keyword arguments: (args, kwargs)."""
        args, kwargs = read_input(self._session, self._begun.calls[0], self._checked(index))
        return (args, kwargs) if kwargs else args

    def __len__(self) -> int:
        if self._source.count is not None:
            return self._source.count
        if self._call is None:
            raise TypeError(f"{self.name}.map(…) has no length before it has run: its inputs have none")
        if self._mapping is not None and self._mapping.tally.total is not None:
            return self._mapping.tally.total
        count: int = self._drive(self._begun.count(self._session, self._bell))
        return count

    # ── waiting and state

    async def _wait_async(self, timeout: float | None = None) -> Results:
        """:meth:`wait` in the running event loop."""
        self._started()
        await drive_async(self._finished(), self._bell, timeout=timeout)
        return self

    @twin(_wait_async)
    def wait(self, timeout: float | None = None) -> Results:
        """Run it to its end, or wait for that; failing inputs are counted, not raised.

        Raises the builtin ``TimeoutError`` when it is not done in ``timeout`` seconds; it goes on then.
        """
        self._started()
        self._drive(self._finished(), timeout=timeout)
        return self

    def _finished(self) -> Steps[None]:
        for _ in self._drained():
            yield
        if self._mapping is None or self._mapping.ended is None:
            with Watching(self._session, self._begun.last, self._bell) as watching:
                yield from watching.end()
        self._end_view()

    @property
    def tally(self) -> Tally:
        """What this process knows without asking: done, failed, and the total once it is known."""
        return self._mapping.tally if self._mapping is not None else Tally(total=self._source.count)

    @property
    def counts(self) -> Counts:
        """How many inputs are in each state; asks the gateway."""
        if self._call is None:
            return Counts(queued=0, retrying=0, running=0, succeeded=0, failed=0, cancelled=0, timed_out=0)
        return summary_of(self._session, self._call.object_id).counts

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
        groups: tuple[FailureGroup, ...] = self._drive(self._groups())
        return groups

    def _groups(self) -> Steps[tuple[FailureGroup, ...]]:
        with Watching(self._session, self._begun.last, self._bell) as watching:
            yield from watching.change()
            return watching.latest.failures if watching.latest is not None else ()

    # ── frames

    def to_frame(self) -> Any:
        """The values as a frame, row by row beside the input; waits. Failed rows are missing values.

        Dicts, dataclasses and Series spread into columns; anything else is one column named after the function. The
        kind of frame is the input's. Generator functions give a long frame with the input's index.
        """
        self._started()
        values: dict[int, Any] = self._drive(self._collected())
        return tables.frame_of(values, len(self), self._source.frame, self.name, is_flat=self._is_flat)

    def peek(self) -> Any:
        """:meth:`to_frame` as it is now: does not start it, and does not wait."""
        values: dict[int, Any] = {}
        count = self.tally.total
        if self._chain is not None:
            count = count if count is not None else summary_of(self._session, self._chain.calls[0]).inputs
            values = self._drive(self._gathered(self._chain.known(self._session, count, self._bell)))
        return tables.frame_of(values, count or 0, self._source.frame, self.name, is_flat=self._is_flat)

    def join(self, df: Any, prefix: str = "") -> Any:
        """``df`` with the columns of :meth:`to_frame` beside it, by position; ``prefix`` goes before their names."""
        return tables.joined(df, self.to_frame(), prefix)

    def details(self) -> Any:
        """A frame with one row an input: index, status, seconds, attempts, container, version, error."""
        if self._chain is None:
            return tables.details_of([], "")
        return tables.details_of(*tables.read_details(self._session, self._chain))

    def _collected(self) -> Steps[dict[int, Any]]:
        batches, _ = self._reader()
        values = yield from self._gathered(batches)
        self._left(False)
        return values

    def _gathered(self, batches: Batches) -> Steps[dict[int, Any]]:
        values: dict[int, Any] = {}
        for batch in batches:
            if batch is None:
                yield
                continue
            for outcome in batch:
                value = value_of(self._call_id, outcome)
                if not isinstance(value, Failed):
                    values[outcome[0]] = value
        return values

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
        if self._mapping is not None:
            return self._mapping.opened.bell
        self._own_bell = self._own_bell or Bell()
        return self._own_bell

    @property
    def _session(self) -> Session:
        return self._mapping.opened.session if self._mapping is not None else Session.current()

    @property
    def _call_id(self) -> str:
        return "" if self._call is None else self._call.object_id

    @property
    def _begun(self) -> Chain:
        self._started()
        if self._chain is None:
            raise errors.ExecutionError("the map did not start")
        return self._chain

    def _started(self) -> None:
        if self._call is None:
            self._begin("continue")

    def _drive(self, steps: Steps[Any], *, timeout: float | None = None) -> Any:
        try:
            return drive(steps, self._bell, view=self._view, timeout=timeout)
        except KeyboardInterrupt:
            cancel_mapping(self._mapping, self._view)
            raise Interrupted(self._told()) from None
        finally:
            steps.close()

    def _told(self) -> str:
        tally = self.tally
        total = f" of {tally.total:,}" if tally.total is not None else ""
        return f"{self.name}.map stopped: {tally.done:,}{total} done ({self._call_id})"

    def _end_view(self) -> None:
        view, self._view = self._view, SILENT
        view.end()
