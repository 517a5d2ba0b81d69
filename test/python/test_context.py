"""What code can ask about where it runs."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from farcall import context

_INSIDE = """
import asyncio, sys, threading
from concurrent.futures import ThreadPoolExecutor
from farcall import context

class Inside:
    said = []
    def wait_begins(self): self.said.append("begins")
    def wait_ends(self): self.said.append("ends")
    def address(self): return ("unix:///gateway", "key")

context.enter(Inside())
context.set_running(("fc-ABC", 7))
seen = {"here": context.current_input_id(), "call": context.current_function_call_id(), "local": context.is_local()}
threads = [threading.Thread(target=lambda: seen.update(thread=context.current_input_id()))]
threads += [type("Own", (threading.Thread,), {"run": lambda self: seen.update(own=context.current_input_id())})()]
for thread in threads: thread.start()
for thread in threads: thread.join()
pool = ThreadPoolExecutor(1)
seen["pool"] = pool.submit(context.current_input_id).result()
async def in_loop():
    seen["task"] = await asyncio.create_task(asyncio.to_thread(context.current_input_id))
    seen["executor"] = await asyncio.get_running_loop().run_in_executor(None, context.current_input_id)
asyncio.run(in_loop())
context.set_running(("fc-ABC", 8))
seen["pool later"] = pool.submit(context.current_input_id).result()
context.set_running(None)
seen["pool after"] = pool.submit(context.current_input_id).result()
with context.waiting(): pass
print((seen, Inside.said, context.container_address()))
"""


def inside() -> Any:
    """What a process that entered as a container says."""
    said = subprocess.run([sys.executable, "-c", _INSIDE], capture_output=True, text=True, check=True)
    return eval(said.stdout)


def test_outside_a_container_there_is_no_input() -> None:
    assert context.current_input() is None
    assert context.current_input_id() is None
    assert context.current_function_call_id() is None
    assert context.container_address() is None
    assert context.is_local()
    with context.waiting():
        pass


def test_the_running_input_is_known_and_follows_threads_and_executors() -> None:
    seen, _, _ = inside()
    assert seen == {
        "here": "in-ABC-7",
        "call": "fc-ABC",
        "local": False,
        "thread": "in-ABC-7",
        "own": "in-ABC-7",
        "pool": "in-ABC-7",
        "task": "in-ABC-7",
        "executor": "in-ABC-7",
        "pool later": "in-ABC-8",
        "pool after": None,
    }


def test_a_container_is_told_when_its_input_waits_and_gives_its_address() -> None:
    _, said, address = inside()
    assert said == ["begins", "ends"]
    assert address == ("unix:///gateway", "key")


def test_outside_threads_are_left_as_they_are() -> None:
    assert threading.Thread.start.__module__ == "threading"
    assert ThreadPoolExecutor.submit.__module__.startswith("concurrent.futures")
