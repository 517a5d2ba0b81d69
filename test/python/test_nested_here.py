"""Functions that other functions call directly, inside containers: here, unless a Stub made them (api.md §1, §2).

They are made inside the tests, as in cells: a module's functions are in the container with their module anyway.
"""

from __future__ import annotations

import inspect
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")


def test_a_direct_call_and_local_run_in_the_same_container() -> None:
    @farcall.function
    def scale(x: int) -> tuple[int, int]:
        return 3 * x, os.getpid()

    @farcall.function
    def outer(x: int) -> Any:
        return scale(x), scale.local(x), os.getpid()

    direct, local, pid = outer.remote(2)
    assert direct == local == (6, pid)


def test_so_does_a_function_of_an_imported_module() -> None:
    @farcall.function
    def outer() -> Any:
        return of_the_module(), of_the_module.local(), os.getpid()

    direct, local, pid = outer.remote()
    assert direct == local == pid


@farcall.function
def of_the_module() -> int:
    return os.getpid()


def test_a_direct_call_of_a_stubs_function_runs_in_another_container() -> None:
    stub = farcall.Stub("of-2022")

    @stub.function
    def elsewhere() -> int:
        return os.getpid()

    @stub.function
    def outer() -> Any:
        return elsewhere(), elsewhere.local(), os.getpid()

    direct, local, pid = outer.remote()
    assert local == pid != direct


def test_get_raw_f_gives_the_plain_function() -> None:
    def helper(word: str) -> str:
        return word.upper()

    @farcall.function
    def shout(word: str) -> str:
        return helper(word) + "!"

    @farcall.function
    def outer(word: str) -> Any:
        raw = shout.get_raw_f()
        return raw(word), inspect.isfunction(raw), raw.__name__

    assert outer.remote("ho") == ("HO!", True, "shout")


def test_coroutines_and_generators_are_what_they_are_anywhere() -> None:
    @farcall.function
    async def later(x: int) -> int:
        return x + 1

    @farcall.function
    def letters(word: str) -> Iterator[str]:
        yield from word

    @farcall.function
    async def outer() -> Any:
        return await later(1), await later.local(2), list(letters("ab")), list(letters.local("c"))

    assert outer.remote() == (2, 3, ["a", "b"], ["c"])


def test_a_function_calls_itself_here_by_its_name() -> None:
    @farcall.function
    def factorial(n: int) -> int:
        return 1 if n < 2 else n * factorial(n - 1)

    assert factorial.remote(20) == 2432902008176640000


def test_what_was_called_here_calls_others_in_turn() -> None:
    @farcall.function
    def scale(x: int) -> int:
        return 3 * x

    @farcall.function
    def middle(x: int) -> Any:
        return scale(x), scale.remote(2 * x)

    @farcall.function
    def outer(x: int) -> Any:
        return middle(x)

    assert outer.remote(1) == (3, 6)


def test_captured_values_are_those_of_the_call() -> None:
    factor = 3

    @farcall.function
    def scale(x: int) -> int:
        return factor * x

    @farcall.function(max_containers=1)
    def outer(x: int) -> int:
        return scale(x)

    assert outer.remote(1) == 3
    factor = 10
    assert outer.remote(1) == 10
    factor = 3
    assert outer.remote(1) == 3


def test_calls_with_other_captured_values_beside_each_other_see_their_own(tmp_path: Path) -> None:
    factor, gate = 3, tmp_path / "gate"

    @farcall.function
    def scale(x: int) -> int:
        return factor * x

    @farcall.function(max_containers=1)
    @farcall.concurrent(max_inputs=4)
    def outer(x: int) -> int:
        (tmp_path / f"began {x}").touch()
        while not gate.exists():
            time.sleep(0.01)
        return scale(x)

    first = outer.spawn(1)
    factor = 10
    second = outer.spawn(2)
    while not ((tmp_path / "began 1").exists() and (tmp_path / "began 2").exists()):
        time.sleep(0.01)
    gate.touch()
    assert (first.get(), second.get()) == (3, 20)


def test_it_works_in_threads_of_the_function() -> None:
    @farcall.function
    def scale(x: int) -> int:
        return 3 * x

    @farcall.function
    def outer() -> Any:
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(scale(5)))
        thread.start()
        thread.join()
        return found

    assert outer.remote() == [15]


def test_a_failure_shows_the_lines_of_both_functions() -> None:
    @farcall.function
    def inner() -> None:
        raise LookupError("deep down")

    @farcall.function
    def outer() -> None:
        inner()

    with pytest.raises(LookupError, match="deep down") as raised:
        outer.remote()
    lines = [str(entry.statement).strip() for entry in raised.traceback]
    assert lines[-1] == 'raise LookupError("deep down")'
    assert "inner()" in lines


def test_large_code_comes_as_a_blob() -> None:
    words = " + ".join(repr(f"{number:x>1000}") for number in range(1_500))
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(f"def big():\n    return len({words})", scope)
    big = farcall.function(scope["big"])

    @farcall.function
    def outer() -> int:
        return int(big())

    assert outer.remote() == 1_500_000
