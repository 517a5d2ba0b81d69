"""The calls that this kernel shows or was asked about, with the newest state of each.

Cards and the bridge read from here, so one call is watched once however many views it has. The session's reader thread
writes the states; looking a call up by id asks the gateway and may wait, so only callers that may wait do that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ..wire.messages import CallAsk, CallCancel, CallSummary, Counts, Progress
from . import views
from .views import CallKind, LiveCall

_KEPT = 100
_ANSWER_S = 5.0
_log = logging.getLogger(__name__)


class Followed:
    """One known call. ``view`` is replaced whole, so readers need no lock."""

    def __init__(self, view: LiveCall) -> None:
        self.view = view
        self.changes = 0  # how often `view` was replaced; the writer of live events compares it
        self.final = threading.Event()
        self.unwatch: Callable[[], object] | None = None

    def take(self, view: LiveCall) -> None:
        """The call's newest state; a final one is never taken back."""
        if self.final.is_set():
            return
        self.view = view
        self.changes += 1
        if view.is_final:
            self.final.set()


class Calls:
    """The registry. ``session`` gives the kernel's Session; ``changed`` is told after every new state."""

    def __init__(self, session: Callable[[], Any], place: views.Place, changed: Callable[[], None]) -> None:
        self.session = session
        self._place = place
        self._changed = changed
        self._lock = threading.Lock()  # guards _known
        self._known: dict[str, Followed] = {}

    def begin(self, call_id: str, kind: CallKind, name: str) -> Followed:
        """A call that this kernel just made. Does not wait."""
        return self._remember(call_id, lambda: Followed(_just_begun(call_id, kind, name)), self.session())

    def find(self, call_id: str) -> Followed:
        """A call by id, asked from the gateway when it is not known here. Waits up to 5 s.

        Raises:
            NotFoundError: no such call; TimeoutError: no answer.
        """
        known = self.known(call_id)
        if known is not None:
            return known
        summary = self.ask(call_id)
        return self._remember(call_id, lambda: Followed(views.asked(summary)), self.session())

    def ask(self, call_id: str) -> CallSummary:
        """What the gateway knows of a call. Waits and raises as :meth:`find`."""
        answer, _ = self.session().request(CallAsk(request=0, call_id=call_id)).result(_ANSWER_S)
        summary: CallSummary = answer.call
        return summary

    def cancel(self, followed: Followed) -> None:
        """Cancel what is left of a call. Does not wait."""
        call_id = followed.view.call_id
        self.session().request(CallCancel(request=0, call_id=call_id, scope="all", terminate=False))

    def known(self, call_id: str) -> Followed | None:
        """A call that is known here already."""
        return self._known.get(call_id)

    def newest(self) -> list[Followed]:
        """All that are known, newest first."""
        with self._lock:
            return list(reversed(self._known.values()))

    def _remember(self, call_id: str, make: Callable[[], Followed], session: Any) -> Followed:
        with self._lock:
            followed = self._known.get(call_id)
            if followed is not None:
                return followed
            followed = self._known[call_id] = make()
            forgotten = self._forget_oldest()
        for old in forgotten:
            _stop(old)
        followed.unwatch = session.watch(call_id, lambda progress: self._progress(followed, progress))
        return followed

    def _progress(self, followed: Followed, progress: Progress) -> None:
        """On the session's reader thread, which must outlive whatever goes wrong here."""
        try:
            followed.take(views.live(progress, self._place))
            if followed.final.is_set():
                _stop(followed)
            self._changed()
        except Exception:
            _log.exception("the state of a call could not be shown")

    def _forget_oldest(self) -> list[Followed]:
        surplus = max(0, len(self._known) - _KEPT)
        settled = [call_id for call_id, followed in self._known.items() if followed.final.is_set()]
        return [self._known.pop(call_id) for call_id in settled[:surplus]]


def _stop(followed: Followed) -> None:
    unwatch, followed.unwatch = followed.unwatch, None
    if unwatch is not None:
        unwatch()


def _just_begun(call_id: str, kind: CallKind, name: str) -> LiveCall:
    nothing = Counts(queued=0, retrying=0, running=0, succeeded=0, failed=0, cancelled=0, timed_out=0)
    call = CallSummary(
        call_id=call_id, function_id="", app="", name=name, kind=kind, state="open", inputs=0, sealed=False,
        attached=True, is_generator=False, counts=nothing, created_at=time.time(), started_at=0.0, ended_at=0.0,
        origin="",
    )  # fmt: skip
    return views.asked(call)
