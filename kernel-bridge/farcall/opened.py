"""Waiting for a call that was just opened here: for its value, or until its input is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .call import FunctionCall, Value, as_value
from .calls.launch import Opened, cancel
from .client.waiting import Interrupted, Steps, drive, drive_async, shorten
from .presenter import View, call_view


def wait_for(opened: Opened, steps: Callable[[Opened, View], Steps[Any]], call: FunctionCall[Any]) -> Value:
    """Wait for a call that was just opened; an interrupt cancels it for certain, within 2 s."""
    view = call_view(call)
    try:
        return as_value(drive(steps(opened, view), opened.bell, view=view, interrupted=_cancel(opened)))
    except KeyboardInterrupt:
        raise Interrupted(opened.interrupted) from None
    finally:
        leave(opened)
        view.end()


async def wait_for_async(opened: Opened, steps: Callable[[Opened, View], Steps[Any]], call: FunctionCall[Any]) -> Value:
    """:func:`wait_for` for a coroutine."""
    view = call_view(call)
    try:
        steered = drive_async(steps(opened, view), opened.bell, view=view, interrupted=_cancel(opened))
        return as_value(await steered)
    except asyncio.CancelledError as cancelled:
        shorten(cancelled, opened.interrupted)
        raise
    finally:
        leave(opened)
        view.end()


def wait_durable(opened: Opened) -> None:
    """Wait until a call and its inputs are durable; raises what the gateway refused."""
    bell = opened.bell
    drive(_durable(opened), bell, interrupted=_cancel(opened))


async def wait_durable_async(opened: Opened) -> None:
    """:func:`wait_durable` for a coroutine."""
    await drive_async(_durable(opened), opened.bell, interrupted=_cancel(opened))


def _durable(opened: Opened) -> Steps[None]:
    while not opened.feed.is_durable or not opened.accepted.done():
        opened.check()
        yield
    opened.check()


def _cancel(opened: Opened) -> Callable[[], Steps[None]]:
    return lambda: cancel(opened.session, opened.call_id, opened.bell)


def leave(opened: Opened) -> None:
    """Cancel what is not finished (an InputCancellation, say, ended the wait), and forget the call."""
    if opened.stream is not None and not opened.is_over:
        cancel(opened.session, opened.call_id, opened.bell)
    opened.let_go()
