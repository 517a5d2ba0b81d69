"""Runs one input: unpickle the arguments, call the function, pickle what it returns or raises.

Only user code is armed for cancelling. What comes out is an outcome for the batch, or nothing when the input was
cancelled: the gateway has settled it already.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from ..context import set_running
from ..errors import FunctionTimeoutError, InputCancellation, SerializationError
from ..values import failure
from ..values.serialize import dump_parts, loads
from ..wire.blobs import BLOB_ABOVE, BlobError, Buffer
from ..wire.codes import FAILED, NO_RETRY, SUCCEEDED, TIMED_OUT, FailureCode
from ..wire.control_page import CANCELLED
from ..wire.messages import FailureSummary
from ..wire.redaction import Redaction
from .batch import Batch
from .cancel import Cancellation
from .function import Prepared
from .lease import Lease
from .link import Link
from .outbox import Outbox

_SUMMARY = 500
#: Results that need none of serialize's care: it would cost half of what the rest of an input does.
_PLAIN = frozenset({bool, bytes, float, int, str, type(None)})
_clock = time.monotonic
_dumps = pickle.dumps


class Executor:
    """Runs inputs one at a time, in the main thread."""

    def __init__(self, cancellation: Cancellation, link: Link, outbox: Outbox) -> None:
        self._cancellation = cancellation
        self._outbox = outbox
        self._link = link
        self._forked = False
        self.retry_on: tuple[type[BaseException], ...] | None = None
        self.timeout = 0.0
        self.redaction = Redaction(())
        self._arguments: Any = None
        os.register_at_fork(after_in_child=self._on_fork)

    def run(self, lease: Lease, prepared: Prepared, batch: Batch, began: float) -> float:
        """Run the lease's next input and put its outcome into the batch. The time at which it ended."""
        if not prepared.streams:
            return self._run(lease, prepared, batch, began)
        self._outbox.begin(lease.call_id, lease.next, lease.attempt)
        try:
            return self._run(lease, prepared, batch, began)
        finally:
            self._outbox.end()

    def _run(self, lease: Lease, prepared: Prepared, batch: Batch, began: float) -> float:
        cancellation = self._cancellation
        index = lease.next
        set_running((lease.call_id, index))
        cancellation.fired = 0
        self._arguments = None
        try:
            try:
                payload = lease.take(self._link.blobs)
                cancellation.armed = True
                if prepared.invoke is None or prepared.error is not None:
                    raise prepared.error or RuntimeError("nothing to run")
                args, kwargs = self._arguments = loads(payload)
                if prepared.kwargs:
                    kwargs = {**prepared.kwargs, **kwargs}
                value = prepared.invoke(*args, **kwargs)
            finally:
                cancellation.armed = False
        except BaseException as error:
            ended = _clock()
            self._raised(batch, index, ended - began, error)
            return ended
        ended = _clock()
        if cancellation.fired or self._forked:
            self._raised(batch, index, ended - began, None)
        elif type(value) in _PLAIN and len(data := _dumps(value, 5)) <= BLOB_ABOVE:
            batch.add(index, SUCCEEDED, ended - began, data)
        else:
            self._returned(batch, index, ended - began, value)
        return ended

    def _returned(self, batch: Batch, index: int, seconds: float, value: Any) -> None:
        try:
            parts = dump_parts(value, name="result")
            if len(parts) == 1 and len(parts[0]) <= BLOB_ABOVE:
                batch.add(index, SUCCEEDED, seconds, parts[0])
            else:
                self._add_large(batch, index, seconds, parts, SUCCEEDED)
        except (SerializationError, BlobError) as error:
            self._add_failure(batch, index, seconds, FAILED, error, "payload.unpicklable")

    def _raised(self, batch: Batch, index: int, seconds: float, error: BaseException | None) -> None:
        """The function raised ``error``, or returned (None) although it was told to stop."""
        if self._forked:
            os._exit(0)  # user code forked, and its child came back here: it must not answer for the container
        fired = self._cancellation.fired
        if fired == CANCELLED:
            return
        if fired:
            late = FunctionTimeoutError(f"one attempt ran longer than its timeout of {self.timeout:g} s")
            late.__traceback__ = None if error is None else error.__traceback__
            self._add_failure(batch, index, seconds, TIMED_OUT, late, "user.timeout")
        elif error is not None:
            self._add_failure(batch, index, seconds, self._status(error), error, self._code(error))

    def _add_failure(
        self, batch: Batch, index: int, seconds: float, status: int, error: BaseException, code: str
    ) -> None:
        payload, told = failure.pack(error, code=code)
        if self.redaction:
            payload = self.redaction.hide(payload)
            told = failure.read(payload)
        if self._outbox.is_open:
            yielded = self._outbox.yielded
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

    def _add_large(self, batch: Batch, index: int, seconds: float, parts: Sequence[Buffer], status: int) -> None:
        if sum(memoryview(part).nbytes for part in parts) > BLOB_ABOVE:
            batch.add_blob(index, status, seconds, self._link.blobs.write(parts))
        else:
            batch.add(index, status, seconds, b"".join(parts))

    def _status(self, error: BaseException) -> int:
        listed = self.retry_on
        return FAILED if listed is None or isinstance(error, listed) else FAILED | NO_RETRY

    def _code(self, error: BaseException) -> str:
        """Empty: as failure.pack sees fit."""
        if isinstance(error, InputCancellation):
            return "user.cancelled"
        return "payload.unreadable" if self._arguments is None else ""

    def _on_fork(self) -> None:
        self._forked = True
