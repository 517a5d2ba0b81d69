"""The seam to displays: what shows a map or a call while its caller waits. The API only knows this file.

The default is one progress line on stderr, when that is a terminal (terminal.py). farcall.notebook puts its cards in
with :func:`set_presenter`. Presenters are only asked from the main thread; other threads show nothing.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .terminal import CallLine, MapLine

if TYPE_CHECKING:
    from .call import FunctionCall
    from .results import Results

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
