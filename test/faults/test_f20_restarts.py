"""F20: the gateway is killed or told to leave every 5 s, for two minutes, under 100 calls a second."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

import farcall
from test.python.support.waiting import is_gone

from .conftest import Home

A_SECOND = 100
RESTART_EVERY_S = 5.0


async def restart(home: Home, times: int) -> None:
    """End the gateway every five seconds, by turns with and without a warning; later where the next is not up yet."""
    for turn in range(times):
        await asyncio.sleep(RESTART_EVERY_S)
        while is_gone(home.pid):
            await asyncio.sleep(0.05)
        os.kill(home.pid, (signal.SIGKILL, signal.SIGTERM)[turn % 2])


async def call_steadily(function: farcall.Function[[int], int], meanwhile: asyncio.Task[None]) -> list[int]:
    """Start 100 calls a second, whether those before have come back or not; all their results."""
    loop = asyncio.get_running_loop()
    began, calls = loop.time(), list[asyncio.Task[int]]()
    while not meanwhile.done():
        while len(calls) < (loop.time() - began) * A_SECOND:
            calls.append(asyncio.create_task(function.remote.aio(len(calls))))
        await asyncio.sleep(0.01)
    await meanwhile
    return await asyncio.gather(*calls)


@pytest.mark.parametrize(
    "restarts", [pytest.param(2, id="15 s"), pytest.param(23, id="2 minutes", marks=pytest.mark.slow)]
)
def test_nothing_is_lost_and_nothing_is_double(home: Home, tmp_path: Path, restarts: int) -> None:
    executions = tmp_path / "executions"

    def noted(number: int) -> int:
        with open(executions, "a") as file:
            file.write(f"{number}\n")
        return number * 2

    function = farcall.App("faults").function(max_containers=2)(noted)
    assert function.remote(0) == 0
    executions.unlink()

    async def main() -> list[int]:
        return await call_steadily(function, asyncio.create_task(restart(home, restarts)))

    results = asyncio.run(main())
    assert results == [number * 2 for number in range(len(results))]
    ran = Counter(int(line) for line in executions.read_text().splitlines())
    again = sum(ran.values()) - len(results)
    print(f"{len(results):,} calls, {restarts} restarts, {again} executions above")
    assert set(ran) == set(range(len(results)))
    assert max(ran.values()) <= 2
