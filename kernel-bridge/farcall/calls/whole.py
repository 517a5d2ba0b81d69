"""Whether a call has all the inputs that were meant for it: not when the process that pulled an iterator went away.

What was accepted by then runs and can be read. Whoever reads a call to its end is told, since its end looks like any.
"""

from __future__ import annotations

from ..client.session import Session
from ..client.waiting import Bell, Steps
from ..errors import RemoteError, compose
from .single import Watching

INCOMPLETE = "incomplete"


def cut_short(session: Session, call_id: str, bell: Bell) -> Steps[RemoteError | None]:
    """What to raise at the end of a call that lacks inputs, or None. All its outcomes are known, so it ends now."""
    with Watching(session, call_id, bell) as watching:
        summary = yield from watching.end()
    return lacking(call_id, summary.inputs) if summary.state == INCOMPLETE else None


def lacking(call_id: str, count: int) -> RemoteError:
    """What such a call says."""
    happened = f"{call_id} is incomplete: whoever pulled its iterator went away after {count:,} inputs were accepted"
    do = f"Map the rest anew; FunctionCall.from_id({call_id!r}).iter(0, {count}) gives those"
    return RemoteError(compose(happened, do=do))
