"""F6: the connection between a container and the gateway is away for ten seconds.

Five minutes of it, in virtual time, are in ``test/simulation/cut.test.ts``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import farcall
from farcall.client import embedded
from test.python.support.waiting import until

from .conftest import Home
from .proxy import Proxy, between

AWAY_S = 10.0


@pytest.fixture
def network(home: Home) -> Iterator[Proxy]:
    embedded.ensure(home.folder)
    with between(home.folder) as proxy:
        yield proxy


@pytest.mark.parametrize("how", [pytest.param("cut", id="reset"), pytest.param("silence", marks=pytest.mark.slow)])
def test_an_outcome_of_a_container_out_of_reach_is_taken_and_nothing_runs_again(
    network: Proxy, tmp_path: Path, how: str
) -> None:
    begun, go = tmp_path / "begun", tmp_path / "go"

    def noted(number: int) -> int:
        import time

        with open(begun, "a") as file:
            file.write(f"{number}\n")
        while not go.exists():
            time.sleep(0.01)
        return number * 2

    results = farcall.App("faults").function(max_containers=1)(noted).map(range(100)).start()
    until(begun.exists)
    assert network.roads("container") == 1
    getattr(network, how)("container")
    cut_at = time.monotonic()
    go.touch()  # it goes on working, and has something to say before it can
    time.sleep(cut_at + AWAY_S - time.monotonic())  # the fault
    assert results.counts.succeeded == 0
    network.mend()
    assert list(results) == [number * 2 for number in range(100)]
    assert list(map(int, begun.read_text().split())) == list(range(100)), "each ran once"
    assert set(results.details()["attempts"]) == {1}
