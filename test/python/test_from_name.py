"""Functions of other processes by their names: deployed ones, running ones, from anywhere; and what is not there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.elsewhere import elsewhere
from support.home import Home, containers
from support.waiting import until

import farcall
from farcall import Function, errors

DEPLOYS = """
    import farcall

    app = farcall.App("films")
    factor = 3
    table = {n: str(n) * 200 for n in range(3000)}  # more than fits into a row

    @app.function
    def triple(x: int = 2, *, extra: int = 0) -> int:
        return x * factor + extra

    @app.function
    def count(n: int):
        yield from range(n)

    @app.function
    def outer(x: int) -> int:
        return triple.remote(x) + 1

    @app.function
    async def look(n: int) -> int:
        return len(table[n])

    @app.function(cpu=0.25, secrets=[farcall.Secret.from_dict({"KEY": "k"})], env={"LEVEL": "low"})
    def surroundings() -> tuple:
        import os
        return os.environ.get("KEY"), os.environ.get("LEVEL")

    factor = 4
    app.deploy()
    factor = 5  # too late
"""

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def films(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An app that another process deployed, and that process is gone."""
    elsewhere(DEPLOYS, tmp_path_factory.mktemp("films"))
    yield
    farcall.App("films").stop()


def named(name: str) -> Function[..., Any]:
    return Function.from_name("films", name)


# ── what works


@pytest.mark.usefixtures("films")
def test_it_runs_the_deployed_code_with_the_values_of_its_deployment() -> None:
    triple = named("triple")
    assert triple.remote(5) == 20
    assert triple.remote(x=1, extra=2) == 6
    assert triple.spawn(2).get() == 8
    assert list(triple.map(range(4))) == [0, 4, 8, 12]
    assert list(triple.starmap([(1,), (2,)], kwargs={"extra": 1})) == [5, 9]


@pytest.mark.usefixtures("films")
def test_a_dataframe_binds_to_its_parameters() -> None:
    films = pd.DataFrame({"x": [1, 2, 3], "title": ["a", "b", "c"]})
    assert named("triple").map(films).to_frame()["triple"].tolist() == [4, 8, 12]
    with pytest.raises(errors.InvalidError, match="n"):
        named("count").map(films)


@pytest.mark.usefixtures("films")
def test_what_kind_it_is_is_asked() -> None:
    assert named("count").is_generator
    assert not named("triple").is_generator
    assert named("look").is_async
    assert not named("triple").is_async
    assert list(named("count").remote_gen(3)) == [0, 1, 2]
    with pytest.raises(errors.InvalidError, match="remote_gen"):
        named("count").remote(3)


@pytest.mark.usefixtures("films")
def test_functions_that_it_names_and_large_captured_values_came_with_it() -> None:
    assert named("outer").remote(2) == 9
    assert named("look").remote(7) == 200


@pytest.mark.usefixtures("films")
def test_coroutines_use_it_alike() -> None:
    async def both() -> tuple[int, object]:
        triple = named("triple")
        assert await triple.hydrate.aio() is triple
        return await triple.remote.aio(1), [value async for value in named("count").remote_gen.aio(2)]

    assert asyncio.run(both()) == (4, [0, 1])


@pytest.mark.usefixtures("films")
def test_it_works_inside_a_container_as_a_value_as_a_name_and_as_an_argument() -> None:
    triple = Function.from_name("films", "triple")

    @farcall.function
    def three_ways(given: Any) -> list[int]:
        found = farcall.Function.from_name("films", "triple")
        return [found.remote(1), triple.remote(2), given.remote(3)]

    assert three_ways.remote(triple) == [4, 8, 12]


@pytest.mark.usefixtures("films")
def test_other_options_make_another_version_of_the_same_code() -> None:
    triple = named("triple")
    faster = triple.with_options(cpu=0.5, timeout=30).with_options(cpu=0.25)
    assert faster.remote(2) == 8
    assert faster.object_id != triple.object_id
    assert faster.object_id == triple.with_options(timeout=30, cpu=0.25).object_id
    around = named("surroundings")
    assert around.remote() == ("k", "low")
    assert around.with_options(env={"LEVEL": "high"}).remote() == ("k", "high")
    assert around.with_options(secrets=[]).remote() == (None, "low")


@pytest.mark.usefixtures("films")
def test_its_containers_can_be_counted_and_their_number_set() -> None:
    triple = named("triple")
    assert triple.update_autoscaler(max_containers=3).max_containers == 3
    assert triple.get_current_stats().backlog == 0
    triple.update_autoscaler(max_containers=16)


def test_a_new_deployment_is_what_the_same_handle_calls_next() -> None:
    app = farcall.App("changing")

    @app.function
    def answer() -> int:
        return 1

    app.deploy()
    known = Function.from_name("changing", "answer")
    assert known.remote() == 1

    @app.function(name="answer")
    def other() -> int:
        return 2

    app.deploy()
    assert known.remote() == 2
    app.stop()
    with pytest.raises(errors.NotFoundError, match="changing"):
        known.remote()


def test_a_function_of_a_running_process_is_known_by_name_once_it_was_called(tmp_path: Path) -> None:
    app = farcall.App("running")
    base = 10

    @app.function
    def add(x: int) -> int:
        return base + x

    add.remote(1)
    asks = "import farcall; print(farcall.Function.from_name('running', 'add').remote(5))"
    assert elsewhere(asks, tmp_path).split() == ["15"]
    base = 20
    add.remote(1)
    assert elsewhere(asks, tmp_path).split() == ["25"]


def test_much_that_a_running_function_captured_is_kept_while_it_runs_and_missed_with_words(
    fresh_home: Home, tmp_path: Path
) -> None:
    app = farcall.App("much")
    table = {n: os.urandom(200) for n in range(3000)}

    @app.function
    def look(n: int) -> bytes:
        return table[n]

    look.remote(1)
    asks = "import farcall; print(len(farcall.Function.from_name('much', 'look').remote(5)))"
    blobs = fresh_home.folder / "payloads"
    for path in blobs.iterdir():
        os.utime(path, (1, 1))
    cli("gc", "--older-than", "30d")  # what retention does every hour
    assert elsewhere(asks, tmp_path).split() == ["200"]
    for path in blobs.glob("bl-*"):
        path.unlink()
    with pytest.raises(errors.NotFoundError) as raised:
        Function.from_name("much", "look").remote(5)
    assert str(raised.value).startswith("what 'look' of the app 'much' captured is gone: it is not deployed")
    assert "app.deploy()" in str(raised.value)
    app.deploy()
    assert len(Function.from_name("much", "look").remote(5)) == 200
    app.stop()


def cli(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "farcall.cli", *words], check=True, timeout=120, env=dict(os.environ))


def test_an_app_that_runs_is_known_by_name_while_it_does() -> None:
    app = farcall.App("while_it_runs")

    @app.function
    def one() -> int:
        return 1

    with app.run():
        known = Function.lookup("while_it_runs", "one")
        assert known.remote() == 1
    with pytest.raises(errors.NotFoundError):
        known.remote()


# ── what does not


def test_nothing_is_asked_before_the_first_use() -> None:
    missing = Function.from_name("no_such_app", "f")
    assert "f" in repr(missing)
    with pytest.raises(errors.NotFoundError):
        Function.lookup("no_such_app", "f")


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize(
    ("app", "name", "says"),
    [("films", "tripel", '"triple"'), ("film", "triple", '"films"')],
)
def test_a_missing_one_is_named_with_its_app_and_the_nearest_there_is(app: str, name: str, says: str) -> None:
    for use in (lambda f: f.remote(1), lambda f: f.is_generator, lambda f: f.spawn(1)):
        with pytest.raises(errors.NotFoundError) as raised:
            use(Function.from_name(app, name))
        assert repr(app) in str(raised.value)
        assert repr(name) in str(raised.value)
        assert says in str(raised.value)


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("needs_code", [lambda f: f.local(1), lambda f: f(1), lambda f: f.get_raw_f()])
def test_what_needs_the_definition_says_that_it_is_not_here(needs_code: Any) -> None:
    with pytest.raises(errors.ExecutionError, match="its definition is not here"):
        needs_code(named("triple"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("films", "Model.predict"), "Cls.from_name"),
        (("films", ""), "name of the function"),
        (("", "f"), "name of the app"),
        (("films", 3), "name of the function"),
        (("films",), "name of the function"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_at_once(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(errors.InvalidError, match=says):
        Function.from_name(*arguments)


def test_old_and_further_arguments_are_taken() -> None:
    assert Function.from_name("films", tag="triple").name == "triple"
    assert Function.from_name("films", "triple", environment_name="main", client=None).name == "triple"
    with pytest.raises(errors.InvalidError, match="version"):
        Function.from_name("films", "triple", version=3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"gpu": 3}, "gpu"),
        ({"name": "other"}, "name="),
        ({"schedule": farcall.Period(days=1)}, "schedule="),
        ({"retries": farcall.Retries(max_retries=1, retry_on=(KeyError,))}, "retry_on"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_options_that_it_cannot_have_are_refused_at_once(options: dict[str, Any], says: str) -> None:
    with pytest.raises(errors.InvalidError, match=says):
        named("triple").with_options(**options)


@pytest.mark.parametrize("found", [named, lambda _: farcall.Cls.from_name("films", "triple")])
def test_an_option_that_belongs_to_what_was_deployed_says_what_was_given_what_is_possible_and_what_to_do(
    found: Any,
) -> None:
    image = farcall.Image.debian_slim()
    for option, value in (("image", image), ("retries", farcall.Retries(max_retries=1, retry_on=(KeyError,)))):
        with pytest.raises(errors.InvalidError) as raised:
            found("triple").with_options(cpu=1, **{option: value})
        said = str(raised.value)
        name = "image" if option == "image" else "retry_on"
        assert said.startswith(f"{name}= cannot be changed by name: it belongs to what was deployed as 'triple' of the")
        assert f"got {image!r}" in said or "got (<class 'KeyError'>,)" in said
        assert "It takes gpu, cpu, memory, env, secrets, retries, timeout" in said
        assert said.endswith(f"Deploy it with {name}=…, under a name of its own where both are wanted.")


@pytest.mark.usefixtures("films")
def test_options_that_do_not_go_with_the_deployed_ones_are_refused_at_its_use() -> None:
    few = named("triple").with_options(max_containers=1)
    assert few.remote(1) == 4
    with pytest.raises(errors.InvalidError, match="max_containers"):
        few.with_options(min_containers=2)


# ── after a restart


def test_what_is_deployed_is_there_after_the_gateway_was_killed(fresh_home: Home, tmp_path: Path) -> None:
    elsewhere(
        """
        import farcall
        app = farcall.App("lasting")

        @app.function(min_containers=1)
        def double(x):
            return 2 * x

        app.deploy()
        """,
        tmp_path,
    )
    double = Function.from_name("lasting", "double")
    assert double.remote(4) == 8
    before = fresh_home.kill()
    assert double.remote(5) == 10
    assert fresh_home.pid != before
    until(lambda: containers("lasting.double"))
    farcall.App("lasting").stop()
    with pytest.raises(errors.NotFoundError):
        double.remote(1)
