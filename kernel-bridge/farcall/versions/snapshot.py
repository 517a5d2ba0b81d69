"""What a function looked like when it was last described, and a fast look at whether it still does.

Code is compared by identity, name by name. Captured values: immutable ones by identity, small ones by content, large
ones by a fingerprint of identity, shape and a sample of their bytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from ..code.canonical import Describer
from ..code.watch import CodeWatch
from ..values import serialize
from .captures import Captures, Slots
from .modules import Bundle

if TYPE_CHECKING:
    from .version import Version

_IMMUTABLE = frozenset((bool, int, float, complex, str, bytes, type(None), range))
_SMALL = 16 * 1024
_SAMPLES = 64


class Snapshot:
    """One function's description, and what it takes to see that it is still true. Lives in that function's dict."""

    def __init__(
        self,
        version: Version,
        describer: Describer,
        slots: Slots,
        values: Captures,
        bundle: Bundle | None,
        code_references: dict[str, Any],
        pinned: frozenset[int] = frozenset(),
    ) -> None:
        self.describer = describer
        self.slots = slots
        self.code_references = code_references
        self.pinned = pinned  # slots whose values belong to the version, of a class
        self._bundle = bundle
        self._code = CodeWatch(describer, but={slot.key for slot in slots})
        self._keep(version, values)

    def with_values(self, version: Version, values: Captures) -> Snapshot:
        """The same code, seen with other values."""
        self._keep(version, values)
        return self

    def code_is_same(self) -> bool:
        """Whether every function, class and name of the code is the very object it was."""
        return self._code.is_same() and (self._bundle is None or self._bundle.is_fresh())

    def changed_values(self) -> list[object]:
        """The values in slots that are not what they were."""
        changed = []
        for slot, (value, mark) in self._values:
            now = slot.read()
            if now is not value or (mark is not None and _mark(now, mark[0]) != mark):
                changed.append(now)
        return changed

    def _keep(self, version: Version, values: Captures) -> None:
        self.version = version
        self.values = values
        sizes = (len(values.of(number)) for number in range(len(self.slots)))
        self._values = [
            (slot, (value, _first_mark(value, size)))
            for slot, value, size in zip(self.slots, self.slots.values, sizes, strict=True)
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()  # a copy of the function elsewhere starts without a memory


#: kind of mark, mark
Mark = tuple[str, Any]


def _first_mark(value: object, size: int) -> Mark | None:
    if type(value) in _IMMUTABLE:
        return None
    return _mark(value, "content" if size <= _SMALL else "fingerprint")


def _mark(value: Any, kind: str) -> Mark:
    if kind == "content":
        try:
            return kind, serialize.dumps(value)
        except Exception:
            return kind, object()
    return kind, _fingerprint(value)


def _fingerprint(value: Any) -> object:
    """Cheap to take, and likely to differ after a change in place."""
    shape = getattr(value, "shape", None)
    if type(value).__module__.partition(".")[0] == "pandas":
        blocks = getattr(getattr(value, "_mgr", None), "blocks", ())
        columns = tuple(getattr(value, "columns", ()))
        return shape, columns, tuple((id(block.values), _sample(block.values)) for block in blocks)
    if isinstance(value, (list, tuple)):
        return len(value), tuple(map(id, value[:: max(1, len(value) // _SAMPLES)]))
    if isinstance(value, (dict, set, frozenset)):
        return len(value)
    state = getattr(value, "__dict__", None)
    return shape, _sample(value), tuple(map(id, state.values())) if isinstance(state, dict) else None


def _sample(value: Any) -> object:
    try:
        view = memoryview(value)
        if not view.c_contiguous and not view.f_contiguous:
            return view.shape
        raw = view.cast("B") if view.c_contiguous else memoryview(value.T).cast("B")
    except (TypeError, ValueError, AttributeError):
        return None
    step = max(1, raw.nbytes // _SAMPLES)
    return zlib.crc32(raw[::step].tobytes() + raw[:4096].tobytes() + raw[-4096:].tobytes())
