"""Blocking methods with an async twin: ``f.remote(x)`` waits, ``await f.remote.aio(x)`` waits in the event loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")


class Bound(Generic[P, R, A]):
    """A callable; ``aio`` is its async twin, with the same arguments."""

    def __init__(self, blocking: Callable[P, R], aio: Callable[P, A]) -> None:
        self._blocking = blocking
        self.aio = aio
        functools.update_wrapper(self, blocking)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._blocking(*args, **kwargs)


class Twin(Generic[S, P, R, A]):
    """A method that is bound as a :class:`Bound`."""

    def __init__(self, blocking: Callable[Concatenate[S, P], R], aio: Callable[Concatenate[S, P], A]) -> None:
        self.__doc__ = blocking.__doc__
        self._blocking = blocking
        self._aio = aio

    @overload
    def __get__(self, instance: None, owner: type[S]) -> Twin[S, P, R, A]: ...
    @overload
    def __get__(self, instance: S, owner: type[S]) -> Bound[P, R, A]: ...

    def __get__(self, instance: S | None, owner: type[S]) -> Any:
        if instance is None:
            return self
        return Bound(functools.partial(self._blocking, instance), functools.partial(self._aio, instance))


def twin(
    aio: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[[Callable[Concatenate[S, P], R]], Twin[S, P, R, Coroutine[Any, Any, R]]]:
    """Decorates a blocking method; ``aio`` is its async form."""
    return lambda blocking: Twin(blocking, aio)


def itself(method: Callable[Concatenate[S, P], R]) -> Twin[S, P, R, R]:
    """Decorates a method that never waits: its async form is the same, for symmetry."""
    return Twin(method, method)
