"""`FunctionCall`: one call by its id, wherever it was made; and waiting for one that was just opened."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from . import errors
from .calls.launch import Opened, cancel
from .calls.outcomes import Failed, value_of
from .calls.reading import Reading
from .calls.single import is_final, stored_outcome, summary_of
from .client.session import Session
from .client.waiting import Bell, Interrupted, Steps, Wait, drive, drive_async
from .presenter import View, call_view
from .twin import either, twin
from .wire.ids import is_call_id
from .wire.messages import CallSummary, OutputPage, OutputRead

if TYPE_CHECKING:
    from .results import Results

R = TypeVar("R")
_OUTPUT_TICK_S = 0.1
_STATES = {"done": "succeeded", "failed": "failed", "cancelled": "cancelled", "incomplete": "failed"}


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

    @property
    def is_generator(self) -> bool:
        """Whether its function yields values; asks the gateway."""
        return self._summary().is_generator

    # ── results

    async def _get_async(self, timeout: float | None = None, *, index: int = 0) -> R:
        """:meth:`get` in the running event loop."""
        bell = Bell()
        steps = self._value(Session.current(), index, bell, once=timeout == 0)
        value = await drive_async(steps, bell, timeout=timeout or None)
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
            OutputExpiredError: it is gone. RemoteError: it was cancelled. Otherwise what the function raised.
        """
        __tracebackhide__ = True
        value = self._wait(timeout, index)
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    def iter(self, start: int = 0, end: int | None = None) -> Iterator[R]:
        """The values of inputs ``start`` to ``end`` in order, each waited for; a failed one raises in its place.

        Raises ``ValueError`` for a range outside the inputs.
        """
        count = self.num_inputs()
        last = count if end is None else end
        if not 0 <= start <= last <= count:
            raise ValueError(f"the call has inputs 0 to {count}; got start={start}, end={end}")
        return self._iterate(start, last)

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

    def results(self) -> Results:
        """The call as :class:`~farcall.Results`, as its map gave them."""
        from .results import Results

        return Results.of_call(self)

    def num_inputs(self) -> int:
        """How many inputs it has; waits until their count is known."""
        if self._count is None:
            self._count = self._count_inputs()
        return self._count

    # ── state

    def status(self) -> str:
        """Its state, in a word: queued, running, retrying, succeeded, failed or cancelled."""
        summary = self._summary()
        if is_final(summary):
            failed = summary.counts.failed + summary.counts.timed_out
            return "failed" if failed and summary.state == "done" else _STATES[summary.state]
        if summary.counts.running:
            return "running"
        return "retrying" if summary.counts.retrying else "queued" if not summary.started_at else "running"

    async def _cancel_async(self, terminate_containers: bool = False) -> None:
        """:meth:`cancel` in the running event loop."""
        bell = Bell()
        await drive_async(cancel(Session.current(), self._id, bell, terminate=terminate_containers), bell)

    @twin(_cancel_async)
    def cancel(self, terminate_containers: bool = False) -> None:
        """Cancel what has not finished, and calls beneath it; nothing is retried. Late or again is fine."""
        bell = Bell()
        drive(cancel(Session.current(), self._id, bell, terminate=terminate_containers), bell, timeout=30.0)

    def logs(self, *, index: int = -1, follow: bool = False) -> str | Iterator[str]:
        """What its inputs printed (or one of them), as text; with ``follow`` an iterator that goes on to its end."""
        pages = self._output(index, follow)
        return pages if follow else "".join(pages)

    @staticmethod
    def gather(*calls: FunctionCall[Any], return_exceptions: bool = False) -> list[Any]:
        """:func:`farcall.gather`."""
        from .gather import gather

        return gather(*calls, return_exceptions=return_exceptions)

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
        if once:
            with Reading(session, self._id, bell) as reading:
                page = yield from reading.look(index, 1)
            if not page:
                raise TimeoutError(f"input {index} of {self._id} is not done")
            return as_value(value_of(self._id, page[0]))
        outcome = yield from stored_outcome(session, self._id, index, bell)
        return as_value(value_of(self._id, outcome))

    def value_steps(self, session: Session, bell: Bell) -> Steps[Value]:
        """The value of the first input, for waiting on several calls at once."""
        return self._value(session, 0, bell, once=False)

    def _iterate(self, start: int, end: int) -> Generator[R, None, None]:
        __tracebackhide__ = True
        session, bell = Session.current(), Bell()
        with Reading(session, self._id, bell) as reading:
            at = start
            while at < end:
                page = drive(reading.page(at, end - at), bell)
                for outcome in page:
                    value = value_of(self._id, outcome)
                    if isinstance(value, Failed):
                        raise value.error
                    yield value
                at += len(page)

    def _count_inputs(self) -> int:
        session, bell = Session.current(), Bell()
        with Reading(session, self._id, bell) as reading:
            return drive(reading.sealed(), bell)

    def _summary(self) -> CallSummary:
        return summary_of(Session.current(), self._id)

    def _output(self, index: int, follow: bool) -> Generator[str, None, None]:
        """Text as it comes, until the call has ended and all of it was read; without ``follow`` what is there now."""
        session, bell, offset = Session.current(), Bell(), 0
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a page may end within a character
        while offset >= 0:
            asked = session.request(OutputRead(request=0, call_id=self._id, index=index, offset=offset))
            reply = session.wait(asked)
            if not isinstance(reply.message, OutputPage):
                raise errors.ConnectionError("the gateway did not answer output.read")
            if text := decoder.decode(reply.payload, final=reply.message.next < 0):
                yield text
            if not reply.payload and reply.message.next >= 0:
                if not follow:
                    return
                _pause(bell, _OUTPUT_TICK_S)
            offset = reply.message.next


def _pause(bell: Bell, seconds: float) -> None:
    with Wait(bell, timeout=seconds) as wait:
        while not wait.late and not wait.interrupts:
            wait.once()
    if wait.interrupts:
        raise Interrupted


def as_value(value: Any) -> Value:
    """A decoded outcome as a :class:`Value`."""
    return Value(None, value.error) if isinstance(value, Failed) else Value(value, None)


def wait_for(opened: Opened, steps: Callable[[Opened, View], Steps[Any]], call: FunctionCall[Any]) -> Value:
    """Wait for a call that was just opened; an interrupt cancels it for certain, within 2 s."""
    view = call_view(call)
    try:
        return as_value(drive(steps(opened, view), opened.bell, view=view, interrupted=_cancel(opened)))
    except KeyboardInterrupt:
        raise Interrupted(f"{opened.prepared.name} cancelled ({opened.call_id})") from None
    finally:
        leave(opened)
        view.end()


async def wait_for_async(opened: Opened, steps: Callable[[Opened, View], Steps[Any]], call: FunctionCall[Any]) -> Value:
    """:func:`wait_for` for a coroutine."""
    view = call_view(call)
    try:
        return as_value(await drive_async(steps(opened, view), opened.bell, interrupted=_cancel(opened)))
    finally:
        leave(opened)
        view.end()


def wait_durable(opened: Opened) -> None:
    """Wait until a call and its inputs are durable; raises what the gateway refused."""
    bell = opened.bell
    drive(_durable(opened), bell, interrupted=_cancel(opened))


async def wait_durable_async(opened: Opened) -> None:
    """:func:`wait_durable` for a coroutine."""
    await drive_async(_durable(opened), opened.bell, interrupted=_cancel(opened))


def _durable(opened: Opened) -> Steps[None]:
    while not opened.feed.is_durable or not opened.accepted.done():
        opened.check()
        yield
    opened.check()


def _cancel(opened: Opened) -> Callable[[], Steps[None]]:
    return lambda: cancel(opened.session, opened.call_id, opened.bell)


def leave(opened: Opened) -> None:
    """Cancel what is not finished (an InputCancellation, say, ended the wait), and forget the call."""
    if opened.stream is not None and not opened.is_over:
        cancel(opened.session, opened.call_id, opened.bell)
    opened.let_go()
