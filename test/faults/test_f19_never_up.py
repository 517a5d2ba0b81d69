"""F19: a start is accepted, and what was started never comes up: the reason is shown, and it is tried again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import farcall
from farcall import errors
from farcall.client import embedded
from farcall.client.session import Session
from test.python.support.waiting import is_gone, until

from .conftest import Home

#: An interpreter that hangs before the first line of its program, until it is let go.
HANGS = """#!/bin/sh
echo $$ >> {starts}
while [ -e {blocked} ]; do sleep 0.05; done
exec {python} "$@"
"""


def waiting_lines(call: farcall.FunctionCall[int]) -> list[str]:
    """What a view would show of why the call waits, as it comes."""
    lines: list[str] = []
    Session.current().watch(call.object_id, lambda progress: lines.append(progress.waiting))
    return lines


def test_an_interpreter_that_hangs_is_given_up_told_of_and_tried_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.ensure(home.folder)
    until(lambda: (home.folder / "supervisor.json").exists())
    starts, blocked, python = tmp_path / "starts", tmp_path / "blocked", tmp_path / "python"
    blocked.touch()
    python.write_text(HANGS.format(starts=starts, blocked=blocked, python=sys.executable))
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    call = farcall.App("faults").function(startup_timeout=6)(lambda number: number + 1).spawn(1)
    lines = waiting_lines(call)
    told = f"not ready after 6 s: {sys.executable} did not come up"
    until(lambda: any(told in line and line.startswith("starting again in") for line in lines), seconds=60)
    first, *_ = (int(line) for line in starts.read_text().split())
    until(lambda: is_gone(first), seconds=30)
    until(lambda: len(starts.read_text().split()) >= 2, seconds=60)
    blocked.unlink()
    assert call.get(timeout=120) == 2


def test_an_interpreter_that_does_not_run_ends_the_call_with_its_words(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded.ensure(home.folder)
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'libpython3.so: cannot open shared object file' >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    call = farcall.App("faults").function(lambda: 1).spawn()
    lines = waiting_lines(call)
    with pytest.raises(errors.ExecutionError, match="cannot open shared object file"):
        call.get(timeout=120)
    assert any("starting again in" in line and "libpython3.so" in line for line in lines)


def test_a_supervisor_that_cannot_run_is_the_reason_that_is_told(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "blocked"
    blocked.touch()
    flaky = tmp_path / "python"  # as an environment that is being installed anew
    says = "echo 'No module named farcall' >&2"
    flaky.write_text(f'#!/bin/sh\nif [ -e {blocked} ]; then {says}; exit 1; fi\nexec {sys.executable} "$@"\n')
    flaky.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(flaky))
        embedded.ensure(home.folder)
    function = farcall.App("faults").function(os.path.basename)
    call = function.spawn("a/b")
    lines = waiting_lines(call)
    with pytest.raises(errors.ExecutionError, match=r"no host came up: the supervisor ended .*No module named farcall"):
        call.get(timeout=120)
    assert any("no host is connected: the supervisor ended (exit code 1)" in line for line in lines)
    blocked.unlink()
    until(lambda: "b" in (came_up(function) or ""), seconds=120)


def came_up(function: farcall.Function[[str], str]) -> str | None:
    try:
        return function.remote("a/b")
    except errors.ExecutionError:
        return None
