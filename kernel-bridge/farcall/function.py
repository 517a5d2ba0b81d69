"""`Function`: one function of the user, and every way to run it. Made by the decorators of app.py.

Captured when a call starts, never before. What happens to a call once it is open: call.py, results.py.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, ParamSpec, TypeVar, cast

from . import autoscaler, context, errors
from .call import FunctionCall, iterate_items, wait_durable, wait_durable_async, wait_for, wait_for_async
from .errors import InvalidError, compose
from .launch import Kind, Opened, Prepared, open_single
from .options import Options
from .prepare import prepare
from .presenter import presenter
from .results import Results
from .session import Session
from .single import single_value
from .source import Source
from .twin import itself, twin
from .version import Version
from .waiting import Bell
from .wire.messages import FunctionSpec

P = ParamSpec("P")
R = TypeVar("R")


class Function(Generic[P, R]):
    """A function that runs far away: `remote`, `map`, `spawn` and their relatives; `local` runs it here.

    Made with ``@app.function(…)``; a direct call runs it here, except for functions of a :class:`~farcall.Stub`.
    """

    def __init__(
        self,
        raw: Callable[P, R] | None,
        *,
        app: str,
        name: str,
        options: Options | None = None,
        is_generator: bool | None = None,
        calls_remotely: bool = False,
        is_variant: bool = False,
    ) -> None:
        self._raw = raw
        self._app = app
        self._name = name
        self._options = options or Options()
        self._is_generator = is_generator
        self._yields = inspect.isgeneratorfunction(raw) or inspect.isasyncgenfunction(raw)
        self._calls_remotely = calls_remotely
        self.is_variant = is_variant
        self._known: tuple[Version, str, str] | None = None
        self._warned = False
        self.__name__ = name
        self.__doc__ = getattr(raw, "__doc__", None) or type(self).__doc__
        self.__wrapped__ = raw
        self.__module__ = getattr(raw, "__module__", __name__)

    # ── what it is

    @property
    def name(self) -> str:
        """Its name within its app."""
        return self._name

    @property
    def app_name(self) -> str:
        """The name of its app; empty for the default one."""
        return self._app

    @property
    def full_name(self) -> str:
        """``app/name``, which calls to it from other functions carry."""
        return f"{self._app}/{self._name}"

    @property
    def __farcall_function__(self) -> str:
        return self.full_name

    @property
    def options(self) -> Options:
        """What was asked for at decoration, and with :meth:`with_options`."""
        return self._options

    @property
    def is_generator(self) -> bool:
        """Whether it yields values."""
        return self._yields if self._is_generator is None else self._is_generator

    @property
    def is_async(self) -> bool:
        """Whether it is an ``async def``."""
        return inspect.iscoroutinefunction(self._raw) or inspect.isasyncgenfunction(self._raw)

    @property
    def object_id(self) -> str:
        """`fv-…`: the id of the version that a call would run now. Connects."""
        return self.prepare(Session.current()).function_id

    @property
    def version(self) -> str:
        """The content hash of its code as it is now, 32 hex digits; the same in every kernel. Does not connect."""
        from . import version

        return version.describe(self.get_raw_f()).code_hash

    @property
    def web_url(self) -> str | None:
        """The URL of a web function; None for others."""
        return None

    def get_web_url(self) -> str | None:
        """The URL of a web function; None for others."""
        return None

    def get_raw_f(self) -> Callable[P, R]:
        """The plain Python function. Raises ``ExecutionError`` where only its name is known."""
        if self._raw is None:
            raise errors.ExecutionError(f"{self.full_name} is not defined here; only its name is known")
        return self._raw

    # ── one input

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self._calls_remotely:
            return self.remote(*args, **kwargs)
        if not self._warned and context.is_local() and (self._options.gpu or self._options.image):
            self._warned = True
            warnings.warn(f"{self._name}(…) runs here; {self._name}.remote(…) runs with what it asks for", stacklevel=2)
        return self.local(*args, **kwargs)

    def local(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in this process; an async function gives its coroutine."""
        return self.get_raw_f()(*args, **kwargs)

    async def _remote_async(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """:meth:`remote` in the running event loop; cancelling the task cancels the call."""
        self._must_not_yield("remote", "remote_gen")
        value = await wait_for_async(self._start("remote", args, kwargs), single_value)
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    @twin(_remote_async)
    def remote(self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in a container, wait, and return its value.

        Raises:
            InvalidError: it is a generator function: use :meth:`remote_gen`.
            Exception: what the function raised, the object itself.
        """
        self._must_not_yield("remote", "remote_gen")
        opened = self._start("remote", args, kwargs)
        value = wait_for(opened, single_value, self._handle(opened))
        if value.error is not None:
            raise value.error
        return cast(R, value.result)

    def remote_gen(self, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        """Run a generator function in a container; a lazy iterator of what it yields, in order.

        The container pauses when 64 items or 8 MiB are unread; leaving the loop early cancels it.
        """
        if not self.is_generator:
            raise InvalidError(f"{self._name} is not a generator function: use {self._name}.remote(…)")
        return iterate_items(lambda: self._start("remote", args, kwargs))

    async def _spawn_async(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R]:
        """:meth:`spawn` in the running event loop."""
        opened = self._start("spawn", args, kwargs)
        await wait_durable_async(opened)
        return self._handle(opened)

    @twin(_spawn_async)
    def spawn(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R]:
        """Start it and return once its input is durable; it goes on without this process."""
        opened = self._start("spawn", args, kwargs)
        wait_durable(opened)
        return self._handle(opened)

    def submit(self, /, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R] | None:
        """:meth:`spawn` by its name of 2022. A generator function is run to its end, and None returned."""
        if not self.is_generator:
            return self.spawn(*args, **kwargs)
        for _ in self.remote_gen(*args, **kwargs):
            pass
        return None

    def enqueue(self, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Start it and forget it. Deprecated: use :meth:`spawn`."""
        warnings.warn("enqueue is deprecated: use spawn", DeprecationWarning, stacklevel=2)
        self.spawn(*args, **kwargs)

    # ── many inputs

    @itself
    def map(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
        limit: int | None = None,
        resume: Results | str | None = None,
        columns: dict[str, str] | None = None,
        rows: bool = False,
    ) -> Results:
        """One input for each element of the zipped iterators (or row of a dataframe). Lazy: see :class:`Results`.

        Args:
            kwargs: given to every input; sent once.
            order_outputs: True: by input; False: as they come; None: by input, for generator functions as they come.
            return_exceptions: put exceptions into the results instead of raising the first.
            limit: run only so many, spread over the input.
            resume: an earlier map (or its call id): what succeeded there keeps its value, the rest runs now.
            columns: parameter name → column name, for a dataframe.
            rows: give each row as one dict.
        """
        source = Source.of_map(self._raw, self._name, input_iterators, columns=columns, rows=rows, given=kwargs or {})
        if limit is not None:
            source = source.spread(limit)
        return self._results(source, kwargs, order_outputs, return_exceptions=return_exceptions, resume=resume)

    @itself
    def starmap(
        self,
        input_iterator: Iterable[Any],
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
    ) -> Results:
        """Like :meth:`map`, with one sequence of arguments an item; a wrong arity fails that input."""
        source = Source.of_starmap(self._name, input_iterator)
        return self._results(source, kwargs, order_outputs, return_exceptions=return_exceptions, resume=None)

    def for_each(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool = False,
        return_exceptions: bool = False,
        ignore_exceptions: bool = False,
    ) -> None:
        """Run it over all inputs now, and drop what it returns. Raises the first failure, unless told to ignore."""
        results = self.map(
            *input_iterators,
            kwargs=kwargs,
            order_outputs=order_outputs,
            return_exceptions=return_exceptions or ignore_exceptions,
        )
        for _ in results:
            pass

    def spawn_map(self, *input_iterators: Any, kwargs: dict[str, Any] | None = None) -> FunctionCall[R]:
        """A map that goes on without this process; returns once all its inputs are durable."""
        results = self.map(*input_iterators, kwargs=kwargs)
        results.upload("spawn_map")
        return cast("FunctionCall[R]", results.call)

    # ── variants and settings

    def with_options(self, **options: Any) -> Function[P, R]:
        """The same function with other options, in a pool of its own; a wrong one raises at once."""
        return Function(
            self._raw,
            app=self._app,
            name=self._name,
            options=self._options.but(options),
            is_generator=self._is_generator,
            calls_remotely=self._calls_remotely,
            is_variant=True,
        )

    def update_autoscaler(
        self,
        *,
        min_containers: int | None = None,
        max_containers: int | None = None,
        buffer_containers: int | None = None,
        scaledown_window: float | None = None,
    ) -> dict[str, float]:
        """Change how many containers there are (None: unchanged); returns the settings as they are now."""
        session = Session.current()
        self.prepare(session)
        return autoscaler.update(
            session,
            self._app,
            self._name,
            min_containers=min_containers,
            max_containers=max_containers,
            buffer_containers=buffer_containers,
            scaledown_window=scaledown_window,
        )

    def keep_warm(self, warm_pool_size: int) -> None:
        """Deprecated spelling of ``update_autoscaler(min_containers=…)``."""
        warnings.warn("keep_warm is deprecated: use update_autoscaler", DeprecationWarning, stacklevel=2)
        self.update_autoscaler(min_containers=warm_pool_size)

    # ── for the modules beside this one

    def prepare(self, session: Session) -> Prepared:
        """Capture it now, and make that version known to the gateway."""
        return prepare(session, cast("Function[..., Any]", self))

    def spec(self, imports: tuple[str, ...]) -> FunctionSpec:
        """What it asks for, as the gateway reads it."""
        secrets = {name: value for secret in self._options.secrets for name, value in secret.variables.items()}
        return self._options.spec(
            self._app,
            self._name,
            is_generator=self.is_generator,
            is_async=self.is_async,
            imports=imports,
            secrets=secrets,
        )

    def known_as(self, described: Version, environment_id: str) -> str | None:
        """The id under which this very version was put before, if it was."""
        known = self._known
        return known[2] if known is not None and known[0] is described and known[1] == environment_id else None

    def remember(self, described: Version, environment_id: str, function_id: str) -> None:
        """The id of a version that was put."""
        self._known = (described, environment_id, function_id)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if instance is None or self._raw is None:
            return self
        raise InvalidError(f"{self._name} is a method: functions run alone, take what they need as arguments")

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (self._raw, self._app, self._name, self._options, self._is_generator, self._calls_remotely)

    def __repr__(self) -> str:
        shown = self._name if not self._app else f"{self._app}.{self._name}"
        try:
            signature = str(inspect.signature(self._raw)) if self._raw is not None else "(…)"
        except (TypeError, ValueError):
            signature = "(…)"
        return f"<farcall.Function {shown}{signature}>"

    # ── inside

    def _start(self, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Opened:
        session = Session.current()
        prepared = self.prepare(session)
        output = presenter().wants_output if kind == "remote" else None
        return open_single(session, prepared, Bell(), kind=kind, arguments=(args, kwargs), output=output)

    def _handle(self, opened: Opened) -> FunctionCall[R]:
        return FunctionCall.of(opened)

    def _results(
        self,
        source: Source,
        kwargs: dict[str, Any] | None,
        order_outputs: bool | None,
        *,
        return_exceptions: bool,
        resume: Results | str | None,
    ) -> Results:
        ordered = not self.is_generator if order_outputs is None else order_outputs
        return Results(
            self,
            source,
            kwargs=dict(kwargs or {}),
            by_input=ordered,
            return_exceptions=return_exceptions,
            resume=resume,
        )

    def _must_not_yield(self, used: str, better: str) -> None:
        if self.is_generator:
            raise InvalidError(
                compose(
                    f"{self._name} is a generator function, {used} cannot run it", do=f"Use {self._name}.{better}(…)"
                )
            )


#: Its name of 2022.
FunctionHandle = Function


def _revive(
    raw: Callable[..., Any] | None, app: str, name: str, options: Options, is_generator: bool | None, remotely: bool
) -> Function[..., Any]:
    return Function(raw, app=app, name=name, options=options, is_generator=is_generator, calls_remotely=remotely)
