"""cloudpickle, with three differences: classes of a cell keep their identity, caches travel, sentinels stay themselves.

A class pickled by value is named by the hash of its canonical description, so that a class whose cell was run again
is the same class for everyone who holds it, and a class that is already there is never written over.
"""

from __future__ import annotations

import functools
import importlib
import io
import pickle
import threading
import types
import weakref
import zlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import cloudpickle.cloudpickle as base

from ..code.canonical import LRU_CACHE, SINGLETONS, SNAPSHOT, Describer, digest
from ..code.lookup import by_reference, global_names, home, is_once, reference_name
from ..code.watch import CodeWatch
from ..once import revive

_naming = threading.Lock()  # guards _names and cloudpickle's trackers, which remember classes by name
_names: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()
_complete: weakref.WeakSet[type] = weakref.WeakSet()


class Pickler(base.Pickler):  # type: ignore[misc]
    """Pickles one thing, code of cells by value; a class as a piece of its own, that its reader may know already."""

    inlines_classes = False

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, type):
            return self._reduce_class(thing)
        if isinstance(thing, LRU_CACHE):
            return _reduce_cache(thing)
        if is_once(thing):
            return _reduce_once(thing)
        if id(thing) in SINGLETONS:
            return _singleton, SINGLETONS[id(thing)]
        return super().reducer_override(thing)

    def _dynamic_function_reduce(self, function: types.FunctionType) -> Any:
        code, namespace, *rest = self._function_getnewargs(function)
        state, slots = base._function_getstate(function)
        state.pop(SNAPSHOT, None)
        slots["__closure__"] = self.cells_of(function)
        slots["__annotations__"] = {}  # no part of a version, and their modules may be missing over there
        module = home(function)
        if module is not None:
            slots["__globals__"] = {}
            return (
                _function_at_home,
                (code, module.__name__, *rest),
                (state, slots),
                None,
                None,
                base._function_setstate,
            )
        seen = function.__globals__
        slots["__globals__"] = {name: seen[name] for name in self.globals_of(function) if name in seen}
        return base._make_function, (code, namespace, *rest), (state, slots), None, None, base._function_setstate

    def globals_of(self, function: types.FunctionType) -> Iterable[str]:
        """The global names that travel with a function of a cell."""
        return global_names(function.__code__)

    def cells_of(self, function: types.FunctionType) -> tuple[types.CellType, ...] | None:
        """The closure that travels with a function."""
        return function.__closure__

    def _reduce_class(self, cls: type) -> Any:
        if by_reference(cls):
            return NotImplemented
        name = name_class(cls)
        if not self.inlines_classes and cls.__module__ != "builtins":
            return _load_class, (name, _class_body(cls))
        reduced = base._class_reduce(cls)
        if not isinstance(reduced, tuple) or len(reduced) != 6:
            return reduced
        reduced[2][0].pop(SNAPSHOT, None)
        return (*reduced[:5], _set_class_state)


class InlinePickler(Pickler):
    """Pickles classes where they are met, so that they share globals with the functions beside them."""

    inlines_classes = True


def dumps(
    thing: object, *, buffer_callback: Callable[[Any], Any] | None = None, pickler: type[Pickler] = Pickler
) -> bytes:
    """Pickle with code by value; large buffers go to the callback."""
    with io.BytesIO() as file:
        pickler(file, protocol=5, buffer_callback=buffer_callback).dump(thing)
        return file.getvalue()


def name_class(cls: type) -> str:
    """The class's name for both sides: made here once, or brought along by its pickle."""
    with _naming:
        known = _names.get(cls)
        if known is not None:
            return known
    name = base._DYNAMIC_CLASS_TRACKER_BY_CLASS.get(cls) or digest(cls, reference=reference_name, spot=_leave_out)
    with _naming, base._DYNAMIC_CLASS_TRACKER_LOCK:
        _names[cls] = name
        _complete.add(cls)
        base._DYNAMIC_CLASS_TRACKER_BY_CLASS[cls] = name
        base._DYNAMIC_CLASS_TRACKER_BY_ID[name] = cls  # the newest wins: results come back as today's class
    return name


class _Body(NamedTuple):
    """A class's own pickle, and whether it is still true. Kept in the class."""

    watch: CodeWatch
    packed: bytes

    def __reduce__(self) -> Any:
        return type(None), ()


def _class_body(cls: type) -> bytes:
    known = vars(cls).get(SNAPSHOT)
    if isinstance(known, _Body) and known.watch.is_same():
        return known.packed
    describer = Describer(reference=reference_name, spot=_leave_out)
    describer.describe(cls)
    body = _Body(CodeWatch(describer), zlib.compress(dumps(cls, pickler=InlinePickler), 1))
    type.__setattr__(cls, SNAPSHOT, body)
    return body.packed


def _load_class(name: str, packed: bytes) -> Any:
    known = base._DYNAMIC_CLASS_TRACKER_BY_ID.get(name)
    return known if known is not None and known in _complete else pickle.loads(zlib.decompress(packed))


def _leave_out(function: types.FunctionType, where: str | int, value: object) -> bool:
    return True


def _set_class_state(cls: type, state: Any) -> type:
    if cls not in _complete:
        _complete.add(cls)
        base._class_setstate(cls, state)
    return cls


def _function_at_home(code: types.CodeType, module: str, name: Any, defaults: Any, closure: Any) -> types.FunctionType:
    return types.FunctionType(code, vars(importlib.import_module(module)), name, defaults, closure)


def _reduce_cache(cache: Any) -> Any:
    if by_reference(cache):
        return NotImplemented
    parameters = cache.cache_parameters()
    return _make_cache, (cache.__wrapped__, parameters["maxsize"], parameters["typed"])


def _make_cache(function: types.FunctionType, maxsize: int | None, typed: bool) -> Any:
    return functools.lru_cache(maxsize=maxsize, typed=typed)(function)


def _reduce_once(wrapper: Any) -> Any:
    if by_reference(wrapper):
        return wrapper.__qualname__
    return revive, (type(wrapper), digest(wrapper.__farcall_once__), wrapper.__farcall_once__)


def _singleton(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)
