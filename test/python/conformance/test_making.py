"""api.md §1: making a function. Rows that older tests show:

| row | test |
|---|---|
| options and their faults | test/python/test_options.py, test_bad_input.py, test_resources.py |
| the magics | test/python/notebook/test_magics.py |
| versions, captures, local modules | test/python/versions/, test_interleaved.py |
| once | test/python/container/test_inputs.py, test_interleaved.py |
| a Stub's direct call | test/python/test_function.py |
| captures of 256 KiB and 64 MiB | test/python/versions/test_version.py |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import farcall
from farcall import errors

pytestmark = pytest.mark.usefixtures("home")


def test_the_decorator_works_bare_and_with_options_on_an_app_and_on_the_package(capsys: Any) -> None:
    app = farcall.App("making")

    @app.function
    def bare(x: int) -> int:
        return x + 1

    @app.function(timeout=30)
    def given(x: int) -> int:
        return x + 2

    @farcall.function()
    def empty(x: int) -> int:
        return x + 3

    assert capsys.readouterr().out == ""
    assert [f.remote(0) for f in (bare, given, empty)] == [1, 2, 3]
    assert (bare.app_name, empty.app_name) == ("making", "")


def test_a_value_that_a_function_uses_is_taken_when_a_call_starts() -> None:
    settings = {"by": 2}

    @farcall.function
    def times(x: int) -> int:
        return x * settings["by"]

    assert times.remote(3) == 6
    settings["by"] = 5
    assert times.remote(3) == 15


def test_redecorating_a_name_replaces_it_at_the_next_call() -> None:
    app = farcall.App("again")

    @app.function
    def f() -> int:
        return 1

    assert f.remote() == 1

    @app.function  # type: ignore[no-redef]
    def f() -> int:
        return 2

    assert f.remote() == 2


def test_a_class_a_method_or_a_value_is_no_function() -> None:
    app = farcall.App("wrong")
    with pytest.raises(errors.InvalidError, match="is a class"):
        app.function(type("Thing", (), {}))
    with pytest.raises(errors.InvalidError, match="options by name"):
        app.function("A100")  # type: ignore[call-overload]
    with pytest.raises(errors.InvalidError, match="decorated already"):
        app.function(app.function(lambda: None))


def test_a_stub_runs_remotely_when_called_and_has_its_own_decorator_for_generators() -> None:
    stub = farcall.Stub("of-2022")

    @stub.function
    def where() -> bool:
        return farcall.is_local()

    @stub.generator
    def several(n: int) -> Iterator[int]:
        yield from range(n)

    assert where() is False
    assert several.is_generator
    assert list(several.remote_gen(3)) == [0, 1, 2]


def test_an_app_that_runs_does_not_swallow_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), farcall.App("running").run():
        raise KeyboardInterrupt
