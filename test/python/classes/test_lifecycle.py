"""`@enter` before a container's first input, `@exit` when it leaves; what happens when one of them raises."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from support.waiting import until

import farcall
from farcall.errors import InputCancellation

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("class-lifecycle")


class Base:
    folder: str = farcall.parameter()

    def write(self, word: str) -> None:
        with (Path(self.folder) / "log").open("a") as log:
            log.write(f"{word}\n")

    @farcall.enter()
    def base_enter(self) -> None:
        self.write("base enter")

    @farcall.exit()
    def base_exit(self) -> None:
        self.write("base exit")


@app.cls(scaledown_window=0.5)
class Logged(Base):
    @farcall.enter()
    async def enter_async(self) -> None:
        await asyncio.sleep(0)
        self.loop = asyncio.get_running_loop()
        self.write("enter async")

    @farcall.enter()
    def enter_sync(self) -> None:
        self.write("enter sync")

    @farcall.enter(snap=True)
    def enter_first(self) -> None:
        self.write("snap")

    @farcall.method()
    async def same_loop(self) -> bool:
        self.write("call")
        return asyncio.get_running_loop() is self.loop

    @farcall.method()
    def sleep(self) -> None:
        self.write("sleeping")
        try:
            time.sleep(100)
        except InputCancellation:
            self.write("cancelled")
            raise

    @farcall.exit()
    def exit_sync(self) -> None:
        self.write("exit sync")
        raise RuntimeError("an exit that fails keeps no other from running")

    @farcall.exit()
    async def exit_async(self) -> None:
        self.write(f"exit async {asyncio.get_running_loop() is self.loop}")


def lines(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines() if (folder / "log").exists() else []


ENTERED = ["snap", "base enter", "enter async", "enter sync"]
EXITED = ["base exit", "exit sync", "exit async True"]


def test_hooks_run_once_in_order_and_on_the_methods_event_loop(tmp_path: Path) -> None:
    logged = Logged(folder=str(tmp_path))
    assert logged.same_loop.remote()
    until(lambda: lines(tmp_path)[-1:] == EXITED[-1:])
    assert lines(tmp_path) == [*ENTERED, "call", *EXITED]


def test_exit_runs_after_a_cancelled_input(tmp_path: Path) -> None:
    call = Logged(folder=str(tmp_path)).sleep.spawn()
    until(lambda: "sleeping" in lines(tmp_path))
    call.cancel()
    until(lambda: lines(tmp_path)[-1:] == EXITED[-1:])
    assert lines(tmp_path) == [*ENTERED, "sleeping", "cancelled", *EXITED]


def test_exit_runs_when_a_container_has_run_all_it_may(tmp_path: Path) -> None:
    once = Logged.with_options(single_use_containers=True)(folder=str(tmp_path))
    assert once.same_loop.remote()
    until(lambda: lines(tmp_path)[-1:] == EXITED[-1:])
    assert lines(tmp_path) == [*ENTERED, "call", *EXITED]


def test_an_enter_that_raises_fails_the_inputs_with_its_own_error_and_line(tmp_path: Path) -> None:
    @app.cls()
    class Broken:
        folder: str = farcall.parameter()

        @farcall.enter()
        def load(self) -> None:
            with (Path(self.folder) / "tries").open("a") as tries:
                tries.write("x")
            raise FileNotFoundError("weights.bin")

        @farcall.method()
        def run(self, x: int) -> int:
            return x

        @farcall.exit()
        def never(self) -> None:
            (Path(self.folder) / "exited").touch()

    with pytest.raises(FileNotFoundError, match=r"weights.bin") as caught:
        Broken(folder=str(tmp_path)).run.remote(1)
    assert any("@farcall.enter() " in note and "load" in note for note in caught.value.__notes__)
    assert "raise FileNotFoundError" in str(caught.getrepr())
    assert (tmp_path / "tries").read_text() == "xxx"
    assert not (tmp_path / "exited").exists()


def test_once_is_computed_once_for_all_instances_methods() -> None:
    @farcall.once
    def load() -> list[int]:
        return [os.getpid()]

    @app.cls()
    class Uses:
        @farcall.enter()
        def begin(self) -> None:
            self.loaded = load()

        @farcall.method()
        def same(self) -> bool:
            return load() is self.loaded

    assert Uses().same.remote()


@app.function
def weights(size: int) -> list[int]:
    """What somebody would load a model with."""
    return [1] * size


@app.cls()
class Loading:
    how: str = farcall.parameter()

    @farcall.enter()
    def load(self) -> None:
        if self.how == "far":
            weights.remote(3)
        elif self.how == "by name":
            farcall.Function.from_name("class-lifecycle", "weights").remote(3)
        elif self.how == "itself":
            self.size.remote()
        elif self.how == "a map":
            list(weights.map([1, 2]))

    @farcall.method()
    def size(self) -> int:
        if not hasattr(self, "weights"):
            self.weights = weights.remote(3)
        return len(self.weights)


@pytest.mark.parametrize("how", ["far", "by name", "itself", "a map"])
def test_a_hook_that_calls_a_function_before_the_first_input_says_what_to_do(how: str) -> None:
    assert weights.remote(1) == [1]  # from now on it is known by name
    with pytest.raises(farcall.errors.InvalidError) as raised:
        Loading(how=how).size.remote()
    said = str(raised.value)
    callee = "Loading.size" if how == "itself" else "weights"
    assert "@farcall.enter() Loading.load cannot call" in said
    assert callee in said
    assert "a call belongs to an input, and before a container's first there is none" in said
    assert "Call it in a method, the first time that its value is needed" in said


def test_a_method_may_load_through_a_function_at_its_first_input() -> None:
    loading = Loading(how="not at all")
    assert [loading.size.remote(), loading.size.remote()] == [3, 3]
