"""Whatever cannot be meant is an InvalidError at decoration, which says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

import farcall
from farcall.errors import InvalidError

app = farcall.App("class-bad")


def one(self: Any) -> None: ...


def yields(self: Any) -> Any:
    yield 1


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: farcall.method()(farcall.enter()(one)), "both @farcall.enter and @farcall.method"),
        (lambda: farcall.exit()(farcall.method()(one)), "both @farcall.method and @farcall.exit"),
        (lambda: farcall.enter()(farcall.exit()(one)), "both"),
        (lambda: farcall.method()(farcall.function(one)), "a farcall function already"),
        (lambda: farcall.method("x"), "something else, got 'x'"),
        (lambda: farcall.method(is_generator="yes"), "is_generator"),
        (lambda: farcall.enter(snap="yes"), "snap"),
        (lambda: farcall.enter()(3), "something else"),
        (lambda: farcall.enter()(yields), "which yields"),
        (lambda: farcall.parameter(init="no"), "init="),
        (lambda: farcall.concurrent(max_inputs=2)(farcall.method()(Holder.one)), "method"),
        (lambda: app.cls(gpus="A100"), "no option 'gpus'"),
        (lambda: app.cls(name="x"), "no option 'name'"),
        (lambda: app.cls(schedule=farcall.errors), "no option 'schedule'"),
        (lambda: app.cls("x"), "options by name"),
        (lambda: app.cls()(one), "takes classes.*app.function"),
        (lambda: app.cls()(type("Empty", (), {})), "no method"),
        (lambda: app.function(type("Empty", (), {})), "use @app.cls"),
    ],
)
def test_what_cannot_be_meant_is_told_at_decoration(make: Any, told: str) -> None:
    with pytest.raises(InvalidError, match=f"(?s){told}"):
        make()


class Holder:
    def one(self) -> None: ...


def test_a_function_in_a_class_is_told_to_be_a_method() -> None:
    with pytest.raises(InvalidError, match=r"Wrong\.run.*@farcall\.method"):

        @app.cls()
        class Wrong:
            @farcall.function
            def run(self) -> None: ...

            @farcall.method()
            def other(self) -> None: ...


def test_a_class_is_decorated_once() -> None:
    @app.cls()
    class Twice:
        @farcall.method()
        def run(self) -> None: ...

    with pytest.raises(InvalidError, match="decorated already"):
        app.cls()(Twice)


def test_a_hook_takes_nothing_but_self() -> None:
    with pytest.raises(InvalidError, match=r"asks for path.*parameter"):

        @app.cls()
        class Asks:
            @farcall.enter()
            def load(self, path: str) -> None: ...

            @farcall.method()
            def run(self) -> None: ...


def test_a_batched_method_stands_alone_and_concurrent_is_for_the_class() -> None:
    with pytest.raises(InvalidError, match="batched method and other methods"):

        @app.cls()
        class Mixed:
            @farcall.method()
            @farcall.batched(max_batch_size=2, wait_ms=1)
            def many(self, xs: list[int]) -> list[int]:
                return xs

            @farcall.method()
            def one(self) -> None: ...

    with pytest.raises(InvalidError, match="both async methods and plain ones"):

        @app.cls()
        @farcall.concurrent(max_inputs=2)
        class Both:
            @farcall.method()
            async def soon(self) -> None: ...

            @farcall.method()
            def now(self) -> None: ...


def test_containers_are_set_on_the_instance_not_on_a_method() -> None:
    @app.cls()
    class Model:
        @farcall.method()
        def run(self) -> None: ...

    for wrong in (lambda: Model().run.update_autoscaler(min_containers=1), lambda: Model().run.keep_warm(1)):
        with pytest.raises(InvalidError, match="on the instance"):
            wrong()
    with pytest.raises(InvalidError, match="no option 'gpus'"):
        Model.with_options(gpus=1)
    with pytest.raises(InvalidError, match="timeout"):
        Model().run.with_options(timeout=-1)
