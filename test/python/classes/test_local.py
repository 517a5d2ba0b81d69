"""`.local()`: an instance in this process, made and entered once; and classes that nobody decorated."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

import farcall

app = farcall.App("class-local")


@app.cls(gpu="any")
class Counter:
    start: int = farcall.parameter(default=1)
    SHARED = "an attribute of the class"

    @farcall.enter()
    async def enter_async(self) -> None:
        await asyncio.sleep(0)
        self.count = self.start

    @farcall.enter()
    def enter_sync(self) -> None:
        self.thread = threading.current_thread().name
        self.entered = getattr(self, "entered", 0) + 1

    @farcall.method()
    def add(self, n: int) -> int:
        self.count += n
        return self.count

    @farcall.method()
    def twice(self, n: int) -> int:
        self.add(n)
        return self.add.local(n)

    @farcall.method()
    async def soon(self, n: int) -> int:
        return self.add(n)

    @farcall.method()
    async def steps(self, n: int) -> AsyncIterator[int]:
        for step in range(n):
            yield self.count + step

    @farcall.exit()
    def never(self) -> None:
        raise AssertionError("exit hooks do not run here")

    def plain(self) -> str:
        return f"from {self.start}"


def test_local_enters_once_in_this_thread_and_keeps_its_instance() -> None:
    counter = Counter(start=10)
    assert counter.add.local(1) == 11
    assert counter.twice.local(2) == 15
    with pytest.warns(UserWarning, match="runs here"):  # it asks for a GPU; inside the class nothing is said
        assert counter.add(1) == 16
    assert (counter.entered, counter.thread) == (1, threading.current_thread().name)
    assert Counter(start=10).add.local(1) == 11


def test_local_async_methods_enter_in_the_callers_loop() -> None:
    async def main() -> tuple[list[int], list[int], int]:
        counter = Counter()
        together = await asyncio.gather(*(counter.soon.local(1) for _ in range(3)))
        return sorted(together), [step async for step in counter.steps.local(2)], counter.entered

    assert asyncio.run(main()) == ([2, 3, 4], [4, 5], 1)


def test_a_sync_method_enters_where_a_loop_runs_already() -> None:
    async def main() -> int:
        return Counter(start=4).add.local(1)

    assert asyncio.run(main()) == 5


def test_plain_attributes_and_methods_need_no_enter() -> None:
    counter = Counter(start=3)
    assert counter.plain() == "from 3"
    assert counter.SHARED == Counter.SHARED == "an attribute of the class"
    assert not hasattr(counter, "count")
    with pytest.raises(AttributeError, match="nothing"):
        counter.nothing  # noqa: B018


def test_a_method_of_the_class_itself_says_what_was_forgotten() -> None:
    with pytest.raises(AttributeError, match=r"forget to instantiate.*Counter\(…\)\.add\.remote"):
        Counter.add.remote(1)
    with pytest.raises(AttributeError):
        Counter.nothing  # noqa: B018


def test_a_copy_of_an_instance_is_an_instance_of_its_own() -> None:
    import copy

    counter = Counter(start=1)
    counter.add.local(1)
    made = copy.copy(counter._here().instance)
    assert made.add(5) == 7
    assert counter.add.local(0) == 2


def test_an_undecorated_class_is_a_plain_class() -> None:
    class Plain:
        size: int = farcall.parameter(default=2)

        @farcall.enter()
        def begin(self) -> None:
            self.begun = True

        @farcall.method()
        def grow(self, n: int) -> int:
            return self.size * n

    plain = Plain()
    assert plain.grow(3) == 6
    assert not hasattr(plain, "begun")
    plain.begin()
    plain.size = 5
    assert plain.grow(3) == 15
    assert Plain.grow(plain, 1) == 5


def test_a_decorated_class_can_be_a_base() -> None:
    @app.cls()
    class More(Counter):
        @farcall.method()
        def add(self, n: int) -> int:
            return int(super().add(n)) + 100

    assert More(start=1).add.local(1) == 102
    assert isinstance(More(start=1)._here().instance, Counter)
    assert Counter(start=1).add.local(1) == 2
