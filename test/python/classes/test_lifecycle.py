"""`@enter` before a container's first input, `@exit` when it leaves; what happens when one of them raises."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import farcall
from farcall.errors import InputCancellation

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("class-lifecycle")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


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
