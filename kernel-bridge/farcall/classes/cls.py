"""`Cls`: a class of `@app.cls`, whose instances run far away.

`C(**parameters)` sends nothing and gives an `Obj` (instance.py). What stands in the class: marks.py and blueprint.py;
the containers of an instance: pool.py.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from ..errors import ExecutionError, InvalidError, compose
from ..functions.concurrency import batched_manner, concurrent_manner, manner_of, options_for
from ..functions.decorated import Decorated
from ..functions.scaling import Scaled
from ..manner import PLAIN, Manner
from ..options import Options
from ..versions.version import Memory
from .blueprint import Blueprint, Schema
from .instance import Obj
from .pool import Pool

T = TypeVar("T")

#: Options of a function that a class does not have.
_NOT_FOR_CLASSES = ("schedule", "name", "is_generator")


class Origin(Protocol):
    """Where a class is, of which only the name is known here."""

    def schema(self) -> Schema:
        """Its methods and parameters; may connect. Raises ``NotFoundError``."""

    def pool(self, packed: str, mark: str) -> Scaled[..., Any]:
        """The containers of its instance with such parameters."""

    def with_options(self, options: Mapping[str, Any]) -> Origin:
        """The same with other options. Raises ``InvalidError``."""

    def taking(self, manner: Manner) -> Origin:
        """The same, taking its inputs in another manner. Raises ``InvalidError``."""


class Cls(Decorated, Generic[T]):
    """A class whose instances run far away. Made with ``@app.cls(…)``, or found with :meth:`from_name`.

    ``C(size=3)`` gives an instance (:class:`Obj`) and sends nothing. Instances with equal parameters share containers.
    """

    def __init__(
        self,
        raw: type[T] | None,
        *,
        app: str,
        name: str,
        options: Options | None = None,
        given: Mapping[str, Any] | None = None,
        calls_remotely: bool = False,
        origin: Origin | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._raw = raw
        self._app = app
        self._name = name
        self._given = given
        self._calls_remotely = calls_remotely
        self._origin = origin
        self._memory: Memory = {} if memory is None else memory
        self._blueprint: Blueprint | None = None
        self._options = options or Options()
        self._packed_schema = ""
        self._pool: Scaled[..., Any] | None = None
        self.__name__ = name
        self.__doc__ = getattr(raw, "__doc__", None) or type(self).__doc__
        self.__module__ = getattr(raw, "__module__", __name__)
        self.__wrapped__ = raw

    @classmethod
    def from_name(
        cls, app_name: str, name: str, *, environment_name: str | None = None, client: Any = None
    ) -> Cls[Any]:
        """A class of a deployed app, by its names. Nothing is asked before an instance of it is used.

        A missing app, class or method is a ``NotFoundError`` then; ``.local()`` is an ``ExecutionError``.
        """
        from ..apps.named_class import by_name

        return by_name(app_name, name)

    # ── instances

    def __call__(self, *args: Any, **kwargs: Any) -> Obj:
        """An instance; sends nothing.

        Raises:
            InvalidError: a positional argument, a missing or unknown parameter, a value of the wrong type or that
                cannot be pickled. (Of a class that is known by name only: when it is used.)
        """
        obj = Obj(self, args, kwargs)
        if self._raw is not None:
            obj._made_with()
        return obj

    def with_options(self, **options: Any) -> Cls[T]:
        """The same class with other options: its instances have containers of their own. A wrong one raises at once."""
        check_options(options)
        origin = None if self._origin is None else self._origin.with_options(options)
        return self._variant(self._options.but(options), {**(self._given or {}), **options}, origin)

    def with_concurrency(self, *, max_inputs: int, target_inputs: int | None = None) -> Cls[T]:
        """The same class whose containers take several inputs at once, as ``@farcall.concurrent`` says it."""
        return self.taking(concurrent_manner(max_inputs, target_inputs))

    def with_batching(self, *, max_batch_size: int, wait_ms: int) -> Cls[T]:
        """The same class whose only method takes its inputs in batches, as ``@farcall.batched`` says it."""
        return self.taking(batched_manner(max_batch_size, wait_ms))

    def taking(self, manner: Manner) -> Cls[T]:
        """The same class, taking its inputs in another manner."""
        origin = None if self._origin is None else self._origin.taking(manner)
        options = replace(self._options, manner=manner)
        return self._variant(options, {**(self._given or {}), "manner": manner}, origin)

    def given_as(self, given: Mapping[str, Any]) -> Cls[T]:
        """The same class with what another one was given by the methods above."""
        options = {name: value for name, value in given.items() if name != "manner"}
        variant = self.with_options(**options) if options else self
        return variant.taking(given["manner"]) if "manner" in given else variant

    # ── what it is

    @property
    def version(self) -> str:
        """The content hash of its code as it is now, 32 hex digits. Does not connect."""
        return str(self.__farcall_pool__.version)

    @property
    def raw(self) -> type[T] | None:
        """The plain class, where it is defined here."""
        return self._raw

    # ── for the modules beside this one

    @property
    def __farcall_function__(self) -> str:
        return f"{self.full_name}:class"

    @property
    def __farcall_pool__(self) -> Scaled[..., Any]:
        """What others refer to: its code, as the base of instances; no name to keep containers for."""
        if self._pool is None:
            self._pool = Pool(self, is_base=True) if self._origin is None else self._origin.pool("", "")
        return self._pool

    @property
    def blueprint(self) -> Blueprint:
        """Raises ``ExecutionError`` where only its name is known."""
        if self._blueprint is None and self._raw is not None:
            self._blueprint = Blueprint(self._raw)  # not before: a class that refers to itself is unpickled in parts
        if self._blueprint is None:
            happened = f"the class {self.full_name} is not defined here; only its name is known"
            raise ExecutionError(compose(happened, do="Use .remote(…) in place of .local(…)"))
        return self._blueprint

    @property
    def memory(self) -> Memory:
        """How it was last described."""
        return self._memory

    @property
    def is_here(self) -> bool:
        """Whether the class itself is known, not only its name."""
        return self._raw is not None

    def schema(self) -> Schema:
        """Its methods and parameters. Connects where only its name is known."""
        if self._origin is not None:
            return self._origin.schema()
        return self.blueprint.schema

    @property
    def packed_schema(self) -> str:
        """The same as text."""
        if not self._packed_schema:
            self._packed_schema = self.schema().packed()
        return self._packed_schema

    def pool_of(self, packed: str, mark: str) -> Scaled[..., Any]:
        """The containers of an instance with such parameters."""
        return Pool(self, packed=packed, mark=mark) if self._origin is None else self._origin.pool(packed, mark)

    def placed(self, app: str) -> Cls[T]:
        """The same class in another app."""
        return self._as(app, self._options, self._given, self._origin)

    def _variant(self, options: Options, given: Mapping[str, Any], origin: Origin | None) -> Cls[T]:
        return self._as(self._app, self._in_its_manner(options), given, origin)

    def _as(self, app: str, options: Options, given: Mapping[str, Any] | None, origin: Origin | None) -> Cls[T]:
        """The same class, its name and its memory, with all else as given."""
        return Cls(
            self._raw,
            app=app,
            name=self._name,
            options=options,
            given=given,
            calls_remotely=self._calls_remotely,
            origin=origin,
            memory=self._memory,
        )

    def having(self, options: Options) -> Cls[T]:
        """The same, newly decorated. Raises ``InvalidError`` where it breaks a rule, or the options do not fit it."""
        self._options = self._in_its_manner(options)
        return self

    def _in_its_manner(self, options: Options) -> Options:
        """With what `@farcall.batched` says of its method, or `@farcall.concurrent` of the class. Checked together."""
        if self._raw is None:
            return options
        methods = self.blueprint.checked().methods
        batched = {name: manner_of(mark.raw) or manner_of(mark) for name, mark in methods.items()}
        said = next(filter(None, batched.values()), PLAIN)
        manner = options.manner or said or manner_of(self._raw)
        if manner.max_batch and len(methods) > 1:
            happened = f"{self._name} has a batched method and other methods: {', '.join(methods)}"
            raise InvalidError(compose(happened, do="Give the batched method a class of its own"))
        if manner and said and manner.max_concurrent:
            raise InvalidError(f"{self._name} is concurrent and its method is batched: it can be one of both")
        are_async = {mark.is_async for mark in methods.values()}
        if manner.max_concurrent and len(are_async) > 1:
            happened = f"{self._name} is concurrent and has both async methods and plain ones"
            raise InvalidError(compose(happened, do="Make all async (tasks of one event loop) or none (threads)"))
        for mark in methods.values():
            options = options_for(mark.raw, replace(options, manner=manner), is_generator=mark.yields)
        return options

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or self.__dict__.get("_raw") is None:
            raise AttributeError(f"{self.__dict__.get('_name', 'Cls')} has no attribute {name!r}")
        if name in self.blueprint.methods:
            return _Unbound(self._name, name, self.blueprint.methods[name].raw)
        return getattr(self._raw, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(dir(self._raw) if self._raw is not None else ())})

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self.blueprint.cls,)  # `class B(A)`, where A is decorated: a subclass of the plain class

    def __instancecheck__(self, instance: object) -> bool:
        if isinstance(instance, Obj):
            return instance._cls is self
        return self._raw is not None and isinstance(instance, self._raw)

    def __reduce__(self) -> tuple[Any, ...]:
        if self._origin is not None:
            return _named, (self._app, self._name, self._given)
        return _revive, (self._raw, self._app, self._name, self._options, self._given, self._calls_remotely)

    def __repr__(self) -> str:
        shown = self._name if not self._app else f"{self._app}.{self._name}"
        if self._raw is None:
            return f"<farcall.Cls {shown}>"
        return f"<farcall.Cls {shown}: {', '.join(self.blueprint.methods)}>"


class _Unbound:
    """A method looked up on the class itself."""

    def __init__(self, owner: str, name: str, raw: Any) -> None:
        self._owner = owner
        self._name = name
        self.__wrapped__ = raw
        self.__doc__ = raw.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        do = f"Did you forget to instantiate it? Write {self._owner}(…).{self._name}.{name}"
        happened = f"{self._owner}.{self._name} has no attribute {name!r}: {self._owner} is a class"
        raise AttributeError(compose(happened, do=do))


def cls_of(app: str, raw: Any, given: Mapping[str, Any], *, calls_remotely: bool) -> Cls[Any]:
    """What ``@app.cls(**given)`` makes of a class.

    Raises:
        InvalidError: not a class, a wrong option, or a class that breaks a rule (it says which).
    """
    check_options(given)
    options = Options.of(given)
    if isinstance(raw, Cls):
        raise InvalidError(f"the class {raw.name} is decorated already: name its options in one decorator")
    if not inspect.isclass(raw):
        happened = "@app.cls takes classes"
        do = "Use @app.function for functions" if callable(raw) else ""
        raise InvalidError(compose(happened, got=repr(raw), do=do))
    made = Cls(raw, app=app, name=raw.__name__, calls_remotely=calls_remotely).having(options)
    if made.blueprint.has_init:
        warnings.warn(
            f"{raw.__name__} has an __init__: take values with farcall.parameter(), do the rest in @farcall.enter()",
            DeprecationWarning,
            stacklevel=4,
        )
    return made


def check_options(given: Mapping[str, Any]) -> None:
    """Raises ``InvalidError`` for options that a class does not have, or that are wrong."""
    for name in _NOT_FOR_CLASSES:
        if name in given:
            do = {"name": "The class's own name is used", "schedule": "Give it to a function of the app"}
            raise InvalidError(
                compose(f"a class has no option {name!r}", do=do.get(name, "Give it to @farcall.method()"))
            )
    Options.of(given)


def _revive(
    raw: type, app: str, name: str, options: Options, given: Mapping[str, Any] | None, remotely: bool
) -> Cls[Any]:
    return Cls(raw, app=app, name=name, options=options, given=given, calls_remotely=remotely)


def _named(app: str, name: str, given: Mapping[str, Any] | None) -> Cls[Any]:
    cls = Cls.from_name(app, name)
    return cls if given is None else cls.given_as(given)
