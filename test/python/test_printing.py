"""What inputs print, as their caller sees it: all of it, once, in order, with the right index; what `logs` gives."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from support.home import Home

import farcall
from farcall import presenter
from farcall.client.lifeline import Frame
from farcall.client.session import Session
from farcall.presenter import Terminal
from farcall.wire.messages import CallAttach, InputsPut, OutputPage, OutputRead, PreviewAsk, PreviewMade

pytestmark = pytest.mark.usefixtures("home")

TALK = """
import sys, farcall

@farcall.function
def talk(x):
    print("far", x)
    print("err", x, file=sys.stderr)
    return x
"""


@farcall.function
def talk(x: int) -> int:
    print("far", x)
    return x


@farcall.function
def drip(path: str, count: int) -> None:
    for number in range(count):
        print("drop", number, flush=True)
    while not Path(path).exists():
        time.sleep(0.01)
    print("the end", end="")


@farcall.function
def count_up(n: int):  # type: ignore[no-untyped-def]
    for number in range(n):
        print("at", number)
        yield number
    print("counted")


class Heard(Terminal):
    """Keeps what every input printed."""

    def __init__(self) -> None:
        self.said: list[tuple[int, str, str]] = []

    def map_begins(self, results: object) -> Heard:  # type: ignore[override]
        return self

    def call_begins(self, call: object) -> Heard:  # type: ignore[override]
        return self

    def tick(self) -> None: ...

    def output(self, index: int, stream: str, text: str) -> None:
        self.said.append((index, stream, text))

    def end(self) -> None: ...

    @property
    def text(self) -> str:
        return "".join(text for _, _, text in self.said)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    ears = Heard()
    monkeypatch.setattr(presenter, "_presenter", ears)
    return ears


def script(code: str) -> tuple[list[str], list[str]]:
    """The lines that a short script writes to stdout and stderr."""
    ran = subprocess.run([sys.executable, "-c", TALK + code], capture_output=True, text=True, timeout=60, check=True)
    return ran.stdout.splitlines(), ran.stderr.splitlines()


def test_a_print_right_before_a_script_ends_is_on_its_stdout(home: Home) -> None:
    for _ in range(3):
        assert script("talk.remote(1)") == (["far 1"], ["err 1"])


def test_what_a_call_prints_comes_before_what_its_caller_prints_next(home: Home) -> None:
    out, _ = script("for n in range(20): talk.remote(n); print('near', n)")
    assert out == [line for n in range(20) for line in (f"far {n}", f"near {n}")]


def test_a_caller_listens_before_there_is_anything_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two messages of one write a busy gateway may turn to others, and the input print meanwhile."""
    sent: list[type[object]] = []
    lifeline = Session.current()._lifeline
    send = lifeline.send

    def listening(frames: Iterable[Frame]) -> None:
        frames = list(frames)
        sent.extend(type(message) for message, _ in frames)
        send(frames)

    monkeypatch.setattr(lifeline, "send", listening)
    talk.remote(1)
    assert sent.index(CallAttach) < sent.index(InputsPut)
    sent.clear()
    assert list(talk.map([2])) == [2]
    assert sent.index(CallAttach) < sent.index(InputsPut)


def test_a_script_sees_all_that_a_map_prints(home: Home) -> None:
    out, err = script("list(talk.map(range(200)))")
    assert sorted(out) == sorted(f"far {n}" for n in range(200))
    assert sorted(err) == sorted(f"err {n}" for n in range(200))


def test_a_coroutine_hears_its_call_too(heard: Heard) -> None:
    asyncio.run(talk.remote.aio(7))
    assert heard.said == [(0, "stdout", "far 7\n")]


def test_a_generators_last_words_are_heard(heard: Heard) -> None:
    assert list(count_up.remote_gen(3)) == [0, 1, 2]
    assert heard.text == "at 0\nat 1\nat 2\ncounted\n"


def test_each_line_of_a_map_is_heard_once_and_as_its_own_inputs(heard: Heard) -> None:
    list(talk.map(range(300)))
    lines = sorted((index, line) for index, _, text in heard.said for line in text.splitlines())
    assert lines == [(n, f"far {n}") for n in range(300)]


def test_prints_of_one_call_are_never_heard_in_the_next(heard: Heard) -> None:
    for n in range(30):
        talk.remote(n)
        assert heard.said == [(0, "stdout", f"far {n}\n")]
        heard.said.clear()


def test_a_long_input_is_heard_while_it_runs(heard: Heard, tmp_path: Path) -> None:
    def release() -> None:
        while "drop 2\n" not in heard.text:
            pass
        (tmp_path / "go").touch()

    watching = threading.Thread(target=release, daemon=True)
    watching.start()
    drip.remote(str(tmp_path / "go"), 3)
    watching.join()
    assert heard.text == "drop 0\ndrop 1\ndrop 2\nthe end"


def test_logs_of_a_spawned_call_are_whole_once_it_has_ended(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    call = drip.spawn(str(tmp_path / "go"), 2)
    call.get()
    assert call.logs() == "drop 0\ndrop 1\nthe end"


def test_logs_follow_a_running_call_to_its_end(tmp_path: Path) -> None:
    call = drip.spawn(str(tmp_path / "go"), 2)
    pages = iter(call.logs(follow=True))
    text = ""
    while text != "drop 0\ndrop 1\n":
        text += next(pages)
    (tmp_path / "go").touch()
    assert text + "".join(pages) == "drop 0\ndrop 1\nthe end"


def test_logs_of_a_map_can_be_read_by_input() -> None:
    results = talk.map(range(100))
    list(results)
    assert sorted(str(results.call.logs()).splitlines()) == sorted(f"far {n}" for n in range(100))
    assert [results.call.logs(index=n) for n in (0, 42, 99)] == ["far 0\n", "far 42\n", "far 99\n"]


def test_long_output_is_read_whole_page_by_page() -> None:
    @farcall.function
    def flood() -> None:
        for n in range(20_000):
            print(f"zeile {n} €€€€€€€€€€")

    call = flood.spawn()
    call.get()
    assert call.logs() == "".join(f"zeile {n} €€€€€€€€€€\n" for n in range(20_000))


def test_the_output_of_a_final_call_is_complete_at_the_first_reading() -> None:
    session = Session.current()
    for n in range(10):
        call = talk.spawn(n)
        call.get()
        reply = session.wait(session.request(OutputRead(request=0, call_id=call.object_id, index=-1, offset=0)))
        assert isinstance(reply.message, OutputPage)
        assert (bytes(reply.payload).decode(), reply.message.next) == (f"far {n}\n", -1)


def test_a_value_is_shown_when_no_container_of_its_function_is_up() -> None:
    @farcall.function(max_inputs=1)
    def pair(left: int, right: str) -> dict[str, int]:
        return {right: left}

    call = pair.spawn(4, "four")
    call.get()
    session = Session.current()
    for what, shown in (("arguments", "left = 4\nright = 'four'"), ("result", "{'four': 4}")):
        made = session.ask(PreviewAsk(request=0, call_id=call.object_id, index=0, what=what), PreviewMade)  # type: ignore[arg-type]
        assert made.bundle["text/plain"] == shown
