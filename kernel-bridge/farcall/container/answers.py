"""What becomes of an input: the value it returned or the error it raised, as an outcome in a batch.

Used by every runner: execute.py (one at a time), concurrent.py and batching.py. Knows nothing of how inputs run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from ..errors import FunctionTimeoutError, InputCancellation, SerializationError
from ..values import failure
from ..values.serialize import dump_parts
from ..values.yielded import Yielded
from ..wire.blobs import BLOB_ABOVE, BlobError, Buffer
from ..wire.codes import FAILED, NO_RETRY, SUCCEEDED, TIMED_OUT, FailureCode
from ..wire.control_page import CANCELLED
from ..wire.messages import FailureSummary
from ..wire.redaction import Redaction
from .batch import Batch
from .link import Link

_SUMMARY = 500


class Answers:
    """Makes outcomes. ``timeout``, ``retry_on`` and ``redaction`` are the function's, set when it is loaded."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._forked = False
        self.retry_on: tuple[type[BaseException], ...] | None = None
        self.timeout = 0.0
        self.redaction = Redaction(())
        os.register_at_fork(after_in_child=self._on_fork)

    def returned(self, batch: Batch, index: int, seconds: float, value: Any) -> None:
        """The function returned ``value``."""
        try:
            parts = dump_parts(value, name="result")
            if len(parts) == 1 and len(parts[0]) <= BLOB_ABOVE:
                batch.add(index, SUCCEEDED, seconds, parts[0])
            else:
                self._add_large(batch, index, seconds, parts, SUCCEEDED)
        except (SerializationError, BlobError) as error:
            self.failed(batch, index, seconds, error, code="payload.unpicklable")

    def raised(
        self, batch: Batch, index: int, seconds: float, error: BaseException | None, *, fired: int, is_read: bool
    ) -> None:
        """The function raised ``error``, or returned (None) although it was told to stop (``fired``).

        ``is_read``: its arguments could be unpickled.
        """
        self.leave_if_forked()
        if fired == CANCELLED:
            return
        if fired:
            late = FunctionTimeoutError(f"one attempt ran longer than its timeout of {self.timeout:g} s")
            late.__traceback__ = None if error is None else error.__traceback__
            self.failed(batch, index, seconds, late, code="user.timeout", status=TIMED_OUT)
        elif error is not None:
            self.failed(batch, index, seconds, error, code=_code(error, is_read), status=self._status(error))

    def failed(
        self, batch: Batch, index: int, seconds: float, error: BaseException, *, code: str, status: int = FAILED
    ) -> None:
        """A failure. An empty ``code``: as failure.pack sees fit."""
        payload, told = failure.pack(error, code=code)
        if self.redaction:
            payload = self.redaction.hide(payload)
            told = failure.read(payload)
        yielded = self._yielded()
        if yielded is not None:
            told = msgspec.structs.replace(told, yielded=yielded.count, tail=yielded.tail)
            payload = msgspec.msgpack.encode(told)
        summary = FailureSummary(
            index=index,
            code=cast(FailureCode, told.code),
            kind=told.kind,
            message=told.message[:_SUMMARY],
            where=told.where,
        )
        try:
            self._add_large(batch, index, seconds, [payload], status)
        except BlobError:
            batch.add(
                index, status, seconds, msgspec.msgpack.encode(msgspec.structs.replace(told, pickled=b"", tail=()))
            )
        batch.add_summary(summary)

    def leave_if_forked(self) -> None:
        """User code forked, and its child came back to us: it must not answer for the container."""
        if self._forked:
            os._exit(0)

    def _yielded(self) -> Yielded | None:
        """What the failed input had yielded, if its values go to a reader."""
        return None

    def _add_large(self, batch: Batch, index: int, seconds: float, parts: Sequence[Buffer], status: int) -> None:
        if sum(memoryview(part).nbytes for part in parts) > BLOB_ABOVE:
            batch.add_blob(index, status, seconds, self._link.blobs.write(parts))
        else:
            batch.add(index, status, seconds, b"".join(parts))

    def _status(self, error: BaseException) -> int:
        listed = self.retry_on
        return FAILED if listed is None or isinstance(error, listed) else FAILED | NO_RETRY

    def _on_fork(self) -> None:
        self._forked = True


def _code(error: BaseException, is_read: bool) -> str:
    if isinstance(error, InputCancellation):
        return "user.cancelled"
    return "" if is_read else "payload.unreadable"
