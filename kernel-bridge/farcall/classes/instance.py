"""`Obj`: an instance of a class of `@app.cls`, whose methods are Functions (method.py).

Made by calling a `Cls`; sends nothing by itself. Its containers: pool.py; `.local()`: living.py.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidError
from ..functions import registry
from ..functions.scaling import Scaled
from .blueprint import pack_values
from .living import Living
from .method import Method

if TYPE_CHECKING:
    from .cls import Cls


class Obj:
    """An instance of a class that runs far away. Its methods are Functions; other attributes are those of an instance
    that is made here when one is asked for, and on which no ``@enter`` ran before the first ``.local()``.
    """

    __slots__ = (
        "__weakref__",
        "_args",
        "_cls",
        "_kwargs",
        "_living",
        "_made",
        "_making",
        "_methods",
        "_packed",
        "_pool",
    )

    def __init__(self, cls: Cls[Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._cls = cls
        self._args = args
        self._kwargs = dict(kwargs)
        self._made: dict[str, Any] | None = None
        self._packed = ("", "")
        self._methods: dict[str, Method[..., Any]] = {}
        self._living: Living | None = None
        self._pool: Scaled[..., Any] | None = None
        self._making = threading.RLock()  # guards _living and _pool: two threads must not make two

    @property
    def __farcall_pool__(self) -> Scaled[..., Any]:
        with self._making:
            if self._pool is None:
                self._made_with()
                self._pool = self._cls.pool_of(*self._packed)
                if self._cls.is_here:
                    registry.put_object(self._pool.full_name, self)
            return self._pool

    @property
    def __farcall_function__(self) -> str:
        return f"{self._cls.app_name}/{self.__farcall_pool__.name}:object"

    @property
    def update_autoscaler(self) -> Any:
        """:meth:`Function.update_autoscaler` for the containers of instances with these parameters."""
        return self.__farcall_pool__.update_autoscaler

    @property
    def keep_warm(self) -> Any:
        """Deprecated spelling of ``update_autoscaler(min_containers=…)``."""
        return self.__farcall_pool__.keep_warm

    def as_known(self, pool: Scaled[..., Any]) -> Obj:
        """The same, of which only the name is known: its containers have their parameters."""
        self._made, self._pool = {}, pool
        return self

    def _made_with(self) -> dict[str, Any]:
        """What its instance is made with; checked once."""
        if self._made is None:
            schema = self._cls.schema()
            made = _arguments(self._cls, self._args, self._kwargs) if schema.arguments else None
            values = schema.values(self._args, self._kwargs) if made is None else made
            self._packed = pack_values(self._cls.name, values)
            self._made = values
        return self._made

    def _here(self) -> Living:
        """The instance in this process."""
        with self._making:
            if self._living is None:
                self._living = Living(self._cls.blueprint, self._made_with(), self._inner)
            return self._living

    def _method(self, name: str) -> Method[..., Any]:
        found = self._methods.get(name)
        if found is None:
            mark = self._cls.blueprint.methods[name] if self._cls.is_here else None
            found = self._methods.setdefault(name, Method(self, name, mark))
        return found

    def _inner(self, name: str) -> Method[..., Any]:
        """The method as the class's own code sees it: a direct call is a plain one, whatever the app."""
        made: Method[..., Any] = Method(self, name, self._cls.blueprint.methods[name])
        made._warned, made._calls_remotely = True, False
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(f"{self._cls.name!r} object has no attribute {name!r}")
        if not self._cls.is_here or name in self._cls.blueprint.methods:
            return self._method(name)
        return getattr(self._here().instance, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(dir(self._cls.raw) if self._cls.is_here else ())})

    def __reduce__(self) -> tuple[Any, ...]:
        return Obj, (self._cls, self._args, self._kwargs)

    def __repr__(self) -> str:
        given = [*map(_short, self._args), *(f"{name}={_short(value)}" for name, value in self._kwargs.items())]
        return f"<farcall.Obj {self._cls.name}({', '.join(given)})>"


def _arguments(cls: Cls[Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Of a class with an ``__init__`` of its own."""
    init: Any = inspect.getattr_static(cls.blueprint.cls, "__init__")
    try:
        bound = inspect.signature(init).bind(None, *args, **kwargs)
    except TypeError as error:
        raise InvalidError(f"{cls.name}(…): {error}") from error
    bound.apply_defaults()
    if not bound.args[1:] and not bound.kwargs:
        return {}
    return {"args": bound.args[1:], "kwargs": bound.kwargs}


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
