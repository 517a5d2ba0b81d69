"""Outcomes to values: what a settled input gives its caller, or raises; and reading stored outcomes by index."""

from __future__ import annotations

from typing import Any

from .. import errors
from ..client.session import Session
from ..client.waiting import Bell, Steps, ready
from ..values import failure, serialize
from ..wire.blobs import BlobError, BlobGone
from ..wire.codes import CANCELLED, SUCCEEDED
from ..wire.messages import OutcomesPage, OutcomesRead
from .stream import Settled, settled

#: Values are decoded ahead of the loop that takes them as long as their payloads are no more than this.
_SMALL = 64 * 1024


class Failed:
    """In place of a value: the input failed, and this is what to raise."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


def value_of(call_id: str, outcome: Settled) -> Any:
    """The value of an outcome, or :class:`Failed`. Its payload must be at hand."""
    _, status, _, payload = outcome
    return serialize.loads(payload) if status == SUCCEEDED else Failed(error_of(call_id, outcome))


def small_values(outcomes: list[Settled]) -> list[Any] | None:
    """The values of outcomes that are all small successes, decoded in one go; None: take them one by one."""
    payloads = [payload for _, status, _, payload in outcomes if status == SUCCEEDED and payload is not None]
    if len(payloads) != len(outcomes) or sum(map(len, payloads)) > _SMALL:
        return None
    try:
        return list(map(serialize.loads, payloads))
    except Exception:
        return None  # those before the one that fails come first


def error_of(call_id: str, outcome: Settled) -> BaseException:
    """The exception of an outcome that is not a success, with a note that says whose it is."""
    index, status, attempt, payload = outcome
    if status == CANCELLED:
        return errors.RemoteError(f"input {index} of {call_id} was cancelled")
    error = failure.unpack(payload or b"")
    failure.add_note(error, f"farcall: input {index} of call {call_id}{f', attempt {attempt}' if attempt else ''}")
    return error


def read_page(session: Session, call_id: str, first: int, count: int, bell: Bell) -> Steps[list[Settled]]:
    """Stored outcomes from index ``first`` on, in index order: as many as fit a message; none if none is final."""
    future = session.request(OutcomesRead(request=0, call_id=call_id, first=first, count=count))
    future.add_done_callback(lambda _: bell.ring())
    reply = yield from ready(future)
    page = reply.message
    if not isinstance(page, OutcomesPage):
        raise errors.ConnectionError(f"the gateway answered outcomes.read with {type(page).__name__}")
    return _page(session, page, reply.payload)


def _page(session: Session, page: OutcomesPage, payload: memoryview) -> list[Settled]:
    blobs = iter(page.blobs or ())
    return [
        (index, status, attempt, _read_blob(session, next(blobs)) if piece is None else piece)
        for index, status, attempt, piece in settled(page, payload)
    ]


def _read_blob(session: Session, blob: str) -> memoryview:
    try:
        return session.blobs.read(blob)
    except BlobGone as gone:
        raise errors.OutputExpiredError(f"the result is gone: {gone}") from None
    except BlobError as error:
        raise errors.ConnectionError(str(error)) from None
