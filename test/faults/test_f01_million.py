"""F1 at a million: kill -9 the gateway at 20 random moments of one map of 1,000,000 tiny inputs."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

import farcall
from test.python.support.waiting import is_gone, until

from .conftest import Home

#: What may be in flight when the gateway is killed: of two containers, three ranges of at most 4,096 inputs.
IN_FLIGHT = 2 * 3 * 4_096


class Killer:
    """Kills the gateway whenever the map has come to the next of some places, beside whoever reads it."""

    def __init__(self, home: Home, places: Sequence[int]) -> None:
        self.reached = 0
        self.kills = 0
        self._home = home
        self._places = places
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._kill_all)
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _kill_all(self) -> None:
        for place in self._places:
            while self.reached < place:
                if self._is_over.wait(0.005):
                    return
            until(lambda: not is_gone(self._home.pid))  # a new one, if the one before was killed just now
            self._home.kill_gateway()
            self.kills += 1


@pytest.mark.parametrize(
    ("inputs", "kills"),
    [
        pytest.param(50_000, 2, id="50k"),
        pytest.param(1_000_000, 20, id="a million", marks=pytest.mark.slow),
    ],
)
def test_every_result_comes_once_and_in_order(home: Home, tmp_path: Path, inputs: int, kills: int) -> None:
    executions = tmp_path / "executions"
    executions.touch()

    def noted(number: int) -> int:
        import os

        descriptor = os.open(executions, os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, b"x")
        os.close(descriptor)
        return number * 2

    function = farcall.App("faults").function(max_containers=2)(noted)
    dice = random.Random(20261121)
    killer = Killer(home, sorted(dice.randrange(inputs // 50, inputs * 9 // 10) for _ in range(kills)))
    try:
        for index, value in enumerate(function.map(range(inputs))):
            assert value == index * 2
            killer.reached = index + 1
    finally:
        killer.end()
    assert killer.reached == inputs
    assert killer.kills == kills
    ran = executions.stat().st_size
    print(f"{inputs:,} inputs, {kills} kills: {ran - inputs:,} executions above")
    assert inputs <= ran <= inputs + kills * IN_FLIGHT, "only what was in flight may run again"
