"""A map from its lazy beginning to its end: what is inside `Results` (results.py), which is what people see of it.

It begins at first need, with new inputs, with those of an earlier map (`resume`), or with the rest of a limited one;
from then on there is a chain of calls, and, where it was begun here, a live map.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, cast

from .call import FunctionCall
from .calls import tables
from .calls.chain import Batches, Chain
from .calls.launch import Kind, OnFailure
from .calls.live import Live
from .calls.mapping import Mapping, Tally
from .calls.outcomes import read_page
from .calls.pulling import Pulling
from .calls.rest import Kept, among_kept, kept_of
from .calls.single import Watching, summary_of
from .calls.source import Source
from .calls.starting import How, cancel_mapping, start
from .calls.stream import Settled
from .calls.whole import INCOMPLETE, cut_short, lacking
from .calls.zipped import Streaming
from .client.asking import answered, connected
from .client.session import Session
from .client.waiting import Bell, Interrupted, Steps, drive, drive_async, shorten
from .errors import InvalidError, RemoteError, compose
from .functions import registry
from .presenter import SILENT, View, map_view
from .wire.messages import CallAsk, CallInfo

if TYPE_CHECKING:
    from .function import Function
    from .results import Results

_END: Any = object()

#: Which inputs of an earlier map run again, or their numbers in its last call; "rest": those that ``limit`` left out.
Which = Literal["unsucceeded", "failed", "rest"] | tuple[int, ...]


class MapRun(Streaming):
    """One map, by whoever drives it. ``resume``: the map (or its call) that it goes on from."""

    def __init__(
        self,
        function: Function[..., Any] | None,
        source: Source,
        *,
        kwargs: dict[str, Any],
        by_input: bool,
        return_exceptions: bool,
        resume: MapRun | str | None = None,
        which: Which = "unsucceeded",
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
        self._own_flat: bool | None = None  # asked once, where the function is not known here
        self._is_awaited = False

    # ── what it is

    @property
    def tally(self) -> Tally:
        """What this process knows without asking: done, failed, and the total once it is known."""
        return self._live.mapping.tally if self._live is not None else Tally(total=self._source.count)

    @property
    def name(self) -> str:
        """The function's name."""
        return self._function.name if self._function is not None else self._call.name if self._call is not None else ""

    @property
    def kwargs(self) -> dict[str, Any]:
        """What every input is given besides its own arguments."""
        return self._kwargs

    @property
    def source(self) -> Source:
        """Where its inputs come from, and what people call them; nothing for those of a call made elsewhere."""
        return self._source

    @property
    def leftover(self) -> dict[int, Any]:
        """Elements that were pulled from iterators and became part of no input, since a shorter one had ended: position
        of the iterator → element. At most one each, and only of generators that are named before the one that ended.
        """
        return dict(self._source.leftover)

    @property
    def values_count(self) -> int | None:
        """How many values an iteration gives, where that is known: one an input, but for generator functions."""
        if self._function is None or self._is_flat:
            return None
        return self._source.count if self._source.count is not None or self._resume is not None else self.tally.total

    @property
    def calls(self) -> Chain:
        """Its call and those before it; starts it if it was not started."""
        return self._begun

    @property
    def _is_flat(self) -> bool:
        if self._function is not None:
            return self._function.is_generator
        if self._own_flat is None:
            self._own_flat = self._call is not None and summary_of(self._session, self._call_id).is_generator
        return self._own_flat

    @property
    def _mapping(self) -> Mapping | None:
        return self._live.mapping if self._live is not None else None

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

    # ── beginning

    @property
    def _begun(self) -> Chain:
        self._started()
        assert self._chain is not None, "it was started"
        return self._chain

    def _started(self) -> None:
        if self._call is None:
            self._begin("continue")

    def _begin(self, on_failure: OnFailure, kind: Kind = "map") -> None:
        self._must_be_awaited()
        function, kept = self._as_now(), self._kept()
        how = How(kind, on_failure, not self._is_detached, self._by_input, self._which, self._kwargs)
        mapping, chain = start(Session.current(), function, self._inputs(kept), how)
        if isinstance(self._resume, MapRun) and kept:
            before = self._resume._begun.calls
            chain = Chain((*before, *chain.calls), kept=kept, rest=len(before))
            self._live = Live(mapping, lambda batches: among_kept(batches, chain, self._session, self._bell))
        else:
            self._live = Live(mapping)
        self._chain = chain
        self._call = FunctionCall.of(mapping.opened)
        self._live.view = map_view(cast("Results", self))

    def _inputs(self, kept: Kept) -> Source | Chain:
        resume = self._resume
        if resume is None or self._which == "rest":
            return self._source.without(kept)
        return resume._begun if isinstance(resume, MapRun) else Chain((resume,))

    def _kept(self) -> Kept:
        """Of the limited map before this one: its inputs that succeeded."""
        limited = self._resume
        if self._which != "rest" or not isinstance(limited, MapRun) or limited._call is None:
            return {}
        limited._drive(limited._finished())
        kept: Kept = limited._drive(
            kept_of(limited._session, limited._begun, limited._source, limited._bell),
        )
        return kept

    def _as_now(self) -> Function[..., Any]:
        """Its function. Of a call made elsewhere: what that name means here, else the version that ran it."""
        if self._function is None:
            from .functions.stored import function_of

            return function_of(summary_of(self._session, self._call_id))
        return self._function

    def _again(self, which: Which, source: Source | None = None) -> Any:
        """A map of the same kind that goes on from this one, with the function that its name means now."""
        return type(self)(
            self._as_now() if self._function is None else registry.as_now(self._function),
            source or self._source,
            kwargs=self._kwargs,
            by_input=self._by_input,
            return_exceptions=self._return_exceptions,
            resume=self,
            which=which,
        )

    # ── outcomes

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

    def _finished(self) -> Steps[None]:
        for _ in self._drained():
            yield
        if self._live is None or self._live.mapping.ended is None:
            with Watching(self._session, self._begun.last, self._bell) as watching:
                yield from watching.end()
        if self._live is not None:
            self._live.end_view()

    def _collected(self) -> Steps[dict[int, Any]]:
        batches, _ = self._reader()
        values = yield from tables.gathered(batches, self._call_id)
        self._left(False)
        return values

    def _lack(self) -> Steps[RemoteError | None]:
        """All outcomes were read: what to raise if its call lacks inputs that were meant for it."""
        mapping = self._mapping
        if mapping is None:
            return (yield from cut_short(self._session, self._begun.calls[self._begun.rest], self._bell))
        ended = mapping.ended
        return lacking(self._call_id, ended.count) if ended is not None and ended.state == INCOMPLETE else None

    def _one(self, index: int) -> Steps[Settled]:
        """The outcome of one input, as soon as there is one; a live map is moved on until then."""
        if self._live is not None and self._live.is_moving:
            moved, seen = self._drained(), -1
            call_id, at = self._begun.where(index)
            while self._live.is_moving:
                if seen != self.tally.done:
                    seen = self.tally.done
                    page = yield from read_page(self._session, call_id, at, 1, self._bell)
                    if page:
                        return (index, *page[0][1:])
                if next(moved, _END) is _END:
                    break
                if seen == self.tally.done:
                    yield
        return (yield from self._begun.one(self._session, index, self._bell))

    def _counted(self, bell: Bell) -> Steps[int]:
        """How many inputs there are, waited for until that is known."""
        if self._source.count is not None:
            return self._source.count
        if self.tally.total is not None:
            return self.tally.total
        return (yield from self._begun.count(self._session, bell))

    def _known(self, bell: Bell) -> Steps[None]:
        """Of a call that was made elsewhere: its function's name, and whether it yields."""
        if self._function is None and self._call is not None and self._own_flat is None:
            asked = CallAsk(request=0, call_id=self._call_id)
            summary = (yield from answered(self._session, asked, CallInfo, bell)).call
            self._own_flat = summary.is_generator
            self._call.called(summary.name)

    # ── waiting

    async def _drive_async(self, steps: Callable[[], Steps[Any]], *, timeout: float | None = None) -> Any:
        """:meth:`_drive` for a coroutine, with the map begun; being cancelled is its interrupt."""
        async with self._awaiting() as pulling:
            self._started()
            try:
                return await drive_async(
                    steps(),
                    self._bell,
                    view=self._view,
                    timeout=timeout,
                    go_on=lambda: pulling.go_on(self._mapping),
                )
            except asyncio.CancelledError as cancel:
                shorten(cancel, self._told())
                if self._live is not None and self._live.ends_with_us:
                    self._live.mapping.abandon()
                raise

    def _ask(self, steps: Callable[[Bell], Steps[Any]]) -> Any:
        """Steps that only look: they begin nothing and interrupt nothing."""
        bell = Bell()
        return drive(steps(bell), bell)

    async def _ask_async(self, steps: Callable[[Bell], Steps[Any]]) -> Any:
        """:meth:`_ask` for a coroutine."""
        if self._chain is not None:
            await connected()
        bell = Bell()
        return await drive_async(steps(bell), bell)

    @asynccontextmanager
    async def _awaiting(self) -> AsyncIterator[Pulling]:
        """Around what a coroutine does with it: only there are async iterators pulled."""
        self._is_awaited = True
        try:
            await self._introduced()
            if self._call is None:
                self._source = self._source.awaited()
            async with Pulling(self._source) as pulling:
                yield pulling
        finally:
            self._is_awaited = False

    async def _introduced(self) -> None:
        """Off the loop's thread, what may take a while: connecting, telling the function, the map it goes on from."""
        if self._call is None and self._function is not None:
            await self._function._introduced()
        else:
            await connected()
        limited = self._resume
        if self._call is None and self._which == "rest" and isinstance(limited, MapRun) and limited._call is not None:
            await limited._drive_async(limited._finished)

    def _must_be_awaited(self) -> None:
        is_done = self._live is not None and not self._live.is_moving
        if self._source.is_async and not self._is_awaited and not is_done:
            use = "Use `async for`, or `await results.wait.aio()`"
            raise InvalidError(compose(f"{self.name}.map got an async iterator, which only a coroutine pulls", do=use))

    def _drive(self, steps: Steps[Any], *, timeout: float | None = None) -> Any:
        self._must_be_awaited()
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
        """What an interrupt did: a detached map goes on, and of one made elsewhere nothing is known here."""
        if self._call is None:
            return f"{self.name}.map had not begun"
        if self._live is None:
            return f"{self.name}.map goes on ({self._call_id})"
        tally = self.tally
        total = f" of {tally.total:,}" if tally.total is not None else ""
        does = "stopped" if self._live.ends_with_us else "goes on"
        return f"{self.name}.map {does}: {tally.done:,}{total} done ({self._call_id})"
