"""`App` (and `Stub`, its old name): collects functions under a name. The default one serves `@farcall.function`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar, overload

from . import registry
from .errors import InvalidError, compose
from .function import Function
from .options import Options

P = ParamSpec("P")
R = TypeVar("R")
Decorator = Callable[[Callable[P, R]], Function[P, R]]


class App:
    """A named collection of functions. Nothing has to be started: a function's first call connects.

    Args:
        name: up to 64 letters, digits, dots, dashes and underscores; None: the default app, of this user and notebook.
        image, secrets, volumes: given to every function that names none itself.
        tags: for people; shown in lists.
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
        Options.of({"name": name, "secrets": secrets, "volumes": volumes})
        self._name = name or ""
        self._defaults = {
            key: value for key, value in (("image", image), ("secrets", secrets), ("volumes", volumes)) if value
        }
        self.tags = dict(tags or {})
        self.functions: dict[str, Function[..., Any]] = {}

    @property
    def name(self) -> str | None:
        """Its name; None for the default app."""
        return self._name or None

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

    @contextmanager
    def run(self, **_: Any) -> Iterator[App]:
        """Needed nowhere; allowed everywhere, since upstream needs it. Connects at once."""
        from .client.session import Session

        Session.current()
        yield self

    def include(self, other: App) -> App:
        """Take in the functions of another app."""
        self.functions.update(other.functions)
        return self

    def local_entrypoint(self, raw: Callable[P, R] | None = None) -> Any:
        """The function that a script begins with; here it is just the function."""
        return (lambda function: function) if raw is None else raw

    def _add(self, raw: Callable[P, R], options: Options, is_generator: bool | None) -> Function[P, R]:
        if isinstance(raw, Function):
            raise InvalidError(
                f"{raw.name} is decorated already: name its options in one decorator, or use with_options"
            )
        if inspect.isclass(raw):
            raise InvalidError(f"@app.function takes functions, {raw.__name__} is a class")
        if not callable(raw):
            raise InvalidError(compose("@app.function takes functions", got=type(raw).__name__))
        name = options.name or getattr(raw, "__name__", "") or type(raw).__name__
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
