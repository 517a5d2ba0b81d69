"""`farcall.once`: a function whose value is computed once per container, however many inputs ask for it.

`version.py` carries a wrapper to containers under the hash of its own function, so that it keeps its value while other
code around it changes.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Once(Generic[_P, _R]):
    """Calls its function the first time, per arguments, and gives that value ever after. Made by `once`."""

    def __init__(self, function: Callable[_P, _R]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._computing = threading.RLock()  # guards _values; two threads must not load one model twice
        self._values: dict[Any, Any] = {}
        self._loading: dict[Any, asyncio.Lock] = {}  # two tasks must not either

    @property
    def __farcall_once__(self) -> Callable[_P, _R]:
        """The function itself."""
        return self._function

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        key = (args, tuple(sorted(kwargs.items())))
        function: Any = self._function
        if inspect.iscoroutinefunction(function):
            return self._awaited(key, args, kwargs)  # type: ignore[return-value]
        with self._computing:
            if key not in self._values:
                self._values[key] = function(*args, **kwargs)
            return self._values[key]  # type: ignore[no-any-return]

    async def _awaited(self, key: Any, args: Any, kwargs: Any) -> Any:
        if key in self._values:
            return self._values[key]
        async with self._loading.setdefault(key, asyncio.Lock()):
            if key not in self._values:
                self._values[key] = await self._function(*args, **kwargs)  # type: ignore[misc]
        self._loading.pop(key, None)
        return self._values[key]

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        bound: Any = self
        return self if instance is None else functools.partial(bound, instance)

    def cache_clear(self) -> None:
        """Forget the value; the next call computes it again."""
        with self._computing:
            self._values.clear()

    def __repr__(self) -> str:
        return f"<farcall.once {getattr(self._function, '__qualname__', self._function)!s}>"


def once(function: Callable[_P, _R]) -> Once[_P, _R]:
    """Compute a function's value once per container: `model = load()` inside inputs is instant after the first."""
    return Once(function)


_loaded: dict[str, Once[Any, Any]] = {}


def revive(cls: type[Once[Any, Any]], key: str, function: Callable[..., Any]) -> Once[Any, Any]:
    """The wrapper of that key in this process, with today's function; called when code is unpickled."""
    wrapper = _loaded.setdefault(key, cls(function))
    wrapper._function = function
    return wrapper
