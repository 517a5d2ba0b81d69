"""api.md §3, rules 3, 5, 7 and 10: what becomes of a map that is left: by a failure, its body, an interrupt, a waiter,
or by the death of who fed it. Blocking and through `.aio`. What other tests show:

| rule | test |
|---|---|
| 3 an ordered failure in its place; return_exceptions; break; detach | test/python/test_map.py, test_map.py here |
| 5 a sized map survives its process | test/python/test_spawning.py, test/faults/test_f07_client_gone.py |
| 7 the first interrupt; the handler is put back | test/python/calls/test_interrupt.py |
| 8 an exception in the iterator | test_map.py here |
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.home import Home
from support.waiting import PATIENCE_S, until

import farcall
from farcall import errors
from farcall.calls import starting
from farcall.client import waiting
from farcall.client.session import Session
from farcall.wire.messages import CallList, CallListing

pytestmark = pytest.mark.usefixtures("home")

FED = """
import farcall, sys, time

@farcall.function
def triple(x):
    return 3 * x

def endless():
    n = 0
    while True:
        yield n
        n += 1

results = triple.map(endless())
for at, value in enumerate(results):
    if at == 5:
        print(results.call.object_id, flush=True)
        time.sleep(3600)
"""


@farcall.function(max_containers=4)
def stuck(x: int, ends: int = -1) -> int:
    """Input ``ends`` ends at once, those after 100 fail; the others would take for ever."""
    if x > 100:
        raise ValueError(f"not {x}")
    while x != ends:
        time.sleep(0.05)
    return x


def settled(results: farcall.Results) -> tuple[str, int, int]:
    """How a map ended: its state, how many failed, and whether all others were cancelled."""
    counts = results.call.results().wait(timeout=PATIENCE_S).counts
    return results.status, counts.failed, counts.cancelled


@pytest.fixture(scope="module", autouse=True)
def bereaved(home: Home, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The call of a process that was killed while it fed a map; begun first: the gateway waits a minute for it."""
    script = tmp_path_factory.mktemp("fed") / "fed.py"
    script.write_text(FED)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        call_id = process.stdout.readline().strip()
        process.kill()
    return call_id


# ── 3: failures, and the loop's body


def test_unordered_a_failing_input_raises_on_arrival_and_the_rest_is_cancelled() -> None:
    results = stuck.map([1, 999, *range(2, 40)], order_outputs=False)
    with pytest.raises(ValueError, match="not 999"):
        list(results)
    assert settled(results) == ("failed", 1, 39)


def test_unordered_it_does_in_async_for_as_well() -> None:
    results = stuck.map([1, 999, *range(2, 40)], order_outputs=False)

    async def looped() -> None:
        async for _ in results:
            pass

    with pytest.raises(ValueError, match="not 999"):
        asyncio.run(looped())
    assert settled(results) == ("failed", 1, 39)


def test_an_exception_in_the_body_cancels_what_has_not_run() -> None:
    results = stuck.map(range(40), kwargs={"ends": 0})

    def looped() -> None:
        for value in results:
            1 / value

    with pytest.raises(ZeroDivisionError):
        looped()
    assert settled(results) == ("cancelled", 0, 39)
    assert results[0] == 0


def test_an_exception_in_the_body_of_async_for_cancels_it_too() -> None:
    results = stuck.map(range(40), kwargs={"ends": 0})

    async def looped() -> None:
        async for value in results:
            1 / value

    with pytest.raises(ZeroDivisionError):
        asyncio.run(looped())
    assert settled(results) == ("cancelled", 0, 39)


# ── 10: waiting no longer, and cancelling


def test_a_wait_that_is_too_short_raises_the_builtin_error_and_the_map_goes_on() -> None:
    results = stuck.map(range(8), kwargs={"ends": 0}).start()
    with pytest.raises(TimeoutError):
        results.wait(timeout=0.01)
    with pytest.raises(TimeoutError):
        asyncio.run(results.wait.aio(timeout=0.01))
    assert results[0] == 0
    results.cancel()
    assert settled(results) == ("cancelled", 0, 7)


def test_cancelling_in_a_coroutine_ends_a_map_that_another_task_waits_for() -> None:
    async def cancelled() -> farcall.Results:
        results = stuck.map(range(8), kwargs={"ends": 0})
        waits = asyncio.create_task(results.wait.aio())
        while results.status == "not started":
            await asyncio.sleep(0.01)
        await results.cancel.aio()
        return await waits

    results = asyncio.run(cancelled())
    assert results.status == "cancelled"
    assert results.counts.queued == results.counts.running == 0


# ── 7: a second interrupt


@contextmanager
def gateway_stopped(home: Home) -> Iterator[None]:
    """It answers nothing, so that a cancel is not confirmed."""
    os.kill(home.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(home.pid, signal.SIGCONT)


@contextmanager
def interrupting_twice(home: Home, when: Callable[[], bool], settling: threading.Event) -> Iterator[list[str]]:
    """The second time once the first one waits for the gateway, which is stopped then; and what went wrong."""
    returned, wrong = threading.Event(), []

    def press() -> None:
        until(when)
        with gateway_stopped(home):
            os.kill(os.getpid(), signal.SIGINT)
            if not settling.wait(PATIENCE_S):
                wrong.append("the first interrupt did nothing")
            os.kill(os.getpid(), signal.SIGINT)
            if not returned.wait(PATIENCE_S):
                wrong.append("the second interrupt did not return")

    presses = threading.Thread(target=press)
    presses.start()
    try:
        yield wrong
    finally:
        returned.set()
        presses.join()


@pytest.fixture
def settling(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once an interrupted wait waits for its cancel, for which it has all the time now."""
    noticed, settle = threading.Event(), waiting.settle

    def noted(*given: Any) -> None:
        noticed.set()
        settle(*given)

    monkeypatch.setattr(waiting, "CANCEL_S", 10 * PATIENCE_S)
    for module in (waiting, starting):
        monkeypatch.setattr(module, "settle", noted)
    return noticed


def newest() -> Any:
    return Session.current().ask(CallList(request=0, limit=1), CallListing).calls[0]


@pytest.mark.parametrize("kind", ["remote", "map"])
def test_a_second_interrupt_returns_at_once(home: Home, settling: threading.Event, kind: str) -> None:
    before = stuck.spawn(0, ends=0)
    before.get()

    def running() -> bool:
        return newest().call_id != before.object_id and newest().counts.running > 0

    with pytest.raises(KeyboardInterrupt), interrupting_twice(home, running, settling) as wrong:
        stuck.remote(1) if kind == "remote" else list(stuck.map(range(1, 3)))
    assert wrong == []
    left = farcall.FunctionCall.from_id(newest().call_id)
    until(lambda: left.status() == "cancelled")  # the cancel was on its way all the same


def test_a_cancelled_task_does_not_wait_for_the_gateway_at_all(home: Home) -> None:
    async def given_up() -> str:
        before = stuck.spawn(0, ends=0)
        task = asyncio.create_task(stuck.remote.aio(1))
        while newest().call_id == before.object_id or not newest().counts.running:
            await asyncio.sleep(0.01)
        call_id = str(newest().call_id)
        with gateway_stopped(home):
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=PATIENCE_S)
            assert done == {task}
        assert task.cancelled()
        return call_id

    left = farcall.FunctionCall.from_id(asyncio.run(given_up()))
    until(lambda: left.status() == "cancelled")


# ── 5: the process that fed it is gone


def test_a_map_over_an_iterator_whose_process_dies_ends_incomplete_and_says_so(bereaved: str) -> None:
    call = farcall.FunctionCall.from_id(bereaved)
    until(lambda: call.status() not in ("running", "queued"))
    count = call.num_inputs()
    assert (call.status(), call.results().status, count > 5) == ("incomplete", "incomplete", True)
    assert list(call.iter(0, count)) == [3 * x for x in range(count)], "what was accepted ran"
    for read in (call.iter(), call.results()):
        assert [next(reading) for reading in [iter(read)] for _ in range(count)] == [3 * x for x in range(count)]
    with pytest.raises(errors.RemoteError, match=f"{bereaved} is incomplete.*{count:,} inputs were accepted"):
        list(call.results())
    with pytest.raises(errors.RemoteError, match="is incomplete"):
        list(call.iter())
    with pytest.warns(UserWarning, match="is incomplete"):
        assert len(call.results().to_frame()) == count


def test_it_says_so_in_a_coroutine_too(bereaved: str) -> None:
    seen: list[int] = []

    async def read(values: Any) -> None:
        async for value in values:
            seen.append(value)

    call = farcall.FunctionCall.from_id(bereaved)
    for values in (call.results(), call.iter.aio()):
        seen.clear()
        with pytest.raises(errors.RemoteError, match="is incomplete"):
            asyncio.run(read(values))
        assert len(seen) == call.num_inputs()
