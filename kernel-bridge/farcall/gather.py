"""`gather`: wait for several calls at once."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from .call import FunctionCall, Value
from .client.asking import connected
from .client.session import Session
from .client.waiting import Bell, Steps, drive, drive_async
from .presenter import calls_view
from .twin import Bound


def _gather(*calls: FunctionCall[Any], return_exceptions: bool = False) -> list[Any]:
    """The results of calls, in the order of the arguments; the first failure in time raises, its siblings run on.

    Args:
        return_exceptions: put exceptions into the list instead.
    """
    __tracebackhide__ = True
    bell = Bell()
    view = calls_view(calls)
    try:
        values = drive(_all(calls, bell, return_exceptions=return_exceptions), bell, view=view)
    finally:
        view.end()
    for value in values:
        if value is not None and value.error is not None and not return_exceptions:
            raise value.error
    return [value and (value.error or value.result) for value in values]


async def _gather_async(*calls: FunctionCall[Any], return_exceptions: bool = False) -> list[Any]:
    __tracebackhide__ = True
    bell = Bell()
    if calls:
        await connected()
    view = calls_view(calls)
    try:
        values = await drive_async(_all(calls, bell, return_exceptions=return_exceptions), bell, view=view)
    finally:
        view.end()
    for value in values:
        if value is not None and value.error is not None and not return_exceptions:
            raise value.error
    return [value and (value.error or value.result) for value in values]


def _all(calls: Sequence[FunctionCall[Any]], bell: Bell, *, return_exceptions: bool) -> Steps[list[Value | None]]:
    """Every call's value, or the first error and None for what was not done by then."""
    if not calls:
        return []
    session = Session.current()
    waiting = {at: call.value_steps(session, bell) for at, call in enumerate(calls)}
    values: list[Value | None] = [None] * len(calls)
    try:
        while waiting:
            for at in list(waiting):
                try:
                    next(waiting[at])
                except StopIteration as stop:
                    del waiting[at]
                    value: Value = stop.value
                    values[at] = value
                    if value.error is not None and not return_exceptions:
                        return values
            if waiting:
                yield
    finally:
        for steps in waiting.values():
            steps.close()
    return values


gather: Bound[..., list[Any], Coroutine[Any, Any, list[Any]]] = Bound(_gather, _gather_async)
