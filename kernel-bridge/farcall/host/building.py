"""Runs one program of a build: its output line by line, its end awaited, itself and all below it ended in time.

Used by image_build.py only. A build ends with whoever asked for it: the end of our stdin says so.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from . import processes

Stage = Literal["uv", "python", "refused", "resolve", "install", "run", "add"]
#: What a whole build may take.
MOST_S = 3600.0
_LOOK_S = 0.25
_LINES = 40
_LINE = 400
#: Of a failure's text: the gateway cuts what is longer.
_TEXT = 1800


class Failed(Exception):
    """The image cannot be made; ``detail`` is for the person."""

    def __init__(self, stage: Stage, detail: str) -> None:
        super().__init__(detail)
        self.stage = stage
        self.detail = hidden(detail)


class Building:
    """The programs of one build, one at a time."""

    def __init__(self, *, most_s: float = MOST_S) -> None:
        self._until = time.monotonic() + most_s
        self._most_s = most_s

    def run(
        self,
        command: Sequence[str],
        stage: Stage,
        *,
        cwd: Path,
        variables: Mapping[str, str],
        heard: Callable[[str], None] = lambda _: None,
        looked: Callable[[], None] = lambda: None,
        shown: str = "",
    ) -> None:
        """Run it to its end. ``heard`` gets its lines, ``looked`` is called now and then; ``shown``: its name.

        Raises:
            Failed: it failed, or took too long: with its last lines.
        """
        said: deque[str] = deque(maxlen=_LINES)
        ours = os.getpid()
        with subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: processes.die_with_parent(ours),
        ) as process:
            try:
                self._listen(process, said, heard, looked)
                code = process.wait(max(1.0, self._until - time.monotonic()))
            except (subprocess.TimeoutExpired, TimeoutError):
                raise Failed(stage, told(shown or " ".join(command), f"took over {self._most_s:.0f} s", said)) from None
            finally:
                end_all(process.pid)
        if code != 0:
            raise Failed(stage, told(shown or " ".join(command), f"ended with code {code}", said))

    def ask(self, command: Sequence[str], *, cwd: Path, variables: Mapping[str, str]) -> str:
        """What a quick program prints; empty when it fails."""
        try:
            ran = subprocess.run(
                list(command), cwd=cwd, env=dict(variables), stdin=subprocess.DEVNULL, capture_output=True, timeout=60.0
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        return ran.stdout.decode("utf-8", "replace").strip() if ran.returncode == 0 else ""

    def wait(self, seconds: float) -> None:
        """Wait, and leave when nobody wants the build any more."""
        _leave_if_unwanted(seconds)

    def _listen(
        self,
        process: subprocess.Popen[bytes],
        said: deque[str],
        heard: Callable[[str], None],
        looked: Callable[[], None],
    ) -> None:
        assert process.stdout is not None, "it was asked for"
        pipe = process.stdout.fileno()
        rest = b""
        while time.monotonic() < self._until:
            ready, _, _ = select.select([pipe, 0], [], [], _LOOK_S)
            if 0 in ready:
                end_all(process.pid)
                _leave_if_unwanted(0.0)
            looked()
            if pipe not in ready:
                if process.poll() is not None:
                    return  # what it left behind may hold its output open
                continue
            piece = os.read(pipe, 65536)
            *lines, rest = re.split(rb"[\r\n]+", rest + piece)
            for line in lines if piece else [*lines, rest]:
                text = line.decode("utf-8", "replace").strip()[:_LINE]
                if text:
                    said.append(text)
                    heard(hidden(text))
            rest = rest[-_LINE * 4 :]
            if not piece:
                return
        raise TimeoutError


def end_all(group: int) -> None:
    """End a process group, and what left it: all that is below this process."""
    processes.kill_group(group)
    for pid in list(processes.descendants(os.getpid())):
        if pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def told(command: str, how: str, said: Sequence[str]) -> str:
    """A failed program in words: the command, how it ended, and its last lines, within what travels."""
    head = f"{command[:_LINE]} {how}"
    tail = "\n".join(said)
    room = _TEXT - len(head) - 1
    return f"{head}\n{tail[-room:] if len(tail) > room else tail}".rstrip()


def hidden(text: str) -> str:
    """Without user names and passwords in URLs."""
    return re.sub(r"(://)[^/\s@]+@", r"\1***@", text)


def _leave_if_unwanted(seconds: float) -> None:
    ready, _, _ = select.select([0], [], [], seconds)
    if ready and not os.read(0, 4096):
        sys.stdout.flush()
        os._exit(3)
