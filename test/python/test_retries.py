"""Retry policies, end to end: how often an input runs, and which exceptions are worth another attempt."""

from __future__ import annotations

from pathlib import Path

import pytest

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


class Flaky(Exception):
    """Defined where the function is, as in a cell."""


def quick(attempts: int, *retry_on: type[BaseException]) -> farcall.Retries:
    return farcall.Retries(max_retries=attempts, initial_delay=0.0, max_delay=1.0, retry_on=retry_on or None)


def test_only_the_listed_exceptions_are_retried(tmp_path: Path) -> None:
    @farcall.function(retries=quick(3, ConnectionResetError, TimeoutError))
    def fetch(kind: str) -> str:
        with (tmp_path / kind).open("a") as file:
            file.write(".")
        raise {"reset": ConnectionResetError, "value": ValueError, "pipe": BrokenPipeError}[kind](kind)

    values = list(fetch.map(["reset", "value", "pipe"], return_exceptions=True))
    assert [type(value) for value in values] == [ConnectionResetError, ValueError, BrokenPipeError]
    assert [len((tmp_path / kind).read_text()) for kind in ("reset", "value", "pipe")] == [4, 1, 1]


def test_subclasses_of_a_listed_exception_are_retried(tmp_path: Path) -> None:
    tries = tmp_path / "tries"

    @farcall.function(retries=quick(2, OSError))
    def fetch() -> int:
        with tries.open("a") as file:
            file.write(".")
        if len(tries.read_text()) < 3:
            raise ConnectionResetError
        return 7

    assert fetch.remote() == 7


def test_an_exception_class_of_the_cell_may_be_listed(tmp_path: Path) -> None:
    tries = tmp_path / "tries"

    class Local(Exception):
        pass

    @farcall.function(retries=quick(2, Local, Flaky))
    def fetch(kind: str) -> int:
        with tries.open("a") as file:
            file.write(kind)
        if tries.read_text().count(kind) < 2:
            raise (Local if kind == "l" else Flaky)(kind)
        return tries.read_text().count(kind)

    assert fetch.remote("l") == 2
    assert fetch.remote("f") == 2


def test_another_list_of_exceptions_is_another_version() -> None:
    def f() -> None: ...

    one, other = farcall.function(retries=quick(1, OSError))(f), farcall.function(retries=quick(1, KeyError))(f)
    assert one.version != other.version


def test_without_a_list_every_exception_is_retried(tmp_path: Path) -> None:
    tries = tmp_path / "tries"

    @farcall.function(retries=quick(1))
    def fetch() -> int:
        with tries.open("a") as file:
            file.write(".")
        if len(tries.read_text()) < 2:
            raise ValueError
        return 7

    assert fetch.remote() == 7


@pytest.mark.parametrize("wrong", ["OSError", 3, (OSError, "KeyError"), [OSError], int])
def test_what_is_no_exception_type_is_refused_at_once(wrong: object) -> None:
    with pytest.raises(errors.InvalidError, match="retry_on"):
        farcall.Retries(max_retries=1, retry_on=wrong)  # type: ignore[arg-type]
