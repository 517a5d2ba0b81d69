"""One body for a blocking method and its async twin: steps that yield whenever they wait for their bell."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..client.asking import connected
from ..client.session import Reply, Session
from ..client.waiting import Bell, Steps, drive, drive_async, ready
from ..twin import Twin
from ..wire.messages import Message

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


class Asking:
    """One asking of a gateway: the session it goes through, and the bell that its answers ring."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.bell = Bell()

    def reply(self, message: Message, payload: bytes = b"") -> Steps[Reply]:
        """Ask, and wait for the answer or the refusal."""
        future = self.session.request(message, payload)
        future.add_done_callback(lambda _: self.bell.ring())
        return (yield from ready(future))


def run(steps: Callable[[Asking], Steps[R]]) -> R:
    """Take the steps in this thread. Interruptible."""
    asking = Asking(Session.current())
    taken = steps(asking)
    try:
        return drive(taken, asking.bell)
    finally:
        taken.close()


async def run_async(steps: Callable[[Asking], Steps[R]]) -> R:
    """Take the steps in the running event loop. Cancellable."""
    asking = Asking(await connected())
    taken = steps(asking)
    try:
        return await drive_async(taken, asking.bell)
    finally:
        taken.close()


def stepwise(
    steps: Callable[Concatenate[S, Asking, P], Steps[R]],
) -> Twin[S, P, R, Coroutine[Any, Any, R]]:
    """Decorates a method that takes steps: bound, it blocks; its ``aio`` is a coroutine."""

    @functools.wraps(steps)
    def blocking(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return run(lambda asking: steps(self, asking, *args, **kwargs))

    @functools.wraps(steps)
    async def aio(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await run_async(lambda asking: steps(self, asking, *args, **kwargs))

    return Twin(blocking, aio)
