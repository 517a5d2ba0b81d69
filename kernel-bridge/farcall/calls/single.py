"""Waits for calls of one input, and for stored outcomes by index; the same steps for threads and coroutines."""

from __future__ import annotations

from typing import Any

from .. import errors
from ..client.session import Session
from ..client.waiting import Bell, Steps
from ..presenter import SILENT, View
from ..wire.messages import CallAsk, CallEnded, CallInfo, CallSummary, Counts, FailureGroup, Outcomes, Output, Progress
from .launch import Opened
from .outcomes import read_page, value_of
from .stream import Settled, Stream, settled

#: Before a call has begun.
NO_COUNTS = Counts(queued=0, retrying=0, running=0, succeeded=0, failed=0, cancelled=0, timed_out=0)
_FINAL = ("done", "failed", "cancelled", "incomplete")


def single_value(opened: Opened, view: View = SILENT) -> Steps[Any]:
    """The value of a call's only input, or :class:`~farcall.calls.outcomes.Failed`."""
    outcome = yield from _single_outcome(opened, view)
    return value_of(opened.call_id, outcome)


def _single_outcome(opened: Opened, view: View) -> Steps[Settled]:
    stream = opened.attach(output=False)
    prints = False
    while True:
        opened.check()
        taken = stream.take()
        if taken is None:
            yield
            continue
        message, payload = taken
        if isinstance(message, Output):
            prints = True
            show(message, payload, view)
        elif isinstance(message, CallEnded):
            raise errors.RemoteError(f"call {opened.call_id} ended {message.state}, without an outcome")
        elif isinstance(message, Outcomes):
            outcome = settled(message, payload)[0]
            if prints:
                yield from last_output(opened, stream, view)
            opened.let_go(ends=True)
            if outcome[3] is not None:
                return outcome
            return (yield from stored_outcome(opened.session, opened.call_id, 0, opened.bell))


def last_output(opened: Opened, stream: Stream, view: View) -> Steps[None]:
    """What is on its way of what an input printed: it comes before the call's end."""
    while stream.ended is None:
        opened.check()
        taken = stream.take()
        if taken is None:
            yield
            continue
        message, payload = taken
        if isinstance(message, Output):
            show(message, payload, view)


def show(message: Output, payload: memoryview, view: View) -> None:
    """What an input printed, to a view. Without text it only says that some will come before the call's end."""
    if payload:
        view.output(message.index, message.stream, bytes(payload).decode("utf-8", "replace"))


def stored_outcome(session: Session, call_id: str, index: int, bell: Bell) -> Steps[Settled]:
    """The outcome of one input, waited for until it is final.

    Raises ``OutputExpiredError`` when the call is final and has none, ``ValueError`` when it has no such input.
    """
    page = yield from read_page(session, call_id, index, 1, bell)
    if page:
        return page[0]
    with Watching(session, call_id, bell) as watching:
        while True:
            summary = yield from watching.change()
            page = yield from read_page(session, call_id, index, 1, bell)
            if page:
                return page[0]
            must_have(index, summary)
            if summary.state in _FINAL:
                raise errors.OutputExpiredError(f"the outcome of input {index} of {call_id} is gone")


def must_have(index: int, summary: CallSummary) -> None:
    """Raises ``ValueError`` when the call is known not to have such an input."""
    if summary.sealed and index >= summary.inputs:
        raise ValueError(f"{summary.call_id} has inputs 0 to {summary.inputs - 1}, not {index}")


class Watching:
    """Follows one call's progress: ``with Watching(…) as watching: summary = yield from watching.change()``."""

    def __init__(self, session: Session, call_id: str, bell: Bell) -> None:
        self.latest: Progress | None = None
        self._session = session
        self._call_id = call_id
        self._bell = bell
        self._news = False  # set by the reader thread, taken by the waiting one
        self._failure: BaseException | None = None

    def __enter__(self) -> Watching:
        # Asking as well finds out whether there is such a call: watching one that is not there is never answered.
        self._asked = self._session.request(CallAsk(request=0, call_id=self._call_id))
        self._asked.add_done_callback(lambda _: self._bell.ring())
        self._unwatch = self._session.watch(self._call_id, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        self._unwatch()

    def change(self) -> Steps[CallSummary]:
        """The call's next state; the first comes at once. Raises ``NotFoundError``."""
        while not self._news:
            if self._asked.done():
                self._asked.result()
            yield
        self._news = False
        if self.latest is None:
            raise errors.ConnectionError("progress without a call")
        return self.latest.call

    def end(self) -> Steps[CallSummary]:
        """The call's final state, waited for."""
        while True:
            summary = yield from self.change()
            if is_final(summary):
                return summary

    def _take(self, progress: Progress) -> None:
        self.latest = progress
        self._news = True
        self._bell.ring()


def failure_groups(session: Session, call_id: str, bell: Bell) -> Steps[tuple[FailureGroup, ...]]:
    """The failed inputs of a call by exception type and user line."""
    with Watching(session, call_id, bell) as watching:
        yield from watching.change()
        return watching.latest.failures if watching.latest is not None else ()


def summary_of(session: Session, call_id: str) -> CallSummary:
    """What the gateway knows of a call now. Raises ``NotFoundError``."""
    return session.ask(CallAsk(request=0, call_id=call_id), CallInfo).call


def is_final(summary: CallSummary) -> bool:
    """Whether nothing of it changes any more."""
    return summary.state in _FINAL
