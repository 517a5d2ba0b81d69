"""Puts the notebook side together: magics, bridge, cards and completions of one IPython shell.

`import farcall` in a kernel calls :func:`activate`; ``%load_ext farcall`` does the same. It prints nothing, starts no
thread and contacts nothing: that begins with the first call, or with an extension that says hello. A plain IPython
terminal gets the magics and keeps the terminal presenter.
"""

from __future__ import annotations

import atexit
from typing import Any

from ..client.place import default_place
from ..presenter import set_presenter
from . import completion, formatters, magics
from .answers import GatewayAnswers
from .bridge import Bridge
from .calls import Calls
from .cards import Deck
from .cell_code import CellCode
from .display import NotebookPresenter
from .labels import LabelBook
from .origin import Origin, running_number
from .pace import Pace
from .resume import Resumer
from .screen import Screen

_active: Notebook | None = None


class Notebook:
    """Everything of one kernel's notebook side, put together."""

    def __init__(self, shell: Any) -> None:
        from ..client.session import Session

        self._shell = shell
        self._screen = Screen(shell)
        self._origin = Origin(shell)
        self._pace = Pace(lambda now: self.bridge.flush(now), lambda now: self._deck.refresh(now))
        self._calls = Calls(Session.current, self._origin.place, self._pace.nudge)
        labels = LabelBook()
        resumer = Resumer(shell, self._calls, labels)
        answers = GatewayAnswers(
            Session.current,
            resumer,
            CellCode(shell, self._calls),
            labels,
            text=self._origin.traceback,
            where=lambda: default_place().name,
        )
        self.bridge = Bridge(self._calls, answers, labels, self._pace.nudge)
        self._deck = Deck(self._screen, lambda: self.bridge.attached, self._pace.nudge)
        self.presenter = NotebookPresenter(self._calls, self._deck, self._origin, lambda: self.bridge.attached)
        self.presenter.on_map = resumer.made

    def open(self) -> None:
        """Take the shell's hooks and the kernel's comm. Once."""
        self._begin(None, running_number(self._shell))
        self._shell.events.register("pre_run_cell", self._cell_begins)
        self._shell.events.register("post_run_cell", self._cell_ends)
        self.bridge.open(self._shell.kernel)
        formatters.register(self._shell, self._calls, self._deck)
        set_presenter(self.presenter)
        atexit.register(self._deck.write_all)

    def _cell_begins(self, execution: Any) -> None:
        if not self._screen.may_show():
            return  # another front end's message, on a thread of its own
        # IPython notes the cell's input only after this hook, so the running number is still the last one's.
        self._begin(getattr(execution, "cell_id", None), running_number(self._shell) + 1)

    def _begin(self, cell_id: str | None, number: int) -> None:
        self._screen.cell_begins()
        self._origin.cell_begins(cell_id, number)
        self.presenter.cell_begins()

    def _cell_ends(self, result: Any) -> None:
        if self._screen.may_show():
            self.presenter.cell_ends()


def activate(shell: Any) -> None:
    """Make ``shell`` know farcall. Idempotent; prints nothing."""
    global _active
    magics.register(shell)
    completion.register(shell)
    if _active is None and hasattr(shell, "kernel"):
        _active = Notebook(shell)
        _active.open()
