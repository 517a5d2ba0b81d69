"""Apps as a whole: run, included, named, deployed under a name, stopped; and the entrypoints of scripts."""

from __future__ import annotations

import asyncio
import datetime
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
from support.elsewhere import elsewhere
from support.home import containers
from support.waiting import PATIENCE_S, until

import farcall
from farcall import App, Function, Stub, errors
from farcall.apps.entrypoint import read_arguments, run_with

pytestmark = pytest.mark.usefixtures("home")


# ── running


def test_a_running_app_gives_itself_and_lets_everything_through() -> None:
    app = App("run_through")

    @app.function
    def double(x: int) -> int:
        return 2 * x

    with app.run(detach=True, show_progress=False, client=None, interactive=False, name="any") as running:
        assert running is app
        assert double.remote(2) == 4
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error), app.run():
            raise error
    assert double.remote(3) == 6  # needed nowhere


def test_a_running_app_in_a_coroutine() -> None:
    app = App("run_async")

    @app.function
    def double(x: int) -> int:
        return 2 * x

    async def run() -> int:
        async with app.run() as running:
            assert running is app
            return await double.remote.aio(4)

    assert asyncio.run(run()) == 8


def test_runs_inside_one_another_end_with_the_last() -> None:
    app = App("run_twice")

    @app.function
    def one() -> int:
        return 1

    with app.run():
        with app.run():
            pass
        assert Function.from_name("run_twice", "one").remote() == 1
    with pytest.raises(errors.NotFoundError):
        Function.from_name("run_twice", "one").remote()


def test_the_default_app_runs_too() -> None:
    app = farcall.App()

    @app.function
    def alone() -> int:
        return 1

    with app.run():
        assert alone.remote() == 1


def test_output_can_be_asked_for() -> None:
    with farcall.enable_output():
        pass
    with farcall.enable_output(show_progress=False):
        pass


# ── as of 2022


def test_a_stub_has_its_functions_as_members_and_by_tag_and_calls_them_remotely() -> None:
    stub = Stub("as_of_2022")

    @stub.function
    def plain(x: int) -> int:
        return 2 * x

    @stub.function(cpu=0.25)
    def with_options(x: int) -> bool:
        return farcall.is_local()

    @stub.generator
    def some(n: int) -> Any:
        yield from range(n)

    with stub.run() as app:
        assert app.plain(3) == 6
        assert stub["plain"] is plain
        assert with_options(1) is False
        assert list(some.remote_gen(2)) == [0, 1]
    with pytest.raises(KeyError):
        stub["plane"]
    with pytest.raises(AttributeError, match="plane"):
        _ = stub.plane


# ── including


def test_included_functions_are_there_and_a_conflict_warns() -> None:
    one, other = App("one"), App("other")

    @other.function
    def score() -> int:
        return 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert one.include(other).include(other) is one
    assert one.functions["score"] is score

    @one.function(name="score")
    def mine() -> int:
        return 2

    with pytest.warns(UserWarning, match="score"):
        one.include(other)
    with pytest.raises(errors.InvalidError, match="App"):
        one.include("other")  # type: ignore[arg-type]


# ── deploying


def test_an_app_is_deployed_under_another_name_with_what_its_functions_call() -> None:
    app = App("inner_name")

    @app.function
    def leaf(x: int) -> int:
        return x + 1

    @app.function
    def root(x: int) -> int:
        return 2 * leaf.remote(x)

    assert app.deploy(name="outer_name") is app
    assert Function.from_name("outer_name", "root").remote(1) == 4
    with pytest.raises(errors.NotFoundError, match="inner_name"):
        Function.from_name("inner_name", "root").remote(1)
    app.stop()
    with pytest.raises(errors.NotFoundError, match="outer_name"):
        Function.from_name("outer_name", "root").remote(1)


def test_a_deployment_can_be_awaited() -> None:
    app = App("awaited")

    @app.function
    def one() -> int:
        return 1

    async def through() -> int:
        assert await app.deploy.aio() is app
        value: int = await Function.from_name("awaited", "one").remote.aio()
        await app.stop.aio()
        return value

    assert asyncio.run(through()) == 1


def test_stopping_cancels_what_waits_and_what_runs_for_everybody(tmp_path: Path) -> None:
    app = App("stopped")

    @app.function(max_containers=1)
    def wait() -> None:
        while True:
            time.sleep(0.05)

    calls = [wait.spawn() for _ in range(3)]
    elsewhere("import farcall; farcall.App('stopped').stop()", tmp_path)
    for call in calls:
        with pytest.raises(errors.RemoteError, match="cancelled"):
            call.get(timeout=PATIENCE_S)
    app.stop()  # harmless
    until(lambda: not containers("stopped"))


def test_a_function_in_a_container_may_neither_deploy_nor_stop() -> None:
    @farcall.function
    def meddle(stops: bool) -> None:
        app = farcall.App("meddled")
        app.function(name="one")(lambda: None)
        if stops:
            app.stop()
        else:
            app.deploy()

    for stops in (True, False):
        with pytest.raises(errors.AuthError, match="may not"):
            meddle.remote(stops)
    with pytest.raises(errors.NotFoundError):
        App.lookup("meddled")


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65, 3])
def test_a_name_that_an_app_cannot_have_is_refused(name: Any) -> None:
    app = App("good_name")

    @app.function
    def one() -> int:
        return 1

    if name != "":
        with pytest.raises(errors.InvalidError):
            App(name)
    with pytest.raises(errors.InvalidError):
        app.deploy(name=name)


def test_what_has_no_name_or_no_functions_is_not_deployed() -> None:
    nameless = App()

    @nameless.function
    def one() -> int:
        return 1

    with pytest.raises(errors.InvalidError, match="no name"):
        nameless.deploy()
    with pytest.raises(errors.InvalidError, match="no name"):
        nameless.stop()
    with pytest.raises(errors.InvalidError, match="no functions"):
        App("empty").deploy()


def test_an_app_is_looked_up_by_name() -> None:
    app = App("looked_up", tags={"team": "films"})

    @app.function
    def one() -> int:
        return 1

    with pytest.raises(errors.NotFoundError, match="looked_up"):
        App.lookup("looked_up")
    assert App.lookup("looked_up", create_if_missing=True).name == "looked_up"
    app.deploy()
    assert App.lookup("looked_up").app_id == app.app_id == "ap-looked_up"
    app.set_tags({"team": "books"})
    assert app.get_tags() == {"team": "books"}
    with pytest.raises(errors.InvalidError):
        app.set_tags({"team": 3})  # type: ignore[dict-item]
    app.stop()


# ── local entrypoints


def test_an_entrypoint_is_still_the_function_and_its_name_is_taken_once() -> None:
    app = App("entry")

    @app.local_entrypoint()
    def main(x: int) -> int:
        """What it does."""
        return x + 1

    @app.local_entrypoint
    def other() -> None: ...

    assert main(2) == 3
    assert main.__doc__ == "What it does."
    assert set(app.entrypoints) == {"main", "other"}
    with pytest.raises(errors.InvalidError, match="main"):
        app.local_entrypoint(main.raw)
    with pytest.raises(errors.InvalidError, match="function"):
        app.local_entrypoint()(3)  # type: ignore[arg-type]


def typed(
    n: int, rate: float = 0.5, loud: bool = False, day: str = "mon", *, some_word: str | None = None
) -> tuple[Any, ...]:
    return n, rate, loud, day, some_word


def read(raw: Any, *line: str) -> Any:
    return run_with(raw, read_arguments(raw, line, program="run"))


def test_arguments_are_read_as_the_signature_says() -> None:
    assert read(typed, "--n", "3") == (3, 0.5, False, "mon", None)
    assert read(typed, "--n=3", "--rate", "2", "--loud", "--some-word", "a b") == (3, 2.0, True, "mon", "a b")
    assert read(typed, "--n", "-3", "--no-loud", "--some_word", "x", "--day", "fri") == (-3, 0.5, False, "fri", "x")


def test_dates_rests_and_coroutines_are_read_and_run_too() -> None:
    async def later(day: datetime.datetime) -> datetime.datetime:
        return day

    def rest(first: int, *words: str) -> Any:
        return first, words

    assert read(later, "--day", "2026-01-31T09:30") == datetime.datetime(2026, 1, 31, 9, 30)
    assert read(rest, "--first", "1", "a", "b") == (1, ("a", "b"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["--m", "3"], "--n"),
        (["--some-wort", "x"], 'Did you mean "--some-word"'),
        (["--n", "three"], "'three' is no integer"),
        (["--n", "3", "--rate", "fast"], "'fast' is no number"),
        ([], "--n"),
        (["--n", "3", "left over"], "left over"),
    ],
)
def test_a_wrong_line_is_refused_and_says_what_is_possible(
    line: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        read(typed, *line)
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def test_a_type_that_a_line_cannot_give_is_named() -> None:
    def wrong(films: list[str]) -> None: ...

    with pytest.raises(errors.InvalidError, match="films"):
        read(wrong)

    def wrong_rest(**films: str) -> None: ...

    with pytest.raises(errors.InvalidError, match="films"):
        read(wrong_rest)
