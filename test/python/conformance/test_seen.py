"""api.md §6: what the user sees while it runs, in a terminal. What other tests show:

| rule | test |
|---|---|
| a map's card, in the main thread of a notebook only | test/python/notebook/test_live.py |
| repeated remote() calls of one cell share one card | a_quick_remote_shows_nothing_and_a_slow_one_joins_one_card |
| output by input, bars collapsed | test_live.py, test/python/notebook/test_output.py, test/python/test_printing.py |
| output of a cell capped at 64 KiB | test_in_cells.py here |
| enable_output | test/python/test_apps.py |
| why a call waits: GPUs, an image | test/runtime/core/autoscaler.test.ts, test/python/images/test_building.py |
| why a call waits: a container that does not come up | test/faults/test_f19_never_up.py |
"""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

import pytest
from support.terminal import in_terminal, with_stderr_in_a_file
from tqdm import tqdm
from tqdm.asyncio import tqdm_asyncio

import farcall

pytestmark = pytest.mark.usefixtures("home")

#: Long enough that a line would be drawn, and that a call would say why it waits.
LONG = """
import farcall, threading, time

@farcall.function
def slow(x):
    time.sleep(1.5)
    return x
"""
GATED = """
import farcall, os, sys, time

@farcall.function(max_containers=1)
def gated(x, folder):
    while not os.path.exists(folder + "/go"):
        time.sleep(0.01)
    return x
"""


@farcall.function
def double(x: int) -> int:
    return 2 * x


def states(drawn: str) -> list[str]:
    """What the line said, one after the other."""
    return [text for text in re.split(r"\r|\n|\x1b\[K", drawn) if text]


# ── the progress line


def test_in_a_terminal_a_map_is_one_line_on_stderr_that_is_drawn_over(tmp_path: Path) -> None:
    code = f"{GATED}\nprint(list(gated.map(range(4), kwargs={{'folder': {str(tmp_path)!r}}})))"
    with in_terminal(code, tmp_path) as running:
        running.until("gated.map · 0/4")
        (tmp_path / "go").touch()
        assert running.ended() == "[0, 1, 2, 3]\n"
        running.until("gated.map · 4/4")
        running.until("\n")
    assert running.drawn.count("\n") == 1
    assert all(state.startswith("gated.map · ") for state in states(running.drawn))


def test_the_line_is_never_wider_than_the_terminal(tmp_path: Path) -> None:
    code = f"{GATED}\nlist(gated.map(range(4), kwargs={{'folder': {str(tmp_path)!r}}}))"
    with in_terminal(code, tmp_path, columns=20) as running:
        running.until("gated.map · 0/4")
        (tmp_path / "go").touch()
        running.ended()
    *passing, _last = states(running.drawn)
    assert max(map(len, passing)) < 20


@pytest.mark.parametrize(
    "code",
    [
        "thread = threading.Thread(target=lambda: list(slow.map([1])))\nthread.start()\nthread.join()",
        "thread = threading.Thread(target=lambda: slow.with_options(max_containers=1).remote(1))\n"
        "slow.with_options(max_containers=1).spawn(0)\nthread.start()\nthread.join()",
    ],
    ids=["map", "remote"],
)
def test_nothing_is_drawn_for_what_another_thread_waits_for(code: str, tmp_path: Path) -> None:
    with in_terminal(LONG + code, tmp_path) as running:
        assert running.ended() == ""
    assert running.drawn == ""


def test_nothing_is_drawn_when_stderr_is_a_file(home: object, tmp_path: Path) -> None:
    code = "list(slow.map([1]))\nslow.remote(1)\nprint('done')"
    assert with_stderr_in_a_file(LONG + code, tmp_path) == ("done\n", "")


# ── tqdm


def test_tqdm_knows_the_total_of_what_has_a_length() -> None:
    bar = tqdm(double.map(range(7)), file=io.StringIO())
    assert bar.total == 7
    assert list(bar) == [2 * x for x in range(7)]
    assert bar.n == 7
    assert tqdm(double.map(iter(range(7))), file=io.StringIO()).total is None


def test_tqdm_knows_it_in_a_coroutine_too() -> None:
    async def barred() -> tuple[list[int], int]:
        bar = tqdm_asyncio(double.map(range(7)), file=io.StringIO())
        return [value async for value in bar], bar.total

    assert asyncio.run(barred()) == ([2 * x for x in range(7)], 7)


def test_a_bar_around_a_map_has_the_line_for_itself(tmp_path: Path) -> None:
    with in_terminal(f"{LONG}\nfrom tqdm import tqdm\nprint(list(tqdm(slow.map([1, 2]))))", tmp_path) as running:
        assert running.ended() == "[1, 2]\n"
        running.until("2/2")
    assert "slow.map" not in running.drawn


# ── waiting


@pytest.mark.parametrize("call", ["gated.remote(1, folder)", "list(gated.map([1], [folder]))"], ids=["remote", "map"])
def test_a_call_that_waits_over_a_second_says_why(call: str, tmp_path: Path) -> None:
    code = f"{GATED}\nfolder = {str(tmp_path)!r}\nheld = gated.spawn(0, folder)\n{call}\nprint(held.get())"
    with in_terminal(code, tmp_path) as running:
        running.until("waiting: ")
        running.until("max_containers")
        (tmp_path / "go").touch()
        assert running.ended() == "0\n"


# ── what inputs print

MUCH = """
import farcall

@farcall.function
def talk(x):
    for n in range(2000):
        print("x" * 99)
    return x
"""


@pytest.mark.parametrize("call", ["talk.remote(1)", "list(talk.map([1]))"], ids=["remote", "map"])
def test_of_more_than_64_kib_the_rest_is_counted_and_can_be_read(call: str, home: object, tmp_path: Path) -> None:
    printed, errors = with_stderr_in_a_file(f"{MUCH}\n{call}", tmp_path)
    told = re.search(r"^([\d,]+) more lines: call\.logs\(\) of (fc-\S+)\n\Z", printed, re.MULTILINE)
    assert told is not None, printed[-300:]
    assert (errors, len(printed) <= 64 * 1024 + 100) == ("", True)
    assert printed.count("x" * 99) + int(told[1].replace(",", "")) == 2000
    assert farcall.FunctionCall.from_id(told[2]).logs() == ("x" * 99 + "\n") * 2000


def test_an_unfinished_line_of_an_input_is_not_drawn_over(tmp_path: Path) -> None:
    code = f"""{LONG}
@farcall.function
def dotted(x):
    import sys
    print("dots ...", end="", file=sys.stderr, flush=True)
    time.sleep(2)

list(dotted.map([1]))
"""
    with in_terminal(code, tmp_path) as running:
        running.ended()
        running.until("dotted.map · 1/1")
    before, after = running.drawn.split("dots ...")
    assert after.startswith("\r\n") or "dotted.map" not in before + after, "what is drawn comes below it"
