"""Classes by name, with other options, several inputs at once; and their containers' numbers."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading

import pandas as pd
import pytest

import farcall
from farcall.classes.blueprint import Schema
from farcall.errors import ExecutionError, InvalidError, NotFoundError
from farcall.values import serialize

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("class-names")


@app.cls(retries=1)
class Greeter:
    word: str = farcall.parameter(default="hello")

    @farcall.enter()
    def begin(self) -> None:
        self.calls = 0

    @farcall.method()
    def greet(self, name: str) -> str:
        return f"{self.word} {name}"

    @farcall.method()
    def letters(self, name: str):  # type: ignore[no-untyped-def]
        yield from name

    @farcall.method()
    def second_time(self, name: str) -> str:
        self.calls += 1
        if self.calls < 2:
            raise RuntimeError("not yet")
        return name


CALLER = """
import farcall
Greeter = farcall.Cls.from_name("class-names", "Greeter")
greeter = Greeter(word="hi")
print(greeter.greet.remote("you"), Greeter().greet.remote("you"), list(greeter.letters.remote_gen("ab")))
print(list(Greeter(word="oh").greet.map(["a", "b"])))
"""


def test_a_class_is_found_by_name_elsewhere_with_parameters_of_its_own() -> None:
    app.deploy()
    ran = subprocess.run([sys.executable, "-c", CALLER], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["hi you hello you ['a', 'b']", "['oh a', 'oh b']"]


def test_columns_bind_to_the_parameters_of_a_method_that_is_known_by_name() -> None:
    app.deploy()
    films = pd.DataFrame({"title": ["Alien", "Heat"], "name": ["Ada", "Alan"]})
    greet = farcall.Cls.from_name("class-names", "Greeter")(word="hi").greet
    assert greet.map(films).to_frame().iloc[:, 0].tolist() == ["hi Ada", "hi Alan"]
    assert greet.map(films, columns={"name": "title"}).to_frame().iloc[:, 0].tolist() == ["hi Alien", "hi Heat"]
    with pytest.raises(InvalidError, match=r"'?name'?.*column"):
        greet.map(films[["title"]])


def test_a_schema_of_an_older_deployment_has_methods_without_signatures() -> None:
    schema = Greeter.schema()
    older = object.__new__(Schema)
    older.__setstate__(schema.__getstate__()[:4])  # type: ignore[attr-defined]
    assert older.methods == schema.methods
    assert older.signed("greet") is None
    assert list(inspect.signature(schema.signed("greet") or print).parameters) == ["name"]


def test_what_a_name_does_not_have_is_told_at_its_first_use() -> None:
    app.deploy()
    found = farcall.Cls.from_name("class-names", "Greeter")
    with pytest.raises(NotFoundError, match=r"no method 'great'.*greet"):
        found().great.remote("x")
    with pytest.raises(InvalidError, match="no parameter 'words'"):
        found(words="x").greet.remote("x")
    with pytest.raises(ExecutionError, match="only its name"):
        found().greet.local("x")
    with pytest.raises(NotFoundError, match="'Greter'"):
        farcall.Cls.from_name("class-names", "Greter")().greet.remote("x")
    with pytest.raises(NotFoundError, match="no app 'nowhere'"):
        farcall.Cls.from_name("nowhere", "Greeter")().greet.remote("x")
    with pytest.raises(InvalidError, match="name of the class"):
        farcall.Cls.from_name("class-names", 3)  # type: ignore[arg-type]


def test_options_make_containers_of_their_own() -> None:
    other = Greeter.with_options(timeout=20, retries=0)
    assert other(word="hey").greet.remote("you") == "hey you"
    assert other.options.timeout == 20
    assert Greeter.options.timeout == 300
    assert Greeter(word="hey").greet.with_options(timeout=30).remote("me") == "hey me"


def test_retries_come_from_the_class() -> None:
    assert Greeter(word="retry").second_time.remote("x") == "x"


def test_the_autoscaler_is_set_by_instance() -> None:
    greeter = Greeter(word="scaled")
    assert greeter.update_autoscaler(max_containers=3).max_containers == 3
    assert Greeter(word="other").update_autoscaler().max_containers is None
    assert greeter.greet.get_current_stats().backlog == 0


def test_instances_classes_and_methods_can_be_pickled() -> None:
    method, made = serialize.loads(serialize.dumps((Greeter(word="p").greet, Greeter)))
    assert method.remote("x") == "p x"
    assert made(word="q").greet.remote("x") == "q x"


def test_a_concurrent_class_runs_its_async_methods_together() -> None:
    @app.cls()
    @farcall.concurrent(max_inputs=2)
    class Meeting:
        @farcall.enter()
        async def begin(self) -> None:
            self.both = asyncio.Event()
            self.here = 0

        @farcall.method()
        async def meet(self, name: str) -> str:
            self.here += 1
            if self.here == 2:
                self.both.set()
            await asyncio.wait_for(self.both.wait(), 60)
            return name

        @farcall.method()
        async def other(self, name: str) -> str:
            return await self.meet(name)

    meeting = Meeting()
    first, second = meeting.meet.spawn("a"), meeting.other.spawn("b")
    assert farcall.gather(first, second) == ["a", "b"]


def test_a_concurrent_class_runs_its_methods_in_threads() -> None:
    @app.cls()
    @farcall.concurrent(max_inputs=2)
    class Threads:
        @farcall.enter()
        def begin(self) -> None:
            self.barrier = threading.Barrier(2, timeout=60)

        @farcall.method()
        def meet(self, x: int) -> int:
            self.barrier.wait()
            return x

    assert list(Threads().meet.map([1, 2])) == [1, 2]


def test_a_batched_method_gets_lists() -> None:
    @app.cls()
    class Batches:
        plus: int = farcall.parameter()

        @farcall.method()
        @farcall.batched(max_batch_size=4, wait_ms=50)
        def add(self, xs: list[int]) -> list[int]:
            return [x + self.plus for x in xs]

    assert list(Batches(plus=10).add.map(range(8))) == [x + 10 for x in range(8)]
