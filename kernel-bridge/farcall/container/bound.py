"""Functions as functions in a container see them: by name, at the versions that the running call was opened with.

The container's loop says which call runs (:func:`enter_call`) and gives :func:`resolve` to the loader, so that a
function that names another one (or itself) finds something to call. One that is imported from a module is there as it
was decorated; it means the same version (:func:`meaning`), or each container would put one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..calls.launch import Bound, Prepared
from ..client.session import Session
from ..context import current_running, must_run_an_input
from ..errors import NotFoundError
from ..function import Function
from . import at_hand

#: Of a name that did not come along.
UNKNOWN: Bound = (None, False, "", False)
_running: dict[str, Bound] = {}  # of the call that runs now, by name
_versions: dict[str, str] = {}  # of the same, name → version
_beside: dict[str, dict[str, Bound]] = {}  # where several run at once: call → the same
_versions_beside: dict[str, Mapping[str, str]] = {}


def enter_call(shared: Mapping[str, Any], bindings: Mapping[str, str]) -> None:
    """A call's inputs run from now on; ``shared`` is its unpickled shared payload."""
    _running.clear()
    _running.update(shared.get("bound", {}))
    _versions.clear()
    _versions.update(bindings)


def remember_call(call_id: str, shared: Mapping[str, Any], bindings: Mapping[str, str]) -> None:
    """Inputs of this call run beside those of others."""
    if call_id not in _beside:
        _beside[call_id] = dict(shared.get("bound", {}))
        _versions_beside[call_id] = bindings


def forget_call(call_id: str) -> None:
    """No input of it comes any more."""
    _beside.pop(call_id, None)
    _versions_beside.pop(call_id, None)


def _bound() -> dict[str, Bound]:
    """What the call of the calling input brought along."""
    running = current_running() if _beside else None
    return _running if running is None else _beside.get(running[0], _running)


def brought() -> dict[str, Bound]:
    """The same, to go on with a call of its own."""
    return dict(_bound())


def meaning(name: str) -> Prepared | None:
    """The version of ``app/name`` that the running call was opened with, whatever module it was imported from here."""
    running = current_running() if _beside else None
    versions = _versions if running is None else _versions_beside.get(running[0], _versions)
    bound = _bound()
    if name not in versions or name not in bound:
        return None
    captures, is_generator, *_ = bound[name]
    plain = name.rpartition("/")[2]
    return Prepared(plain, versions[name], is_generator, captures, dict(bound), dict(versions), {})


def missing(name: str) -> NotFoundError:
    """Of something that did not come along. Raises ``InvalidError`` where nothing could: before the first input."""
    must_run_an_input(name.partition(":")[0].strip("/"))
    return NotFoundError(f"{name} is not among the functions that came with this call")


def resolve(name: str, bindings: Mapping[str, str]) -> object:
    """The function of that name, for the loader. ``bindings`` always holds those of the call that runs now."""
    if ":" in name:
        from . import bound_class  # containers of plain functions do without

        return bound_class.resolve(name, bindings)
    return BoundFunction(name, bindings)


class BoundFunction(Function[..., Any]):
    """A function known by name and version; its code is fetched once it is to run here."""

    def __init__(self, full_name: str, bindings: Mapping[str, str]) -> None:
        app, _, name = full_name.rpartition("/")
        super().__init__(None, app=app, name=name)
        self._bindings = bindings

    @property
    def is_generator(self) -> bool:
        """Whether it yields values."""
        return self._brought[1]

    @property
    def calls_remotely(self) -> bool:
        """Whether a direct call runs in another container: it is a ``Stub``'s."""
        return self._brought[3]

    def get_raw_f(self) -> Callable[..., Any]:
        """The plain Python function, with the captured values that came along. Connects, the first time."""
        return at_hand.function(self._function_id, self._brought[0], self._bindings)

    def prepare(self, session: Session) -> Prepared:
        """The version that the running call was opened with."""
        captures = self._brought[0]
        return Prepared(
            self.name, self._function_id, self.is_generator, captures, dict(_bound()), dict(self._bindings), {}
        )

    @property
    def _brought(self) -> Bound:
        return _bound().get(self.full_name, UNKNOWN)

    @property
    def _function_id(self) -> str:
        function_id = self._bindings.get(self.full_name)
        if function_id is None:
            raise missing(self.full_name)
        return function_id
