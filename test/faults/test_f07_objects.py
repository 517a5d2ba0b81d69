"""F7, of dicts and queues: a process that is killed gives back, after a minute, what it took and had not confirmed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from farcall import Dict, Queue, errors
from test.python.support.waiting import until

from .conftest import Home

GETTER = """
import sys
from farcall import Queue
from farcall.client.session import Session

q = Queue.from_name("dying").hydrate()
asked = Session.current().request
def request(message, payload=b""):
    if type(message).__name__ == "QueueTaken":  # it has the item, and dies before it says so
        print("has it", flush=True)
        sys.stdin.read()
    return asked(message, payload)
Session.current().request = request
q.get()
"""


OWNER = """
import sys
from farcall import Dict
d = Dict({"a": 1})
print(d.object_id if d["a"] else "", flush=True)
sys.stdin.read()
"""


def started(code: str) -> tuple[subprocess.Popen[str], str]:
    """A process that runs the code, and its first line."""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


@pytest.mark.slow
def test_f07_what_a_killed_process_took_goes_back_and_what_it_made_for_itself_goes(home: Home) -> None:
    """It might have come back, for a minute."""
    q = Queue.from_name("dying", create_if_missing=True)
    q.put_many(["first", "second"])
    getter, said = started(GETTER)
    assert said == "has it"
    assert q.len() == 1
    owner, its_id = started(OWNER)
    its = Dict.from_id(its_id)
    assert its["a"] == 1
    for process in (getter, owner):
        process.kill()
        process.communicate()
    until(lambda: q.len() == 2, seconds=120)
    assert q.get_many(2) == ["first", "second"]

    def is_gone() -> bool:
        try:
            return its.get("a") is None
        except errors.NotFoundError:
            return True

    until(is_gone, seconds=120)
