"""The outputs of the notebook: one place that writes display data, and knows which thread may.

Only the main thread shows something new; any thread may update an output by its display id. Updates are sent with the
parent of the running cell: every front end routes them by display id, and nbclient drops those of other parents.
"""

from __future__ import annotations

import threading
from typing import Any

Bundle = dict[str, Any]


class Screen:
    """Writes to the kernel's iopub. One per kernel."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._parent: dict[str, Any] = {}

    @staticmethod
    def may_show() -> bool:
        """Whether this thread may make a new output."""
        return threading.current_thread() is threading.main_thread()

    def cell_begins(self) -> None:
        """Remember whose outputs come now. Main thread."""
        self._parent = self._shell.kernel.get_parent("shell") or {}

    def show(self, bundle: Bundle, display_id: str) -> None:
        """A new output in the running cell. Main thread."""
        self._shell.display_pub.publish(bundle, metadata={}, transient={"display_id": display_id})

    def update(self, bundle: Bundle, display_id: str) -> None:
        """Replace an output. Any thread; a kernel that is going away takes no more."""
        kernel = self._shell.kernel
        content = {"data": bundle, "metadata": {}, "transient": {"display_id": display_id}}
        try:
            kernel.session.send(
                kernel.iopub_socket, "update_display_data", content, parent=self._parent, ident=b"display_data"
            )
        except (OSError, RuntimeError, AttributeError):
            return
