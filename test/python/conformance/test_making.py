"""api.md §1: making a function. Rows that older tests show:

| row | test |
|---|---|
| options and their faults | test/python/test_options.py, test_bad_input.py, test_resources.py |
| the magics | test/python/notebook/test_magics.py |
| versions, captures, local modules | test/python/versions/, test_interleaved.py |
| once | test/python/container/test_inputs.py, test_interleaved.py |
| a Stub's direct call | test/python/test_function.py |
| images | test/python/images/ |
| captures of 256 KiB and 64 MiB | test/python/versions/test_version.py |
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import farcall
from farcall import errors
from farcall.apps.deploying import apps

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


def seen() -> dict[str, str]:
    import os

    return {name: text for name, text in os.environ.items() if name.startswith("MAKING_")}


def secret(name: str) -> farcall.Secret:
    return farcall.Secret.from_dict({f"MAKING_{name}": name})


def test_what_an_app_is_given_is_for_functions_and_classes_that_name_none_themselves() -> None:
    app = farcall.App("given", secrets=[secret("APP")], image=farcall.Image.debian_slim().env({"MAKING_IMAGE": "1"}))
    plain = app.function(name="plain")(seen)
    own = app.function(name="own", secrets=[secret("OWN")], image=None)(seen)
    none = app.function(name="none", secrets=[], image=None)(seen)

    @app.cls(image=None)
    class Inside:
        @farcall.method()
        def seen(self) -> dict[str, str]:
            return seen()

    assert plain.options.image is not None
    assert (own.options.image, none.options.image) == (None, None)
    bare = plain.with_options(image=None)
    assert asyncio.run(bare.remote.aio()) == bare.remote() == {"MAKING_APP": "APP"}
    assert own.remote() == {"MAKING_OWN": "OWN"}
    assert none.remote() == {}
    assert Inside().seen.remote() == {"MAKING_APP": "APP"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "a/b"}, ["name=", "a/b", "letters"]),
        ({"image": "debian"}, ["image=", "debian", "farcall.Image"]),
        ({"secrets": {"A": "1"}}, ["secrets=", "farcall.Secret"]),
        ({"volumes": ["/data"]}, ["volumes=", "absolute paths"]),
        ({"volumes": {"/data": object()}}, ["volumes=", "no volumes yet"]),
        ({"tags": ["team"]}, ["tags", "team", "texts under texts"]),
        ({"tags": {"team": 1}}, ["tags", "texts under texts"]),
    ],
)
def test_a_wrong_value_for_an_app_says_what_it_takes(given: dict[str, Any], says: list[str]) -> None:
    with pytest.raises(errors.InvalidError) as raised:
        farcall.App(**given)
    assert [word for word in says if word not in str(raised.value)] == []


def test_volumes_are_refused_rather_than_left_out() -> None:
    app = farcall.App("volumes", volumes={})
    with pytest.raises(errors.InvalidError, match="no volumes yet"):
        app.function(volumes={"/data": object()})
    with pytest.raises(errors.InvalidError, match="no volumes yet"):
        app.function(seen).with_options(volumes={"/data": object()})


def test_tags_are_told_in_the_list_of_apps() -> None:
    app = farcall.App("tagged", tags={"team": "films"})
    app.function(seen)
    assert app.get_tags() == {"team": "films"}
    with app.run():
        (told,) = [summary for summary in apps() if summary.app == "tagged"]
    assert told.tags == {"team": "films"}


def test_an_app_that_runs_does_not_swallow_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), farcall.App("running").run():
        raise KeyboardInterrupt
