"""Which maps belong to which cell: running a cell again cancels what its last run left undetached."""

from __future__ import annotations

import weakref

from ..presenter import presenter
from .launch import Opened, cancel

_maps: dict[str, list[tuple[str, weakref.ref[Opened]]]] = {}  # cell's key → (execution, map); main thread only


def begins(opened: Opened) -> None:
    """A map starts in the cell that runs now. Maps of an earlier run of the same cell are cancelled."""
    cell = presenter().cell()
    if not cell.key:
        return
    kept = []
    for execution, known in _maps.get(cell.key, ()):
        older = known()
        if older is None or older.is_over or older.is_detached:
            continue
        if execution == cell.execution:
            kept.append((execution, known))
        else:
            cancel(older.session, older.call_id, older.bell)
    _maps[cell.key] = [*kept, (cell.execution, weakref.ref(opened))]
