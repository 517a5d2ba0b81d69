"""Reading what generator functions yield: live, while `remote_gen` runs, and stored, for a call that was spawned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

from .call import FunctionCall
from .calls.items import single_items
from .calls.launch import Opened
from .calls.outcomes import Failed, value_of
from .calls.reading import Reading
from .calls.stream import Settled
from .client.asking import connected
from .client.session import Session
from .client.waiting import ASYNC_TICK_S, Bell, Interrupted, Steps, Wait, drive, drive_async, shorten
from .errors import InvalidError, compose
from .opened import leave
from .presenter import call_view
from .values.traceback_ import without_ours


def iterate_items(start: Callable[[], Opened]) -> Generator[Any, None, None]:
    """What a generator function yields, item by item. Starts with the first item that is asked for."""
    __tracebackhide__ = True
    opened = start()
    view = call_view(FunctionCall.of(opened))
    items = single_items(opened, view)
    try:
        for values in items:
            if values is not None:
                yield from values
                continue
            with Wait(opened.bell, view=view) as wait:
                wait.once()
                if wait.interrupts:
                    raise Interrupted(opened.interrupted)
    except Exception as error:
        raise without_ours(error)  # noqa: B904
    finally:
        items.close()
        leave(opened)
        view.end()


async def iterate_items_async(
    start: Callable[[], Opened], before: Callable[[], Awaitable[None]]
) -> AsyncGenerator[Any, None]:
    """:func:`iterate_items` for a coroutine, which first awaits ``before``."""
    __tracebackhide__ = True
    await before()
    opened = start()
    view = call_view(FunctionCall.of(opened))
    items = single_items(opened, view)
    try:
        for values in items:
            for value in values or ():
                yield value
            if values is None and not await opened.bell.rang(ASYNC_TICK_S):
                view.tick()
    except asyncio.CancelledError as cancelled:
        shorten(cancelled, opened.interrupted)
        raise
    except Exception as error:
        raise without_ours(error)  # noqa: B904
    finally:
        items.close()
        leave(opened)
        view.end()


def stored_items(call: FunctionCall[Any]) -> Generator[Any, None, None]:
    """What a call's inputs yielded, one input after the other, each waited for."""
    __tracebackhide__ = True
    session, bell = Session.current(), Bell()
    try:
        with Reading(session, call.object_id, bell) as reading:
            count = drive(reading.sealed(), bell)
            for index in range(count):
                yield from drive(_values(reading, index, call), bell)
    except Exception as error:
        raise without_ours(error)  # noqa: B904


async def stored_items_async(call: FunctionCall[Any]) -> AsyncGenerator[Any, None]:
    """:func:`stored_items` for a coroutine."""
    __tracebackhide__ = True
    session, bell = await connected(), Bell()
    try:
        with Reading(session, call.object_id, bell) as reading:
            count = await drive_async(reading.sealed(), bell)
            for index in range(count):
                for value in await drive_async(_values(reading, index, call), bell):
                    yield value
    except Exception as error:
        raise without_ours(error)  # noqa: B904


def _values(reading: Reading, index: int, call: FunctionCall[Any]) -> Steps[list[Any]]:
    outcome: Settled = (yield from reading.page(index, 1))[0]
    value = value_of(call.object_id, outcome)
    if isinstance(value, Failed):
        raise value.error
    if not call.is_generator or not isinstance(value, list):
        happened = f"{call.object_id} has no items: it was not a generator function that was spawned"
        raise InvalidError(compose(happened, do="Use get() or iter()"))
    return value
