"""F1: kill -9 the gateway at a random moment of a 10,000-input map, restart it; 20 rounds."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest

import farcall
from test.python.support.waiting import is_gone, until

from .conftest import Home

ROUNDS = int(os.environ.get("FARCALL_ROUNDS", "20"))


@pytest.mark.parametrize(
    "rounds", [pytest.param(3, id="3 rounds"), pytest.param(ROUNDS, id="all rounds", marks=pytest.mark.slow)]
)
def test_a_map_survives_the_gateway_being_killed(home: Home, tmp_path: Path, rounds: int) -> None:
    executions = tmp_path / "executions"
    executions.touch()

    def noted(number: int) -> int:
        with open(executions, "a") as file:
            file.write("x")
        return number * 2

    function = farcall.App("faults").function(max_containers=2)(noted)
    dice = random.Random(20261121)
    for _ in range(rounds):
        before = executions.stat().st_size
        results = iter(function.map(range(10_000)))
        first = [next(results) for _ in range(dice.randrange(1, 6_000))]
        killed = threading.Thread(target=home.kill_gateway)
        killed.start()
        rest = list(results)
        killed.join()
        assert first + rest == [number * 2 for number in range(10_000)]
        ran = executions.stat().st_size - before
        assert ran <= 10_000 + 2 * 2 * 4_096, "only what was in flight may run again"
    assert until(lambda: not is_gone(home.pid))
