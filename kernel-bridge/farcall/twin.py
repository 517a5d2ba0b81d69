"""Blocking methods with an async twin: ``f.remote(x)`` waits, ``await f.remote.aio(x)`` waits in the event loop."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")


class Bound(Generic[P, R, A]):
    """A blocking callable; ``aio`` is its async twin."""

    def __init__(self, blocking: Callable[P, R], aio: Callable[P, A]) -> None:
        self._blocking = blocking
        self.aio = aio
        functools.update_wrapper(self, blocking)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._blocking(*args, **kwargs)


class twin(Generic[S, P, R]):  # noqa: N801
    """Decorates a method; ``@name.twin`` then names its async form, which takes the same arguments."""

    def __init__(self, blocking: Callable[Concatenate[S, P], R]) -> None:
        self.__doc__ = blocking.__doc__
        self._blocking = blocking
        self._aio: Callable[..., Any] | None = None

    def twin(self, aio: Callable[Concatenate[S, P], Any]) -> twin[S, P, R]:
        """The async form of the decorated method."""
        self._aio = aio
        return self

    @overload
    def __get__(self, instance: None, owner: type[S]) -> twin[S, P, R]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> Bound[P, R, Awaitable[R]]: ...

    def __get__(self, instance: S | None, owner: type[S]) -> Any:
        if instance is None:
            return self
        if self._aio is None:
            raise AttributeError("this method has no async form")
        return Bound(functools.partial(self._blocking, instance), functools.partial(self._aio, instance))


class itself(Generic[S, P, R]):  # noqa: N801
    """Decorates a method that never waits: its async form is the same, for symmetry."""

    def __init__(self, method: Callable[Concatenate[S, P], R]) -> None:
        self.__doc__ = method.__doc__
        self._method = method

    @overload
    def __get__(self, instance: None, owner: type[S]) -> itself[S, P, R]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> Bound[P, R, R]: ...

    def __get__(self, instance: S | None, owner: type[S]) -> Any:
        if instance is None:
            return self
        method = functools.partial(self._method, instance)
        return Bound(method, method)
