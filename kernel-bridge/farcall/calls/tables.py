"""Results as frames: values aligned to the input, and one row of facts an input."""

from __future__ import annotations

from typing import Any

from ..client.asking import answered
from ..client.session import Session
from ..client.waiting import Bell, Steps
from ..frames import aligned
from ..wire.codes import INPUT_STATES
from ..wire.messages import CallAsk, CallInfo, InputRow, InputsList, InputsRows
from .chain import Batches, Chain
from .outcomes import Failed, value_of

_PAGE = 1000
#: What a state is called by people.
_WORDS = {"timed_out": "timed out"}


def gathered(batches: Batches, call_id: str) -> Steps[dict[int, Any]]:
    """The values of the successful inputs among these outcomes, by input."""
    values: dict[int, Any] = {}
    for batch in batches:
        if batch is None:
            yield
            continue
        for outcome in batch:
            value = value_of(call_id, outcome)
            if not isinstance(value, Failed):
                values[outcome[0]] = value
    return values


def frame_of(values: dict[int, Any], count: int, source: Any, name: str, *, is_flat: bool) -> Any:
    """Values by input as a frame beside ``source``; others are missing. ``is_flat``: a value is a list of them."""
    if is_flat:
        pairs = [(index, item) for index in sorted(values) for item in values[index]]
        return aligned.long(pairs, source, name=name)
    return aligned.align([values.get(index, aligned.MISSING) for index in range(count)], source, name=name)


def joined(frame: Any, values: Any, prefix: str) -> Any:
    """``frame`` with the columns of ``values`` beside it."""
    return aligned.join(frame, values, prefix=prefix)


def read_details(session: Session, chain: Chain, bell: Bell) -> Steps[tuple[list[tuple[InputRow, str]], str]]:
    """Every input's row with the version that ran it, in input order; and the first call's id."""
    rows: dict[int, tuple[InputRow, str]] = {}
    for number, call_id in enumerate(chain.calls):
        asked = CallAsk(request=0, call_id=call_id)
        version = (yield from answered(session, asked, CallInfo, bell)).call.function_id
        numbering = chain.numbering(number)
        for row in (yield from read_rows(session, call_id, bell)):
            index = numbering.get(row.index) if isinstance(numbering, dict) else numbering(row.index)
            if index is not None:
                rows[index] = (row, version)
    return [rows[index] for index in sorted(rows)], chain.calls[0]


def details_of(rows: list[tuple[InputRow, str]], call_id: str) -> Any:
    """The rows as a frame."""
    values = [
        {
            "index": index,
            "status": _word(row.state),
            "seconds": row.seconds,
            "attempts": row.attempt,
            "container": row.container_id,
            "version": version,
            "error": row.error,
        }
        for index, (row, version) in enumerate(rows)
    ]
    return aligned.align(values, None, name=call_id)


def read_rows(session: Session, call_id: str, bell: Bell) -> Steps[list[InputRow]]:
    """What is known of every input of a call, without values."""
    found: list[InputRow] = []
    first = 0
    while first >= 0:
        message = InputsList(request=0, call_id=call_id, states=(), first=first, limit=_PAGE)
        page = yield from answered(session, message, InputsRows, bell)
        found += page.rows
        first = page.next
    return found


def _word(state: int) -> str:
    name = INPUT_STATES[state] if 0 <= state < len(INPUT_STATES) else "queued"
    return _WORDS.get(name, name)
