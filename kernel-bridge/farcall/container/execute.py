"""Runs one input: unpickle the arguments, call the function, pickle what it returns or raises.

Only user code is armed for cancelling. What comes out is an outcome for the batch, or nothing when the input was
cancelled: the gateway has settled it already.
"""

from __future__ import annotations

import pickle
import time
from typing import Any

from ..context import set_running
from ..values.serialize import loads
from ..values.yielded import Yielded
from ..wire.blobs import BLOB_ABOVE
from ..wire.codes import SUCCEEDED
from .answers import Answers
from .batch import Batch
from .cancel import Cancellation
from .function import Prepared
from .lease import Lease
from .link import Link
from .outbox import Outbox

#: Results that need none of serialize's care: it would cost half of what the rest of an input does.
PLAIN = frozenset({bool, bytes, float, int, str, type(None)})
_clock = time.monotonic
_dumps = pickle.dumps


class Executor(Answers):
    """Runs inputs one at a time, in the main thread."""

    def __init__(self, cancellation: Cancellation, link: Link, outbox: Outbox) -> None:
        super().__init__(link)
        self._cancellation = cancellation
        self._outbox = outbox
        self._arguments: Any = None

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
        elif type(value) in PLAIN and len(data := _dumps(value, 5)) <= BLOB_ABOVE:
            batch.add(index, SUCCEEDED, ended - began, data)
        else:
            self.returned(batch, index, ended - began, value)
        return ended

    def _raised(self, batch: Batch, index: int, seconds: float, error: BaseException | None) -> None:
        is_read = self._arguments is not None
        self.raised(batch, index, seconds, error, fired=self._cancellation.fired, is_read=is_read)

    def _yielded(self) -> Yielded | None:
        return self._outbox.yielded if self._outbox.is_open else None
