"""`Results`: what a map gives. Nothing is sent until it is iterated, shown, or asked for.

The first iteration lives with the map: it feeds inputs and yields outcomes as they come. Later ones, and everything by
index, read what the gateway has stored (chain.py). How inputs and outcomes flow: mapping.py. Frames: tables.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Any, Literal

from . import errors, tables
from .call import FunctionCall, as_value
from .chain import Batches, Chain
from .failure_list import Failures
from .launch import Kind, OnFailure
from .live import Live, next_batch, next_batch_async
from .mapping import Tally
from .outcomes import Failed, read_page, value_of
from .presenter import SILENT, View, map_view
from .session import Session
from .single import NO_COUNTS, Watching, failure_groups, summary_of
from .source import Source
from .starting import How, cancel_mapping, read_input, start, upload
from .stream import Settled
from .twin import twin
from .waiting import Bell, Interrupted, Steps, drive, drive_async
from .wire.messages import Counts

if TYPE_CHECKING:
    from .function import Function


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
        self._live: Live | None = None  # None: not started, or not here
        self._is_detached = False
        self._call: FunctionCall[Any] | None = None
        self._chain: Chain | None = None
        self._own_bell = Bell()

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
            while (batch := next_batch(batches, self._bell, self._view)) is not None:
                for value in self._values(batch):
                    if isinstance(value, Failed):
                        raise value.error
                    yield value
            is_live = False
        except KeyboardInterrupt:
            self._cancel_live()
            raise Interrupted(self._told()) from None
        finally:
            self._left(is_live)

    async def _iterate_async(self) -> AsyncGenerator[Any, None]:
        batches, is_live = self._reader()
        try:
            while (batch := await next_batch_async(batches, self._bell, self._view)) is not None:
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
        """Where an iteration gets its outcomes, and whether leaving it early cancels: so it is for the first one."""
        is_first = self._call is None or (self._live is not None and self._live.is_moving)
        if self._call is None:
            stops: OnFailure = "stop_after" if self._by_input else "stop_all"
            self._begin("continue" if self._return_exceptions else stops)
        loop = self._live.loop() if self._live is not None else None
        return (self._stored(), is_first and self._resume is not None) if loop is None else (loop, True)

    def _stored(self) -> Batches:
        yield from self._drained()
        yield from self._begun.batches(self._session, self._bell)

    def _drained(self) -> Batches:
        if self._live is not None:
            yield from self._live.drained()

    def _left(self, is_early: bool) -> None:
        if self._live is not None:
            self._live.left(is_early=is_early)

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
        if self._live is not None:
            upload(self._live.mapping, self._view)
            self._live.end_view()

    def detach(self) -> None:
        """Leaving the loop, or this kernel, no longer cancels it."""
        self._is_detached = True
        if self._live is not None and not self._live.mapping.opened.is_detached:
            self._live.mapping.opened.detach()

    def resume(self) -> Results:
        """A new map in which what succeeded keeps its value and the rest runs with the function as it is now."""
        return self._again("unsucceeded")

    def retry_failed(self) -> Results:
        """Like :meth:`resume`, for the inputs that failed or timed out only."""
        return self._again("failed")

    def cancel(self) -> None:
        """Cancel what has not finished. What is done stays readable."""
        if self._live is not None:
            self._live.mapping.stop_feeding()
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
        resume = self._resume
        base = resume._begun if isinstance(resume, Results) else Chain((resume,)) if resume is not None else None
        how = How(kind, on_failure, not self._is_detached, self._by_input, self._which, self._kwargs)
        mapping, self._chain = start(Session.current(), self._function, self._source if base is None else base, how)
        self._live = Live(mapping)
        self._call = FunctionCall.of(mapping.opened)
        self._live.view = map_view(self)

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
        if self._live is not None and self._live.is_moving:
            page = yield from read_page(self._session, self._call_id, index, 1, self._bell)
            if page:
                return page[0]
            for _ in self._drained():
                yield
        return (yield from self._begun.one(self._session, index, self._bell))

    def input(self, index: int) -> Any:
        """The arguments of an input, as the gateway stored them; with keyword arguments: (args, kwargs)."""
        args, kwargs = read_input(self._session, self._begun.calls[0], self._checked(index))
        return (args, kwargs) if kwargs else args

    def __len__(self) -> int:
        if self._source.count is not None:
            return self._source.count
        if self._call is None:
            raise TypeError(f"{self.name}.map(…) has no length before it has run: its inputs have none")
        if self.tally.total is not None:
            return self.tally.total
        return self._drive(self._begun.count(self._session, self._bell))  # type: ignore[no-any-return]

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
        if self._live is None or self._live.mapping.ended is None:
            with Watching(self._session, self._begun.last, self._bell) as watching:
                yield from watching.end()
        if self._live is not None:
            self._live.end_view()

    @property
    def tally(self) -> Tally:
        """What this process knows without asking: done, failed, and the total once it is known."""
        return self._live.mapping.tally if self._live is not None else Tally(total=self._source.count)

    @property
    def counts(self) -> Counts:
        """How many inputs are in each state; asks the gateway."""
        if self._call is None:
            return NO_COUNTS
        return summary_of(self._session, self._call.object_id).counts

    @property
    def status(self) -> str:
        """The call's state in a word; "not started" before it runs."""
        return "not started" if self._call is None else self._call.status()

    @property
    def call(self) -> FunctionCall[Any]:
        """The call; starts it if it was not started."""
        self._started()
        assert self._call is not None, "it was started"
        return self._call

    @property
    def name(self) -> str:
        """The function's name."""
        return self._function.name if self._function is not None else self._call.name if self._call is not None else ""

    def failures(self) -> Failures:
        """Failed inputs by exception type and user line, the most frequent first."""
        if self._call is None:
            return Failures()
        return Failures.of(self._drive(failure_groups(self._session, self._begun.last, self._bell)))

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
            count = summary_of(self._session, self._chain.calls[0]).inputs if count is None else count
            values = self._drive(tables.gathered(self._chain.known(self._session, count, self._bell), self._call_id))
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
        values = yield from tables.gathered(batches, self._call_id)
        self._left(False)
        return values

    def __repr__(self) -> str:
        tally = self.tally
        total = "" if tally.total is None else f" of {tally.total:,}"
        state = f"{tally.done:,}{total} done, {self._call.object_id}" if self._call is not None else "not started"
        return f"<farcall.Results {self.name}.map, {state}>"

    @property
    def _is_flat(self) -> bool:
        return self._function is not None and self._function.is_generator

    @property
    def _bell(self) -> Bell:
        return self._live.mapping.opened.bell if self._live is not None else self._own_bell

    @property
    def _view(self) -> View:
        return self._live.view if self._live is not None else SILENT

    @property
    def _session(self) -> Session:
        return self._live.mapping.opened.session if self._live is not None else Session.current()

    @property
    def _call_id(self) -> str:
        return "" if self._call is None else self._call.object_id

    @property
    def _begun(self) -> Chain:
        self._started()
        assert self._chain is not None, "it was started"
        return self._chain

    def _started(self) -> None:
        if self._call is None:
            self._begin("continue")

    def _drive(self, steps: Steps[Any], *, timeout: float | None = None) -> Any:
        try:
            return drive(steps, self._bell, view=self._view, timeout=timeout)
        except KeyboardInterrupt:
            self._cancel_live()
            raise Interrupted(self._told()) from None
        finally:
            steps.close()

    def _cancel_live(self) -> None:
        if self._live is not None:
            cancel_mapping(self._live.mapping, self._view)

    def _told(self) -> str:
        tally = self.tally
        total = f" of {tally.total:,}" if tally.total is not None else ""
        return f"{self.name}.map stopped: {tally.done:,}{total} done ({self._call_id})"
