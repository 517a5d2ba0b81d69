"""What a person sees of an error: their own lines and at most one frame of ours, in scripts and in IPython."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import farcall

pytestmark = pytest.mark.usefixtures("home")
OURS = str(Path(farcall.__file__).parent)


@farcall.function
def fail(word: str) -> None:
    raise KeyError(word)


@farcall.function
def fail_later(word: str) -> Any:
    yield word
    raise KeyError(word)


@farcall.function
def stopping(x: int) -> int:
    if x == 2:
        raise KeyError(x)
    return x


def source() -> Iterator[str]:
    yield "a"
    raise KeyError("mine")


WAYS: dict[str, Callable[[], object]] = {
    "remote": lambda: fail.remote("x"),
    "remote.aio": lambda: asyncio.run(fail.remote.aio("x")),
    "get": lambda: fail.spawn("x").get(),
    "gather": lambda: farcall.gather(fail.spawn("x")),
    "map": lambda: list(fail.map(["x"])),
    "map, in its middle": lambda: list(stopping.map(range(5))),
    "starmap": lambda: list(fail.starmap([("x",)])),
    "for_each": lambda: fail.for_each(["x"]),
    "for_each.aio": lambda: asyncio.run(fail.for_each.aio(["x"])),
    "results by index": lambda: fail.map(["x"]).wait()[0],
    "call.iter": lambda: list(fail.spawn_map(["x"]).iter()),
    "call.results": lambda: list(fail.spawn_map(["x"]).results()),
    "remote_gen": lambda: list(fail_later.remote_gen("x")),
    "remote_gen.aio": lambda: asyncio.run(all_of(fail_later.remote_gen.aio("x"))),
    "the user's own iterator": lambda: list(fail.map(source())),
}
#: Ways in which it is ours that goes wrong, before anything is sent.
REFUSED: dict[str, Callable[[], object]] = {
    "remote": lambda: fail.remote(threading.Lock()),  # type: ignore[arg-type]
    "spawn": lambda: fail.spawn(threading.Lock()),  # type: ignore[arg-type]
    "map": lambda: list(fail.map([threading.Lock()])),
    "no inputs": lambda: fail.map(),
    "a limit": lambda: fail.map(["x"], limit=0),
}


async def all_of(items: Any) -> list[Any]:
    return [item async for item in items]


def ours(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames if frame.filename.startswith(OURS)]


@pytest.mark.parametrize("way", WAYS)
def test_a_remote_error_has_one_frame_of_ours_at_most(way: str) -> None:
    with pytest.raises(KeyError) as raised:
        WAYS[way]()
    assert len(ours(raised.value)) <= 1, ours(raised.value)


@pytest.mark.parametrize("way", REFUSED)
def test_a_refusal_has_one_frame_of_ours_at_most(way: str) -> None:
    with pytest.raises(farcall.Error) as raised:
        REFUSED[way]()
    assert len(ours(raised.value)) <= 1, ours(raised.value)


CELL = """
import farcall

@farcall.function
def score(x):
    if x == 2:
        raise KeyError("here")
    return x

list(score.map(range(5)))
"""


def test_a_script_shows_the_users_lines(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CELL)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert "list(score.map(range(5)))" in ran.stderr
    assert 'raise KeyError("here")' in ran.stderr
    assert len(re.findall(rf'File "{re.escape(OURS)}/', ran.stderr)) <= 1, ran.stderr


def test_ipython_hides_the_one_that_is_left(tmp_path: Path) -> None:
    script = tmp_path / "cell.py"
    script.write_text(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(colors='NoColor')\n"
        f"shell.run_cell({CELL!r})\n"
    )
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    shown = ran.stdout + ran.stderr
    assert "list(score.map(range(5)))" in shown
    assert 'raise KeyError("here")' in shown
    assert OURS not in shown.replace(str(Path.home()), "~").replace("~", str(Path.home())), shown
    assert shown.count("skipping hidden") <= 1
