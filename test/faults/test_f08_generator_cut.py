"""F6 and F8 for generators: connections are cut among their values, frames come twice, late, or are the last.

Whatever happens on the way, a reader gets every value once and in order, and the function runs once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import farcall
from farcall.client import embedded

from .conftest import Home
from .proxy import Proxy, Role, between

COUNT = 1500


@pytest.fixture
def network(home: Home) -> Iterator[Proxy]:
    embedded.ensure(home.folder)
    with between(home.folder) as proxy:
        yield proxy


def counting(folder: Path) -> Any:
    def count(until: int) -> Iterator[Any]:
        with open(folder / "runs", "a") as file:
            file.write(".")
        for number in range(until):
            yield number if number % 100 else (number, bytes(300_000))

    return farcall.App("faults").function(count)


def numbers(values: Iterator[Any]) -> Iterator[int]:
    for value in values:
        yield value if isinstance(value, int) else value[0]


@pytest.mark.parametrize("role", ["client", "container"])
def test_values_come_once_when_a_connection_is_cut_among_them(network: Proxy, tmp_path: Path, role: Role) -> None:
    seen = []
    for value in numbers(counting(tmp_path).remote_gen(COUNT)):
        seen.append(value)
        if value in (3, 700, COUNT - 40):
            network.cut(role)
            network.mend()
    assert seen == list(range(COUNT))
    assert (tmp_path / "runs").read_text() == "."


def test_a_reader_that_was_away_while_the_generator_ended_gets_the_last_values(network: Proxy, tmp_path: Path) -> None:
    values = numbers(counting(tmp_path).remote_gen(40))
    assert next(values) == 0
    network.cut("client")
    time.sleep(1)  # the fault: it ends meanwhile
    network.mend()
    assert list(values) == list(range(1, 40))


def test_a_reader_that_was_away_while_the_generator_broke_gets_the_last_values_first(network: Proxy) -> None:
    @farcall.App("faults").function
    def breaks(count: int) -> Iterator[int]:
        import time

        yield from range(count)
        time.sleep(0.5)
        yield from range(count, 2 * count)
        raise KeyError("no more")

    values = breaks.remote_gen(20)
    assert [next(values) for _ in range(20)] == list(range(20))
    network.cut("client")
    time.sleep(1.5)  # the fault: it yields twenty more and breaks meanwhile
    network.mend()
    assert [next(values) for _ in range(20)] == list(range(20, 40))
    with pytest.raises(KeyError, match="no more"):
        next(values)


def test_values_come_once_when_frames_come_twice_late_or_are_the_last(network: Proxy, tmp_path: Path) -> None:
    network.rates = {"twice": 0.1, "late": 0.02, "lost": 0.004}
    seen = list(numbers(counting(tmp_path).remote_gen(COUNT)))
    assert seen == list(range(COUNT))
    assert network.struck["twice"] > 10
    assert (tmp_path / "runs").read_text() == "."
