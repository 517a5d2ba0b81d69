"""Reads a call's outcomes by index, as they become final: for calls by id, second iterations, and derived calls."""

from __future__ import annotations

from types import TracebackType

from .. import errors
from ..client.session import Session
from ..client.waiting import Bell, Steps
from .outcomes import read_page
from .single import Watching, is_final
from .stream import Settled
from .whole import cut_short


class Reading:
    """``with Reading(session, call_id, bell) as reading: page = yield from reading.page(first, count)``."""

    def __init__(self, session: Session, call_id: str, bell: Bell) -> None:
        self._session = session
        self._call_id = call_id
        self._bell = bell
        self._watching: Watching | None = None

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.__exit__(kind, error, trace)

    def look(self, first: int, count: int) -> Steps[list[Settled]]:
        """The final outcomes from ``first`` on without a gap, as many as fit a page; none if ``first`` is not final."""
        page = yield from read_page(self._session, self._call_id, first, count, self._bell)
        for at, outcome in enumerate(page):
            if outcome[0] != first + at:
                return page[:at]
        return page

    def page(self, first: int, count: int) -> Steps[list[Settled]]:
        """At least one outcome from ``first`` on, waited for.

        Raises ``IndexError`` when the call has no such input, ``OutputExpiredError`` when its outcome is gone.
        """
        while True:
            page = yield from self.look(first, count)
            if page:
                return page
            summary = yield from self._watch().change()
            if is_final(summary):
                page = yield from self.look(first, count)
                if page:
                    return page
                if first >= summary.inputs:
                    raise IndexError(f"there is no result {first}; {self._call_id} has {summary.inputs:,} inputs")
                raise errors.OutputExpiredError(f"the outcome of input {first} of {self._call_id} is gone")

    def sealed(self) -> Steps[int]:
        """How many inputs the call has, once that is known."""
        while True:
            summary = yield from self._watch().change()
            if summary.sealed or is_final(summary):
                return summary.inputs

    def must_be_whole(self) -> Steps[None]:
        """All its outcomes were read: raise if it lacks inputs that were meant for it."""
        error = yield from cut_short(self._session, self._call_id, self._bell)
        if error is not None:
            raise error

    def _watch(self) -> Watching:
        if self._watching is None:
            self._watching = Watching(self._session, self._call_id, self._bell).__enter__()
        return self._watching
