"""The container's side of versions: code payloads to functions, captured values into their places.

A payload is unpickled once. New captured values are put where the old ones were, so the function, its classes, its
caches and its `farcall.once` values live on from call to call; what was computed from a changed value is forgotten.
"""

from __future__ import annotations

import io
import pickle
import types
from collections.abc import Callable, Mapping
from typing import Any

from ..code import places
from ..errors import DeserializationError
from ..values import serialize
from . import modules

#: Turns the name of a farcall Function into an object to call. The mapping is the loader's own and always holds the
#: bindings of the call that runs now: look the name up in it when it is called, not before.
Resolver = Callable[[str, Mapping[str, str]], object]

_VALUES_KEPT = 4


def set_resolver(resolver: Resolver) -> None:
    """Say how references to farcall Functions become objects here; once, when a container starts."""
    global _resolver
    _resolver = resolver


def load_code(payload: serialize.Buffer) -> Loader:
    """Unpickle a version's code, and install the local modules it brings.

    Raises:
        DeserializationError: a module it needs is missing here, or the payload is of another farcall.
    """
    return Loader(payload)


class Loader:
    """One version's code in this process."""

    def __init__(self, payload: serialize.Buffer) -> None:
        self._bindings: dict[str, str] = {}
        self._bound: dict[int, bytes] = {}  # slot → digest of the value that is in it
        self._placed = b""
        self._values: dict[bytes, Any] = {}
        try:
            form, sources, code = pickle.loads(payload)
            if form != 1:
                raise DeserializationError(f"the code is in format {form}, this farcall reads format 1")
            modules.install(sources)
            root = self._load(code)
        except DeserializationError:
            raise
        except Exception as error:
            raise serialize.unreadable(error) from error
        self._retry_on: tuple[type[BaseException], ...] = root["retry_on"]
        self._function: Callable[..., Any] = root["function"]
        self._slots: list[tuple[types.FunctionType, str | int]] = root["slots"]
        self._functions: list[types.FunctionType] = root["functions"]
        self._caches: list[tuple[Any, list[int]]] = root["caches"]
        #: Cell text by file name, of code that runs before any call brings today's.
        self.sources: dict[str, str] = {}
        if "start" in root:  # a class: its hooks run before any call brings values
            captures, self.sources = root["start"]
            self.function(captures, {})

    def function(self, captures: bytes | None, bindings: Mapping[str, str]) -> Callable[..., Any]:
        """The function, seeing these captured values. Always the same object; the same values are not read again.

        Raises:
            DeserializationError: a captured value cannot be unpickled here.
        """
        self._bindings.clear()
        self._bindings.update(bindings)
        if captures is not None:
            index, payloads, digests, packed = pickle.loads(captures)
            self._bind(index, payloads, digests)
            self._place(packed)
        return self._function

    @property
    def bindings(self) -> Mapping[str, str]:
        """What other functions' names mean in the call that runs now."""
        return self._bindings

    @property
    def plain(self) -> Callable[..., Any]:
        """The function with whatever values it saw last: to look at, not to call."""
        return self._function

    @property
    def retry_on(self) -> tuple[type[BaseException], ...] | None:
        """The exceptions after which the retry policy allows another attempt; None: all."""
        return self._retry_on or None

    def _bind(self, index: tuple[int, ...], payloads: tuple[bytes, ...], digests: tuple[bytes, ...]) -> None:
        changed = [slot for slot, number in enumerate(index) if self._bound.get(slot) != digests[number]]
        values = {
            number: self._value(payloads[number], digests[number]) for number in {index[slot] for slot in changed}
        }
        for slot in changed:
            _put(*self._slots[slot], values[index[slot]])
            self._bound[slot] = digests[index[slot]]
        for cache, slots in self._caches:
            if not set(slots).isdisjoint(changed):
                cache.cache_clear()

    def _value(self, payload: bytes, digest: bytes) -> Any:
        """The value of a digest: the one that is in another slot already, or was in one lately."""
        if digest not in self._values:
            try:
                self._values[digest] = self._load(payload)
            except Exception as error:
                raise serialize.unreadable(error) from error
        value = self._values.pop(digest)
        self._values[digest] = value
        while len(self._values) > max(_VALUES_KEPT, 2 * len(self._slots)):
            del self._values[next(iter(self._values))]
        return value

    def _place(self, packed: bytes) -> None:
        if packed and packed != self._placed:
            places.put_places(self._functions, packed)
            self._placed = packed

    def _load(self, payload: serialize.Buffer) -> Any:
        view = memoryview(payload)
        buffers: list[Any] = []
        if serialize.is_envelope(view):
            view, buffers = serialize.open_envelope(view)
        unpickler = _Unpickler(io.BytesIO(view), buffers=buffers)
        unpickler.bindings = self._bindings
        return unpickler.load()


class _Unpickler(pickle.Unpickler):
    bindings: Mapping[str, str]

    def persistent_load(self, reference: Any) -> Any:
        kind, name = reference
        if kind != "reference":
            raise pickle.UnpicklingError(f"an unknown reference: {kind}")
        return _resolver(name, self.bindings)


def _unresolved(name: str, bindings: Mapping[str, str]) -> object:
    raise DeserializationError(f"the function refers to {name}, which only a container can reach")


_resolver: Resolver = _unresolved


def _put(function: types.FunctionType, where: str | int, value: object) -> None:
    if isinstance(where, str):
        function.__globals__[where] = value
    else:
        assert function.__closure__ is not None
        function.__closure__[where].cell_contents = value
