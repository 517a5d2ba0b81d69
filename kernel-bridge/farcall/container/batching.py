"""Runs a batched function: collects inputs, whoever's they are, and calls it with one list a parameter.

A batch runs in the main thread when it is full, or when its first input has waited long enough. All of its inputs are
in slots of the control page; they end together, and a cancel interrupts it once none of them is wanted.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..context import set_running
from ..errors import InvalidError, compose
from ..values.serialize import loads
from ..wire.control_page import word_of
from ..wire.slots import ContainerSlots
from .answers import Answers
from .batch import FULL_BYTES, Batch
from .cancel import Cancellation
from .copies import sees_same
from .function import Invoke, LoadedFunction, Prepared
from .lease import Lease
from .seat import Seat

_clock = time.monotonic


@dataclass(slots=True, eq=False)
class Item:
    """One input of a batch."""

    lease: Lease
    index: int
    slot: int
    arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None
    #: Why it is not in the batch after all.
    error: BaseException | None = None


class Batching:
    """Serves turn by turn, until its loop has enough."""

    def __init__(self, seat: Seat, answers: Answers, function: LoadedFunction, cancellation: Cancellation) -> None:
        self._seat = seat
        self._answers = answers
        self._function = function
        self._cancellation = cancellation
        self._slots = ContainerSlots(seat.page, seat.spec.max_batch, together=True)
        self._most = seat.spec.max_batch
        self._since = 0.0  # when the first of those that wait came; 0: none does
        self._items: list[Item] = []  # that run
        self._invoke: Invoke = _nothing
        seat.page.lease_begins(1, seat.spec.timeout)
        cancellation.reason = self._reason

    @property
    def running(self) -> int:
        """Inputs whose batch runs."""
        return len(self._items)

    def came(self, lease: Lease) -> None:
        """A lease has arrived."""
        self._since = self._since or _clock()

    def first_open(self, lease: Lease) -> int:
        """The lowest index of a lease whose outcome is not on its way."""
        return min([lease.next, *(item.index for item in self._items if item.lease is lease)])

    def take_ended(self) -> list[Lease]:
        """Leases with nothing left to start, of which nothing runs: what a revoke left over."""
        busy = {item.lease.id for item in self._items}
        over = [lease for lease in self._seat.leases if lease.next >= lease.stop and lease.id not in busy]
        for lease in over:
            self._seat.leases.end(lease)
        return over

    def turn(self) -> None:
        """Run a batch if it is time, else wait for more."""
        loop = self._seat.loop
        loop.serve()
        waiting = sum(lease.stop - lease.next for lease in self._seat.leases)
        if not waiting or not self._seat.may_start:
            self._since = self._since if waiting else 0.0
            if not loop.is_done:
                loop.wait()
            return
        left = self._since + self._seat.spec.batch_wait - _clock()
        if waiting < self._most and left > 0:
            loop.wait(left)
        else:
            self._run()

    # ── one batch

    def _run(self) -> None:
        began = _clock()
        self._collect(began)
        self._since = _clock()
        if not self._items:
            return
        bound, values, error = [item for item in self._items if item.error is None], None, None
        if bound:
            values, error = self._call(bound)
        self._answers.leave_if_forked()
        self._answer(_clock() - began, values, error)

    def _collect(self, began: float) -> None:
        """Take inputs that see the same captured values, as many as a batch takes."""
        held: Prepared | None = None
        for lease in list(self._seat.leases):
            prepared = self._seat.prepared(lease.call_id)
            if held is not None and not sees_same(held, prepared):
                continue
            if held is None:
                self._function.bind(prepared)
                held = None if prepared.error is not None else prepared
                self._invoke = prepared.invoke or _nothing
            while lease.next < lease.stop and len(self._items) < self._most and not self._seat.loop.is_spent:
                slot = self._slots.begin(word_of(lease.id, lease.next), began)
                if slot is None:
                    self._seat.loop.heed()
                else:
                    self._take(lease, slot, prepared)

    def _take(self, lease: Lease, slot: int, prepared: Prepared) -> None:
        item = Item(lease, lease.next, slot, error=prepared.error)
        self._items.append(item)
        self._seat.loop.take_one()
        try:
            payload = lease.take(self._seat.link.blobs)
            args, kwargs = loads(payload)
            item.arguments = args, {**prepared.kwargs, **kwargs}
        except Exception as error:
            item.error = item.error or error

    def _call(self, items: Sequence[Item]) -> tuple[list[Any] | None, BaseException | None]:
        """The values of a batch, or what it raised."""
        cancellation, first = self._cancellation, items[0]
        set_running((first.lease.call_id, first.index))
        cancellation.fired = 0
        try:
            try:
                cancellation.rearm()
                args, kwargs = columns_of(self._invoke, [item.arguments or ((), {}) for item in items])
                value = self._invoke(*args, **kwargs)
                if inspect.iscoroutine(value):
                    value = self._function.tasks.run(value)
            finally:
                cancellation.armed = False
            return _checked(value, len(items)), None
        except BaseException as error:
            return None, error

    def _reason(self) -> int:
        """Why the batch must stop: once none of its inputs is wanted."""
        reasons = [self._slots.cancelled(item.slot) for item in self._items]
        return max(reasons) if reasons and all(reasons) else 0

    # ── its outcomes

    def _answer(self, seconds: float, values: list[Any] | None, error: BaseException | None) -> None:
        items, found = self._items, iter(values or ())
        fired = self._cancellation.fired if values is None or self._reason() else 0
        batch = Batch()
        if self._seat.streams.settle(1.0):
            # One batch has one output: it belongs to its first input.
            batch.spans += self._seat.streams.take(items[0].index)
        for item, following in zip(items, [*items[1:], None], strict=True):
            if item.error is not None:
                self._answers.raised(batch, item.index, seconds, item.error, fired=0, is_read=False)
            elif values is None or fired:
                self._answers.raised(batch, item.index, seconds, error, fired=fired, is_read=True)
            else:
                self._answers.returned(batch, item.index, seconds, next(found))
            self._slots.end(item.slot)
            is_last = following is None or following.lease is not item.lease
            if is_last or batch.size >= FULL_BYTES:
                self._send(batch, item.lease, is_last=is_last)
        self._items = []
        self._seat.loop.end_unstarted()

    def _send(self, batch: Batch, lease: Lease, *, is_last: bool) -> None:
        is_over = is_last and lease.next >= lease.stop
        if is_over:
            self._seat.leases.end(lease)
        if is_over or len(batch):
            self._seat.loop.put(batch, lease, ended=is_over)


def columns_of(
    invoke: Callable[..., Any], inputs: Sequence[tuple[tuple[Any, ...], dict[str, Any]]]
) -> tuple[list[list[Any]], dict[str, list[Any]]]:
    """One list a parameter, however each input gave it: by position or by name.

    Raises:
        InvalidError: one of the inputs does not fit the function's parameters.
    """
    rows = [_bound(invoke, args, kwargs) for args, kwargs in inputs]
    width, names = len(rows[0][0]), rows[0][1].keys()
    for args, kwargs in rows:
        if len(args) != width or kwargs.keys() != names:
            raise InvalidError("the inputs of a batch give different parameters, so there is no list for each")
    return [list(column) for column in zip(*(args for args, _ in rows), strict=True)], {
        name: [kwargs[name] for _, kwargs in rows] for name in names
    }


def _bound(
    invoke: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        signature = inspect.signature(invoke)
    except (TypeError, ValueError):
        return args, kwargs
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        happened = f"an input of the batch does not fit the function's parameters {signature}: {error}"
        raise InvalidError(compose(happened, do="Every input of the batch fails; call it again")) from None
    return bound.args, bound.kwargs


def _checked(value: object, count: int) -> list[Any]:
    takes = "a list with one value for each input, in their order"
    if not isinstance(value, list):
        raise InvalidError(compose("a batched function returned no list", got=type(value).__name__, takes=takes))
    if len(value) != count:
        happened = f"a batched function was given {count} inputs and returned {len(value)} values"
        raise InvalidError(compose(happened, takes=takes))
    return value


def _nothing(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nothing to run")
