"""Waiting one's turn at a queue: for an item, for room, or for something to read; and the arguments that say for what.

Being late or interrupted is told to the gateway, so that nothing is given to somebody who does not wait any more.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..client.session import Reply
from ..client.waiting import CANCEL_S, Steps
from ..errors import InvalidError, compose
from ..wire.messages import QueueGet, QueueLeave, QueuePut, QueueRead
from .changes import Number
from .stepwise import Asking

Waiting = QueuePut | QueueGet | QueueRead
#: In bytes of UTF-8.
LONGEST_PARTITION = 64


@contextmanager
def turn(asking: Asking, message: Waiting, number: Number) -> Iterator[None]:
    """Around :func:`waited` and what settles its answer: whoever is told to stop gives back what is on its way."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception):  # told to stop, maybe just as the answer came
            leave(asking, message, number, release=True)
        raise


def waited(
    asking: Asking, message: Waiting, payload: bytes, number: Number, deadline: float | None
) -> Steps[Reply | None]:
    """The answer to something that may have to wait its turn. None: not in time, and the gateway cannot be asked."""
    future = asking.session.request(message, payload)
    future.add_done_callback(lambda _: asking.bell.ring())
    has_left = False
    while not future.done():
        if deadline is not None and time.monotonic() >= deadline:
            leave(asking, message, number, release=has_left)
            if has_left:
                return None
            has_left, deadline = True, time.monotonic() + CANCEL_S
        yield
    return future.result()


def leave(asking: Asking, message: Waiting, number: Number, *, release: bool) -> None:
    """Wait no longer. ``release``: what is on its way goes back. Said again after a lost connection."""
    asking.session.request(QueueLeave(request=0, object_id=message.object_id, op=number.op, release=release))


def deadline_of(block: bool, timeout: float | None) -> float | None:
    if timeout is None:
        return None
    seconds = checked_seconds(timeout, "timeout")
    if not block:
        warnings.warn("timeout is ignored with block=False", stacklevel=2)
        return None
    return time.monotonic() + seconds


def checked_seconds(seconds: object, name: str) -> float:
    """The number of seconds, if it is one."""
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < float("inf"):
        return float(seconds)
    raise InvalidError(compose(f"{name} cannot be that", got=repr(seconds), takes="seconds, from 0"))


def checked_partition(partition: object) -> str:
    """The partition as the gateway knows it."""
    if partition is None:
        return ""
    if isinstance(partition, str) and 0 < len(partition.encode()) <= LONGEST_PARTITION:
        return partition
    takes = f"1 to {LONGEST_PARTITION} bytes of text, or None for the one without a name"
    raise InvalidError(compose("not a partition", got=repr(partition), takes=takes))
