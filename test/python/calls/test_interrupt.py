"""Interrupting a wait stops the remote work for certain, and says so in one line."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import farcall
from farcall.client.session import Session
from farcall.wire.messages import CallList, CallListing

pytestmark = pytest.mark.usefixtures("home")


@farcall.function
def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@contextmanager
def interrupting(when: Callable[[], bool]) -> Iterator[None]:
    """Interrupt this process once ``when()`` is true, asked in another thread."""
    done = threading.Event()

    def watch() -> None:
        while not when() and not done.is_set():
            done.wait(0.01)
        if not done.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def newest_is_running(after: str) -> Callable[[], bool]:
    def running() -> bool:
        reply = Session.current().request(CallList(request=0, limit=1)).result(30).message
        assert isinstance(reply, CallListing)
        return reply.calls[0].call_id != after and reply.calls[0].counts.running > 0

    return running


def newest() -> Any:
    reply = Session.current().request(CallList(request=0, limit=1)).result(30).message
    assert isinstance(reply, CallListing)
    return reply.calls[0]


def test_an_interrupted_remote_is_cancelled() -> None:
    before = nap.spawn(0).object_id
    with pytest.raises(KeyboardInterrupt) as raised, interrupting(newest_is_running(before)):
        nap.remote(60)
    call = farcall.FunctionCall.from_id(newest().call_id)
    with pytest.raises(farcall.errors.RemoteError, match="cancelled"):
        call.get(timeout=30)
    assert raised.value._render_traceback_() == [f"KeyboardInterrupt: nap cancelled ({call.object_id})"]


def test_an_interrupted_map_is_cancelled_and_what_is_done_stays_readable() -> None:
    results = nap.map([0.0, 60.0, 60.0, 60.0])
    with pytest.raises(KeyboardInterrupt), interrupting(lambda: results.tally.done >= 1 and results.counts.running > 0):
        list(results)
    assert results.wait(timeout=30).counts.cancelled == 3
    assert results[0] == 0.0
    assert nap.remote(0) == 0


def test_an_interrupted_wait_of_a_detached_map_leaves_it_running() -> None:
    results = nap.map([0.5, 0.5]).start()
    with pytest.raises(KeyboardInterrupt, match="goes on"), interrupting(lambda: results.status == "running"):
        results.wait()
    assert list(results) == [0.5, 0.5]


def test_pulsing_a_blocked_iterator_is_interrupted_at_once() -> None:
    pulled = threading.Event()

    def slow() -> Iterator[float]:
        yield 0.0
        pulled.set()
        time.sleep(60)

    results = nap.map(slow())
    with pytest.raises(KeyboardInterrupt), interrupting(pulled.is_set):
        list(results)
    assert results.call.status() in ("cancelled", "failed", "succeeded")


def test_the_users_own_handler_is_back_after_a_wait() -> None:
    before = signal.getsignal(signal.SIGINT)
    nap.remote(0.1)
    list(nap.map([0.0, 0.1]))
    assert signal.getsignal(signal.SIGINT) is before
