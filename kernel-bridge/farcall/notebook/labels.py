"""What people call the inputs of the maps that this kernel made, for the views that show them: ``label=``.

The main thread and the bridge's workers put maps in, the workers read. A kernel that restarted knows no labels.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..results import Results

#: Maps whose labels are kept, the newest ones: each keeps a column or a list alive.
_KEPT = 30

LabelOf = Callable[[int], str]


class LabelBook:
    """The labels of calls, by call id and number of the input in that call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _known
        self._known: dict[str, LabelOf] = {}

    def made(self, results: Results) -> None:
        """A map started here: its labels, or those of the call whose inputs it runs again."""
        chain = results.calls
        label = results.source.namer or self._known.get(chain.calls[0])
        if label is None:
            return
        for at, call_id in enumerate(chain.calls):
            self._keep(call_id, _numbered(label, chain.numbering(at)))

    def has(self, call_id: str) -> bool:
        """Whether inputs of the call may have labels."""
        return call_id in self._known

    def of(self, call_id: str, indexes: tuple[int, ...]) -> list[str]:
        """The labels of these inputs; "" for those that have none."""
        label = self._known.get(call_id)
        return [label(index) if label is not None else "" for index in indexes]

    def _keep(self, call_id: str, label: LabelOf) -> None:
        with self._lock:
            self._known.pop(call_id, None)
            self._known[call_id] = label
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]


def _numbered(label: LabelOf, numbering: dict[int, int] | Callable[[int], int]) -> LabelOf:
    """``label`` goes by the number in the first call, the result by that in a later one."""
    if isinstance(numbering, dict):
        return lambda index: label(numbering[index]) if index in numbering else ""
    return lambda index: label(numbering(index))
