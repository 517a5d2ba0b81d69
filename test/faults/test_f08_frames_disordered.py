"""F8: one frame in five comes twice and one in five late, on every connection, both ways; connections break as well."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

import farcall
from farcall.client import embedded
from test.python.support.waiting import is_gone, until

from .conftest import Home
from .proxy import Proxy, between

DISORDER = {"twice": 0.2, "late": 0.2}
#: One frame in fifty is the last of its connection; what was behind it is said again on the next one.
BREAKING = {**DISORDER, "lost": 0.02}


@pytest.fixture
def network(home: Home) -> Iterator[Proxy]:
    """All come through it: the client, the containers, and a supervisor that is started after it."""
    embedded.ensure(home.folder)
    until((home.folder / "supervisor.json").exists)
    first = home.supervisor
    with between(home.folder) as proxy:
        os.kill(first, signal.SIGKILL)
        until(lambda: is_gone(first), seconds=30)
        yield proxy


@pytest.mark.parametrize("rates", [DISORDER, BREAKING], ids=["disorder", "breaking"])
def test_a_map_has_the_same_results(network: Proxy, rates: dict[str, float]) -> None:
    def double(number: int) -> int:
        if number % 1_000 == 999:
            raise ValueError(number)
        return number * 2

    network.rates = rates
    results = farcall.App("faults").function(max_containers=3)(double).map(range(20_000), return_exceptions=True)
    values = [value if isinstance(value, int) else str(value) for value in results]
    assert values == [str(number) if number % 1_000 == 999 else number * 2 for number in range(20_000)]
    assert (results.counts.succeeded, results.counts.failed) == (19_980, 20)
    assert all(network.struck[what] for what in rates), network.struck


@pytest.mark.parametrize("rates", [DISORDER, BREAKING], ids=["disorder", "breaking"])
def test_lone_calls_have_the_same_results(network: Proxy, rates: dict[str, float]) -> None:
    def double(number: int) -> int:
        return number * 2

    network.rates = rates
    function = farcall.App("faults").function(max_containers=2)(double)
    assert [function.remote(number) for number in range(40)] == [number * 2 for number in range(40)]
    assert all(network.struck[what] for what in rates), network.struck


def test_a_generator_yields_the_same_values(network: Proxy) -> None:
    def count(until: int) -> Iterator[int]:
        yield from range(until)

    network.rates = DISORDER
    assert list(farcall.App("faults").function(count).remote_gen(1_000)) == list(range(1_000))
    assert all(network.struck[what] for what in DISORDER), network.struck
