"""What cannot work says what was given, what is possible and what to do, before or instead of running; nothing is lost.

Every test runs beside a map that was started before: whatever is refused, that one goes on.
"""

from __future__ import annotations

import contextlib
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pandas
import pytest
from support.gateway import Peer, ScriptedGateway
from support.home import Home

import farcall
from farcall import errors
from farcall.calls import environment
from farcall.client import place
from farcall.client.session import Session

LOCK = threading.Lock()


@farcall.function
def double(x: int) -> int:
    return 2 * x


@farcall.function
def slowly(x: int) -> int:
    time.sleep(0.01)
    return x


@pytest.fixture(autouse=True)
def running(home: Home) -> Iterator[None]:
    """A map that is under way when something else goes wrong."""
    results = slowly.map(range(40)).start()
    yield
    assert list(results) == list(range(40))


@contextlib.contextmanager
def at(url: str, token: str = "x") -> Iterator[None]:
    """Functions of this process run there, in a session of their own."""
    ours, Session._current = Session._current, None
    before = place.choose(place.Place(url=url, token=token))
    try:
        yield
    finally:
        session = Session.existing()
        if session is not None:
            session.close()
        place.choose(before)
        Session._current = ours


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """Address and token of a gateway for other machines: ``farcall serve``."""
    with tempfile.TemporaryDirectory(prefix="fc-", dir="/tmp") as folder:
        command = [sys.executable, "-m", "farcall.cli", "serve", "--port", "0", "--home", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            token = Path(process.stdout.readline().split()[-1]).read_text().strip()
            yield url, token
            process.terminate()


def test_a_wrong_option_names_itself_what_it_got_what_it_takes_and_the_nearest_name() -> None:
    with pytest.raises(
        errors.InvalidError, match=r"there is no option 'max_container'.*Did you mean \"max_containers\""
    ):
        farcall.function(max_container=3)
    with pytest.raises(errors.InvalidError, match=r"timeout= is wrong, got -1\. It takes seconds above 0"):
        double.with_options(timeout=-1)
    with pytest.raises(errors.InvalidError, match=r"max_containers=1 is below min_containers=2\. Raise"):
        farcall.function(min_containers=2, max_containers=1)
    with pytest.raises(errors.InvalidError, match=r"a new name\. Write min_containers="):
        farcall.function(keep_warm=1)


def test_a_function_that_cannot_be_pickled_names_the_value_it_uses() -> None:
    lock = threading.Lock()

    @farcall.function
    def locked() -> bool:
        return lock.locked()

    with pytest.raises(errors.SerializationError, match=r"captured lock: _thread\.lock.*make it in the function"):
        locked.remote()


def test_a_result_that_cannot_be_pickled_fails_its_row_alone() -> None:
    @farcall.function
    def sometimes(x: int) -> object:
        return {"at": [threading.Lock()]} if x == 2 else x

    values = list(sometimes.map(range(5), return_exceptions=True))
    assert [value for value in values if isinstance(value, int)] == [0, 1, 3, 4]
    assert isinstance(values[2], errors.SerializationError)
    assert "result['at'][0]" in str(values[2])
    assert "lock" in str(values[2])


def test_a_frame_without_the_column_names_the_parameter_the_columns_and_the_nearest() -> None:
    @farcall.function
    def embed(text: str) -> int:
        return len(text)

    frame = pandas.DataFrame({"texts": ["a"], "price": [1]})
    with pytest.raises(errors.InvalidError) as raised:
        embed.map(frame)
    assert "'text' has no column; the frame has texts, price" in str(raised.value)
    assert 'Did you mean "texts"?' in str(raised.value)
    with pytest.raises(errors.InvalidError, match=r'columns=\{"text": "\.\.\."\}'):
        embed.map(frame[["price"]])
    assert list(embed.map(frame, columns={"text": "texts"})) == [1]


class Refusing(ScriptedGateway):
    """Ends every connection with the close code of a protocol that it does not speak."""

    def _greet(self, peer: Peer) -> None:
        peer.close(4406, "protocol 7–9 is spoken here, not 1–1")


def test_a_gateway_of_another_protocol_says_so_and_what_to_install(tmp_path: Path) -> None:
    gateway = Refusing(tmp_path)
    try:
        with at(gateway.url), pytest.raises(errors.VersionError) as raised:
            double.remote(1)
    finally:
        gateway.close()
    assert "no protocol version in common" in str(raised.value)
    assert "7–9" in str(raised.value)
    assert "same farcall on both sides" in str(raised.value)


def test_a_wrong_token_says_where_the_right_one_is(served: tuple[str, str]) -> None:
    with at(served[0], "not-the-token"), pytest.raises(errors.AuthError) as raised:
        double.remote(1)
    assert served[0] in str(raised.value)
    assert "FARCALL_TOKEN" in str(raised.value)
    assert "not-the-token" not in str(raised.value)


def test_a_runtime_that_is_not_there_names_its_address_and_what_to_do() -> None:
    with at("ws://127.0.0.1:9"), pytest.raises(errors.ConnectionError) as raised:
        double.remote(1)
    assert "ws://127.0.0.1:9 cannot be reached" in str(raised.value)
    assert "Connection refused" in str(raised.value)
    assert "farcall serve" in str(raised.value)
    assert "unset FARCALL_URL" in str(raised.value)


def test_another_minor_version_of_python_names_both_and_what_to_do(
    served: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = environment.describe()
    other = msgspec.structs.replace(here, environment_id=f"en-{'7' * 32}", python="3.7.9")
    monkeypatch.setattr(environment, "describe", lambda *_: other)
    with at(*served), pytest.raises(errors.VersionError) as raised:
        double.remote(1)
    assert "this notebook runs Python 3.7" in str(raised.value)
    assert platform.python_version() in str(raised.value)
    assert "change the kernel" in str(raised.value)


def test_the_same_minor_version_runs(served: tuple[str, str]) -> None:
    with at(*served):
        assert double.remote(4) == 8


def test_an_impossible_gpu_says_what_there_is() -> None:
    with pytest.raises(errors.ResourceExhaustedError) as raised:
        double.with_options(gpu="B99:8").remote(1)
    assert "B99:8" in str(raised.value)
    assert re.search(r"there is: \S", str(raised.value))


def test_an_argument_that_cannot_be_pickled_names_the_path_to_it() -> None:
    with pytest.raises(errors.SerializationError, match=r"args\[0\]\['a'\]: _thread.lock"):
        double.remote({"a": LOCK})  # type: ignore[arg-type]


def test_an_argument_that_the_container_cannot_read_fails_alone() -> None:
    values = list(double.map([1, Unreadable(), 3], return_exceptions=True))
    assert (values[0], values[2]) == (2, 6)
    assert isinstance(values[1], errors.DeserializationError)
    assert "no_such_module" in str(values[1])


class Unreadable:
    """Pickles as a thing of a module that is nowhere."""

    def __reduce__(self) -> tuple[Any, ...]:
        return __import__, ("no_such_module",)
