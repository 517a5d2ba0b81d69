"""`Method`: a method of one instance of a class that runs far away; a Function in every way.

Its containers are the instance's: which method an input is for is constant for a call and travels in what its inputs
share, so methods of one instance need no containers of their own.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..calls.launch import Prepared
from ..client.session import Session
from ..errors import ExecutionError, InvalidError, NotFoundError, compose, nearest
from ..function import Function
from ..functions.definition import P, R
from ..versions.version import Version
from .marks import Marked
from .pool import of_method

if TYPE_CHECKING:
    from .instance import Obj


class Method(Function[P, R]):
    """A Function that is a method of an instance: ``obj.embed``. ``mark`` is None where only its name is known."""

    def __init__(self, obj: Obj, name: str, mark: Marked[P, R] | None) -> None:
        cls = obj._cls
        super().__init__(
            cast("Callable[P, R]", types.MethodType(mark.raw, obj)) if mark is not None else None,
            app=cls.app_name,
            name=f"{cls.name}.{name}",
            options=cls.options,
            is_generator=mark.yields if mark is not None else None,
            calls_remotely=cls.calls_remotely,
        )
        self._obj = obj
        self._mark = mark
        self._method = name

    @property
    def is_generator(self) -> bool:
        """Whether it yields values. Connects where only its name is known."""
        mark = self.__dict__.get("_mark")
        if mark is None and "_obj" in self.__dict__:
            return self._found()
        return super().is_generator

    @property
    def signed(self) -> Callable[..., Any] | None:
        """Something with its signature: columns bind to its parameters. Connects where only its name is known."""
        if self._mark is not None:
            return super().signed
        self._found()
        return self._obj._cls.schema().signed(self._method)

    @property
    def __farcall_pool__(self) -> Any:
        return self._obj.__farcall_pool__

    @property
    def __farcall_function__(self) -> str:
        return f"{self._app}/{self.__farcall_pool__.name}:method {self._method}"

    def local(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in this process, on an instance that is made and entered once; an async method gives its coroutine."""
        if self._mark is None:
            raise ExecutionError(f"{self.full_name} is not defined here; only its name is known: it cannot run locally")
        return cast(R, self._obj._here().call(self._mark, args, kwargs))

    def get_raw_f(self) -> Callable[P, R]:
        """The plain function, which takes ``self`` first. Raises ``ExecutionError`` where only its name is known."""
        return cast("Callable[P, R]", self._mark.raw) if self._mark is not None else super().get_raw_f()

    def describe(self) -> Version:
        """The version of its class now."""
        return cast(Version, self.__farcall_pool__.describe())

    def known_as(self, described: Version, environment_id: str) -> str | None:
        """The id under which this very version of its class was put before, if it was."""
        return cast("str | None", self.__farcall_pool__.known_as(described, environment_id))

    def with_options(self, **options: Any) -> Method[P, R]:
        """The same method of an instance with other options, in containers of its own; a wrong one raises at once."""
        cls = self._obj._cls.with_options(**options)
        return cast("Method[P, R]", cls(*self._obj._args, **self._obj._kwargs)._method(self._method))

    @property
    def update_autoscaler(self) -> Any:
        """Containers belong to the instance: ``InvalidError``, which says so."""
        do = "Call update_autoscaler on the instance"
        raise InvalidError(compose(f"{self.name} shares its containers with the class's other methods", do=do))

    @property
    def keep_warm(self) -> Any:
        """Containers belong to the instance: ``InvalidError``, which says so."""
        return self.update_autoscaler

    def newest(self) -> Function[P, R]:
        """The method that its name means now, after its class's cell ran again."""
        from ..functions import registry

        cls = self._obj._cls
        now = registry.class_as_now(cls)
        if now is cls or self._method not in now.schema().methods:
            return self
        return cast("Function[P, R]", now(*self._obj._args, **self._obj._kwargs)._method(self._method))

    def prepare(self, session: Session) -> Prepared:
        """Its class's version, captured now and known to the gateway, to be called for this method."""
        self._found()
        return of_method(self.__farcall_pool__.prepare(session), self, self._method)

    def _found(self) -> bool:
        """Whether it yields values, as its class says. Raises ``NotFoundError`` where there is no such method."""
        if self._mark is not None:
            return self._mark.yields
        methods = self._obj._cls.schema().methods
        if self._method not in methods:
            happened = f"the class {self._obj._cls.full_name} has no method {self._method!r}"
            hint = nearest(self._method, methods)
            raise NotFoundError(compose(happened, takes=", ".join(methods), do=hint))
        return methods[self._method]

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (self._obj, self._method)


def _revive(obj: Obj, name: str) -> Method[..., Any]:
    return obj._method(name)
