"""The gateway goes away in the middle of things: the client comes back, and its callers notice nothing."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.home import Home
from support.waiting import until

import farcall
from farcall import errors
from farcall.calls import feed
from farcall.client import embedded, place
from farcall.client.session import Session


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def slowly(x: int) -> int:
    time.sleep(0.005)
    return x


def test_a_map_goes_on_when_the_gateway_is_killed(fresh_home: Home) -> None:
    count = 600
    seen: list[int] = []
    for value in slowly.map(range(count)):
        seen.append(value)
        if len(seen) == 50:
            fresh_home.kill()
    assert seen == list(range(count))


def test_an_unsized_map_goes_on_when_the_gateway_is_killed(fresh_home: Home) -> None:
    def source() -> Iterator[int]:
        for x in range(3000):
            if x == 1000:
                fresh_home.kill()
            yield x

    assert list(double.map(source())) == [2 * x for x in range(3000)]


def test_a_spawned_call_is_there_after_a_restart(fresh_home: Home) -> None:
    call = double.spawn(21)
    assert call.get() == 42
    fresh_home.kill()
    assert call.get() == 42


def test_the_first_nested_call_of_a_container_waits_for_a_gateway_that_is_away(
    fresh_home: Home, tmp_path: Path
) -> None:
    begun, gate, asks = tmp_path / "begun", tmp_path / "gate", tmp_path / "asks"

    @farcall.function
    def nests(x: int) -> int:
        begun.touch()
        while not gate.exists():
            time.sleep(0.01)
        asks.touch()
        return double.remote(x)

    call = nests.spawn(4)
    until(begun.exists)
    with (fresh_home.folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # nobody can start the next gateway meanwhile
        fresh_home.kill()
        gate.touch()
        until(asks.exists)
        time.sleep(0.5)  # not for something to happen: it stays away for so long after it was asked for
    assert call.get(timeout=60) == 8


def test_inputs_that_the_next_gateway_cannot_take_end_the_call_with_the_reason(
    fresh_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PATIENCE_S", 0.5)
    assert double.remote(1) == 2

    def inputs() -> Iterator[int]:
        yield 0
        fresh_home.kill()
        for file in fresh_home.folder.glob("store.db*"):
            file.unlink()
        yield from range(2 * feed.CREDIT_INPUTS)  # more than may be sent and not acknowledged

    with pytest.raises(errors.NotFoundError, match="belongs to another gateway"):
        double.spawn_map(inputs())


def test_the_next_call_starts_a_gateway_that_was_stopped(fresh_home: Home) -> None:
    assert double.remote(1) == 2
    fresh_home.end()
    assert double.remote(2) == 4


def test_a_wrong_token_is_an_auth_error(fresh_home: Home) -> None:
    address = embedded.ensure(fresh_home.folder)
    session = Session(place.Place(url=address.url, token="wrong"))
    with pytest.raises(errors.AuthError, match="token"):
        session.welcome()


def test_an_address_where_nothing_listens_says_so() -> None:
    session = Session(place.Place(url="ws://127.0.0.1:9", token="x"))
    with pytest.raises(errors.ConnectionError, match=r"127\.0\.0\.1:9"):
        session.welcome()


def test_a_url_without_a_token_says_what_is_missing(fresh_home: Home) -> None:
    script = "import farcall\n@farcall.function\ndef f(): pass\nf.remote()"
    variables = {**os.environ, "FARCALL_URL": "ws://127.0.0.1:9"}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=variables)
    assert "FARCALL_TOKEN is not set" in ran.stderr


def test_a_closed_session_is_replaced_by_the_next_call(fresh_home: Home) -> None:
    assert double.remote(1) == 2
    first = Session.current()
    first.close()
    assert double.remote(1) == 2
    assert Session.current() is not first
    with pytest.raises(errors.ClientClosed):
        first.welcome()
