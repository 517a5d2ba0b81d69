"""`App` (and `Stub`, its old name): collects functions under a name. The default one serves `@farcall.function`."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, overload

from ..classes.cls import Cls, check_options, cls_of
from ..errors import InvalidError, compose
from ..function import Function
from ..functions import registry
from ..options import Options
from .deployed import Deployed, checked_tags
from .entrypoint import LocalEntrypoint
from .schedule import check_schedulable

P = ParamSpec("P")
R = TypeVar("R")
Decorator = Callable[[Callable[P, R]], Function[P, R]]


class App(Deployed):
    """A named collection of functions. Nothing has to be started: a function's first call connects.

    Args:
        name: up to 64 letters, digits, dots, dashes and underscores; None: the default app, of this user and notebook.
        image, secrets: given to every function that names none itself.
        volumes: accepted as long as it is empty; there are no volumes yet.
        tags: texts under texts, for people; shown in lists.
    """

    _calls_remotely = False

    def __init__(
        self,
        name: str | None = None,
        *,
        image: Any = None,
        secrets: list[Any] | None = None,
        volumes: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        Options.of({"name": name, "image": image, "secrets": secrets, "volumes": volumes})
        self._name = name or ""
        self._defaults = {key: value for key, value in (("image", image), ("secrets", secrets)) if value}
        self.tags = checked_tags(tags)
        self.functions: dict[str, Function[..., Any]] = {}
        self.classes: dict[str, Cls[Any]] = {}
        self.entrypoints: dict[str, LocalEntrypoint[..., Any]] = {}

    @overload
    def function(self, raw: Callable[P, R], /) -> Function[P, R]: ...
    @overload
    def function(self, raw: None = None, /, **options: Any) -> Callable[[Callable[P, R]], Function[P, R]]: ...

    def function(self, raw: Any = None, /, **options: Any) -> Any:
        """Make a function of what is decorated: ``@app.function`` or ``@app.function(gpu="A100", retries=3, …)``.

        Raises:
            InvalidError: a wrong option (it says which, what it takes, and the nearest name), or not a function.
        """
        is_generator = options.pop("is_generator", None)
        if raw is not None and not callable(raw):
            raise InvalidError(compose("@app.function takes options by name", got=repr(raw), do="Write image=…, gpu=…"))
        parsed = Options.of({**self._defaults, **options})

        def decorate(raw: Callable[P, R]) -> Function[P, R]:
            return self._add(raw, parsed, is_generator)

        return decorate if raw is None else decorate(raw)

    def cls(self, raw: Any = None, /, **options: Any) -> Any:
        """Make a class whose instances run far away: ``@app.cls`` or ``@app.cls(gpu="A100", retries=3, …)``.

        Its methods with ``@farcall.method()`` are Functions of each instance; see :class:`~farcall.Cls`. Options are
        those of :meth:`function`, without ``schedule``, ``name`` and ``is_generator``.

        Raises:
            InvalidError: a wrong option, not a class, or a class that breaks a rule (it says which).
        """
        if raw is not None and not callable(raw):
            raise InvalidError(compose("@app.cls takes options by name", got=repr(raw), do="Write image=…, gpu=…"))
        given = {**self._defaults, **options}

        def decorate(raw: Any) -> Any:
            made = cls_of(self._name, raw, given, calls_remotely=self._calls_remotely)
            self.classes[made.name] = made
            registry.put_class(made)
            return made

        if raw is None:
            check_options(given)
            return decorate
        return decorate(raw)

    def include(self, other: App) -> App:
        """Take in the functions, classes and entrypoints of another app. Of two things of one name the other's counts,
        with a warning; the same thing twice is fine. They keep the name of the app that made them.
        """
        if not isinstance(other, App):
            raise InvalidError(compose("include takes an App", got=type(other).__name__))
        for mine, theirs in ((self.functions, other.functions), (self.classes, other.classes)):
            twice = [name for name in theirs if mine.get(name, theirs[name]) is not theirs[name]]
            for name in twice:
                happened = f"{name} of {other!r} takes the place of another one in {self!r}"
                warnings.warn(happened, stacklevel=2)
            mine.update(theirs)  # type: ignore[arg-type]
        for name, entrypoint in other.entrypoints.items():
            self.entrypoints.setdefault(name, entrypoint)
        return self

    def local_entrypoint(self, raw: Any = None, /, *, name: str | None = None) -> Any:
        """The function that a script begins with: ``farcall run FILE`` calls it here, with arguments of its line.

        Raises:
            InvalidError: a second one of that name, or not a function.
        """

        def decorate(raw: Callable[P, R]) -> LocalEntrypoint[P, R]:
            made = LocalEntrypoint(raw)
            key = name or made.name
            if key in self.entrypoints:
                raise InvalidError(f"{self!r} has a local entrypoint {key!r} already: give this one another name")
            self.entrypoints[key] = made
            return made

        return decorate if raw is None else decorate(raw)

    def _add(self, raw: Callable[P, R], options: Options, is_generator: bool | None) -> Function[P, R]:
        if isinstance(raw, Function):
            raise InvalidError(
                f"{raw.name} is decorated already: name its options in one decorator, or use with_options"
            )
        if inspect.isclass(raw):
            raise InvalidError(f"@app.function takes functions, {raw.__name__} is a class: use @app.cls")
        if not callable(raw):
            raise InvalidError(compose("@app.function takes functions", got=type(raw).__name__))
        name = options.name or getattr(raw, "__name__", "") or type(raw).__name__
        check_schedulable(name, raw, options.schedule)
        function: Function[P, R] = Function(
            raw,
            app=self._name,
            name=name,
            options=options,
            is_generator=is_generator,
            calls_remotely=self._calls_remotely,
        )
        self.functions[name] = function
        registry.put(function)
        return function

    def __repr__(self) -> str:
        return (
            f"<farcall.{type(self).__name__} {self._name or 'default'}: {', '.join(self.functions) or 'no functions'}>"
        )


class Stub(App):
    """`App` by its name of 2022: a direct call ``f(x)`` of its functions runs remotely."""

    _calls_remotely = True

    def generator(self, raw: Any = None, /, **options: Any) -> Any:
        """``@stub.generator``: a function that yields."""
        return self.function(raw, is_generator=True, **options)


_default = App()


@overload
def function(raw: Callable[P, R], /) -> Function[P, R]: ...
@overload
def function(raw: None = None, /, **options: Any) -> Callable[[Callable[P, R]], Function[P, R]]: ...


def function(raw: Any = None, /, **options: Any) -> Any:
    """:meth:`App.function` of the default app: ``@farcall.function`` or ``@farcall.function(gpu="A100")``."""
    return _default.function(raw, **options)


def default_app() -> App:
    """The app of ``@farcall.function`` and of the magics."""
    return _default
