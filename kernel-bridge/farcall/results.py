"""`Results`: what a map gives. Nothing is sent until it is iterated, shown, or asked for.

The first iteration lives with the map: it feeds inputs and yields outcomes as they come. Later ones, and everything by
index, read what the gateway has stored (chain.py). How inputs and outcomes flow: mapping.py. Frames: tables.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import errors
from .call import FunctionCall, as_value
from .calls.chain import Batches, Chain
from .calls.launch import Kind, cancel
from .calls.live import next_batch, next_batch_async
from .calls.outcomes import Failed, small_values, value_of
from .calls.pulling import Pulling
from .calls.single import NO_COUNTS, summary_of
from .calls.source import Source
from .calls.starting import read_input, upload, uploading
from .calls.stream import Settled
from .calls.zipped import WAITING
from .client.waiting import Bell, Interrupted, Steps, drive, drive_async, shorten
from .tabled import Tabled
from .twin import itself, twin
from .values.traceback_ import without_ours
from .wire.messages import Counts

if TYPE_CHECKING:
    from .function import Function

T = TypeVar("T")
#: Small values that are decoded at once.
_AHEAD = 64


class Results(Tabled):
    """The results of a map: iterate them, index them, wait for them, turn them into a frame.

    Lazy: ``repr``, ``len`` of sized inputs and attribute access start nothing. Leaving a loop early cancels what has
    not run, unless :meth:`detach` or :meth:`start` was called. At the end of a map that is incomplete (the process that
    pulled its iterator went away) iterating raises ``RemoteError``, and frames come with a warning.
    """

    @classmethod
    def of_call(
        cls,
        call: FunctionCall[Any],
        function: Function[..., Any] | None = None,
        *,
        kwargs: dict[str, Any] | None = None,
    ) -> Results:
        """The results of a call that was made earlier or elsewhere.

        Args:
            function: what :meth:`resume` runs; None: what the call's function name means here by then.
            kwargs: what its map gave to every input; :meth:`resume` gives it again.
        """
        results = cls(function, Source.none(), kwargs=dict(kwargs or {}), by_input=True, return_exceptions=False)
        results._call = call
        results._chain = Chain((call.object_id,))
        return results

    # ── iterating

    def __iter__(self) -> Iterator[Any]:
        return self._iterate()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._iterate_async()

    def _iterate(self) -> Generator[Any, None, None]:
        __tracebackhide__ = True
        is_live = False
        try:
            self._must_be_awaited()
            batches, is_live = self._reader()
            while (batch := next_batch(batches, self._bell, self._view)) is not None:
                for values in self._values(batch):
                    if isinstance(values, Failed):
                        raise values.error
                    yield from values
            is_live = False
            if (lacks := drive(self._lack(), self._bell, view=self._view)) is not None:
                raise lacks
        except KeyboardInterrupt:
            self._cancel_live()
            raise Interrupted(self._told()) from None
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        finally:
            self._left(is_live)

    def at_hand(self, bell: Bell) -> Generator[Any, None, None]:
        """For a map whose inputs these are: its values, and WAITING where one is not there until the bell rings."""
        is_live = False
        try:
            self._must_be_awaited()
            batches, is_live = self._reader()
            self._bell.next = bell
            for batch in batches:
                if batch is None:
                    self._view.tick()
                    yield WAITING
                    continue
                for values in self._values(batch):
                    if isinstance(values, Failed):
                        raise values.error
                    yield from values
            is_live = False
            lacks = yield from _waiting(self._lack())
            if lacks is not None:
                raise lacks
        finally:
            self._bell.next = None
            self._left(is_live)

    async def _iterate_async(self) -> AsyncGenerator[Any, None]:
        __tracebackhide__ = True
        is_live = False
        try:
            async with self._awaiting() as pulling:
                batches, is_live = self._reader()
                while (batch := await self._next_async(batches, pulling)) is not None:
                    for values in self._values(batch):
                        if isinstance(values, Failed):
                            raise values.error
                        for value in values:
                            yield value
                is_live = False
                if (lacks := await drive_async(self._lack(), self._bell, view=self._view)) is not None:
                    raise lacks
        except asyncio.CancelledError as cancel:
            shorten(cancel, self._told())
            raise
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        finally:
            self._left(is_live)

    async def _next_async(self, batches: Batches, pulling: Pulling) -> list[Settled] | None:
        return await next_batch_async(batches, self._bell, self._view, lambda: pulling.go_on(self._mapping))

    def _values(self, batch: list[Settled]) -> Iterator[list[Any] | Failed]:
        """What a batch gives its caller, some at a time; :class:`Failed` where it has to raise."""
        for at in range(0, len(batch), _AHEAD):
            few = batch[at : at + _AHEAD]
            values = None if self._is_flat else small_values(few)
            if values is not None:
                yield values
                continue
            for outcome in few:
                yield self._given(value_of(self._call_id, outcome))

    def _given(self, value: Any) -> list[Any] | Failed:
        if isinstance(value, Failed):
            return [value.error] if self._return_exceptions else value
        return value if self._is_flat and isinstance(value, list) else [value]

    # ── starting and stopping

    async def _start_async(self) -> Results:
        """:meth:`start` in the running event loop."""
        self._must_be_sized()
        await self.upload_async("map")
        return self

    @twin(_start_async)
    def start(self) -> Results:
        """Run it detached: returns once all inputs are durable; the results are read later, from here or anywhere.

        Raises ``InvalidError`` for inputs without a length: only a waiting thread pulls those.
        """
        self._must_be_sized()
        self.upload("map")
        return self

    def _must_be_sized(self) -> None:
        if self._call is None and self._source.count is None and self._resume is None:
            raise errors.InvalidError(
                errors.compose(f"{self.name}.map(…).start() needs inputs that have a length", do="Give it a list")
            )

    def upload(self, kind: Kind) -> None:
        """Open the call on its own, and send all its inputs."""
        self.detach()
        if self._call is None:
            self._begin("continue", kind)
        if self._live is not None:
            upload(self._live.mapping, self._view)
            self._live.end_view()

    async def upload_async(self, kind: Kind) -> None:
        """:meth:`upload` in the running event loop; cancelling the task cancels the call."""
        async with self._awaiting() as pulling:
            self.detach()
            if self._call is None:
                self._begin("continue", kind)
            if self._live is not None:
                opened = self._live.mapping.opened
                await drive_async(
                    uploading(self._live.mapping),
                    self._bell,
                    view=self._view,
                    interrupted=lambda: cancel(opened.session, opened.call_id, opened.bell),
                    go_on=lambda: pulling.go_on(self._mapping),
                )
                self._live.end_view()

    def detach(self) -> None:
        """Leaving the loop, or this kernel, no longer cancels it."""
        self._is_detached = True
        if self._live is not None and self._live.ends_with_us:
            self._live.mapping.opened.detach()

    @itself
    def resume(self) -> Results:
        """A new map in which what succeeded keeps its value and the rest runs with the function as it is now.

        Of a call that was made elsewhere, whose function nothing here defines, the version that ran it runs again.
        """
        return cast("Results", self._again("unsucceeded"))

    @itself
    def retry_failed(self) -> Results:
        """Like :meth:`resume`, for the inputs that failed or timed out only."""
        return cast("Results", self._again("failed"))

    def retry_only(self, indexes: tuple[int, ...]) -> Results:
        """Like :meth:`resume`, for these inputs of its last call only."""
        return cast("Results", self._again(indexes))

    @itself
    def run_rest(self) -> Results:
        """After ``map(…, limit=…)``: the whole map. What succeeded keeps its value; all other inputs run."""
        return cast("Results", self._again("rest", self._limited_from("run_rest")))

    async def _cancel_async(self) -> None:
        """:meth:`cancel` in the running event loop."""
        if self._live is not None:
            self._live.mapping.stop_feeding()
        if self._call is not None:
            await self._call.cancel.aio()

    @twin(_cancel_async)
    def cancel(self) -> None:
        """Cancel what has not finished. What is done stays readable."""
        if self._live is not None:
            self._live.mapping.stop_feeding()
        if self._call is not None:
            self._call.cancel()

    # ── by index

    def __getitem__(self, index: int) -> Any:
        __tracebackhide__ = True
        outcome = self._drive(self._one(self._checked(index)))
        value = as_value(value_of(self._call_id, outcome))
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

    def input(self, index: int) -> Any:
        """The arguments of an input, as the gateway stored them; with keyword arguments: (args, kwargs)."""
        args, kwargs = read_input(self._session, *self._begun.source(self._checked(index)))
        return (args, kwargs) if kwargs else args

    def __len__(self) -> int:
        if self._source.count is None and self._call is None:
            raise TypeError(f"{self.name}.map(…) has no length before it has run: its inputs have none")
        count: int = self._ask(self._counted)
        return count

    # ── waiting and state

    async def _wait_async(self, timeout: float | None = None) -> Results:
        """:meth:`wait` in the running event loop."""
        await self._drive_async(self._finished, timeout=timeout)
        return self

    @twin(_wait_async)
    def wait(self, timeout: float | None = None) -> Results:
        """Run it to its end, or wait for that; failing inputs are counted, not raised.

        Raises the builtin ``TimeoutError`` when it is not done in ``timeout`` seconds; it goes on then.
        """
        self._started()
        self._drive(self._finished(), timeout=timeout)
        return self

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

    def __repr__(self) -> str:
        tally = self.tally
        total = "" if tally.total is None else f" of {tally.total:,}"
        state = f"{tally.done:,}{total} done, {self._call.object_id}" if self._call is not None else "not started"
        rest = "; .estimate() says what the rest takes, .run_rest() runs it" if self.is_limited else ""
        return f"<farcall.Results {self.name}.map, {state}{rest}>"


def _waiting(steps: Steps[T]) -> Generator[Any, None, T]:
    """Steps, as a map sees them whose inputs these are."""
    try:
        while True:
            next(steps)
            yield WAITING
    except StopIteration as stop:
        return cast(T, stop.value)
