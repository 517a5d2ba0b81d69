"""Starts maps and derived calls for results.py, uploads their inputs, and stops them."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .. import errors
from ..client.session import Session
from ..client.waiting import Bell, Interrupted, Steps, Wait, settle
from ..presenter import View
from ..values import serialize
from ..wire.codes import FAILED, IN_BLOB, TIMED_OUT
from ..wire.messages import CallAsk, InputRow, InputsList, InputsPage, InputsRead, InputsRows
from . import cells
from .chain import Chain
from .launch import Kind, OnFailure, cancel, derive_call, open_call
from .mapping import Mapping
from .order import ByArrival, ByInput
from .pump import Pump, Pushed
from .source import Source

if TYPE_CHECKING:
    from ..function import Function

_PAGE = 1000


class How(NamedTuple):
    """How a map runs. ``which`` inputs of an earlier call run again, where there is one; or their numbers there."""

    kind: Kind
    on_failure: OnFailure
    is_attached: bool
    by_input: bool
    which: Literal["unsucceeded", "failed", "rest"] | tuple[int, ...]
    kwargs: dict[str, Any]


def start(session: Session, function: Function[..., Any], inputs: Source | Chain, how: How) -> tuple[Mapping, Chain]:
    """Open the call of a map; over new inputs, which follow as it is driven, or over those of an earlier call."""
    if isinstance(inputs, Chain):
        mapping, chain = _derive(session, function, inputs, how)
    else:
        mapping = _open(session, function, inputs, how)
        chain = Chain((mapping.opened.call_id,))
    mapping.opened.is_detached = not how.is_attached
    if how.is_attached:
        cells.begins(mapping.opened)
    return mapping, chain


def _open(session: Session, function: Function[..., Any], source: Source, how: How) -> Mapping:
    opened, frame = open_call(
        session,
        function.prepare(session),
        Bell(),
        kind=how.kind,
        on_failure=how.on_failure,
        attached=how.is_attached,
        kwargs=how.kwargs,
    )
    session.post((frame,))
    pump = (
        Pushed(session, opened.feed)
        if source.is_async
        else Pump(session, opened.feed, source.at_hand(opened.bell), is_sized=source.is_sized)
    )
    order = ByInput() if how.by_input else ByArrival()
    mapping = Mapping(opened, pump, order=order, is_sized=source.is_sized, stops=how.on_failure != "continue")
    mapping.tally.total = source.count
    return mapping


def _derive(session: Session, function: Function[..., Any], base: Chain, how: How) -> tuple[Mapping, Chain]:
    """Run what did not succeed of a call again, with the function as it is now."""
    prepared = function.prepare(session)
    indexes = b"" if how.which == "unsucceeded" else _indexes(session, base.last, how.which)
    opened = derive_call(
        session, prepared, Bell(), base=base.last, indexes=indexes, attached=how.is_attached, kwargs=how.kwargs
    )
    try:
        session.wait(opened.accepted, timeout=60.0)
    except BaseException:
        opened.let_go()
        raise
    told = session.wait(session.request(CallAsk(request=0, call_id=opened.call_id)))
    numbers = base.numbers(memoryview(told.payload).cast("I").tolist())
    mapping = Mapping(opened, None, order=ByInput(), is_sized=True, stops=False)
    mapping.tally.total = len(numbers)
    return mapping, base.then(opened.call_id, numbers)


def _indexes(session: Session, call_id: str, which: str | tuple[int, ...]) -> bytes:
    numbers = which if isinstance(which, tuple) else [row.index for row in failed_inputs(session, call_id)]
    if not numbers:
        raise errors.InvalidError(f"no input of {call_id} failed")
    return array("I", numbers).tobytes()


def failed_inputs(session: Session, call_id: str) -> Iterator[InputRow]:
    """The inputs of a call that failed or timed out, in order."""
    first = 0
    while first >= 0:
        message = InputsList(request=0, call_id=call_id, states=(FAILED, TIMED_OUT), first=first, limit=_PAGE)
        page = session.ask(message, InputsRows)
        yield from page.rows
        first = page.next


def failed_alike(session: Session, call_id: str, index: int) -> tuple[int, ...]:
    """Those of them that failed by the same exception type and at the same line as one of them."""
    asked = InputsList(request=0, call_id=call_id, states=(FAILED, TIMED_OUT), first=index, limit=1)
    found = [row for row in session.ask(asked, InputsRows).rows if row.index == index]
    if not found:
        raise errors.InvalidError(f"input {index} of {call_id} did not fail")
    kind, where = found[0].kind, found[0].where
    if kind is None:
        happened = "this gateway is older than the notebook's farcall and does not tell failures apart"
        raise errors.InvalidError(errors.compose(happened, do="Retry all that failed"))
    return tuple(row.index for row in failed_inputs(session, call_id) if (row.kind, row.where) == (kind, where))


def upload(mapping: Mapping, view: View) -> None:
    """Send all inputs, and wait until they are durable. An interrupt cancels the call."""
    for _ in uploading(mapping):
        with Wait(mapping.opened.bell, view=view) as wait:
            wait.once()
            if wait.interrupts:
                mapping.opened.is_detached = False
                cancel_mapping(mapping, view)
                raise Interrupted(mapping.opened.interrupted)


def uploading(mapping: Mapping) -> Steps[None]:
    """Send all inputs, until they are durable."""
    while not mapping.is_durable:
        mapping.opened.check()
        if mapping.feed():
            continue
        mapping.opened.feed.flush()
        yield
    mapping.opened.check()


def cancel_mapping(mapping: Mapping, view: View) -> None:
    """The user interrupted: stop the remote work for certain, within 2 s; a second interrupt returns at once."""
    if mapping.ended is not None or mapping.opened.is_detached:
        return
    opened = mapping.opened
    mapping.stop_feeding()
    with Wait(opened.bell, view=view, interrupts=1) as wait:
        settle(cancel(opened.session, opened.call_id, opened.bell), opened.bell, wait)
    opened.let_go()


def read_input(session: Session, call_id: str, index: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a stored input."""
    reply = session.wait(session.request(InputsRead(request=0, call_id=call_id, first=index, count=1)), timeout=60.0)
    page = reply.message
    if not isinstance(page, InputsPage) or page.count < 1:
        raise errors.NotFoundError(f"{call_id} has no input {index}")
    (length,) = struct.unpack_from("<I", page.lengths)
    if length == IN_BLOB:
        args, kwargs = serialize.loads(session.blobs.read((page.blobs or ("",))[0]))
    else:
        args, kwargs = serialize.loads(reply.payload[:length])
    return args, kwargs
