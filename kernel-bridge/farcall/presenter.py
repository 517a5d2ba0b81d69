"""The seam to displays: what shows a map or a call while its caller waits. The API only knows this file.

The default is one progress line on stderr, when that is a terminal. farcall.notebook puts its cards in with
:func:`set_presenter`. Presenters are only asked from the main thread; other threads show nothing.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .call import FunctionCall
    from .results import Results

_OUTPUT_CAP = 64 * 1024
_TOGETHER = 100


@dataclass(frozen=True)
class Cell:
    """Where code runs. ``key`` is the same when the same cell runs again ("" in a script); ``label`` is for people.

    ``execution`` tells one run of the cell from the next.
    """

    key: str
    label: str
    execution: str = ""


class View(Protocol):
    """One shown map or call. All methods are called in the waiting main thread, and must not wait."""

    def tick(self) -> None:
        """Called about every 50–100 ms while the caller waits."""

    def output(self, index: int, stream: str, text: str) -> None:
        """Text that input ``index`` (-1: not known) printed to ``stream``, "stdout" or "stderr"."""

    def end(self) -> None:
        """The caller no longer waits: it is done, failed, interrupted or detached. Called once."""


class Presenter(Protocol):
    """Makes views. ``wants_output``: whether what inputs print is streamed to them."""

    wants_output: bool

    def map_begins(self, results: Results) -> View:
        """A map starts in the foreground."""
        ...

    def call_begins(self, call: FunctionCall[Any]) -> View:
        """A caller begins to wait for one call."""
        ...

    def cell(self) -> Cell:
        """Where the calling code runs."""
        ...

    def place(self, where: str) -> str:
        """A line of code, ``file:line``, as a person calls it."""
        ...


class Silent:
    """A view that shows nothing."""

    def tick(self) -> None: ...

    def output(self, index: int, stream: str, text: str) -> None: ...

    def end(self) -> None: ...


SILENT = Silent()


class Together(Silent):
    """Several views as one. What inputs print reaches none of them: nobody asked for it."""

    def __init__(self, views: list[View]) -> None:
        self._views = views

    def tick(self) -> None:
        for view in self._views:
            view.tick()

    def end(self) -> None:
        for view in self._views:
            view.end()


class Terminal:
    """The default presenter: a progress line for maps, plain text for what inputs print."""

    wants_output = True

    def map_begins(self, results: Results) -> View:
        return MapLine(results)

    def call_begins(self, call: FunctionCall[Any]) -> View:
        return CallLine(call)

    def cell(self) -> Cell:
        return _cell_of(sys.argv[0] if sys.argv else "")

    def place(self, where: str) -> str:
        return where


@functools.lru_cache(maxsize=1)
def _cell_of(script: str) -> Cell:
    """Asked at every call, and nearly always the same."""
    return Cell(key="", label=Path(script).name or "python")


class Printing:
    """Prints what inputs print, up to 64 KiB."""

    def __init__(self) -> None:
        self._left = _OUTPUT_CAP

    def tick(self) -> None: ...

    def output(self, index: int, stream: str, text: str) -> None:
        if self._left <= 0:
            return
        out = sys.stderr if stream == "stderr" else sys.stdout
        out.write(text[: self._left])
        out.flush()
        self._left -= len(text)
        if self._left <= 0:
            out.write("\n… more output: call.logs()\n")

    def end(self) -> None: ...


class CallLine(Printing):
    """Says on stderr why a call waits, once it has for a second; nothing unless stderr is a terminal."""

    def __init__(self, call: FunctionCall[Any]) -> None:
        super().__init__()
        self._waiting = _waiting(lambda: call.object_id) if _is_terminal() else None
        self._drawn = ""

    def tick(self) -> None:
        if self._waiting is None:
            return
        reason = self._waiting.reason()
        if reason != self._drawn:
            self._drawn = reason
            sys.stderr.write(f"\r\x1b[K{f'waiting: {reason}' if reason else ''}")
            sys.stderr.flush()

    def output(self, index: int, stream: str, text: str) -> None:
        self._clear()
        super().output(index, stream, text)

    def end(self) -> None:
        if self._waiting is not None:
            self._waiting.end()
        self._clear()

    def _clear(self) -> None:
        if self._drawn:
            self._drawn = ""
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class MapLine(Printing):
    """One line on stderr that is drawn over and over; nothing unless stderr is a terminal."""

    def __init__(self, results: Results) -> None:
        super().__init__()
        self._results = results
        self._began = time.monotonic()
        self._drawn = 0.0
        self._shows = _is_terminal()
        self._waiting = _waiting(lambda: _id_of(results)) if self._shows else None

    def tick(self) -> None:
        now = time.monotonic()
        if not self._shows or now - self._began < 0.5 or now - self._drawn < 0.1:
            return
        self._drawn = now
        sys.stderr.write(f"\r\x1b[K{self._line(now)}")
        sys.stderr.flush()

    def output(self, index: int, stream: str, text: str) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
        super().output(index, stream, text)

    def end(self) -> None:
        if self._waiting is not None:
            self._waiting.end()
        if self._drawn:
            rest = "; .estimate() and .run_rest() are for the rest" if self._results.is_limited else ""
            sys.stderr.write(f"\r\x1b[K{self._line(time.monotonic())}{rest}\n")
            sys.stderr.flush()
            self._drawn = 0.0

    def _line(self, now: float) -> str:
        tally = self._results.tally
        total = f"/{tally.total:,}" if tally.total is not None else " done so far"
        failed = f" · {tally.failed:,} failed" if tally.failed else ""
        rate = tally.done / max(now - self._began, 1e-3)
        return f"{self._results.name}.map · {tally.done:,}{total}{failed} · {rate:,.1f}/s{self._why()}"

    def _why(self) -> str:
        reason = self._waiting.reason() if self._waiting is not None else ""
        return f" · waiting: {reason}" if reason else ""


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _waiting(call_id: Callable[[], str]) -> Any:
    """A :class:`farcall.waiting_line.Waiting`: it knows sessions, which is more than everybody needs."""
    return importlib.import_module(".waiting_line", __package__).Waiting(call_id)


def _id_of(results: Results) -> str:
    return results.call.object_id  # it is waited for, so it was started


_presenter: Presenter = Terminal()


def presenter() -> Presenter:
    """The presenter in use."""
    return _presenter


def set_presenter(new: Presenter) -> None:
    """Show maps and calls with ``new`` from now on."""
    global _presenter
    _presenter = new


def map_view(results: Results) -> View:
    """The view of a map that starts here; a silent one outside the main thread."""
    return _presenter.map_begins(results) if _in_main() else SILENT


def call_view(call: FunctionCall[Any]) -> View:
    """The view of a call that is waited for here; a silent one outside the main thread."""
    return _presenter.call_begins(call) if _in_main() else SILENT


def calls_view(calls: Sequence[FunctionCall[Any]]) -> View:
    """The view of several calls that are waited for at once; of the first hundred, if there are more."""
    return Together([call_view(call) for call in calls[:_TOGETHER]])


def _in_main() -> bool:
    return threading.current_thread() is threading.main_thread()
