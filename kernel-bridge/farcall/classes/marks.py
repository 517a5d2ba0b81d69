"""What stands inside a class of `@app.cls`: `@method`, `@enter`, `@exit` and `parameter`.

They only mark; without `@app.cls` the class works as if they were not there. blueprint.py reads them, in the client and
in the container; a mark travels with its class, as part of the version.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeVar, overload

from ..errors import InvalidError, compose

if TYPE_CHECKING:
    from ..function import Function
else:

    class Generic:
        """The real one has slots, which would keep a mark from being described by what is in it."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


__all__ = ["HOME", "MISSING", "Home", "Hook", "Marked", "Parameter", "enter", "exit", "method", "parameter"]

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

#: The attribute of an instance under which it knows what its methods are as Functions.
HOME = "__farcall_home__"


class _Missing:
    """No default was given; None is one."""

    def __repr__(self) -> str:
        return "<no default>"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


class Home(Protocol):
    """What makes the methods of one instance Functions: where it lives."""

    instance: Any

    def function(self, name: str) -> Any:
        """The method of that name, as a Function."""


class _Mark:
    """Something decorated in a class: the plain function and its name there."""

    def __init__(self, raw: Callable[..., Any]) -> None:
        self.raw = raw
        self.name = raw.__name__
        self.__doc__ = raw.__doc__
        self.__qualname__ = raw.__qualname__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self.raw

    def __repr__(self) -> str:
        return f"<farcall.{'method' if isinstance(self, Marked) else 'hook'} {self.raw.__qualname__}>"


class Marked(_Mark, Generic[P, R]):
    """A method that can run far away. Of an instance that `@app.cls` made, it is a :class:`Function`."""

    def __init__(self, raw: Callable[..., Any], *, is_generator: bool | None) -> None:
        super().__init__(raw)
        self.is_generator = is_generator

    @property
    def yields(self) -> bool:
        """Whether it yields values."""
        found = inspect.isgeneratorfunction(self.raw) or inspect.isasyncgenfunction(self.raw)
        return found if self.is_generator is None else self.is_generator

    @property
    def is_async(self) -> bool:
        """Whether it is an ``async def``."""
        return inspect.iscoroutinefunction(self.raw) or inspect.isasyncgenfunction(self.raw)

    @overload
    def __get__(self, instance: None, owner: type) -> Marked[P, R]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Function[P, R]: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        home = getattr(instance, HOME, None)
        # A copy of an instance has no home of its own; a base's method, found by super(), is not what the name means.
        if home is None or home.instance is not instance or inspect.getattr_static(owner, self.name, None) is not self:
            return types.MethodType(self.raw, instance)
        return home.function(self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The plain function, called on the class: ``Base.method(self, x)``."""
        return self.raw(*args, **kwargs)


class Hook(_Mark):
    """What runs when a container starts or ends."""

    def __init__(self, raw: Callable[..., Any], *, kind: Literal["enter", "exit"], snap: bool = False) -> None:
        super().__init__(raw)
        self.kind = kind
        self.snap = snap

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else types.MethodType(self.raw, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The plain function, called on the class: ``Base.load(self)``."""
        return self.raw(*args, **kwargs)


class Parameter:
    """A value that an instance is made with."""

    def __init__(self, default: Any, *, init: bool) -> None:
        self.default = default
        self.init = init

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        if self.default is MISSING:
            raise AttributeError(f"{owner.__name__!r} object has no attribute {self.name!r}")
        return self.default

    def __repr__(self) -> str:
        default = "" if self.default is MISSING else f"default={self.default!r}"
        return f"farcall.parameter({default})"


@overload
def method(raw: Callable[Concatenate[S, P], R], /) -> Marked[P, R]: ...
@overload
def method(
    raw: None = None, /, *, is_generator: bool | None = None
) -> Callable[[Callable[Concatenate[S, P], R]], Marked[P, R]]: ...


def method(raw: Any = None, /, *, is_generator: bool | None = None) -> Any:
    """Let a method of an ``@app.cls`` class run far away: ``obj.m.remote(x)``, ``obj.m.map(xs)``, all of Function.

    Inside the class, ``self.other(x)`` and ``self.other.local(x)`` are plain calls, ``self.other.remote(x)`` is a call
    of its own. Without ``@app.cls`` it is an ordinary method.

    Args:
        is_generator: whether it yields values, where its ``def`` does not say so.

    Raises:
        InvalidError: it decorates something else than a function, or an ``@enter`` or ``@exit``.
    """
    _check_flag("method", "is_generator", is_generator, takes="True, False or None")

    def decorate(raw: Any) -> Marked[Any, Any]:
        _check(raw, "method")
        return Marked(raw, is_generator=is_generator)

    return decorate if raw is None else decorate(raw)


@overload
def enter(raw: F, /) -> F: ...
@overload
def enter(raw: None = None, /, *, snap: bool = False) -> Callable[[F], F]: ...


def enter(raw: Any = None, /, *, snap: bool = False) -> Any:
    """Run a method once in each container, before its first input: load a model, open a connection.

    Several run in order of definition, those of base classes first, those with ``snap=True`` before all others; an
    ``async def`` runs on the event loop that async methods run on. If one raises, the container does not come up: that
    is tried three times, then the waiting inputs fail with what it raised.

    What it captures, and what ``__init__`` and undecorated methods capture, is part of the class's version: changed
    values start new containers.

    Args:
        snap: run it first. (Upstream keeps a snapshot of the memory after these; there are no snapshots here.)
    """
    _check_flag("enter", "snap", snap, takes="True or False")
    if snap is None:
        raise InvalidError(compose("@farcall.enter: snap= is wrong", got="None", takes="True or False"))
    return _hook(raw, "enter", snap=snap)


@overload
def exit(raw: F, /) -> F: ...
@overload
def exit(raw: None = None, /) -> Callable[[F], F]: ...


def exit(raw: Any = None, /) -> Any:
    """Run a method, without arguments, when a container leaves: idle, drained, replaced, or done with `max_inputs`.

    It has 30 s, then the container is ended. It does not run when ``@enter`` did not finish, nor in a container that
    was killed. What it raises is printed.
    """
    return _hook(raw, "exit", snap=False)


def parameter(*, default: Any = MISSING, init: bool = True) -> Any:
    """A value that instances of an ``@app.cls`` class are made with, as a class attribute: ``size: int = parameter()``.

    One pool of containers per class and set of values. Values are compared by content, and travel with the version.

    Args:
        default: without one the value must be given.
        init: False: no parameter, only an annotation for type checkers; set it in ``@enter``.

    Raises:
        InvalidError: ``init`` is no bool.
    """
    if not isinstance(init, bool):
        raise InvalidError(compose("farcall.parameter: init= is wrong", got=repr(init), takes="True or False"))
    return Parameter(default, init=init)


def _hook(raw: Any, kind: Literal["enter", "exit"], *, snap: bool) -> Any:
    def decorate(raw: Any) -> Hook:
        _check(raw, kind)
        if inspect.isgeneratorfunction(raw) or inspect.isasyncgenfunction(raw):
            raise InvalidError(f"@farcall.{kind} is on {raw.__qualname__}, which yields: it must run to its end")
        return Hook(raw, kind=kind, snap=snap)

    return decorate if raw is None else decorate(raw)


def _check(raw: Any, decorator: str) -> None:
    if isinstance(raw, _Mark):
        other = raw.kind if isinstance(raw, Hook) else "method"
        happened = f"{raw.raw.__qualname__} cannot be both @farcall.{other} and @farcall.{decorator}"
        raise InvalidError(compose(happened, do="Write two methods; one may call the other"))
    if hasattr(type(raw), "__farcall_function__"):
        happened = f"{raw.name} is a farcall function already, it cannot be a @farcall.{decorator} too"
        raise InvalidError(
            compose(happened, do=f"Keep @farcall.{decorator} alone, and decorate the class with @app.cls")
        )
    if not inspect.isfunction(raw):
        takes = f"a method: write @farcall.{decorator}() above its def"
        raise InvalidError(compose(f"@farcall.{decorator} is on something else", got=repr(raw), takes=takes))


def _check_flag(decorator: str, name: str, value: object, *, takes: str) -> None:
    if value is not None and not isinstance(value, bool):
        raise InvalidError(compose(f"@farcall.{decorator}: {name}= is wrong", got=repr(value), takes=takes))
