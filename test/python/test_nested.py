"""Functions that call functions: deep, wide and in chains, on however few processors there are; all of it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")


def script(code: str) -> str:
    """What a script prints. Its functions are its own, as a notebook's: their containers import no test module."""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


DEEP = """
import farcall

@farcall.function
def deep(n):
    return 0 if n == 0 else 1 + deep.remote(n - 1)

print(deep.remote(200))
"""
MAPS = """
import farcall

@farcall.function
def double(x):
    return 2 * x

@farcall.function
def leaves(x):
    return sum(double.map([x, x + 1]))

@farcall.function
def branches(x):
    return sum(leaves.map([x, x + 1]))

print(list(branches.map(range(6))))
"""


def test_a_function_calls_itself_two_hundred_deep() -> None:
    assert script(DEEP) == "200"


def test_maps_inside_maps_inside_maps() -> None:
    expected = [sum(2 * z for y in (x, x + 1) for z in (y, y + 1)) for x in range(6)]
    assert script(MAPS) == str(expected)


@farcall.function
def double(x: int) -> int:
    return 2 * x


def test_results_feed_another_map_without_waiting_for_the_first() -> None:
    assert list(double.map(double.map(double.map(range(200))))) == [8 * x for x in range(200)]


def test_results_feed_another_map_beside_a_list() -> None:
    @farcall.function
    def add(a: int, b: int) -> int:
        return a + b

    assert list(add.map(double.map(range(50)), range(100, 150))) == [3 * x + 100 for x in range(50)]


def test_results_feed_another_map_inside_a_function() -> None:
    @farcall.function
    def chained(n: int) -> list[int]:
        return list(double.map(double.map(range(n))))

    assert chained.remote(40) == [4 * x for x in range(40)]


def test_a_function_finds_its_own_calls_by_their_ids() -> None:
    @farcall.function
    def by_id(n: int) -> list[object]:
        single, many = double.spawn(n), double.spawn_map(range(n))
        again = farcall.FunctionCall.from_id(many.object_id)
        return [farcall.FunctionCall.from_id(single.object_id).get(), again.num_inputs(), list(again.results())]

    assert by_id.remote(5) == [10, 5, [0, 2, 4, 6, 8]]


def test_a_function_may_not_read_calls_that_are_not_beneath_it() -> None:
    @farcall.function
    def read(call_id: str) -> object:
        return farcall.FunctionCall.from_id(call_id).get(timeout=10)

    with pytest.raises(farcall.errors.AuthError):
        read.remote(double.spawn(1).object_id)


def test_a_failure_deep_down_reaches_the_top_as_itself() -> None:
    @farcall.function
    def dig(n: int) -> int:
        if n == 0:
            raise KeyError("bottom")
        return int(dig.remote(n - 1))

    with pytest.raises(KeyError, match="bottom"):
        dig.remote(5)


@farcall.function(max_containers=1)
def leaf() -> int:
    import os

    return os.getpid()


@farcall.function(max_containers=3)
def branch(_: int) -> tuple[int, int]:
    import os
    import time

    time.sleep(0.2)
    return os.getpid(), leaf.remote()


@farcall.function
def other_leaf() -> int:
    return leaf.with_options(max_containers=2).remote()


def test_a_function_of_a_module_is_one_version_whichever_container_calls_it() -> None:
    called = list(branch.map(range(6)))
    assert len({above for above, _ in called}) > 1
    assert {below for _, below in called} == {leaf.remote()}
    assert other_leaf.remote() != leaf.remote(), "with other options it is another pool"


PATIENT = """
import farcall

app = farcall.App("patient")

@app.function(max_containers=1)
def slow(x):
    import time
    time.sleep(1)
    return x

@app.function(max_containers=1)
def said_while_waiting(x):
    from farcall.container.nested import Nested

    said, begins = [], Nested.wait_begins

    def noted(self):
        said.append(1)
        begins(self)

    Nested.wait_begins = noted
    try:
        return sum(slow.map([x, x + 1])), len(said)
    finally:
        Nested.wait_begins = begins

print(*said_while_waiting.remote(1))
"""


def test_a_container_says_once_that_it_waits_for_an_outcome_however_long_that_takes() -> None:
    total, said = map(int, script(PATIENT).split())
    assert total == 3
    assert 1 <= said <= 4, (
        "once for each batch of outcomes; every time it says so is answered, and it does not read yet"
    )
