"""Blocking methods with an async twin: ``f.remote(x)`` waits, ``await f.remote.aio(x)`` waits in the event loop."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")


class Bound(functools.partial[R], Generic[P, R, A]):
    """A callable; ``aio`` is its async twin, with the same arguments. A partial, so that tracebacks show no frame."""

    aio: Callable[P, A]

    def __new__(cls, blocking: Callable[..., R], aio: Callable[..., A], *instance: object) -> Bound[P, R, A]:
        bound = super().__new__(cls, blocking, *instance)
        bound.aio = functools.partial(aio, *instance) if instance else aio
        bound.__doc__ = blocking.__doc__
        return bound

    if TYPE_CHECKING:

        def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R: ...


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
        return Bound(self._blocking, self._aio, instance)


def twin(
    aio: Callable[Concatenate[S, P], Coroutine[Any, Any, R]],
) -> Callable[[Callable[Concatenate[S, P], R]], Twin[S, P, R, Coroutine[Any, Any, R]]]:
    """Decorates a blocking method; ``aio`` is its async form."""
    return lambda blocking: Twin(blocking, aio)


def either(
    aio: Callable[Concatenate[S, P], A],
) -> Callable[[Callable[Concatenate[S, P], R]], Twin[S, P, R, A]]:
    """Decorates a method that gives something to iterate; ``aio`` gives something to iterate with ``async for``."""
    return lambda blocking: Twin(blocking, aio)


def itself(method: Callable[Concatenate[S, P], R]) -> Twin[S, P, R, R]:
    """Decorates a method that never waits: its async form is the same, for symmetry."""
    return Twin(method, method)
