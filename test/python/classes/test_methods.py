"""Methods of an instance are Functions: every way to call one, for each kind of method, from outside and inside."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pandas
import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")

app = farcall.App("class-methods")


@app.cls()
class Text:
    times: int = farcall.parameter(default=2)

    @farcall.enter()
    def begin(self) -> None:
        self.entered = getattr(self, "entered", 0) + 1

    @farcall.method()
    def repeat(self, text: str, mark: str = "") -> str:
        return text * self.times + mark

    @farcall.method()
    async def soon(self, text: str) -> str:
        await asyncio.sleep(0)
        return self.repeat(text)

    @farcall.method()
    def letters(self, text: str) -> Iterator[str]:
        yield from text

    @farcall.method()
    async def letters_soon(self, text: str) -> AsyncIterator[str]:
        for letter in text:
            yield letter

    @farcall.method(is_generator=True)
    def made(self, count: int) -> Iterator[int]:
        return iter(range(count))

    @farcall.method()
    def ways(self, text: str) -> tuple[str, str, str, int]:
        return self.repeat(text), self.repeat.local(text), self.repeat.remote(text), self.entered

    @farcall.method()
    def all_ways(self, text: str) -> list[str]:
        return list(self.repeat.map([text, text + "-"]))

    @farcall.method()
    def larger(self, text: str, times: int) -> str:
        return Text(times=times).repeat.remote(text)

    @farcall.method()
    def fail(self) -> None:
        raise KeyError("no such thing")

    @farcall.method()
    def pid(self) -> int:
        return os.getpid()

    def plain(self, text: str) -> str:
        return f"plain {text} {self.times}"

    @farcall.method()
    def by_plain(self, text: str) -> str:
        return self.plain(text)


text = Text(times=3)


@app.function
def outside(word: str) -> tuple[str, str, list[str]]:
    return text.repeat.remote(word), Text(times=5).repeat.remote(word), list(text.letters.remote_gen(word))


@app.function
def given(obj: object, word: str) -> str:
    return str(obj.repeat.remote(word))  # type: ignore[attr-defined]


def test_remote_map_starmap_spawn_and_for_each() -> None:
    assert text.repeat.remote("a") == "aaa"
    assert text.repeat.remote("a", mark="!") == "aaa!"
    assert list(text.repeat.map(["a", "b"], kwargs={"mark": "."})) == ["aaa.", "bbb."]
    assert list(text.repeat.starmap([("a", "1"), ("b", "2")])) == ["aaa1", "bbb2"]
    assert text.repeat.spawn("c").get(timeout=60) == "ccc"
    spawned = text.repeat.spawn_map(["a", "b"])
    assert list(spawned.iter()) == ["aaa", "bbb"]
    assert text.repeat.for_each(["a"]) is None


def test_columns_of_a_frame_bind_to_a_methods_parameters() -> None:
    frame = pandas.DataFrame({"word": ["a", "b"], "mark": ["!", "?"]})
    assert text.repeat.map(frame, columns={"text": "word"}).to_frame()["Text.repeat"].tolist() == ["aaa!", "bbb?"]


def test_the_async_twins() -> None:
    async def main() -> tuple[str, str, list[str]]:
        call = await text.repeat.spawn.aio("b")
        letters = [letter async for letter in text.letters.remote_gen.aio("xy")]
        return await text.repeat.remote.aio("a"), await call.get.aio(timeout=60), letters

    assert asyncio.run(main()) == ("aaa", "bbb", ["x", "y"])


def test_async_methods_and_generators_of_both_kinds() -> None:
    assert text.soon.remote("a") == "aaa"
    assert list(text.letters.remote_gen("ab")) == ["a", "b"]
    assert list(text.letters_soon.remote_gen("ab")) == ["a", "b"]
    assert list(text.made.remote_gen(3)) == [0, 1, 2]
    assert list(text.letters.map(["ab", "c"], order_outputs=True)) == ["a", "b", "c"]
    with pytest.raises(farcall.errors.InvalidError, match="remote_gen"):
        text.letters.remote("ab")


def test_methods_of_one_instance_share_their_containers_and_other_parameters_do_not() -> None:
    pids = {text.pid.remote() for _ in range(3)}
    assert text.repeat.remote("a") == "aaa"
    assert Text(times=3).pid.remote() in pids
    assert Text(times=4).pid.remote() not in pids


def test_a_method_calls_others_of_its_instance_here_and_far_away() -> None:
    assert text.ways.remote("a") == ("aaa", "aaa", "aaa", 1)
    assert text.all_ways.remote("a") == ["aaa", "a-a-a-"]
    assert text.by_plain.remote("x") == "plain x 3"


def test_instances_are_used_inside_functions_and_made_there() -> None:
    assert outside.remote("ab") == ("ababab", "ababababab", ["a", "b"])
    assert text.larger.remote("a", 6) == "aaaaaa"
    assert given.remote(text, "a") == "aaa"


def test_what_a_method_raises_is_raised_here_with_its_line() -> None:
    with pytest.raises(KeyError) as caught:
        text.fail.remote()
    assert any("no such thing" in str(line) for line in (caught.getrepr(), caught.value))


def test_changed_values_of_a_method_keep_its_containers_and_of_a_hook_do_not() -> None:
    factor, weights = 10, "first"

    @app.cls()
    class Sees:
        @farcall.enter()
        def load(self) -> None:
            self.weights = weights

        @farcall.method()
        def scaled(self, x: int) -> tuple[int, str, int]:
            return x * factor, self.weights, os.getpid()

    sees = Sees()
    *first, pid = sees.scaled.remote(2)
    factor = 100
    *second, same = sees.scaled.remote(2)
    assert (first, second, same) == ([20, "first"], [200, "first"], pid)
    weights = "second"
    *third, other = sees.scaled.remote(2)
    assert third == [200, "second"]
    assert other != pid


def test_a_call_is_named_after_class_and_method() -> None:
    from farcall.client.session import Session
    from farcall.wire.messages import CallAsk, CallInfo

    call = text.letters.spawn("ab")
    summary = Session.current().ask(CallAsk(request=0, call_id=call.object_id), CallInfo).call
    assert (summary.app, summary.name, summary.is_generator) == ("class-methods", "Text.letters", True)
    assert (summary.pool or "").startswith("Text#")
    assert call.results().call.object_id == call.object_id


def test_failed_rows_run_again_by_method() -> None:
    results = text.repeat.map(["a", 1, None], return_exceptions=True)
    values = list(results)
    assert values[0] == "aaa"
    again = results.retry_failed()
    assert len(list(again)) == 3
    by_id = farcall.FunctionCall.from_id(results.call.object_id).results().retry_failed()
    assert by_id.name == "Text.repeat"
