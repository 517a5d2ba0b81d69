"""What `Results` says about all of a map at once: frames, facts, failures, an estimate. `Results` has these too.

Each is a generator of steps, run in the calling thread or in its event loop. Making the frames: calls/tables.py.
"""

from __future__ import annotations

import warnings
from typing import Any

from .calls import tables
from .calls.failure_list import Failures
from .calls.rest import Estimate, estimated
from .calls.single import failure_groups
from .calls.source import Source
from .client.asking import answered
from .client.waiting import Bell, Steps
from .errors import InvalidError, compose
from .map_run import MapRun
from .twin import twin
from .wire.messages import CallAsk, CallInfo


class Tabled(MapRun):
    """One map, seen as a whole."""

    # ── frames

    async def _to_frame_async(self) -> Any:
        """:meth:`to_frame` in the running event loop."""
        return await self._drive_async(self._framed)

    @twin(_to_frame_async)
    def to_frame(self) -> Any:
        """The values as a frame, row by row beside the input; waits. Failed rows are missing values.

        Dicts, dataclasses and Series spread into columns; anything else is one column named after the function. The
        kind of frame is the input's. Generator functions give a long frame with the input's index.
        """
        self._started()
        return self._drive(self._framed())

    async def _peek_async(self) -> Any:
        """:meth:`peek` in the running event loop."""
        return await self._ask_async(self._peeked)

    @twin(_peek_async)
    def peek(self) -> Any:
        """:meth:`to_frame` as it is now: does not start it, and does not wait."""
        return self._ask(self._peeked)

    async def _join_async(self, df: Any, prefix: str = "") -> Any:
        """:meth:`join` in the running event loop."""
        return tables.joined(df, await self._to_frame_async(), prefix)

    @twin(_join_async)
    def join(self, df: Any, prefix: str = "") -> Any:
        """``df`` with the columns of :meth:`to_frame` beside it, by position; ``prefix`` goes before their names."""
        return tables.joined(df, self.to_frame(), prefix)

    # ── facts

    async def _details_async(self) -> Any:
        """:meth:`details` in the running event loop."""
        return await self._ask_async(self._detailed)

    @twin(_details_async)
    def details(self) -> Any:
        """A frame with one row an input: index, status, seconds, attempts, container, version, error."""
        return self._ask(self._detailed)

    async def _failures_async(self) -> Failures:
        """:meth:`failures` in the running event loop."""
        found: Failures = await self._ask_async(self._grouped)
        return found

    @twin(_failures_async)
    def failures(self) -> Failures:
        """The failed inputs by exception type and user line, the most frequent first."""
        found: Failures = self._ask(self._grouped)
        return found

    async def _estimate_async(self) -> Estimate:
        """:meth:`estimate` in the running event loop."""
        self._limited_from("estimate")
        found: Estimate = await self._drive_async(self._estimated)
        return found

    @twin(_estimate_async)
    def estimate(self) -> Estimate:
        """After ``map(…, limit=…)``: what the rest will take, judged by the inputs that ran; waits for them."""
        self._limited_from("estimate")
        self._started()
        found: Estimate = self._drive(self._estimated())
        return found

    @property
    def is_limited(self) -> bool:
        """Whether ``limit=`` left inputs out, which :meth:`Results.run_rest` would run."""
        whole = self._source.whole
        return whole is not None and whole.count != self._source.count

    # ── the steps of each

    def _framed(self) -> Steps[Any]:
        yield from self._known(self._bell)
        values: dict[int, Any] = yield from self._collected()
        if (lacks := (yield from self._lack())) is not None:
            warnings.warn(str(lacks), stacklevel=2)
        return self._frame(values, (yield from self._counted(self._bell)))

    def _peeked(self, bell: Bell) -> Steps[Any]:
        values: dict[int, Any] = {}
        count = self._source.count
        if self._chain is not None:
            yield from self._known(bell)
            if count is None:
                asked = CallAsk(request=0, call_id=self._chain.calls[0])
                count = (yield from answered(self._session, asked, CallInfo, bell)).call.inputs
            batches = self._chain.known(self._session, count, bell)
            values = yield from tables.gathered(batches, self._call_id)
        return self._frame(values, count or 0)

    def _detailed(self, bell: Bell) -> Steps[Any]:
        if self._chain is None:
            return tables.details_of([], "")
        rows, call_id = yield from tables.read_details(self._session, self._chain, bell)
        return tables.details_of(rows, call_id)

    def _grouped(self, bell: Bell) -> Steps[Failures]:
        if self._chain is None:
            return Failures()
        return Failures.of((yield from failure_groups(self._session, self._chain.last, bell)))

    def _estimated(self) -> Steps[Estimate]:
        yield from self._finished()
        options = self._as_now().options
        return (yield from estimated(self._session, self._begun, self._source, options, self._bell))

    def _frame(self, values: dict[int, Any], count: int) -> Any:
        return tables.frame_of(values, count, self._source.frame, self.name, is_flat=self._is_flat)

    def _limited_from(self, used: str) -> Source:
        if self._source.whole is None:
            do = f"{self.name}.map(inputs, limit=5) on inputs that have a length"
            raise InvalidError(compose(f"{used}() goes on from a map that had a limit=", takes=do))
        return self._source.whole
