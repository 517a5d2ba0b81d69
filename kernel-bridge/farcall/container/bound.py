"""Functions as functions in a container see them: by name, at the versions that the running call was opened with.

The container's loop says which call runs (:func:`enter_call`) and gives :func:`resolve` to the loader, so that a
function that names another one (or itself) finds something to call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calls.launch import Prepared
from ..client.session import Session
from ..errors import NotFoundError
from ..function import Function

_running: dict[str, tuple[bytes | None, bool]] = {}  # of the call that runs now: name → (captures, is_generator)


def enter_call(shared: Mapping[str, Any]) -> None:
    """A call's inputs run from now on; ``shared`` is its unpickled shared payload."""
    _running.clear()
    _running.update(shared.get("bound", {}))


def resolve(name: str, bindings: Mapping[str, str]) -> object:
    """The function of that name, for the loader. ``bindings`` always holds those of the call that runs now."""
    return BoundFunction(name, bindings)


class BoundFunction(Function[..., Any]):
    """A function known by name and version only: everything but ``local`` and ``get_raw_f`` works."""

    def __init__(self, full_name: str, bindings: Mapping[str, str]) -> None:
        app, _, name = full_name.rpartition("/")
        super().__init__(None, app=app, name=name)
        self._bindings = bindings

    @property
    def is_generator(self) -> bool:
        """Whether it yields values."""
        return _running.get(self.full_name, (None, False))[1]

    def prepare(self, session: Session) -> Prepared:
        """The version that the running call was opened with."""
        function_id = self._bindings.get(self.full_name)
        if function_id is None:
            raise NotFoundError(f"{self.full_name} is not among the functions that came with this call")
        captures = _running.get(self.full_name, (None, False))[0]
        return Prepared(self.name, function_id, self.is_generator, captures, dict(_running), dict(self._bindings), {})
