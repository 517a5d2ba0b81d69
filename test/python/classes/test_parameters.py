"""Parameters: what an instance is made with, how they are checked, and which instances share containers."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest

import farcall
from farcall.errors import InvalidError

app = farcall.App("class-parameters")


class Base:
    kind: str = farcall.parameter(default="small")
    note: str = farcall.parameter(init=False)


@app.cls()
class Model(Base):
    size: int = farcall.parameter()
    loud: bool = farcall.parameter(default=False)
    key: bytes = farcall.parameter(default=b"")
    tags: list[str] = farcall.parameter(default=("a",))

    @farcall.enter()
    def begin(self) -> None:
        self.note = "set in enter"

    @farcall.method()
    def told(self) -> tuple[Any, ...]:
        return self.kind, self.size, self.loud, self.key, self.tags, self.note

    @farcall.method()
    def pid(self) -> int:
        return os.getpid()


def test_inherited_parameters_and_defaults_reach_the_container(home: object) -> None:
    made = Model(size=2, loud=True, key=b"k", tags=["x", "y"])
    assert made.told.remote() == ("small", 2, True, b"k", ["x", "y"], "set in enter")
    assert Model(size=1, kind="big").told.remote() == ("big", 1, False, b"", ("a",), "set in enter")


def test_equal_parameters_share_containers_whether_given_or_by_default(home: object) -> None:
    pid = Model(size=7, tags={"b", "a", "c"}).pid.remote()
    assert Model(tags={"c", "b", "a"}, size=7, kind="small").pid.remote() == pid


def test_making_an_instance_connects_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from farcall.client.session import Session

    monkeypatch.setattr(Session, "current", lambda: pytest.fail("it connected"))
    made = Model(size=3)
    assert (made.size, made.kind) == (3, "small")
    assert "size=3" in repr(made)
    assert callable(made.told.remote)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Model(3), "by name"),
        (lambda: Model(), "Missing required parameter.*size"),
        (lambda: Model(size=1, sise=2), "no parameter 'sise'.*Did you mean"),
        (lambda: Model(size="1"), "'size'.*'1'.*int"),
        (lambda: Model(size=True), "'size'.*int"),
        (lambda: Model(size=1, loud=1), "'loud'.*bool"),
        (lambda: Model(size=1, tags=(x for x in ())), "'tags'.*cannot travel"),
        (lambda: Model(size=1, key=b"x" * 100_000), "32 KiB"),
        (lambda: Model(size=1, note="x"), "no parameter 'note'"),
    ],
)
def test_wrong_parameters_are_named_at_once(make: Any, told: str) -> None:
    with pytest.raises(InvalidError, match=f"(?s){told}"):
        make()


def test_a_parameter_needs_an_annotation_and_a_fitting_default() -> None:
    with pytest.raises(InvalidError, match=r"'size'.*no annotation"):

        @app.cls()
        class Bare:
            size = farcall.parameter()

            @farcall.method()
            def f(self) -> None: ...

    with pytest.raises(InvalidError, match=r"'size'.*int"):

        @app.cls()
        class Wrong:
            size: int = farcall.parameter(default="x")

            @farcall.method()
            def f(self) -> None: ...


def test_an_init_of_its_own_works_with_a_warning(home: object) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        @app.cls()
        class Old:
            def __init__(self, a: int, b: int = 2) -> None:
                self.sum = a + b

            @farcall.method()
            def total(self) -> int:
                return self.sum

    assert [one.category for one in caught] == [DeprecationWarning]
    assert Old(1).total.remote() == 3
    assert Old(1, b=5).total.remote() == 6
    assert Old(1).total.local() == 3
    with pytest.raises(InvalidError, match="missing a required argument"):
        Old()
    with pytest.raises(InvalidError, match="cannot travel"):
        Old(x for x in ())


def test_an_init_beside_parameters_is_refused() -> None:
    with pytest.raises(InvalidError, match=r"__init__ and farcall.parameter"):

        @app.cls()
        class Both:
            size: int = farcall.parameter()

            def __init__(self) -> None: ...

            @farcall.method()
            def f(self) -> None: ...
