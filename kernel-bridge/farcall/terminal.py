"""What a terminal shows of a map or a call: one line on stderr that is drawn over and over, and what inputs print.

Made by presenter.py in the waiting main thread. Nothing is drawn unless stderr is a terminal, nor while a progress bar
of somebody else's iterates the map: it draws on the same line.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from .call import FunctionCall
    from .results import Results

_OUTPUT_CAP = 64 * 1024
_FIRST_S = 0.5
_EVERY_S = 0.1
#: Packages whose bars go around what they iterate.
_BARS = frozenset({"tqdm", "rich", "alive_progress"})


class Line:
    """A line of stderr, as wide as the terminal at most: what is longer would stay behind when it is drawn over."""

    def __init__(self) -> None:
        self.shows = _is_terminal()
        self.is_free = True  # False: somebody's unfinished text stands there
        self.text = ""

    def draw(self, text: str) -> None:
        """Show the text in place of what is there; an empty one clears it."""
        if text == self.text or not self.shows or not self.is_free:
            return
        self.text = text
        sys.stderr.write(f"\r\x1b[K{_clipped(text)}")
        sys.stderr.flush()

    def leave(self, text: str) -> None:
        """The text for good, and the cursor below it."""
        self.draw("")
        sys.stderr.write(f"{text}\n" if self.is_free else f"\n{text}\n")
        sys.stderr.flush()


class Printing:
    """Prints what inputs print, up to 64 KiB, and says how much more there was."""

    def __init__(self, call_id: Callable[[], str]) -> None:
        self.line = Line()
        self._call_id = call_id
        self._left = _OUTPUT_CAP
        self._is_whole = True  # what was printed ends with its line
        self._dropped = ""  # the unfinished last line of what was not printed
        self._more = 0

    def tick(self) -> None: ...

    def output(self, index: int, stream: str, text: str) -> None:
        """Print it, or count its lines."""
        shown, rest = text[: self._left], text[self._left :]
        if shown:
            self._print(sys.stderr if stream == "stderr" else sys.stdout, shown)
        if rest:
            *lines, self._dropped = (self._dropped + rest).split("\n")
            self._more += len(lines)

    def end(self) -> None:
        """Nobody waits any more."""
        self.line.draw("")
        more = self._more + bool(self._dropped)
        if more:
            told = f"{more:,} more {'line' if more == 1 else 'lines'}: call.logs() of {self._call_id()}\n"
            self._print(sys.stdout, told if self._is_whole else f"\n{told}")
            self._more, self._dropped = 0, ""

    def _print(self, out: TextIO, text: str) -> None:
        self.line.draw("")
        out.write(text)
        out.flush()
        self._left -= len(text)
        self._is_whole = text.endswith("\n")
        self.line.is_free = self._is_whole or not out.isatty()


class CallLine(Printing):
    """Says why a call waits, once it has for a second."""

    def __init__(self, call: FunctionCall[Any]) -> None:
        super().__init__(lambda: call.object_id)
        self._waiting = _waiting(self._call_id) if self.line.shows else None

    def tick(self) -> None:
        """Show the reason, while there is one."""
        if self._waiting is not None:
            reason = self._waiting.reason()
            self.line.draw(f"waiting: {reason}" if reason else "")

    def end(self) -> None:
        """Nobody waits any more."""
        if self._waiting is not None:
            self._waiting.end()
        super().end()


class MapLine(Printing):
    """How far a map is, and why it waits."""

    def __init__(self, results: Results) -> None:
        super().__init__(lambda: results.call.object_id)  # it is waited for, so it was started
        self.line.shows = self.line.shows and not _is_within_a_bar()
        self._results = results
        self._began = time.monotonic()
        self._drawn = 0.0
        self._waiting = _waiting(self._call_id) if self.line.shows else None

    def tick(self) -> None:
        """Draw it again, from half a second on."""
        now = time.monotonic()
        if self.line.shows and now - self._began >= _FIRST_S and now - self._drawn >= _EVERY_S:
            self._drawn = now
            self.line.draw(self._progress(now))

    def end(self) -> None:
        """The last state stays, if there was one."""
        if self._waiting is not None:
            self._waiting.end()
        super().end()
        if self._drawn:
            rest = "; .estimate() and .run_rest() are for the rest" if self._results.is_limited else ""
            self.line.leave(f"{self._progress(time.monotonic())}{rest}")
            self._drawn = 0.0

    def _progress(self, now: float) -> str:
        tally = self._results.tally
        total = f"/{tally.total:,}" if tally.total is not None else " done so far"
        failed = f" · {tally.failed:,} failed" if tally.failed else ""
        rate = tally.done / max(now - self._began, 1e-3)
        return f"{self._results.name}.map · {tally.done:,}{total}{failed} · {rate:,.1f}/s{self._why()}"

    def _why(self) -> str:
        reason = self._waiting.reason() if self._waiting is not None else ""
        return f" · waiting: {reason}" if reason else ""


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _is_within_a_bar() -> bool:
    """Whether what drives the map is a progress bar around it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _BARS:
            return True
        frame = frame.f_back
    return False


def _clipped(text: str) -> str:
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    most = (columns or 80) - 1
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _waiting(call_id: Callable[[], str]) -> Any:
    """A :class:`farcall.waiting_line.Waiting`: it knows sessions, which is more than everybody needs."""
    return importlib.import_module(".waiting_line", __package__).Waiting(call_id)
