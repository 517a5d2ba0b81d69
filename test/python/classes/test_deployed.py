"""Deployed classes: under the name of another app, and kept warm for each set of parameters that was used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.elsewhere import elsewhere
from support.home import containers
from support.waiting import until

import farcall
from farcall import Cls, Function, errors
from farcall.wire.messages import ContainerSummary

pytestmark = pytest.mark.usefixtures("home")


def staying(of: str = "") -> list[ContainerSummary]:
    """Of one app, those that are up or coming."""
    return [one for one in containers(of) if one.state in ("requested", "starting", "ready")]


# ── under another name


moving = farcall.App("class_inner")


@moving.function
def shout(text: str) -> str:
    """What methods call."""
    return text.upper()


@moving.cls()
class Speaker:
    word: str = farcall.parameter()

    @farcall.method()
    def speak(self, name: str) -> str:
        return shout.remote(f"{self.word} {name}")

    @farcall.method()
    def twice(self, name: str) -> list[str]:
        return [self.speak.remote(name), type(self).__name__]


@moving.cls()
class Counter:
    @farcall.enter()
    def begin(self) -> None:
        self.count = 10

    @farcall.method()
    def add(self, x: int) -> int:
        return self.count + x


HI = Speaker(word="hi")


@moving.function
def both(name: str) -> tuple[str, str, int]:
    """What is called through an instance, a class with new parameters, and one without any."""
    return HI.speak.remote(name), Speaker(word="oh").speak.remote(name), Counter().add.remote(1)


@pytest.fixture(scope="module")
def moved() -> Iterator[str]:
    """The app, deployed under a name that is not its own."""
    moving.deploy(name="class_outer")
    yield "class_outer"
    moving.stop()


def test_classes_are_deployed_under_another_name_with_their_instances(moved: str) -> None:
    speaker = Cls.from_name(moved, "Speaker")(word="hey")
    assert speaker.speak.remote("you") == "HEY YOU"
    assert speaker.twice.remote("you") == ["HEY YOU", "Speaker"]
    assert Cls.from_name(moved, "Counter")().add.remote(1) == 11


def test_functions_find_the_classes_that_they_name_there(moved: str) -> None:
    assert Function.from_name(moved, "both").remote("you") == ("HI YOU", "OH YOU", 11)
    used = {one.function.partition(".")[0] for one in staying("class_")}
    assert used == {"class_outer"}, "nothing of it ran under the name that it has here"


def test_the_name_that_it_has_here_stays_unknown_elsewhere(moved: str, tmp_path: Path) -> None:
    del moved
    asks = """
        import farcall
        try:
            farcall.Cls.from_name("class_inner", "Counter")().add.remote(1)
        except farcall.errors.NotFoundError as error:
            print("class_inner" in str(error))
    """
    assert elsewhere(asks, tmp_path).split() == ["True"]


def test_where_it_is_defined_it_is_called_as_ever(moved: str) -> None:
    assert HI.speak.remote("me") == "HI ME"
    moving.deploy(name=moved)
    assert Cls.from_name(moved, "Speaker")(word="still").speak.remote("there") == "STILL THERE"


# ── kept warm


def kept_warm(name: str, least: int = 1) -> farcall.App:
    """An app with a class that keeps containers warm; each needs its parameter."""
    app = farcall.App(name)

    @app.cls(min_containers=least, scaledown_window=0.5)
    class Model:
        size: int = farcall.parameter()

        @farcall.enter()
        def load(self) -> None:
            self.loaded = [self.size] * self.size

        @farcall.method()
        def run(self) -> tuple[int, int]:
            return len(self.loaded), os.getpid()

    @app.function(min_containers=1)
    def other() -> int:
        return 1

    return app


def test_containers_are_kept_warm_for_parameters_that_were_used_and_never_without_any() -> None:
    app = kept_warm("warm_class")
    app.deploy()
    until(lambda: any(one.function == "warm_class.other" and one.state == "ready" for one in staying("warm_class")))
    model = Cls.from_name("warm_class", "Model")
    assert [one.function for one in staying("warm_class")] == ["warm_class.other"]

    size, pid = model(size=3).run.remote()
    time_of_others(app, 4)
    assert size == 3
    kept = [one for one in staying("warm_class") if "Model" in one.function]
    assert [one.pid for one in kept] == [pid], "beyond its scaledown_window, and the only one"
    assert "#" in kept[0].function
    because = str(model(size=3).run.explain())
    assert "min_containers is 1" in because
    assert model(size=3).run.remote() == (3, pid)
    app.stop()
    until(lambda: not staying("warm_class"))


def time_of_others(app: farcall.App, count: int) -> None:
    """Until the gateway has let go of an idle container whose window is longer than half a second."""

    @app.function(scaledown_window=1.0, name="passing")
    def passing() -> int:
        return os.getpid()

    for _ in range(count):
        pid = passing.remote()
        until(lambda pid=pid: not any(one.pid == pid for one in staying()))


def test_deployed_again_as_it_was_a_class_keeps_its_containers_and_as_another_one_it_does_not() -> None:
    app = kept_warm("warm_again")
    app.deploy()
    _, pid = Cls.from_name("warm_again", "Model")(size=2).run.remote()
    app.deploy()
    time_of_others(farcall.App("warm_passing"), 2)
    assert Cls.from_name("warm_again", "Model")(size=2).run.remote() == (2, pid)

    @app.cls(min_containers=1, scaledown_window=0.5)
    class Model:
        size: int = farcall.parameter()

        @farcall.method()
        def run(self) -> tuple[int, int]:
            return -self.size, os.getpid()

    app.deploy()
    until(lambda: not any("Model" in one.function for one in staying("warm_again")))
    assert Cls.from_name("warm_again", "Model")(size=2).run.remote()[0] == -2
    app.stop()


def test_instances_made_here_are_kept_warm_as_well() -> None:
    app = kept_warm("warm_here")
    app.deploy()
    model = app.classes["Model"](size=5)
    _, pid = model.run.remote()
    app.deploy()
    time_of_others(farcall.App("warm_passing"), 2)
    assert model.run.remote() == (5, pid)
    assert model.update_autoscaler(min_containers=0).min_containers == 0
    until(lambda: not any(one.pid == pid for one in staying("warm_here")))
    app.stop()
    with pytest.raises(errors.NotFoundError):
        Cls.from_name("warm_here", "Model")(size=5).run.remote()
