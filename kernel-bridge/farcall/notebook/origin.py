"""Where in the notebook something is: the cell that runs, its number and id, and a file's line as `Cell In[4], line 7`.

Reads IPython and the environment; shows nothing. The presenter asks it for the origin of a call, the views for places.
"""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from typing import Any

from ..presenter import Cell

_FRAME = re.compile(r'File "(?P<file>[^"\n]+)", line (?P<line>\d+)')


class Origin:
    """What is known of the running cell. The main thread writes it (IPython's hooks), any thread reads it.

    ``cell`` is replaced whole; its label is what a person calls it in a list: ``movies.ipynb [4]``.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._executions = 0
        self.cell = Cell(key="", label="")

    def cell_begins(self, cell_id: str | None, number: int) -> None:
        """Cell ``In[number]`` starts in the main thread. ``cell_id`` is None where the front end sends none."""
        self._executions += 1
        label = f"{notebook_name(self._shell)} [{number}]"
        self.cell = Cell(key=cell_id or self._id_from_message(), label=label, execution=str(self._executions))

    def _id_from_message(self) -> str:
        metadata = (self._shell.kernel.get_parent("shell") or {}).get("metadata") or {}
        return str(metadata.get("cellId") or "")

    def place(self, where: str) -> str:
        """``file:line`` as a person reads it: ``Cell In[4], line 7`` or ``prices.py, line 7``; never a whole path."""
        name, colon, line = where.rpartition(":")
        if not colon or not line.isdigit():
            return PurePath(where).name
        known = self._shell.compile.format_code_name(name)
        shown = " ".join(known) if known else PurePath(name).name
        return f"{shown}, line {line}"

    def traceback(self, text: str) -> str:
        """A traceback's text with the cells' temporary file names as a person knows them."""
        return _FRAME.sub(self._frame, text)

    def _frame(self, match: re.Match[str]) -> str:
        known = self._shell.compile.format_code_name(match["file"])
        return f"{' '.join(known)}, line {match['line']}" if known else match[0]


def running_number(shell: Any) -> int:
    """The number of the running cell: `execution_count` is already the next one's in newer IPythons."""
    history = shell.history_manager
    return int(shell.execution_count) if history is None else len(history.input_hist_parsed) - 1


def notebook_name(shell: Any) -> str:
    """The notebook's file name, from what Jupyter and VS Code tell the kernel; else ``notebook``."""
    path = os.environ.get("JPY_SESSION_NAME") or shell.user_ns.get("__vsc_ipynb_file__") or ""
    return PurePath(str(path)).name or ("notebook" if hasattr(shell, "kernel") else "ipython")
