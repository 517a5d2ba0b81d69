"""`FunctionCall`: one call by its id, wherever it was made. Waiting for one that was just opened: opened.py."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Generator, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar, cast

from . import errors
from .calls.launch import Opened, cancel
from .calls.outcomes import Failed, value_of
from .calls.printed import printed
from .calls.reading import Reading
from .calls.single import is_final, must_have, stored_outcome, summary_of
from .client.asking import answered, connected
from .client.session import Session
from .client.waiting import ASYNC_TICK_S, Bell, Interrupted, Place, Steps, Wait, drive, drive_async
from .presenter import call_view
from .twin import Bound, either, itself, twin
from .wire.ids import is_call_id
from .wire.messages import CallAsk, CallInfo, CallSummary

if TYPE_CHECKING:
    from .call_graph import CallGraph
    from .results import Results

R = TypeVar("R")
_STATES = {"done": "succeeded", "failed": "failed", "cancelled": "cancelled", "incomplete": "incomplete"}


class Value(NamedTuple):
    """What a call gave: a result, or an error to raise in the caller's own frame."""

    result: Any
    error: BaseException | None


class FunctionCall(Generic[R]):
    """A call by its id: read its results, cancel it, follow it. Any process that reaches the gateway can make one.

    ``FunctionCall.from_id("fc-…")`` does no I/O; the methods do.
    """

    def __init__(self, object_id: str, *, name: str = "", count: int | None = None) -> None:
        if not is_call_id(object_id):
            raise errors.InvalidError(errors.compose("not the id of a call", got=repr(object_id), takes="fc-…"))
        self._id = object_id
        self._name = name
        self._count = count
        self._opened: Opened | None = None

    @classmethod
    def of(cls, opened: Opened) -> FunctionCall[R]:
        """The handle of a call that was opened here."""
        call: FunctionCall[R] = cls(opened.call_id, name=opened.prepared.name)
        call._opened = opened
        return call

    @staticmethod
    def from_id(function_call_id: str, client: object = None) -> FunctionCall[Any]:
        """The call of that id. No I/O: what is not there is found out at the first use."""
        return FunctionCall(function_call_id)

    @property
    def object_id(self) -> str:
        """``fc-…``: names the call everywhere and for ever."""
        return self._id

    @property
    def name(self) -> str:
        """The function's name; asks the gateway where it is not known."""
        if not self._name:
            self._name = self._summary().name
        return self._name

    def called(self, name: str) -> None:
        """What its function is called: found out by whoever asked for other reasons."""
        self._name = name

    @property
    def is_generator(self) -> bool:
        """Whether its function yields values; asks the gateway."""
        return self._summary().is_generator

    # ── results

    async def _get_async(self, timeout: float | None = None, *, index: int = 0) -> R:
        """:meth:`get` in the running event loop."""
        session, bell = await connected(), Bell()
        steps = self._value(session, index, bell, once=timeout == 0)
        view = call_view(self)
        try:
            value = await drive_async(steps, bell, view=view, timeout=timeout or None)
        finally:
            view.end()
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    @twin(_get_async)
    def get(self, timeout: float | None = None, *, index: int = 0) -> R:
        """The value of one input, waited for; it can be read again and again.

        Args:
            timeout: seconds; 0 looks once; None waits.
            index: which input of a map.

        Raises:
            TimeoutError: (the builtin) not in time.
            ValueError: there is no such input.
            OutputExpiredError: it is gone. RemoteError: it was cancelled. Otherwise what the function raised.
        """
        __tracebackhide__ = True
        value = self._wait(timeout, index)
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    async def _iter_async(self, start: int = 0, end: int | None = None) -> AsyncGenerator[R, None]:
        """:meth:`iter` for ``async for``."""
        __tracebackhide__ = True
        first, last = within(await self.num_inputs.aio(), start, end)
        bell = Bell()
        with Reading(await connected(), self._id, bell) as reading:
            while first < last:
                page = await drive_async(reading.page(first, last - first), bell)
                for outcome in page:
                    value = value_of(self._id, outcome)
                    if isinstance(value, Failed):
                        raise value.error  # here: one frame of ours in its traceback
                    yield cast(R, value)
                first += len(page)
            if end is None:
                await drive_async(reading.must_be_whole(), bell)

    @either(_iter_async)
    def iter(self, start: int = 0, end: int | None = None) -> Iterator[R]:
        """The values of inputs ``start`` to ``end`` in order, each waited for; a failed one raises in its place.

        Raises ``ValueError`` for a range outside the inputs; without ``end``, ``RemoteError`` at the end of a call that
        is incomplete.
        """
        return self._iterate(*within(self.num_inputs(), start, end), to_its_end=end is None)

    def _iter_items_async(self) -> AsyncIterator[Any]:
        """:meth:`iter_items` for ``async for``."""
        from .generators import stored_items_async

        return stored_items_async(self)

    @either(_iter_items_async)
    def iter_items(self) -> Iterator[Any]:
        """What a spawned generator function yielded, in order (of several inputs: one input's values after another's).

        Waits for each input's end; reading again gives the same. Raises ``InvalidError`` for other functions.
        """
        from .generators import stored_items

        return stored_items(self)

    @itself
    def results(self) -> Results:
        """The call as :class:`~farcall.Results`, as its map gave them."""
        from .results import Results

        return Results.of_call(self)

    async def _num_inputs_async(self) -> int:
        """:meth:`num_inputs` in the running event loop."""
        if self._count is None:
            bell = Bell()
            with Reading(await connected(), self._id, bell) as reading:
                self._count = await drive_async(reading.sealed(), bell)
        return self._count

    @twin(_num_inputs_async)
    def num_inputs(self) -> int:
        """How many inputs it has; waits until their count is known."""
        if self._count is None:
            bell = Bell()
            with Reading(Session.current(), self._id, bell) as reading:
                self._count = drive(reading.sealed(), bell)
        return self._count

    # ── state

    async def _status_async(self) -> str:
        """:meth:`status` in the running event loop."""
        session, bell = await connected(), Bell()
        asked = CallAsk(request=0, call_id=self._id)
        return status_of((await drive_async(answered(session, asked, CallInfo, bell), bell)).call)

    @twin(_status_async)
    def status(self) -> str:
        """Its state, in a word: queued, running, retrying, succeeded, failed or cancelled; incomplete: the process that
        pulled its iterator went away before all inputs were accepted.
        """
        return status_of(self._summary())

    async def _cancel_async(self, terminate_containers: bool = False) -> None:
        """:meth:`cancel` in the running event loop."""
        session, bell = await connected(), Bell()
        await drive_async(cancel(session, self._id, bell, terminate=terminate_containers), bell)

    @twin(_cancel_async)
    def cancel(self, terminate_containers: bool = False) -> None:
        """Cancel what has not finished, and calls beneath it; nothing is retried. Late or again is fine.

        Args:
            terminate_containers: end the containers that run its inputs as well, rather than interrupt the inputs.
        """
        bell = Bell()
        drive(cancel(Session.current(), self._id, bell, terminate=terminate_containers), bell, timeout=30.0)

    async def _get_call_graph_async(self) -> CallGraph:
        """:meth:`get_call_graph` in the running event loop; what lies beneath is read ahead, up to 10,000 inputs."""
        from .call_graph import graph_of_async

        return await graph_of_async(self._id)

    @twin(_get_call_graph_async)
    def get_call_graph(self) -> CallGraph:
        """The inputs of the root call, each with what it opened, down to the last: the whole tree this call is in.

        A call that was returned to its caller is in it at once. What lies beneath an input is read when looked at.
        Displayed it is drawn, printed it is a tree. In a function it is the tree to which the running input belongs.

        Raises:
            NotFoundError: no such call here, or it was kept as long as promised and is gone.
        """
        from .call_graph import graph_of

        return graph_of(self._id)

    def _logs_async(self, *, index: int = -1, follow: bool = False) -> AsyncIterator[str] | Coroutine[Any, Any, str]:
        """:meth:`logs` in the running event loop: to be awaited, or with ``follow`` for ``async for``."""
        texts = self._texts_async(index, follow)
        return texts if follow else _joined(texts)

    @either(_logs_async)
    def logs(self, *, index: int = -1, follow: bool = False) -> str | Iterator[str]:
        """What its inputs printed (or one of them), as text; with ``follow`` an iterator that goes on to its end."""
        texts = self._texts(index, follow)
        return texts if follow else "".join(texts)

    @staticmethod
    async def _gather_async(*calls: FunctionCall[Any], return_exceptions: bool = False) -> list[Any]:
        from .gather import gather

        return await gather.aio(*calls, return_exceptions=return_exceptions)

    @staticmethod
    def _gather(*calls: FunctionCall[Any], return_exceptions: bool = False) -> list[Any]:
        """:func:`farcall.gather`."""
        from .gather import gather

        return gather(*calls, return_exceptions=return_exceptions)

    gather: ClassVar[Bound[..., list[Any], Coroutine[Any, Any, list[Any]]]] = staticmethod(  # type: ignore[assignment]
        Bound(_gather, _gather_async)
    )

    def __reduce__(self) -> tuple[Any, ...]:
        return FunctionCall, (self._id,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionCall) and other._id == self._id

    def __hash__(self) -> int:
        return hash(self._id)

    def __repr__(self) -> str:
        name = f" {self._name}" if self._name else ""
        return f"<farcall.FunctionCall{name} {self._id}>"

    # ── inside

    def _wait(self, timeout: float | None, index: int) -> Value:
        bell = Bell()
        session = Session.current()
        steps = self._value(session, index, bell, once=timeout == 0)
        view = call_view(self)
        try:
            return drive(steps, bell, view=view, timeout=timeout or None)
        finally:
            steps.close()
            view.end()

    def _value(self, session: Session, index: int, bell: Bell, *, once: bool) -> Steps[Value]:
        if index < 0:
            raise ValueError(f"inputs are numbered from 0, got index={index}")
        if once:
            with Reading(session, self._id, bell) as reading:
                page = yield from reading.look(index, 1)
            if not page:
                asked = CallAsk(request=0, call_id=self._id)
                must_have(index, (yield from answered(session, asked, CallInfo, bell)).call)
                raise TimeoutError(f"input {index} of {self._id} is not done")
            return as_value(value_of(self._id, page[0]))
        outcome = yield from stored_outcome(session, self._id, index, bell)
        return as_value(value_of(self._id, outcome))

    def value_steps(self, session: Session, bell: Bell) -> Steps[Value]:
        """The value of the first input, for waiting on several calls at once."""
        return self._value(session, 0, bell, once=False)

    def _iterate(self, first: int, last: int, *, to_its_end: bool) -> Generator[R, None, None]:
        __tracebackhide__ = True
        bell = Bell()
        with Reading(Session.current(), self._id, bell) as reading:
            while first < last:
                page = drive(reading.page(first, last - first), bell)
                for outcome in page:
                    value = value_of(self._id, outcome)
                    if isinstance(value, Failed):
                        raise value.error  # here: one frame of ours in its traceback
                    yield cast(R, value)
                first += len(page)
            if to_its_end:
                drive(reading.must_be_whole(), bell)

    def _summary(self) -> CallSummary:
        return summary_of(Session.current(), self._id)

    def _texts(self, index: int, follow: bool) -> Generator[str, None, None]:
        bell = Bell()
        with Place() as place:
            for text in printed(Session.current(), self._id, bell, index=index, follow=follow):
                if text is not None:
                    place.take_back()
                    yield text
                    continue
                with Wait(bell, place=place) as wait:
                    wait.once()
                    if wait.interrupts:
                        raise Interrupted

    async def _texts_async(self, index: int, follow: bool) -> AsyncGenerator[str, None]:
        bell = Bell()
        for text in printed(await connected(), self._id, bell, index=index, follow=follow):
            if text is not None:
                yield text
            else:
                await bell.rang(ASYNC_TICK_S)


async def _joined(texts: AsyncIterator[str]) -> str:
    return "".join([text async for text in texts])


def status_of(summary: CallSummary) -> str:
    """A call's state, in a word."""
    if is_final(summary):
        failed = summary.counts.failed + summary.counts.timed_out
        return "failed" if failed and summary.state == "done" else _STATES[summary.state]
    if summary.counts.running:
        return "running"
    return "retrying" if summary.counts.retrying else "queued" if not summary.started_at else "running"


def within(count: int, start: int, end: int | None) -> tuple[int, int]:
    """The range, if it is one of a call with ``count`` inputs; else ``ValueError``."""
    last = count if end is None else end
    if not 0 <= start <= last <= count:
        raise ValueError(f"the call has inputs 0 to {count}; got start={start}, end={end}")
    return start, last


def as_value(value: Any) -> Value:
    """A decoded outcome as a :class:`Value`."""
    return Value(None, value.error) if isinstance(value, Failed) else Value(value, None)
