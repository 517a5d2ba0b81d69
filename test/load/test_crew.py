"""Clients of a crew are clients of their own, however many share a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from farcall.client.session import Session
from test.load.crew import Crew, Post
from test.python.support.home import Home, running_home

from . import work

CLIENTS = 30
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with running_home() as running:
        yield running


def one_client(number: int, settings: dict[str, int], post: Post) -> None:
    post.wait_for_all()
    post.say({"value": work.double.remote(number), "number": number, "session": Session.current().id})


def failing_client(number: int, settings: dict[str, int], post: Post) -> None:
    raise ValueError(f"{number} does not want to")


def hanging_client(number: int, settings: dict[str, int], post: Post) -> None:
    post.say({"number": number})
    post._go.wait()


def test_each_client_has_a_session_of_its_own_and_gets_its_own_value(home: Home) -> None:
    crew = Crew(f"{__name__}:one_client", CLIENTS, {})
    try:
        told = list(crew.told(PATIENCE_S))
    finally:
        crew.close()
    assert len(crew.processes) == 2
    assert {one["number"]: one["value"] for one in told} == {number: number * 2 for number in range(CLIENTS)}
    assert len({one["session"] for one in told}) == CLIENTS


def test_a_client_that_fails_says_so(home: Home) -> None:
    crew = Crew(f"{__name__}:failing_client", 2, {})
    try:
        broken = sorted(one["broken"] for one in crew.told(PATIENCE_S))
    finally:
        crew.close()
    assert broken == ["ValueError: 0 does not want to", "ValueError: 1 does not want to"]


def test_a_client_that_hangs_is_not_waited_for_longer_than_asked(home: Home) -> None:
    crew = Crew(f"{__name__}:hanging_client", 1, {})
    try:
        with pytest.raises(TimeoutError, match="not all clients"):
            for _ in crew.told(3.0):
                pass
    finally:
        crew.close()
    assert crew.processes[0].poll() is not None
