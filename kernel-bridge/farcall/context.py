"""What code can ask about where it runs: which input, of which call, here or in a container.

A context variable holds the running input; inside containers it follows threads and executors that the input starts.
The container's loop enters itself here (`enter`); nothing else in farcall needs to know that it runs in one.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from .errors import InvalidError, compose


class RunningInput(NamedTuple):
    """One input, addressed by its call and its index there."""

    call_id: str
    index: int  # type: ignore[assignment]


class Inside(Protocol):
    """What a container offers to code that runs in it."""

    def wait_begins(self) -> None:
        """The running input waits for a call of its own: its place may be lent to others."""

    def wait_ends(self) -> None:
        """It goes on."""

    def await_begins(self) -> None:
        """As :meth:`wait_begins`, by a coroutine: its thread goes on."""

    def await_ends(self) -> None:
        """It goes on."""

    def address(self) -> tuple[str, str] | None:
        """URL and key for a client session of its own; None before the gateway gave it a key."""


#: (call id, index), plain: the container's loop makes one per input, and a NamedTuple costs half a microsecond.
_running: ContextVar[tuple[str, int] | None] = ContextVar("farcall_running_input", default=None)
set_running = _running.set
current_running = _running.get
_inside: Inside | None = None
_hook = ""


def current_input() -> RunningInput | None:
    """The input that runs here; None outside of one."""
    running = _running.get()
    return None if running is None else RunningInput(*running)


def current_input_id() -> str | None:
    """A name of the running input, the same for every attempt: `in-<call>-<index>`. None outside of one.

    A function that may run twice (after a crash) can use it as the key of what it did.
    """
    running = current_input()
    return None if running is None else input_id(*running)


def input_id(call_id: str, index: int) -> str:
    """The name of an input."""
    return f"in-{call_id.removeprefix('fc-')}-{index}"


def current_function_call_id() -> str | None:
    """The `fc-…` id of the call whose input runs here; None outside of one."""
    running = _running.get()
    return None if running is None else running[0]


def is_local() -> bool:
    """Whether this code runs where its caller is, rather than in a container."""
    return _inside is None


def container_address() -> tuple[str, str] | None:
    """URL and key with which code in a container opens calls of its own; None outside."""
    return None if _inside is None else _inside.address()


@contextmanager
def waiting() -> Iterator[None]:
    """Around waiting for a call: inside a container its place is lent to others. Outside, nothing happens."""
    inside = _inside
    if inside is None:
        yield
        return
    inside.wait_begins()
    try:
        yield
    finally:
        inside.wait_ends()


@contextmanager
def awaiting() -> Iterator[None]:
    """:func:`waiting` for a coroutine, whose thread does other things meanwhile."""
    inside = _inside
    if inside is None:
        yield
        return
    inside.await_begins()
    try:
        yield
    finally:
        inside.await_ends()


@contextmanager
def in_hook(hook: str) -> Iterator[None]:
    """Around a method that runs when a container begins: it belongs to no input, so it makes no calls."""
    global _hook
    before, _hook = _hook, hook
    try:
        yield
    finally:
        _hook = before


def must_run_an_input(function: str) -> None:
    """Raise ``InvalidError`` where ``function`` is to be called by what runs before the container's first input."""
    if not _hook or _running.get() is not None:
        return
    happened = (
        f"{_hook} cannot call {function}: a call belongs to an input, and before a container's first there is none"
    )
    do = (
        "Call it in a method, the first time that its value is needed, or give the value as a parameter of the class. "
        "What is no farcall function (and Dict and Queue) works here"
    )
    raise InvalidError(compose(happened, do=do))


def enter(inside: Inside) -> None:
    """This process is a container now. Called once, by its loop."""
    global _inside
    if _inside is None:
        _carry_into_threads()
        _carry_into_executors()
    _inside = inside


def _carry_into_threads() -> None:
    start = threading.Thread.start

    @functools.wraps(start)
    def start_carrying(self: threading.Thread) -> None:
        running = _running.get()
        if running is not None:
            self.run = _carrying(self.run, running)  # type: ignore[method-assign]
        start(self)

    threading.Thread.start = start_carrying  # type: ignore[method-assign]


def _carry_into_executors() -> None:
    submit = ThreadPoolExecutor.submit

    @functools.wraps(submit)  # type: ignore[arg-type]
    def submit_carrying(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # Outside an input too: the worker thread may have been started by one.
        return submit(self, _carrying(fn, _running.get()), *args, **kwargs)

    ThreadPoolExecutor.submit = submit_carrying  # type: ignore[method-assign,assignment]


def _carrying(function: Callable[..., Any], running: tuple[str, int] | None) -> Callable[..., Any]:
    @functools.wraps(function)
    def carry(*args: Any, **kwargs: Any) -> Any:
        before = _running.set(running)
        try:
            return function(*args, **kwargs)
        finally:
            _running.reset(before)

    return carry
