"""Asking the gateway in steps: the same for threads (`drive`) and coroutines (`drive_async`); and being connected."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from ..errors import ConnectionError
from ..wire.messages import Message
from .session import Reply, Session
from .waiting import Bell, Steps, ready

T = TypeVar("T")


def answered(session: Session, message: Message, kind: type[T], bell: Bell) -> Steps[T]:
    """The answer to a message. Raises the refusal, or ``ConnectionError`` for an answer of another kind."""
    reply = yield from replied(session, message, bell)
    if not isinstance(reply.message, kind):
        happened = f"the gateway answered {type(message).__name__} with {type(reply.message).__name__}"
        raise ConnectionError(happened)
    return reply.message


def replied(session: Session, message: Message, bell: Bell) -> Steps[Reply]:
    """The answer to a message, with its payload."""
    future = session.request(message)
    future.add_done_callback(lambda _: bell.ring())
    return (yield from ready(future))


async def connected() -> Session:
    """This process's session; where it has yet to connect (or to start a gateway), the event loop goes on meanwhile."""
    session = Session.existing()
    return session if session is not None else await asyncio.to_thread(Session.current)
