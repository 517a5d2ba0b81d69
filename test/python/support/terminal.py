"""A script in a terminal: its stderr is a real one (or a file), and what it draws there is read as it comes."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .waiting import PATIENCE_S, until


class Running:
    """A script under way. ``drawn``: all that it wrote to stderr so far."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path) -> None:
        self.process = process
        self.drawn = ""
        self._out = out

    def until(self, text: str) -> None:
        """Wait until that was drawn."""
        until(lambda: text in self.drawn, f"{text!r} was not drawn")

    def ended(self) -> str:
        """What it printed on stdout, once it has ended well."""
        assert self.process.wait(timeout=PATIENCE_S) == 0, self.drawn
        return self._out.read_text()

    def read(self, end: int) -> None:
        """Read the terminal until its other end is closed. In a thread of its own."""
        while True:
            try:
                piece = os.read(end, 4096)
            except OSError:
                return
            self.drawn += piece.decode("utf-8", "replace")


@contextmanager
def in_terminal(code: str, folder: Path, *, columns: int = 200) -> Iterator[Running]:
    """Run code as a script whose stderr is a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    script, out = folder / "script.py", folder / "out"
    script.write_text(code)
    environment = os.environ | {"TERM": "xterm"}
    with out.open("wb") as stdout:
        process = subprocess.Popen([sys.executable, str(script)], stdout=stdout, stderr=theirs, env=environment)
    os.close(theirs)
    running = Running(process, out)
    reader = threading.Thread(target=running.read, args=(ours,), daemon=True)
    reader.start()
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        reader.join(PATIENCE_S)
        os.close(ours)


def with_stderr_in_a_file(code: str, folder: Path) -> tuple[str, str]:
    """Run code as a script to its end; what it printed on stdout, and on stderr."""
    script = folder / "script.py"
    script.write_text(code)
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=True)
    return ran.stdout, ran.stderr
